"""Inner tensors that have places and channels: the last one of a path, and which of its axes is that of channels."""
from typing import Dict, List, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from .compat import static_value, while_context
from .path import Path
from .rows import rows_at


def cuts(path: Path) -> List[tf.Tensor]:
    """The tensors between X and T, outside of loops, through which all of T that depends on X hangs on it, in order."""
    # All ops of the path come before or after such a tensor, so any order in which inputs come first will do.
    order = {op: i for i, op in enumerate(path.ops)}
    reach = max([_last_reader(x, order, path) for x in path.X] or [0])
    found = []
    for i, op in enumerate(path.ops):
        if op not in path.dependent:
            continue
        ends = [_last_reader(tensor, order, path) for tensor in op.outputs]
        if reach <= i:
            found += [tensor for k, (tensor, end) in enumerate(zip(op.outputs, ends))
                      if end > i and max(ends[:k] + ends[k + 1:] + [0]) <= i and while_context(op) is None]
        reach = max([reach] + ends)
    return found


def last_of_rank(path: Path, ranks: Sequence[int], targets: str) -> Optional[tf.Tensor]:
    """The last of these that is of floats, of one of some ranks, of more places than one, its first axis the samples.

    Args:
        targets: the scope of ops that make a target of what a model puts out, which is no inner layer then.
    """
    ours = [op for op in path.ops if op.name.startswith(targets)]
    ends = {path.T.name}.union(tensor.name for op in ours for tensor in list(op.inputs) + list(op.outputs))
    for tensor in reversed(cuts(path)):
        if tensor.dtype.is_floating and tensor.shape.ndims in ranks and tensor.name not in ends:
            sizes = tensor.shape.as_list()[1:]
            del sizes[(channel_axis(tensor, path) or len(sizes)) - 1]
            if any(size != 1 for size in sizes) and all(rows_at(x, tensor) for x in path.X):
                return tensor
    return None


def channel_axis(tensor: tf.Tensor, path: Path) -> Optional[int]:
    """The axis of channels as the nearest op that tells has it: before the tensor, else behind it; None if none does.
    """
    found = _before(tensor, path)
    return _behind(tensor, path) if found is None else found


def _last_reader(tensor: tf.Tensor, order: Dict[tf.Operation, int], path: Path) -> int:
    return max([order[op] for op in tensor.consumers() if op in path.dependent and op in order] or [0])


def _before(tensor: tf.Tensor, path: Path) -> Optional[int]:
    # Where the axes of each tensor on the way are in the one before it, which made it.
    ways: List[List[int]] = []
    seen: Set[str] = set()
    while tensor.name not in seen and not any(tensor.name == x.name for x in path.X):
        seen.add(tensor.name)
        told = _told(tensor.op, tensor)
        if told is not None:
            for way in reversed(ways):
                if told not in way:
                    return None
                told = way.index(told)
            return told
        inputs = [x for x in tensor.op.inputs if path.depends(x) and _axes(tensor.op, x, tensor) is not None]
        if not inputs:
            return None
        ways.append(_axes(tensor.op, inputs[0], tensor) or [])
        tensor = inputs[0]
    return None


def _behind(tensor: tf.Tensor, path: Path) -> Optional[int]:
    # Pairs of a tensor and where its axes are in the first one; -1 for those that are new.
    waiting = [(tensor, list(range(tensor.shape.ndims or 0)))]
    seen: Set[str] = set()
    for one, axes in waiting:
        for op in one.consumers():
            if op not in path.dependent:
                continue
            told = _told(op, one)
            if told is not None:
                return axes[told] if axes[told] >= 0 else None
            for y in op.outputs:
                way = _axes(op, one, y)
                if way is not None and y.name not in seen:
                    seen.add(y.name)
                    waiting.append((y, [-1 if place < 0 else axes[place] for place in way]))
    return None


def _axes(op: tf.Operation, x: tf.Tensor, y: tf.Tensor) -> Optional[List[int]]:
    """For each axis of what an op makes, the axis of an input that it is, -1 for a new one; None where none tells."""
    old, new = x.shape.ndims, y.shape.ndims
    if not old or not new:
        return None
    if op.type == 'Transpose':
        perm = static_value(op.inputs[1]) if x is op.inputs[0] else None
        return None if perm is None else [int(axis) for axis in perm]
    if op.type == 'ExpandDims' and x is op.inputs[0]:
        place = static_value(op.inputs[1])
        if place is None:
            return None
        at = int(place) % new
        return list(range(at)) + [-1] + list(range(at, old))
    if op.type == 'Squeeze':
        gone = {axis % old for axis in op.get_attr('squeeze_dims')}
        kept = [axis for axis in range(old) if axis not in gone]
        return kept if len(kept) == new else None
    return list(range(new)) if old == new else None


def _told(op: tf.Operation, tensor: tf.Tensor) -> Optional[int]:
    """The axis of channels of what an op takes or makes, if it has one of its own."""
    rank = tensor.shape.ndims
    if not rank or not any(one.shape.ndims == rank for one in op.outputs):
        return None
    try:
        form = op.get_attr('data_format').decode()
    except ValueError:
        return None
    return 1 if form.startswith('NC') or form == 'channels_first' else rank - 1
