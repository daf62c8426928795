"""Sentences and methods in one figure: a row for each sentence, a column for each method."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, Union

from .figures import new_figure, text_width
from .scales import BELOW
from .texts import GAP, SPACING, text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Inches: of a column, of what is around, of a title.
WIDTH, MARGIN, TITLE = 5.0, 0.15, 0.3

SIZE = 11


def sentences(results: Mapping[str, Sequence[Any]], labels: Optional[Sequence[str]] = None,
              colorbar: Union[bool, str] = False) -> Figure:
    """Draws the words of sentences on coloured ground, by each of some methods.

    Args:
        results: a mapping from each method's name to what `deepexplain.text` gives of n sentences.
        labels: what stands in each title behind the method. Default: nothing.
        colorbar: as in `text`, below each sentence.

    Returns:
        The figure.
    """
    rows = list(zip(*results.values()))
    heights = [TITLE + height_of(row[0].words, bool(colorbar)) for row in rows]
    wide, high = len(results) * (WIDTH + MARGIN) + MARGIN, sum(heights) + MARGIN * (1 + len(rows))
    figure = new_figure(wide, high)
    top = high
    for number, (row, height) in enumerate(zip(rows, heights)):
        top -= height + MARGIN
        for column, (name, one) in enumerate(zip(results, row)):
            ax = figure.add_axes(((MARGIN + column * (WIDTH + MARGIN)) / wide, top / high, WIDTH / wide,
                                  (height - TITLE) / high))
            text(one, ax=ax, fontsize=SIZE, colorbar=colorbar)
            ax.set_title(name if labels is None else f'{name}, {labels[number]}', fontsize=9, loc='left')
    return figure


def height_of(words: Sequence[str], below: bool = False) -> float:
    """The inches that the lines of words take, and what is below them."""
    x, lines = 0.0, 1
    for word in words:
        length = text_width(word, SIZE) + GAP * SIZE
        if x and x + length > WIDTH * 72 - SIZE:
            x, lines = 0.0, lines + 1
        x += length
    return lines * SPACING * SIZE / 72 + below * BELOW
