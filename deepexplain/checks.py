"""What the doors of all rooms ask of a value, and how they show it; without TensorFlow."""
from typing import Any, Optional, Sequence

import numpy as np


def shown(value: Any) -> str:
    """A value for an error message: what it is rather than all of it, where it is large."""
    if getattr(value, 'shape', ()):
        return 'an array of shape %s' % (tuple(value.shape),)
    written_out = repr(value)
    return written_out if len(written_out) <= 80 else f'a {type(value).__name__}'


def is_one_hot(values: np.ndarray, axis: int = -1) -> bool:
    """Whether numbers are zeros and ones, with at most a single one along the axis."""
    return bool(((values == 0) | (values == 1)).all() and (values.sum(axis) <= 1).all())


def channels_of(shape: Sequence[Optional[int]]) -> str:
    """Where a picture of three axes has its channels: 'first' where the first axis alone has 1 or 3, else 'last'."""
    return 'first' if shape[0] in (1, 3) and shape[2] not in (1, 3) else 'last'
