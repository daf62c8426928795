"""Every form of ys chooses what its weights by hand would."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp, weights

from deepexplain.tensorflow import DeepExplain

METHODS = ['saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'shapley_sampling']


def same(de, method, T, X, xs, ys, by_hand, **more):
    np.random.seed(0)
    got = de.explain(method, T, X, xs, ys, **more)
    np.random.seed(0)
    close(got, de.explain(method, T, X, xs, by_hand), 1e-5)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('batch_size', [None, 2])
def test_units_of_a_classifier(session, rng, method, batch_size):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    xs = rng.randn(4, 5)
    eye = np.eye(3)
    largest = session.run(T, {X: xs}).argmax(1)
    assert len(set(largest)) > 1
    with DeepExplain(session=session) as de:
        for ys in (2, np.int64(2), (2,)):
            same(de, method, T, X, xs, ys, eye[[2] * 4], batch_size=batch_size)
        for ys in ([0, 2, 1, 1], np.array([0, 2, 1, 1], np.uint8), (0, 2, 1, 1)):
            same(de, method, T, X, xs, ys, eye[[0, 2, 1, 1]], batch_size=batch_size)
        same(de, method, T, X, xs, 'max', eye[largest], batch_size=batch_size)
        same(de, method, T, X, xs, eye[[0, 2, 1, 1]].astype(int), eye[[0, 2, 1, 1]], batch_size=batch_size)


def test_units_of_higher_ranks_and_unknown_dimensions(session, rng):
    X = tf.placeholder(tf.float32, [None, 3, 4, 2])
    T = tf.nn.conv2d(X, weights(rng, 2, 2, 2, 3), [1, 1, 1, 1], 'SAME')
    unknown = tf.placeholder_with_default(T, [None, None, None, None])
    initialise(session)
    xs = rng.randn(2, 3, 4, 2)
    one, each = np.zeros((2, 3, 4, 3)), np.zeros((2, 3, 4, 3))
    one[:, 1, 2, 0] = 1
    each[0, 0, 0, 1] = each[1, 2, 3, 2] = 1
    values = session.run(T, {X: xs}).reshape(2, -1)
    largest = np.eye(36)[values.argmax(1)].reshape(2, 3, 4, 3)
    with DeepExplain(session=session) as de:
        for target in (T, unknown):
            for method in ('grad*input', 'occlusion', 'intgrad'):
                same(de, method, target, X, xs, (1, 2, 0), one)
                same(de, method, target, X, xs, [(0, 0, 1), (2, 3, 2)], each)
                same(de, method, target, X, xs, 'max', largest)


def test_rank_1_takes_weights(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    T = tf.reduce_sum(dense(X, rng, 3), 1)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        whole = de.explain('grad*input', T, X, xs)
        close(de.explain('grad*input', T, X, xs, [2, 0, 1]), whole * [[2], [0], [1]], 1e-6)
        close(de.explain('grad*input', T, X, xs, 'max'), whole, 1e-6)


def test_max_is_chosen_at_the_input_and_held(session):
    # At the input unit 0 is the larger, with feature 0 absent unit 1.
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.stack([X[:, 0], .5 * X[:, 1]], 1)
    with DeepExplain(session=session) as de:
        for method in ('occlusion', 'shapley_sampling', 'intgrad', 'deeplift'):
            close(de.explain(method, T, X, [[3, 1], [1, 4]], 'max'), [[3, 0], [0, 2]], 1e-5)


def test_errors(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    volume = tf.reshape(T, [-1, 3, 1])
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        flat, high = de.get_explainer('saliency', T, X), de.get_explainer('saliency', volume, X)
        for ys, got in ((3, 3), (-1, -1), ([0, 1, 7, 0], 7)):
            with pytest.raises(ValueError, match=r'ys must name units of T .* from 0 to 2, not %d' % got):
                flat.run(xs, ys)
        with pytest.raises(ValueError, match='from 0 to 0 on axis 2, not 1'):
            high.run(xs, (0, 1))
        with pytest.raises(ValueError, match='by a tuple of 2 ints, not 1'):
            high.run(xs, 1)
        with pytest.raises(ValueError, match="'max', 'second', 'all', or 'top3' for so many, not 'maximum'"):
            flat.run(xs, 'maximum')
        with pytest.raises(RuntimeError, match='xs has batch size 4 and ys 3'):
            flat.run(xs, [0, 1, 2])
        with pytest.raises(RuntimeError, match="ys cannot be 'max': T .* is one number for all samples"):
            de.explain('saliency', tf.reduce_sum(T), X, xs, 'max')


@pytest.mark.parametrize('make,name', [(lambda T: tf.nn.softmax(T), 'Softmax'), (lambda T: tf.sigmoid(T), 'Sigmoid'),
                                       (lambda T: tf.identity(tf.nn.softmax(T)), 'Softmax')])
def test_a_squashed_target_is_hinted_at_once(session, rng, make, name):
    X, T = mlp(tf.nn.tanh, rng)
    T = tf.identity(T, name='logits')
    squashed = make(T)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match=r"is the output of a %s.* consider what goes into it, 'logits:0'" % name):
            de.get_explainer('saliency', squashed, X)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            de.get_explainer('grad*input', squashed, X)
            de.get_explainer('saliency', T, X)
    assert not [one for one in caught if 'consider' in str(one.message)]
