"""Every rule of layer-wise relevance propagation on every kind of linear op, against the slow replicas of lrp.py."""
import itertools
import warnings

import lrp
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise
from spellings import stricter

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.relevance import AlphaBeta

N = 3


def conv2d(x, w, **options):
    return tf.nn.conv2d(x, w, strides=[1, 1, 1, 1], padding='SAME', **options)


def einsum(x, w):
    return tf.einsum('nti,io->nto', x, w)


def batch_matmul(x, w):
    return tf.matmul(x, w + tf.zeros([tf.shape(x)[0], 1, 1]))


#: Name -> the shape of a sample, that of the weights, and the op.
OPS = {
    'MatMul': ([6], [6, 4], tf.matmul),
    'MatMul, transposed': ([6], [4, 6], lambda x, w: tf.matmul(x, w, transpose_b=True)),
    'BatchMatMul': ([2, 4], [1, 4, 3], batch_matmul),
    'Einsum': ([2, 4], [4, 3], einsum),
    'Conv1D': ([6, 2], [3, 2, 4], lambda x, w: tf.nn.conv1d(x, w, stride=2, padding='SAME')),
    'Conv2D': ([4, 5, 2], [3, 3, 2, 3], conv2d),
    'Conv2D, strides': ([5, 4, 2], [3, 2, 2, 3], lambda x, w: tf.nn.conv2d(x, w, [1, 2, 2, 1], 'VALID')),
    'Conv2D, dilated': ([5, 5, 2], [2, 2, 2, 3],
                        lambda x, w: tf.nn.convolution(x, w, padding='SAME', dilation_rate=[2, 2])),
    'Conv2D, padded': ([3, 3, 2], [3, 3, 2, 2], lambda x, w: tf.nn.conv2d(
        tf.pad(x, [[0, 0], [1, 0], [1, 1], [0, 0]]), w, [1, 1, 1, 1], 'VALID')),
    'Conv3D': ([3, 3, 3, 2], [2, 2, 2, 2, 2], lambda x, w: tf.nn.conv3d(x, w, [1, 1, 1, 1, 1], 'SAME')),
    'depthwise': ([4, 4, 3], [3, 3, 3, 2], lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], 'SAME')),
    'separable': ([4, 4, 3], [3, 3, 3, 1], lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], 'VALID')),
    'transposed': ([3, 3, 2], [3, 3, 4, 2], lambda x, w: tf.nn.conv2d_transpose(
        x, w, tf.stack([tf.shape(x)[0], 6, 6, 4]), [1, 2, 2, 1], 'SAME')),
    'transposed, 3-D': ([2, 2, 2, 2], [2, 2, 2, 3, 2], lambda x, w: tf.nn.conv3d_transpose(
        x, w, tf.stack([tf.shape(x)[0], 4, 4, 4, 3]), [1, 2, 2, 2, 1], 'SAME')),
}

#: Method -> its options, and the replica given x, M, b, R.
RULES = {
    'lrp.z': ({}, lrp.epsilon),
    'lrp.z_IB': ({}, lambda x, M, b, R: lrp.epsilon(x, M, None, R)),
    'lrp.epsilon': (dict(epsilon=.3), lambda x, M, b, R: lrp.epsilon(x, M, b, R, .3)),
    'lrp.epsilon_IB': (dict(epsilon=.3), lambda x, M, b, R: lrp.epsilon(x, M, None, R, .3)),
    'lrp.gamma': (dict(gamma=.3), lambda x, M, b, R: lrp.gamma(x, M, b, R, .3)),
    'lrp.gamma_IB': ({}, lambda x, M, b, R: lrp.gamma(x, M, None, R)),
    'lrp.alpha_beta': (dict(alpha=3, beta=2), lambda x, M, b, R: lrp.alpha_beta(x, M, b, R, 3, 2)),
    'lrp.alpha_beta_IB': (dict(alpha=1.5, beta=.5), lambda x, M, b, R: lrp.alpha_beta_conserving(x, M, R, 1.5, .5)),
    'lrp.alpha_1_beta_0': ({}, lambda x, M, b, R: lrp.alpha_beta(x, M, b, R, 1, 0)),
    'lrp.alpha_1_beta_0_IB': ({}, lambda x, M, b, R: lrp.alpha_beta_conserving(x, M, R, 1, 0)),
    'lrp.alpha_2_beta_1': (dict(bias='split'), lambda x, M, b, R: lrp.alpha_beta(x, M, b, R, split=True)),
    'lrp.alpha_2_beta_1_IB': ({}, lambda x, M, b, R: lrp.alpha_beta_conserving(x, M, R)),
    'lrp.z_plus': ({}, lambda x, M, b, R: lrp.alpha_beta_conserving(x, M, R, 1, 0)),
    'lrp.z_plus_fast': ({}, lambda x, M, b, R: lrp.z_plus_fast(x, M, R)),
    'lrp.w_square': ({}, lambda x, M, b, R: lrp.w_square(M, R)),
    'lrp.flat': ({}, lambda x, M, b, R: lrp.flat(M, R)),
    'deep_taylor': ({}, lambda x, M, b, R: lrp.alpha_beta_conserving(x, M, R, 1, 0)),
    'deep_taylor.bounded': (dict(low=-2., high=3.), lambda x, M, b, R: lrp.bounded(x, M, R, -2., 3.)),
}


def unit(name, rng, before=tf.identity):
    """X, the linear op, its output with bias and ReLU as the target, and the bias of each output of a sample."""
    shape, of_weights, op = OPS[name]
    X = tf.placeholder(tf.float32, [None] + shape)
    w = tf.Variable(rng.uniform(-1, 1, of_weights).astype(np.float32))
    z = op(before(X), w)
    size = z.shape.as_list()[-1]
    b = rng.uniform(-.5, .5, size).astype(np.float32)
    h = tf.nn.bias_add(z, tf.Variable(b)) if len(name) % 2 else z + b
    T = tf.reshape(tf.nn.relu(h), [-1, int(np.prod(z.shape.as_list()[1:]))])
    return X, z, T, np.tile(b, int(T.shape[1]) // size)


def check(session, rng, X, z, T, b, method, xs, options, replica):
    initialise(session)
    M = lrp.matrix(lambda x: session.run(z, {X: x}), X.shape.as_list()[1:])
    ys = rng.randn(N, int(T.shape[1]))
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        stricter()
        got = de.explain(method, T, X, xs, ys=ys, **options)
    R = session.run(T, {X: xs}) * ys
    want = [replica(np.float64(x.ravel()), M, b, r) for x, r in zip(xs, R)]
    close(got.reshape(N, -1), np.array(want), 1e-3)


@pytest.mark.parametrize('name,method', list(itertools.product(sorted(OPS), sorted(RULES))))
def test_rule_of_a_layer(session, rng, name, method):
    X, z, T, b = unit(name, rng)
    check(session, rng, X, z, T, b, method, np.maximum(rng.randn(N, *OPS[name][0]), -2), *RULES[method])


@pytest.mark.parametrize('method', sorted(set(RULES) - {'deep_taylor.bounded'}))
@pytest.mark.parametrize('name', ['MatMul', 'Conv2D', 'depthwise'])
def test_data_that_are_nowhere_negative(session, rng, name, method):
    """Behind a ReLU half of the products are left out; many are 0, and some outputs have no contribution at all."""
    X, z, T, b = unit(name, rng, before=tf.nn.relu)
    options, replica = RULES[method]
    check(session, rng, X, z, T, b, method, rng.randn(N, *OPS[name][0]) - .7, options,
          lambda x, *rest: replica(np.maximum(x, 0), *rest))


def test_the_two_biases_of_alpha_beta_differ(session, rng):
    X, z, T, b = unit('MatMul', rng)
    initialise(session)
    xs = rng.randn(N, 6)
    with DeepExplain(session=session) as de:
        whole, split, none = (de.explain('lrp.alpha_2_beta_1', T, X, xs, bias=bias) for bias in (True, 'split', False))
        ignored = de.explain('lrp.alpha_2_beta_1_IB', T, X, xs)
    assert np.abs(whole - split).max() > .01
    close(none, ignored, 1e-6)


@pytest.mark.parametrize('make,text', [
    (lambda: AlphaBeta(2, 2), 'alpha - beta must be 1, so that relevance is conserved, not 2 - 2'),
    (lambda: AlphaBeta(-1, -2), 'alpha must be a finite number of at least 0, not -1'),
    (lambda: AlphaBeta(2, 1, 'whole'), "bias must be True, False or 'split', not 'whole'")])
def test_bad_options_of_rules(make, text):
    with pytest.raises(ValueError, match=text):
        make()
