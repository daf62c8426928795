"""Sequence logos in which letters stand on each other."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ..plotting.figures import check_ax, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_logo(values: Any, alphabet: str = 'ACGT', ax: Optional[Axes] = None, title: Optional[str] = None,
              first: int = 0) -> Axes:
    """Draws a number for each letter at each position as a logo, by logomaker: all letters, each as high as its number.

    Positive ones stand on each other from the smallest up, negative ones hang below the line. For hypothetical
    contributions, or xs * hypothetical; letters of one sequence alone, in red and blue, are `plotting.logo`.

    Args:
        values: an array (positions, letters) of one sample.
        alphabet: the letters in their order. Default 'ACGT'.
        ax: the matplotlib axes to draw into. Default: those of a new figure.
        title: a title for the axes. Default: none.
        first: the number of the first position. Default 0.

    Returns:
        The axes.

    Raises:
        ImportError: logomaker is not installed.
        ValueError: for values of another shape than this, or that are not finite.
        TypeError: `ax` is no axes of matplotlib.
    """
    check_ax(ax)
    array = np.asarray(values)
    if array.dtype.kind not in 'fiub' or array.ndim != 2 or not len(array) or array.shape[1] != len(alphabet):
        raise ValueError('values must be numbers of shape (positions, %d), a column for each letter of the alphabet '
                         '(%s), not %s of shape %s.' % (len(alphabet), alphabet, array.dtype, array.shape))
    if not np.isfinite(array).all():
        raise ValueError('values must be of finite numbers: they hold nan or inf.')
    try:
        import logomaker
        import pandas as pd
    except ImportError:
        raise ImportError("plot_logo needs logomaker: pip install 'deepexplain[genomics]'.") from None
    if ax is None:
        ax = new_axes(min(max(2.5, 0.16 * len(array)), 30), 1.2, 0.6, 0.15, 0.5, 0.1 if title is None else 0.35)
    table = pd.DataFrame(array.astype(float), columns=list(alphabet), index=np.arange(first, first + len(array)))
    coloured = set(alphabet) <= set('ACGTU')
    logomaker.Logo(table, ax=ax, color_scheme='classic' if coloured else 'gray', flip_below=False)
    ax.set_xlabel('position')
    ax.set_ylabel('contribution')
    if title is not None:
        ax.set_title(title)
    return ax
