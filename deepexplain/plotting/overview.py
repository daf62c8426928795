"""All samples and methods in one figure, drawn as the shape of a sample asks for."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .colours import shades
from .features import ranked
from .figures import new_figure
from .grids import grid
from .scales import BESIDE, beyond, label_of, look
from .sequences import are_letters, letters_of, logo
from .signals import signal
from .summaries import summary
from .tabular import bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: How samples are drawn -> the ranks that a sample may have.
RANKS = {'images': (2, 3), 'bars': (1,), 'signal': (1, 2), 'logo': (2,), 'summary': (1,)}


def kind_of(
    shape: Sequence[int], kind: Optional[str] = None, xs: Any = None, letters: Optional[Sequence[str]] = None
) -> str:
    """How samples are drawn.

    Args:
        shape: that of all samples, (samples, ...).
        kind: 'images', 'bars', 'signal', 'logo' or 'summary'. Default: 'images' for samples of rank 3, 'logo' for
            one-hot sequences, else 'signal'.
        xs: the samples, where it is to be seen whether they are one-hot.
        letters: as in `logo`, which alone has them.

    Raises:
        ValueError: the kind is none of these, or samples of this shape cannot be drawn so.
    """
    rank = len(shape) - 1
    sequences = rank == 2 and shape[2] > 2 and xs is not None and np.asarray(xs).dtype.kind in 'biuf' and are_letters(
        np.asarray(xs))
    found = ('images' if rank == 3 else 'logo' if sequences else 'signal') if kind is None else kind
    if not isinstance(found, str) or found not in RANKS:
        raise ValueError(f"kind: expected 'images', 'bars', 'signal' or 'summary', got {kind!r}; for one-hot sequences "
                         "also 'logo'")
    if letters is not None and found != 'logo':
        raise ValueError('letters are for sequences that are drawn as a logo, not as %s' % found)
    if found == 'logo' and rank == 2:
        letters_of(letters, shape[2])
        if xs is not None and not sequences and not are_letters(np.asarray(xs)):
            raise ValueError('samples that are not one-hot cannot be drawn as logo')
    if rank not in RANKS[found] or 0 in shape or found == 'signal' and shape[1] < 2:
        raise ValueError('samples of shape %s cannot be drawn%s' % (
            tuple(shape[1:]), '' if kind is None else ' as %s' % kind))
    return found


def check_logo(kind: str, method: str, options: Mapping[str, Any]) -> None:
    """ValueError for a logo, which adds up over letters, of what a method gives for letters that are not there."""
    of = options.get('options')
    own = dict(options, **of) if isinstance(of, Mapping) else options
    given = [name for name in ('hypothetical', 'multipliers') if own.get(name)]
    if kind == 'logo' and (given or method == 'in_silico_mutagenesis'):
        raise ValueError("a logo adds up what the letters of a place contribute, and '%s'%s gives something else for "
                         "those that are not there: draw it as 'signal', or by deepexplain.genomics.plot_logo" % (
                             method, f' with {given[0]}=True' if given else ''))


def overview(
    xs: np.ndarray,
    attributions: Mapping[str, np.ndarray],
    kind: Optional[str] = None,
    channels: str = 'last',
    labels: Optional[Sequence[str]] = None,
    features: Optional[Sequence[str]] = None,
    letters: Optional[Sequence[str]] = None,
    scale: str = 'each',
    colorbar: Union[bool, str] = False,
) -> Figure:
    """Draws a panel for each sample and method; as a summary one for each method, of all samples.

    Args:
        xs: the samples, numbers of shape (samples, ...).
        attributions: a mapping from each method's name to its attributions, of the shape of xs; or maps of places,
            (samples, height, width) for pictures and (samples, length) for signals and sequences, also of other sizes,
            which are drawn over all of the sample, and their titles say so.
        kind: see `kind_of`.
        channels: where pictures have them, 'last' (default) or 'first'.
        labels: what each sample is called, beside pictures and behind 'sample 0, ' in the titles of others.
        features: the names of the features, for bars.
        letters: those of sequences, see `logo`.
        scale: 'each' panel has a scale of its own (default), or all the same, 'shared': that of colours, of the bars,
            whose order is then the same in a row, or of the heights of letters.
        colorbar: whether what is coloured has a colour bar; a string is its label. Default False.

    Returns:
        The figure.
    """
    kind = kind_of(xs.shape, kind, xs, letters)
    if kind == 'images':
        maps = all(np.ndim(one) == 3 or np.shape(one) == xs.shape for one in attributions.values())
        if xs.ndim == 3:
            # Narrow pictures of one channel are no single one with its channels last.
            xs, attributions = xs[..., None], {name: one[..., None] for name, one in attributions.items()}
            channels = 'last'
        return grid(xs, attributions, ['%d' % i for i in range(len(xs))] if labels is None else labels,
                    channels=channels, resize=maps, scale=scale, colorbar=colorbar)
    if kind == 'summary':
        return _summaries(xs, attributions, features)
    if kind != 'bars':
        attributions = dict(along(name, one, xs) for name, one in attributions.items())
    # A bar takes a line of text.
    height = 1.1 + .26 * min(xs.shape[1] + 1, 11) if kind == 'bars' else 1.2 + .6 * (xs.shape[2] if xs.ndim > 2 else 1)
    width = 4.6
    if kind == 'logo':
        # A letter takes a place of its own.
        width, height = min(max(width, .9 + .14 * xs.shape[1]), 30), 1.9
    shared, beside = scale == 'shared', bool(colorbar) and kind == 'signal'
    room = BESIDE if beside and shared else 0
    figure = new_figure((width + BESIDE * (beside and not shared)) * len(attributions) + room, height * len(xs))
    panels = figure.subplots(len(xs), len(attributions), squeeze=False)
    colours = shades(np.concatenate([np.ravel(one) for one in attributions.values()]), percentile=99) if (
        shared and kind == 'signal') else None
    orders, reach = _orders(attributions) if shared and kind == 'bars' else ([None] * len(xs), None)
    for row, x in enumerate(xs):
        for ax, (name, values) in zip(panels[row], attributions.items()):
            if kind == 'bars':
                bars(values[row], names=features, values=x, ax=ax, order=orders[row], reach=reach)
            elif kind == 'logo':
                logo(x, values[row], letters, ax)
            else:
                signal(x, values[row], ax=ax, limit=None if colours is None else colours.limit,
                       colorbar=beside and not shared and colorbar)
            said: Any = '' if labels is None else ', ' + labels[row]
            ax.set_title('%s, sample %d%s' % (name, row, said), fontsize=9)
    if shared and kind != 'signal':
        # Numbers at the ends of bars take more room in some panels.
        axis = 'x' if kind == 'bars' else 'y'
        ends = np.array([getattr(ax, f'get_{axis}lim')() for ax in panels.ravel()])
        for ax in panels.ravel():
            getattr(ax, f'set_{axis}lim')(ends[:, 0].min(), ends[:, 1].max())
    wide, high = figure.get_size_inches()
    figure.tight_layout(rect=(0, 0, 1 - room / wide, 1))
    if beside and colours is not None:
        ax = figure.add_axes((1 - (room - 0.05) / wide, 0.5 - 0.45 / high, 0.12 / wide, 0.9 / high))
        look(figure.colorbar(colours.mappable(), cax=ax, extend=beyond(colours), extendfrac=0.05), label_of(colorbar))
    return figure


def _summaries(xs: np.ndarray, attributions: Mapping[str, np.ndarray], features: Optional[Sequence[str]]) -> Figure:
    """Samples with nan or infinity are left out, as the title says."""
    figure = new_figure(6.0 * len(attributions), 1.1 + .32 * min(xs.shape[1], 11))
    for ax, (name, values) in zip(figure.subplots(1, len(attributions), squeeze=False)[0], attributions.items()):
        known = np.isfinite(values).all(1)
        said = '%d samples' % len(xs) if known.all() else '%d of %d samples, the others are not finite' % (
            known.sum(), len(xs))
        if known.any():
            summary(values[known], xs[known], features, ax=ax, colorbar=True)
        ax.set_title('%s, %s' % (name, said), fontsize=9)
    figure.tight_layout()
    return figure


def _orders(attributions: Mapping[str, np.ndarray]) -> Tuple[List[Any], Tuple[float, float]]:
    """The places of the features with bars in each row, by the mean size over methods, and how far all bars reach."""
    arrays = [np.where(np.isfinite(one), one, 0.) for one in attributions.values()]
    orders, ends = [], [0.]
    for rows in zip(*arrays):
        own, rest = ranked(np.mean(np.abs(rows), 0), 10)
        orders.append(own)
        ends += [end for row in rows for end in (*row[own], row[rest].sum())]
    low, high = min(ends), max(ends)
    return orders, (low, high if high > low else 1.)


def along(name: str, one: np.ndarray, xs: np.ndarray) -> Tuple[str, np.ndarray]:
    """A map of places alone as one of each of a signal's channels, all alike, and of its length; its title."""
    length = xs.shape[1]
    if one.ndim == 2 and one.shape[1] != length:
        name = '%s, of %d places' % (name, one.shape[1])
        one = one[:, ((np.arange(length) + .5) * one.shape[1] / length).astype(int)]
    if one.ndim == 2 and xs.ndim == 3:
        one = np.broadcast_to(one[..., np.newaxis], xs.shape)
    return name, one
