"""Which axes hold the same numbers before and after a reshape, and matrices that stand on the left."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained, variable
from models import close, initialise

from deepexplain.tensorflow.relevance.trails import aligned

#: Shapes before and after, and the groups of axes that hold the same numbers.
RESHAPED = [
    ([2, 3], [2, 3], [([0], [0]), ([1], [1])]),
    ([2, 3, 4], [6, 4], [([0, 1], [0]), ([2], [1])]),
    ([6, 4], [2, 3, 4], [([0], [0, 1]), ([1], [2])]),
    ([2, 12], [2, 3, 4], [([0], [0]), ([1], [1, 2])]),
    ([4, 6], [6, 4], [([0, 1], [0, 1])]),
    ([5, 4, 6], [5, 6, 4], [([0], [0]), ([1, 2], [1, 2])]),
    ([2, 2, 2, 5], [4, 2, 5], [([0, 1], [0]), ([2], [1]), ([3], [2])]),
    # From the end where the beginning is not known, and the rest as one.
    ([None, 3, 4], [None, 12], [([1, 2], [1]), ([0], [0])]),
    ([None, 4], [None, 2, 2], [([1], [1, 2]), ([0], [0])]),
    ([None, 5, 3], [None, 3], [([2], [1]), ([0, 1], [0])]),
    ([None, 3], [None, 5, 3], [([1], [2]), ([0], [0, 1])]),
    ([2, None, 3], [2, None, 3], [([0], [0]), ([1], [1]), ([2], [2])]),
    ([2, None, None, 3], [2, None, 3], [([0], [0]), ([1, 2], [1]), ([3], [2])]),
]


@pytest.mark.parametrize('old,new,groups', RESHAPED)
def test_axes_of_the_same_numbers(old, new, groups):
    assert aligned(old, new) == sorted(groups)


@pytest.mark.parametrize('method', ['lrp.z', 'lrp.z_plus', 'lrp.flat', 'lrp.w_square', 'lrp.alpha_2_beta_1_IB'])
@pytest.mark.parametrize('batched', [False, True])
def test_weights_on_the_left(session, rng, method, batched):
    """W x^T is (x W^T)^T."""
    X = tf.placeholder(tf.float32, [None, 2, 4] if batched else [None, 4])
    w, gamma, b, u = variable(rng, 3, 4), variable(rng, 3), variable(rng, 3), variable(rng, 3, 2)
    if batched:
        left = tf.linalg.matrix_transpose(
            tf.matmul(tf.tile(w[tf.newaxis], [tf.shape(X)[0], 1, 1]), tf.linalg.matrix_transpose(X)))
        right = tf.reshape(tf.matmul(tf.reshape(X, [-1, 4]), w, transpose_b=True), [-1, 2, 3])
    else:
        left, right = tf.transpose(tf.matmul(w, X, transpose_b=True)), tf.matmul(X, w, transpose_b=True)
    T = [tf.matmul(tf.reshape(tf.nn.relu(z * gamma + b), [-1, 3]), u) for z in (left, right)]
    T = [tf.reduce_sum(tf.reshape(one, [-1, 2, 2]), 1) for one in T] if batched else T
    initialise(session)
    xs = rng.randn(*([3, 2, 4] if batched else [3, 4]))
    want = explained(session, method, T[1], X, xs, ys=1)
    close(explained(session, method, T[0], X, xs, ys=1), want, 1e-4)
    assert np.abs(want).max() > .01


def test_zeros_beside_data_are_padding(session, rng):
    """However they are made: what comes on them is handed to the data."""
    X = tf.placeholder(tf.float32, [None, 4, 2])
    size = tf.stack([tf.shape(X)[0], 1, 2])
    w = rng.randn(3, 2, 2).astype(np.float32)
    xs = rng.rand(2, 4, 2)
    found = []
    for zeros in (tf.fill(size, 0.), tf.zeros_like(X[:, :1]), tf.tile(tf.zeros([1, 1, 2]), [tf.shape(X)[0], 1, 1]),
                  tf.cast(tf.zeros(size, tf.float64), tf.float32)):
        T = tf.reduce_sum(tf.nn.conv1d(tf.concat([zeros, X, zeros], 1), w, 1, 'VALID'), [1, 2])
        found.append(explained(session, 'lrp.flat', T, X, xs))
    plain = tf.reduce_sum(tf.nn.conv1d(X, w, 1, 'SAME'), [1, 2])
    want = explained(session, 'lrp.flat', plain, X, xs)
    for got in found:
        close(got, want, 1e-5)


@pytest.mark.parametrize('kind', ['Conv1D', 'Conv2D', 'Conv3D', 'depthwise'])
def test_a_scale_behind_a_convolution_is_in_its_weights(session, rng, kind):
    rank = 3 if kind == 'Conv3D' else 1 if kind == 'Conv1D' else 2
    X = tf.placeholder(tf.float32, [None] + [3] * rank + [2])
    w, gamma, b = rng.randn(*[2] * rank, 2, 3).astype(np.float32), rng.randn(6), rng.randn(6)
    gamma, b = [one[:6 if kind == 'depthwise' else 3].astype(np.float32) for one in (gamma, b)]
    op = {'Conv1D': lambda w: tf.nn.conv1d(X, w, 1, 'VALID'),
          'Conv2D': lambda w: tf.nn.conv2d(X, w, [1, 1, 1, 1], 'VALID'),
          'Conv3D': lambda w: tf.nn.conv3d(X, w, [1, 1, 1, 1, 1], 'VALID'),
          'depthwise': lambda w: tf.nn.depthwise_conv2d(X, w, [1, 1, 1, 1], 'VALID')}[kind]
    scaled = w * (gamma.reshape(2, 3) if kind == 'depthwise' else gamma)
    T, plain = [tf.reduce_sum(tf.nn.relu(z + b), list(range(1, rank + 1))) for z in (op(w) * gamma, op(scaled))]
    xs = rng.randn(2, *[3] * rank, 2)
    for method in ('lrp.z_plus', 'lrp.gamma'):
        close(explained(session, method, T, X, xs, ys=1), explained(session, method, plain, X, xs, ys=1), 1e-4)
