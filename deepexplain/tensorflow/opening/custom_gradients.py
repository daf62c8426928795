"""Custom gradients of functions of this process, kept when their ops are imported into another graph."""
from typing import Any, Dict, Iterator, List, Optional

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.kept import keep
from ..graph.path import foreign_gradient, name_of


def keep_gradients(function: Any, definition: tf.GraphDef) -> None:
    """Let the ops of a ConcreteFunction's GraphDef keep the custom gradients whose functions are at hand.

    Those of tf.recompute_grad are what their ops have without, and those of tf.nn.swish are known.
    """
    nodes = {node.name: node for node in definition.node}
    captured = {id(outer): inner for outer, inner in zip(
        function.captured_inputs, function.inputs[len(function.inputs) - len(function.captured_inputs):])}
    for op in list(function.graph.get_operations()):
        name = foreign_gradient(op) if op.type == 'IdentityN' else ''
        if not name or not compat.has_gradient(name):
            continue
        gradient = compat.registered_gradient(name)
        makers = [maker for maker in _functions_in(gradient) if str(maker.__module__).startswith('tensorflow')]
        if any('recompute_grad' in maker.__qualname__ for maker in makers):
            del nodes[op.name].attr['_gradient_op_type']
        elif not any('swish' in maker.__qualname__ for maker in makers):
            _keep(op, gradient, captured, nodes[op.name])


def _functions_in(function: Any, depth: int = 4) -> Iterator[Any]:
    """A function, and those that it closes over."""
    yield function
    for cell in getattr(function, '__closure__', None) or () if depth else ():
        try:
            inner = cell.cell_contents
        except ValueError:  # Not filled.
            continue
        if hasattr(inner, '__qualname__') and hasattr(inner, '__module__'):
            yield from _functions_in(inner, depth - 1)


def _keep(op: tf.Operation, gradient: Any, captured: Dict[int, Any], node: Any) -> None:
    """Write the gradient of an op into its node, if it can be built apart from the rest of the graph."""
    try:
        definition, pairs = compat.gradient_as_graph(gradient, op)
    except Exception:  # noqa: B902, whatever the user's code raises; the gradient is lost then, and named.
        return
    placeholders = {one.name: one for one in definition.node}
    extra: List[str] = []
    dtypes: List[tf.DType] = []
    renamed: Dict[str, str] = {}
    for outer, inner in pairs:
        tensor = _inside(outer, op.graph, captured)
        place = placeholders[inner.op.name]
        if tensor is not None:
            renamed[inner.op.name] = 'extra_%d' % len(extra)
            extra.append(name_of(tensor))
            dtypes.append(tensor.dtype)
        elif hasattr(outer, 'numpy') and outer.dtype != tf.resource:
            place.CopyFrom(compat.constant_node(place.name, outer.numpy(), outer.dtype))
        else:
            return
    for one in definition.node:
        one.name = renamed.get(one.name, one.name)
        one.input[:] = [_renamed(source, renamed) for source in one.input]
    keep(node, definition, extra, dtypes)


def _inside(outer: Any, graph: Any, captured: Dict[int, Any]) -> Optional[tf.Tensor]:
    """What a tensor from outside of a gradient is in the graph of the op, or None."""
    if id(outer) in captured:
        return captured[id(outer)]
    return outer if getattr(outer, 'graph', None) is graph and not hasattr(outer, 'numpy') else None


def _renamed(source: str, names: Dict[str, str]) -> str:
    control = '^' if source.startswith('^') else ''
    name, colon, place = source[len(control):].partition(':')
    return control + names.get(name, name) + colon + place
