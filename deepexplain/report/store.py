"""The arrays of a page, each once: little-endian bytes as base64, of a kind that JavaScript has."""
import base64
import hashlib
from typing import Any, Dict, List

import numpy as np

#: Ints of which a double knows each.
_EXACT = 2 ** 53


class Store:
    """Arrays by their numbers, as the page refers to them.

    Attributes:
        arrays: what the page holds of each: [dtype, base64].
        size: how many bytes these take there.
    """

    def __init__(self) -> None:
        self.arrays: List[List[str]] = []
        self.size = 0
        self._known: Dict[str, int] = {}

    def put(self, array: Any) -> int:
        """The number of an array, which is flattened; its values stay what they are."""
        plain = _plain(np.asarray(array))
        content = plain.tobytes()
        key = plain.dtype.str + hashlib.sha256(content).hexdigest()
        if key not in self._known:
            self._known[key] = len(self.arrays)
            self.arrays.append([plain.dtype.str[1:], base64.b64encode(content).decode('ascii')])
            self.size += len(self.arrays[-1][1])
        return self._known[key]


def bytes_of(array: np.ndarray) -> int:
    """How much a page holds for an array, at the most."""
    return 4 * array.size * max(array.dtype.itemsize, 4 if array.dtype == np.float16 else 1) // 3 + 4


def exact(array: np.ndarray) -> bool:
    """Whether the page has the very numbers: those longer than a double are rounded to one."""
    return array.dtype.kind != 'f' or array.dtype.itemsize <= 8


def _plain(array: np.ndarray) -> np.ndarray:
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind == 'b':
        return array.astype('u1')
    if kind == 'f':
        return array.astype('<f4' if size <= 4 else '<f8')
    if size < 8:
        return array.astype(array.dtype.newbyteorder('<'))
    small = not array.size or -_EXACT <= int(array.min()) and int(array.max()) <= _EXACT
    return array.astype('<f8' if small else array.dtype.newbyteorder('<'))
