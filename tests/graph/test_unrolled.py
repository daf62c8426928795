"""Loops as their steps: what comes out, forward and back, is the same to the last digit."""
import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from models import close, weights
from test_lowering import arrays, calling, exchanged, handed_on, nested, never, plain, waited_for

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.compat import while_context
from deepexplain.tensorflow.graph.kinds import FUNCTIONAL
from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.rules.straight import straight


class Model:
    """What `straight` needs of a model."""

    def __init__(self, X, T):
        self.path, self.answers, self.assumed, self.method = Path([X], T), {}, [], 'some method'


def steps(session, X, T):
    """T and its gradient on the path of steps."""
    with session.graph.as_default(), tf.name_scope('deepexplain/some'):
        path = straight(Model(X, T))
        return path, [path.T, tf.gradients(path.T, X)[0]]


def branched(x, W):
    """What is constant on one side comes out on that side alone."""
    def step(t, h):
        return t + 1, tf.cond(t < 2, lambda: tf.tanh(tf.matmul(h, W)), lambda: tf.ones_like(h)) + x

    return tf.while_loop(lambda t, h: t < 3, step, [0, x])[1]


def in_a_branch(x, W):
    taken = tf.placeholder_with_default(False, [])
    loop = tf.cond(taken, lambda: tf.while_loop(lambda t, h: t < 2, lambda t, h: (t + 1, tf.constant(2.)), [0, 1.])[1]
                   * tf.tanh(x), lambda: plain(x, W))
    return tf.matmul(loop, W)


def pushed(x, W):
    """An array that grows as it is written to, and what is not written."""
    array = tf.TensorArray(tf.float32, 0, dynamic_size=True, clear_after_read=False, element_shape=[3, 3])
    last = tf.while_loop(lambda t, h, a: t < 4, lambda t, h, a: (t + 1, tf.tanh(tf.matmul(h, W)), a.write(t, h)),
                         [0, x, array])[2]
    return tf.reduce_sum(last.stack() * tf.reshape(tf.range(1., 5.), [4, 1, 1]), 0) + last.read(2)


def backwards(x, W):
    return tf.scan(lambda h, e: tf.tanh(tf.matmul(h, W) + e), tf.stack([x, 2 * x, -x]), x, reverse=True)[0]


def mapped(x, W):
    return tf.map_fn(lambda row: tf.tanh(tf.linalg.matvec(W, row, transpose_a=True)), x)


def two(x, W):
    return nested(tf.matmul(plain(x, W), W), W) + arrays(x, W)


BUILDS = [plain, handed_on, exchanged, never, nested, arrays, waited_for, calling, branched, in_a_branch, pushed,
          backwards, mapped, two]


@pytest.mark.parametrize('build', BUILDS, ids=lambda build: build.__name__)
def test_the_steps_give_what_the_loop_gives(session, control_flow, rng, build):
    X = tf.placeholder(tf.float32, [3, 3])
    T = build(X, weights(rng, 3, 3))
    session.run(tf.global_variables_initializer())
    x = rng.randn(3, 3)
    path, fetches = steps(session, X, T)
    # Else TensorFlow 1's XLA looks for clusters in what may be thousands of ops.
    assert tf.__version__[0] != '1' or all('_XlaAlreadyClustered' in op.node_def.attr for op in path.ops)
    value, gradient = session.run(fetches, {X: x})
    np.testing.assert_array_equal(value, session.run(T, {X: x}))
    with DeepExplain(session=session) as de:
        close(gradient, de.explain('gradient', T, X, x), 1e-6)
    if build is pushed and plain_tf.__version__.startswith('1.') and control_flow == 'v2':
        return  # There an array grows in a branch, and stays an array.
    assert not any(op.type in FUNCTIONAL or op.type == 'Enter' or while_context(op) or 'Tensor' in op.type
                   for op in path.ops)
