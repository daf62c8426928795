"""What is drawn for a sample hangs on the seed and its number, not on batches, order, other rows or cuts of streams."""
import draws
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, initialise, mlp

from deepexplain.tensorflow import DeepExplain, noise_tunnel
from deepexplain.tensorflow.runs.seeds import Draws, check_ids

REFERENCES = np.random.RandomState(5).randn(4, 5)
METHODS = {
    'smoothgrad': ('smoothgrad', dict(samples=4)), 'vargrad of intgrad': ('vargrad', dict(of='intgrad', samples=3,
                                                                                       options=dict(steps=3))),
    'expected_gradients': ('expected_gradients', dict(references=REFERENCES, samples=4)), 'random': ('random', {}),
    'shapley_sampling': ('shapley_sampling', dict(samples=2)),
    'smoothgrad of expected_gradients': ('smoothgrad', dict(
        of='expected_gradients', samples=3, options=dict(references=REFERENCES, samples=2))),
    'smoothgrad of random': ('smoothgrad_squared', dict(of='random', samples=3)),
    'smoothgrad of shapley_sampling': ('smoothgrad', dict(of='shapley_sampling', samples=3, options=dict(samples=2))),
    'smoothgrad of what has its own seed': ('smoothgrad', dict(
        of='expected_gradients', samples=3, options=dict(references=REFERENCES, samples=2, seed=9)))}
N = 6


@pytest.fixture(params=sorted(METHODS))
def explainer(request, session, model):
    X, T = model
    method, options = METHODS[request.param]
    with DeepExplain(session=session) as de:
        return de.get_explainer(method, T, X, **options)


def test_neither_order_nor_other_rows_nor_batches_matter(explainer, rng):
    xs, ids, ys = rng.randn(N, 5), np.array([7, 0, 3, 12, 5, 1]), rng.randn(N, 3)
    whole = explainer.run(xs, ys, seed=3, ids=ids)
    np.testing.assert_array_equal(explainer.run(xs, ys, seed=3, ids=ids), whole)
    for rows in ([5, 4, 3, 2, 1, 0], [2, 0, 5], [4], [1, 1, 3]):
        close(explainer.run(xs[rows], ys[rows], seed=3, ids=ids[rows]), whole[rows], 1e-5)
    for batch_size in (1, 2, 5, 1000):
        close(explainer.run(xs, ys, batch_size, seed=3, ids=ids), whole, 1e-5)
    # By default numbers are counted from 0, or from a first one.
    np.testing.assert_array_equal(explainer.run(xs, ys, seed=3), explainer.run(xs, ys, seed=3, ids=np.arange(N)))
    close(explainer.run(xs[2:], ys[2:], seed=3, ids=2), explainer.run(xs, ys, seed=3)[2:], 1e-5)


def test_seeds_of_a_run(explainer, rng):
    xs = rng.randn(2, 5)
    want = explainer.run(xs, seed=3)
    assert np.abs(explainer.run(xs, seed=4) - want).max() > 1e-5
    np.testing.assert_array_equal(explainer.run(xs, seed=np.random.RandomState(3)), want)
    np.random.seed(3)
    np.testing.assert_array_equal(explainer.run(xs), want)
    # The global state has gone on.
    assert np.abs(explainer.run(xs) - want).max() > 1e-5


@pytest.mark.parametrize('seed', ['int', 'global', 'RandomState', 'Generator', 'of the explainer'])
def test_a_stream_is_one_run_however_it_is_cut(explainer, rng, seed):
    if seed == 'Generator' and not hasattr(np.random, 'default_rng'):
        pytest.skip('numpy has no Generator')
    xs = rng.randn(N, 5)

    def given():
        """A seed, made anew so that it has not been drawn from."""
        np.random.seed(8)
        explainer._attribution.seed = np.random.RandomState(2) if seed == 'of the explainer' else None
        return {'int': 3, 'RandomState': np.random.RandomState(3), 'Generator': seed == 'Generator' and
                np.random.default_rng(3)}.get(seed)

    want = explainer.run(xs, 'max', seed=given())
    for cuts in ([], [3], [1, 2], [2, 5], range(1, N)):
        parts = np.split(xs, cuts)
        got = list(explainer.run_batches(parts, ys='max', seed=given()))
        assert [len(one) for one in got] == [len(one) for one in parts]
        close(np.concatenate(got), want, 1e-5)
    # A stream that begins elsewhere, and batches that say their own numbers and seed.
    got = explainer.run_batches(np.split(xs[2:], [1]), ys='max', seed=given(), ids=2)
    close(np.concatenate(list(got)), want[2:], 1e-5)
    batches = [{'xs': xs[[4, 1]], 'ids': [4, 1]}, {'xs': xs[2:5], 'ids': None}, {'xs': xs[:1], 'ids': 0, 'seed': None}]
    close(np.concatenate(list(explainer.run_batches(batches, ys='max', seed=given()))), want[[4, 1, 2, 3, 4, 0]], 1e-5)


def test_a_stream_with_deltas_and_several_inputs(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = mlp(tf.nn.tanh, rng, X=tf.concat([a, b], 1))[1]
    initialise(session)
    xs, references = [rng.randn(5, 2), rng.randn(5, 3)], [rng.randn(3, 2), rng.randn(3, 3)]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('expected_gradients', T, [a, b], references=references, samples=500)
    want, deltas = explainer.run(xs, 1, return_convergence_delta=True, seed=1)
    parts = [[one[:3] for one in xs], [one[3:] for one in xs]]
    got = list(explainer.run_batches(parts, ys=1, return_convergence_delta=True, seed=1))
    for i, one in enumerate(want):
        close(np.concatenate([result[0][i] for result in got]), one, 1e-5)
    np.testing.assert_allclose(np.concatenate([result[1] for result in got]), deltas, atol=1e-5)


def test_more_copies_go_on_where_fewer_end(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    counting, fed = Counting(session), {}
    with DeepExplain(session=counting) as de:
        for samples, batch_size in ((5, None), (8, None), (8, 3)):
            counting.calls = []
            de.explain('smoothgrad', T, X, xs, None, batch_size, samples=samples, seed=2)
            fed[samples, batch_size] = np.concatenate([call[X.name] for call in counting.calls]).reshape(3, samples, 5)
        np.testing.assert_array_equal(fed[8, None][:, :5], fed[5, None])
        np.testing.assert_array_equal(fed[8, 3], fed[8, None])
        # A method that draws has a number from the seed for each copy, behind the noise's own.
        for samples in (2, 4):
            got = de.explain('smoothgrad', T, X, xs, of='random', samples=samples, seed=2)
            generator = np.random.RandomState(2)
            generator.uniform()
            state = [generator.get_state()]
            want = np.zeros((3, 5))
            for _ in range(samples):
                for i in range(3):
                    generator.set_state(state[-1])
                    want[i] += draws.normal(generator, i, 0, 5) / samples
                state.append(generator.get_state())
            np.testing.assert_allclose(got, want, atol=1e-5)


def test_the_same_rows_have_other_noise_unless_they_have_the_same_number(session, model):
    X, T = model
    xs = np.tile([[.1, -.3, .8, 1, -1]], (3, 1))
    with DeepExplain(session=session) as de:
        for method in ('smoothgrad', 'expected_gradients', 'random'):
            options = dict(references=REFERENCES) if method == 'expected_gradients' else {}
            for ids, same in (([0, 1, 2], False), ([4, 4, 4], True), ([-1, 2 ** 63 - 1, 0], False)):
                got = de.explain(method, T, X, xs, seed=1, ids=ids, **options)
                for i, j in ((0, 1), (1, 2), (0, 2)):
                    assert (np.abs(got[i] - got[j]).max() < 1e-6) == same
        # Permutations are the same for all samples.
        got = de.explain('shapley_sampling', T, X, xs, seed=1, ids=[5, 2, 9])
        close(got, np.tile(got[:1], (3, 1)), 1e-5)
        close(de.explain('shapley_sampling', T, X, xs, seed=1), got, 1e-6)


def test_methods_that_draw_nothing_take_numbers_too(session, model, rng):
    X, T = model
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('saliency', 'deeplift', 'occlusion', 'input'):
            np.testing.assert_array_equal(de.explain(method, T, X, xs, ids=[3, 1, 2]), de.explain(method, T, X, xs))
        tunnel = noise_tunnel('saliency', samples=3, seed=1)
        close(de.explain(tunnel, T, X, xs[1:], ids=1), de.explain(tunnel, T, X, xs)[1:], 1e-5)


@pytest.mark.parametrize('ids', [[0, 1], [[0], [1], [2]], [0., 1, 2], 'abc', ['a', 'b', 'c'], True, [True] * 3, 1.5, {},
                                 [0, None, 2], np.ma.array([0, 1, 2], mask=[0, 1, 0]), [0, [1], 2],
                                 np.ones((3, 3), int), [0, 1, 2 ** 70]], ids=repr)
def test_numbers_that_are_none(session, model, ids):
    X, T = model
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('smoothgrad', T, X)
        words = 'ids must be ints, one for each of the 3 samples, or the int of the first, not '
        for call in (explainer.run, lambda xs, ids: de.explain('zero', T, X, xs, ids=ids)):
            with pytest.raises(ValueError, match=words):
                call(np.ones((3, 5)), ids=ids)
        with pytest.raises(ValueError, match="ids of all batches must be the int .*'ids': ids"):
            explainer.run_batches([np.ones((3, 5))], ids=ids)
    assert counting.calls == []


# -- draws by themselves ----------------------------------------------------------------------------------------------


def test_against_the_slow_replica():
    ids = check_ids(np.array([0, 5, -1]), 3)
    for size in (1, 2, 7):
        want = [draws.uniform(3, i % 2 ** 64, size) for i in (0, 5, -1)]
        np.testing.assert_array_equal(Draws(3, ids, 3).uniform(size), want)
        got = Draws(3, ids, None, 3).normal(np.array([0, 2, 2]), np.array([4, 0, 1]), [np.zeros((9, size))])[0]
        want = [draws.normal(3, i % 2 ** 64, k, size) for i, k in ((0, 4), (-1, 0), (-1, 1))]
        np.testing.assert_allclose(got, want, atol=1e-5)


def test_numbers_are_as_good_as_independent():
    # Of consecutive samples, draws, places and seeds: moments, and products with the next along each axis.
    n, count, size = 40, 40, 63
    rows, of_draws = np.repeat(np.arange(n), count), np.tile(np.arange(count), n)
    found = [Draws(n, None, seed).normal(rows, of_draws, [np.zeros((1, 60)), np.zeros((1, 3))])
             for seed in range(4)]
    values = np.array([np.concatenate(one, 1).reshape(n, count, size) for one in found])
    error = 1 / np.sqrt(values.size)
    for power, moment, spread in ((1, 0, 1), (2, 1, 2 ** .5), (3, 0, 15 ** .5), (4, 3, 96 ** .5)):
        assert abs((values ** power).mean() - moment) < 4 * spread * error
    for axis in range(4):
        moved = np.roll(values, 1, axis)
        assert abs((values * moved).mean()) < 4.5 * error and abs((values ** 2 * moved ** 2).mean() - 1) < 40 * error
    assert abs((values[..., :60:2] * values[..., 1:60:2]).mean()) < 4.5 * error * 2 ** .5
    assert len(np.unique(values.astype(np.float32))) > .95 * values.size and 4 < np.abs(values).max() < 6.8
    even = np.array([Draws(n, None, seed).uniform(900) for seed in range(4)])
    assert 0 <= even.min() < 1e-4 and .9999 < even.max() < 1
    counts = np.histogram(even, 100, (0, 1))[0]
    assert ((counts - even.size / 100) ** 2 / (even.size / 100)).sum() < 160
    assert abs(np.corrcoef(even[:, :, :-1].ravel(), even[:, :, 1:].ravel())[0, 1]) < 4.5 / np.sqrt(even.size)
