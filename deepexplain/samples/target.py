"""Which units of T are explained."""
import re
from typing import Any, List, Mapping, Tuple

import numpy as np

from .says import COMMAND, Says, WrongUse


def ys_of(text: str, T: Any, n: int, says: Says = COMMAND) -> Any:
    """What a target that is written is to `Explainer.run`."""
    said = says.flag('target')
    if text in ('sum', 'all'):
        return None
    if text == 'max':
        return None if T.shape.ndims == 1 else 'max'
    if not re.match(r'\d+(/\d+)*(,\d+(/\d+)*)*$', text):
        raise WrongUse(f'{said}: expected max, sum or all, ints, or places like 3/0/2, not {text!r}.')
    places: List[Tuple[int, ...]] = [tuple(int(unit) for unit in one.split('/')) for one in text.split(',')]
    axes = 1 if T.shape.ndims is None else T.shape.ndims - 1
    if axes < 1:
        raise WrongUse(f"{said}: '{T.op.name}' has one number for each sample: max and sum are the targets.")
    for place in places:
        if len(place) != axes:
            raise WrongUse("%s: a unit of '%s', %s, is named by %s, not by '%s'.%s" % (
                said, T.op.name, T.shape, 'an int' if axes == 1 else '%d ints, as in %s' % (axes, '/'.join('0' * axes)),
                '/'.join(str(unit) for unit in place), _meant(text, places, axes, n)))
        for size, unit in zip(T.shape.as_list()[1:] if T.shape.ndims else [], place):
            if size is not None and unit >= size:
                raise WrongUse("%s: '%s' has the units 0 to %d, and no %d." % (said, T.op.name, size - 1, unit))
    if len(places) == 1:
        return places[0] if axes > 1 else places[0][0]
    if len(places) != n:
        raise WrongUse('%s: expected one unit, or one for each of the %d samples, not %d.' % (said, n, len(places)))
    return np.array(places) if axes > 1 else np.array(places)[:, 0]


def units_of_column(name: str, rows: Mapping[str, np.ndarray], T: Any) -> np.ndarray:
    """The units that a column of some rows names, ints (n,), or (n, axes) where T has more axes."""
    if name not in rows:
        raise WrongUse("target: there is no column '%s', but %s." % (name, ', '.join(map(repr, rows)) or 'none'))
    found, shape = np.asarray(rows[name]), T.shape.as_list()[1:] if T.shape.ndims else [None]
    if not shape:
        raise WrongUse(f"target: '{T.op.name}' has one number for each sample: max and sum are the targets.")
    wanted = found.shape[:1] if len(shape) == 1 else (len(found), len(shape))
    # A .csv has floats.
    if found.shape != wanted or found.dtype.kind not in 'iuf' or not (found == np.floor(found)).all():
        raise WrongUse("target: the column '%s' must hold %s for each row, not %s of the shape %s." % (
            name, 'an int' if len(shape) == 1 else f'{len(shape)} ints', found.dtype, found.shape))
    for axis, size in enumerate(shape):
        units = found if len(shape) == 1 else found[:, axis]
        bad = (units < 0) | (units >= (np.inf if size is None else size))
        if bad.any():
            raise WrongUse("target: the column '%s' holds %d, and '%s' has the units 0 to %s." % (
                name, units[bad.argmax()], T.op.name, '...' if size is None else size - 1))
    return found.astype(np.int64)


def _meant(text: str, places: List[Tuple[int, ...]], axes: int, n: int) -> str:
    """' Did you mean 25/1?', where commas and slashes were taken for each other."""
    if len(places) == axes and all(len(place) == 1 for place in places):
        return ' Did you mean %s?' % text.replace(',', '/')
    if axes == 1 and len(places) == 1 and len(places[0]) == n:
        return ' Did you mean %s?' % text.replace('/', ',')
    return ''
