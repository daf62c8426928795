"""The elementwise rules against numpy, the activations made of several ops, warnings, and register_rule."""
import math
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain, register_rule
from deepexplain.tensorflow.rules import activations

ERF = np.vectorize(math.erf)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# Activations of one op: as TensorFlow makes them, and in numpy.
SINGLE = {
    'Relu': (tf.nn.relu, lambda x: np.maximum(x, 0)),
    'Relu6': (tf.nn.relu6, lambda x: np.clip(x, 0, 6)),
    'LeakyRelu': (lambda x: tf.nn.leaky_relu(x, .3), lambda x: np.where(x > 0, x, .3 * x)),
    'Elu': (tf.nn.elu, lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0)))),
    'Selu': (tf.nn.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))),
    'Sigmoid': (tf.nn.sigmoid, sigmoid),
    'Tanh': (tf.nn.tanh, np.tanh),
    'Softplus': (tf.nn.softplus, lambda x: np.log1p(np.exp(x))),
    'Softsign': (tf.nn.softsign, lambda x: x / (1 + np.abs(x))),
    'Erf': (tf.math.erf, ERF),
    'Erfc': (tf.math.erfc, lambda x: 1 - ERF(x)),
    'Exp': (tf.exp, np.exp),
    'Expm1': (tf.math.expm1, np.expm1),
    'Minimum': (lambda x: tf.minimum(x, .5), lambda x: np.minimum(x, .5)),
    'Maximum': (lambda x: tf.maximum(-.5, x), lambda x: np.maximum(x, -.5)),
}

# Activations of several ops that are one function of one tensor.
COMPOSED = {
    'swish': (tf.nn.swish, lambda x: x * sigmoid(x)),
    'silu by hand': (lambda x: x * tf.sigmoid(x), lambda x: x * sigmoid(x)),
    'swish with beta': (lambda x: x * tf.sigmoid(1.5 * x), lambda x: x * sigmoid(1.5 * x)),
    'gelu': (lambda x: .5 * x * (1 + tf.math.erf(x / math.sqrt(2))), lambda x: .5 * x * (1 + ERF(x / math.sqrt(2)))),
    'gelu with erfc': (lambda x: .5 * x * tf.math.erfc(-x * math.sqrt(.5)),
                       lambda x: .5 * x * (1 + ERF(x / math.sqrt(2)))),
    'gelu by tanh': (lambda x: .5 * x * (1 + tf.tanh(math.sqrt(2 / math.pi) * (x + .044715 * tf.pow(x, 3)))),
                     lambda x: .5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + .044715 * x ** 3)))),
    'mish': (lambda x: x * tf.tanh(tf.nn.softplus(x)), lambda x: x * np.tanh(np.log1p(np.exp(x)))),
    'hard swish': (lambda x: x * tf.nn.relu6(x + 3) / 6, lambda x: x * np.clip(x + 3, 0, 6) / 6),
    'selu of Keras 2': (lambda x: 1.0507 * tf.where(x > 0, tf.nn.elu(x), 1.67326 * tf.nn.elu(x)),
                        lambda x: 1.0507 * np.where(x > 0, x, 1.67326 * np.expm1(x))),
    'thresholded relu': (lambda x: x * tf.cast(tf.greater(x, .2), tf.float32), lambda x: x * (x > .2)),
    'square': (lambda x: x * x, lambda x: x * x),
}

# Activations of which each op has a rule, and that add up: what each method makes of them is the sum.
SUMMED = {
    'prelu': (lambda x: tf.nn.relu(x) - .25 * tf.nn.relu(-x), lambda x: np.where(x > 0, x, .25 * x)),
    'hard sigmoid': (lambda x: tf.clip_by_value(.2 * x + .5, 0., 1.), lambda x: np.clip(.2 * x + .5, 0, 1)),
    'hard sigmoid of Keras 3': (lambda x: tf.nn.relu6(x + 3) / 6, lambda x: np.clip(x + 3, 0, 6) / 6),
    'celu': (lambda x: tf.maximum(x, 0.) + .7 * tf.math.expm1(tf.minimum(x / .7, 0.)),
             lambda x: np.maximum(x, 0) + .7 * np.expm1(np.minimum(x / .7, 0))),
}

XS = np.array([[-2, -1.1, -.4, .3, .9, 2, 4.5]], np.float32)
REFERENCE = np.array([.5, -1, .1, -.2, .4, -3, 7], np.float32)


def explained(session, activation, method, xs=XS, **options):
    """Attributions and multipliers of the activation's sum."""
    X = tf.placeholder(tf.float32, [None, xs.shape[1]])
    T = activation(X) * 2
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        return de.explain(method, T, X, xs, **options)


@pytest.mark.parametrize('name', sorted(SINGLE) + sorted(COMPOSED))
def test_epsilon_rule(session, name):
    activation, f = dict(SINGLE, **COMPOSED)[name]
    for epsilon in (1e-4, .1):
        x = XS.astype(np.float64)
        want = 2 * x * f(x) / (x + epsilon * np.where(x >= 0, 1, -1))
        close(explained(session, activation, 'elrp', epsilon=epsilon), want, 1e-5)


@pytest.mark.parametrize('name', sorted(SINGLE) + sorted(COMPOSED) + sorted(SUMMED))
def test_rescale_rule(session, name):
    activation, f = dict(SINGLE, **dict(COMPOSED, **SUMMED))[name]
    for reference in (REFERENCE, 0 * REFERENCE):
        want = 2 * (f(XS.astype(np.float64)) - f(reference.astype(np.float64)))
        close(explained(session, activation, 'deeplift', baseline=reference), want.reshape(XS.shape), 1e-5)


def test_epsilon_rule_on_the_ops_of_hard_sigmoid(session):
    z = .2 * XS.astype(np.float64) + .5
    low = np.minimum(z, 1)
    want = XS * .2 * low / (z + 1e-4 * np.where(z >= 0, 1, -1)) * np.maximum(low, 0) / (
        low + 1e-4 * np.where(low >= 0, 1, -1))
    close(explained(session, lambda x: tf.clip_by_value(.2 * x + .5, 0., 1.), 'elrp'), 2 * want, 1e-5)


def test_zero_counts_as_positive(session):
    close(explained(session, tf.nn.softplus, 'elrp', xs=np.array([[0., -0.]]), epsilon=.5), [[0, 0]], 1e-6)
    X = tf.placeholder(tf.float32, [None, 1])
    with DeepExplain(session=session) as de:
        got = de.explain('elrp', tf.nn.softplus(X - 1), X, [[1.]], epsilon=.5)
    close(got, [[math.log(2) / .5]], 1e-6)


@pytest.mark.parametrize('name', ['Relu', 'Tanh', 'Softplus', 'Exp', 'swish', 'gelu by tanh', 'Minimum'])
def test_no_change_takes_the_derivative_at_the_midpoint(session, name):
    activation, f = dict(SINGLE, **COMPOSED)[name]
    X = tf.placeholder(tf.float32, [None, 4])
    xs, at = np.array([[1, 2, 3, 4.]]), .3
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', activation(at + 1e-9 * X), X, xs)
    derivative = (f(np.array(at + 1e-4)) - f(np.array(at - 1e-4))) / 2e-4
    close(got, 1e-9 * derivative * xs, 1e-3)


def test_around_a_kink_the_quotient_is_taken_however_near(session):
    X = tf.placeholder(tf.float32, [None, 1])
    T = tf.nn.leaky_relu(X, .5)
    with DeepExplain(session=session) as de:
        below = de.explain('deeplift', T, X, [[3e-6]], baseline=[-5e-6])
        above = de.explain('deeplift', T, X, [[5e-6]], baseline=[-3e-6])
    close(below, [[5.5e-6]], 1e-5)
    close(above, [[6.5e-6]], 1e-5)


@pytest.mark.parametrize('dtype', [tf.float32, tf.float64])
@pytest.mark.parametrize('x,reference,want', [
    (2, 2, 1), (-2, -2, 0), (0, 0, 0), (2, 0, 1), (0, 2, 1), (-2, 0, 0), (0, -2, 0), (3, -1, .75), (-3, 1, .25),
    (2 + 1e-6, 2, 1), (-2, -2 - 1e-6, 0), (3e-6, -1e-6, .75), (-1e-6, 3e-6, .75), (1e-30, -1e-30, .5),
    (1e6, 1e6 + .1, 1), (5e4, -5, 1e4 / 10001)])
def test_the_multiplier_of_relu(session, dtype, x, reference, want):
    # The second and the third feature cancel out, and what each is given is the multiplier alone.
    X = tf.placeholder(dtype, [None, 3])
    T = tf.nn.relu(X[:, 0] + (X[:, 1] - X[:, 2]))
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', T, X, [[x, 1, 1]], baseline=[reference, 0, 0])
    np.testing.assert_allclose(got[0, 1:], [want, -want], rtol=3e-6)


@pytest.mark.parametrize('name', sorted(SINGLE) + sorted(COMPOSED) + sorted(SUMMED))
def test_deeplift_sums_to_the_change_of_the_output(session, rng, name):
    activation = dict(SINGLE, **dict(COMPOSED, **SUMMED))[name][0]
    X, T = mlp(activation, rng)
    initialise(session)
    xs, baseline = rng.randn(4, 5), rng.randn(5)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        got = de.explain('deeplift', T, X, xs, baseline=baseline)
    change = session.run(T, {X: xs}) - session.run(T, {X: baseline[np.newaxis]})
    close(per_sample(got), per_sample(change), 1e-4)


@pytest.mark.parametrize('name', ['Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Tanh', 'Softsign', 'Erf', 'Expm1',
                                  'swish', 'gelu', 'mish', 'hard swish', 'selu of Keras 2', 'prelu', 'crelu'])
def test_elrp_without_biases_sums_to_the_output(session, rng, name):
    activation = tf.nn.crelu if name == 'crelu' else dict(SINGLE, **dict(COMPOSED, **SUMMED))[name][0]
    X, T = mlp(activation, rng, bias=False)
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        got = de.explain('elrp', T, X, xs, epsilon=1e-7)
    close(per_sample(got), per_sample(session.run(T, {X: xs})), 1e-3)


def test_crelu_in_deeplift(session, rng):
    X, T = mlp(tf.nn.crelu, rng)
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', T, X, xs)
    close(per_sample(got), per_sample(session.run(T, {X: xs}) - session.run(T, {X: 0 * xs})), 1e-4)


def test_an_inner_op_of_an_activation_that_is_used_elsewhere_keeps_its_own_rule(session):
    X = tf.placeholder(tf.float32, [None, 3])
    gate = tf.sigmoid(X)
    T = X * gate + 2 * gate
    xs = np.array([[-1, .5, 2.]])
    with DeepExplain(session=session) as de:
        close(de.explain('deeplift', T, X, xs), xs * sigmoid(xs) + 2 * (sigmoid(xs) - .5), 1e-5)
        close(de.explain('elrp', T, X, xs, epsilon=1e-7), xs * sigmoid(xs) + 2 * sigmoid(xs), 1e-5)


@pytest.mark.parametrize('method', ['elrp', 'deeplift'])
@pytest.mark.parametrize('make,words', [
    (lambda x: tf.sin(x), r'Sin \(odd_one\)'),
    (lambda x: 2 * tf.nn.softmax(x, name='odd_one'), r'Softmax \(.*odd_one\)'),
    (lambda x: tf.multiply(x[:, :2], tf.tanh(x[:, 1:]), 'odd_one'), r'Mul \(odd_one\)'),
    (lambda x: tf.square(x, 'odd_one') + tf.square(x), r'Square \(odd_one and 1 more\)'),
])
def test_what_has_no_rule_is_named(session, method, make, words):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.sin(X, 'odd_one') if words.startswith('Sin') else make(X)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match='unsupported activation on the path from X to T: ' + words):
            de.get_explainer(method, T, X)


@pytest.mark.parametrize('method', ['saliency', 'grad*input', 'intgrad', 'zero', 'occlusion', 'shapley_sampling'])
def test_methods_without_rules_do_not_warn(session, method):
    X = tf.placeholder(tf.float32, [None, 3])
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        de.get_explainer(method, tf.sin(tf.nn.relu6(X)), X)


def test_off_the_path_nothing_is_named(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = dense(X * tf.sin(tf.constant(1.)), rng, 2)
    tf.nn.softmax(T)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        de.get_explainer('deeplift', T, X)


@pytest.fixture
def own_rules(monkeypatch):
    monkeypatch.setattr(activations, '_rules', dict(activations._rules))


def test_registering_an_activation(session, own_rules):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.atan(X) * 3
    xs = np.array([[-1, .5, 2.]])
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=r'unsupported activation.*Atan'):
            earlier = de.get_explainer('deeplift', T, X)
        register_rule('Atan')
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            close(de.explain('deeplift', T, X, xs), 3 * np.arctan(xs), 1e-5)
            close(de.explain('elrp', T, X, xs, epsilon=1e-7), 3 * np.arctan(xs), 1e-5)
        close(earlier.run(xs), 3 * xs / (1 + xs ** 2), 1e-5)
    with DeepExplain(session=session):
        assert tf.atan(X).op.get_attr('_gradient_op_type') == b'DeepExplainGrad'
        np.testing.assert_allclose(session.run(tf.gradients(tf.atan(X), X)[0], {X: xs}), 1 / (1 + xs ** 2), rtol=1e-6)


def test_registering_functions(session, own_rules):
    register_rule('Softmax', elrp=lambda grad, x, y, epsilon: grad * y * epsilon,
                  deeplift=lambda grad, x, y, x_ref, y_ref: grad * (y - y_ref) + 10 * x_ref)
    X = tf.placeholder(tf.float32, [None, 3])
    xs, baseline = np.array([[-1, .5, 2.]]), np.array([1, 1, 1.])
    y = np.exp(xs) / np.exp(xs).sum()
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        T = tf.nn.softmax(X) + 0
        close(de.explain('elrp', T, X, xs, epsilon=.5), xs * y * .5, 1e-5)
        close(de.explain('deeplift', T, X, xs, baseline=baseline), (xs - baseline) * (y - 1 / 3 + 10), 1e-5)


def test_a_registered_function_that_returns_nothing(session, own_rules):
    register_rule('Atan', elrp=lambda grad, x, y, epsilon: None)
    X = tf.placeholder(tf.float32, [None, 3])
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match="elrp rule that was registered for Atan returned None for '.*Atan'"):
            de.get_explainer('elrp', tf.atan(X), X)


def test_registering_an_op_with_a_constant_input(session, own_rules):
    register_rule('Pow')
    X = tf.placeholder(tf.float32, [None, 3])
    xs = np.array([[-1, .5, 2.]])
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        close(de.explain('deeplift', tf.pow(X, 3), X, xs), xs ** 3, 1e-5)
