"""What callers pass in, checked at the door."""
from typing import Any, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.runs.arguments import check_symbolic, shown


def rank_of(name: str, tensor: Any, ranks: Sequence[int], shape: str, beside: Optional[tf.Tensor] = None) -> int:
    """The rank of a tensor of a graph, when it is one of some."""
    check_symbolic(name, tensor)
    if beside is not None and tensor.graph is not beside.graph:
        raise RuntimeError(f"{name} ('{tensor.name}') must be a tensor of the graph of '{beside.name}'.")
    if beside is None and not tensor.dtype.is_floating:
        raise ValueError(f"{name} ('{tensor.name}') must be of floats, not of {tensor.dtype.name}.")
    rank = tensor.shape.ndims
    if rank not in ranks:
        raise ValueError(f"{name} ('{tensor.name}') must have the shape {shape}, not "
                         + ('an unknown one.' if rank is None else f'{tensor.shape}.'))
    return int(rank)


def one_of(name: str, value: Any, known: Sequence[str]) -> None:
    if not isinstance(value, str) or value not in known:
        raise ValueError("%s must be '%s', not %s." % (name, "' or '".join(known), shown(value)))


def check_number(name: str, value: Any, size: Optional[int], of: str) -> None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 0 or (
            size is not None and value >= size):
        raise ValueError('%s must be an int of at least 0%s, not %s.' % (
            name, '' if size is None else ' and below %d, the number of %s' % (size, of), shown(value)))


def precise(tensor: tf.Tensor) -> tf.Tensor:
    """A tensor to be added up: halves in single precision, since their sums keep a few digits, up to 65504 alone."""
    return tf.cast(tensor, tf.float32) if tensor.dtype in (tf.float16, tf.bfloat16) else tensor
