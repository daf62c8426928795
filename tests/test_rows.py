"""What a run costs in session calls and in rows of the model, counted; and that how they are cut changes nothing."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, counted, dense, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain, batching, head
from deepexplain.tensorflow.batching import Footprint, Rowing, aligned, blocks, pairs, sweep, take
from deepexplain.tensorflow.graph import Path


class Counting:
    """A session that notes what each call is fed."""

    def __init__(self, session):
        self.graph, self.calls, self._session = session.graph, [], session

    def run(self, fetches, feed):
        self.calls.append(feed)
        return self._session.run(fetches, feed)


@pytest.mark.parametrize('samples,evaluations', [(1, 1), (3, 4), (1, 9), (9, 1), (5, 7)])
@pytest.mark.parametrize('rows', [1, 2, 5, 8, 100])
@pytest.mark.parametrize('exact', [False, True])
def test_every_evaluation_of_every_sample_comes_once(samples, evaluations, rows, exact):
    wanted = [(sample, evaluation) for sample in range(samples) for evaluation in range(evaluations)]
    parts = list(sweep(samples, evaluations, Rowing(rows, True, exact)))
    assert all(len(part.samples) <= rows and (np.diff(part.samples) >= 0).all() for part in parts)
    assert [pair for part in parts for pair in zip(*part)] == wanted
    found = []
    for block in blocks(samples, evaluations, Rowing(rows, True, exact)):
        size = len(block.samples) * len(block.evaluations)
        assert size == rows if exact else size <= rows
        height, width = block.real
        found += [(sample, evaluation) for sample in block.samples[:height]
                  for evaluation in block.evaluations[:width]]
        assert set(block.samples) <= set(range(samples)) and set(block.evaluations) <= set(range(evaluations))
    assert sorted(found) == wanted


def test_calls_are_of_like_size():
    assert [len(part.samples) for part in sweep(256, 1, Rowing(125, True, False))] == [86, 86, 84]
    assert [block.real for block in blocks(1, 130, Rowing(128, True, False))] == [(1, 65), (1, 65)]
    assert [block.real for block in blocks(10, 4, Rowing(32, True, False))] == [(5, 4), (5, 4)]


def test_unmixed_calls_hold_one_evaluation():
    for part in sweep(4, 3, Rowing(2, False, False)):
        assert len(part.samples) == 2 and len(set(part.evaluations)) == 1
    # A call for more rows than there are samples, and one that they do not fill.
    for rows, exact in ((100, False), (4, True), (2, True)):
        parts = list(sweep(3, 2, Rowing(rows, False, exact)))
        assert [part.samples.tolist() for part in parts] == ([[0, 1], [2]] if rows == 2 else [[0, 1, 2]]) * 2
        assert all(len(set(part.evaluations)) == 1 for part in parts)
    assert all(len(block.evaluations) == 1 for block in blocks(4, 3, Rowing(4, False, False)))
    assert pairs(2, 3, False)[1].tolist() == [0, 0, 1, 1, 2, 2]


def test_rows_are_taken_as_views_only_where_they_follow_one_another():
    array = np.arange(10)
    assert np.shares_memory(take(array, np.array([3, 4, 5])), array)
    for samples in ([0, 0, 2], [3, 3, 4], [2, 1, 4], [5]):
        assert take(array, np.array(samples)).tolist() == samples


def test_aligned_memory():
    for dtype in ('float32', 'float64', 'float16', 'int64', 'bool'):
        array = aligned((3, 5), dtype)
        assert array.shape == (3, 5) and array.dtype == dtype and array.ctypes.data % 64 == 0


def test_the_default_number_of_rows_follows_the_largest_tensor(session, rng):
    X = tf.placeholder(tf.float32, [None, 8, 8, 1])
    wide = tf.nn.conv2d(X, tf.ones([3, 3, 1, 32]), strides=[1, 1, 1, 1], padding='SAME')
    footprint = Footprint(Path([X], tf.reduce_sum(wide, [1, 2, 3])))
    assert footprint.rows([np.zeros((5, 8, 8, 1), 'f')]) == batching.LARGEST // (8 * 8 * 32 * 4)
    Z = tf.placeholder(tf.float32, [None, None, None, 1])
    wide = tf.nn.conv2d(Z, tf.ones([3, 3, 1, 32]), strides=[1, 1, 1, 1], padding='SAME')
    footprint = Footprint(Path([Z], tf.reduce_sum(wide, [1, 2, 3])))
    assert footprint.rows([np.zeros((5, 8, 16, 1), 'f')]) == batching.LARGEST // (8 * 16 * 32 * 4)
    assert footprint.rows([np.zeros((1, 10 ** 4, 10 ** 4, 1), 'f')]) == 1


# The rows of the model for one sample: of steps, windows and the whole, the two ends and what lies between them.
METHODS = [('zero', {}, 0), ('saliency', {}, 1), ('grad*input', {}, 1), ('elrp', {}, 1), ('intgrad', dict(steps=7), 7),
           ('occlusion', {}, 1 + 5), ('occlusion', dict(window_shape=(2,), step=3), 1 + 2),
           ('occlusion', dict(feature_mask=[0, 1, 0, 1, 1]), 1 + 2),
           ('shapley_sampling', dict(samples=3), 2 + 3 * 4),
           ('shapley_sampling', dict(samples=3, feature_mask=[0, 1, 2, 2, 2]), 2 + 3 * 2)]


@pytest.mark.filterwarnings('ignore:.*nans', 'ignore:elrp')
@pytest.mark.parametrize('method,options,rows', METHODS)
def test_session_calls_and_rows(session, rng, method, options, rows):
    X, T, seen = counted(rng)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer(method, T, X, **options)
        assert counting.calls == [] and seen == []
        for n, batch_size in ((1, None), (4, None), (4, 1), (4, 3), (3, 100)):
            counting.calls, seen[:] = [], []
            explainer.run(rng.randn(n, 5) + 3, rng.randn(n, 3), batch_size=batch_size)
            assert sum(seen) == n * rows
            fewest = 1 if batch_size is None else -(-n * max(rows, 1) // batch_size)
            # Blocks of whole samples may leave some room, and so may the ways of Shapley sampling.
            assert fewest <= len(counting.calls) <= 2 * fewest + (batch_size is not None and n)
            assert max(seen or [0]) <= (batch_size or n * rows)


def test_deeplift_costs_a_call_and_one_row_more(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('deeplift', T, X, baseline=rng.randn(5))
        explainer.run(rng.randn(6, 5))
        assert sorted(len(array) for array in counting.calls[0].values()) == [1, 6] and len(counting.calls) == 1
        # References are rows, each with its sample, or one more row of a call for each.
        counting.calls = []
        explainer.run(rng.randn(2, 5), references=rng.randn(3, 5))
        assert [[len(array) for array in feed.values()] for feed in counting.calls] == [[6, 6, 6]]
        counting.calls = []
        explainer.run(rng.randn(6, 5), references=rng.randn(3, 5), batch_size=6)
        assert [sorted(len(array) for array in feed.values()) for feed in counting.calls] == [[1, 6]] * 3


def test_what_is_fetched_is_no_larger_than_the_result(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    sizes = []

    class Fetching(Counting):
        def run(self, fetches, feed):
            values = super().run(fetches, feed)
            sizes.append(sum(np.size(value) for value in values) if isinstance(values, list) else np.size(values))
            return values

    with DeepExplain(session=Fetching(session)) as de:
        for method, options in (('intgrad', dict(steps=50)), ('intgrad', dict(steps=50, references=rng.randn(8, 5))),
                                ('deeplift', dict(references=rng.randn(8, 5)))):
            del sizes[:]
            de.explain(method, T, X, rng.randn(4, 5), rng.randn(4, 3), **options)
            assert sizes == [4 * 5]


@pytest.mark.parametrize('method,options', [('occlusion', {}), ('occlusion', dict(window_shape=(2,))), (
    'shapley_sampling', dict(samples=4, seed=0))])
def test_what_changes_nothing_is_not_evaluated(session, rng, method, options):
    X, T, seen = counted(rng)
    initialise(session)
    xs = rng.randn(3, 5)
    xs[0, 1:4] = 0
    xs[1] = 0
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **options)
        got = explainer.run(xs, 1)
        # Features that are there: 2 of the first sample, none of the second, all of the third.
        rows = {'occlusion': 3 + (4 if options else 7), 'shapley_sampling': 6 + 4 * (1 + 0 + 4)}[method]
        if options == dict(window_shape=(2,)):
            rows = 3 + 2 + 0 + 4
        assert sum(seen) == rows
        slow = [explainer.run(one[np.newaxis] + 1e-12, 1) for one in xs]
    close(got, np.concatenate(slow), 1e-4)
    if not options:
        assert not got[1].any() and not got[0, 1:4].any()


def test_shapley_sampling_evaluates_the_ends_once(session, rng):
    X, T, seen = counted(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        _, delta = de.explain('shapley_sampling', T, X, rng.randn(2, 5), samples=10, return_convergence_delta=True)
    assert sum(seen) == 2 * (2 + 10 * 4) and np.abs(delta).max() < 1e-5


def test_a_default_of_few_rows_changes_nothing(session, rng, monkeypatch):
    X, T, seen = counted(rng)
    initialise(session)
    xs, ys = rng.randn(4, 5), rng.randn(4, 3)
    with DeepExplain(session=session) as de:
        for method, options in (('intgrad', dict(steps=9)), ('occlusion', {}), ('shapley_sampling', dict(seed=3))):
            explainer = de.get_explainer(method, T, X, **options)
            whole = explainer.run(xs, ys)
            monkeypatch.setattr(batching, 'LARGEST', 3 * 6 * 4)
            del seen[:]
            close(explainer.run(xs, ys), whole, 1e-5)
            assert max(seen) == 3
            monkeypatch.undo()


def test_a_feed_of_as_many_fixed_rows_as_samples_sets_the_rows_of_a_call(session, rng):
    X, S = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [4, 3])
    T = tf.reduce_sum(tf.tanh(X + S), 1)
    xs, state = rng.randn(4, 3), rng.randn(4, 3)
    change = np.tanh(xs + state) - np.tanh(state)
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'deeplift', 'occlusion', 'shapley_sampling'):
            got = de.explain(method, T, X, xs, feed_dict={S: state})
            np.testing.assert_allclose(got, change, atol=1e-2 if method == 'intgrad' else 1e-5)


def test_a_call_for_more_rows_than_a_mean_over_the_samples_has(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.reduce_mean(tf.tanh(X))
    xs, references = rng.randn(4, 3), rng.randn(5, 3)
    with DeepExplain(session=session) as de:
        for method in ('deeplift', 'intgrad'):
            want = de.explain(method, T, X, xs, references=references)
            for batch_size in (4, 5, 100):
                close(de.explain(method, T, X, xs, batch_size=batch_size, references=references), want, 1e-6)


def test_an_assertion_on_x_is_run_beside_the_path(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    with tf.control_dependencies([tf.Assert(tf.reduce_all(tf.abs(X) < 100), [X])]):
        T = dense(tf.tanh(dense(X, rng, 4)), rng, 2)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'deeplift', 'shapley_sampling'):
            got = de.explain(method, T, X, xs)
            change = per_sample(session.run(T, {X: xs}) - session.run(T, {X: 0 * xs}))
            close(per_sample(got), change, .05)


# A first layer that is one matrix is not computed anew for every row.

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
    monkeypatch.setattr(head, 'WORTH_IT', 0)
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
    assert head.find_head(Path([X], T)) is not None
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
    monkeypatch.setattr(head, 'WORTH_IT', 0)
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
    assert head.find_head(Path([X], tf.tanh(make(X, tf.ones([96, 40]))))) is None


def test_beginnings_that_are_a_matrix_are_found(session, rng):
    for form in ({}, dict(transposed=True), dict(flat=True)):
        X, T, _ = wide(rng, **form)
        assert head.find_head(Path([X], T)).weights.shape.as_list() == [96, 40]
    fixed = tf.placeholder(tf.float32, [4, 96])
    X, T, _ = wide(rng, X=fixed)
    assert head.find_head(Path([X], T)) is None


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
@pytest.mark.parametrize('rank', [1, 2])
def test_the_first_layer_of_models_of_any_precision(session, rng, monkeypatch, dtype, rank):
    monkeypatch.setattr(head, 'WORTH_IT', 0)
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


def test_what_a_custom_rule_is_given_has_the_shape_of_its_input(session, rng):
    from deepexplain.tensorflow import register_rule, rules
    shapes = []

    def rule(grad, x, y, x_ref, y_ref):
        shapes.append(tf.stack([tf.shape(one) for one in (x, y, x_ref, y_ref)]))
        return grad * (y - y_ref) / (x - x_ref)

    try:
        register_rule('Atan', lambda grad, x, y, epsilon: grad, rule)
        X, T = mlp(tf.atan, rng)
        initialise(session)
        with DeepExplain(session=session) as de:
            de.explain('deeplift', T, X, rng.randn(7, 5))
        baseline = [op.outputs[0] for op in session.graph.get_operations() if op.name.endswith('/baseline')][0]
        for shape in session.run(shapes, {X: rng.randn(7, 5), baseline: np.zeros((1, 5))}):
            assert shape[:, 0].tolist() == [7] * 4
    finally:
        rules._rules.pop('Atan', None)


@pytest.mark.parametrize('value', [np.nan, np.inf, 1e20])
def test_a_sample_that_is_no_number_does_not_touch_the_others(session, rng, monkeypatch, value):
    monkeypatch.setattr(head, 'WORTH_IT', 0)
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
    monkeypatch.setattr(head, 'WORTH_IT', 0)
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
    monkeypatch.setattr(head, 'WORTH_IT', 0)
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


@pytest.mark.parametrize('n', [6, 7])
def test_fixed_feeds_of_as_many_rows_as_samples_stay_with_their_samples(session, rng, n):
    # The static shape of T does not show that its rows belong to those of P.
    X, P = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [n, 3])
    T = dense(tf.tanh(tf.placeholder_with_default(X * P, [None, 3])), rng, 2)
    initialise(session)
    xs, p, references = rng.randn(n, 3), rng.randn(n, 3), rng.randn(4, 3)
    xs[2, 1] = 0
    with DeepExplain(session=session) as de:
        for method, options in (('intgrad', dict(steps=6)), ('occlusion', {}), ('shapley_sampling', dict(seed=0)),
                                ('deeplift', dict(references=references)), ('intgrad', dict(references=references))):
            got = de.explain(method, T, X, xs, feed_dict={P: p}, **options)
            Z = tf.placeholder(tf.float32, [None, 3])
            Q = tf.placeholder(tf.float32, [None, 3])
            alone = de.explain(method, _again(T, X, P, Z, Q), Z, xs, feed_dict={Q: p}, **options)
            close(got, alone, 1e-5)


def _again(T, X, P, Z, Q):
    """T as a function of other inputs."""
    from deepexplain.tensorflow.replica import Replica
    path = Path([X, P], T)
    return Replica(path.ops, {X.name: Z, P.name: Q}).tensor(T)


def test_a_target_of_a_fixed_size_is_evaluated_with_as_many_rows(session, rng):
    X, state = tf.placeholder(tf.float32, [None, 3]), tf.constant(rng.randn(6, 3), tf.float32)
    T = tf.tanh(X + state)
    xs = rng.randn(6, 3)
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'occlusion', 'shapley_sampling', 'deeplift'):
            close(de.explain(method, T, X, xs, batch_size=6), de.explain(method, T, X, xs), 1e-5)


def test_a_batch_size_larger_than_memory(session, rng):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'occlusion', 'shapley_sampling', 'deeplift'):
            assert de.explain(method, T, X, xs, batch_size=10 ** 18).shape == (3, 5)


def test_nothing_to_perturb_gives_zeros(session, rng):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = tf.reduce_sum(tf.concat([A, B], 1), 1)
    xs = [rng.randn(4, 2), rng.randn(4, 3)]
    with DeepExplain(session=session) as de:
        for method, options in (('occlusion', dict(window_shape=[None, None])),
                                ('shapley_sampling', dict(sampling_dims=[None, None]))):
            got = de.explain(method, T, [A, B], xs, **options)
            assert [one.shape for one in got] == [(4, 2), (4, 3)] and not any(one.any() for one in got)


def test_strings_are_perturbed_too(session):
    X = tf.placeholder(tf.string, [None, 3])
    table = tf.constant([1., 2., 4.])
    T = tf.reduce_sum(table * tf.cast(tf.equal(X, 'yes'), tf.float32), 1)
    xs = np.array([['yes', 'no', 'yes'], ['no', 'yes', 'yes']], object)
    with DeepExplain(session=session) as de:
        for method in ('occlusion', 'shapley_sampling'):
            np.testing.assert_array_equal(de.explain(method, T, X, xs, baseline=''), [[1, 0, 4], [0, 2, 4]])


# One row of references can stand for all only where the first axis is the samples' throughout.

@pytest.mark.parametrize('merge', [False, True])
def test_samples_merged_with_time_have_a_reference_each(session, rng, merge):
    X = tf.placeholder(tf.float32, [None, 4, 3])
    h = tf.reshape(X, [-1, 3] if merge else [-1, 12])
    h = tf.tanh(dense(h, rng, 3 if merge else 12))
    T = dense(tf.reshape(h, [-1, 12]), rng, 2)
    initialise(session)
    xs, baseline = rng.randn(5, 4, 3), rng.randn(4, 3)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        got = de.explain('deeplift', T, X, xs, baseline=baseline)
        assert sorted(len(array) for array in counting.calls[0].values()) == [5 if merge else 1, 5]
        close(got, de.explain('deeplift', T, X, xs, baseline=np.tile(baseline, (5, 1, 1))), 1e-5)
    close(per_sample(got), per_sample(session.run(T, {X: xs}) - session.run(T, {X: baseline[np.newaxis]})), 1e-5)


KEPT = {
    'conv': lambda X: tf.nn.max_pool(tf.nn.relu(tf.nn.conv2d(X, tf.ones([2, 2, 2, 3]), strides=[1] * 4, padding='VALID')
                                                + tf.ones([3])), ksize=[1, 2, 2, 1], strides=[1] * 4, padding='SAME'),
    'reduced': lambda X: tf.tanh(tf.reduce_mean(X, [1, 2])),
    'flat': lambda X: tf.tanh(tf.layers.flatten(X)),
    'moved': lambda X: tf.tanh(tf.transpose(X, [0, 3, 1, 2])),
    'joined': lambda X: tf.tanh(tf.concat([X, X * 2], 3)),
    'padded': lambda X: tf.tanh(tf.pad(X, [[0, 0], [1, 1], [0, 0], [0, 0]])),
    'residual': lambda X: X + tf.tanh(X),
}
MIXED = {
    'merged': lambda X: tf.tanh(tf.reshape(X, [-1, 4])),
    'moved': lambda X: tf.transpose(tf.tanh(tf.transpose(X, [1, 0, 2, 3])), [1, 0, 2, 3]),
    'joined': lambda X: tf.tanh(tf.concat([X, X * 2], 0)),
    'summed': lambda X: tf.tanh(X - tf.reduce_mean(X, 0)),
    'raised': lambda X: tf.tanh(X + tf.ones([5, 1, 1, 1, 1])),
    'sliced': lambda X: tf.tanh(X[::-1]),
    'counted': lambda X: tf.tanh(X * tf.reshape(tf.cast(tf.range(tf.shape(X)[0]), tf.float32), [-1, 1, 1, 1])),
}


@pytest.mark.parametrize('name', sorted(KEPT))
def test_paths_that_keep_rows(session, name):
    from deepexplain.tensorflow.leading import keeps_rows
    X = tf.placeholder(tf.float32, [None, 4, 4, 2])
    assert keeps_rows(Path([X], KEPT[name](X)))


@pytest.mark.parametrize('name', sorted(MIXED))
def test_paths_that_mix_rows(session, name):
    from deepexplain.tensorflow.leading import keeps_rows
    X = tf.placeholder(tf.float32, [None, 4, 4, 2])
    assert not keeps_rows(Path([X], MIXED[name](X)))


# Fewer evaluations for the same answer.

@pytest.mark.parametrize('quadrature,degree', [('midpoint', 1), ('trapezoid', 1), ('gauss_legendre', 5)])
def test_quadratures_are_exact_for_polynomials_of_their_degree(session, quadrature, degree):
    X = tf.placeholder(tf.float64, [None, 1])
    with DeepExplain(session=session) as de:
        for power in range(1, degree + 2):
            got = de.explain('intgrad', X ** power, X, [[2.]], baseline=[-1.], steps=3, quadrature=quadrature)
            np.testing.assert_allclose(got, [[2. ** power - (-1.) ** power]], rtol=1e-12)
        got = de.explain('intgrad', X ** (degree + 3), X, [[2.]], baseline=[-1.], steps=3, quadrature=quadrature)
        assert abs(got[0, 0] - (2. ** (degree + 3) - (-1.) ** (degree + 3))) > 1e-3


def test_quadratures_by_hand(session):
    # The gradient of x^3 at 0 + a 2 is 12 a^2.
    X = tf.placeholder(tf.float32, [None, 1])
    with DeepExplain(session=session) as de:
        for quadrature, want in (('riemann_right', 24 * (1 / 16 + 1 / 4 + 9 / 16 + 1) / 4),
                                 ('midpoint', 24 * (1 + 9 + 25 + 49) / 64 / 4),
                                 ('trapezoid', 24 * (0 / 2 + 1 / 9 + 4 / 9 + 1 / 2) / 3), ('gauss_legendre', 8)):
            for batch_size in (None, 3):
                got = de.explain('intgrad', X ** 3, X, [[2.]], steps=4, quadrature=quadrature, batch_size=batch_size)
                np.testing.assert_allclose(got, [[want]], rtol=1e-6)


def test_quadratures_with_a_fixed_number_of_rows(session):
    X = tf.placeholder(tf.float32, [4, 1])
    with DeepExplain(session=session) as de:
        for quadrature in ('riemann_right', 'trapezoid', 'gauss_legendre'):
            got = de.explain('intgrad', X ** 2, X, [[1.], [2.], [3.]], steps=5, quadrature=quadrature)
            want = 1.2 if quadrature == 'riemann_right' else 1
            np.testing.assert_allclose(got, want * np.array([[1], [4], [9]]), rtol=1e-5)


def test_quadratures_that_are_refused(session):
    X = tf.placeholder(tf.float32, [None, 1])
    with DeepExplain(session=session) as de:
        for quadrature in ('simpson', None, 3):
            with pytest.raises(ValueError, match="quadrature must be 'riemann_right', .*, not %r" % quadrature):
                de.get_explainer('intgrad', X ** 2, X, quadrature=quadrature)
        with pytest.raises(ValueError, match='at least 2 steps'):
            de.get_explainer('intgrad', X ** 2, X, quadrature='trapezoid', steps=1)


def test_antithetic_permutations_are_exact_for_pairs(session, rng):
    # In any order and its reverse each of two features that are multiplied comes first once.
    X = tf.placeholder(tf.float32, [None, 4])
    T = X[:, 0] * X[:, 1] + 3 * X[:, 2] * X[:, 3] + X[:, 0] * X[:, 3]
    x = rng.randn(2, 4)
    a, b, c, d = x.T
    want = np.stack([(a * b + a * d) / 2, a * b / 2, 3 * c * d / 2, (3 * c * d + a * d) / 2], 1)
    with DeepExplain(session=session) as de:
        got = de.explain('shapley_sampling', T, X, x, samples=2, antithetic=True)
        np.testing.assert_allclose(got, want, atol=1e-5)
        assert np.abs(de.explain('shapley_sampling', T, X, x, samples=2, seed=0) - want).max() > .1


def test_antithetic_samples_mean_permutations(session, rng):
    X, T, seen = counted(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        for samples in (1, 2, 5):
            del seen[:]
            de.explain('shapley_sampling', T, X, rng.randn(2, 5), samples=samples, antithetic=True)
            assert sum(seen) == 2 * (2 + samples * 4)
        first = de.explain('shapley_sampling', T, X, np.ones((1, 5)), samples=1, antithetic=True, seed=2)
        np.testing.assert_array_equal(first, de.explain('shapley_sampling', T, X, np.ones((1, 5)), samples=1, seed=2))
