"""Heat maps of pictures."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional, Tuple, Union

import numpy as np

from ..extras import needs
from .arrays import CHANNELS, check_above_0, check_choice, image, summed, unit
from .colours import shades
from .figures import bare, check_ax, new_figure
from .scales import BESIDE, check_colorbar, draw_colorbar, label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOOKS = ('edges', 'grey', 'blend', 'overlay')


def heatmap(
    attribution: Any,
    picture: Any = None,
    ax: Optional[Axes] = None,
    over: str = 'edges',
    percentile: float = 99,
    cmap: Optional[str] = None,
    title: Optional[str] = None,
    sign: str = 'both',
    channels: str = 'last',
    alpha: float = 0.7,
    resize: bool = False,
    limit: Optional[float] = None,
    colorbar: Union[bool, str] = False,
) -> Axes:
    """Draws the attribution of one picture.

    The limit of the colours is the given percentile of the absolute values that are shown, so that a few extreme
    pixels do not make all others pale. Zero is always white: with both signs the colours run from -limit to limit.

    Args:
        attribution: numbers of shape (H, W) or (H, W, channels); channels are summed. Pixels that are nan or
            infinite have no colour: they stay grey, or show the picture where it lies below.
        picture: the picture explained, shape (H, W) or (H, W, channels), in any range of numbers, or None (default).
            Of three channels it is red, green and blue; other numbers of channels are averaged to a grey one.
        ax: the matplotlib axes to draw into. Default: those of a new figure, to be had as `ax.figure`.
        over: how the picture shows: 'edges' (default) draws its outlines over the heat map. The others lay the heat
            map over the picture: 'grey' over its grey version, 'blend' over its own colours, both the clearer the
            smaller the value; 'overlay' over its own colours, everywhere as clear.
        percentile: where the colours are clipped, above 0 and at most 100. Default 99.
        cmap: the name of a matplotlib colour map. Default: that of the sign, 'RdBu_r', 'Reds', 'Blues_r' or 'Purples'.
        title: a title for the axes. Default: none.
        sign: what is shown: 'both' (default), only what is 'positive' or 'negative', or the 'absolute' values.
        channels: where they stand in attribution and picture, 'last' (default), or 'first' for (channels, H, W).
        alpha: the opacity of the heat map with 'overlay', and that of the deepest colours with 'blend'; above 0 and
            at most 1. Default 0.7. Not used with 'edges' and 'grey'.
        resize: True: an attribution of another height and width than the picture, such as a class activation map with
            `resize=False`, is drawn over all of it, each of its values as one patch. Default False: that is an error.
        limit: the absolute value with the deepest colour, above 0, in place of the percentile: one limit makes the
            colours of several pictures mean the same. Default None.
        colorbar: True draws a colour bar beside them, for which the axes make room; a string is its label, such as
            the unit of the target. Pointed ends stand for what is beyond the limit. Default False.

    Returns:
        The axes.

    Raises:
        TypeError: attribution or picture does not consist of numbers, `ax` is no axes of matplotlib, or `colorbar` is
            neither a bool nor a string.
        ValueError: their shapes do not fit, or `over`, `percentile`, `cmap`, `sign`, `channels`, `alpha` or `limit` is
            none of the above.
    """
    check_ax(ax)
    check_look(over, channels, alpha, resize)
    check_colorbar(colorbar)
    shade = shades(summed(image(attribution, 'attribution', channels), 2), sign, percentile, cmap, limit)
    shown = None
    if picture is not None:
        shown = image(picture, 'picture', channels)
        if shown.shape[:2] != shade.values.shape and not resize:
            raise ValueError(
                'picture: expected the height and width of the attribution, %s, got %s with channels=%r; resize=True '
                'draws one over all of the other' % (shade.values.shape, shown.shape[:2], channels)
            )
    lines = _outlines(unit(_grey(shown))) if shown is not None and over == 'edges' else None
    if ax is None:
        wide = 4 + (BESIDE if colorbar else 0)
        ax = new_figure(wide, 4).add_axes((0.08 / wide, 0.02, 1 - 0.16 / wide, 0.88))

    height, width = shade.values.shape if shown is None else shown.shape[:2]
    if colorbar:
        draw_colorbar(ax, shade, label_of(colorbar, sign), shape=(height, width))
    extent = (-0.5, width - 0.5, height - 0.5, -0.5)
    ax.set_facecolor('0.8')  # shows where the attribution is nan
    opacity: Any = 1.0
    if shown is not None and over != 'edges':
        draw_picture(ax, shown if over != 'grey' else _grey(shown)[..., None], extent)
        opacity = {'grey': shade.opacity(), 'blend': alpha * shade.opacity(), 'overlay': alpha}[over]
    ax.imshow(
        shade.values,
        cmap=shade.cmap,
        vmin=shade.low,
        vmax=shade.high,
        extent=extent,
        interpolation='nearest',
        alpha=opacity,
    )
    if lines is not None:
        ax.imshow(lines, extent=extent, interpolation='bilinear')
    bare(ax)
    if title is not None:
        ax.set_title(title)
    return ax


def check_look(over: Any, channels: Any, alpha: Any, resize: Any = False) -> None:
    if not isinstance(resize, (bool, np.bool_)):
        raise ValueError(f'resize: expected True or False, got {type(resize).__name__}')
    check_choice('over', over, LOOKS)
    check_choice('channels', channels, CHANNELS)
    check_above_0('alpha', alpha, most=1)


def draw_picture(ax: Axes, picture: np.ndarray, extent: Optional[Tuple[float, float, float, float]] = None) -> None:
    """A picture of shape (H, W, channels), in colours where it has three."""
    if picture.shape[2] == 3:
        ax.imshow(unit(picture), extent=extent, interpolation='nearest')
    else:
        ax.imshow(unit(_grey(picture)), cmap='gray', vmin=0, vmax=1, extent=extent, interpolation='nearest')
    bare(ax)


def _grey(picture: np.ndarray) -> np.ndarray:
    return summed(picture, 2) / picture.shape[2]


def _outlines(grey: np.ndarray) -> np.ndarray:
    """The edges of a picture as black lines with an alpha channel, at the resolution of a print."""
    with needs("over='edges'", 'plots', ", or over='grey'"):
        from skimage.feature import canny
        from skimage.transform import resize as enlarged

    # A small picture is enlarged first: among 8 x 8 pixels there is no room for a line.
    factor = max(1, int(np.ceil(192 / min(grey.shape))))
    large = enlarged(grey, (grey.shape[0] * factor, grey.shape[1] * factor), order=3, mode='edge', anti_aliasing=False)
    # Enlarging makes slopes gentler; an edge counts from a quarter of the range of greys on.
    high = min(0.2, 2.0 / factor)
    lines = canny(large, sigma=max(1.5, factor / 3.0), low_threshold=high / 2, high_threshold=high)
    rgba = np.zeros(lines.shape + (4,))
    rgba[..., 3] = 0.6 * lines
    return rgba
