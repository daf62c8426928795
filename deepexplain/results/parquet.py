"""A result as a table of Parquet: a row for each sample, columns as those of a job's results."""
import json
from typing import TYPE_CHECKING, Any, Dict, Mapping, Tuple

import numpy as np

from ..extras import needs
from ..terminal import visible
from .archive import check_method, plain_array
from .checking import listed

if TYPE_CHECKING:
    from .attributions import Attributions

#: Columns by what they are of a result; those of a job are the first four.
_ROWS = {'id': 'index', 'unit': 'units', 'score': 'scores', 'delta': 'delta', 'weights': 'weights'}


def columns_of(result: 'Attributions', metadata: Mapping[str, Any]) -> Tuple[Dict[str, np.ndarray], Dict[str, Any]]:
    """The columns and the metadata of a result; see `archive.save`."""
    if result.together:
        raise ValueError("a .parquet has a row for each sample, and with rows='together' there is one: save an .npz.")
    check_method(result.method)
    columns: Dict[str, np.ndarray] = {}
    for column, name in _ROWS.items():
        value = getattr(result, name)
        if value is not None:
            value = plain_array('names', value)
            columns[column] = np.moveaxis(value, 1, 0) if result.several and name in ('units', 'scores', 'delta') else (
                value)
    many, names = isinstance(result.attributions, list), list(result.input_names or [])
    for number, one in enumerate(listed(result.attributions)):
        columns['attributions' + ('/' + names[number] if many else '')] = np.moveaxis(one, 1, 0) if (
            result.several) else one
    more: Dict[str, Any] = {'features': result.feature_names, 'unit_names': result.unit_names}
    for key, value in (('xs', result.xs), ('baseline', result.baseline)):
        for number, one in enumerate(listed(value)):
            if one.dtype.kind not in 'fiub':
                raise ValueError(f'{key}: a .parquet holds samples of numbers, not of {one.dtype}: save an .npz.')
            called = key + ('/' + names[number] if isinstance(value, list) else '')
            if len(one) == result.n:
                columns[called] = one
            else:
                more[called] = {'dtype': one.dtype.str, 'values': one.tolist()}
    for name, one in columns.items():
        if one.dtype.kind not in ('fiubUM' if name == 'id' else 'fiubU') or one.dtype.kind == 'U' and one.ndim > 1:
            raise ValueError(f"'{name}' is of {one.dtype}, which a .parquet does not hold here: save an .npz.")
        if one.dtype.kind == 'f' and one.dtype.itemsize > 8 or 0 in one.shape[1:]:
            raise ValueError(f"'{name}' is of {one.dtype} and the shape {one.shape}, which a .parquet does not hold "
                             'here: save an .npz.')
    return columns, dict(metadata, parts=more)


def read(path: str) -> Tuple[Dict[str, np.ndarray], Dict[str, Any]]:
    """The arrays as an .npz has them, and the metadata.

    Raises:
        ValueError: it is no such file.
    """
    with needs('a .parquet', 'parquet'):
        import pyarrow as pa
    from .columns import read_parquet

    try:
        columns, text = read_parquet(path)
        metadata = json.loads(text)
        return _arrays(columns, metadata), metadata
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        said = visible(' '.join(str(error).split())).rstrip('.')
        raise ValueError(f"'{visible(path)}' is no file of results of deepexplain, or damaged: {said}.") from None


def _arrays(columns: Mapping[str, np.ndarray], metadata: Dict[str, Any]) -> Dict[str, np.ndarray]:
    if not isinstance(metadata['methods'], dict) or not metadata['methods']:
        raise ValueError('it names no method')
    method, several, more = next(iter(metadata['methods'])), metadata.get('several') is True, metadata['parts']
    found: Dict[str, np.ndarray] = {}
    called = {'id': 'names', 'unit': 'units', 'score': 'scores'}
    for name, one in columns.items():
        if one.dtype.hasobject:
            raise ValueError(f"'{name}' holds Python objects")
        key, slash, of = name.partition('/')
        if several and key in ('unit', 'score', 'delta', 'attributions'):
            one = np.moveaxis(one, 1, 0)
        if key == 'attributions':
            found[method + slash + of] = one
        elif key in ('delta', 'baseline'):
            found[f'{key}/{method}{slash}{of}'] = one
        else:
            found[called.get(name, name)] = one
    names = metadata.get('X') or []
    features = more.get('features')
    if features is not None and metadata.get('inputs'):
        found.update(('features/' + str(name), np.array(one, str)) for name, one in zip(names, features)
                     if one is not None)
    elif features is not None:
        found['features'] = np.array(features, str)
    if more.get('unit_names') is not None:
        found['unit_names'] = np.array(more['unit_names'], str)
    for name, one in more.items():
        key, slash, of = name.partition('/')
        if key in ('xs', 'baseline') and one is not None:
            array = np.array(one['values'], np.dtype(one['dtype']))
            if array.dtype.kind not in 'fiub':
                raise ValueError(f"'{name}' holds no numbers")
            found[(key if key == 'xs' else f'baseline/{method}') + slash + of] = array
    return found
