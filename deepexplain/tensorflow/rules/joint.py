"""DeepLIFT's rules for ops in which features meet: products, quotients, the larger of two, and those of `reductions`.

Each splits the change of the op's output among the changes of its inputs so that nothing is lost, as the rescale rule
does for one input (Shrikumar et al. 2017, eq. 1: the contributions add up to the change of the output).
"""
from typing import Any, Callable, Dict, Sequence, Tuple

import tensorflow.compat.v1 as tf

from ..graph.compat import registered_gradient
from ..graph.kinds import BATCH_NORMS, FLAT, PRODUCTS
from ..graph.path import Path
from .quotients import ratio
from .reductions import (
    Gradients,
    half_square,
    log_softmax,
    norm,
    normalisation,
    product_over,
    softmax,
    winner,
)
from .sizes import is_divisor, is_size

#: A divisor that changes by more than this factor is passed as a size is.
DEGENERATE = 30


def bilinear(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """A product of two tensors: the ordinary gradient with both inputs midway between reference and input.

    Exact for bilinear ops, where change(a b) = mean(b) change(a) + mean(a) change(b): the Shapley values of the two
    changes (Lundberg and Lee 2017, eq. 4).
    """
    middle = at([0.5 * (x + x_ref) if x.dtype.is_floating or x.dtype.is_complex else x
                 for x, x_ref in zip(op.inputs, reference.inputs)])
    result = registered_gradient(op.type)(middle, grad)
    return list(result) if isinstance(result, (list, tuple)) else [result]


def product(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """An elementwise product, one factor of which may be what the other is normalised by."""
    divisors = [is_divisor(one, one_ref) for one, one_ref in zip(op.inputs, reference.inputs)]
    if divisors[0] == divisors[1]:
        return bilinear(op, reference, grad, at)
    place = divisors.index(True)
    of_a, of_b = scaled(op.inputs[1 - place], op.inputs[place], reference.inputs[1 - place], reference.inputs[place])
    gradients = [summed_to(grad * of_a, op.inputs[1 - place]), summed_to(grad * of_b, op.inputs[place])]
    return gradients[::-1] if place == 0 else gradients


def scaled(a: tf.Tensor, b: tf.Tensor, a_ref: tf.Tensor, b_ref: tf.Tensor) -> Tuple[tf.Tensor, tf.Tensor]:
    """The multipliers of a and b in a b, b the inverse of a size, which is near 0 where there is nothing to normalise.

    change(a b) = (u b + v b_ref) change(a) + (v a + u a_ref) change(b) for all u + v = 1. Halves, as in `bilinear`,
    are huge numbers that cancel out where b_ref = 1 / sqrt(1e-12) and b = 1. With u = b_ref / (b + b_ref) the first
    multiplier is one over the mean of the two sizes, and both products are no larger than a b and a_ref b_ref are.
    """
    size, size_ref = tf.abs(b), tf.abs(b_ref)
    u, v = ratio(size_ref, size + size_ref), ratio(size, size + size_ref)
    return u * b + v * b_ref, v * a + u * a_ref


def quotient(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor, at: Callable[..., tf.Operation]) -> Gradients:
    """a / b as the product of a and 1 / b, the latter by the rescale rule: -1 / (b b_ref).

    Where b is a size (a norm, a sum of exps) or changes by orders of magnitude, as a = y b with y = a / b:
    change(a) = mean(b) change(y) + mean(y) change(b), which stays finite where one of the sizes is next to 0.
    """
    (a, b), (a_ref, b_ref) = op.inputs, reference.inputs
    both = b + b_ref
    as_size = [ratio(2 + tf.zeros_like(both), both), -ratio(op.outputs[0] + reference.outputs[0], both)]
    size = is_size(op.inputs[1])
    if op.type in ('RealDiv', 'Div'):
        if size:
            return [summed_to(grad * as_size[0], a), summed_to(grad * as_size[1], b)]
        inverse, inverse_ref = 1 / b, 1 / b_ref
        of_inverse = -inverse * inverse_ref
    else:  # 0 where b is.
        inverse, inverse_ref = [tf.math.divide_no_nan(tf.ones_like(one), one) for one in (b, b_ref)]
        none = tf.logical_or(tf.equal(b, 0), tf.equal(b_ref, 0))
        of_inverse = tf.where_v2(none, ratio(inverse - inverse_ref, b - b_ref), -inverse * inverse_ref)
    far = b * b_ref > 0 if size else tf.logical_and(b * b_ref > 0, b * b + b_ref * b_ref > DEGENERATE * b * b_ref)
    of_a, of_b = [tf.where_v2(far, one, other) for one, other in zip(
        as_size, (0.5 * (inverse + inverse_ref), 0.5 * (a + a_ref) * of_inverse))]
    return [summed_to(grad * of_a, a), summed_to(grad * of_b, b)]


def product_with_log(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                     at: Callable[..., tf.Operation]) -> Gradients:
    """a log b, 0 where a is: the product of a and log b, the latter by the rescale rule."""
    (a, b), (a_ref, b_ref) = op.inputs, reference.inputs
    log, log_ref = tf.math.log(b), tf.math.log(b_ref)
    of_log = ratio(log - log_ref, b - b_ref, 1 / b)
    # A product with 0 is the same whatever the other factor is.
    none, none_ref = tf.equal(a, 0), tf.equal(a_ref, 0)
    log, log_ref = tf.where_v2(none, log_ref, log), tf.where_v2(none_ref, log, log_ref)
    of_log = tf.where_v2(tf.logical_or(none, none_ref), tf.zeros_like(of_log), of_log)
    return [summed_to(grad * 0.5 * (log + log_ref), a), summed_to(grad * 0.5 * (a + a_ref) * of_log, b)]


def extreme_of_two(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                   at: Callable[..., tf.Operation]) -> Gradients:
    """The larger or smaller of two tensors: the Shapley values of the two changes (Lundberg and Lee 2017, eq. 4)."""
    f, wins, loses = ((tf.maximum, tf.greater_equal, tf.less) if op.type == 'Maximum' else
                      (tf.minimum, tf.less_equal, tf.greater))
    (a, b), (a_ref, b_ref) = op.inputs, reference.inputs
    of_a = 0.5 * (f(a, b_ref) - f(a_ref, b_ref) + f(a, b) - f(a_ref, b))
    of_b = 0.5 * (f(a_ref, b) - f(a_ref, b_ref) + f(a, b) - f(a, b_ref))

    def share(of_one: tf.Tensor, change: tf.Tensor, *tests: tf.Tensor) -> tf.Tensor:
        """What does not change has its derivative, with the other one before and after its change."""
        return grad * ratio(of_one, change + tf.zeros_like(of_one),
                            0.5 * added([tf.cast(test, of_one.dtype) for test in tests]) + tf.zeros_like(of_one))

    # TensorFlow's own gradient gives a tie to the first.
    return [summed_to(share(of_a, a - a_ref, wins(a, b_ref), wins(a, b)), a),
            summed_to(share(of_b, b - b_ref, loses(a_ref, b), loses(a, b)), b)]


def squared_difference(op: tf.Operation, reference: tf.Operation, grad: tf.Tensor,
                       at: Callable[..., tf.Operation]) -> Gradients:
    """(a - b)^2 by the rescale rule of the square: the multiplier of the difference is its sum with the reference's."""
    (a, b), (a_ref, b_ref) = op.inputs, reference.inputs
    outer = grad * ((a - b) + (a_ref - b_ref))
    return [summed_to(outer, a), summed_to(-outer, b)]


#: Op type -> its rule.
JOINT: Dict[str, Callable[..., Gradients]] = dict.fromkeys(PRODUCTS, bilinear)
JOINT.update(dict.fromkeys(('Mul', 'MulNoNan'), product))
JOINT.update(dict.fromkeys(('RealDiv', 'Div', 'DivNoNan', 'Xdivy'), quotient))
JOINT.update(dict.fromkeys(('Maximum', 'Minimum'), extreme_of_two))
JOINT.update(dict.fromkeys('''
    MaxPool MaxPoolV2 MaxPool3D MaxPoolWithArgmax Max Min SegmentMax SegmentMin UnsortedSegmentMax UnsortedSegmentMin
    TopK TopKV2
    '''.split(), winner))
JOINT.update(dict.fromkeys(BATCH_NORMS, normalisation))
JOINT.update(SquaredDifference=squared_difference, Xlogy=product_with_log, Softmax=softmax, LogSoftmax=log_softmax,
             Prod=product_over, EuclideanNorm=norm, L2Loss=half_square)

#: Further functions of one number, which take the rescale rule as well; steps too.
ELEMENTARY = FLAT | frozenset('''
    Square Sqrt Rsqrt Reciprocal Inv Pow Log Log1p Abs Sin Cos Tan Asin Acos Atan Sinh Cosh Asinh Acosh Atanh Xlogy
    Erfinv Ndtri Lgamma Digamma BesselI0e BesselI1e FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
    '''.split())


def takes(op: tf.Operation, path: Path) -> bool:
    """Whether the rule for an op's type is right for the op."""
    depends = [path.depends(tensor) for tensor in op.inputs]
    if op.type in BATCH_NORMS:
        # One sample on the first axis: what is normalised are the channels, which Keras makes of the samples.
        first = op.inputs[0].shape.ndims and op.inputs[0].shape.as_list()[0]
        return op.get_attr('is_training') and first == 1 and not any(depends[1:])
    if op.type in ('TopK', 'TopKV2'):
        # The second largest may be what it was and yet rise to be the largest.
        return (op.get_attr('k') if op.type == 'TopK' else tf.get_static_value(op.inputs[1])) == 1
    return op.type not in PRODUCTS or sum(depends) <= 2


def summed_to(value: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Undo the broadcasting of x to the shape of the value."""
    axes = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(value))[0]
    return tf.reshape(tf.reduce_sum(value, axes), tf.shape(x))


def is_whole(op: tf.Operation, place: int) -> bool:
    """Whether an input of an op that broadcasts has certainly the shape of the output already."""
    if op.type in ('AddN', 'AccumulateNV2') or op.type in ('BiasAdd', 'BiasAddV1') and place == 0:
        return True
    sizes = op.inputs[place].shape
    if sizes.ndims is None:
        return False
    for other in (tensor.shape for i, tensor in enumerate(op.inputs) if i != place):
        if other.ndims is None or other.ndims > sizes.ndims:
            return False
        mine = sizes.as_list()[sizes.ndims - other.ndims:]
        if any(size in (None, 1) and against != 1 for size, against in zip(mine, other.as_list())):
            return False
    return True


def passed_to(value: tf.Tensor, op: tf.Operation, place: int) -> tf.Tensor:
    """What has the shape of an op's output, in that of an input, which the op may broadcast."""
    # To ask an unfinished sum for its shape would keep TensorFlow from fusing it with what follows.
    return value if is_whole(op, place) else summed_to(value, op.inputs[place])


def added(tensors: Sequence[tf.Tensor]) -> Any:
    """The sum of tensors, broadcast, as add_n does not."""
    total: Any = tensors[0]
    for tensor in tensors[1:]:
        total = total + tensor
    return total
