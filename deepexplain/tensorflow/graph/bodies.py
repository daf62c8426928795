"""What happens inside the functions that functional loops and branches run, where no unit can be marked."""
from typing import Any, List, Mapping, NamedTuple, Sequence, Tuple

import tensorflow.compat.v1 as tf

from . import compat
from .functions import functions_of, is_call, is_phased
from .path import FUNCTIONAL, Path
from .units import Units, find_units, foreign_gradient

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
        _look(op, path, op.name, library, frozenset(rules), found)
    return found


def _look(op: tf.Operation, outer: Path, place: str, library: Mapping[str, Any], ruled: Any, found: Inside) -> None:
    loop = 'While' in op.type
    first = 0 if loop else 1  # A branch's first input chooses it.
    read = [loop or bool(tensor.consumers()) for tensor in op.outputs]
    for name in _names(op, loop):
        path = _path_through(library[name], list(op.inputs)[first:], outer, library, loop, read)
        units = find_units(path, ruled)
        for inner in path.ops:
            if inner not in path.dependent:
                continue
            here = (inner.type, f'{inner.name} in {place}')
            custom = inner.type == 'IdentityN' and foreign_gradient(inner) and inner.name not in units.stripped
            if custom:
                found.custom.append(here)
            if custom or is_call(inner, library):
                found.hidden.append(here)
            elif inner.type in FUNCTIONAL:
                _look(inner, path, f'{inner.name} in {place}', library, ruled, found)
        _note(units, place, found)


def _names(op: tf.Operation, loop: bool) -> List[str]:
    """The functions that may run: the body of a loop, the branches, of a Keras learning phase that for inference."""
    if loop:
        return [op.get_attr('body').name]
    if is_phased(op):
        return [op.get_attr('else_branch').name]
    return [function.name for function in functions_of(op.node_def)]


def _note(units: Units, place: str, found: Inside) -> None:
    found.ruled.extend((unit.rule, f'{name} in {place}') for name, unit in units.single.items())
    found.unsupported.extend((op.type, f'{op.name} in {place}') for op in units.unsupported
                             if not foreign_gradient(op))
    found.hidden.extend((unit.y.op.type, f'{unit.y.op.name} in {place}') for unit in units.marked)


def _path_through(function: Any, inputs: Sequence[tf.Tensor], outer: Path, library: Mapping[str, Any],
                  loop: bool, read: Sequence[bool]) -> Path:
    """The path from the arguments that depend on X to the results that are read, in a graph of its own.

    Args:
        outer: the path that the inputs are on.
    """
    everything = tf.GraphDef()
    everything.library.function.extend(library.values())
    body, flat = compat.function_to_graph(function, everything.library, [tensor.shape for tensor in inputs])
    body.library.CopyFrom(everything.library)
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(body, name='')
        arguments = [graph.get_tensor_by_name(argument.name + ':0') for argument in function.signature.input_arg]
        outputs = []
        for result in function.signature.output_arg:
            name = flat[function.ret[result.name]]
            outputs.append(graph.get_tensor_by_name(name if ':' in name else name + ':0'))
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
