"""Parquet files, read a row group after another in pieces."""
from typing import Any, Iterator, List

import numpy as np

from .arrow import is_list, need_pyarrow, to_numpy
from .source import Columns, DataError, Forward, Reading, Source, reason

#: How many rows are read at a time.
_PIECE = 1024


class Parquet(Source):
    """The rows of the columns of a Parquet file."""

    def __init__(self, path: str, reading: Reading) -> None:
        pa = need_pyarrow(path)
        import pyarrow.parquet as pq

        self.path, self.files = path, [path]
        try:
            self._file = pq.ParquetFile(path)
            schema = self._file.schema_arrow
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"data: '{path}' cannot be read: {reason(error)}.") from None
        self._names = reading.wants(schema.names, path)
        self.flat = [name for name in self._names if is_list(schema.field(name).type)]
        metadata = self._file.metadata
        heights = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        self._length = sum(heights)
        # Row groups without rows are no places to begin at.
        self._groups = [group for group, height in enumerate(heights) if height]
        starts: List[int] = np.cumsum([0] + heights[:-1])[self._groups].tolist() if self._groups else [0]
        self._forward = Forward(starts, self._begin)

    def __len__(self) -> int:
        return self._length

    def rows(self, start: int, stop: int) -> Columns:
        return self._forward.rows(start, stop)

    def _begin(self, mark: int) -> Iterator[Columns]:
        groups = self._groups[mark:]
        for batch in self._batches(groups):
            yield {name: to_numpy(batch.column(batch.schema.get_field_index(name)), name, self.path)
                   for name in self._names}

    def _batches(self, groups: List[int]) -> Iterator[Any]:
        pa = need_pyarrow(self.path)
        try:
            for batch in self._file.iter_batches(_PIECE, groups, self._names):
                if batch.num_rows:
                    yield batch
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"data: '{self.path}' cannot be read: {reason(error)}.") from None

    def close(self) -> None:
        self._file = None


def opened(path: str, reading: Reading) -> Source:
    """See `data.ENDINGS`."""
    return Parquet(path, reading)
