"""DeepLIFT's rules for ops over many features: maxima, softmax, products and norms over axes, layer normalisation."""
from typing import Any, Callable, List, Optional

import tensorflow.compat.v1 as tf

from ..graph.compat import registered_gradient
from .quotients import digit, of_exp, ratio

Gradients = List[Optional[tf.Tensor]]


def winner(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """Max pooling and maxima: what the output gains goes to the winner at the input, what it loses to the reference's.

    With c the larger of both outputs, the change is (c - y_ref) + (y - c); the first part is credited to the place
    where the input is largest, the second to that where the reference is (the rule of SHAP's DeepExplainer).
    """
    y, y_ref = op.outputs[0], reference.outputs[0]
    crossed = (tf.minimum if 'Min' in op.type else tf.maximum)(y, y_ref)

    def ordinary(one: tf.Operation, arriving: tf.Tensor) -> tf.Tensor:
        return _first(registered_gradient(one.type)(one, arriving, *[None] * (len(one.outputs) - 1)))

    credit = ordinary(op, grad * (crossed - y_ref)) + ordinary(reference, grad * (y - crossed))
    unchanged = 0.5 * (ordinary(op, grad) + ordinary(reference, grad))
    return [ratio(credit, op.inputs[0] - reference.inputs[0], unchanged)] + [None] * (len(op.inputs) - 1)


def softmax(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """Softmax as exp(x - log sum exp x): the rescale rule for each exp, for the log, and the sum between them."""
    y, y_ref = op.outputs[0], reference.outputs[0]
    change, of_sum, sum_change = _log_sum_exp(op.inputs[0], reference.inputs[0])
    outer = grad * of_exp(tf.maximum(y, y_ref), change - sum_change)
    return [outer - tf.reduce_sum(outer, -1, keepdims=True) * of_sum]


def log_softmax(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                at: Callable[..., tf.Operation]) -> Gradients:
    """x - log sum exp x, likewise."""
    of_sum = _log_sum_exp(op.inputs[0], reference.inputs[0])[1]
    return [grad - tf.reduce_sum(grad, -1, keepdims=True) * of_sum]


def _log_sum_exp(x: tf.Tensor, x_ref: tf.Tensor) -> List[tf.Tensor]:
    """The change of x, the multiplier of log sum exp x over the last axis, and the change of that."""
    # What is masked by -inf does not change.
    change = tf.where_v2(tf.equal(x, x_ref), tf.zeros_like(x), x - x_ref)
    log_sum, log_sum_ref = [tf.reduce_logsumexp(one, -1, keepdims=True) for one in (x, x_ref)]
    # Shifted by the same amount, so that no exp overflows.
    top = tf.reduce_max(tf.maximum(x, x_ref), -1, keepdims=True)
    e, e_ref = tf.exp(x - top), tf.exp(x_ref - top)
    both, difference = tf.reduce_sum(e + e_ref, -1, keepdims=True), tf.reduce_sum(e - e_ref, -1, keepdims=True)
    # Of near numbers the quotient of the log is lost in rounding, and the derivative at the midpoint is as good.
    near = tf.abs(difference) <= digit(x.dtype) ** (1 / 3) * both
    of_log = ratio(log_sum - log_sum_ref, tf.where_v2(near, tf.zeros_like(difference), difference), 2 / both)
    return [change, of_log * of_exp(tf.maximum(e, e_ref), change), log_sum - log_sum_ref]


def product_over(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                 at: Callable[..., tf.Operation]) -> Gradients:
    """A product over axes: the factors change one after another, the mean of the order that they stand in and back."""
    x = op.inputs[0]
    rank, shape = tf.rank(x), tf.shape(x)
    axes = tf.math.floormod(tf.cast(tf.reshape(op.inputs[1], [-1]), tf.int32), rank)
    others = tf.setdiff1d(tf.range(rank), axes)[0]
    order = tf.concat([others, axes], 0)
    flat = tf.stack([tf.reduce_prod(tf.gather(shape, others)), tf.reduce_prod(tf.gather(shape, axes))])
    before, after, before_ref, after_ref = [
        tf.cumprod(tf.reshape(tf.transpose(one, order), flat), 1, exclusive=True, reverse=reverse)
        for one in (x, reference.inputs[0]) for reverse in (False, True)]
    result = tf.reshape(grad, [-1, 1]) * 0.5 * (before * after_ref + before_ref * after)
    return [tf.transpose(tf.reshape(result, tf.gather(shape, order)), tf.math.invert_permutation(order)), None]


def norm(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """The root of a sum of squares over axes: the rescale rule of the squares and of the root."""
    kept = tf.shape(tf.reduce_sum(op.inputs[0], op.inputs[1], keepdims=True))
    arriving = tf.reshape(tf.math.divide_no_nan(grad, op.outputs[0] + reference.outputs[0]), kept)
    return [arriving * (op.inputs[0] + reference.inputs[0]), None]


def half_square(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                at: Callable[..., tf.Operation]) -> Gradients:
    """Half the sum of all squares."""
    return [grad * 0.5 * (op.inputs[0] + reference.inputs[0])]


def normalisation(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                  at: Callable[..., tf.Operation]) -> Gradients:
    """Normalisation by the data's own mean and variance, as layer normalisation is made of: see `joint.scaled`."""
    kind = op.get_attr('data_format').decode()
    axes = [i for i, axis in enumerate(kind) if axis != 'C']

    def parts(x: tf.Tensor) -> List[tf.Tensor]:
        centred = x - tf.reduce_mean(x, axes, keepdims=True)
        variance = tf.reduce_mean(tf.square(centred), axes, keepdims=True)
        return [centred, tf.math.rsqrt(variance + op.get_attr('epsilon'))]

    (c, b), (c_ref, b_ref) = parts(op.inputs[0]), parts(reference.inputs[0])
    outer = grad * tf.reshape(op.inputs[1], [-1 if axis == 'C' else 1 for axis in kind])
    both = b + b_ref
    of_b = tf.reduce_sum(outer * (c * (b / both) + c_ref * (b_ref / both)), axes, keepdims=True)
    of_variance = -of_b * b * b_ref * (b * b_ref / both)
    count = tf.cast(tf.size(c) // tf.size(b), c.dtype)
    of_c = outer * (2 * b * (b_ref / both)) + of_variance * (c + c_ref) / count
    return [of_c - tf.reduce_mean(of_c, axes, keepdims=True)] + [None] * (len(op.inputs) - 1)


def _first(gradients: Any) -> tf.Tensor:
    return gradients[0] if isinstance(gradients, (list, tuple)) else gradients
