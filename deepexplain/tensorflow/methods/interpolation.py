"""Arrays resized by linear interpolation along their axes."""
from typing import Sequence

import numpy as np


def linear(old: int, size: int) -> np.ndarray:
    """What resizes an axis by linear interpolation, (size, old); pixels are squares, at the border they go on."""
    at = np.clip((np.arange(size) + .5) * old / size - .5, 0, old - 1)
    return np.maximum(0, 1 - np.abs(at[:, np.newaxis] - np.arange(old)))


def resized(value: np.ndarray, sizes: Sequence[int]) -> np.ndarray:
    """An array brought to some sizes along its last axes."""
    for axis, size in zip(range(-len(sizes), 0), sizes):
        if value.shape[axis] != size:
            weights = linear(value.shape[axis], size).astype(value.dtype)
            value = np.moveaxis(np.tensordot(value, weights, ([axis], [1])), -1, axis)
    return value
