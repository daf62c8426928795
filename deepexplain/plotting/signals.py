"""Time series and spectrograms."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Sequence, Union

import numpy as np

from .arrays import check_above_0, check_length, finite_range, numbers, unit
from .colours import Shades, shades
from .figures import check_ax, frame, label_room, name_axes, new_axes, open_frame
from .scales import BESIDE, check_colorbar, draw_colorbar, label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis


def signal(
    values: Any,
    attributions: Any,
    times: Any = None,
    ax: Optional[Axes] = None,
    names: Optional[Sequence[str]] = None,
    percentile: float = 99,
    cmap: Optional[str] = None,
    title: Optional[str] = None,
    sign: str = 'both',
    limit: Optional[float] = None,
    colorbar: Union[bool, str] = False,
) -> Axes:
    """Draws a time series as a thin line on a broad one, which is coloured by the attribution of each time.

    Several channels stand one above the other, the first on top, each stretched to the same height; their colours
    share one scale.

    Args:
        values: the series, numbers of shape (times,) or (times, channels), at least two times. nan leaves a gap.
        attributions: numbers of the same shape. At nan and infinity the line has no colour.
        times: where the values stand on the x axis, shape (times,): numbers, or dates (datetime, numpy.datetime64).
            Default: 0, 1, 2 and so on.
        ax: the matplotlib axes to draw into. Default: those of a new figure.
        names: the channels' names, for one channel its label. Default: 'channel 0' and so on, for one channel none.
        percentile: the percentile of the absolute attributions with the deepest colour, above 0 and at most 100.
            Default 99.
        cmap: the name of a matplotlib colour map. Default: that of the sign, 'RdBu_r', 'Reds', 'Blues_r' or 'Purples'.
        title: a title for the axes. Default: none.
        sign: what is coloured: 'both' (default), only what is 'positive' or 'negative', or the 'absolute' values.
        limit: the absolute value with the deepest colour, above 0, in place of the percentile: one limit makes the
            colours of several pictures mean the same. Default None.
        colorbar: True draws a colour bar beside them, for which the axes make room; a string is its label, such as
            the unit of the target. Pointed ends stand for what is beyond the limit. Default False.

    Returns:
        The axes.

    Raises:
        TypeError: values or attributions do not consist of numbers, `ax` is no axes of matplotlib, or `colorbar` is
            neither a bool nor a string.
        ValueError: the shapes or the number of names do not fit, or `percentile`, `cmap`, `sign` or `limit` is none of
            the above.
    """
    check_ax(ax)
    given = numbers(values, 'values')
    if given.ndim not in (1, 2) or not given.size or len(given) < 2:
        raise ValueError(f'values: expected shape (times,) or (times, channels), at least two times, got {given.shape}')
    check_colorbar(colorbar)
    shade = _of_shape(attributions, given.shape, sign, percentile, cmap, limit)
    series = given.reshape(len(given), -1)
    channels = series.shape[1]
    if names is not None:
        check_length('names', names, channels, 'channels')
        labels = [str(name) for name in names]
    else:
        labels = ['channel %d' % number for number in range(channels)] if channels > 1 else ['']
    _check_places(times, 'times', len(series))
    if ax is None:
        left = label_room(labels, 8) if channels > 1 else 0.7
        ax = new_axes(6 + bool(colorbar) * BESIDE, max(1.6, 0.7 * channels), left, 0.15, 0.5,
                      0.1 if title is None else 0.35)
    if colorbar:
        draw_colorbar(ax, shade, label_of(colorbar, sign))

    x = _places(ax.xaxis, times, len(series))
    heights = series if channels == 1 else _stacked(series)
    _draw_coloured(ax, x, heights, shade)
    for height in heights.T:
        ax.plot(x, height, color='0.15', linewidth=0.9)
    ax.margins(x=0.01)
    open_frame(ax)
    if channels > 1:
        ax.set_yticks(np.arange(channels)[::-1] + 0.4)
        ax.set_yticklabels(labels)
        ax.tick_params(axis='y', length=0)
        ax.set_ylim(-0.15, channels - 0.05)
    name_axes(ax, 'time', labels[0] if channels == 1 else None)
    if title is not None:
        ax.set_title(title)
    return ax


def spectrogram(
    values: Any,
    attributions: Any,
    times: Any = None,
    frequencies: Any = None,
    ax: Optional[Axes] = None,
    percentile: float = 99,
    cmap: Optional[str] = None,
    title: Optional[str] = None,
    sign: str = 'both',
    alpha: float = 0.85,
    limit: Optional[float] = None,
    colorbar: Union[bool, str] = False,
) -> Axes:
    """Draws a spectrogram in grey, loud is dark, with the attribution in colours over it, the clearer the smaller.

    Args:
        values: the spectrogram, numbers of shape (times, frequencies): the first axis is drawn from left to right, the
            second from the bottom up. Decibels show more than amplitudes.
        attributions: numbers of the same shape. What is nan or infinite has no colour.
        times: the middle of each column on the x axis, rising numbers or dates of shape (times,). Default: 0, 1, 2
            and so on.
        frequencies: the middle of each row on the y axis, rising numbers of shape (frequencies,), also unevenly spaced
            (mel, octaves). Default: 0, 1, 2 and so on.
        ax: the matplotlib axes to draw into. Default: those of a new figure.
        percentile: the percentile of the absolute attributions with the deepest colour, above 0 and at most 100.
            Default 99.
        cmap: the name of a matplotlib colour map. Default: that of the sign, 'RdBu_r', 'Reds', 'Blues_r' or 'Purples'.
        title: a title for the axes. Default: none.
        sign: what is coloured: 'both' (default), only what is 'positive' or 'negative', or the 'absolute' values.
        alpha: the opacity of the deepest colours, above 0 and at most 1. Default 0.85.
        limit: the absolute value with the deepest colour, above 0, in place of the percentile: one limit makes the
            colours of several pictures mean the same. Default None.
        colorbar: True draws a colour bar beside them, for which the axes make room; a string is its label, such as
            the unit of the target. Pointed ends stand for what is beyond the limit. Default False.

    Returns:
        The axes.

    Raises:
        TypeError: values or attributions do not consist of numbers, `ax` is no axes of matplotlib, or `colorbar` is
            neither a bool nor a string.
        ValueError: the shapes do not fit, times or frequencies do not rise, or `percentile`, `cmap`, `sign`, `alpha`
            or `limit` is none of the above.
    """
    check_ax(ax)
    given = numbers(values, 'values')
    if given.ndim != 2 or not given.size:
        raise ValueError(f'values: expected shape (times, frequencies), none of them 0, got {given.shape}')
    check_above_0('alpha', alpha, most=1)
    check_colorbar(colorbar)
    shade = _of_shape(attributions, given.shape, sign, percentile, cmap, limit)
    for places, name, count in ((times, 'times', len(given)), (frequencies, 'frequencies', given.shape[1])):
        _check_places(places, name, count)
        if places is not None and not all(np.asarray(places)[1:] > np.asarray(places)[:-1]):
            raise ValueError(f'{name}: expected numbers that rise from each to the next')
    if ax is None:
        ax = new_axes(6 + bool(colorbar) * BESIDE, 2.4, 0.7, 0.15, 0.5, 0.1 if title is None else 0.35)
    if colorbar:
        draw_colorbar(ax, shade, label_of(colorbar, sign))

    x = _edges(_places(ax.xaxis, times, len(given)))
    y = _edges(_places(ax.yaxis, frequencies, given.shape[1]))
    # Grey stops short of black, on which colours would not be seen.
    ax.pcolormesh(x, y, unit(given).T, cmap='gray_r', vmin=0, vmax=1.7, rasterized=True)
    opacity: Any = alpha * shade.opacity().T
    ax.pcolormesh(x, y, np.ma.masked_invalid(shade.values.T), cmap=shade.cmap, vmin=shade.low, vmax=shade.high,
                  alpha=opacity, rasterized=True)
    frame(ax)
    ax.tick_params(labelsize=8)
    name_axes(ax, 'time', 'frequency' if frequencies is not None else 'frequency bin')
    if title is not None:
        ax.set_title(title)
    return ax


def _of_shape(attributions: Any, shape: Sequence[int], sign: str, percentile: float, cmap: Optional[str],
              limit: Optional[float]) -> Shades:
    given = numbers(attributions, 'attributions')
    if given.shape != shape:
        raise ValueError(f'attributions: expected the shape of the values, {shape}, got {given.shape}')
    return shades(given, sign, percentile, cmap, limit)


def _check_places(places: Any, name: str, count: int) -> None:
    if places is not None and np.shape(places) != (count,):
        raise ValueError(f'{name}: expected shape {(count,)}, got {np.shape(places)}')


def _places(axis: Axis, places: Any, count: int) -> np.ndarray:
    """As floats; matplotlib knows dates, and gives the axis their labels."""
    if places is None:
        return np.arange(float(count))
    places = np.asarray(places)
    axis.update_units(places)
    return np.asarray(axis.convert_units(places), dtype=float)


def _edges(centres: np.ndarray) -> np.ndarray:
    """The n + 1 borders of n cells, half way between their middles."""
    if len(centres) == 1:
        return centres[0] + np.array([-0.5, 0.5])
    inner = (centres[:-1] + centres[1:]) / 2
    return np.concatenate([[2 * centres[0] - inner[0]], inner, [2 * centres[-1] - inner[-1]]])


def _stacked(series: np.ndarray) -> np.ndarray:
    """Each channel 0.8 high, the first on top; what never changes lies in the middle of its place."""
    heights = np.empty_like(series)
    for number, channel in enumerate(series.T):
        low, high = finite_range(channel)
        share = (channel - low) / (high - low) if high > low else channel - low + 0.5
        heights[:, number] = 0.8 * share + series.shape[1] - 1 - number
    return heights


def _draw_coloured(ax: Axes, x: np.ndarray, heights: np.ndarray, shade: Shades) -> None:
    """Each time's part of the broad lines reaches half way to its neighbours."""
    from matplotlib.collections import LineCollection

    parts = []
    for height in heights.T:
        points = np.column_stack([x, height])
        middles = (points[:-1] + points[1:]) / 2
        before, after = np.vstack([points[:1], middles]), np.vstack([middles, points[-1:]])
        parts.append(np.stack([before, points, after], axis=1))
    lines = LineCollection(
        list(np.concatenate(parts)), cmap=shade.cmap, linewidths=6, capstyle='butt', joinstyle='round')
    # Channel by channel, as the parts.
    lines.set_array(np.ma.masked_invalid(shade.values.reshape(len(x), -1).T.ravel()))
    lines.set_clim(shade.low, shade.high)
    ax.add_collection(lines)
