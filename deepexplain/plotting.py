"""Pictures of attributions: one heat map, a grid of methods x samples, and words on a terminal.

Red is for what raises the target, blue for what lowers it, and white, in the middle, is zero. Nothing here shows a
window or chooses matplotlib's backend: figures are made for files, or drawn into axes of your own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def heatmap(
    attribution: Any,
    picture: Any = None,
    ax: Optional[Axes] = None,
    over: str = 'edges',
    percentile: float = 99,
    cmap: str = 'RdBu_r',
    title: Optional[str] = None,
) -> Axes:
    """Draws the attribution of one picture.

    The colours run from -limit to limit, so that zero is always the middle one; the limit is the given percentile of
    the absolute values, so that a few extreme pixels do not make all others pale.

    Args:
        attribution: numbers of shape (H, W) or (H, W, channels); channels are summed. Pixels that are nan or
            infinite stay grey.
        picture: the picture explained, shape (H, W) or (H, W, channels), in any range of numbers, or None (default).
        ax: the matplotlib axes to draw into. Default: those of a new figure, to be had as `ax.figure`.
        over: how the picture shows: 'edges' (default) draws its outlines over the heat map, 'grey' lays the heat map
            over its grey version, the clearer the smaller the value.
        percentile: where the colours are clipped, above 0 and at most 100. Default 99.
        cmap: the name of a diverging matplotlib colour map.
        title: a title for the axes. Default: none.

    Returns:
        The axes.

    Raises:
        TypeError: attribution or picture does not consist of numbers.
        ValueError: their shapes do not fit, or `over` or `percentile` is none of the above.
    """
    values = _image(attribution, 'attribution').sum(axis=2)
    _check_look(over, percentile)
    grey = None
    if picture is not None:
        grey = _grey(_image(picture, 'picture'))
        if grey.shape != values.shape:
            raise ValueError(
                'picture: expected the height and width of the attribution, %s, got %s' % (values.shape, grey.shape)
            )
    if ax is None:
        ax = _new_figure(4, 4).add_axes((0.02, 0.02, 0.96, 0.88))

    limit = _limit(values, percentile)
    height, width = values.shape
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    ax.set_facecolor('0.8')  # shows where the attribution is nan
    opacity: Any = 1.0
    if grey is not None and over == 'grey':
        ax.imshow(grey, cmap='gray', vmin=0, vmax=1, extent=extent, interpolation='nearest')
        opacity = np.nan_to_num(np.clip(np.abs(values) / limit, 0, 1))
    ax.imshow(values, cmap=cmap, vmin=-limit, vmax=limit, extent=extent, interpolation='nearest', alpha=opacity)
    if grey is not None and over == 'edges':
        ax.imshow(_outlines(grey), extent=extent, interpolation='bilinear')
    _bare(ax)
    if title is not None:
        ax.set_title(title)
    return ax


def grid(
    pictures: Any,
    attributions: Mapping[str, Any],
    labels: Optional[Sequence[str]] = None,
    over: str = 'edges',
    percentile: float = 99,
    cmap: str = 'RdBu_r',
    size: float = 1.25,
) -> Figure:
    """Draws the attributions of several methods side by side: a row for each sample, a column for each method.

    The first column holds the pictures. Each heat map has colours of its own, as in `heatmap`, since the methods
    measure in different units.

    Args:
        pictures: numbers of shape (samples, H, W) or (samples, H, W, channels), in any range.
        attributions: a mapping from each method's name, the title of its column, to its attributions: (samples, H, W)
            or (samples, H, W, channels).
        labels: a title for each row, `samples` strings. Default: none.
        over, percentile, cmap: as in `heatmap`.
        size: the width of one panel in inches. Default 1.25.

    Returns:
        The figure, a matplotlib.figure.Figure; `figure.savefig(path)` writes it.

    Raises:
        TypeError: pictures or attributions do not consist of numbers, or attributions is no mapping.
        ValueError: there are no samples or no methods, or the shapes or the number of labels do not fit.
    """
    shown = _images(pictures, 'pictures')
    if not isinstance(attributions, Mapping):
        raise TypeError('attributions: expected a mapping from method name to array, got %s' % _kind(attributions))
    if not attributions:
        raise ValueError('attributions: expected at least one method, got an empty mapping')
    _check_look(over, percentile)
    if not size > 0:
        raise ValueError('size: expected a number of inches above 0, got %r' % (size,))
    columns = {}
    for name, value in attributions.items():
        columns[name] = _images(value, 'attributions[%r]' % (name,))
        if columns[name].shape[:3] != shown.shape[:3]:
            raise ValueError(
                'attributions[%r]: expected samples, height and width of the pictures, %s, got %s'
                % (name, shown.shape[:3], columns[name].shape[:3])
            )
    if labels is not None and len(labels) != len(shown):
        raise ValueError('labels: expected one for each of the %d pictures, got %d' % (len(shown), len(labels)))

    # Inches first, so that the panels keep the shape of the pictures whatever their number.
    across, down = len(columns) + 1, len(shown)
    panel = size * shown.shape[1] / shown.shape[2]
    left, right, top, bottom, gap = 0.15 if labels is None else 0.45, 0.1, 0.4, 0.5, 0.06
    width = left + right + across * size + (across - 1) * gap
    height = top + bottom + down * panel + (down - 1) * gap
    figure = _new_figure(width, height)
    axes = figure.subplots(down, across, squeeze=False)
    figure.subplots_adjust(
        left=left / width,
        right=1 - right / width,
        top=1 - top / height,
        bottom=bottom / height,
        wspace=gap / size,
        hspace=gap / panel,
    )
    for row in range(down):
        _draw_picture(axes[row, 0], shown[row])
        for column, values in enumerate(columns.values(), start=1):
            heatmap(values[row], shown[row], ax=axes[row, column], over=over, percentile=percentile, cmap=cmap)
        if labels is not None:
            axes[row, 0].set_ylabel(labels[row], rotation=0, ha='right', va='center', labelpad=6)
    for ax, name in zip(axes[0], ['input', *columns]):
        ax.set_title(name, fontsize=9)
    _draw_legend(figure.add_axes((0.5 - 0.9 / width, 0.3 / height, 1.8 / width, 0.1 / height)), cmap)
    return figure


def words(tokens: Sequence[str], attributions: Any, colour: bool = True, width: int = 12) -> str:
    """Writes words with their attributions, for a terminal.

    Args:
        tokens: n strings.
        attributions: a number for each word, shape (n,), or for each component of its embedding, shape (n, depth),
            which are then summed.
        colour: True (default) gives one line of words on coloured ground (ANSI, 24 bits): red for what raises the
            target, blue for what lowers it, the deeper the more. False gives a line for each word, with the number
            and a bar of '+' or '-' signs, and no control characters.
        width: the length of the longest bar, at least 1. Default 12. Not used with colours.

    Returns:
        The string, without a newline at its end. Words whose attribution is nan have no colour, or '?' for a bar.

    Raises:
        TypeError: attributions does not consist of numbers.
        ValueError: its shape does not fit the tokens, or width is below 1.
    """
    tokens = [str(token) for token in tokens]
    values = _numbers(attributions, 'attributions')
    if values.ndim == 2:
        values = values.sum(axis=1)
    if values.shape != (len(tokens),):
        raise ValueError(
            'attributions: expected shape (%d,) or (%d, depth) for %d tokens, got %s'
            % (len(tokens), len(tokens), len(tokens), np.shape(attributions))
        )
    if width < 1:
        raise ValueError('width: expected at least 1, got %r' % (width,))
    shares = np.clip(values / _limit(values, 100), -1, 1)
    if colour:
        return ' '.join(_on_colour(token, share) for token, share in zip(tokens, shares))
    longest = max([len(token) for token in tokens], default=0)
    return '\n'.join(
        '%s %+9.3g  %s' % (token.ljust(longest), value, _bar(share, width))
        for token, value, share in zip(tokens, values, shares)
    )


def _numbers(value: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError('%s: expected an array of numbers, got %s' % (name, _kind(value))) from None


def _kind(value: Any) -> str:
    return '%s of %s' % (type(value).__name__, value.dtype) if hasattr(value, 'dtype') else type(value).__name__


def _image(value: Any, name: str) -> np.ndarray:
    """As floats of shape (H, W, channels)."""
    image = _numbers(value, name)
    if image.ndim not in (2, 3) or not image.size:
        raise ValueError('%s: expected shape (H, W) or (H, W, channels), none of them 0, got %s' % (name, image.shape))
    return image.reshape(image.shape[:2] + (-1,))


def _images(value: Any, name: str) -> np.ndarray:
    """As floats of shape (samples, H, W, channels)."""
    images = _numbers(value, name)
    if images.ndim not in (3, 4) or not images.size:
        raise ValueError(
            '%s: expected shape (samples, H, W) or (samples, H, W, channels), none of them 0, got %s'
            % (name, images.shape)
        )
    return images.reshape(images.shape[:3] + (-1,))


def _check_look(over: str, percentile: float) -> None:
    if over not in ('edges', 'grey'):
        raise ValueError("over: expected 'edges' or 'grey', got %r" % (over,))
    if not 0 < percentile <= 100:
        raise ValueError('percentile: expected a number above 0 and at most 100, got %r' % (percentile,))


def _unit(image: np.ndarray) -> np.ndarray:
    """Scaled to 0 ... 1; nan, and a picture of one value, become 0."""
    finite = image[np.isfinite(image)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    if high == low:
        return np.zeros_like(image)
    return np.nan_to_num((np.clip(image, low, high) - low) / (high - low))


def _grey(image: np.ndarray) -> np.ndarray:
    return _unit(image.mean(axis=2))


def _limit(values: np.ndarray, percentile: float) -> float:
    """The value with the deepest colour; never 0, so it can divide."""
    sizes = np.abs(values[np.isfinite(values)])
    if not sizes.size:
        return 1.0
    # Where nearly all are 0 the percentile is too, and the few others still have to show.
    return float(np.percentile(sizes, percentile)) or float(sizes.max()) or 1.0


def _outlines(grey: np.ndarray) -> np.ndarray:
    """The edges of a picture as black lines with an alpha channel, at the resolution of a print."""
    from skimage.feature import canny
    from skimage.transform import resize

    # A small picture is enlarged first: among 8 x 8 pixels there is no room for a line.
    factor = max(1, int(np.ceil(192 / min(grey.shape))))
    large = resize(grey, (grey.shape[0] * factor, grey.shape[1] * factor), order=3, mode='edge', anti_aliasing=False)
    # Enlarging makes slopes gentler; an edge counts from a quarter of the range of greys on.
    high = min(0.2, 2.0 / factor)
    lines = canny(large, sigma=max(1.5, factor / 3.0), low_threshold=high / 2, high_threshold=high)
    rgba = np.zeros(lines.shape + (4,))
    rgba[..., 3] = 0.6 * lines
    return rgba


def _new_figure(width: float, height: float) -> Figure:
    """A figure with a canvas of its own, so that it can be written where there is no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=150, facecolor='white')
    FigureCanvasAgg(figure)
    return figure


def _bare(ax: Axes) -> None:
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_color('0.6')
        spine.set_linewidth(0.6)


def _draw_picture(ax: Axes, picture: np.ndarray) -> None:
    if picture.shape[2] == 3:
        ax.imshow(_unit(picture), interpolation='nearest')
    else:
        ax.imshow(_grey(picture), cmap='gray', vmin=0, vmax=1, interpolation='nearest')
    _bare(ax)


def _draw_legend(ax: Axes, cmap: str) -> None:
    ax.imshow(np.linspace(-1, 1, 256)[None], cmap=cmap, aspect='auto', extent=(-1, 1, 0, 1))
    _bare(ax)
    ax.set_xticks([-1, 0, 1])
    ax.set_xticklabels(['lowers the target', '0', 'raises it'], fontsize=8)
    ax.tick_params(length=2, pad=2)


def _on_colour(token: str, share: float) -> str:
    if not abs(share) >= 0.05:  # nan too
        return token
    fade = int(round(255 - 175 * abs(share)))
    red, green, blue = (255, fade, fade) if share >= 0 else (fade, fade, 255)
    return '\x1b[30;48;2;%d;%d;%dm%s\x1b[0m' % (red, green, blue, token)


def _bar(share: float, width: int) -> str:
    if not np.isfinite(share):
        return '?'
    length = int(round(abs(share) * width))
    if share < 0:
        return ('-' * length).rjust(width) + '|'
    return ' ' * width + '|' + '+' * length
