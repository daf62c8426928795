"""Which of a path's ops are products, contractions, softmaxes and normalisations, and how relevance passes them."""
from typing import Callable, Dict, List, Mapping, NamedTuple, Optional, Set

import tensorflow.compat.v1 as tf

from ..graph.kinds import BATCH_NORMS
from ..graph.kinds import PRODUCTS as BILINEAR
from ..graph.path import Path
from ..graph.units import Units, followed
from ..rules.joint import takes
from ..runs.targets import handed_on
from .bounds import Bounds
from .contractions import contraction_step, weighing_step
from .exponents import Written
from .factors import Factors
from .norms import Measures, fused_step, whole_step
from .products import (
    PRODUCTS,
    QUOTIENTS,
    difference_step,
    gated_step,
    is_broadcast,
    norm_step,
    product_over_step,
    share_step,
)
from .softmax import SOFTMAXES, constant_step, softmax_step
from .sums import Ahead, Maker, Step

#: How many tensors meet in an op of one input does not matter to these.
_ALONE: Dict[str, Callable[[List[int], Ahead], Step]] = {
    'Prod': product_over_step, 'EuclideanNorm': norm_step, 'L2Loss': norm_step, 'LRN': whole_step}


class How(NamedTuple):
    """What becomes of relevance where tensors that depend on X meet.

    Attributes:
        products: 'half' gives each factor half; 'signal' nothing to a gate, a factor behind a sigmoid or a softmax,
            and all to the other (Arras et al. 2017).
        softmax: 'taylor', see `softmax.taylor`, or 'constant': nothing.
        norms: 'linear' holds the divisor fixed; 'identity' passes relevance through all of a normalisation.
    """
    products: str = 'half'
    softmax: str = 'taylor'
    norms: str = 'linear'


#: What is done unless another is asked for.
DEFAULT = How()


class Meetings:
    """The ops of a path in which tensors meet.

    Args:
        units: its functions of one number.
        written: the softmaxes in other words than their own op, by the names of what they end in.

    Attributes:
        constant: the softmaxes that are taken as they are.
        blocked: whether X reaches T through these alone.
        divided: the ops that divide by what is held fixed.
        shared: the products and quotients of which both sides hang on X.
        softmaxes: whether there are softmaxes among them, before which -inf stands for what is masked.
    """

    def __init__(self, path: Path, how: How, units: Units, written: Mapping[str, Written]) -> None:
        self._path, self._how = path, how
        self._last = handed_on(path.T).op
        self._fixed: Dict[str, List[int]] = {}
        self._bounds = Bounds(path, units, {name: (0., 1.) for name, one in written.items() if not one.log})
        self.constant: Set[tf.Operation] = set()
        self.softmaxes = bool(written)
        self.divided: List[tf.Operation] = []
        self.shared: List[tf.Operation] = []
        marked, measures = {unit.y.name for unit in units.marked}, Measures(path)
        for op in path.ops:
            if op not in path.dependent or op is self._last and self._is_softmax(op):
                continue
            if op.type in SOFTMAXES or op.outputs and op.outputs[0].name in written:
                self.softmaxes = True
                if how.softmax == 'constant':
                    self.constant.add(op)
            elif op.type in PRODUCTS | QUOTIENTS and op.outputs[0].name not in marked and all(followed(op, path)):
                held = measures.divisors(op)
                self._fixed[op.name] = held
                self.divided += [op] * bool(held)
                self.shared.append(op)
            elif op.type in BILINEAR and sum(followed(op, path)) == 2:
                self._fixed[op.name] = self._gates(op)
        self._factors = Factors(path, units, self._bounds, self.shared, lambda op: self._fixed[op.name],
                                how.products == 'signal')
        for op in self.shared:
            weights = self._factors.weights.get(op.name)
            self._fixed[op.name] = [i for i in range(2) if weights is not None and not weights[i]]
        for op in self.constant:
            self._fixed[op.name] = list(range(len(op.inputs)))
        self._carried = _carried(path, self.constant) if self.constant else None
        self.blocked = self._carried is not None and path.T.name not in self._carried

    def _gates(self, op: tf.Operation) -> List[int]:
        """Where a product of matrices has a gate, if it has one and that is to get nothing."""
        if self._how.products != 'signal':
            return []
        places = [i for i, follows in enumerate(followed(op, self._path)) if follows]
        found = [i for i in places if self._bounds.is_gate(op.inputs[i])]
        return found if len(found) < len(places) else []

    def lets(self, op: tf.Operation, i: int) -> bool:
        """Whether an op hands relevance on to an input that depends on X."""
        return (self._carried is None or op.inputs[i].name in self._carried) and i not in self._fixed.get(op.name, ())

    def maker(self, op: tf.Operation, places: List[int]) -> Optional[Maker]:
        """What makes the step of an op, if it is one of those that are meant.

        Args:
            places: the inputs that it hands relevance on to.
        """
        if op is self._last and self._is_softmax(op):
            return None
        if op in self.constant:
            return lambda ahead: constant_step([], ahead)
        step = self._step(op, places)
        return None if step is None else lambda ahead: step(places, ahead)  # type: ignore[misc]

    def _step(self, op: tf.Operation, places: List[int]) -> Optional[Callable[[List[int], Ahead], Step]]:
        meeting = sum(followed(op, self._path))
        if op.type in SOFTMAXES:
            return softmax_step
        if op.type in _ALONE and places == [0]:
            return _ALONE[op.type]
        if op.type in BATCH_NORMS and places == [0] and takes(op, self._path):
            return fused_step
        if op.type in PRODUCTS and meeting == 2 or op.type in QUOTIENTS and followed(op, self._path)[1]:
            return self._shared(op, places) if places else None
        if op.type == 'SquaredDifference' and len(places) == 2:
            return difference_step
        if op.type in BILINEAR and meeting == 2 and places:
            return self._contracted
        return None

    def _shared(self, op: tf.Operation, places: List[int]) -> Callable[[List[int], Ahead], Step]:
        weights = self._factors.weights.get(op.name) or [1., 1.]
        for i in places if op.type in PRODUCTS and len(places) == 2 else ():
            one = op.inputs[i]
            if is_broadcast(op, i) and self._bounds.is_gate(one) and self._bounds.is_sigmoid(one):
                return lambda places, ahead: gated_step(i, weights, ahead)
        return lambda places, ahead: share_step(places, weights, ahead)

    def _contracted(self, places: List[int], ahead: Ahead) -> Step:
        return contraction_step(places, ahead) if len(places) == 2 else weighing_step(places[0], ahead)

    def _is_softmax(self, op: tf.Operation) -> bool:
        return op.type in SOFTMAXES


def _carried(path: Path, stops: Set[tf.Operation]) -> Set[str]:
    """The names of the tensors that X reaches by ops that let relevance through."""
    waiting = list(path.X)
    found = {x.name for x in waiting}
    while waiting:
        for op in waiting.pop().consumers():
            if op in path.dependent and op not in stops:
                new = [tensor for tensor in op.outputs if tensor.name not in found]
                found.update(tensor.name for tensor in new)
                waiting.extend(new)
    return found
