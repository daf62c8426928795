"""Maps of places: logits over a region, and how much there is in all."""
from typing import Any, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.graph.making import making
from ..tensorflow.runs.arguments import finite, fits, shown, written
from ..tensorflow.runs.arrays import to_array
from .checks import check_number, one_of, precise, rank_of


def region(logits: tf.Tensor, mask: Any = None, unit: Optional[int] = None, over: str = 'mean',
           channels: str = 'last') -> tf.Tensor:
    """The logits of a segmenter over a region: the mean, or the sum, over the places of a mask.

        T = targets.region(de.logits, mask=labels == 3)
        attributions = de.explain('intgrad', T, de.inputs[0], xs, ys=3)

    The region that the model itself gives to a class (Seg-Grad-CAM, Vinogradova et al. 2020) is found beforehand and
    held fixed: `labels = session.run(logits, {X: xs}).argmax(-1)`, and a mask of (n, height, width) by `feed_dict`. A
    label map of that shape may also be `ys`, with T the logits: the unit of each place, -1 where it does not count.

    Args:
        logits: (n, places..., units), with one axis of places or more; or as `channels` says.
        mask: bools, or weights of at least 0, of the shape of the places: an array, or a tensor of that shape or with
            the samples in front, a placeholder to be fed by `feed_dict`, say. Default None: all places.
        unit: which unit, an int. Default None: T has all of them, for `ys` to choose.
        over: 'mean' (default), by which regions of other sizes compare, or 'sum'.
        channels: where the units are, 'last' (default) or 'first'.

    Returns:
        A tensor (n, units), or (n,) of one unit. A mean over no place at all is nan.

    Raises:
        RuntimeError: for what is no tensor of one graph.
        ValueError: for shapes that do not fit, a unit that there is not, a mask without any place, another `over` or
            `channels`.
    """
    rank = rank_of('logits', logits, range(3, 8), '(n, places..., units)')
    one_of('over', over, ('mean', 'sum'))
    one_of('channels', channels, ('last', 'first'))
    shape = logits.shape.as_list()
    units, places = (shape[-1], shape[1:-1]) if channels == 'last' else (shape[1], shape[2:])
    if unit is not None:
        check_number('unit', unit, units, 'units')
    if isinstance(mask, tf.Tensor):
        rank_of('mask', mask, (rank - 2, rank - 1), 'the places, %s, or (n,) and that' % written(places), logits)
        if not mask.shape[-len(places):].is_compatible_with(places):
            raise ValueError(f'mask must have the shape of the places, {written(places)}, at its end, not '
                             f'{mask.shape}.')
    elif mask is not None:
        mask = finite('mask', to_array('mask', mask, np.float64))
        if not fits(mask.shape, places):
            raise ValueError(f'mask must have the shape of the places, {written(places)}, not {mask.shape}: one for '
                             'each sample is a placeholder, to be fed by feed_dict.')
        if mask.min() < 0 or not mask.any():
            raise ValueError('mask must be bools or weights of at least 0, and not be 0 everywhere.')
    with making(logits.graph, 'targets'):
        kind, logits = logits.dtype, precise(logits)
        if channels == 'first':
            logits = tf.transpose(logits, [0] + list(range(2, rank)) + [1])
        axes = list(range(1, rank - 1))
        if mask is None:
            found = (tf.reduce_mean if over == 'mean' else tf.reduce_sum)(logits, axes)
        else:
            weights = tf.cast(mask, logits.dtype)
            weights = tf.expand_dims(weights if weights.shape.ndims == rank - 1 else weights[tf.newaxis], -1)
            found = tf.reduce_sum(logits * weights, axes)
            if over == 'mean':
                found = found / tf.reduce_sum(weights, axes)
        return tf.cast(found if unit is None else found[:, unit], kind)


def count(scores: tf.Tensor, threshold: Optional[float] = None, soft: Optional[float] = None) -> tf.Tensor:
    """How many there are: the sum of a density map, or of the scores of detections.

        T = targets.count(de.outputs[0])                            # a density map (n, height, width, 1)
        T = targets.count(de.tensor('scores'), .5, soft=.05)        # detections above 0.5

    Args:
        scores: (n, ...), of which all axes but the first are added up; (boxes,) of a detector that takes one picture.
        threshold: only scores above it count, by their value. Default None: all.
        soft: each score counts sigmoid((score - threshold) / soft), a number above 0, so that those below the
            threshold have a gradient as well. Default None.

    Returns:
        A tensor (n,).

    Raises:
        RuntimeError: for what is no tensor of a graph.
        ValueError: for scores of unknown rank, numbers that are none, `soft` without a threshold.
    """
    rank = rank_of('scores', scores, range(1, 8), '(n, ...), or (boxes,) of one picture')
    for name, value in (('threshold', threshold), ('soft', soft)):
        if value is not None and (isinstance(value, (bool, np.bool_)) or not np.isscalar(value)
                                  or not np.isreal(value) or not np.isfinite(value)):
            raise ValueError(f'{name} must be a finite number, not {shown(value)}.')
    if soft is not None and (threshold is None or soft <= 0):
        raise ValueError('soft must be above 0, with a threshold, not %s%s.' % (
            shown(soft), ' without' if threshold is None else ''))
    with making(scores.graph, 'targets'):
        kind, scores = scores.dtype, precise(scores)
        if soft is not None:
            scores = tf.sigmoid((scores - threshold) / soft)
        elif threshold is not None:
            scores = tf.where_v2(scores > threshold, scores, tf.zeros([], scores.dtype))
        return tf.cast(tf.reduce_sum(scores[tf.newaxis] if rank == 1 else scores, list(range(1, max(rank, 2)))), kind)
