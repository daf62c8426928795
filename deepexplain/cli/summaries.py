"""What is said of results: for people, as JSON, and beside arrays."""
import datetime
import os
from typing import Any, Dict, List

from ..results import origin
from .problems import as_json, tensorflow


def defaults(method: Any) -> Dict[str, Any]:
    """The options that a method has by itself."""
    return {name: default for name, default in method.parameters.items()
            if isinstance(default, (bool, int, float, str, type(None)))}


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0).isoformat()


def versions() -> Dict[str, str]:
    return origin.versions(tensorflow().VERSION)


def plain_json(value: Any) -> str:
    """JSON that is text for a terminal, with null for numbers that are none."""
    return as_json(origin.jsonable(value))


def table_of(summary: Dict[str, Any]) -> str:
    """The summary for people."""
    from .listings import aligned

    rows = [['method', 'shape', 'largest |delta|', 'seconds']]
    inner = any('layer' in one for one in summary['methods'].values())
    if inner:
        rows[0].append('of layer')
    for name, one in summary['methods'].items():
        shapes = one['shape'] if one['shape'] and isinstance(one['shape'][0], list) else [one['shape']]
        rows.append([name, ' '.join(str(tuple(shape)) for shape in shapes),
                     '-' if one['max_abs_delta'] is None else '%.2g' % one['max_abs_delta'], '%.2f' % one['seconds']]
                    + [one.get('layer', '-')] * inner)
    return '\n'.join([headline(summary)] + aligned(rows) + written(summary))


def headline(summary: Dict[str, Any]) -> str:
    """What was explained, in a line."""
    units = summary['units']
    said = 'the sum of all units' if units is None else 'unit%s %s%s' % (
        's' if len(units) > 1 else '', ', '.join('/'.join(str(i) for i in one) if isinstance(one, list) else str(one)
                                                 for one in units[:10]), ', ...' if len(units) > 10 else '')
    return "%d sample%s of '%s': %s of '%s' (%s)" % (
        summary['samples'], '' if summary['samples'] == 1 else 's', os.path.basename(summary['input']), said,
        summary['layer'], summary['target'])


def written(summary: Dict[str, Any]) -> List[str]:
    """The line that names the files, if there are some."""
    return ['wrote %s' % ', '.join(summary['written'])] * bool(summary['written'])
