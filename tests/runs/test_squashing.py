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
    'softmax of one': lambda z: tf.nn.softmax(z)[:, :1], 'sigmoid of one': lambda z: tf.sigmoid(z)[:, 1],
    'the last': lambda z: tf.nn.softmax(z)[..., -1], 'some': lambda z: tf.nn.softmax(z)[:, ::2],
    'turned': lambda z: tf.nn.log_softmax(z)[:, ::-1], 'one more axis': lambda z: tf.sigmoid(z)[:, tf.newaxis, 1:],
    'written out, one': lambda z: tf.identity(written_out(z)[:, 1]),
    'slice': lambda z: tf.slice(tf.nn.softmax(z), [0, 1], [-1, 1]),
    'split': lambda z: tf.split(tf.nn.softmax(z), 3, -1)[1], 'split in two': lambda z: tf.split(
        tf.nn.softmax(z), [1, 2], 1)[1], 'unstacked': lambda z: tf.unstack(tf.sigmoid(z), axis=1)[2],
    'the largest two': lambda z: tf.nn.top_k(tf.nn.softmax(z), 2)[0],
    'the one that is fed': lambda z: tf.nn.softmax(z)[:, tf.placeholder(tf.int32, [])],
    'of slices': lambda z: tf.identity(tf.expand_dims(tf.nn.softmax(z)[:, 1:][:, 0], 1)),
}
NOT = {
    'none': lambda z: 2 * z, 'tanh': tf.tanh, 'part of what is not squashed': lambda z: tf.tanh(z)[:, 1],
    'some samples': lambda z: tf.nn.softmax(z)[1:], 'other samples': lambda z: tf.slice(tf.sigmoid(z), [0, 0], [2, -1]),
    'halves of the samples': lambda z: tf.split(tf.sigmoid(z), 2)[0], 'the first samples': lambda z: tf.sigmoid(z)[:2],
    'which are largest': lambda z: tf.cast(tf.nn.top_k(tf.nn.softmax(z), 2)[1], tf.float32),
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


def test_units_of_one_place_are_not_those_of_all(session):
    steps = tf.placeholder(tf.float32, [None, 5, 3])
    for T in (tf.nn.softmax(steps)[:, -1], tf.unstack(tf.sigmoid(steps), axis=1)[0], tf.nn.softmax(steps)[:, :2, 0],
              tf.slice(tf.sigmoid(steps), [0, 0, 1], [-1, 4, 1])):
        assert before_squashing(T) is T
    for T in (tf.nn.softmax(steps)[:, :, 1], tf.nn.softmax(steps)[..., 1:], tf.split(tf.nn.softmax(steps), 3, 2)[0],
              tf.slice(tf.sigmoid(steps), [0, 0, 1], [-1, 5, 1])):
        assert before_squashing(T) is steps
    single = tf.placeholder(tf.float32, [1, 5, 1])
    assert before_squashing(tf.sigmoid(single)[0, :, 0]) is single


@pytest.mark.parametrize('axis', [1, -3])
def test_units_along_another_axis(session, axis):
    z = tf.placeholder(tf.float32, [None, 3, 4, 5])
    p = tf.nn.softmax(z, axis)
    assert before_squashing(p) is before_squashing(p[:, 1]) is before_squashing(tf.split(p, 3, 1)[0]) is z
    T = p[..., 1]
    assert before_squashing(T) is T


def test_of_a_rank_that_is_not_known_nothing_is_taken_to_be_units(session):
    T = tf.sigmoid(tf.placeholder(tf.float32, None))[:, 1]
    assert before_squashing(T) is T


def test_the_last_op(session):
    z = tf.placeholder(tf.float32, [None, 3])
    for squash in (tf.nn.softmax, tf.sigmoid):
        T = squash(z)
        assert final_squashing(T) is T.op is final_squashing(tf.reshape(tf.identity(T), [-1]))
        assert final_squashing(2 * T) is None
    assert final_squashing(z) is final_squashing(tf.tanh(z)) is None
