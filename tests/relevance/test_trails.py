"""What becomes of a layer's axes behind it, and which biases are its own there."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained, variable
from models import close, initialise

from deepexplain.tensorflow.relevance.axes import own_axes
from deepexplain.tensorflow.relevance.trails import Trail, aligned


def behind(tensor, move):
    """The sizes and origins of what one op makes of a layer's output."""
    rank = tensor.shape.ndims
    trail = Trail(tensor.shape.as_list(), [frozenset([i]) for i in range(-rank, 0)], True, []).over(move(tensor).op)
    return trail.sizes, [None if axes is None else sorted(axes) for axes in trail.origins]


def test_an_axis_of_one_number_that_comes_or_goes(session):
    assert aligned([2, 3], [2, 3, 1]) == [([0], [0]), ([1], [1]), ([], [2])]
    assert aligned([2, 3, 1], [2, 3]) == [([0], [0]), ([1], [1]), ([2], [])]
    z = tf.placeholder(tf.float32, [2, 3])
    assert behind(z, lambda z: tf.expand_dims(z, -1)) == ([2, 3, 1], [[-2], [-1], []])


def test_what_batch_to_space_leaves_as_it_is(session):
    z = tf.placeholder(tf.float32, [None, 6, 6, 3])
    assert behind(z, lambda z: tf.batch_to_space_nd(z, [2, 2], [[0, 0]] * 2)) == (
        [None, 12, 12, 3], [None, None, None, [-1]])
    assert behind(z, lambda z: tf.batch_to_space_nd(z, [2], [[0, 0]])) == (
        [None, 12, 6, 3], [None, None, [-2], [-1]])


def test_what_is_left_of_an_unknown_rank(session):
    """The last axis, if it stays as long."""
    trail, z = Trail([4], [frozenset([-1])], False, []), tf.placeholder(tf.float32)
    found = trail.over(tf.reshape(z, [-1, 4]).op)
    assert found.sizes == [None, 4] and found.origins == [None, {-1}] and found.known
    assert trail.over(tf.reshape(z, [-1, 2]).op) is None
    assert trail.over(tf.reshape(z, tf.placeholder(tf.int32)).op) is None


def test_a_size_that_the_layer_tells(session):
    """TensorFlow does not know it."""
    z = tf.placeholder(tf.float32, [2, None, 4])
    trail = Trail([2, 3, 4], [frozenset([i]) for i in (-3, -2, -1)], True, [])
    assert trail.over(tf.reshape(z, [2, -1, 4]).op).sizes == [2, 3, 4]


@pytest.mark.parametrize('equation,own', [
    ('b...,bc->c...', {-3: (-1,)}), ('...b,bc->...c', {-1: (-1,)}), ('a...b,cb->a...c', {-1: (-2,)})])
def test_the_axes_of_an_einsum_with_dots(session, equation, own):
    x, w = tf.placeholder(tf.float32, [4, 4, 4]), tf.placeholder(tf.float32, [4, 4])
    assert own_axes(tf.raw_ops.Einsum(inputs=[x, w], equation=equation).op, 0) == own


@pytest.mark.parametrize('method', ['lrp.z', 'lrp.z_plus', 'lrp.w_square'])
def test_a_bias_behind_a_reshape_that_mixes_all_axes(session, rng, method):
    """Two rows of 6 become one of 3 x 4."""
    X = tf.placeholder(tf.float32, [None, 2, 5])
    w, b, u = variable(rng, 5, 6), variable(rng, 3, 4), variable(rng, 12, 2)
    z = tf.reshape(tf.matmul(tf.reshape(X, [-1, 5]), w), tf.stack([tf.shape(X)[0], 3, 4]))
    plain = tf.tensordot(X, w, 1) + tf.reshape(b, [2, 6])
    T = [tf.matmul(tf.nn.relu(tf.reshape(one, [-1, 12])), u) for one in (z + b, plain)]
    initialise(session)
    xs = rng.randn(3, 2, 5)
    want = explained(session, method, T[1], X, xs, ys=1)
    close(explained(session, method, T[0], X, xs, ys=1), want, 1e-4)
    assert np.abs(want).max() > .01


def channels_first(X, unknown):
    return tf.placeholder_with_default(X, None) if unknown else X


@pytest.mark.parametrize('rank', [3, 4])
@pytest.mark.parametrize('unknown', [False, True])
def test_biases_of_channels_on_the_second_axis(session, rng, rank, unknown):
    """Of an unknown rank too: as the same bias that is broadcast by hand."""
    X = tf.placeholder(tf.float32, [None, 3] + [2] * (rank - 2))
    b, xs = rng.randn(3).astype(np.float32), rng.rand(3, *X.shape.as_list()[1:])
    by_hand = X + b.reshape([3] + [1] * (rank - 2))
    op = tf.nn.bias_add(channels_first(X, unknown), b, data_format='NCHW')
    found = [explained(session, 'lrp.z', tf.reduce_sum(tf.reshape(tf.exp(one), [3, -1]), 1), X, xs)
             for one in (op, by_hand)]
    close(found[0], found[1], 1e-5)


@pytest.mark.filterwarnings('ignore:T .* does not keep the rows of X apart')  # There is one.
@pytest.mark.parametrize('rank', [3, 4])
@pytest.mark.parametrize('unknown', [False, True])
def test_biases_made_of_X(session, rng, rank, unknown):
    X = tf.placeholder(tf.float32, [None, 3] + [2] * (rank - 2))
    xs = rng.rand(1, *X.shape.as_list()[1:])
    bias = tf.reduce_max(X, [0] + list(range(2, rank)))
    by_hand = X + tf.reshape(bias, [3] + [1] * (rank - 2))
    op = tf.nn.bias_add(channels_first(X, unknown), bias, data_format='NCHW')
    found = [explained(session, 'lrp.z', tf.reduce_sum(tf.reshape(tf.exp(one), [1, -1]), 1), X, xs)
             for one in (op, by_hand)]
    close(found[0], found[1], 1e-5)


@pytest.mark.parametrize('method', ['lrp.z_plus', 'lrp.gamma', 'lrp.alpha_2_beta_1'])
def test_the_first_version_of_a_bias_is_one_too(session, rng, method):
    X, w, b, u = tf.placeholder(tf.float32, [None, 5]), variable(rng, 5, 4), variable(rng, 4), variable(rng, 4, 2)
    z = tf.matmul(X, w)
    T = [tf.matmul(tf.nn.relu(one), u) for one in (tf.raw_ops.BiasAddV1(value=z, bias=b), tf.nn.bias_add(z, b))]
    initialise(session)
    xs = rng.randn(3, 5)
    found = [explained(session, method, one, X, xs, ys=1) for one in T]
    close(found[0], found[1], 1e-5)


@pytest.mark.parametrize('method', ['lrp.z_plus', 'lrp.alpha_2_beta_1', 'lrp.gamma'])
def test_differences_are_sums(session, rng, method):
    """Of what differs along an axis that no weights are of."""
    X, w, b = tf.placeholder(tf.float32, [None, 3, 2]), variable(rng, 2, 2, 4), variable(rng, 3, 1)
    z, u = tf.nn.conv1d(X, w, 1, 'SAME'), variable(rng, 12, 2)
    initialise(session)
    xs = rng.randn(3, 3, 2)
    for one, other in ((z - b, z + -b), (b - z, -z + b)):
        T = [tf.matmul(tf.nn.relu(tf.reshape(h, [-1, 12])), u) for h in (one, other)]
        close(explained(session, method, T[0], X, xs, ys=1), explained(session, method, T[1], X, xs, ys=1), 1e-5)


@pytest.mark.parametrize('move', [
    tf.identity, lambda z: tf.check_numerics(z, ''), lambda z: tf.ensure_shape(z, [None, 4])])
def test_what_lies_between_a_layer_and_its_bias(session, rng, move):
    X, w, b, u = tf.placeholder(tf.float32, [None, 5]), variable(rng, 5, 4), variable(rng, 4), variable(rng, 4, 2)
    T = [tf.matmul(tf.nn.relu(z + b), u) for z in (move(tf.matmul(X, w)), tf.matmul(X, w))]
    initialise(session)
    xs = rng.randn(3, 5)
    found = [explained(session, 'lrp.alpha_2_beta_1', one, X, xs, ys=1) for one in T]
    close(found[0], found[1], 1e-5)


@pytest.mark.parametrize('method,want', [('lrp.z', 2 * 3), ('lrp.z_IB', 2 * 3 + 1 * 4 + 5 * -1)])
def test_a_shift_that_broadcasts_its_data(session, method, want):
    X = tf.placeholder(tf.float32, [None, 1])
    T = tf.matmul(X + [1., 5], [[4.], [-1]])
    np.testing.assert_allclose(explained(session, method, T, X, [[2]]), [[want]], rtol=1e-5)
