"""Between which numbers a tensor lies by the ops that make it, and which factors of products are gates."""
import math
from typing import Callable, Dict, Mapping, Optional, Tuple

import tensorflow.compat.v1 as tf

from ..graph.numbers import Numbers
from ..graph.path import Path
from ..graph.units import Unit, Units
from .curves import ends_of, values

Ends = Tuple[float, float]

#: What comes out is what went into the first input, moved, or some of it.
MOVES = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape StopGradient Reshape Squeeze ExpandDims Transpose BroadcastTo Tile Cast
    StridedSlice Slice Gather GatherV2 GatherNd Unpack Switch Enter Exit Reverse ReverseV2 Max Min Mean MaxPool AvgPool
    '''.split())

_JOINS = frozenset(['Concat', 'ConcatV2', 'Pack', 'Merge', 'Select', 'SelectV2'])

#: How many ops back are looked at.
_DEPTH = 12

_INFINITE = float('inf')


def is_unit_range(ends: Ends) -> bool:
    """Whether numbers between these ends are those of a gate: none below 0 or above 1."""
    return -1e-6 <= ends[0] and ends[1] <= 1 + 1e-5


class Bounds:
    """The least and the largest that tensors of a path may be.

    Args:
        units: its functions of one number, whose values are worked out where their nearest ops do not tell.
        known: what else is known, by the names of tensors: softmaxes in other words.
    """

    def __init__(self, path: Path, units: Units, known: Optional[Mapping[str, Ends]] = None) -> None:
        self._path, self._known, self._softmaxes = path, dict(known or {}), frozenset(known or {})
        self._units: Dict[str, Unit] = {unit.y.name: unit for unit in units.marked}

    def is_gate(self, tensor: tf.Tensor) -> bool:
        """Whether a factor only lets through: its values lie between 0 and 1 by the ops that make them.

        So it is behind a sigmoid, a softmax, a hard sigmoid however it is written, one minus these, moved or broadcast.
        """
        return is_unit_range(self.ends(tensor))

    def is_sigmoid(self, tensor: tf.Tensor) -> bool:
        """Whether a gate is what a function of one number makes, not a softmax or an exponential."""
        tensors = [tensor]
        for _ in range(_DEPTH):
            if any(one.op.type == 'Softmax' or one.name in self._softmaxes for one in tensors):
                return False
            tensors = [before for one in tensors if one.op.type in MOVES | _JOINS | frozenset(_FOLLOWS)
                       for before in one.op.inputs if before.dtype.is_floating]
        return True

    def ends(self, tensor: tf.Tensor, depth: int = _DEPTH) -> Ends:
        """The least and the largest that a tensor may be, as far as its nearest ops tell."""
        if tensor.name in self._known:
            return self._known[tensor.name]
        if not self._path.depends(tensor):
            return Numbers().range(tensor) or (-_INFINITE, _INFINITE)
        found = self._by_ops(tensor, depth)
        unit = self._units.get(tensor.name)
        if unit is not None and _INFINITE in (-found[0], found[1]):
            at = values(unit.y, unit.x, self._path.depends)
            found = at is not None and ends_of([at], [1]) or found
            self._known[tensor.name] = found
        return found

    def _by_ops(self, tensor: tf.Tensor, depth: int) -> Ends:
        op = tensor.op
        if op.type in _BOUNDS:
            return _BOUNDS[op.type]
        if depth:
            if op.type in MOVES:
                return self.ends(op.inputs[0], depth - 1)
            if op.type == 'IdentityN':
                return self.ends(op.inputs[tensor.value_index], depth - 1)
            if op.type in ('Split', 'SplitV'):
                return self.ends(op.inputs[int(op.type == 'Split')], depth - 1)
            if op.type in _JOINS:
                found = [self.ends(one, depth - 1) for one in op.inputs if one.dtype.is_floating]
                return min(low for low, _ in found), max(high for _, high in found)
            if op.type in _FOLLOWS:
                ends = _FOLLOWS[op.type](*[self.ends(one, depth - 1) for one in op.inputs])
                if not any(one != one for one in ends):
                    return ends
        return -_INFINITE, _INFINITE


def _times(a: Ends, b: Ends) -> Ends:
    products = [0. if not one or not other else one * other for one in a for other in b]
    return min(products), max(products)


def _inverse(a: Ends) -> Ends:
    # Of what ends at 0 no more than the sign is known.
    return (1 / a[1], 1 / a[0]) if a[0] > 0 else (0., _INFINITE) if a[0] == 0 else (-_INFINITE, _INFINITE)


def _rising(function: Callable[[float], float], low: float = -_INFINITE) -> Callable[[Ends], Ends]:
    """A function that rises, above a number alone."""
    return lambda a: (function(max(a[0], low)), function(max(a[1], low)))


def _exp(x: float) -> float:
    return float(tf.float64.max) if 700 < x < _INFINITE else _INFINITE if x == _INFINITE else math.exp(x)


def _log(x: float) -> float:
    return -_INFINITE if x <= 0 else _INFINITE if x == _INFINITE else math.log(x)


def _power(a: Ends, b: Ends) -> Ends:
    if b[0] != b[1] or a[0] < 0:
        return -_INFINITE, _INFINITE
    if b[0] < 0:
        return _power(_inverse(a), (-b[0], -b[0]))
    return a[0] ** b[0], a[1] ** b[0]


_BOUNDS: Dict[str, Ends] = {
    'Sigmoid': (0, 1), 'Softmax': (0, 1), 'Relu6': (0, 6), 'Tanh': (-1, 1), 'Softsign': (-1, 1), 'Erf': (-1, 1),
    'Erfc': (0, 2), 'Relu': (0, _INFINITE), 'Square': (0, _INFINITE), 'Abs': (0, _INFINITE),
    'Softplus': (0, _INFINITE), 'LogSoftmax': (-_INFINITE, 0)}
_FOLLOWS: Dict[str, Callable[..., Ends]] = {
    'Neg': lambda a: (-a[1], -a[0]),
    'Add': lambda a, b: (a[0] + b[0], a[1] + b[1]),
    'Sub': lambda a, b: (a[0] - b[1], a[1] - b[0]),
    'Mul': _times,
    'RealDiv': lambda a, b: _times(a, _inverse(b)),
    'Reciprocal': _inverse,
    'Maximum': lambda a, b: (max(a[0], b[0]), max(a[1], b[1])),
    'Minimum': lambda a, b: (min(a[0], b[0]), min(a[1], b[1])),
    'ClipByValue': lambda a, low, high: (min(max(a[0], low[0]), high[1]), max(min(a[1], high[1]), low[0])),
    'Exp': _rising(_exp),
    'Expm1': _rising(lambda x: _exp(x) - 1),
    'Log': _rising(_log),
    'Log1p': _rising(lambda x: _log(1 + x), -1),
    'Sqrt': _rising(lambda x: x ** .5, 0),
    'Pow': _power,
}
_FOLLOWS.update(AddV2=_FOLLOWS['Add'], BiasAdd=_FOLLOWS['Add'], Inv=_inverse, Div=_FOLLOWS['RealDiv'],
                DivNoNan=_FOLLOWS['RealDiv'], MulNoNan=_times)
