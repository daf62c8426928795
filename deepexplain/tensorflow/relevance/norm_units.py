"""Normalisations as a whole, from what is normalised to what is scaled and shifted, to pass relevance in one step."""
from typing import Collection, Dict, FrozenSet, List, Optional, Set

import tensorflow.compat.v1 as tf

from ..graph.between import ops_between
from ..graph.kinds import BATCH_NORMS
from ..graph.path import Path
from ..graph.units import Unit, followed
from ..rules.joint import takes
from .norms import MOVES, REDUCTIONS, Measures

_SCALES = frozenset('Mul MulNoNan RealDiv Div DivNoNan'.split())
_SHIFTS = frozenset('Add AddV2 Sub BiasAdd'.split())
_CENTRES = MOVES | frozenset(['Sub', 'Add', 'AddV2', 'Neg', 'Mean', 'Sum', 'Mul', 'RealDiv'])
_INSIDE = _CENTRES | _SCALES | _SHIFTS | BATCH_NORMS | frozenset('''
    AddN Exp Log ClipByValue MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 Sqrt Rsqrt Pow Reciprocal Inv Square Abs
    Max Maximum Minimum Select SelectV2 SquaredDifference EuclideanNorm L2Loss Greater GreaterEqual Less LessEqual
    Equal NotEqual
    '''.split())

#: More ops than a normalisation is made of.
_MOST = 60


def with_norms(path: Path, known: Collection[Unit], others: Collection[str] = ()) -> List[Unit]:
    """Some units that are known and the normalisations of a path, without those that are parts of these.

    Args:
        others: the names of tensors that are none, but softmaxes.
    """
    found = _norms(path, known, others)
    inside = {op for unit in found for op in unit.ops}
    return [unit for unit in known if unit.y.op not in inside] + found


def _norms(path: Path, known: Collection[Unit], others: Collection[str]) -> List[Unit]:
    taken: Set[tf.Operation] = set()
    order = {op: i for i, op in enumerate(path.ops)}
    found: List[Unit] = []
    measures = Measures(path)
    for op in path.ops:
        if op in taken or op not in path.dependent or op.outputs and op.outputs[0].name in others:
            continue
        fused = op.type in BATCH_NORMS and takes(op, path)
        if not fused and not (op.type in _SCALES and all(followed(op, path)) and measures.divisors(op)):
            continue
        x = _source(op, path, order, _INSIDE, measures)
        # What is taken off, a mean over the divisor, is no end.
        if x is None or not fused and _is_of_means(op.inputs[1 - measures.divisors(op)[0]], x, path):
            continue
        unit = _from(x, op, path, order, measures)
        if unit is None:
            continue
        ops = set(unit.ops)
        if not taken & ops and all(set(one.ops) <= ops for one in known if ops & set(one.ops)):
            found.append(unit)
            taken |= ops
    return found


def _is_of_means(tensor: tf.Tensor, x: tf.Tensor, path: Path, depth: int = 20) -> bool:
    """Whether a tensor holds no number of another's by itself, but sums and means of them alone."""
    if tensor.name == x.name or not depth:
        return False
    return tensor.op.type in REDUCTIONS or all(_is_of_means(one, x, path, depth - 1) for one in tensor.op.inputs
                                               if path.depends(one) and one.dtype.is_floating)


def _from(x: tf.Tensor, op: tf.Operation, path: Path, order: Dict[tf.Operation, int],
          measures: Measures) -> Optional[Unit]:
    """The unit from what is normalised, centred or moved before if it is, to the end of gain and shift."""
    while x.op in path.dependent and x.name not in path.fed and x.op.type in ('Sub', 'Add', 'AddV2') and all(
            path.depends(one) for one in x.op.inputs):
        before = _source(x.op, path, order, _CENTRES, measures)
        if before is None:
            break
        x = before
    begins = [x]
    while begins[-1].op.type in MOVES and begins[-1].name not in path.fed and path.depends(begins[-1].op.inputs[0]):
        begins.append(begins[-1].op.inputs[0])
    for y in reversed(_ends(x, op.outputs[0], path, order, measures)):
        for before in begins:
            if _alike(before, y):
                return Unit(before, y, ops_between(before, y, path), '')
    return None


def _ends(x: tf.Tensor, y: tf.Tensor, path: Path, order: Dict[tf.Operation, int], measures: Measures
          ) -> List[tf.Tensor]:
    """What becomes of a normalised tensor on its way to its gain and its shift, in turn."""
    left, found = {'scale': 1, 'shift': 1, 'centre': 1}, [y]
    while y.name != path.T.name:
        readers = {op for op in y.consumers() if op in path.dependent}
        if len(readers) != 1:
            break
        op = readers.pop()
        others = [one for one in op.inputs if one.name != y.name and path.depends(one)]
        kind = 'scale' if op.type in ('Mul', 'MulNoNan') else 'shift' if op.type in _SHIFTS else 'move'
        if kind == 'move' and op.type not in MOVES or not others and kind != 'move' and not left[kind]:
            break
        if kind == 'scale' and others:
            break
        if kind == 'shift' and others:
            source = _source(op, path, order, _INSIDE, measures, x)
            if source is None or source.name != x.name or not left['centre']:
                break
            kind = 'centre'
        y = op.outputs[0]
        if kind != 'move':
            left[kind] -= 1
        found.append(y)
    return found


def _source(op: tf.Operation, path: Path, order: Dict[tf.Operation, int], inside: FrozenSet[str],
            measures: Measures, last: Optional[tf.Tensor] = None) -> Optional[tf.Tensor]:
    """The one tensor from which all ways to an op come that depend on X, with ops of some types alone between."""
    waiting = {tensor.name: tensor for tensor in op.inputs if path.depends(tensor)}

    def key(tensor: tf.Tensor) -> int:
        return -1 if tensor.name in path.fed else order.get(tensor.op, -1)

    for _ in range(_MOST):
        if len(waiting) == 1:
            tensor = next(iter(waiting.values()))
            if last is None or tensor.name == last.name:
                return tensor
        latest = max(waiting.values(), key=key)
        if key(latest) < 0 or latest.op.type not in inside and not measures.degree(latest) or (
                last is not None and latest.name == last.name):
            return None
        del waiting[latest.name]
        waiting.update((one.name, one) for one in latest.op.inputs if path.depends(one))
        if not waiting:
            return None
    return None


def _alike(x: tf.Tensor, y: tf.Tensor) -> bool:
    """Whether two tensors have one dtype and one shape, as far as it is known."""
    return x.dtype == y.dtype and None not in (x.shape.ndims, y.shape.ndims) and x.shape.as_list() == y.shape.as_list()
