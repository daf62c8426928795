"""Expected gradients against their formula, their limit, and what they cost."""
import draws
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, counted, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain


def test_by_hand(session):
    # T = x0 * x1 from (0, 0): the gradient at a * (3, 2) is a * (2, 3), which times x is 6 a for both features.
    X = tf.placeholder(tf.float32, [None, 2])
    place = np.mean(draws.uniform(5, 0, 8)[1::2])
    with DeepExplain(session=session) as de:
        got = de.explain('expected_gradients', X[:, 0] * X[:, 1], X, [[3, 2]], references=np.zeros((3, 2)), samples=4,
                         seed=5)
        close(got, [[6 * place] * 2], 1e-6)
        # Of a linear model nothing but the reference is by chance.
        linear = de.explain('expected_gradients', 3 * X[:, 0] - X[:, 1], X, [[3, 2]], references=[[1, 1]], samples=3)
    close(linear, [[6, -1]], 1e-6)


def slow(session, T, inputs, xs, references, ys, feeds, samples, seed):
    """The formula, a session call for each gradient; one index and one place for all inputs."""
    unit = tf.placeholder(tf.float32, [None, 3])
    gradients = tf.gradients(T * unit, inputs)
    found = [np.zeros(x.shape) for x in xs]
    for i in range(len(xs[0])):
        numbers = draws.uniform(seed, i, 2 * samples)
        for which, place in zip(numbers[::2], numbers[1::2]):
            which = int(which * len(references[0]))
            feed = {x: [r[which] + place * (one[i] - r[which])] for x, one, r in zip(inputs, xs, references)}
            feed.update({tensor: array[i:i + 1] for tensor, array in feeds.items()})
            feed[unit] = ys[i:i + 1]
            for total, one, r, value in zip(found, xs, references, session.run(gradients, feed)):
                total[i] += (one[i] - r[which]) * value[0] / samples
    return found


@pytest.mark.parametrize('batch_size', [None, 1, 4, 100])
def test_against_the_formula(session, rng, batch_size):
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3, 1])
    other = tf.placeholder(tf.float32, [None, 5])
    T = mlp(tf.nn.tanh, rng, X=tf.concat([a, b[:, :, 0]], 1) * other)[1]
    initialise(session)
    xs, references = [rng.randn(3, 2), rng.randn(3, 3, 1)], [rng.randn(4, 2), rng.randn(4, 3, 1)]
    ys, others = rng.randn(3, 3), rng.randn(3, 5)
    want = slow(session, T, [a, b], xs, references, ys, {other: others}, 6, 3)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('expected_gradients', T, [a, b], references=references, samples=6, seed=3)
        for one, value in zip(explainer.run(xs, ys, batch_size, {other: others}), want):
            assert one.dtype == np.float32
            close(one, value, 1e-5)


def test_the_limit_is_integrated_gradients_over_the_references(session, model, rng):
    X, T = model
    xs, references = rng.randn(3, 5), rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        want = de.explain('intgrad', T, X, xs, 1, references=references, steps=200, quadrature='midpoint')
        off = [np.abs(de.explain('expected_gradients', T, X, xs, 1, references=references, samples=samples, seed=0)
                      - want).max() for samples in (50, 50000)]
    assert off[1] < .2 * off[0]
    assert off[1] < .02 * np.abs(want).max()


@pytest.mark.filterwarnings('ignore:expected_gradients. attributions are off')
def test_the_delta(session, model, rng):
    X, T = model
    xs, ys, references = rng.randn(3, 5), rng.randn(3, 3), rng.randn(4, 5)
    change = per_sample(ys * session.run(T, {X: xs})) - per_sample(
        ys * session.run(T, {X: references}).mean(0))
    sizes = []
    with DeepExplain(session=session) as de:
        for samples in (10, 50000):
            got, delta = de.explain('expected_gradients', T, X, xs, ys, references=references, samples=samples, seed=0,
                                    return_convergence_delta=True)
            np.testing.assert_allclose(delta, per_sample(got) - change, atol=1e-5)
            sizes.append(np.abs(delta).max())
    assert sizes[1] < .1 * sizes[0]


def test_seeds_and_order(session, model, rng):
    X, T = model
    xs, references = rng.randn(4, 5), rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('expected_gradients', T, X, references=references, seed=1)
        want = explainer.run(xs)
        np.testing.assert_array_equal(explainer.run(xs), want)
        assert np.abs(explainer.run(xs, seed=2) - want).max() > 1e-4
        np.random.seed(1)
        np.testing.assert_array_equal(de.explain('expected_gradients', T, X, xs, references=references), want)
        close(explainer.run(xs[:2]), want[:2], 1e-6)


def test_references_of_a_run(session, model, rng):
    X, T = model
    xs, references = rng.randn(2, 5), rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        want = de.get_explainer('expected_gradients', T, X, references=references).run(xs, seed=1)
        explainer = de.get_explainer('expected_gradients', T, X, references=np.zeros((2, 5)))
        np.testing.assert_array_equal(explainer.run(xs, seed=1, references=references), want)
        np.testing.assert_array_equal(de.explain('expected_gradients', T, X, xs, references=references, seed=1), want)
        size = len(session.graph.get_operations())
        de.explain('expected_gradients', T, X, xs, references=2 * references, seed=2)
        assert len(session.graph.get_operations()) == size


def test_draws_share_calls(session, rng):
    X, T, seen = counted(rng)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('expected_gradients', T, X, references=rng.randn(7, 5))
        for n, batch_size, calls in ((1, None, 1), (3, None, 1), (3, 40, 4), (2, 1, 100)):
            counting.calls, seen[:] = [], []
            explainer.run(rng.randn(n, 5), 1, batch_size)
            assert len(counting.calls) == calls and sum(seen) == 50 * n and max(seen) <= (batch_size or 50 * n)


@pytest.mark.parametrize('batch_size', [None, 3, 100])
def test_a_target_that_is_one_number_for_all_samples(session, rng, batch_size):
    # The gradient of a sample is that of a mean over as many, so every call has to be of all of them.
    X = tf.placeholder(tf.float32, [None, 5])
    xs, references = rng.randn(3, 5), rng.randn(2, 5)
    options = dict(references=references, samples=4, seed=1)
    with DeepExplain(session=session) as de:
        want = de.explain('expected_gradients', tf.reduce_sum(tf.tanh(X), 1), X, xs, **options) / 3
        got = de.explain('expected_gradients', tf.reduce_mean(tf.reduce_sum(tf.tanh(X), 1)), X, xs,
                         batch_size=batch_size, **options)
    close(got, want, 1e-5)


def test_a_fixed_batch_size(session, rng):
    Z, X = tf.placeholder(tf.float32, [4, 5]), tf.placeholder(tf.float32, [None, 5])
    T, same = [mlp(tf.nn.tanh, np.random.RandomState(1), X=x)[1] for x in (Z, X)]
    initialise(session)
    xs, options = rng.randn(3, 5), dict(references=rng.randn(2, 5), samples=5, seed=1)
    with DeepExplain(session=session) as de:
        close(de.explain('expected_gradients', T, Z, xs, **options),
              de.explain('expected_gradients', same, X, xs, **options), 1e-5)


@pytest.mark.parametrize('batch_size', [None, 4])
def test_a_target_of_fixed_rows(session, rng, batch_size):
    # Row i of a call has to be sample i.
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.reduce_sum(tf.tanh(X) * tf.constant([[1.], [2], [3], [4]]), 1)
    assert T.shape.as_list() == [4]
    options = dict(references=[[0, 0], [1, 1]], samples=6, seed=2)
    xs = rng.randn(4, 2)
    with DeepExplain(session=session) as de:
        plain = de.explain('expected_gradients', tf.reduce_sum(tf.tanh(X), 1), X, xs, **options)
        got = de.explain('expected_gradients', T, X, xs, batch_size=batch_size, **options)
    close(got, plain * [[1], [2], [3], [4]], 1e-5)


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
def test_the_dtype_is_the_inputs(session, dtype):
    X = tf.placeholder(dtype, [None, 2])
    with DeepExplain(session=session) as de:
        got = de.explain('expected_gradients', tf.reduce_sum(X ** 2, 1), X, [[1, 2]], references=[[0, 0]], seed=0)
    assert got.dtype == dtype and got.all()


def test_errors(session, model):
    X, T = model
    counting = Counting(session)
    xs = np.ones((2, 5))
    with DeepExplain(session=counting) as de:
        with pytest.raises(RuntimeError, match=r'expected_gradients needs references, an array \(m,\) \+ the shape'):
            de.explain('expected_gradients', T, X, xs, 'max')
        with pytest.raises(RuntimeError, match='expected_gradients needs references'):
            de.explain('expected_gradients', T, X, xs, 'max', references=None)
        for references in (np.ones(5), np.ones((3, 4)), 0):
            with pytest.raises(RuntimeError, match='References shape .* does not match expected shape'):
                de.get_explainer('expected_gradients', T, X, references=references)
            with pytest.raises(RuntimeError, match='References shape .* does not match expected shape'):
                de.explain('expected_gradients', T, X, xs, 'max', references=references)
        with pytest.raises(RuntimeError, match='references must be as many for every input, and at least one, not 0'):
            de.get_explainer('expected_gradients', T, X, references=np.ones((0, 5)))
        with pytest.raises(ValueError, match='samples must be a positive int, not 0'):
            de.get_explainer('expected_gradients', T, X, samples=0)
        for call in (de.get_explainer, lambda *args, **options: de.explain(*args, xs, 'max', **options)):
            with pytest.raises(ValueError, match='seed must be an int of at least 0'):
                call('expected_gradients', T, X, references=xs, seed='now')
        with pytest.raises(TypeError, match="has no option 'baseline'; its options are references, samples, seed"):
            de.explain('expected_gradients', T, X, xs, 'max', baseline=0)
        with pytest.raises(RuntimeError, match='does not depend differentiably on X'):
            de.get_explainer('expected_gradients', tf.round(T), X, references=xs)
    assert counting.calls == []
