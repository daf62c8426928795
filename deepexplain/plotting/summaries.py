"""The features of many samples: how much each counts, and how that is spread."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence, Union

import numpy as np

from .arrays import check_choice, check_count, finite_range, numbers
from .colours import solid
from .features import check_order, finite, names_of, ranked, written
from .figures import check_ax, label_room, name_axes, new_axes, open_frame, text_width
from .scales import BESIDE, check_colorbar, look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

QUANTILES = [5, 25, 50, 75, 95]
SPREADS = ('dots', 'quantiles')

#: The colours of a feature's values: none of those of attributions, and short of the palest.
VALUES, PALEST = 'viridis', 1.08

#: Before the number of a bar that is cut off.
ARROW = '\u2192 '

#: The most samples that have dots, the places along a row that dots of one column share, and half a row of dots.
MOST, PLACES, HALF = 2000, 150, 0.36


def summary(
    attributions: Any,
    xs: Any = None,
    names: Optional[Sequence[str]] = None,
    top: int = 10,
    spread: Optional[str] = None,
    ax: Optional[Axes] = None,
    title: Optional[str] = None,
    colorbar: Optional[Union[bool, str]] = None,
) -> Axes:
    """Draws how much each feature counts over many samples, the one that counts most on top.

    A pale bar is the mean of a feature's absolute attributions, and its number stands on the right. On it lies the
    spread of the attributions themselves, right of zero where they raise the target, left where they lower it: a dot
    for each sample, coloured by the feature's value, or the quantiles.

    Args:
        attributions: numbers of shape (samples, features), also a table of pandas, or a result; those of groups, too.
        xs: the features' values, numbers of the same shape, or None (default). nan, for missing ones, is grey.
        names: the features' names. Default: those that attributions or xs have as a table or a result, else 'feature 0'
            and so on. Long ones are written without their middle.
        top: the number of features with a row of their own, at least 1. Default 10. The others share one last bar, the
            sum of their means: what they count for in all, though within a sample they may cancel out. It has no
            spread, and where it is longer than all else it is cut off, with an arrow before its number. A single
            feature beyond the first has a row to itself.
        spread: 'dots': one for each sample, those that would cover each other beside each other; of more than 2000
            samples for 2000, evenly chosen, and the axis says so. 'quantiles': a thin line from the 5th to the 95th
            percentile, a thick one from the 25th to the 75th, and the median, white. Default: 'dots' with xs,
            'quantiles' without.
        ax: the matplotlib axes to draw into. Default: those of a new figure, as high as it takes.
        title: a title for the axes. Default: none.
        colorbar: whether there is a bar of the colours of values, from the 5th percentile of each feature's values to
            the 95th; a string is its label. Default None: with xs and dots in a new figure.

    Returns:
        The axes.

    Raises:
        TypeError: attributions or xs do not consist of numbers, or `ax` is no axes of matplotlib.
        ValueError: attributions hold nan or infinity, the shapes or the number of names do not fit, or `top` or
            `spread` is none of the above.
    """
    check_ax(ax)
    given = finite(attributions, 'attributions', '(samples, features)', (2,))
    check_count('top', top)
    values = None if xs is None else numbers(xs, 'xs')
    if values is not None and values.shape != given.shape:
        raise ValueError(f'xs: expected the shape of the attributions, {given.shape}, got {values.shape}')
    if spread is not None:
        check_choice('spread', spread, SPREADS)
    if colorbar is not None:
        check_colorbar(colorbar)
    spread = spread or ('quantiles' if values is None else 'dots')
    if values is None or spread == 'quantiles':
        colorbar = False
    labels = names_of(names, given.shape[1], attributions, xs)
    check_order('xs', xs, labels)
    labels = [written(name) for name in labels]
    means = np.abs(given).mean(0)
    own, rest = ranked(means, top)
    labels = [labels[i] for i in own]
    if len(rest):
        labels.append('other, %d features' % len(rest))
    if ax is None:
        colorbar = colorbar is None or colorbar
        ax = new_axes(4.5 + bool(colorbar) * BESIDE, 0.34 * len(labels), label_room(labels, 8), 0.15, 0.5,
                      0.1 if title is None else 0.35)
    if colorbar:
        _colorbar(ax, colorbar if isinstance(colorbar, str) else 'value')

    amounts = np.append(means[own], means[rest].sum()) if len(rest) else means[own]
    texts = ['%.3g' % amount for amount in amounts]
    shown = given[:, own] if spread == 'dots' else np.percentile(given[:, own], QUANTILES, axis=0)
    cut = _limits(ax, shown, means[own], amounts, texts)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    bars = ax.barh(range(len(amounts)), np.minimum(amounts, cut), height=0.8, zorder=1,
                   color=(*solid('absolute')[:3], 0.3))
    if len(rest):
        bars[-1].set(facecolor='none', edgecolor=(*solid('absolute')[:3], 0.5), hatch='///', linewidth=0)
    for place, (text, amount) in enumerate(zip(texts, amounts)):
        ax.annotate(ARROW * bool(amount > cut) + text, (1, place), (-3, 0), xycoords=('axes fraction', 'data'),
                    textcoords='offset points', ha='right', va='center', fontsize=8)
    said = ''
    if spread == 'dots':
        said = _dots(ax, given[:, own], None if values is None else values[:, own])
    else:
        _quantiles(ax, shown)
    ax.axvline(0, color='0.3', linewidth=0.8, zorder=2)
    ax.set_yticks(range(len(labels)))
    ax.set_yticklabels(labels)
    open_frame(ax)
    ax.tick_params(axis='y', length=0)
    name_axes(ax, 'attribution%s; bars and numbers: mean absolute' % said)
    if title is not None:
        ax.set_title(title)
    return ax


def _limits(ax: Axes, shown: np.ndarray, means: np.ndarray, amounts: np.ndarray, texts: Sequence[str]) -> float:
    """Sets how far the axis reaches, with room for the numbers; where the last bar is cut off."""
    low, high = min(0.0, float(shown.min())), max(float(shown.max()), float(means.max()))
    if low == high:
        low, high = -1.0, 1.0
    # The bar of all others may be far longer than what there is to be seen.
    cut = max(high, min(float(amounts[-1]), high + 0.25 * (high - low)))
    share = min(0.4, (max(text_width(ARROW + text, 8) for text in texts) + 8) / 72 / (ax.bbox.width / ax.figure.dpi))
    margin = 0.02 * (cut - low)
    ax.set_xlim(low - margin, low + (cut + margin - low) / (1 - share))
    return cut


def _dots(ax: Axes, given: np.ndarray, values: Optional[np.ndarray]) -> str:
    """A dot for each sample; what the label of the axis says of them."""
    count = len(given)
    chosen = np.arange(count) if count <= MOST else np.linspace(0, count - 1, MOST).round().astype(int)
    low, high = ax.get_xlim()
    for row, feature in enumerate(given[chosen].T):
        columns = np.floor((feature - low) / (high - low) * PLACES).astype(int)
        tints = np.zeros(len(chosen)) if values is None else _share(values[:, row])[chosen]
        lost = np.isnan(tints)
        for those, more in ((lost, dict(c='0.65')), (~lost, dict(c='0.35') if values is None else dict(
                c=tints[~lost], cmap=VALUES, vmin=0, vmax=PALEST))):
            if those.any():
                ax.scatter(feature[those], row + _aside(columns, tints)[those], s=7, linewidths=0, zorder=3,
                           rasterized=True, **more)
    return '' if count <= MOST else ', %d of %d samples' % (MOST, count)


def _aside(columns: np.ndarray, tints: np.ndarray) -> np.ndarray:
    """How far from the middle of its row each dot lies: those of one column beside each other, by their colours."""
    order = np.lexsort((tints, columns))
    _, starts, counts = np.unique(columns[order], return_index=True, return_counts=True)
    ranks = np.arange(len(columns)) - np.repeat(starts, counts)
    # A twelfth of a row apart, and closer in all of the row where there are more than have room.
    step = min(1 / 12, 2 * HALF / max(counts.max() - 1, 1))
    found = np.empty(len(columns))
    found[order] = (ranks - (np.repeat(counts, counts) - 1) / 2) * step
    return found


def _share(values: np.ndarray) -> np.ndarray:
    """0 for the low values of a feature to 1 for the high ones; .5 where all are the same, nan where there are none."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.full(len(values), np.nan)
    low, high = np.percentile(known, [5, 95])
    if low == high:
        low, high = finite_range(known)
    found = np.full(len(values), 0.5) if low == high else np.clip((values - low) / (high - low), 0, 1)
    return np.where(np.isfinite(values), found, np.nan)


def _quantiles(ax: Axes, ends: np.ndarray) -> None:
    rows = range(ends.shape[1])
    ax.hlines(rows, ends[0], ends[4], color='0.25', linewidth=1, zorder=3)
    ax.hlines(rows, ends[1], ends[3], color='0.25', linewidth=5, zorder=3)
    ax.scatter(ends[2], rows, s=14, facecolors='white', edgecolors='0.25', linewidths=0.8, zorder=4)


def _colorbar(ax: Axes, label: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    wide = ax.get_position(original=True).width * ax.figure.bbox.width / ax.figure.dpi
    bar = ax.figure.colorbar(ScalarMappable(Normalize(0, PALEST), VALUES), ax=ax, boundaries=np.linspace(0, 1, 257),
                             fraction=0.7 * BESIDE / wide, pad=0.1 / wide, aspect=25, ticks=[0, 1])
    bar.ax.set_yticklabels(['low', 'high'])
    look(bar, label)
