"""What the parts of a result have to agree in; also what came out of a file."""
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ..checks import shown

#: What holds an array, or one for each of several inputs.
BY_INPUT = ('attributions', 'xs', 'baseline')


def checked(parts: Dict[str, Any]) -> Dict[str, Any]:
    """The parts of a result in one form.

    Raises:
        ValueError: with the name of a part that does not fit the others.
    """
    found = dict(parts)
    for name in BY_INPUT:
        value = found[name]
        found[name] = None if value is None else [np.asarray(one) for one in value] if isinstance(
            value, (list, tuple)) else np.asarray(value)
    arrays = listed(found['attributions'])
    if not arrays:
        raise ValueError('attributions must be an array or a list of at least one, not an empty list.')
    lead = _lead(arrays, found['several'], found['together'])
    n = None if found['together'] else lead[-1]
    for name in ('xs', 'baseline'):
        for one in listed(found[name]):
            _check_rows(name, one, n, name == 'baseline')
    for name in ('scores', 'delta'):
        if found[name] is not None:
            found[name] = _numbers(name, found[name]).astype(np.float64)
            if found[name].shape != lead:
                raise ValueError('%s must have the shape %s, as attributions have it in front, not %s.' % (
                    name, lead, found[name].shape))
    _check_units(found, lead, n)
    if found['index'] is not None:
        found['index'] = np.asarray(found['index'])
        if n is None or found['index'].shape != (n,):
            raise ValueError('index must have a label for each sample%s, not the shape %s.' % (
                '' if n is None else ' (%d)' % n, found['index'].shape))
    found['options'], found['versions'] = dict(found['options'] or {}), dict(found['versions'] or {})
    _check_names(found, arrays)
    return found


def listed(value: Any) -> List[np.ndarray]:
    """An array, or several, or none, as a list."""
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def fitting(features: Any, attributions: Any) -> Any:
    """The names of features, where attributions are of these and not of groups or of an inner layer's channels."""
    if isinstance(attributions, list):
        own = [fitting(names, one) for names, one in zip(features or [None] * len(attributions), attributions)]
        return own if any(own) else None
    return features if features is not None and attributions.ndim and len(features) == (
        attributions.shape[-1]) else None


def _lead(arrays: Sequence[np.ndarray], several: bool, together: bool) -> Tuple[int, ...]:
    """The sizes of the axes of units and samples."""
    axes = int(several) + (not together)
    for one in arrays:
        _numbers('attributions', one)
        if one.ndim < axes or one.shape[:axes] != arrays[0].shape[:axes]:
            raise ValueError('attributions must have %s in front, as many in all, not the shapes %s.' % (
                ' and '.join(['units'] * several + ['samples'] * (not together)),
                ', '.join(str(array.shape) for array in arrays)))
    return arrays[0].shape[:axes]


def _numbers(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in 'fiub':
        raise ValueError(f'{name} must be of numbers, not of {array.dtype}.')
    return array


def _check_rows(name: str, array: np.ndarray, n: Optional[int], one_too: bool) -> None:
    """ValueError for another number of samples."""
    if n is not None and (not array.ndim or len(array) not in ((1, n) if one_too else (n,))):
        raise ValueError('%s must have %s%d samples, as attributions have, not the shape %s.' % (
            name, '1 or ' * one_too, n, array.shape))


def _check_units(found: Dict[str, Any], lead: Tuple[int, ...], n: Optional[int]) -> None:
    if found['units'] is not None:
        units = found['units'] = np.asarray(found['units'])
        wanted = lead if n is not None else lead[:1] if found['several'] else ()
        if units.dtype.kind not in 'iu' or units.shape[:len(wanted)] != wanted:
            raise ValueError('units must be ints of the shape %s or of one axis more, not %s of %s.' % (
                wanted, units.dtype, units.shape))
    if found['weights'] is not None:
        found['weights'] = _numbers('weights', found['weights'])
        _check_rows('weights', found['weights'], n, False)


def _check_names(found: Dict[str, Any], arrays: Sequence[np.ndarray]) -> None:
    many, count = isinstance(found['attributions'], list), max(len(arrays), len(listed(found['xs'])))
    names = found['input_names']
    if names is not None:
        found['input_names'] = _strings('input_names', names, count)
        if len(set(found['input_names'])) < count:
            raise ValueError('input_names must differ, not %s.' % shown(names))
    elif many:
        found['input_names'] = ['input %d' % number for number in range(count)]
    names = found['feature_names']
    if names is not None and many:
        if not isinstance(names, (list, tuple)) or len(names) != len(arrays) or any(
                isinstance(one, str) for one in names):
            raise ValueError('feature_names must be a list with the names, or None, for each of the %d inputs.' % (
                len(arrays)))
        found['feature_names'] = [None if one is None else _of_features(one, array)
                                  for one, array in zip(names, arrays)]
    elif names is not None:
        found['feature_names'] = _of_features(names, arrays[0])
    if found['unit_names'] is not None:
        found['unit_names'] = _strings('unit_names', found['unit_names'], None)
        if found['units'] is not None and found['units'].ndim == 1 + found['several'] and found['units'].size and (
                found['units'].max() >= len(found['unit_names'])):
            raise ValueError('unit_names must name all units, also %d: there are %d.' % (
                found['units'].max(), len(found['unit_names'])))


def _of_features(names: Any, array: np.ndarray) -> List[str]:
    return _strings('feature_names', names, array.shape[-1] if array.ndim else 0)


def _strings(name: str, values: Any, count: Optional[int]) -> List[str]:
    if isinstance(values, (str, bytes)) or not hasattr(values, '__len__'):
        raise ValueError(f'{name} must be a list of names, not {shown(values)}.')
    if count is not None and len(values) != count:
        raise ValueError(f'{name} must be {count} names, one for each, not {len(values)}.')
    return [str(one) for one in values]
