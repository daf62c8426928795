"""One file of results, whole or not there: Parquet where pyarrow is installed, else .npz; both hold the same."""
import hashlib
import json
import os
import tempfile
from contextlib import suppress
from typing import Any, Callable, Dict, Mapping

import numpy as np

from ..files import mode_of

#: How a file begins that is being written; leftovers of killed processes are told by it.
PARTIAL = '.deepexplain-'

#: Under which key the metadata stand.
METADATA = 'deepexplain'

Columns = Dict[str, np.ndarray]


class Unwritable(OSError):
    """Nothing more can be written: the disk is full, say."""


def ending() -> str:
    """The ending of the files that are written."""
    try:
        import pyarrow.parquet  # noqa: F401
        return '.parquet'
    except ImportError:
        return '.npz'


def write_columns(folder: str, columns: Mapping[str, np.ndarray], metadata: Mapping[str, Any],
                  name: Callable[[str, str], str]) -> str:
    """Write columns into a file of a folder, and return its name.

    Args:
        name: makes it of the SHA-256 of the content and the ending.

    Raises:
        Unwritable: it cannot be written; nothing is left of it.
    """
    kind = ending()
    write = _write_parquet if kind == '.parquet' else _write_npz
    return put(folder, lambda file: write(file, columns, json.dumps(metadata, sort_keys=True)),
               lambda sha256: name(sha256, kind))


def put(folder: str, write: Callable[[Any], None], name: Callable[[str], str]) -> str:
    """Let a file appear in a folder with all of its content, in the place of one of its name.

    Args:
        name: makes its name of the SHA-256 of what it holds.
    """
    made = None
    try:
        made = tempfile.NamedTemporaryFile(dir=folder, prefix=PARTIAL, suffix='.part', delete=False)
        write(made)
        made.flush()
        os.fsync(made.fileno())
        made.close()
        found = name(sha256_of(made.name))
        target = os.path.join(folder, found)
        os.chmod(made.name, mode_of(target))
        os.replace(made.name, target)
        _sync(folder)
        return found
    except OSError as error:
        raise Unwritable(error.errno, f'{error.strerror or error}', folder) from error
    finally:
        if made is not None:
            # Closing writes what is left, which on a full disk fails once more.
            with suppress(OSError):
                made.close()
            with suppress(OSError):
                os.unlink(made.name)


def sha256_of(path: str) -> str:
    """The SHA-256 of a file."""
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(1 << 20), b''):
            digest.update(block)
    return digest.hexdigest()


def _sync(folder: str) -> None:
    """Let the folder itself outlast a fall of the power, where it can be opened."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _write_npz(file: Any, columns: Mapping[str, np.ndarray], metadata: str) -> None:
    arrays: Dict[str, Any] = dict(columns, **{METADATA: np.array(metadata)})
    np.savez(file, **arrays)


def _write_parquet(file: Any, columns: Mapping[str, np.ndarray], metadata: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = [as_arrow(column) for column in columns.values()]
    forms = {name: [list(column.shape[1:]), column.dtype.str] for name, column in columns.items()}
    schema = pa.schema([pa.field(name, array.type) for name, array in zip(columns, arrays)],
                       {METADATA: metadata, METADATA + '.forms': json.dumps(forms)})
    # Attributions are seldom the same twice: neither a dictionary nor packing is worth its time.
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), file, compression='none', use_dictionary=False,
                   write_statistics=False)


def as_arrow(column: np.ndarray) -> Any:
    """A column as Arrow has it: lists of the size of a row, whose shape the metadata tell."""
    import pyarrow as pa

    if column.dtype.kind == 'U':
        return pa.array(column.tolist(), pa.string())
    flat = np.ascontiguousarray(column.astype(np.float32) if column.dtype == np.float16 else column).reshape(-1)
    array = pa.array(flat)
    return array if column.ndim == 1 else pa.FixedSizeListArray.from_arrays(
        array, int(np.prod(column.shape[1:], dtype=np.int64)))


def read_columns(path: str) -> Columns:
    """The columns that a file holds.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        if path.endswith('.npz'):
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files if name != METADATA}
        return _read_parquet(path)
    except ImportError:
        raise ValueError(f"'{path}' needs pyarrow: pip install 'deepexplain[parquet]'.") from None
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ValueError("'%s' cannot be read: %s; the run again makes what is damaged again." % (
            path, str(error).rstrip('.'))) from None


def _read_parquet(path: str) -> Columns:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    forms = json.loads(table.schema.metadata[(METADATA + '.forms').encode()].decode())
    return {name: _column(table.column(name).combine_chunks(), shape, dtype) for name, (shape, dtype) in forms.items()}


def _column(array: Any, shape: Any, dtype: str) -> np.ndarray:
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):  # Of no rows.
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if np.dtype(dtype).kind == 'U':
        return np.array(array.to_pylist(), str)
    flat = array.flatten() if pa.types.is_list(array.type) or pa.types.is_fixed_size_list(array.type) else array
    return flat.to_numpy(zero_copy_only=False).astype(dtype, copy=False).reshape([len(array)] + shape)
