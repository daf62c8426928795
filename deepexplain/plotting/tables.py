"""Tables of `deepexplain.evaluation`: a matrix of methods and measures, and curves as in the papers."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple

import numpy as np

from ..terminal import visible
from .arrays import check_choice, finite_range
from .colours import MAPS, ink
from .figures import bare, label_room, new_figure, open_frame, text_width, written_format

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KINDS = ('matrix', 'curves')

#: Lines of methods: colours first, then dashes; what stands beside methods is grey.
_COLOURS = ('tab:blue', 'tab:orange', 'tab:green', 'tab:red', 'tab:purple', 'tab:brown', 'deeppink', 'tab:cyan',
            'tab:olive', 'black', 'navy', 'gold')
_DASHES: Tuple[Any, ...] = ('-', (0, (4, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)))
_BESIDE = {'random': '-', 'input': (0, (4, 1.5))}

#: Inches: of a cell, of what is below the matrix, of margins, of the widest figure of several curves side by side.
_CELL, _LEGEND, _MARGIN, _WIDEST = (.62, .2), .55, .15, 15.

#: The longest name that is written in full, and how large names are, in points.
_LONGEST, _SIZE = 32, 7.5

#: Where an axis of parts on a log scale has ticks.
_TICKS = np.array([.001, .002, .005, .01, .02, .05, .1, .2, .4, .8])


def table(shown: Any, kind: Optional[str] = None, colour: str = 'rank') -> Figure:
    """Draws a table of methods and measures.

    Args:
        shown: a `deepexplain.evaluation.Table`.
        kind: 'matrix' or 'curves'. Default None: the matrix, and below it curves where there are any.
        colour: what cells of the matrix are coloured by, 'rank' or 'mean'.

    Returns:
        The figure.

    Raises:
        ValueError: kind or colour is none of these, or there are no curves to be drawn.
    """
    if kind is not None:
        check_choice('kind', kind, KINDS)
    check_choice('colour', colour, ('rank', 'mean'))
    drawn = [measure for measure in shown.measures if any(measure in shown.curves[name] for name in shown.methods)]
    if kind == 'curves' and not drawn:
        raise ValueError("kind: there are no curves to draw: no measure of the table is one, as 'deletion' is")
    parts: List[Any] = []
    if kind != 'curves':
        parts.append(_Matrix(shown, colour))
    if kind != 'matrix' and drawn:
        parts.append(_Curves(shown, drawn))
    wide, high = max(part.width for part in parts), sum(part.height for part in parts)
    figure = new_figure(wide, high)
    top = high
    for part in parts:
        part.draw(_Page(figure, wide, high, top))
        top -= part.height
    return figure


def format_of(path: Any) -> str:
    """The format that a file's name asks for; ValueError where matplotlib does not write it."""
    found = written_format(path)
    if found is None:
        raise ValueError(f'path: expected a name that ends in .png, .pdf, .svg or .jpg, got {path!r}')
    return found


class _Page:
    """A part of a figure below some height, in inches."""

    def __init__(self, figure: Figure, wide: float, high: float, top: float) -> None:
        self.figure, self._wide, self._high, self._top = figure, wide, high, top

    def axes(self, left: float, down: float, width: float, height: float) -> Axes:
        """Axes so far from the left and below the top."""
        return self.figure.add_axes((left / self._wide, (self._top - down - height) / self._high, width / self._wide,
                                     height / self._high))


class _Matrix:
    """Methods as rows, measures as columns: the mean in each cell, the better the darker."""

    def __init__(self, shown: Any, colour: str) -> None:
        self._table, self._colour = shown, colour
        self._rows = [_short(name) for name in shown.methods]
        self._columns = ['%s %s' % (_short(name), '\u2191' if shown.directions[name] == 'higher' else '\u2193')
                         for name in shown.measures]
        self._left = label_room(self._rows, _SIZE) + .05
        across, down = _CELL[0] * len(self._columns), _CELL[1] * len(self._rows)
        # Titles of columns lean by 45 degrees.
        longest = .7072 * max(text_width(one, _SIZE) for one in self._columns) / 72
        self._top = longest + .3
        self._said = 'by %s; means are written; \u2191 higher is better' % colour
        self.width = self._left + max(across + longest, 1.45 + text_width(self._said, _SIZE) / 72) + _MARGIN
        self.height = self._top + down + _LEGEND

    def draw(self, page: _Page) -> None:
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        shown, rows, columns = self._table, len(self._rows), len(self._columns)
        ax = page.axes(self._left, self._top, _CELL[0] * columns, _CELL[1] * rows)
        good = goodness(shown.rank, shown.mean, list(shown.directions.values()), self._colour)
        cells = ScalarMappable(Normalize(0, 1), MAPS['absolute']).to_rgba(_shade(np.nan_to_num(good)))[..., :3]
        cells[np.isnan(good)] = 1
        ax.imshow(cells, aspect='auto', interpolation='nearest')
        for i, j in np.ndindex(rows, columns):
            ax.text(j, i, '-' if np.isnan(shown.mean[i, j]) else '%.3g' % shown.mean[i, j], ha='center', va='center',
                    fontsize=6.5, color=ink(cells[i, j]))
        bare(ax)
        ax.set_yticks(range(rows))
        for label, name in zip(ax.set_yticklabels(self._rows, fontsize=_SIZE), shown.methods):
            label.set_color('0.5' if name in _BESIDE else 'black')
        ax.set_xticks(range(columns))
        ax.xaxis.tick_top()
        ax.set_xticklabels(self._columns, fontsize=_SIZE, rotation=45, ha='left', rotation_mode='anchor')
        ax.tick_params(length=0, pad=3)
        self._legend(page)

    def _legend(self, page: _Page) -> None:
        ax = page.axes(self._left, self._top + _CELL[1] * len(self._rows) + .12, 1.2, .1)
        ax.imshow(_shade(np.linspace(0, 1, 256))[None], cmap=MAPS['absolute'], vmin=0, vmax=1, aspect='auto',
                  extent=(0, 1, 0, 1))
        bare(ax)
        ax.set_xticks([0, 1])
        ax.set_xticklabels(['worst', 'best'], fontsize=_SIZE)
        ax.tick_params(length=2, pad=2)
        ax.annotate(self._said, (1.2, .5), xycoords='axes fraction', va='center', fontsize=_SIZE,
                    annotation_clip=False)


class _Curves:
    """A panel for each measure, in it a line for each method, and their names beside it, the best first."""

    def __init__(self, shown: Any, measures: Sequence[str]) -> None:
        self._table, self._measures = shown, measures
        most = len(shown.methods)
        self._legends = -(-most // 44)
        per_column = -(-most // self._legends)
        self._high = max(2.1, .118 * per_column)
        self._wide = min(4.6, max(3., 1.1 * self._high))
        names = label_room([_short(name) for name in shown.methods], _SIZE - 1)
        self._panel = .65 + self._wide + self._legends * (names + .4) + _MARGIN
        self._across = max(1, min(len(measures), 3, int(_WIDEST // self._panel)))
        # A title above, ticks and a label below.
        self._row = .4 + self._high + .55
        self.width = self._across * self._panel
        self.height = -(-len(measures) // self._across) * self._row + .1
        kept = [name for name in shown.methods if name not in _BESIDE]
        self._lines = {name: dict(color=_COLOURS[i % 12], linestyle=_DASHES[i // 12 % 4], linewidth=1.2, zorder=3)
                       for i, name in enumerate(kept)}
        self._lines.update((name, dict(color='0.55', linestyle=dashes, linewidth=1.6, zorder=2))
                           for name, dashes in _BESIDE.items())

    def draw(self, page: _Page) -> None:
        for number, measure in enumerate(self._measures):
            row, column = divmod(number, self._across)
            self._draw(page.axes(.65 + column * self._panel, .4 + row * self._row, self._wide, self._high), measure)

    def _draw(self, ax: Axes, measure: str) -> None:
        shown = self._table
        ranks = shown.rank[:, shown.measures.index(measure)]
        order = [shown.methods[i] for i in np.argsort(np.where(np.isnan(ranks), np.inf, ranks), kind='stable')]
        # Bands of many lines would hide each other.
        opacity, handles = min(.2, 1.6 / len(order)), []
        names: List[str] = []
        for name in order:
            if measure not in shown.curves[name]:
                continue
            curves, line = shown.curves[name][measure], self._lines[name]
            mean, error = curves.mean, curves.error
            few = len(mean) <= 16 and len(order) <= 16
            handles += ax.plot(curves.fractions, mean, marker='o' if few or len(mean) == 1 else None, markersize=2.5,
                               **line)
            names.append(_short(name))
            ax.fill_between(curves.fractions, mean - error, mean + error, color=line['color'], alpha=opacity,
                            linewidth=0, zorder=1)
        open_frame(ax)
        ax.set_xlabel(curves.of, fontsize=8)
        ax.set_ylabel(curves.what, fontsize=8)
        ax.set_title('%s (%s %s is better)' % (_short(measure), shown.directions[measure], curves.by), fontsize=9,
                     loc='left')
        ax.tick_params(labelsize=7)
        _percents(ax, curves)
        # Of names that begin with '_' a legend has none.
        legend = ax.legend(handles, [str(number) for number in range(len(handles))], loc='upper left',
                           bbox_to_anchor=(1.01, 1.01), fontsize=_SIZE - 1, frameon=False, borderaxespad=0,
                           ncol=self._legends, handlelength=2.4, labelspacing=.15, columnspacing=.8)
        for text, said in zip(legend.get_texts(), names):
            text.set_text(said)


def goodness(rank: np.ndarray, mean: np.ndarray, directions: Sequence[str], colour: str = 'rank') -> np.ndarray:
    """0 for the worst of each column to 1 for the best, by ranks or on the scale of the means; nan where there is none.

    Where all are alike it is .5.

    Args:
        rank, mean: (methods, measures).
        directions: of the measures, in order: 'higher' or 'lower' is better.
    """
    found = np.full(rank.shape, np.nan)
    for column, direction in enumerate(directions):
        values = -rank[:, column] if colour == 'rank' else mean[:, column] * (1 if direction == 'higher' else -1)
        low, high = finite_range(values)
        known = ~np.isnan(values)
        found[known, column] = .5 if low == high else (np.clip(values[known], low, high) - low) / (high - low)
    return found


def _percents(ax: Axes, curves: Any) -> None:
    """Ticks in per cent, on a log scale where that shows more."""
    from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

    low, high = curves.fractions[0], curves.fractions[-1]
    if curves.log and 0 < low < high:
        ax.set_xscale('log')
        ticks = _TICKS[(_TICKS >= low / 1.1) & (_TICKS <= high * 1.1)]
        if len(ticks) > 1:
            ax.set_xticks(ticks)
            ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda part, place: '%g%%' % round(100 * part, 4)))
    ax.xaxis.set_minor_formatter(NullFormatter())


def _shade(good: np.ndarray) -> np.ndarray:
    """Where on the map of colours: short of the deepest, and of white, which is for what has no value."""
    return .06 + .84 * good


def _short(name: str) -> str:
    """A name in a picture: in one line, not too long, and no mathematics."""
    found = visible(str(name))
    return (found if len(found) <= _LONGEST else found[:_LONGEST - 3] + '...').replace('$', r'\$')
