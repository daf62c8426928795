"""Inputs of which one is made of another by an op that makes more than it: nothing that goes by the rest is lost."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, close, dense, initialise, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods

#: What makes two tensors, and how they are made by ops of their own.
MAKERS = {
    'split': (lambda z: tf.split(z, 2, 1), lambda z: (z[:, :3], z[:, 3:])),
    'unstack': (lambda z: tf.unstack(tf.reshape(z, [-1, 2, 3]), axis=1), lambda z: (z[:, :3], z[:, 3:])),
    'identity_n': (lambda z: tf.raw_ops.IdentityN(input=[z[:, :3], 2 * z[:, 3:]]), lambda z: (z[:, :3], 2 * z[:, 3:])),
}

METHODS = [name for name in attribution_methods if name not in MAPS + ('zero', 'input', 'random', 'pattern.net')
           and not name.startswith('pattern')]

OPTIONS = {'intgrad': dict(steps=10), 'integrated_gradients': dict(steps=10), 'occlusion': dict(
    window_shape=[(1,), (1,)]), 'shapley_sampling': dict(sampling_dims=[[1], [1]], seed=1)}
for _name in ('smoothgrad', 'smoothgrad_squared', 'vargrad'):
    OPTIONS[_name] = dict(samples=3, seed=1)
OPTIONS['expected_gradients'] = dict(samples=3, seed=1, references=[REQUIRED['expected_gradients']['references'][:, :1]
                                                                   * np.ones((1, 6)), np.ones((3, 3))])
OPTIONS.update({'feature_ablation': OPTIONS['occlusion'], 'kernel_shap': dict(seed=0), 'lime': dict(seed=0, samples=50),
                'rise': dict(seed=0, samples=30), 'guided_ig': dict(steps=10), 'blur_ig': dict(steps=10)})
OPTIONS['deep_taylor.bounded'] = dict(low=-5, high=5)


def network(rng, make, last):
    """z, one of two halves of it, and a target that reads both."""
    z = tf.placeholder(tf.float32, [None, 6])
    halves = make(z)
    if last:
        halves = halves[::-1]
    b, a = halves
    w = [weights(rng, 3, 4) for _ in range(2)]
    h = tf.nn.relu(tf.matmul(a, w[0]) + tf.matmul(b, w[1]))
    return z, b, dense(h, rng, 2, bias=False)


@pytest.mark.parametrize('method,maker,last', [(method, 'split', False) for method in METHODS] + [
    (method, maker, True) for maker in sorted(MAKERS) for method in ('grad*input', 'intgrad', 'deeplift', 'lrp.z')])
def test_what_goes_by_the_other_half_counts(session, method, maker, last):
    def explained(make):
        rng = np.random.RandomState(0)
        z, b, T = network(rng, make, last)
        initialise(session)
        xs = [rng.randn(2, 6), rng.randn(2, 3)]
        with DeepExplain(session=session) as de:
            return de.explain(method, T, [z, b], xs, ys=[0, 1], **OPTIONS.get(method, {}))

    several, single = MAKERS[maker]
    got, want = explained(several), explained(single)
    assert np.abs(want[0]).max() > 0
    for one, other in zip(got, want):
        close(one, other, 1e-5)


def test_the_value_that_is_fed_is_the_one_that_counts(session, rng):
    """Not what the op would make of the other input."""
    z, b, T = network(rng, MAKERS['split'][0], True)
    initialise(session)
    xs = [rng.randn(2, 6), rng.randn(2, 3)]
    change = session.run(T, {z: xs[0], b: xs[1]}) - session.run(T, {z: 0 * xs[0], b: 0 * xs[1]})
    with DeepExplain(session=session) as de:
        of_z, of_b = de.explain('deeplift', T, [z, b], xs)
    close((of_z.sum(1) + of_b.sum(1)), change.sum(1), 1e-5)


def test_inner_tensors_of_one_op(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    a, b = tf.split(dense(X, rng, 6), 2, 1)
    T = dense(tf.nn.relu(tf.concat([a, b], 1)), rng, 2)
    initialise(session)
    xs = rng.randn(3, 4)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('grad*input', T, X)
        of_a, of_b = explainer.relevances([a, b], xs)
        close(of_a, de.explain('grad*input', T, a, feed_dict={X: xs}), 1e-5)
        close(of_b, de.explain('grad*input', T, b, feed_dict={X: xs}), 1e-5)
