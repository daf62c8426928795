"""Products and exponentials that look like parts of a softmax or a normalisation, and were recognised as neither."""
from typing import AbstractSet, Callable, List, Sequence, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import static_value
from ..graph.kinds import BATCH_NORMS, ELEMENTWISE
from ..graph.path import Path
from ..messages import listed, warn
from ..rules.sizes import is_size
from .alignment import reduced, small, value_key
from .exponents import Exponents
from .norms import DIAGONALS, MOVES, REDUCTIONS
from .products import QUOTIENTS

_INVERTS = frozenset(['Reciprocal', 'Inv', 'Rsqrt', 'Pow', 'Exp'])
_LINEAR = frozenset(['MatMul', 'BatchMatMul', 'BatchMatMulV2', 'BatchMatMulV3', 'Einsum'])

_THROUGH = ELEMENTWISE | MOVES | REDUCTIONS | BATCH_NORMS | DIAGONALS

#: How many ops back are looked at.
_MOST = 40


def warn_of_unknown(path: Path, alive: AbstractSet[tf.Operation], shared: Sequence[tf.Operation],
                    known: AbstractSet[str], late: AbstractSet[str], lets: Callable[[tf.Operation, int], bool],
                    divided: AbstractSet[tf.Operation]) -> None:
    """Warn of ops that relevance passes as it does any, though they may be meant as more.

    Args:
        alive: the ops that relevance comes to.
        shared: the products and quotients of which both sides hang on X.
        known: the names of what softmaxes and normalisations put out.
        late: the values (`value_key`) of what softmaxes sum up that divide later on.
        lets: whether an op hands relevance on to one of its inputs.
        divided: those that divide by what is held fixed.
    """
    exponents = Exponents(path)
    found: List[Tuple[str, str]] = []
    sums: List[Tuple[str, str]] = []
    others: List[Tuple[str, str]] = []
    look = _Back(path, known)
    for op in shared:
        if op not in alive:
            continue
        held = [i for i in (0, 1) if not lets(op, i)]
        if not held:
            places = [1] if op.type in QUOTIENTS else [0, 1]
            if any(look.divides(op.inputs[i], op.type in QUOTIENTS) for i in places):
                found.append((op.type, path.called(op)))
        elif any(look.sums_exps(op.inputs[i], exponents, late) for i in held):
            sums.append((op.type, path.called(op)))
        elif op in divided and len(held) == 1 and not look.share(op.inputs[held[0]], op.inputs[1 - held[0]]) and not (
                look.is_late(op.inputs[held[0]], late)):
            others.append((op.type, path.called(op)))
    found += [(op.type, path.called(op)) for op in path.ops
              if op in alive and op.type == 'Exp' and op in path.dependent and op.outputs[0].name not in known
              and look.has_log_of_sum(op.inputs[0])]
    if found:
        warn('%s: a sum, a mean or a maximum over many numbers divides there, or is taken from an exponent, but '
             'neither a softmax nor a normalisation is recognised: relevance passes as it does any product. If it is '
             'one, write it as tf.nn.softmax, or as x / sqrt(mean(x^2) + epsilon).' % listed(found))
    if sums:
        warn('%s: a sum of exponentials divides there, but not these, as in a softmax that is recognised: it is '
             'held fixed and gets nothing. If it is a softmax, write it as tf.nn.softmax.' % listed(sums))
    if others:
        warn('%s: what divides there measures other numbers than those that it divides: it is held fixed and gets '
             'nothing, as the divisor of a normalisation does.' % listed(others))


class _Back:
    """A way back on a path by moves and functions, as far as reductions, layers and what is known."""

    def __init__(self, path: Path, known: AbstractSet[str]) -> None:
        self._path, self._known = path, known

    def _over(self, tensor: tf.Tensor) -> List[tf.Tensor]:
        """What a tensor is made of, the nearest first."""
        waiting, seen = [tensor], {tensor.name}
        found: List[tf.Tensor] = []
        while waiting and len(found) < _MOST:
            one = waiting.pop(0)
            if one.name in self._known or one.name in self._path.fed:
                continue
            found.append(one)
            for before in one.op.inputs if one.op.type in ELEMENTWISE | MOVES else ():
                if before.name not in seen and self._path.depends(before):
                    seen.add(before.name)
                    waiting.append(before)
        return found

    def _is_reduction(self, tensor: tf.Tensor) -> bool:
        if tensor.op.type in REDUCTIONS:
            return True
        weights = [one for one in tensor.op.inputs if not self._path.depends(one)] if tensor.op.type in _LINEAR else []
        value = static_value(weights[0]) if len(weights) == 1 else None
        return value is not None and value.size > 1 and bool(np.ptp(value) == 0)

    def _reduces(self, tensor: tf.Tensor) -> bool:
        return any(self._is_reduction(one) for one in self._over(tensor))

    def divides(self, tensor: tf.Tensor, divisor: bool) -> bool:
        """Whether a factor is one over what hangs on a reduction; or, of a divisor, hangs on one itself."""
        if divisor:
            return self._reduces(tensor)
        for one in self._over(tensor):
            place = int(one.op.type in QUOTIENTS)
            if (one.op.type in _INVERTS or place and self._path.depends(one.op.inputs[1])) and self._reduces(
                    one.op.inputs[place]):
                return True
        return False

    def is_late(self, divisor: tf.Tensor, late: AbstractSet[str]) -> bool:
        """Whether what divides is the sum of a softmax that is divided later on."""
        summed = [reduced(one) for one in self._over(small(divisor))]
        return any(one is not None and value_key(one.x) in late for one in summed)

    def share(self, divisor: tf.Tensor, divided: tf.Tensor) -> bool:
        """Whether something is measured by a divisor of which what it divides is made as well, no layer between."""
        return bool(self._made_of(divisor) & self._made_of(divided))

    def _made_of(self, tensor: tf.Tensor) -> Set[str]:
        """The names of what a tensor is made of by functions, moves, reductions and products, as far as layers."""
        waiting, seen = [tensor], {tensor.name}
        for one in waiting:
            inputs = [x for x in one.op.inputs if self._path.depends(x)]
            through = one.op.type in _THROUGH or one.op.type in _LINEAR and (
                len(inputs) > 1 or self._is_reduction(one) or any(map(is_size, inputs)))
            for before in inputs if through and one.name not in self._path.fed else ():
                if before.name not in seen and len(seen) < 10 * _MOST:
                    seen.add(before.name)
                    waiting.append(before)
        return seen

    def has_log_of_sum(self, tensor: tf.Tensor) -> bool:
        return any(one.op.type == 'Log' and self._reduces(one.op.inputs[0]) for one in self._over(tensor))

    def sums_exps(self, tensor: tf.Tensor, exponents: Exponents, late: AbstractSet[str]) -> bool:
        """Whether what divides is a sum of powers of e that a softmax is not known to sum up."""
        for one in self._over(small(tensor)):
            summed = reduced(one)
            if summed is not None and exponents.power(summed.x) is not None:
                return value_key(summed.x) not in late
        return False
