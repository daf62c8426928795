"""What is known by its value rather than by its words: softmaxes, and functions of one number that end in a shift."""
from typing import Dict, Optional, Tuple

import tensorflow.compat.v1 as tf

from ..graph.between import ops_between
from ..graph.kinds import foreign_gradient
from ..graph.path import Path
from ..graph.units import Unit, Units, reached
from ..runs.targets import handed_on
from .exponents import Exponents, Written
from .functions import shifted
from .late import late


def known_by_value(path: Path, units: Units, constant: bool) -> Tuple[
        Units, Dict[str, Written], Optional[tf.Operation]]:
    """Units with those that end in a shift and with softmaxes in other words; the latter; and T's own, if it is one.

    Args:
        constant: whether softmaxes are taken as they are, so that nothing passes them.
    """
    units = units._replace(marked=[*units.marked, *shifted(path, units)])
    written = _softmaxes(path, units)
    last, own = handed_on(path.T), None
    if last.name in written:
        del written[last.name]
        own = last.op
    ends = {*written, *([] if own is None else [last.name])}
    marked = [unit for unit in units.marked if unit.y.name not in ends]
    single = {name: unit for name, unit in units.single.items() if unit.y.name not in ends}
    if not constant:
        marked += [Unit(one.x, one.y, ops_between(one.x, one.y, path), 'Softmax', all(
            not link.moves or link.op.type not in ('Transpose', 'Reshape', 'ExpandDims', 'Squeeze')
            for link in one.links)) for one in written.values()]
    return units._replace(marked=marked, single=single), written, own


def _softmaxes(path: Path, units: Units) -> Dict[str, Written]:
    """The softmaxes in other words, but those within others, by the names of what they end in."""
    exponents, found = Exponents(path), {}
    passed = reached(path, {unit.y.name: unit for unit in units.marked})
    for op in path.ops:
        if op in passed and op.outputs and op.outputs[0].dtype.is_floating and not foreign_gradient(op):
            one = exponents.softmax(op)
            if one is not None:
                found[one.y.name] = one
    alive = reached(path, {unit.y.name: unit for unit in [
        *units.marked, *(Unit(one.x, one.y, [], '') for one in found.values())]})
    found = {name: one for name, one in found.items() if one.y.op in alive}
    for op in path.ops:
        if op in alive and op.outputs and op.type in ('Sum', 'MatMul', 'Einsum'):
            for one in late(op, path, exponents):
                found.setdefault(one.y.name, one)
    return found
