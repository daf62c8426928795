"""An .npz: what lies in it as it is is read by rows, what is packed is unpacked on the way."""
import struct
import zipfile
import zlib
from typing import Any, Dict, Iterator, NamedTuple, Tuple

import numpy as np

from .npy import Rows, check_array, read_header
from .source import Columns, DataError, Forward, Reading, Source, reason

#: How many bytes of an array are unpacked at a time.
_PIECE = 1 << 22


class _Member(NamedTuple):
    """An array in the file: its header, and where its numbers begin in the member."""
    shape: Tuple[int, ...]
    fortran: bool
    dtype: Any
    offset: int


class Npz(Source):
    """The rows of the arrays of an .npz, by their keys, all of one length."""

    def __init__(self, path: str, reading: Reading) -> None:
        self.path, self.files = path, [path]
        self._arrays: Dict[str, Rows] = {}
        self._packed: Dict[str, Forward] = {}
        lengths: Dict[str, int] = {}
        try:
            with zipfile.ZipFile(path) as archive:
                members = {info.filename[:-4]: info for info in archive.infolist() if info.filename.endswith('.npy')}
                for name in reading.wants(list(members), path):
                    with archive.open(members[name]) as stream:
                        header = _header(stream)
                    check_array(path, name, header.shape, header.dtype)
                    lengths[name] = header.shape[0]
                    if members[name].compress_type == zipfile.ZIP_STORED:
                        self._arrays[name] = Rows(path, _begin(path, members[name]) + header.offset, header.shape,
                                                  header.dtype, header.fortran)
                    else:
                        self._packed[name] = self._forward(members[name], name, header)
        except (ValueError, OSError, EOFError, SyntaxError, zipfile.BadZipFile, zlib.error) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"data: '{path}' cannot be read: {reason(error)}.") from None
        if not lengths:
            raise DataError(f"data: '{path}' holds no arrays.")
        if len(set(lengths.values())) > 1:
            raise DataError("data: the arrays of '%s' must have as many rows, not %s." % (path, ', '.join(
                "%d ('%s')" % (length, name) for name, length in lengths.items())))
        self._names, self._length = list(lengths), next(iter(lengths.values()))

    def __len__(self) -> int:
        return self._length

    def rows(self, start: int, stop: int) -> Columns:
        try:
            return {name: self._arrays[name].read(start, stop) if name in self._arrays else
                    self._packed[name].rows(start, stop)[''] for name in self._names}
        except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise DataError(f"data: '{self.path}' cannot be read: {reason(error)}.") from None

    def _forward(self, info: zipfile.ZipInfo, name: str, header: _Member) -> Forward:
        if header.fortran and len(header.shape) > 1:
            raise DataError(f"data: '{name}' of '{self.path}' is packed column by column, so that its rows cannot be "
                            'read one after another: save it with np.savez, or as np.ascontiguousarray.')

        def begin(mark: int) -> Iterator[Columns]:
            size = header.dtype.itemsize * int(np.prod(header.shape[1:], dtype=np.int64))
            height = max(1, _PIECE // max(1, size))
            with zipfile.ZipFile(self.path) as archive, archive.open(info) as stream:
                stream.read(header.offset)
                for start in range(0, header.shape[0], height):
                    n = min(height, header.shape[0] - start)
                    content = stream.read(n * size)
                    if len(content) < n * size:
                        raise EOFError('it ends too soon')
                    yield {'': np.frombuffer(content, header.dtype, n * size // max(1, header.dtype.itemsize)).reshape(
                        (n,) + header.shape[1:])}

        return Forward([0], begin)


def _header(stream: Any) -> _Member:
    shape, fortran, dtype = read_header(stream)
    return _Member(shape, fortran, dtype, stream.tell())


def _begin(path: str, info: zipfile.ZipInfo) -> int:
    """Where a member begins in the file."""
    with open(path, 'rb') as file:
        # The lengths of name and extra field, which only the header beside the member tells.
        file.seek(info.header_offset + 26)
        name, extra = struct.unpack('<HH', file.read(4))
    return info.header_offset + 30 + name + extra


def opened(path: str, reading: Reading) -> Source:
    """See `data.ENDINGS`."""
    return Npz(path, reading)
