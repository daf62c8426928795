"""Where rows are after an op that only arranges a tensor's values anew."""
from typing import Dict, List

import tensorflow.compat.v1 as tf

from .axes import BY_STEP, LOST, NOTHING, Move, Mover, Rows, at, rank_of, shuffled, static
from .compat import static_value
from .sizes import Holds, Size, product, sizes_of


def _transpose(op: tf.Operation, i: int, rows: Rows) -> Move:
    order = static(op, 1)
    return Move(LOST) if i or order is None or rows.axis not in order else at(rows, list(order).index(rows.axis))


def _expand(op: tf.Operation, i: int, rows: Rows) -> Move:
    place, rank = static(op, 1), rank_of(op.inputs[0])
    if i or place is None or rank is None and place[0] < 0:
        return Move(LOST)
    new = int(place[0]) if place[0] >= 0 else int(place[0]) + (rank or 0) + 1
    return at(rows, rows.axis + (new <= rows.axis))


def _squeeze(op: tf.Operation, i: int, rows: Rows) -> Move:
    shape = op.inputs[0].shape
    gone: List[int] = list(op.get_attr('squeeze_dims'))
    if shape.ndims is None and (not gone or min(gone) < 0):
        return Move(LOST)
    if not gone:
        sizes = shape.as_list()
        if None in sizes[:rows.axis] + sizes[rows.axis + 1:] and op.outputs[0].shape.ndims is None:
            return Move(LOST)
        gone = [axis for axis, size in enumerate(sizes) if size == 1]
    axes = {axis if axis >= 0 else axis + shape.ndims for axis in gone}
    return Move(LOST) if rows.axis in axes else at(rows, rows.axis - sum(axis < rows.axis for axis in axes))


def _pack(op: tf.Operation, i: int, rows: Rows) -> Move:
    rank, axis = rank_of(op.outputs[0]), op.get_attr('axis')
    if axis < 0 and rank is None:
        return Move(LOST)
    return at(rows, rows.axis + ((axis if axis >= 0 else axis + rank) <= rows.axis))


def _unpack(op: tf.Operation, i: int, rows: Rows) -> Move:
    rank, axis = rank_of(op.inputs[0]), op.get_attr('axis')
    if axis < 0 and rank is None:
        return Move(LOST)
    axis = axis if axis >= 0 else axis + rank
    return Move(LOST) if axis == rows.axis else at(rows, rows.axis - (axis < rows.axis))


def _apart_from(place: int, value: int = 0) -> Mover:
    """What works along the axis that an input names, and leaves others alone."""
    def found(op: tf.Operation, i: int, rows: Rows) -> Move:
        axis, rank = static(op, place if place >= 0 else len(op.inputs) + place), rank_of(op.outputs[0])
        if axis is None or rank is None or (value >= 0 and i != value):
            return Move(LOST)
        return Move(LOST if int(axis[0]) % rank == rows.axis else rows)
    return found


def _slice(op: tf.Operation, i: int, rows: Rows) -> Move:
    begin = static(op, 1)
    return Move(LOST) if i or begin is None or rows.axis >= len(begin) else (
        shuffled(op, rows, rows.axis) if begin[rows.axis] else Move(rows))


def _strided(op: tf.Operation, i: int, rows: Rows) -> Move:
    """The rows are where the spec of a slice puts their axis, if all of them are taken in their order."""
    begins, strides = static(op, 1), static(op, 3)
    spec = begins if begins is not None else strides
    rank = rank_of(op.inputs[0])
    if i or spec is None:
        return Move(LOST)
    masks = {name: op.get_attr(name) for name in ('begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask',
                                                  'shrink_axis_mask')}
    new = [bool(masks['new_axis_mask'] >> k & 1) for k in range(len(spec))]
    read, put = 0, 0
    for k in range(len(spec)):
        if masks['ellipsis_mask'] >> k & 1:
            if rank is None:
                return Move(LOST)
            width = rank - sum(not one for j, one in enumerate(new) if j != k)
            if read <= rows.axis < read + width:
                return at(rows, put + rows.axis - read)
            read, put = read + width, put + width
        elif new[k]:
            put += 1
        else:
            shrinks = masks['shrink_axis_mask'] >> k & 1
            if read == rows.axis:
                if shrinks or strides is None:
                    return Move(LOST)
                first = masks['begin_mask'] >> k & 1 or begins is not None and begins[k] == 0
                return at(rows, put) if first and strides[k] == 1 else shuffled(op, rows, put)
            read, put = read + 1, put + (not shrinks)
    return at(rows, put + rows.axis - read)


def _tile(op: tf.Operation, i: int, rows: Rows) -> Move:
    times = static_value(op.inputs[1], partial=True)
    return Move(rows) if i == 0 and times is not None and times[rows.axis] == 1 else Move(LOST)


def _broadcast(op: tf.Operation, i: int, rows: Rows) -> Move:
    before, after = rank_of(op.inputs[0]), rank_of(op.outputs[0])
    return Move(LOST) if i or before is None or after is None else at(rows, rows.axis + after - before)


def _pad(op: tf.Operation, i: int, rows: Rows) -> Move:
    paddings = static(op, 1)
    return Move(rows) if i == 0 and paddings is not None and not paddings.reshape(-1, 2)[rows.axis].any() else (
        Move(LOST))


def _stacked(place: int) -> Mover:
    """An array of tensors is as a stack of them; one of the inputs is such a stack, or an element."""
    def found(op: tf.Operation, i: int, rows: Rows) -> Move:
        return Move(rows) if i >= place else NOTHING
    return found


def _element(place: int) -> Mover:
    def found(op: tf.Operation, i: int, rows: Rows) -> Move:
        if i != place:
            return NOTHING
        return at(rows, rows.axis - 1 if rows.axis else BY_STEP)
    return found


def _put(array: int, element: int) -> Mover:
    def found(op: tf.Operation, i: int, rows: Rows) -> Move:
        if i == element:
            return at(rows, 0 if rows.axis == BY_STEP else rows.axis + 1)
        return Move(rows) if i == array else NOTHING
    return found


def reshaped(op: tf.Operation, rows: Rows, holds: Holds) -> Move:
    """Where rows are after a Reshape.

    Args:
        holds: see `sizes.Holds`.
    """
    before, after = op.inputs[0].shape, op.outputs[0].shape
    if before.ndims is None or after.ndims is None or not after.ndims or rows.inner == 0:
        return Move(LOST)
    old = before.as_list()
    known: List[Size] = [Size(size) for size in after.as_list()]
    asked = sizes_of(op.inputs[1], holds) or known
    # What TensorFlow knows goes before what is written.
    new = [one if size.number is None else size for size, one in zip(known, asked)]
    ahead, behind = (product([Size(size) for size in part]).number for part in (old[:rows.axis], old[rows.axis + 1:]))
    named = [axis for axis, size in enumerate(new) if size.rows]
    if len(named) == 1:
        axis = named[0]
        head, tail = product(new[:axis]).number, product(new[axis + 1:]).number
        certain = head is not None and head == ahead or (
            tail is not None and tail == behind and new[axis].number == rows.inner)
        return Move(rows._replace(axis=axis, inner=new[axis].number) if certain else LOST)
    # The rows stay the axis before which there are as many places as before.
    places = [axis for axis in range(len(new)) if ahead is not None and product(new[:axis]).number == ahead and (
        new[axis].number != 1 or old[rows.axis] == 1)]
    if not places or named:
        return Move(LOST)
    axis = places[0]
    left = product(new[axis + 1:]).number
    if behind is not None and left and rows.inner is not None:
        whole = behind * rows.inner
        return Move(LOST if whole % left else rows._replace(axis=axis, inner=whole // left))
    if axis or rows.axis or new[0].number != -1:
        return Move(LOST)
    if left:
        return Move(rows._replace(inner=None))
    return Move(rows if rows.inner == 1 and _is_flat(op.inputs[1].op) else LOST)


def _is_flat(sizes: tf.Operation) -> bool:
    """Whether sizes are [-1, the product of all of a tensor's but the first], as Keras flattens."""
    if sizes.type != 'Pack' or len(sizes.inputs) != 2 or sizes.inputs[1].op.type != 'Prod':
        return False
    of = sizes.inputs[1].op.inputs[0].op
    begin = static(of, 1) if of.type == 'StridedSlice' and of.inputs[0].op.type == 'Shape' else None
    return begin is not None and begin[0] == 1


#: Op type -> where rows are after it.
REARRANGED: Dict[str, Mover] = {
    'Transpose': _transpose, 'ConjugateTranspose': _transpose, 'ExpandDims': _expand, 'Squeeze': _squeeze,
    'Pack': _pack, 'Unpack': _unpack, 'ConcatV2': _apart_from(-1, -1), 'Concat': _apart_from(0, -1),
    'Split': _apart_from(0, 1), 'SplitV': _apart_from(2, 0), 'Slice': _slice, 'StridedSlice': _strided, 'Tile': _tile,
    'BroadcastTo': _broadcast, 'Pad': _pad, 'PadV2': _pad, 'MirrorPad': _pad}

#: Arrays of tensors, of which a step of a loop reads or writes an element.
STACKS: Dict[str, Mover] = {
    'TensorArrayScatterV3': _stacked(2), 'TensorArrayGatherV3': _stacked(2), 'TensorArrayReadV3': _element(2),
    'TensorArrayWriteV3': _put(3, 2), 'TensorListFromTensor': _stacked(0), 'TensorListStack': _stacked(0),
    'TensorListGetItem': _element(0), 'TensorListSetItem': _put(0, 2)}
