"""Activations whose constants are written by the shape of x, or fed: the numbers of the plain spelling."""
import warnings

import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from models import close, per_sample
from spellings import PLAIN, RELU, strict

from deepexplain.tensorflow import DeepExplain

METHODS = ['deeplift', 'deeplift.reveal_cancel', 'guided_backprop', 'deconvnet', 'elrp', 'lrp.alpha_2_beta_1_IB',
           'deep_taylor.bounded']


def explained(session, method, T, X, xs, **options):
    bounds = dict(low=-9, high=9) if method == 'deep_taylor.bounded' else {}
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        strict()
        return de.explain(method, T, X, xs, **dict(bounds, **options))


def network(activations):
    """A layer and an activation for each of many, side by side, and a layer that reads them all."""
    rng = np.random.RandomState(0)
    X = tf.placeholder(tf.float32, [None, 5])
    hidden = [activation(tf.matmul(X, rng.randn(5, 3).astype('f')) + rng.randn(3).astype('f'))
              for activation in activations]
    return X, tf.matmul(tf.concat(hidden, 1), rng.randn(3 * len(hidden), 2).astype('f'))


@pytest.mark.parametrize('method', METHODS)
def test_the_numbers_of_the_plain_spelling(session, rng, method):
    pairs = [(tf.nn.relu, RELU[name]) for name in ('zeros_like', '0 * x', 'a number a row', 'where', 'step')]
    if method != 'deep_taylor.bounded':
        pairs += [(plain, next(reversed(list(table.values())))) for plain, table in PLAIN]
    xs = 2 * rng.randn(4, 5)
    options = dict(baseline=rng.randn(5)) if method.startswith('deeplift') else {}
    X, T = network([plain for plain, _ in pairs])
    want = explained(session, method, T, X, xs, **options)
    X, T = network([other for _, other in pairs])
    close(explained(session, method, T, X, xs, **options), want, 1e-5)


def pictures(activation):
    X = tf.placeholder(tf.float32, [None, None, None, 2])
    kernel = np.random.RandomState(0).randn(2, 2, 2, 3).astype('f')
    return X, tf.reduce_sum(activation(tf.nn.conv2d(X, kernel, [1] * 4, 'SAME')), [1, 2]) * [1., -2., 3.]


def halves(activation):
    X = tf.placeholder(tf.float16, [None, 5])
    return X, tf.matmul(activation(tf.matmul(X, np.random.RandomState(0).randn(5, 3).astype('float16'))),
                        np.array([[1], [-2], [3]], 'float16'))


def of_unknown_rank(activation):
    X = tf.placeholder(tf.float64, [None, 5])
    h = tf.matmul(X, np.random.RandomState(0).randn(5, 3))
    h = tf.placeholder_with_default(h, None)
    return X, tf.reshape(activation(h), [-1, 3]) * np.array([1., -2, 3])


@pytest.mark.parametrize('method', ['deeplift', 'deeplift.reveal_cancel'])
@pytest.mark.parametrize('build,shape', [(pictures, (2, 3, 4, 2)), (halves, (2, 5)), (of_unknown_rank, (2, 5))])
def test_unknown_sizes_and_other_dtypes(session, rng, method, build, shape):
    xs, baseline = rng.randn(*shape), rng.randn(*shape)
    X, T = build(tf.nn.relu)
    want = explained(session, method, T, X, xs, baseline=baseline)
    for activation in (RELU['zeros_like'], RELU['where']):
        X, T = build(activation)
        close(explained(session, method, T, X, xs, baseline=baseline), want, 1e-5 if X.dtype != tf.float16 else 1e-2)


def test_the_constant_follows_the_rows_that_the_unit_is_evaluated_on(session, rng):
    # One reference for all samples, and as many as there are samples.
    X, T = network([RELU[name] for name in ('zeros_like', 'stack', 'where')])
    xs, baseline = rng.randn(4, 5), rng.randn(5)
    for method in ('deeplift', 'deeplift.reveal_cancel'):
        got = explained(session, method, T, X, xs, baseline=baseline)
        close(explained(session, method, T, X, xs, baseline=np.tile(baseline, (4, 1))), got, 1e-5)
        close(explained(session, method, T, X, xs, baseline=baseline, batch_size=3), got, 1e-5)
        close(per_sample(got), per_sample(session.run(T, {X: xs}) - session.run(T, {X: [baseline]})), 1e-5)


def test_a_unit_holds_the_ops_that_make_its_constants(session):
    from deepexplain.tensorflow.graph.path import Path
    from deepexplain.tensorflow.graph.replica import Replica
    from deepexplain.tensorflow.graph.units import find_units
    X = tf.placeholder(tf.float32, [None, 3])
    h = tf.tanh(X)
    T = h * tf.maximum(tf.sigmoid(h), tf.zeros(tf.stack([tf.shape(h)[0], 3])))
    unit, = find_units(Path([X], T), frozenset(['Maximum', 'Sigmoid', 'Tanh'])).marked
    y = Replica(unit.ops, {unit.x.name: tf.constant([[1., 2., 3.]])}).tensor(unit.y)
    # Nothing of the original is read.
    close(session.run(y), [[1, 2, 3] / (1 + np.exp([-1., -2, -3]))], 1e-5)


@pytest.mark.parametrize('method,make,shape,value', [
    ('deeplift.reveal_cancel', tf.maximum, [None], [.2, .2, .2]),
    ('deeplift', tf.maximum, None, .2),
    ('deeplift', tf.maximum, None, [[.2]]),
    ('deeplift', tf.maximum, [None, 3], np.full((4, 3), .2)),
    ('deeplift', lambda x, c: tf.where_v2(x > c, x, c), None, .2),
    ('guided_backprop', tf.maximum, None, .2),
    ('guided_backprop', lambda x, c: tf.where_v2(x > c, x, c), [None, 3], np.full((4, 3), .2)),
    ('deconvnet', tf.maximum, None, .2),
    ('elrp', tf.maximum, None, .2),
    ('lrp.z', lambda x, c: tf.where_v2(x > c, x, c), None, .2),
])
def test_a_fed_constant(session, rng, method, make, shape, value):
    xs = rng.randn(4, 5)
    W, V = rng.randn(5, 3).astype('f'), rng.randn(3, 2).astype('f')
    X = tf.placeholder(tf.float32, [None, 5])
    h = tf.matmul(X, W)
    fed = tf.placeholder(tf.float32, shape)
    T = tf.matmul(make(h, fed), V)
    ys = np.tile([1, -2], (4, 1))
    got = explained(session, method, T, X, xs, ys=ys, feed_dict={fed: value})
    close(got, explained(session, method, tf.matmul(make(h, .2), V), X, xs, ys=ys), 1e-5)


def test_a_fed_constant_that_broadcasts_x(session):
    X, fed = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32)
    xs, value = np.array([[.7], [3.]]), [[0., .5, 1., 2.]]
    f = np.maximum(xs, value).sum(1, keepdims=True)
    # Where x is broadcast a maximum is one of two tensors: the winner takes all.
    for T, want in ((tf.maximum(X, fed), [[1.4], [12]]), (tf.where_v2(X > fed, X, fed), f - 3.5)):
        close(explained(session, 'deeplift', T, X, xs, feed_dict={fed: value}), want, 1e-5)
    close(explained(session, 'elrp', T, X, xs, feed_dict={fed: value}), f, 1e-3)
    close(explained(session, 'lrp.z', T, X, xs, feed_dict={fed: value}), f, 1e-5)
    close(explained(session, 'guided_backprop', T, X, xs, feed_dict={fed: value}), [[.7 + .7], [12]], 1e-5)


def test_tensors_of_two_are_no_activation(session):
    X = tf.placeholder(tf.float32, [None, 2])
    a, b = X[:, :1], X[:, 1:]
    chosen = tf.placeholder(tf.bool, [None, 1])
    xs = np.array([[1., 2.], [4., 3.]])
    want = [[0, 2], [4, 0]]
    close(explained(session, 'deeplift', tf.maximum(a, b), X, xs), want, 1e-5)
    for T in (tf.where(chosen, a, b), tf.where(a > b, a, b)):
        close(explained(session, 'deeplift', T, X, xs, feed_dict={chosen: [[False], [True]]}), want, 1e-5)


def loop(activation, rng):
    X = tf.placeholder(tf.float32, [None, 3, 2])
    W, U = rng.randn(2, 4).astype('f'), rng.randn(4, 4).astype('f')

    def step(t, h):
        return t + 1, activation(tf.matmul(X[:, t], W) + tf.matmul(h, U))

    return X, tf.while_loop(lambda t, h: t < 3, step, [0, tf.zeros([tf.shape(X)[0], 4])], shape_invariants=[
        tf.TensorShape([]), tf.TensorShape([None, 4])])[1]


def branch(activation, rng):
    X = tf.placeholder(tf.float32, [None, 3, 2])
    h = tf.matmul(X[:, 0], rng.randn(2, 4).astype('f')) + 1
    return X, tf.cond(tf.placeholder_with_default(True, []), lambda: activation(h), lambda: h)


def called(activation, rng):
    X = tf.placeholder(tf.float32, [None, 3, 2])
    function = plain_tf.function(activation, input_signature=[plain_tf.TensorSpec([None, 4], tf.float32)])
    return X, function(tf.matmul(X[:, 0], rng.randn(2, 4).astype('f')) + 1)


@pytest.mark.parametrize('build,method', [
    (loop, 'guided_backprop'), (loop, 'deconvnet'), (loop, 'elrp'), (branch, 'elrp'),
    (called, 'deeplift.reveal_cancel')])
def test_inside_loops_branches_and_functions(session, rng, build, method):
    xs = 3 * rng.randn(2, 3, 2)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'A custom gradient is lost')
        X, T = build(tf.nn.relu, np.random.RandomState(0))
        with DeepExplain(session=session) as de:
            want = de.explain(method, T, X, xs)
            for activation in (RELU['zeros_like'], RELU['where']):
                X, T = build(activation, np.random.RandomState(0))
                close(de.explain(method, T, X, xs), want, 1e-5)


@pytest.mark.parametrize('method', ['guided_backprop', 'deconvnet', 'elrp', 'lrp.z', 'deeplift'])
def test_inside_functional_loops(session, rng, method):
    xs = 3 * rng.randn(2, 3, 2)
    found = []
    tf.enable_control_flow_v2()
    try:
        for activation in (tf.nn.relu, RELU['zeros_like'], RELU['where']):
            found.append(loop(activation, np.random.RandomState(0)))
    finally:
        tf.disable_control_flow_v2()
    with DeepExplain(session=session) as de:
        want, *others = [de.explain(method, T, X, xs) for X, T in found]
        for got in others:
            close(got, want, 1e-5)


@pytest.mark.parametrize('method', ['guided_backprop', 'deconvnet', 'elrp'])
def test_inside_functional_branches_they_are_refused(session, rng, method):
    tf.enable_control_flow_v2()
    try:
        X, T = branch(RELU['zeros_like'], rng)
    finally:
        tf.disable_control_flow_v2()
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match=r'%s cannot reach Maximum \(.*disable_v2_behavior' % method):
            de.get_explainer(method, T, X)


@pytest.mark.parametrize('add', [lambda h: h + 0 * h, lambda h: h + (h - h), lambda h: h - h * tf.zeros([3]),
                                 lambda h: h + 0. * tf.reduce_mean(h, 1, keepdims=True)])
def test_nothing_added_is_nothing(session, rng, add):
    X = tf.placeholder(tf.float32, [None, 5])
    W, V, b = rng.randn(5, 3).astype('f'), rng.randn(3, 2).astype('f'), rng.randn(3).astype('f')
    h = tf.matmul(X, W)
    xs = rng.randn(4, 5)
    want = explained(session, 'deeplift.reveal_cancel', tf.matmul(tf.nn.relu(h + b), V), X, xs)
    close(explained(session, 'deeplift.reveal_cancel', tf.matmul(tf.nn.relu(add(h) + b), V), X, xs), want, 1e-5)
