"""Pictures of results of several inputs: each sample has a row for each of them."""
from typing import TYPE_CHECKING, Any, Optional, Sequence, Union

import numpy as np

from . import drawing, drawing_tables
from .checking import listed

if TYPE_CHECKING:
    from .attributions import Attributions

_WIDTH = 5.0


def figure(result: 'Attributions', kind: Optional[str], channels: Optional[str], letters: Optional[Sequence[str]],
           colorbar: Union[bool, str]) -> Any:
    """Draws all inputs of some samples; tables of features alone as one.

    Raises:
        ValueError: an input cannot be drawn so, or there are letters and no input of such.
    """
    from ..plotting.figures import new_figure

    names = list(result.input_names or [])[:len(listed(result.attributions))]
    if kind == 'bars':
        return drawing_tables.bars(drawing_tables.table_of(result))
    inputs = [_Input(result[name], name, kind, channels, letters, colorbar) for name in names]
    if all(one.kind == 'bars' for one in inputs):
        return drawing_tables.bars(drawing_tables.table_of(result))
    if letters is not None and not any(one.kind == 'logo' for one in inputs):
        raise ValueError('letters are for sequences that are drawn as a logo, and no input is')
    rows = [(row, one) for row in range(result.n) for one in inputs]
    heights = [one.height(row) for row, one in rows]
    across = list(inputs[0].columns)
    drawn = new_figure((_WIDTH + .4) * len(across), sum(heights))
    panels = drawn.subplots(len(rows), len(across), squeeze=False, gridspec_kw={'height_ratios': heights})
    # Words are laid out by the size of their axes: these come last.
    for words in (False, True):
        for (row, one), line in zip(rows, panels):
            for ax, column in zip(line, across):
                if words == (one.kind == 'text'):
                    one.draw(ax, row, column)
                ax.set_title(drawing.title_of(result, column, row, one.name), fontsize=9)
        if not words:
            drawn.tight_layout()
    return drawn


class _Input:
    """One input of a result, and how it is drawn."""

    def __init__(self, result: 'Attributions', name: str, kind: Optional[str], channels: Optional[str],
                 letters: Optional[Sequence[str]], colorbar: Union[bool, str]) -> None:
        self.name, self._result, self._colorbar = name, result, colorbar
        try:
            self.kind = _kind_of(result, kind)
            if self.kind not in ('bars', 'text'):
                drawing.check_drawn(result, self.kind)
            self._words = drawing.words_of(result) if self.kind == 'text' else []
        except ValueError as error:
            raise ValueError(f"input '{name}': {error}") from None
        self.columns = drawing.columns(result)
        self._letters = letters
        self._channels = 'last' if self.kind != 'images' else channels or drawing.channels_in(result.xs)

    def height(self, row: int) -> float:
        """The inches that a panel takes, with its title."""
        from ..plotting.sentences import TITLE, height_of

        shape = next(iter(self.columns.values())).shape
        if self.kind == 'text':
            return TITLE + .15 + height_of(self._words[row], bool(self._colorbar))
        if self.kind == 'bars':
            return 1.1 + .26 * min(int(np.prod(shape[1:])) + 1, 11)
        return {'images': 2.6, 'logo': 1.9}.get(self.kind, 1.2 + .6 * (shape[2] if len(shape) > 2 else 1))

    def draw(self, ax: Any, row: int, column: str) -> None:
        from .. import plotting
        from ..plotting import overview

        values, xs = self.columns[column][row], self._result.xs
        if self.kind == 'text':
            plotting.text(self._words[row], values, ax, colorbar=self._colorbar)
        elif self.kind == 'bars':
            names = drawing_tables.table_of(self._result).feature_names
            known = xs is not None and xs[row].shape == values.shape
            plotting.bars(values.ravel(), names, xs[row].ravel() if known else None, ax=ax)
        elif self.kind == 'images':
            plotting.heatmap(values, xs[row], ax, channels=self._channels, resize=True, colorbar=self._colorbar)
        else:
            _, found = overview.along('', values[None], xs[row:row + 1])
            if self.kind == 'logo':
                plotting.logo(xs[row], found[0], self._letters, ax)
            else:
                plotting.signal(xs[row], found[0], ax=ax, colorbar=self._colorbar)


def _kind_of(result: 'Attributions', kind: Optional[str]) -> str:
    from ..plotting import overview

    xs, array = result.xs, np.asarray(result)
    if kind == 'text' or kind is None and xs is not None and xs.dtype.kind in 'OSU':
        return 'text'
    shape = array.shape[1 + int(result.several):]
    if kind is None and (not shape or len(shape) == 1 and (shape[0] == 1 or xs is None or result.feature_names)):
        return 'bars'
    if xs is None:
        raise ValueError('without samples attributions of shape %s cannot be drawn.' % (shape,))
    return overview.kind_of(xs.shape, kind, xs)
