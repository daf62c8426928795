"""Grids of cells over the axes of X that are places."""
from typing import Any, Optional, Sequence, Tuple, Union

import numpy as np

from ..runs.arguments import positive_int

#: Cells along each axis: as many along all, or one number for each.
Cells = Union[int, Tuple[int, ...]]


def checked_cells(cells: Any) -> Cells:
    """How many cells there are along each axis."""
    if np.ndim(cells) == 0:
        return positive_int('cells', cells)
    return tuple(positive_int('cells', one) for one in cells)


def places(x: np.ndarray, axes: Optional[Sequence[int]]) -> Tuple[Tuple[int, ...], Tuple[int, ...]]:
    """The sizes of the axes of an input that are masked, and the shape of a mask beside a sample.

    Args:
        axes: None for all of samples of one or two axes; of those of more all but the last, the channels.
    """
    if x.ndim == 1:
        return (1,), ()  # One number a sample.
    last = x.ndim - 1
    axes = axes or (list(range(1, last + 1)) if last < 3 else list(range(1, last)))
    if axes[-1] > last:
        raise ValueError('axes must name axes of X from 1 to %d, not %s.' % (last, list(axes)))
    return tuple(x.shape[axis] for axis in axes), tuple(
        x.shape[axis] if axis in axes else 1 for axis in range(1, x.ndim))


def cells_along(cells: Cells, sizes: Sequence[int]) -> Tuple[int, ...]:
    """How many cells there are along axes of some sizes, no more than there are places."""
    each = (cells,) * len(sizes) if isinstance(cells, int) else cells
    if len(each) != len(sizes):
        raise ValueError('cells must be an int, or one for each of the %d axes that are masked, not %s.' % (
            len(sizes), each))
    return tuple(min(one, size) for one, size in zip(each, sizes))


def cell_of_each(sizes: Sequence[int], cells: Sequence[int]) -> np.ndarray:
    """The number of the cell that each place belongs to, of the sizes of the axes; cells are alike, or nearly."""
    along = [np.arange(size) * count // size for size, count in zip(sizes, cells)]
    return np.arange(int(np.prod(cells))).reshape(tuple(cells))[np.ix_(*along)]
