"""Loops of plain ops in a graph that came without their contexts, as frozen graphs do, found again.

TensorFlow differentiates a v1 loop only if it knows which ops are inside, and which branches they are in.
"""
from typing import Any, Dict, List, NamedTuple, Optional, Set, Tuple

import tensorflow.compat.v1 as tf

from ..graph import compat
from .source import ENTERS, EXITS


class _Frame(NamedTuple):
    """A loop: what goes into its frame, all ops inside, the inner loops among them, and the loops just inside."""
    name: str
    enters: List[tf.Operation]
    members: Set[tf.Operation]
    inner: List['_Frame']


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


def restore_loops(graph: tf.Graph) -> None:
    """Give the v1 loops of the graph, the default one, their contexts back where they have none."""
    by_name: Dict[str, List[tf.Operation]] = {}
    for op in graph.get_operations():
        if op.type in ENTERS and compat.control_flow_context(op) is None:
            by_name.setdefault(_frame_name(op), []).append(op)
    if not by_name:
        return
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


def _frame_name(op: tf.Operation) -> str:
    return op.get_attr('frame_name').decode()


def _describe(frame: _Frame, flow: _Flow, definition: Any) -> None:
    """Fill a WhileContextDef."""
    inner = set().union(*[one.members for one in frame.inner])
    own = [op for op in flow.ops if op in frame.members and op not in inner]
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
    definition.values_def.values.extend(tensor.name for op in own for tensor in op.outputs)
    for op in frame.enters:
        if op.get_attr('is_constant'):
            _note_external(definition.values_def, op.inputs[0], op.outputs[0])
    for one in frame.inner:
        _describe(one, flow, definition.nested_contexts.add().while_ctxt)
    _describe_branches(_branches(own, condition, flow), definition)


class _Branch(NamedTuple):
    """One side of a v1 branch: its predicate, which side, the Switches that let tensors in, a tensor, all ops."""
    pred: tf.Tensor
    side: int
    switches: List[tf.Operation]
    pivot: tf.Tensor
    members: Set[tf.Operation]


def _branches(own: List[tf.Operation], condition: tf.Operation, flow: _Flow) -> List[_Branch]:
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
                found.append(_Branch(pred, side, used, marks[0].outputs[0], _taken(starts, own, flow) | set(used)))
    return sorted(found, key=lambda branch: len(branch.members))


def _taken(starts: List[tf.Operation], own: List[tf.Operation], flow: _Flow) -> Set[tf.Operation]:
    """The ops that run only where some ops do, the Merge that ends their branch not among them."""
    allowed, found, waiting = set(own), set(), list(starts)
    while waiting:
        op = waiting.pop()
        if op in found or op not in allowed or op.type in ('NextIteration', 'Exit') or (
                op.type == 'Merge' and not all(tensor.op in found for tensor in op.inputs)):
            continue
        found.add(op)
        waiting.extend(flow.after[op])
    return found


def _describe_branches(branches: List[_Branch], definition: Any) -> None:
    """Add the CondContextDefs of branches to the context around them, those within others to these."""
    around: Dict[int, Optional[int]] = {}
    for i, branch in enumerate(branches):
        around[i] = next((k for k in range(i + 1, len(branches)) if branch.pivot.op in branches[k].members), None)

    def describe(parent: Optional[int], into: Any) -> None:
        for i, branch in enumerate(branches):
            if around[i] == parent:
                described = into.nested_contexts.add().cond_ctxt
                _describe_branch(branch, described)
                describe(i, described)

    describe(None, definition)


def _describe_branch(branch: _Branch, definition: Any) -> None:
    definition.context_name = branch.pivot.op.name + '/context'
    definition.pred_name, definition.pivot_name, definition.branch = branch.pred.name, branch.pivot.name, branch.side
    values = definition.values_def
    values.values.extend(sorted(tensor.name for op in branch.members - set(branch.switches) for tensor in op.outputs))
    _note_external(values, branch.pred, branch.pred)
    for op in branch.switches:
        values.values.append(op.outputs[branch.side].name)
        _note_external(values, op.inputs[0], op.outputs[branch.side])


def _note_external(values: Any, outside: tf.Tensor, inside: tf.Tensor) -> None:
    values.values.append(outside.name)
    values.external_values[outside.name] = inside.name
