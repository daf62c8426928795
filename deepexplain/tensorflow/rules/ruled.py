"""Replicas that ask for a method's rules, and what is said of the ops that have none."""
from typing import TYPE_CHECKING, Callable, Collection, FrozenSet, List, Mapping, NamedTuple, Sequence, Tuple

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.bodies import Inside, look_inside
from ..graph.choices import Settled, function_at_rest, settled_by
from ..graph.kinds import FLAT, FUNCTIONAL, GRADIENT
from ..graph.path import Path
from ..graph.replica import Replica
from ..graph.units import Units, find_units
from ..graph.unrolled import has_loops
from ..messages import listed, warn
from .activations import Rule, RuleSet, registered_rules
from .advice import completed, others, plain_ops, uncovered
from .complete import only_taken, without_stops
from .cuts import refuse_dead_ends, refuse_hidden
from .gradients import Carrier, carrier_on, lowered
from .joint import JOINT
from .straight import straight

if TYPE_CHECKING:
    from ..runs.model import Model


class Ruled(NamedTuple):
    """A path and its replica that asks for the rules.

    Attributes:
        units: the units on the path.
        unruled: the ops without an exact rule, as written in messages.
        training: see `Attribution`.
    """
    path: Path
    units: Units
    replica: Replica
    rules: Mapping[str, Rule]
    unruled: str
    training: Tuple[Settled, str]

    def carrier(self, rule_set: RuleSet) -> Carrier:
        return carrier_on(self.replica, self.path, rule_set)


class Looked(NamedTuple):
    """A path as a method with rules sees it: its units, and what there is in its loops, branches and calls."""
    path: Path
    units: Units
    inside: Inside

    def passed(self, dead: Collection[str]) -> List[tf.Operation]:
        """The ops without a rule that have a gradient, given the names of those that have none."""
        dead = frozenset(dead)
        return [op for op in self.units.unsupported if self.path.called(op) not in dead]

    def unruled(self, dead: Collection[str]) -> List[Tuple[str, str]]:
        """The type and the name of all that passes its ordinary gradient for want of a rule."""
        return [(op.type, self.path.called(op)) for op in list(self.units.lost) + self.passed(dead)
                ] + self.inside.unsupported


def ruled_replica(model: 'Model', method: str, check: Callable[[Path, str, Inside], None] = lambda *looked: None,
                  joint: FrozenSet[str] = frozenset(), more: FrozenSet[str] = frozenset(),
                  also: Callable[[Path, Units], Sequence[tf.Operation]] = lambda path, units: (),
                  inference: bool = False, compared: bool = False) -> Ruled:
    """A replica of the path under `DeepExplainGrad`; warns of ops that have no rule.

    Of those that are on the path only while the model trains, by a placeholder that is off unless it is fed, nothing
    is said here: see `Ruled.training`.

    Args:
        check: called with the path, the method and what its functions hold, before anything is built; raises what it
            must.
        joint: op types for which the method has rules where tensors that depend on X meet. What is stopped on its way
            to T changes as well then.
        more: further elementwise op types that take the method's own rule.
        also: finds further ops for which the method has rules.
        inference: see `lowered`. So are functional branches at any rate, which rules do not reach into.
        compared: see `straight`: loops are unrolled. Otherwise they are where the rules do not reach into them.
    """
    inference = inference or any(function_at_rest(op) is not None for op in model.path.ops)
    rules = dict({op_type: Rule() for op_type in more}, **registered_rules())
    def look(inference: bool) -> Looked:
        found = None if compared else _look(_path(lowered(model.path, inference), rules, joint), rules, joint)
        if found is None or found.inside.hidden and has_loops(found.path):
            found = _look(_path(straight(model, inference, compared), rules, joint), rules, joint)
        return found

    looked = look(inference)
    path, units, inside = looked
    check(path, method, inside)
    refuse_hidden(method, inside.hidden, path.graph)
    dead = refuse_dead_ends(model, path, units.unsupported)
    names = [path.called(op) for op in dead]
    quiet, unruled = looked, looked.unruled(names)
    flags: Settled = {} if inference or not unruled else settled_by(path.ops)
    if flags:
        quiet = look(True)
    shown = quiet.unruled(names)
    told = set(shown)
    training = [one for one in unruled if one not in told]
    if shown:
        advice = ''
        if method == 'elrp':
            advice = others(quiet.path, quiet.passed(names), len(shown))
        elif method.startswith('deeplift') and not joint:
            advice = completed(quiet.path, quiet.passed(names), len(shown))
        warn('%s: unsupported activation on the path from X to T: %s%s.%s' % (
            method, listed(shown), _not_exact(shown), advice))
    units = units._replace(joint=list(dict.fromkeys([*units.joint, *also(path, units)])))
    replica = Replica(path.with_loops(), path.fed, units, GRADIENT)
    # What goes to the winner is what it has: nothing is lost of T(x), as of the change of T something may be.
    named = {*units.joint, *units.unsupported}
    inexact = [(op.type, path.called(op)) for op in units.inexact if op not in named and method != 'elrp']
    inexact += [(op.type, path.called(op)) for op in dead]
    said = 'While the model trains, %s%s.' % (listed(training), _not_exact(training)) if training else ''
    return Ruled(path, units, replica, rules, listed(shown + inexact), (flags if said else {}, said))


def _not_exact(ops: Sequence[Tuple[str, str]]) -> str:
    """What follows from ops that have no rule, as the end of a sentence that lists them."""
    # What is registered is a rule for one input: no product's.
    register = '; see register_rule' * any(one not in JOINT for one, _ in ops)
    return '. What has no rule passes its ordinary gradient, so attributions may not add up' + register


def _path(path: Path, rules: Mapping[str, Rule], joint: FrozenSet[str]) -> Path:
    if joint:
        path = without_stops(path)
    # TensorFlow 1.15 has no gradient of some ops that the method has a rule for.
    path.steps |= FLAT & frozenset(rules) | {op_type for op_type in joint if not compat.has_gradient(op_type)}
    return path


def _look(path: Path, rules: Mapping[str, Rule], joint: FrozenSet[str]) -> Looked:
    units = find_units(path, frozenset(rules), joint)
    return Looked(path, only_taken(units, path) if joint else units, look_inside(path, rules))


def refuse_uncovered(model: 'Model', method: str, path: Path, ops: Sequence[tf.Operation], error: bool) -> str:
    """RuntimeError, or a warning, that names ops without a rule; their list."""
    dead = refuse_dead_ends(model, path, ops)
    gone = set(dead)
    passed = [op for op in ops if op not in gone]
    names = _called(path, ops)
    if ops and error:
        hint, more = uncovered(path.T, ops), ''
        if not hint and any(op.type in FUNCTIONAL for op in ops):
            hint = ' ' + plain_ops(path.graph)
        elif not hint and not dead:
            more = others(path, ops, len(ops))
        if passed:
            hint += " uncovered='gradient' passes %s by its ordinary gradient." % (
                _called(path, passed) if dead else 'it')
        if dead:
            hint += " Of %s there is no gradient%s: uncovered='gradient' leaves out what goes that way." % (
                _called(path, dead) if passed else 'it', '' if passed else ' either')
        raise RuntimeError('%s has no rule for %s, on the path from X to T.%s%s' % (method, names, hint, more))
    if passed:
        # Of what goes through the others, which have no gradient, the explainer itself says that it is left out.
        warn('%s: no rule for %s, on the path from X to T: relevance passes it by its ordinary gradient, and is not '
             'conserved.' % (method, _called(path, passed)))
    return names


def _called(path: Path, ops: Sequence[tf.Operation]) -> str:
    return listed([(op.type, path.called(op)) for op in ops])
