"""Units that are named by what T makes of a sample: the largest, the next, several of them, the difference of two."""
import re
from typing import Any, Callable, List, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from ..messages import warn
from .arguments import shown, written

#: What `top_of` says of 'all'.
ALL = 0

#: One unit of each sample.
NAMES = ('max', 'second')


def top_of(ys: Any) -> Optional[int]:
    """How many units of each sample 'top3' and the like ask for, `ALL` of 'all'; None where ys is one target."""
    if not isinstance(ys, str):
        return None
    found = re.match(r'top([1-9][0-9]{0,8})$', ys)
    return int(found.group(1)) if found else ALL if ys == 'all' else None


def is_pair(ys: Any) -> bool:
    """Whether ys is the difference of two units: a tuple with a name in it, since one of ints is units already."""
    return isinstance(ys, tuple) and any(isinstance(one, str) for one in ys)


def check_pair(ys: Any, is_unit: Callable[[Any], bool]) -> None:
    """ValueError for a tuple with a name in it that is not the difference of two units."""
    if len(ys) == 2 and all(one in NAMES if isinstance(one, str) else is_unit(one) for one in ys) and not (
            all(isinstance(one, str) for one in ys) and ys[0] == ys[1]):
        return
    raise ValueError("ys of two units, whose difference is explained, must be a tuple of two of 'max', 'second' and "
                     "what names one unit of each sample, as in ('max', 'second') or ('max', 3), not %s." % shown(ys))


def by_name(name: str, T: tf.Tensor, n: int, values: Callable[[], np.ndarray]) -> np.ndarray:
    """The weights of T's units that choose one of `NAMES` for each of n samples.

    Args:
        values: evaluates T on the samples.
    """
    if T.shape.ndims == 0:
        raise RuntimeError(f"ys cannot be {name!r}: T ('{T.name}') is one number for all samples.")
    array = values()
    flat, place = array.reshape(n, -1), NAMES.index(name)
    if flat.shape[1] <= place:
        raise RuntimeError(f"ys cannot be {name!r}: T ('{T.name}') has one unit.")
    found = np.zeros(flat.shape, T.dtype.as_numpy_dtype)
    found[np.arange(n), largest(flat, 2)[:, 1] if place else flat.argmax(1)] = 1
    return found.reshape(array.shape)


def difference(ys: Any, T: tf.Tensor, values: Callable[[], np.ndarray],
               weigh: Callable[[Any, Callable[[], np.ndarray]], Optional[np.ndarray]],
               is_units: Callable[[Any], bool]) -> np.ndarray:
    """The weights of a pair of units: 1 and -1. Samples of which both are one unit are named in a warning.

    Args:
        values: evaluates T on the samples; called once at most.
        weigh: finds the weights of one of the pair, given what evaluates T.
        is_units: whether what is no name says one unit for each sample.
    """
    if T.shape.ndims in (0, 1):
        raise RuntimeError(f"ys cannot be {ys!r}: T ('{T.name}') has one unit.")
    check_pair(ys, is_units)
    found: List[np.ndarray] = []

    def once() -> np.ndarray:
        found.extend([] if found else [values()])
        return found[0]

    first, other = [np.asarray(weigh(one, once)) for one in ys]
    same = int((first == other).reshape(len(first), -1).all(1).sum())
    if same:
        warn('ys: the two units of %d of %d samples are one and the same, so that there is nothing to explain there: '
             'attributions are zeros.' % (same, len(first)))
    return first - other


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """The largest units of each row in falling order, (rows, count); of equal ones the first, and what is nan is first.
    """
    lost = np.isnan(values)
    return np.lexsort((np.where(lost, 0, -values.astype(np.float64)), ~lost), 1)[:, :count]


def refuse_rank(ys: Any, T: tf.Tensor, rank: Optional[int]) -> None:
    """RuntimeError where T has not one axis of units."""
    if rank in (2, None):
        return
    if rank < 2:
        raise RuntimeError("ys=%r needs a T with units, of shape (n, units): T ('%s') is one number for %s, so leave "
                           'ys out.' % (ys, T.name, 'each sample' if rank else 'all samples'))
    raise RuntimeError("ys=%r needs a T with one axis of units, (n, units): T ('%s') has the shape %s. Explain its "
                       'units one by one, by ys=(i, j), or pass a T of fewer of them, such as those of one place, or '
                       'tf.reshape(T, [tf.shape(T)[0], units]).' % (ys, T.name, written(
                           None if T.shape.ndims is None else T.shape.as_list())))
