"""The picture of a result, as its data ask for: pictures, tables, signals, sequences of letters, words."""
import os
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np

from ..checks import channels_of
from ..extras import needs
from ..files import whole
from ..terminal import visible
from .checking import listed
from .words import unit_label

if TYPE_CHECKING:
    from .attributions import Attributions

#: How many samples are drawn where it is not said, of a summary all.
MOST = 8

KINDS = ('images', 'bars', 'signal', 'logo', 'text', 'summary', 'waterfall')


class _Line(NamedTuple):
    """Words and a number for each, as `plotting.sentences` takes them."""
    words: List[str]
    attributions: np.ndarray


def plot(result: 'Attributions', kind: Optional[str] = None, most: Optional[int] = None, path: Optional[str] = None,
         channels: Optional[str] = None, letters: Optional[Sequence[str]] = None, colorbar: Union[bool, str] = False
         ) -> Any:
    """Draws the first samples of a result: a row for each, of several units a column for each.

    Of several inputs, tables of features are one: bars, a summary and a waterfall have the features of all inputs.
    Else each sample has a row for each of its inputs.

    Args:
        kind: 'images', 'bars', 'signal', 'logo' or 'text'; 'waterfall', how the features of a sample lead from the
            target at the baseline to the target at the sample (see `plotting.waterfall`); 'summary', the features of
            all samples in one picture (see `plotting.summary`). Default None: 'text' where xs are strings; 'bars' for
            samples of one axis whose features have names, and for groups; else as the command line decides: 'images'
            for samples of three axes, 'logo' for one-hot sequences, 'signal' for others.
        most: how many samples are drawn. Default None: 8, of a summary all.
        path: a file to write it to as well, a .png, .pdf, .svg or .jpg. Default None: none.
        channels: where pictures have them, 'last' or 'first'. Default None: as their shape says.
        letters: those of one-hot sequences, see `plotting.logo`.
        colorbar: whether each coloured panel has a bar of its colours; a string is its label, such as the unit of the
            target. Bars, letters and waterfalls have axes instead. Default False; the values of features in a summary
            have one all the same.

    Returns:
        A matplotlib.figure.Figure.

    Raises:
        TypeError: colorbar is neither a bool nor a string.
        ValueError: with rows='together'; samples, or one of the inputs, cannot be drawn so; a summary or a waterfall of
            samples of more than one axis of features, or of what is nan or infinite.
    """
    with needs('plot', 'plots'):
        import matplotlib  # noqa: F401
    from ..plotting.arrays import check_choice
    from ..plotting.scales import check_colorbar
    from ..plotting.tables import format_of

    if most is not None and (isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 1):
        raise ValueError(f'most must be a positive int, not {most!r}.')
    if kind is not None:
        check_choice('kind', kind, KINDS)
    check_colorbar(colorbar)
    if result.together:
        raise ValueError("plot draws samples, and with rows='together' there is one, of many rows.")
    if not result.n:
        raise ValueError('plot draws samples, and the result has none.')
    ending = None if path is None else format_of(path)
    if most is not None or kind != 'summary':
        result = result.samples(slice(0, most or MOST))
    figure = _figure(result, kind, channels, letters, colorbar)
    if path is not None:
        with whole([os.fspath(path)]) as files:
            figure.savefig(files[0], format=ending)
    return figure


def _figure(result: 'Attributions', kind: Optional[str], channels: Optional[str], letters: Optional[Sequence[str]],
            colorbar: Union[bool, str]) -> Any:
    from ..plotting import overview
    from . import drawing_inputs, drawing_tables

    if isinstance(result.xs, list) and len(result.xs) != len(listed(result.attributions)):
        # Attributions of an inner layer are not of the inputs.
        result = result._with(xs=None, input_names=None)
    if kind in ('summary', 'waterfall'):
        return getattr(drawing_tables, kind)(drawing_tables.table_of(result), colorbar)
    if isinstance(result.attributions, list):
        return drawing_inputs.figure(result, kind, channels, letters, colorbar)
    xs = result.xs
    shown = columns(result)
    if kind == 'text' or kind is None and xs is not None and xs.dtype.kind in 'OSU':
        return _text(result, shown, colorbar)
    if xs is None or kind in (None, 'bars') and result.feature_names is not None and xs.ndim == 2:
        return drawing_tables.bars(result)
    kind = overview.kind_of(xs.shape, kind, xs, letters)
    check_drawn(result, kind)
    names = labels(result)
    if names is not None and kind != 'images':
        names = ['unit ' + one for one in names]
    return overview.overview(xs, shown, kind, channels or channels_in(xs), names, result.feature_names, letters, 'each',
                             colorbar)


def check_drawn(result: 'Attributions', kind: str) -> None:
    """ValueError for attributions that cannot be drawn over their samples."""
    from ..plotting import overview

    overview.check_logo(kind, result.method, result.options or {})
    for one in columns(result).values():
        # Maps of places may have other sizes, as those of an inner layer have.
        if one.shape != result.xs.shape and (kind == 'bars' or one.ndim != (3 if kind == 'images' else 2)):
            raise ValueError('attributions of shape %s cannot be drawn over samples of shape %s as %s.' % (
                one.shape[1:], result.xs.shape[1:], kind))


def channels_in(xs: np.ndarray) -> str:
    """Where samples have their channels, as their shape says."""
    return channels_of(xs.shape[1:]) if xs.ndim == 4 else 'last'


def columns(result: 'Attributions') -> Dict[str, np.ndarray]:
    """What is drawn side by side: the attributions of one input, of several units those of each."""
    name = plain(result.method or 'attributions')
    array = np.asarray(result)
    if not result.several:
        return {name: array}
    from .frames import units_in_front
    return {'%s, %s' % (name, plain(one) if isinstance(one, str) else 'unit %d' % one): own
            for one, own in zip(units_in_front(result), array)}


def labels(result: 'Attributions') -> Optional[List[str]]:
    """The unit of each sample, None where all units count or several are drawn."""
    if result.units is None or result.several:
        return None
    return [plain(unit_label(result, one)) for one in result.units]


def plain(text: str) -> str:
    """A name in a title: in one line, and no mathematics between two dollars."""
    return visible(text).replace('$', r'\$')


def title_of(result: 'Attributions', name: str, row: int, *more: str) -> str:
    """What stands above the picture of a sample in a column."""
    units = labels(result)
    said = [name, 'sample %s' % (row if result.index is None else plain(str(result.index[row]))), *map(plain, more)]
    return ', '.join(said + ([] if units is None else ['unit ' + units[row]]))


def _text(result: 'Attributions', shown: Mapping[str, np.ndarray], colorbar: Union[bool, str]) -> Any:
    from ..plotting.sentences import sentences

    words = words_of(result)
    names = labels(result)
    return sentences({name: [_Line(row, values.reshape(len(row), -1).sum(1)) for row, values in zip(words, one)]
                      for name, one in shown.items()}, names and ['unit ' + one for one in names], colorbar)


def words_of(result: 'Attributions') -> List[List[str]]:
    """The words of each sample of one input.

    Raises:
        ValueError: samples are none of words, or attributions not of these.
    """
    xs = result.xs
    if xs is None or xs.ndim != 2 or any(one.ndim not in (2, 3) or one.shape[:2] != xs.shape
                                         for one in columns(result).values()):
        raise ValueError('text is drawn of samples of words, strings of the shape (n, words), with a number for each.')
    return [[_decoded(word) for word in row] for row in xs]


def _decoded(word: Any) -> str:
    return word.decode('utf-8', 'replace') if isinstance(word, bytes) else str(word)
