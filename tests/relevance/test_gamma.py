"""The gamma rule on data of either sign: generalized, it divides by nothing that is smaller than the output."""
import warnings

import lrp
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import variable
from models import close, initialise
from test_rules import OPS

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.relevance import Gamma

N = 4


def layer(rng, name='MatMul'):
    """X, a linear op without and with a bias, each as one row a sample, and that bias."""
    shape, of_weights, op = OPS[name]
    X = tf.placeholder(tf.float32, [None] + shape)
    z = op(X, tf.Variable(rng.uniform(-1, 1, of_weights).astype(np.float32)))
    size = z.shape.as_list()[-1]
    b = rng.uniform(-1, 1, size).astype(np.float32)
    outputs = int(np.prod(z.shape.as_list()[1:]))
    return X, tf.reshape(z, [-1, outputs]), tf.reshape(z + b, [-1, outputs]), np.tile(b, outputs // size)


@pytest.mark.parametrize('bias', [True, False])
@pytest.mark.parametrize('name', ['MatMul', 'Conv2D', 'depthwise'])
def test_contributions_of_the_sign_of_the_output_are_preferred(session, rng, name, bias):
    X, z, T, b = layer(rng, name)
    initialise(session)
    M = lrp.matrix(lambda x: session.run(z, {X: x}), X.shape.as_list()[1:])
    xs, ys = rng.randn(N, *OPS[name][0]).astype(np.float32), rng.randn(N, int(T.shape[1]))
    with DeepExplain(session=session) as de:
        got = de.explain('lrp.gamma' if bias else 'lrp.gamma_IB', T, X, xs, ys, gamma=.3, generalized=True)
        plain = de.explain('lrp.gamma' if bias else 'lrp.gamma_IB', T, X, xs, ys, gamma=.3)
    values = session.run(T, {X: xs})
    assert (values > 0).any() and (values < 0).any()
    want = [lrp.gamma_by_sign(np.float64(x.ravel()), M, b if bias else None, r, .3) for x, r in zip(xs, values * ys)]
    close(got.reshape(N, -1), np.array(want), 1e-4)
    assert np.abs(got - plain).max() > .01 * np.abs(got).max()


def test_by_hand(session):
    # z = 2 - 3, and with positive weights half again as large 3 - 3.
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.matmul(X, tf.constant([[1.], [-1.]]))
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        close(de.explain('lrp.gamma', T, X, [[2., 3.]], generalized=True), [[.8, -1.8]], 1e-5)
        # Where data and outputs are positive both are the same.
        close(de.explain('lrp.gamma', T, X, [[3., 2.]], generalized=True), [[1.8, -.8]], 1e-5)
        close(de.explain('lrp.gamma', T, X, [[3., 2.]]), [[1.8, -.8]], 1e-5)
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match='generalized=True keeps those of the'):
        assert np.abs(de.explain('lrp.gamma', T, X, [[2., 3.0001]])).max() > 1e4


def test_behind_relus_it_is_the_rule_as_it_was(session, rng):
    X = tf.placeholder(tf.float32, [None, 6])
    h = g = tf.nn.relu(X)
    for _ in range(3):
        w = variable(rng, 6, 6)
        h, g = tf.nn.relu(tf.matmul(h, w) + rng.randn(6).astype(np.float32)), tf.nn.relu(tf.matmul(g, w))
    initialise(session)
    xs = rng.randn(N, 6)
    with DeepExplain(session=session) as de:
        # Where biases are ignored, their outputs may be of the other sign without them.
        for method, T in (('lrp.gamma', h), ('lrp.gamma', g), ('lrp.gamma_IB', g)):
            ones = [de.explain(method, T, X, xs, generalized=one) for one in (False, True)]
            close(ones[1], ones[0], 1e-4)
            assert ones[0].any()


def test_what_is_multiplied_or_normalised_asks_for_it(session, rng):
    X = tf.placeholder(tf.float32, [None, 6])
    w, u = variable(rng, 6, 6), variable(rng, 6, 3)
    h = tf.matmul(X, w)
    plain = tf.matmul(tf.tanh(h), u)
    gated = tf.matmul(h * tf.sigmoid(tf.matmul(X, w)), u)
    normed = tf.matmul(h / tf.norm(h, axis=1, keepdims=True), u)
    initialise(session)
    xs = rng.randn(N, 6)
    with DeepExplain(session=session) as de:
        for T, general in ((plain, False), (gated, True), (normed, True)):
            got, same, other = (de.explain('lrp.gamma', T, X, xs, ys=1, **options) for options in (
                {}, dict(generalized=general), dict(generalized=not general)))
            close(got, same, 1e-6)
            assert np.abs(got - other).max() > .01 * np.abs(got).max()
        by_composite = de.explain('lrp', gated, X, xs, ys=1, composite=[('*', Gamma(generalized=True))])
        close(by_composite, de.explain('lrp.gamma', gated, X, xs, ys=1), 1e-6)


def test_deep_networks_of_either_sign_keep_to_the_size_of_the_target(session, rng):
    X = tf.placeholder(tf.float32, [None, 12])
    h = X
    for _ in range(20):
        h += tf.matmul(tf.nn.leaky_relu(tf.matmul(h, variable(rng, 12, 12) * .3)), variable(rng, 12, 12) * .3)
    T = tf.matmul(h, variable(rng, 12, 1))
    initialise(session)
    xs = rng.randn(N, 12).astype(np.float32)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        size = np.abs(session.run(T, {X: xs})).max()
        assert np.abs(de.explain('lrp.gamma', T, X, xs)).max() > 1e3 * size
        got, delta = de.explain('lrp.gamma', T, X, xs, generalized=True, return_convergence_delta=True)
        assert np.abs(got).max() < 10 * size and np.abs(delta).max() < 1e-3 * size


@pytest.mark.parametrize('make', [lambda: Gamma(generalized='no'), None])
def test_bad_option(session, rng, make):
    X, _, T, _ = layer(rng)
    with pytest.raises(ValueError, match="generalized must be True or False, not 'no'"), DeepExplain(
            session=session) as de:
        make() if make else de.get_explainer('lrp.gamma', T, X, generalized='no')
