"""The picture of --picture: samples x methods, drawn by `deepexplain.plotting`."""
import os
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from ..checks import channels_of
from ..extras import needs
from ..plotting import overview
from ..units import Units
from .model import Task
from .options import Given
from .problems import WrongUse


def check_format(path: str) -> None:
    """WrongUse for a picture that matplotlib cannot write."""
    with needs('--picture', 'cli'):
        import matplotlib  # noqa: F401
    from ..plotting.figures import written_format

    if written_format(path) is None:
        raise WrongUse(f"--picture: expected a name that ends in .png, .pdf, .svg or .jpg, not '{path}'.")


def kind_of(task: Task, wanted: Optional[str], given: Mapping[str, Mapping[str, Given]],
            letters: Optional[str] = None) -> str:
    """How attributions are drawn: 'images', 'bars', 'signal', 'logo', 'summary'. What cannot be drawn is wrong use."""
    if task.xs is None or not task.single:
        raise WrongUse('--picture draws the attributions of one input of the model, not of %s.' % (
            'several: --input NAME chooses one' if task.xs is not None else 'an inner layer'))
    for name, options in given.items():
        for option in ('per_group', 'sampling_dims'):
            if option in options and options[option].value:
                raise WrongUse("--picture: with %s the attributions of '%s' have not the shape of the input." % (
                    option, name))
    usual = {'table': 'bars', 'pictures': 'images'}.get(task.samples.kind)
    try:
        found = overview.kind_of(task.xs[0].shape, wanted or usual, task.xs[0], letters)
        for name, options in given.items():
            overview.check_logo(found, name, {option: one.value for option, one in options.items()})
        return found
    except ValueError as error:
        raise WrongUse(f'--picture: {error}.') from None


def check_layers(kind: str, explainers: Mapping[str, Any], options: Mapping[str, Sequence[str]]) -> None:
    """WrongUse for attributions of an inner layer whose places are not those of the input.

    Args:
        options: the names of each method's options.
    """
    axes = {'images': 2, 'bars': 0, 'summary': 0}.get(kind, 1)
    for name, explainer in explainers.items():
        layer = explainer.layer
        # What chooses no channels, nor gives noise to what may, attributes to the layer's own units.
        of_units = not {'channels', 'of'}.intersection(options[name])
        if layer is not None and (of_units or layer.shape.ndims != axes + 2):
            raise WrongUse("--picture: the attributions of '%s' are of the layer '%s', of shape %s, and the input is "
                           'drawn as %s.' % (name, layer.op.name, layer.shape, kind))


def draw(file: Any, path: str, kind: str, task: Task, attributions: Dict[str, Any], units: Units, most: Optional[int],
         letters: Optional[str] = None) -> None:
    """Draw into an open file, in the format that the path names.

    Args:
        most: how many samples are drawn, from the first on. Default None: 8, of a summary all.
    """
    assert task.xs is not None
    if most is None:
        most = len(task.xs[0]) if kind == 'summary' else 8
    xs = task.xs[0][:most]
    first = task.axis == 'first' or (task.samples.kind == 'arrays' and not task.axis and _channels_first(xs))
    shown = {name: one[:most] for name, one in attributions.items()}
    figure = overview.overview(xs, shown, kind,
                               'first' if first else 'last', _labels(kind, units, len(xs)), task.samples.features,
                               letters)
    figure.savefig(file, format=os.path.splitext(path)[1].lower()[1:])


def _labels(kind: str, units: Units, n: int) -> Optional[List[str]]:
    """The unit of each sample, None where all units count."""
    if units.places is None:
        return None
    said = ['/'.join(str(unit) for unit in np.atleast_1d(place)) for place in units.places[:n]]
    return said if kind == 'images' else ['unit ' + one for one in said]


def _channels_first(xs: np.ndarray) -> bool:
    return xs.ndim == 4 and channels_of(xs.shape[1:]) == 'first'
