"""Ways to write 0 with a tensor: what comes out does not depend on its values."""
import numpy as np
import tensorflow.compat.v1 as tf


def is_zero(op: tf.Operation) -> bool:
    """Whether an op is a way to write 0 in the shape of a tensor: 0 * x, or x - x."""
    if op.type == 'Sub':
        return op.inputs[0] is op.inputs[1]
    return op.type in ('Mul', 'MulNoNan') and any(_is_zeros(tensor) for tensor in op.inputs)


def _is_zeros(tensor: tf.Tensor) -> bool:
    """Whether all of a constant is 0, as far as that can be seen at once."""
    while tensor.op.type in ('Identity', 'Enter', 'Cast', 'BroadcastTo', 'Tile', 'Reshape', 'ExpandDims'):
        tensor = tensor.op.inputs[0]
    if tensor.op.type == 'Fill':
        return _is_zeros(tensor.op.inputs[1])
    # The weights of a frozen model are constants too.
    return tensor.op.type == 'ZerosLike' or (tensor.op.type == 'Const' and (tensor.shape.num_elements() or 2000) < 1000
                                             and not np.any(tf.get_static_value(tensor)))
