"""What a tensor is as a power of e, or as an exponent: a core, times a number, plus what is the same along some axes.

exp(l - logsumexp(l)), exp(l) / sum exp(l), exp(l - m) * reciprocal(sum exp(l - m)) and softmax(l) have one form here:
l less the logarithm of the sum of exp(l), however it is written. So a softmax is known by what function it is.
"""
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import static_value
from ..graph.path import Path
from .alignment import Labels, along, reduced, relabelled, value_key
from .ways import QUOTIENTS, SAME, SUMS, Link, Way, Ways, exponent_of

#: Summands of an exponent besides its core, and how often each is there.
Terms = Dict[Any, float]


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


class Exponents(Ways):
    """The forms of the tensors of a path."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._known: Dict[int, Terms] = {}

    def softmax(self, op: tf.Operation) -> Optional[Written]:
        """The softmax, or its logarithm, that an op ends, if it is one in other words than its own op."""
        y, log = op.outputs[0], op.type in SUMS | frozenset(['Log', 'LogSoftmax'])
        if y.shape.ndims is None or not y.shape.ndims or not self._may_end(op):
            return None
        way = self.way(y, not log)
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
        way = self.way(tensor, True)
        return None if way is None or way.core is None else (way.core[0], way.links[:way.core[1]])

    def _may_end(self, op: tf.Operation) -> bool:
        """Whether an op may be the last of a softmax: a cheap look, as there are many ops."""
        if op.type in ('Exp', 'Softmax', 'LogSoftmax', 'Log'):
            return True
        if op.type not in SUMS | QUOTIENTS | frozenset(['Mul', 'MulNoNan']) or len(op.inputs) != 2:
            return False
        hangs = [self.hangs(one) for one in op.inputs]
        return all(hangs) or any(hangs) and op.type not in SUMS

    # What is there besides the core.

    def _of(self, way: Way) -> Tuple[str, float]:
        return value_key(way.tensor), round(way.times, 6)

    def _terms(self, way: Way) -> Terms:
        if id(way) not in self._known:
            self._known[id(way)] = self._found(way)
        return self._known[id(way)]

    def _found(self, way: Way) -> Terms:
        found: Terms = {}
        to_core = _to_core(way)
        for op, times, labels in way.softmaxes:
            rank = len(labels)
            inner = self.way(op.inputs[0], False)
            labels = tuple(None if one is None else to_core.get(one) for one in labels[:-1]) + (None,)
            if inner is None or not self._add_sum(inner, [rank - 1], tuple(range(rank - 1)) + (None,), times, labels,
                                                  found):
                _add(found, ('factor', op.name, frozenset(labels) - {None}), times)
        for side in way.sides:
            labels = tuple(None if one is None else to_core.get(one) for one in side.labels)
            if side.times != side.times:
                _add(found, ('not', value_key(side.tensor), frozenset(labels) - {None}), 1)
            else:
                self._take(side.tensor, side.factor, side.times, labels, found)
        return {one: times for one, times in found.items() if abs(times) > 1e-6}

    def _take(self, tensor: tf.Tensor, factor: bool, times: float, labels: Labels, found: Terms, depth: int = 20
              ) -> None:
        """Take note of what a factor, or a summand, of a power of e consists of.

        Args:
            labels: which axes of the core those of the tensor are.
        """
        op = tensor.op
        number = None if self.hangs(tensor) else static_value(tensor)
        if number is not None and np.size(number) == 1 and (not factor or np.ravel(number)[0] > 0):
            value = float(np.ravel(number)[0])
            _add(found, ('number',), times * (np.log(value) if factor else value))
            return
        if depth and self.hangs(tensor):
            labels_in = labels if op.type in SAME else relabelled(op, labels) if op.inputs else None
            if labels_in is not None:
                return self._take(op.inputs[0], factor, times, labels_in, found, depth - 1)
            power = exponent_of(op)
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
        _add(found, ('factor' if factor else 'summand', value_key(tensor), frozenset(labels) - {None}), times)
        return None

    def _pairs(self, op: tf.Operation, factor: bool, times: float) -> Optional[List[Tuple[tf.Tensor, float]]]:
        """The two that an op makes one of, and how often each counts."""
        kinds = QUOTIENTS | frozenset(['Mul', 'MulNoNan']) if factor else SUMS
        if op.type in kinds:
            return [(op.inputs[0], times), (op.inputs[1], -times if op.type in QUOTIENTS | {'Sub'} else times)]
        if factor and op.type in ('Add', 'AddV2', 'Maximum', 'ClipByValue') and not any(
                self.hangs(one) for one in op.inputs[1:]):
            return [(op.inputs[0], times)]  # What keeps it from 0.
        if not factor and op.type == 'Neg':
            return [(op.inputs[0], -times)]
        return None

    def _sum(self, tensor: tf.Tensor, times: float, labels: Labels, found: Terms) -> bool:
        """A sum of powers of e."""
        summed = reduced(tensor)
        if summed is None:
            return False
        inner = self.way(summed.x, True)
        if inner is None or not self._add_sum(inner, summed.axes, summed.kept, times, labels, found):
            return False
        if summed.mean:
            _add(found, ('number',), times * -np.log(summed.mean))
        return True

    def _add_sum(self, inner: Way, gone: List[int], kept: Labels, times: float, labels: Labels, found: Terms
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
        _add(found, ('sum', self._of(inner), axes, frozenset((one, round(often, 6)) for one, often in within.items()),
                     frozenset(labels) - {None}), times)
        for one, often in terms.items():
            if one not in within:
                _add(found, one, times * often)
        return True


def _add(found: Terms, term: Any, times: float) -> None:
    found[term] = found.get(term, 0.) + times


def _varies(term: Any) -> FrozenSet[int]:
    return frozenset() if term == ('number',) else term[-1]


def _to_core(way: Way) -> Dict[Any, int]:
    """For the axes of the tensor that a way begins with those of the core."""
    return {label: axis for axis, label in enumerate(way.labels) if label is not None}


def _same(a: Terms, b: Terms) -> bool:
    return all(abs(a.get(one, 0) - b.get(one, 0)) < 1e-5 for one in {*a, *b})
