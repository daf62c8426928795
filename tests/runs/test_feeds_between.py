"""A feed of what lies between X and T is an error by every method; what lies elsewhere is fed as ever."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, Counting, close, dense, initialise, mlp

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods


@pytest.mark.parametrize('method', sorted(set(attribution_methods) - set(MAPS)))
def test_what_lies_between_is_refused_by_every_method(session, rng, method):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    between = [op.outputs[0] for op in session.graph.get_operations() if op.type in ('Tanh', 'MatMul', 'BiasAdd')]
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer(method, T, X, **REQUIRED.get(method, {}))
        for tensor in between:
            value = np.zeros((2, int(tensor.shape[1])))
            with pytest.raises(RuntimeError, match=r"feed_dict must not hold '%s', which lies between X \('%s'\) and T"
                               % (tensor.name, X.name)):
                explainer.run(np.ones((2, 5)), feed_dict={tensor: value})
        with pytest.raises(RuntimeError, match=f"feed_dict must not hold '{T.name}', which is T"):
            explainer.run(np.ones((2, 5)), feed_dict={T.name: np.zeros((2, 3))})
    assert counting.calls == []


def test_at_every_door(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    h = next(op.outputs[0] for op in session.graph.get_operations() if op.type == 'Relu')
    initialise(session)
    feed, xs = {h: np.zeros((2, 6))}, np.ones((2, 5))
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('pattern.net', T, X)
        for door in (lambda: explainer.fit_patterns(xs, feed_dict=feed),
                     lambda: explainer.relevances([h], xs, feed_dict=feed),
                     lambda: list(explainer.run_batches([xs], feed_dict=feed)),
                     lambda: de.explain('intgrad', T, X, xs, feed_dict=feed),
                     lambda: de.explain('intgrad', T, X, None, feed_dict=feed),
                     lambda: de.explain('gradient', T, X, xs, feed_dict=feed, rows='together'),
                     lambda: de.explain('occlusion', tf.round(T), X, xs, feed_dict=feed)):
            with pytest.raises(RuntimeError, match=f"feed_dict must not hold '{h.name}', which lies between"):
                door()


def test_tensors_inside_loops(session, rng):
    X = tf.placeholder(tf.float32, [None, 4, 3])
    T = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(2), X, dtype=tf.float32)[1]
    initialise(session)
    inside = next(op.outputs[0] for op in session.graph.get_operations() if op.type == 'Tanh')
    counter = next(op.outputs[0] for op in session.graph.get_operations() if op.type == 'NextIteration')
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, X)
        for tensor, value in ((inside, np.zeros((1, 2))), (counter, 0)):
            with pytest.raises(RuntimeError, match='which lies between'):
                explainer.run(np.ones((1, 4, 3)), feed_dict={tensor: value})


@pytest.mark.parametrize('method', ['gradient', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'lrp.epsilon'])
def test_what_lies_elsewhere_is_fed(session, rng, method):
    ids = tf.placeholder(tf.float32, [None, 5])
    X = tf.identity(2 * ids)
    w = tf.Variable(rng.randn(5, 2).astype('f'))
    weight = tf.identity(w)
    b, keep = tf.constant([.5, -1.]), tf.placeholder_with_default(1., [])
    T = (tf.matmul(X, weight) + b) * keep
    initialise(session)
    xs, other = rng.randn(3, 5), rng.randn(5, 2)
    with DeepExplain(session=session) as de:
        want = xs[:, :, np.newaxis] * other * 3
        options = dict(steps=3) if method == 'intgrad' else {}
        got = de.explain(method, T, X, xs, 1, feed_dict={weight: other, b: [0, 0], keep: 3, ids: 0 * xs}, **options)
        close(got, want[..., 1] if method != 'gradient' else np.tile(3 * other[:, 1], (3, 1)), 1e-3)
        made = de.explain(method, T, X, None, 1, feed_dict={weight: other, b: [0, 0], keep: 3, ids: xs / 2}, **options)
        close(made, got, 1e-4)


def test_between_two_inputs_is_before_both_are_fed(session, rng):
    a = tf.placeholder(tf.float32, [None, 3])
    h = tf.tanh(a)
    b = dense(h, rng, 2)
    T = tf.reduce_sum(a, 1) * tf.reduce_sum(b, 1)
    initialise(session)
    xs = [rng.randn(2, 3), rng.randn(2, 2)]
    with DeepExplain(session=session) as de:
        want = de.explain('gradient', T, [a, b], xs)
        for got, one in zip(de.explain('gradient', T, [a, b], xs, feed_dict={h: np.zeros((2, 3))}), want):
            close(got, one, 1e-6)
        with pytest.raises(RuntimeError, match='which lies between'):
            de.explain('gradient', T, a, xs[0], feed_dict={h: np.zeros((2, 3))})
