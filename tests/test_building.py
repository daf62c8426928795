"""Explainers are built in time with the number of ops: nothing is imported for each, and nothing is recursive."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.relevance.engine import _rules_ahead
from deepexplain.tensorflow.relevance.padding import Padding
from deepexplain.tensorflow.relevance.plan import make_plan
from deepexplain.tensorflow.relevance.rules import Epsilon
from deepexplain.tensorflow.rules.activations import ordinary_gradient

EXPLAINERS = [('deeplift', {}), ('deeplift', dict(complete=True)), ('deeplift.reveal_cancel', {}), ('elrp', {}),
              ('lrp.epsilon', dict(uncovered='gradient')), ('guided_backprop', {}), ('pattern.net', {})]


def cell(steps, rng):
    """A recurrent layer whose steps are written one after another: gates, products, sums, an activation of two ops."""
    X = tf.placeholder(tf.float32, [None, steps, 2])
    w, u, b = [tf.Variable(rng.randn(*size).astype(np.float32)) for size in ((2, 9), (3, 9), (9,))]
    h = c = tf.zeros([tf.shape(X)[0], 3])
    for x in tf.unstack(X, axis=1):
        i, f, g = tf.split(tf.nn.bias_add(tf.matmul(x, w) + tf.matmul(h, u), b), 3, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = c * tf.sigmoid(c)
    return X, tf.reduce_sum(h, 1, keepdims=True)


@pytest.mark.filterwarnings('ignore::UserWarning')
@pytest.mark.parametrize('method, options', EXPLAINERS)
def test_each_step_adds_as_many_ops_and_imports_nothing(rng, monkeypatch, method, options):
    imported, added = [], []
    ordinary = tf.import_graph_def
    for steps in (3, 5, 7):
        with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
            X, T = cell(steps, rng)
            initialise(session)
            before, calls = len(graph.get_operations()), []
            monkeypatch.setattr(tf, 'import_graph_def', lambda *args, calls=calls, **named: (
                calls.append(1), ordinary(*args, **named))[1])
            with DeepExplain(session=session) as de:
                de.get_explainer(method, T, X, **options)
            imported.append(len(calls))
            added.append(len(graph.get_operations()) - before)
    # The path, and the path at the baseline.
    assert imported[0] == imported[1] == imported[2] and 1 <= imported[0] <= 2
    assert added[2] - added[1] == added[1] - added[0] > 0


def test_of_the_rules_ahead_one_of_a_kind_is_kept(session, rng):
    X, T = cell(12, rng)
    path = Path([X], T)
    plan = make_plan(path)
    assert len(plan.layers) > 20
    rules = {name: Epsilon(bias=i % 2 == 0) for i, name in enumerate(plan.layers)}
    want = {}
    for name, place in plan.layers.items():
        waiting, seen = [place.op], set()
        while waiting:
            for op in {tensor.op for tensor in waiting.pop().inputs} & path.dependent - seen:
                if op.name not in plan.layers:
                    seen.add(op)
                    waiting.append(op)
                    want.setdefault(op.name, set()).add(rules[name].bias)
    ahead = _rules_ahead(path, plan, rules)
    assert {name: sorted(rule.bias for rule in ones) for name, ones in ahead.items()} == {
        name: sorted(kinds) for name, kinds in want.items()}


def deep(layer, layers=1200, first=tf.identity):
    X = tf.placeholder(tf.float32, [None, 4])
    h = first(X)
    for _ in range(layers):
        h = layer(h)
    return Path([X], tf.matmul(h, tf.ones([4, 1]))), h


@pytest.mark.parametrize('layer', [tf.identity, lambda h: tf.add(h, h), tf.tanh], ids=['kept', 'added', 'bent'])
def test_a_deep_model_can_be_planned(session, layer):
    path, h = deep(layer)
    plan = make_plan(path)
    place, = plan.layers.values()
    assert not place.nonnegative and place.first
    padding = Padding(path, {unit.y.name: unit.x for unit in plan.units.single.values()})
    assert not padding.touches(h) and padding.mask(h) is None


def test_signs_and_padding_are_known_through_a_deep_model(session):
    path, h = deep(lambda h: tf.reshape(h, [-1, 2, 2] if h.shape.ndims == 2 else [-1, 4]), 1200, lambda x: tf.pad(
        tf.nn.relu(x)[:, 1:], [[0, 0], [0, 1]]))
    place, = make_plan(path).layers.values()
    assert place.nonnegative
    padding = Padding(path, {})
    assert padding.touches(h)
    x = np.ones((2, 4), np.float32)
    np.testing.assert_array_equal(session.run(padding.mask(h), {path.X[0]: x}), [[1, 1, 1, 0]] * 2)


def uses(x):
    a, b = tf.identity_n([x * tf.sigmoid(x), tf.exp(-x)])
    return a * x + b * tf.ones_like(x) + tf.tanh(a) * tf.cast(x > 0, x.dtype)


def test_the_gradient_of_a_unit_is_that_of_tensorflow(session, rng):
    x, grad = [tf.constant(rng.randn(4, 3).astype(np.float32)) for _ in range(2)]
    before = set(session.graph.get_operations())
    y = uses(x)
    ops = [op for op in session.graph.get_operations() if op not in before]
    got, want = session.run([ordinary_gradient(y, x, grad, ops), tf.gradients(y, x, grad)[0]])
    np.testing.assert_allclose(got, want, 1e-5, 1e-6)
    # As it would be in another order, and where there is none.
    np.testing.assert_allclose(session.run(ordinary_gradient(y, x, grad, ops[::-1])), want, 1e-5, 1e-6)
    step = tf.floor(x) + tf.cast(x > 0, x.dtype)
    assert not session.run(ordinary_gradient(step, x, grad, [step.op, step.op.inputs[0].op])).any()


def test_what_has_no_gradient_is_named(session):
    x = tf.constant([1., 2.])
    lacking = tf.tanh(x).op
    y = lacking.outputs[0] + x

    class Lacking:
        type, name, inputs, outputs = 'NoSuchType', 'the_op', lacking.inputs, lacking.outputs

    with pytest.raises(LookupError, match=r"operation 'the_op' \(op type: NoSuchType\)"):
        ordinary_gradient(y, x, x, [Lacking, y.op])
