"""Which tensors are sizes, never negative by the ops that make them, and which are the inverse of one, as norms are."""
import numpy as np
import tensorflow.compat.v1 as tf

#: What comes out is never negative.
_SIZES = frozenset('''
    Abs ComplexAbs Square SquaredDifference Sqrt Rsqrt Exp Softplus Sigmoid Relu Relu6 Softmax EuclideanNorm L2Loss Erfc
    '''.split())

#: What comes out is what went in, moved, or added up.
_KEEPING = frozenset('''
    Identity IdentityN Snapshot CheckNumerics EnsureShape StopGradient Reshape Squeeze ExpandDims Transpose BroadcastTo
    Tile Cast StridedSlice Slice GatherV2 Sum Mean Max Min Prod MaxPool AvgPool Cumsum SegmentSum UnsortedSegmentSum
    '''.split())

#: The same, of one tensor that reaches its places.
_MOVING = _KEEPING - frozenset(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'MaxPool', 'AvgPool', 'Cumsum', 'SegmentSum',
                                'UnsortedSegmentSum'])

#: How many ops back are looked at.
_DEPTH = 12


def is_size(tensor: tf.Tensor, depth: int = _DEPTH) -> bool:
    """Whether a tensor is never negative, as far as its nearest ops show."""
    op = tensor.op
    if op.type in _SIZES:
        return True
    if depth == 0 or not op.inputs:
        return op.type == 'Const' and not np.any(np.less(tf.get_static_value(tensor), 0))
    if op.type in _KEEPING:
        return is_size(op.inputs[tensor.value_index if op.type == 'IdentityN' else 0], depth - 1)
    if op.type == 'Mul' and op.inputs[0].name == op.inputs[1].name:
        return True
    if op.type == 'Pow':
        power = tf.get_static_value(op.inputs[1])
        return power is not None and bool(np.all(np.equal(np.mod(power, 2), 0))) or is_size(op.inputs[0], depth - 1)
    if op.type == 'Maximum':
        return any(is_size(one, depth - 1) for one in op.inputs)
    return op.type in ('Add', 'AddV2', 'AddN', 'BiasAdd', 'Mul', 'RealDiv', 'Minimum') and all(
        is_size(one, depth - 1) for one in op.inputs)


def is_divisor(tensor: tf.Tensor, reference: tf.Tensor, depth: int = _DEPTH) -> bool:
    """Whether a tensor is 1 / (what depends on X), moved about, and multiplied or limited by what does not change.

    Args:
        reference: the same tensor at the baseline: the very same one where it does not depend on X.
    """
    op, other = tensor.op, reference.op
    if tensor.name == reference.name or depth == 0:
        return False
    if op.type in ('Rsqrt', 'Reciprocal', 'Inv'):
        return True
    if op.type == 'Pow':
        power = tf.get_static_value(op.inputs[1])
        return power is not None and bool(np.all(np.less(power, 0)))
    if op.type in _MOVING and op.inputs:
        place = tensor.value_index if op.type == 'IdentityN' else 0
        return is_divisor(op.inputs[place], other.inputs[place] if other.type == op.type else reference, depth - 1)
    same = [one.name == one_ref.name for one, one_ref in zip(op.inputs, other.inputs)]
    if op.type in ('RealDiv', 'Div', 'DivNoNan'):
        return same[0] or same[1] and is_divisor(op.inputs[0], other.inputs[0], depth - 1)
    return op.type in ('Mul', 'Minimum', 'Maximum') and any(
        same[1 - place] and is_divisor(op.inputs[place], other.inputs[place], depth - 1) for place in (0, 1))
