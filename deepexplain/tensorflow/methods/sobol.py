"""Sobol' indices."""
from typing import Any, List, Optional, Sequence, Union

import numpy as np

from ..runs.batching import pairs
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import generator_of
from .cells import CellAttribution
from .sequences import sobol


class Sobol(CellAttribution):
    """Total Sobol' indices: what of the target's variance under masks hangs on each cell (Fel et al. 2021).

    The features of cell c are baseline + m_c (x - baseline), m_c between 0 and 1. The index of c is the share of the
    variance of T over all m in which m_c has a part, by itself or with others, by Jansen's (1999) estimator:
    sum_j (T(A_j) - T(C_j))^2 / (2 N V), where row j of C is that of A, with m_c from B; V is the variance of T over A
    and B together, with 2 N - 1. A and B are the halves of N points of a randomised Sobol' sequence of twice as many
    axes as there are cells (Latin hypercubes where there are too many for N points), the same for all samples, drawn
    by the seed alone. An index has no sign, and those of a sample may add up to more than 1, by what cells do together.
    It is 0 where T changes by rounding alone.

    Args:
        samples: N, a positive int, best a power of 2; a sample is evaluated N (cells + 2) times. Default 32.
        cells, axes: see `CellAttribution`.
        baseline, seed: see `Attribution`.
        feature_mask, per_group: see `PerturbationAttribution`; excludes cells and axes.

    Raises:
        RuntimeError: if X is not of floats.
        ValueError: by a run, for more than 10,000 cells.
    """

    def __init__(self, model: Model, samples: int = 32, cells: Union[int, Sequence[int], None] = None,
                 axes: Optional[Sequence[int]] = None, baseline: Any = None, feature_mask: Any = None,
                 per_group: bool = False, seed: Any = None) -> None:
        self.set_draws(samples, seed)
        self.set_cells(cells, axes, feature_mask)
        for x in model.X:
            if not x.dtype.is_floating:
                raise RuntimeError("sobol masks X by degrees: '%s' must be of floats, not %s; hsic and kernel_shap "
                                   'take others.' % (x.name, x.dtype.name))
        super().__init__(model, baseline, feature_mask, per_group)

    def evaluations(self, run: Run) -> int:
        return (self._samples or 0) * (self.players(run)[1] + 2)

    def attribute(self, run: Run) -> List[np.ndarray]:
        players, count = self.players(run)
        size = self._samples or 0
        drawn = sobol(size, 2 * count, generator_of(run.options.get('seed'), self.seed))
        values = self._masked(run, players, drawn[:, :count], drawn[:, count:]).reshape(-1, count + 2, size)
        run.note(np.abs(values).max((1, 2)))
        with np.errstate(invalid='ignore'):
            ends, changed = values[:, :2], values[:, 2:] - values[:, :1]
            variance = ends.reshape(len(ends), -1).var(1, ddof=1)
            flat = variance <= (self.rounding * np.abs(ends).max((1, 2))) ** 2
            indices = (changed ** 2).mean(2) / (2 * np.where(flat, 1, variance))[:, np.newaxis]
        indices[flat] = 0
        return self.shared_out(run, players, indices)

    def _masked(self, run: Run, players: Sequence[np.ndarray], A: np.ndarray, B: np.ndarray) -> np.ndarray:
        """The target of each sample at A, at B, and at A with each column from B in turn, one after another."""
        absent, (size, count) = self.flat_absent(run), A.shape
        samples, which = pairs(run.n, size * (count + 2), run.rowing.mixed)
        points = self.points(run, len(samples))

        def fed(part: slice) -> List[Any]:
            # Evaluation k N + j is row j of A, of B, or of A with column k - 2 from B.
            kind, row = np.divmod(which[part], size)
            # Who is no player is always there.
            degrees = np.append(np.where((kind == 1)[:, np.newaxis], B[row], A[row]), np.ones((len(row), 1)), 1)
            mixed = np.flatnonzero(kind > 1)
            degrees[mixed, kind[mixed] - 2] = B[row[mixed], kind[mixed] - 2]

            def mask(number: int, flat: np.ndarray) -> None:
                away = absent[number][samples[part]] if len(absent[number]) > 1 else absent[number]
                flat -= away
                flat *= degrees.astype(flat.dtype)[:, players[number]]
                flat += away

            return points(samples[part], mask)

        return self.listed(run, samples, which, fed)
