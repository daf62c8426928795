"""Pictures of a folder, each a row."""
import os
from typing import List, Sequence

import numpy as np

from ...samples.pictures import Layout, read_pictures
from ...samples.says import PYTHON
from .source import Columns, Reading, Source


class Pictures(Source):
    """Pictures as a model takes them, float32; their names are their paths from the folder.

    Args:
        path: the folder, or the one picture.
        names: their paths from there.
    """

    def __init__(self, path: str, names: Sequence[str], reading: Reading, layout: Layout) -> None:
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        self.path, self._names = path, list(names)
        self._folder, self._reading, self._layout = folder, reading, layout

    @property
    def files(self) -> List[str]:  # type: ignore[override]
        return self._paths(0, len(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def rows(self, start: int, stop: int) -> Columns:
        reading = self._reading
        return {'': read_pictures(self.path, self._paths(start, stop), self._layout, reading.resize,
                                  reading.scale or (0., 1.), None, PYTHON)}

    def names(self, start: int, stop: int) -> np.ndarray:
        return np.array([name.replace(os.sep, '/') for name in self._names[start:stop]])

    def _paths(self, start: int, stop: int) -> List[str]:
        return [os.path.join(self._folder, name) for name in self._names[start:stop]]
