"""Ops without weights: what moves numbers moves relevance, what adds several up shares it, whatever the op."""
import lrp
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained
from models import close, per_sample

TWICE = [[1], [3], [1], [0]]


def along(f):
    """A function of the features along the first axis, on data (n, features)."""
    return lambda x: tf.transpose(f(tf.transpose(x)))


def picture(f):
    """A function of matrices (n, 2, 2), flat again, on data (n, 4)."""
    def flat(x):
        y = f(tf.reshape(x, [-1, 2, 2]))
        return tf.reshape(y, [-1, int(np.prod(y.shape.as_list()[1:]))])
    return flat


def images(f):
    return picture(lambda x: f(x[..., tf.newaxis]))


def rows(x, size):
    return tf.stack([size, tf.shape(x)[1]])


#: Functions of data (n, 4) in which several numbers meet, or one is put over another.
MEETING = {
    'scatter_nd': along(lambda x: tf.scatter_nd([[1], [2], [1], [0]], x, rows(x, 3))),
    'scatter_nd, add': along(lambda x: tf.tensor_scatter_nd_add(x, [[1], [1]], x[2:])),
    'scatter_nd, subtract': along(lambda x: tf.tensor_scatter_nd_sub(x, [[1], [1]], x[2:])),
    'scatter_nd, update': along(lambda x: tf.tensor_scatter_nd_update(x, [[1], [1]], x[2:])),
    'dynamic_stitch': along(lambda x: tf.dynamic_stitch([[0, 1], [1, 2], [3]], [x[:2], x[2:], x[1:2]])),
    'unsorted_segment_sum': along(lambda x: tf.math.unsorted_segment_sum(x, [1, 2, 1, 0], 3)),
    'segment_mean': along(lambda x: tf.math.segment_mean(x, [0, 0, 1, 2])),
    'sparse.segment_sqrt_n': along(lambda x: tf.sparse.segment_sqrt_n(x, [0, 1, 3, 2], [0, 0, 1, 1])),
    'cumsum': lambda x: tf.cumsum(x, 1),
}

#: Others, that move or copy numbers or add them up, some beside places where there are none.
OTHERS = {
    'scatter_nd, gaps': along(lambda x: tf.scatter_nd(TWICE, x, rows(x, 6))),
    'add to zeros': along(lambda x: tf.tensor_scatter_nd_add(tf.zeros_like(x), TWICE, x)),
    'update zeros': along(lambda x: tf.tensor_scatter_nd_update(tf.zeros_like(x), TWICE, x)),
    'segment_sum, gaps': along(lambda x: tf.math.segment_sum(x, [0, 0, 1, 3])),
    'unsorted_segment_sum, gaps': along(lambda x: tf.math.unsorted_segment_sum(x, [1, 3, 1, 0], 6)),
    'segment_max': along(lambda x: tf.math.segment_max(x, [0, 0, 1, 2])),
    'sparse.segment_sum': along(lambda x: tf.sparse.segment_sum(x, [0, 1, 1, 3, 2], [0, 0, 1, 1, 3])),
    'sparse.segment_sum, more': along(lambda x: tf.sparse.segment_sum(x, [0, 1, 3, 2], [0, 0, 1, 1], num_segments=6)),
    'dynamic_partition': along(lambda x: tf.concat(tf.dynamic_partition(x, [1, 0, 1, 1], 2), 0)),
    'cumsum, exclusive': lambda x: tf.cumsum(x, 1, exclusive=True),
    'gather': lambda x: tf.gather(x, [0, 1, 1, 3, 1], axis=1),
    'gather_nd': along(lambda x: tf.gather_nd(x, TWICE)),
    'tile': lambda x: tf.tile(x, [1, 2]),
    'broadcast_to': along(lambda x: tf.reshape(tf.broadcast_to(x, [3, 4, tf.shape(x)[1]]), [12, -1])),
    'pad': lambda x: tf.pad(x, [[0, 0], [2, 1]]),
    'mirror_pad': lambda x: tf.pad(x, [[0, 0], [2, 1]], 'REFLECT'),
    'roll': lambda x: tf.roll(x, 1, 1),
    'reverse': lambda x: tf.reverse(x, [1]),
    'concat, zeros': lambda x: tf.concat([x, tf.zeros_like(x)], 1),
    'add_n': lambda x: tf.add_n([x, x * 2., tf.reverse(x, [1])]),
    'diag': lambda x: tf.reshape(tf.linalg.diag(x), [-1, 16]),
    'diag_part': picture(tf.linalg.diag_part),
    'set_diag': lambda x: tf.reshape(tf.linalg.set_diag(tf.reshape(x, [-1, 2, 2]), x[:, 1:3]), [-1, 4]),
    'band_part': picture(lambda x: tf.linalg.band_part(x, 0, -1)),
    'trace': lambda x: tf.linalg.trace(tf.reshape(x, [-1, 2, 2]))[:, tf.newaxis],
    'einsum': picture(lambda x: tf.einsum('nij->nj', x)),
    'resize, nearest': images(lambda x: tf.image.resize_nearest_neighbor(x, [3, 4])),
    'resize, bilinear': images(lambda x: tf.image.resize_bilinear(x, [3, 4])),
    'extract_image_patches': images(lambda x: tf.image.extract_image_patches(
        x, [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], 'SAME')),
    'space_to_batch': images(lambda x: tf.batch_to_space_nd(
        tf.space_to_batch_nd(x, [3, 3], [[1, 0], [0, 1]]), [3, 3], [[0, 0], [0, 0]])),
    'space_to_depth': images(lambda x: tf.nn.space_to_depth(x, 2)),
}


@pytest.mark.parametrize('name', sorted(MEETING))
def test_what_meets_in_one_place_shares_its_relevance(session, rng, name):
    X = tf.placeholder(tf.float32, [None, 4])
    z = MEETING[name](X)
    T = tf.exp(z)
    xs = rng.randn(4, 4)
    xs[0] = 0
    M = lrp.matrix(lambda x: session.run(z, {X: x}), [4])
    R = session.run(T, {X: xs})
    want = [lrp.epsilon(x, M, None, r) for x, r in zip(xs, R)]
    got = explained(session, 'lrp.z', T, X, xs)
    close(got[1:], want[1:], 1e-4)
    if name not in ('scatter_nd, update', 'dynamic_stitch'):
        close(got[0], want[0], 1e-5)
    np.testing.assert_allclose(per_sample(got), R.sum(1), rtol=1e-4)


@pytest.mark.parametrize('method', ['lrp.z_IB', 'lrp.alpha_1_beta_0_IB', 'lrp.flat'])
def test_relevance_is_conserved_by_all_that_is_linear(session, rng, method):
    """One target for each op, of which each row is explained for one."""
    names, ops = zip(*sorted(dict(MEETING, **OTHERS).items()))
    X = tf.placeholder(tf.float32, [None, 4])
    outputs = [f(X) for f in ops]
    sizes = [value.shape[1] for value in session.run(outputs, {X: np.ones([2, 4])})]
    T = tf.concat([tf.matmul(tf.reshape(h, [-1, size]), rng.uniform(-1, 1, [size, 1]).astype(np.float32))
                   for h, size in zip(outputs, sizes)], 1) + 1.
    xs, ys = np.repeat([rng.rand(4), rng.randn(4), np.zeros(4)], len(ops), 0), np.tile(np.arange(len(ops)), 3)
    got = per_sample(explained(session, method, T, X, xs, ys=ys))
    want = session.run(T, {X: xs})[np.arange(len(xs)), ys]
    assert not {(names[y], a, b) for y, a, b in zip(ys, got, want) if abs(a - b) > 1e-4 * max(1, abs(b))}


def test_constants_that_are_added_at_places(session, rng):
    """They count as a bias does: only where biases do."""
    X = tf.placeholder(tf.float32, [None, 4])
    c, w = rng.rand(6).astype(np.float32), rng.rand(6, 1).astype(np.float32)

    def constant(x, size):
        return tf.tile(c[:size, np.newaxis], [1, tf.shape(x)[1]])

    xs = rng.rand(3, 4)
    for scattered, touched in (
            (lambda x: tf.tensor_scatter_nd_add(constant(x, 6), TWICE, x), [0, 1, 3]),
            (lambda x: tf.tensor_scatter_nd_sub(tf.pad(x, [[0, 2], [0, 0]]), [[1], [2], [1]], constant(x, 3)),
             range(4))):
        h = along(scattered)(X)
        T = tf.matmul(tf.reshape(h, [-1, 6]), w)
        close(explained(session, 'lrp.z', T, X, xs), explained(session, 'grad*input', T, X, xs), 1e-4)
        all_there = (session.run(h, {X: xs}) * w[:, 0])[:, list(touched)].sum(1)
        close(per_sample(explained(session, 'lrp.z_IB', T, X, xs)), all_there, 1e-4)


def test_of_updates_the_one_that_stays_has_the_relevance(session):
    X = tf.placeholder(tf.float32, [None, 4])
    updated = along(lambda x: tf.tensor_scatter_nd_update(tf.zeros_like(x), [[1], [1], [1], [2]], x))(X)
    stitched = along(lambda x: tf.dynamic_stitch([[1, 0], [1, 1]], [x[:2], x[2:]]))(X)
    xs = np.float32([[1, 2, 3, 4], [5, 5, 5, 6]])
    got = explained(session, 'lrp.z', updated, X, xs)
    stays = session.run(updated, {X: xs})[:, 1]
    np.testing.assert_allclose(got, [[0, 0, 3, 4], [5 / 3, 5 / 3, 5 / 3, 6]] if stays[0] == 3 else got, rtol=1e-5)
    np.testing.assert_allclose(per_sample(got), stays + xs[:, 3], rtol=1e-5)
    np.testing.assert_allclose(explained(session, 'lrp.z', stitched, X, xs), [[0, 2, 0, 4], [0, 5, 0, 6]], rtol=1e-5)


def test_sums_of_old_kinds(session, rng):
    X = tf.placeholder(tf.float32, [3, 4])
    xs = rng.rand(3, 4)
    for T in (tf.exp(tf.raw_ops.AccumulateNV2(inputs=[X, 2 * X], shape=[3, 4])),
              tf.exp(tf.raw_ops.BiasAddV1(value=tf.reverse(X, [1]), bias=X[0]))):
        got = explained(session, 'lrp.z', T, X, xs)
        np.testing.assert_allclose(got.sum(), session.run(T, {X: xs}).sum(), rtol=1e-4)


def test_sparse_tensors_made_dense(session, rng):
    X = tf.placeholder(tf.float32, [1, 4])
    h = tf.sparse.to_dense(tf.sparse.SparseTensor([[0, 1], [0, 3], [0, 4], [0, 5]], X[0], [1, 7]))
    T = tf.matmul(h, rng.rand(7, 2).astype(np.float32)) + 1.
    for xs in (rng.rand(1, 4), np.zeros([1, 4])):
        for method in ('lrp.flat', 'lrp.z_plus'):
            got = explained(session, method, T, X, xs, ys=1)
            np.testing.assert_allclose(per_sample(got), session.run(T, {X: xs})[:, 1], rtol=1e-5)
