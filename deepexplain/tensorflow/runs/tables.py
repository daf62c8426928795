"""Samples as tables: DataFrames and dicts as arrays in the order of the inputs, with their names."""
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .arguments import sample_shape
from .arrays import to_feed
from .columns import columns_of, is_series, is_table, of_table, quoted, refuse_unread, values_of


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
    refuse_unread(said, xs)
    if many and isinstance(xs, Mapping):
        xs = _in_order(said, {str(name): value for name, value in xs.items()}, X, names)
    elif many and is_table(xs):
        columns, index = columns_of(said, xs)
        given = [_number_each(f"{said}['{name}']", value, x) for name, value, x in zip(
            names, _in_order(said, columns, X, names), X)]
        return given, Labels(None, index)
    if not many:
        if is_series(xs):
            return values_of(said, xs), Labels(None, np.array(xs.index))
        if not is_table(xs):
            return xs, Labels()
        array, features, index = of_table(said, xs, X[0])
        return array, Labels(features, index)
    if not isinstance(xs, (list, tuple)) or len(xs) != len(X) or not any(map(is_table, xs)):
        return xs, Labels()
    found: List[Any] = [of_table('%s[%d]' % (said, number), one, x) if is_table(one) else (one, None, None)
                        for number, (one, x) in enumerate(zip(xs, X))]
    indices = [index for _, _, index in found if index is not None]
    if not all(np.array_equal(one, indices[0]) for one in indices[1:]):
        raise ValueError(f'{said} must have tables of the same index for all inputs: rows of one are not those of '
                         'another.')
    return [array for array, _, _ in found], Labels([own for _, own, _ in found], indices[0] if indices else None)


def _in_order(said: str, given: Mapping[str, Any], X: Sequence[tf.Tensor], names: Sequence[str]) -> List[Any]:
    """What is given by name in the order of the inputs, which go by their names, those of their ops or of the tensors.
    """
    known = [[name, x.name.split(':')[0], x.name] for name, x in zip(names, X)]
    found: Dict[int, Any] = {}
    for name, value in given.items():
        places = [number for number, own in enumerate(known) if name in own]
        if not places:
            raise ValueError("%s names '%s', which is none of the inputs: they are %s." % (said, name, quoted(names)))
        if places[0] in found:
            raise ValueError(f"{said} names the input '{names[places[0]]}' twice.")
        found[places[0]] = value
    missing = [name for number, name in enumerate(names) if number not in found]
    if missing:
        raise ValueError("%s must have all inputs, and has no %s." % (said, quoted(missing)))
    return [found[number] for number in range(len(X))]


def _number_each(said: str, value: np.ndarray, x: tf.Tensor) -> np.ndarray:
    """A column as the samples of an input, which takes a number for each."""
    shape = sample_shape(x)
    if shape not in ([], [1], [None]):
        raise ValueError("%s: the input takes more than a number for each sample, shape %s, and a column has one: give "
                         'a dict of arrays or tables by the names of the inputs.' % (said, x.shape))
    array = to_feed(said, value, x)
    return array if shape == [] else array[:, np.newaxis]
