"""Products and quotients of tensors that both depend on X, number by number."""
from typing import List, Optional, Sequence

import tensorflow.compat.v1 as tf

from ..rules.joint import passed_to
from .sums import Ahead, Step, alone, shared_among

#: Elementwise products, and quotients: the product of a and 1 / b.
PRODUCTS = frozenset(['Mul', 'MulNoNan'])
QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan', 'Xdivy'])


def share_step(places: List[int], weights: Sequence[float], ahead: Ahead) -> Step:
    """A product a b: each factor has half of the relevance (Achtibat et al. 2024, proposition 3.2, for two factors).

    A quotient is the product of a and 1 / b, and 1 / b a function of one number, which relevance passes unchanged.
    What an op has broadcast has the sum of what comes to its copies. With one place alone, that factor has all.

    Args:
        weights: the parts of the inputs, which are products themselves where there are more than two factors.
    """
    whole = sum(weights[i] for i in places)

    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        return [passed_to(R * (weights[i] / whole) if len(places) > 1 else R, op, i) if i in places else None
                for i in range(len(op.inputs))]
    return step


def gated_step(gate: int, weights: Sequence[float], ahead: Ahead) -> Step:
    """A product with a gate g between 0 and 1 that is broadcast to many numbers, as squeeze-and-excite has it.

    The gate has |2 g - 1| of its part, half, the other factor the rest. A gate that is open for sure, or closed, has
    its half; at 1/2 it is undecided, and the layer before its sigmoid puts out 0: it would multiply what it had beyond
    all bounds, in each of the many blocks of such networks.
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        g = op.inputs[gate]
        share = weights[gate] / sum(weights) * R * tf.abs(2 * g - 1)
        return [passed_to(share if i == gate else R - share, op, i) for i in (0, 1)]
    return step


def difference_step(places: List[int], ahead: Ahead) -> Step:
    """(a - b)^2: the square is a function of the difference, which shares as any sum does."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        parts = {0: op.inputs[0], 1: -op.inputs[1]}
        of = shared_among(parts, R, parts[0] + parts[1], ahead.bounded, 2, lambda: tf.abs(parts[0]) + tf.abs(parts[1]))
        return [passed_to(of(i), op, i) for i in (0, 1)]
    return step


def product_over_step(places: List[int], ahead: Ahead) -> Step:
    """A product over axes: each of its n factors has the n-th part (Achtibat et al. 2024, proposition 3.2)."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        return alone(op, 0, _spread(op, R, tf.ones_like(op.inputs[0])))
    return step


def norm_step(places: List[int], ahead: Ahead) -> Step:
    """The root of a sum of squares, or half the sum: root and squares are functions, the sum shares as sums do."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        x = op.inputs[0]
        squares = tf.square(tf.math.divide_no_nan(x, tf.reduce_max(tf.abs(x)) + tf.zeros_like(x)))
        return alone(op, 0, _spread(op, R, squares))
    return step


def _spread(op: tf.Operation, R: tf.Tensor, sizes: tf.Tensor) -> tf.Tensor:
    """The relevance of what a reduction puts out, shared in proportion to some sizes, evenly where all are 0."""
    axes = op.inputs[1] if len(op.inputs) > 1 else tf.range(tf.rank(op.inputs[0]))
    total = tf.reduce_sum(sizes, axes, keepdims=True)
    sizes = tf.where_v2(tf.equal(total, 0), tf.ones_like(sizes), sizes)
    return sizes * (tf.reshape(R, tf.shape(total)) / tf.reduce_sum(sizes, axes, keepdims=True))


def is_broadcast(op: tf.Operation, i: int) -> bool:
    """Whether a product lays an input over several numbers of the other, or over pictures, be they of one pixel."""
    x, y = op.inputs[i].shape, op.outputs[0].shape
    if x.ndims is None or y.ndims is None:
        return False
    return x.ndims < y.ndims or any(a == 1 and (b != 1 or axis and x.ndims > 3) for axis, (a, b) in enumerate(
        zip(x.as_list(), y.as_list())))
