"""What stands beside methods in a table: maps from elsewhere, noise, the input itself."""
from typing import Any, Callable, Iterator, List, Optional, Tuple

import numpy as np

#: How many rows are made at a time.
_AT_ONCE = 64

#: The maps of rows of some samples at some inputs, of a probe.
Maps = Callable[[Any, np.ndarray, List[np.ndarray]], List[np.ndarray]]


class Beside:
    """Answers as an Explainer does, its maps of another source.

    Args:
        explainer: whose model is asked.
        maps: makes maps; None where there are none but those that are given.
    """

    def __init__(self, explainer: Any, maps: Optional[Maps] = None) -> None:
        self._explainer, self._maps = explainer, maps

    def probe(self, *arguments: Any, **options: Any) -> 'BesideProbe':
        return BesideProbe(self._explainer.probe(*arguments, **options), self._maps)


class BesideProbe:
    """A probe of the same samples."""

    def __init__(self, probe: Any, maps: Optional[Maps]) -> None:
        self._probe, self._maps = probe, maps

    def __getattr__(self, name: str) -> Any:
        return getattr(self._probe, name)

    def _made(self, samples: np.ndarray, xs: List[np.ndarray]) -> List[np.ndarray]:
        if self._maps is None:
            raise ValueError('these maps are given: nobody can make others of them.')
        return self._maps(self._probe, samples, xs)

    def attributions(self) -> List[np.ndarray]:
        return self._made(np.arange(self._probe.n), self._probe.xs)

    def explain(self, samples: np.ndarray, points: Callable[[slice], List[np.ndarray]]
                ) -> Iterator[Tuple[slice, List[np.ndarray]]]:
        for start in range(0, len(samples), _AT_ONCE):
            part = slice(start, min(start + _AT_ONCE, len(samples)))
            yield part, self._made(samples[part], points(part))

    def explained(self, ys: Any = None, feeds: Any = None) -> List[np.ndarray]:
        return self.attributions()

    def change(self) -> None:
        """Nobody says what these maps add up to."""

    def factor(self) -> None:
        """They are taken as they are."""


def the_input(probe: Any, samples: np.ndarray, xs: List[np.ndarray]) -> List[np.ndarray]:
    """Each feature's own value, as the method `input`."""
    return xs


def noise_of(seed: int) -> Maps:
    """Normal numbers that hang on the seed and the sample's number alone, as the method `random`."""
    def maps(probe: Any, samples: np.ndarray, xs: List[np.ndarray]) -> List[np.ndarray]:
        drawn = probe.draws(seed).normal(samples, 0 * samples, xs)
        return [one.reshape(x.shape) for one, x in zip(drawn, xs)]

    return maps
