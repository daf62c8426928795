"""RISE."""
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ..runs.arguments import MOST, number, positive_int, shown
from ..runs.batching import pairs
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import check_seed, generator_of
from .grids import cells_along, checked_cells, places
from .interpolation import resized
from .perturbation import PerturbationAttribution
from .values import checked_axes

#: How many numbers of masks are held at once.
HELD = 2 ** 23


class RISE(PerturbationAttribution):
    """The mean of random masks, weighed by the target of the masked sample (Petsiuk et al. 2018, eq. 6).

    sum_i T(baseline + M_i (x - baseline)) M_i / (N p). A mask M is made as in section 3.2 of the paper: a grid of
    `cells` that are 1 with the probability p, else 0, is brought by linear interpolation to one cell more than the
    sample has places for, of which the sample's size is cut out at a random shift. Masks are the same for all samples,
    drawn by the seed alone. Neither a unit's baseline nor its scale is taken out: compare places of one map only.

    Args:
        samples: the number of masks, a positive int. Default 4000.
        cells: how many cells the grid has along each axis, an int or one for each axis that is masked; no more than
            there are places. Default 7.
        probability: how often a cell is left as it is, above 0 and below 1. Default .5.
        axes: which axes of X are masked, ints from 1; along the others a mask is the same. Default None: all of samples
            of one or two axes; of those of more all but the last, the channels. Of several inputs each has masks of
            its own.
        baseline, seed: see `Attribution`.
    """

    run_options = ('baseline', 'seed')
    by_scores = True

    def __init__(self, model: Model, samples: int = 4000, cells: Union[int, Sequence[int]] = 7,
                 probability: float = .5, axes: Optional[Sequence[int]] = None, baseline: Any = None,
                 seed: Any = None) -> None:
        self._samples = positive_int('samples', samples, MOST)
        self._cells = checked_cells(cells)
        self._probability = number('probability', probability)
        if not 0 < self._probability < 1:
            raise ValueError(f'probability must be above 0 and below 1, not {shown(probability)}.')
        self.seed = check_seed(seed)
        self._axes = None if axes is None else checked_axes(axes, 'masked')
        for x in model.X:
            if not x.dtype.is_floating:
                raise RuntimeError("rise masks X by degrees: '%s' must be of floats, not %s." % (x.name, x.dtype.name))
        super().__init__(model, baseline)

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        for x in run.xs:
            self._grid(x)

    def evaluations(self, run: Run) -> int:
        return self._samples

    def attribute(self, run: Run) -> List[np.ndarray]:
        generator = generator_of(run.options.get('seed'), self.seed)
        # What T does not use gets nothing, and no masks.
        used = [i for i, X in enumerate(self.model.X) if X.name not in self.model.unused]
        masks = [Masks(self._samples, self._grid(run.xs[i]), self._probability, generator) for i in used]
        absent = [array[0] for array in self.absent(run).arrays]
        sums = [np.zeros((run.n,) + run.tail + one.shape) for one in masks]
        at_once = max(1, HELD // max(1, sum(int(np.prod(one.shape)) for one in masks)))
        for start in range(0, self._samples, at_once):
            part = slice(start, min(start + at_once, self._samples))
            drawn = [one.drawn(part) for one in masks]
            scores = self._scores(run, dict(zip(used, drawn)), part.stop - part.start, absent)
            for total, one in zip(sums, drawn):
                total += np.tensordot(scores, one, ([1], [0]))
        found = {}
        for total, i in zip(sums, used):
            x = run.xs[i]
            mean = (total / (self._samples * self._probability)).reshape((run.n, -1) + self._grid(x).spread)
            mean = np.broadcast_to(mean, mean.shape[:2] + x.shape[1:])
            found[i] = np.moveaxis(mean, 1, -1).reshape(x.shape + run.tail)
        return run.apart([found.get(i, np.zeros(x.shape + run.tail)).astype(dtype)
                          for i, (x, dtype) in enumerate(zip(run.xs, self.dtype(run)))])

    def _scores(self, run: Run, drawn: Dict[int, np.ndarray], size: int, absent: List[np.ndarray]) -> np.ndarray:
        """The target of each sample under each mask, (n, masks); masks by the numbers of inputs."""
        samples, which = pairs(run.n, size, run.rowing.mixed)

        def fed(part: slice) -> List[Tuple[Any, np.ndarray]]:
            found = []
            own = samples[part]
            for i, (X, x, away) in enumerate(zip(self.model.X, run.xs, absent)):
                mask = drawn.get(i)
                if mask is None:
                    found.append((X, x[own]))
                    continue
                start = away[own] if len(away) > 1 else away
                by = mask[which[part]].reshape((len(own),) + self._grid(x).spread).astype(x.dtype)
                found.append((X, start + by * (x[own] - start)))
            return found

        scores = np.empty((run.n, size) + run.tail)
        scores[samples, which] = run.scores(samples, fed)
        run.note(np.abs(scores).max(1))
        return scores

    def _grid(self, x: np.ndarray) -> 'Grid':
        """How an input is masked."""
        sizes, spread = places(x, self._axes)
        return Grid(sizes, cells_along(self._cells, sizes), spread)


class Grid(NamedTuple):
    """The sizes of the axes that are masked, the cells along each, and the shape of a mask beside a sample."""
    sizes: Tuple[int, ...]
    cells: Tuple[int, ...]
    spread: Tuple[int, ...]


class Masks:
    """Random masks of one input, drawn once, made part by part."""

    def __init__(self, number_of: int, grid: Grid, probability: float, generator: Any) -> None:
        self.shape, self._grid = grid.sizes, grid
        self._extents = [-(-size // cells) for size, cells in zip(grid.sizes, grid.cells)]
        self._on = generator.uniform(size=(number_of,) + grid.cells) < probability
        self._shifts = (generator.uniform(size=(number_of, len(grid.sizes))) * self._extents).astype(int)

    def drawn(self, part: slice) -> np.ndarray:
        """Some of them, float32, (masks,) + the sizes of the axes that are masked."""
        found = self._on[part].astype(np.float32)
        for axis, (size, cells, extent) in enumerate(zip(self._grid.sizes, self._grid.cells, self._extents), 1):
            if extent == 1:
                continue  # Each place has a cell of its own.
            whole = np.moveaxis(found, axis, -1)
            whole = resized(whole, [(cells + 1) * extent])
            places = self._shifts[part, axis - 1][:, np.newaxis] + np.arange(size)
            places = places.reshape((len(places),) + (1,) * (whole.ndim - 2) + (size,))
            found = np.moveaxis(np.take_along_axis(whole, np.broadcast_to(
                places, whole.shape[:-1] + (size,)), -1), -1, axis)
        return found
