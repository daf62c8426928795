"""Which layer takes which rule: an ordered list of which the first match counts."""
import fnmatch
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import tensorflow.compat.v1 as tf

from ..messages import close_to, warn
from .plan import Place
from .rules import NAMED, Rule

#: What says which layers an entry is for; see `Composite`.
Matcher = Union[str, Sequence[str], Callable[[tf.Operation], bool]]


class First:
    """Matches the layers that X meets first; see `Composite`."""

    def __repr__(self) -> str:
        return 'FIRST'


#: The layers that X meets first.
FIRST = First()


class Composite:
    """An ordered list of pairs (which layers, their rule); the first that fits a layer counts.

    Which layers: an op type ('Conv2D'), a pattern of the op's name ('conv1/*', '*' for all), a list of these, `FIRST`
    for the layers between which and X there is no other, or a function of the op (a tf.Operation) that returns a bool.
    The rule: an object of `deepexplain.tensorflow.relevance` or one of the names of `relevance.NAMED` ('z_plus').

    Raises:
        TypeError: if it is no list of such pairs.
        ValueError: for an unknown name of a rule.
    """

    def __init__(self, entries: Sequence[Tuple[Any, Any]]) -> None:
        if not isinstance(entries, (list, tuple)) or not entries:
            raise TypeError('composite must be a list of pairs (which layers, rule), not %s.' % (
                'an empty one' if isinstance(entries, (list, tuple)) else type(entries).__name__))
        self._entries = [_checked(i, entry) for i, entry in enumerate(entries)]
        self._places: Dict[str, Optional[int]] = {}

    def rule(self, op: tf.Operation, first: bool) -> Rule:
        """The rule of a layer; `first` says whether X meets it first."""
        place = self._places[op.name] = self._place(op, first)
        if place is not None:
            return self._entries[place][1]
        raise RuntimeError("lrp: no entry of the composite fits the layer '%s' (%s); end it with ('*', rule)." % (
            op.name, op.type))


    def _place(self, op: tf.Operation, first: bool) -> Optional[int]:
        """The number of the first entry that fits a layer."""
        for i, (matcher, _) in enumerate(self._entries):
            try:
                fits = _fits(matcher, op, first)
            except Exception as error:
                raise RuntimeError("composite[%d]: its function failed on '%s' (%s): %s" % (
                    i, op.name, op.type, error)) from error
            if fits:
                return i
        return None

    def warn_of_idle(self, layers: Sequence[Place]) -> None:
        """Warn of entries that no layer has taken: a mistyped name would go unseen."""
        taken = set(self._places.values())
        for i, (matcher, rule) in enumerate(self._entries):
            if i not in taken and matcher != ('*',):
                warn('lrp: composite[%d] (%s, %r) is for no layer; the layers are %s.' % (
                    i, ', '.join(map(repr, matcher)), rule, ', '.join(
                        f'{place.op.name} ({place.op.type})' for place in layers)))


def as_rule(value: Any) -> Rule:
    """A rule, given as one or by name."""
    if isinstance(value, Rule):
        return value
    if not isinstance(value, str):
        raise TypeError('A rule must be an object of deepexplain.tensorflow.relevance or the name of one, not %s.'
                        % type(value).__name__)
    if value not in NAMED:
        raise ValueError('A rule must be in %s, not %r.%s' % (sorted(NAMED), value, close_to(
            value.split('lrp.')[-1], NAMED)))
    return NAMED[value]()


def _checked(i: int, entry: Any) -> Tuple[Any, Rule]:
    if not isinstance(entry, (list, tuple)) or len(entry) != 2:
        raise TypeError('composite[%d] must be a pair (which layers, rule), not %s.' % (
            i, 'a %s of %d' % (type(entry).__name__, len(entry)) if isinstance(entry, (list, tuple))
            else type(entry).__name__))
    matcher = entry[0]
    parts: List[Any] = list(matcher) if isinstance(matcher, (list, tuple)) else [matcher]
    if not parts:
        raise TypeError('composite[%d] must say which layers it is for, not be an empty list.' % i)
    for part in parts:
        if not isinstance(part, (str, First)) and not callable(part):
            raise TypeError('composite[%d] must begin with an op type, a pattern of op names, a list of these, FIRST '
                            'or a function of an op, not %s.' % (i, type(part).__name__))
    return tuple(parts), as_rule(entry[1])


def _fits(parts: Sequence[Any], op: tf.Operation, first: bool) -> bool:
    for part in parts:
        if isinstance(part, First):
            fits = first
        elif isinstance(part, str):
            fits = part == op.type or fnmatch.fnmatchcase(op.name, part)
        else:
            fits = bool(part(op))
        if fits:
            return True
    return False
