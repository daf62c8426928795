"""The gradient, further names, and the methods that ask nothing of the model."""
import draws
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, initialise, mlp

from deepexplain.tensorflow import DeepExplain, attribution_methods


@pytest.fixture
def model(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    return X, T


def test_the_gradient_is_that_of_tensorflow(session, model, rng):
    X, T = model
    xs, ys = rng.randn(4, 5), rng.randn(4, 3)
    want = session.run(tf.gradients(T * ys, X)[0], {X: xs})
    assert (want < 0).any() and (want > 0).any()
    with DeepExplain(session=session) as de:
        for batch_size in (None, 3):
            got = de.explain('gradient', T, X, xs, ys, batch_size)
            assert got.dtype == np.float32
            close(got, want, 1e-6)
        np.testing.assert_array_equal(np.abs(got), de.explain('saliency', T, X, xs, ys, batch_size))


def test_further_names(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for name, other, defaults in (('input_t_gradient', 'grad*input', {}),
                                      ('integrated_gradients', 'intgrad', dict(steps=100))):
            assert attribution_methods[name] is attribution_methods[other]
            np.testing.assert_array_equal(de.explain(name, T, X, xs), de.explain(other, T, X, xs, **defaults))


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'int32'])
def test_the_input_itself(session, dtype):
    X, others = tf.placeholder(dtype, [None, 2]), tf.placeholder(tf.float32, [None])
    T = tf.identity(others)
    xs = np.array([[1, 2], [-3, 0]], dtype)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        # Nothing is asked of the model, so T need not depend on X.
        got = de.explain('input', T, X, xs, feed_dict={others: [0, 0]})
        assert got.dtype == dtype and not np.shares_memory(got, xs)
        np.testing.assert_array_equal(got, xs)
        both = de.explain('input', T, [X, tf.identity(X)], [xs, 2 * xs], feed_dict={others: [0, 0]})
        np.testing.assert_array_equal(both[1], 2 * xs)
    assert counting.calls == []


def test_noise_by_the_seed(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        got = de.explain('random', T, X, xs, seed=6, batch_size=2)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, [draws.normal(6, i, 0, 5) for i in range(3)], atol=1e-5)
        explainer = de.get_explainer('random', T, X, stddev=2, seed=6)
        np.testing.assert_allclose(explainer.run(xs), 2 * got, rtol=1e-6)
        np.testing.assert_array_equal(explainer.run(xs[:2]), explainer.run(xs)[:2])
        assert (explainer.run(xs, seed=7) != explainer.run(xs)).all()
        np.random.seed(6)
        np.testing.assert_array_equal(de.explain('random', T, X, xs), got)
        assert not de.explain('random', T, X, xs, stddev=0).any()
        wide = de.explain('random', T, X, np.zeros((20000, 5)), stddev=3, seed=0)
    np.testing.assert_allclose([wide.mean(), wide.std()], [0, 3], atol=.03)
    assert counting.calls == []


def test_noise_for_several_inputs(session):
    a, b = tf.placeholder(tf.float64, [None, 2]), tf.placeholder(tf.int32, [None, 2, 3])
    T = tf.reduce_sum(a, 1) + tf.reduce_sum(tf.cast(b, tf.float64), [1, 2])
    with DeepExplain(session=session) as de:
        of_a, of_b = de.explain('random', T, [a, b], [np.zeros((4, 2)), np.zeros((4, 2, 3), int)], seed=1)
    drawn = np.array([draws.normal(1, i, 0, 8) for i in range(4)])
    np.testing.assert_allclose(of_a, drawn[:, :2], atol=1e-5)
    np.testing.assert_allclose(of_b, drawn[:, 2:].reshape(4, 2, 3), atol=1e-5)


def test_errors(session, model):
    X, T = model
    with DeepExplain(session=session) as de:
        for stddev in (-1, float('nan'), float('inf'), True, '1', None, [1]):
            with pytest.raises(ValueError, match='stddev must be a number of at least 0, not '):
                de.get_explainer('random', T, X, stddev=stddev)
        with pytest.raises(ValueError, match='seed must be an int of at least 0'):
            de.get_explainer('random', T, X, seed=-1)
        with pytest.raises(ValueError, match='seed must be an int of at least 0'):
            de.explain('random', T, X, np.ones((1, 5)), seed=-1)
        for name in ('gradient', 'input'):
            with pytest.raises(TypeError, match="has no option 'seed'; it has none"):
                de.explain(name, T, X, np.ones((1, 5)), seed=1)
            explainer = de.get_explainer(name, T, X)
            with pytest.raises(RuntimeError, match='delta is not defined for ' + name):
                explainer.run(np.ones((1, 5)), return_convergence_delta=True)
