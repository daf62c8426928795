"""The context: what it enters, and that it leaves no trace."""
import importlib
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, close, initialise, mlp

import deepexplain.tensorflow
from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods, original_grad

ACTIVATIONS = {'Relu': tf.nn.relu, 'Relu6': tf.nn.relu6, 'LeakyRelu': tf.nn.leaky_relu, 'Elu': tf.nn.elu,
               'Selu': tf.nn.selu, 'Sigmoid': tf.nn.sigmoid, 'Tanh': tf.nn.tanh, 'Softplus': tf.nn.softplus,
               'Softsign': tf.nn.softsign, 'Exp': tf.exp}


def override_of(tensor):
    try:
        return tensor.op.get_attr('_gradient_op_type')
    except ValueError:
        return None


@pytest.mark.parametrize('name', sorted(ACTIVATIONS))
def test_activations_made_inside_ask_for_our_gradient(session, name):
    x = tf.placeholder(tf.float32, [None, 2])
    with DeepExplain(session=session):
        assert override_of(ACTIVATIONS[name](x)) == b'DeepExplainGrad'
    assert override_of(ACTIVATIONS[name](x)) is None


@pytest.mark.parametrize('name', sorted(ACTIVATIONS))
def test_gradient_inside_is_the_ordinary_one(session, name):
    x = tf.placeholder(tf.float32, [None, 3])
    before, = tf.gradients(ACTIVATIONS[name](x), x)
    with DeepExplain(session=session):
        inside, = tf.gradients(ACTIVATIONS[name](x), x)
    xs = [[-1.5, .3, 7]]
    np.testing.assert_array_equal(*session.run([before, inside], {x: xs}))


def test_original_grad_is_the_ordinary_gradient(session):
    x = tf.placeholder(tf.float32, [None])
    with DeepExplain(session=session):
        y = tf.nn.tanh(x)
    got = session.run(original_grad(y.op, tf.constant([2.])), {x: [.5]})
    np.testing.assert_allclose(got, 2 * (1 - np.tanh(.5) ** 2), rtol=1e-6)


def overrides(graph):
    """Which activations made now would be overridden, and the default graph."""
    with graph.as_default():
        x = tf.zeros([1])
        return [override_of(activation(x)) for _, activation in sorted(ACTIVATIONS.items())]


def test_no_trace_on_exit_or_exception(session):
    graph = session.graph
    clean = overrides(graph)
    outside = tf.get_default_graph()
    with DeepExplain(session=session):
        pass
    assert overrides(graph) == clean
    with pytest.raises(KeyError):
        with DeepExplain(session=session):
            raise KeyError('a mistake of the user')
    assert overrides(graph) == clean
    assert tf.get_default_graph() is outside


def test_own_overrides_of_the_user_survive(session):
    x = tf.zeros([1])
    with session.graph.gradient_override_map({'Relu': 'Identity'}):
        with DeepExplain(session=session):
            assert override_of(tf.nn.relu(x)) == b'DeepExplainGrad'
        assert override_of(tf.nn.relu(x)) == b'Identity'


def test_nests_and_may_be_entered_again(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs = rng.randn(2, 5)
    de = DeepExplain(session=session)
    results = []
    with de:
        with de, DeepExplain(session=session) as inner:
            results.append(inner.explain('elrp', T, X, xs))
        results.append(de.explain('elrp', T, X, xs))
    with de:
        results.append(de.explain('elrp', T, X, xs))
    for result in results[1:]:
        np.testing.assert_array_equal(result, results[0])
    with pytest.raises(RuntimeError, match='within a DeepExplain context'):
        de.explain('elrp', T, X, xs)


def test_enters_the_graph_of_its_session():
    with tf.Session(graph=tf.Graph()) as other:
        with DeepExplain(session=other):
            assert tf.get_default_graph() is other.graph
        with DeepExplain(graph=other.graph, session=other):
            assert tf.get_default_graph() is other.graph
        with pytest.raises(RuntimeError, match='graph must be the graph of the session'):
            DeepExplain(graph=tf.Graph(), session=other)


def test_finds_the_default_session(session):
    with session.as_default():
        assert DeepExplain().session is session


def test_without_any_session():
    with tf.Graph().as_default():
        tf.nn.relu(tf.zeros([1]))
        with pytest.raises(RuntimeError, match='could not retrieve a session. Use DeepExplain.session=your_session'):
            DeepExplain()


def test_training_inside_is_ordinary_training(rng):
    xs, ys = rng.randn(20, 5), rng.randn(20, 3)

    def trained(inside):
        with tf.Graph().as_default() as graph, tf.Session(graph=graph) as sess:
            de = DeepExplain(session=sess)
            if inside:
                de.__enter__()
            X, T = mlp(tf.nn.sigmoid, np.random.RandomState(1))
            target = tf.placeholder(tf.float32, [None, 3])
            step = tf.train.GradientDescentOptimizer(.1).minimize(tf.reduce_mean(tf.square(T - target)))
            initialise(sess)
            for _ in range(20):
                sess.run(step, {X: xs, target: ys})
            result = sess.run(T, {X: xs})
            if inside:
                de.__exit__(None, None, None)
            return result

    np.testing.assert_array_equal(trained(True), trained(False))


@pytest.mark.parametrize('method', sorted(set(attribution_methods) - set(MAPS)))
def test_explainers_work_after_the_context_closes(session, rng, method):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **REQUIRED.get(method, {}))
        np.random.seed(1)
        inside = explainer.run(xs)
    size = len(session.graph.get_operations())
    np.random.seed(1)
    np.testing.assert_array_equal(explainer.run(xs), inside)
    assert len(session.graph.get_operations()) == size


def test_reload_keeps_the_rules_working(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        before = de.explain('elrp', T, X, xs)
    kept = {name: module for name, module in sys.modules.items() if name.split('.')[0] == 'deepexplain'}
    try:
        for name in kept:
            del sys.modules[name]
        fresh = importlib.import_module('deepexplain.tensorflow')
        assert fresh.DeepExplain is not DeepExplain
        with fresh.DeepExplain(session=session) as de:
            close(de.explain('elrp', T, X, xs), before, 1e-6)
    finally:
        sys.modules.update(kept)
    importlib.reload(deepexplain.tensorflow.rules.activations)
    importlib.reload(deepexplain.tensorflow)
    with deepexplain.tensorflow.DeepExplain(session=session) as de:
        close(de.explain('elrp', T, X, xs), before, 1e-6)


def test_importing_makes_no_ops():
    code = ('import tensorflow.compat.v1 as tf; import deepexplain.tensorflow; '
            'assert not tf.get_default_graph().get_operations()')
    assert subprocess.call([sys.executable, '-W', 'ignore', '-c', code]) == 0
