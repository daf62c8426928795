"""Maps and masks that callers pass in, checked and brought to the shape of the samples."""
from typing import Any, List, Sequence, Tuple

import numpy as np


def listed(name: str, values: Any, many: bool, count: int) -> List[Any]:
    """One entry for each input."""
    if not many:
        return [values]
    if not isinstance(values, (list, tuple)) or len(values) != count:
        raise ValueError('%s must be a list with one array for each of the %d inputs, not %s.' % (
            name, count, 'a list of %d' % len(values) if isinstance(values, (list, tuple)) else type(values).__name__))
    return list(values)


def maps_like(name: str, values: Any, shapes: Sequence[Tuple[int, ...]], many: bool, together: bool = False
              ) -> List[np.ndarray]:
    """Maps, float64, of the shapes of the samples, one for each input.

    Args:
        together: whether there is one sample, and the maps have no axis for it.
    """
    found = []
    for i, (value, shape) in enumerate(zip(listed(name, values, many, len(shapes)), shapes)):
        said = '%s[%d]' % (name, i) if many else name
        array = np.asarray(value)
        if array.dtype.kind not in 'fiub':
            raise ValueError(f'{said} must be an array of numbers, not of {array.dtype}.')
        array = array.astype(np.float64)[np.newaxis] if together else array.astype(np.float64)
        if not np.isfinite(array).all():
            raise ValueError('%s must be of finite numbers: nan or inf is in %d of %d samples. Leave these out, or '
                             'fill them.' % (said, (~np.isfinite(array.reshape(len(array), -1)).all(1)).sum()
                                             if array.ndim else 1, len(array) if array.ndim else 1))
        found.append(spread(said, array, shape))
    return found


def masks_like(masks: Any, shapes: Sequence[Tuple[int, ...]], many: bool, together: bool = False
               ) -> List[np.ndarray]:
    """Masks, bools of the shapes of the samples, one for each input; see `maps_like`."""
    found = []
    for i, (value, shape) in enumerate(zip(listed('masks', masks, many, len(shapes)), shapes)):
        said = 'masks[%d]' % i if many else 'masks'
        array = np.asarray(value)
        if array.dtype.kind in 'iuf' and ((array == 0) | (array == 1)).all():
            array = array.astype(bool)
        if array.dtype.kind != 'b':
            raise ValueError(f'{said} must be of bools, or of 0 and 1, not of {array.dtype}.')
        found.append(spread(said, array[np.newaxis] if together else array, shape))
    return found


def spread(name: str, array: np.ndarray, shape: Tuple[int, ...]) -> np.ndarray:
    """An array of one map for each sample, spread over the axes that it has not: channels, say.

    Taken are the shape itself, sizes of 1 in place of its own, and the shape without its first or last axis after that
    of the samples, where it cannot be both.
    """
    if array.ndim == len(shape) and len(array) == shape[0] and all(
            got in (1, want) for got, want in zip(array.shape, shape)):
        return np.broadcast_to(array, shape)
    without = {axis: shape[:axis] + shape[axis + 1:] for axis in (1, len(shape) - 1)} if len(shape) > 2 else {}
    axes = [axis for axis, other in without.items() if array.shape == other]
    if len(axes) == 1:
        return np.broadcast_to(np.expand_dims(array, axes[0]), shape)
    raise ValueError('%s must have the shape of the samples, %s, or 1 in place of an axis%s, not %s.' % (
        name, shape, ' (it could go along either of two)' if axes else '', array.shape))


def flat(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """All features of each sample in a row, those of one input after those of another."""
    return np.concatenate([one.reshape(len(one), -1) for one in arrays], 1)
