"""Linear ops as layers: what they do with other inputs and other weights, forward and backward."""
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import tensorflow.compat.v1 as tf

from ..graph.again import again
from ..graph.compat import registered_gradient
from .axes import DEPTHWISE_TRANSPOSED, PLAIN, TRANSPOSED, channels_last, own_axes, scaled

#: Op type -> where its data and its weights may be among its inputs.
WEIGHTED: Dict[str, List[Tuple[int, int]]] = {op_type: [(0, 1)] for op_type in (
    'Conv', 'Conv2D', 'Conv3D', 'DepthwiseConv2dNative')}
WEIGHTED.update({op_type: [(0, 1), (1, 0)] for op_type in (
    'MatMul', 'BatchMatMul', 'BatchMatMulV2', 'BatchMatMulV3', 'SparseMatMul', 'Einsum')})
WEIGHTED.update({op_type: [(2, 1)] for op_type in (
    'Conv2DBackpropInput', 'Conv3DBackpropInputV2', 'DepthwiseConv2dNativeBackpropInput')})
WEIGHTED['SparseTensorDenseMatMul'] = [(3, 1), (1, 3)]

#: Linear in their first input with weights of their own that nobody has learned.
UNWEIGHTED = frozenset('''
    AvgPool AvgPool3D Mean Sum Cumsum SegmentSum SegmentMean UnsortedSegmentSum SparseSegmentSum SparseSegmentMean
    SparseSegmentSqrtN SparseSegmentSumWithNumSegments SparseSegmentMeanWithNumSegments
    SparseSegmentSqrtNWithNumSegments ResizeBilinear ResizeBicubic ScaleAndTranslate
    '''.split())

CONVOLUTIONS = PLAIN + TRANSPOSED + (DEPTHWISE_TRANSPOSED,)
#: The first axis of their data is that of the samples, kept apart.
BY_SAMPLE = CONVOLUTIONS + ('AvgPool', 'AvgPool3D')
#: Some of their outputs may see no data.
_SPARSE = ('SparseTensorDenseMatMul', 'ScaleAndTranslate')
#: The weights of each output add up to 1.
_AVERAGES = ('AvgPool', 'AvgPool3D', 'Mean')

#: Pairs of data and weights.
Pieces = List[Tuple[tf.Tensor, Optional[tf.Tensor]]]


class Parts(NamedTuple):
    """A linear op's data and, where it has them, weights, as places among its inputs."""
    data: int
    weights: Optional[int]


def gradient_at(op: tf.Operation, grad: tf.Tensor, place: int) -> tf.Tensor:
    """The ordinary gradient of an op with respect to one of its inputs."""
    gradients = registered_gradient(op.type)(op, grad)
    return tf.convert_to_tensor(gradients[place] if isinstance(gradients, (list, tuple)) else gradients)


def sees_all(op: tf.Operation, mask: Optional[tf.Tensor] = None) -> bool:
    """Whether each output of a linear op certainly has data among its inputs, if all of them are (no mask)."""
    if mask is not None or 'Segment' in op.type or op.type in _SPARSE:
        return False
    attributes = op.node_def.attr
    if op.type == 'Cumsum':
        return not attributes['exclusive'].b
    if op.type not in BY_SAMPLE:
        return True
    strides, padding = list(attributes['strides'].list.i), attributes['padding'].s
    if padding == b'EXPLICIT' or any(size != 1 for size in attributes['dilations'].list.i):
        return padding == b'VALID' and op.type in PLAIN
    if op.type in TRANSPOSED + (DEPTHWISE_TRANSPOSED,):
        kernel = [size or 0 for size in (op.inputs[1].shape.as_list() or [0])[:len(strides) - 2]]
        return all(stride == 1 for stride in strides) or padding == b'SAME' and min(kernel) >= max(strides)
    return True


class Layer:
    """A linear op with what follows it, as the gradient meets it.

    Attributes:
        op: the op on the replica of the path.
        x: its data; `nonnegative` says whether that is certainly nowhere below 0.
        w: its weights, those of a batch normalisation behind it multiplied in; None where it has none.
        b: its bias, of a shape that broadcasts to z, or None.
        z: its output without the bias.
        mask: where some of its data are only padding, 1 where they are not; or None.

    `forward`, `backward` and `evenly` are what rules are made of.
    """

    def __init__(self, op: tf.Operation, parts: Parts, scale: Optional[tf.Tensor] = None,
                 bias: Optional[tf.Tensor] = None, nonnegative: bool = False, mask: Optional[tf.Tensor] = None) -> None:
        self.op, self._parts, self.nonnegative, self.mask = op, parts, nonnegative, mask
        self.x, self.z = op.inputs[parts.data], op.outputs[0]
        self.b: Any = bias
        self.w: Any = None if parts.weights is None else op.inputs[parts.weights]
        if scale is not None:
            self.w, self.z = scaled(self.w, self.own, scale), self.z * scale

    @property
    def own(self) -> Dict[int, Tuple[int, ...]]:
        """See `own_axes`."""
        return own_axes(self.op, self._parts.data)

    def forward(self, x: tf.Tensor, w: Optional[tf.Tensor] = None) -> tf.Tensor:
        """What the op, without its bias, makes of other data and weights."""
        return self._again(x, w).outputs[0]

    def backward(self, w: Optional[tf.Tensor], signal: tf.Tensor, x: Optional[tf.Tensor] = None) -> tf.Tensor:
        """The sum over the outputs that each input has a part in, of the signal there times the weight between."""
        return gradient_at(self._again(self.x if x is None else x, w), signal, self._parts.data)

    def joined(self, pieces: Pieces) -> Pieces:
        """Pairs of data and weights whose outputs are to be summed, as one pair of more channels where that works."""
        if len(pieces) == 1 or self.op.type not in ('Conv2D', 'Conv3D') or not channels_last(self.op) or (
                not self._ungrouped()):
            return pieces
        return [(tf.concat([x for x, _ in pieces], -1), tf.concat([w for _, w in pieces], -2))]

    def weights_gradient(self, x: tf.Tensor, signal: tf.Tensor) -> tf.Tensor:
        """The sum over samples and places of the data that each weight meets times the signal, as exact as the data."""
        place = self._parts.weights or 0
        other = {self._parts.data: x, place: tf.cast(self.op.inputs[place], x.dtype)}
        return gradient_at(again(self.op, other), signal, place)

    def ones(self) -> tf.Tensor:
        """Data of ones, 0 where they are only padding: of one sample where that can stand for all."""
        if self.mask is not None:
            return self.mask
        if not self._one_stands_for_all():
            return tf.ones_like(self.x)
        if self.x.shape[1:].is_fully_defined():
            # TensorFlow finds what is made of these alone once and for all.
            return tf.ones([1] + self.x.shape.as_list()[1:], self.x.dtype)
        return tf.ones_like(self.x[:1])

    def of_ones(self, w: Optional[tf.Tensor]) -> tf.Tensor:
        """What the op makes of the data that `ones` returns and other weights."""
        if w is not None and self.mask is None and self._channels_alike():
            # A convolution of one channel instead of all, as all hold the same.
            return self.forward(self.ones()[..., :1], tf.reduce_sum(w, -2, keepdims=True))
        return self.forward(self.ones(), w)

    def spread(self, w: Optional[tf.Tensor], signal: tf.Tensor) -> tf.Tensor:
        """Share the signal at each output among its inputs by weights alone; 0 where it has none."""
        shares = self.backward(w, tf.math.divide_no_nan(signal, self.of_ones(w)))
        return shares if self.mask is None else shares * self.mask

    def evenly(self, signal: tf.Tensor) -> tf.Tensor:
        """Share the signal at each output evenly among its inputs."""
        shares = self.even_shares(signal)
        sizes = shares.shape[1:]
        same = sizes.is_fully_defined() and self.x.shape[1:].is_fully_defined() and (
            sizes.as_list() == self.x.shape[1:].as_list())
        return shares if same else shares + tf.zeros_like(self.x)

    def even_shares(self, signal: tf.Tensor) -> tf.Tensor:
        """The same, of a shape that may yet be broadcast to that of the data."""
        if self.op.type in _AVERAGES and self.mask is None:
            return self.backward(None, signal)
        if self.op.type == 'MatMul' and self._one_stands_for_all() and self.mask is None:
            size = self.x.shape.as_list()[-1] or tf.cast(tf.shape(self.x)[-1], signal.dtype)
            return tf.reduce_sum(signal, -1, keepdims=True) / size
        if self._channels_alike():
            # One stands for all: a small fraction of the cost.
            ones, w = self.ones(), tf.ones_like(self.w[..., :1, :1])
            total, count = tf.reduce_sum(signal, -1, keepdims=True), tf.reduce_sum(ones, -1, keepdims=True)
            counts = self.forward(count, w)
            of_one = self.backward(w, tf.math.divide_no_nan(total, counts), self.x[..., :1])
            shares = of_one if self.mask is None else of_one * ones
            return shares if sees_all(self.op, self.mask) else shares + self._unseen(w, total, counts)
        w = None if self.w is None else tf.ones_like(self.w)
        if sees_all(self.op, self.mask):
            return self.spread(w, signal)
        return self.spread(w, signal) + self._unseen(w, signal, self.forward(self.ones(), w))

    def _unseen(self, w: Optional[tf.Tensor], signal: tf.Tensor, counts: tf.Tensor) -> tf.Tensor:
        """The signal at outputs that no data reach, shared evenly among all that the op may see of the sample.

        Where these are no data either it is left on the padding, which hands it on.
        """
        lost = tf.where_v2(tf.equal(counts, 0), signal, tf.zeros_like(signal))
        if self.op.type in BY_SAMPLE + ('ScaleAndTranslate',):
            axes, ones = list(range(1, self.x.shape.ndims)), self.ones()
            count, total = tf.reduce_sum(ones, axes, keepdims=True), tf.reduce_sum(lost, axes, keepdims=True)
            ones = tf.where_v2(count > 0, ones, tf.ones_like(ones))
            return total / tf.reduce_sum(ones, axes, keepdims=True) * (ones + tf.zeros_like(self.x))
        if 'Segment' in self.op.type:
            rows = tf.shape(self.op.inputs[1])[:] if self.op.type.startswith('Unsorted') else tf.shape(self.x)[:1]
            return tf.reduce_sum(lost, 0) / tf.cast(tf.reduce_prod(rows), lost.dtype) + tf.zeros_like(self.x)
        if self.op.type == 'Cumsum':
            total = tf.reduce_sum(lost, self.op.inputs[1], keepdims=True)
            return total / tf.cast(tf.shape(self.x)[self.op.inputs[1]], lost.dtype) + tf.zeros_like(self.x)
        if self.op.type == 'SparseTensorDenseMatMul':
            return tf.reduce_sum(lost) / tf.cast(tf.size(self.x), lost.dtype) + tf.zeros_like(self.x)
        x = tf.ones_like(self.x)
        return self.backward(w, tf.math.divide_no_nan(lost, self.forward(x, w)), x)

    def _one_stands_for_all(self) -> bool:
        """Whether the first axis of the data is the samples, kept apart."""
        return self._parts.data == 0 and (self.op.type in PLAIN + ('AvgPool', 'AvgPool3D') or (
            self.op.type == 'MatMul' and not self.op.node_def.attr['transpose_a'].b))

    def _channels_alike(self) -> bool:
        """Whether this is a convolution that takes the sum over all channels, the last axis."""
        return self.op.type == 'Conv2D' and channels_last(self.op) and self._ungrouped()

    def _ungrouped(self) -> bool:
        sizes = [tensor.shape.as_list()[axis] if tensor.shape.ndims else None
                 for tensor, axis in ((self.x, -1), (self.w, -2))]
        return None not in sizes and sizes[0] == sizes[1]

    def _again(self, x: tf.Tensor, w: Optional[tf.Tensor]) -> tf.Operation:
        inputs: Dict[int, Any] = {self._parts.data: x}
        if w is not None and self._parts.weights is not None:
            inputs[self._parts.weights] = w
        if all(self.op.inputs[place] is tensor for place, tensor in inputs.items()):
            return self.op
        return again(self.op, inputs)
