"""Functions of the graph's library on the path: calls are inlined, bodies of loops and branches copied.

TensorFlow cannot build a second gradient of a loop or a branch whose body has been rewritten for a first one, and
no override reaches into a call; copies under fresh names and inlined calls have neither trouble.
"""
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from . import compat
from .kept import GRAPH
from .kinds import CALLS, LOOPS
from .names import first_unnumbered


def functions_of(node: tf.NodeDef) -> Iterator[Any]:
    """The function attributes of a node: those of While, If, Case and of calls."""
    for value in node.attr.values():
        if value.WhichOneof('value') == 'func':
            yield value.func
        yield from value.list.func


def arguments_of_results(function: Any) -> List[Set[int]]:
    """For each result of a FunctionDef the places of the arguments that it is made of."""
    places = {argument.name: i for i, argument in enumerate(function.signature.input_arg)}
    nodes = {node.name: node for node in function.node_def}
    found = []
    for result in function.signature.output_arg:
        waiting, seen = [function.ret[result.name]], set()
        while waiting:
            name = waiting.pop().lstrip('^').split(':')[0]
            if name not in seen:
                seen.add(name)
                waiting.extend(nodes[name].input if name in nodes else ())
        found.append({places[name] for name in seen if name in places})
    return found


def is_call(op_type: str, library: Mapping[str, Any]) -> bool:
    """Whether an op only calls a function, the old way (its type is the function's name) or the new."""
    return op_type in CALLS or op_type in library


def inline_calls(definition: tf.GraphDef, library: Mapping[str, Any], looped: Sequence[str]) -> Dict[str, str]:
    """Put the ops of called functions in the place of the calls, again and again until no call is left.

    Args:
        looped: the names of calls inside v1 loops.

    Returns:
        The tensor that stands for each output of a call, by name ('call' and 'call:1' as nodes write them).
    """
    everything = tf.GraphDef()
    everything.library.function.extend(library.values())
    outputs: Dict[str, str] = {}
    waiting = list(definition.node)
    awaited = {source[1:] for node in definition.node for source in node.input if source.startswith('^')}
    done: List[Any] = []
    while waiting:
        node = waiting.pop(0)
        if not is_call(node.op, library):
            done.append(node)
            continue
        name = node.attr['f'].func.name if node.op in CALLS else node.op
        body = body_nodes(node, library[name], everything.library, outputs)
        if any((node.name + '/').startswith(call + '/') for call in looped):
            _keep_in_frame(node, body)
        awaited.update(source[1:] for inner in body for source in inner.input if source.startswith('^'))
        waiting.extend(body)
        if node.name in awaited:
            # What ran after the call runs after what it put out.
            last = tf.NodeDef(name=node.name, op='NoOp', device=node.device)
            last.input.extend(sorted({'^' + outputs[key].split(':')[0] for key in outputs
                                      if key.split(':')[0] == node.name}))
            done.append(last)
    for node in done:
        node.input[:] = [final(source, outputs) for source in node.input]
    del definition.node[:]
    definition.node.extend(done)
    return {key: final(key, outputs) for key in outputs}


def replace_nodes(definition: tf.GraphDef, library: Mapping[str, Any], outputs: Dict[str, str],
                  made: Callable[[Any], Optional[Iterable[Any]]]) -> bool:
    """Put other nodes in the place of some; calls among the new ones are inlined.

    Args:
        outputs: the tensor that stands for each output of what is gone, by name; added to.
        made: makes the nodes for one, or says None where it stays; notes its outputs.

    Returns:
        Whether any was replaced.
    """
    nodes: List[Any] = []
    calls: List[str] = []
    replaced = False
    for node in definition.node:
        new = made(node)
        if new is None:
            nodes.append(node)
            continue
        new, replaced = list(new), True
        nodes.extend(new)
        calls.extend(one.name for one in new if is_call(one.op, library))
    if not replaced:
        return False
    for node in nodes:
        node.input[:] = [final(source, outputs) for source in node.input]
    del definition.node[:]
    definition.node.extend(nodes)
    if calls:
        outputs.update(inline_calls(definition, library, calls))
    return True


def _keep_in_frame(call: Any, body: List[Any]) -> None:
    """Let a loop's call hand a control input on to the ops of its function that have no input from the loop's frame."""
    source = next((source for source in call.input if not source.startswith('^')), None)
    for node in body:
        if not node.input and source is not None:
            node.input.append('^' + source.split(':')[0])


def final(name: str, outputs: Mapping[str, str]) -> str:
    while name in outputs:
        name = outputs[name]
    return name


def body_nodes(call: Any, function: Any, library: Any, outputs: Dict[str, str]) -> List[Any]:
    """The nodes of a function under the call's name, reading the call's inputs; notes the call's outputs."""
    # What follows a branch of tf_keras's has names that begin with the branch's, too.
    prefix = call.name + '/inlined/'
    body, flat = compat.function_to_graph(function, library)
    data = [source for source in call.input if not source.startswith('^')]
    before = [source for source in call.input if source.startswith('^')]
    arguments = {argument.name: source for argument, source in zip(function.signature.input_arg, data)}

    def renamed(source: str) -> str:
        if source.startswith('^'):
            return '^' + prefix + source[1:]
        return arguments.get(source.split(':')[0]) or prefix + first_unnumbered(source)

    nodes = []
    for node in body.node:
        if node.name in arguments:
            continue
        sources = [renamed(source) for source in node.input if source[1:] not in arguments or source[0] != '^']
        node.name = prefix + node.name
        node.input[:] = sources + before
        node.attr.pop('_class', None)
        if node.op == 'IdentityN' and '_gradient_op_type' in node.attr and GRAPH not in node.attr:
            # It refers to the graph that the function was traced in: here it is unknown.
            node.attr['_gradient_op_type'].s += b' of a function'
        nodes.append(node)
    for i, result in enumerate(function.signature.output_arg):
        outputs[call.name + (':%d' % i if i else '')] = renamed(flat[function.ret[result.name]])
    return nodes


def wait_before_loops(definition: tf.GraphDef) -> None:
    """Let what functional loops wait for be waited for by their first input.

    To differentiate a loop TensorFlow adds inputs to it; TensorFlow 1.15 puts them behind the control inputs, where it
    does not want them.
    """
    for node in list(definition.node):
        before = [source for source in node.input if source.startswith('^')]
        if node.op in LOOPS and before:
            waiting = definition.node.add(name=node.name + '/waiting', op='Identity', device=node.device)
            waiting.attr['T'].type = node.attr['T'].list.type[0]
            waiting.input.extend([node.input[0]] + before)
            node.input[:] = [waiting.name] + [source for source in node.input[1:] if source not in before]


def copy_bodies(definition: tf.GraphDef, library: Mapping[str, Any], prefix: str,
                change: Callable[[Any], None]) -> None:
    """Let the nodes of a GraphDef use copies, under names that begin with `prefix`, of the functions they name.

    Args:
        change: called with each node of a copied function, to mark it.
    """
    copied: Dict[str, str] = {}

    def copy(name: str) -> str:
        if name not in copied:
            copied[name] = prefix + name
            function = definition.library.function.add()
            function.CopyFrom(library[name])
            function.signature.name = copied[name]
            for node in function.node_def:
                change(node)
                for inner in functions_of(node):
                    inner.name = copy(inner.name)
        return copied[name]

    for node in definition.node:
        for function in functions_of(node):
            function.name = copy(function.name)
