"""Explainers and batching: what a run costs in rows and session calls, and that it can be repeated."""
import threading

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise, mlp

from deepexplain.tensorflow import DeepExplain, Explainer

METHODS = ['zero', 'saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'shapley_sampling', 'gradient',
           'smoothgrad', 'vargrad', 'input', 'random']


@pytest.mark.parametrize('method', METHODS)
def test_running_again_adds_nothing_to_the_graph(session, rng, method):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X)
        assert isinstance(explainer, Explainer)
        size = len(session.graph.get_operations())
        for n in (1, 3, 2):
            assert explainer.run(rng.randn(n, 5), rng.randn(n, 3), batch_size=2).shape == (n, 5)
        assert len(session.graph.get_operations()) == size


def test_explain_keeps_one_explainer_for_equal_arguments(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs = rng.randn(2, 5)

    def grows(*arguments, **options):
        size = len(session.graph.get_operations())
        de.explain(*arguments, **options)
        return len(session.graph.get_operations()) > size

    with DeepExplain(session=session) as de:
        assert grows('elrp', T, X, xs)
        assert not grows('elrp', T, X, xs, ys=np.ones((2, 3)), batch_size=1)
        assert grows('elrp', T, X, xs, epsilon=.1)
        assert not grows('elrp', T, X, xs, epsilon=.1)
        assert grows('elrp', T, [X], [xs])
        assert not grows('elrp', T, [X], [xs])
        assert grows('deeplift', T, X, xs, baseline=np.ones(5))
        assert not grows('deeplift', T, X, xs, baseline=np.ones(5))
        assert not grows('deeplift', T, X, xs, baseline=[1.] * 5)
        assert not grows('deeplift', T, X, xs, references=np.ones((3, 5)))
        assert grows('deeplift', T, X, xs, complete=True)


def test_an_explainer_keeps_the_baseline_it_was_given(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    baseline, xs = np.ones(5, np.float32), rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        for method in ('deeplift', 'intgrad'):
            explainer = de.get_explainer(method, T, X, baseline=baseline)
            before = explainer.run(xs)
            baseline[:] = 7
            np.testing.assert_array_equal(explainer.run(xs), before)
            baseline[:] = 1


def test_our_ops_stay_in_a_scope_of_their_own(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    before = {op.name for op in session.graph.get_operations()}
    with DeepExplain(session=session) as de, tf.name_scope('model'):
        for method in METHODS:
            de.get_explainer(method, T, X)
    new = {op.name for op in session.graph.get_operations()} - before
    assert all(name.startswith('deepexplain/') for name in new)
    assert not session.graph.get_all_collection_keys() or set(session.graph.get_all_collection_keys()) <= {
        'variables', 'trainable_variables'}


def test_only_what_the_target_needs_is_run(session, rng):
    # A placeholder nobody feeds and an activation that fails, beside the path.
    X, T = mlp(tf.nn.relu, rng)
    tf.nn.tanh(tf.check_numerics(tf.placeholder(tf.float32, [2]), 'not to be run') * X[:, :2])
    initialise(session)
    with DeepExplain(session=session) as de:
        for method in METHODS:
            de.explain(method, T, X, rng.randn(2, 5))


def test_explainers_built_in_threads(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        want = {method: de.explain(method, T, X, xs) for method in ('elrp', 'deeplift', 'saliency')}
    explainers, results = {}, {}
    lock = threading.Lock()

    def work(method):
        with lock:  # TensorFlow's graphs are not to be changed by two threads at once.
            with DeepExplain(session=session) as de:
                explainers[method] = de.get_explainer(method, T, X)
        results[method] = explainers[method].run(xs)

    threads = [threading.Thread(target=work, args=(method,)) for method in want]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for method in want:
        close(results[method], want[method], 1e-6)
