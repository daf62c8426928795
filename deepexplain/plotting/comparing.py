"""Attributions of the same samples side by side, on one scale."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional, Sequence, Union

from .arrays import CHANNELS, check_choice, check_length, numbers
from .arrays import kind as kind_said
from .features import check_order, names_of
from .overview import kind_of, overview
from .scales import SCALES, check_colorbar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

KINDS = ('images', 'bars', 'signal', 'logo')


def compare(
    xs: Any,
    attributions: Mapping[str, Any],
    kind: Optional[str] = None,
    scale: str = 'shared',
    labels: Optional[Sequence[str]] = None,
    names: Optional[Sequence[str]] = None,
    letters: Optional[Sequence[str]] = None,
    channels: str = 'last',
    colorbar: Union[bool, str] = True,
) -> Figure:
    """Draws attributions of several methods, models or units side by side: a row for each sample, a column for each.

    With one scale, the same colour, length or height is the same number in all of them. That shows which says more
    only where all are measured in the same units, as those that add up to the target are; for others, such as
    gradients beside occlusion, take scale='each'.

    Args:
        xs: the samples, numbers of shape (samples, ...).
        attributions: a mapping from the title of a column to its attributions, of the shape of xs; for pictures and
            signals also maps of places, (samples, H, W) or (samples, times), of any size.
        kind: 'images' (see `grid`), 'bars', 'signal' or 'logo'. Default None: 'images' for samples of three axes,
            'logo' for one-hot sequences, 'bars' where there are names, else 'signal'.
        scale: 'shared' (default): all panels have one, of all their values together. 'each': each has its own. Bars of
            a row have one order where the scale is shared, by the mean of absolute values over the columns.
        labels: what each sample is called, `samples` strings. Default: its number.
        names: the names of the features, for bars. Default None.
        letters: those of one-hot sequences, see `logo`. Default None.
        channels: where pictures have them, 'last' (default) or 'first'.
        colorbar: whether pictures and signals have a colour bar, one with a shared scale, else one each; a string is
            its label, such as the unit of the target. Default True. Bars and letters have an axis.

    Returns:
        The figure, a matplotlib.figure.Figure.

    Raises:
        TypeError: xs or attributions do not consist of numbers, attributions is no mapping, or colorbar is neither a
            bool nor a string.
        ValueError: there are no methods, samples cannot be drawn so, or shapes, the number of labels or names, or a
            choice do not fit.
    """
    given = numbers(xs, 'xs')
    if not isinstance(attributions, Mapping):
        raise TypeError(f'attributions: expected a mapping from name to array, got {kind_said(attributions)}')
    if not attributions:
        raise ValueError('attributions: expected at least one array, got an empty mapping')
    check_choice('scale', scale, SCALES)
    check_choice('channels', channels, CHANNELS)
    check_colorbar(colorbar)
    if kind is not None:
        check_choice('kind', kind, KINDS)
    if given.ndim < 2:
        raise ValueError(f'xs: expected shape (samples, ...), got {given.shape}')
    if kind is None and names is not None and given.ndim == 2:
        kind = 'bars'
    kind = kind_of(given.shape, kind, given, letters)
    shown, columns = {}, names_of(None, given.shape[-1], xs, *attributions.values())
    for name, value in attributions.items():
        one = numbers(value, f'attributions[{name!r}]')
        maps = {'images': 3, 'bars': 0}.get(kind, 2)
        if one.shape != given.shape and (one.ndim != maps or len(one) != len(given) or not one.size):
            raise ValueError('attributions[%r]: expected the shape of xs, %s%s, got %s' % (
                name, given.shape, ' or (samples, H, W)' if maps == 3 else ' or (samples, places)' if maps else '',
                one.shape))
        if one.ndim == given.ndim == 2:
            check_order(f'attributions[{name!r}]', value, columns)
        if str(name) in shown:
            raise ValueError(f'attributions: expected columns with different names, got {str(name)!r} twice')
        shown[str(name)] = one
    if labels is not None:
        check_length('labels', labels, len(given), 'samples')
        labels = [str(label) for label in labels]
    if names is not None:
        if kind != 'bars':
            raise ValueError(f'names: expected None for samples that are drawn as {kind}')
        check_length('names', names, given.shape[1], 'features')
    return overview(given, shown, kind, channels, labels, names, letters, scale, colorbar)
