"""Where a graph in a file has ops that do more than compute. It is read, nothing of it is run."""
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from ..graph.functions import functions_of
from ..graph.kinds import CALLS, FUNCTIONAL
from .effects import SUSPECT, does

#: Those that read a file of the model itself, where the second input names one: then they are ordinary.
READING_OWN = ('InitializeTableFromTextFile', 'InitializeTableFromTextFileV2', 'InitializeTRTResource')

#: What savers read with.
RESTORING = ('Restore', 'RestoreSlice', 'RestoreV2')

#: Types of one output that may be fed in place of it.
HOLDING = ('Const', 'Placeholder', 'PlaceholderWithDefault')

#: Not stateful, so that TensorFlow may run them to find out shapes, before anybody asks for it.
EAGERLY_READING = ('ReadFile', 'MatchingFiles')


class Hazard(NamedTuple):
    """An op that does more than compute.

    Attributes:
        type, name: its own, the name with that of the function that it is in.
        what: the end of a sentence, for messages.
    """
    type: str
    name: str
    what: str


class Graph:
    """The ops of a GraphDef that do more than compute, those in its functions too.

    Args:
        own: whether a file belongs to the model, which ops may read then.
        constants: op name -> the string that its output has, whatever the graph says.
    """

    def __init__(self, definition: Any, own: Callable[[bytes], bool] = lambda path: False,
                 constants: Optional[Mapping[str, bytes]] = None) -> None:
        self.nodes = {node.name: node for node in definition.node}
        self._library = {function.signature.name: function for function in definition.library.function}
        self._own, self._constants = own, dict(constants or {})
        self._also = _together(definition.library)
        self._suspect = self._suspects()
        self._users: Dict[str, List[Any]] = {}
        self._shared: List[bytes] = []

    def hazards(self, node: Any) -> List[Hazard]:
        """Those of a node: of itself, and of all that its functions do."""
        if not any(one in self._suspect for one in [node.op] + [function.name for function in functions_of(node)]) and (
                node.op not in SUSPECT):
            return []
        return list(self._of(node, self._constant, '', set()))

    def needed(self, names: Iterable[str], fed: Sequence[str] = ()) -> List[Any]:
        """The nodes that have to run for some tensors or ops, where others are fed."""
        cut = {_op_of(name) for name in fed}
        waiting, found = [_op_of(name) for name in names], {}
        while waiting:
            name = waiting.pop()
            if name in self.nodes and name not in found:
                found[name] = node = self.nodes[name]
                if name not in cut or node.op not in HOLDING:
                    waiting.extend(_op_of(source) for source in node.input)
        return list(found.values())

    def _suspects(self) -> Set[str]:
        """The functions that have such an op, or name one that has."""
        callers: Dict[str, List[str]] = {}
        waiting = []
        for name, function in self._library.items():
            for node in function.node_def:
                if node.op in SUSPECT:
                    waiting.append(name)
                for called in self._named(node):
                    callers.setdefault(called, []).append(name)
            for other in self._also.get(name, ()):
                callers.setdefault(other, []).append(name)
        found: Set[str] = set()
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting.extend(callers.get(name, ()))
        return found

    def _named(self, node: Any) -> List[str]:
        return [name for name in [node.op] + [function.name for function in functions_of(node)]
                if name in self._library]

    def _of(self, node: Any, constant: Callable[[str], Optional[bytes]], place: str, seen: Set[Any]
            ) -> Iterator[Hazard]:
        what = does(node, constant)
        if node.op in READING_OWN:
            path = constant(node.input[1] if len(node.input) > 1 else '')
            if path is not None and self._own(path):
                what = None
            elif path is not None:
                what = "reads the file '%s', by the op '%s' (%s)" % (
                    path.decode('utf-8', 'replace'), node.name, node.op)
        if what:
            yield Hazard(node.op, node.name, what + place)
        for name in self._named(node):
            arguments = _arguments(node, len(self._library[name].signature.input_arg))
            values = [None if source is None else constant(source) for source in arguments]
            for one in [name] + self._also.get(name, []):
                if one in self._suspect and (one, tuple(values)) not in seen:
                    seen.add((one, tuple(values)))
                    yield from self._of_function(self._library[one], values, seen)

    def _of_function(self, function: Any, values: Sequence[Optional[bytes]], seen: Set[Any]) -> Iterator[Hazard]:
        given = {argument.name: value for argument, value in zip(function.signature.input_arg, values)}
        nodes = {node.name: node for node in function.node_def}

        def constant(source: str) -> Optional[bytes]:
            return _string(nodes, source, given)

        for node in function.node_def:
            yield from self._of(node, constant, f" in the function '{function.signature.name}'", seen)

    def _constant(self, source: str) -> Optional[bytes]:
        return _string(self.nodes, source, self._constants, self._stored)

    def _stored(self, handle: str) -> Optional[str]:
        """What a variable always has, as the input of the op that assigns it: TensorFlow 2 keeps paths so."""
        if not self._users:
            everything = list(self.nodes.values())
            for node in everything:
                for source in node.input:
                    if not source.startswith('^'):
                        self._users.setdefault(_op_of(source), []).append(node)
            for function in self._library.values():
                everything.extend(function.node_def)
            for node in everything:
                if node.op == 'VarHandleOp':
                    self._shared.append(node.attr['shared_name'].s or node.name.encode())
        node = self.nodes.get(_op_of(handle))
        if node is None or node.op != 'VarHandleOp' or (
                self._shared.count(node.attr['shared_name'].s or node.name.encode()) > 1):
            return None
        users = self._users[node.name]
        values = {user.input[1] for user in users if user.op == 'AssignVariableOp'}
        known = ('AssignVariableOp', 'ReadVariableOp', 'VarIsInitializedOp')
        return values.pop() if len(values) == 1 and all(user.op in known for user in users) else None


def disarm(definition: Any, graph: Graph, harmless: Iterable[str], change: bool) -> Dict[str, str]:
    """Let the nodes of a GraphDef that do more than compute wait for what nobody feeds.

    So whatever of the graph is asked for later, they do not run.

    Args:
        harmless: the names of those that are left as they are.
        change: False to find them and leave them all as they are.

    Returns:
        Node name -> what it would do.
    """
    found: Dict[str, str] = {}
    left = set(harmless)
    for node in list(definition.node):
        hazards = graph.hazards(node) if node.name not in left else []
        if not hazards:
            continue
        found[node.name] = hazards[0].what
        if not change:
            continue
        # The scope keeps it from being taken for an input of the model.
        lock = definition.node.add(name=f'deepexplain/refused_{node.op}_{len(found)}', op='Placeholder')
        lock.attr['dtype'].type = tf.string.as_datatype_enum
        if node.op in EAGERLY_READING and node.input:
            node.input[0] = lock.name
        elif node.op == 'PyFuncStateless':
            node.op = 'PyFunc'
        node.input.append('^' + lock.name)
    return found


def _op_of(source: str) -> str:
    return source.lstrip('^').split(':')[0]


def _string(nodes: Mapping[str, Any], source: str, given: Mapping[str, Optional[bytes]],
            stored: Callable[[str], Optional[str]] = lambda handle: None) -> Optional[bytes]:
    """The string that an input has, where it is given by op name, a constant, stored or handed on; else None."""
    name = _op_of(source)
    for _ in range(100):
        if name in given:
            return given[name]
        node = nodes.get(name)
        if node is None:
            return None
        if node.op == 'Const':
            tensor = node.attr['value'].tensor
            return tensor.string_val[0] if len(tensor.string_val) == 1 else None
        if node.op not in ('Identity', 'ReadVariableOp') or not node.input:
            return None
        name = _op_of(node.input[0] if node.op == 'Identity' else stored(node.input[0]) or '')
    return None


def _arguments(node: Any, count: int) -> List[Optional[str]]:
    """The inputs that a node hands on to its function, as far as that is known; those of loops may change."""
    data: List[Optional[str]] = [source for source in node.input if not source.startswith('^')]
    if node.op in FUNCTIONAL:
        data = [] if 'While' in node.op else data[1:]
    elif node.op not in CALLS and any(True for _ in functions_of(node)):
        data = []
    return data if len(data) == count else [None] * count


def _together(library: Any) -> Dict[str, List[str]]:
    """Functions that may run in the place of another: its gradient, and what it says it is the same as."""
    found: Dict[str, List[str]] = {}
    for gradient in library.gradient:
        found.setdefault(gradient.function_name, []).append(gradient.gradient_func)
    same: Dict[bytes, List[str]] = {}
    for function in library.function:
        if 'api_implements' in function.attr:
            same.setdefault(function.attr['api_implements'].s, []).append(function.signature.name)
    for names in same.values():
        for name in names:
            found.setdefault(name, []).extend(names)
    known = {function.signature.name for function in library.function}
    for name in list(found):
        # A gradient has one of its own.
        reached: List[str] = []
        waiting = list(found[name])
        while waiting:
            other = waiting.pop()
            if other in known and other != name and other not in reached:
                reached.append(other)
                waiting.extend(found.get(other, ()))
        found[name] = reached
    return found
