"""The same layer written in many ways has the same relevance: its bias and batch normalisation belong to it."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import variable
from models import initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.relevance.engine import layer_of
from deepexplain.tensorflow.relevance.plan import make_plan

METHODS = ['lrp.alpha_2_beta_1', 'lrp.w_square', 'pattern.attribution', 'deeplift.reveal_cancel']


def same(h):
    return h


def outer(h):
    """Data (n, i) as those of the rows of a matrix of one column."""
    return h[:, :, tf.newaxis]


def columns(b):
    return b[:, tf.newaxis]


#: x (n, 4), w (4, 6), what is done with a tensor and vectors of 6, how these are shaped -> (n, 6).
SPELLINGS = {
    'data second': lambda x, w, then: tf.transpose(then(tf.matmul(w, x, transpose_a=True, transpose_b=True), columns)),
    'data second, turned before': lambda x, w, then: then(
        tf.transpose(tf.matmul(tf.transpose(w), tf.transpose(x))), same),
    'matvec': lambda x, w, then: then(tf.linalg.matvec(w, x, transpose_a=True), same),
    'matvec, written out': lambda x, w, then: tf.squeeze(then(tf.matmul(tf.transpose(w), outer(x)), columns), 2),
    'einsum': lambda x, w, then: then(tf.einsum('bi,io->bo', x, w), same),
    'einsum, weights first': lambda x, w, then: then(tf.einsum('io,bi->bo', w, x), same),
    'einsum, outputs first': lambda x, w, then: tf.transpose(then(tf.einsum('io,bi->ob', w, x), columns)),
    'einsum, turned after': lambda x, w, then: then(tf.transpose(tf.einsum('bi,io->ob', x, w)), same),
    'einsum, dots': lambda x, w, then: then(tf.einsum('...i,io->...o', x, w), same),
    'heads': lambda x, w, then: tf.reshape(then(
        tf.einsum('bi,iop->bop', x, tf.reshape(w, [4, 2, 3])), lambda b: tf.reshape(b, [2, 3])), [-1, 6]),
    'heads, exchanged': lambda x, w, then: tf.reshape(tf.transpose(then(
        tf.einsum('bi,iop->bpo', x, tf.reshape(w, [4, 2, 3])), lambda b: tf.transpose(tf.reshape(b, [2, 3]))),
        [0, 2, 1]), [-1, 6]),
    'heads, joined before': lambda x, w, then: then(tf.reshape(tf.transpose(
        tf.einsum('bi,iop->bpo', x, tf.reshape(w, [4, 2, 3])), [0, 2, 1]), [-1, 6]), same),
    'product of batches': lambda x, w, then: then(tf.squeeze(tf.matmul(x[:, tf.newaxis], w[tf.newaxis]), 1), same),
    'tensordot, weights first': lambda x, w, then: tf.transpose(then(tf.tensordot(w, x, [[0], [1]]), columns)),
    '1x1 convolution': lambda x, w, then: tf.squeeze(then(tf.nn.conv2d(
        x[:, tf.newaxis, tf.newaxis], w[tf.newaxis, tf.newaxis], strides=[1, 1, 1, 1], padding='SAME'), same), [1, 2]),
}


def with_bias(z, shaped, vectors):
    return tf.nn.relu(z + shaped(vectors[0]))


def with_norm(z, shaped, vectors):
    scale, shift, mean, variance = [shaped(one) for one in vectors]
    return tf.nn.relu(tf.nn.batch_normalization(z, mean, variance, shift, scale, 1e-3))


def explain(session, method, T, X, xs, ys, data):
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X)
        if method.startswith('pattern'):
            explainer.fit_patterns(data)
        return explainer.run(xs, ys=ys)


@pytest.mark.parametrize('behind,known', [(with_bias, False), (with_norm, False), (with_norm, True)])
def test_one_layer_in_many_ways(session, rng, behind, known):
    """One target for each spelling, of which each row is explained for one."""
    names = ['plain'] + sorted(SPELLINGS)
    n = 2 * len(names)
    X = tf.placeholder(tf.float32, [n if known else None, 4])
    w, u = variable(rng, 4, 6), variable(rng, 6, 1)
    vectors = [variable(rng, 6), variable(rng, 6), variable(rng, 6), tf.abs(variable(rng, 6)) + .5]
    hidden = [behind(tf.matmul(X, w), same, vectors)] + [
        SPELLINGS[name](X, w, lambda z, shaped: behind(z, shaped, vectors)) for name in names[1:]]
    T = tf.concat([tf.matmul(h, u) for h in hidden], 1)
    initialise(session)
    xs, ys, data = np.repeat(rng.randn(2, 4), len(names), 0), np.tile(np.arange(len(names)), 2), rng.randn(2 * n, 4)
    for method in METHODS[:1] if known else METHODS:
        got = explain(session, method, T, X, xs, ys, data).reshape(2, len(names), 4)
        off = np.abs(got - got[:, :1]).max((0, 2)) / np.abs(got).max()
        assert not [name for name, one in zip(names, off) if one > 1e-4], method


@pytest.mark.parametrize('kind', ['Conv2D', 'depthwise', 'transposed'])
def test_channels_first(session, rng, kind):
    """The processor has no such convolutions, but their layers can be looked at."""
    X = tf.placeholder(tf.float32, [None, 2, 5, 5])
    shape, op, scaled_weights = {
        'Conv2D': ([3, 3, 2, 4], lambda w: tf.nn.conv2d(X, w, strides=[1, 1, 1, 1], padding='SAME', data_format='NCHW'),
                   lambda w, s: w * s),
        'depthwise': ([3, 3, 2, 2], lambda w: tf.raw_ops.DepthwiseConv2dNative(
            input=X, filter=w, strides=[1, 1, 1, 1], padding='SAME', data_format='NCHW'),
            lambda w, s: w * s.reshape(2, 2)),
        'transposed': ([3, 3, 4, 2], lambda w: tf.nn.conv2d_transpose(
            X, w, tf.stack([tf.shape(X)[0], 4, 5, 5]), [1, 1, 1, 1], 'SAME', 'NCHW'),
            lambda w, s: w * s[:, np.newaxis])}[kind]
    w, b = rng.randn(*shape).astype(np.float32), rng.randn(4).astype(np.float32)
    gamma, mean, variance = rng.rand(3, 4).astype(np.float32) + .5
    z = tf.nn.bias_add(op(tf.constant(w)), b, data_format='NCHW')
    T = tf.nn.relu(tf.nn.fused_batch_norm(z, gamma, b, mean, variance, data_format='NCHW', is_training=False)[0])
    place, = make_plan(Path([X], T)).layers.values()
    assert [one.op.type for one in place.folded] == ['BiasAdd', z.consumers()[0].type] and place.activated
    layer = layer_of(place)
    scale = gamma / np.sqrt(variance + 1e-3)
    np.testing.assert_allclose(session.run(layer.w), scaled_weights(w, scale), rtol=1e-4)
    np.testing.assert_allclose(session.run(layer.b), ((b - mean) * scale + b)[:, np.newaxis, np.newaxis], rtol=1e-4,
                               atol=1e-5)
