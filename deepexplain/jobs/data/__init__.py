"""Samples by range, never all in memory: a file for each kind of source, and one table of them.

A source knows files and arrays, and nothing of models but how they take pictures.
"""
import importlib
import os
from typing import Dict, List

from ...samples.pictures import PICTURES
from .source import DataError, First, Reading, Source, reading_of

__all__ = ['ENDINGS', 'DataError', 'First', 'Reading', 'Source', 'files_of', 'open_source', 'reading_of']

#: The ending of a file -> the module of this folder that opens it, by its function `opened(path, reading)`.
ENDINGS: Dict[str, str] = {
    '.npy': 'npy', '.npz': 'npz', '.csv': 'table', '.parquet': 'parquet', '.pq': 'parquet', '.arrow': 'ipc',
    '.feather': 'ipc', '.tfrecord': 'records', '.tfrecords': 'records'}


def open_source(path: str, reading: Reading) -> Source:
    """The rows of a file, or of a folder of files of one kind.

    Raises:
        DataError: there is none, or of no known kind; with what was expected.
    """
    names = _names(path)
    if path_is_picture(names[0]):
        return _pictures(path, names, reading)
    if not os.path.isdir(path):
        return _opened(path, reading)
    from .parts import Parts
    return Parts([os.path.join(path, name) for name in names], lambda one: _opened(one, reading))


def files_of(path: str) -> List[str]:
    """The files that data are made of, in order; as `open_source`."""
    return [os.path.join(path, name) for name in _names(path)] if os.path.isdir(path) else [path]


def path_is_picture(path: str) -> bool:
    """Whether a file is a picture, by its name."""
    return path.lower().endswith(PICTURES)


def _names(path: str) -> List[str]:
    """The file, or those of a folder, which are of one kind, as paths from there."""
    if not os.path.exists(path):
        raise DataError(f"data: there is no file or folder '{path}'.")
    if not os.path.isdir(path):
        return [os.path.basename(path)]
    names = _inside(path)
    pictures = [name for name in names if path_is_picture(name)]
    files = [name for name in names if _module(name)]
    if pictures and files:
        raise DataError("data: the folder '%s' holds pictures ('%s') and other data ('%s'): one kind is expected." % (
            path, pictures[0], files[0]))
    if pictures:
        return pictures
    if not files:
        raise DataError("data: the folder '%s' holds nothing that can be read: expected files %s, or pictures (%s)." % (
            path, ' '.join(ENDINGS), ' '.join(PICTURES)))
    for name in files:
        if _module(name) != _module(files[0]):
            raise DataError("data: the folder '%s' holds files of several kinds ('%s', '%s'): one is expected." % (
                path, files[0], name))
    return files


def _opened(path: str, reading: Reading) -> Source:
    module = _module(path)
    for name in ('resize', 'scale', 'columns'):
        wrong = name != 'columns' or module == 'npy'
        if wrong and module and getattr(reading, name) is not None:
            raise DataError("data: %s is for %s, and not for '%s'." % (
                name, 'data of columns' if name == 'columns' else 'pictures', path))
    if not module:
        raise DataError("data: '%s' is of no known kind: expected %s, a picture (%s), or a folder of one of these." % (
            path, ' '.join(ENDINGS), ' '.join(PICTURES)))
    return importlib.import_module('.' + module, __name__).opened(path, reading)


def _pictures(path: str, names: List[str], reading: Reading) -> Source:
    from .pictures import Pictures
    if reading.columns is not None:
        raise DataError("data: columns is for data of columns, and not for the pictures of '%s'." % path)
    return Pictures(path, names, reading)


def _module(path: str) -> str:
    """The module for a file, '' for none; files of records may be called train.tfrecord-00000-of-00010."""
    name = os.path.basename(path).lower()
    ending = os.path.splitext(name)[1]
    return ENDINGS.get(ending, 'records' if '.tfrecord-' in name else '')


def _inside(path: str) -> List[str]:
    """The files in a folder and those in it, as paths from there, sorted; hidden ones and _SUCCESS are none."""
    found = []
    for folder, folders, names in os.walk(path):
        folders[:] = [name for name in folders if not name.startswith(('.', '_'))]
        found += [os.path.relpath(os.path.join(folder, name), path) for name in names
                  if not name.startswith(('.', '_'))]
    return sorted(found)
