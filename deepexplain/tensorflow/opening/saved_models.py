"""SavedModels of TensorFlow 1 and 2."""
import os
import re
from typing import Any, Dict, Iterable, List, Optional, Sequence

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.functions import is_call
from ..graph.path import Path
from ..graph.replica import Replica
from ..messages import close_to
from .ends import settle
from .graphs import from_signature
from .safety import Guard, inside
from .source import OpenError, Source, new_session, reason

#: The signature of what loading runs, beside two collections.
INIT_OP = '__saved_model_init_op'


def from_folder(folder: str, signature: Optional[str], tags: Optional[Sequence[str]], config: Optional[tf.ConfigProto],
                safe_mode: bool) -> Source:
    """One signature of a SavedModel."""
    try:
        loader = compat.saved_model_loader(folder)
    except (OSError, ValueError):
        raise OpenError("open: the SavedModel '%s' is damaged: its %s cannot be read." % (
            folder, _file(folder))) from None
    if not loader.saved_model.meta_graphs:
        raise OpenError("open: the SavedModel '%s' is damaged: there is no graph in its %s." % (folder, _file(folder)))
    chosen = _tags(folder, [list(meta.meta_info_def.tags) for meta in loader.saved_model.meta_graphs], tags)
    guard = _examined(loader, chosen, folder, safe_mode)
    session = new_session(config, next(meta.graph_def for meta in loader.saved_model.meta_graphs
                                       if set(meta.meta_info_def.tags) == set(chosen)))
    try:
        with session.graph.as_default():
            meta = loader.load(session, chosen)
        source = from_signature(session, _signature(folder, meta, signature))._replace(guard=guard)
        guard.check(source.outputs, source.inputs)
        return _inlined(source)
    except OpenError:
        session.close()
        raise
    except Exception as error:
        session.close()
        if isinstance(error, (tf.errors.DataLossError, tf.errors.OutOfRangeError)) or any(
                word in str(error) for word in ('/variables;', '/variables/variables')):
            raise OpenError("open: the SavedModel '%s' is damaged: the weights in its folder variables cannot be read. "
                            '%s' % (folder, reason(error))) from None
        raise OpenError("open: TensorFlow %s cannot load the SavedModel '%s'. %s" % (
            tf.VERSION, folder, reason(error))) from None


def _examined(loader: Any, tags: Sequence[str], folder: str, safe_mode: bool) -> Guard:
    """See that loading one of a SavedModel's graphs does nothing besides, and that nobody runs what would."""
    meta = next(one for one in loader.saved_model.meta_graphs if set(one.meta_info_def.tags) == set(tags))
    guard = Guard(folder, safe_mode)
    settle(meta.graph_def, meta.signature_def.values())
    paths = {name.split(':')[0]: path for name, path in compat.saved_model_assets(folder, meta).items()}
    assets = {}
    for node in meta.graph_def.node:
        if node.name in paths and node.op in ('Const', 'Placeholder'):
            assets[node.name] = paths[node.name]
            if guard.safe_mode and node.op == 'Const':
                # Loading feeds these; whatever else reads them shall find the same.
                node.attr['value'].tensor.string_val[:] = [paths[node.name]]
    first: List[str] = []
    if INIT_OP in meta.signature_def:
        first += [info.name for info in meta.signature_def[INIT_OP].outputs.values()]
    for key in ('saved_model_main_op', 'legacy_init_op'):
        first += meta.collection_def[key].node_list.value if key in meta.collection_def else []
    guard.examine(meta.graph_def, meta.saver_def, first, lambda path: inside(os.fsdecode(path), folder), assets)
    return guard


def _file(folder: str) -> str:
    """The file of a SavedModel that TensorFlow reads first."""
    return next(name for name in ('saved_model.pb', 'saved_model.pbtxt') if os.path.exists(os.path.join(folder, name)))


def _tags(folder: str, known: Sequence[Sequence[str]], tags: Optional[Sequence[str]]) -> List[str]:
    """The tags of one of the graphs in a SavedModel: the wanted ones, those for serving, or the only ones."""
    if tags is not None:
        wanted = [tags] if isinstance(tags, str) else list(tags)
        if set(wanted) not in [set(one) for one in known]:
            raise OpenError("open: the SavedModel '%s' has no graph with the tags %s, but %s." % (
                folder, wanted, ' and '.join(str(one) for one in known)))
        return wanted
    if len(known) == 1:
        return list(known[0])
    if ['serve'] in [list(one) for one in known]:
        return ['serve']
    raise OpenError("open: the SavedModel '%s' has several graphs, name one by its tags: %s." % (
        folder, ' or '.join('tags=%s' % one for one in known)))


def _signature(folder: str, meta: Any, name: Optional[str]) -> Any:
    """The wanted signature, the default one, or the only one."""
    known = {key: one for key, one in meta.signature_def.items() if not key.startswith('__')}
    if name is not None and name not in known:
        raise OpenError("open: the SavedModel '%s' has no signature '%s', but %s.%s" % (
            folder, name, _listed(known), close_to(name, known)))
    if name is None:
        name = 'serving_default' if 'serving_default' in known else list(known)[0] if len(known) == 1 else None
    if name is not None:
        return known[name]
    if not known:
        raise OpenError("open: the SavedModel '%s' has no signatures: load it by tf.saved_model.load and open one of "
                        'its functions.' % folder)
    raise OpenError("open: the SavedModel '%s' has several signatures, name one by signature=: %s." % (
        folder, _listed(known)))


def _listed(names: Iterable[str]) -> str:
    return ', '.join(f"'{name}'" for name in sorted(names)) or 'none'


def _inlined(source: Source) -> Source:
    """The same with the ops of the functions that it calls in the place of the calls, so that they can be named."""
    graph = source.session.graph
    library = compat.library_of(graph)
    with graph.as_default():
        joined = tf.raw_ops.IdentityN(input=source.outputs)[0]
        path = Path(source.inputs, joined)
        if not any(is_call(op.type, library) for op in path.ops):
            return source
        ops = [op for op in path.with_loops() if op is not joined.op]
        replica = Replica(ops)
    names = {key: [replica.tensor(tensor) for tensor in tensors] for key, tensors in source.names.items()}
    return source._replace(outputs=[replica.tensor(tensor) for tensor in source.outputs], names=names,
                           shown=_short_names(graph, replica.scope))


def _short_names(graph: tf.Graph, scope: str) -> Dict[str, str]:
    """What the inlined ops are called in the function that they come from, where that is said of one alone."""
    short: Dict[str, List[str]] = {}
    for op in graph.get_operations():
        if op.name.startswith(scope):
            parts = [part for part in op.name[len(scope):].split('/')
                     if part != 'inlined' and not re.match('(Stateful)?PartitionedCall(_[0-9]+)?$', part)]
            short.setdefault('/'.join(parts), []).append(op.name)
    return {names[0]: name for name, names in short.items() if name and len(names) == 1}
