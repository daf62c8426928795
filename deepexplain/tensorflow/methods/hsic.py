"""Dependence by the Hilbert-Schmidt independence criterion."""
from typing import Any, List, Optional, Sequence, Union

import numpy as np

from ..runs.arguments import shown
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import generator_of
from .cells import CellAttribution
from .sequences import latin_hypercube

#: How many numbers of a kernel's matrix are held at once.
HELD = 2 ** 22


class HSIC(CellAttribution):
    """How the target hangs on the presence of each cell, by a measure of dependence (Novello et al. 2022, HSIC).

    In each of `samples` coalitions p half of the cells are present, by the halves of a Latin hypercube's axes; the
    others are set to the baseline. The attribution of a cell is tr(K H L H) / (p - 1)^2, H = I - 1/p: K has 1/2 where
    the cell is as present in both of two coalitions and -1/2 elsewhere, L has exp(-(T - T')^2 / (2 w^2)) of T at both,
    where w is the (lower) median distance of T in two coalitions that differ by more than rounding. Coalitions are the
    same for all samples, drawn by the seed alone. It has no sign, is about 0 for a cell that does not matter, and hangs
    on all that T does: compare cells of one sample only.

    Args:
        samples: the number of coalitions, an int of at least 2. Default 1500.
        cells, axes: see `CellAttribution`.
        baseline, seed: see `Attribution`.
        feature_mask, per_group: see `PerturbationAttribution`; excludes cells and axes.

    Raises:
        ValueError: by a run, for more than 10,000 cells.
    """

    def __init__(self, model: Model, samples: int = 1500, cells: Union[int, Sequence[int], None] = None,
                 axes: Optional[Sequence[int]] = None, baseline: Any = None, feature_mask: Any = None,
                 per_group: bool = False, seed: Any = None) -> None:
        self.set_draws(samples, seed)
        if self._samples == 1:
            raise ValueError(f'samples must be an int of at least 2, not {shown(samples)}.')
        self.set_cells(cells, axes, feature_mask)
        super().__init__(model, baseline, feature_mask, per_group)

    def evaluations(self, run: Run) -> int:
        return self._samples or 0

    def attribute(self, run: Run) -> List[np.ndarray]:
        players, count = self.players(run)
        present = latin_hypercube(self._samples or 0, count, generator_of(run.options.get('seed'), self.seed)) < .5
        values = self.values(run, players, present)
        run.note(np.abs(values).max(1))
        # K is half of s s' of signs s; H from both sides takes their mean away.
        signs = 2. * present - 1
        signs -= signs.mean(0)
        return self.shared_out(run, players, np.array([
            dependence(signs, own, median_distance(own, self.rounding * np.abs(own).max())) for own in values]))


def dependence(signs: np.ndarray, values: np.ndarray, width: float) -> np.ndarray:
    """The criterion of each column of signs less their mean, and some values."""
    if width == 0:
        return np.zeros(signs.shape[1])
    total, size = np.zeros(signs.shape[1]), len(values)
    for start in range(0, size, max(1, HELD // size)):
        part = slice(start, start + max(1, HELD // size))
        kernel = np.exp(-((values[part, np.newaxis] - values) / width) ** 2 / 2)
        total += (signs[part] * (kernel @ signs)).sum(0)
    return total / 2 / (size - 1) ** 2


def median_distance(values: np.ndarray, least: float) -> float:
    """The lower median of the distances of pairs above the least; 0 if there are none, nan where values are not finite.

    By bisection, as a list of all pairs would take their number's square.
    """
    if not np.isfinite(values).all():
        return np.nan
    values = np.sort(values)

    def within(distance: float) -> int:
        """How many pairs are no further apart."""
        return int((np.searchsorted(values, values + distance, 'right') - np.arange(len(values)) - 1).sum())

    few, low, high = within(least), least, float(values[-1] - values[0])
    wanted = few + (len(values) * (len(values) - 1) // 2 - few + 1) // 2
    if high <= least or wanted == few:
        return 0.
    while True:
        middle = (low + high) / 2
        if not low < middle < high:
            return high
        low, high = (low, middle) if within(middle) >= wanted else (middle, high)
