"""Graphs: those of models that live in one already, frozen ones, MetaGraphs with a checkpoint."""
import os
import re
from typing import Any, Callable, List, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from ..graph.loops import restore_loops
from ..graph.walks import ancestors_of
from .custom_gradients import keep_gradients
from .ends import ends_of, is_off, settle
from .safety import Guard, inside
from .source import Named, OpenError, Source, Weights, disown, flat_definition, new_session, reason

VARIABLES = ('VarHandleOp', 'VariableV2', 'Variable')


def from_live(session: tf.Session, inputs: Sequence[tf.Tensor], outputs: Sequence[tf.Tensor],
              layers: Sequence[Tuple[str, List[tf.Tensor]]], reload: Optional[Callable[[], None]] = None) -> Source:
    """A model in the graph of a session of ours."""
    names: Named = {tensor.op.name: [tensor] for tensor in inputs}
    names.update((name, list(tensors)) for name, tensors in layers)
    return Source(session, list(inputs), list(outputs), names, [name for name, _ in layers], reload=reload)


def copied(graph: tf.Graph, session: tf.Session, inputs: Sequence[tf.Tensor], outputs: Sequence[tf.Tensor],
           layers: Sequence[Tuple[str, List[tf.Tensor]]], config: Optional[tf.ConfigProto]) -> Source:
    """A model in somebody's graph, in a graph of its own: on variables that take their values from that session."""
    meta = tf.train.export_meta_graph(graph=graph, clear_devices=True)
    keep_gradients(ancestors_of(outputs, set()), meta.graph_def, {})
    own = _with_meta_graph(meta, config)
    try:
        with own.graph.as_default():
            own.run(tf.tables_initializer())
            weights = Weights(own, session)
            # Those too that a kept gradient alone reads.
            ends = [own.graph.get_tensor_by_name(tensor.name) for tensor in outputs]
            for op in ancestors_of(ends, set()):
                if op.type in VARIABLES:
                    _take(weights, graph.get_operation_by_name(op.name), op)
        weights.load()
    except Exception:
        own.close()
        raise

    def here(tensors: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        return [own.graph.get_tensor_by_name(tensor.name) for tensor in tensors if tensor.graph is graph]

    named = [(name, here(tensors)) for name, tensors in layers]
    return from_live(own, here(inputs), here(outputs), [pair for pair in named if pair[1]], weights.load)


def _take(weights: Weights, theirs: tf.Operation, ours: tf.Operation) -> None:
    """Let a variable of our graph take its value from the same one in another session."""
    if theirs.type != 'VarHandleOp':
        weights.reference(ours.outputs[0], theirs.outputs[0])
        return
    # Reads that wait for something, as those of moving averages for a training step, are not the present value.
    reads = [op for op in theirs.outputs[0].consumers() if op.type == 'ReadVariableOp' and not op.control_inputs]
    if not reads:
        raise OpenError(f"open: nothing in the graph reads the variable '{theirs.name}'.")
    weights.handle(ours.outputs[0], theirs.get_attr('dtype'), theirs.get_attr('shape'), reads[0].outputs[0])


def _with_meta_graph(meta: Any, config: Optional[tf.ConfigProto], saver: Optional[List[Any]] = None) -> tf.Session:
    """A session over a new graph, made from a MetaGraphDef."""
    for node in meta.graph_def.node:
        disown(node)
    for function in meta.graph_def.library.function:
        for node in function.node_def:
            disown(node)
    session = new_session(config, meta.graph_def)
    try:
        with session.graph.as_default():
            found = tf.train.import_meta_graph(meta, clear_devices=True)
        if saver is not None:
            saver.append(found)
    except Exception:
        session.close()
        raise
    return session


def from_graph_def(path: str, config: Optional[tf.ConfigProto], safe_mode: bool) -> Source:
    """A frozen GraphDef, a .pb or .pbtxt file."""
    definition = _parsed(path, tf.GraphDef())
    if not definition.node:
        raise OpenError(f"open: '{path}' is no frozen GraphDef: there are no nodes in it.")
    for node in definition.node:
        if node.op in VARIABLES:
            raise OpenError("open: '%s' is not frozen: it has variables ('%s'), whose values lie in a checkpoint; open "
                            'the MetaGraph (.meta) of that.' % (path, node.name))
    definition, moved = flat_definition(definition)
    settle(definition)
    guard = Guard(path, safe_mode)
    guard.examine(definition)
    session = new_session(config, definition)
    try:
        with session.graph.as_default():
            tf.import_graph_def(definition, name='')
            ends = ends_of(session.graph)  # What restores loops may add to them.
            restore_loops(session.graph.get_operations())
    except Exception as error:
        session.close()
        raise OpenError("open: TensorFlow %s cannot import '%s'. %s" % (
            tf.VERSION, path, reason(error))) from None
    return from_live(session, *ends, layers=())._replace(guard=guard, ordered=False)


def from_meta_graph(path: str, checkpoint: Optional[str], config: Optional[tf.ConfigProto], safe_mode: bool
                    ) -> Source:
    """A MetaGraph (.meta) with the checkpoint beside it, or another one."""
    meta = _parsed(path, tf.MetaGraphDef())
    if not meta.graph_def.node:
        raise OpenError(f"open: '{path}' is no MetaGraph: there are no nodes in it.")
    prefix = path[:-len('.meta')] if checkpoint is None else checkpoint
    if not _is_checkpoint(prefix):
        raise OpenError(f"open: there is no checkpoint '{prefix}' for the MetaGraph '{path}'; name one by checkpoint=.")
    guard = Guard(path, safe_mode)
    tables = meta.collection_def['table_initializer'].node_list.value if (
        'table_initializer' in meta.collection_def) else ()
    folder = os.path.dirname(os.path.abspath(path))
    guard.examine(meta.graph_def, meta.saver_def, list(tables), lambda one: inside(os.fsdecode(one), folder))
    signatures = dict(meta.signature_def)
    settle(meta.graph_def, signatures.values())
    savers: List[Any] = []
    try:
        session = _with_meta_graph(meta, config, savers)
    except Exception as error:
        raise OpenError("open: TensorFlow %s cannot import '%s'. %s" % (
            tf.VERSION, path, reason(error))) from None
    try:
        with session.graph.as_default():
            session.run(tf.tables_initializer())
            saver = savers[0] or tf.train.Saver()
            saver.restore(session, prefix)
    except Exception as error:
        session.close()
        raise OpenError("open: the checkpoint '%s' is damaged, or does not fit the MetaGraph '%s'. %s" % (
            prefix, path, reason(error))) from None
    if len(signatures) == 1:
        return from_signature(session, list(signatures.values())[0])._replace(guard=guard)
    return from_live(session, *ends_of(session.graph), layers=())._replace(guard=guard, ordered=False)


def _is_checkpoint(prefix: str) -> bool:
    try:
        return bool(tf.train.checkpoint_exists(prefix))
    except tf.errors.OpError:  # TensorFlow 1.15, where there is no such folder.
        return False


def from_signature(session: tf.Session, signature: Any) -> Source:
    """A model whose ends a SignatureDef names, without what switches training."""
    graph = session.graph
    ends: List[List[tf.Tensor]] = []
    names: Named = {}
    for infos in (signature.inputs, signature.outputs):
        ends.append([])
        for key in sorted(infos):
            if not infos[key].name:
                raise OpenError(f"open: '{key}' of the signature is no dense tensor.")
            tensor = graph.get_tensor_by_name(infos[key].name)
            names.setdefault(key, []).append(tensor)
            if infos is signature.outputs or not is_off(tensor, key):
                ends[-1].append(tensor)
    # Keys are in no order, but for those that TensorFlow makes up.
    ordered = all(re.match(r'output_\d+$', key) for key in signature.outputs)
    return Source(session, ends[0], ends[1], names, ordered=ordered)


def _parsed(path: str, message: Any) -> Any:
    """A protocol buffer from a file, binary or text."""
    from google.protobuf import text_format

    with open(path, 'rb') as file:
        content = file.read()
    try:
        message.ParseFromString(content)
        return message
    except Exception:  # noqa: B902, which one depends on the version of protobuf
        message.Clear()
    try:
        return text_format.Parse(content.decode('utf-8'), message)
    except (UnicodeDecodeError, text_format.ParseError):
        raise OpenError(f"open: '{path}' is no {type(message).__name__}, or is damaged.") from None
