"""What else people pass in: sparse matrices, tensors, units that no T has, batches with labels, and nothing at all."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, dense, initialise, mlp

from deepexplain.tensorflow import DeepExplain


@pytest.fixture
def de(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    with DeepExplain(session=Counting(session)) as context:
        context.X, context.T = X, T
        yield context


def refuses(de, call, words, *arguments, error=ValueError, **options):
    size = len(de.graph.get_operations())
    with pytest.raises(error, match=words):
        call(*arguments, **options)
    assert len(de.graph.get_operations()) == size and de.session.calls == []


class Matrix:
    """As scipy's sparse matrices are: numpy makes an object of it."""

    def __init__(self, values):
        self.values, self.shape, self.dtype = values, values.shape, values.dtype

    def toarray(self):
        return self.values


def sparse_matrices(values):
    yield Matrix(values)
    sparse = pytest.importorskip('scipy.sparse')
    for name in ('csr_matrix', 'coo_matrix', 'dok_matrix', 'lil_matrix', 'csr_array', 'coo_array'):
        if hasattr(sparse, name):
            yield getattr(sparse, name)(values)


def test_sparse_matrices_are_to_be_made_dense_by_the_caller(de):
    xs = np.eye(3, 5)
    explainer = de.get_explainer('intgrad', de.T, de.X)
    for matrix in sparse_matrices(xs):
        dense_first = r'not a sparse matrix: make it dense, as by \.toarray\(\)\.'
        refuses(de, explainer.run, '^xs must be an array of numbers .*' + dense_first, matrix)
        refuses(de, explainer.run, '^ys must be .*' + dense_first, xs, matrix)
        refuses(de, explainer.run, '^baseline must be .*' + dense_first, xs, baseline=matrix)
    refuses(de, explainer.run, 'not a sparse tensor: pass what', tf.SparseTensorValue([[0, 0]], [1.], [3, 5]))


def test_tensors_without_values(de, session):
    explainer = de.get_explainer('gradient', de.T, de.X)
    together = de.get_explainer('gradient', de.T, de.X, rows='together')
    xs = np.ones((2, 5))
    variable = tf.get_variable('v', initializer=[0, 1])
    sparse = tf.SparseTensor([[0, 0]], [1.], [2, 5])
    for tensor in (tf.constant(1), tf.constant([0, 1]), [tf.constant(1)] * 2, variable, tf.identity(de.T)):
        words = "^ys must be an array of numbers .*a tensor without values here: pass what session.run returns"
        for one in (explainer, together):
            refuses(de, one.run, words, xs, tensor)
    refuses(de, explainer.run, '^xs must be .*a tensor without values here', de.X)
    refuses(de, explainer.run, '^xs must be .*a sparse tensor', sparse)


@pytest.mark.parametrize('unit', [10 ** 30, -10 ** 30, 2 ** 63, 2 ** 64 - 1])
def test_units_of_more_than_64_bits(de, unit):
    explainer = de.get_explainer('gradient', de.T, de.X)
    high = de.get_explainer('gradient', tf.reshape(de.T, [-1, 3, 1]), de.X)
    alone = de.get_explainer('gradient', de.T, de.X, rows='together')
    xs = np.ones((2, 5))
    for ys in (unit, (unit,), [unit] * 2, np.array([unit] * 2, object), [0, unit] if unit > 2 ** 64 else unit):
        refuses(de, explainer.run, r"ys must name units of T \('.*'\) from 0 to 2, not %d" % unit, xs, ys)
        with pytest.raises(ValueError, match=r"ys must name units of T \('.*'\) from 0 to 2, not %d" % unit):
            alone.run(xs, ys)
        del de.session.calls[:]
    for ys in ((unit, 0), [[unit, 0]] * 2):
        refuses(de, high.run, 'from 0 to 2 on axis 1, not %d' % unit, xs, ys)
    refuses(de, high.run, 'by a tuple of 2 ints, not %d' % unit, xs, unit)


def test_labels_without_a_sign(de):
    explainer = de.get_explainer('gradient', de.T, de.X)
    xs = np.ones((2, 5))
    want = explainer.run(xs, [2, 0])
    for dtype in ('u1', 'u2', 'u4', 'u8'):
        close(explainer.run(xs, np.array([2, 0], dtype)), want, 0)
        close(explainer.run(xs, np.array(2, dtype)), explainer.run(xs, 2), 0)
    del de.session.calls[:]
    for most in (2 ** 64 - 1, 2 ** 63):
        refuses(de, explainer.run, 'from 0 to 2, not %d' % most, xs, np.array([0, most], 'u8'))
        refuses(de, explainer.run, 'from 0 to 2, not %d' % most, xs, np.uint64(most))


@pytest.mark.parametrize('method', ['gradient', 'intgrad', 'occlusion', 'shapley_sampling'])
def test_an_inner_x_of_no_samples(session, rng, method):
    ids, table = tf.placeholder(tf.int32, [None, 3], name='ids'), tf.constant(rng.randn(9, 4).astype('f'))
    X = tf.nn.embedding_lookup(table, ids)
    T = tf.reduce_sum(tf.tanh(X), [1, 2])
    nothing = {ids: np.zeros((0, 3))}
    with DeepExplain(session=Counting(session)) as de:
        explainer = de.get_explainer(method, T, X)
        words = r"feed_dict must have at least one sample for X to be made of, not 'ids:0' of the shape \(0, 3\)\."
        for more in ({}, dict(batch_size=2), dict(per_sample=ids), dict(ys='max')):
            refuses(de, explainer.run, words, feed_dict=nothing, error=RuntimeError, **more)
        with pytest.raises(RuntimeError, match=r"X \('.*'\) has no samples where feed_dict holds 'ids:0' of the shape"):
            explainer.run(feed_dict=nothing, shared=ids)
        assert explainer.run(feed_dict={ids: [[1, 2, 3]]}).shape[0] == 1


def labelled(xs, ys):
    return [(xs, ys), [xs, ys], (xs, ys, np.ones(len(xs)))]


def test_batches_with_labels_are_no_batches(de, rng):
    xs, ys = rng.randn(3, 5), np.array([0, 1, 2])
    explainer = de.get_explainer('gradient', de.T, de.X)
    words = r"batch 1: a (tuple|list) of [23] is no batch of '.*'\. If it is \(xs, ys\), .* pass {'xs': xs, 'ys': ys}"
    for batch in labelled(xs, ys) + labelled(xs, np.eye(3)) + labelled(xs, xs):
        stream = explainer.run_batches([{'xs': xs, 'ys': ys}, batch])
        next(stream)
        with pytest.raises(RuntimeError, match=words):
            next(stream)
    # Samples as lists and tuples of rows are as good as ever.
    for batch in (list(xs), tuple(xs), xs[:2].tolist(), (xs[0], xs[1])):
        close(next(explainer.run_batches([batch])), explainer.run(np.array(batch)), 0)


def test_batches_with_labels_where_the_rank_of_x_is_unknown(session, rng):
    X = tf.placeholder(tf.float32)
    T = tf.reduce_sum(tf.reshape(X, [-1, 5]) ** 2, 1)
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, X)
        with pytest.raises(RuntimeError, match='batch 0: a tuple of 2 is no batch'):
            next(explainer.run_batches([(xs, xs)]))
        close(next(explainer.run_batches([xs.tolist()])), 2 * xs, 1e-6)


def test_batches_of_several_inputs_with_labels(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 2])
    T = dense(tf.concat([a, b], 1), rng, 3)
    initialise(session)
    xs = rng.randn(3, 2), rng.randn(3, 2)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, [a, b])
        for batch in ((xs, [0, 1, 2]), (list(xs), np.eye(3)), [xs, [0, 1, 2], np.ones(3)]):
            with pytest.raises(RuntimeError, match='is no batch of the 2 inputs'):
                next(explainer.run_batches([batch]))
        for batch in (xs, list(xs), [one.tolist() for one in xs]):
            assert len(next(explainer.run_batches([batch]))) == 2


def test_a_data_set_where_nothing_is_eager(de, rng):
    explainer = de.get_explainer('gradient', de.T, de.X)
    with pytest.raises(RuntimeError, match='^batches: a .*Dataset.* yields nothing where eager execution is off'):
        explainer.run_batches(tf.data.Dataset.from_tensor_slices(rng.randn(4, 5).astype('f')).batch(2))


@pytest.mark.parametrize('method, option', [
    ('intgrad', 'steps'), ('shapley_sampling', 'samples'), ('expected_gradients', 'samples'),
    ('smoothgrad', 'samples')])
def test_steps_and_samples_beyond_use(de, method, option):
    for most in (10 ** 7 + 1, 10 ** 30):
        words = '%s must be a positive int of at most 10000000, not %d' % (option, most)
        refuses(de, de.get_explainer, words, method, de.T, de.X, **{option: most})


def test_other_numbers_beyond_use(de):
    xs = np.ones((1, 5))
    for method, option in (('lrp.epsilon', 'epsilon'), ('random', 'stddev'), ('smoothgrad', 'noise'),
                           ('lrp.gamma', 'gamma'), ('lrp.alpha_beta', 'alpha')):
        refuses(de, de.get_explainer, option + ' must be', method, de.T, de.X, **{option: 10 ** 400})
    refuses(de, de.get_explainer, 'epsilon must be', 'elrp', de.T, de.X, epsilon=10 ** 400, error=AssertionError)
    for method in ('gradient', 'shapley_sampling', 'occlusion'):  # This is as good as all at once.
        assert de.explain(method, de.T, de.X, xs, batch_size=10 ** 30).shape == (1, 5)
