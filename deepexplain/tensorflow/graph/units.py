"""Which ops of a path bend the gradient: the units that a rule is for, and the ops that no rule covers."""
from typing import Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Sequence, Set

import tensorflow.compat.v1 as tf

from .bends import has_shifts, is_bent_line
from .between import Sources, ops_between
from .choices import training_tensors
from .compat import has_gradient
from .kinds import (
    BATCH_NORMS,
    ELEMENTWISE,
    FUNCTIONAL,
    LINEAR,
    PRODUCTS,
    QUOTIENTS,
    SEVERAL_INPUTS,
    SUMS,
    WINNERS,
    foreign_gradient,
)
from .names import unwrap
from .path import Path
from .shapes import Shapes


class Unit(NamedTuple):
    """A function y = f(x), elementwise unless a rule of the user's says otherwise, made of the ops from x to y.

    `rule` is the op type whose rule it takes, or '' for an activation that is composed of several ops. `same` says
    whether y certainly has the shape of x; else x may be broadcast to it. Among the ops are those that make constants
    of the shape of x or of what lies between.
    """
    x: tf.Tensor
    y: tf.Tensor
    ops: List[tf.Operation]
    rule: str
    same: bool = True


class Units(NamedTuple):
    """What a rule set does on a path.

    Attributes:
        single: op name -> a unit of one op with one input.
        single_types: the op types that are such units inside the bodies of loops and branches.
        marked: the other units: of several ops, or of one op with constant inputs besides x.
        stripped: IdentityN ops whose custom gradient is that of a unit, or lost.
        lost: those of them whose custom gradient this process cannot know, since it came with a file or a function.
        joint: ops in which tensors that depend on X meet, for methods that have rules for these.
        unsupported: the ops that no rule covers.
        inexact: ops whose ordinary gradient is right, but does not tell all of a larger change: the winner may be
            another then, and so may a mask, which depends on X but lets no gradient through.
    """
    single: Mapping[str, Unit] = {}
    single_types: FrozenSet[str] = frozenset()
    marked: Sequence[Unit] = ()
    stripped: FrozenSet[str] = frozenset()
    lost: Sequence[tf.Operation] = ()
    joint: Sequence[tf.Operation] = ()
    unsupported: Sequence[tf.Operation] = ()
    inexact: Sequence[tf.Operation] = ()


def find_units(path: Path, ruled: FrozenSet[str], joint: FrozenSet[str] = frozenset(), whole: bool = False
               ) -> Units:
    """The units of a path for a method that has rules for the op types `ruled`, and `joint` where inputs meet.

    Args:
        whole: whether a sum of functions of one number is a function of it as well, where they have shifts of their
            own, as selu has where it is written out.
    """
    sources = Sources()
    single: Dict[str, Unit] = {}
    marked: Dict[str, Unit] = {}
    stripped: Set[str] = set()
    lost: List[tf.Operation] = []
    unclear: Set[tf.Operation] = set()
    shapes = Shapes([one.name for one in path.X])
    for op in path.ops:
        if op not in path.dependent:
            continue
        inputs = [tensor for tensor in op.inputs if path.depends(tensor)]
        # A rule for the op takes precedence, as in the reference.
        foreign = '' if op.type in ruled and len(op.inputs) == 1 else foreign_gradient(op)
        joined = {} if foreign else _join(op, inputs, sources, shapes)
        if not op.outputs:
            continue
        y = op.outputs[0]
        if op.type in ruled and len(op.inputs) == 1 and y.dtype.is_floating:
            single[op.name] = Unit(op.inputs[0], y, [op], op.type)
        elif op.type in ruled and len(inputs) == 1 and y.dtype.is_floating and (
                op.type not in ELEMENTWISE or y.name in joined and not _broadcasts(op, inputs[0])):
            marked[y.name] = Unit(inputs[0], y, ops_between(inputs[0], y, path), op.type)
        elif len(inputs) > 1 and op.type in ELEMENTWISE and op.type != 'IdentityN' and y.name in joined:
            x = joined[y.name]
            ops = ops_between(x, y, path)
            if x.dtype == y.dtype and y.dtype.is_floating and (
                    op.type not in SUMS or is_bent_line(ops, path, is_exact) or whole and has_shifts(ops, path)):
                marked[y.name] = Unit(x, y, ops, '')
        elif foreign and op.type == 'IdentityN':
            if _is_swish(op, marked, path):
                stripped.add(op.name)
                joined = _join(op, inputs, sources, shapes)
            elif not has_gradient(foreign):
                # A model from a file or a function has only the gradient's name.
                stripped.add(op.name)
                lost.append(op)
        if op.type == 'Select' and not joined and len(inputs) > 1 and sources.shared(inputs) is not None:
            unclear.add(op)
        sources.note(joined)
    passed = reached(path, marked)
    open_ops = [op for op in path.ops if op in passed and op.name not in single and op.name not in stripped
                and not any(tensor.name in marked for tensor in op.outputs)]
    meeting = [op for op in open_ops
               if op.type in joint and not (op.type in PRODUCTS | QUOTIENTS and is_exact(op, path))]
    met = set(meeting)
    unsupported = [op for op in open_ops if op in unclear or not is_exact(op, path) and op not in met]
    named = set(unsupported)
    used = [unit._replace(same=shapes.same(unit.x, unit.y)) for unit in marked.values() if unit.y.op in passed]
    inexact = [op for op in open_ops if op not in named and (
        op.type in WINNERS and op not in met or any(
            path.depends(tensor) and not follows for tensor, follows in zip(op.inputs, followed(op, path))))]
    inexact += [unit.y.op for unit in used if unit.rule in SEVERAL_INPUTS and not unit.same]
    return Units(single, ruled - SEVERAL_INPUTS, used, frozenset(stripped),
                 [op for op in lost if op in passed], meeting, unsupported, inexact)


def followed(op: tf.Operation, path: Path) -> List[bool]:
    """For each input of an op, whether the gradient goes on there to X.

    A factor that has no gradient, such as a mask, a sign or a number of steps, is a constant to the other factors.
    """
    if op.type in PRODUCTS | QUOTIENTS:
        smooth = [path.carries(tensor, steps=False) for tensor in op.inputs]
        if any(smooth):
            return smooth
    return [path.carries(tensor) for tensor in op.inputs]


def is_exact(op: tf.Operation, path: Path) -> bool:
    """Whether the op's ordinary gradient is the right rule on this path."""
    follows = followed(op, path)
    if foreign_gradient(op):
        return False
    if op.type in BATCH_NORMS:
        return not op.get_attr('is_training') and not any(follows[1:])
    if op.type in PRODUCTS:
        return sum(follows) == 1
    if op.type in QUOTIENTS:
        return not follows[1]
    return op.type in LINEAR or op.type in WINNERS or op.type in FUNCTIONAL


def _is_swish(op: tf.Operation, marked: Dict[str, Unit], path: Path) -> bool:
    """Whether an IdentityN is what tf.nn.swish ends in: its custom gradient only saves memory."""
    unit = marked.get(unwrap(op.inputs[0]).name)
    return (unit is not None and {one.type for one in unit.ops} <= {'Mul', 'Sigmoid', 'Identity'}
            and any(tensor.name == unit.x.name for tensor in op.inputs[1:])
            and not any(reader in path.dependent for tensor in op.outputs[1:] for reader in tensor.consumers()))


def _join(op: tf.Operation, inputs: List[tf.Tensor], sources: Sources, shapes: Shapes) -> Dict[str, tf.Tensor]:
    """For each output of an elementwise op, the nearest tensor of which it is a function, where there is one."""
    if op.type == 'IdentityN':
        pairs = zip(op.outputs, op.inputs)
        return {y.name: x for y, x in pairs if any(x is tensor for tensor in inputs)}
    if op.type not in ELEMENTWISE or not inputs:
        return {}
    x = sources.shared(inputs)
    return {} if x is None or _moves(op, inputs, shapes) else {op.outputs[0].name: x}


def _broadcasts(op: tf.Operation, x: tf.Tensor) -> bool:
    """Whether an op takes the larger or smaller of a constant and a tensor that it certainly broadcasts."""
    return op.type in SEVERAL_INPUTS and not x.shape.is_compatible_with(op.outputs[0].shape)


def _moves(op: tf.Operation, inputs: List[tf.Tensor], shapes: Shapes) -> bool:
    """Whether an elementwise op may align its inputs otherwise than by their last axes, so that axes of x move."""
    if op.type in ('BiasAdd', 'BiasAddV1'):
        return any(tensor is not op.inputs[0] for tensor in inputs)
    if op.type != 'Select' or all(tensor is not op.inputs[0] for tensor in inputs):
        return False
    # A vector chooses among rows.
    chooser, chosen = op.inputs[0].shape.ndims, op.inputs[1].shape.ndims
    if chooser is None or chosen is None:
        return not shapes.same(op.inputs[0], op.inputs[1])
    return chooser not in (0, chosen)


def reached(path: Path, marked: Dict[str, Unit], lets: Callable[[tf.Operation, int], bool] = lambda op, i: True
            ) -> Set[tf.Operation]:
    """The ops that the gradient of T passes on its way to X when every marked unit is passed in one step.

    Args:
        lets: whether an op hands anything on to one of its inputs.
    """
    training = training_tensors(path)
    found: Set[tf.Operation] = set()
    waiting: List[tf.Tensor] = [path.T]
    while waiting:
        tensor = waiting.pop()
        if tensor.op in found or tensor.op not in path.dependent or tensor.name in training:
            continue
        found.add(tensor.op)
        if tensor.name in marked:
            waiting.append(marked[tensor.name].x)
            continue
        waiting.extend(one for i, (one, follows) in enumerate(zip(tensor.op.inputs, followed(tensor.op, path)))
                       if follows and lets(tensor.op, i))
    return found
