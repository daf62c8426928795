"""A label map as ys: the unit of each place of a segmenter's logits."""
from typing import Any, Callable, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..messages import warn
from .arguments import fits, sample_shape, written


def weights_of_labels(labels: np.ndarray, T: tf.Tensor, values: Callable[[], np.ndarray]) -> np.ndarray:
    """The weights that a label map gives to the units of T: 1 to that of each place, none where it is -1."""
    shape = sample_shape(T) or []
    if None in shape:
        shape = list(values().shape[1:])
    rank, units = len(shape), shape[-1] or 0
    if not fits(labels.shape[1:], shape[:-1]):
        raise RuntimeError("ys of ints of shape %s are neither a label map of T ('%s'), of shape %s, the unit of each "
                           'place, nor %d tuples of %d ints, of shape (%d, %d).' % (
                               labels.shape, T.name, written([None] + shape[:-1]), len(labels), rank, len(labels),
                               rank))
    for strange in (labels.min(), labels.max()) if labels.size else ():
        if not -1 <= strange < units:
            raise ValueError("ys must name units of T ('%s') from 0 to %d for each place, or -1 where it does not "
                             'count, not %d.' % (T.name, units - 1, strange))
    result = np.zeros(labels.shape + (units,), T.dtype.as_numpy_dtype)
    places = np.nonzero(labels >= 0)
    result[places + (labels[places].astype(np.int64),)] = 1
    return result


def tell_apart(ys: Any, T: tf.Tensor, shape: Sequence[int]) -> None:
    """Warn of ints (n, 2) that name a unit of each sample, by its place, where they could be a label map of 2 places.

    Args:
        shape: of T's units.
    """
    if len(shape) == 2 and shape[0] == 2 and not isinstance(ys, tuple) and not (
            isinstance(ys, list) and all(isinstance(one, tuple) for one in ys)):
        warn("ys of ints of shape (n, 2) name one unit of T ('%s') for each sample, by its place on both axes, as a "
             'list of tuples does without this warning. Labels of the two places of T are given as weights: '
             "np.eye(%d, dtype='float32')[ys]." % (T.name, shape[1]))
