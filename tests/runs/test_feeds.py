"""What is fed besides X: ids in place of samples, other placeholders, rows that go along with the samples."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, per_sample, weights

from deepexplain.tensorflow import DeepExplain

METHODS = ['zero', 'saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'shapley_sampling']


@pytest.fixture
def text(session, rng):
    """ids, their embedding, a score that looks at a mask made of the ids too, and tokens."""
    ids = tf.placeholder(tf.int32, [None, 4], name='ids')
    embedding = tf.gather(weights(rng, 10, 3), ids)
    mask = tf.cast(tf.not_equal(ids, 0), tf.float32)[:, :, tf.newaxis]
    T = dense(tf.nn.tanh(tf.reduce_sum(embedding * mask, 1)), rng, 2)
    initialise(session)
    return ids, embedding, T, rng.randint(0, 10, [5, 4])


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('batch_size', [None, 2])
def test_ids_in_token_attributions_out(session, text, method, batch_size):
    ids, embedding, T, tokens = text
    options = dict(sampling_dims=[1]) if method == 'shapley_sampling' else (
        dict(window_shape=(1, 3)) if method == 'occlusion' else {})
    ys = np.eye(2)[[0, 1, 0, 1, 1]]
    with DeepExplain(session=session) as de:
        np.random.seed(0)
        got = de.explain(method, T, embedding, None, ys=ys, feed_dict={ids: tokens}, batch_size=batch_size, **options)
        np.random.seed(0)
        vectors = session.run(embedding, {ids: tokens})
        close(got, de.explain(method, T, embedding, vectors, ys=ys, feed_dict={'ids': tokens}, **options), 1e-5)
    assert got.shape == ((5, 4) if method == 'shapley_sampling' else (5, 4, 3))
    # A padded word is masked.
    np.testing.assert_allclose(got[tokens == 0], 0, atol=1e-6)
    if method in ('deeplift', 'shapley_sampling'):
        nothing = session.run(T, {embedding: 0 * vectors, ids: tokens})
        close(per_sample(got), per_sample(ys * (session.run(T, {ids: tokens}) - nothing)), 1e-5)


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.parametrize('batch_size', [None, 1, 2, 7])
def test_rows_go_along_with_the_samples(session, rng, method, batch_size):
    X = tf.placeholder(tf.float32, [None, 3])
    other = tf.placeholder(tf.float32, [None, 3])
    factor = tf.placeholder(tf.float32, [])
    shift = tf.placeholder_with_default(np.zeros(3, np.float32), [3])
    T = tf.nn.tanh(X * other * factor + shift)
    xs, others = rng.randn(3, 3), rng.randn(3, 3)
    feed = {other: others, factor: 2, shift: [.1, .2, .3]}
    with DeepExplain(session=session) as de:
        np.random.seed(0)
        got = de.explain(method, T, X, xs, batch_size=batch_size, feed_dict=feed)
        fixed = tf.nn.tanh(X * tf.constant(others * 2, tf.float32) + [.1, .2, .3])
        np.random.seed(0)
        close(got, de.explain(method, fixed, X, xs), 1e-5)
        if method == 'deeplift':
            unshifted = de.explain(method, T, X, xs, feed_dict={other: others, factor: 2})
            assert np.abs(got - unshifted).max() > 1e-3
    assert list(feed) == [other, factor, shift]


def test_a_fixed_batch_dimension_pads_what_is_fed(session, rng):
    X, other = tf.placeholder(tf.float32, [4, 3]), tf.placeholder(tf.float32, [None, 3])
    xs, others = rng.randn(6, 3), rng.randn(6, 3)
    with DeepExplain(session=session) as de:
        close(de.explain('grad*input', X * other, X, xs, feed_dict={other: others}), xs * others, 1e-6)


def test_errors(session, text):
    ids, embedding, T, tokens = text
    keep = tf.placeholder(tf.float32, [], name='keep_prob')
    target = T * keep
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('grad*input', target, embedding)
        xs = np.ones((5, 4, 3))
        with pytest.raises(RuntimeError, match=r"the placeholder 'ids:0' \(int32, \(.*, 4\)\), which nobody feeds"):
            explainer.run(xs, feed_dict={keep: 1})
        with pytest.raises(RuntimeError, match=r"needs the placeholder 'keep_prob:0'.*feed_dict=.'keep_prob:0': value"):
            explainer.run(xs, feed_dict={ids: tokens})
        with pytest.raises(RuntimeError, match='xs may be left out only where feed_dict says'):
            explainer.run()
        with pytest.raises(RuntimeError, match="needs the placeholder 'ids:0'"):
            explainer.run(feed_dict={keep: 1})
        with pytest.raises(RuntimeError, match='feed_dict must not hold X'):
            explainer.run(xs, feed_dict={embedding: xs})
        with pytest.raises(ValueError, match=r"feed_dict\['ids:0'\] must have the shape \(.*4\), not \(5, 3\)"):
            explainer.run(xs, feed_dict={ids: tokens[:, :3], keep: 1})
        with pytest.raises(ValueError, match="there is no tensor 'idz' in the graph"):
            explainer.run(xs, feed_dict={'idz': tokens})
        with pytest.raises(TypeError, match='feed_dict must be a dict .* not list'):
            explainer.run(xs, feed_dict=[tokens])
        with pytest.raises(TypeError, match='feed_dict must have tensors .* not int'):
            explainer.run(xs, feed_dict={3: tokens})
        with pytest.raises(ValueError, match=r"feed_dict\['keep_prob:0'\] must be an array of numbers \(float32\)"):
            explainer.run(xs, feed_dict={keep: 'half'})
        with pytest.raises(ValueError, match=r"feed_dict\['keep_prob:0'\] must be .* not None"):
            explainer.run(xs, feed_dict={ids: tokens, keep: None})
        with pytest.raises(ValueError, match=r"feed_dict\['ids:0'\] must be .*\(int32\), not of fractions"):
            explainer.run(xs, feed_dict={ids: tokens + .5, keep: 1})


def test_a_placeholder_off_the_path_of_the_target_need_not_be_fed(session, text):
    ids, embedding, _, _ = text
    T = tf.reduce_sum(tf.nn.tanh(embedding), 1)
    with DeepExplain(session=session) as de:
        assert de.explain('deeplift', T, embedding, np.ones((2, 4, 3))).shape == (2, 4, 3)
