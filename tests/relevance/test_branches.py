"""Layer-wise relevance through functional branches, which become branches of plain ops."""
import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from lrp import BOUNDS
from models import close

from deepexplain.tensorflow import DeepExplain

METHODS = ['lrp.epsilon', 'lrp.z_IB', 'lrp.alpha_1_beta_0', 'lrp.flat', 'lrp.w_square', 'deep_taylor.bounded']


def dense(x, seed, size):
    rng = np.random.RandomState(seed)
    return tf.matmul(x, rng.randn(int(x.shape[-1]), size).astype('f')) + rng.randn(size).astype('f')


def gated(h):
    return tf.nn.softplus(dense(h, 1, 4)) * tf.sigmoid(h)


def other(h):
    return tf.nn.relu(dense(h, 2, 4))


def one_branch(h, flag):
    return tf.cond(flag > 0, lambda: gated(h), lambda: other(h))


def nested(h, flag):
    return tf.cond(flag > 0, lambda: tf.cond(flag > 9, lambda: h, lambda: gated(h)), lambda: tf.cond(
        flag < -9, lambda: h, lambda: other(h)))


def called(h, flag):
    return plain_tf.function(lambda h, flag: one_branch(h, flag), input_signature=[
        plain_tf.TensorSpec([None, 4], tf.float32), plain_tf.TensorSpec([], tf.float32)])(h, flag)


def model(between):
    X = tf.placeholder(tf.float32, [None, 3])
    return X, dense(tf.nn.relu(between(dense(X, 0, 4))), 3, 2)


@pytest.mark.parametrize('build', [one_branch, nested, called])
@pytest.mark.parametrize('method', METHODS)
def test_functional_branches(session, rng, build, method):
    flag = tf.placeholder(tf.float32, [], 'chooser')
    tf.enable_control_flow_v2()
    try:
        X, T = model(lambda h: build(h, flag))
    finally:
        tf.disable_control_flow_v2()
    xs = rng.randn(3, 3)
    options = BOUNDS.get(method, {})
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **options)
        for sign, between in ((1, gated), (-1, other)):
            x, want = model(between)
            close(explainer.run(xs, 1, feed_dict={flag: sign}), de.explain(method, want, x, xs, 1, **options), 1e-5)


def test_activations_in_branches_pass_relevance(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    tf.enable_control_flow_v2()
    try:
        T = tf.cond(tf.placeholder_with_default(True, []), lambda: tf.tanh(2 * X), lambda: X)
    finally:
        tf.disable_control_flow_v2()
    xs = rng.randn(2, 3)
    with DeepExplain(session=session) as de:
        close(de.explain('lrp.z', T, X, xs), np.tanh(2 * xs), 1e-5)


def test_without_a_branch_nothing_is_imported_for_it(session, monkeypatch):
    counts = []
    ordinary = tf.import_graph_def
    monkeypatch.setattr(tf, 'import_graph_def', lambda *args, **named: (counts.append(1), ordinary(*args, **named))[1])
    X, T = model(other)
    with DeepExplain(session=session) as de:
        de.get_explainer('lrp.epsilon', T, X)
    assert len(counts) == 1
