"""Pictures of results that are tables, with one axis of features: bars, a waterfall, a summary."""
from typing import TYPE_CHECKING, Any, List, Union

import numpy as np

from .checking import listed
from .drawing import columns, title_of
from .frames import feature_labels, start_values

if TYPE_CHECKING:
    from .attributions import Attributions

#: The rows that pictures of many features have, one more where the rest is not one.
_ROWS = 11


def table_of(result: 'Attributions') -> 'Attributions':
    """The same with one axis of features, those of all inputs one after another, called by their inputs.

    Raises:
        ValueError: an input has more axes.
    """
    lead, arrays = 1 + int(result.several), listed(result.attributions)
    for one in arrays:
        if one.ndim > lead + 1:
            raise ValueError('a table is drawn of samples of one axis of features, not of shape %s: sum_over(axes) or '
                             'groups(mask) makes one.' % (one.shape[lead:],))
    many, xs = isinstance(result.attributions, list), listed(result.xs)
    names: Any = result.feature_names
    if many or arrays[0].ndim == lead:
        names = [name for number in range(len(arrays)) for name in _names(result, number)]
    kept = bool(xs) and all(x.dtype.kind in 'fiub' and x.shape == one.shape[lead - 1:] for x, one in zip(xs, arrays))
    return result._with(
        attributions=_joined(arrays, lead), xs=_joined(xs, 1) if kept else None, baseline=None, input_names=None,
        feature_names=names)


def bars(result: 'Attributions') -> Any:
    """A row for each sample, of several units a column for each."""
    from .. import plotting

    shown = columns(result)
    one = next(iter(shown.values()))
    if one.ndim != 2:
        raise ValueError('attributions without samples are drawn as bars, and need the shape (n, features), not %s.' % (
            one.shape,))
    figure, panels = _panels(4.6, 1.1 + .26 * min(one.shape[1] + 1, _ROWS), len(one), len(shown))
    xs = result.xs if result.xs is not None and result.xs.shape == one.shape else None
    for row in range(len(one)):
        for ax, (name, values) in zip(panels[row], shown.items()):
            plotting.bars(values[row], result.feature_names, None if xs is None else xs[row], ax=ax)
            ax.set_title(title_of(result, name, row), fontsize=9)
    figure.tight_layout()
    return figure


def waterfall(result: 'Attributions', colorbar: Union[bool, str] = False) -> Any:
    """The same, from the target at the baseline on where it is known."""
    from .. import plotting

    shown = columns(result)
    starts = start_values(result).reshape(result.n, len(shown))
    ends = np.full(starts.shape, np.nan) if result.scores is None else (
        result.scores.T if result.several else result.scores).reshape(starts.shape)
    features = next(iter(shown.values())).shape[1]
    figure, panels = _panels(5.4, 1.1 + .28 * (min(features, _ROWS) + 3), result.n, len(shown))
    for row in range(result.n):
        for place, (ax, (name, values)) in enumerate(zip(panels[row], shown.items())):
            start, end = float(starts[row, place]), float(ends[row, place])
            known = bool(np.isfinite(start) and np.isfinite(end))
            plotting.waterfall(values[row], result.feature_names, None if result.xs is None else result.xs[row],
                               start if known else None, end if known else None, ax=ax)
            ax.set_title(title_of(result, name, row), fontsize=9)
    figure.tight_layout()
    return figure


def summary(result: 'Attributions', colorbar: Union[bool, str] = False) -> Any:
    """All samples in one picture, of several units one for each, side by side."""
    from .. import plotting

    shown = columns(result)
    features = next(iter(shown.values())).shape[1]
    figure, panels = _panels(6, 1.1 + .32 * min(features, _ROWS), 1, len(shown))
    for ax, (name, values) in zip(panels[0], shown.items()):
        plotting.summary(values, result.xs, result.feature_names, ax=ax, colorbar=colorbar or result.xs is not None)
        ax.set_title('%s, %d sample%s' % (name, result.n, 's' * (result.n != 1)), fontsize=9)
    figure.tight_layout()
    return figure


def _panels(width: float, height: float, rows: int, across: int) -> Any:
    from ..plotting.figures import new_figure

    figure = new_figure(width * across, height * rows)
    return figure, figure.subplots(rows, across, squeeze=False)


def _names(result: 'Attributions', number: int) -> List[str]:
    """A number for each sample is called as its input."""
    found, inputs = feature_labels(result, number), list(result.input_names or [])
    named = isinstance(result.attributions, list) and result.feature_names is not None and (
        result.feature_names[number] is not None)
    return inputs[number:number + 1] if len(found) == 1 and inputs and not named else found


def _joined(arrays: List[np.ndarray], lead: int) -> np.ndarray:
    """One array of the features of all, in float64 unless there is one array."""
    return np.concatenate([one.reshape(one.shape[:lead] + (-1,)) for one in arrays], -1)
