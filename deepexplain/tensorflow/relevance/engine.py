"""Relevance carried from T to X by the gradients of a replica of the path."""
from typing import TYPE_CHECKING, Any, Callable, Container, Dict, List, Mapping, Optional, Set

import tensorflow.compat.v1 as tf

from ..graph.kinds import GRADIENT
from ..graph.path import Path
from ..graph.replica import Replica
from ..rules.activations import RuleSet, registered_rules
from ..rules.gradients import lowered
from ..rules.joint import passed_to
from ..rules.markers import is_marker
from ..rules.returned import returned
from ..rules.ruled import refuse_uncovered
from ..rules.straight import straight
from .affine import Line, line_of, together
from .linear import Layer, Parts
from .meetings import How
from .padding import Padding, pad_step, winner
from .plan import Place, Plan, inputs_of, make_plan
from .rules import Rule
from .scatters import scatter_step
from .shares import share
from .softmax import written_step
from .sums import Ahead, Step, alone, sum_step
from .trails import brought_back

if TYPE_CHECKING:
    from ..runs.model import Model


class Relevance(RuleSet):
    """The rules of layers, by the names of ops on the replica; activations pass relevance unchanged.

    Args:
        activations: the names of those of one op. Others of their types may ask for a rule too, in a functional loop.
    """

    def __init__(self, steps: Mapping[str, Step], activations: Container[str] = ()) -> None:
        self._steps, self._activations = steps, activations

    def covers(self, op: tf.Operation) -> bool:
        return is_marker(op) or op.name in self._activations

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
        unroll: whether loops are.
        check: called with the path and the plan before the replica is built; raises what it must.
        how: what becomes of relevance where tensors that depend on X meet, if it is relevance that is carried.
    """

    def __init__(self, model: 'Model', method: str, uncovered: str = 'error', quiet: bool = False,
                 unroll: bool = True, check: Callable[[Path, Plan], None] = lambda path, plan: None,
                 how: Optional[How] = None) -> None:
        self.path: Path = straight(model, inference=True, branched=True) if unroll else lowered(
            model.path, inference=True)
        self.plan: Plan = make_plan(self.path, frozenset(registered_rules()), how)
        self.unruled = '' if quiet else refuse_uncovered(
            model, method, self.path, self.plan.uncovered, uncovered == 'error')
        check(self.path, self.plan)
        ruled = [op for op in self.path.ops if any(op.name in table for table in (
            self.plan.layers, self.plan.pools, self.plan.sums, self.plan.winners, self.plan.shifts,
            self.plan.scatters, self.plan.pads, self.plan.meetings))]
        units = self.plan.units._replace(joint=ruled, single_types=frozenset())
        self.replica = Replica(self.path.with_loops(), self.path.fed, units, GRADIENT)
        self._padding = Padding(self.path, inputs_of(self.plan.units), self.replica.op)

    def layer(self, place: Place) -> Layer:
        """A layer on the replica."""
        return layer_of(place, self.replica.op, self._padding.mask(place.op.inputs[place.parts.data]))

    def activations(self) -> Set[str]:
        """The names on the replica of activations of one op."""
        return {self.replica.scope + name for name in self.plan.units.single}

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
            elif name in self.plan.sums or name in self.plan.scatters:
                bounded = any(rule.ignores_data for rule in ahead.get(name, ()))
                bias = any(rule.bias for rule in ahead.get(name, everything))
                step = sum_step(self.plan.sums[name], bounded, bias) if name in self.plan.sums else scatter_step(
                    op.type, self.plan.scatters[name], bounded, bias)
            elif name in self.plan.meetings:
                rules = ahead.get(name, everything)
                step = self.plan.meetings[name](Ahead(
                    any(rule.ignores_data for rule in ahead.get(name, ())), any(rule.bias for rule in rules),
                    max([getattr(rule, 'epsilon', 0.) for rule in rules] or [0.]), self.replica.tensor))
            elif name in self.plan.pads:
                step = pad_step(op)
            elif name in self.plan.winners:
                step = self._winner_step(op)
            elif name in self.plan.shifts:
                counts = name not in self.plan.folded and any(rule.bias for rule in ahead.get(name, everything))
                step = _shift_step(self.plan.shifts[name], counts, self.plan.masked)
            if step is not None:
                found[self.replica.op(op).name] = step
        for unit in self.plan.units.marked:
            if unit.y.name in self.plan.written:
                found[self.replica.marker(unit).name] = written_step(self.plan.written[unit.y.name], self.replica.op)
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
    line = together(Line(*[None if one is None else brought_back(one, folded.steps, find)
                           for one in line_of(find(folded.op), folded.place)]) for folded in place.folded)
    return Layer(find(place.op), place.parts, line.scale, line.shift, place.nonnegative, mask)


def _checked(rule: Rule, layer: Layer, R: tf.Tensor) -> tf.Tensor:
    """What a rule returns, if that is relevance for the layer's data."""
    result = rule.relevance(layer, R)
    if not isinstance(result, tf.Tensor) or not result.shape.is_compatible_with(layer.x.shape):
        raise TypeError("%s.relevance must return a tensor of the shape of layer.x, %s, not %s, for '%s'." % (
            type(rule).__name__, layer.x.shape,
            f'of {result.shape}' if isinstance(result, tf.Tensor) else type(result).__name__, layer.op.name))
    if type(rule).__module__ == Rule.__module__:
        return result
    return returned(result, layer.x, type(rule).__name__ + '.relevance', layer.op.name)


def _shift_step(place: int, counts: bool, masked: bool = False) -> Step:
    """Scales and shifts of single numbers: relevance passes, less what a shift that counts has of it.

    Args:
        masked: whether some of the shift may be minus infinity: nothing passes there.
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        shift = line_of(op, place).shift if counts else None
        if shift is not None:
            y = op.outputs[0]
            kept = y - shift
            if masked:
                kept = tf.where_v2(tf.math.is_finite(kept), kept, tf.zeros_like(kept))
            R = tf.math.divide_no_nan(R, y) * kept
        return alone(op, place, passed_to(R, op, place))
    return step


def _rules_ahead(path: Path, plan: Plan, rule_of: Mapping[str, Rule]) -> Dict[str, List[Rule]]:
    """For each op rules of the layers that are reached from it before any other, if there are such: one of a kind."""
    found: Dict[str, Dict[Any, Rule]] = {}
    waiting = [(place.op, rule_of[name]) for name, place in plan.layers.items()]
    while waiting:
        at, rule = waiting.pop()
        kind = bool(rule.ignores_data), bool(rule.bias), str(getattr(rule, 'epsilon', ''))
        for op in {tensor.op for tensor in at.inputs}:
            if op in path.dependent and op.name not in plan.layers and kind not in found.setdefault(op.name, {}):
                found[op.name][kind] = rule
                waiting.append((op, rule))
    return {name: list(rules.values()) for name, rules in found.items()}
