"""Results that cannot be right are warned of without being asked for a delta; those of ordinary models are not."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, Counting, close, initialise, mlp
from spellings import stricter

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods
from deepexplain.tensorflow.runs.outcome import Seen, doubts


def seen(size=1., **more):
    found = Seen()
    found.note(np.array([size]))
    for name, value in more.items():
        setattr(found, name, value)
    return found


@pytest.mark.parametrize('dtype', ['float16', 'float32', 'float64'])
def test_what_is_doubted(dtype):
    def of(*arrays, **more):
        return doubts([np.array(one, dtype) for one in arrays], seen(**more), 1000., 'T:0')

    assert of([[1, 999], [0, 0]]) == ''
    assert of([[600, 600]]) == 'attributions are up to 6e+02 and add up to as much as 1.2e+03, where the units of T ' \
                               "('T:0') that they explain are no larger than 1."
    assert 'up to 1.2e+03' in of([[1200, -1200]])
    assert of([[600]], [[600, -300]]) == ''
    assert 'as much as 1.2e+03' in of([[600]], [[300, 300]])
    assert of([[1200, -1200]], size=2.) == '' == of([[1200, -1200]], size=0.)
    assert of([[1, np.nan], [1, 1]]) == 'attributions of 1 of 2 samples are not finite numbers.'
    assert 'of 2 of 2' in of([[1, np.nan], [1, 1]], [[1, 1], [np.inf, 0]])
    assert of([[1, np.nan]], covered=[np.array([True, False])]) == ''
    assert "T ('T:0') is not finite there" in of([[np.nan]], at_inputs=False)
    assert 'not finite there nor at the baseline' in of([[np.nan]], at_inputs=False, at_baselines=False)
    assert 'not finite at the baseline, so' in of([[1.]], at_baselines=False)


def test_large_finite_numbers_are_finite():
    assert doubts([np.full((2, 3), 1e30, 'f')], seen(), None, 'T') == ''
    assert 'up to 1e+30' in doubts([np.full((2, 3), 1e30, 'f')], seen(), 1000., 'T')


def test_what_a_run_has_seen():
    found = Seen()
    found.note(np.array([1., 3.]))
    found.note(np.array([np.inf, 5.]), baselines=True)
    assert (found.size, found.at_inputs, found.at_baselines) == (5, True, False)


#: Options without which the results of a method say nothing here.
OPTIONS = {'expected_gradients': dict(references=np.zeros((3, 2)), samples=3), 'intgrad': dict(steps=5)}


@pytest.mark.parametrize('method', ['intgrad', 'deeplift', 'deeplift.reveal_cancel', 'occlusion', 'shapley_sampling',
                                    'expected_gradients', 'smoothgrad'])
@pytest.mark.filterwarnings('ignore:.*unsupported activation')
def test_a_target_without_a_value_at_the_baseline(session, method):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.reduce_sum(tf.log(X), 1)
    options = dict(of='intgrad', samples=2, seed=0) if method == 'smoothgrad' else OPTIONS.get(method, {})
    xs = np.array([[1., 2.], [3., 4.]])
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=method + r': .* not finite at the baseline'):
            de.explain(method, T, X, xs, **options)
        if method not in ('smoothgrad', 'expected_gradients', 'shapley_sampling', 'occlusion'):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter('always')
                de.explain(method, T, X, xs, baseline=.5, **options)
            assert not [one for one in caught if 'finite' in str(one.message)]


def test_the_baseline_is_looked_at_once_and_only_where_it_may_matter(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    for target, calls in ((T, [1, 1, 1]), (1 / (1 + T), [2, 1, 2])):
        counting = Counting(session)
        with DeepExplain(session=counting) as de:
            explainer = de.get_explainer('intgrad', target, X, steps=3)
            for baseline, expected in zip((0., 0., 1.), calls):
                counting.calls = []
                explainer.run(rng.randn(4, 5), 0, baseline=baseline)
                assert len(counting.calls) == expected


@pytest.mark.parametrize('method', ['saliency', 'gradient', 'grad*input', 'intgrad', 'elrp', 'lrp.z', 'guided_backprop',
                                    'deconvnet', 'deeplift', 'smoothgrad', 'expected_gradients', 'occlusion'])
def test_results_that_are_no_numbers(session, rng, method):
    X, T = mlp(tf.tanh, rng, inputs=2)
    initialise(session)
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match=method.replace('*', r'\*')
                                                          + ': attributions of 1 of 2 samples are not finite numbers'):
        de.explain(method, T, X, [[np.nan, 1.], [3., 4.]], **OPTIONS.get(method, {}))


def test_relevance_that_grows_without_bounds(session):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.nn.relu(tf.matmul(X, [[1.], [-1.]]) + 3.9)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=r"lrp.z_IB: attributions are up to [\d.]+e\+06 .* than 3.9.*lrp.z_plus"):
            de.explain('lrp.z_IB', T, X, [[1, 1 - 1e-6]])
        with warnings.catch_warnings():
            stricter()
            de.explain('lrp.z_plus', T, X, [[1, 1 - 1e-6]])


@pytest.mark.parametrize('method', [name for name in attribution_methods if name not in MAPS])
def test_ordinary_results_are_not_doubted(session, rng, method):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        stricter()
        explainer = de.get_explainer(method, T, X, **REQUIRED.get(method, {}))
        for ys in (None, 'max', [1, 2, 0], np.tile([1, -1, 0], (3, 1))):
            explainer.run(rng.randn(3, 5), ys)


def test_units_that_cancel_out_hide_nothing(session):
    """The sum of two units is 1e-6, but each is 1: parts of 1 are no surprise."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.matmul(X, [[1., 0.], [0., -1.]])
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        stricter()
        for method in ('grad*input', 'intgrad', 'deeplift', 'elrp', 'lrp.z', 'shapley_sampling'):
            got = de.explain(method, T, X, [[1, 1 - 1e-6]])
            close(got, [[1, -1]], 1e-5)


def test_an_inner_tensor(session):
    X = tf.placeholder(tf.float32, [None, 2])
    h = tf.matmul(X, [[1.], [-1.]])
    T = tf.sqrt(h)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, X)
        with pytest.warns(UserWarning, match='gradient: attributions of 1 of 1 samples are not finite'):
            explainer.relevances([h], [[1, 1]])


def test_the_argument_that_is_not_finite_is_named(session, rng):
    X, factor = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [], name='factor')
    T = tf.tanh(X * factor)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=r"1 of 1 samples are not finite numbers: feed_dict\['factor:0'\] holds"):
            de.explain('saliency', T, X, [[1, 2]], feed_dict={factor: np.nan})
        with pytest.warns(UserWarning, match='1 of 2 samples are not finite numbers: xs holds nan or inf'):
            de.explain('saliency', T, X, [[1, 2], [np.nan, 1]], feed_dict={factor: 1})
