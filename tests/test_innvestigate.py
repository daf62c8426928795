"""The values of iNNvestigate 1.0.9 on a small CNN, kept in tests/golden/innvestigate.npz."""
import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain

VALUES = dict(np.load(os.path.join(os.path.dirname(__file__), 'golden', 'innvestigate.npz')))
NAMES = sorted(key[2:] for key in VALUES if key.startswith('A|'))
PATTERNS = [VALUES['p%d' % i] for i in range(1, 5)]
OPTIONS = {
    'lrp.epsilon': dict(epsilon=.01), 'lrp.alpha_beta': dict(alpha=3, beta=2),
    'deep_taylor.bounded': dict(low=VALUES['x'].min(), high=VALUES['x'].max()),
    # Ours takes right ends, as the reference implementation of intgrad does.
    'integrated_gradients': dict(steps=64, quadrature='riemann_left'),
    'pattern.net': dict(patterns=PATTERNS), 'pattern.attribution': dict(patterns=PATTERNS)}
# Sums of inputs and weights near zero, without biases, divide here: in float32 the kept values are 1.8e-5 (z_plus_fast:
# 1.4e-6) of the largest from those of float64, and ours, on some processors, 5.6e-5 (5.9e-6).
NEAR_ZERO = {'lrp.z_IB': 1e-4, 'lrp.epsilon_IB': 1e-4, 'lrp.z_plus_fast': 3e-5}


def model(dtype=tf.float32):
    X = tf.placeholder(dtype, [None, 10, 10, 2])
    k, b = ([tf.Variable(VALUES[kind + str(i)].astype(dtype.as_numpy_dtype)) for i in range(1, 5)] for kind in 'kb')
    h = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(X, k[0], strides=[1, 1, 1, 1], padding='SAME'), b[0]))
    h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    h = tf.nn.relu(tf.nn.conv2d(h, k[1], strides=[1, 1, 1, 1], padding='VALID') + b[1])
    h = tf.nn.relu(tf.nn.xw_plus_b(tf.reshape(h, [-1, 72]), k[2], b[2]))
    return X, tf.matmul(h, k[3]) + b[3]


@pytest.mark.parametrize('name', NAMES)
def test_agrees(session, name):
    X, T = model()
    session.run(tf.global_variables_initializer())
    np.testing.assert_allclose(session.run(T, {X: VALUES['x']}), VALUES['y'], rtol=1e-5)
    with DeepExplain(session=session) as de:
        got = de.explain(name, T, X, VALUES['x'], ys='max', **OPTIONS.get(name, {}))
    want = VALUES['A|' + name]
    assert np.abs(got - want).max() < NEAR_ZERO.get(name, 1e-5) * np.abs(want).max()


@pytest.mark.parametrize('name', sorted(NEAR_ZERO))
def test_agrees_in_float64(session, name):
    X, T = model(tf.float64)
    session.run(tf.global_variables_initializer())
    with DeepExplain(session=session) as de:
        got = de.explain(name, T, X, VALUES['x'], ys='max', **OPTIONS.get(name, {}))
    want = VALUES['A|' + name]
    assert np.abs(got - want).max() < 2.5e-5 * np.abs(want).max()


def test_all_names_are_there():
    assert len(NAMES) == 28
