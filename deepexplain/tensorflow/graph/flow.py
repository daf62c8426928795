"""What the value of a tensor is made of: like a path, but of values alone, and with the choices that branches make."""
from typing import Callable, Collection, Dict, FrozenSet, Iterable, List, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from .kinds import CONSTANT
from .numbers import Numbers

#: What these put out is decided by shapes alone.
SHAPES = CONSTANT - frozenset(['StopGradient'])

#: With these a known number may mean that something else does not matter.
_DECIDE = frozenset('''
    Mul MulNoNan Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr Floor
    '''.split())

_SELECTS = frozenset(['Select', 'SelectV2'])

_SWITCHES = frozenset(['Switch', 'RefSwitch'])


class Flow:
    """The ops that the values of some tensors are made of.

    A branch that is known not to be taken, and what is multiplied by a known 0, do not matter; of a tf.cond the
    predicate does, though its branches may be of constants.

    Args:
        targets: the tensors.
        ends: the names of tensors where it begins: they are fed.
        numbers: what is known of numbers.
        leaves: ops whose inputs are not asked for.
        reads: gives the inputs that matter of an op, where it is not all.

    Attributes:
        ops: the ops.
        readers: for the name of each tensor that matters the ops that read it.
        asked: the names of placeholders that decide what matters.
    """

    def __init__(self, targets: Sequence[tf.Tensor], ends: Iterable[str], numbers: Numbers,
                 leaves: Collection[tf.Operation] = (),
                 reads: Callable[[tf.Operation], Optional[List[tf.Tensor]]] = lambda op: None) -> None:
        self.targets, self.numbers = list(targets), numbers
        self._ends, self._leaves, self._reads = frozenset(ends), leaves, reads
        self._dead: FrozenSet[str] = frozenset()
        self._walk()
        if any(numbers.truth(op.inputs[1]) is not None for op in self._switches):
            self._dead = self._find_dead()
            self._walk()

    def _walk(self) -> None:
        self.ops: Set[tf.Operation] = set()
        self.readers: Dict[str, List[tf.Operation]] = {}
        self.asked: Set[str] = set()
        self._switches: Set[tf.Operation] = set()
        self._held: Dict[str, List[tf.Operation]] = {}  # A side of a Switch -> the ops that wait for it.
        waiting = [tensor for tensor in self.targets if tensor.name not in self._dead]
        found = {tensor.name for tensor in waiting}
        for tensor in waiting:
            self.readers.setdefault(tensor.name, [])
        while waiting:
            tensor = waiting.pop()
            if tensor.name in self._ends or tensor.op in self.ops:
                continue
            op = tensor.op
            self.ops.add(op)
            for source in {one.name: one for one in self._sources(op, tensor)}.values():
                if source.name not in self._dead:
                    self.readers.setdefault(source.name, []).append(op)
                    if source.name not in found:
                        found.add(source.name)
                        waiting.append(source)

    def _sources(self, op: tf.Operation, tensor: tf.Tensor) -> List[tf.Tensor]:
        """The tensors that matter to what an op puts out."""
        if op.type in SHAPES or op in self._leaves:
            return []
        inputs = self._reads(op)
        inputs = list(op.inputs) if inputs is None else inputs
        if op.type in _DECIDE:
            known = self.numbers.of(tensor)
            self.asked |= known.asked
            if known.range is not None and known.range[0] == known.range[1]:
                return []
            if known.range is None and op.type in ('Mul', 'MulNoNan'):
                for one in inputs:
                    self.asked |= self.numbers.of(one).asked
        elif op.type in _SELECTS or op.type in _SWITCHES or op.type in ('If', 'StatelessIf'):
            place = 1 if op.type in _SWITCHES else 0
            known, truth = self.numbers.of(op.inputs[place]), self.numbers.truth(op.inputs[place])
            self.asked |= known.asked
            if op.type in _SWITCHES:
                self._switches.add(op)
            if truth is not None:
                inputs = [inputs[1 if truth else 2]] if op.type in _SELECTS else [
                    one for one in inputs if one.name != op.inputs[place].name]
        # A branch of constants is chosen by what it waits for.
        for before in op.control_inputs if not len(op.inputs) else ():
            if before.type == 'Identity' and before.inputs[0].op.type in _SWITCHES:
                switch = before.inputs[0].op
                self._switches.add(switch)
                self._held.setdefault(before.inputs[0].name, []).append(op)
                self.asked |= self.numbers.of(switch.inputs[1]).asked
                if self.numbers.truth(switch.inputs[1]) is None:
                    inputs = inputs + [switch.inputs[1]]
        return inputs

    def _find_dead(self) -> FrozenSet[str]:
        """The tensors that have no value, as the other side is known to be taken."""
        waiting: List[str] = []
        for switch in self._switches:
            truth = self.numbers.truth(switch.inputs[1])
            if truth is not None:
                waiting.append(switch.outputs[0 if truth else 1].name)
        dead = set(waiting)
        while waiting:
            name = waiting.pop()
            for op in self.readers.get(name, []) + self._held.get(name, []):
                for tensor in op.outputs if op.type != 'Merge' else ():
                    if tensor.name not in dead:
                        dead.add(tensor.name)
                        waiting.append(tensor.name)
        return frozenset(dead)

    def after(self, names: Iterable[str]) -> Set[str]:
        """The names of the tensors here whose values hang on some tensors, these included."""
        waiting = [name for name in names if name in self.readers]
        found = set(waiting)
        while waiting:
            for op in self.readers[waiting.pop()]:
                for tensor in op.outputs:
                    if tensor.name in self.readers and tensor.name not in found:
                        found.add(tensor.name)
                        waiting.append(tensor.name)
        return found
