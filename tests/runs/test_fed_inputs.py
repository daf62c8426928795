"""Where xs is left out, feed_dict may hold an X too: an inner tensor and an input beside it, all in one feed."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, dense, initialise, weights

from deepexplain.tensorflow import DeepExplain

METHODS = {'gradient': {}, 'intgrad': dict(steps=5), 'deeplift': {}, 'elrp': {}, 'lrp.epsilon': {},
           'occlusion': dict(window_shape=[(1, 3), (1,)]), 'shapley_sampling': dict(sampling_dims=[[1], [1]], seed=1)}


@pytest.fixture
def mixed(session, rng):
    """ids, their embedding, a dense input, T, and what is fed."""
    ids = tf.placeholder(tf.int32, [None, 4], name='ids')
    numbers = tf.placeholder(tf.float32, [None, 2], name='numbers')
    embedding = tf.gather(weights(rng, 10, 3), ids)
    T = dense(tf.nn.tanh(dense(tf.concat([tf.reshape(embedding, [-1, 12]), numbers], 1), rng, 5)), rng, 2)
    initialise(session)
    return embedding, numbers, T, {ids: rng.randint(0, 10, [5, 4]), numbers: rng.randn(5, 2)}


@pytest.mark.parametrize('method', sorted(METHODS))
@pytest.mark.parametrize('batch_size', [None, 2])
def test_an_embedding_and_a_dense_input(session, mixed, method, batch_size):
    embedding, numbers, T, feed = mixed
    kept = dict(feed)
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, [embedding, numbers], None, 1, batch_size, feed, **METHODS[method])
        vectors = session.run(embedding, {key: feed[key] for key in feed if key is not numbers})
        want = de.explain(method, T, [embedding, numbers], [vectors, feed[numbers]], 1, **METHODS[method])
    for one, other in zip(got, want):
        close(one, other, 1e-5)
    assert feed == kept


def test_by_name_alone_and_in_batches(session, mixed):
    embedding, numbers, T, feed = mixed
    named = {key.name: value for key, value in feed.items()}
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, [numbers, embedding])
        want = explainer.run(feed_dict=feed)
        for one, other in zip(explainer.run(feed_dict=named, per_sample=list(named)), want):
            close(one, other, 1e-6)
        batches = [{'feed_dict': {name: value[part] for name, value in named.items()}} for part in (
            slice(0, 2), slice(2, 5))]
        for i, parts in enumerate(zip(*explainer.run_batches(batches))):
            close(np.concatenate(parts), want[i], 1e-6)
        # A single X, and one that another hangs on.
        alone = de.get_explainer('grad*input', T, numbers)
        close(alone.run(feed_dict=named), feed[numbers] * want[0], 1e-5)
        twice = 2 * numbers
        product = tf.reduce_sum(numbers, 1) * tf.reduce_sum(twice, 1)
        both = de.explain('gradient', product, [twice, numbers], feed_dict={numbers: feed[numbers]}, batch_size=2)
        total = feed[numbers].sum(1, keepdims=True)
        close(both[0], np.tile(total, 2), 1e-5)
        close(both[1], np.tile(2 * total, 2), 1e-5)


def test_a_graph_of_a_fixed_number_of_rows(session, rng):
    X, other = tf.placeholder(tf.float32, [4, 3]), tf.placeholder(tf.float32, [4, 3])
    xs, others = rng.randn(6, 3), rng.randn(6, 3)
    with DeepExplain(session=session) as de:
        got = de.explain('grad*input', X * other, [X, other], feed_dict={X: xs, other: others})
        close(got[0], xs * others, 1e-6)


def test_together(session, rng):
    nodes, links = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, None])
    T = tf.matmul(links, nodes)
    with DeepExplain(session=session) as de:
        feed = {nodes: rng.randn(3, 2), links: rng.randn(3, 3)}
        got = de.explain('grad*input', T, [nodes, links], feed_dict=feed, rows='together')
        want = de.explain('grad*input', T, [nodes, links], [feed[nodes], feed[links]], rows='together')
    for one, other in zip(got, want):
        close(one, other, 1e-6)


def test_errors(session, mixed):
    embedding, numbers, T, feed = mixed
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('gradient', T, [embedding, numbers])
        for error, words, arguments in (
                (RuntimeError, r"feed_dict must not hold X \('numbers:0'\): its values are xs", dict(
                    xs=[np.zeros((5, 4, 3)), feed[numbers]], feed_dict=feed)),
                (RuntimeError, "'numbers:0' needs the placeholder 'numbers:0'", dict(
                    feed_dict={'ids': feed[next(iter(feed))]})),
                (RuntimeError, "needs the placeholder 'ids:0'", dict(feed_dict={numbers: feed[numbers]})),
                (ValueError, r"feed_dict\['numbers:0'\] must have the shape", dict(
                    feed_dict={'ids': np.zeros((5, 4)), numbers.name: np.zeros((5, 3))})),
                (ValueError, r"shared must not name X \('numbers:0'\)", dict(feed_dict=feed, shared=numbers))):
            with pytest.raises(error, match=words):
                explainer.run(**arguments)
        assert not counting.calls
        with pytest.raises(RuntimeError, match='as many samples for every input'):
            explainer.run(feed_dict={'ids': np.zeros((5, 4)), numbers.name: np.zeros((3, 2))})
