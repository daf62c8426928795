"""Softmaxes, normalisations, gates and activations have the same relevance in whatever words they are written."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
import words
from lrp import explained
from models import close
from spellings import strict

from deepexplain.tensorflow import DeepExplain

METHODS = ['lrp.epsilon', 'lrp.alpha_1_beta_0_IB']


def same_in_all_words(session, rng, family, build, method, **options):
    """One target for each spelling, of which each row is explained for one."""
    names = ['plain'] + sorted(set(family) - {'plain'})
    X = tf.placeholder(tf.float64, [None, 3])
    w, b, v, last = rng.randn(3, 5), rng.randn(5), rng.randn(3, 5), rng.randn(5, 1)
    z, a = tf.matmul(X, w) + b, tf.matmul(X, v) - .2
    made = [build(family[name], a, z) for name in names]
    T = tf.concat([tf.matmul(tf.tanh(tf.square(y)), last) for y in made], 1)
    xs, ys = np.repeat(rng.randn(2, 3), len(names), 0), np.tile(np.arange(len(names)), 2)
    values = session.run(made, {X: xs})
    np.testing.assert_allclose(values, [values[0]] * len(names), rtol=1e-6)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        strict()
        warnings.filterwarnings('ignore', 'lrp.* relevance exceeds|.*[Aa]ttributions')
        got = de.explain(method, T, X, xs, ys=ys, **options).reshape(2, len(names), 3)
    off = np.abs(got - got[:, :1]).max((0, 2)) / np.abs(got[:, 0]).max()
    assert not [(name, one) for name, one in zip(names, off) if one > 1e-6]


def weighed(f, a, z):
    return f(z) * tf.tanh(a)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('softmax', ['taylor', 'constant'])
@pytest.mark.parametrize('family', ['SOFTMAX', 'TEMPERATURE', 'MASKED', 'LOG'])
def test_softmaxes(session, rng, family, softmax, method):
    same_in_all_words(session, rng, getattr(words, family), weighed, method, softmax=softmax)


def test_softmaxes_are_no_normalisations(session, rng):
    same_in_all_words(session, rng, words.SOFTMAX, weighed, 'lrp.epsilon', norms='identity')


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('norms', ['linear', 'identity'])
@pytest.mark.parametrize('family', ['LAYER', 'RMS'])
def test_normalisations(session, rng, family, norms, method):
    if norms == 'linear' and method != 'lrp.epsilon':
        # Where biases are ignored, a shift less a mean is one summand with both.
        family = 'RMS'
    same_in_all_words(session, rng, getattr(words, family), lambda f, a, z: f(z), method, norms=norms)


@pytest.mark.parametrize('products,softmax', [('signal', 'taylor'), ('half', 'taylor'), ('signal', 'constant')])
@pytest.mark.parametrize('family', ['GATE', 'HARD', 'SOFT_GATE'])
def test_gates(session, rng, family, products, softmax):
    same_in_all_words(session, rng, getattr(words, family), lambda f, a, z: f(a, z), 'lrp.epsilon', products=products,
                      softmax=softmax)


def test_functions_of_one_number(session, rng):
    X = tf.placeholder(tf.float64, [None, 3])
    names = sorted(words.FUNCTIONS)
    made = tf.stack([words.FUNCTIONS[name](X) for name in names], 1)
    T = tf.reduce_sum(tf.square(made), 2)
    xs, ys = np.repeat(rng.randn(2, 3), len(names), 0), np.tile(np.arange(len(names)), 2)
    with DeepExplain(session=session) as de:
        got = de.explain('lrp.epsilon', T, X, xs, ys=ys)
    want = session.run(made, {X: xs})[np.arange(len(ys)), ys] ** 2
    assert not [names[y] for y, one, other in zip(ys, got, want) if np.abs(one - other).max() > 1e-6]


def test_a_softmax_that_is_divided_at_last(session, rng):
    """As attention in blocks has it: the values are weighed before anything is divided."""
    X = tf.placeholder(tf.float64, [None, 4, 3])
    scores = tf.matmul(X, X, transpose_b=True)
    e = tf.exp(scores - tf.reduce_max(scores, -1, keepdims=True))
    values = tf.sin(X)
    xs = rng.randn(2, 4, 3)
    for options in ({}, dict(softmax='constant'), dict(products='signal')):
        got = []
        for o in (tf.matmul(tf.nn.softmax(scores), values), tf.matmul(e, values) / tf.reduce_sum(e, -1, keepdims=True)):
            with DeepExplain(session=session) as de, warnings.catch_warnings():
                strict()
                got.append(de.explain('lrp.epsilon', tf.reduce_sum(tf.square(o), [1, 2]), X, xs, **options))
        close(got[1], got[0], 1e-6)


POOLED = {
    'columns': lambda e, h: tf.reduce_sum(e * h, 1) / tf.reduce_sum(e, 1),
    'rows': lambda e, h: tf.einsum('nt,ntd->nd', e, h) / tf.reduce_sum(e, 1)[:, tf.newaxis],
    'new axes': lambda e, h: tf.reduce_sum(e[..., tf.newaxis] * h, 1) / tf.reduce_sum(e, 1)[:, tf.newaxis],
}


@pytest.mark.parametrize('name', sorted(POOLED))
def test_attention_pooling_that_is_divided_at_last(session, rng, name):
    X = tf.placeholder(tf.float64, [None, 4, 3])
    h = tf.sin(X)
    scores = tf.reshape(tf.matmul(tf.reshape(h, [-1, 3]), rng.randn(3, 1)), [-1, 4, 1])
    xs = rng.randn(2, 4, 3)
    for options in ({}, dict(softmax='constant')):
        got = []
        pooled = tf.reduce_sum(tf.nn.softmax(scores, 1) * h, 1)
        for o in (pooled, POOLED[name](tf.exp(scores if name == 'columns' else scores[..., 0]), h)):
            with DeepExplain(session=session) as de, warnings.catch_warnings():
                strict()
                got.append(de.explain('lrp.epsilon', tf.reduce_sum(tf.square(o), 1), X, xs, **options))
        close(got[1], got[0], 1e-6)


UNKNOWN = {
    'pooled, wrong axis': (lambda z: z + (lambda e: tf.reduce_sum(e * tf.sin(z), 1) / tf.reduce_sum(e, 2))(
        tf.exp(z))[:, tf.newaxis], 'RealDiv'),
    'wrong axis': (lambda z: (lambda e: e / tf.expand_dims(tf.reduce_sum(e, 1), 2))(tf.exp(z)), 'RealDiv'),
    'half of the sum': (lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(z[:, :2]), -1, keepdims=True)[:, :1], 'RealDiv'),
    'another sum': (lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(2 * z), -1, keepdims=True), 'RealDiv'),
    'log of another sum': (lambda z: tf.exp(z - tf.reduce_logsumexp(2 * z, -1, keepdims=True)), 'Exp'),
    'of a mean': (lambda z: z / (1 + tf.sigmoid(tf.reduce_mean(z, -1, keepdims=True))), 'RealDiv'),
}


@pytest.mark.parametrize('name', sorted(UNKNOWN))
def test_what_looks_like_a_softmax_or_a_norm_and_is_none_is_said(session, name):
    """A square of numbers, so that a sum that was laid along the wrong axis fits as well."""
    build, kind = UNKNOWN[name]
    X = tf.placeholder(tf.float64, [None, 4, 4])
    T = tf.reduce_sum(tf.square(build(X)), [1, 2])
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match=kind + r' \(.*write it as tf.nn.softmax'):
        de.get_explainer('lrp.epsilon', T, X)


@pytest.mark.parametrize('build', [tf.nn.softmax, tf.nn.log_softmax, words.SOFTMAX['exp lse'], words.SOFTMAX['e'],
                                   words.LOG['lse']], ids=['op', 'log', 'exp lse', 'e', 'lse'])
def test_the_target_is_no_softmax(session, build):
    X = tf.placeholder(tf.float64, [None, 4])
    T = tf.identity(build(2 * X))
    for softmax in ('taylor', 'constant'):
        with DeepExplain(session=session) as de, warnings.catch_warnings(), pytest.raises(
                RuntimeError, match='has no rule for'):
            warnings.simplefilter('error', UserWarning)
            de.get_explainer('lrp.epsilon', T, X, softmax=softmax)


@pytest.mark.parametrize('build', [tf.nn.softmax, words.SOFTMAX['exp lse']], ids=['op', 'exp lse'])
@pytest.mark.parametrize('bias', [0., 1.])
def test_nothing_is_left_where_softmaxes_are_constant_and_all_there_is(session, rng, build, bias):
    X = tf.placeholder(tf.float64, [None, 4])
    T = tf.matmul(build(2 * X), rng.randn(4, 3)) + bias
    with DeepExplain(session=session) as de, pytest.raises(
            RuntimeError, match="softmax='constant' leaves nothing to attribute.*Take softmax='taylor'"):
        de.get_explainer('lrp.epsilon', T, X, softmax='constant')
    explained(session, 'lrp.epsilon', T + X[:, :3], X, rng.randn(2, 4), softmax='constant')


# Products of many factors: what of R each of three tensors has.

PRODUCTS = {
    'first two': (lambda a, b, c: (a * b) * c, [1 / 3] * 3), 'last two': (lambda a, b, c: a * (b * c), [1 / 3] * 3),
    'moved': (lambda a, b, c: tf.reshape(tf.identity(a * b), [-1, 3]) * c, [1 / 3] * 3),
    'scaled': (lambda a, b, c: -2 * (a * (.5 * b)) * c, [1 / 3] * 3), 'over': (lambda a, b, c: a / b * c, [1 / 3] * 3),
    'over both': (lambda a, b, c: a / (b * c), [1 / 3] * 3), 'over over': (lambda a, b, c: a / (b / c), [1 / 3] * 3),
    'square': (lambda a, b, c: a * a * b, [.5, .5, 0]), 'square at last': (lambda a, b, c: a * (a * b), [.5, .5, 0]),
    'square between': (lambda a, b, c: a * b * a, [.5, .5, 0]),
    'function': (lambda a, b, c: tf.sin(a) * (b * tf.exp(a)), [.5, .5, 0]),
    'squares': (lambda a, b, c: (a * b) * (a * c), [1 / 3] * 3),
    'not across functions': (lambda a, b, c: tf.sin(a * b) * c, [.25, .25, .5]),
    'sum': (lambda a, b, c: (a * b) * c + 0 * b, [1 / 3] * 3),
}


@pytest.mark.parametrize('name', sorted(PRODUCTS))
def test_each_of_many_factors_has_the_same(session, rng, name):
    build, shares = PRODUCTS[name]
    X = tf.placeholder(tf.float64, [None, 3, 3])
    T = tf.square(build(*[X[:, i] for i in range(3)]))
    xs = rng.rand(2, 3, 3) + .5
    R = session.run(T, {X: xs})
    with DeepExplain(session=session) as de:
        close(de.explain('lrp.epsilon', T, X, xs), R[:, None] * np.array(shares)[:, None], 1e-9)


def test_a_product_that_is_read_twice(session, rng):
    X = tf.placeholder(tf.float64, [None, 4, 3])
    a, b, c, d = [X[:, i] for i in range(4)]
    xs = rng.rand(2, 4, 3) + .5
    both = a * b
    T = tf.concat([tf.square(both * c), tf.square(both * d)], 1)
    R = session.run(T, {X: xs})
    first, second = R[:, :3], R[:, 3:]
    with DeepExplain(session=session) as de:
        got = de.explain('lrp.epsilon', T, X, xs)
    close(got, np.stack([first + second, first + second, first, second], 1) / 3, 1e-9)


@pytest.mark.parametrize('order', [lambda a, g, c: (a * g) * c, lambda a, g, c: a * (g * c),
                                  lambda a, g, c: (a * c) * g])
def test_gates_among_many_factors(session, rng, order):
    X = tf.placeholder(tf.float64, [None, 3, 3])
    T = tf.square(order(X[:, 0], tf.sigmoid(X[:, 1]), X[:, 2]))
    xs = rng.randn(2, 3, 3)
    R = session.run(T, {X: xs})
    with DeepExplain(session=session) as de:
        got = de.explain('lrp.epsilon', T, X, xs, products='signal')
    close(got, np.stack([R / 2, 0 * R, R / 2], 1), 1e-9)


@pytest.mark.parametrize('divide', [
    lambda a, b: a / (1 + tf.reduce_mean(b, 1, keepdims=True)), lambda a, b: a / tf.norm(b, axis=1, keepdims=True),
    lambda a, b: a * tf.rsqrt(1 + tf.reduce_sum(b * b, 1, keepdims=True))])
def test_a_divisor_of_other_numbers_is_said(session, rng, divide):
    X = tf.placeholder(tf.float32, [None, 5])
    a, b = [tf.nn.softplus(tf.matmul(X, tf.constant(rng.randn(5, 4).astype('f')))) for _ in range(2)]
    T = tf.reduce_sum(divide(a, b), 1)
    own = tf.reduce_sum(divide(a, a), 1)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        de.get_explainer('lrp.epsilon', own, X)
        assert not seen
        de.get_explainer('lrp.epsilon', T, X)
    assert len(seen) == 1 and 'what divides there measures other numbers than those that it divides' in str(
        seen[0].message)
