"""What is known of numbers in a graph without running it: of constants, of what is fed, and what follows from these."""
import math
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .compat import static_value
from .phases import is_learning_phase

#: The least and the largest that every element of a tensor may be; True is 1.
Range = Tuple[float, float]

#: Larger tensors are not looked into.
FEW = 16

#: So many ops are followed upwards from a tensor.
DEPTH = 40

#: What an op hands on of its first input are the same numbers.
SAME = frozenset('''
    Identity Snapshot StopGradient EnsureShape Reshape ExpandDims Squeeze BroadcastTo Tile Cast LoopCond Switch
    '''.split())

_ENTERS = frozenset(['Enter', 'RefEnter'])

#: Drawn evenly from 0 to 1, and what they draw: the ends themselves do not count.
DRAWN = 2. ** -60, 1 - 2. ** -24
UNIFORM = frozenset('RandomUniform StatelessRandomUniform StatelessRandomUniformV2'.split())


class Known(NamedTuple):
    """What is known of a tensor: its range if any, and where there is none the names of what could decide it."""
    range: Optional[Range] = None
    asked: FrozenSet[str] = frozenset()


class Numbers:
    """Ranges of tensors.

    Args:
        fed: the ranges of tensors that are fed, by name.
        ends: names of tensors of which nothing is known.
        final: whether a placeholder that is not among `fed` has its default.
        outside: for the arguments of a function what is known of them where it is called, by name.
    """

    def __init__(self, fed: Optional[Mapping[str, Optional[Range]]] = None, ends: Sequence[str] = (),
                 final: bool = False, outside: Optional[Mapping[str, Known]] = None) -> None:
        self._known: Dict[str, Known] = dict(outside or {})
        self._known.update((name, Known(one)) for name, one in (fed or {}).items())
        self._known.update((name, Known()) for name in ends)
        self._final = final

    def range(self, tensor: tf.Tensor) -> Optional[Range]:
        """The range of a tensor, if it is known."""
        return self.of(tensor).range

    def truth(self, tensor: tf.Tensor) -> Optional[bool]:
        """Whether a tensor of bools is true everywhere (True) or nowhere (False), if that is known."""
        known = self.range(tensor)
        return None if known is None or known[0] != known[1] else bool(known[0])

    @staticmethod
    def follows(op: tf.Operation) -> bool:
        """Whether something may be known of what an op makes of known numbers."""
        return op.type in _FOLLOWS or op.type in SAME

    def of(self, tensor: tf.Tensor, depth: int = DEPTH) -> Known:
        """What is known of a tensor."""
        name = tensor.name
        if name in self._known:
            return self._known[name]
        if not depth:
            return Known()
        self._known[name] = Known()  # While it is looked at, in a loop.
        op = tensor.op
        if op.type.startswith('Placeholder'):
            found = self._placeholder(op, name, depth)
        elif op.type == 'Const':
            found = Known(range_of(static_value(tensor)) if (tensor.shape.num_elements() or FEW + 1) <= FEW
                          else None)
        elif op.type in UNIFORM and tensor.dtype.is_floating:
            found = Known(DRAWN)
        elif op.type in _FOLLOWS or op.type in SAME or op.type in _ENTERS and op.get_attr('is_constant'):
            parts = [self.of(one, depth - 1) for one in list(op.inputs)[:None if op.type in _FOLLOWS else 1]]
            found = Known(_follow(op, tensor, [part.range for part in parts]),
                          frozenset().union(*(part.asked for part in parts)))
        else:
            found = Known()
        self._known[name] = found
        return found

    def _placeholder(self, op: tf.Operation, name: str, depth: int) -> Known:
        if is_learning_phase(op):
            return Known((0., 0.))
        if self._final and op.type == 'PlaceholderWithDefault':
            return self.of(op.inputs[0], depth - 1)
        return Known(None, frozenset([name]))


def range_of(value: Any) -> Optional[Range]:
    """The range of a small array of numbers."""
    if value is None or np.size(value) > FEW or not np.size(value) or np.asarray(value).dtype.kind not in 'fiub':
        return None
    return float(np.min(value)), float(np.max(value))


def _follow(op: tf.Operation, tensor: tf.Tensor, parts: List[Optional[Range]]) -> Optional[Range]:
    """The range of what an op makes of numbers in some ranges."""
    if op.type == 'Cast' and parts[0] is not None:
        low, high = parts[0]
        if tensor.dtype.is_bool:
            return (1., 1.) if low > 0 or high < 0 else (0., 0.) if low == high == 0 else (0., 1.)
        return (float(math.trunc(low)), float(math.trunc(high))) if (
            tensor.dtype.is_integer and math.isfinite(low) and math.isfinite(high)) else parts[0]
    if op.type not in _FOLLOWS:
        return parts[0]
    found = _FOLLOWS[op.type](*parts)
    return found if found is None or not any(math.isnan(one) for one in found) else None


def _where_both(function: Callable[..., Optional[Range]]) -> Callable[..., Optional[Range]]:
    return lambda *parts: None if any(part is None for part in parts) else function(*parts)


def _products(a: Range, b: Range) -> Range:
    ends = [one * other for one in a for other in b]
    return min(ends), max(ends)


def _times(a: Optional[Range], b: Optional[Range]) -> Optional[Range]:
    if (0., 0.) in (a, b):
        return 0., 0.
    return None if a is None or b is None else _products(a, b)


def _over(a: Range, b: Range) -> Optional[Range]:
    return None if b[0] <= 0 <= b[1] else _products(a, (1 / b[1], 1 / b[0]))


def _says(sure: bool, never: bool) -> Range:
    return (1., 1.) if sure else (0., 0.) if never else (0., 1.)


def _both(a: Optional[Range], b: Optional[Range]) -> Optional[Range]:
    if (0., 0.) in (a, b):
        return 0., 0.
    return None if a is None or b is None else (min(a[0], b[0]), min(a[1], b[1]))


def _either(a: Optional[Range], b: Optional[Range]) -> Optional[Range]:
    if (1., 1.) in (a, b):
        return 1., 1.
    return None if a is None or b is None else (max(a[0], b[0]), max(a[1], b[1]))


def _choose(condition: Optional[Range], a: Optional[Range], b: Optional[Range]) -> Optional[Range]:
    if condition is None or condition[0] != condition[1]:
        return None if a is None or b is None else (min(a[0], b[0]), max(a[1], b[1]))
    return a if condition[0] else b


_FOLLOWS: Dict[str, Callable[..., Optional[Range]]] = {
    'ZerosLike': lambda x: (0., 0.),
    'OnesLike': lambda x: (1., 1.),
    'Fill': lambda shape, value: value,
    'Neg': _where_both(lambda x: (-x[1], -x[0])),
    'Floor': _where_both(lambda x: (float(np.floor(x[0])), float(np.floor(x[1])))),
    'Add': _where_both(lambda a, b: (a[0] + b[0], a[1] + b[1])),
    'Sub': _where_both(lambda a, b: (a[0] - b[1], a[1] - b[0])),
    'Mul': _times,
    'RealDiv': _where_both(_over),
    'Maximum': _where_both(lambda a, b: (max(a[0], b[0]), max(a[1], b[1]))),
    'Minimum': _where_both(lambda a, b: (min(a[0], b[0]), min(a[1], b[1]))),
    'Greater': _where_both(lambda a, b: _says(a[0] > b[1], a[1] <= b[0])),
    'GreaterEqual': _where_both(lambda a, b: _says(a[0] >= b[1], a[1] < b[0])),
    'Less': _where_both(lambda a, b: _says(a[1] < b[0], a[0] >= b[1])),
    'LessEqual': _where_both(lambda a, b: _says(a[1] <= b[0], a[0] > b[1])),
    'Equal': _where_both(lambda a, b: _says(a == b and a[0] == a[1], a[1] < b[0] or b[1] < a[0])),
    'NotEqual': _where_both(lambda a, b: _says(a[1] < b[0] or b[1] < a[0], a == b and a[0] == a[1])),
    'LogicalNot': _where_both(lambda x: (1 - x[1], 1 - x[0])),
    'LogicalAnd': _both,
    'LogicalOr': _either,
    'Select': _choose,
}
_FOLLOWS.update(AddV2=_FOLLOWS['Add'], Div=_FOLLOWS['RealDiv'], MulNoNan=_times, SelectV2=_choose)
