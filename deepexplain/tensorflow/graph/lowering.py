"""Functional loops as loops of plain ops, as TensorFlow itself runs them.

The gradient of a functional loop takes six functions of the library, and whatever a session runs for the first time
takes the longer the more there are; that of a loop of plain ops takes none.
"""
from typing import Any, Callable, Collection, Dict, Iterator, List, Mapping, Optional, Set

import tensorflow.compat.v1 as tf

from . import compat
from .bodies import callees
from .functions import body_nodes, final, replace_nodes
from .kinds import BRANCHES, LOOPS

_NO_ARRAYS = (tf.variant.as_datatype_enum, tf.resource.as_datatype_enum)


def lower_loops(definition: tf.GraphDef, library: Mapping[str, Any], frame: Callable[[str], str],
                change: Callable[[Any], None], left: Collection[str] = (), branched: bool = False) -> Dict[str, str]:
    """Put loops of plain ops in the place of functional ones, those inside them and calls in them too.

    Args:
        frame: makes the name of a loop's frame of that of its node.
        change: called with each node of a loop, to mark it.
        left: the names of nodes that are left as they are, as are loops with branches in them.
        branched: whether these are not.

    Returns:
        The tensor that stands for each output of a loop, by name.
    """
    everything = tf.GraphDef()
    everything.library.function.extend(library.values())
    outputs: Dict[str, str] = {}
    lowerable: Dict[str, bool] = {}

    def wanted(node: Any) -> bool:
        if node.op not in LOOPS or node.name in left:
            return False
        key = node.attr['body'].func.name + ' ' + node.attr['cond'].func.name
        if key not in lowerable:
            lowerable[key] = branched or not _branches_in(node, library)
        return lowerable[key]

    while any(wanted(node) for node in definition.node):
        awaited = {source[1:] for node in definition.node for source in node.input if source.startswith('^')}

        def lowered(node: Any, awaited: Set[str] = awaited) -> Optional[List[Any]]:
            if not wanted(node):
                return None
            new = list(_lowered(node, library, everything.library, frame, outputs, node.name in awaited))
            for one in new:
                change(one)
            return new

        replace_nodes(definition, library, outputs, lowered)
    return {key: final(key, outputs) for key in outputs}


def _branches_in(node: Any, library: Mapping[str, Any]) -> bool:
    """Whether there are functional branches in a loop."""
    names: Set[str] = set()
    for key in ('body', 'cond'):
        name = node.attr[key].func.name
        names.update([name], callees(library[name], library))
    return any(inner.op in BRANCHES for name in names for inner in library[name].node_def)


def _lowered(loop: Any, library: Mapping[str, Any], everything: Any, frame: Callable[[str], str],
             outputs: Dict[str, str], awaited: bool) -> Iterator[Any]:
    """The nodes of a loop; notes its outputs."""
    types, shapes = list(loop.attr['T'].list.type), list(loop.attr['output_shapes'].list.shape)
    data = [source for source in loop.input if not source.startswith('^')]
    before = [source for source in loop.input if source.startswith('^')]
    body, cond = (library[loop.attr[key].func.name] for key in ('body', 'cond'))
    kept = _handed_on(body, everything, types)

    def node(op: str, name: str, inputs: List[str], dtype: int = 0) -> Any:
        made = tf.NodeDef(name=f'{loop.name}/{name}', op=op, device=loop.device, input=inputs)
        if dtype:
            made.attr['T'].type = dtype
        return made

    def at(name: str) -> str:
        return f'{loop.name}/{name}'

    moving = [i for i in range(len(types)) if i not in kept]
    for i, (source, dtype) in enumerate(zip(data, types)):
        enter = node('Enter', f'enter_{i}', [source] + before, dtype)
        enter.attr['frame_name'].s = frame(loop.name).encode()
        enter.attr['is_constant'].b = i in kept
        enter.attr['parallel_iterations'].i = loop.attr['parallel_iterations'].i or 10
        yield enter
    for i in moving:
        merge = node('Merge', f'merge_{i}', [at(f'enter_{i}'), at(f'next_{i}')], types[i])
        merge.attr['N'].i = 2
        yield merge
        yield node('Switch', f'switch_{i}', [at(f'merge_{i}'), at('condition')], types[i])
        step = node('Identity', f'step_{i}', [at(f'switch_{i}:1')], types[i])
        if i < len(shapes) and not shapes[i].unknown_rank and types[i] not in _NO_ARRAYS:
            # What is inside has no static shape otherwise, which some gradients must know.
            step.op = 'EnsureShape'
            step.attr['shape'].shape.CopyFrom(shapes[i])
        yield step
        yield node('Exit', f'exit_{i}', [at(f'switch_{i}')], types[i])
    constant = [at(f'enter_{i}') for i in kept]
    for function, name, value in ((cond, 'cond', 'merge'), (body, 'body', 'step')):
        inputs = [at(f'enter_{i}') if i in kept else at(f'{value}_{i}') for i in range(len(types))]
        for one in body_nodes(node('call', name, inputs), function, everything, outputs):
            if all(source in constant for source in one.input if not source.startswith('^')):
                # It runs once a step.
                one.input.append('^' + at(f'{value}_{moving[0]}'))
            yield one
    yield node('LoopCond', 'condition', [at('cond')])
    for i in moving:
        source = final(at('body') + (f':{i}' if i else ''), outputs)
        if source in constant:
            # There in every step, it would bring about one after the last.
            yield node('Identity', f'again_{i}', [source, '^' + at(f'step_{moving[0]}')], types[i])
            source = at(f'again_{i}')
        yield node('NextIteration', f'next_{i}', [source], types[i])
    for i in range(len(types)):
        outputs[loop.name + (f':{i}' if i else '')] = data[i] if i in kept else at(f'exit_{i}')
    if awaited:
        last = tf.NodeDef(name=loop.name, op='NoOp', device=loop.device)
        last.input.extend('^' + at(f'exit_{i}') for i in moving)
        yield last


def _handed_on(function: Any, everything: Any, types: List[int]) -> Set[int]:
    """The arguments of a loop's body that it hands on as they are; lists of tensors have no gradient as such."""
    graph, flat = compat.function_to_graph(function, everything)
    nodes = {node.name: node for node in graph.node}
    found = set()
    for i, (argument, result) in enumerate(zip(function.signature.input_arg, function.signature.output_arg)):
        name = flat[function.ret[result.name]].split(':')[0]
        while name in nodes and nodes[name].op == 'Identity':
            name = nodes[name].input[0].split(':')[0]
        if name == argument.name and types[i] != tf.variant.as_datatype_enum:
            found.add(i)
    return found
