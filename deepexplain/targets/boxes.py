"""Detections: the score of one box among many."""
from typing import Any, Optional, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.graph.making import making
from ..tensorflow.runs.arguments import finite, fits
from ..tensorflow.runs.arrays import to_array
from .checks import check_number, one_of, precise, rank_of


def box(scores: tf.Tensor, boxes: Optional[tf.Tensor] = None, index: Any = None, like: Any = None,
        by: str = 'similarity', form: str = 'corners') -> tf.Tensor:
    """The score of one detection: of the box at a place, or of the one that is most like a given box.

        T = targets.box(de.tensor('scores'), de.tensor('boxes'), like=[.1, .2, .5, .6])
        attributions = de.explain('rise', T, de.inputs[0], xs, ys=17)

    Where boxes are ordered by their scores, or some are suppressed, those of a changed picture stand at other places:
    take `like` there, and `index` for boxes of fixed anchors.

    Args:
        scores: (n, boxes), or (n, boxes, classes), whose classes are T's units; (boxes,) of a detector that takes one
            picture, with boxes (boxes, 4).
        boxes: (n, boxes, 4), or (boxes, 4), the same for all samples. Only for `like`.
        index: which box: an int, or a tensor of n ints, a placeholder to be fed by `feed_dict`, say.
        like: the box that is meant: four numbers, or a tensor (n, 4), a placeholder to be fed by `feed_dict`, say.
        by: 'similarity' (default): the largest of score times overlap, the detection that D-RISE (Petsiuk et al. 2021)
            follows by class and place; it has a gradient, through the boxes too, and is for scores of at least 0.
            'overlap': the score of the box that overlaps most; which one that is has no gradient, of which a warning
            tells where boxes depend on X. Both are 0 where no box overlaps. Overlap is intersection over union.
        form: what the numbers of boxes are: 'corners' (default), (y0, x0, y1, x1) or (x0, y0, x1, y1); 'center', the
            centre and then the sizes along the same axes; 'size', the corner of the smallest numbers and the sizes.

    Returns:
        A tensor (n,), or (n, classes), of the dtype of scores.

    Raises:
        RuntimeError: for what is no tensor of one graph.
        ValueError: for shapes that do not fit, both or neither of index and like, another `by` or `form`, an index
            beyond the boxes, a box without area.
    """
    rank = rank_of('scores', scores, (1, 2, 3), '(n, boxes), (n, boxes, classes), or (boxes,) of one picture')
    if (index is None) == (like is None):
        raise ValueError('index or like must be given, one of them.')
    one_of('by', by, ('similarity', 'overlap'))
    one_of('form', form, ('corners', 'center', 'size'))
    size = scores.shape.as_list()[min(rank - 1, 1)]
    if index is not None:
        _check_index(index, size, scores)
    else:
        if boxes is None:
            raise ValueError('boxes must be given for like.')
        shape = '(boxes, 4)' if rank == 1 else '(n, boxes, 4) or (boxes, 4)'
        of_boxes = rank_of('boxes', boxes, (2,) if rank == 1 else (2, 3), shape, scores)
        if not fits([4], boxes.shape.as_list()[-1:]):
            raise ValueError(f'boxes must have the shape {shape}, not {boxes.shape}.')
        if size is not None and not fits([size], boxes.shape.as_list()[-2:-1]):
            raise ValueError('boxes must be as many as scores, %d, not %d.' % (size, boxes.shape.as_list()[-2]))
        like = _box(like, form, scores)
    with making(scores.graph, 'targets'):
        scores = scores[tf.newaxis] if rank == 1 else scores
        if index is not None:
            return _at(scores, index) if isinstance(index, tf.Tensor) else scores[:, index]
        # Areas of pixels are beyond halves.
        kind = precise(scores).dtype
        boxes, given = tf.cast(boxes, kind), tf.cast(like, kind)
        overlap = _overlap(_corners(boxes if of_boxes == 3 else boxes[tf.newaxis], form),
                           _corners(given[tf.newaxis, tf.newaxis] if given.shape.ndims == 1 else
                                    given[:, tf.newaxis], form))
        overlap = tf.cast(overlap, scores.dtype)
        if by == 'similarity':
            # Of no box at all the largest is minus infinity.
            return tf.nn.relu(tf.reduce_max(scores * (overlap if rank < 3 else overlap[..., tf.newaxis]), 1))
        # One more in front, of score 0, is found where none overlaps.
        overlap = tf.pad(overlap + tf.zeros_like(scores if rank < 3 else scores[..., 0]), [[0, 0], [1, 0]])
        return _at(tf.pad(scores, [[0, 0], [1, 0], [0, 0]][:max(rank, 2)]), tf.argmax(overlap, 1))


def _at(values: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
    """Of each row the value at its own place."""
    places = tf.cast(places, tf.int64)
    rows = tf.range(tf.shape(values, out_type=tf.int64)[0])
    return tf.gather_nd(values, tf.stack([rows, places + tf.zeros_like(rows)], 1))


def _corners(boxes: tf.Tensor, form: str) -> Tuple[tf.Tensor, tf.Tensor]:
    """The corners of boxes (..., 4), each (..., 2)."""
    first, second = boxes[..., :2], boxes[..., 2:]
    if form == 'center':
        return first - second / 2, first + second / 2
    return first, second if form == 'corners' else first + second


def _overlap(a: Tuple[tf.Tensor, tf.Tensor], b: Tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """Intersection over union of boxes by their corners; 0 where neither has an area."""
    def area(low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
        sides = tf.nn.relu(high - low)
        return sides[..., 0] * sides[..., 1]

    both = area(tf.maximum(a[0], b[0]), tf.minimum(a[1], b[1]))
    return tf.math.divide_no_nan(both, area(*a) + area(*b) - both)


def _check_index(index: Any, size: Optional[int], scores: tf.Tensor) -> None:
    if not isinstance(index, tf.Tensor):
        check_number('index', index, size, 'boxes')
        return
    rank_of('index', index, (1,), '(n,)', scores)
    if not index.dtype.is_integer:
        raise ValueError(f"index ('{index.name}') must be of ints, not of {index.dtype.name}.")


def _box(like: Any, form: str, scores: tf.Tensor) -> Any:
    """The box that is meant, as a tensor (4,) or (n, 4), or an array (4,)."""
    if isinstance(like, tf.Tensor):
        rank_of('like', like, (1, 2), '(4,) or (n, 4)', scores)
        if not fits([4], like.shape.as_list()[-1:]):
            raise ValueError(f"like ('{like.name}') must have the shape (4,) or (n, 4), not {like.shape}.")
        return like
    array = finite('like', to_array('like', like, np.float64))
    if array.shape != (4,):
        raise ValueError(f'like must be a box of four numbers, not of shape {array.shape}: one for each sample is a '
                         'placeholder (n, 4), to be fed by feed_dict.')
    if not (array[2:] > (array[:2] if form == 'corners' else 0)).all():
        raise ValueError("like must have an area, %s of form='%s', not %s." % (
            'its last two numbers above its first two' if form == 'corners' else 'its last two numbers above 0', form,
            array.tolist()))
    return array
