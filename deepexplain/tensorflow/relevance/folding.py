"""Scales and shifts behind a layer that belong to it: its bias, a batch normalisation."""
from typing import List, NamedTuple, Set, Tuple

import tensorflow.compat.v1 as tf

from ..graph.kinds import BATCH_NORMS, foreign_gradient
from ..graph.path import Path
from ..graph.units import Units, followed, is_exact
from .affine import AFFINE, kind_of
from .axes import MOVES, own_axes
from .linear import Parts
from .trails import Step, trail_of


class Folded(NamedTuple):
    """A scale or a shift behind a layer that belongs to it: where its data are, and the moves of axes before it."""
    op: tf.Operation
    place: int
    steps: List[Step]


def is_line(op: tf.Operation, path: Path) -> bool:
    """Whether an op of the affine types is a scale and a shift by what does not depend on X."""
    return is_exact(op, path) and not (op.type in BATCH_NORMS and op.get_attr('is_training'))


def folded_behind(op: tf.Operation, parts: Parts, everything: Set[tf.Operation], training: Set[str], path: Path,
            units: Units) -> Tuple[List[Folded], tf.Tensor]:
    """The ops that scale and shift what a linear op puts out, and where they end."""
    tensor, folded, trail = op.outputs[0], [], trail_of(op, parts.data)
    own, stops = frozenset(own_axes(op, parts.data)), {one.name for one in [path.T] + path.X}
    while tensor.name not in stops:
        readers = {reader for reader in tensor.consumers() if reader in everything}
        if len(readers) != 1:
            break
        reader = readers.pop()
        outputs = [one for one in reader.outputs if one.name not in training and any(
            consumer in everything for consumer in one.consumers()) or one.name == path.T.name]
        if foreign_gradient(reader) or reader.name in units.single or len(outputs) != 1:
            break
        if reader.type in MOVES:
            behind = trail.over(reader)
            if behind is None:
                break
            tensor, trail = outputs[0], behind
            continue
        places = [i for i, follows in enumerate(followed(reader, path)) if follows]
        if reader.type not in AFFINE or len(places) != 1 or not is_line(reader, path):
            break
        scales, shapes = kind_of(reader, places[0])
        sources = [trail.sources(shape) for shape in shapes]
        if any(axes is None or scales and not axes <= own for axes in sources):
            break
        folded.append(Folded(reader, places[0], trail.steps))
        tensor = outputs[0]
    return folded, tensor
