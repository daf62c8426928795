"""Sums of attributions: over axes of a sample, and over groups of features."""
from typing import TYPE_CHECKING, Any, List, Optional, Sequence

import numpy as np

from ..checks import shown
from .checking import listed

if TYPE_CHECKING:
    from .attributions import Attributions


def sum_over(result: 'Attributions', axes: Any) -> 'Attributions':
    """Attributions summed over axes of a sample, in float64; what they add up to stays the same.

    Args:
        axes: an int or a tuple of ints, axes of the array (of several inputs: of each) as numpy counts them. Those of
            samples, and of units, stay.

    Returns:
        A result; its xs are those of before. Names of features stay unless the last axis goes.

    Raises:
        ValueError: there is no such axis, or it is one of samples or units.
    """
    given = axes if isinstance(axes, tuple) else (axes,)
    if not given or any(isinstance(axis, bool) or not isinstance(axis, (int, np.integer)) for axis in given):
        raise ValueError(f'axes must be an int or a tuple of ints, not {shown(axes)}.')
    lead, found, last = int(result.several) + (not result.together), [], False
    for array in listed(result.attributions):
        places = []
        for axis in given:
            place = int(axis) + array.ndim if axis < 0 else int(axis)
            if not lead <= place < array.ndim:
                raise ValueError('axes must be among those of a sample, %s, not %d: attributions have the shape %s%s.'
                                 % (_written(lead, array.ndim), axis, array.shape, _front(result)))
            places.append(place)
        last = last or array.ndim - 1 in places
        found.append(array.sum(tuple(set(places)), np.float64))
    many = isinstance(result.attributions, list)
    return result._with(attributions=found if many else found[0], feature_names=None if last else result.feature_names)


def groups(result: 'Attributions', mask: Any, names: Optional[Sequence[str]] = None) -> 'Attributions':
    """Attributions summed over groups of features.

    Args:
        mask: ints that broadcast to the shape of a sample of attributions, the number of each feature's group, any
            numbers, or a Series of pandas with the names of the features; for several inputs a list of them, and
            features of several inputs may be of one group.
        names: what the groups are called, in the order of their numbers. Default: the numbers.

    Returns:
        A result of one array (n, groups), float64, for several inputs too, of several units (units, n, groups); without
        xs and baseline, which groups have not.

    Raises:
        ValueError: a mask is not of ints, or does not broadcast; there are more or fewer names than groups.
    """
    many, arrays = isinstance(result.attributions, list), listed(result.attributions)
    if many and (not isinstance(mask, (list, tuple)) or len(mask) != len(arrays)):
        raise ValueError(f'mask must be a list with one mask for each of the {len(arrays)} inputs.')
    lead = int(result.several) + (not result.together)
    spread: List[np.ndarray] = []
    for number, (one, array) in enumerate(zip(mask if many else [mask], arrays)):
        said = f'mask[{number}]' if many else 'mask'
        values = np.asarray(_in_order(said, one, result.feature_names[number] if many and result.feature_names else (
            result.feature_names)))
        if values.dtype.kind not in 'iu':
            raise ValueError(f'{said} must be of ints, the number of the group of each feature, not of {values.dtype}.')
        try:
            spread.append(np.broadcast_to(values, array.shape[lead:]).ravel())
        except ValueError:
            raise ValueError('%s must broadcast to the shape of a sample, %s, not %s; mask[..., None] adds an axis for '
                             'channels.' % (said, array.shape[lead:], values.shape)) from None
    numbers, places = np.unique(np.concatenate(spread), return_inverse=True)
    places = places.ravel()
    if names is not None and len(names) != len(numbers):
        raise ValueError(f'names must be {len(numbers)}, one for each group, not {len(names)}.')
    flat = np.concatenate([array.reshape(array.shape[:lead] + (-1,)) for array in arrays], -1)
    order = np.argsort(places, kind='stable')
    starts = np.searchsorted(places[order], np.arange(len(numbers)))
    found = np.add.reduceat(flat[..., order].astype(np.float64), starts, -1)
    return result._with(attributions=found, xs=None, baseline=None, input_names=None,
                        feature_names=[str(number) for number in numbers] if names is None else list(names))


def _in_order(said: str, mask: Any, features: Optional[Sequence[str]]) -> Any:
    """A mask in the order of the features, where it is a Series of pandas with their names."""
    if not hasattr(mask, 'iloc') or not hasattr(mask, 'index') or features is None:
        return mask
    names = [str(one) for one in mask.index]
    if len(names) == len(features) == len(set(names)) and set(names) == set(features):
        return mask.iloc[[names.index(one) for one in features]]
    if not all(name.isdigit() for name in names):
        raise ValueError('%s must name the features %s, not %s.' % (said, shown(list(features)), shown(names)))
    return mask


def _written(lead: int, rank: int) -> str:
    return ', '.join(map(str, range(lead, rank))) or 'of which there are none'


def _front(result: 'Attributions') -> str:
    front = ['units'] * result.several + ['samples'] * (not result.together)
    return ', %s in front' % ' and '.join(front) if front else ''
