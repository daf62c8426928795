"""The ops between two tensors of a path."""
from typing import List, Set

import tensorflow.compat.v1 as tf

from .path import Path


def ops_between(x: tf.Tensor, y: tf.Tensor, path: Path) -> List[tf.Operation]:
    """The ops of a path that lead from x to y, and those that make constants of shapes between the two.

    With another tensor in place of x they make another y, the constants of its shape.
    """
    found, waiting = {y.op}, [y.op]
    constants: List[tf.Tensor] = []
    while waiting:
        for tensor in waiting.pop().inputs:
            if tensor.name == x.name or tensor.op in found:
                continue
            if path.depends(tensor):
                found.add(tensor.op)
                waiting.append(tensor.op)
            elif path.by_shape(tensor.op):
                constants.append(tensor)
    for tensor in constants:
        found |= _makers(tensor, x, found, path)
    return path.in_order(found)


def _makers(constant: tf.Tensor, x: tf.Tensor, inner: Set[tf.Operation], path: Path) -> Set[tf.Operation]:
    """The ops that make a constant, if it hangs on the shape of x or of what some inner ops put out."""
    found, waiting, hangs = {constant.op}, [constant.op], False
    while waiting:
        for tensor in waiting.pop().inputs:
            hangs = hangs or tensor.name == x.name or tensor.op in inner
            if tensor.op not in found and path.by_shape(tensor.op):
                found.add(tensor.op)
                waiting.append(tensor.op)
    return found if hangs else set()
