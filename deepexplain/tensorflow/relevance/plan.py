"""A pass over the path: which ops are layers, with which biases, and how relevance passes all the others."""
from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Set

import tensorflow.compat.v1 as tf

from ..graph.choices import training_tensors
from ..graph.kinds import (
    BATCH_NORMS,
    ELEMENTWISE,
    FUNCTIONAL,
    LINEAR,
    PRODUCTS,
    QUOTIENTS,
    SUMS,
    WINNERS,
    foreign_gradient,
)
from ..graph.path import Path
from ..graph.units import Units, find_units, followed, reached
from ..messages import listed, warn
from .affine import AFFINE
from .alignment import value_key
from .exponents import Written
from .folding import Folded, folded_behind, is_line
from .guards import warn_of_unknown
from .linear import UNWEIGHTED, WEIGHTED, Parts
from .meetings import DEFAULT, How, Meetings
from .norm_units import with_norms
from .padding import Padding, pads_with_zeros
from .scatters import SCATTERS
from .signs import nonnegative
from .sums import ADDITIONS, Maker
from .words import known_by_value

#: Functions of one number, which relevance passes unchanged.
ACTIVATIONS = ELEMENTWISE - SUMS - PRODUCTS - QUOTIENTS - BATCH_NORMS - frozenset('''
    Identity IdentityN Snapshot Cast Neg Select SelectV2 Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd
    LogicalOr LogicalNot IsNan IsInf IsFinite
    '''.split())


class Place(NamedTuple):
    """A layer on the path.

    Attributes:
        op, parts: the linear op, and where its data and weights are.
        folded: the scales and shifts behind it that belong to it, in turn.
        end: what comes out of the last of them, before any activation.
        nonnegative: whether the data are certainly nowhere below 0.
        activated: whether an activation follows there.
        first: whether X meets it before any other layer.
        number: its own among the layers, from 0, in the order of their making.
    """
    op: tf.Operation
    parts: Parts
    folded: List[Folded]
    end: tf.Tensor
    nonnegative: bool
    activated: bool
    first: bool
    number: int


class Plan(NamedTuple):
    """How relevance passes a path; each table by op name.

    Attributes:
        units: the activations, and softmaxes in other words than their own op.
        written: the latter, by the names of what they end in.
        layers: linear ops with weights.
        pools: linear ops without, and where their data are.
        sums: ops that add tensors that depend on X, and where these are.
        winners: names of max pools on padded data.
        scatters: ops that put numbers at places, and where those that depend on X are.
        pads: names of ops that pad with zeros.
        meetings: products, softmaxes, normalisations, and what makes the step of each.
        masked: whether what a softmax is to leave out may be at minus infinity.
        shifts: ops that scale or shift, and where their data are.
        folded: those of them that belong to a layer.
        uncovered: what no rule covers.
    """
    units: Units
    written: Dict[str, Written]
    layers: Dict[str, Place]
    pools: Dict[str, Parts]
    sums: Dict[str, List[int]]
    winners: Set[str]
    scatters: Dict[str, List[int]]
    pads: Set[str]
    meetings: Dict[str, Maker]
    masked: bool
    shifts: Dict[str, int]
    folded: Set[str]
    uncovered: List[tf.Operation]


def make_plan(path: Path, more: FrozenSet[str] = frozenset(), how: Optional[How] = None) -> Plan:
    """Find the layers, activations and other ops of a path.

    Args:
        more: further op types that are activations.
        how: what becomes of relevance where tensors that depend on X meet; None if no relevance is to pass.
    """
    ruled = ACTIVATIONS | (more & ELEMENTWISE)
    passes, written = how is not None, {}  # type: bool, Dict[str, Written]
    if how is None:
        how, units, own = DEFAULT, find_units(path, ruled), None
    else:
        units, written, own = known_by_value(path, find_units(path, ruled, whole=True), how.softmax == 'constant')
    if how.norms == 'identity':
        units = units._replace(marked=with_norms(path, units.marked, written))
    meetings = Meetings(path, how, units, written)
    if meetings.blocked:
        raise RuntimeError("softmax='constant' leaves nothing to attribute: X reaches T through softmaxes alone, which "
                           "get nothing then. Take softmax='taylor'.")
    marked = {unit.y.name: unit for unit in units.marked}
    alive, training = reached(path, marked, meetings.lets), training_tensors(path)
    everything = reached(path, {})
    # Those whose whole was found lie within a unit.
    unseen = [(op.type, path.called(op)) for op in meetings.divided if op in alive and how.norms == 'identity']
    if unseen:
        warn("norms='identity' does not see where the normalisation of %s ends: its divisor is held fixed there, as by "
             "'linear'." % listed(unseen))
    if passes:
        # What is uncovered is an error of its own.
        known = {*written, *(op.outputs[0].name for op in meetings.divided)}
        warn_of_unknown(path, alive - {own}, meetings.shared, known, {
            value_key(one.y) for one in written.values() if not one.whole}, meetings.lets, set(meetings.divided))
    plan = Plan(units, written, {}, {}, {}, set(), {}, set(), {}, meetings.softmaxes, {}, set(), [])
    signs = {x.name: False for x in path.X}  # Whatever makes X, other values may be fed for it.
    activated = {unit.x.name for unit in list(units.single.values()) + list(units.marked)}
    padding = Padding(path, inputs_of(units))
    for op in path.ops:
        if op not in path.dependent:
            continue
        places = [i for i, (tensor, follows) in enumerate(zip(op.inputs, followed(op, path)))
                  if follows and tensor.name not in training and meetings.lets(op, i) and (
                      tensor.dtype.is_floating or tensor.dtype.is_complex)]
        activation = op.name in units.single or any(tensor.name in marked for tensor in op.outputs)
        if op in alive and not activation and op.name not in units.stripped and op.outputs:
            parts, maker = _parts(op, places), meetings.maker(op, places)
            if foreign_gradient(op) or op is own:
                plan.uncovered.append(op)
            elif maker is not None:
                plan.meetings[op.name] = maker
            elif parts is not None and parts.weights is not None:
                folded, end = folded_behind(op, parts, everything, training, path, units)
                plan.folded.update(one.op.name for one in folded)
                plan.layers[op.name] = Place(
                    op, parts, folded, end, nonnegative(op.inputs[parts.data], training, signs),
                    end.name in activated, False, len(plan.layers))
            elif parts is not None:
                plan.pools[op.name] = parts
            elif op.type in ADDITIONS and len(places) > 1:
                plan.sums[op.name] = places
            elif op.type in SCATTERS and places:
                plan.scatters[op.name] = places
            elif pads_with_zeros(op):
                plan.pads.add(op.name)
            elif op.type in AFFINE and len(places) == 1 and is_line(op, path):
                plan.shifts[op.name] = places[0]
            elif op.type in ('MaxPool', 'MaxPoolV2', 'MaxPool3D') and padding.touches(op.inputs[0]):
                plan.winners.add(op.name)
            elif not _passes(op):
                plan.uncovered.append(op)
    # The order of making is not that of running: ops in a branch are older than what brings their inputs.
    beyond = _beyond(plan.layers.values(), path)
    for name, place in plan.layers.items():
        plan.layers[name] = place._replace(first=place.op not in beyond)
    return plan


def inputs_of(units: Units) -> Dict[str, tf.Tensor]:
    """The input of each activation that has its shape, by the name of its output."""
    return {unit.y.name: unit.x for unit in list(units.single.values()) + list(units.marked) if unit.same}


def _beyond(layers: Iterable[Place], path: Path) -> Set[tf.Operation]:
    """The ops of the path that come after a layer."""
    waiting = [place.op for place in layers]
    found: Set[tf.Operation] = set()
    while waiting:
        for tensor in waiting.pop().outputs:
            after = {op for op in tensor.consumers() if op in path.dependent} - found
            found |= after
            waiting.extend(after)
    return found


def _parts(op: tf.Operation, places: List[int]) -> Optional[Parts]:
    """Where a linear op has its data and weights, if it is one and only its data depend on X."""
    if len(places) == 1 and op.type in WEIGHTED and len(op.inputs) > 1:
        if op.type == 'Einsum' and len(op.inputs) != 2:
            return None
        return next((Parts(*pair) for pair in WEIGHTED[op.type] if pair[0] == places[0]), None)
    if places == [0] and (op.type in UNWEIGHTED or op.type == 'Einsum'):
        return Parts(0, None)
    return None


def _passes(op: tf.Operation) -> bool:
    """Whether relevance passes an op as its ordinary gradient: it moves numbers about, or takes the winner."""
    return (op.type in LINEAR or op.type in WINNERS) and op.type not in (
        ADDITIONS | UNWEIGHTED | FUNCTIONAL | frozenset([
            'Real', 'Imag', 'Complex', 'FFT', 'IFFT', 'FFT2D', 'IFFT2D', 'RFFT', 'IRFFT']))
