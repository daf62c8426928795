"""Outputs that see nothing but padding: what comes to them is shared among the data of their sample."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import conv, explained
from models import close, per_sample

from deepexplain.tensorflow import DeepExplain


def weights(rng, *shape):
    return tf.constant(rng.randn(*shape).astype(np.float32))


def padded(x, before, after, axes=(1, 2), **options):
    return tf.pad(x, [[before, after] if axis in axes else [0, 0] for axis in range(x.shape.ndims)], **options)


#: Name -> a sample's shape, and the function.
NETWORKS = {
    'wide': ([4, 4, 2], lambda x, r: conv(padded(x, 3, 3), weights(r, 3, 3, 2, 3), 1, 'VALID')),
    'wide, dynamic': ([4, 4, 2], lambda x, r: conv(tf.pad(x, tf.placeholder_with_default(
        [[0, 0], [3, 2], [0, 3], [0, 0]], [4, 2])), weights(r, 2, 2, 2, 3), 1, 'VALID')),
    'PadV2': ([4, 4, 2], lambda x, r: conv(padded(x, 3, 3, constant_values=0.), weights(r, 2, 2, 2, 3), 1, 'VALID')),
    'one pixel': ([4, 4, 2], lambda x, r: conv(padded(x, 1, 1), weights(r, 1, 1, 2, 3), 1, 'VALID')),
    'cropped': ([5, 5, 2], lambda x, r: conv(tf.nn.avg_pool(
        padded(x, 0, 1)[:, 1:, 1:], [1, 1, 1, 1], [1, 2, 2, 1], 'VALID'), weights(r, 1, 1, 2, 3), 1, 'VALID')),
    'two': ([4, 4, 2], lambda x, r: conv(tf.nn.relu(
        conv(padded(x, 3, 3), weights(r, 3, 3, 2, 3), 1, 'VALID') + 1.), weights(r, 2, 2, 3, 3))),
    'max pool': ([4, 4, 2], lambda x, r: conv(tf.nn.max_pool(
        padded(tf.nn.relu(x), 3, 3), [1, 2, 2, 1], [1, 2, 2, 1], 'VALID'), weights(r, 1, 1, 2, 3))),
    'depthwise': ([4, 4, 2], lambda x, r: tf.nn.depthwise_conv2d(
        padded(x, 3, 3), weights(r, 3, 3, 2, 2), [1, 1, 1, 1], 'VALID')),
    '1-D': ([6, 2], lambda x, r: tf.nn.conv1d(padded(x, 4, 4, (1,)), weights(r, 3, 2, 3), stride=1, padding='VALID')),
    '3-D': ([3, 3, 3, 2], lambda x, r: tf.nn.conv3d(
        padded(x, 2, 2, (1, 2, 3)), weights(r, 2, 2, 2, 2, 3), [1, 1, 1, 1, 1], 'VALID')),
    'dilated': ([4, 4, 2], lambda x, r: tf.nn.convolution(
        x, weights(r, 2, 2, 2, 3), padding='SAME', dilation_rate=[8, 8])),
    'dilated, padded': ([4, 4, 2], lambda x, r: tf.nn.convolution(
        padded(x, 6, 6), weights(r, 2, 2, 2, 3), padding='VALID', dilation_rate=[3, 3])),
    'transposed': ([3, 3, 2], lambda x, r: tf.nn.conv2d_transpose(
        x, weights(r, 2, 2, 4, 2), tf.stack([tf.shape(x)[0], 9, 9, 4]), [1, 3, 3, 1], 'SAME')),
    'transposed, rest': ([3, 3, 2], lambda x, r: tf.nn.conv2d_transpose(
        x, weights(r, 1, 1, 4, 2), tf.stack([tf.shape(x)[0], 6, 6, 4]), [1, 2, 2, 1], 'VALID')),
    'rows': ([4, 2], lambda x, r: tf.reshape(tf.matmul(
        tf.reshape(padded(x, 2, 2, (1,)), [-1, 2]), weights(r, 2, 3)), [-1, 8, 3])),
    'einsum': ([4, 2], lambda x, r: tf.einsum('io,nti->nto', weights(r, 2, 3), padded(x, 2, 2, (1,)))),
    'time first': ([4, 2], lambda x, r: tf.transpose(tf.einsum(
        'tni,io->tno', padded(tf.transpose(x, [1, 0, 2]), 2, 2, (0,)), weights(r, 2, 3)), [1, 0, 2])),
    'channels': ([4, 4, 2], lambda x, r: conv(padded(x, 1, 2, (3,)), weights(r, 3, 3, 5, 3))),
    'joined with zeros': ([4, 4, 2], lambda x, r: conv(tf.concat([tf.zeros_like(x), x], 3), weights(r, 1, 1, 4, 3))),
    'explicit': ([4, 4, 2], lambda x, r: tf.nn.conv2d(
        x, weights(r, 3, 3, 2, 3), strides=[1, 1, 1, 1], padding=[[0, 0], [4, 4], [4, 4], [0, 0]])),
}


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_no_relevance_is_lost(session, rng, name):
    shape, network = NETWORKS[name]
    X = tf.placeholder(tf.float32, [None] + shape)
    h = tf.nn.relu(network(X, rng) + 1.)
    xs = rng.randn(3, *shape)
    xs[0], xs[1] = 0, np.abs(xs[1])
    size = int(np.prod(session.run(h, {X: xs}).shape[1:]))
    T = tf.matmul(tf.reshape(h, [-1, size]), weights(rng, size, 2))
    y = session.run(T, {X: xs})[:, 1]
    for method in ('lrp.z_plus', 'lrp.flat'):
        with DeepExplain(session=session) as de:
            explainer = de.get_explainer(method, T, X)
            got = explainer.run(xs, ys=1)
            np.testing.assert_allclose(per_sample(got), y, rtol=1e-3, atol=1e-4 * np.abs(y).max())
            close(explainer.run(xs[2:], ys=1), got[2:], 1e-4)


def test_where_it_goes(session):
    """Of four windows of two two see data, two none; each has relevance 1, T being the sum of the biases."""
    X = tf.placeholder(tf.float32, [None, 4, 1])
    z = tf.nn.conv1d(tf.pad(X, [[0, 0], [2, 2], [0, 0]]), np.ones([2, 1, 1], np.float32), stride=2, padding='VALID')
    T = tf.reduce_sum(tf.nn.relu(z + 1.), [1, 2])
    got = explained(session, 'lrp.z_plus', T, X, [[[0.], [0], [0], [0]], [[1.], [3], [0], [0]]])
    np.testing.assert_allclose(got[:, :, 0], [[1, 1, 1, 1], [5 / 4 + .5, 15 / 4 + .5, .5 + .5, .5 + .5]], rtol=1e-5)


def test_a_constant_that_is_padded_with_is_data(session):
    """It keeps what it gives, and what comes of it alone."""
    X = tf.placeholder(tf.float32, [None, 2, 1])
    z = tf.nn.conv1d(tf.pad(X, [[0, 0], [1, 1], [0, 0]], constant_values=1.), np.ones([2, 1, 1], np.float32), stride=1,
                     padding='VALID')
    got = explained(session, 'lrp.z_plus', tf.reduce_sum(z, [1, 2]), X, [[[2.], [3]]])
    np.testing.assert_allclose(got.ravel(), [4, 6], rtol=1e-5)


def padding_above(x):
    return tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])


#: What makes X, of data (n, 4, 4, 2).
MAKERS = {
    'Pad': padding_above,
    'PadV2': lambda z: tf.pad(z, [[0, 0], [1, 1], [1, 1], [0, 0]], constant_values=1.),
    'SpaceToBatchND': lambda z: tf.space_to_batch_nd(z, [2, 2], [[0, 0], [0, 0]]),
    'Relu': tf.nn.relu,
    'BiasAdd': lambda z: tf.nn.bias_add(conv(z, np.ones([2, 2, 2, 2], np.float32)), [1., 2.]),
    'ConcatV2': lambda z: tf.concat([z[..., :1], tf.zeros_like(z)[..., :1]], 3),
    'Mul': lambda z: z * tf.sigmoid(z),
    'Split': lambda z: tf.split(padding_above(z), 2, 2)[1],
    'MaxPool': lambda z: tf.nn.max_pool(padding_above(z), [1, 2, 2, 1], [1, 2, 2, 1], 'SAME'),
}


@pytest.mark.parametrize('name', sorted(MAKERS))
def test_whatever_makes_x(session, rng, name):
    """Of an X in the middle of a graph nothing counts that lies before it."""
    X = MAKERS[name](tf.placeholder(tf.float32, [None, 4, 4, 2]))
    other = tf.placeholder(tf.float32, X.shape)
    first, second, bias = weights(rng, 2, 2, 2, 3), weights(rng, 3, 2), weights(rng, 3)

    def model(x):
        h = tf.nn.max_pool(tf.nn.relu(conv(x, first, 1, 'VALID') + bias), [1, 2, 2, 1], [1, 1, 1, 1], 'SAME')
        return tf.matmul(tf.reduce_mean(h, [1, 2]), second)

    T, plain = model(X), model(other)
    xs = rng.randn(4, *[size or 1 for size in X.shape.as_list()[1:]])
    for method in ('lrp.alpha_2_beta_1', 'lrp.flat', 'deep_taylor.bounded'):
        close(explained(session, method, T, X, xs, ys=1), explained(session, method, plain, other, xs, ys=1), 1e-5)
