"""What every source is: rows by range."""
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ...samples.says import WrongUse

#: The rows of some range, by name: arrays whose first axis is the rows. The name is '' where a file has none.
Columns = Dict[str, np.ndarray]


class DataError(WrongUse):
    """Data that cannot be read, by file and column, with what was expected."""


class Reading(NamedTuple):
    """How data are read.

    Attributes:
        columns: which columns, in this order; by default all.
        resize, scale, channels: of pictures: (height, width) to bring them to, what 0 and 255 become, by default
            (0, 1), 'first' or 'last'.
        ids: the column of the ids, which may be of strings.
        targets: the column of the units that are explained.
    """
    columns: Optional[Sequence[str]] = None
    resize: Optional[Tuple[int, ...]] = None
    scale: Optional[Tuple[float, float]] = None
    channels: Optional[str] = None
    ids: Optional[str] = None
    targets: Optional[str] = None

    def wants(self, names: Sequence[str], path: str) -> List[str]:
        """Which columns of a file are read: those that are named and those of ids and targets, or all.

        Raises:
            DataError: the file lacks one.
        """
        wanted = list(names if self.columns is None else self.columns)
        ids = self.ids or ('id' if 'id' in names else None)
        for name in wanted + [one for one in (self.ids, self.targets) if one]:
            if name not in names:
                raise DataError("data: '%s' has no column '%s', but %s." % (path, name, ', '.join(
                    "'%s'" % one for one in list(names)[:20])))
            if list(names).count(name) > 1:
                raise DataError(f"data: '{path}' has a column twice: '{name}'.")
        return list(dict.fromkeys(wanted + [one for one in (ids, self.targets) if one is not None]))


def reading_of(given: Mapping[str, Any], ids: Optional[str], targets: Optional[str] = None) -> Reading:
    """How data are read, of a dict of what is given.

    Raises:
        ValueError: what is given is nothing of the kind.
    """
    columns, resize, scale, channels = (given.get(name) for name in ('columns', 'resize', 'scale', 'channels'))
    if columns is not None and (isinstance(columns, str) or not columns or not all(
            isinstance(name, str) for name in columns)):
        raise ValueError(f"reading['columns'] must be a list of names, not {columns!r}.")
    if resize is not None and not (len(resize) == 2 and all(isinstance(size, int) and size > 0 for size in resize)):
        raise ValueError(f"reading['resize'] must be two positive ints, (height, width), not {resize!r}.")
    if scale is not None and not (len(scale) == 2 and np.isfinite(scale).all()):
        raise ValueError(f"reading['scale'] must be two numbers, not {scale!r}.")
    if channels not in (None, 'first', 'last'):
        raise ValueError(f"reading['channels'] must be 'first' or 'last', not {channels!r}.")
    return Reading(None if columns is None else list(columns), None if resize is None else tuple(resize),
                   None if scale is None else tuple(scale), channels, ids, targets)


class Source:
    """Rows by range.

    Attributes:
        path: the file or folder.
        files: the files that it is made of.
        flat: the columns that are lists, which may hold what is of more dimensions.
        early: whether rows can be read without TensorFlow and a model.
    """
    path: str
    files: Sequence[str]
    flat: Sequence[str] = ()
    early: bool = True

    def __len__(self) -> int:
        raise NotImplementedError

    def rows(self, start: int, stop: int) -> Columns:
        """The rows from `start` to before `stop`, in memory."""
        raise NotImplementedError

    def names(self, start: int, stop: int) -> Optional[np.ndarray]:
        """What the rows are called, where the source knows."""
        return None

    def lay_out(self, layout: Callable[[], Any]) -> None:
        """Be told how the model takes pictures, before rows of pictures are read."""

    def close(self) -> None:
        """Give files and memory back."""


class First(Source):
    """The first rows of a source.

    Args:
        limit: how many, at the most.
    """

    def __init__(self, source: Source, limit: int) -> None:
        self.path, self.files, self.flat, self._source, self._limit = (
            source.path, source.files, source.flat, source, limit)
        self.early = source.early
        self.rows, self.names = source.rows, source.names  # type: ignore[method-assign]
        self.lay_out, self.close = source.lay_out, source.close  # type: ignore[method-assign]

    def __len__(self) -> int:
        return min(self._limit, len(self._source))


class Forward:
    """Rows by range of what can only be read onward, from some places on.

    Args:
        marks: the numbers of the rows where reading can begin, rising, the first 0.
        begin: reads from a mark on, by its index, in pieces of some rows.
    """

    def __init__(self, marks: Sequence[int], begin: Callable[[int], Iterator[Columns]]) -> None:
        self._marks, self._begin = marks, begin
        self._pieces: Optional[Iterator[Columns]] = None
        self._at, self._piece = 0, {}  # type: Tuple[int, Columns]

    def rows(self, start: int, stop: int) -> Columns:
        """See `Source.rows`."""
        mark = int(np.searchsorted(self._marks, start, 'right')) - 1
        if self._pieces is None or start < self._at or self._marks[mark] > self._at + _length(self._piece):
            self._pieces, self._at, self._piece = self._begin(mark), self._marks[mark], {}
        found: List[Columns] = []
        at = start
        while at < stop:
            end = self._at + _length(self._piece)
            if at < end:
                part = slice(at - self._at, min(stop, end) - self._at)
                found.append({name: array[part] for name, array in self._piece.items()})
                at = min(stop, end)
                continue
            self._at, self._piece = end, {}
            self._piece = next(self._pieces)
        return {name: np.concatenate([one[name] for one in found]) for name in found[0]}


def _length(columns: Mapping[str, Any]) -> int:
    return len(next(iter(columns.values()))) if columns else 0


def reason(error: BaseException) -> str:
    """What is wrong with a file, in one line without its full stop."""
    return ' '.join(str(error).split()).rstrip('.')[:300] or type(error).__name__
