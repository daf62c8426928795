"""The mistakes of the reference implementation that are not to come back, in DESIGN.md's order."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, counted, dense, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain


def gradient(session, T, X, xs):
    return session.run(tf.gradients(T, X)[0], {X: xs})


def test_1_a_failed_get_explainer_changes_no_gradient(session, rng):
    X, T = mlp(tf.nn.softplus, rng)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        made_inside = mlp(tf.nn.softplus, np.random.RandomState(0), X=X)[1]
        initialise(session)
        inside = gradient(session, made_inside, X, xs)
        before = gradient(session, T, X, xs)
        for method, options in (('elrp', dict(epsilonn=1)), ('elrp', dict(epsilon=-1)),
                                ('deeplift', dict(baseline=[1, 2]))):
            with pytest.raises((TypeError, AssertionError, RuntimeError)):
                de.get_explainer(method, made_inside, X, **options)
        with pytest.raises(RuntimeError):
            de.get_explainer('elrp', made_inside, tf.placeholder(tf.float32, [None, 5]))
        de.explain('deeplift', made_inside, X, xs)
        np.testing.assert_array_equal(gradient(session, made_inside, X, xs), inside)
        np.testing.assert_array_equal(gradient(session, T, X, xs), before)
    np.testing.assert_array_equal(gradient(session, made_inside, X, xs), inside)
    np.testing.assert_array_equal(gradient(session, T, X, xs), before)


def test_2_deeplift_adds_up_through_leaky_relu(session, rng):
    X, T = mlp(lambda x: tf.nn.leaky_relu(x, .3), rng)
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        got = de.explain('deeplift', T, X, xs)
    close(per_sample(got), per_sample(session.run(T, {X: xs}) - session.run(T, {X: 0 * xs})), 1e-5)


def test_3_deeplifts_references_follow_the_weights(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    bias = tf.Variable(np.ones(5, np.float32))
    T = dense(tf.nn.tanh(X + bias), rng, 2)
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X)
        first = explainer.run(xs)
        bias.load(np.full(5, -2, np.float32), session)
        second = explainer.run(xs)
    assert np.abs(first - second).max() > .1
    close(per_sample(second), per_sample(session.run(T, {X: xs}) - session.run(T, {X: 0 * xs})), 1e-5)


def test_4_an_unrelated_placeholder_need_not_be_fed(session, rng):
    with DeepExplain(session=session) as de:
        X, T = mlp(tf.nn.relu, rng)
        tf.nn.relu(tf.placeholder(tf.float32, [None, 2]))
        initialise(session)
        assert de.explain('deeplift', T, X, rng.randn(2, 5)).shape == (2, 5)


@pytest.mark.parametrize('method,options,rows', [
    ('occlusion', {}, 6), ('shapley_sampling', dict(samples=2), 2 + 2 * 4), ('intgrad', dict(steps=6), 6)])
@pytest.mark.parametrize('batch_size', [1, 2, 7, 100])
def test_5_every_method_keeps_to_the_batch_size(session, rng, method, options, rows, batch_size):
    X, T, seen = counted(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **options)
        xs, ys = rng.randn(3, 5), rng.randn(3, 3)
        np.random.seed(0)
        whole = explainer.run(xs, ys)
        del seen[:]
        np.random.seed(0)
        batched = explainer.run(xs, ys, batch_size=batch_size)
    close(batched, whole, 1e-5)
    assert max(seen) <= batch_size
    assert sum(seen) == 3 * rows


@pytest.mark.parametrize('method', ['intgrad', 'deeplift'])
def test_6_a_list_of_baselines_stays_as_it_is(session, rng, method):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = dense(tf.nn.relu(dense(tf.concat([A, B], 1), rng, 4)), rng, 2)
    initialise(session)
    baseline = [rng.randn(2), rng.randn(3)]
    kept = [one.copy() for one in baseline]
    xs = [rng.randn(3, 2), rng.randn(3, 3)]
    with DeepExplain(session=session) as de:
        first = de.explain(method, T, [A, B], xs, baseline=baseline)
        second = de.explain(method, T, [A, B], xs, baseline=baseline)
    for one, other in zip(first, second):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(baseline, kept):
        assert one.shape == other.shape
        np.testing.assert_array_equal(one, other)


def test_7_no_false_warning_and_tuples_are_lists(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    T = dense(X, rng, 2)
    initialise(session)
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        alone = de.explain('elrp', T, X, xs)
        in_tuple = de.explain('elrp', T, (X,), (xs,))
    assert isinstance(in_tuple, list)
    np.testing.assert_array_equal(in_tuple[0], alone)


@pytest.mark.parametrize('method', ['saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion',
                                    'shapley_sampling', 'zero'])
def test_8_explaining_again_adds_nothing_to_the_graph(session, rng, method):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs = rng.randn(2, 5)
    options = dict(baseline=np.ones(5)) if method in ('intgrad', 'deeplift') else {}
    with DeepExplain(session=session) as de:
        de.explain(method, T, X, xs, **options)
        size = len(session.graph.get_operations())
        for _ in range(100):
            de.explain(method, T, X, xs, **{name: value.copy() for name, value in options.items()})
        assert len(session.graph.get_operations()) == size
        if options:
            de.explain(method, T, X, xs, baseline=np.zeros(5))
            assert len(session.graph.get_operations()) == size


@pytest.mark.parametrize('method', ['intgrad', 'deeplift', 'elrp', 'occlusion', 'shapley_sampling'])
@pytest.mark.parametrize('shape', [[None, None], None])
def test_9_unknown_dimensions(session, rng, method, shape):
    X = tf.placeholder(tf.float32, shape)
    T = tf.matmul(tf.nn.swish(tf.matmul(tf.reshape(X, [-1, 5]), tf.constant(rng.randn(5, 4), tf.float32))),
                  tf.constant(rng.randn(4, 2), tf.float32))
    known = tf.placeholder(tf.float32, [None, 5])
    same = tf.import_graph_def(session.graph.as_graph_def(), {X.op.name: known}, [T.name])[0]
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        np.random.seed(0)
        got = de.explain(method, T, X, xs)
        np.random.seed(0)
        close(got, de.explain(method, same, known, xs), 1e-5)


@pytest.mark.parametrize('method', ['saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion',
                                    'shapley_sampling', 'zero'])
@pytest.mark.parametrize('dtype,tolerance', [(tf.float16, 3e-2), (tf.float64, 1e-4)])
def test_9_other_precisions(session, rng, method, dtype, tolerance):
    drawn = [rng.randn(5, 4), rng.randn(4), rng.randn(4, 2)]
    xs, ys = rng.randn(3, 5).astype(np.float16), rng.randn(3, 2).astype(np.float16)
    results = []
    with DeepExplain(session=session) as de:
        for one in (tf.float32, dtype):
            W, b, V = [tf.constant(array.astype(np.float16), one) for array in drawn]
            X = tf.placeholder(one, [None, 5])
            T = tf.matmul(tf.nn.leaky_relu(tf.nn.tanh(tf.matmul(X, W) + b)), V)
            np.random.seed(0)
            results.append(de.explain(method, T, X, xs, ys, **(dict(epsilon=.01) if method == 'elrp' else {})))
    assert results[1].dtype == dtype.as_numpy_dtype
    close(results[1].astype(np.float32), results[0], tolerance)
