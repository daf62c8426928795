"""The picture of a result, as its data ask for: pictures, tables, signals, sequences of letters, words."""
import os
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from ..extras import needs
from ..files import whole
from .words import unit_label

if TYPE_CHECKING:
    from .attributions import Attributions


class _Line(NamedTuple):
    """Words and a number for each, as `plotting.sentences` takes them."""
    words: List[str]
    attributions: np.ndarray


def plot(result: 'Attributions', kind: Optional[str] = None, most: int = 8, path: Optional[str] = None,
         channels: Optional[str] = None, letters: Optional[Sequence[str]] = None) -> Any:
    """Draws the first samples of a result: a row for each, of several units a column for each.

    Args:
        kind: 'images', 'bars', 'signal', 'logo' or 'text'. Default None: 'text' where xs are strings; 'bars' for
            samples of one axis whose features have names, and for groups; else as the command line decides: 'images'
            for samples of three axes, 'logo' for one-hot sequences, 'signal' for others.
        most: how many samples are drawn. Default 8.
        path: a file to write it to as well, a .png, .pdf, .svg or .jpg. Default None: none.
        channels: where pictures have them, 'last' or 'first'. Default None: as their shape says.
        letters: those of one-hot sequences, see `plotting.logo`.

    Returns:
        A matplotlib.figure.Figure.

    Raises:
        ValueError: there are several inputs, of which `result['left'].plot()` draws one; with rows='together'; samples
            cannot be drawn so.
    """
    with needs('plot', 'plots'):
        import matplotlib  # noqa: F401
    from ..plotting.tables import format_of

    if isinstance(most, bool) or not isinstance(most, (int, np.integer)) or most < 1:
        raise ValueError(f'most must be a positive int, not {most!r}.')
    if isinstance(result.attributions, list):
        raise ValueError('plot draws one input of several: result[%r].plot().' % (list(result.input_names or ['']))[0])
    if result.together:
        raise ValueError("plot draws samples, and with rows='together' there is one, of many rows.")
    ending = None if path is None else format_of(path)
    figure = _figure(result.samples(slice(0, most)), kind, channels, letters)
    if path is not None:
        with whole([os.fspath(path)]) as files:
            figure.savefig(files[0], format=ending)
    return figure


def _figure(result: 'Attributions', kind: Optional[str], channels: Optional[str], letters: Optional[Sequence[str]]
            ) -> Any:
    from ..plotting import overview

    xs = result.xs
    shown = _columns(result)
    if kind == 'text' or kind is None and xs is not None and xs.dtype.kind in 'OSU':
        return _text(result, shown)
    if xs is None or kind in (None, 'bars') and result.feature_names is not None and xs.ndim == 2:
        return _bars(result, shown)
    kind = overview.kind_of(xs.shape, kind, xs, letters)
    overview.check_logo(kind, result.method, result.options or {})
    for one in shown.values():
        # Maps of places may have other sizes, as those of an inner layer have.
        if one.shape != xs.shape and (kind == 'bars' or one.ndim != (3 if kind == 'images' else 2)):
            raise ValueError('attributions of shape %s cannot be drawn over samples of shape %s as %s.' % (
                one.shape[1:], xs.shape[1:], kind))
    if channels is None:
        channels = 'first' if xs.ndim == 4 and xs.shape[1] in (1, 3) and xs.shape[3] not in (1, 3) else 'last'
    labels = _labels(result)
    if labels is not None and kind != 'images':
        labels = ['unit ' + one for one in labels]
    return overview.overview(xs, shown, kind, channels, labels, result.feature_names, letters)


def _columns(result: 'Attributions') -> Dict[str, np.ndarray]:
    """What is drawn side by side: the attributions, of several units those of each."""
    name = result.method or 'attributions'
    array = np.asarray(result)
    if not result.several:
        return {name: array}
    from .frames import units_in_front
    return {'%s, %s' % (name, one if isinstance(one, str) else 'unit %d' % one): own
            for one, own in zip(units_in_front(result), array)}


def _labels(result: 'Attributions') -> Optional[List[str]]:
    """The unit of each sample, None where all units count or several are drawn."""
    if result.units is None or result.several:
        return None
    return [unit_label(result, one) for one in result.units]


def _bars(result: 'Attributions', shown: Mapping[str, np.ndarray]) -> Any:
    from ..plotting import bars
    from ..plotting.figures import new_figure

    one = next(iter(shown.values()))
    if one.ndim != 2:
        raise ValueError('attributions without samples are drawn as bars, and need the shape (n, features), not %s.' % (
            one.shape,))
    figure = new_figure(4.6 * len(shown), (1.1 + .26 * min(one.shape[1] + 1, 11)) * len(one))
    panels = figure.subplots(len(one), len(shown), squeeze=False)
    labels, xs = _labels(result), result.xs if result.xs is not None and result.xs.shape == one.shape else None
    for row in range(len(one)):
        for ax, (name, values) in zip(panels[row], shown.items()):
            bars(values[row], names=result.feature_names, values=None if xs is None else xs[row], ax=ax)
            called = row if result.index is None else result.index[row]
            ax.set_title('%s, sample %s%s' % (name, called, '' if labels is None else ', unit ' + labels[row]),
                         fontsize=9)
    figure.tight_layout()
    return figure


def _text(result: 'Attributions', shown: Mapping[str, np.ndarray]) -> Any:
    from ..plotting.sentences import sentences

    xs = result.xs
    if xs is None or xs.ndim != 2 or any(one.ndim not in (2, 3) or one.shape[:2] != xs.shape for one in shown.values()):
        raise ValueError('text is drawn of samples of words, strings of the shape (n, words), with a number for each.')
    words = [[_decoded(word) for word in row] for row in xs]
    labels = _labels(result)
    return sentences({name: [_Line(row, values.reshape(len(row), -1).sum(1)) for row, values in zip(words, one)]
                      for name, one in shown.items()}, labels and ['unit ' + one for one in labels])


def _decoded(word: Any) -> str:
    return word.decode('utf-8', 'replace') if isinstance(word, bytes) else str(word)
