"""Functional loops on a path become loops of plain ops, which leave the library of functions as it is."""
import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from models import close, initialise, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph import compat

SIZE = 3


def plain(x, W):
    """One variable, the other is the number of the step."""
    return tf.while_loop(lambda t, h: t < 4, lambda t, h: (t + 1, tf.tanh(tf.matmul(h, W)) + x), [0, x])[1]


def handed_on(x, W):
    """A variable takes the value of one that stays, one is made of constants alone, one changes places with another."""
    def step(t, h, kept, last, other):
        return t + 1, tf.tanh(tf.matmul(h, W)) * last, kept, kept, tf.ones_like(other) * 2.

    results = tf.while_loop(lambda t, *_: t < 3, step, [0, x, 2 * x, x, tf.constant(1.)])
    return results[1] + results[2] + results[3] * results[4]


def exchanged(x, W):
    return tf.while_loop(lambda t, *_: t < 3, lambda t, a, b: (t + 1, b, tf.tanh(tf.matmul(a, W))), [0, x, 2 * x])[2]


def never(x, W):
    return tf.while_loop(lambda t, h: t < 0, lambda t, h: (t + 1, tf.tanh(h)), [0, tf.matmul(x, W)])[1]


def by_value(x, W):
    return tf.while_loop(lambda h: tf.reduce_sum(tf.abs(h)) > 1., lambda h: .5 * tf.tanh(tf.matmul(h, W)) * h, [x])


def nested(x, W):
    def inner(h):
        return tf.while_loop(lambda i, g: i < 2, lambda i, g: (i + 1, tf.tanh(g) + x), [0, h])[1]

    return tf.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, tf.matmul(inner(h), W)), [0, x])[1]


def arrays(x, W):
    return tf.reduce_sum(tf.scan(lambda h, e: tf.tanh(tf.matmul(h, W) + e), tf.stack([x, 2 * x, x]), x), 0)


def waited_for(x, W):
    loop = tf.while_loop(lambda t, h: t < 2, lambda t, h: (t + 1, tf.tanh(h)), [0, x])[1]
    with tf.control_dependencies([loop.op]):
        return tf.matmul(loop, W) * tf.identity(x)


def calling(x, W):
    called = plain_tf.function(lambda h: tf.tanh(tf.matmul(h, W)))
    return tf.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, called(h) + x), [0, x])[1]


def branching(x, W):
    """It stays functional."""
    return tf.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, tf.cond(t < 1, lambda: tf.tanh(h), lambda: 2 * h)),
                         [0, tf.matmul(x, W)])[1]


BUILDERS = [plain, handed_on, exchanged, never, by_value, nested, arrays, waited_for, calling, branching]


def built(build, functional):
    x = tf.placeholder(tf.float32, [None, SIZE])
    W = weights(np.random.RandomState(1), SIZE, SIZE)
    if functional:
        tf.enable_control_flow_v2()
    try:
        return x, build(x, W)
    finally:
        tf.disable_control_flow_v2()


@pytest.mark.filterwarnings('ignore::UserWarning')
@pytest.mark.parametrize('build', BUILDERS, ids=lambda build: build.__name__)
def test_functional_loops_equal_those_of_plain_ops(build, rng):
    xs = rng.randn(2, SIZE)
    results = []
    for functional in (False, True):
        with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
            X, T = built(build, functional)
            initialise(session)
            value = session.run(T, {X: xs})
            functions = set(compat.library_of(graph))
            assert any(op.type.endswith('While') for op in graph.get_operations()) == functional
            with DeepExplain(session=session) as de:
                found = [value] + [de.explain(method, T, X, xs, **options) for method, options in (
                    ('saliency', {}), ('grad*input', {}), ('intgrad', dict(steps=3)))]
                if build is not calling or not functional:
                    found.append(de.explain('elrp', T, X, xs))
            results.append(found)
            # Nothing that the user runs for the first time takes the longer for our explainers.
            assert set(compat.library_of(graph)) == functions or build is branching and functional
            np.testing.assert_array_equal(session.run(T, {X: xs}), value)
    for got, want in zip(results[1], results[0]):
        close(got, want, 1e-5)
        assert want.any()


def test_shapes_are_known_as_before(session):
    X, T = built(plain, True)
    with DeepExplain(session=session) as de:
        de.get_explainer('elrp', T, X)
    shapes = {op.name.split('/')[-1]: op.outputs[0].shape for op in session.graph.get_operations()
              if op.name.startswith('deepexplain/') and op.type in ('Exit', 'Tanh')}
    assert shapes['Tanh'].as_list() == [None, SIZE] and shapes['exit_3'].as_list() == [None, SIZE]
