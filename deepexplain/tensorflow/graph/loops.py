"""Loops of plain ops that came without their contexts, as those of frozen graphs do, found again.

TensorFlow differentiates a v1 loop only if it knows which ops are inside, and which branches they are in.
"""
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

import tensorflow.compat.v1 as tf

from . import compat
from .kinds import LOOPS

#: The op types by which tensors come into the frame of a loop, and leave it.
ENTERS, EXITS = ('Enter', 'RefEnter'), ('Exit', 'RefExit')


class _Frame(NamedTuple):
    """A loop: what goes into its frame, all ops inside, the inner loops among them, and the loops just inside."""
    name: str
    enters: List[tf.Operation]
    members: Set[tf.Operation]
    inner: List['_Frame']

    def own(self) -> Set[tf.Operation]:
        """The ops that are in no inner loop."""
        return self.members.difference(*[one.members for one in self.inner])

    def exits(self) -> List[tf.Operation]:
        """The ops by which it is left."""
        return [op for op in self.own() if op.type in EXITS]


class _Flow:
    """Which ops follow which, through data or control."""

    def __init__(self, graph: tf.Graph) -> None:
        self.ops = graph.get_operations()
        self.after: Dict[tf.Operation, List[tf.Operation]] = {op: [] for op in self.ops}
        for op in self.ops:
            for source in {tensor.op for tensor in op.inputs} | set(op.control_inputs):
                self.after[source].append(op)

    def inside(self, enters: List[tf.Operation], frame: str) -> Set[tf.Operation]:
        """The ops that run in a frame or in frames inside it, its Exits among them."""
        found, waiting = set(), [(op, 0) for op in enters]
        seen: Set[Tuple[tf.Operation, int]] = set(waiting)
        while waiting:
            op, depth = waiting.pop()
            found.add(op)
            if op.type in EXITS:
                depth -= 1
            if depth < 0:
                continue
            for follower in self.after[op]:
                entry = follower, depth + (follower.type in ENTERS and _frame_name(follower) != frame)
                if entry not in seen:
                    seen.add(entry)
                    waiting.append(entry)
        return found


def is_loop(op: tf.Operation) -> bool:
    """Whether an op is a functional loop, or one of a loop of plain ops."""
    return op.type in LOOPS or compat.while_context(op) is not None


def restore_loops(ops: Iterable[tf.Operation]) -> None:
    """Give the v1 loops among some ops of the default graph, whole loops, their contexts back where they have none."""
    by_name: Dict[str, List[tf.Operation]] = {}
    switches: List[tf.Operation] = []
    for op in ops:
        if compat.control_flow_context(op) is None:
            if op.type in ENTERS:
                by_name.setdefault(_frame_name(op), []).append(op)
            elif op.type in ('Switch', 'RefSwitch') and op.inputs[1].op.type == 'LoopCond':
                switches.append(op)
    if not by_name:
        return
    graph = switches[0].graph
    _restore_exits(switches)
    flow = _Flow(graph)
    frames = [_Frame(name, enters, flow.inside(enters, name), []) for name, enters in by_name.items()]
    frames.sort(key=lambda frame: len(frame.members))
    outermost: List[_Frame] = []
    for i, frame in enumerate(frames):
        around = next((one for one in frames[i + 1:] if frame.enters[0] in one.members), None)
        (outermost if around is None else around.inner).append(frame)
    for frame in outermost:
        definition = compat.while_context_def()
        _describe(frame, flow, definition)
        compat.restore_while_context(definition)


def _restore_exits(switches: Iterable[tf.Operation]) -> None:
    """Give each loop variable an Exit, at which TensorFlow starts its gradient, though nobody reads what comes out.

    Freezing prunes those that nobody reads.
    """
    # A scope of ours: these are no ends of the model.
    with tf.name_scope('deepexplain/exits/'):
        for switch in switches:
            if all(reader.type not in EXITS for reader in switch.outputs[0].consumers()):
                tf.raw_ops.Exit(data=switch.outputs[0], name=switch.name)


def _frame_name(op: tf.Operation) -> str:
    return op.get_attr('frame_name').decode()


def _describe(frame: _Frame, flow: _Flow, definition: Any) -> None:
    """Fill a WhileContextDef."""
    inside = frame.own()
    own = [op for op in flow.ops if op in inside]
    variables = [op for op in frame.enters if not op.get_attr('is_constant')]
    condition = next(op for op in own if op.type == 'LoopCond')
    switches = [op for op in own if op.type == 'Switch' and op.inputs[1].op is condition]
    merges = [op for op in own if op.type == 'Merge' and op.inputs[0].op in variables]
    definition.context_name = frame.name
    definition.parallel_iterations = frame.enters[0].get_attr('parallel_iterations')
    definition.back_prop = True
    definition.pivot_name = condition.outputs[0].name
    definition.pivot_for_pred_name = merges[0].outputs[0].name
    definition.pivot_for_body_name = next(
        reader.outputs[0].name for switch in switches for reader in switch.outputs[1].consumers())
    definition.loop_enter_names.extend(op.outputs[0].name for op in variables)
    definition.loop_exit_names.extend(op.outputs[0].name for op in own if op.type in EXITS)
    # What comes out of an inner loop belongs here as well.
    known = own + [op for one in frame.inner for op in one.exits()]
    definition.values_def.values.extend(tensor.name for op in known for tensor in op.outputs)
    for op in frame.enters:
        if op.get_attr('is_constant'):
            _note_external(definition.values_def, op.inputs[0], op.outputs[0])
    _describe_inner(_branches(own, frame.inner, condition, flow), frame.inner, flow, definition)


class _Branch(NamedTuple):
    """One side of a v1 branch: its predicate, which side, the Switches that let tensors in, a tensor, all ops."""
    pred: tf.Tensor
    side: int
    switches: List[tf.Operation]
    pivot: tf.Tensor
    members: Set[tf.Operation]


def _branches(own: List[tf.Operation], inner: List[_Frame], condition: tf.Operation, flow: _Flow) -> List[_Branch]:
    """The branches among the ops of a loop, small ones first."""
    by_pred: Dict[str, List[tf.Operation]] = {}
    pivots: Dict[str, tf.Operation] = {}
    for op in own:
        if op.type in ('Switch', 'RefSwitch') and op.inputs[1].op is not condition:
            if op.inputs[0] is op.inputs[1]:
                pivots[op.name.rpartition('/')[0]] = op
            else:
                by_pred.setdefault(op.inputs[1].name, []).append(op)
    found = []
    for switches in by_pred.values():
        pred = switches[0].inputs[1]
        pivot = pivots.get(pred.op.name.rpartition('/')[0])
        for side in (0, 1):
            used = [op for op in switches if flow.after[op] and op.outputs[side].consumers()]
            starts = [reader for op in used + ([pivot] if pivot else []) for reader in op.outputs[side].consumers()]
            if starts:
                marks = [op for op in starts if op.type == 'Identity' and pivot and op.inputs[0].op is pivot] or starts
                found.append(_Branch(pred, side, used, marks[0].outputs[0],
                                     _taken(starts, own, inner, flow) | set(used)))
    return sorted(found, key=lambda branch: len(branch.members))


def _taken(starts: List[tf.Operation], own: List[tf.Operation], inner: List[_Frame], flow: _Flow) -> Set[tf.Operation]:
    """The ops that run only where some ops do, whole loops among them, the Merge that ends their branch not."""
    allowed, found, waiting = set(own), set(), list(starts)
    while waiting:
        op = waiting.pop()
        entered = next((one for one in inner if op in one.members), None)
        if op in found or op not in allowed and entered is None:
            continue
        if entered is not None:
            found |= entered.members
            waiting.extend(reader for end in entered.exits() for reader in flow.after[end])
        elif op.type not in ('NextIteration', 'Exit') and (
                op.type != 'Merge' or all(tensor.op in found for tensor in op.inputs)):
            found.add(op)
            waiting.extend(flow.after[op])
    return found


def _describe_inner(branches: List[_Branch], loops: List[_Frame], flow: _Flow, definition: Any) -> None:
    """Add the contexts of branches and inner loops to the context around them, those within branches to these."""

    def around(op: tf.Operation, start: int) -> Optional[int]:
        return next((i for i in range(start, len(branches)) if op in branches[i].members), None)

    def describe(parent: Optional[int], into: Any) -> None:
        for one in loops:
            if around(one.enters[0], 0) == parent:
                _describe(one, flow, into.nested_contexts.add().while_ctxt)
        for i, branch in enumerate(branches):
            if around(branch.pivot.op, i + 1) == parent:
                described = into.nested_contexts.add().cond_ctxt
                _describe_branch(branch, loops, described)
                describe(i, described)

    describe(None, definition)


def _describe_branch(branch: _Branch, loops: List[_Frame], definition: Any) -> None:
    definition.context_name = branch.pivot.op.name + '/context'
    definition.pred_name, definition.pivot_name, definition.branch = branch.pred.name, branch.pivot.name, branch.side
    values = definition.values_def
    hidden = set(branch.switches).union(*[one.members.difference(one.exits()) for one in loops])
    values.values.extend(sorted(tensor.name for op in branch.members - hidden for tensor in op.outputs))
    _note_external(values, branch.pred, branch.pred)
    for op in branch.switches:
        values.values.append(op.outputs[branch.side].name)
        _note_external(values, op.inputs[0], op.outputs[branch.side])


def _note_external(values: Any, outside: tf.Tensor, inside: tf.Tensor) -> None:
    values.values.append(outside.name)
    values.external_values[outside.name] = inside.name
