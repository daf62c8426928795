"""Where it is innocent that a gradient ends: what was stopped, or compared, has no part in the derivative."""
import heapq
from typing import Any, Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from .compat import static_value
from .flow import Flow
from .kinds import ELEMENTWISE
from .names import unwrap

#: What is added or subtracted of no more than this does not spoil a quotient.
SMALL = 1e-3

_MOVES = frozenset('''
    Identity Snapshot Cast Reshape ExpandDims Squeeze Tile BroadcastTo Transpose EnsureShape CheckNumerics StridedSlice
    '''.split())

_ADDS = frozenset(['Add', 'AddV2', 'Sub', 'BiasAdd'])

#: Linear in what does not hang on the shift as well.
_LINEAR = frozenset('Mul MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum RealDiv Div DivNoNan'.split())

_REDUCES = frozenset(['Sum', 'Mean', 'Max', 'Min'])


class Hangs(NamedTuple):
    """How a tensor hangs on a shift s: as something + degree * s, or as something * exp(degree * s)."""
    factor: bool
    degree: float


def innocent(flow: Flow, stops: Sequence[tf.Operation], order: Mapping[tf.Operation, int]
             ) -> List[tf.Operation]:
    """Those of some stop_gradients of which nothing is lost.

    The maximum that a softmax or a logsumexp is shifted by leaves it as it is; the mean about which a variance is
    taken is where the variance has no derivative.
    """
    groups: Dict[Any, List[tf.Operation]] = {}
    for op in stops:
        groups.setdefault(_same_value(op.inputs[0]), []).append(op)
    found = []
    for group in groups.values():
        centres = [op for op in group if _centres(op.outputs[0], flow)]
        others = [op for op in group if op not in centres]
        found.extend(centres + (others if others and _only_shifts([op.outputs[0] for op in others], flow, order)
                                else []))
    return found


def _same_value(tensor: tf.Tensor) -> Any:
    """Equal for tensors that are the same, or the same reduction written twice."""
    op = tensor.op
    if op.type not in _REDUCES:
        return tensor.name
    return op.type, op.inputs[0].name, op.get_attr('keep_dims'), str(static_value(op.inputs[1]))


def _centres(stopped: tf.Tensor, flow: Flow) -> bool:
    """Whether a stopped mean is only what squares of differences are taken about, before the same mean."""
    mean = unwrap_moves(stopped.op.inputs[0]).op
    if mean.type != 'Mean':
        return False
    x, axes = unwrap_moves(mean.inputs[0]).name, static_value(mean.inputs[1])
    waiting, squares = [stopped], []
    while waiting:
        tensor = waiting.pop()
        for op in flow.readers[tensor.name]:
            if op.type in _MOVES:
                waiting.append(op.outputs[0])
            elif op.type in ('SquaredDifference', 'Sub') and any(unwrap_moves(one).name == x for one in op.inputs):
                squares.append(op)
            else:
                return False
    while squares:
        op = squares.pop()
        readers = flow.readers[op.outputs[0].name]
        if op.type == 'Sub' and all(reader.type == 'Square' or reader.type == 'Mul' and (
                reader.inputs[0].name == reader.inputs[1].name) for reader in readers):
            squares.extend(readers)
        elif op.type == 'Sub' or not readers or not all(
                reader.type in ('Mean', 'Sum') and _same(static_value(reader.inputs[1]), axes)
                for reader in readers):
            return False
    return True


def _same(axes: Optional[Sequence[int]], others: Optional[Sequence[int]]) -> bool:
    return axes is None or others is None or sorted(axes.ravel()) == sorted(others.ravel())  # type: ignore


def unwrap_moves(tensor: tf.Tensor) -> tf.Tensor:
    """The tensor whose elements a chain of ops hands on."""
    while tensor.op.type in ('Identity', 'Cast', 'Reshape', 'Squeeze', 'ExpandDims', 'Snapshot', 'StopGradient'):
        tensor = tensor.op.inputs[0]
    return tensor


def _only_shifts(stopped: Sequence[tf.Tensor], flow: Flow, order: Mapping[tf.Operation, int]) -> bool:
    """Whether the targets of a flow stay the same when some tensors, all the same, are shifted."""
    hangs: Dict[str, Hangs] = {tensor.name: Hangs(False, 1.) for tensor in stopped}
    ends = {tensor.name for tensor in flow.targets}
    waiting: List[int] = []
    ops: Dict[int, tf.Operation] = {}

    def note(tensor: tf.Tensor) -> None:
        for op in flow.readers[tensor.name]:
            if order[op] not in ops:
                ops[order[op]] = op
                heapq.heappush(waiting, order[op])

    if ends & set(hangs):
        return False
    for tensor in stopped:
        note(tensor)
    while waiting:
        op = ops[heapq.heappop(waiting)]
        parts = [hangs.get(tensor.name) for tensor in op.inputs]
        if not any(parts):
            continue
        found = _follow(op, parts, flow, stopped[0])
        if found is None or op.outputs[0].name in ends and found.degree:
            return False
        if found.degree:
            hangs[op.outputs[0].name] = found
            note(op.outputs[0])
    return True


def _follow(op: tf.Operation, parts: List[Optional[Hangs]], flow: Flow, stopped: tf.Tensor) -> Optional[Hangs]:
    """How what an op puts out hangs on the shift, where that can be told; degree 0: not at all."""
    found = [part for part in parts if part is not None]
    first, alone = found[0], len(found) == 1
    if op.type in _MOVES:
        return first if parts[0] is not None and alone else None
    if op.type in _REDUCES:
        if parts[0] is None or not alone or op.type == 'Sum' and not first.factor or not _along(op, stopped):
            return None
        return first
    if op.type in ('Softmax', 'LogSoftmax') and not first.factor and _along_last(op, stopped):
        return Hangs(False, 0.)
    if op.type == 'Neg':
        return first if first.factor else Hangs(False, -first.degree)
    if op.type == 'Exp' and not first.factor:
        return Hangs(True, first.degree)
    if op.type == 'Log' and first.factor:
        return Hangs(False, first.degree)
    if op.type in ('Reciprocal', 'Inv') and first.factor:
        return Hangs(True, -first.degree)
    if op.type in _ADDS and not any(one.factor for one in found):
        signs = [1, -1 if op.type == 'Sub' else 1]
        return Hangs(False, sum(sign * part.degree for sign, part in zip(signs, parts) if part is not None))
    if op.type in _ADDS | frozenset(['Maximum', 'AddN']) and all(one == first for one in found):
        others = [tensor for tensor, part in zip(op.inputs, parts) if part is None]
        return first if first.factor and all(_within(flow, tensor, -SMALL, SMALL) for tensor in others) else None
    if op.type in ('Select', 'SelectV2') and parts[0] is None:
        others = [tensor for tensor, part in zip(op.inputs[1:], parts[1:]) if part is None]
        # What is masked gives next to nothing to a sum of exp.
        masked = all(_within(flow, tensor, 0, 0) if first.factor else _within(flow, tensor, -float('inf'), -1e3)
                     for tensor in others)
        return first if masked and all(one == first for one in found) else None
    if op.type in _LINEAR:
        return _scaled(op, parts, found, flow)
    return None


def _scaled(op: tf.Operation, parts: List[Optional[Hangs]], found: List[Hangs], flow: Flow) -> Optional[Hangs]:
    """How a product or a quotient hangs on the shift."""
    divides = op.type in ('RealDiv', 'Div', 'DivNoNan')
    if all(one.factor for one in found):
        signs = [1, -1 if divides else 1]
        if len(found) > 1 and not divides and op.type != 'Mul':
            return None
        return Hangs(True, sum(sign * part.degree for sign, part in zip(signs, parts) if part is not None))
    known = flow.numbers.range(op.inputs[1 if parts[0] is not None else 0])
    if len(found) > 1 or known is None or known[0] != known[1] or not known[0] or (divides and parts[0] is None) or (
            not divides and op.type != 'Mul'):
        return None
    return Hangs(False, found[0].degree / known[0] if divides else found[0].degree * known[0])


def _within(flow: Flow, tensor: tf.Tensor, low: float, high: float) -> bool:
    known = flow.numbers.range(tensor)
    return known is not None and low <= known[0] and known[1] <= high


def _along(op: tf.Operation, stopped: tf.Tensor) -> bool:
    """Whether a sum runs along axes where the shift is the same, as far as that can be told."""
    rank, axes = op.inputs[0].shape.ndims, static_value(op.inputs[1])
    if rank is None or axes is None or stopped.shape.ndims != rank:
        return True
    return all(stopped.shape.as_list()[axis] == 1 for axis in axes.ravel())


def _along_last(op: tf.Operation, stopped: tf.Tensor) -> bool:
    """Whether the shift is the same along the last axis of an op's input, so that a softmax does not see it."""
    rank = op.inputs[0].shape.ndims
    return rank is not None and stopped.shape.ndims == rank and stopped.shape.as_list()[-1] == 1


def plainly_nonnegative(tensor: tf.Tensor, known: Collection[str] = frozenset('Abs Square Relu Relu6 Exp'.split())
                        ) -> bool:
    """Whether a tensor is a sum, a mean or the largest of what is nowhere below 0."""
    while tensor.op.type in _REDUCES | _MOVES:
        tensor = tensor.op.inputs[0]
    return unwrap(tensor).op.type in known


def projects(op: tf.Operation) -> bool:
    """Whether a comparison is of what is sorted with its running sum, as in a sparsemax."""
    roots = _roots(op)
    sums = [one for one in roots if one.type == 'Cumsum']
    return any(root in roots and root.type in ('TopK', 'TopKV2') for one in sums for root in _roots(one))


def _roots(op: tf.Operation) -> Set[tf.Operation]:
    """The nearest ops above one that do more than to compute place by place."""
    found: Set[tf.Operation] = set()
    waiting, seen = [op], {op}
    while waiting:
        for tensor in waiting.pop().inputs:
            if tensor.op not in seen:
                seen.add(tensor.op)
                (waiting.append if tensor.op.type in ELEMENTWISE | _MOVES else found.add)(tensor.op)
    return found
