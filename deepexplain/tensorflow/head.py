"""The first layer of a model, where it is one matrix: what changes behind it is known without computing it anew."""
from typing import NamedTuple, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from .compat import while_context
from .graph import Path, ancestors
from .units import foreign_gradient

#: A first layer of fewer features is not worth the trouble.
WIDE = 64

#: They change the shape of a sample and nothing else.
_SHAPES = ('Reshape', 'Identity', 'Snapshot', 'Squeeze', 'ExpandDims')


class Head(NamedTuple):
    """z = flattened X times weights, (features, units), through which alone T depends on X."""
    z: tf.Tensor
    weights: tf.Tensor


def find_head(path: Path) -> Optional[Head]:
    """The MatMul that a path begins with, if it does; adds a transposition to the graph where the op has one."""
    if len(path.X) > 1 or path.X[0].shape.ndims is None or path.X[0].shape.as_list()[0] is not None:
        return None
    x = path.X[0]
    if None in x.shape.as_list()[1:] or not x.dtype.is_floating:
        return None
    features = int(np.prod(x.shape.as_list()[1:], dtype=np.int64))
    tensor = x
    while True:
        readers = [op for op in tensor.consumers() if op in path.dependent]
        if len(readers) != 1 or foreign_gradient(readers[0]) or while_context(readers[0]) is not None:
            return None
        op = readers[0]
        if op.type not in _SHAPES or op.inputs[0] is not tensor:
            break
        tensor = op.outputs[0]
    if op.type != 'MatMul' or op.inputs[0] is not tensor or path.depends(op.inputs[1]) or op.get_attr('transpose_a'):
        return None
    z, weights = op.outputs[0], op.inputs[1]
    if features < WIDE or tensor.shape.as_list() != [None, features] or weights.shape.ndims != 2:
        return None
    if x.op in ancestors(path.T, {z.name}):
        return None
    return Head(z, tf.transpose(weights) if op.get_attr('transpose_b') else weights)
