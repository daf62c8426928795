"""What files hold, as hashes: of models all of it, of data as much as can be read at once of any number of rows."""
import hashlib
import json
import os
from typing import Any, Dict, List, Mapping, Sequence

from .data import DataError

#: How much of one file of data is read, in blocks of `_BLOCK` spread over it evenly, and of how many files; and how
#: much all of them may hold, and how many they may be, to be read whole.
_MOST, _BLOCK, _FILES = 1 << 24, 1 << 18, 256
_ALL, _ALL_FILES = 1 << 30, 4096

#: The files that make a folder a SavedModel.
_SAVED = ('saved_model.pb', 'saved_model.pbtxt')


def model_digest(path: str, opening: Mapping[str, Any]) -> str:
    """The hash of all that the files of a model hold, wherever they lie."""
    digest = hashlib.sha256()
    base = os.path.dirname(path) if os.path.basename(path) in _SAVED else path
    for file in _model_files(path, opening.get('checkpoint')):
        # In a folder names count, where one file may be called anything.
        name = os.path.relpath(file, base) if file.startswith(base + os.sep) else os.path.splitext(file)[1]
        digest.update(_named(name, os.path.getsize(file)))
        with open(file, 'rb') as opened:
            _update(digest, opened)
    return digest.hexdigest()


def _update(digest: Any, opened: Any) -> None:
    for block in iter(lambda: opened.read(1 << 20), b''):
        digest.update(block)


def _model_files(path: str, checkpoint: Any) -> List[str]:
    """The files of a model; of a folder of checkpoints those of the newest, beside which others come and go."""
    if os.path.basename(path) in _SAVED:
        path = os.path.dirname(path)
    found: List[str] = []
    if os.path.isdir(path) and not any(os.path.exists(os.path.join(path, name)) for name in _SAVED):
        import tensorflow.compat.v1 as tf
        found += _beginning(tf.train.latest_checkpoint(path))
    elif os.path.isdir(path):
        found += [os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names]
    elif not os.path.exists(path):
        found += _beginning(path)
    else:
        found.append(path)
        if path.endswith('.meta') and not checkpoint:
            found += [one for one in _beginning(path[:-len('.meta')]) if one != path]
    return sorted(found + (_beginning(checkpoint) if checkpoint else []))


def _beginning(prefix: Any) -> List[str]:
    """The files of a checkpoint."""
    folder = os.path.dirname(prefix or '') or '.'
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder))
            if prefix and name.startswith(os.path.basename(prefix) + '.')]


def data_digest(path: str, files: Sequence[str]) -> str:
    """A hash that tells data from others: of all files' names and sizes, and of their content.

    All is read of 1 GiB, in 4096 files at most. Of more than that, all of a small file is read, of a larger one 64
    blocks spread from its beginning to its end, 16 MiB in all; of more than 256 files so many, spread evenly. Times do
    not count: copying changes them, and rewriting may not.
    """
    digest = hashlib.sha256()
    base = path if os.path.isdir(path) else os.path.dirname(path)
    try:
        sizes = [os.path.getsize(file) for file in files]
        whole = len(files) <= _ALL_FILES and sum(sizes) <= _ALL
        step = 1 if whole else max(1, -(-len(files) // _FILES))
        for number, (file, size) in enumerate(zip(files, sizes)):
            # Of one file its name does not count: it may be moved.
            digest.update(_named(os.path.relpath(file, base) if len(files) > 1 else '', size))
            if number % step == 0:
                _sample(digest, file, size, size if whole else _MOST)
    except OSError as error:
        raise DataError(f'data: {error}.') from None
    return digest.hexdigest()


def _sample(digest: Any, file: str, size: int, most: int) -> None:
    blocks = max(1, -(-min(size, most) // _BLOCK))
    with open(file, 'rb') as opened:
        if size <= most:
            _update(digest, opened)
            return
        for block in range(blocks):
            opened.seek((size - _BLOCK) * block // (blocks - 1))
            digest.update(opened.read(_BLOCK))


def _named(name: str, size: int) -> bytes:
    return f'{name.replace(os.sep, "/")}\0{size}\0'.encode('utf-8', 'surrogateescape')


def differences(mine: Mapping[str, Any], theirs: Mapping[str, Any], before: str = '') -> Dict[str, List[Any]]:
    """Where two identities differ: the field, and its value in either."""
    found: Dict[str, List[Any]] = {}
    for name in sorted(set(mine) | set(theirs)):
        one, other = mine.get(name), theirs.get(name)
        if isinstance(one, dict) and isinstance(other, dict) and 'sha256' not in one:
            found.update(differences(one, other, f'{before}{name}.'))
        elif json.dumps(one) != json.dumps(other):  # In which nan is nan.
            found[before + name] = [one, other]
    return found
