"""Attributions of words, as `deepexplain explain` writes those of sentences: an .npz, or a .json by sentence."""
import math
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence

import numpy as np

from ..results.words import number_text, range_text
from .facts import name_of, noted, text_of, warnings_of
from .pieces import Piece, Room, file_group
from .store import Store

#: About how many bytes a page has for a word besides its number.
_WORD = 24


class Sentence(NamedTuple):
    """A sentence by one method."""
    words: Sequence[str]
    attributions: Sequence[float]
    unit: Optional[str]
    score: float
    rest: float
    delta: Optional[float]


def of_arrays(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> Dict[str, List[Sentence]]:
    """Sentences by method out of an .npz.

    Raises:
        ValueError, TypeError, KeyError, IndexError: it is none.
    """
    of = arrays['sentence']
    count, words = len(arrays['sentences']), arrays['words']
    if of.ndim != 1 or of.dtype.kind not in 'iu' or words.shape != of.shape or (np.diff(of) < 0).any() or of.size and (
            of[0] < 0 or of[-1] >= count):
        raise ValueError('the numbers of its sentences are none')
    bounds = np.searchsorted(of, np.arange(count + 1))
    found = {}
    for name in metadata['methods']:
        values, delta = arrays[name], arrays.get('delta/' + name)
        if values.shape != words.shape:
            raise ValueError(f'{name!r} has the shape {values.shape}, and there are {len(words)} words')
        found[name] = [Sentence(
            words[start:end].tolist(), values[start:end].tolist(), _unit(arrays['units'][i]) if 'units' in arrays else (
                None), float(arrays['scores'][i]), float(arrays['rest/' + name][i]),
            None if delta is None else float(delta[i])) for i, (start, end) in enumerate(zip(bounds, bounds[1:]))]
    return found


def of_json(content: Mapping[str, Any]) -> Dict[str, List[Sentence]]:
    """The same out of a .json, whose null are numbers that are none."""
    found: Dict[str, List[Sentence]] = {str(name): [] for name in content['metadata']['methods']}
    for one in content['sentences']:
        words = [str(word) for word in one['words']]
        unit = None if one['unit'] is None else _unit(one['unit'])
        for name, own in found.items():
            values = [_number(value) for value in one['attributions'][name]]
            if len(values) != len(words):
                raise ValueError('%d words have %d attributions' % (len(words), len(values)))
            delta = one['delta'][name]
            own.append(Sentence(words, values, unit, _number(one['score']), _number(one['rest'][name]),
                                None if delta is None else _number(delta)))
    return found


def pieces_of(file: str, found: Mapping[str, Sequence[Sentence]], metadata: Mapping[str, Any], store: Store, room: Room
              ) -> List[Piece]:
    """The sentences of a file as a page has them, see `pieces.pieces_of`."""
    return [_piece(file, name, sentences, metadata, store, room._replace(size=room.size // len(found)))
            for name, sentences in found.items()]


def _piece(file: str, method: str, sentences: Sequence[Sentence], metadata: Mapping[str, Any], store: Store, room: Room
           ) -> Piece:
    costs = np.cumsum([_WORD + sum(len(word) + _WORD for word in one.words) for one in sentences] or [0])
    count = min(len(sentences), room.most, int(np.searchsorted(costs, room.size, 'right')))
    shown = sentences[:count]
    deltas = [one.delta for one in sentences if one.delta is not None]
    sums = [math.fsum(one.attributions) + one.rest for one in sentences]
    facts = [('method', method), ('target', metadata.get('target')), ('samples', '%d sentences' % len(sentences)),
             ('sums', range_text(sums)), ('scores', range_text([one.score for one in sentences]))]
    facts += [('largest |delta|', number_text(np.abs(deltas)))] * bool(deltas)
    own = metadata['methods'][method]
    if isinstance(own, Mapping):
        options = own.get('options')
        facts += [('option ' + str(name), value) for name, value in (
            options.items() if isinstance(options, Mapping) else [])]
        facts.append(('seconds', own.get('seconds')))
    facts += noted(metadata)
    has = bool(deltas) and len(deltas) == len(sentences)
    units: Any = [[name_of(one.unit) for one in shown]] if all(one.unit for one in shown) else None
    return {
        'file': name_of(file), 'method': name_of(method), 'group': file_group(file), 'n': len(sentences),
        'shown': count, 'left': ['the first %d of %d sentences' % (count, len(sentences))] * (count < len(sentences)),
        'facts': [(name_of(name), text_of(value)) for name, value in facts if value is not None],
        'warnings': warnings_of(metadata), 'units': [''], 'several': False, 'unit': units, 'names': None,
        'summary': [None], 'scores': store.put([one.score for one in shown]), 'sums': store.put(sums[:count]),
        'rest': store.put([one.rest for one in shown]),
        'delta': store.put([one.delta for one in shown]) if has else None,
        'inputs': [{'name': '', 'shape': None, 'kinds': ['words', 'table'], 'channels': 'last', 'xs': None,
                    'xshape': None, 'features': None, 'letters': None, 'summed': False,
                    'words': [[name_of(word) for word in one.words] for one in shown],
                    'attributions': store.put(np.concatenate([np.zeros(0)] + [
                        np.asarray(one.attributions, np.float64) for one in shown]))}]}


def _unit(value: Any) -> str:
    return 'unit ' + '/'.join(str(int(one)) for one in np.ravel(value))


def _number(value: Any) -> float:
    """A number of JSON, null for one that is none."""
    if isinstance(value, bool) or value is not None and not isinstance(value, (int, float)):
        raise TypeError('it holds what is no number')
    return math.nan if value is None else float(value)


def is_json(content: Any) -> bool:
    """Whether what a .json holds are sentences."""
    return isinstance(content, dict) and isinstance(content.get('sentences'), list) and isinstance(
        content.get('metadata'), dict) and isinstance(content['metadata'].get('methods'), dict)
