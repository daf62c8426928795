"""Whether what is fed goes along with the rows of X, and where rows of X meet."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.graph.rows import goes_along, rows_at, rows_of

if hasattr(tf.keras, '__version__') and tf.keras.__version__.startswith('3'):
    import tf_keras as keras
else:
    keras = tf.keras


def fed(*shape, dtype=tf.float32):
    return tf.placeholder(dtype, shape)


def w(*shape):
    return tf.constant(np.random.RandomState(0).randn(*shape).astype(np.float32))


def same(value):
    function = tf.py_func(lambda array: array, [value], value.dtype)
    function.set_shape(value.shape)
    return function


ints = tf.int32

#: A fed tensor M and what is made of X and M, where M has one row for each row of X.
ALONG = {
    'product': ((None, 3), lambda X, M: tf.tanh(X * M)),
    'column': ((None,), lambda X, M: tf.reduce_sum(X, 1) * M),
    'joined': ((None, 2), lambda X, M: tf.matmul(tf.concat([X, M], 1), w(5, 2))),
    'stacked': ((None, 3), lambda X, M: tf.reduce_max(tf.stack([X, M], 1), 1)),
    'embedded': ((None, 3), lambda X, M: X * tf.gather(w(10, 3), tf.cast(M, ints))[:, 0]),
    'batch of matrices': ((None, 3, 2), lambda X, M: tf.matmul(X[:, tf.newaxis], M)),
    'einsum': ((None, 3, 2), lambda X, M: tf.einsum('bj,bjk->bk', X, M)),
    'labels': ((None, 3), lambda X, M: tf.nn.softmax_cross_entropy_with_logits_v2(labels=M, logits=X)),
    'sparse labels': ((None,), lambda X, M: tf.nn.sparse_softmax_cross_entropy_with_logits(
        labels=tf.cast(M, ints), logits=X)),
    'chosen': ((None,), lambda X, M: tf.where(M > 0, X, 2 * X)),
    'mask of time': ((None, None), lambda X, M: tf.reduce_sum(X[..., tf.newaxis] * M[..., tf.newaxis], 1)),
    'lengths': ((None,), lambda X, M: X * tf.sequence_mask(tf.cast(M, ints), tf.reduce_max(tf.cast(M, ints)),
                                                           tf.float32)),
    'lengths of a loop': ((None,), lambda X, M: tf.nn.dynamic_rnn(
        tf.nn.rnn_cell.GRUCell(4), X[..., tf.newaxis], sequence_length=tf.cast(M, ints), dtype=tf.float32)[1]),
    'mask of a loop': ((None, 3), lambda X, M: keras.layers.LSTM(4)(X[..., tf.newaxis], mask=M > 0)),
    'the last of each': ((None,), lambda X, M: tf.gather(
        tf.reshape(X, [-1]), tf.range(tf.shape(X)[0]) * 3 + tf.cast(M, ints) - 1)),
    'the last of each, by pairs': ((None,), lambda X, M: tf.gather_nd(
        X, tf.stack([tf.range(tf.shape(X)[0]), tf.cast(M, ints)], 1))),
    'merged with time and back': ((None, 3), lambda X, M: tf.reshape(
        tf.matmul(tf.reshape(X, [-1, 1]), w(1, 2)), [tf.shape(X)[0], -1, 2]) * M[..., tf.newaxis]),
    'flat': ((None, 6), lambda X, M: tf.layers.flatten(X[..., tf.newaxis] * w(2)) * M),
    'behind a transposed convolution': ((None, 6, 2), lambda X, M: M * tf.nn.conv2d_transpose(
        X[:, :, tf.newaxis, tf.newaxis], w(2, 1, 2, 1), tf.stack([tf.shape(X)[0], 6, 1, 2]), [1, 2, 1, 1])[:, :, 0]),
    'row by row': ((None, 3), lambda X, M: tf.map_fn(lambda pair: pair[0] * pair[1], (X, M), dtype=tf.float32)),
    'dilated': ((None, 3, 2), lambda X, M: tf.nn.convolution(X[..., tf.newaxis], w(2, 1, 2), 'SAME',
                                                             dilation_rate=[2]) * M),
    'called': ((None, 3), lambda X, M: tf.function(lambda a, b: tf.tanh(a) * b)(X, M)),
    'turned twice': ((None, 3), lambda X, M: tf.transpose(tf.transpose(X) * tf.transpose(M))),
}

#: Where M is the same for all rows of X.
APART = {
    'matrix': ((None, 2), lambda X, M: tf.matmul(X, M)),
    'bias': ((None,), lambda X, M: tf.tanh(X + M)),
    'bias, added': ((None,), lambda X, M: tf.nn.bias_add(X, M)),
    'class weights': ((None,), lambda X, M: tf.reduce_sum(M * tf.nn.log_softmax(X), 1)),
    'class weights, picked': ((None,), lambda X, M: tf.reduce_sum(X, 1) * tf.gather(M, tf.argmax(X, 1))),
    'support': ((None, 3), lambda X, M: tf.matmul(tf.nn.softmax(tf.matmul(X, M, transpose_b=True)), M)),
    'labels of a support': ((None,), lambda X, M: tf.matmul(
        tf.nn.softmax(tf.matmul(X, fed(None, 3), transpose_b=True)), tf.one_hot(tf.cast(M, ints), 5))),
    'cosines': ((None, 3), lambda X, M: tf.matmul(tf.nn.l2_normalize(X, 1), tf.nn.l2_normalize(M, 1),
                                                  transpose_b=True)),
    'distances': ((None, 3), lambda X, M: tf.reduce_min(tf.reduce_sum((X[:, tf.newaxis] - M[tf.newaxis]) ** 2, 2), 1)),
    'tiled': ((None, 3), lambda X, M: tf.reduce_sum(tf.tanh(tf.concat([
        tf.tile(M[tf.newaxis], [tf.shape(X)[0], 1, 1]),
        tf.tile(X[:, tf.newaxis], [1, tf.shape(M)[0], 1])], 2)), [1, 2])),
    'prototype': ((None, 3), lambda X, M: X - tf.reduce_mean(M, 0)),
    'table': ((None, 3), lambda X, M: X + tf.gather(M, tf.argmax(X, 1))),
    'memory': ((None, 3), lambda X, M: tf.tensordot(tf.nn.softmax(tf.tensordot(X, M, [[1], [1]])), M, [[1], [0]])),
    'einsum': ((None, 3), lambda X, M: tf.einsum('bj,mj->bm', X, M)),
    'adjacency': ((None, None), lambda X, M: tf.matmul(M, tf.nn.relu(tf.matmul(M, X)))),
    'adjacency beside itself': ((None, None), lambda X, M: tf.concat([X, tf.matmul(M, X)], 1)),
    'all, for each row': ((None, 3), lambda X, M: tf.map_fn(lambda x: tf.reduce_sum(x * M, 0), X)),
    'called': ((None, 3), lambda X, M: tf.function(lambda a, b: a - tf.reduce_mean(b, 0))(X, M)),
}

#: Where the graph does not show it.
OPEN = {
    'python': ((None, 3), lambda X, M: X * same(M)),
    'both': ((None, 3), lambda X, M: X * (M - tf.reduce_mean(M, 0))),
}


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('known,name', [(known, name) for known, table in ((True, ALONG), (False, APART), (None, OPEN))
                                        for name in sorted(table)])
def test_whether_a_tensor_goes_along(session, known, name):
    shape, make = {True: ALONG, False: APART, None: OPEN}[known][name]
    X, M = fed(None, 3), fed(*shape)
    assert goes_along(M, [X], make(X, M))[0] is known


def test_what_has_no_known_rank_is_open(session):
    X, M = fed(None, 3), tf.placeholder(tf.float32)
    assert goes_along(M, [X], X + M) == (None, True) and goes_along(X, [M], X + M) == (None, True)
    assert rows_of(Path([M], M - tf.reduce_mean(M, 0))).meetings and not rows_of(Path([M], tf.tanh(M) * w(3))).meetings


def test_where_rows_of_a_feed_become_those_of_x(session):
    ids, table = fed(None, 4, dtype=ints), fed(None, 3)
    X = tf.gather(table, ids)
    assert rows_at(ids, X) is True and rows_at(table, X) is False and rows_at(ids, tf.reshape(same(X), [-1, 3])) is None


MEET = {
    'mean': lambda X: X - tf.reduce_mean(X, 0), 'largest': lambda X: X / tf.reduce_max(tf.abs(X)),
    'softmax': lambda X: tf.nn.softmax(X, axis=0), 'softmax of a vector': lambda X: tf.nn.softmax(tf.reduce_sum(X, 1)),
    'adjacency': lambda X: tf.matmul(fed(None, None), X),
    'turned': lambda X: tf.matmul(X, fed(None, 2), transpose_a=True),
    'attention': lambda X: tf.matmul(tf.nn.softmax(tf.matmul(X, X, transpose_b=True)), X),
    'pairs': lambda X: tf.reduce_sum((X[:, tf.newaxis] - X[tf.newaxis]) ** 2, 2),
    'segments': lambda X: tf.math.segment_sum(X, fed(None, dtype=ints)),
    'messages': lambda X: tf.math.unsorted_segment_sum(tf.gather(X, fed(None, dtype=ints)), fed(None, dtype=ints), 4),
    'sparse': lambda X: tf.sparse.sparse_dense_matmul(tf.sparse.placeholder(tf.float32, [None, None]), X),
    'running sum': lambda X: tf.cumsum(X), 'neighbours': lambda X: X + tf.gather(X, fed(None, dtype=ints)),
    'picked': lambda X: tf.gather(X, fed(None, dtype=ints)), 'reversed': lambda X: X - tf.reverse(X, [0]),
    'sliced': lambda X: X[1:] - X[:-1], 'rolled': lambda X: X - tf.roll(X, 1, 0),
    'summed up': lambda X: tf.reduce_sum(X, 0, keepdims=True), 'einsum': lambda X: tf.einsum('ij,jk->ik', fed(4, 4), X),
    'convolution': lambda X: tf.nn.conv1d(X[tf.newaxis], w(3, 3, 4), stride=1, padding='SAME')[0],
    'called': lambda X: tf.function(lambda x: x - tf.reduce_mean(x, 0))(X),
    'norm': lambda X: tf.nn.l2_normalize(X, 0), 'tensordot': lambda X: tf.tensordot(fed(None, None), X, 1),
    'merged': lambda X: tf.reduce_sum(tf.reshape(X, [-1, 1]), 0, keepdims=True),
}

KEEP = {
    'layers': lambda X: tf.matmul(tf.nn.relu(tf.matmul(X, w(3, 4))), w(4, 2)), 'softmax': lambda X: tf.nn.softmax(X),
    'scalar': lambda X: tf.reduce_mean(X), 'one': lambda X: X[0], 'unit': lambda X: tf.nn.l2_normalize(X, 1),
    'stable': lambda X: tf.exp(X - tf.reduce_max(X)) / tf.reduce_sum(tf.exp(X - tf.reduce_max(X)), 1, keepdims=True),
    'attention in a sample': lambda X: tf.matmul(tf.nn.softmax(tf.matmul(
        X[..., tf.newaxis], X[:, tf.newaxis])), X[..., tf.newaxis]),
    'norm': lambda X: keras.layers.LayerNormalization()(X),
    'batch norm': lambda X: keras.layers.BatchNormalization()(X),
    'batch norm of pictures': lambda X: keras.layers.BatchNormalization()(X[:, :, tf.newaxis, tf.newaxis]),
    'training': lambda X: tf.cond(tf.placeholder_with_default(False, [], name='is_training'),
                                  lambda: X - tf.reduce_mean(X, 0), lambda: X * 2.),
    'moments': lambda X: (X - tf.nn.moments(X, [0])[0]) / tf.sqrt(tf.nn.moments(X, [0])[1]),
    'loop': lambda X: keras.layers.Bidirectional(keras.layers.GRU(4))(X[..., tf.newaxis]),
    'lengths': lambda X: tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(4), X[..., tf.newaxis], dtype=tf.float32,
                                           sequence_length=tf.cast(tf.reduce_sum(tf.sign(tf.abs(X)), 1), ints))[0],
    'row by row': lambda X: tf.map_fn(lambda x: x - tf.reduce_mean(x), X),
    'by time': lambda X: keras.layers.TimeDistributed(keras.layers.Dense(2))(X[..., tf.newaxis]),
    'sorted and back': lambda X: (lambda order: tf.gather(tf.gather(X, order), tf.math.invert_permutation(order)))(
        fed(None, dtype=ints)),
    'twins': lambda X: tf.split(tf.tanh(tf.concat([X, 2 * X], 0)), 2)[0] + X,
    'columns': lambda X: tf.gather(X, [2, 0], axis=1) * X[:, 1::-1], 'matvec': lambda X: tf.linalg.matvec(w(2, 3), X),
    'convolution': lambda X: keras.layers.Conv1D(4, 2)(X[..., tf.newaxis]),
    'called': lambda X: tf.function(lambda x: tf.matmul(tf.nn.relu(x), w(3, 2)))(X),
    'best': lambda X: tf.nn.top_k(X, 2)[0],
}


@pytest.mark.filterwarnings('ignore')
@pytest.mark.parametrize('meet,name', [
    (meet, name) for meet, table in ((True, MEET), (False, KEEP)) for name in sorted(table)])
def test_where_rows_meet(session, meet, name):
    X = fed(None, 3)
    T = (MEET if meet else KEEP)[name](X)
    assert bool(rows_of(Path([X], T)).meetings) == meet


def test_one_warning_names_the_op_and_the_remedy(session):
    X = fed(None, 3)
    T = tf.matmul(fed(None, None), tf.matmul(X, w(3, 2)), name='hand_on')
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=r"T \('hand_on:0'\) does not .* in MatMul \(hand_on\).*rows='together'"
                          ) as said:
            de.get_explainer('grad*input', T, X)
        assert len(said) == 1 and said[0].filename == __file__
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            de.get_explainer('grad*input', T, X, rows='together')
            de.get_explainer('grad*input', tf.reduce_sum(T), X)


def test_batches_of_one_row_do_not_meet(session):
    X = fed(1, 7, 3)
    assert not rows_of(Path([X], tf.reduce_mean(X, [0, 1]))).meetings
