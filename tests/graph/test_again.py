"""Ops made once more on other inputs, and of which tensors others are functions."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow.graph.again import Again, again, in_turn
from deepexplain.tensorflow.graph.between import Sources, ops_between
from deepexplain.tensorflow.graph.path import Path


def test_the_type_the_attributes_and_the_device_are_kept(session, rng):
    x, w = rng.rand(2, 3).astype(np.float32), rng.rand(4, 3).astype(np.float32)
    with tf.device('/cpu:0'):
        op = tf.matmul(tf.constant(x), tf.constant(w), transpose_b=True).op
    made = again(op, {0: tf.constant(2 * x)})
    assert made.type == 'MatMul' and made.device == op.device and made.inputs[1] is op.inputs[1]
    np.testing.assert_array_equal(session.run(made.outputs[0]), session.run(tf.matmul(2 * x, w, transpose_b=True)))


def test_all_inputs_may_be_of_another_dtype(session, rng):
    op = (tf.constant(rng.rand(2, 3).astype(np.float32)) * 3).op
    made = again(op, {0: tf.constant([[.1]], tf.float64), 1: tf.constant(3., tf.float64)})
    assert made.outputs[0].dtype == tf.float64
    np.testing.assert_allclose(session.run(made.outputs[0]), .1 * 3, 1e-15)


def test_a_gradient_of_ones_own_is_not_taken_along(session):
    @tf.RegisterGradient('HundredTimes%d' % id(session))
    def hundred(op, grad):
        return 100 * grad

    with session.graph.gradient_override_map({'Tanh': 'HundredTimes%d' % id(session)}):
        y = tf.tanh(tf.zeros([1]))
    x = tf.zeros([1])
    assert session.run(tf.gradients(y, y.op.inputs[0])[0]) == 100
    assert session.run(tf.gradients(again(y.op, {0: x}).outputs[0], x)[0]) == 1


def test_a_unit_with_constants_of_its_shape(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    y = (X + tf.ones_like(X)) * tf.sigmoid(X) + tf.fill(tf.shape(X), 2.)
    ops = ops_between(X, y, Path([X], y))
    other = tf.constant(rng.randn(4, 3).astype(np.float32))
    made = Again(ops, {X.name: other})
    # Not a placeholder is asked for.
    value, x = session.run([made.tensor(y), other])
    np.testing.assert_allclose(value, (x + 1) / (1 + np.exp(-x)) + 2, 1e-5)
    assert made.tensor(X) is other and len(made.ops) == len(ops)
    outside = tf.constant(1.)
    assert made.tensor(outside) is outside


def test_what_hangs_on_none_of_the_inputs_is_left_as_it_is(session):
    X, other = tf.constant([1.]), tf.constant([2.])
    a, b = tf.tanh(X), tf.exp(other)
    made = Again([a.op, b.op, (a + b).op], {X.name: tf.constant([3.])})
    assert made.tensor(b) is b and [op.type for op in made.ops] == ['Tanh', 'AddV2']


def test_the_order_is_that_of_running():
    class Op:
        def __init__(self, *reads):
            self.inputs = [type('Tensor', (), {'op': op}) for op in reads]

    a = Op()
    b = Op(a)
    c = Op(a, b)
    late, early = Op(c, b), Op(c)
    for order in ([late, c, b, a, early], [early, a, late, c, b], [a, b, c, early, late]):
        found = in_turn(order)
        assert len(found) == 5 and set(found) == set(order)
        for op in found:
            assert all(found.index(one.op) < found.index(op) for one in op.inputs)
    # Between what is not among them there is no order.
    assert in_turn([late, a]) == [late, a]


def test_ops_in_a_ring_come_once_each():
    class Op:
        inputs = []

    a, b = Op(), Op()
    a.inputs, b.inputs = [type('Tensor', (), {'op': b})], [type('Tensor', (), {'op': a})]
    assert set(in_turn([a, b])) == {a, b} and len(in_turn([a, b])) == 2


@pytest.mark.parametrize('seed', range(5))
def test_the_nearest_tensor_of_which_others_are_functions(seed):
    class Tensor:
        def __init__(self, name):
            self.name = name

    rng = np.random.RandomState(seed)
    tensors, above, sources = [Tensor(str(i)) for i in range(60)], {}, Sources()
    for i, tensor in enumerate(tensors):
        if i and rng.rand() < .95:
            above[tensor.name] = tensors[rng.randint(max(0, i - 4), i)]
            sources.note({tensor.name: above[tensor.name]})

    def chain(tensor):
        return [tensor] + (chain(above[tensor.name]) if tensor.name in above else [])

    for _ in range(200):
        a, b, c = [tensors[i] for i in rng.randint(0, 60, 3)]
        common = [one for one in chain(a) if one in chain(b)]
        assert sources.shared([a, b]) is (common[0] if common else None)
        common = [one for one in common if one in chain(c)]
        assert sources.shared([a, b, c]) is (common[0] if common else None)
    assert sources.shared([tensors[7]]) is tensors[7]
