"""A loop of plain ops as what it does step by step: its body once for each step, one fed by the other."""
from typing import Any, Dict, List, Mapping, Optional, Set

import tensorflow.compat.v1 as tf

from .frames import Frames, Nodes, comes_round, data_of, maker
from .loops import ENTERS, EXITS
from .names import STEP

#: What changes a variable, so that it is not the same in every step.
ASSIGNS = ('Assign', 'ResourceApply', 'ResourceScatter', 'ScatterUpdate', 'ScatterAdd', 'ScatterSub')

#: Parts of the names of op types that do not put out the same whenever they are asked.
_FICKLE = ('Random', 'Uniform', 'Normal', 'Multinomial', 'Shuffle', 'Py', 'Array', 'List', 'Stack', 'Queue', 'Print')


def assigns(op_type: str) -> bool:
    return op_type.startswith(ASSIGNS)


class Loop:
    """The outermost loop of a frame, which is taken apart.

    Args:
        nodes: the nodes of a GraphDef, by name; changed.
        frames: the frames of each.
        members: the names of those in the loop, what a node reads before the node itself.
        read: the names of the Exits that are asked for.

    """

    def __init__(self, nodes: Nodes, frames: Frames, members: List[str], read: Set[str]) -> None:
        self._nodes, self._frame = nodes, frames[members[0]][0]
        self.members = set(members)
        self._own = {name for name in members if len(frames[name]) == 1}
        self._exits = [name for name in members if nodes[name].op in EXITS and name in self._own and name in read]
        self._variables = {name for name in members if name in self._own and comes_round(nodes[name], nodes)}
        self._still = {name for name in self._variables if self._hands_on(name)}
        self._gate = ''
        needed = self._find_needed()
        self._needed = [name for name in members if name in needed]
        self._live = [name for name in members if name in self._variables and name in needed]
        self._fixed = self._find_fixed()

    def unroll(self, steps: int, gated: bool) -> Dict[str, str]:
        """Put the steps in the loop's place; returns what stands for each of its Exits.

        Args:
            gated: whether the loop is in a branch that may not be taken.
        """
        made: Nodes = {}
        if gated:
            entered = next(self._nodes[name] for name in self._own if self._nodes[name].op in ENTERS)
            gate = tf.NodeDef(name=self._frame + '/deepexplain_entered', op='Identity', input=[entered.input[0]])
            gate.attr['T'].type = entered.attr['T'].type
            made[gate.name], self._gate = gate, gate.name
        values = {name: self._first(name) for name in self._live}
        for name in self._needed:
            if name in self._fixed and not self._is_passage(name):
                made[name] = self._copy(name, values, None)
        for step in range(steps):
            for name in self._needed:
                if name not in self._fixed and not self._is_passage(name):
                    copy = self._copy(name, values, step)
                    made[copy.name] = copy
            values = {name: self._at(self._round(name), values, step) for name in self._live}
        outputs = {name: self._at(self._nodes[name].input[0], values, steps) for name in self._exits}
        for name in self.members:
            del self._nodes[name]
        self._nodes.update(made)
        return outputs

    def _first(self, name: str) -> str:
        """What a variable is at first."""
        enter = next(source for source in self._nodes[name].input if self._nodes[maker(source)].op in ENTERS)
        return str(self._nodes[maker(enter)].input[0])

    def _round(self, name: str) -> str:
        """What a variable is after a step."""
        source = next(source for source in self._nodes[name].input
                      if self._nodes[maker(source)].op in ('NextIteration', 'RefNextIteration'))
        return str(self._nodes[maker(source)].input[0])

    def _is_loop_switch(self, node: Any) -> bool:
        return node.op in ('Switch', 'RefSwitch') and self._nodes[maker(node.input[1])].op == 'LoopCond'

    def _is_passage(self, name: str) -> bool:
        """Whether a node belongs to the loop itself."""
        node = self._nodes[name]
        return name in self._own and (name in self._variables or node.op in ENTERS or node.op in EXITS or node.op in (
            'NextIteration', 'RefNextIteration', 'LoopCond') or self._is_loop_switch(node))

    def _is_pivot(self, name: str) -> bool:
        """Whether a node only hands on a variable, so that to wait for it is to wait for the step."""
        node = self._nodes[name]
        while name in self._own and node.op in ('Identity', 'EnsureShape') and maker(node.input[0]) in self._own:
            name = maker(node.input[0])
            node = self._nodes[name]
        return self._is_passage(name)

    def _is_only_checked(self, node: Any) -> bool:
        """Whether a node tells the shape of a variable, as in functional loops that have become loops of plain ops."""
        return node.op == 'EnsureShape' and self._is_loop_switch(self._nodes[maker(node.input[0])])

    def _hands_on(self, name: str) -> bool:
        """Whether a variable stays what it is at first."""
        at = maker(self._round(name))
        while at != name and at in self._own and (
                self._nodes[at].op in ('Identity', 'EnsureShape') or self._is_loop_switch(self._nodes[at])):
            at = maker(self._nodes[at].input[0])
        return at == name

    def _waits_for(self, node: Any) -> List[str]:
        """The names of the nodes that a node waits for, the steps of the loop itself left out."""
        return [source[1:] for source in node.input if source.startswith('^') and not (
            source[1:] in self._own and (self._is_pivot(source[1:]) or self._nodes[source[1:]].op == 'NoOp'))]

    def _find_needed(self) -> Set[str]:
        """What the Exits are made of."""
        waiting = list(self._exits)
        found = set(waiting)
        while waiting:
            name = waiting.pop()
            node = self._nodes[name]
            if name in self._own:
                sources = data_of(node)[:1] if self._is_loop_switch(node) else data_of(node) + self._waits_for(node)
            else:
                sources = list(node.input)
            for source in map(maker, sources):
                if source in self.members and source not in found:
                    found.add(source)
                    waiting.append(source)
        return found

    def _find_fixed(self) -> Set[str]:
        """The nodes that put out the same in every step."""
        fixed: Set[str] = set()
        for name in self._needed:
            node = self._nodes[name]
            if name not in self._own:
                continue
            if node.op in ENTERS or name in self._still:
                fixed.add(name)
            elif name in self._variables:
                continue
            elif self._is_loop_switch(node):
                fixed.update([name] if maker(node.input[0]) in fixed else [])
            elif all(maker(source) in fixed for source in data_of(node)) and not self._waits_for(node) and not any(
                    part in node.op for part in _FICKLE):
                fixed.add(name)
        return fixed

    def _at(self, source: str, values: Mapping[str, str], step: Optional[int]) -> str:
        """What stands for a source in a step."""
        while True:
            name = maker(source)
            if name not in self._own:
                break
            node = self._nodes[name]
            if name in self._variables:
                return values[name]
            if node.op in ENTERS:
                return str(node.input[0])
            if not (node.op == 'Identity' or self._is_loop_switch(node) or self._is_only_checked(node)):
                break
            source = node.input[0]
        if name not in self.members:
            return source
        return self._named(name, step) + source[len(name):]

    def _named(self, name: str, step: Optional[int]) -> str:
        return name if name in self._fixed else name + STEP % (step or 0)

    def _copy(self, name: str, values: Mapping[str, str], step: Optional[int]) -> Any:
        """A node in a step."""
        node = tf.NodeDef()
        node.CopyFrom(self._nodes[name])
        node.name = self._named(name, step)
        waits = self._waits_for(node) if name in self._own else [
            source[1:] for source in node.input if source.startswith('^') and source[1:] not in self._own]
        node.input[:] = [self._at(source, values, step) for source in data_of(node)]
        node.input.extend('^' + (self._named(one, step) if one in self.members else one) for one in waits)
        if self._gate and name in self._own and not node.input:
            node.input.append('^' + self._gate)
        if 'frame_name' in node.attr:
            node.attr['frame_name'].s += (STEP % (step or 0)).encode()
        return node


def unroll_all(nodes: Nodes, frames: Frames, order: List[str], steps: Mapping[str, int], wanted: Set[str]
               ) -> Dict[str, str]:
    """Unroll some outermost loops.

    Args:
        nodes: the nodes by name; changed.
        order: their names, what a node reads before the node itself.
        steps: the number of steps of each, by its frame.
        wanted: the names of Exits whose values are asked for, besides those that nodes outside read.

    Returns:
        What stands for the Exits.
    """
    outermost = {name: frames[name][0] if frames[name] else '' for name in order}
    members: Dict[str, List[str]] = {frame: [] for frame in steps}
    read = set(wanted)
    for name in order:
        members.get(outermost[name], []).append(name)
        read.update(one for one in map(maker, nodes[name].input) if outermost.get(one, '') != outermost[name])
    gated = _gated(nodes, frames, order)
    outputs: Dict[str, str] = {}
    for frame, count in steps.items():
        loop = Loop(nodes, frames, members[frame], read)
        outputs.update(loop.unroll(count, frame in gated))
    for node in nodes.values():
        node.input[:] = [_final(source, outputs) for source in node.input]
    return {name: _final(name, outputs) for name in outputs}


def _final(source: str, outputs: Mapping[str, str]) -> str:
    if source.startswith('^'):
        return '^' + maker(_final(source[1:], outputs))
    while source in outputs:
        source = outputs[source]
    return source


def _gated(nodes: Nodes, frames: Frames, order: List[str]) -> Set[str]:
    """The frames of outermost loops that are in branches: what goes into them may have no value."""
    dead: Set[str] = set()
    found: Set[str] = set()
    for name in order:
        node, around = nodes[name], frames[name]
        if node.op in EXITS and len(around) == 1:
            dead.update([name] if around[0] in found else [])
        elif len(around) == (node.op in ENTERS):
            if node.op in ('Switch', 'RefSwitch') or node.op not in ('Merge', 'RefMerge') and any(
                    maker(source) in dead for source in node.input):
                dead.add(name)
                found.update(around)
    return found
