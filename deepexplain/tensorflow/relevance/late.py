"""Softmaxes that are divided by their sum later on, as in matmul(exp(q k), v) / sum exp(q k), or in a product."""
from typing import List, Optional, Set

import tensorflow.compat.v1 as tf

from ..graph.path import Path
from .alignment import reduced, value_key
from .exponents import Exponents, Written

#: What comes out is in proportion to each of the inputs.
_LINEAR = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape Cast Reshape ExpandDims Squeeze Transpose Mul MulNoNan MatMul
    BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum Sum Neg Tile BroadcastTo Pack ConcatV2 StridedSlice
    '''.split())
_QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan'])
_KEEPS = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape Cast Reshape ExpandDims Squeeze Transpose Tile BroadcastTo Add AddV2
    Maximum
    '''.split())


def late(op: tf.Operation, path: Path, exponents: Exponents) -> List[Written]:
    """The softmax whose sum an op is, if what is summed up is divided by it in the end, and read by nothing else.

    What is summed up may be made twice, once for the sum.
    """
    summed = reduced(op.outputs[0])
    if summed is None or summed.mean or not summed.axes or not path.depends(summed.x) or summed.x.name in path.fed:
        return []
    by = _divisions(op, path) if exponents.power(summed.x) is not None else None
    if not by:
        return []
    found = []
    for e in _twins(summed.x, path):
        written = exponents.power(e)
        readers = [one for one in e.consumers() if one in path.dependent and one is not op]
        if written is None or not all(_ends_in(one, e, by, path) for one in readers):
            return []
        found += [Written(e, written[0], written[1], summed.axes, False, False)] * bool(readers)
    return found


def _twins(tensor: tf.Tensor, path: Path) -> List[tf.Tensor]:
    """A tensor, and what else is certainly the same."""
    if tensor.op.type != 'Exp':
        return [tensor]
    key = value_key(tensor)
    return [op.outputs[0] for op in path.ops if op.type == 'Exp' and value_key(op.outputs[0]) == key]


def _divisions(op: tf.Operation, path: Path) -> Optional[Set[tf.Operation]]:
    """The ops that divide by a sum, or multiply by one over it; None if something else reads it."""
    found: Set[tf.Operation] = set()
    waiting = [(op.outputs[0], False)]
    while waiting:
        tensor, inverse = waiting.pop()
        for reader in tensor.consumers():
            if reader not in path.dependent:
                continue
            places = [i for i, one in enumerate(reader.inputs) if path.depends(one)]
            if reader.type in _KEEPS and len(places) == 1:
                waiting.append((reader.outputs[0], inverse))
            elif not inverse and (reader.type in ('Reciprocal', 'Inv') or reader.type in _QUOTIENTS and places == [1]):
                waiting.append((reader.outputs[0], True))
            elif not inverse and reader.type in _QUOTIENTS and reader.inputs[0].name != tensor.name or (
                    inverse and reader.type == 'Mul' and len(places) == 2 and (
                        reader.inputs[0].name != reader.inputs[1].name)):
                found.add(reader)
            else:
                return None
    return found


def _ends_in(op: tf.Operation, e: tf.Tensor, by: Set[tf.Operation], path: Path) -> bool:
    """Whether all that an op puts out is divided on its way, or has been multiplied with what was."""
    waiting: List[tf.Operation] = [op]
    seen: Set[tf.Operation] = set()
    while waiting:
        one = waiting.pop()
        if one in seen or one in by:
            continue
        seen.add(one)
        if one.type not in _LINEAR and not (one.type in _QUOTIENTS and not path.depends(one.inputs[1])):
            return False
        if any(tensor.name != e.name and _divided(tensor, by, path) for tensor in one.inputs):
            continue
        readers = [reader for reader in one.outputs[0].consumers() if reader in path.dependent]
        if not readers or one.outputs[0].name == path.T.name:
            return False
        waiting += readers
    return True


def _divided(tensor: tf.Tensor, by: Set[tf.Operation], path: Path) -> bool:
    """Whether a factor has been divided by the sum already."""
    for _ in range(12):
        if tensor.op in by:
            return True
        places = [i for i, one in enumerate(tensor.op.inputs) if path.depends(one)]
        if tensor.op.type not in _LINEAR or len(places) != 1 or tensor.name in path.fed:
            return False
        tensor = tensor.op.inputs[places[0]]
    return False
