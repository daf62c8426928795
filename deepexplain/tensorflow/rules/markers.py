"""What stands for an activation on a replica: a single op, or the marker behind several, and its two ends."""
from typing import Dict, List, Sequence

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.again import in_turn
from ..graph.kinds import SEVERAL_INPUTS
from ..graph.replica import RULE, SPREAD
from .joint import added, summed_to


def is_marker(op: tf.Operation) -> bool:
    return op.type == 'IdentityN'


def rule_of(op: tf.Operation) -> str:
    """The op type whose rule an op or a marker takes, '' for an activation of several ops."""
    return op.get_attr(RULE).decode() if is_marker(op) else op.type


def ends(op: tf.Operation) -> List[tf.Tensor]:
    """The input and the output of the unit that an op or a marker stands for."""
    return [op.inputs[1], op.inputs[0]] if is_marker(op) else [op.inputs[0], op.outputs[0]]


def aligned_ends(op: tf.Operation) -> List[tf.Tensor]:
    """The same, the input broadcast to the shape of the output where it may have another."""
    x, y = ends(op)
    return [tf.broadcast_to(x, tf.shape(y)) if _is_spread(op) else x, y]


def gathered(op: tf.Operation, gradient: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
    """A marker's gradient in the shape of its input, given that in the shape of either end, and the output's."""
    if not _is_spread(op):
        return gradient
    x, y = ends(op)
    gradient = summed_to(gradient, x)
    if rule_of(op) not in SEVERAL_INPUTS:
        return gradient
    # The larger of constants and a tensor that they broadcast is no activation: the winner takes all.
    ordinary = compat.registered_gradient(y.op.type)(y.op, grad)[[one is x for one in y.op.inputs].index(True)]
    return tf.where_v2(tf.equal(tf.size(x), tf.size(y)), gradient, ordinary)


def step_by_step(ops: Sequence[tf.Operation], y: tf.Tensor, x: tf.Tensor, grad: tf.Tensor) -> tf.Tensor:
    """The ordinary gradient of y = f(x), op by op.

    tf.gradients cannot be called inside a v1 loop for a second time, and looks at all that hangs on x.

    Args:
        ops: the ops from x to y.
    """
    ops, hanging = in_turn(ops), {x.name}
    for op in ops:
        if any(tensor.name in hanging for tensor in op.inputs):
            hanging.update(tensor.name for tensor in op.outputs if tensor.name != x.name)
    arrived: Dict[str, List[tf.Tensor]] = {y.name: [grad]}
    for op in reversed(ops):
        at = [arrived.get(tensor.name) for tensor in op.outputs]
        if not any(at) or compat.never_has_gradient(op.type):
            continue
        if not compat.has_gradient(op.type):
            # As tf.gradients has it.
            raise LookupError(f"No gradient defined for operation '{op.name}' (op type: {op.type})")
        gradients = compat.registered_gradient(op.type)(op, *[
            tf.zeros_like(tensor) if one is None else added(one) for tensor, one in zip(op.outputs, at)])
        for tensor, gradient in zip(op.inputs, gradients if isinstance(gradients, (list, tuple)) else [gradients]):
            if gradient is not None and tensor.name in hanging:
                arrived.setdefault(tensor.name, []).append(gradient)
    return added(arrived.get(x.name) or [tf.zeros_like(x)])


def _is_spread(op: tf.Operation) -> bool:
    return is_marker(op) and op.get_attr(SPREAD)
