"""Whether a path keeps samples apart along the first axis, so that one baseline can stand for that of every row."""
from typing import Callable, Dict, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from .kinds import BATCH_NORMS, ELEMENTWISE
from .path import Path
from .zeros import is_zero

#: Row i of the output is made of row i of the first input.
_BY_ROW = ELEMENTWISE | BATCH_NORMS | frozenset('''
    Conv2D Conv3D DepthwiseConv2dNative MaxPool MaxPoolV2 MaxPool3D AvgPool AvgPool3D LRN Softmax LogSoftmax
    ResizeBilinear ResizeNearestNeighbor ScaleAndTranslate Switch Merge StopGradient CheckNumerics EnsureShape
    '''.split())


def keeps_rows(path: Path) -> bool:
    """Whether every op between X and T certainly leaves the first axis, of unknown size, to the samples."""
    if any(not x.shape.ndims or x.shape.as_list()[0] is not None for x in path.X):
        return False
    # What hangs on the shape of X alone may count its rows, unless it is the same number in all of them.
    counted = {op for op in set(path.ops) - path.dependent if not (
        (op.type in ('ZerosLike', 'OnesLike') or is_zero(op)) and all(
            path.depends(tensor) or not tensor.shape.ndims for tensor in op.inputs))}
    return all(_keeps(op, path) and (op.type == 'Reshape' or not any(tensor.op in counted for tensor in op.inputs))
               for op in path.ops if op in path.dependent and op.outputs)


def _keeps(op: tf.Operation, path: Path) -> bool:
    y = op.outputs[0]
    inputs = [tensor for tensor in op.inputs if path.depends(tensor)]
    if not y.shape.ndims or y.shape.as_list()[0] is not None or any(not one.shape.ndims for one in inputs):
        return False
    if op.type in _BY_ROW:
        # An input of higher rank would push the samples to another axis.
        return all(tensor.shape.ndims is not None and tensor.shape.ndims <= y.shape.ndims for tensor in op.inputs
                   ) and (op.type not in ELEMENTWISE or all(one.shape.ndims == y.shape.ndims for one in inputs))
    if op.type not in _CHECKS or any(tensor.name != op.inputs[0].name for tensor in inputs) and op.type != 'ConcatV2':
        return False
    return _CHECKS[op.type](op)


def _same_sample(op: tf.Operation) -> bool:
    before, after = op.inputs[0].shape.as_list()[1:], op.outputs[0].shape.as_list()[1:]
    return None not in before + after and np.prod(before, dtype=np.int64) == np.prod(after, dtype=np.int64)


def _value(op: tf.Operation, index: int) -> Optional[np.ndarray]:
    return tf.get_static_value(op.inputs[index])


def _axis_is_not_rows(op: tf.Operation, index: int, rank: int) -> bool:
    axes = _value(op, index)
    return axes is not None and 0 not in np.ravel(axes) % rank


def _begins_with_zero(op: tf.Operation) -> bool:
    """Whether the first axis is neither padded nor moved."""
    value = _value(op, 1)
    return value is not None and not np.any(value[0])


def _reduces(op: tf.Operation) -> bool:
    return _axis_is_not_rows(op, 1, op.inputs[0].shape.ndims)


#: Op type -> whether an op of it, with one input that depends on X (ConcatV2: any), keeps rows.
_CHECKS: Dict[str, Callable[[tf.Operation], bool]] = {
    'MatMul': lambda op: not op.get_attr('transpose_a'),
    'Reshape': _same_sample,
    'Squeeze': lambda op: bool(op.get_attr('squeeze_dims')) and 0 not in op.get_attr('squeeze_dims'),
    'ExpandDims': lambda op: _axis_is_not_rows(op, 1, op.outputs[0].shape.ndims),
    'ConcatV2': lambda op: _axis_is_not_rows(op, len(op.inputs) - 1, op.outputs[0].shape.ndims),
    'Pad': _begins_with_zero,
    'Transpose': _begins_with_zero,
}
_CHECKS.update((op_type, _reduces) for op_type in ('Mean', 'Sum', 'Max', 'Min'))
