"""Models of every kind as graphs: what `DeepExplain.open` does, a file for each kind of source.

Knows files and Keras, and nothing of attributions; imports `graph`, `runs` and `context`, and no room imports it.
"""
import os
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from .ends import ends_of, refuse_endless
from .functions import concrete, from_concrete
from .graphs import from_graph_def, from_meta_graph
from .keras_models import from_file, from_keras, is_keras_model
from .model import OpenedModel
from .naming import Layer, Names
from .options import check_options
from .saved_models import from_folder
from .source import OpenError, Source

__all__ = ['Layer', 'OpenedModel', 'opened']

#: A function that opens a source, and the names of the options that it takes besides config.
Opener = Tuple[Callable[..., Source], Sequence[str]]

#: The files that make a folder a SavedModel.
_SAVED = ('saved_model.pb', 'saved_model.pbtxt')


def opened(source: Any, options: Mapping[str, Any], inputs: Optional[Sequence[str]], outputs: Optional[Sequence[str]]
           ) -> OpenedModel:
    """See `DeepExplain.open`.

    Args:
        options: the others, None where they are not given.
    """
    check_options(dict(options, inputs=inputs, outputs=outputs))
    safe_mode = options['safe_mode']
    what, (opener, takes) = _recognised(source)
    more: Dict[str, Any] = {name: options.get(name) for name in takes}
    if isinstance(source, (str, os.PathLike)):
        source, more['safe_mode'] = os.fspath(source), safe_mode
    elif not safe_mode:
        raise TypeError(f'open: {what} does not take safe_mode, which is for files: its code is in this process.')
    for name, value in options.items():
        if value is not None and name not in more and name not in ('config', 'safe_mode'):
            raise TypeError('open: %s does not take %s%s.' % (
                what, name, ', but ' + ' and '.join(takes) if takes else ''))
    found = opener(source, config=options.get('config'), **more)
    try:
        names = Names(found)
        if inputs is not None:
            found = found._replace(inputs=_tensors(names, inputs))
        if outputs is not None:
            found = found._replace(outputs=_tensors(names, outputs), ordered=True)
        elif found.inputs and not found.outputs:
            found = found._replace(outputs=ends_of(found.session.graph, found.inputs)[1])
        if not found.inputs and not found.outputs and isinstance(source, str):
            refuse_endless(found.session.graph, source)
        if found.guard is not None:
            found.guard.check(found.outputs, found.inputs)
        return OpenedModel(found, _name_of(source))
    except Exception:
        found.session.close()
        raise


def _name_of(source: Any) -> Optional[str]:
    """The path of a model, or what it is called in this process."""
    if isinstance(source, str):
        return os.path.abspath(source)
    name = getattr(source, 'name', None) or getattr(source, '__name__', None)
    return name if isinstance(name, str) else None


def _tensors(names: Names, wanted: Sequence[str]) -> List[tf.Tensor]:
    return [names.tensor(name) for name in ([wanted] if isinstance(wanted, str) else wanted)]


def _recognised(source: Any) -> Tuple[str, Opener]:
    """What a source is, in words, and how it is opened."""
    if isinstance(source, (str, os.PathLike)):
        return _recognised_path(os.fspath(source))
    if is_keras_model(source):
        return 'a Keras model', (from_keras, ['input_signature'])
    if hasattr(source, 'get_concrete_function') or hasattr(source, 'structured_input_signature'):
        return 'a function', (_from_function, ['input_signature'])
    if isinstance(source, (tf.Session, tf.Graph)):
        raise TypeError(f'open: a {type(source).__name__} needs no opening: DeepExplain(session=your_session).')
    if isinstance(source, tf.Module):
        raise TypeError("open: a %s has no graph of its own: open one of its tf.functions or, of a SavedModel that was "
                        "loaded, one of its signatures ['serving_default'], or the folder." % type(source).__name__)
    raise TypeError('open: expected a Keras model, a tf.function or ConcreteFunction, or the path of a .keras or .h5 '
                    f'file, a SavedModel, a frozen GraphDef or a MetaGraph, got {type(source).__name__}%s.' % (
                        ': wrap it in tf.function, as in open(tf.function(f), input_signature=[tf.TensorSpec([None, 4],'
                        ' tf.float32)])' if callable(source) and not isinstance(source, type) else ''))


def _from_function(function: Any, config: Any, input_signature: Optional[Sequence[Any]]) -> Source:
    return from_concrete(concrete(function, input_signature), config)


def _recognised_path(path: str) -> Tuple[str, Opener]:
    if os.path.isdir(path):
        return _recognised_folder(path)
    if not os.path.exists(path):
        if os.path.exists(path + '.meta'):
            return 'a checkpoint', (_from_checkpoint, ['checkpoint'])
        raise OpenError(f"open: there is no file or folder '{path}'.")
    ending = os.path.splitext(path)[1].lower()
    if os.path.basename(path) in _SAVED:
        return 'a SavedModel', (_from_its_file, ['signature', 'tags'])
    found: Dict[str, Tuple[str, Opener]] = {
        '.pb': ('a frozen GraphDef', (from_graph_def, [])), '.meta': ('a MetaGraph', (from_meta_graph, ['checkpoint'])),
        '.keras': ('a Keras file', (from_file, ['custom_objects']))}
    found.update({'.pbtxt': found['.pb'], '.h5': found['.keras'], '.hdf5': found['.keras']})
    if ending in found:
        return found[ending]
    with open(path, 'rb') as file:
        start = file.read(8)
    if start == b'\x89HDF\r\n\x1a\n' or start[:4] == b'PK\x03\x04':
        return found['.keras']
    raise OpenError(f"open: '{path}' is of no known kind: expected a .keras or .h5 file, the folder of a SavedModel, a "
                    'frozen GraphDef (.pb) or a MetaGraph (.meta).')


def _recognised_folder(folder: str) -> Tuple[str, Opener]:
    if any(os.path.exists(os.path.join(folder, name)) for name in _SAVED):
        return 'a SavedModel', (from_folder, ['signature', 'tags'])
    latest = tf.train.latest_checkpoint(folder)
    if latest is not None and os.path.exists(latest + '.meta'):
        return 'a folder of checkpoints', (_from_latest, ['checkpoint'])
    raise OpenError("open: the folder '%s' is no SavedModel, as it has no saved_model.pb, and no folder of checkpoints "
                    'with a MetaGraph (.meta).%s' % (folder, _exported(folder) or _of_transformers(folder)))


def _of_transformers(folder: str) -> str:
    """What to do with a folder of weights that transformers alone can read."""
    if not os.path.exists(os.path.join(folder, 'config.json')):
        return ''
    return (' It looks like what save_pretrained of transformers writes: open the model itself, or save it with '
            'saved_model=True and open the SavedModel.')


def _exported(folder: str) -> str:
    """Which SavedModel inside of a folder is the newest, as exporters name them by the time or the version."""
    inside = [name for name in os.listdir(folder) if name.isdigit() and any(
        os.path.exists(os.path.join(folder, name, file)) for file in _SAVED)]
    newest = max(inside, key=int, default=None)
    return '' if newest is None else " There is a SavedModel inside, open '%s'%s." % (
        os.path.join(folder, newest), f', the newest of {len(inside)}' if len(inside) > 1 else '')


def _from_its_file(path: str, **options: Any) -> Source:
    return from_folder(os.path.dirname(path) or '.', **options)


def _from_checkpoint(path: str, **options: Any) -> Source:
    return from_meta_graph(path + '.meta', **options)


def _from_latest(folder: str, **options: Any) -> Source:
    return _from_checkpoint(tf.train.latest_checkpoint(folder), **options)
