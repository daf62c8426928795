"""Pictures of a folder, each a row."""
import os
from typing import Callable, List, Optional, Sequence

import numpy as np

from ...extras import needs
from ...samples.pictures import Layout, read_pictures
from ...samples.says import PYTHON
from .source import Columns, DataError, Reading, Source


class Pictures(Source):
    """Pictures as a model takes them, float32; their names are their paths from the folder.

    Args:
        path: the folder, or the one picture.
        names: their paths from there.
    """

    early = False

    def __init__(self, path: str, names: Sequence[str], reading: Reading) -> None:
        with needs('reading pictures', 'pictures'):
            import PIL  # noqa: F401, so that no shard is begun
        folder = path if os.path.isdir(path) else os.path.dirname(path)
        self.path, self._names = path, list(names)
        self._folder, self._reading = folder, reading
        self._layout: Optional[Layout] = None

    @property
    def files(self) -> List[str]:  # type: ignore[override]
        return self._paths(0, len(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def lay_out(self, layout: Callable[[], Layout]) -> None:
        self._layout = layout()

    def rows(self, start: int, stop: int) -> Columns:
        reading = self._reading
        if self._layout is None:
            raise DataError('data: how the model takes pictures is not known.')
        return {'': read_pictures(self.path, self._paths(start, stop), self._layout, reading.resize,
                                  reading.scale or (0., 1.), None, PYTHON)}

    def names(self, start: int, stop: int) -> np.ndarray:
        return np.array([name.replace(os.sep, '/') for name in self._names[start:stop]])

    def _paths(self, start: int, stop: int) -> List[str]:
        return [os.path.join(self._folder, name) for name in self._names[start:stop]]
