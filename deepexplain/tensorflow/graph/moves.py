"""Where rows are after an op that computes, and whether they meet in it."""
from typing import Dict, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from .axes import BODY, BY_STEP, GONE, LOST, Move, Mover, Rows, at, rank_of, shuffled, static
from .kinds import BATCH_NORMS, ELEMENTWISE
from .products import PRODUCTS
from .reshaping import REARRANGED, STACKS

#: Their values do not hang on the values of their inputs.
SHAPES = frozenset('''
    Shape ShapeN Size Rank ConcatOffset BroadcastGradientArgs TensorArraySizeV3 TensorListLength TensorListElementShape
    '''.split())

_BY_PLACE = ELEMENTWISE | frozenset('''
    ZerosLike OnesLike StopGradient PreventGradient CheckNumerics EnsureShape Print PrintV2 Copy CopyHost Bitcast
    PlaceholderWithDefault Enter RefEnter Exit NextIteration Merge BiasAddV1 Xlog1py FloorDiv FloorMod Mod TruncateDiv
    TruncateMod Atan2 Igamma Igammac Zeta Polygamma Betainc BesselI0e BesselI1e Conj Real Imag Angle Complex ComplexAbs
    ApproximateEqual Bucketize QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3
    FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars NextAfter Softplus AccumulateNV2 BitwiseAnd BitwiseOr BitwiseXor
    '''.split())

_REDUCE = frozenset('Sum Mean Prod Max Min All Any EuclideanNorm'.split())
_SPATIAL = frozenset('''
    Conv2D Conv3D DepthwiseConv2dNative MaxPool AvgPool MaxPool3D AvgPool3D
    '''.split())
_TRANSPOSED = frozenset('Conv2DBackpropInput Conv3DBackpropInputV2 DepthwiseConv2dNativeBackpropInput'.split())
_FIRST_AXIS = frozenset('''
    MaxPoolV2 MaxPoolWithArgmax ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea SpaceToDepth DepthToSpace
    ScaleAndTranslate ExtractImagePatches FractionalMaxPool FractionalAvgPool Dilation2D
    '''.split())
_MATRIX = frozenset([op_type + version for op_type in ('MatrixDiag', 'MatrixDiagPart', 'MatrixSetDiag')
                     for version in ('', 'V2', 'V3')])
#: How many of the last axes they work along.
_LAST_AXES = {'Softmax': 1, 'LogSoftmax': 1, 'LRN': 1, 'FFT': 1, 'IFFT': 1, 'FFT2D': 2, 'IFFT2D': 2, 'RFFT': 1,
              'IRFFT': 1}


def _by_place(op: tf.Operation, i: int, rows: Rows) -> Move:
    if len(op.inputs) == 1 or op.type == 'IdentityN' or op.type == 'Merge':
        return Move(rows)
    before, after = rank_of(op.inputs[i]), rank_of(op.outputs[0])
    if op.type == 'BiasAdd' and i:
        return at(rows, 1 if op.get_attr('data_format') == b'NCHW' else after - 1) if after else Move(LOST)
    if op.type == 'Select' and i == 0 and before == 1:
        return Move(rows)
    if before is None or after is None:
        others = [rank_of(tensor) for j, tensor in enumerate(op.inputs) if j != i]
        # In loops that are functions ranks are not known where weights are captured, which do not raise that of data.
        inside = op.graph.get_collection(BODY) and (before is None or max(rank or 0 for rank in others) <= before)
        return Move(rows if inside or set(others) == {0} else LOST)
    return at(rows, rows.axis + after - before)


def _reduced(op: tf.Operation, given: Optional[np.ndarray], rows: Rows, keep: bool) -> Move:
    rank = rank_of(op.inputs[0])
    if given is None or rank is None and min(given, default=0) < 0:
        return Move(LOST)
    axes = {axis if axis >= 0 else axis + (rank or 0) for axis in given.tolist()}
    if rows.axis in axes:
        return Move(GONE, True)
    return at(rows, rows.axis if keep else rows.axis - sum(axis < rows.axis for axis in axes))


def _reduce(op: tf.Operation, i: int, rows: Rows) -> Move:
    return _reduced(op, static(op, 1), rows, op.get_attr('keep_dims')) if i == 0 else Move(GONE)


def _arg(op: tf.Operation, i: int, rows: Rows) -> Move:
    return _reduced(op, static(op, 1), rows, False)


def _along(shuffles: bool, place: int = 1) -> Mover:
    """What works along the axes that an input names: moves rows, or sums them up one after another."""
    def found(op: tf.Operation, i: int, rows: Rows) -> Move:
        axes, rank = static(op, place), rank_of(op.inputs[0])
        if i or axes is None or rank is None:
            return Move(LOST)
        if rows.axis not in axes % rank:
            return Move(rows)
        return shuffled(op, rows, rows.axis) if shuffles else Move(rows, True)
    return found


def _last_axes(op: tf.Operation, i: int, rows: Rows) -> Move:
    rank = rank_of(op.inputs[0])
    if rank is None or i:
        return Move(LOST)
    return Move(rows, rows.axis >= rank - _LAST_AXES[op.type])


def _reverse_sequence(op: tf.Operation, i: int, rows: Rows) -> Move:
    along, of = op.get_attr('seq_dim'), op.get_attr('batch_dim')
    if i:
        return at(rows, of)
    return shuffled(op, rows, rows.axis) if rows.axis == along else Move(rows)


def _spatial(op: tf.Operation, i: int, rows: Rows) -> Move:
    rank = rank_of(op.inputs[0])
    if i or rank is None:
        return Move(GONE if i else LOST)
    if rows.axis == 0:
        return Move(rows)
    channels = 1 if op.get_attr('data_format').startswith(b'NC') else rank - 1
    pool = 'Pool' in op.type
    if rows.axis == channels:
        return Move(rows) if pool else Move(LOST) if op.type.startswith('Depth') else Move(GONE, True)
    kernel = [None] * rank if not pool else op.get_attr('ksize')
    size = kernel[rows.axis] if pool else op.inputs[1].shape[rows.axis - (1 if channels == rank - 1 else 2)]
    size = getattr(size, 'value', size)
    return Move(rows, size > 1) if size else Move(LOST)


def _transposed(op: tf.Operation, i: int, rows: Rows) -> Move:
    """Transposed convolutions take the sizes of what they make, weights, and the samples."""
    return Move(rows if i == 2 and rows.axis == 0 else LOST)


def _all_of_it(op: tf.Operation, i: int, rows: Rows) -> Move:
    return Move(GONE, True)


def _chosen(op: tf.Operation, i: int, rows: Rows) -> Move:
    return Move(LOST if i else rows)


def _found(op: tf.Operation, i: int, rows: Rows) -> Move:
    return Move(rows if i == 1 else LOST)


def _first_axis(op: tf.Operation, i: int, rows: Rows) -> Move:
    return Move(rows if i == 0 and rows.axis == 0 else LOST)


def _batch_norm(op: tf.Operation, i: int, rows: Rows) -> Move:
    rank = rank_of(op.inputs[0])
    if i:
        return Move(LOST) if rank is None else at(rows, 1 if op.get_attr('data_format') == b'NCHW' else rank - 1)
    return Move(rows)


def _cross_entropy(op: tf.Operation, i: int, rows: Rows) -> Move:
    return Move(rows) if rows.axis == 0 else Move(GONE, True)


def _blocks(op: tf.Operation, i: int, rows: Rows) -> Move:
    """Dilated convolutions put parts of each sample among the samples, and back."""
    to = op.type.startswith('SpaceTo')
    return Move(rows._replace(inner=0 if to else 1) if i == 0 and rows.axis == 0 and rows.inner == int(to) else LOST)


def _matrix(op: tf.Operation, i: int, rows: Rows) -> Move:
    after = rank_of(op.outputs[0])
    wide = 1 if op.type.startswith('MatrixDiagPart') else 2
    return Move(rows if after is not None and rows.axis < after - wide else LOST)


#: Op type -> where rows are after it.
_MOVES: Dict[str, Mover] = dict({
    'ArgMax': _arg, 'ArgMin': _arg, 'Cumsum': _along(False), 'Cumprod': _along(False), 'ReverseV2': _along(True),
    'Roll': _along(True, 2), 'ReverseSequence': _reverse_sequence, 'L2Loss': _all_of_it,
    'SoftmaxCrossEntropyWithLogits': _cross_entropy, 'SparseSoftmaxCrossEntropyWithLogits': _cross_entropy,
    'SpaceToBatchND': _blocks, 'BatchToSpaceND': _blocks, 'Switch': _chosen, 'RefSwitch': _chosen,
    'LookupTableFindV2': _found, 'MatrixBandPart': _chosen}, **REARRANGED, **PRODUCTS)
_MOVES.update({op_type: mover for types, mover in (
    (_TRANSPOSED, _transposed),
    (_REDUCE, _reduce), (_SPATIAL, _spatial), (_FIRST_AXIS, _first_axis), (_LAST_AXES, _last_axes),
    (_MATRIX, _matrix), (BATCH_NORMS, _batch_norm), (_BY_PLACE, _by_place),
) for op_type in types})


def move(op: tf.Operation, i: int, rows: Rows) -> Move:
    """Where the rows that an op's input number i holds are in what it puts out."""
    if op.type in STACKS:
        return STACKS[op.type](op, i, rows)
    if op.type not in _MOVES:
        return Move(LOST)
    if rows.axis == BY_STEP:
        # A row at each step is whole in all that happens in the step, and does not come with the next.
        return Move(LOST if op.type == 'NextIteration' else rows)
    return _MOVES[op.type](op, i, rows)
