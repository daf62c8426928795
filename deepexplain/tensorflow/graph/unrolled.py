"""A path without its loops: each step by itself, in the place of arrays what they hold."""
import re
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from . import compat
from .arrays import Arrays, is_of_array
from .asking import Answers
from .bodies import callees
from .branching import CHOICES, lower_branches
from .frames import counter_of, dependent_on, frames_of, in_order, maker
from .functions import copy_bodies, functions_of, wait_before_loops
from .kinds import BRANCHES, LOOPS
from .loops import EXITS, is_loop
from .lowering import lower_loops
from .names import name_of
from .outside import Outside
from .path import Path, is_array
from .replica import Replica
from .units import Units
from .unrolling import assigns, unroll_all
from .walks import reached_by_value


class Unrolled(Replica):
    """A path imported again, its loops that hang on X unrolled.

    Args:
        path: the path, without calls.
        answers: the numbers of steps, as far as the data had to be asked for them.
        chosen: called with the name of a loop of which X decides how many steps it takes; raises what it must.

    Attributes:
        unrolled: whether there was a loop that could be.

    Raises:
        Unknown: where the data have to be asked.
    """

    def __init__(self, path: Path, answers: Answers,
                 chosen: Callable[[str], None] = lambda loop: None) -> None:
        self._path, self._answers, self._chosen = path, answers, chosen
        self.unrolled = False
        super().__init__(_with_arrays(path), path.fed)

    def unmarked(self, original: tf.Tensor) -> tf.Tensor:
        if self._is_gone(original):
            raise RuntimeError("'%s' lies in a loop: there is one of it for each step." % original.name)
        return super().unmarked(original)

    def _is_gone(self, original: tf.Tensor) -> bool:
        place = self._inlined.get(name_of(original), original.op.name)
        return place not in self._external and maker(place) not in self._kept

    def _known(self, ops: Sequence[tf.Operation]) -> List[tf.Tensor]:
        return [tensor for tensor in super()._known(ops) if not self._is_gone(tensor)]

    def _bring_functions(self, definition: tf.GraphDef, units: Optional[Units], gradient: str) -> Dict[str, str]:
        library = compat.library_of(self.graph)
        outputs: Dict[str, str] = {}
        while lower_branches(definition, library, outputs) or any(node.op in LOOPS for node in definition.node):
            outputs.update(lower_loops(definition, library, self._renamed_frame, lambda node: None, branched=True))
        nodes = {node.name: node for node in definition.node}
        inputs = [name for name, tensor in self._external.items() if tensor.name in self._path.fed]
        target = name_of(self._path.T)
        outside = Outside(self.graph, {name: op for name, op in self.originals.items() if name in nodes},
                          self._external, self._path.fed, self._answers.taken)
        while True:
            order = in_order(nodes)
            frames = frames_of(nodes, order)
            dependent = dependent_on(nodes, inputs)
            loops = self._to_unroll(nodes, frames, dependent)
            if not loops:
                break
            for name in sorted(dependent):
                if nodes[name].op == 'LoopCond' and frames[name][0] in loops and len(frames[name]) == 1:
                    self._chosen(loop_of(self._path.named(frames[name][0][len(self.scope):])))
            counting: Dict[str, Any] = dict(nodes)
            exits = []
            for frame in loops:
                counters, end = counter_of(nodes, frames, frame)
                counting.update(counters)
                exits.append(end)
            steps = self._answers.find(counting, outside, exits, loops)
            outputs.update(unroll_all(nodes, frames, order, {
                frame: int(count) for frame, count in zip(loops, steps)}, {maker(_last(target, outputs))}))
            self.unrolled = True
        arrays = Arrays(nodes, frames, inputs, lambda wanted: self._answers.find(nodes, outside, wanted))
        outputs.update(arrays.take_out(_last(target, outputs)))
        del definition.node[:]
        definition.node.extend(nodes.values())
        if any(any(functions_of(node)) for node in definition.node):
            wait_before_loops(definition)
            copy_bodies(definition, library, self.scope.replace('/', '_').replace('.', '_'), lambda node: None)
        for node in definition.node:
            compat.leave_as_it_is(node)
        self._kept = set(nodes)
        return {name: _last(name, outputs) for name in outputs}

    def _to_unroll(self, nodes: Mapping[str, Any], frames: Mapping[str, Any], dependent: Set[str]) -> List[str]:
        """The outermost loops that hang on X, but for those that change variables."""
        found: Dict[str, bool] = {}
        for name, around in frames.items():
            if around:
                found[around[0]] = found.get(around[0], False) or name in dependent and nodes[name].op not in EXITS
        barred = {frames[name][0] for name in frames if frames[name] and assigns(nodes[name].op)}
        return [frame for frame, wanted in found.items() if wanted and frame not in barred]

    def _restore_loops(self, ops: Sequence[tf.Operation]) -> None:
        """What loops are left get contexts as those of frozen graphs do."""


def loop_of(frame: str) -> str:
    """The name of the loop that a frame is of, as whoever made it has named it."""
    return re.sub('/while_context(_[0-9]+)?$', '', frame)


def has_loops(path: Path) -> bool:
    """Whether a path goes through loops, be they in functional branches, or behind what stops the gradient."""
    if not any(is_loop(op) or op.type in BRANCHES for op in path.ops):
        return False
    inside = set(path.ops)
    hanging = {op for op in reached_by_value(path.X) if op in inside}
    if any(is_loop(op) for op in hanging):
        return True
    branches = [op for op in hanging if op.type in BRANCHES]
    library = compat.library_of(path.graph) if branches else {}
    return any(inner.op in LOOPS for op in branches for function in functions_of(op.node_def)
               for name in [function.name] + callees(library[function.name], library)
               for inner in library[name].node_def)


def has_branches(path: Path) -> bool:
    """Whether a path goes through functional branches that a truth value chooses."""
    return any(op.type in CHOICES and op.inputs[0].dtype == tf.bool for op in path.dependent)


def _last(name: str, outputs: Mapping[str, str]) -> str:
    while name in outputs:
        name = outputs[name]
    return name


def _with_arrays(path: Path) -> List[tf.Operation]:
    """The ops of a path, its loops, and what makes the arrays that these use."""
    ops = path.with_loops()
    found = set(ops)
    waiting = list(ops)
    while waiting:
        for source in {tensor.op for tensor in waiting.pop().inputs}:
            if source not in found and compat.while_context(source) is None and (
                    is_of_array(source.type) or is_array(source)):
                found.add(source)
                waiting.append(source)
    return ops if len(found) == len(ops) else [op for op in path.graph.get_operations() if op in found]
