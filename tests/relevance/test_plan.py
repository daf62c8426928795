"""What the plan takes for granted of a path: signs of data, and which rules count where two layers read one tensor."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained
from models import close

from deepexplain.tensorflow import DeepExplain


def constant(*values):
    return tf.constant(values, tf.float32)


#: Tensors that may be negative, made of two that are not.
SIGNED = {
    'difference': lambda a, b: a - b,
    'Sub from a constant': lambda a, b: 1. - a,
    'Neg': lambda a, b: -a,
    'Mul': lambda a, b: a * constant(1, -2, 1, -1),
    'BiasAdd': lambda a, b: tf.nn.bias_add(a, constant(.3, -2, 0, -1)),
    'Add': lambda a, b: a + constant(.3, -.5, 0, -.1),
    'Concat': lambda a, b: tf.concat([a[:, :2], tf.fill([tf.shape(a)[0], 2], -1.)], 1),
    'Minimum': lambda a, b: tf.minimum(a, constant(1, -2, 1, -1)),
    'Maximum': lambda a, b: tf.maximum(-a, constant(-1, -2, -.1, -1)),
    'Log': lambda a, b: tf.log(a + .5),
}


@pytest.mark.parametrize('name', sorted(SIGNED))
def test_what_may_be_negative(session, rng, name):
    """A layer whose data are taken to be nowhere negative would leave half of its products out."""
    X, fed = [tf.placeholder(tf.float32, [None, size]) for size in (8, 4)]
    w, xs = rng.randn(4, 3).astype(np.float32), rng.randn(3, 8)
    data = SIGNED[name](tf.nn.relu(X[:, :4]), tf.nn.relu(X[:, 4:]))
    T, T_fed, values = tf.matmul(data, w), tf.matmul(fed, w), session.run(data, {X: xs})
    assert (values < 0).any()
    with DeepExplain(session=session) as de:
        got = de.get_explainer('lrp.z_plus', T, X).relevances([data], xs, ys=1)[0]
        close(got, de.explain('lrp.z_plus', T_fed, fed, values, ys=1), 1e-5)


def two_readers(data):
    """The sum of data times 1 and of data times 2, of two layers with names."""
    with tf.name_scope('one'):
        a = tf.matmul(data, [[1.]])
    with tf.name_scope('two'):
        return a + tf.matmul(data, [[2.]])


#: At x = 1 half of what is added up is X's, the other half a constant.
ADDED = {
    'sum of tensors': lambda X: two_readers(tf.add_n([X, 2 * X, constant(3) + tf.zeros_like(X)])),
    'shift': lambda X: two_readers(X + 1.),
    'scattered': lambda X: two_readers(tf.tensor_scatter_nd_add(X, [[0, 0]], constant(1))),
}


@pytest.mark.parametrize('name', sorted(ADDED))
def test_a_constant_has_its_share_if_one_rule_ahead_counts_biases(session, name):
    X = tf.placeholder(tf.float32, [None, 1])
    T = ADDED[name](X)
    value = session.run(T, {X: [[1.]]})[0, 0]
    for rules, share in ((('z', 'z_IB'), .5), (('z_IB', 'z'), .5), (('z', 'z'), .5), (('z_IB', 'z_IB'), 1)):
        got = explained(session, 'lrp', T, X, [[1.]], composite=list(zip(('one/*', 'two/*'), rules)))
        np.testing.assert_allclose(got, [[share * value]], rtol=1e-5)


def test_behind_all_layers_any_rule_counts(session):
    """1 x + 2 x + 3, at x = 1: the constant's half is nobody's as soon as one of the rules counts biases."""
    X = tf.placeholder(tf.float32, [None, 1])
    with tf.name_scope('one'):
        a = tf.matmul(X, [[1.]])
    with tf.name_scope('two'):
        b = tf.matmul(X, [[2.]])
    T = tf.add_n([a, b, constant(3) + tf.zeros_like(a)])
    shifted = tf.exp(a + b) - 3.  # Behind an activation, so that it belongs to no layer: (e^3 - 3) / e^3 passes.
    for rules, one, other in ((('z', 'z_IB'), 3, np.exp(3)), (('z_IB', 'z'), 3, np.exp(3)),
                              (('z_IB', 'z_IB'), 6, np.exp(3) - 3)):
        composite = list(zip(('one/*', 'two/*'), rules))
        np.testing.assert_allclose(explained(session, 'lrp', T, X, [[1.]], composite=composite), [[one]], rtol=1e-5)
        got = explained(session, 'lrp', shifted, X, [[1.]], composite=composite)
        np.testing.assert_allclose(got, [[other]], rtol=1e-4)


@pytest.mark.filterwarnings('ignore:lrp. attributions are up to')
@pytest.mark.parametrize('rules', [('flat', 'z'), ('z', 'flat'), ('z', 'z')])
def test_terms_that_cancel_out(session, rules):
    """If one rule ahead ignores data, relevance may come where a sum is next to 0: no term has over 1000 times it."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = two_readers(X[:, :1] + X[:, 1:])
    x = np.float32([[100, 100 * (2 ** -13 - 1)]])
    total, size = x.sum(), np.abs(x).sum()
    got = explained(session, 'lrp', T, X, x, composite=list(zip(('one/*', 'two/*'), rules)))
    if 'flat' in rules:
        signal = 3 * total / (1e-3 * size)
        want = signal * x + (3 * total - signal * total) / size * np.abs(x)
    else:
        want = 3 * x
    np.testing.assert_allclose(got, want, rtol=1e-5)


@pytest.mark.parametrize('method', ['lrp.flat', 'lrp.z_IB', 'lrp.w_square'])
def test_terms_that_are_all_nought(session, method):
    """Have the same share, each sample's own, of what a rule that ignores data or biases leaves there."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.matmul(X[:, :1] + X[:, 1:], [[2.]]) + 5.
    np.testing.assert_allclose(explained(session, method, T, X, [[0, 0]]), [[2.5, 2.5]], rtol=1e-5)
