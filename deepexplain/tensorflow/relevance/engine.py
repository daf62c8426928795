"""Relevance carried from T to X by the gradients of a replica of the path."""
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional

import tensorflow.compat.v1 as tf

from ..graph.path import GRADIENT, Path
from ..graph.replica import Replica
from ..rules.activations import RuleSet, registered_rules
from ..rules.gradients import lowered, refuse_uncovered
from ..rules.joint import added, summed_to
from .affine import line_of, together
from .linear import Layer, Parts
from .padding import Padding, winner
from .plan import Place, Plan, inputs_of, make_plan
from .rules import Rule, share

if TYPE_CHECKING:
    from ..runs.model import Model

#: What an op on the replica does with the relevance of its output: one value for each input.
Step = Callable[[tf.Operation, tf.Tensor], List[Optional[tf.Tensor]]]


class Relevance(RuleSet):
    """The rules of layers, by the names of ops on the replica; activations pass relevance unchanged."""

    def __init__(self, steps: Mapping[str, Step]) -> None:
        self._steps = steps

    def joint_gradients(self, op: tf.Operation, grad: tf.Tensor) -> Optional[List[Optional[tf.Tensor]]]:
        if op.name not in self._steps:
            return None
        with tf.name_scope('relevance'):
            return self._steps[op.name](op, grad)

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        return grad


class Planned:
    """A path, the plan for it, and its replica that asks for the rules.

    Args:
        uncovered: what to do with an op that no rule covers: 'error', or 'gradient' to pass it by its ordinary one.
        quiet: whether ordinary gradients need no warning.
    """

    def __init__(self, model: 'Model', method: str, uncovered: str = 'error', quiet: bool = False) -> None:
        if uncovered not in ('error', 'gradient'):
            raise ValueError(f"uncovered must be 'error' or 'gradient', not {uncovered!r}.")
        self.path: Path = lowered(model.path, inference=True)
        self.plan: Plan = make_plan(self.path, frozenset(registered_rules()))
        self.unruled = '' if quiet else refuse_uncovered(method, self.plan.uncovered, uncovered == 'error')
        ruled = [op for op in self.path.ops if any(op.name in table for table in (
            self.plan.layers, self.plan.pools, self.plan.sums, self.plan.winners, self.plan.shifts))]
        units = self.plan.units._replace(joint=ruled, single_types=frozenset())
        self.replica = Replica(self.path.with_loops(), self.path.fed, units, GRADIENT)
        self._padding = Padding(self.path, inputs_of(self.plan.units), self.replica.op)

    def layer(self, place: Place) -> Layer:
        """A layer on the replica."""
        return layer_of(place, self.replica.op, self._padding.mask(place.op.inputs[place.parts.data]))

    def steps(self, rule_of: Mapping[str, Rule]) -> Dict[str, Step]:
        """What each op does by the rules of the layers.

        Args:
            rule_of: the rule of each layer, by the name of its op.
        """
        ahead = _rules_ahead(self.path, self.plan, rule_of)
        everything = list(rule_of.values())
        found: Dict[str, Step] = {}
        for op in self.path.ops:
            name, step = op.name, None
            if name in self.plan.layers:
                step = self._layer_step(self.plan.layers[name], rule_of[name])
            elif name in self.plan.pools:
                step = self._pool_step(op, self.plan.pools[name])
            elif name in self.plan.sums:
                rules = ahead.get(name, everything)
                step = _sum_step(self.plan.sums[name], any(rule.ignores_data for rule in ahead.get(name, ())),
                                 any(rule.bias for rule in rules))
            elif name in self.plan.winners:
                step = self._winner_step(op)
            elif name in self.plan.shifts:
                counts = name not in self.plan.folded and any(rule.bias for rule in ahead.get(name, everything))
                step = _shift_step(self.plan.shifts[name], counts)
            if step is not None:
                found[self.replica.op(op).name] = step
        return found

    def _layer_step(self, place: Place, rule: Rule) -> Step:
        return lambda op, R: alone(op, place.parts.data, _checked(rule, self.layer(place), R))

    def _pool_step(self, original: tf.Operation, parts: Parts) -> Step:
        return lambda op, R: alone(op, parts.data, share(
            Layer(op, parts, mask=self._padding.mask(original.inputs[parts.data])), R))

    def _winner_step(self, original: tf.Operation) -> Step:
        return lambda op, R: alone(op, 0, winner(op, self._padding.mask(original.inputs[0]), R))


def layer_of(place: Place, find: Callable[[tf.Operation], tf.Operation] = lambda op: op,
             mask: Optional[tf.Tensor] = None) -> Layer:
    """A layer of the plan, on the path itself or on what stands for its ops elsewhere."""
    line = together(line_of(find(op), data) for op, data in place.folded)
    return Layer(find(place.op), place.parts, line.scale, line.shift, place.nonnegative, mask)


def _checked(rule: Rule, layer: Layer, R: tf.Tensor) -> tf.Tensor:
    """What a rule returns, if that is relevance for the layer's data."""
    result = rule.relevance(layer, R)
    if not isinstance(result, tf.Tensor) or not result.shape.is_compatible_with(layer.x.shape):
        raise TypeError("%s.relevance must return a tensor of the shape of layer.x, %s, not %s, for '%s'." % (
            type(rule).__name__, layer.x.shape,
            f'of {result.shape}' if isinstance(result, tf.Tensor) else type(result).__name__, layer.op.name))
    return result


def _sum_step(places: List[int], bounded: bool, bias: bool) -> Step:
    """A sum of tensors that depend on X: each gets in proportion to what it gives (of a sum of 0, all the same).

    Args:
        bounded: whether relevance may come where the sum is next to 0. Then what would be multiplied by more than 1000
            is, as far as it is too much, shared by size alone.
        bias: whether what else is added has a share.
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        parts = {i: -op.inputs[i] if op.type == 'Sub' and i else op.inputs[i] for i in places}
        total = op.outputs[0] if bias or len(places) == len(op.inputs) else added(list(parts.values()))
        denominator = total
        if bounded:
            size = added([tf.abs(part) for part in parts.values()])
            denominator = tf.where_v2(tf.abs(total) < 1e-3 * size, tf.where_v2(total < 0, -size, size) * 1e-3, total)
        signal = tf.math.divide_no_nan(R, denominator)
        even = tf.cast(tf.equal(denominator, 0), R.dtype) * R / len(places)
        shares = {i: signal * part + even for i, part in parts.items()}
        if bounded:
            rest = tf.math.divide_no_nan(R - signal * total, size)
            shares = {i: share + rest * tf.abs(parts[i]) for i, share in shares.items()}
        return [summed_to(shares[i], tensor) if i in shares else None for i, tensor in enumerate(op.inputs)]
    return step


def _shift_step(place: int, counts: bool) -> Step:
    """Scales and shifts of single numbers: relevance passes, less what a shift that counts has of it."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        shift = line_of(op, place).shift if counts else None
        if shift is not None:
            y = op.outputs[0]
            R = tf.math.divide_no_nan(R, y) * (y - shift)
        return alone(op, place, summed_to(R, op.inputs[place]))
    return step


def alone(op: tf.Operation, place: int, value: tf.Tensor) -> List[Optional[tf.Tensor]]:
    """The gradients of an op of which only the input at a place has one."""
    return [value if i == place else None for i in range(len(op.inputs))]


def _rules_ahead(path: Path, plan: Plan, rule_of: Mapping[str, Rule]) -> Dict[str, List[Rule]]:
    """For each op the rules of the layers that are reached from it before any other, if there are such."""
    found: Dict[str, List[Rule]] = {}
    for name, place in plan.layers.items():
        waiting, seen = [place.op], {place.op}
        while waiting:
            for tensor in waiting.pop().inputs:
                op = tensor.op
                if op in path.dependent and op not in seen and op.name not in plan.layers:
                    seen.add(op)
                    found.setdefault(op.name, []).append(rule_of[name])
                    waiting.append(op)
    return found
