"""DeepLIFT's rules for ops in which features meet: products, quotients, the larger of two, max pooling, softmax.

Each splits the change of the op's output among the changes of its inputs so that nothing is lost, as the rescale rule
does for one input (Shrikumar et al. 2017, eq. 1: the contributions add up to the change of the output).
"""
from typing import Any, Callable, Dict, List, Optional, Sequence

import tensorflow.compat.v1 as tf

from ..graph.compat import registered_gradient
from ..graph.units import PRODUCTS

Gradients = List[Optional[tf.Tensor]]


def bilinear(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """A product of two tensors: the ordinary gradient with both inputs midway between reference and input.

    Exact for bilinear ops, where change(a b) = mean(b) change(a) + mean(a) change(b): the Shapley values of the two
    changes (Lundberg and Lee 2017, eq. 4).
    """
    middle = at([0.5 * (x + x_ref) if x.dtype.is_floating else x for x, x_ref in zip(op.inputs, reference.inputs)])
    result = registered_gradient(op.type)(middle, grad)
    return list(result) if isinstance(result, (list, tuple)) else [result]


def quotient(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """a / b as the product of a and 1 / b, the latter by the rescale rule: -1 / (b b_ref)."""
    (a, b), (a_ref, b_ref) = op.inputs, reference.inputs
    return [summed_to(grad * 0.5 * (1 / b + 1 / b_ref), a), summed_to(-grad * 0.5 * (a + a_ref) / (b * b_ref), b)]


def extreme_of_two(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                   at: Callable[..., tf.Operation]) -> Gradients:
    """The larger or smaller of two tensors: the Shapley values of the two changes (Lundberg and Lee 2017, eq. 4)."""
    f = tf.maximum if op.type == 'Maximum' else tf.minimum
    (a, b), (a_ref, b_ref) = op.inputs, reference.inputs
    of_a = 0.5 * (f(a, b_ref) - f(a_ref, b_ref) + f(a, b) - f(a_ref, b))
    of_b = 0.5 * (f(a_ref, b) - f(a_ref, b_ref) + f(a, b) - f(a, b_ref))
    return [summed_to(grad * _ratio(of_a, a - a_ref), a), summed_to(grad * _ratio(of_b, b - b_ref), b)]


def winner(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """Max pooling and maxima: what the output gains goes to the winner at the input, what it loses to the reference's.

    With c the larger of both outputs, the change is (c - y_ref) + (y - c); the first part is credited to the place
    where the input is largest, the second to that where the reference is (the rule of SHAP's DeepExplainer).
    """
    y, y_ref = op.outputs[0], reference.outputs[0]
    crossed = (tf.minimum if op.type == 'Min' else tf.maximum)(y, y_ref)
    ordinary = registered_gradient(op.type)
    credit = _first(ordinary(op, grad * (crossed - y_ref))) + _first(ordinary(reference, grad * (y - crossed)))
    return [_ratio(credit, op.inputs[0] - reference.inputs[0])] + [None] * (len(op.inputs) - 1)


def softmax(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """Softmax as exp(x - log sum exp x): the rescale rule for each exp, for the log, and the sum between them."""
    x, x_ref = op.inputs[0], reference.inputs[0]
    change = x - x_ref
    log_sum, log_sum_ref = [tf.reduce_logsumexp(one, -1, keepdims=True) for one in (x, x_ref)]
    outer = grad * _ratio(op.outputs[0] - reference.outputs[0], change - (log_sum - log_sum_ref),
                          tf.sqrt(op.outputs[0] * reference.outputs[0]))
    # Shifted by the same amount, so that no exp overflows.
    top = tf.reduce_max(tf.maximum(x, x_ref), -1, keepdims=True)
    e, e_ref = tf.exp(x - top), tf.exp(x_ref - top)
    inner = _ratio(e - e_ref, change, tf.exp(0.5 * (x + x_ref) - top))
    sum_change = tf.reduce_sum(e - e_ref, -1, keepdims=True)
    of_log = _ratio(log_sum - log_sum_ref, sum_change, 1 / tf.reduce_sum(0.5 * (e + e_ref), -1, keepdims=True))
    return [outer - tf.reduce_sum(outer, -1, keepdims=True) * of_log * inner]


def squared_difference(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                       at: Callable[..., tf.Operation]) -> Gradients:
    """(a - b)^2 by the rescale rule of the square: the multiplier of the difference is its sum with the reference's."""
    (a, b), (a_ref, b_ref) = op.inputs, reference.inputs
    outer = grad * ((a - b) + (a_ref - b_ref))
    return [summed_to(outer, a), summed_to(-outer, b)]


#: Op type -> its rule.
JOINT: Dict[str, Callable[..., Gradients]] = {'Maximum': extreme_of_two, 'Minimum': extreme_of_two, 'Softmax': softmax}
JOINT['SquaredDifference'] = squared_difference
JOINT.update((op_type, bilinear) for op_type in PRODUCTS)
JOINT.update((op_type, quotient) for op_type in ('RealDiv', 'Div'))
JOINT.update((op_type, winner) for op_type in ('MaxPool', 'MaxPoolV2', 'MaxPool3D', 'Max', 'Min'))


#: Further functions of one number, which take the rescale rule as well.
ELEMENTARY = frozenset('Square Sqrt Rsqrt Reciprocal Inv Pow Log Log1p Abs Sin Cos Atan Sinh Cosh Asinh'.split())


def _first(gradients: Any) -> tf.Tensor:
    return gradients[0] if isinstance(gradients, (list, tuple)) else gradients


def _ratio(numerator: tf.Tensor, denominator: tf.Tensor, instead: Optional[tf.Tensor] = None) -> tf.Tensor:
    """numerator / denominator, and where the denominator is next to 0 something else (by default 0)."""
    near = tf.abs(denominator) <= tf.constant(1e-7, denominator.dtype)
    safe = tf.where_v2(near, tf.ones_like(denominator), denominator)
    return tf.where_v2(near, tf.zeros_like(numerator) if instead is None else instead, numerator / safe)


def summed_to(value: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Undo the broadcasting of x to the shape of the value."""
    axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(value))[0]
    return tf.reshape(tf.reduce_sum(value, axes), tf.shape(x))


def added(tensors: Sequence[tf.Tensor]) -> Any:
    """The sum of tensors, broadcast, as add_n does not."""
    total: Any = tensors[0]
    for tensor in tensors[1:]:
        total = total + tensor
    return total
