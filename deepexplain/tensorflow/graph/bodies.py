"""What happens inside the functions that functional loops and branches run, where no unit can be marked."""
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf

from . import compat
from .choices import function_at_rest
from .flow import Flow
from .functions import arguments_of_results, functions_of, is_call
from .kinds import BRANCHES, CALLS, FUNCTIONAL, foreign_gradient
from .names import unwrap
from .numbers import Numbers
from .path import Path
from .phases import is_learning_phase
from .units import Units, find_units

Found = List[Tuple[str, str]]


class Inside(NamedTuple):
    """What lies between the inputs that depend on X and the outputs of a body, as pairs of op type and name.

    Attributes:
        ruled: single ops that take a rule.
        unsupported: ops without a rule.
        hidden: what the rules of this library cannot reach there: calls, activations of several ops, custom gradients.
        custom: custom gradients, which a copy of the body cannot keep.
    """
    ruled: Found
    unsupported: Found
    hidden: Found
    custom: Found


def look_inside(path: Path, rules: Mapping[str, Any]) -> Inside:
    """What lies inside the functional loops and branches on a path."""
    found = Inside([], [], [], [])
    ops = [op for op in path.of_types(FUNCTIONAL) if op in path.dependent]
    library = compat.library_of(path.graph) if ops else {}
    for op in ops:
        _look(op, path, path.called(op), library, frozenset(rules), found)
    return found


def _look(op: tf.Operation, outer: Path, place: str, library: Mapping[str, Any], ruled: Any, found: Inside) -> None:
    loop = 'While' in op.type
    first = 0 if loop else 1  # A branch's first input chooses it.
    read = [loop or bool(tensor.consumers()) for tensor in op.outputs]
    for name in names_of(op, loop):
        path = _path_through(library[name], list(op.inputs)[first:], outer, library, loop, read)
        units = find_units(path, ruled)
        for inner in path.ops:
            if inner not in path.dependent:
                continue
            here = (inner.type, f'{inner.name} in {place}')
            custom = inner.type == 'IdentityN' and foreign_gradient(inner) and (
                inner.name not in units.stripped or inner in units.lost)
            if custom:
                found.custom.append(here)
            if custom or is_call(inner.type, library):
                found.hidden.append(here)
            elif inner.type in FUNCTIONAL:
                _look(inner, path, f'{inner.name} in {place}', library, ruled, found)
        _note(units, place, found)


def names_of(op: tf.Operation, loop: bool) -> List[str]:
    """The functions that may run: the body of a loop, the branches, of a Keras learning phase that for inference."""
    if loop:
        return [op.get_attr('body').name]
    taken = function_at_rest(op, is_learning_phase)
    if taken is not None:
        return [taken]
    return [function.name for function in functions_of(op.node_def)]


def _note(units: Units, place: str, found: Inside) -> None:
    found.ruled.extend((unit.rule, f'{name} in {place}') for name, unit in units.single.items())
    found.unsupported.extend((op.type, f'{op.name} in {place}') for op in units.unsupported
                             if not foreign_gradient(op))
    found.hidden.extend((unit.y.op.type, f'{unit.y.op.name} in {place}') for unit in units.marked)


class Body(NamedTuple):
    """A function as a graph of its own: its arguments are placeholders there."""
    graph: tf.Graph
    arguments: List[tf.Tensor]
    outputs: List[tf.Tensor]


def body_of(function: Any, library: Mapping[str, Any], shapes: Sequence[Any]) -> Body:
    """A function of a library with arguments of some shapes."""
    everything = tf.GraphDef()
    everything.library.function.extend(library[name] for name in callees(function, library))
    definition, flat = compat.function_to_graph(function, everything.library, shapes)
    definition.library.CopyFrom(everything.library)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(definition, name='')
    outputs = [flat[function.ret[result.name]] for result in function.signature.output_arg]
    return Body(graph, [graph.get_tensor_by_name(argument.name + ':0') for argument in function.signature.input_arg],
                [graph.get_tensor_by_name(name if ':' in name else name + ':0') for name in outputs])


class Entered(NamedTuple):
    """A function that an op runs, as a graph.

    Attributes:
        role: what it is to the op: 'body' or 'cond' of a loop, or anything else.
        live: for each argument whether the caller said so of the op's inputs.
        targets: the results that matter.
        numbers: what is known of numbers there.
    """
    role: str
    body: Body
    live: List[bool]
    targets: List[tf.Tensor]
    numbers: Numbers


def enter(op: tf.Operation, flow: Flow, library: Mapping[str, Any], is_live: Callable[[tf.Tensor], bool],
          wanted: Callable[[str, Any], bool]) -> Iterator[Entered]:
    """The functions that an op of a flow may run; of a loop the body before the condition.

    Args:
        library: the functions of the graph, by name.
        wanted: says of a function's role and its definition whether to enter it.
    """
    loop = 'While' in op.type
    # The first input of a branch chooses a function.
    inputs = list(op.inputs)[1 if op.type in BRANCHES else 0:]
    for role, name in _chosen(op, flow.numbers):
        if not wanted(role, library[name]):
            continue
        body = body_of(library[name], library, [tensor.shape for tensor in inputs])
        kept = [True] * len(inputs)
        if loop:
            # Of what a loop carries is known, as outside, what it hands on as it is.
            step = body if role == 'body' else body_of(
                library[op.get_attr('body').name], library, [tensor.shape for tensor in inputs])
            kept = [unwrap(result) is argument for argument, result in zip(step.arguments, step.outputs)]
        outside = {argument.name: flow.numbers.of(tensor) for argument, tensor, one in zip(
            body.arguments, inputs, kept) if one}
        targets = [one for one, tensor in zip(body.outputs, op.outputs) if loop or tensor.name in flow.readers]
        yield Entered(role, body, [is_live(tensor) for tensor in inputs],
                      body.outputs if role == 'cond' else targets, Numbers(outside=outside))


def _chosen(op: tf.Operation, numbers: Numbers) -> List[Tuple[str, str]]:
    """The functions that an op may run, each with what it is to the op."""
    if 'While' in op.type:
        return [(role, op.get_attr(role).name) for role in ('body', 'cond')]
    if op.type in ('If', 'StatelessIf'):
        truth = numbers.truth(op.inputs[0])
        return [(role, op.get_attr(role).name) for role, side in (('then_branch', True), ('else_branch', False))
                if truth in (None, side)]
    if op.type not in FUNCTIONAL and op.type not in CALLS:
        return [('call', op.type)]
    return [('branch', function.name) for function in functions_of(op.node_def)]


def asked_for(op: tf.Operation, numbers: Numbers, functions: Callable[[], Mapping[str, Any]], targets: Set[str]
              ) -> Optional[List[tf.Tensor]]:
    """The inputs of a functional branch that the side which is known to be taken uses; None for other ops."""
    if op.type not in ('If', 'StatelessIf') or numbers.truth(op.inputs[0]) is None:
        return None
    library = functions()
    found: Set[int] = set()
    for _, name in _chosen(op, numbers):
        for tensor, arguments in zip(op.outputs, arguments_of_results(library[name])):
            if tensor.consumers() or tensor.name in targets:
                found |= arguments
    # Before the arguments there is the predicate.
    return [tensor for i, tensor in enumerate(op.inputs, -1) if i in found]


def callees(function: Any, library: Mapping[str, Any]) -> List[str]:
    """The names of the functions that a function calls, and those call, itself not included."""
    found: Dict[str, None] = {}
    waiting = [function]
    while waiting:
        for node in waiting.pop().node_def:
            for name in [inner.name for inner in functions_of(node)] + [node.op]:
                if name in library and name not in found:
                    found[name] = None
                    waiting.append(library[name])
    return list(found)


def _path_through(function: Any, inputs: Sequence[tf.Tensor], outer: Path, library: Mapping[str, Any],
                  loop: bool, read: Sequence[bool]) -> Path:
    """The path from the arguments that depend on X to the results that are read, in a graph of its own.

    Args:
        outer: the path that the inputs are on.
    """
    body = body_of(function, library, [tensor.shape for tensor in inputs])
    arguments, outputs = body.arguments, body.outputs
    with body.graph.as_default():
        joined = tf.raw_ops.IdentityN(input=[one for one, wanted in zip(outputs, read) if wanted])[0]
        dependent = [outer.depends(tensor) for tensor in inputs]
        carrying = [outer.carries(tensor) for tensor in inputs]
        while True:
            path = Path([argument for argument, one in zip(arguments, dependent) if one], joined)
            path.steps = outer.steps
            path.still = frozenset(argument.name for argument, one in zip(arguments, carrying) if not one)
            # What comes out of one step of a loop goes into the next.
            following = outputs + [joined] * (len(dependent) - len(outputs))
            after = ([before or (loop and path.depends(output)) for before, output in zip(dependent, following)],
                     [before or (loop and path.carries(output)) for before, output in zip(carrying, following)])
            if after == (dependent, carrying) or not loop:
                return path
            dependent, carrying = after
