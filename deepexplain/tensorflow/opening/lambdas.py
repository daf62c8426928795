"""Lambda functions in the files of Keras models: the caller's own in the place of code that a file holds."""
import json
import os
import shutil
import tempfile
import zipfile
from contextlib import contextmanager
from typing import AbstractSet, Any, Dict, Iterator, List, Mapping, Optional, Tuple

from .source import OpenError

#: What Keras 2 writes for a function without a name.
NAMELESS = '<lambda>'


@contextmanager
def with_functions(path: str, custom_objects: Optional[Mapping[str, Any]]) -> Iterator[str]:
    """The path of a file, or of a copy in which functions of the caller's stand for the lambdas of layers.

    A function stands for that of the layer whose name it has in custom_objects, as '<lambda>' for all others.

    Raises:
        OpenError: a lambda is the activation of a layer, which no Keras can load, and there is no function for it.
    """
    config, is_zip, by_name = _config_of(path)
    if config is None:
        yield path
        return
    known = {name for name, one in (custom_objects or {}).items() if callable(one) and not isinstance(one, type)}
    changed, missing = _replaced(config, known, by_name)
    if missing:
        raise OpenError("open: '%s' has a lambda as the %s of the layer '%s', which Keras cannot load: give it, as in "
                        "custom_objects={'%s': function}." % (path, missing[1], missing[0], missing[0]))
    if not changed:
        yield path
        return
    folder = tempfile.mkdtemp()
    try:
        copy = os.path.join(folder, os.path.basename(path))
        (_write_zip if is_zip else _write_hdf5)(path, copy, json.dumps(config))
        yield copy
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _config_of(path: str) -> Tuple[Any, bool, bool]:
    """The configuration in a file that `read` has looked at, None where it cannot be read.

    Returns:
        The configuration, whether the file is a zip, and whether functions are written as their names alone.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return json.loads(archive.read('config.json').decode('utf-8')), True, False
        import h5py

        with h5py.File(path, 'r') as file:
            text, version = (_text(file.attrs[name]) for name in ('model_config', 'keras_version'))
            return json.loads(text), False, not version.startswith('3')
    except Exception:  # noqa: B902, `read` says what is wrong with it
        return None, False, False


def _text(value: Any) -> str:
    return value.decode('utf-8') if isinstance(value, bytes) else str(value)


def _replaced(config: Any, known: AbstractSet[str], by_name: bool) -> Tuple[bool, Optional[Tuple[str, str]]]:
    """Put functions in the place of lambdas: whether there were any, and the first activation that has none."""
    changed = False
    missing: Optional[Tuple[str, str]] = None
    waiting: List[Any] = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting.extend(value)
        if not isinstance(value, dict):
            continue
        inner = value.get('config')
        inner = inner if isinstance(inner, dict) else {}
        name = inner.get('name')
        for key, one in list(inner.items()) if isinstance(name, str) else ():
            if not _is_lambda(one) and not (key == 'function' and inner.get('function_type') == 'lambda'):
                continue
            function = name if name in known else NAMELESS if NAMELESS in known else None
            if function is not None:
                changed = True
                _put(inner, key, one, str(function), by_name)
            elif missing is None and (isinstance(one, str) or isinstance(one, dict) and 'class_name' not in one):
                missing = str(name), key.replace('_', ' ')
        waiting.extend(value.values())
    return changed, missing


def _is_lambda(value: Any) -> bool:
    if isinstance(value, dict):
        code = value.get('value')
        return value.get('class_name') == '__lambda__' or (
            list(value) == ['value'] and isinstance(code, list) and len(code) == 3 and isinstance(code[0], str))
    return isinstance(value, str) and value == NAMELESS


def _put(inner: Dict[str, Any], key: str, value: Any, function: str, by_name: bool) -> None:
    if 'function_type' in inner and key == 'function':
        inner.update(function=function, function_type='function')
    elif by_name or isinstance(value, str):
        inner[key] = function
    else:
        inner[key] = {'module': 'builtins', 'class_name': 'function', 'config': function,
                      'registered_name': 'function'}


def _write_zip(path: str, copy: str, config: str) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(copy, 'w') as new:
        for info in old.infolist():
            with old.open(info) as source, new.open(info.filename, 'w', force_zip64=True) as target:
                if info.filename == 'config.json':
                    target.write(config.encode('utf-8'))
                else:
                    shutil.copyfileobj(source, target)


def _write_hdf5(path: str, copy: str, config: str) -> None:
    import h5py

    shutil.copyfile(path, copy)
    with h5py.File(copy, 'r+') as file:
        file.attrs['model_config'] = config.encode('utf-8')
