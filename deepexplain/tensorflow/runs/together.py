"""One sample that is all rows of X together: what it looks like, and what ys says of a T of any number of rows."""
from typing import Any, Callable, List, NamedTuple, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.row_flow import Meeting
from ..messages import warn
from .arguments import fits, written
from .arrays import to_array, to_feed
from .targets import check_ys, weights


class Sample(NamedTuple):
    """What stands for an X of which all rows are one sample: X with an axis of that one sample in front."""
    name: str
    shape: tf.TensorShape
    dtype: tf.DType


def sample_of(x: tf.Tensor) -> Sample:
    return Sample(x.name, tf.TensorShape([1]).concatenate(x.shape), x.dtype)


def warn_of_mixing(T: tf.Tensor, meetings: Sequence[Meeting]) -> None:
    """Warn of ops between X and T in which rows of different samples meet, where they are to be samples."""
    found = [f'{one.op.type} ({one.name})' for one in meetings]
    if found:
        warn("T ('%s') does not keep the rows of X apart: they meet, or change places, in %s. If all rows are parts of "
             "one sample, as the nodes of a graph are, say rows='together' when the explainer is made; if they are "
             'samples, pass a T of which each row hangs on its own row of X.' % (
                 T.name, ', '.join(found[:3]) + (' and %d more' % (len(found) - 3) if len(found) > 3 else '')))


def check_whole(X: List[tf.Tensor], many: bool, xs: Any) -> List[np.ndarray]:
    """All rows of each input as one sample; inputs may have different numbers of rows."""
    if many and (not hasattr(xs, '__len__') or len(xs) != len(X)):
        raise RuntimeError('List of input tensors and input data have different lengths (%d and %s)' % (
            len(X), len(xs) if hasattr(xs, '__len__') else type(xs).__name__))
    arrays = []
    for i, (value, x) in enumerate(zip(xs if many else [xs], X)):
        name = 'xs[%d]' % i if many else 'xs'
        array = to_feed(name, value, x)
        expected = None if x.shape.ndims is None else x.shape.as_list()
        if not fits(array.shape, expected):
            raise ValueError(f"{name} must have the shape of '{x.name}', {written(expected)}, not {array.shape}: with "
                             "rows='together' it is one sample.")
        if not array.size:
            raise RuntimeError(f'{name} must have at least one row; its shape is {array.shape}.')
        arrays.append(array[np.newaxis])
    return arrays


def weights_together(ys: Any, T: tf.Tensor, values: Callable[[], np.ndarray]) -> Optional[np.ndarray]:
    """Weights of T's units as those of one sample, or None for all units.

    Args:
        ys: as in `Explainer.run`, T's rows in place of samples; or a tuple of as many ints as T has axes, one unit.
        values: evaluates T.
    """
    if ys is None:
        return None
    value: List[np.ndarray] = []

    def whole() -> np.ndarray:
        if not value:
            value.append(values()[0])
        return value[0]

    check_ys(ys)
    rank = whole().ndim if T.shape.ndims is None else T.shape.ndims
    if rank == 0:
        array = to_array('ys', ys, T.dtype.as_numpy_dtype)
        if array.size != 1:
            raise RuntimeError(f"ys must be one weight for T ('{T.name}'), which is one number, not of shape "
                               f'{array.shape}.')
        return array.reshape(1)
    if isinstance(ys, tuple) and len(ys) == rank and all(
            isinstance(one, (int, np.integer)) and not isinstance(one, bool) for one in ys):
        shape = whole().shape if not T.shape.is_fully_defined() else tuple(T.shape.as_list())
        if any(not 0 <= one < size for one, size in zip(ys, shape)):
            raise ValueError(f"ys must name a unit of T ('{T.name}'), of shape {tuple(shape)}, not {ys}.")
        result = np.zeros(shape, T.dtype.as_numpy_dtype)
        result[ys] = 1
        return result[np.newaxis]
    size = T.shape.as_list()[0] if T.shape.ndims else None
    rows = len(whole()) if size is None else size
    given = None if isinstance(ys, (str, int, np.integer, tuple)) else np.shape(ys)
    if given is not None and (not given or given[0] != rows):
        raise RuntimeError(f"ys must have one row for each of the {rows} rows of T ('{T.name}'), not the shape "
                           f'{given}; one unit alone is a tuple of {rank} ints.')
    found = weights(ys, T, rows, whole)
    return None if found is None else found[np.newaxis]
