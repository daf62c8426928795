"""An .npy, mapped into memory."""
from typing import Any, Tuple

import numpy as np

from .source import Columns, DataError, Reading, Source, reason


class Npy(Source):
    """The rows of one array."""

    def __init__(self, path: str) -> None:
        self.path, self.files = path, [path]
        self._array = mapped(path)

    def __len__(self) -> int:
        return len(self._array)

    def rows(self, start: int, stop: int) -> Columns:
        return {'': np.array(self._array[start:stop])}


def mapped(path: str) -> np.ndarray:
    """An array of a file, of which only what is read takes memory."""
    try:
        array: Any = np.load(path, mmap_mode='r', allow_pickle=False)
    except (ValueError, OSError, EOFError, SyntaxError) as error:
        raise DataError(f"data: '{path}' cannot be read: {reason(error)}.") from None
    if not isinstance(array, np.ndarray):
        raise DataError(f"data: '{path}' is no .npy.")
    check_array(path, '', array.shape, array.dtype)
    return array


def check_array(path: str, name: str, shape: Tuple[int, ...], dtype: Any) -> None:
    """DataError for what are no samples."""
    said = name and f" ('{name}')"
    if dtype.kind not in 'biufSU':
        raise DataError(f"data: '{path}'{said} must hold numbers or strings, not {dtype}.")
    if not shape:
        raise DataError(f"data: '{path}'{said} holds a single number, not samples.")


def opened(path: str, reading: Reading) -> Source:
    """See `data.ENDINGS`."""
    return Npy(path)
