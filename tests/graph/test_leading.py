"""Which paths certainly keep samples apart along the first axis."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, dense, initialise, per_sample

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.path import Path

KEPT = {
    'conv': lambda X: tf.nn.max_pool(tf.nn.relu(tf.nn.conv2d(X, tf.ones([2, 2, 2, 3]), strides=[1] * 4, padding='VALID')
                                                + tf.ones([3])), ksize=[1, 2, 2, 1], strides=[1] * 4, padding='SAME'),
    'reduced': lambda X: tf.tanh(tf.reduce_mean(X, [1, 2])),
    'flat': lambda X: tf.tanh(tf.layers.flatten(X)),
    'moved': lambda X: tf.tanh(tf.transpose(X, [0, 3, 1, 2])),
    'joined': lambda X: tf.tanh(tf.concat([X, X * 2], 3)),
    'padded': lambda X: tf.tanh(tf.pad(X, [[0, 0], [1, 1], [0, 0], [0, 0]])),
    'residual': lambda X: X + tf.tanh(X),
    'zeros like it': lambda X: tf.maximum(X, tf.zeros_like(X)),
    'nothing added': lambda X: tf.tanh(X + 0. * X),
}


MIXED = {
    'merged': lambda X: tf.tanh(tf.reshape(X, [-1, 4])),
    'moved': lambda X: tf.transpose(tf.tanh(tf.transpose(X, [1, 0, 2, 3])), [1, 0, 2, 3]),
    'joined': lambda X: tf.tanh(tf.concat([X, X * 2], 0)),
    'summed': lambda X: tf.tanh(X - tf.reduce_mean(X, 0)),
    'raised': lambda X: tf.tanh(X + tf.ones([5, 1, 1, 1, 1])),
    'zeros of other rows': lambda X: tf.maximum(X, tf.zeros_like(tf.transpose(X, [1, 0, 2, 3]))),
    'zeros by number': lambda X: tf.maximum(X, tf.zeros(tf.shape(X))),
    'sliced': lambda X: tf.tanh(X[::-1]),
    'counted': lambda X: tf.tanh(X * tf.reshape(tf.cast(tf.range(tf.shape(X)[0]), tf.float32), [-1, 1, 1, 1])),
}


@pytest.mark.parametrize('name', sorted(KEPT))
def test_paths_that_keep_rows(session, name):
    from deepexplain.tensorflow.graph.leading import keeps_rows
    X = tf.placeholder(tf.float32, [None, 4, 4, 2])
    assert keeps_rows(Path([X], KEPT[name](X)))


@pytest.mark.parametrize('name', sorted(MIXED))
def test_paths_that_mix_rows(session, name):
    from deepexplain.tensorflow.graph.leading import keeps_rows
    X = tf.placeholder(tf.float32, [None, 4, 4, 2])
    assert not keeps_rows(Path([X], MIXED[name](X)))


# Fewer evaluations for the same answer.


@pytest.mark.parametrize('merge', [False, True])
def test_samples_merged_with_time_have_a_reference_each(session, rng, merge):
    X = tf.placeholder(tf.float32, [None, 4, 3])
    h = tf.reshape(X, [-1, 3] if merge else [-1, 12])
    h = tf.tanh(dense(h, rng, 3 if merge else 12))
    T = dense(tf.reshape(h, [-1, 12]), rng, 2)
    initialise(session)
    xs, baseline = rng.randn(5, 4, 3), rng.randn(4, 3)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        got = de.explain('deeplift', T, X, xs, baseline=baseline)
        assert sorted(len(array) for array in counting.calls[0].values()) == [5 if merge else 1, 5]
        close(got, de.explain('deeplift', T, X, xs, baseline=np.tile(baseline, (5, 1, 1))), 1e-5)
    close(per_sample(got), per_sample(session.run(T, {X: xs}) - session.run(T, {X: baseline[np.newaxis]})), 1e-5)
