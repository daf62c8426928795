"""What is fed has one row for each sample or is the same for all: by the graph, the caller's words, or a guess."""
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, initialise, weights

from deepexplain.tensorflow import DeepExplain

METHODS = [('gradient', {}), ('intgrad', dict(steps=20)), ('deeplift', {}), ('occlusion', {}), ('lrp.epsilon', {}),
           ('shapley_sampling', dict(seed=0)), ('smoothgrad', dict(seed=0, samples=3)),
           ('expected_gradients', dict(seed=0, references=np.random.RandomState(3).randn(2, 3)))]
XS = np.random.RandomState(1).randn(4, 3).astype('f')
OTHER = np.random.RandomState(2).randn(4, 3).astype('f')


@contextmanager
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        yield


def python(value):
    """The value, by a function that the graph does not see into."""
    found = tf.py_func(lambda array: array, [value], value.dtype)
    found.set_shape(value.shape)
    return found


def one_by_one(de, method, T, X, feed, **options):
    """Each sample alone, what is fed the same for all."""
    return np.concatenate([de.explain(method, T, X, XS[i:i + 1], feed_dict=feed, **options) for i in range(len(XS))])


@pytest.mark.parametrize('method,options', METHODS, ids=[name for name, _ in METHODS])
@pytest.mark.parametrize('batch_size', [None, 3])
def test_a_support_set_is_the_same_for_all_samples(session, rng, method, options, batch_size):
    X, support = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    w = weights(rng, 3, 5)
    T = tf.nn.tanh(tf.matmul(tf.matmul(X, w), tf.matmul(support, w), transpose_b=True))
    initialise(session)
    three = OTHER[:3]
    with DeepExplain(session=session) as de, no_warning():
        if 'seed' in options:
            # What is drawn hangs on the number of samples: more rows, with the same sum, that are no samples.
            want = de.explain(method, tf.nn.tanh(tf.matmul(tf.matmul(X, w), tf.matmul(tf.constant(OTHER), w),
                                                           transpose_b=True)), X, XS, **options)
        else:
            want = one_by_one(de, method, T, X, {support: OTHER}, **options)
        close(de.explain(method, T, X, XS, feed_dict={support: OTHER}, batch_size=batch_size, **options), want, 1e-5)
        close(de.explain(method, T, X, XS, feed_dict={support: three}, batch_size=batch_size, **options),
              de.explain(method, T, X, XS, feed_dict={support: three}, shared=support, **options), 1e-5)


@pytest.mark.parametrize('method,options', METHODS, ids=[name for name, _ in METHODS])
@pytest.mark.parametrize('batch_size', [None, 3])
def test_words_for_what_the_graph_does_not_show(session, method, options, batch_size):
    X, M = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3], name='M')
    one_each = tf.nn.tanh(X * python(M))
    the_same = tf.nn.tanh(tf.matmul(X, python(M), transpose_b=True))
    how = dict(feed_dict={M: OTHER}, batch_size=batch_size, **options)
    if method == 'lrp.epsilon':
        one_each = X * python(M)
    with DeepExplain(session=session) as de, no_warning():
        # What the graph shows needs no words.
        close(de.explain(method, one_each, X, XS, per_sample=[M], **how),
              de.explain(method, X * M if method == 'lrp.epsilon' else tf.nn.tanh(X * M), X, XS, **how), 1e-5)
        close(de.explain(method, the_same, X, XS, shared='M', **how),
              de.explain(method, tf.nn.tanh(tf.matmul(X, M, transpose_b=True)), X, XS, **how), 1e-5)


def test_a_guess_is_said_once_and_only_where_it_matters(session):
    X, M = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3], name='M')
    T = tf.nn.tanh(X * python(M))
    with DeepExplain(session=session) as de:
        plain, along = de.get_explainer('gradient', T, X), de.get_explainer('intgrad', T, X, steps=5)
        with no_warning():
            # One call of all samples is the same either way; other numbers of rows belong to no sample.
            plain.run(XS, feed_dict={M: OTHER})
            along.run(XS, feed_dict={M: OTHER[:1]})
        with pytest.warns(UserWarning, match=r"feed_dict\['M:0'\] has as many rows as there are samples.*one row for "
                                             r'each sample. Say per_sample=\[...\]') as said:
            first = along.run(XS, feed_dict={M: OTHER})
            close(along.run(XS, feed_dict={M: OTHER}), first, 1e-6)
        assert len(said) == 1 and said[0].filename == __file__
        with pytest.warns(UserWarning, match='M:0'):
            close(plain.run(XS, feed_dict={M: OTHER}, batch_size=3), plain.run(XS, feed_dict={M: OTHER}), 1e-6)
        with no_warning():
            close(along.run(XS, feed_dict={M: OTHER}, per_sample=M), first, 1e-6)


def test_what_was_seen_apart_is_guessed_to_be_shared(session):
    X, M = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    T = tf.nn.tanh(tf.matmul(X, M, transpose_b=True) + tf.reduce_sum(python(M)))
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match='it is the same for all samples'):
            got = de.explain('intgrad', T, X, XS, feed_dict={M: OTHER})
        close(got, de.explain('intgrad', T, X, XS, feed_dict={M: OTHER}, shared=M), 1e-6)


@pytest.mark.parametrize('n', [1, 4])
def test_a_sum_over_what_is_fed_is_of_its_rows_alone(session, n):
    # With one sample and one row the row would be repeated with every step.
    X, M = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    T = tf.reduce_sum(tf.matmul(X, M, transpose_b=True), 1)
    with DeepExplain(session=session) as de, no_warning():
        for method, options in METHODS[1:4]:
            close(de.explain(method, T, X, XS[:n], feed_dict={M: OTHER[:n]}, **options),
                  XS[:n] * OTHER[:n].sum(0), 1e-5)


def test_words_at_every_door(session, rng):
    X, M = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    h = tf.matmul(X, weights(rng, 3, 3))
    T = tf.nn.tanh(h * python(M))
    initialise(session)
    with DeepExplain(session=session) as de, no_warning():
        explainer = de.get_explainer('intgrad', T, X, steps=5)
        how = dict(feed_dict={M: OTHER}, per_sample=[M])
        want = explainer.run(XS, **how)
        for got in explainer.run_batches([dict(xs=XS[:2], feed_dict={M: OTHER[:2]}), dict(
                xs=XS[2:], feed_dict={M: OTHER[2:]})], per_sample=M):
            close(got, want[:2], 1e-5)
            want = want[2:]
        assert explainer.relevances([h], XS, **how)[0].shape == (4, 3)
        patterns = de.get_explainer('pattern.net', tf.matmul(X * python(M), weights(rng, 3, 2)), X)
        session.run(tf.global_variables_initializer())
        for a, b in zip(patterns.fit_patterns(XS, batch_size=3, **how), patterns.fit_patterns(XS, **how)):
            close(a, b, 1e-5)


@pytest.mark.parametrize('words', [False, True])
def test_ids_and_a_table_that_x_is_made_of(session, words):
    ids, table = tf.placeholder(tf.int32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    X = tf.gather(table, ids)
    T = tf.reduce_sum(tf.tanh(X), [1, 2])
    feed = {ids: np.array([[3, 0], [1, 2], [2, 2], [0, 3]]), table: OTHER}
    how = dict(shared=table, per_sample=ids) if words else {}
    with DeepExplain(session=session) as de, no_warning():
        want = de.explain('intgrad', T, X, OTHER[feed[ids]])
        for batch_size in (None, 1, 3):
            close(de.explain('intgrad', T, X, None, feed_dict=feed, batch_size=batch_size, **how), want, 1e-5)


def test_tables_of_other_sizes_than_the_ids(session):
    ids, table = tf.placeholder(tf.int32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    X = tf.gather(table, ids)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        de.explain('gradient', tf.reduce_sum(X, [1, 2]), X, None, batch_size=2, shared=table,
                   feed_dict={ids: np.zeros((4, 2), int), table: OTHER[:3]})
    assert [len(call[ids.name]) for call in counting.calls if ids.name in call] == [2, 2] * 2


def test_fixed_first_dimensions(session):
    X, S = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [4, 3], name='S')
    one_each, the_same = tf.tanh(X + S), tf.tanh(tf.matmul(X, S, transpose_b=True))
    with DeepExplain(session=session) as de, no_warning():
        for method, options in METHODS[1:4]:
            # Of the second T does not say that calls must have four rows.
            for T in (one_each, tf.tanh(X + tf.placeholder_with_default(S, [None, 3]))):
                close(de.explain(method, T, X, XS, feed_dict={S: OTHER}, **options),
                      de.explain(method, tf.tanh(X + OTHER), X, XS, **options), 1e-5)
            for batch_size in (None, 1, 3):
                close(de.explain(method, the_same, X, XS, feed_dict={S: OTHER}, batch_size=batch_size, **options),
                      one_by_one(de, method, the_same, X, {S: OTHER}, **options), 1e-5)
        for batch_size in (1, 2):
            with pytest.raises(RuntimeError, match=r"feed_dict\['S:0'\] has a fixed first dimension of 4, and its rows "
                                                   'go along with the samples: batch_size must be left out or be 4'):
                de.explain('gradient', one_each, X, XS, feed_dict={S: OTHER}, batch_size=batch_size)
        Z = tf.placeholder(tf.float32, [4, 3])
        with pytest.raises(RuntimeError, match='xs must have 4 samples, not 8; run_batches takes batch after batch'):
            de.explain('intgrad', tf.tanh(Z + S), Z, np.ones((8, 3)), feed_dict={S: OTHER})
        close(de.explain('intgrad', tf.tanh(Z + S), Z, XS, feed_dict={S: OTHER}, steps=9),
              de.explain('intgrad', tf.tanh(X + OTHER), X, XS, steps=9), 1e-5)


def test_a_shared_feed_lets_one_reference_stand_for_all(session, rng):
    X, table = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3])
    T = tf.nn.relu(tf.matmul(X, table, transpose_b=True))
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        de.explain('deeplift', T, X, XS, feed_dict={table: OTHER}, baseline=.5)
    assert sorted(len(value) for value in counting.calls[0].values()) == [1, 4, 4]


def test_words_are_checked_at_the_door(session):
    X, M, N = (tf.placeholder(tf.float32, [None, 3], name=name) for name in 'XMN')
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('gradient', X * M, X)
        for words, kind, message in (
                (dict(per_sample=M), RuntimeError, r"per_sample: feed_dict\['M:0'\] must have one row for each of the "
                                                   r'4 samples, not the shape \(3, 3\)'),
                (dict(shared=N), ValueError, "shared must name tensors that feed_dict feeds, not 'N:0'"),
                (dict(per_sample=['M', 'N']), ValueError, "per_sample must name tensors .* not 'N:0'"),
                (dict(shared='Q'), ValueError, "shared: there is no tensor 'Q'"),
                (dict(shared=3), TypeError, "shared must have tensors of the session's graph, or their names, not int"),
                (dict(shared=M, per_sample=M), ValueError, "'M:0' cannot be in both shared and per_sample")):
            with pytest.raises(kind, match=message):
                explainer.run(XS, feed_dict={M: OTHER[:3]}, **words)
        with pytest.raises(ValueError, match="shared must name tensors that feed_dict feeds, not 'M:0'"):
            explainer.run(XS, shared=M)
        with pytest.raises(RuntimeError, match='must have one row for each of the 4 samples, not the shape'):
            keep = tf.placeholder(tf.float32, [])
            de.explain('gradient', X * keep, X, XS, feed_dict={keep: 1}, per_sample=keep)
    assert counting.calls == []
