"""Sums whose terms are broadcast hand each of them what is its own; those that are not ask for no shapes."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.rules.joint import is_whole

#: The shapes of two terms, and whether each certainly has that of the sum.
SHAPES = [([None, 3], [3], True, False), ([None, 3], [], True, False), ([None, 3], [1, 1], True, False),
          ([None, 3], [2, 3], False, True), ([None, 1], [3], False, False), ([None, 1], [1], True, False),
          ([2, 3], [2, 3], True, True), ([None, 3], [None, 3], False, False), ([2, None], [3], False, False),
          ([3], [None, 3], False, True), ([1, 3], [None, 3], False, True), (None, [3], False, False),
          ([2, 3], None, False, False)]


@pytest.mark.parametrize('one,other,whole,other_whole', SHAPES)
def test_terms_of_the_shape_of_the_sum(session, one, other, whole, other_whole):
    op = tf.add(tf.placeholder(tf.float32, one), tf.placeholder(tf.float32, other)).op
    assert [is_whole(op, 0), is_whole(op, 1)] == [whole, other_whole]


def test_ops_that_broadcast_no_data(session):
    x, b = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [None])
    bias = tf.nn.bias_add(x, b).op
    assert is_whole(bias, 0) and not is_whole(bias, 1)
    assert all(is_whole(tf.raw_ops.AddN(inputs=[x, x]).op, place) for place in range(2))


@pytest.mark.parametrize('columns', [1, 3, None])
@pytest.mark.parametrize('term', [[[5.]], [[1., 2., 3.]], [1., 2., 3.], 4.])
def test_a_term_that_may_be_broadcast(session, columns, term):
    """No layer is behind it whose bias the term could be, so what it adds is x's; one column has the sum of all."""
    X = tf.placeholder(tf.float32, [None, columns])
    T = X + tf.constant(term)
    xs = np.array([[2.], [-3.]], np.float32) if columns == 1 else np.array([[2., 1., 4.], [-3., 8., 1.]], np.float32)
    with DeepExplain(session=session) as de:
        got = de.explain('lrp.z', T, X, xs)
    want = xs + np.array(term)
    close(got, want.sum(1, keepdims=True) if columns == 1 else want, 1e-5)


@pytest.mark.parametrize('method', ['lrp.w_square', 'lrp.flat', 'lrp.alpha_2_beta_1', 'deep_taylor'])
def test_nothing_keeps_a_convolution_from_being_fused(session, rng, method):
    """TensorFlow computes a convolution, its bias and its activation as one where nobody else reads what is between."""
    X = tf.placeholder(tf.float32, [None, 6, 6, 2])
    z = tf.nn.conv2d(X, tf.Variable(rng.randn(3, 3, 2, 4).astype('f')), strides=[1, 1, 1, 1], padding='SAME')
    h = tf.nn.relu(tf.nn.bias_add(z, tf.Variable(rng.randn(4).astype('f')), name='sum'), name='activation')
    T = tf.matmul(tf.reshape(h, [-1, 144]), tf.Variable(rng.randn(144, 2).astype('f')))
    initialise(session)
    with DeepExplain(session=session) as de:
        de.get_explainer(method, T, X)
    copies = [op for op in session.graph.get_operations() if op.name.endswith('path/sum')]
    assert copies
    for op in copies:
        readers = [reader.type for reader in op.inputs[0].consumers()]
        assert 'Shape' not in readers and (readers == ['BiasAdd'] or method not in ('lrp.w_square', 'lrp.flat'))
