"""One-hot arrays as they are given: samples first, letters along any other axis."""
from typing import Any

import numpy as np

from ..checks import is_one_hot


def check_axis(axis: Any, ndim: int) -> int:
    """The axis of letters, counted from the end, when it is one and not that of the samples."""
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)) or not (
            0 < axis < ndim or -ndim < axis < 0):
        raise ValueError(f'axis must be the axis along which letters are, of {ndim}, and not the first, not {axis!r}.')
    return int(axis if axis < 0 else axis - ndim)


def check_numbers(name: str, value: Any) -> np.ndarray:
    """The value as an array of finite numbers with an axis of samples and others."""
    array = np.asarray(value)
    if array.dtype.kind not in 'fiub':
        raise ValueError(f'{name} must be an array of numbers, not of {array.dtype}.')
    if array.ndim < 2 or not array.size:
        raise ValueError(f'{name} must have an axis of samples and others, and not be empty; its shape is '
                         f'{array.shape}.')
    if not np.isfinite(array).all():
        raise ValueError(f'{name} must be of finite numbers: it holds nan or inf.')
    return array


def check_one_hot(name: str, value: Any, axis: int) -> np.ndarray:
    """The value as an array, when it is of zeros and ones with at most a single one along the axis."""
    array = check_numbers(name, value)
    if not is_one_hot(array, check_axis(axis, array.ndim)):
        raise ValueError(f'{name} must be one-hot along axis {axis}, zeros and ones with at most a single one at each '
                         f'place, and is not; its shape is {array.shape}.')
    return array


def lines(name: str, array: np.ndarray, axis: int) -> np.ndarray:
    """The array as (samples, positions, letters), when each sample is a single sequence."""
    moved = np.moveaxis(array, check_axis(axis, array.ndim), -1)
    if moved.ndim < 3 or sum(size > 1 for size in moved.shape[1:-1]) > 1:
        raise ValueError(f'{name} must be one sequence a sample, with one axis of positions beside that of letters; '
                         f'its shape is {array.shape}.')
    return moved.reshape(len(array), -1, moved.shape[-1])
