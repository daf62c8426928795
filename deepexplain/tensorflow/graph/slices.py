"""Ops that take a part of a tensor, and whether it is a part of the units alone."""
from typing import Dict, Optional, Set

import tensorflow.compat.v1 as tf

from .axes import static
from .names import unwrap

#: Op type -> the place of the tensor among its inputs.
PARTS: Dict[str, int] = {'StridedSlice': 0, 'Slice': 0, 'Split': 1, 'SplitV': 0, 'Unpack': 0, 'TopK': 0, 'TopKV2': 0}


def takes_units(op: tf.Operation) -> bool:
    """Whether an op of `PARTS` takes some places of its tensor's last axis, and all places of the others.

    Where a Transpose makes the tensor it is the axis that was the last before. Axes of one place may go.
    """
    tensor = op.inputs[PARTS[op.type]]
    rank = tensor.shape.ndims
    axes = None if rank is None else _cut(op, rank)
    if axes is None:
        return False
    last = (rank or 0) - 1
    maker = unwrap(tensor).op
    order = static(maker, 1) if maker.type == 'Transpose' else None
    if order is not None:
        last = list(order).index(last)
    return all(axis == last or tensor.shape.as_list()[axis] == 1 for axis in axes)


def _cut(op: tf.Operation, rank: int) -> Optional[Set[int]]:
    """The axes of which an op may leave something out, if that is known."""
    if op.type in ('TopK', 'TopKV2'):
        return {rank - 1}
    if op.type == 'Unpack':
        return {op.get_attr('axis') % rank}
    if op.type in ('Split', 'SplitV'):
        axis = static(op, 0 if op.type == 'Split' else 2)
        return None if axis is None else {int(axis[0]) % rank}
    if op.type == 'Slice':
        begin, size = static(op, 1), static(op, 2)
        if begin is None or size is None:
            return None
        sizes = op.inputs[0].shape.as_list()
        return {axis for axis in range(rank) if begin[axis] or size[axis] not in (-1, sizes[axis])}
    return _cut_by_strides(op, rank)


def _cut_by_strides(op: tf.Operation, rank: int) -> Optional[Set[int]]:
    count, strides = op.inputs[1].shape.num_elements(), static(op, 3)
    if count is None or strides is None:
        return None

    def marked(mask: str, k: int) -> bool:
        return bool(op.get_attr(mask + '_mask') >> k & 1)

    read = sum(not marked('new_axis', k) and not marked('ellipsis', k) for k in range(count))
    axis, found = 0, set()
    for k in range(count):
        if marked('ellipsis', k):
            axis += rank - read
        elif not marked('new_axis', k):
            whole = marked('begin', k) and marked('end', k) and abs(strides[k]) == 1
            if marked('shrink_axis', k) or not whole:
                found.add(axis)
            axis += 1
    return found
