"""A result as a page has it: plain values, and the numbers of its arrays in a `Store`."""
import hashlib
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..results import Attributions
from ..results.checking import listed
from ..results.frames import batched, units_in_front
from ..results.words import unit_label
from .facts import facts_of, name_of, warnings_of
from .kinds import drawn, letters_add_up
from .store import Store, bytes_of, exact

#: Means by feature are for so many features at the most.
_MEANS = 500

Piece = Dict[str, Any]


class Room(NamedTuple):
    """How much a page may hold of a file.

    Attributes:
        most: samples of a result.
        size: bytes, for all results of the file.
    """
    most: int
    size: int


def pieces_of(file: str, results: Mapping[str, Attributions], metadata: Mapping[str, Any], store: Store, room: Room,
              total: Optional[int] = None) -> List[Piece]:
    """The results of a file as a page has them.

    Args:
        file: how the page calls it.
        results: by method, of the same samples.
        total: how many samples there are, where more than are known here: the rows of a job.
    """
    first = next(iter(results.values()))
    group = _group(file, first)
    counts = _cut(results, room)
    found = []
    for name, one in results.items():
        samples, units = counts[name]
        found.append(_piece(one, metadata, store, samples, units, one.n if total is None else total))
        found[-1].update(file=name_of(file), method=name_of(one.method or 'attributions'), group=group,
                         warnings=warnings_of(metadata))
    return found


def _piece(result: Attributions, metadata: Mapping[str, Any], store: Store, samples: int, units: int, total: int
           ) -> Piece:
    several, every = result.several, listed(result.attributions)[0].shape[0] if result.several else 1
    left = []
    if samples < total:
        left.append('%s of %d samples' % ('none' if not samples else 'the first %d' % samples, total))
    if units < every:
        left.append('the first %d of %d units' % (units, every))
    of = '' if total == result.n else ' (of the first %d)' % result.n
    if not all(exact(one) for name in ('attributions', 'xs') for one in listed(getattr(result, name))
               if one.dtype.kind in 'fiub'):
        left.append('numbers rounded to float64')
    found: Piece = {'n': total, 'shown': samples, 'left': left, 'facts': facts_of(result, metadata, of),
                    'units': [name_of(one if isinstance(one, str) else 'unit %d' % one)
                              for one in units_in_front(result)[:units]] if several else [''],
                    'summary': [_means(store, one, units) for one in _by_unit(result)], 'rest': None,
                    'several': several}
    found['names'] = None if result.index is None else [name_of(one) for one in result.index[:samples].tolist()]
    places = None if result.units is None else np.asarray(result.units)
    if places is not None:
        places = places if several else places[None]
        places = places[:, None] if result.together else places
        found['unit'] = [[_unit(result, one) for one in own[:samples]] for own in places[:units]]
    else:
        found['unit'] = None
    for name in ('scores', 'sums', 'delta'):
        value = getattr(result, name)
        found[name] = None if value is None else store.put(np.asarray(value, np.float64).reshape(
            every, result.n)[:units, :samples])
    found['inputs'] = _inputs(result, store, samples, units)
    return found


def _inputs(result: Attributions, store: Store, samples: int, units: int) -> List[Dict[str, Any]]:
    arrays, found = _by_unit(result), []
    xs = [] if result.xs is None else batched(result, 'xs')
    many = isinstance(result.attributions, list)
    odd = not letters_add_up(result.method, result.options)
    for number, array in enumerate(arrays):
        names = result.feature_names[number] if many and result.feature_names is not None else result.feature_names
        own = xs[number] if len(xs) == len(arrays) else None
        shape = array.shape[2:]
        how = drawn(shape, own, names is not None, odd)
        one: Dict[str, Any] = {
            'name': name_of(list(result.input_names or [''])[number]) if many else '', 'shape': list(shape),
            'kinds': how.kinds, 'channels': how.channels, 'xs': None, 'xshape': None, 'words': None,
            'features': None if names is None else [name_of(name) for name in names],
            'letters': list('ACGT') if how.kinds[0] == 'letters' and shape[-1] == 4 else None}
        kept = array[:units, :samples]
        if how.kinds[0] == 'words' and own is not None:
            one['words'] = [[name_of(word) for word in row] for row in own[:samples].tolist()]
            one['summed'] = len(shape) > 1
            kept = kept.reshape(kept.shape[:3] + (-1,)).sum(-1, dtype=np.float64) if len(shape) > 1 else kept
            one['shape'] = list(shape[:1])
        elif own is not None and own.dtype.kind in 'fiub' and (own.shape[1:] == shape or len(how.kinds) > 1):
            one.update(xs=store.put(own[:samples]), xshape=list(own.shape[1:]))
        one['attributions'] = store.put(kept)
        found.append(one)
    return found


def _by_unit(result: Attributions) -> List[np.ndarray]:
    """Attributions as (units, n, ...)."""
    return [one if result.several else one[None] for one in batched(result, 'attributions')]


def _means(store: Store, array: np.ndarray, units: int) -> Optional[Dict[str, Any]]:
    """Over all samples the mean of absolute values, of values, and how the absolute ones spread."""
    if array.ndim != 3 or not 0 < array.shape[2] <= _MEANS or array.shape[1] < 2:
        return None
    found: List[np.ndarray] = []
    lost = 0
    for one in array[:units]:
        values = one.astype(np.float64)
        known = np.isfinite(values)
        lost += int(known.size - known.sum())
        values[~known] = 0
        with np.errstate(divide='ignore', invalid='ignore'):
            count = known.sum(0).astype(np.float64)
            mean = np.abs(values).sum(0) / count
            spread = np.sqrt(((np.abs(values) - mean) ** 2 * known).sum(0) / count)
            found.append(np.stack([mean, spread, values.sum(0) / count]))
    mean, spread, signed = (np.stack([one[place] for one in found]) for place in range(3))
    return {'absolute': store.put(mean), 'spread': store.put(spread), 'signed': store.put(signed),
            'n': array.shape[1], 'lost': lost}


def _cut(results: Mapping[str, Attributions], room: Room) -> Dict[str, Tuple[int, int]]:
    """How many samples and units of each there is room for."""
    first = next(iter(results.values()))
    n = first.n
    units = {name: listed(one.attributions)[0].shape[0] if one.several else 1 for name, one in results.items()}
    if not n or not all(units.values()):
        return {name: (0, count) for name, count in units.items()}
    given = sum(bytes_of(one) if one.dtype.kind in 'fiub' else 8 * one.size for one in listed(first.xs)) / n
    each = {name: sum(map(bytes_of, listed(one.attributions))) / n for name, one in results.items()}
    samples = int(min(n, room.most, room.size // max(given + sum(each.values()), 1)))
    if samples:
        return {name: (samples, count) for name, count in units.items()}
    # Not one: then one with some of the units.
    share = max(0, room.size - given) / len(results)
    fitting = {name: min(count, int(share // max(each[name] / count, 1))) for name, count in units.items()}
    return {name: (1, count) if count and units[name] > 1 else (0, units[name]) for name, count in fitting.items()}


def _group(file: str, result: Attributions) -> str:
    """What is the same for results of the same samples."""
    if result.xs is None or result.index is not None and result.index.dtype.hasobject:
        return file_group(file)
    digest = hashlib.sha256(str(result.together).encode())
    for one in listed(result.xs):
        digest.update(f'{one.dtype.str} {one.shape}'.encode() + np.ascontiguousarray(one).tobytes())
    return digest.hexdigest()


def file_group(file: str) -> str:
    """That of results whose samples are not known to be those of other files."""
    return 'file ' + hashlib.sha256(file.encode('utf-8', 'surrogateescape')).hexdigest()


def _unit(result: Attributions, place: Any) -> str:
    """A unit by its name or number, as it is shown."""
    label = unit_label(result, place)
    return name_of(label if result.unit_names is not None and np.ndim(place) == 0 else 'unit ' + label)
