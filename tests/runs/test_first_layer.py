"""The first layer summed up, where it is a matrix, equals the whole model evaluated anew."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, per_sample

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.runs import first_layer


def wide(rng, transposed=False, flat=False, X=None):
    """A network of 96 features, large enough for the shortcut, with numpy's own version of it."""
    X = tf.placeholder(tf.float32, [None, 8, 4, 3] if flat else [None, 96]) if X is None else X
    W, V = rng.randn(96, 40) / 8, rng.randn(40, 3) / 4
    h = tf.layers.flatten(X) if flat else X
    first = tf.constant(W.T if transposed else W, tf.float32)
    T = tf.matmul(tf.tanh(tf.matmul(h, first, transpose_b=transposed) + .1), tf.constant(V, tf.float32))
    return X, T, lambda xs: np.tanh(np.reshape(xs, (len(xs), 96)).astype(np.float64).dot(W) + .1).dot(V)


def slow_occlusion(f, xs, ys, baseline):
    falls = np.zeros(xs.shape)
    for sample, (x, y, b) in enumerate(zip(xs, ys, baseline)):
        for feature in range(len(x)):
            without = x.copy()
            without[feature] = b[feature]
            falls[sample, feature] = (f(x[np.newaxis]) - f(without[np.newaxis]))[0].dot(y)
    return falls


def slow_shapley(f, xs, ys, baseline, permutations):
    credits = np.zeros(xs.shape)
    for sample, (x, y, b) in enumerate(zip(xs, ys, baseline)):
        for permutation in permutations:
            present = x.copy()
            for player in permutation:
                before = f(present[np.newaxis])[0].dot(y)
                present[player] = b[player]
                credits[sample, player] += before - f(present[np.newaxis])[0].dot(y)
    return credits / len(permutations)


@pytest.mark.parametrize('form', [{}, dict(transposed=True), dict(flat=True)])
@pytest.mark.parametrize('batch_size', [None, 64, 100])
def test_the_first_layer_is_summed_up(session, rng, monkeypatch, form, batch_size):
    monkeypatch.setattr(first_layer, 'WORTH_IT', 0)
    X, T, f = wide(rng, **form)
    xs, ys, baseline = rng.randn(3, 96), rng.randn(3, 3), rng.randn(3, 96)
    xs[0, ::3] = baseline[0, ::3]
    permutations = [np.random.RandomState(5).permutation(96)]
    shape = [3] + X.shape.as_list()[1:]
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        one = baseline.reshape(shape)
        occluded = de.explain('occlusion', T, X, xs.reshape(shape), ys, batch_size, baseline=one)
        assert counting.calls and all(X.name not in feed for feed in counting.calls)
        sampled = de.explain('shapley_sampling', T, X, xs.reshape(shape), ys, batch_size, baseline=one, samples=1,
                             seed=5)
        assert counting.calls and all(X.name not in feed for feed in counting.calls)
    close(occluded.reshape(3, 96), slow_occlusion(f, xs, ys, baseline), 1e-5)
    close(sampled.reshape(3, 96), slow_shapley(f, xs, ys, baseline, permutations), 1e-5)


@pytest.mark.parametrize('form', [{}, dict(transposed=True), dict(flat=True)])
def test_a_path_through_a_linear_layer_is_a_path_behind_it(session, rng, form):
    X, T, f = wide(rng, **form)
    xs, baseline = rng.randn(3, 96), rng.randn(96)
    shape = [3] + X.shape.as_list()[1:]
    assert first_layer.find_head(Path([X], T)) is not None
    gradient = tf.gradients(T, X)[0]
    want = np.zeros((3, 96))
    for step in range(1, 21):
        point = baseline + step / 20 * (xs - baseline)
        want += session.run(gradient, {X: point.reshape(shape)}).reshape(3, 96) / 20
    with DeepExplain(session=session) as de:
        for batch_size in (None, 7):
            got = de.explain('intgrad', T, X, xs.reshape(shape), steps=20, baseline=baseline.reshape(shape[1:]),
                             batch_size=batch_size)
            close(got.reshape(3, 96), want * (xs - baseline), 1e-5)


def test_a_large_feature_leaves_no_rounding_errors_behind(session, rng, monkeypatch):
    monkeypatch.setattr(first_layer, 'WORTH_IT', 0)
    X, T, f = wide(rng)
    xs = rng.randn(1, 96).astype(np.float32)
    xs[0, 17] = 1e7
    permutation = np.random.RandomState(1).permutation(96)
    with DeepExplain(session=session) as de:
        occluded = de.explain('occlusion', T, X, xs, 0)
        sampled = de.explain('shapley_sampling', T, X, xs, 0, samples=1, seed=1)
    ys, zero = np.eye(3)[:1], np.zeros((1, 96))
    close(occluded, slow_occlusion(f, xs.astype(np.float64), ys, zero), 1e-5)
    close(sampled, slow_shapley(f, xs.astype(np.float64), ys, zero, [permutation]), 1e-5)


@pytest.mark.parametrize('make', [
    lambda X, W: tf.matmul(tf.tanh(X), W),  # not first
    lambda X, W: tf.matmul(X, W) + tf.reduce_sum(X, 1, keepdims=True),  # not alone
    lambda X, W: tf.matmul(X, W) * tf.cast(tf.shape(X)[0], tf.float32),  # read again for its shape
    lambda X, W: tf.matmul(X, tf.matmul(X, X, transpose_a=True)[:, :40]),  # no constant matrix
    lambda X, W: tf.matmul(tf.reshape(X, [-1, 48]), W[:48]),  # more rows than samples
    lambda X, W: tf.matmul(X[:, :64], W[:64]),  # not all of it
])
def test_other_beginnings_are_left_alone(session, rng, make):
    X = tf.placeholder(tf.float32, [None, 96])
    assert first_layer.find_head(Path([X], tf.tanh(make(X, tf.ones([96, 40]))))) is None


def test_beginnings_that_are_a_matrix_are_found(session, rng):
    for form in ({}, dict(transposed=True), dict(flat=True)):
        X, T, _ = wide(rng, **form)
        assert first_layer.find_head(Path([X], T)).weights.shape.as_list() == [96, 40]
    fixed = tf.placeholder(tf.float32, [4, 96])
    X, T, _ = wide(rng, X=fixed)
    assert first_layer.find_head(Path([X], T)) is None


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
@pytest.mark.parametrize('rank', [1, 2])
def test_the_first_layer_of_models_of_any_precision(session, rng, monkeypatch, dtype, rank):
    monkeypatch.setattr(first_layer, 'WORTH_IT', 0)
    X = tf.placeholder(dtype, [None, 96])
    W = (rng.randint(-8, 8, (96, 3)) / 64).astype(dtype)
    T = tf.matmul(X, tf.constant(W))  # nothing but the first layer
    T = T if rank == 2 else T[:, 1]
    xs = (rng.randint(1, 8, (2, 96)) / 4).astype(dtype)
    ys = np.eye(3)[[1, 1]] if rank == 2 else None
    with DeepExplain(session=session) as de:
        for method, options in (('intgrad', dict(steps=4)), ('occlusion', {}), ('shapley_sampling', dict(samples=2))):
            got = de.explain(method, T, X, xs, ys, **options)
            assert got.dtype == dtype
            np.testing.assert_allclose(got.astype(float), xs * W[:, 1].astype(float),
                                       atol=2e-2 if dtype == 'float16' else 1e-5)


@pytest.mark.parametrize('value', [np.nan, np.inf, 1e20])
def test_a_sample_that_is_no_number_does_not_touch_the_others(session, rng, monkeypatch, value):
    monkeypatch.setattr(first_layer, 'WORTH_IT', 0)
    X, T, _ = wide(rng)
    xs = rng.randn(3, 96)
    with DeepExplain(session=session) as de:
        for method, options in (('occlusion', {}), ('shapley_sampling', dict(samples=2, seed=0)),
                                ('intgrad', dict(steps=5))):
            spoilt = xs.copy()
            spoilt[0, 17] = value
            want = de.explain(method, T, X, xs, 1, **options)
            close(de.explain(method, T, X, spoilt, 1, **options)[1:], want[1:], 1e-5)


@pytest.mark.parametrize('shape', [[None, 40], [96, None], [None, None]])
def test_a_matrix_of_unknown_shape_is_left_alone(session, rng, monkeypatch, shape):
    monkeypatch.setattr(first_layer, 'WORTH_IT', 0)
    X, W = tf.placeholder(tf.float32, [None, 96]), tf.placeholder(tf.float32, shape)
    T = tf.matmul(tf.reshape(tf.tanh(tf.matmul(X, W)), [-1, 40]), tf.ones([40, 2]))
    xs, weights = rng.randn(2, 96), rng.randn(96, 40) / 9
    change = 2 * np.tanh(xs.dot(weights)).sum(1)
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'shapley_sampling'):
            got = de.explain(method, T, X, xs, feed_dict={W: weights})
            np.testing.assert_allclose(per_sample(got), change, rtol=.05)
        assert de.explain('occlusion', T, X, xs, feed_dict={W: weights}).shape == (2, 96)


@pytest.mark.parametrize('features', [5, 100])
def test_an_assertion_that_compares_the_rows_of_x_and_a_feed(session, rng, monkeypatch, features):
    monkeypatch.setattr(first_layer, 'WORTH_IT', 0)
    X, L = tf.placeholder(tf.float32, [None, features]), tf.placeholder(tf.float32, [None, 1])
    with tf.control_dependencies([tf.assert_equal(tf.shape(X)[0], tf.shape(L)[0])]):
        h = tf.matmul(X, tf.constant(rng.randn(features, 8), tf.float32))
    T = tf.matmul(tf.tanh(h) * L, tf.constant(rng.randn(8, 2), tf.float32))
    xs, scale = rng.randn(3, features) / features, rng.rand(3, 1)
    change = per_sample(session.run(T, {X: xs, L: scale}))
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'deeplift', 'shapley_sampling', 'occlusion'):
            got = de.explain(method, T, X, xs, feed_dict={L: scale})
            assert method == 'occlusion' or np.abs(per_sample(got) - change).max() < .05 * np.abs(change).max()
