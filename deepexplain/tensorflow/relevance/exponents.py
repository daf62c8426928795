"""What a tensor is as a power of e, or as an exponent: a core, times a number, plus what is the same along some axes.

exp(l - logsumexp(l)), exp(l) / sum exp(l), exp(l - m) * reciprocal(sum exp(l - m)) and softmax(l) have one form here:
l less the logarithm of the sum of exp(l), however it is written. So a softmax is known by what function it is.
"""
from collections import Counter
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import static_value
from ..graph.path import Path
from ..graph.walks import reached_by_value
from .alignment import along, reduced, relabelled, spread_along, value_key

#: For each axis of a tensor, which axis of another it is (None: of size 1, or not of that).
Labels = Tuple[Optional[int], ...]

#: Summands of an exponent besides its core, and how often each is there.
Terms = Dict[Any, float]

_SAME = frozenset('Identity Snapshot CheckNumerics EnsureShape Cast PlaceholderWithDefault StopGradient'.split())
_QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan'])
_POWERS = {'Square': 2., 'Sqrt': .5, 'Rsqrt': -.5, 'Reciprocal': -1., 'Inv': -1.}
_SUMS = frozenset(['Add', 'AddV2', 'Sub'])

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


class Written(NamedTuple):
    """A softmax, or its logarithm, in any words.

    Attributes:
        y: what comes out.
        x: what it is of, before any shift by what hangs on X.
        links: the ops between, from y on.
        axes: those of y along which it adds up to 1.
        log: whether it is the logarithm.
        whole: whether y has been divided by its sum.
    """
    y: tf.Tensor
    x: tf.Tensor
    links: List[Link]
    axes: List[int]
    log: bool
    whole: bool = True


class _Side(NamedTuple):
    """What is combined with a core on the way: a tensor, whether it is a factor, how often, and its axes."""
    tensor: tf.Tensor
    factor: bool
    times: float
    labels: Labels


class _Way:
    """A way back from a tensor, as far as its form is known."""

    def __init__(self, tensor: tf.Tensor, power: bool) -> None:
        self.tensor, self.power, self.times = tensor, power, 1.
        self.labels: Labels = tuple(range(tensor.shape.ndims or 0))
        self.sides: List[_Side] = []
        self.softmaxes: List[Tuple[tf.Operation, float, Labels]] = []
        self.links: List[Link] = []
        self.core: Optional[Tuple[tf.Tensor, int]] = None if power else (tensor, 0)

    def settle(self) -> None:
        """Take what has been reached for the core, as its words have it."""
        self.core = (self.tensor, len(self.links))

    def go(self, op: tf.Operation, place: int, moves: bool, times: float = 1.) -> None:
        self.links.append(Link(op, place, moves, times))
        self.tensor = op.inputs[place]


class Exponents:
    """The forms of the tensors of a path."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._by_value: Optional[Set[tf.Operation]] = None
        self._ways: Dict[Tuple[str, bool], Optional[_Way]] = {}
        self._known: Dict[int, Terms] = {}

    def softmax(self, op: tf.Operation) -> Optional[Written]:
        """The softmax, or its logarithm, that an op ends, if it is one in other words than its own op."""
        y, log = op.outputs[0], op.type in _SUMS | frozenset(['Log', 'LogSoftmax'])
        if y.shape.ndims is None or not y.shape.ndims or not self._may_end(op):
            return None
        way = self._way(y, not log)
        if way is None or way.core is None or not way.links or way.core[0].name == y.name:
            return None
        terms = self._terms(way)
        own = {one: times for one, times in terms.items() if one[0] == 'sum' and abs(times + 1) < 1e-6}
        for one in own:
            of, axes, inside = one[1], one[2], dict(one[3])
            if of != self._of(way) or not axes:
                continue
            rest = dict(terms)
            del rest[one]
            if _same(rest, inside):
                back = {label: i for i, label in _to_core(way).items()}
                places = [back[axis] for axis in axes if axis in back]
                if len(places) == len(axes):
                    tensor, count = way.core
                    if op.type in ('Softmax', 'LogSoftmax') and count == 1:
                        return None
                    return Written(y, tensor, way.links[:count], sorted(places), log)
        return None

    def power(self, tensor: tf.Tensor) -> Optional[Tuple[tf.Tensor, List[Link]]]:
        """What a tensor is a power of e of, and the ops between, if it is one."""
        way = self._way(tensor, True)
        return None if way is None or way.core is None else (way.core[0], way.links[:way.core[1]])

    def _may_end(self, op: tf.Operation) -> bool:
        """Whether an op may be the last of a softmax: a cheap look, as there are many ops."""
        if op.type in ('Exp', 'Softmax', 'LogSoftmax', 'Log'):
            return True
        if op.type not in _SUMS | _QUOTIENTS | frozenset(['Mul', 'MulNoNan']) or len(op.inputs) != 2:
            return False
        hangs = [self._hangs(one) for one in op.inputs]
        return all(hangs) or any(hangs) and op.type not in _SUMS

    def _hangs(self, tensor: tf.Tensor) -> bool:
        """Whether a tensor hangs on X, be it by its value alone."""
        if self._path.depends(tensor):
            return True
        if self._by_value is None:
            self._by_value = reached_by_value(self._path.X)
        return tensor.op in self._by_value

    # From a tensor back to its core.

    def _way(self, tensor: tf.Tensor, power: bool) -> Optional[_Way]:
        """The form of a tensor as a power of e (`power`), or as an exponent; None if it is no power of e."""
        key = tensor.name, power
        if key not in self._ways:
            self._ways[key] = None  # While it is looked at.
            way = _Way(tensor, power)
            for _ in range(_DEPTH):
                at = way.tensor
                if at.name in self._path.fed or at.op not in self._path.dependent or not (
                        self._power(way) if way.power else self._exponent(way)):
                    break
            self._ways[key] = None if way.core is None else way
        return self._ways[key]

    def _power(self, way: _Way) -> bool:
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
        power = self._exponent_of(op)
        if power is not None:
            way.times *= power
            way.go(op, 0, False, power)
            return True
        if op.type in _QUOTIENTS or op.type in ('Mul', 'MulNoNan'):
            place = 0 if op.type in _QUOTIENTS else self._main(op, way)
            return place is not None and self._combine(op, place, way, True, -1 if op.type in _QUOTIENTS else 1)
        return self._move(op, way) or self._mask(op, way)

    def _exponent(self, way: _Way) -> bool:
        """One op back from an exponent."""
        op = way.tensor.op
        if op.type == 'Log':
            inner = self._way(op.inputs[0], True)
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
        if op.type in _SUMS:
            place = self._main(op, way)
            if place is None:
                return False
            other = op.inputs[1 - place]
            sign = -1. if op.type == 'Sub' and place == 0 else 1.
            turned = op.type == 'Sub' and place == 1
            if not self._combine(op, place, way, False, sign):
                return False
            way.times *= -1. if turned else 1.
            if self._hangs(other):
                way.settle()
            return True
        if op.type in ('Mul', 'RealDiv', 'Div'):
            for place in (0, 1) if op.type == 'Mul' else (0,):
                number = static_value(op.inputs[1 - place])
                if number is not None and np.size(number) == 1 and np.ravel(number)[0] and not self._hangs(
                        op.inputs[1 - place]):
                    way.times *= float(np.ravel(number)[0]) ** (1 if op.type == 'Mul' else -1)
                    way.go(op, place, True)
                    return True
            return False
        return self._move(op, way) or self._mask(op, way)

    def _exponent_of(self, op: tf.Operation) -> Optional[float]:
        if op.type == 'Pow':
            number = static_value(op.inputs[1])
            return None if number is None or np.size(number) != 1 else float(np.ravel(number)[0])
        return _POWERS.get(op.type)

    def _main(self, op: tf.Operation, way: _Way) -> Optional[int]:
        """Which of two inputs is not the same along some axis, where the other hangs on X or not."""
        hangs = [self._path.depends(one) for one in op.inputs]
        if sum(hangs) == 1:
            return hangs.index(True)
        smaller = [spread_along(one, way.tensor) for one in op.inputs]
        return 1 - smaller.index(True) if sum(smaller) == 1 else None

    def _combine(self, op: tf.Operation, place: int, way: _Way, factor: bool, sign: float) -> bool:
        other = op.inputs[1 - place]
        if op.inputs[place].shape.ndims != way.tensor.shape.ndims or (
                self._path.depends(other) and not spread_along(other, way.tensor)):
            return False
        way.sides.append(_Side(other, factor, sign * way.times, along(other, way.tensor, way.labels)))
        way.go(op, place, not factor)
        return True

    def _move(self, op: tf.Operation, way: _Way) -> bool:
        """An op that moves axes alone."""
        labels = way.labels if op.type in _SAME else relabelled(op, way.labels)
        if labels is None or not op.inputs[0].dtype.is_floating:
            return False
        way.go(op, 0, True)
        way.labels = labels
        return True

    def _mask(self, op: tf.Operation, way: _Way) -> bool:
        """A choice that does not hang on X: what is chosen instead is left out."""
        if op.type not in ('Select', 'SelectV2') or self._hangs(op.inputs[0]):
            return False
        places = [i for i in (1, 2) if self._path.depends(op.inputs[i])]
        if len(places) != 1 or op.inputs[places[0]].shape.ndims != way.tensor.shape.ndims:
            return False
        way.sides.append(_Side(op.inputs[0], True, float('nan') if places[0] == 2 else 1.,
                               along(op.inputs[0], way.tensor, way.labels)))
        way.go(op, places[0], True)
        return True

    # What is there besides the core.

    def _of(self, way: _Way) -> Tuple[str, float]:
        return value_key(way.tensor), round(way.times, 6)

    def _terms(self, way: _Way) -> Terms:
        if id(way) not in self._known:
            self._known[id(way)] = self._found(way)
        return self._known[id(way)]

    def _found(self, way: _Way) -> Terms:
        found: Counter = Counter()
        to_core = _to_core(way)
        for op, times, labels in way.softmaxes:
            rank = len(labels)
            inner = self._way(op.inputs[0], False)
            labels = tuple(None if one is None else to_core.get(one) for one in labels[:-1]) + (None,)
            if inner is None or not self._add_sum(inner, [rank - 1], tuple(range(rank - 1)) + (None,), times, labels,
                                                  found):
                found[('factor', op.name, frozenset(labels) - {None})] += times
        for side in way.sides:
            labels = tuple(None if one is None else to_core.get(one) for one in side.labels)
            if side.times != side.times:
                found[('not', value_key(side.tensor), frozenset(labels) - {None})] += 1
            else:
                self._take(side.tensor, side.factor, side.times, labels, found)
        return {one: times for one, times in found.items() if abs(times) > 1e-6}

    def _take(self, tensor: tf.Tensor, factor: bool, times: float, labels: Labels, found: Counter, depth: int = 20
              ) -> None:
        """Take note of what a factor, or a summand, of a power of e consists of.

        Args:
            labels: which axes of the core those of the tensor are.
        """
        op = tensor.op
        number = None if self._hangs(tensor) else static_value(tensor)
        if number is not None and np.size(number) == 1 and (not factor or np.ravel(number)[0] > 0):
            value = float(np.ravel(number)[0])
            found['number',] += times * (np.log(value) if factor else value)
            return
        if depth and self._hangs(tensor):
            labels_in = labels if op.type in _SAME else relabelled(op, labels) if op.inputs else None
            if labels_in is not None:
                return self._take(op.inputs[0], factor, times, labels_in, found, depth - 1)
            power = self._exponent_of(op)
            if factor and power is not None:
                return self._take(op.inputs[0], True, times * power, labels, found, depth - 1)
            if op.type == ('Exp' if factor else 'Log'):
                return self._take(op.inputs[0], not factor, times, labels, found, depth - 1)
            pairs = self._pairs(op, factor, times)
            if pairs is not None:
                for one, often in pairs:
                    self._take(one, factor, often, along(one, tensor, labels), found, depth - 1)
                return None
            if factor and self._sum(tensor, times, labels, found):
                return None
        found[('factor' if factor else 'summand', value_key(tensor), frozenset(labels) - {None})] += times
        return None

    def _pairs(self, op: tf.Operation, factor: bool, times: float) -> Optional[List[Tuple[tf.Tensor, float]]]:
        """The two that an op makes one of, and how often each counts."""
        kinds = _QUOTIENTS | frozenset(['Mul', 'MulNoNan']) if factor else _SUMS
        if op.type in kinds:
            return [(op.inputs[0], times), (op.inputs[1], -times if op.type in _QUOTIENTS | {'Sub'} else times)]
        if factor and op.type in ('Add', 'AddV2', 'Maximum', 'ClipByValue') and not any(
                self._hangs(one) for one in op.inputs[1:]):
            return [(op.inputs[0], times)]  # What keeps it from 0.
        if not factor and op.type == 'Neg':
            return [(op.inputs[0], -times)]
        return None

    def _sum(self, tensor: tf.Tensor, times: float, labels: Labels, found: Counter) -> bool:
        """A sum of powers of e."""
        summed = reduced(tensor)
        if summed is None:
            return False
        inner = self._way(summed.x, True)
        if inner is None or not self._add_sum(inner, summed.axes, summed.kept, times, labels, found):
            return False
        if summed.mean:
            found['number',] += times * -np.log(summed.mean)
        return True

    def _add_sum(self, inner: _Way, gone: List[int], kept: Labels, times: float, labels: Labels, found: Counter
                 ) -> bool:
        """Take note of a sum of powers of e along some axes, less what is the same along these."""
        to_core, terms = _to_core(inner), self._terms(inner)
        # The axes that are left must be those of the core that they are here.
        for i, axis in enumerate(kept):
            if axis is not None and labels[i] is not None and to_core.get(axis) != labels[i]:
                return False
        axes = frozenset(to_core[axis] for axis in gone if axis in to_core)
        if len(axes) != len(gone) or axes & set(labels):
            return False
        within = {one: often for one, often in terms.items() if axes & _varies(one)}
        found[('sum', self._of(inner), axes, frozenset((one, round(often, 6)) for one, often in within.items()),
               frozenset(labels) - {None})] += times
        for one, often in terms.items():
            if one not in within:
                found[one] += times * often
        return True


def _varies(term: Any) -> FrozenSet[int]:
    return frozenset() if term == ('number',) else term[-1]


def _to_core(way: _Way) -> Dict[Any, int]:
    """For the axes of the tensor that a way begins with those of the core."""
    return {label: axis for axis, label in enumerate(way.labels) if label is not None}


def _same(a: Terms, b: Terms) -> bool:
    return all(abs(a.get(one, 0) - b.get(one, 0)) < 1e-5 for one in {*a, *b})
