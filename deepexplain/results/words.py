"""A result in a line, and as a small table of HTML: what it is of and how large, never its arrays."""
from html import escape
from typing import TYPE_CHECKING, Any, List, Tuple

import numpy as np

from ..terminal import visible
from .checking import listed

if TYPE_CHECKING:
    from .attributions import Attributions

#: How much of a text is shown.
_LONGEST = 120


def one_line(result: 'Attributions') -> str:
    """What `repr` says."""
    return 'Attributions(%s)' % ', '.join(f'{name} {value}' for name, value in _said(result))


def html(result: 'Attributions') -> str:
    """What a notebook shows; names out of files are escaped."""
    rows = ''.join('<tr><th style="text-align:left">%s</th><td style="text-align:left">%s</td></tr>' % (
        escape(name), escape(value)) for name, value in _said(result, more=True))
    return '<table><caption style="text-align:left">Attributions</caption>%s</table>' % rows


def unit_label(result: 'Attributions', place: Any) -> str:
    """A unit by its name where it has one, else by its number or its place."""
    place = np.asarray(place)
    if place.ndim == 0 and result.unit_names is not None and 0 <= int(place) < len(result.unit_names):
        return result.unit_names[int(place)]
    return '/'.join(str(int(one)) for one in np.atleast_1d(place))


def _said(result: 'Attributions', more: bool = False) -> List[Tuple[str, str]]:
    arrays, names = listed(result.attributions), list(result.input_names or [])
    many = isinstance(result.attributions, list)
    found = [('method', repr(_short(result.method)))] if result.method else []
    if result.target is not None:
        found.append(('target', _short(result.target)))
    if more and result.units is not None and result.units.ndim == 1 + result.several and result.units.size:
        labels = list(dict.fromkeys(unit_label(result, one) for one in result.units.ravel()[:1000]))
        found.append(('units', _short(', '.join(labels[:10]) + ', ...' * (len(labels) > 10))))
    shapes = ['%s %s' % (name, one.shape) for name, one in zip(names, arrays)] if many else [str(arrays[0].shape)]
    found.append(('shapes' if many else 'shape', _short(', '.join(shapes))))
    found.append(('dtype', ', '.join(sorted({str(one.dtype) for one in arrays}))))
    found.append(('sums', range_text(result.sums)))
    if result.scores is not None:
        found.append(('scores', range_text(result.scores)))
    if result.delta is not None:
        found.append(('delta', 'at most %s' % number_text(np.abs(result.delta))))
    if more:
        for name, value in (('inputs', ', '.join(names)), ('features', _features(result)), ('model', result.model),
                            ('options', ', '.join(f'{key}={value!r}' for key, value in result.options.items()))):
            if value:
                found.append((name, _short(value)))
    return found


def _features(result: 'Attributions') -> str:
    names = result.feature_names
    if not names or isinstance(result.attributions, list):
        return ''
    return ', '.join(names[:10]) + ', ...' * (len(names) > 10)


def range_text(values: Any) -> str:
    """The smallest and the largest of numbers, and how many are none."""
    found = np.asarray(values, np.float64).ravel()
    finite = found[np.isfinite(found)]
    lost = ' (%d not finite)' % (len(found) - len(finite)) if len(finite) < len(found) else ''
    if not len(finite):
        return 'none' + lost
    low, high = '%.4g' % finite.min(), '%.4g' % finite.max()
    return (low if low == high else f'{low} to {high}') + lost


def number_text(values: Any) -> str:
    """The largest of numbers, and how many are none."""
    found = np.asarray(values, np.float64).ravel()
    finite = found[np.isfinite(found)]
    return ('%.2g' % finite.max() if len(finite) else 'none') + (
        ' (%d not finite)' % (len(found) - len(finite)) if len(finite) < len(found) else '')


def _short(text: str) -> str:
    text = visible(text)
    return text if len(text) <= _LONGEST else text[:_LONGEST - 3] + '...'
