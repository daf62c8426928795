"""Targets and fed values that have not one row for each sample: an error that says so, never a broadcast."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import dense, initialise, weights

from deepexplain.tensorflow import DeepExplain

#: Targets of which a call has another number of rows than samples, by how many for 5.
TARGETS = {
    'one': (lambda X, k, rng: tf.matmul(tf.nn.relu(X[:1]), weights(rng, 4, 3)), 1),
    'some': (lambda X, k, rng: dense(X[:k], rng, 3), 1),
    'twice': (lambda X, k, rng: dense(tf.tile(X, [2, 1]), rng, 3), 10),
    'chosen': (lambda X, k, rng: dense(tf.boolean_mask(X, X[:, 0] > 0), rng, 3), 5),
    'mean': (lambda X, k, rng: tf.matmul(tf.reduce_mean(tf.nn.relu(X), 0, keepdims=True), weights(rng, 4, 3)), 1),
}
METHODS = {'occlusion': {}, 'shapley_sampling': {'samples': 2}, 'grad*input': {}, 'intgrad': {'steps': 3},
           'deeplift': {}, 'elrp': {}, 'lrp.epsilon': {}, 'smoothgrad': {'samples': 2},
           'expected_gradients': {'references': np.zeros((2, 4))}}


@pytest.mark.filterwarnings('ignore:.*does not keep the rows')
@pytest.mark.parametrize('method', sorted(METHODS))
@pytest.mark.parametrize('name', sorted(TARGETS))
@pytest.mark.parametrize('ys', [0, [0] * 5, 'max'])
def test_target_of_another_number_of_rows(session, rng, name, method, ys):
    make, rows = TARGETS[name]
    X, k = tf.placeholder(tf.float32, [None, 4]), tf.placeholder_with_default(1, [])
    T = make(X, k, rng)
    initialise(session)
    xs = np.abs(rng.randn(5, 4))
    if name == 'chosen':
        xs[1:3, 0], rows = -1, 3
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **METHODS[method])
        with pytest.raises(RuntimeError, match=r"T \('%s'\) must have a value for each sample" % T.name) as error:
            explainer.run(xs, ys)
    if method in ('grad*input', 'deeplift', 'elrp', 'lrp.epsilon'):
        assert str(error.value).endswith('it has %d for 5.' % rows)


@pytest.mark.parametrize('method', ['grad*input', 'intgrad', 'deeplift', 'occlusion'])
@pytest.mark.parametrize('rows', [0, 3])
def test_fed_values_of_another_number_of_rows(session, rng, method, rows):
    X, more = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 2], name='more')
    T = dense(tf.concat([tf.nn.relu(X), more], 1), rng, 3)
    initialise(session)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X)
        with pytest.raises(RuntimeError, match=r"feed_dict\['more:0'\] must have one row for each of the 2 samples, "
                                               r'with which its rows go along, not the shape \(%d, 2\)' % rows):
            explainer.run(np.ones((2, 4)), 1, feed_dict={more: np.ones((rows, 2))})


def test_other_failures_are_not_taken_for_these(session, rng):
    """A lookup out of range, beside a table of another number of rows."""
    X, table = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 2], name='table')
    ids = tf.placeholder(tf.int32, [None])
    T = dense(tf.concat([tf.nn.relu(X), tf.gather(table, ids)], 1), rng, 3)
    initialise(session)
    with DeepExplain(session=session) as de:
        with pytest.raises(tf.errors.InvalidArgumentError, match='is not in'):
            de.explain('grad*input', T, X, np.ones((2, 4)), ys=1, feed_dict={table: np.ones((3, 2)), ids: [1, 7]},
                       shared=table)


def test_rows_that_are_known_to_be_there_cost_no_op(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    counts = []
    for T in (dense(tf.nn.relu(X), rng, 3), dense(tf.nn.relu(X[:1]), rng, 3)):
        before = len(session.graph.get_operations())
        with DeepExplain(session=session) as de:
            de.get_explainer('grad*input', T, X)
        counts.append([op.type for op in session.graph.get_operations()[before:]].count('Reshape'))
    assert counts[0] < counts[1]
