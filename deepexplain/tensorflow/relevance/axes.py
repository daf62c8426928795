"""Along which axes a layer's outputs are those of its weights, and what becomes of axes behind the layer."""
from typing import Dict, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

#: A layer's bias and batch normalisation may come after these, which leave the shape as it is.
SAME_SHAPE = frozenset(['Identity', 'Snapshot', 'CheckNumerics', 'EnsureShape', 'Switch', 'Merge'])
#: And after these, which leave the order of numbers as it is,
RESHAPES = frozenset(['Squeeze', 'ExpandDims', 'Reshape'])
#: or change the order of axes, or leave the last axes as they are.
MOVES = SAME_SHAPE | RESHAPES | frozenset(['Transpose', 'BatchToSpaceND'])

#: Convolutions, and what goes the other way.
PLAIN = ('Conv', 'Conv2D', 'Conv3D', 'DepthwiseConv2dNative')
TRANSPOSED = ('Conv2DBackpropInput', 'Conv3DBackpropInputV2')
DEPTHWISE_TRANSPOSED = 'DepthwiseConv2dNativeBackpropInput'
MATRICES = ('MatMul', 'SparseMatMul', 'BatchMatMul', 'BatchMatMulV2', 'BatchMatMulV3')


def channels_last(op: tf.Operation) -> bool:
    """Whether the channels of a convolution are the last axis of its data."""
    form = op.node_def.attr['data_format'].s
    return b'NC' not in form and form != b'CHANNELS_FIRST'


def own_axes(op: tf.Operation, data: int) -> Dict[int, Tuple[int, ...]]:
    """The axes of what a linear op puts out along which its weights have outputs of their own; counted from the end.

    Each with the axes of the weights that it is made of.

    Args:
        data: where the op has its data among its inputs.
    """
    z = op.outputs[0]
    if op.type in PLAIN + TRANSPOSED + (DEPTHWISE_TRANSPOSED,):
        channels = -1 if channels_last(op) else 1 - (z.shape.ndims or 4)
        return {channels: (-1,) if op.type in ('Conv', 'Conv2D', 'Conv3D') else
                (-2, -1) if op.type == 'DepthwiseConv2dNative' else (-2,)}
    if op.type in MATRICES:
        attributes = op.node_def.attr
        turned = any(attributes[name].b for name in (
            ('transpose_b', 'adj_y') if data == 0 else ('transpose_a', 'adj_x')))
        axis = -1 if data == 0 else -2
        found: Dict[int, Tuple[int, ...]] = {axis: (-3 - axis if turned else axis,)}
        sizes = op.inputs[1 - data].shape.as_list() if op.inputs[1 - data].shape.ndims is not None else []
        found.update({k: (k,) for k in range(-len(sizes), -2) if sizes[k] not in (None, 1)})
        return found
    if op.type == 'Einsum':
        terms, result = op.get_attr('equation').decode().replace(' ', '').split('->')
        term = terms.split(',')[1 - data]
        if '.' in term or len(set(term)) < len(term):
            return {}
        of_weights = _labelled(term, op.inputs[1 - data])
        return {axis: (of_weights[label],) for label, axis in _labelled(result, z).items() if label in of_weights}
    return {}


def _labelled(term: str, tensor: tf.Tensor) -> Dict[str, int]:
    """The axis of each label of an einsum's term, counted from the end, but for those that stand there twice."""
    head, dots, tail = term.partition('...')
    axes = {label: i - len(tail) for i, label in enumerate(tail)}
    if not dots:
        axes = {label: i - len(head) for i, label in enumerate(head)}
    elif tensor.shape.ndims is not None:
        axes.update({label: i - tensor.shape.ndims for i, label in enumerate(head)})
    return {label: axis for label, axis in axes.items() if term.count(label) == 1}


def scaled(weights: tf.Tensor, own: Dict[int, Tuple[int, ...]], scale: tf.Tensor) -> tf.Tensor:
    """A layer's weights, its outputs multiplied by what differs only along its own axes."""
    sizes = scale.shape.as_list()
    axes = [i - len(sizes) for i, size in enumerate(sizes) if size != 1]
    if not axes:
        return weights * tf.reshape(scale, [])
    if axes == [-1] and own[-1] == (-1,):
        return weights * (scale if len(sizes) == 1 else tf.reshape(scale, [-1]))
    places = [place for axis in axes for place in own[axis]]
    lengths = {place: tf.shape(weights)[place] for place in places}
    turned = tf.transpose(tf.reshape(scale, [lengths[place] for place in places]), np.argsort(places))
    return weights * tf.reshape(turned, [lengths.get(axis, 1) for axis in range(min(places), 0)])


def undone(tensor: tf.Tensor, op: tf.Operation) -> tf.Tensor:
    """A tensor of the shape that a `RESHAPES` or `Transpose` op puts out, in that of its input."""
    if op.type == 'Transpose':
        return tf.transpose(tensor, tf.math.invert_permutation(op.inputs[1]))
    return tf.reshape(tensor, tf.shape(op.inputs[0])) if op.type in RESHAPES else tensor
