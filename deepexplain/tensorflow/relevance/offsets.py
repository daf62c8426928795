"""What each op of a path adds: y = J x + offset, J its derivatives at x with respect to the inputs that depend on X.

T is the sum of X times its gradient and of all offsets times the gradients at their y: what an op puts out is J x and
its offset, and its gradient times J x is what its inputs' gradients hold of it.
"""
from typing import Any, Callable, List, NamedTuple, Optional, Sequence, Union

import tensorflow.compat.v1 as tf

from ..graph.kinds import (
    BATCH_NORMS,
    ELEMENTWISE,
    FLAT,
    FUNCTIONAL,
    LINEAR,
    PRODUCTS,
    QUOTIENTS,
    SUMS,
    WINNERS,
    foreign_gradient,
)
from ..graph.loops import is_loop
from ..graph.path import Path
from ..graph.units import Unit, Units
from ..rules.gradients import dense
from .affine import line_of

#: Of what is twice as large they make what is twice as large: nothing is added.
_HOMOGENEOUS = frozenset(['Relu', 'LeakyRelu', 'Abs', 'Neg', 'Identity', 'IdentityN', 'Snapshot', 'Cast'])


class Offset(NamedTuple):
    """What is added at a tensor of the path, in a shape that broadcasts to it."""
    y: tf.Tensor
    value: tf.Tensor


def steps_of(path: Path, units: Units) -> List[Union[Unit, tf.Operation]]:
    """The ops that the gradient of T passes on its way to X, and the units that it passes in one step, in order."""
    marked = {unit.y.name: unit for unit in units.marked}
    found: List[Union[Unit, tf.Operation]] = []
    seen, waiting = set(), [path.T]
    while waiting:
        tensor = waiting.pop()
        if tensor.op in seen or not path.depends(tensor) or any(tensor is x for x in path.X):
            continue
        seen.add(tensor.op)
        unit = marked.get(tensor.name)
        found.append(tensor.op if unit is None else unit)
        waiting += [unit.x] if unit is not None else [tensor.op.inputs[i] for i in passing(tensor.op, path)]
    order = {op: i for i, op in enumerate(path.ops)}
    return sorted(found, key=lambda one: order[one.y.op if isinstance(one, Unit) else one])


def passing(op: tf.Operation, path: Path) -> List[int]:
    """The inputs to which the gradient of an op goes on, and is not zero everywhere."""
    return [] if op.type in FLAT else [i for i, tensor in enumerate(op.inputs) if path.carries(tensor, steps=False)]


def refuse_branches(path: Path, steps: Sequence[Union[Unit, tf.Operation]], method: str) -> None:
    """RuntimeError where the gradient passes a loop or a branch, within which what is added has no value of its own."""
    for op in steps:
        if isinstance(op, tf.Operation) and (is_loop(op) or op.type in FUNCTIONAL or op.type == 'Merge' and sum(
                tensor.name not in path.dead for tensor in op.inputs) > 1):
            raise RuntimeError("%s cannot tell what is added within '%s' (%s), a loop or a branch between X and T that "
                               'it cannot see through. intgrad can explain T.' % (method, path.called(op), op.type))


def offset_of(step: Union[Unit, tf.Operation], path: Path, find: Callable[[tf.Tensor], tf.Tensor], method: str
              ) -> Optional[Offset]:
    """What a step adds; None where that is certainly nothing.

    Args:
        find: what stands for a tensor of the path where ops are to be added.

    Raises:
        RuntimeError: where it cannot be told.
    """
    op = step.y.op if isinstance(step, Unit) else step
    used = [tensor for tensor in op.outputs if tensor is path.T or any(
        reader in path.dependent for reader in tensor.consumers())]
    try:
        y = step.y if isinstance(step, Unit) else used[0]
        value = _of_unit(step, find) if isinstance(step, Unit) else _of_op(step, path, find, y, len(used) > 1)
    except LookupError:
        value = NotImplemented
    if value is NotImplemented:
        raise RuntimeError("%s cannot tell what '%s' (%s) adds on the path from X to T: explain what goes into it, or "
                           'take intgrad.' % (method, path.called(op), op.type))
    return None if value is None else Offset(y, value)


def _of_unit(unit: Unit, find: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    x, y = find(unit.x), find(unit.y)
    return _of_one(y, x) if unit.same else _tangent(y, [x])


def _of_op(op: tf.Operation, path: Path, find: Callable[[tf.Tensor], tf.Tensor], y: tf.Tensor, several: bool) -> Any:
    """What an op adds at its output y; NotImplemented where that cannot be told."""
    places = passing(op, path)
    rest = [i for i, tensor in enumerate(op.inputs) if i not in places and tensor.dtype.is_floating
            and tensor.name not in path.dead]
    y = find(y)
    copy = y.op
    if not foreign_gradient(copy):
        if op.type in _HOMOGENEOUS or not rest and (op.type in LINEAR or op.type in WINNERS):
            return None
        if op.type in PRODUCTS:
            # Of k factors, each linear, the derivatives make k times the product.
            return None if len(places) == 1 else (1 - len(places)) * y
        if op.type in QUOTIENTS:
            return None if places == [0] else (2 if places == [1] else 1) * y
        if places == [0] and (op.type in ('Sub', 'BiasAdd', 'BiasAddV1') or (
                op.type in BATCH_NORMS and not op.get_attr('is_training'))):
            return line_of(copy, 0).shift
        if op.type in SUMS and 'Bias' not in op.type:
            return tf.add_n([copy.inputs[i] for i in rest]) if len(rest) > 1 else copy.inputs[rest[0]]
    points = [copy.inputs[i] for i in places]
    if several or not all(one.dtype.is_floating for one in [y] + points):
        return NotImplemented
    if not points:
        return y
    return _of_one(y, points[0]) if op.type in ELEMENTWISE and len(points) == 1 and not rest else _tangent(y, points)


def _of_one(y: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """What a function of one number, of the shape of x, adds: f(x) - f'(x) x."""
    slope = tf.gradients(y, x, stop_gradients=[x])[0]
    return y if slope is None else y - dense(slope) * x


def _tangent(y: tf.Tensor, points: Sequence[tf.Tensor]) -> tf.Tensor:
    """y - J x for any op: its gradient is linear in what it starts with, and its derivative in that is J."""
    start = tf.zeros_like(y)
    back = [(dense(one), x) for one, x in zip(tf.gradients(y, points, start, stop_gradients=points), points)
            if one is not None]
    if not back:
        return y
    moved = tf.gradients([one for one, _ in back], start, [x for _, x in back])[0]
    return y if moved is None else y - dense(moved)
