"""Ranked bars of features."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence, Tuple

import numpy as np

from .arrays import check_count, check_length, numbers, signed
from .colours import solid
from .features import check_order, names_of, ranked, with_value
from .figures import check_ax, label_room, name_axes, new_axes, open_frame, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def bars(
    attributions: Any,
    names: Optional[Sequence[str]] = None,
    values: Optional[Sequence[Any]] = None,
    top: int = 10,
    ax: Optional[Axes] = None,
    title: Optional[str] = None,
    order: Optional[Sequence[int]] = None,
    reach: Optional[Sequence[float]] = None,
) -> Axes:
    """Draws the attributions of features as horizontal bars, the largest absolute value on top.

    Features beyond the first `top` are summed in one last, paler bar, so that the bars add up to what all attributions
    add up to; a single feature beyond them has a bar to itself.

    Args:
        attributions: numbers of shape (features,), those of one sample (`attributions[0]` of a batch): red bars to
            the right raise the target, blue ones to the left lower it. Or of shape (samples, features): a bar is then
            the mean of a feature's absolute values over the samples, its importance to all of them, and has no sign.
        names: the features' names. Default: those that attributions have as a table of pandas or a result, else
            'feature 0' and so on.
        values: the features' values in the sample, numbers or strings, to stand beside the names. Default: none. Not
            for several samples.
        top: the number of features with a bar of their own, at least 1. Default 10.
        ax: the matplotlib axes to draw into. Default: those of a new figure, as high as it takes.
        title: a title for the axes. Default: none.
        order: the places of the features with a bar of their own from the top down, in place of the `top` largest, so
            that bars of several pictures stand side by side. Default None.
        reach: how far the axis reaches, (low, high), besides the room for numbers, so that bars of several pictures
            are of one scale. Default None: as far as the bars.

    Returns:
        The axes. What is nan or infinite has no bar, only its number; it ranks last, and is left out of the sum of the
        others, whose label then says of how many.

    Raises:
        TypeError: attributions does not consist of numbers, or `ax` is no axes of matplotlib.
        ValueError: its shape, or the number of names or values, does not fit, top is below 1, order has no or a wrong
            place, or one twice, or reach is no pair of numbers around 0.
    """
    check_ax(ax)
    given = numbers(attributions, 'attributions')
    if given.ndim not in (1, 2) or not given.size:
        raise ValueError('attributions: expected shape (features,) or (samples, features), none of them 0, got %s'
                         % (given.shape,))
    check_count('top', top)
    overall = given.ndim == 2
    amounts = np.abs(given).mean(axis=0) if overall else given
    count = len(amounts)
    labels = names_of(names, count, attributions)
    if values is not None:
        if overall:
            raise ValueError('values: expected None for attributions of several samples, (samples, features), %s; '
                             'those of one have shape (features,)' % (given.shape,))
        check_length('values', values, count, 'features')
        check_order('values', values, labels)
        labels = [with_value(label, value) for label, value in zip(labels, values)]

    finite = np.isfinite(amounts)
    own, rest = ranked(amounts, top) if order is None else _ordered(order, count)
    if reach is not None and not (np.shape(reach) == (2,) and reach[0] <= 0 <= reach[1] and reach[0] < reach[1]):
        raise ValueError('reach: expected two numbers, the first at most 0, the second at least 0 and larger')
    labels, heights = [labels[i] for i in own], list(amounts[own])
    if len(rest):
        unknown = int(np.sum(~finite[rest]))
        labels.append('%d others' % len(rest) + (', %d of them not finite' % unknown if unknown else ''))
        heights.append(amounts[rest][finite[rest]].sum())

    if ax is None:
        ax = new_axes(4, 0.3 * len(labels), label_room(labels, 8), 0.15, 0.45, 0.1 if title is None else 0.35)
    _draw(ax, np.array(heights), overall, bool(len(rest)), reach)
    ax.set_yticks(range(len(labels)))
    ax.set_yticklabels(labels)
    open_frame(ax)
    ax.tick_params(axis='y', length=0)
    name_axes(ax, 'mean absolute attribution' if overall else 'attribution')
    if title is not None:
        ax.set_title(title)
    return ax


def _ordered(order: Sequence[int], count: int) -> Tuple[np.ndarray, np.ndarray]:
    own = np.asarray(order)
    if own.ndim != 1 or not own.size or own.dtype.kind not in 'iu' or len(set(own.tolist()) & set(range(count))) < (
            own.size):
        raise ValueError(f'order: expected the places of some of the {count} features, ints, none of them twice')
    return own, np.setdiff1d(np.arange(count), own)


def _draw(ax: Axes, amounts: np.ndarray, overall: bool, summed: bool, reach: Optional[Sequence[float]]) -> None:
    """Bars from the top down with their numbers; the last one paler where it is a sum."""
    lengths = np.where(np.isfinite(amounts), amounts, 0.0)
    colours = [solid('absolute' if overall else 'positive' if length >= 0 else 'negative') for length in lengths]
    drawn = ax.barh(range(len(lengths)), lengths, height=0.75, color=colours)
    if summed:
        drawn[-1].set_alpha(0.45)
    texts = [f'{amount:.3g}' if overall else signed(amount) for amount in amounts]
    for place, (text, length) in enumerate(zip(texts, lengths)):
        ax.annotate(text, (length, place), (3 if length >= 0 else -3, 0), textcoords='offset points',
                    ha='left' if length >= 0 else 'right', va='center', fontsize=8)
    ax.axvline(0, color='0.3', linewidth=0.8)
    # Room for the numbers: a share of the axes, as wide as they are at the time, and so of the bars and both margins.
    share = min(0.4, (max(text_width(text, 8) for text in texts) + 6) / 72 / (ax.bbox.width / ax.figure.dpi))
    ax.margins(x=share / (1 - 2 * share))
    if reach is not None:
        margin = (reach[1] - reach[0]) * share / (1 - 2 * share)
        ax.set_xlim(reach[0] - margin * (reach[0] < 0), reach[1] + margin * (reach[1] > 0))
    elif len(set(lengths >= 0)) == 2:
        for bar in drawn:  # else the margins leave out the side of a bar that is next to nothing
            bar.sticky_edges.x.clear()
    ax.set_ylim(len(lengths) - 0.4, -0.6)
