"""Which tensors are certainly nowhere below 0."""
from typing import Dict, Set

import numpy as np
import tensorflow.compat.v1 as tf

_NONNEGATIVE = frozenset('Relu Relu6 Sigmoid Softplus Exp Abs Square Sqrt Erfc Softmax'.split())

_KEEP_SIGN = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape Reshape Squeeze ExpandDims Transpose Concat
    ConcatV2 Split SplitV Slice StridedSlice Pack Unpack Tile Pad MirrorPad Reverse ReverseV2 Gather GatherV2 GatherNd
    BroadcastTo Cast Add AddV2 AddN Sum Mean AvgPool AvgPool3D MaxPool MaxPoolV2 MaxPool3D Max Min Minimum
    ResizeBilinear ResizeNearestNeighbor SpaceToBatchND BatchToSpaceND SpaceToDepth DepthToSpace Switch Merge
    '''.split())


def nonnegative(tensor: tf.Tensor, training: Set[str], known: Dict[str, bool]) -> bool:
    """Whether a tensor is certainly nowhere below 0."""
    waiting, begun = [tensor], set()
    # Without recursion, which deep models would exhaust.
    while waiting:
        one = waiting.pop()
        if one.name in known and one.name not in begun:
            continue
        op = one.op
        inputs = [x for x in op.inputs if x.dtype.is_floating and x.name not in training] if (
            op.type in _KEEP_SIGN or op.type == 'Maximum') else []
        if one.name not in begun:
            begun.add(one.name)
            known[one.name] = False  # While it is looked at, in a loop.
            waiting += [one] + [x for x in reversed(inputs) if x.name not in known]
            continue
        begun.remove(one.name)
        if op.type in _KEEP_SIGN:
            known[one.name] = bool(inputs) and all(known[x.name] for x in inputs)
        elif op.type == 'Maximum':
            known[one.name] = any(known[x.name] for x in inputs)
        elif op.type == 'Const':
            known[one.name] = bool(np.all(tf.get_static_value(one) >= 0))
        else:
            known[one.name] = op.type in _NONNEGATIVE
    return known[tensor.name]
