"""Why T has no gradient with respect to X."""
from typing import List, NamedTuple, Set

import tensorflow.compat.v1 as tf

from .compat import has_gradient
from .kinds import CONSTANT, FLAT
from .path import Path
from .walks import backward


class Cut(NamedTuple):
    """Where the gradient of T stops on its way to X.

    Attributes:
        path: whether T depends on X at all.
        ends: the tensors at which it stops, on the side of T.
    """
    path: bool
    ends: List[tf.Tensor]

    @property
    def stops(self) -> List[tf.Operation]:
        """The ops that let no gradient through, each once."""
        return list(dict.fromkeys(tensor.op for tensor in self.ends))


def find_cut(T: tf.Tensor, x: tf.Tensor) -> Cut:
    """Why there is no gradient of T with respect to x."""
    path = Path([x], T)
    on_path = set(path.ops)
    ends: List[tf.Tensor] = []
    seen: Set[str] = set()
    waiting = [T] if path.ops else []
    while waiting:
        tensor = waiting.pop()
        if tensor.name in seen or tensor.name == x.name:
            continue
        seen.add(tensor.name)
        if tensor.op not in path.dependent and tensor.op.type != 'StopGradient' and not _is_stopped(tensor.op, on_path):
            continue  # It hangs on X's shape alone.
        inputs = [one for one in tensor.op.inputs if one.name == x.name or one.op in on_path]
        trainable = [one for one in inputs if one.dtype.is_floating or one.dtype == tf.variant]
        if tensor.op.type in CONSTANT or tensor.op.type in FLAT or not has_gradient(tensor.op.type) or not trainable:
            ends.append(tensor)
        else:
            waiting.extend(trainable)
    return Cut(bool(path.ops), ends)


def _is_stopped(op: tf.Operation, on_path: Set[tf.Operation]) -> bool:
    """Whether an op follows a stop_gradient on the path."""
    return any(source.type == 'StopGradient' for source in backward([op], set()) & on_path)
