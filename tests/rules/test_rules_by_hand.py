"""Rules of single ops, each by a hand-worked number."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain, register_rule


def explained(session, T, X, xs, method='deeplift', **options):
    with DeepExplain(session=session) as de:
        return de.explain(method, T, X, xs, **options)


def test_an_epsilon_that_halves_cannot_hold(session):
    """1e-9 would be 0 as a half, and 0 / 0 no number."""
    X = tf.placeholder(tf.float16, [None, 2])
    for activation in (tf.nn.relu, tf.tanh, tf.nn.elu):
        got = explained(session, activation(X), X, [[0, 2]], 'elrp', epsilon=1e-9)
        np.testing.assert_allclose(got, [[0, session.run(activation(X), {X: [[0, 2]]})[0, 1]]], rtol=2e-3)


@pytest.mark.parametrize('given', ['elrp', 'deeplift'])
def test_an_op_over_features_needs_both_rules(given):
    with pytest.raises(ValueError, match='register_rule: MatMul is not known as an elementwise activation'):
        register_rule('MatMul', **{given: lambda *inputs: inputs[0]})


def test_a_squared_difference(session):
    """(a - b)^2 from (1, 0) to (5, 2): 9 - 1 = (3 + 1) (4 - 2)."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.math.squared_difference(X[:, 0], X[:, 1])
    got = explained(session, T, X, [[5, 2]], baseline=[1, 0], complete=True)
    np.testing.assert_allclose(got, [[16, -8]], rtol=1e-5)


def test_quotients_by_a_size_that_may_be_nought(session):
    """As the plain quotient where no size is 0, also where both are small."""
    X = tf.placeholder(tf.float32, [None, 3])
    size = tf.sqrt(tf.reduce_sum(tf.square(X), 1, keepdims=True))
    xs, base = np.array([[.1, -.2, .3], [2, 1, -1]]), [.3, .1, .2]
    got = explained(session, tf.math.divide_no_nan(X, size), X, xs, ys=0, baseline=base, complete=True)
    np.testing.assert_allclose(got, explained(session, X / size, X, xs, ys=0, baseline=base, complete=True), rtol=1e-4)


@pytest.mark.parametrize('make', [lambda x: .5 * tf.add_n([x, tf.abs(x)]), lambda x: (x + tf.abs(tf.identity(x))) / 2,
                                  lambda x: .5 * (tf.abs(x) - (-x)), lambda x: tf.add_n([x, tf.abs(x)]) * .5])
def test_a_kink_that_is_written_as_a_sum(session, make):
    """Half of x + |x| is max(x, 0): from -1 to 3 it rises by 3."""
    X = tf.placeholder(tf.float32, [None, 2])
    got = explained(session, make(X[:, :1] + X[:, 1:]), X, [[5, -2]], baseline=[0, -1])
    np.testing.assert_allclose(got, [[5 * .75, -.75]], rtol=1e-5)


def test_a_quotient_of_the_old_kind(session):
    """a / b from (1, 1) to (3, 2), complete: half the sum of the two orders, whatever op type it is."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = [tf.raw_ops.Div(x=X[:, 0], y=X[:, 1]), X[:, 0] / X[:, 1]]
    got, want = [explained(session, one, X, [[3, 2]], baseline=[1, 1], complete=True) for one in T]
    np.testing.assert_allclose(got, want)
    np.testing.assert_allclose(got.sum(), .5, rtol=1e-5)
