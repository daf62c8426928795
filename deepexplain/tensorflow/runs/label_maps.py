"""A label map as ys: the unit of each place of a segmenter's logits."""
from typing import Callable

import numpy as np
import tensorflow.compat.v1 as tf

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
