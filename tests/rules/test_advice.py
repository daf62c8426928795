"""Advice that can be followed: what errors and warnings say can be done, and to whom."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import dense, initialise, weights
from test_keras import PACKAGES

from deepexplain.tensorflow import DeepExplain


@pytest.fixture
def de(session):
    with DeepExplain(session=session) as one:
        yield one


def error_of(de, *args, **options):
    with pytest.raises(RuntimeError) as error:
        de.get_explainer(*args, **options)
    return str(error.value)


@pytest.mark.parametrize('method', ['gradient', 'deeplift', 'intgrad'])
def test_instead_of_ids_the_embedding_comes_first(de, rng, method):
    ids = tf.placeholder(tf.int32, [None, 4])
    mask = tf.cast(tf.not_equal(ids, 0), tf.float32, name='mask')
    stopped = tf.stop_gradient(tf.cast(ids, tf.float32))
    ends = [tf.expand_dims(mask, 2), tf.one_hot(ids, 3, name='hot'), tf.expand_dims(stopped, 2),
            tf.nn.embedding_lookup(weights(rng, 10, 3), ids, name='table')]
    T = sum(tf.reduce_sum(tf.tanh(one), [1, 2]) for one in ends)
    said = error_of(de, method, T, ids).partition('explained instead: ')[2]
    assert said.startswith("'table") and "'mask:0'" in said and "'hot:0'" in said and 'StopGradient' not in said


def test_what_is_advised_instead_of_examples_has_a_row_for_each(de, session, rng):
    """Embeddings are looked up once for each id of a batch: what is averaged of them goes along with the samples."""
    X = tf.placeholder(tf.string, [None])
    found = tf.parse_example(X, {'a': tf.VarLenFeature(tf.int64), 'x': tf.FixedLenFeature([3], tf.float32),
                                 'y': tf.FixedLenFeature([1], tf.float32)})
    table, ids = weights(rng, 10, 4), found['a'].values
    rated = tf.SparseTensor(found['a'].indices, tf.cast(ids, tf.float32) + 1, found['a'].dense_shape)
    once, places = tf.unique(ids)
    means = [tf.nn.embedding_lookup_sparse(table, found['a'], None, combiner='mean', name='mean'),
             tf.nn.embedding_lookup_sparse(table, found['a'], rated, combiner='sum', name='rated'),
             tf.math.segment_sum(tf.gather(tf.gather(table, once), places), found['a'].indices[:, 0], name='sum')]
    T = dense(tf.tanh(tf.concat(means + [found['x'], found['y']], 1)), rng, 2)
    initialise(session)
    data = []
    for ids in ([1, 2, 3], [2], [7, 8, 1]):
        one = tf.train.Example()
        one.features.feature['a'].int64_list.value.extend(ids)
        for name, size in (('x', 3), ('y', 1)):
            one.features.feature[name].float_list.value.extend(rng.rand(size))
        data.append(one.SerializeToString())
    said = error_of(de, 'grad*input', T, X)
    parser = found['x'].op
    assert said.count("'%s' (%s)" % (parser.name, parser.type)) == 1
    names = said.partition('explained instead: ')[2].rstrip('.').replace("'", '').split(', ')
    assert set(names) == {'mean:0', 'rated:0', 'sum:0', found['x'].name, found['y'].name}
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        for name in names:
            inner = session.graph.get_tensor_by_name(name)
            assert len(de.explain('grad*input', T, inner, ys=1, feed_dict={X: np.array(data)})) == 3


def test_a_stop_gradient_is_nothing_to_explain(de, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    for T in (dense(tf.stop_gradient(X), rng, 2), tf.stop_gradient(tf.tanh(X)) * 2):
        said = error_of(de, 'gradient', T, X)
        assert '(StopGradient)' in said and 'instead' not in said


def test_the_softmax_that_is_advised_against_is_that_of_t(de, rng):
    X = tf.placeholder(tf.float32, [None, 4, 3])
    scores = dense(tf.reduce_sum(X, 1), rng, 2)
    own = tf.nn.softmax(scores)
    for T in (own, tf.identity(tf.nn.log_softmax(scores)), tf.reshape(own, [-1, 2])):
        assert 'Explain what goes into the softmax.' in error_of(de, 'lrp.epsilon', T, X)
    attention = tf.nn.softmax(tf.matmul(X, X, transpose_b=True))
    inner = tf.reduce_sum(tf.matmul(attention, tf.cumprod(X)), 1)
    said = error_of(de, 'lrp.epsilon', inner, X)
    assert 'Cumprod' in said and 'goes into the softmax' not in said


@pytest.mark.parametrize('method', ['deeplift', 'deeplift.reveal_cancel', 'elrp'])
def test_deeplift_says_what_complete_has_rules_for(de, session, rng, method):
    X = tf.placeholder(tf.float32, [None, 4])
    a, b = dense(X, rng, 3), dense(X, rng, 3)
    norm = a / tf.sqrt(tf.reduce_sum(tf.square(a), 1, keepdims=True) + 1.)
    initialise(session)

    def said(T, **options):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always', UserWarning)
            de.get_explainer(method, T, X, **options)
        return ' '.join(str(one.message) for one in caught if 'unsupported activation' in str(one.message))

    complete, end = method != 'elrp', ' or deeplift:' * (method == 'elrp') + ' complete=True has rules for '
    assert said(a * b).endswith(end + 'them.') and said(norm).endswith(end + 'them.')
    mixed = said(tf.concat([a * b, tf.cumprod(a, 1)], 1))
    assert mixed.endswith(end + 'Mul.') == ('Cumprod' in mixed)
    if complete:
        assert not said(a * b, complete=True) and 'complete' not in said(tf.cumprod(a, 1))


@pytest.mark.parametrize('name', sorted(PACKAGES))
@pytest.mark.parametrize('method', ['elrp', 'deeplift'])
def test_dense_and_batch_norm_in_a_keras_graph(name, method):
    keras = PACKAGES[name]
    tf.reset_default_graph()
    keras.backend.clear_session()
    try:
        layers = keras.layers
        model = keras.models.Sequential([layers.Dense(5, input_shape=(4,)), layers.BatchNormalization(),
                                         layers.Activation('relu'), layers.Dense(2)])
        model.set_weights([np.random.RandomState(i).rand(*value.shape) + .5 for i, value in enumerate(
            model.get_weights())])
        session = keras.backend.get_session() if hasattr(keras.backend, 'get_session') else (
            tf.keras.backend.get_session())
        with DeepExplain(session=session) as de, warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            got = de.explain(method, model.output, model.input, np.random.RandomState(0).randn(3, 4), ys=1,
                             return_convergence_delta=method == 'deeplift')
        if method == 'deeplift':
            assert np.abs(got[1]).max() < 1e-4
    finally:
        keras.backend.clear_session()
        tf.reset_default_graph()
