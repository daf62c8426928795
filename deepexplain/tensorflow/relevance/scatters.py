"""Ops that put numbers at places: several in one, or one over another. What is at a place shares its relevance."""
from typing import Dict, List, Optional

import tensorflow.compat.v1 as tf

from ..graph.again import again
from .sums import Step, shared_among

_ADDING = {'ScatterNd': 1, 'TensorScatterAdd': 1, 'TensorScatterSub': -1}
_STITCHES = ('DynamicStitch', 'ParallelDynamicStitch')

#: The ops that are meant. Their ordinary gradient gives the whole to each of the numbers that meet in one place.
SCATTERS = frozenset(_ADDING) | frozenset(_STITCHES) | {'TensorScatterUpdate'}


def scatter_step(op_type: str, places: List[int], bounded: bool, bias: bool) -> Step:
    """How relevance passes an op of the `SCATTERS`.

    Args:
        places: its inputs that depend on X.
        bounded, bias: as for sums of tensors, see `shared_among`.
    """
    if op_type in _STITCHES:
        return lambda op, R: _stitched(op, R, places)
    if op_type == 'TensorScatterUpdate':
        return lambda op, R: _updated(op, R, places)
    return lambda op, R: _added(op, R, places, bounded, bias)


def _added(op: tf.Operation, R: tf.Tensor, places: List[int], bounded: bool, bias: bool) -> List[Optional[tf.Tensor]]:
    """Updates that are added up at the places of their indices, or added to a tensor there."""
    of_tensor, of_updates = (-1, 1) if op.type == 'ScatterNd' else (0, 2)
    indices = op.inputs[of_updates - 1]
    updates, y = op.inputs[of_updates] * _ADDING[op.type], op.outputs[0]

    def spread(value: tf.Tensor) -> tf.Tensor:
        return tf.scatter_nd(indices, value, tf.shape(y, out_type=indices.dtype))

    def pick(value: tf.Tensor) -> tf.Tensor:
        return tf.gather_nd(value, indices)

    count, added = spread(tf.ones_like(updates)), spread(updates)
    parts = {of_updates: updates}
    if of_tensor == 0:
        parts[of_tensor] = op.inputs[of_tensor]
    missing = [place for place in parts if place not in places]
    total = y
    if missing and not bias:
        total = added if of_tensor in missing else parts[of_tensor]
    if missing:
        count = count if of_tensor in missing else tf.ones_like(count)
        lonely = tf.equal(count, 1) if not bias else tf.zeros_like(count, tf.bool)
    else:
        count = count + (1 if of_tensor == 0 else 0)
        lonely = tf.equal(count, 1)

    def size() -> tf.Tensor:
        sizes = [spread(tf.abs(updates))] if of_updates in places else []
        return tf.add_n(sizes + [tf.abs(parts[place]) for place in places if place == of_tensor])

    of = shared_among(parts, R, total, bounded, tf.maximum(count, tf.ones_like(count)), size)
    found: List[Optional[tf.Tensor]] = [None] * len(op.inputs)
    for place in places:
        finder = pick if place == of_updates else tf.identity
        # What is alone at its place has all of it, exactly.
        found[place] = tf.where_v2(finder(lonely), finder(R), of(place, finder))
    return found


def _updated(op: tf.Operation, R: tf.Tensor, places: List[int]) -> List[Optional[tf.Tensor]]:
    """Updates that are put over a tensor; of several at one place TensorFlow does not say which will stay."""
    indices, updates, y = op.inputs[1], op.inputs[2], op.outputs[0]

    def spread(value: tf.Tensor) -> tf.Tensor:
        return tf.scatter_nd(indices, value, tf.shape(y, out_type=indices.dtype))

    found: List[Optional[tf.Tensor]] = [None] * 3
    if 0 in places:
        covered = spread(tf.ones_like(updates)) > 0
        found[0] = tf.where_v2(covered, tf.zeros_like(R), R)
    if 2 in places:
        stayed = tf.cast(tf.equal(updates, tf.gather_nd(y, indices)), R.dtype)
        found[2] = tf.gather_nd(tf.math.divide_no_nan(R, spread(stayed)), indices) * stayed
    return found


def _stitched(op: tf.Operation, R: tf.Tensor, places: List[int]) -> List[Optional[tf.Tensor]]:
    """Slices of several tensors at the places of their indices: the last at a place stays."""
    n = op.get_attr('N')
    numbers: Dict[int, tf.Tensor] = {}
    before = tf.zeros([], tf.int32)
    for i in range(n):
        count = tf.size(op.inputs[i])
        numbers[n + i] = tf.reshape(tf.range(before, before + count), tf.shape(op.inputs[i]))
        before += count
    last = again(op, numbers).outputs[0]
    found: List[Optional[tf.Tensor]] = [None] * len(op.inputs)
    for place in places:
        indices = op.inputs[place - n]
        stayed = tf.cast(tf.equal(tf.gather(last, indices), numbers[place]), R.dtype)
        rest = tf.rank(op.inputs[place]) - tf.rank(indices)
        found[place] = tf.gather(R, indices) * tf.reshape(
            stayed, tf.concat([tf.shape(indices), tf.ones([rest], tf.int32)], 0))
    return found
