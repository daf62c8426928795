"""Tables of pandas, polars and pyarrow as arrays: their columns by name, and the index of their rows."""
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .arguments import sample_shape
from .arrays import to_feed


def is_table(value: Any) -> bool:
    """Whether a value has columns with names."""
    if isinstance(value, (np.ndarray, list, tuple, Mapping)) or value is None:
        return False
    kind = type(value)
    return hasattr(kind, '__dataframe__') or hasattr(kind, '__arrow_c_stream__') and hasattr(value, 'column_names') or (
        hasattr(value, 'columns') and hasattr(value, '__getitem__') and len(getattr(value, 'shape', ())) == 2)


def is_series(value: Any) -> bool:
    """Whether a value is a Series of pandas."""
    return hasattr(value, 'iloc') and hasattr(value, 'index') and len(getattr(value, 'shape', ())) == 1


def refuse_unread(said: str, value: Any) -> None:
    """ValueError for tables whose rows are not there yet."""
    for reads in ('collect', 'read_all'):
        if callable(getattr(type(value), reads, None)) and not hasattr(type(value), 'shape'):
            raise ValueError(f'{said} must be a table with its rows, not a {type(value).__name__}: .{reads}() reads '
                             'them.')
    if hasattr(value, 'ngroups'):
        raise ValueError(f'{said} must be a table, not a {type(value).__name__}, groups of one.')


def as_array(said: str, value: Any, x: Any) -> Any:
    """A table as an array of an input's dtype, a Series of pandas as one of its values; what is neither as it is."""
    if is_table(value):
        return of_table(said, value, x)[0]
    return values_of(said, value) if is_series(value) else value


def of_table(said: str, table: Any, x: tf.Tensor) -> Tuple[np.ndarray, Optional[List[str]], Optional[np.ndarray]]:
    """The columns of a table as an array (n, features) of an input's dtype, their names, and the index of the rows."""
    columns, index = columns_of(said, table)
    arrays = [to_feed(f"{said}['{name}']", value, x) for name, value in columns.items()]
    if not arrays:
        raise ValueError(f'{said} must have columns, and has none.')
    if sample_shape(x) == [] and len(arrays) == 1:
        return arrays[0], None, index
    return np.stack(arrays, 1), list(columns), index


def columns_of(said: str, table: Any) -> Tuple[Dict[str, np.ndarray], Optional[np.ndarray]]:
    """The columns of a table by name, as arrays of numbers or strings, and its index where it has one."""
    table = opened(said, table)
    arrow = hasattr(table, 'column_names')
    names = list(table.column_names if arrow else table.columns)
    found: Dict[str, np.ndarray] = {}
    for place, name in enumerate(names):
        if str(name) in found:
            raise ValueError(f"{said} has the column '{name}' twice.")
        column = table.iloc[:, place] if hasattr(table, 'iloc') else table.column(place) if arrow else table[name]
        found[str(name)] = values_of(f"{said}['{name}']", column)
    index = getattr(table, 'index', None) if hasattr(table, 'iloc') else None
    return found, None if index is None else np.array(index)


def opened(said: str, table: Any) -> Any:
    """A table with its columns and rows at hand, by pyarrow where its own kind has them not."""
    if hasattr(table, 'shape') and (hasattr(table, 'columns') or hasattr(table, 'column_names')):
        return table
    try:
        import pyarrow as pa
    except ImportError:
        raise TypeError("%s is a %s, which pyarrow reads: pip install 'deepexplain[parquet]'." % (
            said, type(table).__name__)) from None
    if hasattr(table, '__arrow_c_stream__'):
        return pa.table(table)
    from pyarrow.interchange import from_dataframe
    return from_dataframe(table)


def values_of(said: str, column: Any) -> np.ndarray:
    """A column as an array of numbers, bools or strings; ValueError for others, and for rows without a value."""
    kind = str(getattr(column, 'dtype', None) or getattr(column, 'type', None))
    lost = getattr(column, 'null_count', None)
    lost = lost() if callable(lost) else lost
    own = getattr(getattr(column, 'dtype', None), 'kind', '')
    if lost is None and hasattr(column, 'isna') and not isinstance(getattr(column, 'dtype', None), np.dtype):
        lost = int(column.isna().sum())
    if lost:
        raise ValueError(f'{said} must have a value in each row, and has none in {lost}: fill them, or leave the rows '
                         'out.')
    try:
        array = np.asarray(column)
    except Exception:  # noqa: B902, those of polars are of its own kinds.
        array = np.empty((), object)
    if array.dtype.kind == 'O' and array.ndim == 1:
        held = array.tolist()
        if own in ('i', 'u', 'f', 'b') or all(isinstance(one, (bool, int, float, np.number)) for one in held):
            array = np.asarray(held)  # Numbers that may be missing, and are not; or in a column of any objects.
        elif all(isinstance(one, (str, bytes)) for one in held):
            return array
        else:
            lost = sum(one is None for one in held)
            if lost:
                raise ValueError(f'{said} must have a value in each row, and has none in {lost}: fill them, or leave '
                                 'the rows out.')
    if array.dtype.kind not in 'fiubUS' or kind.startswith(('category', 'dictionary')) or array.ndim != 1:
        raise ValueError('%s must be a column of numbers, not of %s: turn it into numbers, or leave it out.' % (
            said, kind if kind != 'None' else array.dtype))
    return array


def quoted(names: Sequence[str]) -> str:
    """Names for a message."""
    return ', '.join(f"'{name}'" for name in names)
