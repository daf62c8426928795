"""An input that T does not use: zeros and one warning; where T uses none of them, an error."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, close, dense, initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods

#: How each method is told what to do with several inputs.
SEVERAL = {'occlusion': dict(window_shape=[(1,), (1,)]), 'shapley_sampling': dict(sampling_dims=[[1], [1]])}
SEVERAL['feature_ablation'] = SEVERAL['occlusion']

OTHERS = {'kernel_shap': dict(seed=0), 'lime': dict(seed=0, samples=50), 'rise': dict(seed=0, samples=30),
          'sobol': dict(seed=0, samples=8), 'hsic': dict(seed=0, samples=30),
          'pattern.net': dict(patterns=[np.random.RandomState(3).randn(*shape) for shape in ((4, 5), (5, 2))]),
          'guided_ig': dict(steps=10), 'blur_ig': dict(steps=10, max_sigma=2),
          'expected_gradients': dict(references=[np.random.RandomState(2).rand(3, size) for size in (4, 3)])}
OTHERS['permutation'] = dict(OTHERS['expected_gradients'], seed=0)
OTHERS['pattern.attribution'] = OTHERS['pattern.net']


def options_of(method):
    return dict(REQUIRED.get(method, {}), **OTHERS.get(method, SEVERAL.get(method, {})))


@pytest.fixture
def inputs(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 4], name='a'), tf.placeholder(tf.float32, [None, 3], name='b')
    T = dense(tf.nn.relu(dense(a, rng, 5)), rng, 2)
    initialise(session)
    return a, b, T


@pytest.mark.parametrize('method, swapped', [(method, False) for method in sorted(
    set(attribution_methods) - {'zero', 'input', 'random'} - set(MAPS))] + [('deeplift', True), ('occlusion', True)])
def test_zeros_and_one_warning(session, inputs, rng, method, swapped):
    a, b, T = inputs
    X, xs = [a, b], [rng.rand(6, 4), rng.rand(6, 3)]
    if swapped:
        X, xs = X[::-1], xs[::-1]
    options = options_of(method)
    alone = {name: value[:1] if name in ('window_shape', 'sampling_dims', 'references') else value
             for name, value in options.items()}
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning) as caught:
            explainer = de.get_explainer(method, T, X, **options)
        assert [str(one.message) for one in caught if one.category is UserWarning] == [
            "T ('%s') does not use 'b:0': attributions are zeros there." % T.name]
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            np.random.seed(0)
            got = explainer.run(xs, ys=1)
            assert [one.shape for one in got] == [one.shape for one in xs]
            np.testing.assert_array_equal(got[not swapped], 0)
            batched = explainer.run(xs, ys=1, batch_size=2)
        if method != 'shapley_sampling' and 'smooth' not in method and method not in ('vargrad', 'expected_gradients'):
            close(got[swapped], de.explain(method, T, [a], [xs[swapped]], ys=1, **alone)[0], 1e-5)
            close(batched[swapped], got[swapped], 1e-5)


@pytest.mark.parametrize('method', ['gradient', 'intgrad', 'deeplift', 'elrp', 'lrp.epsilon', 'occlusion'])
def test_none_of_them_is_an_error(session, inputs, method):
    a, b, _ = inputs
    options = options_of(method)
    with DeepExplain(session=session) as de:
        T = tf.identity(tf.constant(np.ones((6, 2), 'f')))
        with pytest.raises(RuntimeError, match="does not depend"):
            de.get_explainer(method, T, [a, b], **options)
        with pytest.raises(RuntimeError, match="does not depend"):
            de.get_explainer(method, 2 * a, b, **({} if method == 'occlusion' else options))


@pytest.mark.parametrize('method', ['gradient', 'intgrad', 'deeplift', 'lrp.epsilon', 'occlusion'])
def test_what_reaches_t_by_its_shape_or_through_another_input(session, inputs, rng, method):
    a, b, T = inputs
    options = dict(window_shape=[(1,), (1,)]) if method == 'occlusion' else {}
    of_shape = T * tf.ones([tf.shape(b)[0], 1])
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match="does not use 'b:0'"):
            got = de.explain(method, of_shape, [a, b], [rng.rand(2, 4), rng.rand(2, 3)], **options)
        assert got[0].any() and not got[1].any()
        hidden = next(op.outputs[0] for op in session.graph.get_operations() if op.type == 'Relu')
        with pytest.warns(UserWarning, match="does not use 'a:0'"):
            got = de.explain(method, T, [a, hidden], [rng.rand(2, 4), rng.rand(2, 5)], **options)
        assert got[1].any() and not got[0].any()


def test_what_is_stopped_is_used(session, inputs):
    a, b, T = inputs
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match='the gradient stops at'):
            de.get_explainer('gradient', T + tf.reduce_sum(tf.stop_gradient(b), 1, keepdims=True), [a, b])


def test_ids_that_are_not_used(session, inputs, rng):
    a, _, T = inputs
    ids = tf.placeholder(tf.int32, [None, 3], name='ids')
    with DeepExplain(session=session) as de:
        for method in ('gradient', 'grad*input', 'intgrad', 'deeplift', 'expected_gradients'):
            options = dict(references=[rng.rand(3, 4), np.zeros((3, 3), int)]) if method.startswith('exp') else {}
            with pytest.warns(UserWarning, match="does not use 'ids:0'"):
                got = de.explain(method, T, [a, ids], [rng.rand(2, 4), np.ones((2, 3), int)], **options)
            assert got[0].any() and not got[1].any() and got[1].shape == (2, 3)
