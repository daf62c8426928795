"""Samples as tables: DataFrames and dicts as arrays in the order of the inputs, with their names."""
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .arguments import sample_shape
from .arrays import to_feed


class Labels(NamedTuple):
    """What samples are called.

    Attributes:
        features: names of the last axis, for several inputs a list of these or None.
        samples: labels of these, the index of a table, (n,), or None.
    """
    features: Any = None
    samples: Optional[np.ndarray] = None


def arranged(xs: Any, X: Sequence[tf.Tensor], many: bool, names: Sequence[str]) -> Tuple[Any, Labels]:
    """Samples as a run takes them, and what they are called; what is no table is handed on as it is.

    Args:
        xs: a table (a DataFrame of pandas or polars, a table of pyarrow, or what has `__arrow_c_stream__` or
            `__dataframe__`): of one input (n, features) its columns are the features, in their order; of several it
            has a column of numbers for each. A dict of arrays or tables by the names of several inputs. Or a list with
            tables in it.
        names: what the inputs are called.

    Raises:
        ValueError: a column is no column of numbers, or has none in some rows; a name is not among those of the inputs,
            or missing; it is there twice; tables have other indices.
        TypeError: a table that only pyarrow can read, where that is not installed.
    """
    if many and isinstance(xs, Mapping):
        xs = _in_order('xs', {str(name): value for name, value in xs.items()}, X, names)
    elif many and is_table(xs):
        columns, index = _columns('xs', xs)
        given = [_number_each(name, value, x) for name, value, x in zip(
            names, _in_order('xs', columns, X, names), X)]
        return given, Labels(None, index)
    if not many:
        if not is_table(xs):
            return xs, Labels()
        array, features, index = _of_table('xs', xs, X[0])
        return array, Labels(features, index)
    if not isinstance(xs, (list, tuple)) or len(xs) != len(X) or not any(map(is_table, xs)):
        return xs, Labels()
    found: List[Any] = [_of_table('xs[%d]' % number, one, x) if is_table(one) else (one, None, None)
                        for number, (one, x) in enumerate(zip(xs, X))]
    indices = [index for _, _, index in found if index is not None]
    if not all(np.array_equal(one, indices[0]) for one in indices[1:]):
        raise ValueError('xs must have tables of the same index for all inputs: rows of one are not those of another.')
    return [array for array, _, _ in found], Labels([own for _, own, _ in found], indices[0] if indices else None)


def is_table(value: Any) -> bool:
    """Whether a value has columns with names."""
    if isinstance(value, (np.ndarray, list, tuple, Mapping)) or value is None:
        return False
    kind = type(value)
    return hasattr(kind, '__dataframe__') or hasattr(kind, '__arrow_c_stream__') and hasattr(value, 'column_names') or (
        hasattr(value, 'columns') and hasattr(value, '__getitem__') and len(getattr(value, 'shape', ())) == 2)


def _in_order(said: str, given: Mapping[str, Any], X: Sequence[tf.Tensor], names: Sequence[str]) -> List[Any]:
    """What is given by name in the order of the inputs, which go by their names, those of their ops or of the tensors.
    """
    known = [[name, x.op.name, x.name] for name, x in zip(names, X)]
    found: Dict[int, Any] = {}
    for name, value in given.items():
        places = [number for number, own in enumerate(known) if name in own]
        if not places:
            raise ValueError("%s names '%s', which is none of the inputs: they are %s." % (said, name, _quoted(names)))
        if places[0] in found:
            raise ValueError(f"{said} names the input '{names[places[0]]}' twice.")
        found[places[0]] = value
    missing = [name for number, name in enumerate(names) if number not in found]
    if missing:
        raise ValueError("%s must have all inputs, and has no %s." % (said, _quoted(missing)))
    return [found[number] for number in range(len(X))]


def _of_table(said: str, table: Any, x: tf.Tensor) -> Tuple[np.ndarray, Optional[List[str]], Optional[np.ndarray]]:
    """The columns of a table as an array (n, features) of an input's dtype, their names, and the index of the rows."""
    columns, index = _columns(said, table)
    arrays = [to_feed(f"{said}['{name}']", value, x) for name, value in columns.items()]
    if not arrays:
        raise ValueError(f'{said} must have columns, and has none.')
    if sample_shape(x) == [] and len(arrays) == 1:
        return arrays[0], None, index
    return np.stack(arrays, 1), list(columns), index


def _number_each(name: str, value: np.ndarray, x: tf.Tensor) -> np.ndarray:
    """A column as the samples of an input, which takes a number for each."""
    shape = sample_shape(x)
    if shape not in ([], [1], [None]):
        raise ValueError("xs['%s']: the input takes more than a number for each sample, shape %s, and a column has "
                         "one: give a dict, {'%s': array or table, ...}." % (name, x.shape, name))
    array = to_feed(f"xs['{name}']", value, x)
    return array if shape == [] else array[:, np.newaxis]


def _columns(said: str, table: Any) -> Tuple[Dict[str, np.ndarray], Optional[np.ndarray]]:
    """The columns of a table by name, as arrays of numbers or strings, and its index where it has one."""
    if not hasattr(table, 'columns') and not hasattr(table, 'column_names') or not hasattr(table, 'shape'):
        table = _by_arrow(said, table)
    arrow = hasattr(table, 'column_names')
    names = list(table.column_names if arrow else table.columns)
    found: Dict[str, np.ndarray] = {}
    for place, name in enumerate(names):
        if str(name) in found:
            raise ValueError(f"{said} has the column '{name}' twice.")
        column = table.iloc[:, place] if hasattr(table, 'iloc') else table.column(place) if arrow else table[name]
        found[str(name)] = _values(f"{said}['{name}']", column)
    index = getattr(table, 'index', None) if hasattr(table, 'iloc') else None
    return found, None if index is None else np.array(index)


def _by_arrow(said: str, table: Any) -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise TypeError("%s is a %s, which pyarrow reads: pip install 'deepexplain[parquet]'." % (
            said, type(table).__name__)) from None
    if hasattr(table, '__arrow_c_stream__'):
        return pa.table(table)
    from pyarrow.interchange import from_dataframe
    return from_dataframe(table)


def _values(said: str, column: Any) -> np.ndarray:
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
    array = np.asarray(column)
    if array.dtype.kind == 'O' and own in ('i', 'u', 'f', 'b'):
        array = np.asarray(array.tolist())  # Numbers that may be missing, and are not.
    elif array.dtype.kind == 'O' and all(isinstance(one, (str, bytes)) for one in array.tolist()):
        return array
    if array.dtype.kind not in 'fiubUS' or kind == 'category' or array.ndim != 1:
        raise ValueError('%s must be a column of numbers, not of %s: turn it into numbers, or leave it out.' % (
            said, kind if kind != 'None' else array.dtype))
    return array


def _quoted(names: Sequence[str]) -> str:
    return ', '.join(f"'{name}'" for name in names)
