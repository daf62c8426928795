"""Batch normalisation written out: a variance over the samples, and what its root is met by."""
from typing import AbstractSet, List, Optional, Tuple

import tensorflow.compat.v1 as tf

from . import compat
from .flow import Flow
from .kinds import BATCH_NORMS, ELEMENTWISE
from .shifts import unwrap_moves

#: More axes than any tensor has.
FAR = 99

#: What a variance may be the mean of.
SQUARES = frozenset(['SquaredDifference', 'Square', 'Mul', 'Pow'])

#: What becomes of a variance that something is divided by.
_ROOTS = frozenset(['Sqrt', 'Rsqrt', 'Pow'])

_HANDS_ON = ELEMENTWISE | frozenset('''
    Reshape Squeeze ExpandDims Switch Merge If StatelessIf BroadcastTo Tile EnsureShape Snapshot CheckNumerics
    '''.split())


def is_variance(op: tf.Operation, sizes: AbstractSet[Optional[int]]) -> bool:
    """Whether a mean is of squares over the axis of the samples.

    Args:
        sizes: how many rows a tensor may have, one for each sample.
    """
    x, axes = op.inputs[0], compat.static_value(op.inputs[1])
    return axes is not None and x.shape.ndims != 0 and 0 in axes.ravel() % (x.shape.ndims or FAR) and first_size(
        x) in sizes and compat.while_context(op) is None and _squares(unwrap_moves(x).op)


def first_size(tensor: tf.Tensor) -> Optional[int]:
    return tensor.shape.as_list()[0] if tensor.shape.ndims else None


def _squares(op: tf.Operation) -> bool:
    return op.type in ('SquaredDifference', 'Square') or op.type == 'Mul' and op.inputs[0].name == op.inputs[
        1].name or op.type == 'Pow' and compat.static_value(op.inputs[1]) == 2


def normalised(tensor: tf.Tensor, rooted: bool, flow: Flow, sizes: AbstractSet[Optional[int]]
                ) -> Tuple[bool, List[Tuple[str, bool]]]:
    """Whether the root of a tensor without samples meets samples again, by way of elementwise ops.

    Args:
        rooted: whether the tensor is a root itself.

    Returns:
        This, and the targets of the flow that it comes to, each with whether as a root.
    """
    targets = {one.name for one in flow.targets}
    waiting, seen = [(tensor, rooted)], {(tensor.name, rooted)}
    for one, is_root in waiting:
        for op in flow.readers[one.name]:
            if op.type in BATCH_NORMS:
                return True, []
            after = is_root or op.type in _ROOTS
            for y in op.outputs if op.type in _HANDS_ON else ():
                if y.shape.ndims is None or y.shape.ndims and first_size(y) in sizes:
                    if is_root and op.type in ELEMENTWISE:
                        return True, []
                elif y.name in flow.readers and (y.name, after) not in seen:
                    seen.add((y.name, after))
                    waiting.append((y, after))
    return False, [(name, is_root) for name, is_root in sorted(seen) if name in targets]
