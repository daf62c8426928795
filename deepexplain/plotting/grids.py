"""Many heat maps side by side."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, Union

import numpy as np

from .arrays import check_above_0, check_choice, check_length, images, kind, summed
from .colours import Shades, shades
from .figures import check_ax, draw_legend, label_room, new_figure, text_width
from .images import check_look, draw_picture, heatmap
from .scales import BESIDE, SCALES, beyond, check_colorbar, end_labels, label_of, look

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def grid(
    pictures: Any,
    attributions: Mapping[str, Any],
    labels: Optional[Sequence[str]] = None,
    over: str = 'edges',
    percentile: float = 99,
    cmap: Optional[str] = None,
    size: float = 1.25,
    sign: str = 'both',
    channels: str = 'last',
    alpha: float = 0.7,
    axes: Any = None,
    resize: bool = False,
    scale: str = 'each',
    colorbar: Union[bool, str] = False,
) -> Figure:
    """Draws the attributions of several methods side by side: a row for each sample, a column for each method.

    The first column holds the pictures. Each heat map has colours of its own, as in `heatmap`, since methods may
    measure in different units; where all measure in the same, scale='shared' makes their colours mean the same.

    Args:
        pictures: numbers of shape (samples, H, W) or (samples, H, W, channels), in any range.
        attributions: a mapping from each method's name, the title of its column, to its attributions: (samples, H, W)
            or (samples, H, W, channels).
        labels: a title for each row, `samples` strings. Default: none.
        over, percentile, cmap, sign, alpha: as in `heatmap`.
        size: the width of one panel in inches. Default 1.25. Not used with `axes`.
        channels: where they stand in pictures and attributions, 'last' (default), or 'first' for
            (samples, channels, H, W).
        axes: matplotlib axes to draw into, an array of shape (samples, methods + 1), as `figure.subplots(samples,
            methods + 1, squeeze=False)` makes them. The layout stays yours, and there is no legend. Default: those of
            a new figure, with a legend of the colours below them.
        resize: True: attributions of another height and width than the pictures are drawn over all of them, each value
            as one patch, and the title of their column says how many there are. Default False: that is an error.
        scale: 'each' (default): each panel has the limit of its own values. 'shared': all have one, the percentile of
            all values together.
        colorbar: True puts numbers to the colours: at the legend with scale='shared', beside each panel with 'each'; a
            string is their label, such as the unit of the target. Default False.

    Returns:
        The figure, a matplotlib.figure.Figure, that of `axes` where they are given; `figure.savefig(path)` writes it.
        The axes of a new one are `figure.axes[:samples * (methods + 1)]`, row by row.

    Raises:
        TypeError: pictures or attributions do not consist of numbers, attributions is no mapping, or colorbar is
            neither a bool nor a string.
        ValueError: there are no samples or no methods, or the shapes, the number of labels or the axes do not fit, or
            scale is none of the above.
    """
    check_look(over, channels, alpha, resize)
    shown = images(pictures, 'pictures', channels)
    if not isinstance(attributions, Mapping):
        raise TypeError(f'attributions: expected a mapping from method name to array, got {kind(attributions)}')
    if not attributions:
        raise ValueError('attributions: expected at least one method, got an empty mapping')
    check_above_0('size', size, ' of inches')
    check_choice('scale', scale, SCALES)
    check_colorbar(colorbar)
    # Of the sign and the percentile a mistake is found before a figure is begun.
    colours = shades(np.zeros(1), sign, percentile, cmap)
    columns = {}
    for name, value in attributions.items():
        found = images(value, f'attributions[{name!r}]', channels)
        same = found.shape[:3] == shown.shape[:3]
        if not same and not (resize and len(found) == len(shown)):
            raise ValueError(
                'attributions[%r]: expected samples, height and width of the pictures, %s, got %s with channels=%r'
                % (name, shown.shape[:3], found.shape[:3], channels)
            )
        columns[name if same else '%s, %d x %d' % (name, found.shape[1], found.shape[2])] = found
    if np.ndim(pictures) == 3 and shown.shape[2] in (1, 3, 4) and min(shown.shape[:2]) > 4:
        raise ValueError(
            'pictures: expected shape (samples, H, W) or (samples, H, W, channels), got %s, which is %d pictures %d '
            'wide; pictures[None] makes one sample of one picture with channels'
            % (np.shape(pictures), len(shown), shown.shape[2])
        )
    if labels is not None:
        check_length('labels', labels, len(shown), 'pictures')

    limit, each = None, bool(colorbar) and scale == 'each'
    if scale == 'shared':
        colours = shades(np.concatenate([summed(one, 3).ravel() for one in columns.values()]), sign, percentile, cmap)
        limit = colours.limit
    own = axes is None
    if own:
        figure, axes = _layout(shown.shape, len(columns), size, labels, sign, colours, bool(colorbar), each)
    else:
        axes = np.asarray(axes, dtype=object)
        expected = (len(shown), len(columns) + 1)
        if axes.shape != expected:
            raise ValueError(
                f'axes: expected shape (samples, methods + 1), here {expected}, got {axes.shape}'
            )
        for one in axes.ravel():
            check_ax(one, 'axes', optional=False)
        figure = axes[0, 0].figure
    if colorbar and not each:
        label = label_of(colorbar, sign)
        if own:
            figure.axes[-1].set_xlabel(label, fontsize=8, labelpad=2)
        else:
            look(figure.colorbar(colours.mappable(), ax=axes.ravel().tolist(), extend=beyond(colours)), label)
    for row, picture in enumerate(shown):
        draw_picture(axes[row, 0], picture)
        for ax, values in zip(axes[row, 1:], columns.values()):
            heatmap(values[row], picture, ax, over, percentile, cmap, sign=sign, alpha=alpha, resize=resize,
                    limit=limit, colorbar=each and colorbar)
        if labels is not None:
            axes[row, 0].set_ylabel(labels[row], rotation=0, ha='right', va='center', labelpad=6)
    for ax, name in zip(axes[0], ['input', *columns]):
        wide = 72 * ax.bbox.width / figure.dpi
        ax.set_title(name, fontsize=max(5, min(9, 9 * wide / max(1, text_width(str(name), 9)))))
    return figure


def _layout(
    shape: Sequence[int], methods: int, size: float, labels: Optional[Sequence[str]], sign: str, colours: Shades,
    numbers: bool, each: bool,
) -> Any:
    """A figure with panels of the pictures' shape and a legend; the figure and the panels' axes.

    Args:
        numbers: whether the legend has the numbers of the colours, unless each panel has a colour bar of its own.
    """
    # Inches first, so that the panels keep the shape of the pictures whatever their number.
    across, down = methods + 1, shape[0]
    panel = size * shape[1] / shape[2]
    left = 0.15 if labels is None else max(0.45, label_room([str(label) for label in labels], 10))
    foot, beside = 0.35 * (numbers and not each), each * BESIDE
    right, top, bottom, gap = 0.1, 0.4, 0.5 + foot, 0.06
    width = left + right + across * size + (across - 1) * gap + methods * beside
    height = top + bottom + down * panel + (down - 1) * gap
    figure = new_figure(width, height)
    widths = [size] + [size + beside] * methods
    axes = figure.subplots(down, across, squeeze=False, gridspec_kw={'width_ratios': widths})
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        top=1 - top / height,
        bottom=bottom / height,
        wspace=gap / (size + beside * methods / across),
        hspace=gap / panel,
    )
    # Its labels reach half an inch beyond it.
    bar = max(0.8, min(1.8, width - 1.1))
    legend = figure.add_axes((0.5 - bar / 2 / width, (0.3 + foot) / height, bar / width, 0.1 / height))
    draw_legend(legend, sign, colours.cmap)
    if numbers and not each:
        ticks = legend.get_xticklabels()
        ends = end_labels(colours, beyond(colours), [ticks[0].get_text(), ticks[-1].get_text()])
        legend.set_xticklabels([ends[0], '0', ends[1]] if len(ticks) == 3 else ends, fontsize=8)
    return figure, axes
