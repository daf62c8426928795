"""Whether a gradient may reach an input at all, told before anything is built."""
from typing import Dict, Set

import tensorflow.compat.v1 as tf

from .compat import never_has_gradient
from .path import FLAT, Path, foreign_gradient


def gradient_reaches(path: Path, x: tf.Tensor) -> bool:
    """Whether some way from x to the path's T has ops alone that have a gradient, be it zero, or may take a rule."""
    if x.name == path.T.name:
        return True
    on_path: Set[tf.Operation] = set(path.ops)
    lets: Dict[str, bool] = {}
    waiting = [x] if _carries(x) else []
    found = {x.name}
    while waiting:
        for op in waiting.pop().consumers():
            if op not in on_path:
                continue
            if op.type not in lets:
                lets[op.type] = op.type in FLAT or not never_has_gradient(op.type)
            if lets[op.type] or foreign_gradient(op):
                new = [tensor for tensor in op.outputs if tensor.name not in found and _carries(tensor)]
                found.update(tensor.name for tensor in new)
                waiting.extend(new)
    return path.T.name in found


def _carries(tensor: tf.Tensor) -> bool:
    return tensor.dtype.is_floating or tensor.dtype.is_complex or tensor.dtype == tf.variant
