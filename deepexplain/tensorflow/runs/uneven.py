"""Why a session call has failed: T, or what is fed, has not one row for each sample."""
from typing import Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from .batching import Rowing, take
from .feeds import Feeds
from .largest import no_row_each
from .model import Model


def refuse_uneven(session: tf.Session, model: Model, feeds: Feeds, xs: Sequence[np.ndarray], rowing: Rowing) -> None:
    """RuntimeError where a session call has failed for want of a row for each sample, of T or of what is fed."""
    for name in feeds.uneven():
        raise RuntimeError("feed_dict['%s'] must have one row for each of the %d samples, with which its rows go "
                           'along, not the shape %s.' % (name, len(xs[0]), feeds.whole[name].shape)) from None
    if model.together or model.T.shape.ndims == 0 or model.rowed.aligned:
        return
    samples = np.arange(min(len(xs[0]), rowing.rows))
    feed = feeds.rows(samples)
    feed.update((x.name, take(one, samples)) for x, one in zip(model.X, xs))
    try:
        value = session.run(model.T, feed)
    except tf.errors.InvalidArgumentError:
        return
    if np.ndim(value) and len(value) != len(samples):
        raise no_row_each(model.T.name, len(value), len(samples)) from None


def check_first_axis(tensor: tf.Tensor, value: np.ndarray, samples: int) -> None:
    """RuntimeError where what was fetched for some samples is not one row for each."""
    if value.ndim == 0 or len(value) != samples:
        raise RuntimeError("tensors must have the samples as their first axis; '%s' has the shape %s for %d samples."
                           % (tensor.name, value.shape, samples))
