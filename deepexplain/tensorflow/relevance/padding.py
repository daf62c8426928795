"""Which data of a layer are only padding, so that relevance must not be left there."""
from typing import Any, Callable, Dict, List, Mapping, Optional

import tensorflow.compat.v1 as tf

from ..graph.again import again
from ..graph.path import Path
from ..graph.units import followed
from .affine import AFFINE
from .linear import gradient_at
from .sums import Step

#: They put what is no data beside data.
_PADS = frozenset('''
    Pad PadV2 SpaceToBatchND SpaceToBatch ScatterNd SparseToDense ExtractImagePatches Diag MatrixDiag
    MatrixDiagV2 MatrixDiagV3 MatrixBandPart
    '''.split())

#: They move data about, and what is padding with them.
_MOVES = frozenset('''
    MirrorPad ExpandDims Squeeze Reshape Transpose BatchToSpaceND BatchToSpace Slice StridedSlice Reverse ReverseV2 Tile
    Concat ConcatV2 Pack TensorScatterUpdate TensorScatterAdd
    '''.split())

#: Zeros among these are padding, any other constant is data.
_JOINS = frozenset(['Concat', 'ConcatV2', 'Pack', 'TensorScatterUpdate', 'TensorScatterAdd'])

_KEEPS = frozenset(['Identity', 'Snapshot', 'CheckNumerics', 'EnsureShape', 'Cast'])


class Padding:
    """The padding on a path: what is padded there, as far as layers have it from X by moving data about alone.

    Args:
        activations: the input of each activation, by the name of its output.
        find: finds the op that stands for one of the path where masks are made.
    """

    def __init__(self, path: Path, activations: Dict[str, tf.Tensor],
                 find: Callable[[tf.Operation], tf.Operation] = lambda op: op) -> None:
        self._path, self._activations, self._find = path, activations, find
        self._known: Dict[str, bool] = {x.name: False for x in path.X}  # Whatever makes X.

    def touches(self, tensor: tf.Tensor) -> bool:
        """Whether some of a tensor is padding."""
        waiting = [tensor]
        while waiting:
            one = waiting.pop()
            if one.name in self._known:
                continue
            pads = one.op.type in _PADS or one.op.type in _JOINS and any(map(_is_zero, one.op.inputs))
            sources = [] if pads and self._path.depends(one) else self._sources(one)
            missing = [source for source in sources if source.name not in self._known]
            if missing:
                waiting += [one] + missing
            else:
                self._known[one.name] = pads and self._path.depends(one) or any(
                    self._known[source.name] for source in sources)
        return self._known[tensor.name]

    def mask(self, tensor: tf.Tensor) -> Optional[tf.Tensor]:
        """1 where a tensor holds data, 0 where it holds padding; None where it holds no padding."""
        last = self._mover(tensor)
        made: Dict[str, tf.Tensor] = {}
        waiting = [] if last is None else [last]
        while waiting:
            one = waiting.pop()
            before = [self._mover(x) for x in one.op.inputs if x.dtype.is_floating and self._path.depends(x)]
            missing = [x for x in before if x is not None and x.name not in made]
            if missing:
                waiting += [one] + missing
            elif one.name not in made:
                made[one.name] = self._moved(one.op, made)
        return None if last is None else made[last.name]

    def _mover(self, tensor: tf.Tensor) -> Optional[tf.Tensor]:
        """The nearest tensor that pads or moves the data that a tensor holds; None where it holds no padding."""
        if not self.touches(tensor):
            return None
        while tensor.op.type not in _PADS and tensor.op.type not in _MOVES:
            tensor = self._sources(tensor)[0]
        return tensor

    def _moved(self, op: tf.Operation, made: Mapping[str, tf.Tensor]) -> tf.Tensor:
        here = self._find(op)
        masks: Dict[int, tf.Tensor] = {}
        for i, one in enumerate(op.inputs):
            if one.dtype.is_floating and self._path.depends(one):
                mover = self._mover(one)
                masks[i] = tf.ones_like(here.inputs[i]) if mover is None else made[mover.name]
            elif one.dtype.is_floating:
                masks[i] = (tf.ones_like if op.type in _JOINS and not _is_zero(one) else tf.zeros_like)(one)
        if op.type in ('Pad', 'PadV2'):
            return tf.pad(masks[0], op.inputs[1])
        result = again(here, masks).outputs[0]
        # Where several meet there are data if one of them is.
        return tf.cast(result > 0, result.dtype) if op.type in ('ScatterNd', 'TensorScatterAdd') else result

    def _sources(self, tensor: tf.Tensor) -> List[tf.Tensor]:
        """The tensors of which this holds the same data, moved or changed one by one."""
        if tensor.name in self._activations:
            return [self._activations[tensor.name]]
        op = tensor.op
        sources = [one for one, follows in zip(op.inputs, followed(op, self._path)) if follows]
        if op not in self._path.dependent:
            return []
        if op.type in _PADS or op.type in _MOVES:
            return sources
        if len(sources) == 1 and (op.type in _KEEPS or op.type in AFFINE) and _same(sources[0], tensor):
            return sources
        return []


def winner(op: tf.Operation, mask: tf.Tensor, R: tf.Tensor) -> tf.Tensor:
    """The relevance of what is largest in each window of a max pool on padded data: never of the padding."""
    x = op.inputs[0]
    data = tf.where_v2(tf.equal(mask, 0), tf.fill(tf.shape(x), x.dtype.min), x)
    return gradient_at(again(op, {0: data}), R, 0)


def pads_with_zeros(op: tf.Operation) -> bool:
    """Whether an op puts zeros along some axes of its first input."""
    return op.type in ('Pad', 'SpaceToBatchND') or op.type == 'PadV2' and _is_zero(op.inputs[2])


def pad_step(original: tf.Operation) -> Step:
    """Padding: what has come on it, from outputs that see nothing else, is spread along the axes that are padded."""
    block = original.type == 'SpaceToBatchND'
    paddings = tf.get_static_value(original.inputs[2 if block else 1])
    axes: Any = None if paddings is None else [i + block for i, pair in enumerate(paddings) if any(pair)]

    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        x, widths, along = op.inputs[0], op.inputs[2 if block else 1], axes
        share = gradient_at(op, R, 0)
        if along is None:
            along = tf.where_v2(tf.reduce_any(tf.not_equal(widths, 0), 1))[:, 0] + block
        if along is not axes or along:
            on_padding = R - (again(op, {0: share}).outputs[0] if block else tf.pad(share, widths))
            if block:
                # The samples once more as they were, padded.
                on_padding = tf.batch_to_space_nd(on_padding, op.inputs[1], tf.zeros_like(widths))
            count = tf.reduce_prod(tf.gather(tf.shape(x), along))
            share += tf.reduce_sum(on_padding, along, keepdims=True) / tf.cast(count, R.dtype)
        return [share] + [None] * (len(op.inputs) - 1)
    return step


def _is_zero(tensor: tf.Tensor) -> bool:
    """Whether a tensor certainly holds nothing but zeros."""
    op = tensor.op
    if op.type in ('Identity', 'Reshape', 'BroadcastTo', 'Tile', 'Cast', 'ExpandDims'):
        return _is_zero(op.inputs[0])
    if op.type == 'Fill':
        return _is_zero(op.inputs[1])
    if op.type == 'Const' and tensor.dtype.is_floating:
        value = tf.get_static_value(tensor)
        return value is not None and not value.any()
    return op.type == 'ZerosLike'


def _same(x: tf.Tensor, y: tf.Tensor) -> bool:
    """Whether an op certainly does not broadcast its data."""
    return x.shape.ndims is not None and x.shape.ndims == y.shape.ndims and all(
        a == b for a, b in zip(x.shape.as_list()[1:], y.shape.as_list()[1:]))
