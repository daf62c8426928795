"""Arrow IPC files (.arrow, .feather), mapped into memory."""
from typing import List

import numpy as np

from .arrow import is_list, need_pyarrow, to_numpy
from .source import Columns, DataError, Reading, Source, reason


class Ipc(Source):
    """The rows of the columns of an Arrow IPC file."""

    def __init__(self, path: str, reading: Reading) -> None:
        pa = need_pyarrow(path)
        import pyarrow.ipc

        self.path, self.files = path, [path]
        try:
            self._file = pyarrow.ipc.open_file(pa.memory_map(path, 'r'))
        except (OSError, pa.ArrowException) as error:
            raise DataError("data: '%s' cannot be read: %s; what is expected is the file format of Arrow IPC, not the "
                            'stream.' % (path, reason(error))) from None
        schema = self._file.schema
        self._names = reading.wants(schema.names, path)
        self._places = [schema.names.index(name) for name in self._names]
        self.flat = [name for name in self._names if is_list(schema.field(name).type)]
        heights = [self._file.get_batch(number).num_rows for number in range(self._file.num_record_batches)]
        self._starts: List[int] = np.cumsum([0] + heights).tolist()

    def __len__(self) -> int:
        return self._starts[-1]

    def rows(self, start: int, stop: int) -> Columns:
        found: List[Columns] = []
        first = int(np.searchsorted(self._starts, start, 'right')) - 1
        last = int(np.searchsorted(self._starts, stop, 'left'))
        for number in range(first, last):
            begin = max(start, self._starts[number])
            length = min(stop, self._starts[number + 1]) - begin
            if length > 0:
                batch = self._file.get_batch(number).slice(begin - self._starts[number], length)
                found.append({name: to_numpy(batch.column(place), name, self.path)
                              for name, place in zip(self._names, self._places)})
        return {name: np.concatenate([one[name] for one in found]) for name in self._names}


def opened(path: str, reading: Reading) -> Source:
    """See `data.ENDINGS`."""
    return Ipc(path, reading)
