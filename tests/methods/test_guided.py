"""Deconvnet and guided backpropagation, by hand and against a slow backward pass."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise, weights

from deepexplain.tensorflow import DeepExplain


@pytest.mark.parametrize('method', ['deconvnet', 'guided_backprop'])
def test_two_layers(session, rng, method):
    X = tf.placeholder(tf.float32, [None, 5])
    ws = [weights(rng, a, b) for a, b in ((5, 7), (7, 6), (6, 3))]
    h = tf.nn.relu(tf.matmul(X, ws[0]))
    T = tf.matmul(tf.nn.relu6(tf.matmul(h, ws[1])), ws[2])
    initialise(session)
    xs, ys = rng.randn(4, 5), rng.randn(4, 3)
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, X, xs, ys)
    ws = session.run(ws)
    first = np.maximum(xs @ ws[0], 0)
    second = np.clip(first @ ws[1], 0, 6)
    # It starts with the value of the target.
    grad = np.maximum((second @ ws[2] * ys) @ ws[2].T, 0)
    if method == 'guided_backprop':
        grad = grad * ((second > 0) & (second < 6))
    grad = np.maximum(grad @ ws[1].T, 0)
    if method == 'guided_backprop':
        grad = grad * (first > 0)
    close(got, grad @ ws[0].T, 1e-5)


def test_activations_of_several_ops(session):
    """swish passes what is positive times its derivative (guided) or as it is (deconvnet)."""
    X = tf.placeholder(tf.float32, [None, 3])
    sigmoid = tf.sigmoid(X)
    T = tf.reduce_sum(X * sigmoid * [1., -1., 1.], 1)
    xs = np.array([[1., 2, -.5]])
    with DeepExplain(session=session) as de:
        guided, deconv = (de.explain(method, T, X, xs) for method in ('guided_backprop', 'deconvnet'))
        gradient = de.explain('gradient', T, X, xs)
    y = session.run(T, {X: xs})[0]
    start = y * np.array([1, -1, 1])
    close(deconv[0], np.maximum(start, 0), 1e-5)
    close(guided[0], np.maximum(start, 0) * gradient[0] * [1, -1, 1], 1e-5)
