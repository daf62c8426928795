"""What a run costs in session calls and in rows of the model, counted; and that how they are cut changes nothing."""
import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from models import Counting, close, counted, dense, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.rules import activations
from deepexplain.tensorflow.runs import batching
from deepexplain.tensorflow.runs.batching import Footprint, Rowing, aligned, blocks, pairs, sweep, take


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


def wide(X):
    return tf.reduce_sum(tf.nn.conv2d(X, tf.ones([3, 3, 1, 32]), strides=[1, 1, 1, 1], padding='SAME'), [1, 2, 3])


def test_the_default_number_of_rows_follows_the_largest_tensor(session):
    X = tf.placeholder(tf.float32, [None, 8, 8, 1])
    footprint = Footprint(Path([X], wide(X)))
    assert footprint.rows([np.zeros((5, 8, 8, 1), 'f')]) == batching.LARGEST // (8 * 8 * 32 * 4)
    Z = tf.placeholder(tf.float32, [None, None, None, 1])
    footprint = Footprint(Path([Z], wide(Z)))
    assert footprint.rows([np.zeros((5, 8, 16, 1), 'f')]) == batching.LARGEST // (8 * 16 * 32 * 4)
    assert footprint.rows([np.zeros((1, 10 ** 4, 10 ** 4, 1), 'f')]) == 1


def test_all_tensors_together_are_bounded_too(session, monkeypatch):
    X = tf.placeholder(tf.float32, [None, 8])
    T = X
    for _ in range(50):
        T = tf.tanh(T)
    monkeypatch.setattr(batching, 'TOTAL', 52 * 8 * 4 * 10)
    # X, 50 tensors, and the samples themselves.
    assert Footprint(Path([X], T)).rows([np.zeros((3, 8), 'f')]) == 10
    Z = tf.placeholder(tf.float32, [None, None])
    T = Z
    for _ in range(50):
        T = tf.tanh(T)
    assert Footprint(Path([Z], T)).rows([np.zeros((3, 16), 'f')]) == 5


def looped(x):
    return tf.while_loop(lambda i, h: i < 2, lambda i, h: (i + 1, tf.tanh(h)), [0, x])[1]


def looped_by_functions(x):
    tf.enable_control_flow_v2()
    try:
        return looped(x)
    finally:
        tf.disable_control_flow_v2()


@pytest.mark.parametrize('build', [looped, looped_by_functions, lambda x: plain_tf.function(tf.tanh)(x)])
def test_what_is_done_out_of_sight_gets_few_rows(session, build, monkeypatch):
    monkeypatch.setattr(batching, 'LOOPED', 7 * 8 * 4)
    X = tf.placeholder(tf.float32, [None, 8])
    assert Footprint(Path([X], build(X))).rows([np.zeros((3, 8), 'f')]) == 7
    assert Footprint(Path([X], tf.tanh(X))).rows([np.zeros((3, 8), 'f')]) == batching.LARGEST // (8 * 4)


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
        # One number each says how large the target is, at the input and for deeplift at the references.
        for method, options, more in (('intgrad', dict(steps=50), 1), ('deeplift', dict(references=rng.randn(8, 5)), 2),
                                      ('intgrad', dict(steps=50, references=rng.randn(8, 5)), 1)):
            del sizes[:]
            de.explain(method, T, X, rng.randn(4, 5), rng.randn(4, 3), **options)
            assert sizes == [4 * 5 + more]


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


def test_what_a_custom_rule_is_given_has_the_shape_of_its_input(session, rng):
    from deepexplain.tensorflow import register_rule
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
        activations._rules.pop('Atan', None)


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
    from deepexplain.tensorflow.graph.replica import Replica
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
