"""Columns of Arrow as arrays of numpy; pyarrow is imported by those who have opened a file of its."""
from typing import Any, List, Tuple

import numpy as np

from .source import DataError


def need_pyarrow(path: str) -> Any:
    """The package, or a DataError that says how to get it."""
    try:
        import pyarrow
    except ImportError:
        raise DataError(f"data: '{path}' needs pyarrow: pip install 'deepexplain[parquet]'.") from None
    return pyarrow


def is_list(type: Any) -> bool:
    """Whether rows of a type are lists whose shape the type does not say."""
    import pyarrow as pa
    return pa.types.is_list(type) or pa.types.is_large_list(type) or pa.types.is_fixed_size_list(type)


def to_numpy(column: Any, name: str, path: str) -> np.ndarray:
    """The rows of a column, of numbers, strings, or lists or tensors of one shape.

    Args:
        column: a pyarrow Array or ChunkedArray.

    Raises:
        DataError: it has rows that are null or of another shape, or is of another type.
    """
    chunks = column.chunks if hasattr(column, 'chunks') else [column]
    found = [_array(chunk, name, path) for chunk in chunks if len(chunk)] or [_array(_empty(column), name, path)]
    shapes = {array.shape[1:] for array in found}
    if len(shapes) > 1:
        raise _uneven(name, path, sorted(shapes))
    return np.concatenate(found)


def _empty(column: Any) -> Any:
    import pyarrow as pa
    return pa.array([], column.type.storage_type if isinstance(column.type, pa.BaseExtensionType) else column.type)


def _array(array: Any, name: str, path: str) -> np.ndarray:
    import pyarrow as pa

    if array.null_count:
        raise DataError("data: the column '%s' of '%s' must have a value in each row, and has none in %d." % (
            name, path, array.null_count))
    if isinstance(array.type, pa.BaseExtensionType):
        shape = getattr(array.type, 'shape', None)
        permutation = getattr(array.type, 'permutation', None)
        if shape is None or permutation is not None and list(permutation) != sorted(permutation):
            raise _unknown(array.type, name, path)
        return _array(array.storage, name, path).reshape((len(array),) + tuple(shape))
    if pa.types.is_dictionary(array.type):
        return _array(array.dictionary_decode(), name, path)
    if str(array.type) == 'string_view':  # Which older versions do not know.
        return _array(array.cast(pa.large_string()), name, path)
    if is_list(array.type):
        lengths = _lengths(array)
        if len(lengths) > 1:
            raise _uneven(name, path, [(length,) for length in lengths])
        inner = _array(array.flatten(), name, path)
        return inner.reshape((len(array), lengths[0] if lengths else 0) + inner.shape[1:])
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return np.array(array.to_pylist(), str)
    if not (pa.types.is_integer(array.type) or pa.types.is_floating(array.type) or pa.types.is_boolean(array.type)):
        raise _unknown(array.type, name, path)
    return array.to_numpy(zero_copy_only=False)


def _lengths(array: Any) -> List[int]:
    """The different lengths of lists."""
    import pyarrow as pa
    if pa.types.is_fixed_size_list(array.type):
        return [array.type.list_size]
    return sorted({int(length) for length in np.unique(np.diff(array.offsets.to_numpy()))})


def _uneven(name: str, path: str, shapes: List[Tuple[int, ...]]) -> DataError:
    return DataError("data: the rows of the column '%s' of '%s' must be of one shape, and are of %s%s." % (
        name, path, ', '.join(map(str, shapes[:3])), ', ...' if len(shapes) > 3 else ''))


def _unknown(type: Any, name: str, path: str) -> DataError:
    return DataError("data: the column '%s' of '%s' must hold numbers, strings, or lists or tensors of numbers, not "
                     "%s; name the columns that are to be read, if it is none of them." % (name, path, type))
