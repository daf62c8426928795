"""Functions of eager TensorFlow: tf.function and ConcreteFunction."""
import inspect
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from ..graph.names import name_of
from .custom_gradients import keep_gradients
from .ends import is_off, settle
from .keys import SPECS, key_names, parts_of, with_names
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
    if input_signature is None:
        return function.get_concrete_function()
    arguments, keywords = _arguments(function, input_signature)
    if getattr(function, 'input_signature', None) is None:
        arguments, keywords = _with_keys(arguments, keywords)
    return function.get_concrete_function(*arguments, **keywords)


def _arguments(function: Any, signature: Any) -> Tuple[List[Any], Dict[str, Any]]:
    """What a function is called with: of a dict each by its name, or the dict itself where it takes none of these."""
    if not isinstance(signature, dict):
        return list(signature), {}
    try:
        inspect.signature(function.python_function).bind(**signature)
    except (TypeError, ValueError):
        return [signature], {}
    return [], signature


def _with_keys(arguments: List[Any], keywords: Dict[str, Any]) -> Tuple[List[Any], Dict[str, Any]]:
    """The same, specs inside of dicts named by their keys."""
    structure = [arguments, keywords]
    specs = tf.nest.flatten(structure)
    keys = key_names(arguments + [keywords], ['argument_%d' % i for i in range(len(arguments) + 1)])
    if len(keys) != len(specs):
        return arguments, keywords
    found = tf.nest.pack_sequence_as(structure, with_names(specs, keys))
    return found[0], found[1]


def _key_names(function: Any, arguments: Sequence[Any]) -> List[Tuple[str, Any]]:
    """The keys of inputs in dicts, with their tensors."""
    positional, keywords = getattr(function, 'structured_input_signature', None) or ((), {})
    values = list(positional) + [keywords[key] for key in sorted(keywords)]
    called = ['argument_%d' % i for i in range(len(positional))] + sorted(keywords)
    specs = tf.nest.flatten(values)
    keys = key_names(values, called)
    if len(keys) != len(specs):
        return []
    found: List[Tuple[str, bool]] = []
    for key, spec in zip(keys, specs):
        if isinstance(spec, SPECS):
            found += [(one, bool(key)) for one in parts_of(key or '', spec)]
    return [(name, tensor) for (name, keyed), tensor in zip(found, arguments) if keyed] if (
        len(found) == len(arguments)) else []


def from_concrete(function: Any, config: Optional[tf.ConfigProto], layers: Sequence[Tuple[str, List[Any]]] = (),
                  names: Sequence[str] = ()) -> Source:
    """A ConcreteFunction in a graph of its own, on variables that take their values from the function's.

    Args:
        layers: pairs of a name and the tensors of the function's graph that are called so.
        names: what the inputs are called; by default as the function's arguments.
    """
    definition = function.graph.as_graph_def()
    session = new_session(config, definition)
    try:
        return _imported(function, definition, session, layers, names)
    except Exception:
        session.close()
        raise


def _imported(function: Any, definition: tf.GraphDef, session: tf.Session, layers: Sequence[Tuple[str, List[Any]]],
              names: Sequence[str]) -> Source:
    captured = list(function.captured_inputs)
    arguments = function.inputs[:len(function.inputs) - len(captured)]
    outputs = function.outputs
    held = {id(outer): name_of(inner) for outer, inner in zip(captured, function.inputs[len(arguments):])}
    more = keep_gradients(function.graph.get_operations(), definition, held)
    definition, moved = flat_definition(definition)

    def now(tensor: Any) -> str:
        key = tensor.name[:-2] if tensor.name.endswith(':0') else tensor.name
        name = moved.get(key, key)
        return name if ':' in name else name + ':0'

    holders = {inner.op.name: outer for inner, outer in zip(function.inputs[len(arguments):], captured)}
    holders.update((name, variable.handle) for name, variable in more.items())
    settle(definition)
    kept = [node for node in definition.node if node.name not in holders]
    del definition.node[:]
    definition.node.extend(kept)
    read = {source for node in kept for source in node.input}
    ends = {now(tensor) for tensor in outputs}
    weights = Weights(session)
    variables = {id(one.handle): one for one in list(function.graph.variables) + list(more.values())}
    # Eager values are had outside of the graph alone.
    makers = {name: _maker(name, outer, variables, weights, definition) for name, outer in holders.items()
              if read & {name, name + ':0', '^' + name} or name + ':0' in ends}
    with session.graph.as_default():
        given = {name + ':0': make(session) for name, make in makers.items()}
        tf.import_graph_def(definition, name='', input_map={
            name: tensor for name, tensor in given.items() if read & {name, name[:-2], '^' + name[:-2]}})
    weights.load()
    graph = session.graph

    def found(tensor: Any) -> tf.Tensor:
        name = now(tensor)
        return given[name] if name in given else graph.get_tensor_by_name(name)

    for inner in arguments:
        found(inner).set_shape(inner.shape)
    known: Named = {}
    called = list(zip(names or [tensor.op.name for tensor in arguments], arguments))
    keyed = [] if names else _key_names(function, arguments)
    for name, tensor in keyed + called:
        known.setdefault(name, [found(tensor)])
    for name, tensor in _output_names(function.structured_outputs, outputs):
        known[name] = [found(tensor)]
    for name, tensors in layers:
        known[name] = [found(tensor) for tensor in tensors]
    inputs = [found(tensor) for name, tensor in called if not is_off(found(tensor), name)]
    return Source(session, inputs, [found(tensor) for tensor in outputs], known, [name for name, _ in layers],
                  reload=weights.load, ordered=not isinstance(function.structured_outputs, dict))


def _output_names(structure: Any, outputs: Sequence[Any]) -> List[Tuple[str, Any]]:
    """The keys of a dict of outputs, with their tensors."""
    if not isinstance(structure, dict) or len(structure) != len(outputs):
        return []
    return list(zip(sorted(structure), outputs))  # tf.nest's order


def _maker(name: str, outer: Any, variables: Mapping[int, Any], weights: Weights, definition: tf.GraphDef
           ) -> Callable[[tf.Session], tf.Tensor]:
    """How to make, in the graph of a session, what stands for something that a function holds on to.

    Args:
        name: of the placeholder that stands for it in the function.
        outer: the eager tensor.
    """
    if not hasattr(outer, 'numpy'):
        raise OpenError(f"open: the function reads the graph tensor '{outer.name}', not eager weights: explain it by "
                        'DeepExplain(session=your_session).')
    variable = variables.get(id(outer))
    if variable is not None:
        title = 'weights/' + variable.name.split(':')[0]
        return lambda session: weights.variable(title, variable.dtype, variable.shape, variable.numpy)
    if outer.dtype != tf.resource:
        value = outer.numpy()
        return lambda session: tf.constant(value, name='captured')
    return _table_maker(name, outer, definition)


def _table_maker(name: str, outer: Any, definition: tf.GraphDef) -> Callable[[tf.Session], tf.Tensor]:
    """How to make a table with the same entries. Only ops that look things up know what its entries are."""
    nodes = list(definition.node) + [node for one in definition.library.function for node in one.node_def]
    finds = [node for node in nodes if node.op == 'LookupTableFindV2' and name in node.input[0].split(':')]
    if not finds:
        raise OpenError(f"open: the function holds on to a resource that is no variable and no table, '{name}'.")
    keys_type, values_type = [tf.as_dtype(finds[0].attr[key].type) for key in ('Tin', 'Tout')]
    keys, values = [one.numpy() for one in tf.raw_ops.LookupTableExportV2(
        table_handle=outer, Tkeys=keys_type, Tvalues=values_type)]

    def make(session: tf.Session) -> tf.Tensor:
        table = tf.raw_ops.HashTableV2(key_dtype=keys_type, value_dtype=values_type, shared_name=name)
        session.run(tf.raw_ops.LookupTableImportV2(table_handle=table, keys=tf.constant(keys),
                                                   values=tf.constant(values)))
        return table

    return make
