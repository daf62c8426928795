"""Functions of eager TensorFlow: tf.function and ConcreteFunction."""
from typing import Any, Callable, List, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from .source import Named, OpenError, Source, Weights, flat_definition, new_session


def concrete(function: Any, input_signature: Optional[Sequence[Any]]) -> Any:
    """The ConcreteFunction of a tf.function, or the one that is given."""
    if not hasattr(function, 'get_concrete_function'):
        if input_signature is not None:
            raise TypeError('open: input_signature is for functions that are not traced yet, and this is a '
                            'ConcreteFunction.')
        return function
    if input_signature is None and getattr(function, 'input_signature', None) is None:
        raise OpenError('open: the tf.function has no input_signature: give one, as in open(function, '
                        'input_signature=[tf.TensorSpec([None, 4], tf.float32)]), or open '
                        'function.get_concrete_function(...).')
    return function.get_concrete_function(*(input_signature or ()))


def from_concrete(function: Any, config: Optional[tf.ConfigProto], layers: Sequence[Tuple[str, List[Any]]] = (),
                  names: Sequence[str] = ()) -> Source:
    """A ConcreteFunction in a graph of its own, on variables that take their values from the function's.

    Args:
        layers: pairs of a name and the tensors of the function's graph that are called so.
        names: what the inputs are called; by default as the function's arguments.
    """
    session = new_session(config)
    try:
        return _imported(function, session, layers, names)
    except Exception:
        session.close()
        raise


def _imported(function: Any, session: tf.Session, layers: Sequence[Tuple[str, List[Any]]],
              names: Sequence[str]) -> Source:
    captured = list(function.captured_inputs)
    arguments = function.inputs[:len(function.inputs) - len(captured)]
    outputs = function.outputs
    definition, moved = flat_definition(function.graph.as_graph_def())

    def now(tensor: Any) -> str:
        key = tensor.name[:-2] if tensor.name.endswith(':0') else tensor.name
        name = moved.get(key, key)
        return name if ':' in name else name + ':0'

    placeholders = {tensor.op.name for tensor in function.inputs[len(arguments):]}
    kept = [node for node in definition.node if node.name not in placeholders]
    del definition.node[:]
    definition.node.extend(kept)
    read = {source.lstrip('^').split(':')[0] for node in kept for source in node.input}
    read |= {now(tensor).split(':')[0] for tensor in outputs}
    with session.graph.as_default():
        weights = Weights(session)
        setup: List[tf.Operation] = []
        stands = _Captures(function, weights, setup, definition)
        given = {inner.op.name + ':0': stands.tensor(inner, outer)
                 for inner, outer in zip(function.inputs[len(arguments):], captured) if inner.op.name in read}
        direct = {now(tensor) for tensor in outputs} & set(given)
        used = {source for node in kept for source in node.input}
        tf.import_graph_def(definition, name='', input_map={
            name: tensor for name, tensor in given.items() if used & {name, name[:-2], '^' + name[:-2]}})
        session.run(setup)
    weights.load()
    graph = session.graph

    def found(tensor: Any) -> tf.Tensor:
        name = now(tensor)
        return given[name] if name in direct else graph.get_tensor_by_name(name)

    for inner in arguments:
        found(inner).set_shape(inner.shape)
    known: Named = {}
    ends = list(zip(names or [tensor.op.name for tensor in arguments], arguments))
    for name, tensor in ends + _output_names(function.structured_outputs, outputs):
        known[name] = [found(tensor)]
    for name, tensors in layers:
        known[name] = [found(tensor) for tensor in tensors]
    return Source(session, [found(tensor) for tensor in arguments], [found(tensor) for tensor in outputs], known,
                  [name for name, _ in layers], reload=weights.load)


def _output_names(structure: Any, outputs: Sequence[Any]) -> List[Tuple[str, Any]]:
    """The keys of a dict of outputs, with their tensors."""
    if not isinstance(structure, dict) or len(structure) != len(outputs):
        return []
    return list(zip(sorted(structure), outputs))  # tf.nest's order


class _Captures:
    """What stands in a graph for what a function holds on to: variables, constants, tables."""

    def __init__(self, function: Any, weights: Weights, setup: List[tf.Operation], definition: tf.GraphDef) -> None:
        self._weights, self._setup, self._definition = weights, setup, definition
        self._variables = {id(variable.handle): variable for variable in function.graph.variables}

    def tensor(self, inner: Any, outer: Any) -> tf.Tensor:
        variable = self._variables.get(id(outer))
        if not hasattr(outer, 'numpy'):
            raise OpenError("open: the function reads the graph tensor '%s': open it in the process, and in the mode, "
                            'in which its weights are eager, or explain it by DeepExplain(session=your_session).'
                            % outer.name)
        if variable is not None:
            name = 'weights/' + variable.name.split(':')[0]
            return self._weights.variable(name, variable.dtype, variable.shape, _value_of(variable))
        if outer.dtype == tf.resource:
            return self._table(inner, outer)
        return tf.constant(outer.numpy(), name='captured')

    def _table(self, inner: Any, outer: Any) -> tf.Tensor:
        """A table with the same entries, which only ops that read it need to know by type."""
        finds = [node for nodes in [self._definition.node] + [one.node_def for one in self._definition.library.function]
                 for node in nodes if node.op == 'LookupTableFindV2' and inner.op.name in
                 [source.split(':')[0] for source in node.input]]
        if not finds:
            raise OpenError("open: the function holds on to a resource that is no variable and no table, '%s'."
                            % inner.op.name)
        types = {'Tkeys': tf.as_dtype(finds[0].attr['Tin'].type), 'Tvalues': tf.as_dtype(finds[0].attr['Tout'].type)}
        with tf.init_scope():
            keys, values = tf.raw_ops.LookupTableExportV2(table_handle=outer, **types)
        table = tf.raw_ops.HashTableV2(key_dtype=types['Tkeys'], value_dtype=types['Tvalues'],
                                       shared_name=inner.op.name)
        self._setup.append(tf.raw_ops.LookupTableImportV2(table_handle=table, keys=tf.constant(keys.numpy()),
                                                          values=tf.constant(values.numpy())))
        return table


def _value_of(variable: Any) -> Callable[[], Any]:
    return lambda: variable.numpy()
