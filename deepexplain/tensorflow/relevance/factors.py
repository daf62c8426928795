"""Products of many factors, in whatever order they are multiplied: which of them get what of the relevance.

Each of n factors has the n-th part (Achtibat et al. 2024, proposition 3.2). Factors that are functions of one tensor,
as those of x x y are of x, are one: what they make together is a function of one number. Of a quotient the divisor b is
the factor 1 / b.
"""
from typing import Callable, Dict, List, NamedTuple, Optional, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.numbers import Numbers
from ..graph.path import Path
from ..graph.units import Unit, Units, followed
from .bounds import Bounds, Ends, is_unit_range
from .curves import ends_of, values
from .products import PRODUCTS, QUOTIENTS

#: What lies between the products of one tree leaves its numbers as they are.
_BETWEEN = frozenset('Identity Snapshot CheckNumerics EnsureShape Cast Reshape ExpandDims Squeeze Neg'.split())

#: Functions of one number whose inputs are looked at for what factors have in common.
_THROUGH = frozenset(['Identity', 'Snapshot', 'Neg'])

#: So many factors are taken apart.
_MOST = 64


class Factor(NamedTuple):
    """A factor: the tensor, whether it divides, the places on the way to it, and the numbers that are in it."""
    tensor: tf.Tensor
    divides: bool
    way: Tuple[Tuple[tf.Operation, int], ...]
    numbers: float


class Factors:
    """The shares of the inputs of products.

    Args:
        ops: the products and quotients that relevance passes, in the order of their making.
        held: for them the places that get nothing, as a fixed divisor.
        signal: whether gates get nothing where there are other factors.
    """

    def __init__(self, path: Path, units: Units, bounds: Bounds, ops: List[tf.Operation],
                 held: Callable[[tf.Operation], List[int]], signal: bool) -> None:
        self._path, self._bounds, self._held, self._signal = path, bounds, held, signal
        self._units: Dict[str, Unit] = {unit.y.name: unit for unit in [*units.marked, *units.single.values()]}
        self._among = {op.name for op in ops}
        self._numbers = Numbers()
        #: For each op the weights of its inputs.
        self.weights: Dict[str, List[float]] = {}
        for op in reversed(ops):
            if op.name not in self.weights:
                self._share(op)

    def _share(self, root: tf.Operation) -> None:
        """The weights of a product that is no factor of another, and of those that are factors of it alone."""
        numbers: List[float] = []
        found = self._factors(root, False, (), numbers)
        groups: Dict[str, List[Factor]] = {}
        for one in found:
            groups.setdefault(self._base(one.tensor).name, []).append(one)
        outside = float(np.prod([*numbers, *self._behind(root), *(one.numbers for one in found)]))
        gates = {base: self._signal and self._is_gate(
            base, group, outside / float(np.prod([one.numbers for one in group]))) for base, group in groups.items()}
        if all(gates.values()):
            gates = dict.fromkeys(gates, False)
        open_ = sum(not one for one in gates.values())
        own: Dict[str, List[float]] = {}
        for base, group in groups.items():
            for one in group if not gates[base] else ():
                for op, place in one.way:
                    own.setdefault(op.name, [0.] * len(op.inputs))[place] += 1 / open_ / len(group)
        inner: Set[str] = {op.name for one in found for op, _ in one.way}
        for name in inner:
            if name == root.name or self._is_own(root.graph.get_operation_by_name(name), root):
                weights = own.get(name)
                if weights is not None:
                    self.weights[name] = [one / sum(weights) for one in weights]

    def _behind(self, op: tf.Operation) -> List[float]:
        """The numbers that a product is multiplied with afterwards."""
        found: List[float] = []
        while True:
            readers = [one for one in op.outputs[0].consumers() if one in self._path.dependent]
            if len(readers) != 1 or readers[0].type not in _BETWEEN | PRODUCTS | QUOTIENTS:
                return found
            before, op = op.outputs[0], readers[0]
            if op.type in _BETWEEN:
                continue
            place = [one.name for one in op.inputs].index(before.name)
            number = self._number(op, place)
            if number is None:
                return found
            found.append(number)

    def _number(self, op: tf.Operation, place: int) -> Optional[float]:
        """What a product or a quotient multiplies one of its inputs by, if that is known."""
        if op.type in QUOTIENTS and place:
            return None
        known = self._numbers.range(op.inputs[1 - place])
        if known is None or known[0] != known[1] or not known[0]:
            return None
        return known[0] ** (-1 if op.type in QUOTIENTS else 1)

    def _is_own(self, op: tf.Operation, root: tf.Operation) -> bool:
        """Whether a product is read by one other alone, on its way to the root."""
        tensor = op.outputs[0]
        while True:
            readers = [one for one in tensor.consumers() if one in self._path.dependent]
            if len(readers) != 1:
                return False
            if readers[0] is root or readers[0].name in self._among:
                return readers[0] is root or self._is_own(readers[0], root)
            tensor = readers[0].outputs[0]

    def _factors(self, op: tf.Operation, divides: bool, way: Tuple[Tuple[tf.Operation, int], ...],
                 numbers: List[float]) -> List[Factor]:
        """The factors of a product, and the numbers that it is multiplied with."""
        found: List[Factor] = []
        for place, follows in enumerate(followed(op, self._path)):
            if not follows or place in self._held(op):
                continue
            tensor, over = op.inputs[place], divides != (op.type in QUOTIENTS and place == 1)
            here = way + ((op, place),)
            inner, own = self._inner(tensor, over)
            if inner is not None and len(way) < _MOST:
                numbers.append(own)
                found += self._factors(inner, over, here, numbers)
            else:
                found.append(Factor(tensor, over, here, own))
        return found

    def _inner(self, tensor: tf.Tensor, divides: bool) -> Tuple[Optional[tf.Operation], float]:
        """The product that a tensor is, but for moves and numbers, if it is one; and the product of these."""
        own = 1.
        while tensor.name not in self._path.fed and tensor.op in self._path.dependent:
            op = tensor.op
            if op.name in self._among:
                return op, own
            if tensor.name in self._units:
                break
            follows = followed(op, self._path)
            if op.type in PRODUCTS | QUOTIENTS and sum(follows) == 1 and (op.type in PRODUCTS or follows[0]):
                number = self._number(op, follows.index(True))
                if number is not None:
                    own *= 1 / number if divides else number
                tensor = op.inputs[follows.index(True)]
            elif op.type in _BETWEEN:
                tensor = op.inputs[0]
            else:
                break
        return None, own

    def _base(self, tensor: tf.Tensor) -> tf.Tensor:
        """What a factor is a function of, number by number, as far back as that goes."""
        while tensor.name not in self._path.fed and tensor.op in self._path.dependent:
            if tensor.name in self._units:
                tensor = self._units[tensor.name].x
            elif tensor.op.type in _THROUGH:
                tensor = tensor.op.inputs[0]
            else:
                places = [i for i, one in enumerate(tensor.op.inputs) if self._path.depends(one)]
                if tensor.op.type in ('Add', 'AddV2', 'Sub') and len(places) == 2:
                    bases = [self._base(one) for one in tensor.op.inputs]
                    if bases[0].name == bases[1].name:
                        tensor = bases[0]
                        continue
                if tensor.op.type not in ('Mul', 'Add', 'AddV2', 'Sub', 'RealDiv') or len(places) != 1:
                    break
                known = self._numbers.range(tensor.op.inputs[1 - places[0]])
                if known is None or known[0] != known[1]:
                    break
                tensor = tensor.op.inputs[places[0]]
        return tensor

    def _is_gate(self, base: str, group: List[Factor], outside: float) -> bool:
        """Whether what some factors are together lies between 0 and 1, with the numbers of the product or without."""
        if len(group) == 1:
            ends: Optional[Ends] = self._bounds.ends(group[0].tensor)
            if group[0].divides:
                low, high = ends or (0, 0)
                ends = (1 / high, 1 / low) if low > 0 else None
            if ends is not None and (is_unit_range(ends) or is_unit_range(_times(ends, outside))):
                return True
            if group[0].tensor.name == base:
                return False
        x = self._path.graph.as_graph_element(base)
        found = [values(one.tensor, x, self._path.depends) for one in group]
        if any(one is None for one in found):
            return all(is_unit_range(self._bounds.ends(one.tensor)) and not one.divides for one in group)
        ends = ends_of([one for one in found if one is not None], [-1 if one.divides else 1 for one in group])
        return ends is not None and (is_unit_range(ends) or is_unit_range(_times(ends, outside)))


def _times(ends: Ends, number: float) -> Ends:
    both = [one * number if one else 0. for one in ends]
    return min(both), max(both)
