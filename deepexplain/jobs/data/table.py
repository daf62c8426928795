"""A .csv of numbers under a header, read in pieces."""
import csv
from typing import Any, Dict, Iterator, List

import numpy as np

from ...samples.tables import is_number
from .source import Columns, DataError, Forward, Reading, Source, reason

#: How many rows lie between two places where reading can begin, and how long a line may be.
_STRIDE, _LONGEST = 4096, 1 << 24


class Table(Source):
    """The rows of a .csv: a column of float64 for each name of the header, that of the ids of strings.

    A row is a line; commas, semicolons or tabs separate, as in the header.
    """

    def __init__(self, path: str, reading: Reading) -> None:
        self.path, self.files = path, [path]
        try:
            with open(path, 'rb') as file:
                self._read_header(file.readline(_LONGEST), reading)
                self._scan(file)
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"data: '{path}' cannot be read: {reason(error)}.") from None
        self._forward = Forward([number for number, _, _ in self._marks], self._begin)

    def _read_header(self, line: bytes, reading: Reading) -> None:
        text = line.decode('utf-8-sig')
        # Semicolons and tabs as spreadsheets write them.
        self._delimiter = max(',;\t', key=text.count)
        self._header = [name.strip() for name in next(csv.reader([text], delimiter=self._delimiter), [])]
        if not any(self._header):
            raise DataError(f"data: '{self.path}' must have a header in its first line, which is empty.")
        if all(is_number(name) for name in self._header):
            raise DataError(f"data: '{self.path}' must have a header in its first line, which has numbers alone.")
        twice = [name for place, name in enumerate(self._header) if name in self._header[:place]]
        if twice:
            raise DataError(f"data: '{self.path}' has a column twice: '{twice[0]}'.")
        self._wanted = reading.wants(self._header, self.path)
        self._places = [self._header.index(name) for name in self._wanted]
        self._ids = reading.ids or 'id'

    def _scan(self, file: Any) -> None:
        """Count the rows, and note where some of them begin: number of the row and of the line, place in the file."""
        self._marks = [(0, 1, file.tell())]
        self._length, line_number, at = 0, 1, file.tell()
        for line in file:
            line_number += 1
            at += len(line)
            if line.strip():
                self._length += 1
                if self._length % _STRIDE == 0:
                    self._marks.append((self._length, line_number, at))

    def __len__(self) -> int:
        return self._length

    def rows(self, start: int, stop: int) -> Columns:
        return self._forward.rows(start, stop)

    def _begin(self, mark: int) -> Iterator[Columns]:
        _, line_number, at = self._marks[mark]
        with open(self.path, 'rb') as file:
            file.seek(at)
            rows: List[List[str]] = []
            numbers: List[int] = []
            for line in file:
                line_number += 1
                if not line.strip():
                    continue
                rows.append(self._row(line, line_number))
                numbers.append(line_number)
                if len(rows) == 1024:
                    yield self._columns(rows, numbers)
                    rows, numbers = [], []
            if rows:
                yield self._columns(rows, numbers)

    def _row(self, line: bytes, number: int) -> List[str]:
        try:
            row = next(csv.reader([line.decode('utf-8')], delimiter=self._delimiter, strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"data: line {number} of '{self.path}' cannot be read: {reason(error)}.") from None
        if len(row) != len(self._header):
            raise DataError("data: line %d of '%s' must have %d values, as the header has, not %d." % (
                number, self.path, len(self._header), len(row)))
        return row

    def _columns(self, rows: List[List[str]], numbers: List[int]) -> Columns:
        found: Dict[str, np.ndarray] = {}
        for name, place in zip(self._wanted, self._places):
            values = [row[place] for row in rows]
            if name == self._ids:
                found[name] = np.array(values)
                continue
            try:
                found[name] = np.array([float(value) for value in values])
            except ValueError:
                bad = next(i for i, value in enumerate(values) if not is_number(value))
                raise DataError("data: line %d of '%s': the column '%s' must hold numbers, not %r." % (
                    numbers[bad], self.path, name, values[bad][:40])) from None
        return found


def opened(path: str, reading: Reading) -> Source:
    """See `data.ENDINGS`."""
    return Table(path, reading)
