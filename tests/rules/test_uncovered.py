"""What no rule covers is passed by its ordinary gradient."""
import warnings

import pytest
import tensorflow.compat.v1 as tf
from lrp import explained
from models import close

from deepexplain.tensorflow.rules import activations
from deepexplain.tensorflow.rules.activations import register_rule


@pytest.mark.filterwarnings('ignore:lrp.z. no rule for')
def test_ops_that_others_have_rules_for_are_no_activations(session, rng, monkeypatch):
    """What is registered for elrp and deeplift is no activation of a layer for that."""
    monkeypatch.setattr(activations, '_rules', activations.registered_rules())
    register_rule('LogSoftmax', lambda grad, *_: grad, lambda grad, *_: grad)
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.nn.log_softmax(X)
    xs = rng.randn(2, 3)
    want = session.run(tf.gradients(T, X, T)[0], {X: xs})
    close(explained(session, 'lrp.z', T, X, xs, uncovered='gradient'), want, 1e-5)


def test_ops_of_two_inputs_that_depend_on_X(session, rng, monkeypatch):
    """A rule that is registered for what has one has nothing to say of them."""
    monkeypatch.setattr(activations, '_rules', activations.registered_rules())
    register_rule('Atan2', lambda grad, *_: grad, lambda grad, *_: grad)
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.math.atan2(X, 2 * X + 3)
    xs = rng.randn(2, 3)
    want = session.run(tf.gradients(T, X)[0] * X, {X: xs})
    with pytest.warns(UserWarning, match='elrp: unsupported activation on the path from X to T: Atan2'):
        close(explained(session, 'elrp', T, X, xs), want, 1e-5)


def test_what_is_for_training_alone_needs_no_rule(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    phase = tf.placeholder_with_default(False, [], name='keras_learning_phase')
    T = tf.cond(phase, lambda: tf.cumprod(tf.exp(X)), lambda: tf.nn.relu(X))
    xs = rng.randn(2, 3)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        close(explained(session, 'elrp', T, X, xs), xs * (xs > 0), 1e-3)
