"""One file of results, whole or not there: Parquet where pyarrow is installed, else .npz; both hold the same."""
import json
import os
import tempfile
from contextlib import suppress
from typing import Any, Callable, Dict, Mapping

import numpy as np

from ..files import mode_of, sha256_of
from ..results.columns import METADATA, write_parquet

#: How a file begins that is being written; leftovers of killed processes are told by it.
PARTIAL = '.deepexplain-'


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
    write = write_parquet if kind == '.parquet' else _write_npz
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
