"""Masks made of X: to the gradient they are constants, in every method; at the baseline they may be others."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, per_sample, weights
from spellings import strict

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods

LRP = sorted(name for name in attribution_methods if name.startswith(('lrp', 'deep_taylor')))


def number(condition):
    return tf.cast(condition, tf.float32)


# Of X (None, 4, 3), whose last rows are 0: a mask.
MASKS = {
    'any not equal': lambda x: number(tf.reduce_any(tf.not_equal(x, 0.), -1, keepdims=True)),
    'sign': lambda x: tf.sign(tf.reduce_max(tf.abs(x), -1, keepdims=True)),
    'two': lambda x: number(tf.reduce_any(x > 0, -1, keepdims=True)) * number(tf.reduce_any(x < 0, -1, keepdims=True)),
    'one hot': lambda x: tf.one_hot(tf.argmax(x, -1), 3),
    'steps of a layer': lambda x: tf.round(tf.sigmoid(3 * tf.reduce_sum(x, -1, keepdims=True))),
}


def network(masked):
    """T = a small network that reads what is masked."""
    rng = np.random.RandomState(1)
    h = tf.reshape(tf.matmul(tf.reshape(masked, [-1, 3]), rng.randn(3, 5).astype('f')) + rng.randn(5).astype('f'),
                   [-1, 4, 5])
    return tf.matmul(tf.reduce_sum(tf.nn.relu(h), 1), rng.randn(5, 2).astype('f'))


@pytest.fixture
def xs(rng):
    values = rng.randn(3, 4, 3)
    values[:, 2:] = 0
    return values


def explained(session, method, T, X, xs, **options):
    bounds = dict(low=-5, high=5) if method == 'deep_taylor.bounded' else {}
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        strict()
        return de.explain(method, T, X, xs, **dict(bounds, **options))


def check_as_if_fed(session, method, xs, make, join):
    """The numbers of a model that is fed the mask."""
    X, fed = tf.placeholder(tf.float32, [None, 4, 3]), tf.placeholder(tf.float32, [None, 4, None])
    mask = make(X)
    want = explained(session, method, network(join(X, fed)), X, xs, feed_dict={fed: session.run(mask, {X: xs})})
    close(explained(session, method, network(join(X, mask)), X, xs), want, 1e-5)


@pytest.mark.parametrize('method', LRP)
def test_a_masking_layer_in_every_layer_wise_method(session, xs, method):
    check_as_if_fed(session, method, xs, MASKS['any not equal'], lambda x, mask: x * mask)


@pytest.mark.parametrize('method', ['deeplift', 'deeplift.reveal_cancel', 'elrp', 'guided_backprop', 'lrp.z_plus'])
@pytest.mark.parametrize('name', sorted(set(MASKS) - {'any not equal'}))
def test_masks_are_constants(session, xs, method, name):
    check_as_if_fed(session, method, xs, MASKS[name], lambda x, mask: mask * x)


JOINS = {
    'mean': lambda x, mask: x * mask / (.1 + tf.reduce_sum(mask, 1, keepdims=True)),
    'chosen': lambda x, mask: tf.where_v2(mask > .5, x, tf.zeros_like(x)),
    'added': lambda x, mask: x + (1 - mask) * -3,
    'matrix': lambda x, mask: tf.matmul(tf.matmul(mask, mask, transpose_b=True), x),
    'equation': lambda x, mask: tf.einsum('ijk,ijl->ijl', mask, x),
}


@pytest.mark.parametrize('name,method', [(name, method) for name in sorted(JOINS) for method in (
    'deeplift', 'elrp', 'lrp.alpha_2_beta_1_IB') if (name, method) != ('added', 'deeplift')])
def test_ways_to_use_a_mask(session, xs, name, method):
    check_as_if_fed(session, method, xs, MASKS['any not equal'], JOINS[name])


@pytest.mark.parametrize('complete', [False, True])
@pytest.mark.parametrize('join,named', [
    (lambda x, mask: tf.multiply(x, mask, 'masking'), r'Mul \(masking\)'),
    (lambda x, mask: tf.where_v2(mask > .5, x, tf.zeros_like(x), name='masking'), r'SelectV2 \(masking\)'),
    (lambda x, mask: tf.add(x, (1 - mask) * -30, 'masking'), r'Add(V2)? \(masking\)'),
    (lambda x, mask: tf.gather(x, tf.argmax(x[:, :, :1], 1), axis=1, batch_dims=1, name='masking') + 0 * x,
     r'GatherV2 \(masking')])
def test_the_delta_names_what_another_mask_changes(session, xs, rng, complete, join, named):
    X = tf.placeholder(tf.float32, [None, 4, 3])
    T = network(join(X, MASKS['any not equal'](X)))
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        strict()
        explainer = de.get_explainer('deeplift', T, X, complete=complete)
        explainer.run(xs)
    if 'Mul' in named:
        # What a mask hides at a baseline of 0 is 0.
        got, delta = explainer.run(xs, return_convergence_delta=True)
        close(per_sample(got), per_sample(session.run(T, {X: xs}) - session.run(T, {X: 0 * xs})), 1e-5)
    with pytest.warns(UserWarning, match=r'attributions are off .* without an exact rule: .*' + named):
        explainer.run(xs, baseline=rng.randn(4, 3), return_convergence_delta=True)


@pytest.mark.parametrize('step', [tf.sign, tf.floor, tf.round])
def test_complete_deeplift_has_rules_for_steps_as_factors(session, xs, rng, step):
    X = tf.placeholder(tf.float32, [None, 4, 3])
    T = network(X * step(X[:, :, ::-1]))
    _, delta = explained(session, 'deeplift', T, X, xs, baseline=rng.randn(4, 3), complete=True,
                         return_convergence_delta=True)
    assert np.abs(delta).max() < 1e-4


def test_elrp_and_lrp_hold_the_mask(session, xs):
    # No other mask is looked at, so nothing is lost: no delta, and no op is named.
    X = tf.placeholder(tf.float32, [None, 4, 3])
    T = tf.reduce_sum(MASKS['any not equal'](X) * X, 1)
    for method in ('elrp', 'lrp.z'):
        got, delta = explained(session, method, T, X, xs, return_convergence_delta=True)
        close(got, xs, 1e-3)
        assert np.abs(delta).max() < 1e-3


def test_a_registered_step_is_a_factor(session, monkeypatch):
    from deepexplain.tensorflow import register_rule
    from deepexplain.tensorflow.rules import activations
    monkeypatch.setattr(activations, '_rules', dict(activations._rules))
    X = tf.placeholder(tf.float32, [None, 3])
    T = X[:, :2] * tf.round(X[:, 1:])
    with DeepExplain(session=session) as de:
        with warnings.catch_warnings():
            strict()
            de.get_explainer('deeplift', T, X)
        register_rule('Round')
        with pytest.warns(UserWarning, match=r'unsupported activation.*Mul'):
            de.get_explainer('deeplift', T, X)


def test_masks_in_functional_loops(session, rng):
    X = tf.placeholder(tf.float32, [None, 3, 2])
    mask = number(tf.reduce_any(tf.not_equal(X, 0.), -1, keepdims=True))
    W, U = weights(rng, 2, 4), weights(rng, 4, 4)

    def step(t, h):
        new = tf.tanh(tf.matmul(X[:, t], W) + tf.matmul(h, U)) * mask[:, t]
        return t + 1, tf.where_v2(mask[:, t] > 0, new, h)

    tf.enable_control_flow_v2()
    try:
        T = tf.while_loop(lambda t, h: t < 3, step, [0, tf.zeros([tf.shape(X)[0], 4])], shape_invariants=[
            tf.TensorShape([]), tf.TensorShape([None, 4])])[1]
    finally:
        tf.disable_control_flow_v2()
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        strict()
        de.get_explainer('elrp', T, X)


def test_bounds_of_what_is_masked(session, xs):
    # A first layer behind a mask: its data lie between the bounds where the mask is 1, and are 0 elsewhere.
    X = tf.placeholder(tf.float32, [None, 4, 3])
    T = network(X * MASKS['any not equal'](X))
    got, delta = explained(session, 'deep_taylor.bounded', T, X, xs, return_convergence_delta=True)
    assert np.abs(delta).max() < 1e-5
    # Between functions of one tensor it is no mask.
    T = network(X * number(X < 1))
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match='cannot tell the bounds of the layer'):
            de.get_explainer('deep_taylor.bounded', T, X, low=-5, high=5)
