"""Columns of results as Parquet has them, in the files of jobs and of `Attributions.save`."""
import json
from typing import Any, Dict, Mapping, Tuple

import numpy as np

from ..samples import archives
from ..samples.says import WrongUse

#: Under which key the metadata stand.
METADATA = 'deepexplain'

#: Arrays by name, the first axis of each the rows.
Columns = Dict[str, np.ndarray]


def write_parquet(file: Any, columns: Mapping[str, np.ndarray], metadata: str) -> None:
    """Write columns, the first axis of each the rows, and metadata into a file."""
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
    own = column.astype(np.float32) if column.dtype == np.float16 else column
    flat = np.ascontiguousarray(own, own.dtype.newbyteorder('=')).reshape(-1)
    array = pa.array(flat)
    return array if column.ndim == 1 else pa.FixedSizeListArray.from_arrays(
        array, int(np.prod(column.shape[1:], dtype=np.int64)))


def read_parquet(path: str) -> Tuple[Columns, str]:
    """The columns of a file that was written so, and its metadata."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    held = table.schema.metadata or {}
    forms = json.loads(held[(METADATA + '.forms').encode()].decode())
    columns = {name: _column(table.column(name).combine_chunks(), shape, dtype)
               for name, (shape, dtype) in forms.items()}
    return columns, held[METADATA.encode()].decode()


def read_columns(path: str) -> Columns:
    """The columns that a file holds.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        if path.endswith('.npz'):
            held = archives.load('path', path, None, 'numpy.load reads it all the same')
            return {name: one for name, one in held.items() if name != METADATA}
        return read_parquet(path)[0]
    except ImportError:
        raise ValueError(f"'{path}' needs pyarrow: pip install 'deepexplain[parquet]'.") from None
    except WrongUse as error:
        raise ValueError(f'{error} The run again makes what is damaged again.') from None
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, RuntimeError) as error:
        raise ValueError("'%s' cannot be read: %s; the run again makes what is damaged again." % (
            path, str(error).rstrip('.'))) from None


def _column(array: Any, shape: Any, dtype: str) -> np.ndarray:
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):  # Of no rows.
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    if np.dtype(dtype).kind == 'U':
        return np.array(array.to_pylist(), str)
    flat = array.flatten() if pa.types.is_list(array.type) or pa.types.is_fixed_size_list(array.type) else array
    return flat.to_numpy(zero_copy_only=False).astype(dtype, copy=False).reshape([len(array)] + shape)
