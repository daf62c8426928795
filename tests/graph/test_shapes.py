"""Which tensors certainly have the same shape, where sizes are known in the run alone."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow.graph.shapes import Shapes

W = np.ones((5, 7), np.float32)


def batch_of(h, *sizes):
    return tf.zeros(tf.stack([tf.shape(h)[0]] + list(sizes)))


# From h (None, 5) and g of unknown rank, two tensors.
SAME = {
    'zeros like it': lambda h, g: (h, tf.zeros_like(h)),
    'like a function of it': lambda h, g: (h, tf.ones_like(tf.sigmoid(2 * h + 1))),
    'zeros': lambda h, g: (h, tf.zeros(tf.shape(h))),
    'fill': lambda h, g: (h, tf.fill(tf.shape(h), 3.)),
    'sizes of 64 bits': lambda h, g: (h, tf.fill(tf.shape(h, out_type=tf.int64), 3.)),
    'broadcast': lambda h, g: (h, tf.broadcast_to(3., tf.shape(h))),
    'tiled': lambda h, g: (h, tf.tile([[0.]], [tf.shape(h)[0], 5])),
    'stacked sizes': lambda h, g: (h, batch_of(h, 5)),
    'a slice and a number': lambda h, g: (h, tf.zeros(tf.concat([tf.shape(h)[:1], [5]], 0))),
    'gathered sizes': lambda h, g: (h, tf.zeros(tf.gather(tf.shape(h), [0, 1]))),
    'unstacked sizes': lambda h, g: (h, tf.zeros(tf.stack(tf.unstack(tf.shape(h))))),
    'a slice by slice': lambda h, g: (h, tf.zeros(tf.concat([tf.slice(tf.shape(h), [0], [1]), [5]], 0))),
    'a row of each': lambda h, g: (h, h + tf.zeros(tf.stack([tf.shape(h)[0], 1]))),
    'through a matrix': lambda h, g: (tf.matmul(h, W), batch_of(h, 7)),
    'through a mean': lambda h, g: (tf.reduce_mean(h, 1, keepdims=True), batch_of(h, 1)),
    'through an axis more': lambda h, g: (tf.expand_dims(h, 1), batch_of(h, 1, 5)),
    'through a transposition': lambda h, g: (tf.transpose(h), tf.zeros(tf.gather(tf.shape(h), [1, 0]))),
    'through a squeeze': lambda h, g: (tf.squeeze(tf.expand_dims(h, 2), [2]), tf.zeros_like(h)),
    'through a reshape': lambda h, g: (tf.reshape(h, tf.stack([tf.shape(h)[0], 5, 1])),
                                       tf.zeros_like(tf.expand_dims(h, 2))),
    'a choice': lambda h, g: (h, tf.where_v2(h > 0, h, 0.)),
    'sizes of unknown length': lambda h, g: (g, tf.zeros(tf.shape(g))),
    'of unknown rank': lambda h, g: (g, tf.maximum(tf.zeros_like(g), g * 2)),
    'of unknown rank, and a number': lambda h, g: (g, tf.maximum(0., g)),
    'the same sizes': lambda h, g: (lambda sizes: (tf.zeros(sizes), tf.ones(sizes)))(tf.placeholder(tf.int32, [None])),
    'a residual block': lambda h, g: (h, h + tf.nn.relu(tf.matmul(tf.matmul(h, W), W, transpose_b=True))),
}

OTHER = {
    'another': lambda h, g: (h, tf.placeholder(tf.float32, [None, 5])),
    'with another': lambda h, g: (h, h + tf.placeholder(tf.float32, [None, 5])),
    'of another rank': lambda h, g: (h, tf.zeros(tf.shape(h)[:1])),
    'with one of unknown rank': lambda h, g: (h, h + g),
    'unknown, with rows': lambda h, g: (g, g + tf.zeros([1, 1])),
    'a vector, and what it holds': lambda h, g: (lambda sizes: (tf.zeros(sizes), sizes))(tf.placeholder(tf.int32)),
    'sizes turned round': lambda h, g: (lambda z: (z, tf.zeros(tf.gather(tf.shape(z), [1, 0]))))(
        tf.placeholder(tf.float32, [None, None])),
    'a size more': lambda h, g: (h, tf.zeros(tf.stack([tf.shape(h)[0] + 1, 5]))),
    'as many': lambda h, g: (h, tf.reshape(h, [-1, 5])),
    'the first half': lambda h, g: (h, h[:3]),
    'broadcast by known sizes': lambda h, g: (h[:, :1], h[:, :1] + np.ones(5, np.float32)),
}


def two(make):
    return make(tf.placeholder(tf.float32, [None, 5], 'h'), tf.placeholder(tf.float32, name='g'))


@pytest.mark.parametrize('name', sorted(SAME))
def test_the_same_shape(session, name):
    assert Shapes().same(*two(SAME[name]))


@pytest.mark.parametrize('name', sorted(OTHER))
def test_perhaps_another_shape(session, name):
    assert not Shapes().same(*two(OTHER[name]))


def test_what_may_be_fed_is_not_looked_behind(session):
    X = tf.placeholder(tf.float32, [None, 5])
    inner = tf.tanh(X)
    assert Shapes().same(inner, X)
    assert not Shapes([inner.name]).same(inner, X)


def test_a_deep_model_and_a_loop(session):
    X = tf.placeholder(tf.float32, [None, 5])
    h = X
    for _ in range(2000):
        h = tf.tanh(h)
    assert Shapes().same(h, tf.zeros(tf.shape(X)))
    _, out = tf.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, tf.tanh(h)), [0, X])
    assert not Shapes().same(out, X)
