"""Figures and axes without pyplot."""
from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Optional, Sequence

import numpy as np

from ..extras import needs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The ends of the legend for each sign.
ENDS = {
    'both': ('lowers the target', 'raises it'),
    'positive': ('0', 'raises the target'),
    'negative': ('lowers the target', '0'),
    'absolute': ('0', 'moves the target'),
}


def written_format(path: Any) -> Optional[str]:
    """The format that a file's name asks for, by its ending; None where matplotlib does not write it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    ending = os.path.splitext(os.fspath(path))[1].lower()[1:]
    return ending if ending in FigureCanvasAgg.get_supported_filetypes() else None


def new_figure(width: float, height: float) -> Figure:
    """A figure with a canvas of its own, so that it can be written where there is no display."""
    with needs('deepexplain.plotting', 'plots'):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, facecolor='white')
    FigureCanvasAgg(figure)
    return figure


def new_axes(width: float, height: float, left: float, right: float, bottom: float, top: float) -> Axes:
    """The axes of a new figure, of this size and with these margins, in inches."""
    wide, high = left + width + right, bottom + height + top
    return new_figure(wide, high).add_axes((left / wide, bottom / high, width / wide, height / high))


def check_ax(ax: Any, name: str = 'ax', optional: bool = True) -> None:
    """TypeError for what is no axes of matplotlib, nor None where that will do."""
    if ax is None and optional:
        return
    with needs('deepexplain.plotting', 'plots'):
        from matplotlib.axes import Axes

    if not isinstance(ax, Axes):
        hint = ''
        if isinstance(ax, (list, tuple, np.ndarray)):
            hint = ': pass one of them'
        elif hasattr(ax, 'subplots'):
            hint = ': pass what its subplots() or gca() returns'
        raise TypeError(f'{name}: expected the axes of matplotlib, got {type(ax).__name__}{hint}')


def text_width(text: str, size: float) -> float:
    """In points, without a canvas."""
    with needs('deepexplain.plotting', 'plots'):
        from matplotlib.font_manager import FontProperties
        from matplotlib.textpath import text_to_path

    return float(text_to_path.get_text_width_height_descent(text, FontProperties(size=size), False)[0])


def label_room(labels: Sequence[str], size: float) -> float:
    """The inches that these take beside an axes."""
    return 0.2 + max(text_width(line, size) for label in labels for line in label.split('\n')) / 72


def bare(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    frame(ax)


def frame(ax: Axes) -> None:
    """A thin grey line around."""
    for spine in ax.spines.values():
        spine.set_color('0.6')
        spine.set_linewidth(0.6)


def open_frame(ax: Axes) -> None:
    """Leaves out the lines above and on the right, which carry no ticks."""
    ax.spines['top'].set_visible(False)
    ax.spines['right'].set_visible(False)
    ax.tick_params(labelsize=8)


def name_axes(ax: Axes, x: Optional[str] = None, y: Optional[str] = None) -> None:
    """Labels, where the caller has not written his own."""
    if x and not ax.get_xlabel():
        ax.set_xlabel(x, fontsize=9)
    if y and not ax.get_ylabel():
        ax.set_ylabel(y, fontsize=9)


def draw_legend(ax: Axes, sign: str, cmap: Any) -> None:
    ax.imshow(np.linspace(0, 1, 256)[None], cmap=cmap, vmin=0, vmax=1, aspect='auto', extent=(0, 1, 0, 1))
    bare(ax)
    low, high = ENDS[sign]
    both = sign == 'both'
    ax.set_xticks([0, 0.5, 1] if both else [0, 1])
    ax.set_xticklabels([low, '0', high] if both else [low, high], fontsize=8)
    ax.tick_params(length=2, pad=2)
