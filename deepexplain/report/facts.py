"""What is said of a result besides its numbers."""
import json
from typing import Any, List, Mapping, Optional, Sequence, Tuple

import numpy as np

from ..results import Attributions
from ..results.checking import listed
from ..results.words import number_text, range_text
from ..terminal import visible

#: How much of a text a page has: of a name, of a fact.
NAME, FACT = 200, 2000

#: What the command line notes down besides, as it is told.
_NOTED = ('input', 'layer', 'signature', 'tokenizer', 'date', 'seed')

Facts = List[Tuple[str, str]]


def facts_of(result: Attributions, metadata: Mapping[str, Any], of: str = '') -> Facts:
    """Names and texts.

    Args:
        result: with all of the samples that are known.
        metadata: what the file says besides.
        of: what ranges are of, where that is not the whole file.
    """
    arrays, names = listed(result.attributions), list(result.input_names or [])
    found: List[Tuple[str, Any]] = [('method', result.method), ('target', result.target)]
    found.append(('samples', '1, of all rows' if result.together else '%d%s' % (result.n, of)))
    found.append(('shape', ', '.join('%s %s of %s' % (name, one.shape, one.dtype) for name, one in zip(
        names if isinstance(result.attributions, list) else [''], arrays)).strip()))
    found.append(('sums', range_text(result.sums) + of))
    if result.scores is not None:
        found.append(('scores', range_text(result.scores) + of))
    if result.delta is not None:
        found.append(('largest |delta|', number_text(np.abs(result.delta)) + of))
    lost = sum(int(np.size(one) - np.isfinite(one).sum()) for one in arrays)
    if lost:
        found.append(('not finite', '%d attributions%s' % (lost, of)))
    found.append(('baseline', _baseline(result)))
    found += [('option ' + str(name), value) for name, value in sorted(result.options.items(), key=str)]
    methods = metadata.get('methods')
    own = methods.get(result.method) if isinstance(methods, Mapping) else None
    if isinstance(own, Mapping):
        found += [('map of layer', own.get('layer')), ('seconds', own.get('seconds'))]
    found += noted(dict(metadata, model=result.model, versions=result.versions))
    return [(visible(name)[:NAME], text_of(value)) for name, value in found if value not in (None, '', {})]


def noted(metadata: Mapping[str, Any], more: Sequence[str] = ()) -> List[Tuple[str, Any]]:
    """What metadata say, of the names that a page shows."""
    found = [(name, metadata.get(name)) for name in ('model',) + _NOTED + tuple(more)]
    versions = metadata.get('versions')
    if isinstance(versions, Mapping):
        found.append(('versions', ', '.join('%s %s' % pair for pair in sorted(versions.items(), key=str))))
    return [(name, value) for name, value in found if value is not None]


def warnings_of(metadata: Mapping[str, Any]) -> List[str]:
    """The warnings that were noted down."""
    said = metadata.get('warnings')
    return [text_of(one) for one in said[:100]] if isinstance(said, list) else []


def text_of(value: Any, most: int = FACT) -> str:
    """A value out of a file as text of a page, with its control characters written out."""
    text = visible(value if isinstance(value, str) else json.dumps(value, default=str))
    return text if len(text) <= most else text[:most] + ' ... (%d characters)' % len(text)


def name_of(value: Any) -> str:
    """A name as it is shown."""
    return text_of(value.decode('utf-8', 'replace') if isinstance(value, bytes) else str(value), NAME)


def _baseline(result: Attributions) -> Optional[str]:
    said = []
    for name, one in zip(list(result.input_names or ['']), listed(result.baseline)):
        if one.dtype.kind not in 'fiub' or not one.size:
            text = 'of shape %s, %s' % (one.shape, one.dtype)
        elif (one == one.flat[0]).all():
            text = 'all %.6g' % one.flat[0]
        else:
            text = '%s, %s' % (range_text(one), 'one for all samples' if len(one) == 1 else 'one for each sample')
        said.append(f'{name}: {text}' if isinstance(result.baseline, list) else text)
    return '; '.join(said)
