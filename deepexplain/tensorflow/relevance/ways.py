"""Ways back from a tensor that is a power of e, or an exponent, to what it is of, and what is met on the way."""
from typing import Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import static_value
from ..graph.path import Path
from ..graph.walks import reached_by_value
from .alignment import Labels, along, relabelled, spread_along

SAME = frozenset('Identity Snapshot CheckNumerics EnsureShape Cast PlaceholderWithDefault StopGradient'.split())
QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan'])
_POWERS = {'Square': 2., 'Sqrt': .5, 'Rsqrt': -.5, 'Reciprocal': -1., 'Inv': -1.}
SUMS = frozenset(['Add', 'AddV2', 'Sub'])

#: How many ops back are looked at.
_DEPTH = 60


class Link(NamedTuple):
    """An op between a tensor and the core of its form.

    Attributes:
        place: where the core comes in.
        moves: whether the op's gradient is that of the exponent as well; else the exponent is only added to,
        times: and multiplied by this.
    """
    op: tf.Operation
    place: int
    moves: bool
    times: float = 1.


class Side(NamedTuple):
    """What is combined with a core on the way: a tensor, whether it is a factor, how often, and its axes."""
    tensor: tf.Tensor
    factor: bool
    times: float
    labels: Labels


class Way:
    """A way back from a tensor, as far as its form is known."""

    def __init__(self, tensor: tf.Tensor, power: bool) -> None:
        self.tensor, self.power, self.times = tensor, power, 1.
        self.labels: Labels = tuple(range(tensor.shape.ndims or 0))
        self.sides: List[Side] = []
        self.softmaxes: List[Tuple[tf.Operation, float, Labels]] = []
        self.links: List[Link] = []
        self.core: Optional[Tuple[tf.Tensor, int]] = None if power else (tensor, 0)

    def settle(self) -> None:
        """Take what has been reached for the core, as its words have it."""
        self.core = (self.tensor, len(self.links))

    def go(self, op: tf.Operation, place: int, moves: bool, times: float = 1.) -> None:
        self.links.append(Link(op, place, moves, times))
        self.tensor = op.inputs[place]


def exponent_of(op: tf.Operation) -> Optional[float]:
    """The power that an op takes of its first input."""
    if op.type == 'Pow':
        number = static_value(op.inputs[1])
        return None if number is None or np.size(number) != 1 else float(np.ravel(number)[0])
    return _POWERS.get(op.type)


class Ways:
    """The ways back from tensors of a path, as far as their forms are known."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_value: Optional[Set[tf.Operation]] = None
        self._ways: Dict[Tuple[str, bool], Optional[Way]] = {}

    def hangs(self, tensor: tf.Tensor) -> bool:
        """Whether a tensor hangs on X, be it by its value alone."""
        if self._path.depends(tensor):
            return True
        if self._by_value is None:
            self._by_value = reached_by_value(self._path.X)
        return tensor.op in self._by_value

    # From a tensor back to its core.

    def way(self, tensor: tf.Tensor, power: bool) -> Optional[Way]:
        """The form of a tensor as a power of e (`power`), or as an exponent; None if it is no power of e."""
        key = tensor.name, power
        if key not in self._ways:
            self._ways[key] = None  # While it is looked at.
            way = Way(tensor, power)
            for _ in range(_DEPTH):
                at = way.tensor
                if at.name in self._path.fed or at.op not in self._path.dependent or not (
                        self._power(way) if way.power else self._exponent(way)):
                    break
            self._ways[key] = None if way.core is None else way
        return self._ways[key]

    def _power(self, way: Way) -> bool:
        """One op back from a power of e."""
        op = way.tensor.op
        if op.type in ('Exp', 'Softmax'):
            way.power = False
            if op.type == 'Softmax':
                way.softmaxes.append((op, -way.times, way.labels))
            way.go(op, 0, False)
            way.settle()
            return True
        if op.type in ('Abs', 'Relu'):  # Of what is positive.
            way.go(op, 0, False)
            return True
        power = exponent_of(op)
        if power is not None:
            way.times *= power
            way.go(op, 0, False, power)
            return True
        if op.type in QUOTIENTS or op.type in ('Mul', 'MulNoNan'):
            place = 0 if op.type in QUOTIENTS else self._main(op, way)
            return place is not None and self._combine(op, place, way, True, -1 if op.type in QUOTIENTS else 1)
        return self._move(op, way) or self._mask(op, way)

    def _exponent(self, way: Way) -> bool:
        """One op back from an exponent."""
        op = way.tensor.op
        if op.type == 'Log':
            inner = self.way(op.inputs[0], True)
            if inner is None:
                return False
            way.power = True
            way.go(op, 0, False)
            return True
        if op.type == 'LogSoftmax':
            way.softmaxes.append((op, -way.times, way.labels))
            way.go(op, 0, False)
            way.settle()
            return True
        if op.type == 'Neg':
            way.times = -way.times
            way.go(op, 0, True)
            return True
        if op.type in SUMS:
            place = self._main(op, way)
            if place is None:
                return False
            other = op.inputs[1 - place]
            sign = -1. if op.type == 'Sub' and place == 0 else 1.
            turned = op.type == 'Sub' and place == 1
            if not self._combine(op, place, way, False, sign):
                return False
            way.times *= -1. if turned else 1.
            if self.hangs(other):
                way.settle()
            return True
        if op.type in ('Mul', 'RealDiv', 'Div'):
            for place in (0, 1) if op.type == 'Mul' else (0,):
                number = static_value(op.inputs[1 - place])
                if number is not None and np.size(number) == 1 and np.ravel(number)[0] and not self.hangs(
                        op.inputs[1 - place]):
                    way.times *= float(np.ravel(number)[0]) ** (1 if op.type == 'Mul' else -1)
                    way.go(op, place, True)
                    return True
            return False
        return self._move(op, way) or self._mask(op, way)

    def _main(self, op: tf.Operation, way: Way) -> Optional[int]:
        """Which of two inputs is not the same along some axis, where the other hangs on X or not."""
        hangs = [self._path.depends(one) for one in op.inputs]
        if sum(hangs) == 1:
            return hangs.index(True)
        smaller = [spread_along(one, way.tensor) for one in op.inputs]
        return 1 - smaller.index(True) if sum(smaller) == 1 else None

    def _combine(self, op: tf.Operation, place: int, way: Way, factor: bool, sign: float) -> bool:
        other = op.inputs[1 - place]
        if op.inputs[place].shape.ndims != way.tensor.shape.ndims or (
                self._path.depends(other) and not spread_along(other, way.tensor)):
            return False
        way.sides.append(Side(other, factor, sign * way.times, along(other, way.tensor, way.labels)))
        way.go(op, place, not factor)
        return True

    def _move(self, op: tf.Operation, way: Way) -> bool:
        """An op that moves axes alone."""
        labels = way.labels if op.type in SAME else relabelled(op, way.labels)
        if labels is None or not op.inputs[0].dtype.is_floating:
            return False
        way.go(op, 0, True)
        way.labels = labels
        return True

    def _mask(self, op: tf.Operation, way: Way) -> bool:
        """A choice that does not hang on X: what is chosen instead is left out."""
        if op.type not in ('Select', 'SelectV2') or self.hangs(op.inputs[0]):
            return False
        places = [i for i in (1, 2) if self._path.depends(op.inputs[i])]
        if len(places) != 1 or op.inputs[places[0]].shape.ndims != way.tensor.shape.ndims:
            return False
        way.sides.append(Side(op.inputs[0], True, float('nan') if places[0] == 2 else 1.,
                               along(op.inputs[0], way.tensor, way.labels)))
        way.go(op, places[0], True)
        return True
