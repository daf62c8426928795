"""Files of one kind, one after another."""
import os
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from .source import Columns, DataError, Source

#: The columns of a file: the kind and shape of their rows.
Heads = Dict[str, Tuple[str, Tuple[int, ...]]]


class Parts(Source):
    """The rows of files, in their order; of which one is open at a time.

    Args:
        files: their paths.
        opened: opens one.
    """

    def __init__(self, files: Sequence[str], opened: Callable[[str], Source]) -> None:
        self.path, self.files, self._open = os.path.dirname(files[0]), list(files), opened
        self._at: Tuple[int, Optional[Source]] = (-1, None)
        self._starts = [0]
        kept: List[str] = []
        first: Heads = {}
        for file in files:
            source = opened(file)
            if len(source):
                heads: Heads = {name: (str(array.dtype.kind), array.shape[1:])
                                for name, array in source.rows(0, 1).items()}
                first = first or heads
                _check(file, heads, kept[0] if kept else file, first)
                self._starts.append(self._starts[-1] + len(source))
                self.flat, self.early = source.flat, source.early
                kept.append(file)
            source.close()
        self._kept, self._names = kept, list(first)

    def __len__(self) -> int:
        return self._starts[-1]

    def rows(self, start: int, stop: int) -> Columns:
        found: List[Columns] = []
        while start < stop:
            part = int(np.searchsorted(self._starts, start, 'right')) - 1
            first, end = self._starts[part], min(stop, self._starts[part + 1])
            found.append(self._part(part).rows(start - first, end - first))
            start = end
        # In the order of the first file, whatever that of others is.
        return {name: found[0][name] if len(found) == 1 else np.concatenate([one[name] for one in found])
                for name in self._names}

    def _part(self, part: int) -> Source:
        at, source = self._at
        if source is None or at != part:
            self.close()
            source = self._open(self._kept[part])
            if len(source) != self._starts[part + 1] - self._starts[part]:
                raise DataError(f"data: '{self._kept[part]}' has changed: it had another number of rows.")
            self._at = part, source
        return source

    def close(self) -> None:
        if self._at[1] is not None:
            self._at[1].close()
        self._at = (-1, None)


def _check(file: str, heads: Heads, of: str, first: Heads) -> None:
    """DataError where a file holds other columns than the first."""
    if set(heads) != set(first):
        raise DataError("data: '%s' must have the columns of '%s', %s, not %s." % (
            file, of, ', '.join(map(repr, first)), ', '.join(map(repr, heads))))
    for name, head in heads.items():
        if (head[0] in 'SUO') != (first[name][0] in 'SUO'):
            raise DataError("data: '%s'%s must hold %s, as '%s' does." % (
                file, name and f" ('{name}')", 'strings' if first[name][0] in 'SUO' else 'numbers, not strings', of))
        if head[1] != first[name][1]:
            raise DataError("data: the rows of '%s'%s must have the shape %s, as in '%s', not %s." % (
                file, name and f" ('{name}')", first[name][1], of, head[1]))
