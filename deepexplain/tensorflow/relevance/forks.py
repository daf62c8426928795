"""DeepLIFT's RevealCancel rule: a linear op and the activation behind it, passed in one step."""
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf

from ..graph.again import Again
from ..graph.kinds import foreign_gradient
from ..graph.path import Path
from ..graph.replica import Replica
from ..graph.shapes import Shapes
from ..graph.units import Unit, Units, reached
from ..rules.activations import Reference, RescaleRules, Rule, ordinary_gradient
from ..rules.joint import Gradients, added, passed_to, summed_to
from ..rules.quotients import digit
from .affine import AFFINE
from .axes import RESHAPES, SAME_SHAPE, undone
from .linear import Layer, Parts
from .plan import Plan
from .sums import alone

#: What may lie between a linear op and its activation, besides shifts and scales: each number stays.
_KEPT = SAME_SHAPE | RESHAPES | frozenset(['Transpose'])


class Fork(NamedTuple):
    """A linear op, the activation that alone reads it, and what lies between.

    Attributes:
        op: the linear op; `places` where it has its data, `parts` where its data and weights, unless it is a sum.
        between: the ops after it, as far as the activation.
        shifts: those of them that scale or shift, by name, and where their data are.
        unit: the activation.
    """
    op: tf.Operation
    places: List[int]
    parts: Optional[Parts]
    between: List[tf.Operation]
    shifts: Dict[str, int]
    unit: Unit


def find_forks(path: Path, plan: Plan, units: Units) -> List[Fork]:
    """The linear ops of a path with an activation of their own."""
    by_input: Dict[str, List[Unit]] = {}
    for unit in list(units.single.values()) + list(units.marked):
        by_input.setdefault(unit.x.name, []).append(unit)
    marked = {unit.y.name: unit for unit in units.marked}
    alive = reached(path, marked)
    # What ends a swish hands its input on, for a custom gradient that is not used.
    read = {op for op in reached(path, {}) if op.name not in units.stripped}
    shapes = Shapes([x.name for x in path.X])
    forks = []
    for op in path.ops:
        parts = plan.layers[op.name].parts if op.name in plan.layers else plan.pools.get(op.name)
        places = plan.sums[op.name] if op.name in plan.sums else None if parts is None else [parts.data]
        if places is None or op.type in ('ResizeBicubic', 'ScaleAndTranslate'):
            continue
        found = _activation(op.outputs[0], by_input, path, alive, read, shapes)
        if found is not None:
            forks.append(Fork(op, places, parts, *found))
    return forks


def _activation(tensor: tf.Tensor, by_input: Mapping[str, List[Unit]], path: Path, alive: Set[tf.Operation],
                read: Set[tf.Operation], shapes: Shapes) -> Optional[Tuple[List[tf.Operation], Dict[str, int], Unit]]:
    """The one activation that reads a tensor, directly or shifted, scaled and reshaped, and what lies between."""
    between: List[tf.Operation] = []
    shifts: Dict[str, int] = {}
    while tensor.name != path.T.name:
        readers = {reader for reader in tensor.consumers() if reader in read}
        units = [unit for unit in by_input.get(tensor.name, []) if unit.y.op in alive]
        if len(units) == 1 and units[0].same and readers <= set(units[0].ops):
            return between, shifts, units[0]
        if len(readers) != 1 or units:
            return None
        reader = readers.pop()
        places = [i for i, one in enumerate(reader.inputs) if path.depends(one)]
        if foreign_gradient(reader) or len(places) != 1:
            return None
        if reader.type in AFFINE:
            if reader.type in ('Add', 'AddV2', 'Sub', 'Mul') and not shapes.same(reader.outputs[0], tensor):
                return None
            shifts[reader.name] = places[0]
        elif reader.type not in _KEPT:
            return None
        between.append(reader)
        tensor = reader.outputs[0]
    return None


class RevealCancelRules(RescaleRules):
    """The rescale rule, but for forks the RevealCancel rule (Shrikumar et al. 2017, section 3.5.3) as a gradient.

    With z_ref the linear op's output at the baseline, dz+ and dz- the sums of the positive and the negative
    contributions w dx of its inputs, and y = f(z) what comes out of the activation:

        dy+ = 1/2 [f(z_ref + dz+) - f(z_ref)] + 1/2 [f(z_ref + dz- + dz+) - f(z_ref + dz-)],  dy- likewise.

    Positive contributions have the multiplier dy+ / dz+, negative ones dy- / dz-, inputs that do not change the mean
    of both (section 3.5.1).
    """

    def __init__(self, rules: Mapping[str, Rule], references: Mapping[str, Reference],
                 joint: Mapping[str, tf.Operation], forks: Sequence[Fork], replica: Replica,
                 reference: Replica) -> None:
        super().__init__(rules, references, joint)
        self._replica, self._reference = replica, reference
        self._forks = {replica.op(fork.op).name: fork for fork in forks}
        self._shifts = {replica.scope + name: place for fork in forks for name, place in fork.shifts.items()}
        self._passed = {replica.tensor(fork.unit.y).op.name for fork in forks}

    def covers(self, op: tf.Operation) -> bool:
        return op.name in self._passed or super().covers(op)

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        return grad if op.name in self._passed else super().gradient(op, grad)

    def joint_gradients(self, op: tf.Operation, grad: tf.Tensor) -> Optional[Gradients]:
        if op.name in self._shifts:
            place = self._shifts[op.name]
            return alone(op, place, passed_to(grad, op, place))
        if op.name in self._forks:
            with tf.name_scope('reveal_cancel'):
                return self._through(self._forks[op.name], op, grad)
        return super().joint_gradients(op, grad)

    def _through(self, fork: Fork, op: tf.Operation, grad: tf.Tensor) -> Gradients:
        reference = self._reference.op(fork.op)
        signs = {i: -1 if op.type == 'Sub' and i else 1 for i in fork.places}
        changes = {i: op.inputs[i] - reference.inputs[i] for i in fork.places}
        parts = _Sum(signs, changes) if fork.parts is None else _Linear(Layer(op, fork.parts), changes)
        multipliers = parts.multipliers(*self._shares(fork, op.outputs[0], reference.outputs[0], grad,
                                                      *parts.contributions()))
        return [summed_to(multipliers[i], tensor) if i in multipliers else None for i, tensor in enumerate(op.inputs)]

    def _shares(self, fork: Fork, z: tf.Tensor, z_ref: tf.Tensor, grad: tf.Tensor, up: tf.Tensor, down: tf.Tensor
                ) -> List[tf.Tensor]:
        """grad dy+ / dz+ and grad dy- / dz-; for both grad f'(z_ref) where these are lost in the rounding of z."""
        ops, x, y = fork.between + fork.unit.ops, fork.unit.x, fork.unit.y
        with_up, with_down = [Again(ops, {fork.op.outputs[0].name: one}) for one in (z_ref + up, z_ref + down)]
        both = self._replica.unmarked(y) - self._reference.tensor(y)
        crossed = with_up.tensor(y) - with_down.tensor(y)
        # All at the reference, which may be one row for all.
        x_ref, y_ref, ops = self._reference.tensor(x), self._reference.tensor(y), list(map(self._reference.op, ops))
        derivative = ordinary_gradient(y_ref, z_ref, tf.ones_like(y_ref), ops)
        scale = ordinary_gradient(x_ref, z_ref, tf.ones_like(x_ref), ops) if fork.between else tf.ones_like(z_ref)
        room = digit(z.dtype) ** .5 * tf.abs(tf.math.divide_no_nan(_before(x_ref, fork, self._reference), scale))
        lost, twice, half = up - down <= room, 2 * derivative, .5 * grad
        return [half * tf.where_v2(lost, twice, tf.math.divide_no_nan(_before(part, fork, self._replica), of))
                for part, of in ((both + crossed, up), (both - crossed, down))]


def _before(value: tf.Tensor, fork: Fork, replica: Replica) -> tf.Tensor:
    """What is at the activation of a fork, moved to where it was at the linear op."""
    for one in reversed(fork.between):
        value = undone(value, replica.op(one))
    return value


class _Linear:
    """The contributions to a layer or a pool of the changes of its data, and back."""

    def __init__(self, layer: Layer, changes: Mapping[int, tf.Tensor]) -> None:
        self._layer = layer
        (self._place, self._change), = changes.items()
        self._up = None if layer.w is None else tf.nn.relu(layer.w)
        self._down = None if layer.w is None else -tf.nn.relu(-layer.w)

    def contributions(self) -> Tuple[tf.Tensor, tf.Tensor]:
        rise, fall = tf.nn.relu(self._change), -tf.nn.relu(-self._change)
        forward = self._layer.forward
        if self._up is None:
            return forward(rise), forward(fall)
        return (forward(rise, self._up) + forward(fall, self._down),
                forward(rise, self._down) + forward(fall, self._up))

    def multipliers(self, above: tf.Tensor, below: tf.Tensor) -> Dict[int, tf.Tensor]:
        backward = self._layer.backward
        of_rise, of_fall = backward(self._up, above), backward(self._up, below)
        if self._up is not None:
            of_rise, of_fall = of_rise + backward(self._down, below), of_fall + backward(self._down, above)
        return {self._place: _chosen(self._change, of_rise, of_fall)}


class _Sum:
    """The same for a sum of tensors."""

    def __init__(self, signs: Mapping[int, int], changes: Mapping[int, tf.Tensor]) -> None:
        self._signs = signs
        self._changes = {i: change * signs[i] for i, change in changes.items()}

    def contributions(self) -> Tuple[tf.Tensor, tf.Tensor]:
        changes = self._changes.values()
        return added([tf.nn.relu(one) for one in changes]), added([-tf.nn.relu(-one) for one in changes])

    def multipliers(self, above: tf.Tensor, below: tf.Tensor) -> Dict[int, tf.Tensor]:
        return {i: self._signs[i] * _chosen(change, above, below) for i, change in self._changes.items()}


def _chosen(change: tf.Tensor, of_rise: tf.Tensor, of_fall: tf.Tensor) -> tf.Tensor:
    zero = tf.zeros_like(of_rise)
    change = change + zero
    return tf.where_v2(change > zero, of_rise, tf.where_v2(change < zero, of_fall, .5 * (of_rise + of_fall)))
