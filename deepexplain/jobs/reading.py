"""Results out of their folder."""
import os
from typing import Any, Dict, Iterator

import numpy as np

from ..results.shards import Shards


def iterate(out: str, partial: bool = False, verify: bool = True) -> Iterator[Dict[str, np.ndarray]]:
    """The results of a job shard by shard, in the order of its rows.

    Args:
        out: the folder.
        partial: whether results of which some are missing will do.
        verify: whether each file's checksum is compared, at about a gigabyte a second. Default True.

    Yields:
        The columns of a shard, as `Worker` returns them, with an id for each row.

    Raises:
        ValueError: it is no folder of results; some are missing; a file is damaged.
    """
    folder = Shards(os.fspath(out))
    manifest = folder.manifest()
    there = folder.complete(manifest, partial)
    return (folder.columns(shard, verify) for shard in there.values())


def read(out: str, partial: bool = False, verify: bool = True) -> Dict[str, np.ndarray]:
    """All results of a job, in the order of its rows.

    Args:
        out, partial, verify: as in `iterate`.

    Returns:
        A dict of arrays: id, attributions, unit, score, delta; see `Worker`.

    Raises:
        ValueError: as `iterate`; or there are none.
    """
    parts = list(iterate(out, partial, verify))
    if not parts:
        raise ValueError(f"'{out}' holds no results yet.")
    return {name: np.concatenate([one[name] for one in parts]) for name in parts[0]}


def to_arrow(out: str, partial: bool = False, verify: bool = True) -> Any:
    """The same as a pyarrow.Table, attributions as lists of a fixed size.

    Args:
        out, partial, verify: as in `iterate`.

    Returns:
        The table, a row for each row of the data.

    Raises:
        ImportError: pyarrow is not installed.
        ValueError: as `read`.
    """
    try:
        import pyarrow as pa
    except ImportError:
        raise ImportError("to_arrow needs pyarrow: pip install 'deepexplain[parquet]'.") from None
    from ..results.columns import as_arrow

    found = read(out, partial, verify)
    return pa.table([as_arrow(column) for column in found.values()], names=list(found))


def to_pandas(out: str, partial: bool = False, verify: bool = True) -> Any:
    """The same as a pandas.DataFrame; attributions are arrays in its cells.

    Args:
        out, partial, verify: as in `iterate`.

    Returns:
        The table, a row for each row of the data.

    Raises:
        ImportError: pandas is not installed.
        ValueError: as `read`.
    """
    try:
        import pandas as pd
    except ImportError:
        raise ImportError("to_pandas needs pandas: pip install 'deepexplain[pandas]'.") from None
    found = read(out, partial, verify)
    return pd.DataFrame({name: column if column.ndim == 1 else list(column) for name, column in found.items()})
