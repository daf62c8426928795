"""Where rows are after products, sums of segments and look-ups, and whether they meet there."""
from typing import Dict

import numpy as np
import tensorflow.compat.v1 as tf

from .axes import GONE, LOST, Move, Mover, Rows, at, rank_of, shuffled, static

_SEGMENTS = [kind + what for kind in ('Segment', 'UnsortedSegment', 'SparseSegment')
             for what in ('Sum', 'Mean', 'Max', 'Min', 'Prod', 'SqrtN')]


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


#: Op type -> where rows are after it.
PRODUCTS: Dict[str, Mover] = {
    'MatMul': _matmul, 'SparseMatMul': _matmul, 'BatchMatMul': _batch_matmul, 'BatchMatMulV2': _batch_matmul,
    'BatchMatMulV3': _batch_matmul, 'Einsum': _einsum, 'SparseTensorDenseMatMul': _sparse_matmul, 'Gather': _gather,
    'GatherV2': _gather, 'ResourceGather': _gather, 'GatherNd': _gather_nd, 'OneHot': _one_hot}
PRODUCTS.update((op_type, _segments) for op_type in _SEGMENTS)
