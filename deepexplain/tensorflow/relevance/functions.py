"""Functions of one number that are written with a shift: 1 - sigmoid(z), .5 + .5 tanh(z), 1 / (1 + exp(-z)).

A shift is a bias, and has a share; but that which makes one function of another, as 1 - sigmoid(z) is sigmoid(-z), is
a part of the function. What is meant shifts an end of what an activation puts out to 0, or both to the same size.
"""
from typing import Dict, List, Optional, Set

import tensorflow.compat.v1 as tf

from ..graph.between import ops_between
from ..graph.numbers import Numbers
from ..graph.path import Path
from ..graph.units import Unit, Units, followed
from .bounds import Bounds, Ends

_SHIFTS = frozenset(['Add', 'AddV2', 'Sub'])
_SCALES = frozenset(['Mul', 'RealDiv', 'Div', 'Neg', 'Identity'])
#: They divide by what they read here, or take its logarithm or root.
_BENDS = {'RealDiv': 1, 'Div': 1, 'DivNoNan': 1, 'Reciprocal': 0, 'Inv': 0, 'Rsqrt': 0, 'Pow': 0, 'Log': 0}


def shifted(path: Path, units: Units) -> List[Unit]:
    """The functions of one number that end in a shift."""
    bounds, numbers = Bounds(path, units), Numbers()
    marked: Dict[str, Unit] = {unit.y.name: unit for unit in units.marked}
    found: List[Unit] = []
    for op in path.ops:
        if op.type not in _SHIFTS or op not in path.dependent or op.outputs[0].name in marked:
            continue
        follows = followed(op, path)
        if sum(follows) != 1:
            continue
        place = follows.index(True)
        number = numbers.range(op.inputs[1 - place])
        y, inner = op.outputs[0], op.inputs[place]
        if number is None or number[0] != number[1] or not number[0] or not y.dtype.is_floating:
            continue
        x = _unshifted(op, place, number[0], path)
        if x is None:
            unit = _activation(inner, marked, units, path, numbers)
            if unit is None or not _meant(bounds.ends(y), y, path):
                continue
            x = unit.x
        if x.dtype == y.dtype and x.shape.is_compatible_with(y.shape):
            unit = Unit(x, y, ops_between(x, y, path), '')
            marked[y.name] = unit
            found.append(unit)
    return found


def _activation(tensor: tf.Tensor, marked: Dict[str, Unit], units: Units, path: Path, numbers: Numbers
                ) -> Optional[Unit]:
    """The activation that a tensor is the output of, but for a scale."""
    while True:
        if tensor.name in marked:
            return marked[tensor.name]
        op = tensor.op
        if op.name in units.single:
            return units.single[op.name]
        if op.type not in _SCALES or op not in path.dependent or tensor.name in path.fed:
            return None
        places = [i for i, one in enumerate(op.inputs) if path.depends(one)]
        if len(places) != 1:
            return None
        if places[0] and op.type in ('RealDiv', 'Div'):
            return Unit(op.inputs[1], tensor, [op], '')
        known = [numbers.range(one) for i, one in enumerate(op.inputs) if i != places[0]]
        if any(one is None or one[0] != one[1] for one in known):
            return None
        tensor = op.inputs[places[0]]


def _meant(ends: Ends, y: tf.Tensor, path: Path) -> bool:
    """Whether a shift is a part of a function, by where it ends."""
    low, high = ends
    if high == float('inf'):
        if low <= 0:
            return False
        readers: Set[tf.Operation] = {op for op in y.consumers() if op in path.dependent}
        return bool(readers) and all(op.type in _BENDS and op.inputs[_BENDS[op.type]].name == y.name
                                     for op in readers)
    if low == -float('inf'):
        return False
    return min(abs(low), abs(high), abs(low + high)) < 1e-6


def _unshifted(op: tf.Operation, place: int, number: float, path: Path) -> Optional[tf.Tensor]:
    """What exp(x) - 1 and log(1 + x) are of, which have ops of their own."""
    inner = op.inputs[place]
    if op.type == 'Sub' and place == 0 and number == 1 or op.type != 'Sub' and number == -1:
        return inner.op.inputs[0] if inner.op.type == 'Exp' and inner.name not in path.fed and inner.op in (
            path.dependent) else None
    if op.type != 'Sub' and number == 1:
        readers = {one for one in op.outputs[0].consumers() if one in path.dependent}
        return inner if readers and all(one.type == 'Log' for one in readers) else None
    return None
