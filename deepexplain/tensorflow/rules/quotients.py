"""The change of an activation over that of its input, as exact as the input's digits allow, however small both are."""
from typing import Callable, Dict, Optional

import numpy as np
import tensorflow.compat.v1 as tf

#: |x - x_ref| up to here counts as no change, unless the function has a kink there.
NEAR = 1e-5

#: What comes out is what went in, its negative or a constant, digit by digit: differences of these are exact.
DIGITWISE = frozenset(['Relu6', 'Minimum', 'Maximum', 'Abs'])

#: Their derivative is finite everywhere.
SMOOTH = frozenset(['Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'Erf', 'Erfc', 'Exp', 'Expm1'])


def relu(x: tf.Tensor, y: tf.Tensor, x_ref: tf.Tensor) -> tf.Tensor:
    """(y - y_ref) / (x - x_ref) for y = max(x, 0), with the fewest passes over memory; 0 where both are 0.

    Of two numbers of one sign the quotient is 1 or 0, of two signs it is the positive one over the distance: in each
    case the sum of the positive parts over that of the sizes, in which nothing cancels, also where x = x_ref.
    """
    if x.dtype.size < 4:  # Sums of halves may be larger than any half.
        return tf.cast(relu(*[tf.cast(one, tf.float32) for one in (x, y, x_ref)]), x.dtype)
    return tf.math.divide_no_nan(y + tf.nn.relu(x_ref), tf.abs(x) + tf.abs(x_ref))


def _leaky_relu(op: tf.Operation, x: tf.Tensor, y: tf.Tensor, x_ref: tf.Tensor, y_ref: tf.Tensor) -> tf.Tensor:
    above = relu(x, tf.nn.relu(x), x_ref)
    return above + op.get_attr('alpha') * (1 - above)


def _rsqrt(op: tf.Operation, x: tf.Tensor, y: tf.Tensor, x_ref: tf.Tensor, y_ref: tf.Tensor) -> tf.Tensor:
    y, y_ref = bounded(y), bounded(y_ref)
    return bounded(-y * y_ref * (y * (y_ref / (y + y_ref))), 1)


def digit(dtype: tf.DType) -> float:
    """The last binary digit of 1."""
    return 2. ** -7 if dtype == tf.bfloat16 else float(np.finfo(dtype.as_numpy_dtype).eps)


def bounded(x: tf.Tensor, power: float = .6) -> tf.Tensor:
    """Large numbers in place of infinite ones: at a pole whose value is limited further on, as in min(1 / x, 5).

    Args:
        power: of the largest number that there is; for halves that itself.
    """
    largest = float(x.dtype.max)
    limit = largest ** power if largest > 1e30 else largest
    return tf.clip_by_value(x, tf.constant(-limit, x.dtype), tf.constant(limit, x.dtype))


#: Op type -> its quotient without differences; 0 where the derivative is infinite.
CLOSED: Dict[str, Callable[..., tf.Tensor]] = {
    'Relu': lambda op, x, y, x_ref, y_ref: relu(x, y, x_ref),
    'LeakyRelu': _leaky_relu,
    'Square': lambda op, x, y, x_ref, y_ref: x + x_ref,
    'Sqrt': lambda op, x, y, x_ref, y_ref: tf.math.divide_no_nan(tf.ones_like(y), y + y_ref),
    'Reciprocal': lambda op, x, y, x_ref, y_ref: bounded(-bounded(y) * bounded(y_ref), 1),
    'Inv': lambda op, x, y, x_ref, y_ref: bounded(-bounded(y) * bounded(y_ref), 1),
    'Rsqrt': _rsqrt,
}


def quotient(rule: str, x: tf.Tensor, y: tf.Tensor, x_ref: tf.Tensor, y_ref: tf.Tensor,
             derivative: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    """(y - y_ref) / (x - x_ref), and where the digits of it are lost the derivative at the midpoint.

    They are lost where both sides of y - y_ref = derivative * (x - x_ref) are the same but for rounding; nearer by
    than 1e-5 activations are taken to be rounded like numbers of size 1.

    Args:
        rule: the op type, or '' for a function of several ops.
        derivative: gives the derivative at a tensor of points.
    """
    if rule not in SMOOTH:
        x, y, x_ref, y_ref = [bounded(one) for one in (x, y, x_ref, y_ref)]
    dx, dy = x - x_ref, y - y_ref
    slope = derivative(x - 0.5 * dx)
    if rule in DIGITWISE:
        lost = tf.equal(dx, tf.zeros_like(dx))
    else:
        rounding = 2 * digit(x.dtype)
        near = tf.cast(tf.abs(dx) <= tf.constant(NEAR, dx.dtype), dx.dtype)
        lost = tf.abs(dy - slope * dx) <= rounding * (tf.abs(y) + tf.abs(y_ref) + near)
        if rule not in SMOOTH:
            zero = tf.zeros_like(dx)
            slope = tf.where_v2(tf.math.is_finite(slope), slope, zero)
            lost = tf.logical_or(lost, tf.equal(dx, zero))
    # The branch that is not taken must not divide by zero: NaN would survive a second gradient.
    return tf.where_v2(lost, slope, dy / tf.where_v2(lost, tf.raw_ops.OnesLike(x=dx), dx))


def ratio(numerator: tf.Tensor, denominator: tf.Tensor, instead: Optional[tf.Tensor] = None) -> tf.Tensor:
    """numerator / denominator, and where the denominator is 0 something else (by default 0)."""
    none = tf.equal(denominator, 0)
    safe = tf.where_v2(none, tf.ones_like(denominator), denominator)
    return tf.where_v2(none, tf.zeros_like(numerator) if instead is None else instead, numerator / safe)


def of_exp(larger: tf.Tensor, change: tf.Tensor) -> tf.Tensor:
    """The quotient of exp between two points, given the larger of its values and the distance of the points."""
    distance = tf.abs(change)
    return larger * ratio(-tf.math.expm1(-distance), distance, tf.ones_like(distance))
