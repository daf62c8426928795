"""Attributions of inner tensors, several in one run."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, close, initialise, mlp, per_sample

from deepexplain.tensorflow import DeepExplain, attribution_methods

WITHOUT = {'zero', 'occlusion', 'feature_ablation', 'kernel_shap', 'lime', 'rise', 'sobol', 'hsic', 'permutation',
           'idgi', 'guided_ig', 'blur_ig', 'shapley_sampling', 'input', 'random', 'expected_gradients', 'smoothgrad',
           'smoothgrad_squared', 'vargrad'}
METHODS = [name for name in attribution_methods if name not in WITHOUT and name not in MAPS]


def model(rng, activation=tf.nn.relu):
    """X, the hidden layers before and behind their activation, and T."""
    X, T = mlp(activation, rng)
    ops = [op for op in tf.get_default_graph().get_operations() if op.type in ('Relu', 'Tanh')]
    return X, [ops[0].inputs[0], ops[0].outputs[0], ops[1].outputs[0]], T


@pytest.mark.parametrize('method', METHODS)
def test_every_method_attributes_to_inner_tensors(session, rng, method):
    X, inner, T = model(rng)
    initialise(session)
    xs, ys = rng.randn(6, 5), rng.randn(6, 3)
    if method == 'deeplift.reveal_cancel':
        inner[0] = inner[1]  # See below.
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **REQUIRED.get(method, {}))
        want = explainer.run(xs, ys)
        got = explainer.relevances([X] + inner + [T], xs, ys)
        size = len(session.graph.get_operations())
        parts = explainer.relevances([X] + inner + [T], xs, ys, batch_size=4)
        assert len(session.graph.get_operations()) == size
    close(got[0], want, 1e-5)
    assert [one.shape for one in got] == [(6, 5), (6, 6), (6, 6), (6, 4), (6, 3)]
    for one, part in zip(got, parts):
        close(part, one, 1e-4)
    if method.startswith(('lrp', 'deep_taylor')):
        # Relevance starts with the target, and activations pass it.
        close(got[-1], session.run(T, {X: xs}) * ys, 1e-5)
        close(got[1], got[2], 1e-5)
    if method.endswith('_IB') or method in ('lrp.flat', 'lrp.w_square', 'lrp.z_plus', 'deep_taylor'):
        total = per_sample(session.run(T, {X: xs}) * ys)
        for one in got:
            np.testing.assert_allclose(per_sample(one), total, atol=1e-4 * np.abs(one).sum(1).max())


def test_gradients_and_differences(session, rng):
    X, inner, T = model(rng, tf.tanh)
    initialise(session)
    xs, base = rng.randn(4, 5), rng.randn(5)
    gradients = session.run(tf.gradients(T[:, 1], inner), {X: xs})
    at_x, at_base = session.run(inner, {X: xs}), session.run(inner, {X: base[None]})
    change = session.run(T, {X: xs})[:, 1] - session.run(T, {X: base[None]})[:, 1]
    with DeepExplain(session=session) as de:
        def found(method, **options):
            return de.get_explainer(method, T, X, **options).relevances(inner, xs, ys=1)

        for one, g in zip(found('saliency'), gradients):
            close(one, np.abs(g), 1e-5)
        for one, g, h in zip(found('grad*input'), gradients, at_x):
            close(one, g * h, 1e-5)
        # Each hidden layer is passed by all, so its attributions add up, too.
        for method in ('deeplift', 'deeplift.reveal_cancel'):
            tensors = inner[1:] if 'cancel' in method else inner
            for one in de.get_explainer(method, T, X, baseline=base).relevances(tensors, xs, ys=1):
                close(per_sample(one), change, 1e-4)
        with pytest.raises(RuntimeError, match="'.*' lies between a linear op and its activation, where RevealCancel"):
            de.get_explainer('deeplift.reveal_cancel', T, X).relevances(inner, xs)
        of_paths = found('intgrad', baseline=base, steps=400, quadrature='midpoint')
    for one in of_paths:
        close(per_sample(one), change, 1e-3)
    # The line between the values of the last hidden layer, on which T is linear.
    close(of_paths[-1], (at_x[-1] - at_base[-1]) * gradients[-1], 1e-4)


def test_intgrad_with_references_and_other_inputs(session, rng):
    X, other = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 2])
    h = tf.tanh(X * 2)
    T = tf.reduce_sum(tf.square(h), 1) * tf.reduce_sum(other, 1)
    xs, others, references = rng.randn(4, 3), rng.rand(4, 2), rng.randn(2, 3)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X, references=references, steps=5, quadrature='gauss_legendre')
        (got,) = explainer.relevances([h], xs, feed_dict={other: others}, batch_size=3)
    at_x, at_r = np.tanh(2 * xs), np.tanh(2 * references)
    want = np.mean([at_x ** 2 - r ** 2 for r in at_r], 0) * others.sum(1, keepdims=True)
    close(got, want, 1e-5)


def test_deeplift_takes_the_mean_over_references(session, rng):
    X, inner, T = model(rng)
    initialise(session)
    xs, references = rng.randn(3, 5), rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X)
        got = explainer.relevances(inner, xs, ys=0, references=references)
        each = [explainer.relevances(inner, xs, ys=0, baseline=one) for one in references]
    for one, *others in zip(got, *each):
        close(one, np.mean(others, 0), 1e-5)


def test_what_cannot_be_asked(session, rng):
    X, inner, T = model(rng)
    beside = tf.identity(inner[0])
    with tf.Graph().as_default():
        foreign = tf.zeros([2, 3])
    initialise(session)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('lrp.z', T, X)
        size = len(session.graph.get_operations())
        for tensors, error, text in [
                ([], TypeError, 'tensors must be a list of tensors between X and T, not an empty one'),
                (inner[0], TypeError, 'tensors must be a list of tensors between X and T, not '),
                (['h'], RuntimeError, 'tensors must be a list of tensors of the graph, not of str'),
                ([beside], RuntimeError, r"tensors: '.*' is no tensor of floats between X and T"),
                ([foreign], RuntimeError, r"tensors: '.*' is no tensor of floats between X and T")]:
            with pytest.raises(error, match=text):
                explainer.relevances(tensors, np.ones((2, 5)))
        assert len(session.graph.get_operations()) == size
        with pytest.raises(RuntimeError, match='relevances is not defined for Occlusion'):
            de.get_explainer('occlusion', T, X).relevances(inner, np.ones((2, 5)))
        flat = tf.reshape(inner[2], [-1])
        of_flat = de.get_explainer('gradient', tf.reduce_sum(tf.reshape(flat, [-1, 4]), 1), X)
        with pytest.raises(RuntimeError, match=r"the samples as their first axis; '.*' has the shape \(8,\) for 2"):
            of_flat.relevances([flat], np.ones((2, 5)))
