"""Normalisation by the data themselves: the divisor is held fixed, and what remains is linear."""
from typing import List, Optional

import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..graph.units import BATCH_NORMS
from ..rules.sizes import is_size
from .sums import Ahead, Step, alone

#: They move numbers about, and pick some.
MOVES = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape StopGradient Reshape Squeeze ExpandDims Transpose BroadcastTo Tile Cast
    StridedSlice Slice GatherV2
    '''.split())

#: Roots, powers and inverses leave a size a size.
_POWERS = frozenset('Sqrt Rsqrt Pow Reciprocal Inv Square Abs Neg'.split())

#: Sizes and constants may be added to sizes, taken from them or multiplied.
_MEETS = frozenset('Add AddV2 AddN Sub BiasAdd Mul RealDiv Div DivNoNan Maximum Minimum Select SelectV2'.split())

#: Over many numbers.
REDUCTIONS = frozenset('Sum Mean Max EuclideanNorm L2Loss AvgPool'.split())
_LINEAR = frozenset('MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum Conv2D DepthwiseConv2dNative'.split())

#: How many ops back are looked at.
_DEPTH = 20


def is_measure(tensor: tf.Tensor, path: Path, depth: int = _DEPTH) -> bool:
    """Whether a tensor that depends on X measures many numbers: a sum, a mean, a norm, a deviation, or a power."""
    op = tensor.op
    if op.type in REDUCTIONS:
        return True
    if op.type in BATCH_NORMS:
        return tensor.value_index > 0
    if op.type in _LINEAR:
        return any(path.depends(one) and is_size(one) for one in op.inputs)
    if not depth or op.type not in MOVES | _POWERS | _MEETS:
        return False
    inputs = [one for one in op.inputs if path.depends(one) and one.dtype.is_floating]
    return bool(inputs) and all(is_measure(one, path, depth - 1) for one in inputs)


def is_inverse(tensor: tf.Tensor, path: Path, depth: int = _DEPTH) -> bool:
    """Whether a tensor is 1 / (what depends on X), moved about, scaled or limited by what does not depend on X."""
    op = tensor.op
    if not path.depends(tensor) or not depth:
        return False
    if op.type in ('Rsqrt', 'Reciprocal', 'Inv'):
        return True
    if op.type == 'Pow':
        power = tf.get_static_value(op.inputs[1])
        return power is not None and bool((power < 0).all())
    if op.type in ('RealDiv', 'Div', 'DivNoNan', 'Xdivy') and path.depends(op.inputs[1]):
        return not path.depends(op.inputs[0])
    if op.type not in MOVES | frozenset('RealDiv Div DivNoNan Mul MulNoNan Minimum Maximum Select SelectV2'.split()):
        return False
    inputs = [one for one in op.inputs if path.depends(one) and one.dtype.is_floating]
    return bool(inputs) and all(is_inverse(one, path, depth - 1) for one in inputs)


def divisors(op: tf.Operation, path: Path) -> List[int]:
    """Where a product or a quotient has what it divides by, if that measures what is divided."""
    if op.type in ('Mul', 'MulNoNan'):
        found = [i for i in (0, 1) if is_inverse(op.inputs[i], path) and is_measure(op.inputs[i], path)]
        return found if len(found) == 1 else []
    return [1] if is_measure(op.inputs[1], path) else []


def fused_step(places: List[int], ahead: Ahead) -> Step:
    """Normalisation by mean and variance in one op: y = gamma c / sigma + beta with c = x - mean(x), sigma held fixed.

    R_i = x_i (S_i - mean_j S_j) with S_j = R_j gamma / (sigma y_j): the z rule of this linear map, beta as a bias
    (Ali et al. 2022, section 4.2; Achtibat et al. 2024, proposition 3.4).
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        kind = op.get_attr('data_format').decode()
        axes = [i for i, axis in enumerate(kind) if axis != 'C']
        x = op.inputs[0]
        mean = tf.reduce_mean(x, axes, keepdims=True)
        variance = tf.reduce_mean(tf.square(x - mean), axes, keepdims=True)
        shape = [-1 if axis == 'C' else 1 for axis in kind]
        gain, shift = [tf.cast(tf.reshape(one, shape), x.dtype) for one in op.inputs[1:3]]
        scale = gain * tf.math.rsqrt(variance + op.get_attr('epsilon'))
        total = (x - mean) * scale + (shift if ahead.bias else 0)
        signal = tf.math.divide_no_nan(R * scale, total)
        stray = tf.where_v2(tf.equal(total, 0), R, tf.zeros_like(R))
        return alone(op, 0, x * (signal - tf.reduce_mean(signal, axes, keepdims=True)) + stray)
    return step


def whole_step(places: List[int], ahead: Ahead) -> Step:
    """Local response normalisation: what divides is held fixed, and a number that is divided keeps its relevance."""
    return lambda op, R: alone(op, 0, R)
