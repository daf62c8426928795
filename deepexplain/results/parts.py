"""Parts of a result: some of its samples, units or inputs, with all that belongs to them."""
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .attributions import Attributions

#: What has an entry for each unit of several, in front.
_BY_UNIT = ('attributions', 'scores', 'delta', 'units')

#: What has an entry for each sample.
_BY_SAMPLE = _BY_UNIT + ('xs', 'weights', 'baseline', 'index')


def cuts(key: Any) -> bool:
    """Whether an index takes some along the first axis and leaves all others."""
    return isinstance(key, slice) or isinstance(key, (list, np.ndarray)) and np.ndim(key) == 1 and (
        np.asarray(key).dtype.kind in 'biu' or not len(key))


def samples(result: 'Attributions', which: Any) -> 'Attributions':
    """See `Attributions.samples`."""
    if result.together:
        raise ValueError("with rows='together' there is one sample, all rows of X, and nothing to take of it.")
    if isinstance(which, (int, np.integer)) and not isinstance(which, bool):
        which = [which]
    if not cuts(which):
        raise TypeError('samples are taken by a slice, a mask of bools, a list of ints, or an int.')
    n = result.n
    places = np.arange(n)[which]

    def cut(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [cut(name, one) for one in value]
        if name == 'baseline' and len(value) != n:
            return value
        return value.take(places, int(result.several and name in _BY_UNIT))

    return result._with(**{name: cut(name, getattr(result, name)) for name in _BY_SAMPLE
                           if getattr(result, name) is not None})


def unit(result: 'Attributions', number: int) -> 'Attributions':
    """See `Attributions.unit`."""
    if not result.several:
        raise ValueError("the result is of one target: there are units to choose from after ys='all' or 'top3'.")
    if not isinstance(number, (int, np.integer)) or isinstance(number, bool):
        raise TypeError(f'unit takes an int, not {type(number).__name__}.')
    return result._with(several=False, **_taken(result, int(number)))


def cut_units(result: 'Attributions', which: Any) -> 'Attributions':
    """The result of some of several units."""
    return result._with(**_taken(result, which))


def of_input(result: 'Attributions', name: str) -> 'Attributions':
    """The result of one of several inputs."""
    names = list(result.input_names or [])
    if not isinstance(result.attributions, list) or name not in names:
        raise KeyError(f'{name!r} is none of the inputs: ' + (', '.join(map(repr, names)) if isinstance(
            result.attributions, list) else 'attributions are one array'))
    place = names.index(name)
    own = {one: None if getattr(result, one) is None else getattr(result, one)[place]
           for one in ('attributions', 'xs', 'baseline', 'feature_names')}
    # What all inputs add up to says nothing of one of them.
    return result._with(input_names=[name], delta=None, **own)


def _taken(result: 'Attributions', which: Any) -> Any:
    """What there is of some of several units, or of one."""
    return {name: [one[which] for one in value] if isinstance(value, list) else value[which]
            for name, value in ((name, getattr(result, name)) for name in _BY_UNIT) if value is not None}
