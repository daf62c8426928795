"""All samples and methods in one figure, drawn as the shape of a sample asks for."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence

import numpy as np

from .figures import new_figure
from .grids import grid
from .signals import signal
from .tabular import bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: How samples are drawn -> the ranks that a sample may have.
RANKS = {'images': (2, 3), 'bars': (1,), 'signal': (1, 2)}


def kind_of(shape: Sequence[int], kind: Optional[str] = None) -> str:
    """How samples are drawn.

    Args:
        shape: that of all samples, (samples, ...).
        kind: 'images', 'bars' or 'signal'. Default: 'images' for samples of rank 3, else 'signal'.

    Raises:
        ValueError: the kind is none of these, or samples of this shape cannot be drawn so.
    """
    rank = len(shape) - 1
    found = ('images' if rank == 3 else 'signal') if kind is None else kind
    if found not in RANKS:
        raise ValueError(f"kind: expected 'images', 'bars' or 'signal', got {kind!r}")
    if rank not in RANKS[found] or 0 in shape or found == 'signal' and shape[1] < 2:
        raise ValueError('samples of shape %s cannot be drawn%s' % (
            tuple(shape[1:]), '' if kind is None else ' as %s' % kind))
    return found


def overview(
    xs: np.ndarray,
    attributions: Mapping[str, np.ndarray],
    kind: Optional[str] = None,
    channels: str = 'last',
    labels: Optional[Sequence[str]] = None,
    features: Optional[Sequence[str]] = None,
) -> Figure:
    """Draws a panel for each sample and method.

    Args:
        xs: the samples, numbers of shape (samples, ...).
        attributions: a mapping from each method's name to its attributions, of the shape of xs.
        kind: see `kind_of`.
        channels: where pictures have them, 'last' (default) or 'first'.
        labels: what each sample is called, beside pictures and behind 'sample 0, ' in the titles of others.
        features: the names of the features, for bars.

    Returns:
        The figure.
    """
    kind = kind_of(xs.shape, kind)
    if kind == 'images':
        return grid(xs, attributions, ['%d' % i for i in range(len(xs))] if labels is None else labels,
                    channels=channels)
    # A bar takes a line of text.
    height = 1.1 + .26 * min(xs.shape[1] + 1, 11) if kind == 'bars' else 1.2 + .6 * (xs.shape[2] if xs.ndim > 2 else 1)
    figure = new_figure(4.6 * len(attributions), height * len(xs))
    panels = figure.subplots(len(xs), len(attributions), squeeze=False)
    for row, x in enumerate(xs):
        for ax, (name, values) in zip(panels[row], attributions.items()):
            if kind == 'bars':
                bars(values[row], names=features, values=x, ax=ax)
            else:
                signal(x, values[row], ax=ax)
            said: Any = '' if labels is None else ', ' + labels[row]
            ax.set_title('%s, sample %d%s' % (name, row, said), fontsize=9)
    figure.tight_layout()
    return figure
