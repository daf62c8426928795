"""One sample's features, added up from the target at the baseline to the target at the sample."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence

import numpy as np

from .arrays import check_count, check_length, signed
from .colours import solid
from .features import check_order, finite, names_of, ranked, with_value, written
from .figures import check_ax, label_room, name_axes, new_axes, open_frame, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The part of the axis below which a difference is rounding: less than a pixel.
ROUNDING = 1e-3


def waterfall(
    attributions: Any,
    names: Optional[Sequence[str]] = None,
    values: Optional[Sequence[Any]] = None,
    start: Optional[float] = None,
    end: Optional[float] = None,
    top: int = 10,
    ax: Optional[Axes] = None,
    title: Optional[str] = None,
) -> Axes:
    """Draws how the attributions of one sample add up: from the target at the baseline to the target at the sample.

    From the top down, each bar begins where the one above ended, the largest absolute value first: red ones, to the
    right, raise the target, blue ones lower it. Features beyond the first `top` are summed in one paler bar. Where
    attributions do not add up to the difference, a last, hatched bar is what is missing.

    Args:
        attributions: finite numbers of shape (features,), those of one sample (`attributions[0]` of a batch).
        names: the features' names. Default: the index where attributions are a row of a table of pandas, else
            'feature 0' and so on. Long ones are written without their middle.
        values: the features' values in the sample, numbers or strings, to stand beside the names. Default: none.
        start: the target at the baseline, a number. Default None: it is not known, the bars begin at 0 and end at the
            sum of attributions, and the labels say so.
        end: the target at the sample, a number; only with start. Default None: where the attributions end. Else a bar
            of its own, minus the convergence delta (sum of attributions - (end - start)), leads from there to here,
            unless it is below a thousandth of the axis.
        top: the number of features with a bar of their own, at least 1. Default 10. A single feature beyond them has
            one, too.
        ax: the matplotlib axes to draw into. Default: those of a new figure, as high as it takes.
        title: a title for the axes. Default: none.

    Returns:
        The axes.

    Raises:
        TypeError: attributions does not consist of numbers, or `ax` is no axes of matplotlib.
        ValueError: they hold nan or infinity, or have another shape; the number of names or values does not fit; top is
            below 1; start or end is no finite number, or end is given without start.
    """
    check_ax(ax)
    given = finite(attributions, 'attributions', '(features,)', (1,))
    check_count('top', top)
    for name, number in (('start', start), ('end', end)):
        if number is not None and (isinstance(number, bool) or not np.isscalar(number) or not np.isreal(number)
                                   or not np.isfinite(number)):
            raise ValueError(f'{name}: expected a finite number or None, got {number!r}')
    if end is not None and start is None:
        raise ValueError('end: expected None without start, the target at the baseline: start=0 for attributions that '
                         'add up to the target itself')
    labels = names_of(names, len(given), attributions)
    if values is not None:
        check_length('values', values, len(given), 'features')
        check_order('values', values, labels)
        labels = [with_value(label, value) for label, value in zip(labels, values)]

    own, rest = ranked(given, top)
    steps, said = [float(given[i]) for i in own], [written(labels[i]) for i in own]
    if len(rest):
        steps.append(float(given[rest].sum()))
        said.append('other, %d features' % len(rest))
    first = 0.0 if start is None else float(start)
    stops = [first, *(first + np.cumsum(steps))]
    missing = 0.0 if end is None else float(end) - stops[-1]
    if end is not None:
        stops.append(float(end))
    lost = abs(missing) > ROUNDING * (max(stops) - min(stops))
    if lost:
        steps.append(missing)
        said.append('not explained (-delta)')
    elif end is not None:
        stops.pop()
    opening = 'from 0, the baseline is not known' if start is None else 'at the baseline'
    closing = 'at the sample' if end is not None else 'sum of attributions' if start is None else (
        'baseline + attributions')
    last = stops[-1] if end is None else float(end)
    said = [opening, *said, closing]
    if ax is None:
        ax = new_axes(4.5, 0.3 * len(said), label_room(said, 8), 0.15, 0.45, 0.1 if title is None else 0.35)
    _draw(ax, steps, stops, last, lost, bool(len(rest)))
    ax.set_yticks(range(len(said)))
    ax.set_yticklabels(said)
    open_frame(ax)
    ax.tick_params(axis='y', length=0)
    name_axes(ax, 'sum of attributions' if start is None else 'target')
    if title is not None:
        ax.set_title(title)
    return ax


def _draw(ax: Axes, steps: Sequence[float], stops: Sequence[float], last: float, lost: bool, summed: bool) -> None:
    """A row for where it begins, for each step, from a stop to the next, and for where it ends."""
    texts = ['%.4g' % stops[0], *map(signed, steps), '%.4g' % last]
    low, high = min(*stops, last), max(*stops, last)
    if low == high:
        low, high = low - 1, high + 1
    share = min(0.3, (max(text_width(text, 8) for text in texts) + 8) / 72 / (ax.bbox.width / ax.figure.dpi))
    margin = (high - low) * share / (1 - 2 * share)
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(len(steps) + 1.6, -0.6)
    bars = ax.barh(range(1, len(steps) + 1), steps, left=stops[:len(steps)], height=0.75,
                   color=[solid('positive' if step >= 0 else 'negative') for step in steps])
    if summed:
        bars[-1 - lost].set_alpha(0.45)
    if lost:
        bars[-1].set(facecolor='white', edgecolor='0.35', hatch='////', linewidth=0.8)
    rows = np.arange(len(steps) + 1)
    ax.vlines(stops, rows + 0.375, rows + 0.625, color='0.5', linewidth=0.8)
    for row, stop in ((0, stops[0]), (len(steps) + 1, last)):
        ax.vlines(stop, row - 0.375, row + 0.375, color='0.15', linewidth=2)
    for row, text in enumerate(texts):
        step = steps[row - 1] if 0 < row <= len(steps) else 0.0
        place = last if row > len(steps) else stops[row]
        ax.annotate(text, (place, row), (3 if step >= 0 else -3, 0), textcoords='offset points',
                    ha='left' if step >= 0 else 'right', va='center', fontsize=8)
