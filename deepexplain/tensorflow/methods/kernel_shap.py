"""Shapley values by weighted least squares."""
from itertools import combinations
from math import factorial
from typing import Any, List, Optional, Tuple

import numpy as np

from ..messages import warn
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import generator_of
from .coalitions import CoalitionAttribution, crossed

#: How many random numbers are held at once.
HELD = 2 ** 22


class KernelSHAP(CoalitionAttribution):
    """Shapley values as the weighted linear fit to the target at coalitions (Lundberg and Lee 2017, theorem 2).

    Absent players are set to the baseline. A coalition of k of d players weighs (d - 1) / (C(d, k) k (d - k)); the sum
    of a sample's attributions is T(x) - T(baseline) exactly. Where there are no more coalitions than `samples` all are
    evaluated, and the values are exact; else sizes are taken whole from both ends as long as that is within their
    part of the samples, and of the others coalitions are drawn by weight, each with what it leaves out.

    Args:
        samples: how many coalitions of a sample are evaluated, besides none and all; a positive int. Default None:
            2 d + 2048, as in the authors' package.
        baseline, seed: see `Attribution`.
        feature_mask, per_group: see `PerturbationAttribution`.

    Raises:
        ValueError: by a run, for more than 10,000 players.
    """

    has_convergence_delta = by_scores = has_factor = True

    def __init__(self, model: Model, samples: Optional[int] = None, baseline: Any = None, feature_mask: Any = None,
                 per_group: bool = False, seed: Any = None) -> None:
        self.set_draws(samples, seed)
        super().__init__(model, baseline, feature_mask, per_group)

    @classmethod
    def check_value(cls, name: str, value: Any) -> None:
        if name != 'samples' or value is not None:
            super().check_value(name, value)

    def evaluations(self, run: Run) -> int:
        count = self.players(run)[1]
        wanted = self._wanted(count)
        return 2 + (2 ** count - 2 if count < 63 and 2 ** count - 2 <= wanted else wanted)

    def attribute(self, run: Run) -> List[np.ndarray]:
        players, count = self.players(run)
        present, weights = coalitions(count, self._wanted(count), generator_of(run.options.get('seed'), self.seed))
        if len(present) < count - 1:
            warn('kernel_shap: %d coalitions do not tell %d players apart: values are the least that fit. Take more '
                 'samples, or fewer players by feature_mask.' % (len(present), count))
        ends = np.array([[True] * count, [False] * count])
        values = self.values(run, players, np.concatenate([ends, present]))
        full, empty = values[:, 0], values[:, 1]
        run.note(np.abs(full))
        run.note(np.abs(empty), baselines=True)
        run.keep(full, empty)
        return self.shared_out(run, players, fitted(
            present.astype(np.float64), weights, values[:, 2:] - empty[:, np.newaxis], full - empty))

    def _wanted(self, count: int) -> int:
        return 2 * count + 2048 if self._samples is None else self._samples


def coalitions(count: int, samples: int, generator: Any) -> Tuple[np.ndarray, np.ndarray]:
    """Coalitions of some players, neither none nor all, bools (coalitions, players), and what each weighs."""
    if count < 63 and 2 ** count - 2 <= samples:
        numbers = np.arange(1, 2 ** count - 1)
        present = (numbers[:, np.newaxis] >> np.arange(count)) % 2 == 1
        return present, np.array([_of_size(count, int(size)) / _number(count, int(size)) for size in present.sum(1)])
    # A size and what it leaves out; that in the middle is its own.
    sizes = np.arange(1, count // 2 + 1)
    shares = np.array([_of_size(count, int(size)) * (1 if 2 * size == count else 2) for size in sizes])
    shares /= shares.sum()
    left, rest, whole = samples, 1., 0
    rows: List[np.ndarray] = []
    weights: List[float] = []
    for size, share in zip(sizes, shares):
        both = 2 * size != count
        number = _number(count, int(size)) * (2 if both else 1)
        if left * share / rest < number * (1 - 1e-9):
            break
        for chosen in combinations(range(count), int(size)):
            row = np.zeros(count, bool)
            row[list(chosen)] = True
            rows += [row, ~row] if both else [row]
        weights += [share / number] * number
        left, rest, whole = left - number, rest - share, whole + 1
    present = np.array(rows, bool).reshape(-1, count)
    if whole < len(sizes) and left > 0:
        drawn = _drawn(count, sizes[whole:], shares[whole:] / shares[whole:].sum(), left, generator)
        present = np.concatenate([present, drawn])
        weights += [rest / len(drawn)] * len(drawn)
    return present, np.array(weights)


def fitted(present: np.ndarray, weights: np.ndarray, values: np.ndarray, total: np.ndarray) -> np.ndarray:
    """What players give, (n, players), by weighted least squares with a fixed sum; the least of those that fit alike.

    Args:
        present: (coalitions, players), 0 and 1.
        values: the target at each less that of none, (n, coalitions).
        total: the sum for each of n.
    """
    count = present.shape[1]
    # With a multiplier for the sum, all players alike.
    system = np.ones((count + 1, count + 1))
    system[-1, -1] = 0
    weighed = present * weights[:, np.newaxis]
    system[:-1, :-1] = crossed(weighed, present)
    right = np.concatenate([crossed(weighed, values.T), total[np.newaxis]])
    finite = np.isfinite(right).all(0)
    found = np.full((len(total), count), np.nan)
    found[finite] = np.linalg.lstsq(system, right[:, finite], rcond=None)[0][:-1].T
    # What rounding and too few coalitions leave of the sum.
    return found + ((total - found.sum(1)) / count)[:, np.newaxis]


def _drawn(count: int, sizes: np.ndarray, shares: np.ndarray, samples: int, generator: Any) -> np.ndarray:
    """Coalitions drawn by the shares of their sizes, each followed by what it leaves out."""
    rows = np.empty((samples + samples % 2, count), bool)
    bounds, at_once = np.cumsum(shares), max(1, HELD // count)
    for start in range(0, len(rows) // 2, at_once):
        number = min(at_once, len(rows) // 2 - start)
        places = np.searchsorted(bounds[:-1], generator.uniform(size=number), 'right')
        # Whoever comes first in an order by chance.
        ranks = np.argsort(np.argsort(generator.uniform(size=(number, count)), 1), 1)
        part = rows[2 * start:2 * (start + number)]
        part[::2] = ranks < sizes[places][:, np.newaxis]
        part[1::2] = ~part[::2]
    return rows[:samples]


def _of_size(count: int, size: int) -> float:
    """What all coalitions of a size weigh together."""
    return (count - 1) / (size * (count - size))


def _number(count: int, size: int) -> int:
    return factorial(count) // (factorial(size) * factorial(count - size))
