"""Numbers as arrays of one dtype; refused by name where numpy would lose or make up some of them in silence."""
from typing import Any, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from ..messages import warn

#: Types of which every value is a number; of lists that hold others each value is looked at.
_PLAIN = frozenset([float, int, bool])


def to_array(name: str, value: Any, dtype: Any) -> np.ndarray:
    """The value as an array of a dtype; itself when it is one already.

    Rounding to a dtype of fewer digits is no loss, but for whole numbers, which are warned of.

    Raises:
        ValueError: for what are no numbers (None, strings, dates, fields, masked or complex values), also inside lists
            and arrays of objects; for numbers that the dtype cannot hold.
    """
    dtype = np.dtype(dtype)
    if type(value) is np.ndarray:
        if value.dtype == dtype:
            return value
        if value.dtype.kind == dtype.kind == 'f':  # As below, for what is mostly given.
            with np.errstate(all='ignore'):
                array = value.astype(dtype)
            if value.itemsize <= array.itemsize or all_finite(array):
                return array
    value = evaluated(value)
    what = f'{name} must be an array of numbers ({dtype.name})'
    free = dtype.kind in 'OSU' or dtype.names is not None  # Strings, and TensorFlow's quantised numbers.
    try:
        strange = None if free else not_numbers(value, dtype.kind == 'c')
        if strange is None:
            with np.errstate(all='ignore'):
                array = np.asarray(value, dtype=dtype)
                # Known to be regular by now, so that numpy makes one array of it.
                raw = array if free else np.asarray(value)
                strange = _lost(raw, array)
    except OverflowError:
        strange = _range(dtype)
    except (TypeError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f'{what}: {error}') from None
    if strange is not None or value is None:
        raise ValueError(f'{what}, not {strange}.')
    if dtype.kind == 'f' and raw.dtype.kind in 'iu' and array.size:
        _warn_of_digits(name, raw, array)
    return array


def to_feed(name: str, value: Any, tensor: tf.Tensor) -> np.ndarray:
    """The value as an array of a tensor's dtype; ValueError for what TensorFlow could not take as strings."""
    array = to_array(name, value, tensor.dtype.as_numpy_dtype)
    if tensor.dtype.base_dtype == tf.string:
        strange = {kind for kind in set(map(type, array.ravel().tolist())) if not issubclass(kind, (str, bytes))}
        if strange:
            raise ValueError("%s must be an array of strings, as '%s' is of strings, not of %s." % (
                name, tensor.name, ' and '.join(sorted(kind.__name__ for kind in strange))))
    return array


def not_numbers(value: Any, complex_too: bool = False) -> Optional[str]:
    """What a value is, or holds, in words, if numpy makes real numbers of it that it is not; else None."""
    if value is None:
        return 'None'
    strange = _unevaluated(value)
    if strange is not None:
        return strange
    if isinstance(value, (list, tuple)):
        others = {kind for kind in set(map(type, value)) if not _is_number(kind)}
        found = (not_numbers(one, complex_too) for one in value if type(one) in others)
        first = next((one for one in found if one is not None), None)
        return 'of None' if first == 'None' else first
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        return 'masked in places (fill them, as by array.filled(0))'
    if not isinstance(getattr(value, 'dtype', None), np.dtype):
        if not hasattr(value, '__array__'):
            return 'of strings' if isinstance(value, (str, bytes)) else (
                'of complex numbers' if isinstance(value, complex) and not complex_too else None)
        value = np.asarray(value)
    kind = value.dtype.kind
    if kind == 'O':
        return not_numbers(np.asarray(value).ravel().tolist(), complex_too)
    if kind == 'c' and not complex_too:
        return 'of complex numbers'
    if issubclass(value.dtype.type, np.void):
        return 'of fields (%s)' % ', '.join(value.dtype.names or ['of bytes'])
    return {'U': 'of strings', 'S': 'of strings', 'M': 'of dates', 'm': 'of spans of time'}.get(kind)


def evaluated(value: Any) -> Any:
    """The value, of an eager variable what it holds: numpy takes some of these for objects."""
    variable = not isinstance(value, (np.ndarray, tf.Tensor)) and tf.is_tensor(value)
    return value.numpy() if variable and hasattr(value, 'numpy') and _has_values(value) else value


def _unevaluated(value: Any) -> Optional[str]:
    """What a value is that numpy makes no array of by itself, with what to do, in words; else None."""
    if isinstance(value, (np.ndarray, np.generic, int, float)):
        return None
    if isinstance(value, (tf.SparseTensor, tf.SparseTensorValue)):
        return 'a sparse tensor: pass what tf.sparse.to_dense makes of it'
    if tf.is_tensor(value):
        return None if _has_values(value) else (
            f"'{getattr(value, 'name', type(value).__name__)}', a tensor without values here: pass what session.run "
            'returns for it, or .numpy() outside of the graph')
    # Those of scipy, and of others that are like them.
    if hasattr(value, 'toarray') or hasattr(value, 'todense'):
        return 'a sparse matrix: make it dense, as by .%s()' % ('toarray' if hasattr(value, 'toarray') else 'todense')
    return None


def _has_values(tensor: Any) -> bool:
    """Whether a tensor or a variable is an eager one, outside of graphs."""
    if isinstance(tensor, tf.Tensor):
        return hasattr(tensor, 'numpy')
    try:
        tensor.numpy()
    except (AttributeError, NotImplementedError, RuntimeError):
        return False
    return True


def _is_number(kind: type) -> bool:
    return kind in _PLAIN or issubclass(kind, (np.floating, np.integer, np.bool_)) and not issubclass(
        kind, np.timedelta64)


def _lost(raw: np.ndarray, array: np.ndarray) -> Optional[str]:
    """What a value holds, in words, that an array of another dtype has not; else None."""
    if not array.size or np.can_cast(raw.dtype, array.dtype):
        return None
    kind = array.dtype.kind
    if kind == 'b' and (raw != array).any():
        return 'of other numbers than 0 and 1'
    if kind in 'iu':
        if raw.dtype.kind == 'f' and not all_finite(raw):
            return 'of nan or inf'
        least, most = np.iinfo(array.dtype).min, np.iinfo(array.dtype).max
        if raw.min() < least or raw.max() > most:
            return _range(array.dtype)
        return 'of fractions' if (raw != array).any() else None
    if kind == 'f' and not all_finite(array):
        known = raw if raw.dtype.kind != 'O' else raw.astype(np.float64)
        if (np.isfinite(known) & ~np.isfinite(array)).any():
            return _range(array.dtype)
    return None


def _range(dtype: np.dtype) -> str:
    if dtype.kind == 'f':
        return 'of numbers beyond %.3g' % np.finfo(dtype).max
    info = np.iinfo(dtype)
    return f'of numbers outside of {info.min} to {info.max}'


def _warn_of_digits(name: str, raw: np.ndarray, array: np.ndarray) -> None:
    """Whole numbers (ids, times) that come to be others are seldom what was meant."""
    most = 2 ** (np.finfo(array.dtype).nmant + 1)
    if np.can_cast(raw.dtype, array.dtype) or -most <= raw.min() and raw.max() <= most:
        return
    with np.errstate(all='ignore'):
        changed = np.flatnonzero(array.astype(raw.dtype) != raw)
    if len(changed):
        warn('%s holds whole numbers that %s does not have: %d becomes %.0f. Take a number off all of them, or scale '
             'them, before they go into the model.' % (
                 name, array.dtype.name, raw.flat[changed[0]], array.flat[changed[0]]))


def all_finite(array: np.ndarray) -> bool:
    """Whether an array holds neither nan nor inf."""
    return array.dtype.kind not in 'fc' or bool(np.isfinite(array).all())
