"""The same layer written in many ways has the same relevance: its bias and batch normalisation belong to it."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained, variable
from models import close, initialise

BOUNDED = ('deep_taylor.bounded',)
METHODS = ['lrp.z', 'lrp.gamma', 'lrp.alpha_2_beta_1', 'lrp.w_square', 'lrp.epsilon_IB', 'pattern.attribution',
           'deeplift.reveal_cancel'] + list(BOUNDED)


def same(h):
    return h


def outer(h):
    """Data (n, i) as those of the rows of a matrix of one column."""
    return h[:, :, tf.newaxis]


def layer(x, w, b, after):
    """Data (n, 4), weights (4, 6), a number for each output and what follows; the target (n, 6)."""
    return after(tf.matmul(x, w) , b)


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


@pytest.mark.parametrize('batch', [None, 3])
@pytest.mark.parametrize('behind', [with_bias, with_norm])
@pytest.mark.parametrize('name', sorted(SPELLINGS))
def test_one_layer_in_many_ways(session, rng, name, behind, batch):
    X = tf.placeholder(tf.float32, [batch, 4])
    w, u = variable(rng, 4, 6), variable(rng, 6, 2)
    vectors = [variable(rng, 6), variable(rng, 6), variable(rng, 6), tf.abs(variable(rng, 6)) + .5]
    plain = tf.matmul(behind(tf.matmul(X, w), same, vectors), u)
    T = tf.matmul(SPELLINGS[name](X, w, lambda z, shaped: behind(z, shaped, vectors)), u)
    initialise(session)
    xs = rng.randn(3, 4)
    of_w = rng.randn(4, 6)
    for method in METHODS:
        if method.startswith('pattern'):
            shape = _weights(T)
            if shape != (4, 6) and (len(shape) != 2 or shape[0] == 4):
                continue  # They have the shape of the weights, where these are reshaped.
            patterns = dict(patterns=[of_w if shape == (4, 6) else of_w.T, np.ones([6, 2])])
            options, others = patterns, dict(patterns=[of_w, np.ones([6, 2])])
        else:
            options = others = {}
        close(explained(session, method, T, X, xs, ys=1, **options),
              explained(session, method, plain, X, xs, ys=1, **others), 1e-4)


def _weights(T):
    """The shape of the weights of the layer before the last."""
    waiting = [T.op.inputs[0].op]
    while waiting:
        op = waiting.pop(0)
        if op.type in ('MatMul', 'BatchMatMulV2', 'Einsum', 'Conv2D'):
            return tuple(min((one.shape.as_list() for one in op.inputs), key=lambda s: None in s or -len(s)))
        waiting += [one.op for one in op.inputs]
