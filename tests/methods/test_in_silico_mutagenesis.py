"""Every single substitution against a loop over them, and what it costs."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp

from deepexplain.genomics import in_silico_mutagenesis
from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import in_silico_mutagenesis as module


@pytest.fixture
def model(session, rng):
    X = tf.placeholder(tf.float32, [None, 5, 4])
    T = mlp(tf.nn.relu, rng, 20, X=tf.reshape(X, [-1, 20]))[1]
    initialise(session)
    xs = np.eye(4)[rng.randint(0, 4, (3, 5))]
    xs[1, 2] = 0
    return X, T, xs


def slow(session, T, X, xs, unit):
    def score(one):
        return session.run(T, {X: one[np.newaxis]})[0, unit]

    found = np.zeros(xs.shape)
    for i, place, letter in np.ndindex(xs.shape):
        mutant = xs[i].copy()
        mutant[place] = np.eye(4)[letter]
        found[i, place, letter] = score(mutant) - score(xs[i])
    return found


@pytest.mark.parametrize('batch_size', [None, 1, 7])
def test_against_a_loop(session, model, monkeypatch, batch_size):
    X, T, xs = model
    monkeypatch.setattr(module, 'AT_ONCE', 25)
    kept = xs.copy()
    with DeepExplain(session=session) as de:
        got = in_silico_mutagenesis(de, T, X, xs, ys=1, batch_size=batch_size)
        close(got, slow(session, T, X, xs, 1), 1e-5)
        assert got.dtype == np.float32 and not got[xs == 1].any() and got[1, 2].all()
        best = in_silico_mutagenesis(de, T, X, xs, ys='max', batch_size=batch_size)
        units = session.run(T, {X: xs}).argmax(1)
        for i in range(3):
            close(best[i:i + 1], slow(session, T, X, xs[i:i + 1], units[i]), 1e-5)
        close(in_silico_mutagenesis(de, T, X, xs[1:2], ys=1), got[1:2], 1e-5)
    np.testing.assert_array_equal(xs, kept)


def test_what_it_costs(session, rng, capsys):
    seen = []

    def count(array):
        seen.append(len(array))
        return array

    X = tf.placeholder(tf.float32, [None, 6, 4])
    T = tf.reduce_sum(tf.square(tf.py_func(count, [X], tf.float32)), [1, 2])
    xs = np.eye(4)[rng.randint(0, 4, (2, 6))]
    xs[0, 0] = 0
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('in_silico_mutagenesis', T, X)
        explainer.run(xs, batch_size=5, show_progress=True)
    # The samples, three letters at each place, four where there is none.
    assert sum(seen) == 2 + 2 * 6 * 3 + 1 and max(seen) <= 5
    assert '50/50' in capsys.readouterr().err


def test_the_letters_may_be_along_another_axis(session, model, rng):
    X, T, xs = model
    turned = tf.placeholder(tf.int32, [None, 4, 1, 5])
    U = mlp(tf.nn.relu, np.random.RandomState(0), 20, X=tf.cast(tf.reshape(turned, [-1, 20]), tf.float32))[1]
    V = mlp(tf.nn.relu, np.random.RandomState(0), 20, X=tf.reshape(tf.transpose(X, [0, 2, 1]), [-1, 20]))[1]
    initialise(session)
    with DeepExplain(session=session) as de:
        want = in_silico_mutagenesis(de, V, X, xs, ys=0)
        got = in_silico_mutagenesis(de, U, turned, xs.transpose(0, 2, 1)[:, :, np.newaxis].astype(int), ys=0, axis=1)
    assert got.dtype == np.float32
    close(got[:, :, 0].transpose(0, 2, 1), want, 1e-5)


def test_beside_another_input(session, rng):
    A, B = tf.placeholder(tf.float32, [None, 3, 4]), tf.placeholder(tf.float32, [None, 2])
    T = dense(tf.tanh(dense(tf.concat([tf.reshape(A, [-1, 12]), B], 1), rng, 5)), rng, 1)
    initialise(session)
    xs, others = np.eye(4)[rng.randint(0, 4, (2, 3))], rng.randn(2, 2)
    with DeepExplain(session=session) as de:
        got = in_silico_mutagenesis(de, T, [A, B], [xs, others], axis=[-1, None])
        want = in_silico_mutagenesis(de, T, A, xs, feed_dict={B: others})
    close(got[0], want, 1e-6)
    assert not got[1].any() and got[1].shape == (2, 2)


def test_a_target_of_a_fixed_number_of_rows(session, model):
    X, T, xs = model
    with DeepExplain(session=session) as de:
        want = in_silico_mutagenesis(de, T, X, xs, ys=1)
        close(in_silico_mutagenesis(de, tf.reshape(T, [3, 3]), X, xs, ys=1), want, 1e-5)


def test_a_target_that_is_one_number_for_all(session, rng):
    X = tf.placeholder(tf.float32, [None, 3, 4])
    w = rng.randn(3, 4)
    T = tf.reduce_sum(X * tf.constant(w, tf.float32))
    xs = np.eye(4)[rng.randint(0, 4, (2, 3))]
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match="T .* must have a value for each sample"):
            in_silico_mutagenesis(de, T, X, xs)
        together = in_silico_mutagenesis(de, T, X, xs, rows='together')
    want = w - (w * xs).sum(-1, keepdims=True)
    close(together, want * (xs == 0), 1e-5)


def test_errors(session, model):
    X, T, xs = model
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError, match='in_silico_mutagenesis needs xs one-hot along axis -1, .*shape is'):
            in_silico_mutagenesis(de, T, X, xs * .5)
        with pytest.raises(ValueError, match='They are along axis=-1'):
            in_silico_mutagenesis(de, T, X, xs, axis=1)
        with pytest.raises(ValueError, match='axis must be one of X'):
            in_silico_mutagenesis(de, T, X, xs, axis=0)
        with pytest.raises(ValueError, match='axis must say of one input at least where its letters are'):
            in_silico_mutagenesis(de, T, [X], [xs], axis=[None])
        with pytest.raises(RuntimeError, match='does not depend on X'):
            in_silico_mutagenesis(de, tf.reduce_sum(tf.zeros([3, 2])), X, xs)
        with pytest.raises(RuntimeError, match='return_convergence_delta is not defined for in_silico_mutagenesis.$'):
            in_silico_mutagenesis(de, T, X, xs, return_convergence_delta=True)
