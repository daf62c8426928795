"""Relevance carried from T to X by the gradients of a replica of the path."""
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, Optional

import tensorflow.compat.v1 as tf

from ..gradients import lowered, refuse_uncovered
from ..graph import GRADIENT, Path
from ..joint import summed_to
from ..replica import Replica
from ..rules import RuleSet, registered_rules
from .linear import Layer, Parts
from .plan import Place, Plan, make_plan
from .rules import Rule, share

if TYPE_CHECKING:
    from ..methods.base import Model

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
            raise ValueError("uncovered must be 'error' or 'gradient', not %r." % (uncovered,))
        self.path: Path = lowered(model.path)
        self.plan: Plan = make_plan(self.path, frozenset(registered_rules()))
        self.unruled = '' if quiet else refuse_uncovered(method, self.plan.uncovered, uncovered == 'error')
        ruled = [op for op in self.path.ops if any(op.name in table for table in (
            self.plan.layers, self.plan.pools, self.plan.sums, self.plan.shifts))]
        units = self.plan.units._replace(joint=ruled, single_types=frozenset())
        self.replica = Replica(self.path.with_loops(), units=units, gradient=GRADIENT)

    def steps(self, rule_of: Mapping[str, Rule]) -> Dict[str, Step]:
        """What each op does by the rules of the layers.

        Args:
            rule_of: the rule of each layer, by the name of its op.
        """
        after = _rules_after(self.path, self.plan, rule_of)
        found: Dict[str, Step] = {}
        for op in self.path.ops:
            name, step = op.name, None
            if name in self.plan.layers:
                step = _layer_step(self.plan.layers[name], rule_of[name])
            elif name in self.plan.pools:
                step = _pool_step(self.plan.pools[name])
            elif name in self.plan.sums:
                step = _sum_step(self.plan.sums[name])
            elif name in self.plan.shifts:
                place, line = self.plan.shifts[name]
                counts = after[name] and name not in self.plan.folded
                step = _shift_step(place, line.shift if counts else None)
            if step is not None:
                found[self.replica.op(op).name] = step
        return found


def layer_of(place: Place, op: tf.Operation) -> Layer:
    """A layer of the plan on an op of the replica."""
    return Layer(op, place.parts, place.scale, place.bias, place.nonnegative)


def _layer_step(place: Place, rule: Rule) -> Step:
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        return _alone(op, place.parts.data, rule.relevance(layer_of(place, op), R))
    return step


def _pool_step(parts: Parts) -> Step:
    return lambda op, R: _alone(op, parts.data, share(Layer(op, parts), R))


def _sum_step(places: List[int]) -> Step:
    """A sum of tensors that depend on X: each gets in proportion to what it gives (of a sum of 0, all the same)."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        parts = {i: -op.inputs[i] if op.type == 'Sub' and i else op.inputs[i] for i in places}
        total = op.outputs[0] if len(places) == len(op.inputs) else tf.add_n(list(parts.values()))
        signal = tf.math.divide_no_nan(R, total)
        even = tf.cast(tf.equal(total, 0), R.dtype) * R / len(places)
        return [summed_to(signal * parts[i] + even, tensor) if i in parts else None
                for i, tensor in enumerate(op.inputs)]
    return step


def _shift_step(place: int, shift: Optional[tf.Tensor]) -> Step:
    """Scales and shifts of single numbers: relevance passes, less what a shift that counts has of it."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        y = op.outputs[0]
        if shift is not None:
            R = tf.math.divide_no_nan(R, y) * (y - shift)
        return _alone(op, place, summed_to(R, op.inputs[place]))
    return step


def _alone(op: tf.Operation, place: int, value: tf.Tensor) -> List[Optional[tf.Tensor]]:
    return [value if i == place else None for i in range(len(op.inputs))]


def _rules_after(path: Path, plan: Plan, rule_of: Mapping[str, Rule]) -> Dict[str, bool]:
    """For each op of the path whether the layers that it leads to count their biases; where there is none, any layer."""
    behind: Dict[str, bool] = {}
    everywhere = any(rule.bias for rule in rule_of.values())
    found = {}
    for op in reversed(path.ops):
        readers = [behind[reader.name] for tensor in op.outputs for reader in tensor.consumers()
                   if reader.name in behind]
        here = any(readers) if readers else None
        found[op.name] = everywhere if here is None else here
        if op.name in plan.layers:
            here = bool(rule_of[op.name].bias)
        if here is not None:
            behind[op.name] = here
    return found
