"""What rows go by."""
import hashlib
from typing import Mapping, Optional

import numpy as np

from .data import DataError


def ids_of(said: Optional[str], column: Optional[str], rows: Mapping[str, np.ndarray], names: Optional[np.ndarray],
           first: Optional[int], n: int) -> Optional[np.ndarray]:
    """The ids of n rows: those of their column, else their names, else their numbers; None where there is nothing.

    Args:
        said: the column that was asked for.
        column: the column that holds them.
        names: what the rows are called.
        first: the number of the first.
    """
    if column is not None:
        if column not in rows:
            raise DataError("ids: there is no column '%s', but %s." % (column, ', '.join(map(repr, rows)) or 'none'))
        ids = np.asarray(rows[column])
        if ids.dtype.kind == 'O':
            ids = np.array([str(one) for one in ids])
        if ids.dtype.kind == 'S':
            ids = np.array([one.decode('utf-8', 'backslashreplace') for one in ids])
        if ids.shape != (n,) or ids.dtype.kind not in 'iuU':
            raise DataError("ids: the column '%s' must hold an int or a string for each row, not %s of the shape "
                            '%s.' % (column, ids.dtype, ids.shape))
        return ids.astype(np.int64) if ids.dtype.kind == 'i' else _written(ids)
    if names is not None:
        return _written(names)
    return None if first is None else np.arange(first, first + n, dtype=np.int64)


def _written(ids: np.ndarray) -> np.ndarray:
    """Ids as files can hold them: names of files that are no text of UTF-8 with what they hold as \\udc80 and so on."""
    try:
        ''.join(ids.tolist() if ids.dtype.kind == 'U' else ()).encode('utf-8')
        return ids
    except UnicodeEncodeError:
        return np.array([one.encode('utf-8', 'backslashreplace').decode('utf-8') for one in ids.tolist()])


def numbers_of(ids: Optional[np.ndarray]) -> Optional[np.ndarray]:
    """Ids as the numbers on which draws hang; of a string the first 64 bits of its SHA-256."""
    if ids is None or ids.dtype.kind != 'U':
        return ids
    return np.array([int.from_bytes(hashlib.sha256(one.encode('utf-8', 'surrogatepass')).digest()[:8], 'little')
                     for one in ids.tolist()], np.uint64)
