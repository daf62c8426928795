"""For the tests of layer-wise relevance propagation: slow replicas of the rules, small layers, a call.

A replica is for any linear op, a matrix M from all inputs of a sample to all its outputs, found by feeding it one input
at a time; Z[i, j] = x[i] M[i, j]. Each gives the relevance of inputs for that of outputs. Without biases no relevance
is to be lost: what an output has though nothing was given to it goes to all its inputs alike.
"""
import numpy as np
import tensorflow.compat.v1 as tf
from models import dense

from deepexplain.tensorflow import DeepExplain

BOUNDS = {'deep_taylor.bounded': dict(low=-5, high=5)}


def matrix(run, shape):
    """The matrix of a linear function of arrays (n,) + shape."""
    size = int(np.prod(shape))
    return np.float64(run(np.eye(size).reshape((size,) + tuple(shape)))).reshape(size, -1)


def ratio(a, b):
    return np.divide(a, b, out=np.zeros(np.broadcast(a, b).shape), where=b != 0)


def evenly(M, R, where):
    return (M != 0) @ (R * where / (M != 0).sum(0))


def sign(z):
    return np.where(z >= 0, 1, -1)


def epsilon(x, M, b, R, epsilon=0.):
    """The bias None for one that is ignored."""
    z = x @ M + (0 if b is None else b)
    return x * (M @ ratio(R, z + epsilon * sign(z))) + evenly(M, R, (z == 0) * (b is None))


def gamma(x, M, b, R, gamma=.5):
    W = M + gamma * np.maximum(M, 0)
    z = x @ W + (0 if b is None else b + gamma * np.maximum(b, 0))
    return x * (W @ ratio(R, z)) + evenly(M, R, (z == 0) * (b is None))


def gamma_by_sign(x, M, b, R, gamma=.5):
    """Generalized: contributions and bias of the sign of the output are preferred."""
    result = np.zeros(len(x))
    for j, r in enumerate(R):
        parts = list(x * M[:, j]) + ([] if b is None else [b[j]])
        rises = sum(parts) >= 0
        parts = np.array([one + gamma * (max if rises else min)(one, 0) for one in parts])
        result += r * (parts / parts.sum())[:len(x)]
    return result


def alpha_beta(x, M, b, R, alpha=2, beta=1, split=False):
    Z = x[:, None] * M
    up, down = np.maximum(Z, 0), np.minimum(Z, 0)
    b_up, b_down = (np.maximum(b, 0), np.minimum(b, 0)) if split else (b, b)
    return up @ ratio(alpha * R, up.sum(0) + b_up) - down @ ratio(beta * R, down.sum(0) + b_down)


def alpha_beta_conserving(x, M, R, alpha=2, beta=1):
    """Without biases, an output with contributions of one sign alone gives all to these, and if it has none evenly."""
    Z = x[:, None] * M
    up, down = np.maximum(Z, 0), np.minimum(Z, 0)
    result = np.zeros(len(x))
    for j, r in enumerate(R):
        p, n = up[:, j].sum(), down[:, j].sum()
        if beta == 0 and p == 0 or p == 0 and n == 0:
            result += r * (M[:, j] != 0) / (M[:, j] != 0).sum()
        elif n == 0:
            result += r * up[:, j] / p
        elif p == 0:
            result += r * down[:, j] / n
        else:
            result += r * (alpha * up[:, j] / p - beta * down[:, j] / n)
    return result


def z_plus_fast(x, M, R):
    W = np.maximum(M, 0)
    return x * (W @ ratio(R, x @ W)) + evenly(M, R, x @ W == 0)


def w_square(M, R):
    return M ** 2 @ ratio(R, (M ** 2).sum(0))


def flat(M, R):
    return (M != 0) @ ratio(R, (M != 0).sum(0))


def bounded(x, M, R, low, high):
    Z = x[:, None] * M - low * np.maximum(M, 0) - high * np.minimum(M, 0)
    return Z @ ratio(R, Z.sum(0)) + evenly(M, R, Z.sum(0) == 0)


def variable(rng, *shape):
    return tf.Variable(rng.randn(*shape).astype(np.float32))


def conv(x, w, stride=1, padding='SAME'):
    return tf.nn.conv2d(x, w, strides=[1, stride, stride, 1], padding=padding)


def explained(session, method, T, X, xs, **options):
    with DeepExplain(session=session) as de:
        return de.explain(method, T, X, xs, **dict(BOUNDS.get(method, {}), **options))


def layers(rng):
    """Two convolutions and two dense layers with names."""
    X = tf.placeholder(tf.float32, [None, 6, 6, 2])
    with tf.name_scope('first'):
        h = tf.nn.relu(conv(X, variable(rng, 3, 3, 2, 3)) + variable(rng, 3))
    with tf.name_scope('second'):
        h = tf.nn.relu(conv(h, variable(rng, 3, 3, 3, 3)) + variable(rng, 3))
    with tf.name_scope('third'):
        h = tf.nn.relu(dense(tf.reshape(h, [-1, 108]), rng, 20))
    with tf.name_scope('fourth'):
        return X, dense(h, rng, 3)
