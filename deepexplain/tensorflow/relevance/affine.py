"""Ops that scale and shift one tensor by others that do not depend on X: biases, batch normalisation at inference."""
from typing import Iterable, List, NamedTuple, Optional, Tuple

import tensorflow.compat.v1 as tf

from ..graph.kinds import BATCH_NORMS

_SHIFTS = frozenset(['BiasAdd', 'BiasAddV1', 'Add', 'AddV2', 'AddN', 'AccumulateNV2', 'Sub'])
#: Scales or shifts, where only one of the inputs depends on X.
AFFINE = _SHIFTS | BATCH_NORMS | frozenset(['Neg', 'Mul', 'MulNoNan', 'RealDiv', 'Div', 'DivNoNan', 'Xdivy'])


class Line(NamedTuple):
    """What an op does to a tensor: scale * tensor + shift; None stands for 1 and 0."""
    scale: Optional[tf.Tensor]
    shift: Optional[tf.Tensor]


def kind_of(op: tf.Operation, place: int) -> Tuple[bool, List[Optional[List[Optional[int]]]]]:
    """Whether an op scales, and the static shapes of what it scales and shifts by (None where unknown)."""
    if op.type in BATCH_NORMS or op.type == 'BiasAdd':
        first = op.get_attr('data_format').startswith(b'NC')
        size = op.inputs[1].shape.as_list()[0] if op.inputs[1].shape.ndims else None
        rank = op.outputs[0].shape.ndims or 4
        return op.type in BATCH_NORMS, [[size] + ([1] * (rank - 2) if first else [])]
    shapes = [tensor.shape.as_list() if tensor.shape.ndims is not None else None
              for i, tensor in enumerate(op.inputs) if i != place]
    # Sub may turn the sign, of all numbers alike.
    return op.type not in _SHIFTS, shapes


def line_of(op: tf.Operation, place: int) -> Line:
    """The scale and the shift of an op of the `AFFINE` types, of which the input at this place depends on X."""
    others = [_unswitched(tensor) for i, tensor in enumerate(op.inputs) if i != place]
    if op.type in BATCH_NORMS:
        gamma, beta, mean, variance = others[:4]
        scale = gamma * tf.rsqrt(variance + op.get_attr('epsilon'))
        shift = tf.cast(beta - mean * scale, op.outputs[0].dtype)
        scale = tf.cast(scale, op.outputs[0].dtype)
        if op.get_attr('data_format').startswith(b'NC'):
            scale, shift = of_channels(scale, op.outputs[0]), of_channels(shift, op.outputs[0])
        return Line(scale, shift)
    if op.type == 'Neg':
        return Line(-tf.ones([], op.outputs[0].dtype), None)
    if op.type == 'BiasAdd' and op.get_attr('data_format').startswith(b'NC'):
        return Line(None, of_channels(others[0], op.outputs[0]))
    if op.type in _SHIFTS and op.type != 'Sub':
        return Line(None, tf.add_n(others) if len(others) > 1 else others[0])
    if op.type == 'Sub':
        return Line(None, -others[0]) if place == 0 else Line(-tf.ones([], op.outputs[0].dtype), others[0])
    if op.type in ('Mul', 'MulNoNan', 'Xdivy'):
        return Line(others[0], None)
    return Line((tf.div_no_nan if op.type == 'DivNoNan' else tf.divide)(
        tf.ones([], op.outputs[0].dtype), others[0]), None)


def of_channels(value: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    """A value for each channel, to be broadcast to a tensor whose second axis they are."""
    if y.shape.ndims is None:
        return tf.reshape(value, tf.concat([[-1], tf.ones([tf.rank(y) - 2], tf.int32)], 0))
    return tf.reshape(value, [-1] + [1] * (y.shape.ndims - 2))


def together(lines: Iterable[Line]) -> Line:
    """One scale and one shift for several in turn."""
    scale: Optional[tf.Tensor] = None
    shift: Optional[tf.Tensor] = None
    for by, to in lines:
        if by is not None:
            scale, shift = by if scale is None else scale * by, None if shift is None else shift * by
        if to is not None:
            shift = to if shift is None else shift + to
    return Line(scale, shift)


def _unswitched(tensor: tf.Tensor) -> tf.Tensor:
    """A constant before it enters a branch: inside it has a value only where the branch is taken."""
    while tensor.op.type in ('Identity', 'Switch') and tensor.dtype == tensor.op.inputs[0].dtype.base_dtype:
        if tensor.op.inputs[0].dtype != tensor.op.inputs[0].dtype.base_dtype:
            break
        tensor = tensor.op.inputs[0]
    return tensor
