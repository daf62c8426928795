"""What goes into the softmax or the sigmoid that a target comes out of."""
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow.runs.targets import before_squashing, final_squashing


def written_out(z, axis=1, shift=None):
    e = tf.exp(z if shift is None else z - shift(z))
    return e / tf.reduce_sum(e, axis, keepdims=True)


def largest(z):
    return tf.reduce_max(z, 1, keepdims=True)


#: Functions of z of which z itself is what is squashed.
SQUASHED = {
    'softmax': tf.nn.softmax, 'log softmax': tf.nn.log_softmax, 'sigmoid': tf.sigmoid,
    'softmax, named': lambda z: tf.identity(tf.nn.softmax(z)),
    'softmax, reshaped': lambda z: tf.reshape(tf.nn.softmax(z), [-1, 3]),
    'sigmoid, squeezed': lambda z: tf.squeeze(tf.sigmoid(z)),
    'softmax, cast': lambda z: tf.cast(tf.nn.softmax(z), tf.float64),
    'written out': written_out, 'written out, shifted': lambda z: written_out(z, shift=largest),
    'written out, shift stopped': lambda z: written_out(z, shift=lambda z: tf.stop_gradient(largest(z))),
    'second of two': lambda z: tf.identity_n([z, tf.nn.softmax(z)])[1],
}
NOT = {
    'none': lambda z: 2 * z, 'tanh': tf.tanh, 'softmax of one': lambda z: tf.nn.softmax(z)[:, :1],
    'a difference': lambda z: tf.nn.softmax(z) - .5, 'exp': tf.exp,
    'exp over the sum of others': lambda z: tf.exp(z) / tf.reduce_sum(z, 1, keepdims=True),
    'exp over its largest': lambda z: tf.exp(z) / tf.reduce_max(tf.exp(z), 1, keepdims=True),
    'exp over the sum of another exp': lambda z: tf.exp(z) / tf.reduce_sum(tf.exp(2 * z), 1, keepdims=True),
    'z over the sum of exp': lambda z: z / tf.reduce_sum(tf.exp(z), 1, keepdims=True),
    'softmax, moved': lambda z: tf.transpose(tf.nn.softmax(z)),
}


@pytest.mark.parametrize('name', sorted(SQUASHED))
def test_what_is_squashed(session, name):
    z = tf.placeholder(tf.float32, [None, 3])
    assert before_squashing(SQUASHED[name](z)) is z


@pytest.mark.parametrize('name', sorted(NOT))
def test_what_is_not_squashed(session, name):
    T = NOT[name](tf.placeholder(tf.float32, [None, 3]))
    assert before_squashing(T) is T


def test_another_shift_stays(session):
    z = tf.placeholder(tf.float32, [None, 3])
    shifted = z - 2.
    e = tf.exp(shifted)
    assert before_squashing(e / tf.reduce_sum(e, 1, keepdims=True)) is shifted


def test_an_axis_that_is_moved_to_the_end_and_back(session):
    z = tf.placeholder(tf.float32, [None, 3, 4])
    T = tf.transpose(tf.nn.softmax(tf.transpose(z, [0, 2, 1])), [0, 2, 1])
    assert before_squashing(T) is z
    assert before_squashing(tf.transpose(tf.nn.softmax(z), [0, 2, 1])).op.type == 'Transpose'


def test_the_last_op(session):
    z = tf.placeholder(tf.float32, [None, 3])
    for squash in (tf.nn.softmax, tf.sigmoid):
        T = squash(z)
        assert final_squashing(T) is T.op is final_squashing(tf.reshape(tf.identity(T), [-1]))
        assert final_squashing(2 * T) is None
    assert final_squashing(z) is final_squashing(tf.tanh(z)) is None
