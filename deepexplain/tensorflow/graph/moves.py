"""Where rows are after an op that computes, and whether they meet in it."""
from typing import Dict, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from .axes import BY_STEP, GONE, LOST, Move, Mover, Rows, at, rank_of, shuffled, static
from .reshaping import REARRANGED, STACKS
from .units import BATCH_NORMS, ELEMENTWISE

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
_FIRST_AXIS = frozenset('''
    MaxPoolV2 MaxPoolWithArgmax ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea SpaceToDepth DepthToSpace
    ExtractImagePatches FractionalMaxPool FractionalAvgPool Dilation2D
    '''.split())
_SEGMENTS = frozenset([kind + what for kind in ('Segment', 'UnsortedSegment', 'SparseSegment')
                       for what in ('Sum', 'Mean', 'Max', 'Min', 'Prod', 'SqrtN')])
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
        alone = all(rank_of(tensor) == 0 for j, tensor in enumerate(op.inputs) if j != i)
        return Move(rows if alone else LOST)
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


def _matmul(op: tf.Operation, i: int, rows: Rows) -> Move:
    kept = int(op.get_attr('transpose_b' if i else 'transpose_a'))
    return at(rows, i) if rows.axis == (1 - kept if i else kept) else Move(GONE, True)


def _batch_matmul(op: tf.Operation, i: int, rows: Rows) -> Move:
    before, after = rank_of(op.inputs[i]), rank_of(op.outputs[0])
    if before is None or after is None:
        return Move(LOST)
    if rows.axis < before - 2:
        return at(rows, rows.axis + after - before)
    turned = op.get_attr('adj_y' if i else 'adj_x')
    return at(rows, after - 2 + i) if (rows.axis == before - 2 + i) != turned else Move(GONE, True)


def _einsum(op: tf.Operation, i: int, rows: Rows) -> Move:
    terms, result = op.get_attr('equation').decode().replace(' ', '').split('->')
    term, before, after = terms.split(',')[i], rank_of(op.inputs[i]), rank_of(op.outputs[0])
    head, dots, tail = term.partition('...')
    if rows.axis < len(head):
        letter = head[rows.axis]
    elif before is not None and rows.axis >= before - len(tail):
        letter = tail[rows.axis - before]
    elif before is None or after is None:
        return Move(LOST)
    else:
        # What the dots stand for is aligned at its end.
        behind = len(result.partition('...')[2])
        return at(rows, after - behind - (before - len(tail) - rows.axis))
    if letter not in result:
        return Move(GONE, True)
    head, dots, tail = result.partition('...')
    if letter in head:
        return at(rows, head.index(letter))
    return Move(LOST) if after is None else at(rows, after - len(tail) + tail.index(letter))


def _sparse_matmul(op: tf.Operation, i: int, rows: Rows) -> Move:
    if i < 3:
        return Move(GONE, i < 2)
    kept = 0 if op.get_attr('adjoint_b') else 1
    return at(rows, 1) if rows.axis == kept else Move(GONE, True)


def _segments(op: tf.Operation, i: int, rows: Rows) -> Move:
    if i == 0 and rows.axis:
        return Move(rows if rank_of(op.inputs[1]) == 1 or op.type.startswith('Sparse') else LOST)
    return Move(GONE, True)


def _gather(op: tf.Operation, i: int, rows: Rows) -> Move:
    given = static(op, 2) if op.type == 'GatherV2' else np.zeros(1, int)
    batch = op.get_attr('batch_dims') if 'batch_dims' in op.node_def.attr else 0
    of_params, of_indices = rank_of(op.inputs[0]), rank_of(op.inputs[1])
    if given is None or batch < 0 or given[0] < 0 and of_params is None or i > 1:
        return Move(LOST)
    axis = int(given[0]) if given[0] >= 0 else int(given[0]) + (of_params or 0)
    if rows.axis < batch:
        return Move(rows)
    if i:
        return at(rows, axis + rows.axis - batch)
    if rows.axis < axis:
        return Move(rows)
    if of_indices is None:
        return Move(LOST)
    if rows.axis > axis:
        return at(rows, rows.axis + of_indices - batch - 1)
    picked = static(op, 1)
    if picked is not None and (picked == np.arange(len(picked))).all() and of_indices == 1:
        return Move(rows)
    return Move(LOST) if of_indices <= batch else shuffled(op, rows, axis)


def _gather_nd(op: tf.Operation, i: int, rows: Rows) -> Move:
    rank = rank_of(op.inputs[1])
    if rank is None:
        return Move(LOST)
    if i:
        return Move(rows if rows.axis < rank - 1 else LOST)
    depth = op.inputs[1].shape.as_list()[-1]
    return Move(LOST) if depth is None or rows.axis < depth else at(rows, rank - 1 + rows.axis - depth)


def _one_hot(op: tf.Operation, i: int, rows: Rows) -> Move:
    axis = op.get_attr('axis')
    return Move(LOST) if i else at(rows, rows.axis + (0 <= axis <= rows.axis))


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


def _all_of_it(op: tf.Operation, i: int, rows: Rows) -> Move:
    return Move(GONE, True)


def _first(op: tf.Operation, i: int, rows: Rows) -> Move:
    return Move(LOST if i else rows)


def _chosen(op: tf.Operation, i: int, rows: Rows) -> Move:
    """Whether something is computed at all may hang on rows; what comes out then does not tell."""
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


#: Op type -> where rows are after it; besides those that only arrange values anew.
_COMPUTED: Dict[str, Mover] = {
    'ArgMax': _arg, 'ArgMin': _arg, 'Cumsum': _along(False), 'Cumprod': _along(False), 'ReverseV2': _along(True),
    'Roll': _along(True, 2), 'MatMul': _matmul, 'SparseMatMul': _matmul, 'BatchMatMul': _batch_matmul,
    'BatchMatMulV2': _batch_matmul, 'BatchMatMulV3': _batch_matmul, 'Einsum': _einsum,
    'SparseTensorDenseMatMul': _sparse_matmul, 'Gather': _gather, 'GatherV2': _gather, 'ResourceGather': _gather,
    'GatherNd': _gather_nd, 'OneHot': _one_hot, 'ReverseSequence': _reverse_sequence, 'L2Loss': _all_of_it,
    'SoftmaxCrossEntropyWithLogits': _cross_entropy, 'SparseSoftmaxCrossEntropyWithLogits': _cross_entropy,
    'SpaceToBatchND': _blocks, 'BatchToSpaceND': _blocks, 'Switch': _chosen, 'RefSwitch': _chosen,
    'LookupTableFindV2': _found, 'MatrixBandPart': _first}
_COMPUTED.update({op_type: mover for types, mover in (
    (_REDUCE, _reduce), (_SPATIAL, _spatial), (_FIRST_AXIS, _first_axis), (_LAST_AXES, _last_axes),
    (_SEGMENTS, _segments), (_MATRIX, _matrix), (BATCH_NORMS, _batch_norm), (_BY_PLACE, _by_place),
) for op_type in types})

_MOVES = dict(_COMPUTED, **REARRANGED)


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
