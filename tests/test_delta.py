"""Convergence deltas."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain

DEFINED = ['intgrad', 'elrp', 'deeplift', 'shapley_sampling']


@pytest.mark.parametrize('method', DEFINED)
@pytest.mark.parametrize('batch_size', [None, 2])
def test_delta_is_the_sum_less_the_change(session, rng, method, batch_size):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs, ys = rng.randn(3, 5), rng.randn(3, 3)
    baseline = rng.randn(3, 5)
    options = {} if method == 'elrp' else dict(baseline=baseline)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        explainer = de.get_explainer(method, T, X)
        assert explainer.has_convergence_delta
        np.random.seed(0)
        got, delta = explainer.run(xs, ys, batch_size, return_convergence_delta=True, **options)
        np.random.seed(0)
        np.testing.assert_array_equal(explainer.run(xs, ys, batch_size, **options), got)
    change = per_sample(ys * session.run(T, {X: xs}))
    if method != 'elrp':
        change -= per_sample(ys * session.run(T, {X: baseline}))
    assert delta.shape == (3,)
    assert delta.dtype == np.float64
    np.testing.assert_allclose(delta, per_sample(got) - change, atol=1e-5)
    if method in ('deeplift', 'shapley_sampling'):
        assert np.abs(delta).max() < 1e-5


@pytest.mark.parametrize('method', ['saliency', 'grad*input', 'occlusion', 'zero'])
def test_delta_that_is_not_defined(session, rng, method):
    X, T = mlp(tf.nn.relu, rng)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X)
        assert not explainer.has_convergence_delta
        with pytest.raises(RuntimeError, match='delta is not defined for ' + method.replace('*', '.')):
            explainer.run(np.zeros((1, 5)), return_convergence_delta=True)


def test_delta_over_references_inputs_and_groups(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = mlp(tf.nn.tanh, rng, X=tf.concat([a, b], 1))[1]
    initialise(session)
    xs = [rng.randn(4, 2), rng.randn(4, 3)]
    references = [rng.randn(3, 2), rng.randn(3, 3)]
    with DeepExplain(session=session) as de:
        for method in ('deeplift', 'intgrad'):
            _, delta = de.explain(method, T, [a, b], xs, references=references, return_convergence_delta=True)
            assert np.abs(delta).max() < (1e-5 if method == 'deeplift' else .05)
        for more in (dict(sampling_dims=[[1], [1]]), dict(feature_mask=[[0, 1], [1, 1, 2]]),
                     dict(feature_mask=[[0, 1], [1, 1, 2]], per_group=True)):
            _, delta = de.explain('shapley_sampling', T, [a, b], xs, return_convergence_delta=True, **more)
            assert np.abs(delta).max() < 1e-5


def test_a_large_delta_names_the_ops_without_an_exact_rule(session, rng):
    X = tf.placeholder(tf.float32, [None, 4, 4, 1])
    T = tf.reduce_sum(tf.nn.max_pool(X * X, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID', name='pooled'), [1, 2, 3])
    xs = rng.randn(3, 4, 4, 1)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=r'deeplift: attributions are off .* exact rule: MaxPool \(pooled'):
            de.explain('deeplift', T, X, xs, baseline=rng.randn(4, 4, 1), return_convergence_delta=True)
        with pytest.warns(UserWarning, match='intgrad: attributions are off'):
            de.explain('intgrad', T, X, xs, steps=1, return_convergence_delta=True)
        flat = tf.reduce_sum(tf.nn.relu(X - 2) * 0 + tf.cast(tf.cast(X, tf.int32), tf.float32), [1, 2, 3])
        with pytest.warns(UserWarning, match='intgrad: attributions are all zero though the target changes'):
            de.explain('intgrad', flat, X, 3 + xs ** 2, return_convergence_delta=True)


# -- where features meet ------------------------------------------------------------------------------------------


def test_an_input_that_shapley_leaves_alone_stays_as_it_is(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = tf.reduce_sum(a ** 2, 1) * tf.reduce_sum(b, 1) + tf.reduce_sum(b ** 2, 1)
    xs = [rng.randn(4, 2), rng.randn(4, 3)]
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        for dims, kept in (([[1], None], [0, 1]), ([None, [1]], [1, 0])):
            for baseline in (0., [.5, -1.]):
                explainer = de.get_explainer('shapley_sampling', T, [a, b], sampling_dims=dims, baseline=baseline)
                got, delta = explainer.run(xs, return_convergence_delta=True)
                absent = [x if keep else np.zeros_like(x) + one for x, keep, one in zip(
                    xs, kept, baseline if isinstance(baseline, list) else [baseline] * 2)]
                change = session.run(T, {a: xs[0], b: xs[1]}) - session.run(T, {a: absent[0], b: absent[1]})
                np.testing.assert_allclose(sum(map(per_sample, got)), change, atol=1e-4)
                assert np.abs(delta).max() < 1e-4 and np.abs(change).min() > 1e-3


@pytest.mark.parametrize('method', ['intgrad', 'deeplift', 'shapley_sampling', 'elrp'])
def test_deltas_where_t_has_no_value(session, method):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.reduce_sum(tf.log(X), 1)
    options = {} if method == 'elrp' else dict(baseline=.5)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        _, delta = de.explain(method, T, X, [[1, 2], [-1, 2], [2, 1]], return_convergence_delta=True, **options)
    said = [str(one.message) for one in caught]
    assert list(np.isfinite(delta)) == [True, False, True]
    assert sum('%s: 1 of 3 convergence deltas are no finite numbers: there is none where T or the attributions are not '
               'finite.' % method in one for one in said) == 1
    assert not any('nan of the largest' in one for one in said)


def test_other_deltas_are_judged_all_the_same(session):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.reduce_sum(tf.log(X), 1)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match='off what they should add up to by up to [0-9.]+ of the largest'):
            de.explain('intgrad', T, X, [[-1, 2], [2, 1]], baseline=.01, steps=2, return_convergence_delta=True)
