"""Custom gradients of functions of this process, kept when their ops are imported into another graph."""
import itertools
from typing import Any, Container, Dict, Iterable, Iterator, List, Mapping

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.kept import keep, lose
from ..graph.kinds import foreign_gradient
from ..graph.names import name_of
from .source import reason


class CannotKeep(ValueError):
    """Why a gradient cannot be kept, as the end of a sentence."""


class Reads:
    """What the gradients of a graph's ops read.

    Args:
        held: the names of what stands in the graph for tensors from outside of it, by their ids.
        taken: names that are in use.

    Attributes:
        variables: those that the graph itself does not read, by the names of placeholders for their handles.
    """

    def __init__(self, held: Mapping[int, str], taken: Container[str]) -> None:
        self._inner, self._taken = dict(held), taken
        self.variables: Dict[str, Any] = {}

    def name(self, outer: Any, graph: Any, watched: Mapping[int, Any]) -> str:
        """What an op of a graph reads in place of a tensor, as its node writes it; '' for a constant."""
        if id(outer) in self._inner:
            return self._inner[id(outer)]
        if not hasattr(outer, 'numpy'):
            if getattr(outer, 'graph', None) is not graph:
                raise CannotKeep("it reads '%s' of another graph" % outer.name)
            return name_of(outer)
        if id(outer) not in watched:
            if outer.dtype in (tf.resource, tf.variant):
                raise CannotKeep('it reads a %s that is no variable' % outer.dtype.name)
            return ''
        name = next(name for name in map('kept_gradient_{}'.format, itertools.count())
                    if name not in self._taken and name not in self.variables)
        self._inner[id(outer)], self.variables[name] = name, watched[id(outer)]
        return name


def keep_gradients(ops: Iterable[tf.Operation], definition: tf.GraphDef, held: Mapping[int, str]) -> Dict[str, Any]:
    """Let the nodes of ops in their GraphDef keep the custom gradients whose functions are at hand.

    Those of tf.recompute_grad are what their ops have without, and those of tf.nn.swish are known.

    Args:
        held: see `Reads`.

    Returns:
        The variables that these gradients read and the graph does not, by the names of new placeholders for them.
    """
    nodes = {node.name: node for node in definition.node}
    reads = Reads(held, nodes)
    for op in list(ops):
        name = foreign_gradient(op) if op.type == 'IdentityN' else ''
        if not name or not compat.has_gradient(name):
            continue
        gradient = compat.registered_gradient(name)
        makers = [maker for maker in _functions_in(gradient) if str(maker.__module__).startswith('tensorflow')]
        if any('recompute_grad' in maker.__qualname__ for maker in makers):
            del nodes[op.name].attr['_gradient_op_type']
        elif not any('swish' in maker.__qualname__ for maker in makers):
            try:
                _keep(op, gradient, reads, nodes[op.name])
            except CannotKeep as error:
                lose(nodes[op.name], str(error))
    for name in reads.variables:
        definition.node.add(name=name, op='Placeholder').attr['dtype'].type = tf.resource.as_datatype_enum
    return reads.variables


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


def _keep(op: tf.Operation, gradient: Any, reads: Reads, node: Any) -> None:
    """Write the gradient of an op into its node, if it can be built apart from the rest of the graph."""
    if compat.control_flow_context(op) is not None:
        raise CannotKeep('it lies in a loop or a branch of plain ops')
    try:
        definition, pairs, variables = compat.gradient_as_graph(gradient, op)
    except Exception as error:  # noqa: B902, whatever the user's code raises; the gradient is lost then, and named.
        raise CannotKeep('it cannot be built as ops of a graph: %s: %s' % (
            type(error).__name__, reason(error))) from None
    watched = {id(variable.handle): variable for variable in variables}
    placeholders = {one.name: one for one in definition.node}
    extra: List[str] = []
    dtypes: List[tf.DType] = []
    renamed: Dict[str, str] = {}
    for outer, inner in pairs:
        name = reads.name(outer, op.graph, watched)
        if name:
            renamed[inner.op.name] = 'extra_%d' % len(extra)
            extra.append(name)
            dtypes.append(outer.dtype)
        else:
            place = placeholders[inner.op.name]
            place.CopyFrom(compat.constant_node(place.name, outer.numpy(), outer.dtype))
    for one in definition.node:
        one.name = renamed.get(one.name, one.name)
        one.input[:] = [_renamed(source, renamed) for source in one.input]
    keep(node, definition, extra, dtypes)


def _renamed(source: str, names: Dict[str, str]) -> str:
    control = '^' if source.startswith('^') else ''
    name, colon, place = source[len(control):].partition(':')
    return control + names.get(name, name) + colon + place
