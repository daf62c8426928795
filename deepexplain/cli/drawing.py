"""The picture of --picture: samples x methods, drawn by `deepexplain.plotting`."""
import os
from typing import Any, Dict, List, Mapping, Optional

import numpy as np

from .model import Task
from .options import Given
from .problems import WrongUse
from .target import Units


def check_format(path: str) -> None:
    """WrongUse for a picture that matplotlib cannot write."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    ending = os.path.splitext(path)[1].lower()
    known = FigureCanvasAgg.get_supported_filetypes()
    if ending[1:] not in known:
        raise WrongUse("--picture: expected a name that ends in .png, .pdf, .svg or .jpg, not '%s'." % path)


def kind_of(task: Task, wanted: Optional[str], given: Mapping[str, Mapping[str, Given]]) -> str:
    """How attributions are drawn: 'images', 'bars' or 'signal'. What cannot be drawn is wrong use."""
    if task.xs is None or not task.single:
        raise WrongUse('--picture draws the attributions of one input of the model, not of %s.' % (
            'several' if task.xs is not None else 'an inner layer'))
    for name, options in given.items():
        for option in ('per_group', 'sampling_dims'):
            if option in options and options[option].value:
                raise WrongUse("--picture: with %s the attributions of '%s' have not the shape of the input." % (
                    option, name))
    x = task.xs[0]
    rank = x.ndim - 1
    kind = wanted or _usual(task.samples.kind, rank)
    ranks = {'images': (2, 3), 'bars': (1,), 'signal': (1, 2)}.get(kind, ())
    if rank not in ranks or x.size == 0 or kind == 'signal' and x.shape[1] < 2:
        raise WrongUse('--picture: samples of shape %s cannot be drawn%s.' % (
            x.shape[1:], ' as %s' % wanted if wanted else ''))
    return kind


def _usual(kind: str, rank: int) -> str:
    if kind == 'table':
        return 'bars'
    return 'images' if kind == 'pictures' or rank == 3 else 'signal'


def draw(file: Any, path: str, kind: str, task: Task, attributions: Dict[str, Any], units: Units, most: int) -> None:
    """Draw into an open file, in the format that the path names.

    Args:
        most: how many samples are drawn, from the first on.
    """
    assert task.xs is not None
    xs = task.xs[0][:most]
    shown = {name: one[:most] for name, one in attributions.items()}
    if kind == 'images':
        from ..plotting import grid
        first = task.axis == 'first' or (task.samples.kind == 'arrays' and not task.axis and _channels_first(xs))
        figure = grid(xs, shown, _labels(units, len(xs)), channels='first' if first else 'last')
    else:
        figure = _panels(kind, xs, shown, units, task.samples.features)
    figure.savefig(file, format=os.path.splitext(path)[1].lower()[1:])


def _labels(units: Units, n: int) -> List[str]:
    """The unit of each row, or its number where all units count."""
    if units.places is None:
        return ['%d' % i for i in range(n)]
    return ['/'.join(str(unit) for unit in np.atleast_1d(place)) for place in units.places[:n]]


def _channels_first(xs: np.ndarray) -> bool:
    return xs.ndim == 4 and xs.shape[1] in (1, 3) and xs.shape[3] not in (1, 3)


def _panels(kind: str, xs: np.ndarray, shown: Dict[str, np.ndarray], units: Units, features: Optional[List[str]]
            ) -> Any:
    """A panel for each sample and method."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from ..plotting import bars, signal

    labels = _labels(units, len(xs))
    # A bar takes a line of text.
    height = 1.1 + .26 * min(xs.shape[1] + 1, 11) if kind == 'bars' else 1.2 + .6 * (xs.shape[2] if xs.ndim > 2 else 1)
    figure = Figure(figsize=(4.6 * len(shown), height * len(xs)), dpi=120, facecolor='white')
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(xs), len(shown), squeeze=False)
    for row, x in enumerate(xs):
        for ax, (name, values) in zip(panels[row], shown.items()):
            if kind == 'bars':
                bars(values[row], names=features, values=x, ax=ax)
            else:
                signal(x, values[row], ax=ax)
            unit = '' if units.places is None else ', unit %s' % labels[row]
            ax.set_title('%s, sample %d%s' % (name, row, unit), fontsize=9)
    figure.tight_layout()
    return figure
