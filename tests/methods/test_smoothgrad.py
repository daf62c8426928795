"""Statistics over noisy copies, and the objects that stand for them."""
import tracemalloc

import draws
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, counted, dense, initialise, mlp

from deepexplain.tensorflow import DeepExplain, attribution_methods, noise_tunnel
from deepexplain.tensorflow.runs.moments import Moments

NAMES = {'mean': 'smoothgrad', 'mean_square': 'smoothgrad_squared', 'variance': 'vargrad'}
#: What a method that can be in noise needs beside defaults.
NEEDED = {'intgrad': dict(steps=4), 'integrated_gradients': dict(steps=4), 'shapley_sampling': dict(samples=2),
          'expected_gradients': dict(references=np.eye(5)[:3], samples=3), 'lrp': dict(uncovered='gradient')}
INNER = ['zero', 'saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'shapley_sampling', 'gradient',
         'expected_gradients', 'input', 'random', 'lrp']


def copies(xs, count, noise, seed):
    """For each sample its noisy copies, (n, count) + a sample's shape, of each input."""
    found = [np.zeros((len(x), count) + x.shape[1:], np.float32) for x in xs]
    sizes = [x[0].size for x in xs]
    for i in range(len(xs[0])):
        for k in range(count):
            drawn = np.split(draws.normal(seed, i, k, sum(sizes)), np.cumsum(sizes)[:-1])
            for one, x, numbers in zip(found, xs, drawn):
                x = x.astype(np.float32)
                one[i, k] = x[i] + noise * (float(x[i].max()) - float(x[i].min())) * numbers.reshape(x[i].shape)
    return found


STATISTICS = {'mean': lambda values: values.mean(1), 'mean_square': lambda values: (values ** 2).mean(1),
              'variance': lambda values: values.var(1)}


# Numbers.

def test_of_a_linear_model(session):
    X = tf.placeholder(tf.float32, [None, 2])
    T = 3 * X[:, 0] - .1 * X[:, 1]
    with DeepExplain(session=session) as de:
        gradient = de.explain('gradient', T, X, [[1, 2], [0, 5]])
        for batch_size in (None, 7):
            run = dict(xs=[[1, 2], [0, 5]], batch_size=batch_size)
            np.testing.assert_array_equal(de.explain('smoothgrad', T, X, **run), gradient)
            close(de.explain('smoothgrad_squared', T, X, **run), gradient ** 2, 1e-6)
            np.testing.assert_array_equal(de.explain('vargrad', T, X, **run), 0 * gradient)


def test_of_a_quadratic_model(session):
    # The gradient at x + e is 2 (x + e): its mean is 2x, its variance 4 times that of e, (.2 * 3) ** 2.
    X = tf.placeholder(tf.float32, [None, 3])
    xs = np.array([[0, 1, 3]])
    with DeepExplain(session=session) as de:
        found = {name: de.explain(name, tf.reduce_sum(X ** 2, 1), X, xs, samples=40000, noise=.2, seed=0)
                 for name in NAMES.values()}
    np.testing.assert_allclose(found['smoothgrad'], 2 * xs, atol=.02)
    np.testing.assert_allclose(found['vargrad'], np.full((1, 3), 4 * .6 ** 2), atol=.03)
    np.testing.assert_allclose(found['smoothgrad_squared'], 4 * xs ** 2 + 4 * .6 ** 2, atol=.2)


@pytest.mark.parametrize('statistic', sorted(NAMES))
@pytest.mark.parametrize('batch_size', [None, 1, 3, 8, 1000])
def test_against_single_gradients(session, model, rng, statistic, batch_size):
    X, T = model
    xs, ys = rng.randn(3, 5), rng.randn(3, 3)
    unit = tf.placeholder(tf.float32, [3])
    gradient = tf.gradients(tf.reduce_sum(T * unit), X)[0]
    values = np.array([[session.run(gradient, {X: [one], unit: y})[0] for one in noisy]
                       for noisy, y in zip(copies([xs], 6, .3, 4)[0], ys)])
    with DeepExplain(session=session) as de:
        got = de.explain(NAMES[statistic], T, X, xs, ys, batch_size, samples=6, noise=.3, seed=4)
        # What is random is drawn once more alike, and not by numpy's global state.
        np.random.seed(1)
        again = de.explain(noise_tunnel('gradient', statistic, samples=6, noise=.3, seed=np.random.RandomState(4)), T,
                           X, xs, ys, batch_size)
    assert got.dtype == np.float32
    close(got, STATISTICS[statistic](values), 1e-5)
    np.testing.assert_array_equal(again, got)


@pytest.mark.parametrize('statistic', sorted(NAMES))
@pytest.mark.parametrize('of', INNER)
@pytest.mark.filterwarnings('ignore:elrp', 'ignore:LRP')
def test_every_method_in_noise(session, rng, of, statistic):
    # Against the method itself, on copies made here: rows of ys, of a feed and of baselines go with their sample.
    X, other = tf.placeholder(tf.float32, [None, 5]), tf.placeholder(tf.float32, [None, 5])
    T = mlp(tf.nn.softplus, rng, X=X * other)[1]
    initialise(session)
    n, count = 3, 4
    xs, ys, others, baseline = rng.randn(n, 5), rng.randn(n, 3), rng.randn(n, 5), rng.randn(n, 5)
    options = NEEDED.get(of, {})
    later = dict(baseline=baseline) if 'baseline' in attribution_methods[of].run_options else {}
    drawn = 'seed' in attribution_methods[of].run_options
    with DeepExplain(session=session) as de:
        if drawn:
            # The method draws once for each copy, from a generator of its own.
            noisy = copies([xs], count, .15, 12)[0]
            generator = np.random.RandomState(8)
            values = np.stack([de.explain(of, T, X, noisy[:, k], ys, feed_dict={other: others}, seed=generator,
                                          **dict(options, **later)) for k in range(count)], 1)
            options = dict(options, seed=8)
        else:
            noisy = copies([xs], count, .15, 12)[0]
            rows = np.repeat(np.arange(n), count)
            at_rows = {name: value[rows] for name, value in later.items()}
            values = de.explain(of, T, X, noisy.reshape(-1, 5), ys[rows], feed_dict={other: others[rows]},
                                **dict(options, **at_rows)).reshape(n, count, 5)
        want = STATISTICS[statistic](values.astype(np.float64))
        tunnel = noise_tunnel(of, statistic, samples=count, seed=12, options=options)
        for batch_size in (None, 2, 5):
            got = de.explain(tunnel, T, X, xs, ys, batch_size, {other: others}, **later)
            np.testing.assert_allclose(got, want, atol=2e-5 * max(np.abs(values).max() ** 2, 1e-3))
        inside = noise_tunnel(of, statistic, samples=count, seed=12, options=dict(options, **later))
        for explainer in (de.get_explainer(inside, T, X), de.get_explainer(
                NAMES[statistic], T, X, of=of, options=dict(options, **later), samples=count, seed=12)):
            close(explainer.run(xs, ys, feed_dict={other: others}),
                  de.explain(tunnel, T, X, xs, ys, feed_dict={other: others}, **later), 1e-5)


def test_a_method_that_draws_takes_the_seed_of_the_noise_and_draws_anew_in_each_copy(session, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    tunnel = noise_tunnel('random', 'variance', samples=200, noise=0)
    with DeepExplain(session=session) as de:
        spread = de.explain(tunnel, T, X, xs, seed=3)
        np.testing.assert_array_equal(de.explain(tunnel, T, X, xs, seed=3), spread)
        assert np.abs(de.explain(tunnel, T, X, xs, seed=4) - spread).max() > .01
        np.testing.assert_allclose(spread, 1, atol=.4)
        np.random.seed(3)
        np.testing.assert_array_equal(de.explain(tunnel, T, X, xs), spread)


def test_several_inputs_have_ranges_of_their_own(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 2, 2])
    T = mlp(tf.nn.tanh, rng, X=tf.concat([a, tf.reshape(b, [-1, 4])], 1), inputs=6)[1]
    initialise(session)
    xs = [rng.randn(3, 2), 5 * rng.randn(3, 2, 2)]
    noisy = copies(xs, 4, .15, 2)
    with DeepExplain(session=session) as de:
        values = de.explain('intgrad', T, [a, b], [one.reshape((-1,) + one.shape[2:]) for one in noisy], steps=3)
        for batch_size in (None, 5):
            got = de.explain('smoothgrad', T, [a, b], xs, None, batch_size, of='intgrad', options=dict(steps=3),
                             samples=4, seed=2)
            for one, value, x in zip(got, values, xs):
                close(one, value.reshape((3, 4) + x.shape[1:]).mean(1), 1e-5)


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
def test_results_have_the_dtype_of_the_input(session, dtype):
    X = tf.placeholder(dtype, [None, 3])
    with DeepExplain(session=session) as de:
        for name in NAMES.values():
            got = de.explain(name, tf.reduce_sum(X ** 2, 1), X, [[1, 2, 3]], samples=30, seed=0)
            assert got.dtype == dtype and got.any()


def test_what_is_constant_gets_no_noise(session, model, rng):
    X, T = model
    xs = np.array([[2.] * 5, [1, 1, 1, 1, 2]])
    with DeepExplain(session=session) as de:
        got = de.explain('vargrad', T, X, xs, of='input', samples=9)
    assert not got[0].any() and got[1].all()


def test_no_noise_is_the_method_itself(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        got = de.explain(noise_tunnel('deeplift', noise=0, samples=3), T, X, xs)
        close(got, de.explain('deeplift', T, X, xs), 1e-6)


def test_more_samples_do_not_change_the_first_ones(session, model, rng):
    X, T = model
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('smoothgrad', T, X, samples=5, seed=1)
        whole = explainer.run(xs)
        close(explainer.run(xs[:2]), whole[:2], 1e-6)
        other = xs.copy()
        other[2:] *= 3
        close(explainer.run(other)[:2], whole[:2], 1e-6)
        # Who comes later has other noise, unless his number comes along.
        assert np.abs(explainer.run(xs[::-1])[::-1] - whole).max() > 1e-4
        close(explainer.run(xs[::-1], ids=[3, 2, 1, 0])[::-1], whole, 1e-6)


def test_seeds(session, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('smoothgrad', T, X, samples=5, seed=1)
        want = explainer.run(xs)
        np.testing.assert_array_equal(explainer.run(xs), want)
        assert np.abs(explainer.run(xs, seed=2) - want).max() > 1e-4
        np.random.seed(1)
        np.testing.assert_array_equal(de.explain('smoothgrad', T, X, xs, samples=5), want)
        if hasattr(np.random, 'default_rng'):
            pair = [explainer.run(xs, seed=np.random.default_rng(1)) for _ in range(2)]
            np.testing.assert_array_equal(*pair)


def test_the_shape_is_that_of_the_method(session, model, rng):
    X, T = model
    a = tf.placeholder(tf.float32, [None, 3, 4])
    U = dense(tf.reshape(tf.tanh(a), [-1, 12]), rng, 2)
    initialise(session)
    with DeepExplain(session=session) as de:
        pictures = rng.randn(2, 3, 4)
        tunnel = noise_tunnel('shapley_sampling', samples=2, sampling_dims=[1], options=dict(samples=3), seed=0)
        assert de.explain(tunnel, U, a, pictures).shape == (2, 3)
        for of in ('occlusion', 'shapley_sampling'):
            mask = dict(feature_mask=[0, 1, 1, 0, 2], per_group=True)
            tunnel = noise_tunnel(of, samples=2, noise=0, **mask)
            got = de.explain(tunnel, T, X, rng.randn(4, 5), batch_size=3)
            assert got.shape == (4, 3)
        two = de.explain(noise_tunnel('occlusion', samples=2, feature_mask=[[0, 1, 1, 0, 2]], per_group=True), T, [X],
                         [rng.randn(4, 5)])
        assert two.shape == (4, 3)


# What a run costs.

def test_copies_share_calls(session, rng):
    X, T, seen = counted(rng)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        for options, n, batch_size, calls, rows in (
                ({}, 1, None, 1, 50), ({}, 4, 60, 4, 200), ({}, 3, 1, 150, 150),
                (dict(of='intgrad', options=dict(steps=10), samples=5), 2, None, 1, 100),
                (dict(of='occlusion', samples=5), 2, None, 1, 60),
                # It draws itself, so each draw is a call.
                (dict(of='expected_gradients', options=dict(references=np.ones((2, 5)), samples=4), samples=3),
                 2, None, 3, 24),
                (dict(of='input'), 4, None, 0, 0)):
            explainer = de.get_explainer('smoothgrad', T, X, **options)
            counting.calls, seen[:] = [], []
            explainer.run(rng.randn(n, 5), rng.randn(n, 3), batch_size)
            assert len(counting.calls) == calls and sum(seen) == rows
            assert max(seen or [0]) <= (batch_size or rows)


def test_memory_does_not_grow_with_the_copies(session, rng):
    X = tf.placeholder(tf.float32, [None, 2000])
    T = tf.reduce_sum(tf.tanh(X), 1)
    xs, peaks = rng.randn(3, 2000), []
    with DeepExplain(session=session) as de:
        for samples in (10, 10, 400):  # the first one warms up
            explainer = de.get_explainer('vargrad', T, X, samples=samples)
            tracemalloc.start()
            explainer.run(xs, batch_size=10)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] > 10 * 2000 * 8
    assert peaks[2] < 1.5 * peaks[1]


@pytest.mark.parametrize('of', ['gradient', 'deeplift', 'intgrad'])
@pytest.mark.parametrize('batch_size', [None, 3, 100])
@pytest.mark.filterwarnings('ignore:deeplift. unsupported')
def test_a_target_that_is_one_number_for_all_samples(session, rng, of, batch_size):
    X = tf.placeholder(tf.float32, [None, 5])
    T = tf.reduce_mean(tf.nn.softplus(X) * tf.reduce_sum(X))
    xs = rng.randn(3, 5)
    options = NEEDED.get(of, {})
    noisy = copies([xs], 4, .15, 5)[0]
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        want = np.mean([de.explain(of, T, X, noisy[:, k], **options) for k in range(4)], 0)
        explainer = de.get_explainer(noise_tunnel(of, samples=4, seed=5, **options), T, X)
        counting.calls = []
        close(explainer.run(xs, batch_size=batch_size), want, 1e-5)
        assert len(counting.calls) == 4 * options.get('steps', 1)


def test_a_fixed_batch_size(session, rng):
    Z, X = tf.placeholder(tf.float32, [4, 5]), tf.placeholder(tf.float32, [None, 5])
    T, same = [mlp(tf.nn.tanh, np.random.RandomState(1), X=x)[1] for x in (Z, X)]
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for of in ('gradient', 'deeplift', 'intgrad', 'shapley_sampling'):
            tunnel = noise_tunnel(of, samples=3, seed=1, options=NEEDED.get(of, {}))
            close(de.explain(tunnel, T, Z, xs), de.explain(tunnel, same, X, xs), 1e-5)


def test_a_feed_that_has_as_many_fixed_rows_as_samples(session, rng):
    X, S = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [4, 3])
    T = tf.reduce_sum(tf.tanh(X + S), 1)
    xs, state = rng.randn(4, 3), rng.randn(4, 3)
    noisy = copies([xs], 5, .15, 1)[0]
    with DeepExplain(session=session) as de:
        got = de.explain('smoothgrad', T, X, xs, feed_dict={S: state}, samples=5, seed=1)
    close(got, (1 - np.tanh(noisy + state[:, np.newaxis]) ** 2).mean(1), 1e-5)


# Options.

def test_one_explainer_for_equal_options(session, model, rng):
    X, T = model
    xs = rng.randn(2, 5)

    def grows(method, **options):
        size = len(session.graph.get_operations())
        de.explain(method, T, X, xs, **options)
        return len(session.graph.get_operations()) > size

    with DeepExplain(session=session) as de:
        assert grows('smoothgrad', samples=3)
        assert not grows('smoothgrad', samples=3, seed=1)
        assert grows('smoothgrad', samples=4)
        assert grows('vargrad', samples=3)
        assert grows('smoothgrad', of='intgrad', options=dict(steps=3), samples=3)
        assert not grows('smoothgrad', of='intgrad', options=dict(steps=3, baseline=xs[0]), samples=3)
        assert not grows('smoothgrad', of='intgrad', options=dict(steps=3), samples=3, references=xs)
        assert grows(noise_tunnel('intgrad', steps=5))
        assert not grows(noise_tunnel('intgrad', steps=5))
        assert not grows(noise_tunnel('intgrad', steps=5, baseline=xs, seed=4))
        assert grows(noise_tunnel('intgrad', steps=6))
        assert grows(noise_tunnel('shapley_sampling', samples=2, options=dict(samples=3, seed=1)))
        assert not grows(noise_tunnel('shapley_sampling', samples=2, options=dict(samples=3, seed=1)), seed=3)


def test_what_is_said_beside_a_tunnel_goes_first(session, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    tunnel = noise_tunnel('saliency', samples=3, seed=1)
    with DeepExplain(session=session) as de:
        np.testing.assert_array_equal(de.explain(tunnel, T, X, xs, seed=2, samples=5),
                                      de.explain(noise_tunnel('saliency', samples=5, seed=2), T, X, xs))
        explainer = de.get_explainer(tunnel, T, X)
        assert explainer.method == 'smoothgrad'
        np.testing.assert_array_equal(explainer.run(xs), de.explain(tunnel, T, X, xs))


def test_a_tunnel_does_not_change(session, model, rng):
    X, T = model
    baseline, shape, xs = rng.randn(5), [2], rng.randn(2, 5)
    tunnel = noise_tunnel('occlusion', samples=2, seed=1, baseline=baseline, window_shape=shape)
    with DeepExplain(session=session) as de:
        want = de.explain(tunnel, T, X, xs)
        baseline[:] = 7
        shape[:] = [3]
        np.testing.assert_array_equal(de.explain(tunnel, T, X, xs), want)
        given = dict(baseline=np.zeros(5), steps=2)
        de.explain('smoothgrad', T, X, xs, of='intgrad', options=given)
        assert sorted(given) == ['baseline', 'steps'] and not given['baseline'].any()
    with pytest.raises(AttributeError):
        tunnel.method = 'vargrad'
    with pytest.raises(TypeError):
        tunnel.options['samples'] = 3
    with pytest.raises(TypeError):
        tunnel.options['options']['step'] = 3


BAD = [
    (dict(of='gradients'), ValueError, "of must be the name of a method to give noise to, one of .*'saliency'.*, not "
                                       "'gradients'"),
    (dict(of='occlusions'), ValueError, "^Did you mean 'occlusion'. of must be the name"),
    (dict(of='vargrad'), ValueError, "of must be the name .*not 'vargrad'"),
    # In noise there are no letters.
    (dict(of='in_silico_mutagenesis'), ValueError, "of must be the name .*not 'in_silico_mutagenesis'"),
    (dict(of=noise_tunnel('saliency')), ValueError, 'of must be the name .*not NoiseTunnel'),
    (dict(of=None), ValueError, 'of must be the name .*not None'),
    (dict(of='intgrad', options=dict(epsilon=1)), TypeError, "IntegratedGradients has no option 'epsilon'; its options "
                                                             'are steps, baseline'),
    (dict(of='saliency', options=dict(steps=1)), TypeError, "Saliency has no option 'steps'; it has none"),
    (dict(of='intgrad', options=[5]), TypeError, "options must be a dict of the options of 'intgrad', not list"),
    (dict(of='saliency', samples=0), ValueError, 'samples must be a positive int, not 0'),
    (dict(of='saliency', samples=2.5), ValueError, 'samples must be a positive int, not 2.5'),
    (dict(of='saliency', noise=-.1), ValueError, 'noise must be a number of at least 0, not -0.1'),
    (dict(of='saliency', noise=float('nan')), ValueError, 'noise must be a number of at least 0, not nan'),
    (dict(of='saliency', noise=float('inf')), ValueError, 'noise must be a number of at least 0, not inf'),
    (dict(of='saliency', noise=True), ValueError, 'noise must be a number of at least 0, not True'),
    (dict(of='saliency', noise='much'), ValueError, "noise must be a number of at least 0, not 'much'"),
    (dict(of='saliency', seed=-1), ValueError, 'seed must be an int of at least 0'),
]


@pytest.mark.parametrize('options,error,words', BAD)
def test_bad_options(session, model, options, error, words):
    X, T = model
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        size = len(session.graph.get_operations())
        for name in NAMES.values():
            with pytest.raises(error, match=words):
                de.get_explainer(name, T, X, **options)
            with pytest.raises(error, match=words):
                de.explain(name, T, X, np.ones((1, 5)), 'max', **options)
        with pytest.raises(error, match=words):
            noise_tunnel(**options)
        # A seed is one of the run's arguments, so there the explainer is made.
        assert 'seed' in options or len(session.graph.get_operations()) == size
    assert counting.calls == []


def test_bad_tunnels(session, model):
    X, T = model
    for statistic in ('median', None, ['mean']):
        with pytest.raises(ValueError, match="statistic must be 'mean', 'mean_square' or 'variance', not "):
            noise_tunnel('saliency', statistic)
    with pytest.raises(TypeError, match="noise_tunnel: 'steps' is given twice, by name and in options"):
        noise_tunnel('intgrad', steps=3, options=dict(steps=3))
    with pytest.raises(TypeError, match="Saliency has no option 'steps'"):
        noise_tunnel('saliency', steps=3)
    with DeepExplain(session=session) as de:
        with pytest.raises(TypeError, match="SmoothGrad has no option 'steps'; its options are of, options, samples"):
            de.explain(noise_tunnel('intgrad'), T, X, np.ones((1, 5)), steps=3)


def test_bad_arguments_of_a_run(session, model):
    X, T = model
    counting = Counting(session)
    xs = np.ones((2, 5))
    with DeepExplain(session=counting) as de:
        plain, of_path = de.get_explainer('smoothgrad', T, X), de.get_explainer('vargrad', T, X, of='intgrad')
        with pytest.raises(TypeError, match="run of smoothgrad takes no option 'baseline'; it takes seed"):
            plain.run(xs, 'max', baseline=0)
        with pytest.raises(TypeError, match="run of vargrad takes no option 'steps'; it takes seed, baseline, referen"):
            of_path.run(xs, 'max', steps=3)
        with pytest.raises(ValueError, match='seed must be an int of at least 0'):
            plain.run(xs, 'max', seed=-1)
        with pytest.raises(RuntimeError, match=r'Baseline shape \(4,\) does not match'):
            of_path.run(xs, 'max', baseline=np.ones(4))
        with pytest.raises(RuntimeError, match='expected_gradients needs references'):
            de.explain('smoothgrad', T, X, xs, 'max', of='expected_gradients')
        with pytest.raises(RuntimeError, match='return_convergence_delta is not defined for vargrad'):
            of_path.run(xs, 'max', return_convergence_delta=True)
        with pytest.raises(TypeError, match="SmoothGrad has no option 'baseline'"):
            de.explain('smoothgrad', T, X, xs, 'max', baseline=0)
    assert counting.calls == []


def test_noise_is_not_for_ints(session):
    X = tf.placeholder(tf.int32, [None, 3], name='ids')
    T = tf.reduce_sum(tf.cast(X, tf.float32), 1)
    with DeepExplain(session=session) as de:
        assert de.explain('occlusion', T, X, [[1, 2, 3]]).tolist() == [[1, 2, 3]]
        with pytest.raises(RuntimeError, match="VarGrad adds noise to X: 'ids:0' must be of floats, not int32"):
            de.explain('vargrad', T, X, [[1, 2, 3]], of='occlusion')


def test_moments(rng):
    # Far from 0, where the mean of squares less the square of the mean would be noise.
    values = rng.randn(4, 30, 2) + 1e8
    owners = np.repeat(np.arange(4), 30)
    for cuts in ([], [1, 31, 32, 100], list(range(1, 120)), [60]):
        moments = Moments(4, spread=True)
        for rows, part in zip(np.split(owners, cuts), np.split(values.reshape(-1, 2), cuts)):
            moments.add(rows, part)
        np.testing.assert_allclose(moments.mean, values.mean(1), rtol=1e-14)
        np.testing.assert_allclose(moments.variance, values.var(1), rtol=1e-6)
    in_turn = Moments(4, spread=True)
    for k in range(30):
        in_turn.add(np.arange(4), values[:, k])
    np.testing.assert_allclose(in_turn.variance, values.var(1), rtol=1e-6)


def test_an_unknown_option_names_those_of_the_tunnel():
    with pytest.raises(TypeError, match="Saliency has no option 'stat'.* Those of noise_tunnel are statistic, samples"):
        noise_tunnel('saliency', stat='var')
