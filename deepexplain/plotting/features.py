"""Features of tables: their names, their ranks, and how they are written."""
from __future__ import annotations

from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ..terminal import visible
from .arrays import check_length, numbers

#: The longest name that is written in full.
LONGEST = 48


def finite(value: Any, name: str, wanted: str, ranks: Sequence[int]) -> np.ndarray:
    """As floats of one of these ranks, with nothing that is nan or infinite.

    Args:
        wanted: the shape, for errors.
    """
    given = numbers(value, name)
    if given.ndim not in ranks or not given.size:
        raise ValueError(f'{name}: expected shape {wanted}, none of them 0, got {given.shape}')
    bad = int((~np.isfinite(given)).sum())
    if bad:
        raise ValueError('%s: expected finite numbers, got nan or infinity at %d of %d places: leave these samples or '
                         'features out' % (name, bad, given.size))
    return given


def names_of(names: Optional[Sequence[str]], count: int, *tables: Any) -> List[str]:
    """The names of features: as given, else those of the first result or table that has some, or the labels of a row
    of one, else numbers.
    """
    if names is not None:
        check_length('names', names, count, 'features')
        return [str(name) for name in names]
    for table in tables:
        found = _labels(table, count)
        if found is not None:
            return found
    return ['feature %d' % number for number in range(count)]


def check_order(name: str, table: Any, labels: Sequence[str]) -> None:
    """ValueError for a table, or a row of one, with the same features in another order: places would not be theirs."""
    own, wanted = _labels(table, len(labels)), [str(one) for one in labels]
    if own is not None and own != wanted and sorted(own) == sorted(wanted):
        raise ValueError(f'{name}: expected the features in the order {_few(wanted)}, got {_few(own)}')


def _labels(table: Any, count: int) -> Optional[List[str]]:
    """The names of so many features that a result, a table, or a row of one has; None where it has none."""
    for part in ('feature_names', 'column_names', 'columns', 'index'):
        found: Any = getattr(table, part, None)
        # An array has none of these, and of a list the index is a method.
        if hasattr(found, '__len__') and len(found) == count and (part != 'index' or np.ndim(table) == 1):
            return ['feature %d' % one if isinstance(one, (int, np.integer)) else str(one) for one in found]
    return None


def _few(names: Sequence[str]) -> str:
    return ', '.join(map(visible, names[:5])) + ', ...' * (len(names) > 5)


def written(name: str) -> str:
    """A name in a picture: in one line, no mathematics, and without its middle where it is long."""
    found = visible(name)
    if len(found) > LONGEST:
        found = found[:LONGEST - 18] + '...' + found[-15:]
    return found.replace('$', r'\$')


def with_value(name: str, value: Any) -> str:
    number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
    return f'{name} = {value:.4g}' if number else f'{name} = {value}'


def ranked(amounts: np.ndarray, top: int) -> Tuple[np.ndarray, np.ndarray]:
    """The places of features with a row of their own, the largest size first, and of the rest, which is never one."""
    known = np.isfinite(amounts)
    order = np.argsort(-np.where(known, np.abs(amounts), -1), kind='stable')
    own = len(order) if len(order) <= top + 1 else top
    return order[:own], order[own:]
