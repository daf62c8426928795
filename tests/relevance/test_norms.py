"""Normalisations in all their spellings: a fixed divisor and a linear map, or passed as a whole; activations."""
import warnings

import lrp
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained, variable
from models import close, dense, initialise, per_sample

from deepexplain.tensorflow import DeepExplain

SIZE = 5
GAIN, SHIFT = np.linspace(.5, 1.5, SIZE), np.linspace(-.4, .3, SIZE)
E = 1e-3


def moments(x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + E) * GAIN + SHIFT


def batch_normalization(x):
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    return tf.nn.batch_normalization(x, mean, variance, SHIFT, GAIN, E)


def negated(x):
    """As Keras 3 writes it: the mean times the divisor comes first."""
    mean, variance = tf.nn.moments(x, [-1], keepdims=True)
    inverse = tf.math.rsqrt(variance + E) * GAIN
    shift = -mean * inverse + SHIFT
    return x * inverse + shift


def by_hand(x):
    mean = tf.reduce_mean(x, -1, keepdims=True)
    return (x - mean) / tf.sqrt(tf.reduce_mean(tf.square(x - mean), -1, keepdims=True) + E) * GAIN + SHIFT


def centred(x):
    c = x - tf.reduce_mean(x, -1, keepdims=True)
    return c / tf.sqrt(tf.reduce_mean(c * c, -1, keepdims=True) + E) * GAIN + SHIFT


def of_squares(x):
    mean = tf.reduce_mean(x, -1, keepdims=True)
    variance = tf.maximum(tf.reduce_mean(x * x, -1, keepdims=True) - mean * mean, 0.)
    return (x - mean) * tf.pow(variance + E, -.5) * GAIN + SHIFT


def fused(x):
    """As tf_keras writes it; the processor of TensorFlow 1.15 wants channels last."""
    x, n = tf.cast(x, tf.float32), tf.shape(x)[0]
    last = tf.__version__.startswith('1.')
    flat = tf.reshape(tf.transpose(x), [1, SIZE, 1, -1]) if last else tf.reshape(x, [1, -1, SIZE, 1])
    y = tf.nn.fused_batch_norm(flat, tf.ones([n]), tf.zeros([n]), epsilon=E, data_format='NHWC' if last else 'NCHW')[0]
    y = tf.transpose(tf.reshape(y, [SIZE, -1])) if last else tf.reshape(y, [-1, SIZE])
    return tf.cast(y, tf.float64) * GAIN + SHIFT


def rms(x):
    return x * tf.math.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) + E) * GAIN


def rms_power(x):
    return GAIN * (x * tf.pow(tf.reduce_mean(x ** 2, -1, keepdims=True) + E, -.5))


def l2(x):
    return tf.nn.l2_normalize(x, -1)


def norm(x):
    return x / tf.norm(x, axis=-1, keepdims=True)


def norm_and(x):
    return x / (E + tf.expand_dims(tf.sqrt(tf.reduce_sum(x * x, -1)), -1))


def no_nan(x):
    return tf.math.divide_no_nan(x, tf.norm(x, axis=-1, keepdims=True))


def largest(x):
    return x / tf.reduce_max(tf.abs(x), -1, keepdims=True)


LAYER = [moments, batch_normalization, negated, by_hand, centred, of_squares, fused]
OTHERS = [rms, rms_power, l2, norm, norm_and, no_nan, largest]


def normed(session, make, rng):
    """Where a normalisation follows on a layer, and something other than a layer on it."""
    X = tf.placeholder(tf.float64, [None, 3])
    w, b = rng.randn(3, SIZE), rng.randn(SIZE)
    h = tf.matmul(X, w) + b
    y = make(h)
    return X, w, b, h, y, tf.square(y)


def linear(h):
    """The map that a layer normalisation is with its divisor fixed, of one sample."""
    return (np.eye(SIZE) - 1 / SIZE) * GAIN / np.sqrt(h.var() + E)


@pytest.mark.parametrize('make', LAYER + OTHERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize('norms', ['linear', 'identity'])
def test_the_divisor_is_fixed(session, rng, make, norms):
    X, w, b, h, y, T = normed(session, make, rng)
    xs = rng.randn(3, 3)
    values, R = session.run([h, T], {X: xs})
    want = []
    for x, one, r in zip(xs, values, R):
        if make in LAYER and norms == 'linear':
            r = lrp.epsilon(one, linear(one), SHIFT, r)
        want.append(lrp.epsilon(x, w, b, r, 1e-7))
    close(explained(session, 'lrp.epsilon', T, X, xs, norms=norms), want, 1e-5 if make is not fused else 2e-3)


@pytest.mark.parametrize('method', ['lrp.z_IB', 'lrp.alpha_1_beta_0_IB', 'deep_taylor', 'lrp.flat', 'lrp.w_square'])
@pytest.mark.parametrize('norms', ['linear', 'identity'])
def test_normalisations_conserve(session, rng, method, norms):
    for make in LAYER + OTHERS:
        X, w, b, h, y, T = normed(session, make, rng)
        T = tf.matmul(tf.nn.relu(y), rng.rand(SIZE, 2)) + 1.
        xs = rng.randn(3, 3)
        got = explained(session, method, T, X, xs, ys=1, norms=norms)
        np.testing.assert_allclose(per_sample(got), session.run(T, {X: xs})[:, 1], rtol=1e-5, err_msg=make.__name__)


def test_a_residual_around_a_normalisation(session, rng):
    """What is added to a normalised tensor is no part of it."""
    X = tf.placeholder(tf.float64, [None, SIZE])
    T = tf.square(X + rms(X))
    xs = rng.randn(3, SIZE)
    R = session.run(T, {X: xs})
    for norms in ('linear', 'identity'):
        close(explained(session, 'lrp.z', T, X, xs, norms=norms), R, 1e-6)
    other = tf.square(tf.reverse(X, [1]) + moments(X))
    values, R = session.run([[tf.reverse(X, [1]), moments(X)], other], {X: xs})
    want = (R * values[0] / sum(values))[:, ::-1] + R * values[1] / sum(values)
    close(explained(session, 'lrp.z', other, X, xs, norms='identity'), want, 1e-6)


def test_instance_and_group_normalisation(session, rng):
    X = tf.placeholder(tf.float32, [None, 4, 4, 4])
    xs = rng.randn(2, 4, 4, 4)
    for shape, axes in (([-1, 4, 4, 4], [1, 2]), ([-1, 4, 4, 2, 2], [1, 2, 4])):
        h = tf.reshape(lrp.conv(X, variable(rng, 3, 3, 4, 4)), shape)
        mean, variance = tf.nn.moments(h, axes, keepdims=True)
        y = tf.nn.batch_normalization(h, mean, variance, None, None, E)
        T = tf.reduce_sum(tf.reshape(tf.nn.relu(tf.reshape(y, [-1, 4, 4, 4])), [-1, 64]), 1)
        modified = tf.nn.batch_normalization(h, mean, tf.stop_gradient(variance), None, None, E)
        initialise(session)
        want = session.run(tf.gradients(tf.nn.relu(modified), X)[0] * X, {X: xs})
        close(explained(session, 'lrp.z', T, X, xs), want, 1e-4)


def test_local_response_normalisation(session, rng):
    X = tf.placeholder(tf.float32, [None, 2, 2, 4])
    T = tf.reduce_sum(tf.square(tf.nn.lrn(X, 1)), [1, 2, 3])
    xs = rng.randn(2, 2, 2, 4)
    close(explained(session, 'lrp.z', T, X, xs), session.run(tf.square(tf.nn.lrn(X, 1)), {X: xs}), 1e-5)


FUNCTIONS = {
    'silu': tf.nn.swish, 'silu by hand': lambda z: z * tf.sigmoid(z), 'divided': lambda z: z / (1 + tf.exp(-z)),
    'gelu': lambda z: .5 * z * (1 + tf.math.erf(z / np.sqrt(2))),
    'gelu, erfc': lambda z: .5 * z * tf.math.erfc(-z / 2 ** .5),
    'gelu, cdf first': lambda z: z * (.5 * (1. + tf.math.erf(z / np.sqrt(2.)))),
    'gelu, tanh': lambda z: .5 * z * (1 + tf.tanh(np.sqrt(2 / np.pi) * (z + .044715 * tf.pow(z, 3)))),
    'gelu, cubed': lambda z: z * .5 * (1 + tf.tanh(np.sqrt(2 / np.pi) * (z + .044715 * z * z * z))),
    'quick gelu': lambda z: z * tf.sigmoid(1.702 * z), 'mish': lambda z: z * tf.tanh(tf.nn.softplus(z)),
    'hard swish': lambda z: z * tf.nn.relu6(z + 3.) / 6.,
    'hard swish, product': lambda z: z * (tf.nn.relu6(z + 3.) * (1 / 6.)),
    'softsign by hand': lambda z: z / (1 + tf.abs(z)), 'tanh by hand': lambda z: (tf.exp(z) - tf.exp(-z)) / (
        tf.exp(z) + tf.exp(-z)), 'squared relu': lambda z: tf.square(tf.nn.relu(z)), 'bump': lambda z: tf.sigmoid(z) * (
            1 - tf.sigmoid(z)), 'of each channel': lambda z: z * tf.sigmoid(z * [.5, 1., 2.])}


@pytest.mark.parametrize('name', sorted(FUNCTIONS))
def test_functions_of_one_number_pass_relevance(session, rng, name):
    X = tf.placeholder(tf.float64, [None, 3])
    f = FUNCTIONS[name](X)
    xs = rng.randn(3, 3)
    for options in ({}, dict(products='signal')):
        close(explained(session, 'lrp.epsilon', tf.square(f), X, xs, **options), session.run(f, {X: xs}) ** 2, 1e-9)


@pytest.mark.parametrize('build', [moments, tf.nn.softmax, lambda x: x * tf.reverse(x, [1]), tf.nn.swish],
                         ids=['norm', 'softmax', 'product', 'swish'])
def test_bounds_that_cannot_be_told(session, rng, build):
    X = tf.placeholder(tf.float64, [None, SIZE])
    T = dense(tf.cast(build(X), tf.float32), rng, 2)
    initialise(session)
    with DeepExplain(session=session) as de, pytest.raises(RuntimeError, match='cannot tell the bounds of the layer'):
        de.get_explainer('deep_taylor.bounded', T, X, low=-1, high=1)


def test_what_identity_does_not_see_is_said(session, rng):
    """A layer normalisation whose mean is a product of matrices: where it begins is not seen."""
    X = tf.placeholder(tf.float32, [None, 6])
    mean = tf.matmul(X, tf.fill([6, 1], 1 / 6))
    T = dense((X - mean) / tf.sqrt(tf.reduce_mean(tf.square(X - mean), 1, keepdims=True) + 1e-3), rng, 2)
    initialise(session)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        de.get_explainer('lrp.epsilon', T, X)
        assert seen == []
        de.get_explainer('lrp.epsilon', T, X, norms='identity')
    assert len(seen) == 1 and "norms='identity' does not see where the normalisation of RealDiv (" in str(
        seen[0].message)


def test_identity_sees_what_is_shifted_by_moments_alone(session, rng):
    """As tf.nn.batch_normalization writes it where it has neither gain nor shift."""
    X = tf.placeholder(tf.float64, [None, 4, 6])
    mean, variance = tf.nn.moments(X, [2], keepdims=True)
    T = tf.square(tf.nn.batch_normalization(X, mean, variance, None, None, E))
    xs = rng.randn(2, 4, 6)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        close(explained(session, 'lrp.epsilon', T, X, xs, norms='identity'), session.run(T, {X: xs}), 1e-9)
