"""What lies in a file of results: arrays, and what is said of them; nothing of it is run."""
import json
import os
from typing import Any, Dict, Mapping, Optional, Tuple

import numpy as np

from ..samples import archives
from ..terminal import visible


class NoResult(ValueError):
    """A file that can be read, and is none of results."""


def read(path: str, most: Optional[int] = None) -> Tuple[Dict[str, np.ndarray], Dict[str, Any]]:
    """The arrays and the metadata of a file of results.

    Args:
        most: how many bytes of memory an .npz may take, see samples.bound.

    Raises:
        FileNotFoundError, ValueError: as `load`; NoResult for an .npz of other arrays.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"path: there is no file '{visible(path)}'.")
    if os.path.splitext(path)[1].lower() == '.parquet':
        from .parquet import read as read_parquet
        return read_parquet(path)
    arrays = archives.load('path', path, most, 'numpy.load reads it all the same')
    return arrays, _metadata(path, arrays)


def _metadata(path: str, arrays: Mapping[str, np.ndarray]) -> Dict[str, Any]:
    held = arrays.get('metadata')
    try:
        found = json.loads(str(held)) if held is not None and held.ndim == 0 and held.dtype.kind == 'U' else None
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or 'methods' not in found:
        raise NoResult(f"'{visible(path)}' is no file of results of deepexplain: it has no metadata of such.")
    return found
