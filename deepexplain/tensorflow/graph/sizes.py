"""What the numbers are that a shape is made of: known ones, the number of rows, and products of them."""
from typing import Callable, List, NamedTuple, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from .compat import static_value


class Size(NamedTuple):
    """A number: a known one, or None; times the number of rows if `rows`."""
    number: Optional[int]
    rows: bool = False


#: Whether an axis of a tensor holds rows, and nothing else.
Holds = Callable[[tf.Tensor, int], bool]

_UNKNOWN = Size(None)


def sizes_of(tensor: tf.Tensor, holds: Holds) -> Optional[List[Size]]:
    """The numbers in a tensor of rank 0 or 1 that is made of shapes, or None where it is made of something else."""
    op = tensor.op
    value = static_value(tensor)
    if value is not None:
        return [Size(int(one)) for one in np.ravel(value)] if np.ndim(value) < 2 else None
    if op.type == 'Shape':
        return _shape(op.inputs[0], holds)
    if op.type not in _MADE_OF:
        return None
    return _MADE_OF[op.type](op, tensor.value_index, holds)


def product(sizes: Sequence[Size]) -> Size:
    """The product of some numbers."""
    result: Optional[int] = 1
    for one in sizes:
        result = None if one.number in (None, -1) or result is None else result * one.number  # type: ignore
    rows = sum(one.rows for one in sizes)
    return Size(result, rows == 1) if rows < 2 else _UNKNOWN


def _shape(tensor: tf.Tensor, holds: Holds) -> Optional[List[Size]]:
    if tensor.shape.ndims is None:
        return None
    return [Size(size) if size is not None else Size(1, True) if holds(tensor, axis) else _UNKNOWN
            for axis, size in enumerate(tensor.shape.as_list())]


def _same(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    return sizes_of(op.inputs[0], holds)


def _joined(tensors: List[tf.Tensor], holds: Holds) -> Optional[List[Size]]:
    found: List[Size] = []
    for tensor in tensors:
        sizes = sizes_of(tensor, holds)
        if sizes is None:
            if tensor.shape.num_elements() is None:
                return None
            sizes = [_UNKNOWN] * tensor.shape.num_elements()
        found += sizes
    return found


def _pack(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    return _joined(list(op.inputs), holds)


def _concat(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    return _joined(list(op.inputs)[:-1], holds)


def _picked(op: tf.Operation, holds: Holds, places: Optional[np.ndarray]) -> Optional[List[Size]]:
    """Some of the numbers of an op's first input."""
    sizes = sizes_of(op.inputs[0], holds)
    if sizes is None or places is None:
        return None
    return [sizes[int(place)] for place in np.ravel(places)]


def _count(op: tf.Operation) -> Optional[int]:
    return op.inputs[0].shape.num_elements()


def _sliced(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    begin, end, stride = (static_value(one) for one in op.inputs[1:4])
    count = _count(op)
    if count is None or begin is None or end is None or stride is None or len(begin) != 1 or (
            op.get_attr('new_axis_mask') or op.get_attr('ellipsis_mask')):
        return None
    if op.get_attr('shrink_axis_mask'):
        return _picked(op, holds, begin)
    first = None if op.get_attr('begin_mask') else int(begin[0])
    last = None if op.get_attr('end_mask') else int(end[0])
    return _picked(op, holds, np.arange(count)[first:last:int(stride[0])])


def _part(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    begin, size, count = _number(op.inputs[1]), _number(op.inputs[2]), _count(op)
    if count is None or begin is None or size is None:
        return None
    return _picked(op, holds, np.arange(count)[begin:][:None if size < 0 else size])


def _largest(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    sizes = sizes_of(op.inputs[0], holds) or []
    return sizes[:1] if len(set(sizes)) == 1 and sizes[0].number is not None else None


def _number(tensor: tf.Tensor) -> Optional[int]:
    """The one number that a tensor is known to hold."""
    sizes = sizes_of(tensor, lambda tensor, axis: False)
    return sizes[0].number if sizes is not None and len(sizes) == 1 else None


def _added(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    a, b = (_number(tensor) for tensor in op.inputs)
    if a is None or b is None or op.type == 'FloorMod' and not b:
        return None
    return [Size(a - b if op.type == 'Sub' else a % b if op.type == 'FloorMod' else a + b)]


def _range(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    first, end, step = (_number(tensor) for tensor in op.inputs)
    return None if first is None or end is None or not step else [Size(one) for one in range(first, end, step)]


def _gathered(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    return _picked(op, holds, static_value(op.inputs[1]))


def _unpacked(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    return _picked(op, holds, np.array([index]))


def _multiplied(op: tf.Operation, index: int, holds: Holds) -> Optional[List[Size]]:
    sizes = [sizes_of(tensor, holds) for tensor in (op.inputs if op.type == 'Mul' else op.inputs[:1])]
    if any(one is None or op.type == 'Mul' and len(one) != 1 for one in sizes):
        return None
    return [product([size for one in sizes for size in one or ()])]


_MADE_OF = {
    'Identity': _same, 'Cast': _same, 'Squeeze': _same, 'Pack': _pack, 'ConcatV2': _concat, 'StridedSlice': _sliced,
    'Slice': _part, 'Gather': _gathered, 'GatherV2': _gathered, 'Unpack': _unpacked, 'Prod': _multiplied,
    'Mul': _multiplied, 'Max': _largest, 'Min': _largest, 'Range': _range, 'Sub': _added, 'Add': _added,
    'AddV2': _added, 'FloorMod': _added}
