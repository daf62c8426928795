"""DeepLIFT's quotients are exact, however near the input is to its reference and whatever their scale."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, per_sample

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.rules.quotients import of_exp

EPS = {tf.float16: 2. ** -10, tf.float32: 2. ** -23, tf.float64: 2. ** -52}


def explained(session, T, X, xs, **options):
    with DeepExplain(session=session) as de:
        return de.explain('deeplift', T, X, xs, **options)


def multiplier(session, activation, xs, references, dtype=tf.float32):
    """The multiplier of an activation at some inputs: what a feature is given that another one cancels."""
    X = tf.placeholder(dtype, [None, 3])
    T = activation(X[:, 0] + (X[:, 1] - X[:, 2]))
    ones = np.ones_like(xs)
    baseline = np.stack([references, 0 * ones, 0 * ones], 1)
    got = explained(session, T, X, np.stack([xs, ones, ones], 1), baseline=baseline)
    np.testing.assert_array_equal(got[:, 1], -got[:, 2])
    return got[:, 1]


@pytest.mark.parametrize('dtype', [tf.float16, tf.float32, tf.float64])
@pytest.mark.parametrize('reference', [1., -1., 0., 3e-3])
def test_relu_a_few_digits_away_from_its_reference(session, dtype, reference):
    xs = reference * (1 + np.arange(-12., 13) * EPS[dtype])
    got = multiplier(session, tf.nn.relu, xs, np.full_like(xs, reference), dtype)
    np.testing.assert_array_equal(got, np.full_like(xs, reference > 0))


def test_features_that_cancel_out_at_the_reference(session):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.nn.relu(X[:, 0] - X[:, 1] + 1)
    got = explained(session, T, X, [[1, 1 + k * 2. ** -23] for k in range(20)])
    np.testing.assert_allclose(got, [[1, -1]] * 20, rtol=1e-5)


def test_flat_pictures_under_filters_of_mean_zero(session, rng):
    X = tf.placeholder(tf.float32, [None, 5, 5, 1])
    filters = rng.randn(3, 3, 1, 200)
    filters -= filters.mean((0, 1))
    z = tf.nn.conv2d(X, tf.constant(filters, tf.float32), [1, 1, 1, 1], 'VALID') + rng.rand(200).astype(np.float32) + .1
    T = tf.reduce_sum(tf.nn.relu(z) * rng.randn(200), [1, 2, 3])
    pictures = np.linspace(.05, 1, 40)[:, None, None, None] * np.ones([5, 5, 1])
    with DeepExplain(session=session) as de:
        want = de.explain('grad*input', T, X, pictures)
    close(explained(session, T, X, pictures), want, 1e-5)


def test_networks_by_hand_to_ten_decimals(session):
    X = tf.placeholder(tf.float32, [None, 2])
    inner = tf.nn.relu(X[:, 0:1] - 1) - tf.nn.relu(X[:, 1:])
    two_layers = tf.nn.relu(inner)
    xs = np.array([[-8., -3], [3, 0], [1, 2], [3, 1], [5, 2]])
    # At zeros both first units are at rest, the first one below 0: (x - 1) / x of the first input counts.
    want = [[0, 0], [2, 0], [0, 0], [2, -1], [4, -2]]
    np.testing.assert_allclose(explained(session, two_layers, X, xs), want, rtol=0, atol=5e-11)
    # From (4, 0): the first unit at 3, the second at 0, and the last at 3.
    want = [[-3, 0], [-1, 0], [-3 * .6, -2 * .6], [-1, -1], [1, -2]]
    np.testing.assert_allclose(explained(session, two_layers, X, xs, baseline=[4, 0])[[0, 1, 3, 4]],
                               np.array(want)[[0, 1, 3, 4]], rtol=0, atol=5e-11)
    # and = relu(a + b - 1.5), a weight of 2 behind it: .5 of the change 2 from -1.5.
    both = 2 * tf.nn.relu(tf.matmul(X, tf.ones([2, 1])) + tf.constant([-1.5]))
    np.testing.assert_allclose(explained(session, both, X, [[1., 1], [1, 0], [3, 0], [4, 2]]),
                               [[.5, .5], [0, 0], [3, 0], [6, 3]], rtol=0, atol=5e-11)
    np.testing.assert_allclose(explained(session, both, X, [[0., 0], [2, .5], [1, 1]], baseline=[1, 1]),
                               [[-.5, -.5], [2, -1], [0, 0]], rtol=0, atol=5e-11)


def test_halves_near_the_largest(session):
    xs = np.array([40000., 60000, -60000, 30000])
    got = multiplier(session, tf.nn.relu, xs, np.array([50000., 60000, 20000, -30000]), tf.float16)
    np.testing.assert_allclose(got, [1, 1, .25, .5], rtol=1e-3)


def test_minus_infinity_masks(session):
    X = tf.placeholder(tf.float32, [None, 2])
    masked = tf.nn.relu(tf.where(tf.constant([[True, False]]), X, tf.constant([[0, -np.inf]])))
    np.testing.assert_array_equal(explained(session, masked, X, [[2., 1]]), [[2, 0]])


def where_by_hand(x):
    return tf.where(x > 0, x, .25 * x)


KINKS = {
    'leaky relu': (lambda x: tf.nn.leaky_relu(x, .25), lambda x: np.where(x > 0, x, .25 * x)),
    'steep leaky relu': (lambda x: tf.nn.leaky_relu(x, 2.), lambda x: np.where(x > 0, x, 2 * x)),
    'relu6': (tf.nn.relu6, lambda x: np.clip(x, 0, 6)),
    'larger than 0': (lambda x: tf.maximum(x, 0.), lambda x: np.maximum(x, 0)),
    'smaller than 0': (lambda x: tf.minimum(tf.constant(0, x.dtype), x), lambda x: np.minimum(x, 0)),
    'clipped': (lambda x: tf.clip_by_value(x, 0., 1.), lambda x: np.clip(x, 0, 1)),
    'prelu': (lambda x: tf.nn.relu(x) - .25 * tf.nn.relu(-x), lambda x: np.where(x > 0, x, .25 * x)),
    'selu': (tf.nn.selu, lambda x: 1.0507009873554805 * np.maximum(x, 0) + 1.7580993408473766 * np.expm1(
        np.minimum(x, 0))),
    'where': (where_by_hand, lambda x: np.where(x > 0, x, .25 * x)),
}


@pytest.mark.parametrize('name', sorted(KINKS))
@pytest.mark.parametrize('scale', [1e-6, 1e-9, 1e6])
def test_kinks_whatever_the_scale(session, rng, name, scale):
    activation, f = KINKS[name]
    xs, references = scale * rng.randn(2, 20)
    got = multiplier(session, activation, xs, references, tf.float64)
    np.testing.assert_allclose(got, (f(xs) - f(references)) / (xs - references), rtol=1e-6, atol=1e-12)


SMOOTH = {
    'sigmoid': (tf.nn.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
    'tanh': (tf.nn.tanh, np.tanh),
    'softplus': (tf.nn.softplus, lambda x: np.log1p(np.exp(x))),
    'elu': (tf.nn.elu, lambda x: np.where(x > 0, x, np.expm1(x))),
    'exp': (tf.exp, np.exp),
    'swish': (lambda x: x * tf.sigmoid(x), lambda x: x / (1 + np.exp(-x))),
    'square': (lambda x: x * x, lambda x: x * x),
}


@pytest.mark.parametrize('name', sorted(SMOOTH))
def test_smooth_functions_of_near_numbers(session, name):
    activation, f = SMOOTH[name]
    references = np.repeat(np.float32([-1.3, .7, 2]), 8)
    xs = (references * np.tile(1 + 2. ** -np.arange(2., 26, 3), 3)).astype(np.float32)
    got = multiplier(session, activation, xs, references)
    xs, references = np.float64(xs), np.float64(references)
    step = np.where(np.abs(xs - references) < 1e-3, 1e-3, xs - references)
    middle = (xs + references) / 2
    # The quotient is that of points further apart, but for the square of the step.
    want = (f(middle + step / 2) - f(middle - step / 2)) / step
    np.testing.assert_allclose(got, want, rtol=5e-4)


@pytest.mark.parametrize('activation', [tf.nn.relu, tf.nn.relu6, tf.nn.leaky_relu, tf.nn.tanh, tf.nn.swish, tf.nn.elu])
@pytest.mark.parametrize('scale', [1e-6, 1e-3, 1.])
def test_attributions_add_up(session, rng, activation, scale):
    X = tf.placeholder(tf.float64, [None, 5])
    h = activation(tf.matmul(X, rng.randn(5, 8)))
    T = tf.matmul(activation(tf.matmul(h, rng.randn(8, 6)) + scale * rng.randn(6)), rng.randn(6, 3))
    xs, baseline = scale * rng.randn(6, 5), scale * rng.randn(5)
    for base in (baseline, 0 * baseline, xs[0] * (1 + 1e-7)):
        got = explained(session, T, X, xs, baseline=base)
        change = session.run(T, {X: xs}) - session.run(T, {X: [base]})
        close(per_sample(got), per_sample(change), 1e-7)


def test_quotients_of_exp(session):
    """Of points that are one, the derivative."""
    a, b = np.float32([0, 1, 2, -3, 1]), np.float32([0, 1.5, -1, 5, 1 + 2 ** -20])
    got = session.run(of_exp(tf.exp(np.maximum(a, b)), b - a))
    change = np.float64(b) - a
    want = np.exp(np.float64(a)) * np.divide(np.expm1(change), change, out=np.ones(5), where=change != 0)
    np.testing.assert_allclose(got, want, rtol=1e-6)
