"""Normalisation by the data themselves: the divisor is held fixed, and what remains is linear."""
from typing import Dict, List, Optional, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import static_value
from ..graph.kinds import BATCH_NORMS
from ..graph.path import Path
from ..rules.sizes import is_size
from .alignment import value_key
from .sums import Ahead, Step, alone

#: They move numbers about, and pick some.
MOVES = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape StopGradient Reshape Squeeze ExpandDims Transpose BroadcastTo Tile Cast
    StridedSlice Slice GatherV2
    '''.split())

_POWERS = {'Sqrt': .5, 'Rsqrt': -.5, 'Reciprocal': -1., 'Inv': -1., 'Square': 2., 'Abs': 1., 'Neg': 1.}

#: Sizes and constants may be added to sizes, taken from them, or chosen.
_MEETS = frozenset('Add AddV2 AddN Sub BiasAdd Maximum Minimum ClipByValue Select SelectV2'.split())

_QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan', 'Xdivy'])
#: Over many numbers.
REDUCTIONS = frozenset('Sum Mean Max EuclideanNorm L2Loss AvgPool'.split())
_LINEAR = frozenset('MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum Conv2D DepthwiseConv2dNative'.split())
DIAGONALS = frozenset(['MatrixDiagPart', 'MatrixDiagPartV2', 'MatrixDiagPartV3'])

#: How many ops back are looked at.
_DEPTH = 24


class Measures:
    """What in a path measures many numbers: a sum, a mean, a norm, a deviation, or a power of one, in any words."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: Dict[Tuple[str, bool], Optional[float]] = {}

    def degree(self, tensor: tf.Tensor) -> Optional[float]:
        """Which power of a measure a tensor is: 1 for a sum, -.5 for one over its root; 0 or None if it is none."""
        return self._of(tensor, False, _DEPTH)

    def divisors(self, op: tf.Operation) -> List[int]:
        """Where a product or a quotient has what it divides by, if that measures many numbers, these or others."""
        if op.type in ('Mul', 'MulNoNan'):
            found = [i for i in (0, 1) if (self.degree(op.inputs[i]) or 0) < 0]
            return found if len(found) == 1 else []
        return [1] if (self.degree(op.inputs[1]) or 0) > 0 else []

    def _of(self, tensor: tf.Tensor, log: bool, depth: int) -> Optional[float]:
        """The degree of a tensor, or of e to it (`log`)."""
        if not self._path.depends(tensor):
            return 0.
        key = tensor.name, log
        if key not in self._known:
            self._known[key] = None
            if depth and tensor.name not in self._path.fed:
                self._known[key] = (self._exponent if log else self._number)(tensor, depth - 1)
        return self._known[key]

    def _number(self, tensor: tf.Tensor, depth: int) -> Optional[float]:
        op = tensor.op
        if op.type in REDUCTIONS or op.type in BATCH_NORMS and tensor.value_index:
            return 1.
        if op.type in _LINEAR:
            return 1. if any(self._path.depends(one) and is_size(one) for one in op.inputs) or _squares(op) else None
        if op.type in DIAGONALS:
            return 1. if _squares(op.inputs[0].op, True) else None
        if op.type in MOVES:
            return self._of(op.inputs[0], False, depth)
        if op.type == 'Exp':
            return self._of(op.inputs[0], True, depth)
        power = _POWERS.get(op.type) if op.type != 'Pow' else _scalar(op.inputs[1])
        if power is not None:
            return _times(self._of(op.inputs[0], False, depth), power)
        if op.type in _QUOTIENTS or op.type in ('Mul', 'MulNoNan'):
            a, b = [self._of(one, False, depth) for one in op.inputs]
            return None if a is None or b is None else a - b if op.type in _QUOTIENTS else a + b
        if op.type in _MEETS:
            found = [self._of(one, False, depth) for one in op.inputs if self._path.depends(one) and (
                one.dtype.is_floating)]
            least = [one for one in found if one]
            if found and len(least) == len(found) and len({one > 0 for one in least}) == 1:
                return min(least, key=abs)
        return None

    def _exponent(self, tensor: tf.Tensor, depth: int) -> Optional[float]:
        op = tensor.op
        if op.type == 'Log':
            return self._of(op.inputs[0], False, depth)
        if op.type in MOVES or op.type == 'Neg':
            return _times(self._of(op.inputs[0], True, depth), -1 if op.type == 'Neg' else 1)
        if op.type in ('Mul', 'RealDiv', 'Div'):
            for i in (0, 1) if op.type == 'Mul' else (0,):
                number = _scalar(op.inputs[1 - i])
                if number is not None and number:
                    return _times(self._of(op.inputs[i], True, depth), number if op.type == 'Mul' else 1 / number)
            return None
        if op.type in ('Add', 'AddV2', 'Sub'):
            a, b = [self._of(one, True, depth) for one in op.inputs]
            return None if a is None or b is None else a - b if op.type == 'Sub' else a + b
        return None


def _times(degree: Optional[float], power: float) -> Optional[float]:
    return None if degree is None else degree * power


def _scalar(tensor: tf.Tensor) -> Optional[float]:
    """The one number that a constant holds."""
    value = static_value(tensor)
    return None if value is None or not np.size(value) or np.ptp(value) else float(np.ravel(value)[0])


def _squares(op: tf.Operation, whole: bool = False) -> bool:
    """Whether a product of matrices is of a tensor with itself, so that it sums up squares.

    Args:
        whole: whether only its diagonal counts.
    """
    if op.type not in _LINEAR or len(op.inputs) != 2 or len({value_key(_unmoved(one)) for one in op.inputs}) > 1:
        return False
    if op.type == 'Einsum':
        terms, result = op.get_attr('equation').decode().replace(' ', '').split('->')
        first, second = terms.split(',')
        return first == second and len(result) < len(first)
    shape = op.outputs[0].shape
    return whole or shape.ndims is not None and shape.as_list()[-2:] == [1, 1]


def _unmoved(tensor: tf.Tensor) -> tf.Tensor:
    """A tensor before its axes were moved, or axes of size 1 added."""
    while True:
        op = tensor.op
        if op.type in ('Identity', 'Cast', 'Reshape', 'Squeeze', 'ExpandDims', 'Snapshot', 'Transpose'):
            tensor = op.inputs[0]
            continue
        shapes = [one.shape.as_list() for one in (op.inputs[0], tensor) if one.shape.ndims is not None] if (
            op.type == 'StridedSlice') else []
        if len(shapes) < 2 or len({str([size for size in one if size != 1]) for one in shapes}) > 1:
            return tensor
        tensor = op.inputs[0]


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
