"""A registered rule returns a gradient for x, or is refused by name."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise

from deepexplain.tensorflow import DeepExplain, register_rule
from deepexplain.tensorflow.relevance import Rule
from deepexplain.tensorflow.rules import activations


@pytest.fixture(autouse=True)
def rules(monkeypatch):
    monkeypatch.setattr(activations, '_rules', dict(activations._rules))


#: What rules return, given the gradient that arrives, and how the error goes on.
WRONG = {
    'None': (lambda grad: None, 'None'), 'a number': (lambda grad: 1., 'a float'),
    'an array': (lambda grad: np.ones((2, 4), 'f'), 'a ndarray'), 'a list': (lambda grad: [grad], 'a list'),
    'a tuple': (lambda grad: (grad, grad), 'a tuple'), 'text': (lambda grad: 'grad', 'a str'),
    'float64': (lambda grad: tf.cast(grad, tf.float64), r'a tensor of float64 and the shape'),
    'float16': (lambda grad: tf.cast(grad, tf.float16), 'a tensor of float16'),
    'ints': (lambda grad: tf.cast(grad, tf.int32), 'a tensor of int32'),
    'one number': (lambda grad: tf.reduce_sum(grad), r'a tensor of float32 and the shape \(\)'),
    'a column': (lambda grad: tf.reduce_sum(grad, 1, keepdims=True), r'a tensor of float32 and the shape \(.*, 1\)'),
    'one row': (lambda grad: tf.reduce_sum(grad, 0), r'a tensor of float32 and the shape \(4,\)'),
    'one axis more': (lambda grad: grad[tf.newaxis], 'a tensor of float32 and the shape'),
    'slices': (lambda grad: tf.IndexedSlices(grad, tf.constant([0, 1])), 'a IndexedSlices')}


@pytest.mark.parametrize('case', sorted(WRONG))
@pytest.mark.parametrize('method', ['elrp', 'deeplift', 'deeplift.reveal_cancel'])
def test_what_is_no_gradient(session, rng, method, case):
    make, words = WRONG[case]
    register_rule('Atan', elrp=lambda grad, x, y, epsilon: make(grad),
                  deeplift=lambda grad, x, y, x_ref, y_ref: make(grad))
    X = tf.placeholder(tf.float32, [None, 4])
    T = tf.reduce_sum(tf.atan(X, name='bend'), 1)
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match=r"^The %s rule that was registered for Atan returned %s.* for '.*bend', "
                           r'not .*float32 and \(.*, 4\)\.$' % ('elrp' if method == 'elrp' else 'deeplift', words)):
            de.get_explainer(method, T, X)


def test_a_tensor_of_another_graph(session):
    with tf.Graph().as_default():
        stranger = tf.ones([2, 4], name='stranger')
    register_rule('Atan', elrp=lambda grad, x, y, epsilon: stranger)
    X = tf.placeholder(tf.float32, [2, 4])
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match="returned 'stranger:0' of another graph for"):
            de.get_explainer('elrp', tf.atan(X), X)


@pytest.mark.parametrize('loop', [False, True])
def test_rows_that_are_not_known_before(session, rng, loop):
    """One row for all would be spread over them in silence."""
    wrong = []
    register_rule('Atan', elrp=lambda grad, x, y, epsilon: grad[:1] if wrong else 2 * grad)
    X = tf.placeholder(tf.float32, [None, 4])
    bend = tf.while_loop(lambda i, h: i < 2, lambda i, h: (i + 1, tf.atan(h)), [0, X])[1] if loop else tf.atan(X)
    xs = rng.randn(3, 4)
    with DeepExplain(session=session) as de:
        close(de.explain('elrp', bend, X, xs), (4 if loop else 2) * xs, 1e-6)
        wrong.append(True)
        explainer = de.get_explainer('elrp', bend, X)
        with pytest.raises(tf.errors.InvalidArgumentError, match="elrp rule that was registered for Atan returned a "
                                                                 "tensor of another shape than its input"):
            explainer.run(xs)
        close(explainer.run(xs[:1]), xs[:1], 1e-6)


def test_rules_of_layers(session, rng):
    class Mine(Rule):
        def __init__(self, make):
            super().__init__()
            self._make = make

        def relevance(self, layer, R):
            return self._make(layer.x)

    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 3)
    initialise(session)
    with DeepExplain(session=session) as de:
        ones = np.ones((2, 4))
        close(de.explain('lrp', T, X, ones, composite=[('*', Mine(lambda x: 2 * x))]), 2 * ones, 0)
        with pytest.raises(RuntimeError, match='Mine.relevance returned a tensor of float64 and the shape'):
            de.get_explainer('lrp', T, X, composite=[('*', Mine(lambda x: tf.cast(x, tf.float64)))])
        with pytest.raises(TypeError, match='must return a tensor of the shape of layer.x'):
            de.get_explainer('lrp', T, X, composite=[('*', Mine(lambda x: 3.))])
        explainer = de.get_explainer('lrp', T, X, composite=[('*', Mine(lambda x: x[:1]))])
        with pytest.raises(tf.errors.InvalidArgumentError, match="Mine.relevance returned a tensor of another shape"):
            explainer.run(np.ones((2, 4)))
