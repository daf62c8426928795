"""Which axes of one tensor are which of another, after moves of axes, sums along some and broadcasting."""
from typing import List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import static_value

#: For each axis of a tensor, which axis of another it is (None: of size 1, or not of that).
Labels = Tuple[Optional[int], ...]

_SAME = frozenset('Identity Snapshot CheckNumerics EnsureShape StopGradient Cast'.split())

#: Ops whose value is known by those of their inputs.
_PLAIN = frozenset('''
    Add AddV2 Sub Mul RealDiv Neg Exp Log Square Sqrt Abs Max Min Sum Mean Maximum Minimum Reshape Transpose ExpandDims
    Squeeze StridedSlice Softmax Select SelectV2 IsFinite ZerosLike
    '''.split())


class Reduced(NamedTuple):
    """A sum along axes.

    Attributes:
        x: what is summed up.
        axes: along which of its axes.
        kept: for each axis of the sum that of x, None for one that was summed.
        mean: how many numbers are in each mean, 0 for a sum.
    """
    x: tf.Tensor
    axes: List[int]
    kept: Labels
    mean: int


def spread_along(tensor: tf.Tensor, whole: tf.Tensor) -> bool:
    """Whether a tensor is certainly broadcast along some axis of what is made with it, or has been."""
    x, y = small(tensor).shape, whole.shape
    if x.ndims is None or y.ndims is None:
        return False
    sizes = [1] * (y.ndims - x.ndims) + x.as_list()
    return any(a == 1 and b != 1 for a, b in zip(sizes, y.as_list()))


def small(tensor: tf.Tensor) -> tf.Tensor:
    """A tensor before it was tiled or broadcast along axes of size 1, if it has been; of the same rank."""
    while tensor.op.type in _SAME | {'Tile', 'BroadcastTo'}:
        before = tensor.op.inputs[0]
        if before.shape.ndims is None or before.shape.ndims != tensor.shape.ndims:
            break
        if tensor.op.type == 'Tile':
            times = static_value(tensor.op.inputs[1], True)
            if times is None or any(one not in (1, None) and size != 1 for one, size in zip(
                    times, before.shape.as_list())):
                break
        tensor = before
    return tensor


def along(tensor: tf.Tensor, whole: tf.Tensor, labels: Labels) -> Labels:
    """The labels of the axes of a tensor that is broadcast to another."""
    x = small(tensor).shape.as_list()
    count = tensor.shape.ndims or 0
    ours = labels[len(labels) - count:] if count else ()
    return tuple(None if size == 1 else label for size, label in zip(x, ours))


def relabelled(op: tf.Operation, labels: Labels) -> Optional[Labels]:
    """The labels of the axes of what an op moves, given those of its output; None for other ops."""
    if not op.inputs:
        return None
    x, y = op.inputs[0].shape, op.outputs[0].shape
    if op.type == 'Transpose':
        order = static_value(op.inputs[1])
        if order is None or len(order) != len(labels):
            return None
        found: List[Optional[int]] = [None] * len(labels)
        for at, axis in enumerate(order):
            found[int(axis)] = labels[at]
        return tuple(found)
    if op.type in ('Tile', 'BroadcastTo'):
        return tuple(None if size == 1 else label for size, label in zip(x.as_list(), labels)) if (
            small(op.outputs[0]) is not op.outputs[0]) else None
    if op.type not in ('Reshape', 'ExpandDims', 'Squeeze') or x.ndims is None or y.ndims is None:
        return None
    before = [i for i, size in enumerate(x.as_list()) if size != 1]
    after = [i for i, size in enumerate(y.as_list()) if size != 1]
    sizes, others = [x.as_list()[i] for i in before], [y.as_list()[i] for i in after]
    if len(before) != len(after) or any(a != b and None not in (a, b) for a, b in zip(sizes, others)):
        return None
    found = [None] * x.ndims
    for i, j in zip(before, after):
        found[i] = labels[j]
    return tuple(found)


def reduced(tensor: tf.Tensor) -> Optional[Reduced]:
    """The sum or the mean that an op makes, in any words."""
    op = tensor.op
    if not op.inputs or op.inputs[0].shape.ndims is None:
        return None
    x, rank = op.inputs[0], op.inputs[0].shape.ndims
    if op.type in ('Sum', 'Mean'):
        axes = static_value(op.inputs[1])
        if axes is None:
            return None
        gone = sorted(int(one) % rank for one in np.ravel(axes))
        count = 1
        for axis in gone if op.type == 'Mean' else ():
            size = x.shape.as_list()[axis]
            if size is None:
                return None
            count *= size
        return Reduced(x, gone, _kept(rank, gone, op.get_attr('keep_dims')), count if op.type == 'Mean' else 0)
    if op.type in ('MatMul', 'BatchMatMul', 'BatchMatMulV2', 'BatchMatMulV3'):
        ones = static_value(op.inputs[1])
        turned = [name for name in ('transpose_a', 'transpose_b', 'adj_x', 'adj_y')
                  if name in op.node_def.attr and op.get_attr(name)]
        if ones is None or turned or ones.ndim != 2 or not np.all(ones == 1):
            return None
        return Reduced(x, [rank - 1], tuple(range(rank - 1)) + (None,), 0)
    if op.type == 'Einsum' and len(op.inputs) == 1:
        before, after = op.get_attr('equation').decode().replace(' ', '').split('->')
        if '.' in before or len(set(before)) != len(before):
            return None
        return Reduced(x, [i for i, one in enumerate(before) if one not in after],
                       tuple(before.index(one) for one in after), 0)
    return None


def _kept(rank: int, gone: Sequence[int], keep: bool) -> Labels:
    if keep:
        return tuple(None if i in gone else i for i in range(rank))
    return tuple(i for i in range(rank) if i not in gone)


def value_key(tensor: tf.Tensor, depth: int = 8) -> str:
    """The same for two tensors that are certainly the same, be they made twice."""
    op = tensor.op
    while op.type in _SAME and (op.type != 'Cast' or op.inputs[0].dtype == tensor.dtype):
        tensor = op.inputs[0]
        op = tensor.op
    if op.type == 'Const':
        value = static_value(tensor) if (tensor.shape.num_elements() or 0) <= 64 else None
        return tensor.name if value is None else '%s%s' % (value.shape, value.tolist())
    if depth and op.type in _PLAIN:
        attributes = {name: str(value) for name, value in op.node_def.attr.items() if not name.startswith('_')}
        return '%s%s(%s)' % (op.type, sorted(attributes.items()), ', '.join(
            value_key(one, depth - 1) for one in op.inputs))
    return tensor.name
