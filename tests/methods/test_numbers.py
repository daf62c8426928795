"""Samples without features, X of shape (None,): one feature each, by every method."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, close, initialise, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods

OPTIONS = {'expected_gradients': dict(references=np.arange(3.), seed=0), 'deep_taylor.bounded': dict(low=-5, high=5),
           'kernel_shap': dict(seed=0), 'lime': dict(seed=0, samples=50), 'rise': dict(seed=0, samples=30),
           'sobol': dict(seed=0, samples=8), 'hsic': dict(seed=0, samples=30),
           'permutation': dict(references=np.arange(3.)),
           'guided_ig': dict(steps=10), 'blur_ig': dict(steps=10),
           'random': dict(seed=0), 'shapley_sampling': dict(seed=0), 'smoothgrad': dict(seed=0),
           'smoothgrad_squared': dict(seed=0), 'vargrad': dict(seed=0)}


@pytest.fixture
def models(session, rng):
    """The same network on numbers and on vectors of one number."""
    w, v = weights(rng, 1, 5), weights(rng, 5, 2)
    numbers, vectors = tf.placeholder(tf.float32, [None], name='numbers'), tf.placeholder(tf.float32, [None, 1])
    targets = [tf.matmul(tf.nn.relu(tf.matmul(x, w) + .1), v) for x in (tf.expand_dims(numbers, 1), vectors)]
    initialise(session)
    return numbers, vectors, targets


@pytest.mark.parametrize('method', sorted(
    set(attribution_methods) - {'pattern.net', 'pattern.attribution'} - set(MAPS)))
def test_as_vectors_of_one_number(session, models, rng, method):
    numbers, vectors, (T, of_vectors) = models
    xs, options = rng.rand(4), OPTIONS.get(method, {})
    more = {name: value[:, np.newaxis] if name == 'references' else value for name, value in options.items()}
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, numbers, xs, 1, **options)
        assert got.shape == (4,)
        close(got, de.explain(method, of_vectors, vectors, xs[:, np.newaxis], 1, **more)[:, 0], 1e-5)
        if 'baseline' in attribution_methods[method].run_options:
            got = de.explain(method, T, numbers, xs, 1, baseline=xs[::-1], batch_size=2, **options)
            close(got, de.explain(method, of_vectors, vectors, xs[:, np.newaxis], 1, baseline=xs[::-1, np.newaxis],
                                  **more)[:, 0], 1e-5)


def test_beside_another_input(session, rng):
    number, vector = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None, 3])
    T = number * 2 + tf.reduce_sum(vector, 1)
    xs = [rng.rand(4), rng.rand(4, 3)]
    with DeepExplain(session=session) as de:
        for method, options in (('occlusion', dict(window_shape=[(), (1,)])), ('occlusion', dict(
                feature_mask=[0, [1, 2, 2]], per_group=True)), ('shapley_sampling', dict(sampling_dims=[[], [1]])),
                                ('grad*input', {}), ('intgrad', dict(steps=2))):
            got = de.explain(method, T, [number, vector], xs, **options)
            if 'per_group' in options:
                close(got, np.stack([2 * xs[0], xs[1][:, 0], xs[1][:, 1:].sum(1)], 1), 1e-5)
            else:
                close(got[0], 2 * xs[0], 1e-5)
                close(got[1], xs[1], 1e-5)
