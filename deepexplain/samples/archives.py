"""Reading .npy and .npz files into no more memory than is allowed, whatever they say of themselves."""
import io
import os
import zipfile
import zlib
from typing import Any, Dict, List, Optional

import numpy as np

from ..terminal import in_words
from .bound import Bound
from .says import WrongUse

#: The longest header; that of an array of plain numbers has 128 bytes.
LONGEST_HEADER = 1 << 16


def load(what: str, path: str, most: Optional[int], more: str = '--max-bytes allows more') -> Dict[str, np.ndarray]:
    """The arrays of an .npy or .npz file, by name, '' for the one of an .npy; nothing that is pickled.

    Args:
        what: what is read, for messages.
        most, more: see samples.bound.
    """
    held = os.path.getsize(path)
    bound = Bound(what, path, most, held, more)
    try:
        with open(path, 'rb') as file:
            zipped = file.read(2) == b'PK'
            file.seek(0)
            return _of_zip(file, bound) if zipped else {'': _array(file, held, bound)}
    except WrongUse:
        raise
    except _Pickled:
        raise WrongUse(f"{what}: '{path}' holds Python objects, or is no file of numpy.") from None
    except (ValueError, OSError, EOFError, KeyError, TypeError, SyntaxError, RecursionError, NotImplementedError,
            RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise WrongUse("%s: '%s' cannot be read: %s." % (
            what, path, ' '.join(str(error).split()).rstrip('.') or type(error).__name__)) from None


class _Pickled(Exception):
    pass


def _of_zip(file: Any, bound: Bound) -> Dict[str, np.ndarray]:
    found: Dict[str, np.ndarray] = {}
    with zipfile.ZipFile(file) as archive:
        members: List[zipfile.ZipInfo] = archive.infolist()
        everything = sum(member.file_size for member in members)
        if everything > bound.most:
            raise bound.broken(f'unpacks to {in_words(everything)}')
        for member in members:
            if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"'{member.filename}' is packed as numpy does not pack")
            if not member.filename.endswith('.npy'):
                raise ValueError(f"'{member.filename}' in it is no array")
            with archive.open(member) as stream:
                found[member.filename[:-len('.npy')]] = _array(stream, member.file_size, bound)
    return found


def _array(stream: Any, held: int, bound: Bound) -> np.ndarray:
    """An array from a stream that says that it has so many bytes."""
    start = stream.read(8)
    if len(start) < 8 or start[:6] != np.lib.format.MAGIC_PREFIX or start[6] not in (1, 2, 3):
        raise _Pickled
    width = 2 if start[6] == 1 else 4
    head = stream.read(width)
    length = int.from_bytes(head, 'little')
    if length > LONGEST_HEADER:
        raise ValueError(f'its header has {in_words(length)}')
    header = io.BytesIO(head + stream.read(length))
    read = np.lib.format.read_array_header_1_0 if start[6] == 1 else np.lib.format.read_array_header_2_0
    shape, reverse, dtype = read(header)
    if dtype.hasobject:
        raise _Pickled
    if any(size < 0 for size in shape):
        raise ValueError(f'its shape is {shape}')
    count = 1
    for size in shape:
        count *= int(size)
    size = count * dtype.itemsize
    rest = held - 8 - width - length
    if size > rest:
        raise ValueError(f'its header promises {in_words(size)}, and it holds {in_words(max(rest, 0))}')
    bound.take(max(size, count))
    content = np.empty(size, np.uint8)
    view, done = memoryview(content), 0  # type: ignore[arg-type]
    while done < size:
        got = stream.readinto(view[done:done + (1 << 24)])
        if not got:
            raise EOFError('it ends too soon')
        done += got
    # numpy makes no views of nothing.
    array = content.view(dtype) if size else np.zeros(count, dtype)
    return array.reshape(shape[::-1]).transpose() if reverse else array.reshape(shape)
