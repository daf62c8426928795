"""The tables of `deepexplain evaluate`: a .json, which has curves as well, or a .csv."""
import csv
import io
import math
from typing import Any, Dict, List, Mapping

from .facts import name_of, noted, text_of, warnings_of

#: How a .csv of a table begins.
HEAD = ['method', 'measure', 'direction', 'mean', 'standard_error', 'rank', 'samples']

#: Cells of a table, at the most; and points of its curves.
_MOST = 20000


def is_json(content: Any) -> bool:
    """Whether what a .json holds is a table."""
    return isinstance(content, dict) and isinstance(content.get('table'), list) and 'measures' in content


def of_json(file: str, content: Mapping[str, Any]) -> Dict[str, Any]:
    """A table as a page has it.

    Raises:
        ValueError, TypeError, KeyError, AttributeError: it is none.
    """
    found = _table(file, content['table'])
    facts = [('samples', content.get('samples')), ('target', content.get('target'))] + noted(content, ('masks',))
    found.update(facts=[(name, text_of(value)) for name, value in facts if value is not None],
                 warnings=warnings_of(content), curves=_curves(content.get('curves') or {}))
    return found


def of_csv(file: str, text: str) -> Dict[str, Any]:
    """A table out of a .csv.

    Raises:
        ValueError: it is none.
    """
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error as error:
        raise ValueError(str(error)) from None
    if any(len(row) != len(HEAD) for row in rows):
        raise ValueError('a line has not %d fields' % len(HEAD))
    return _table(file, [dict(zip(HEAD, row[:3] + [float(one) for one in row[3:]])) for row in rows[1:]])


def _table(file: str, records: List[Mapping[str, Any]]) -> Dict[str, Any]:
    if not records or len(records) > _MOST:
        raise ValueError('it has %d lines' % len(records))
    methods = list(dict.fromkeys(str(one['method']) for one in records))
    measures = list(dict.fromkeys(str(one['measure']) for one in records))
    better = {str(one['measure']): str(one['direction']) for one in records}
    if any(str(one['direction']) != better[str(one['measure'])] for one in records):
        raise ValueError('a measure has two directions')
    if not set(better.values()) <= {'higher', 'lower'}:
        raise ValueError("a direction is neither 'higher' nor 'lower'")
    cells = {(str(one['method']), str(one['measure'])): [
        _number(one[name]) for name in ('mean', 'standard_error', 'rank', 'samples')] for one in records}
    if len(cells) < len(records):
        raise ValueError('it has two lines of one method and measure')
    return {'file': name_of(file), 'methods': list(map(name_of, methods)), 'measures': list(map(name_of, measures)),
            'better': [better[one] for one in measures], 'facts': [], 'warnings': [], 'curves': [],
            'cells': [[cells.get((method, measure)) for measure in measures] for method in methods]}


def _curves(curves: Mapping[str, Mapping[str, Any]]) -> List[Dict[str, Any]]:
    """By measure, the lines of methods."""
    found: Dict[str, List[Any]] = {}
    points = 0
    for method, own in curves.items():
        for measure, one in own.items():
            line = [[_number(value) for value in one[name]] for name in ('fractions', 'mean', 'standard_error')]
            points += len(line[0])
            if len({len(values) for values in line}) > 1 or points > _MOST:
                raise ValueError('its curves are none, or too long')
            found.setdefault(str(measure), []).append([name_of(method)] + line)
    return [{'measure': name_of(measure), 'lines': lines} for measure, lines in found.items()]


def _number(value: Any) -> Any:
    """A number as JSON has it: null where it is not known, a word where it is infinite."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError('it holds what is no number')
    return None if math.isnan(value) else str(value) if math.isinf(value) else value
