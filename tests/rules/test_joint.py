"""DeepLIFT's rules for ops in which features meet, against slow replicas; that attributions add up."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, per_sample, weights

from deepexplain.tensorflow import DeepExplain


def two_features(rng, op):
    """T = op of two linear functions of X, as vectors of four."""
    X = tf.placeholder(tf.float32, [None, 3])
    a, b = dense(X, rng, 4), dense(X, rng, 4)
    return X, a, b, op(a, b)


MEETINGS = {
    'product': lambda a, b: a * b,
    'product that broadcasts': lambda a, b: a[:, :1] * b,
    'batches of matrices': lambda a, b: tf.reshape(tf.matmul(tf.reshape(a, [-1, 2, 2]), tf.reshape(b, [-1, 2, 2])),
                                                   [-1, 4]),
    'quotient': lambda a, b: a / (2 + b * b),
    'larger': lambda a, b: tf.maximum(a, b),
    'smaller that broadcasts': lambda a, b: tf.minimum(a[:, :1], b),
    'softmax': lambda a, b: tf.nn.softmax(3 * a) * [1., 2., -3., 4.],
    'max pooling': lambda a, b: tf.reshape(tf.nn.max_pool(tf.reshape(a, [-1, 2, 2, 1]), [1, 2, 1, 1], [1, 2, 1, 1],
                                                          'VALID'), [-1, 2]),
    'overlapping max pooling': lambda a, b: tf.nn.max_pool(tf.reshape(a, [-1, 4, 1, 1]), [1, 2, 1, 1], [1, 1, 1, 1],
                                                           'VALID')[:, :, 0, 0],
    'max pooling in three dimensions': lambda a, b: tf.nn.max_pool3d(
        tf.reshape(a, [-1, 2, 2, 1, 1]), [1, 2, 2, 1, 1], [1, 1, 1, 1, 1], 'VALID')[:, :, 0, 0, 0],
    'largest': lambda a, b: tf.reduce_max(a, 1),
    'smallest': lambda a, b: tf.reduce_min(a, 1),
    'attention': lambda a, b: tf.reshape(tf.matmul(tf.nn.softmax(tf.matmul(
        tf.reshape(a, [-1, 2, 2]), tf.reshape(b, [-1, 2, 2]), transpose_b=True)), tf.reshape(a + b, [-1, 2, 2])),
        [-1, 4]),
    'layer normalisation': lambda a, b: (a - tf.reduce_mean(a, 1, keepdims=True)) * tf.math.rsqrt(.1 + tf.reduce_mean(
        tf.math.squared_difference(a, tf.reduce_mean(a, 1, keepdims=True)), 1, keepdims=True)) * [1., 2., 3., -4.],
    'normalisation with roots': lambda a, b: a / tf.sqrt(.1 + tf.reduce_sum(tf.square(a), 1, keepdims=True)),
    'gates': lambda a, b: tf.sigmoid(a) * tf.tanh(b) + tf.sigmoid(b) * tf.tanh(tf.sigmoid(a) * tf.tanh(b)),
}


@pytest.mark.parametrize('name', sorted(MEETINGS))
def test_complete_deeplift_adds_up(session, rng, name):
    X, _, _, T = two_features(rng, MEETINGS[name])
    initialise(session)
    xs, baseline = rng.randn(6, 3), rng.randn(3)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        got, delta = de.explain('deeplift', T, X, xs, baseline=baseline, complete=True, return_convergence_delta=True)
    change = session.run(T, {X: xs}) - session.run(T, {X: [baseline]})
    close(per_sample(got), per_sample(change), 1e-4)
    assert np.abs(delta).max() <= 1e-4 * np.abs(change).max()


def replicate(session, X, a, b, xs, baseline, rule):
    """Attributions by a rule written in numpy: multipliers of a and b, times the linear layers' weights."""
    values = [session.run([a, b], {X: points}) for points in (xs, np.array([baseline]))]
    m_a, m_b = rule(values[0][0], values[0][1], values[1][0], values[1][1])
    W_a, W_b = [session.run(variable) for variable in tf.global_variables() if variable.shape.ndims == 2]
    return (m_a.dot(W_a.T) + m_b.dot(W_b.T)) * (xs - baseline)


def product_rule(a, b, a_ref, b_ref):
    return (b + b_ref) / 2, (a + a_ref) / 2


def larger_rule(a, b, a_ref, b_ref):
    """Shapley values of max(a, b), each order of the two changes once."""
    m = np.maximum
    of_a = ((m(a, b_ref) - m(a_ref, b_ref)) + (m(a, b) - m(a_ref, b))) / 2
    of_b = ((m(a_ref, b) - m(a_ref, b_ref)) + (m(a, b) - m(a, b_ref))) / 2
    return of_a / (a - a_ref), of_b / (b - b_ref)


def quotient_rule(a, b, a_ref, b_ref):
    return (1 / b + 1 / b_ref) / 2, -(a + a_ref) / 2 / (b * b_ref)


def largest_rule(a, b, a_ref, b_ref):
    """The gain to the winner at the input, the loss to the winner at the reference."""
    m_a = np.zeros(a.shape)
    for i, row in enumerate(a):
        top, top_ref = row.max(), a_ref[0].max()
        crossed = max(top, top_ref)
        winner, loser = row.argmax(), a_ref[0].argmax()
        if crossed > top_ref:
            m_a[i, winner] += (crossed - top_ref) / (row[winner] - a_ref[0, winner])
        if top < crossed:
            m_a[i, loser] += (top - crossed) / (row[loser] - a_ref[0, loser])
    return m_a, np.zeros(b.shape)


def softmax_rule(a, b, a_ref, b_ref):
    """exp(x - log sum exp x), op by op: rescale, linear, rescale."""
    def parts(x):
        log_sum = np.log(np.exp(x).sum(1, keepdims=True))
        return np.exp(x), log_sum, np.exp(x - log_sum)

    e, log_sum, y = parts(a)
    e_ref, log_sum_ref, y_ref = parts(a_ref)
    outer = np.array([1, 2, -3, 4]) * (y - y_ref) / ((a - log_sum) - (a_ref - log_sum_ref))
    of_log = (log_sum - log_sum_ref) / (e.sum(1, keepdims=True) - e_ref.sum(1, keepdims=True))
    return outer - outer.sum(1, keepdims=True) * of_log * (e - e_ref) / (a - a_ref), np.zeros(b.shape)


@pytest.mark.parametrize('op,rule', [
    (lambda a, b: a * b, product_rule), (tf.maximum, larger_rule), (lambda a, b: a / b, quotient_rule),
    (lambda a, b: tf.reduce_max(a, 1), largest_rule),
    (lambda a, b: tf.nn.softmax(a) * [1., 2., -3., 4.], softmax_rule)])
def test_slow_replicas_of_the_rules(session, rng, op, rule):
    X, a, b, T = two_features(rng, op)
    initialise(session)
    xs, baseline = rng.randn(6, 3), rng.randn(3)
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', T, X, xs, baseline=baseline, complete=True)
    close(got, replicate(session, X, a, b, xs, baseline, rule), 1e-3)


def test_by_default_they_pass_their_ordinary_gradient(session, rng):
    X, a, b, T = two_features(rng, lambda a, b: a * b)
    initialise(session)
    xs = rng.randn(4, 3)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        got = de.explain('deeplift', T, X, xs)
    close(got, replicate(session, X, a, b, xs, np.zeros(3), lambda a, b, *_: (b, a)), 1e-4)


def test_an_unrolled_lstm_adds_up(session, rng):
    X = tf.placeholder(tf.float32, [None, 3, 2])
    W, V = weights(rng, 2, 12), weights(rng, 3, 12)
    h = c = tf.zeros([tf.shape(X)[0], 3])
    for t in range(3):
        i, j, f, o = tf.split(tf.matmul(X[:, t], W) + tf.matmul(h, V), 4, 1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(j)
        h = tf.sigmoid(o) * tf.tanh(c)
    initialise(session)
    xs = rng.randn(4, 3, 2)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        _, delta = de.explain('deeplift', h, X, xs, complete=True, return_convergence_delta=True)
    assert np.abs(delta).max() < 1e-5


def test_complete_deeplift_of_large_logits_is_finite(session):
    X = tf.placeholder(tf.float32, [None, 3])
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', tf.nn.softmax(X) * [1., 0., 0.], X, [[900., -50., 3.]], complete=True)
    close(per_sample(got), [1 - 1 / 3], 1e-4)
