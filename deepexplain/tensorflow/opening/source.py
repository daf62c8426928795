"""What every kind of source becomes: a graph and a session of its own, with named ends."""
from typing import Any, Callable, Dict, Iterable, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ...terminal import visible
from ..graph.functions import functions_of, inline_calls
from ..graph.kept import KEPT
from ..graph.kinds import CALLS, LOOPS
from ..graph.loops import ENTERS, EXITS

#: Name -> the tensors of that name, of which there are several where a layer was called more than once.
Named = Dict[str, List[tf.Tensor]]


class Source(NamedTuple):
    """A model in a graph of its own.

    Attributes:
        session: the session that holds its weights; its graph.
        inputs, outputs: its ends, in order.
        names: what they and the model's layers are called besides their names in the graph.
        layers: the names of `names` that are layers, in the order in which the model calls them.
        shown: op name -> how `layers()` writes it, where it is shorter.
        reload: takes the source's present weights into the session; None for files.
        guard: the Guard of a graph that came from a file; None where there is none.
        ordered: whether the outputs are in an order that means something.
    """
    session: tf.Session
    inputs: List[tf.Tensor]
    outputs: List[tf.Tensor]
    names: Named
    layers: Sequence[str] = ()
    shown: Dict[str, str] = {}
    reload: Optional[Callable[[], None]] = None
    guard: Any = None
    ordered: bool = True


class OpenError(ValueError):
    """A source that cannot be opened, in one line; names in it come from files, and are shown as they are written."""

    def __init__(self, text: str) -> None:
        super().__init__(visible(text))


def reason(error: BaseException) -> str:
    """Why TensorFlow could not do something, in one line: what it says itself, behind where it was in the graph."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    for before in ('Original error:', "Node: '"):
        places = [i for i, line in enumerate(lines[:-1]) if line.startswith(before) or line.endswith(before)]
        lines = lines[places[0] + 1:] if places else lines
    return (lines[0] if lines else type(error).__name__)[:300]


class Weights:
    """Values that a session takes from elsewhere, again and again.

    Made in the graph of a session, inside `with session.graph.as_default()`. Where a value is a tensor in place of a
    function, it is what that has in the other session.
    """

    def __init__(self, session: tf.Session, other: Optional[tf.Session] = None) -> None:
        self._session, self._other = session, other
        self._all: List[Tuple[tf.Tensor, tf.Operation, Any]] = []

    def variable(self, name: str, dtype: tf.DType, shape: Any, value: Callable[[], Any]) -> tf.Tensor:
        """The handle of a new variable that takes its value from a function."""
        # Several variables of a model may have one name; what is shared by name must be theirs alone.
        name = self._session.graph.unique_name(name, mark_as_used=False)
        handle = tf.raw_ops.VarHandleOp(dtype=dtype, shape=shape, shared_name=name, name=name)
        self.handle(handle, dtype, shape, value)
        return handle

    def handle(self, handle: tf.Tensor, dtype: tf.DType, shape: Any, value: Any) -> None:
        """Let a resource variable take its value from a function or a tensor."""
        given = tf.placeholder(dtype, shape)
        self._all.append((given, tf.raw_ops.AssignVariableOp(resource=handle, value=given), value))

    def reference(self, variable: tf.Tensor, value: Any) -> None:
        """Let a reference variable, of the kind before resources, take its value from a function or a tensor."""
        given = tf.placeholder(variable.dtype.base_dtype, variable.shape)
        self._all.append((given, tf.raw_ops.Assign(ref=variable, value=given, validate_shape=False).op, value))

    def load(self) -> None:
        """Give all of them their present values: all of them or, where one cannot be had, none."""
        # Session calls are few, as each for other tensors begins with a search of the whole graph.
        elsewhere = [value for _, _, value in self._all if isinstance(value, tf.Tensor)]
        read = iter(self._other.run(elsewhere) if self._other is not None and elsewhere else ())
        try:
            values = [(given, np.asarray(next(read) if isinstance(value, tf.Tensor) else value()))
                      for given, _, value in self._all]
        except NotImplementedError:
            raise RuntimeError('refresh: eager weights cannot be read inside of a graph: call it outside of any `with '
                               'graph.as_default()`.') from None
        if values:
            self._session.run([assign for _, assign, _ in self._all], dict(values))


def new_session(config: Optional[tf.ConfigProto] = None, definition: Any = None) -> tf.Session:
    """A session over a new graph.

    Args:
        definition: the GraphDef that it is made for. Where that has loops, TensorFlow's graph optimizer is off unless
            the caller has a config: it makes nothing of loops faster, and takes longer than all else in the first call
            that asks for many steps written one after the other.
    """
    if config is None and definition is not None and _has_loops(definition):
        config = tf.ConfigProto()
        config.graph_options.rewrite_options.disable_meta_optimizer = True
    return tf.Session(graph=tf.Graph(), config=config)


def _has_loops(definition: tf.GraphDef) -> bool:
    bodies = [definition.node] + [function.node_def for function in definition.library.function]
    return any(node.op in LOOPS or node.op in ENTERS for body in bodies for node in body)


def flat_definition(definition: tf.GraphDef) -> Tuple[tf.GraphDef, Dict[str, str]]:
    """A GraphDef with its calls inlined, and the tensor that stands for each output of a call.

    Custom gradients get names that no process knows: they belong to the graph in which the model was made.
    """
    found = tf.GraphDef()
    found.CopyFrom(definition)
    del found.library.function[:]
    del found.library.gradient[:]
    for node in found.node:
        disown(node)
        # Colocation names ops that may not be there.
        node.attr.pop('_class', None)
    library = {}
    for function in definition.library.function:
        library[function.signature.name] = own = type(function)()
        own.CopyFrom(function)
        for node in own.node_def:
            disown(node)
    moved = inline_calls(found, library, _looped(found, library)) if library else {}
    used = _used(found, library)
    found.library.function.extend(library[name] for name in library if name in used)
    return found, moved


def disown(node: Any) -> None:
    """Give a node's custom gradient a name under which nothing is registered."""
    if node.op == 'IdentityN' and '_gradient_op_type' in node.attr:
        name = node.attr['_gradient_op_type']
        if name.s != KEPT.encode() and not name.s.endswith(b' of a function'):
            name.s += b' of a function'


def _looped(definition: tf.GraphDef, library: Dict[str, Any]) -> List[str]:
    """The names of the calls that run in the frame of a v1 loop."""
    inside: Set[str] = set()
    changed = any(node.op in ENTERS for node in definition.node)
    while changed:
        changed = False
        for node in definition.node:
            if node.name not in inside and node.op not in EXITS and (
                    node.op in ENTERS or any(source.lstrip('^').split(':')[0] in inside for source in node.input)):
                inside.add(node.name)
                changed = True
    return [node.name for node in definition.node
            if node.name in inside and (node.op in CALLS or node.op in library)]


def _used(definition: tf.GraphDef, library: Dict[str, Any]) -> Set[str]:
    """The functions that nodes still name, and those that these name."""
    found: Set[str] = set()

    def note(nodes: Iterable[Any]) -> None:
        for node in nodes:
            for name in [function.name for function in functions_of(node)] + [node.op]:
                if name in library and name not in found:
                    found.add(name)
                    note(library[name].node_def)

    note(definition.node)
    return found
