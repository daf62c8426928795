"""Which data of a layer are only padding, so that relevance must not be left there."""
from typing import Callable, Dict, List, Optional

import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..graph.units import followed
from .affine import AFFINE
from .linear import again, gradient_at

#: Their first input is padded: with what is no data, or with copies of data.
_PADS = ('Pad', 'PadV2', 'SpaceToBatchND')

#: They move data about, and what is padding with them.
_MOVES = frozenset('''
    MirrorPad ExpandDims Squeeze Reshape Transpose BatchToSpaceND Slice StridedSlice Reverse ReverseV2 Tile Concat
    ConcatV2 Pack
    '''.split())

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

    def touches(self, tensor: tf.Tensor) -> bool:
        """Whether some of a tensor is padding."""
        op = tensor.op
        return op.type in _PADS and self._path.depends(tensor) or any(
            self.touches(one) for one in self._sources(tensor))

    def mask(self, tensor: tf.Tensor) -> Optional[tf.Tensor]:
        """1 where a tensor holds data, 0 where it holds padding; None where it holds no padding."""
        if not self.touches(tensor):
            return None
        op = tensor.op
        if op.type not in _PADS and op.type not in _MOVES:
            return self.mask(self._sources(tensor)[0])
        here = self._find(op)
        masks = {i: self._of(one, here.inputs[i]) for i, one in enumerate(op.inputs) if self._path.depends(one)}
        if op.type in ('Pad', 'PadV2'):
            return tf.pad(masks[0], op.inputs[1])
        return again(here, masks).outputs[0]

    def _of(self, tensor: tf.Tensor, here: tf.Tensor) -> tf.Tensor:
        mask = self.mask(tensor)
        return tf.ones_like(here) if mask is None else mask

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


def _same(x: tf.Tensor, y: tf.Tensor) -> bool:
    """Whether an op certainly does not broadcast its data."""
    return x.shape.ndims is not None and x.shape.ndims == y.shape.ndims and all(
        a == b for a, b in zip(x.shape.as_list()[1:], y.shape.as_list()[1:]))
