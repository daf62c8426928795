"""What methods share whose players are the cells of a grid."""
from typing import Any, List, Optional, Sequence, Tuple, Union

import numpy as np

from ..rules.quotients import digit
from ..runs.run import Run
from .coalitions import CoalitionAttribution, few_enough
from .grids import cell_of_each, cells_along, checked_cells, places
from .values import checked_axes

#: How many cells there are, at most, where nobody says.
CELLS = 64
#: Changes of T by no more than so many of its last digits are rounding.
DIGITS = 8


class CellAttribution(CoalitionAttribution):
    """A method whose players are blocks of neighbouring features, or the groups of a feature_mask.

    Options that these methods share:

    cells: how many blocks there are along each axis that is masked, an int or one for each; no more than there are
        places. Default None: 64 along one axis, 8 along each of two, 4 along each of three, so that tables of up to 64
        features are taken feature by feature.
    axes: which axes of X are masked, ints from 1; along the others a block goes on. Default None: all of samples of one
        or two axes; of those of more all but the last, the channels. Several inputs have cells of their own.
    """

    by_scores = True

    def set_cells(self, cells: Union[int, Sequence[int], None], axes: Optional[Sequence[int]], feature_mask: Any
                  ) -> None:
        """Take the options that say what the cells are."""
        if feature_mask is not None and (cells is not None or axes is not None):
            raise ValueError('feature_mask excludes cells and axes.')
        self._cells = None if cells is None else checked_cells(cells)
        self._axes = None if axes is None else checked_axes(axes, 'masked')

    @property
    def rounding(self) -> float:
        """What change of T may be rounding alone, as a part of T."""
        return DIGITS * digit(self.model.T.dtype)

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        self.players(run)

    def players(self, run: Run) -> Tuple[List[np.ndarray], int]:
        if self._masks is not None:
            return super().players(run)
        players, count = [], 0
        for X, x in zip(self.model.X, run.xs):
            if X.name in self.model.unused:
                players.append(np.full(x[0].size, -1))
                continue
            sizes, spread = places(x, self._axes)
            cells = cells_along(self._cells or int(CELLS ** (1 / len(sizes)) + 1e-9), sizes)
            numbers = cell_of_each(sizes, cells).reshape(spread)
            players.append(count + np.broadcast_to(numbers, x.shape[1:]).ravel())
            count += int(np.prod(cells))
        return players, few_enough(self.model, count)
