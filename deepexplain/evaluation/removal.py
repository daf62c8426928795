"""The target of samples of which some features are gone."""
from typing import Any, Callable, List, Optional

import numpy as np

from .subject import Players, Subject


class Removal:
    """Takes features, or groups of them, away from samples and asks for the target.

    Args:
        baseline: what stands in the place of features that are gone: as in `Explainer.run`; or 'uniform', numbers
            drawn for each feature of each sample between the smallest and the largest of the sample in that input.
        feature_mask: as in `PerturbationAttribution`; None for each feature by itself.
    """

    def __init__(self, subject: Subject, baseline: Any = None, feature_mask: Any = None) -> None:
        self.probe, self.n = subject.asked(), subject.n
        self.players = Players(subject, feature_mask)
        self._xs = [x.reshape(self.n, -1) for x in self.probe.xs]
        self._shapes = subject.shapes
        if isinstance(baseline, str) and baseline == 'uniform':
            self._absent = _drawn(self.probe.xs, subject.draws())
        else:
            self._absent = [one.reshape(len(one), -1) for one in self.probe.absent(baseline)]

    def scores(self, samples: np.ndarray, gone: Callable[[slice], np.ndarray]) -> np.ndarray:
        """The target for rows that belong to some samples.

        Args:
            gone: which players are gone in a slice of the rows: bools (rows, players).
        """
        def points(part: slice) -> List[np.ndarray]:
            return self.points(samples[part], gone(part))

        return self.probe.scores(samples, points)

    def points(self, samples: np.ndarray, gone: np.ndarray) -> List[np.ndarray]:
        """The inputs of rows of some samples, without the players that are gone."""
        gone, start, found = self.players.spread(gone), 0, []
        for x, absent, shape in zip(self._xs, self._absent, self._shapes):
            rows = x[samples]
            np.copyto(rows, absent[samples] if len(absent) > 1 else absent, where=gone[:, start:start + x.shape[1]])
            found.append(rows.reshape((-1,) + shape[1:]))
            start += x.shape[1]
        return found


def _drawn(xs: List[np.ndarray], draws: Any) -> List[np.ndarray]:
    found: List[np.ndarray] = []
    at: Optional[np.ndarray] = draws.uniform(sum(x[0].size for x in xs))
    assert at is not None
    for x in xs:
        if x.dtype.kind != 'f':
            raise ValueError(f"baseline can be 'uniform' only where X is of floats, not of {x.dtype}.")
        flat = x.reshape(len(x), -1)
        low, high = flat.min(1, keepdims=True), flat.max(1, keepdims=True)
        found.append((low + at[:, :flat.shape[1]] * (high - low)).astype(x.dtype))
        at = at[:, flat.shape[1]:]
    return found
