"""The files of Keras models, read without Keras: what wrote them, and what loading them would do besides."""
import json
import os
import shutil
import tempfile
import zipfile
from typing import Any, List, Mapping, NamedTuple, Optional

from ...terminal import in_words
from .keras_code import code_in
from .source import OpenError

#: Bytes; models may be large, but what has been packed to a hundredth is no weights.
LARGE, RATIO = 1 << 28, 100

#: The most that a configuration may have, in bytes; those of the largest models have a few million.
LONGEST = 1 << 28


class KerasFile(NamedTuple):
    """What a file says of itself.

    Attributes:
        version: of the Keras that wrote it, or ''.
        unsafe: what loading it would do besides building a model, as the end of a sentence; None if nothing.
    """
    version: str
    unsafe: Optional[str]


def read(path: str, custom_objects: Optional[Mapping[str, Any]]) -> KerasFile:
    """A .keras or .h5 file, or one that is both: then as each."""
    found: List[KerasFile] = []
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                found.append(_of_zip(path, archive, custom_objects))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
            raise OpenError(f"open: the zip file '{path}' cannot be read: {error}.") from None
    if not found or _is_hdf5(path):
        found.append(_of_hdf5(path, custom_objects))
    return KerasFile(found[0].version, next((one.unsafe for one in found if one.unsafe), None))


def _is_hdf5(path: str) -> bool:
    try:
        import h5py
    except ImportError:
        return False  # Then no Keras reads it as such either.
    return bool(h5py.is_hdf5(path))


def _of_zip(path: str, archive: zipfile.ZipFile, custom_objects: Optional[Mapping[str, Any]]) -> KerasFile:
    names = archive.namelist()
    for name in ('metadata.json', 'config.json'):
        if name not in names:
            raise OpenError(f"open: '{path}' is a zip file but no Keras model: there is no {name} in it.")
    version = _parsed(path, 'metadata.json', _member(path, archive, 'metadata.json'))
    config = _parsed(path, 'config.json', _member(path, archive, 'config.json'))
    if isinstance(config, dict):
        # How the model was trained: nobody reads that here.
        config.pop('compile_config', None)
    unsafe = _unpacked(archive, os.path.getsize(path)) or code_in(config, custom_objects)
    for name in names:
        if name.endswith('.h5') and not unsafe:
            unsafe = _linked_in(archive, name)
    return KerasFile(str(version.get('keras_version', '')) if isinstance(version, dict) else '', unsafe)


def _member(path: str, archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise OpenError(f"open: '{path}' is no Keras model: its {name} has more than {LONGEST >> 20} MiB.")
    return content


def _parsed(path: str, name: str, content: Any) -> Any:
    try:
        return json.loads(content.decode('utf-8') if isinstance(content, bytes) else content)
    except (ValueError, RecursionError, TypeError) as error:
        raise OpenError(f"open: '{path}' is no Keras model: its {name} is no JSON ({type(error).__name__}).") from None


def _unpacked(archive: zipfile.ZipFile, held: int) -> Optional[str]:
    """What is wrong with the size or the place of what unpacks from a zip file."""
    members = archive.infolist()
    for one in members:
        if one.filename.startswith(('/', '\\')) or '..' in one.filename.replace('\\', '/').split('/'):
            return f"unpacks '{one.filename}', outside of the model"
    tight = sum(one.file_size for one in members if one.file_size > RATIO * one.compress_size)
    everything = sum(one.file_size for one in members)
    if tight > LARGE or everything > max(LARGE, RATIO * held):
        return 'has %s and unpacks to %s' % (in_words(held), in_words(everything))
    return None


def _of_hdf5(path: str, custom_objects: Optional[Mapping[str, Any]]) -> KerasFile:
    try:
        import h5py
    except ImportError:
        raise OpenError(f"open: '{path}' takes h5py to read: pip install h5py.") from None
    try:
        with h5py.File(path, 'r') as file:
            if 'model_config' not in file.attrs:
                raise OpenError("open: '%s' holds no model%s: save the whole model." % (
                    path, ' but weights alone' if 'layer_names' in file.attrs or len(file) else ''))
            config = _parsed(path, 'model_config', _text(file.attrs['model_config']))
            version = _text(file.attrs.get('keras_version', ''))
            return KerasFile(str(version), code_in(config, custom_objects) or _linked(file))
    except OSError:
        raise OpenError(f"open: '{path}' is neither a .keras file nor an HDF5 file.") from None
    except (RuntimeError, KeyError) as error:  # of HDF5
        raise OpenError(f"open: the HDF5 file '{path}' is damaged: {error}.") from None


def _text(value: Any) -> Any:
    return value.decode('utf-8', 'replace') if isinstance(value, bytes) else value


def _linked_in(archive: zipfile.ZipFile, name: str) -> Optional[str]:
    """See `_linked`, of a file in a zip file."""
    try:
        import h5py
    except ImportError:
        return None
    with tempfile.TemporaryFile() as unpacked:
        with archive.open(name) as member:
            file: Any = member
            if archive.getinfo(name).compress_type != zipfile.ZIP_STORED:
                shutil.copyfileobj(member, unpacked)
                file = unpacked
            try:
                with h5py.File(file, 'r') as opened:
                    return _linked(opened)
            except OSError:
                return None  # No HDF5: Keras says so.


def _linked(file: Any) -> Optional[str]:
    """Which other file an HDF5 file would have read in the place of weights; or how much larger it gets."""
    import h5py

    found: List[str] = []

    def link(name: Any, info: Any) -> Optional[bool]:
        if info.type not in (h5py.h5l.TYPE_HARD, h5py.h5l.TYPE_SOFT):
            found.append("reads another file in the place of '%s'" % _text(name))
        return True if found else None

    tight = 0

    def look(name: str, one: Any) -> Optional[bool]:
        nonlocal tight
        if isinstance(one, h5py.Dataset):
            if one.external or one.is_virtual:
                found.append(f"reads another file in the place of '{name}'")
            size = one.size * one.dtype.itemsize if one.size else 0
            tight += size if size > RATIO * one.id.get_storage_size() else 0
        return True if found else None

    file.id.links.visit(link, info=True)
    if not found:
        file.visititems(look)
    if tight > LARGE:
        found.append('holds arrays that unpack to %s' % in_words(tight))
    return found[0] if found else None
