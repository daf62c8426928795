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


def arranged(xs: Any, X: Sequence[tf.Tensor], many: bool, names: Sequence[str], said: str = 'xs'
             ) -> Tuple[Any, Labels]:
    """Samples as a run takes them, and what they are called; what is no table is handed on as it is.

    Args:
        xs: a table (a DataFrame of pandas or polars, a table of pyarrow, or what has `__arrow_c_stream__` or
            `__dataframe__`): of one input (n, features) its columns are the features, in their order; of several it
            has a column of numbers for each. A dict of arrays or tables by the names of several inputs. Or a list with
            tables in it.
        names: what the inputs are called.
        said: what they are, for messages.

    Raises:
        ValueError: a column is no column of numbers, or has none in some rows; a name is not among those of the inputs,
            or missing; it is there twice; tables have other indices.
        TypeError: a table that only pyarrow can read, where that is not installed.
    """
    _refuse_unread(said, xs)
    if many and isinstance(xs, Mapping):
        xs = _in_order(said, {str(name): value for name, value in xs.items()}, X, names)
    elif many and is_table(xs):
        columns, index = _columns(said, xs)
        given = [_number_each(f"{said}['{name}']", value, x) for name, value, x in zip(
            names, _in_order(said, columns, X, names), X)]
        return given, Labels(None, index)
    if not many:
        if _is_series(xs):
            return _values(said, xs), Labels(None, np.array(xs.index))
        if not is_table(xs):
            return xs, Labels()
        array, features, index = _of_table(said, xs, X[0])
        return array, Labels(features, index)
    if not isinstance(xs, (list, tuple)) or len(xs) != len(X) or not any(map(is_table, xs)):
        return xs, Labels()
    found: List[Any] = [_of_table('%s[%d]' % (said, number), one, x) if is_table(one) else (one, None, None)
                        for number, (one, x) in enumerate(zip(xs, X))]
    indices = [index for _, _, index in found if index is not None]
    if not all(np.array_equal(one, indices[0]) for one in indices[1:]):
        raise ValueError(f'{said} must have tables of the same index for all inputs: rows of one are not those of '
                         'another.')
    return [array for array, _, _ in found], Labels([own for _, own, _ in found], indices[0] if indices else None)


def is_table(value: Any) -> bool:
    """Whether a value has columns with names."""
    if isinstance(value, (np.ndarray, list, tuple, Mapping)) or value is None:
        return False
    kind = type(value)
    return hasattr(kind, '__dataframe__') or hasattr(kind, '__arrow_c_stream__') and hasattr(value, 'column_names') or (
        hasattr(value, 'columns') and hasattr(value, '__getitem__') and len(getattr(value, 'shape', ())) == 2)


def names_of(value: Any) -> Optional[List[str]]:
    """The names of a table's columns, or of the values of a Series of pandas; None for what has none."""
    if is_table(value):
        table = _opened('', value)
        return [str(name) for name in (table.column_names if hasattr(table, 'column_names') else table.columns)]
    return [str(name) for name in value.index] if _is_series(value) else None


def columns_in(xs: Any, many: bool) -> Dict[str, List[str]]:
    """The names of columns of tables whose order counts, by what the tables are."""
    if not many:
        given = {'xs': xs}
    elif isinstance(xs, Mapping):
        given = {f"xs['{name}']": one for name, one in xs.items()}
    else:
        given = {f'xs[{number}]': one for number, one in enumerate(xs)} if isinstance(xs, (list, tuple)) else {}
    return {said: names_of(one) or [] for said, one in given.items() if is_table(one)}


def check_same(first: Mapping[str, List[str]], own: Mapping[str, List[str]]) -> None:
    """ValueError for a batch whose tables have other columns than those of the first, or in another order."""
    for said, names in own.items():
        if first.get(said, names) != names:
            raise ValueError('%s must have the columns of the first batch in their order, %s, not %s.' % (
                said, _quoted(first[said][:6]), _quoted(names[:6])))


def refuse_names(said: str, value: Any) -> None:
    """ValueError for values that are named, where names are not compared with those of the samples."""
    names = names_of(value)
    if names and not _numbered(names):
        raise ValueError('%s must be an array, in the order of the features: the names of a %s (%s) are not compared '
                         'with those of xs.' % (said, type(value).__name__, _quoted(names[:3])))


def places_of(said: str, names: Optional[Sequence[str]], features: Optional[Sequence[str]]) -> Optional[List[int]]:
    """Where each feature of the samples is among names; None where they are in the same order, or one has no names.

    Names that are numbers say nothing, unless they are those of the features.

    Raises:
        ValueError: they are the names of other features.
    """
    if names is None or features is None or list(names) == list(features):
        return None
    if len(names) == len(features) and set(names) == set(features):
        return [list(names).index(one) for one in features]
    if _numbered(names) or _numbered(features):
        return None
    missing, others = ([one for one in mine if one not in theirs][:3] for mine, theirs in (
        (features, names), (names, features)))
    raise ValueError('%s must have the columns of xs, and has %s.' % (said, ' and '.join(filter(None, [
        missing and 'no ' + _quoted(missing), others and _quoted(others) + ' besides']))))


def check_index(said: str, value: Any, samples: Optional[np.ndarray]) -> None:
    """ValueError for a Series or DataFrame of pandas whose index is that of the samples in another order."""
    if samples is None or not hasattr(value, 'iloc') or len(value) != len(samples):
        return
    mine, theirs = list(value.index), samples.tolist()
    try:
        moved = mine != theirs and set(mine) == set(theirs)
    except TypeError:
        return
    if moved:
        raise ValueError(f'{said} must have the index of xs in its order, and has it in another: '
                         f'{said}.loc[xs.index] is in that order.')


def as_array(said: str, value: Any, x: Any) -> Any:
    """A table as an array of an input's dtype, a Series of pandas as one of its values; what is neither as it is."""
    if is_table(value):
        return _of_table(said, value, x)[0]
    return _values(said, value) if _is_series(value) else value


def _is_series(value: Any) -> bool:
    return hasattr(value, 'iloc') and hasattr(value, 'index') and len(getattr(value, 'shape', ())) == 1


def _numbered(names: Sequence[str]) -> bool:
    return all(name.isdigit() for name in names)


def _refuse_unread(said: str, value: Any) -> None:
    """ValueError for tables whose rows are not there yet."""
    for reads in ('collect', 'read_all'):
        if callable(getattr(type(value), reads, None)) and not hasattr(type(value), 'shape'):
            raise ValueError(f'{said} must be a table with its rows, not a {type(value).__name__}: .{reads}() reads '
                             'them.')
    if hasattr(value, 'ngroups'):
        raise ValueError(f'{said} must be a table, not a {type(value).__name__}, groups of one.')


def _in_order(said: str, given: Mapping[str, Any], X: Sequence[tf.Tensor], names: Sequence[str]) -> List[Any]:
    """What is given by name in the order of the inputs, which go by their names, those of their ops or of the tensors.
    """
    known = [[name, x.name.split(':')[0], x.name] for name, x in zip(names, X)]
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


def _number_each(said: str, value: np.ndarray, x: tf.Tensor) -> np.ndarray:
    """A column as the samples of an input, which takes a number for each."""
    shape = sample_shape(x)
    if shape not in ([], [1], [None]):
        raise ValueError("%s: the input takes more than a number for each sample, shape %s, and a column has one: give "
                         'a dict of arrays or tables by the names of the inputs.' % (said, x.shape))
    array = to_feed(said, value, x)
    return array if shape == [] else array[:, np.newaxis]


def _columns(said: str, table: Any) -> Tuple[Dict[str, np.ndarray], Optional[np.ndarray]]:
    """The columns of a table by name, as arrays of numbers or strings, and its index where it has one."""
    table = _opened(said, table)
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


def _opened(said: str, table: Any) -> Any:
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


def _quoted(names: Sequence[str]) -> str:
    return ', '.join(f"'{name}'" for name in names)
