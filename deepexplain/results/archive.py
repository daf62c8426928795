"""Results in files: arrays and a text of JSON, as `deepexplain explain --out` writes them too.

An .npz holds, of each method (the command line writes several into one file), METHOD, and where they are there
delta/METHOD and baseline/METHOD; for all of them scores, units, weights, xs, names (of the samples), features,
unit_names and metadata, JSON. What there is for each of several inputs has /NAME behind it. A .parquet has a row for
each sample, with the columns of a job's results. Nothing in either is run as it is read.
"""
import json
import os
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

import numpy as np

from ..checks import shown
from ..extras import needs
from ..files import whole
from ..terminal import visible
from .checking import fitting, listed
from .origin import jsonable
from .reading import read
from .shards import SHARD

if TYPE_CHECKING:
    from .attributions import Attributions

#: What an .npz holds besides attributions, by the beginnings of their names.
_PARTS = ('scores', 'units', 'weights', 'xs', 'names', 'features', 'unit_names', 'delta', 'baseline', 'metadata',
          'rest', 'sentence', 'sentences', 'words')


def save(result: 'Attributions', path: Any) -> None:
    """Write a result into a file, whole or not at all.

    Args:
        path: a path that ends in .npz or, where pyarrow is installed, .parquet.

    Raises:
        ValueError: another ending; Python objects among the samples or labels; for .parquet also rows='together', or
            samples of strings.
        OSError: it cannot be written.
    """
    ending = os.path.splitext(os.fspath(path))[1].lower()
    if ending == '.npz':
        arrays: Dict[str, Any] = pack({result.method or 'attributions': result}, metadata_of(result))
        with whole([os.fspath(path)]) as files:
            np.savez(files[0], **arrays)
    elif ending == '.parquet':
        from .parquet import columns_of
        with needs('a .parquet', 'parquet'):
            import pyarrow  # noqa: F401
        from .columns import write_parquet
        columns, metadata = columns_of(result, metadata_of(result))
        with whole([os.fspath(path)]) as files:
            write_parquet(files[0], columns, as_json(metadata))
    else:
        raise ValueError(f'path must end in .npz or .parquet, not {shown(os.fspath(path))}.')


def load(path: Any, method: Optional[str] = None, rows: Optional[slice] = None, partial: bool = False,
         max_bytes: Optional[int] = None) -> 'Attributions':
    """A result out of a file of `save` or of `deepexplain explain --out`, or out of the folder of a job's results.

    Of a folder there are no xs, and no baseline; its index are the ids. Each file's checksum is compared.

    Args:
        path: the path of the file, an .npz or a .parquet, or of the folder.
        method: the name of the one that is wanted, where there are several.
        rows: of a folder, a slice of the job's rows: only the shards that hold these are read. Default None: all.
        partial: of a folder, whether results of which some are missing will do. Default False.
        max_bytes: of a folder, how much memory its results may take, an int. Default None: 2 GiB.

    Returns:
        An `Attributions`, as it was saved.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file or folder, or damaged, in one sentence; it holds several methods, or another one;
            it takes more memory.
    """
    path = os.fspath(path)
    try:
        if os.path.isdir(path):
            from .jobs import of_folder
            return of_folder(path, method, rows, partial, max_bytes)
    except (TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise ValueError(_unreadable(path, error)) from None
    if rows is not None or partial is not False or max_bytes is not None:
        raise ValueError(f"rows, partial and max_bytes go with the folder of a job, and '{visible(path)}' is none.")
    if not os.path.isfile(path):
        raise FileNotFoundError(f"path: there is no file '{visible(path)}'.")
    if SHARD.match(os.path.basename(path)):
        raise ValueError(f"'{visible(path)}' is one of the files of a job's results: load their folder.")
    arrays, metadata = read(path)
    return unpacked(path, arrays, metadata, method)


def unpacked(path: str, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any], method: Optional[str]
             ) -> 'Attributions':
    """The result of a method out of what `read` found; ValueError names the file."""
    try:
        return unpack(arrays, metadata, method)
    except (TypeError, KeyError, AttributeError, IndexError, ValueError, OverflowError) as error:
        raise ValueError(_unreadable(path, error)) from None


def metadata_of(result: 'Attributions') -> Dict[str, Any]:
    """What the file of a result says besides arrays."""
    many = isinstance(result.attributions, list)
    shapes = [list(one.shape) for one in listed(result.attributions)]
    method: Dict[str, Any] = {'options': result.options, 'shape': shapes if many else shapes[0]}
    return {'deepexplain': (result.versions or {}).get('deepexplain'), 'model': result.model, 'target': result.target,
            'X': result.input_names, 'samples': result.n, 'methods': {result.method or 'attributions': method},
            'several': result.several, 'together': result.together, 'inputs': len(shapes) if many else None,
            'versions': result.versions}


def pack(results: Mapping[str, 'Attributions'], metadata: Mapping[str, Any]) -> Dict[str, np.ndarray]:
    """The arrays of an .npz, nothing of them a Python object: results of the same samples and target by their methods.
    """
    arrays: Dict[str, np.ndarray] = {}
    for name, one in results.items():
        check_method(name)
        _put(arrays, name, one.attributions, one.input_names)
        if one.delta is not None:
            arrays['delta/' + name] = np.asarray(one.delta)
        if one.baseline is not None:
            _put(arrays, 'baseline/' + name, one.baseline, one.input_names)
    first = next(iter(results.values()))
    for key, value in (('scores', first.scores), ('units', first.units), ('weights', first.weights),
                       ('names', first.index), ('unit_names', first.unit_names)):
        if value is not None:
            arrays[key] = plain_array(key, value)
    if first.xs is not None:
        _put(arrays, 'xs', first.xs, first.input_names)
    if first.feature_names is not None:
        named = isinstance(first.attributions, list)
        for name, names in zip(list(first.input_names or []) if named else [''],
                               first.feature_names if named else [first.feature_names]):
            if names is not None:
                arrays['features' + ('/' + name if name else '')] = np.array(names, str)
    arrays['metadata'] = np.array(as_json(metadata))
    return arrays


def unpack(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any], method: Optional[str]) -> 'Attributions':
    """The result of a method out of what `pack` made.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    from .attributions import Attributions

    methods = metadata['methods']
    if 'sentence' in arrays and 'words' in arrays:
        raise ValueError('it has the words of sentences, one after another, which numpy.load reads')
    if not isinstance(methods, dict) or not methods:
        raise ValueError('it names no method')
    if method is None and len(methods) > 1:
        raise ValueError('it has %s: method= chooses one' % ' and '.join(map(repr, methods)))
    name = next(iter(methods)) if method is None else method
    if name not in methods:
        raise ValueError('it has no %r, but %s' % (name, ' and '.join(map(repr, methods))))
    inputs = _strings(metadata.get('X'))
    of_method = methods[name] if isinstance(methods[name], dict) else {}
    found = _take(arrays, name, inputs)
    if found is None:
        raise ValueError(f'it has no attributions of {name!r}')
    many = isinstance(found, list)
    features: Any = [_names(arrays.get('features/' + one)) for one in inputs or []] if many else _names(
        arrays.get('features'))
    if of_method.get('named') is False:  # Groups, say.
        features = None
    options = of_method.get('options')
    versions = metadata.get('versions')
    return Attributions(
        found, _take(arrays, 'xs', inputs), method='' if name == 'attributions' else name, scores=arrays.get('scores'),
        delta=arrays.get('delta/' + name), units=arrays.get('units'), weights=arrays.get('weights'),
        baseline=_take(arrays, 'baseline/' + name, inputs), input_names=inputs, index=arrays.get('names'),
        feature_names=fitting(features, found), unit_names=_names(arrays.get('unit_names')),
        options=options if isinstance(options, dict) else {}, target=_text(metadata.get('target')),
        model=_text(metadata.get('model')), versions=versions if isinstance(versions, dict) else {},
        several=metadata.get('several') is True, together=metadata.get('together') is True)


def as_json(value: Any) -> str:
    """JSON, with null for numbers that are none: JSON has no nan."""
    return json.dumps(jsonable(value))


def check_method(name: str) -> None:
    """ValueError for a method that is called as another part of a file, which would take its place."""
    if name.partition('/')[0] in _PARTS:
        raise ValueError(f'method must not be called as another part of a file is, not {shown(name)}.')


def plain_array(name: str, value: Any) -> np.ndarray:
    """An array that numpy writes without Python objects: those of strings, or of bytes, as such.

    Raises:
        ValueError: there are other objects.
    """
    array = np.asarray(value)
    if array.dtype.kind != 'O':
        return array
    objects = array.ravel().tolist()
    if all(isinstance(one, bytes) for one in objects) and not any(one.endswith(b'\0') for one in objects):
        return array.astype('S') if objects else array.astype('S1')
    if name == 'names':
        return np.array([str(one) for one in objects], str).reshape(array.shape)
    if all(isinstance(one, str) for one in objects):
        return array.astype(str)
    raise ValueError(f'{name} must be of numbers, strings or bytes to be saved, not of {type(objects[0]).__name__}.')


def _put(arrays: Dict[str, np.ndarray], key: str, value: Any, names: Any) -> None:
    if isinstance(value, list):
        arrays.update((f'{key}/{name}', plain_array(key, one)) for name, one in zip(names, value))
    else:
        arrays[key] = plain_array(key, value)


def _take(arrays: Mapping[str, np.ndarray], key: str, names: Optional[List[str]]) -> Any:
    """The array of a key, or those of all inputs."""
    if key in arrays:
        return arrays[key]
    found = [arrays.get(f'{key}/{name}') for name in names or []]
    if not found or all(one is None for one in found):
        return None
    if any(one is None for one in found):
        raise ValueError(f"it has no '{key}' of some inputs")
    return found


def _unreadable(path: str, error: Exception) -> str:
    said = str(error.args[0] if isinstance(error, KeyError) and error.args else error)
    return "'%s' holds no result of deepexplain that can be read: %s." % (visible(path), visible(said).rstrip('.'))


def _strings(value: Any) -> Optional[List[str]]:
    return [str(one) for one in value] if isinstance(value, list) else None


def _text(value: Any) -> Optional[str]:
    return value if isinstance(value, str) else None


def _names(value: Optional[np.ndarray]) -> Optional[List[str]]:
    if value is not None and (value.dtype.kind != 'U' or value.ndim != 1):
        raise ValueError('its names are none')
    return None if value is None else value.tolist()
