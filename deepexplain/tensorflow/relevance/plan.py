"""A pass over the path: which ops are layers, with which biases, and how relevance passes all the others."""
from typing import Dict, FrozenSet, Iterable, List, NamedTuple, Optional, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import FUNCTIONAL, Path
from ..graph.units import (
    BATCH_NORMS,
    ELEMENTWISE,
    LINEAR,
    PRODUCTS,
    QUOTIENTS,
    SUMS,
    WINNERS,
    Units,
    find_units,
    followed,
    foreign_gradient,
    is_exact,
    reached,
    training_tensors,
)
from .affine import AFFINE, kind_of
from .linear import UNWEIGHTED, WEIGHTED, Parts, channels_of
from .padding import Padding

#: Functions of one number, which relevance passes unchanged.
ACTIVATIONS = ELEMENTWISE - SUMS - PRODUCTS - QUOTIENTS - BATCH_NORMS - frozenset('''
    Identity IdentityN Snapshot Cast Neg Select SelectV2 Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd
    LogicalOr LogicalNot IsNan IsInf IsFinite
    '''.split())

#: A layer's bias and batch normalisation may come after these, which leave the last axis as it is (if its size is).
SAME_SHAPE = frozenset(['Identity', 'Snapshot', 'CheckNumerics', 'EnsureShape', 'Switch', 'Merge'])
_BETWEEN = SAME_SHAPE | frozenset(['Squeeze', 'ExpandDims', 'Reshape', 'BatchToSpaceND'])

_NONNEGATIVE = frozenset('Relu Relu6 Sigmoid Softplus Exp Abs Square Sqrt Erfc Softmax'.split())
_KEEP_SIGN = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape Reshape Squeeze ExpandDims Transpose Concat
    ConcatV2 Split SplitV Slice StridedSlice Pack Unpack Tile Pad MirrorPad Reverse ReverseV2 Gather GatherV2 GatherNd
    BroadcastTo Cast Add AddV2 AddN Sum Mean AvgPool AvgPool3D MaxPool MaxPoolV2 MaxPool3D Max Min Minimum
    ResizeBilinear ResizeNearestNeighbor SpaceToBatchND BatchToSpaceND SpaceToDepth DepthToSpace Switch Merge
    '''.split())


class Place(NamedTuple):
    """A layer on the path.

    Attributes:
        op, parts: the linear op, and where its data and weights are.
        folded: the scales and shifts behind it that belong to it, in turn, and where their data are.
        end: what comes out of the last of them, before any activation.
        nonnegative: whether the data are certainly nowhere below 0.
        activated: whether an activation follows there.
        first: whether X meets it before any other layer.
        number: its own among the layers, from 0, in the order of their making.
    """
    op: tf.Operation
    parts: Parts
    folded: List[Tuple[tf.Operation, int]]
    end: tf.Tensor
    nonnegative: bool
    activated: bool
    first: bool
    number: int


class Plan(NamedTuple):
    """How relevance passes a path; each table by op name.

    Attributes:
        units: the activations.
        layers: linear ops with weights.
        pools: linear ops without, and where their data are.
        sums: ops that add tensors that depend on X, and where these are.
        winners: names of max pools on padded data.
        shifts: ops that scale or shift, and where their data are.
        folded: those of them that belong to a layer.
        uncovered: what no rule covers.
    """
    units: Units
    layers: Dict[str, Place]
    pools: Dict[str, Parts]
    sums: Dict[str, List[int]]
    winners: Set[str]
    shifts: Dict[str, int]
    folded: Set[str]
    uncovered: List[tf.Operation]


def make_plan(path: Path, more: FrozenSet[str] = frozenset()) -> Plan:
    """Find the layers, activations and other ops of a path.

    Args:
        more: further op types that are activations.
    """
    units = find_units(path, ACTIVATIONS | (more & ELEMENTWISE))
    marked = {unit.y.name: unit for unit in units.marked}
    alive, training = reached(path, marked), training_tensors(path)
    everything = reached(path, {})
    plan = Plan(units, {}, {}, {}, set(), {}, set(), [])
    signs = {x.name: False for x in path.X}  # Whatever makes X, other values may be fed for it.
    activated = {unit.x.name for unit in list(units.single.values()) + list(units.marked)}
    padding = Padding(path, inputs_of(units))
    for op in path.ops:
        if op not in path.dependent:
            continue
        places = [i for i, (tensor, follows) in enumerate(zip(op.inputs, followed(op, path)))
                  if follows and tensor.name not in training and (tensor.dtype.is_floating or tensor.dtype.is_complex)]
        activation = op.name in units.single or any(tensor.name in marked for tensor in op.outputs)
        if op in alive and not activation and op.name not in units.stripped and op.outputs:
            parts = _parts(op, places)
            if foreign_gradient(op):
                plan.uncovered.append(op)
            elif parts is not None and parts.weights is not None:
                folded, end = _follow(op, parts, everything, training, path, units)
                plan.folded.update(one.name for one, _ in folded)
                plan.layers[op.name] = Place(
                    op, parts, folded, end, _nonnegative(op.inputs[parts.data], training, signs),
                    end.name in activated, False, len(plan.layers))
            elif parts is not None:
                plan.pools[op.name] = parts
            elif op.type in SUMS and len(places) > 1:
                plan.sums[op.name] = places
            elif op.type in AFFINE and len(places) == 1 and _is_line(op, path):
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


def _is_line(op: tf.Operation, path: Path) -> bool:
    """Whether an op of the affine types is a scale and a shift by what does not depend on X."""
    return is_exact(op, path) and not (op.type in BATCH_NORMS and op.get_attr('is_training'))


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
        SUMS | UNWEIGHTED | FUNCTIONAL | frozenset(['Real', 'Imag', 'Complex', 'FFT', 'IFFT', 'FFT2D', 'IFFT2D', 'RFFT',
                                                    'IRFFT', 'SparseSegmentSum', 'SparseSegmentMean']))


def _follow(op: tf.Operation, parts: Parts, everything: Set[tf.Operation], training: Set[str], path: Path,
            units: Units) -> Tuple[List[Tuple[tf.Operation, int]], tf.Tensor]:
    """The ops that scale and shift what a linear op puts out, each with the place of its data, and where they end."""
    tensor, folded, moved = op.outputs[0], [], False
    channels = channels_of(op) if parts.data != 1 else None
    while tensor.name != path.T.name:
        readers = {reader for reader in tensor.consumers() if reader in everything}
        if len(readers) != 1:
            break
        reader = readers.pop()
        outputs = [one for one in reader.outputs if one.name not in training and any(
            consumer in everything for consumer in one.consumers()) or one.name == path.T.name]
        if foreign_gradient(reader) or reader.name in units.single or len(outputs) != 1:
            break
        if reader.type in _BETWEEN:
            if reader.type not in SAME_SHAPE:
                if channels is None or not outputs[0].shape.ndims or outputs[0].shape.as_list()[-1] != channels:
                    break
                moved = True
            tensor = outputs[0]
            continue
        places = [i for i, follows in enumerate(followed(reader, path)) if follows]
        if reader.type not in AFFINE or len(places) != 1 or not _is_line(reader, path):
            break
        scales, shapes = kind_of(reader, places[0])
        by_channel = channels is not None and all(_for_channels(shape, channels) for shape in shapes)
        if not by_channel and (scales or moved or not all(_fits(shape, tensor) for shape in shapes)):
            break
        folded.append((reader, places[0]))
        tensor = outputs[0]
    return folded, tensor


def _fits(shape: Optional[List[Optional[int]]], tensor: tf.Tensor) -> bool:
    """Whether what has a shape certainly broadcasts to that of a tensor, and not the tensor to its."""
    if shape is None or tensor.shape.ndims is None or len(shape) > tensor.shape.ndims:
        return not shape and shape is not None
    return all(size == 1 or (size is not None and size == extent)
               for size, extent in zip(shape[::-1], tensor.shape.as_list()[::-1]))


def _for_channels(shape: Optional[List[Optional[int]]], channels: Optional[int]) -> bool:
    """Whether a tensor of this shape is a number, or holds one for each channel."""
    if shape is None:
        return False
    return all(size == 1 for size in shape[:-1]) and (not shape or shape[-1] == 1 or (
        channels is not None and shape[-1] == channels))


def _nonnegative(tensor: tf.Tensor, training: Set[str], known: Dict[str, bool]) -> bool:
    """Whether a tensor is certainly nowhere below 0."""
    if tensor.name not in known:
        known[tensor.name] = False  # While it is looked at, in a loop.
        op = tensor.op
        inputs = [_nonnegative(one, training, known) for one in op.inputs
                  if one.dtype.is_floating and one.name not in training] if op.type in _KEEP_SIGN | {'Maximum'} else []
        if op.type in _KEEP_SIGN:
            known[tensor.name] = bool(inputs) and all(inputs)
        elif op.type == 'Maximum':
            known[tensor.name] = any(inputs)
        elif op.type == 'Const':
            known[tensor.name] = bool(np.all(tf.get_static_value(tensor) >= 0))
        else:
            known[tensor.name] = op.type in _NONNEGATIVE
    return known[tensor.name]
