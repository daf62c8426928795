"""The path: the ops between X and T. Nothing outside it is looked at, run or changed."""
import re
from typing import Any, Callable, Dict, FrozenSet, Iterable, List, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from .compat import never_has_gradient, while_context
from .kinds import CALLS, FLAT, FUNCTIONAL, SINGULAR, STEPS, foreign_gradient
from .names import IN_BODY
from .walks import ops_to

_IN_A_STEP = re.compile(r'/deepexplain_step_[0-9]+')


class Path:
    """The ops between some tensors X and a tensor T of one graph.

    Args:
        dead: names of tensors that never have a value, so that nothing depends on X through them.

    Attributes:
        ops: the ops of the path in the order of their making, X's own not included.
        dependent: those of them whose value depends on the value of X (not only on its shape).
        fed: X by name: what a replica has to read as it is, though an op of the path may make it as well.
        dead: see above.
        settled: the values that placeholders for training, and what is made of them, are taken to have, by name; None
            for those that must not be fed.
        steps: op types without a gradient, or with that of a step, which take a rule all the same.
        still: the names of those X that let no gradient out, as an argument of a loop's body may.
        of: where this path stands for another, finds what stands here for a tensor of that one.
        scope: where it does, what the names of its ops begin with besides those of that one.
    """

    def __init__(self, X: Sequence[tf.Tensor], T: tf.Tensor, dead: FrozenSet[str] = frozenset()) -> None:
        self.X, self.T, self.graph = list(X), T, T.graph
        self.ops, self.dependent = ops_to(X, [T], dead)
        self._ends, self.dead = {x.name for x in X}, dead
        self.fed: Dict[str, tf.Tensor] = {x.name: x for x in X}
        self._order = {op: i for i, op in enumerate(self.ops)}
        self._carried: Dict[FrozenSet[str], Set[str]] = {}
        self.settled: Dict[str, Optional[float]] = {}
        self.steps: FrozenSet[str] = frozenset()
        self.still: FrozenSet[str] = frozenset()
        self.of: Callable[[tf.Tensor], tf.Tensor] = lambda tensor: tensor
        self.scope = ''
        self._inside: Set[tf.Operation] = set()

    def on(self, replica: Any, dead: FrozenSet[str] = frozenset()) -> 'Path':
        """The same path where the ops of a replica stand for its own."""
        found = Path(self.X, replica.tensor(self.T), dead)
        found.of, found.scope = (lambda tensor: replica.tensor(self.of(tensor))), replica.scope + self.scope
        found.settled, found.steps = self.settled, self.steps
        return found

    @property
    def makes_own_ends(self) -> bool:
        """Whether an op of the path makes one of X, besides what T hangs on (one half of a split, say).

        TensorFlow stops gradients at whole ops: what goes through the other half would be lost.
        """
        makers = {x.op for x in self.X}
        return any(op in makers for op in self.ops)

    def depends(self, tensor: tf.Tensor) -> bool:
        """Whether the tensor's value depends on the value of X."""
        return tensor.name in self._ends or tensor.op in self.dependent

    def lies_between(self, tensor: tf.Tensor) -> bool:
        """Whether a tensor is made between X and T, or in a loop that the path enters, as a replica of it is."""
        self._inside = self._inside or set(self.with_loops())
        return tensor.op in self._inside

    def called(self, op: tf.Operation) -> str:
        """The name of an op of the path for messages, as the user knows it."""
        return self.named(op.name)

    def named(self, name: str) -> str:
        name = _IN_A_STEP.sub('', name[len(self.scope):] if name.startswith(self.scope) else name)
        return ' in '.join(reversed(name.split(IN_BODY)))

    def carries(self, tensor: tf.Tensor, steps: bool = True) -> bool:
        """Whether the gradient at the tensor may go on to X: X does not reach it by ops without a gradient alone.

        Args:
            steps: whether step functions, which have the gradient 0, count as ops that have one. Those that have a
                registered rule always do.
        """
        passing = FLAT | self.steps if steps else self.steps
        if passing not in self._carried:
            self._carried[passing] = self._find_carried(passing)
        return tensor.name in self._carried[passing]

    def may_have_gradient(self, ruled: FrozenSet[str]) -> bool:
        """Whether some way from X to T is of ops alone that have a gradient, be it zero, or a rule by their type."""
        return self.T.name in self._find_carried(FLAT - STEPS | FLAT & ruled, set(self.ops))

    def _find_carried(self, passing: FrozenSet[str], among: Optional[Set[tf.Operation]] = None) -> Set[str]:
        among = self.dependent if among is None else among
        waiting = [x for x in self.X if x.name not in self.still and _may_carry(x)]
        found = {x.name for x in waiting}
        lets: Dict[str, bool] = {}
        while waiting:
            for op in waiting.pop().consumers():
                if op not in among:
                    continue
                if op.type not in lets:
                    lets[op.type] = op.type in passing or op.type not in FLAT and not never_has_gradient(op.type)
                if lets[op.type] or foreign_gradient(op):
                    new = [tensor for tensor in op.outputs
                           if tensor.name not in found and tensor.name not in self.dead and _may_carry(tensor)]
                    found.update(tensor.name for tensor in new)
                    waiting.extend(new)
        return found

    def in_order(self, ops: Iterable[tf.Operation]) -> List[tf.Operation]:
        """Those of some ops that are on the path, in the order of their making."""
        return sorted((op for op in ops if op in self._order), key=self._order.__getitem__)

    def by_shape(self, op: tf.Operation) -> bool:
        """Whether an op is on the path though its value does not depend on the value of X."""
        return op in self._order and op not in self.dependent

    def of_types(self, types: Iterable[str]) -> List[tf.Operation]:
        """The ops of the path that are of one of these types."""
        wanted = frozenset(types)
        return [op for op in self.ops if op.type in wanted]

    @property
    def may_be_singular(self) -> bool:
        """Whether T may be infinite, or no number, at some finite X (float overflow apart)."""
        return any(op.type in SINGULAR or op.type in CALLS or op.type in FUNCTIONAL or not hasattr(tf.raw_ops, op.type)
                   for op in self.ops if op in self.dependent)

    def with_loops(self) -> List[tf.Operation]:
        """The ops of the path, the whole of every v1 loop that it enters, and the arrays that such loops write to.

        A loop runs in a frame of its own, so its counter and its condition cannot be shared with a replica.
        """
        loops = {while_context(op) for op in self.ops} - {None}
        if not loops:
            return self.ops
        found = set(self.ops)
        waiting = list(self.ops)
        while waiting:
            op = waiting.pop()
            for source in [tensor.op for tensor in op.inputs] + list(op.control_inputs):
                if source not in found and (is_array(source) or _runs_in(source, loops)):
                    found.add(source)
                    waiting.append(source)
        # TensorFlow starts the gradient of each loop variable at its exit, though nobody reads what comes out.
        found.update(op for switch in list(found) if switch.type == 'Switch' and while_context(switch) in loops
                     for tensor in switch.outputs for op in tensor.consumers() if op.type == 'Exit')
        return [op for op in self.graph.get_operations() if op in found]


def is_array(op: tf.Operation) -> bool:
    """Whether an op makes an array, or only hands one on: a replica has arrays of its own."""
    while op.type in ('Switch', 'Identity') and op.inputs[0].dtype == tf.resource:
        op = op.inputs[0].op
    return bool(op.type == 'TensorArrayV3')


def _runs_in(op: tf.Operation, loops: Set[Any]) -> bool:
    """Whether an op is in one of some loops; of what has no outputs TensorFlow may not know."""
    if op.outputs:
        return while_context(op) in loops
    waiting, seen = [op], {op}
    while waiting:
        one = waiting.pop()
        if one.type != 'Exit' and while_context(one) in loops:
            return True
        new = [] if one.outputs else [before for before in one.control_inputs if before not in seen]
        seen.update(new)
        waiting.extend(new)
    return False


def _may_carry(tensor: tf.Tensor) -> bool:
    return tensor.dtype.is_floating or tensor.dtype.is_complex or tensor.dtype == tf.variant
