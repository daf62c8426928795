"""Softmaxes that are divided by their sum later on, as in matmul(exp(q k), v) / sum exp(q k), or in a product."""
from typing import Dict, List, Optional, Tuple

import tensorflow.compat.v1 as tf

from ..graph.compat import static_value
from ..graph.path import Path
from .alignment import Labels, reduced, value_key
from .exponents import Exponents, Written

_SAME = frozenset('Identity Snapshot CheckNumerics EnsureShape Cast Neg'.split())
_MATRICES = frozenset('MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3'.split())
_QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan'])
_BROADCAST = frozenset(['Mul', 'MulNoNan'])
_KEEPS = frozenset(['Add', 'AddV2', 'Maximum', 'Reciprocal', 'Inv'])


def late(op: tf.Operation, path: Path, exponents: Exponents) -> List[Written]:
    """The softmax whose sum an op is, if what is summed up is divided by it in the end, and read by nothing else.

    What is summed up may be made twice, once for the sum.
    """
    summed = reduced(op.outputs[0])
    if summed is None or summed.mean or not summed.axes or not path.depends(summed.x) or summed.x.name in path.fed:
        return []
    by = _divisions(op, summed.kept, path) if exponents.power(summed.x) is not None else None
    if not by:
        return []
    found = []
    for e in _twins(summed.x, path):
        written = exponents.power(e)
        labels = tuple(None if size == 1 else i for i, size in enumerate(e.shape.as_list()))
        readers = [one for one in e.consumers() if one in path.dependent and reduced(one.outputs[0]) is None]
        if written is not None and readers and all(
                _ends_in(one, e, labels, by, summed.axes, path) for one in readers):
            found.append(Written(e, written[0], written[1], summed.axes, False, False))
    return found


def _twins(tensor: tf.Tensor, path: Path) -> List[tf.Tensor]:
    """A tensor, and what else is certainly the same."""
    if tensor.op.type != 'Exp':
        return [tensor]
    key = value_key(tensor)
    return [op.outputs[0] for op in path.ops if op.type == 'Exp' and value_key(op.outputs[0]) == key]


def _after(op: tf.Operation, place: int, labels: Labels) -> Optional[Labels]:
    """The labels of the axes of what an op puts out, given those of an input that it is in proportion to."""
    x, y = op.inputs[place].shape, op.outputs[0].shape
    if x.ndims is None or y.ndims is None:
        return None
    if op.type in _SAME:
        return labels
    if op.type in _BROADCAST | _KEEPS | _QUOTIENTS:
        return (None,) * (y.ndims - x.ndims) + labels
    if op.type == 'Transpose':
        order = static_value(op.inputs[1])
        return None if order is None else tuple(labels[int(axis)] for axis in order)
    if op.type in ('Reshape', 'ExpandDims', 'Squeeze') or op.type == 'StridedSlice' and _is_whole(op):
        kept = [(label, size) for label, size in zip(labels, x.as_list()) if size != 1]
        sizes = [size for size in y.as_list() if size != 1]
        if len(kept) != len(sizes) or any(a != b and None not in (a, b) for (_, a), b in zip(kept, sizes)):
            return None
        left = iter([label for label, _ in kept])
        return tuple(None if size == 1 else next(left) for size in y.as_list())
    if op.type in _MATRICES:
        turned = any(name in op.node_def.attr and op.get_attr(name)
                     for name in (('transpose_a', 'adj_x'), ('transpose_b', 'adj_y'))[place])
        rows, columns = labels[-2:][::-1] if turned else labels[-2:]
        return (None,) * (y.ndims - x.ndims) + labels[:-2] + ((rows, None) if place == 0 else (None, columns))
    if op.type == 'Einsum':
        terms, result = op.get_attr('equation').decode().replace(' ', '').split('->')
        term = terms.split(',')[place]
        return None if '.' in terms else tuple(labels[term.index(one)] if one in term else None for one in result)
    return None


def _is_whole(op: tf.Operation) -> bool:
    """Whether a slice skips and turns nothing: what has the sizes of before, but for those of 1, is the same."""
    strides = static_value(op.inputs[3])
    both = op.get_attr('begin_mask') & op.get_attr('end_mask')
    named = both | op.get_attr('ellipsis_mask') | op.get_attr('new_axis_mask') | op.get_attr('shrink_axis_mask')
    return strides is not None and all(stride == 1 and named >> i & 1 for i, stride in enumerate(strides))


def _divisions(op: tf.Operation, labels: Labels, path: Path) -> Optional[Dict[tf.Operation, Tuple[int, Labels]]]:
    """The ops that divide by a sum or multiply by one over it, where, and how its axes lie; None if others read it."""
    found: Dict[tf.Operation, Tuple[int, Labels]] = {}
    waiting: List[Tuple[tf.Tensor, bool, Labels]] = [(op.outputs[0], False, labels)]
    while waiting:
        tensor, inverse, at = waiting.pop()
        for reader in tensor.consumers():
            if reader not in path.dependent:
                continue
            names = [one.name for one in reader.inputs]
            place = names.index(tensor.name)
            others = [i for i, one in enumerate(reader.inputs) if path.depends(one) and i != place]
            over = reader.type in _QUOTIENTS and place == 1
            if others and not inverse and over or others and inverse and reader.type == 'Mul':
                found[reader] = (place, at)
                continue
            turns = over or reader.type in ('Reciprocal', 'Inv')
            behind = None if others or turns and inverse or reader.type in _QUOTIENTS and place == 0 else _after(
                reader, place, at)
            if behind is None:
                return None
            waiting.append((reader.outputs[0], inverse or turns, behind))
    return found


def _ends_in(op: tf.Operation, e: tf.Tensor, labels: Labels, by: Dict[tf.Operation, Tuple[int, Labels]],
             axes: List[int], path: Path) -> bool:
    """Whether all that an op makes of e is divided on its way, along e's axes, or multiplied with what has been."""
    waiting: List[Tuple[tf.Operation, tf.Tensor, Labels]] = [(op, e, labels)]
    while waiting:
        one, tensor, at = waiting.pop()
        place = [other.name for other in one.inputs].index(tensor.name)
        if one in by:
            if by[one][0] == place or not _fits(at, by[one][1], one.inputs[by[one][0]], axes):
                return False
            continue
        if one.type in _QUOTIENTS and (place == 1 or path.depends(one.inputs[1])):
            return False
        if one.type in _BROADCAST and _divided(one.inputs[1 - place], by, at, axes, path):
            continue
        summed = reduced(one.outputs[0]) if one.type in ('Sum', 'Mean') else None
        behind = None if one.type in _KEEPS else _after(one, place, at) if summed is None else tuple(
            None if axis is None else at[axis] for axis in summed.kept)
        readers = [reader for reader in one.outputs[0].consumers() if reader in path.dependent]
        if behind is None or not readers or one.outputs[0].name == path.T.name:
            return False
        waiting += [(reader, one.outputs[0], behind) for reader in readers]
    return True


def _fits(labels: Labels, of_sum: Labels, divisor: tf.Tensor, axes: List[int]) -> bool:
    """Whether a sum lies along what it divides as it was summed up."""
    sizes = divisor.shape.as_list() if divisor.shape.ndims is not None else [None] * len(of_sum)
    count = max(len(labels), len(of_sum))
    ours = (None,) * (count - len(labels)) + labels
    theirs = [(None, 1)] * (count - len(of_sum)) + list(zip(of_sum, sizes))
    return all(mine == label if size != 1 else mine is None or mine in axes for mine, (label, size) in zip(ours, theirs)
               ) and {one for one in of_sum if one is not None} >= {one for one in ours if one not in [None, *axes]}


def _divided(tensor: tf.Tensor, by: Dict[tf.Operation, Tuple[int, Labels]], labels: Labels, axes: List[int],
             path: Path) -> bool:
    """Whether a factor of e has been divided by the sum already."""
    while tensor.op not in by:
        places = [i for i, one in enumerate(tensor.op.inputs) if path.depends(one)]
        if tensor.op.type not in _SAME | _BROADCAST or len(places) != 1 or tensor.name in path.fed:
            return False
        tensor = tensor.op.inputs[places[0]]
    place, at = by[tensor.op]
    return tensor.shape.ndims == len(labels) and _fits(labels, at, tensor.op.inputs[place], axes)
