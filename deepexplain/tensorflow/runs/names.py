"""Names of features and rows that come with tables, compared with those of the samples."""
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from .baselines import one_for_each
from .columns import is_series, is_table, opened, quoted


def names_of(value: Any) -> Optional[List[str]]:
    """The names of a table's columns, or of the values of a Series of pandas; None for what has none."""
    if is_table(value):
        table = opened('', value)
        return [str(name) for name in (table.column_names if hasattr(table, 'column_names') else table.columns)]
    return [str(name) for name in value.index] if is_series(value) else None


def names_for_each(name: str, value: Any, X: Sequence[tf.Tensor], many: bool) -> List[Optional[List[str]]]:
    """The names of the features of a baseline or of references that were checked, for each input, where it has some.
    """
    given = [None] * len(X) if value is None or callable(value) else one_for_each(name, value, X, many)
    return [names_of(one) for one in given]


def ordered(name: str, arrays: Sequence[np.ndarray], names: Sequence[Optional[List[str]]], features: Any, many: bool
            ) -> List[np.ndarray]:
    """Values of features in the order in which the samples of a run have these, where both have names.

    Raises:
        ValueError: they are of other features.
    """
    found = []
    for i, (array, own, of_samples) in enumerate(zip(arrays, names, features or [None] * len(arrays)) if many else [
            (arrays[0], names[0], features)]):
        places = places_of(name + ('[%d]' % i if many else ''), own, of_samples)
        found.append(array if places is None or not array.ndim else array[..., places])
    return found


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
                said, quoted(first[said][:6]), quoted(names[:6])))


def refuse_names(said: str, value: Any) -> None:
    """ValueError for values that are named, where names are not compared with those of the samples."""
    names = names_of(value)
    if names and not _numbered(names):
        raise ValueError('%s must be an array, in the order of the features: the names of a %s (%s) are not compared '
                         'with those of xs.' % (said, type(value).__name__, quoted(names[:3])))


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
    missing, strange = ([one for one in mine if one not in theirs][:3] for mine, theirs in (
        (features, names), (names, features)))
    told = ['no ' + quoted(missing)] * bool(missing) + [quoted(strange) + ' besides'] * bool(strange)
    raise ValueError('%s must have the columns of xs, and has %s.' % (said, ' and '.join(told)))


def check_index(said: str, value: Any, samples: Optional[np.ndarray]) -> None:
    """ValueError for a Series or DataFrame of pandas whose index is that of the samples in another order."""
    if samples is None or not hasattr(value, 'iloc') or len(value) != len(samples):
        return
    mine, theirs = np.array(value.index).tolist(), samples.tolist()
    try:
        moved = mine != theirs and set(mine) == set(theirs)
    except TypeError:
        return
    if moved:
        raise ValueError(f'{said} must have the index of xs in its order, and has it in another: '
                         f'{said}.loc[xs.index] is in that order.')


def _numbered(names: Sequence[str]) -> bool:
    return all(name.isdigit() for name in names)
