"""Normalisation behind a placeholder for training: the rules are those of the model at inference."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import initialise, weights

from deepexplain.tensorflow import DeepExplain

FLAGS = {
    'placeholder': lambda: tf.placeholder(tf.bool, name='is_training'),
    'scalar': lambda: tf.placeholder(tf.bool, [], name='is_training'),
    'default': lambda: tf.placeholder_with_default(False, [], name='is_training'),
    'of one': lambda: tf.placeholder_with_default([False], [1], name='is_training'),
}

#: What is made of the flag before a branch is chosen by it.
HANDED_ON = {
    'as it is': lambda flag: flag,
    'trainable': lambda flag: tf.logical_and(flag, True),
    'cast': lambda flag: tf.cast(tf.identity(flag), tf.bool),
}


@pytest.fixture
def de(session):
    with DeepExplain(session=session) as one:
        yield one


def normalised(rng, flag, handed_on=HANDED_ON['as it is']):
    """A layer, an unfused batch normalisation without shift or centre at inference, and a layer."""
    X = tf.placeholder(tf.float32, [None, 4])
    z = tf.matmul(X, weights(rng, 4, 5))
    mean, variance = tf.cond(tf.reshape(handed_on(flag), []) if flag.shape.ndims else handed_on(flag),
                             lambda: tuple(tf.nn.moments(z, [0])),
                             lambda: (tf.zeros([5]), tf.constant(rng.uniform(.5, 2, 5).astype('f'))))
    z = tf.nn.batch_normalization(z, mean, variance, None, weights(rng, 5), 1e-3)
    return X, tf.matmul(tf.nn.relu(z), weights(rng, 5, 3))


def explained(de, T, X, method, feed=None, **options):
    """Attributions and deltas, and what was warned of."""
    initialise(de.session)
    xs = np.random.RandomState(1).randn(4, 4)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        found = de.explain(method, T, X, xs, ys=1, feed_dict=feed, return_convergence_delta=True, **options)
    return found, [str(one.message) for one in seen if issubclass(one.category, UserWarning)]


@pytest.mark.parametrize('handed_on', sorted(HANDED_ON))
@pytest.mark.parametrize('kind', sorted(FLAGS))
@pytest.mark.parametrize('method, options', [
    ('elrp', {}), ('deeplift', {}), ('deeplift', {'complete': True}), ('deeplift.reveal_cancel', {}),
    ('lrp.epsilon', {'epsilon': 1e-7})])
def test_no_false_alarm_at_inference(de, rng, control_flow, kind, handed_on, method, options):
    flag = FLAGS[kind]()
    X, T = normalised(rng, flag, HANDED_ON[handed_on])
    feed = {flag: np.zeros(flag.shape.as_list() if flag.shape.ndims else [], bool)}
    (_, delta), seen = explained(de, T, X, method, feed, **options)
    assert seen == [] and np.abs(delta).max() < 2e-3


@pytest.mark.parametrize('method, options, named', [
    ('elrp', {}, ['Rsqrt', 'Mul']), ('deeplift', {}, ['Rsqrt', 'Mul', 'SquaredDifference']),
    ('deeplift', {'complete': True}, ['SquaredDifference'])])
def test_what_has_no_rule_is_said_of_a_training(de, rng, control_flow, method, options, named):
    """Of a branch of plain ops, in which with `complete` all have rules; a functional one is not reached into."""
    flag = FLAGS['default']()
    X, T = normalised(rng, flag)
    if control_flow == 'v2':
        with pytest.raises(RuntimeError, match="'is_training:0'] must be off: %s explains" % method):
            explained(de, T, X, method, {flag: True}, **options)
    else:
        _, seen = explained(de, T, X, method, {flag: True}, **options)
        said = [one for one in seen if 'While the model trains, ' in one]
        assert len(said) == (0 if options else 1)
        for one in said:
            assert one.startswith(method + ': ') and all(op_type + ' (' in one for op_type in named)
            assert 'may not add up' in one
        assert any('statistics of the batch' in one for one in seen)
    _, seen = explained(de, T, X, method, {flag: False}, **options)
    assert seen == []


def test_what_has_no_rule_anyway_is_said_at_once(de, rng):
    flag = FLAGS['placeholder']()
    X, T = normalised(rng, flag)
    _, seen = explained(de, tf.square(T), X, 'elrp', {flag: False})
    assert 'unsupported activation on the path from X to T: Square (Square).' in seen[0]
    assert not any('Rsqrt' in one for one in seen)
