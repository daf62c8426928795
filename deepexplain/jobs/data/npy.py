"""An .npy, of which only the rows that are asked for are read."""
from typing import Any, Tuple

import numpy as np

from .source import Columns, DataError, Reading, Source, reason


class Rows:
    """Rows of an array that lies in a file as it is.

    They are read, not mapped: what is mapped counts as memory of the process for as long as nobody else wants it, and a
    file that is cut short meanwhile would end the process.

    Args:
        offset: where the numbers begin in the file.
        fortran: whether they lie column by column; then they are mapped all the same.
    """

    def __init__(self, path: str, offset: int, shape: Tuple[int, ...], dtype: Any, fortran: bool) -> None:
        self._path, self._offset, self._shape, self._dtype = path, offset, shape, dtype
        self._row = int(np.prod(shape[1:], dtype=np.int64))
        self._mapped = np.memmap(path, dtype, 'r', offset, shape, 'F') if fortran and len(shape) > 1 and (
            0 not in shape) else None

    def read(self, start: int, stop: int) -> np.ndarray:
        """The rows from `start` to before `stop`."""
        if self._mapped is not None:
            return np.array(self._mapped[start:stop])
        count, size = (stop - start) * self._row, self._dtype.itemsize
        shape = (stop - start,) + self._shape[1:]
        if not count or not size:
            return np.zeros(shape, self._dtype)
        with open(self._path, 'rb') as file:
            file.seek(self._offset + start * self._row * size)
            found = np.fromfile(file, self._dtype, count)
        if len(found) < count:
            raise DataError(f"data: '{self._path}' ends before row {stop}, though it promises {self._shape[0]}.")
        return found.reshape(shape)


class Npy(Source):
    """The rows of one array."""

    def __init__(self, path: str) -> None:
        self.path, self.files = path, [path]
        try:
            with open(path, 'rb') as file:
                shape, fortran, dtype = read_header(file)
                offset = file.tell()
                lacking = offset + int(np.prod(shape, dtype=np.int64)) * dtype.itemsize - file.seek(0, 2)
        except (ValueError, OSError, EOFError, SyntaxError) as error:
            raise DataError(f"data: '{path}' cannot be read: {reason(error)}.") from None
        check_array(path, '', shape, dtype)
        if lacking > 0:
            raise DataError(f"data: '{path}' cannot be read: it lacks {lacking} bytes of what its header promises.")
        self._length, self._rows = shape[0], Rows(path, offset, shape, dtype, fortran)

    def __len__(self) -> int:
        return self._length

    def rows(self, start: int, stop: int) -> Columns:
        return {'': self._rows.read(start, stop)}


def read_header(stream: Any) -> Tuple[Tuple[int, ...], bool, Any]:
    """The shape of an array, whether it lies column by column, and its dtype."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
    return read(stream)


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
