"""Branches that are chosen by whether a model trains: which side is taken at rest, and what must be off for it."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.choices import choice_of

#: What conditions are made of a flag, what they are while it is off, and the values of what lies between.
CONDITIONS = {
    'itself': (lambda flag: flag, False),
    'not': (lambda flag: tf.logical_not(flag, name='b'), True),
    'cast': (lambda flag: tf.cast(tf.cast(flag, tf.int32, name='b'), tf.bool), False),
    'equal': (lambda flag: tf.equal(tf.cast(flag, tf.int32, name='b'), 1), False),
    'unequal': (lambda flag: tf.not_equal(tf.cast(flag, tf.int32, name='b'), 1), True),
    'and': (lambda flag: tf.logical_and(flag, tf.placeholder_with_default(True, [], name='other'), name='b'), False),
    'not and': (lambda flag: tf.logical_not(tf.logical_and(flag, True), name='b'), True),
    'or not': (lambda flag: tf.logical_or(tf.logical_not(flag), tf.placeholder_with_default(
        False, [], name='other'), name='b'), True),
}
NO_CHOICES = {
    'another': lambda: tf.placeholder(tf.bool, [], name='use_it'),
    'or': lambda: tf.logical_or(tf.placeholder(tf.bool, [], name='is_training'),
                                tf.placeholder(tf.bool, [], name='use_it')),
    'on by default': lambda: tf.placeholder_with_default(True, [], name='is_training'),
    'a variable': lambda: tf.placeholder_with_default(tf.Variable(True), [], name='is_training'),
    'not a variable': lambda: tf.placeholder_with_default(tf.logical_not(tf.Variable(False)), [], name='is_training'),
    'trained': lambda: tf.placeholder(tf.bool, [], name='use_trained_head'),
    'constraint': lambda: tf.placeholder(tf.bool, [], name='use_constraint'),
}


@pytest.fixture
def de(session):
    with DeepExplain(session=session) as one:
        yield one


def flag():
    return tf.placeholder_with_default(False, [], name='is_training')


def network(rng, condition, turned=False):
    """A network with a branch; the one for training would be wrong at inference by far, and has no rules."""
    X = tf.placeholder(tf.float32, [None, 4])
    z = tf.matmul(X, weights(rng, 4, 5))
    sides = [lambda: tf.square(z) * 9., lambda: tf.tanh(z)]
    return X, tf.matmul(tf.cond(condition, *(sides[::-1] if turned else sides)), weights(rng, 5, 3))


def chooser(graph):
    return [op for op in graph.get_operations() if op.type in ('Switch', 'If', 'StatelessIf')][-1]


@pytest.mark.parametrize('name', sorted(CONDITIONS))
def test_side_at_rest(session, rng, control_flow, name):
    make, side = CONDITIONS[name]
    condition = make(flag())
    network(rng, condition)
    choice = choice_of(chooser(session.graph))
    assert choice.side == side and choice.settled['is_training:0'] == 0
    assert choice.settled[condition.name] == side
    assert 'other:0' not in choice.settled


@pytest.mark.parametrize('name', sorted(NO_CHOICES))
def test_what_training_does_not_decide(session, rng, control_flow, name):
    network(rng, NO_CHOICES[name]())
    assert choice_of(chooser(session.graph)) is None


@pytest.mark.parametrize('method, options', [
    ('elrp', {}), ('deeplift', {}), ('deeplift.reveal_cancel', {}), ('lrp.epsilon', {'epsilon': 1e-7}),
    ('guided_backprop', {}), ('gradient', {}), ('intgrad', {'steps': 200})])
@pytest.mark.parametrize('name', sorted(CONDITIONS))
def test_maps_are_those_of_the_side_at_rest(de, rng, control_flow, name, method, options):
    make, side = CONDITIONS[name]
    X, T = network(rng, make(flag()), turned=side)
    initialise(de.session)
    xs = np.random.RandomState(1).randn(4, 4)
    got = de.explain(method, T, X, xs, ys=1, **options)
    first, last = [de.session.run(one) for one in tf.trainable_variables()]
    z = xs @ first
    change = np.tanh(z) @ last
    if method in ('deeplift', 'deeplift.reveal_cancel', 'lrp.epsilon', 'intgrad', 'elrp'):
        close(got.sum(1), change[:, 1], 2e-2 if method == 'intgrad' else 1e-3)
    else:
        slope = (1 - np.tanh(z) ** 2) * last[:, 1]
        want = slope @ first.T if method == 'gradient' else (
            np.maximum(change[:, 1:2] * last[:, 1], 0) * (1 - np.tanh(z) ** 2)) @ first.T
        close(got, want, 1e-4)


@pytest.mark.parametrize('name', ['itself', 'not', 'cast', 'and', 'not and'])
@pytest.mark.parametrize('method', ['elrp', 'deeplift', 'deeplift.reveal_cancel', 'lrp.epsilon', 'guided_backprop'])
def test_training_is_never_silently_wrong(de, rng, control_flow, name, method):
    """Whether the flag is fed, or what is made of it: refused, or what has no rule is said."""
    make, side = CONDITIONS[name]
    one = flag()
    X, T = network(rng, make(one), turned=side)
    initialise(de.session)
    for tensor, value in [(one, True)] + ([] if name == 'itself' else [('b:0', 1 - side)]):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter('always')
            try:
                de.explain(method, T, X, np.ones((2, 4)), feed_dict={tensor: value})
            except RuntimeError as error:
                assert 'must be %s' % ('on' if tensor == 'b:0' and side else 'off') in str(error)
                assert 'intgrad' in str(error)
                continue
        assert any('While the model trains, Square' in str(one.message) for one in seen)


@pytest.mark.parametrize('method', ['elrp', 'deeplift', 'deeplift.reveal_cancel', 'lrp.epsilon', 'smoothgrad'])
def test_the_learning_phase_must_be_off(de, rng, control_flow, method):
    phase = tf.placeholder_with_default(False, [], name='keras_learning_phase')
    X, T = network(rng, phase)
    initialise(de.session)
    explainer = de.get_explainer(method, T, X, **({'of': 'deeplift', 'samples': 2} if method == 'smoothgrad' else {}))
    with pytest.raises(RuntimeError, match="'keras_learning_phase:0'] must be off"):
        explainer.run(np.ones((2, 4)), feed_dict={phase: True})
    assert np.isfinite(explainer.run(np.ones((2, 4)), feed_dict={phase: False})).all()


@pytest.mark.parametrize('method, options', [('gradient', {}), ('intgrad', {'steps': 400}), ('occlusion', {})])
@pytest.mark.parametrize('name', ['is_training', 'keras_learning_phase'])
def test_methods_without_rules_follow_what_is_fed(de, rng, control_flow, name, method, options):
    phase = tf.placeholder_with_default(False, [], name=name)
    X, T = network(rng, phase)
    initialise(de.session)
    xs = np.random.RandomState(1).randn(4, 4)
    first, last = [de.session.run(one) for one in tf.trainable_variables()]
    got = de.explain(method, T, X, xs, ys=1, feed_dict={phase: True}, **options)

    def score(xs):
        return 9. * (xs @ first) ** 2 @ last[:, 1]

    if method == 'gradient':
        close(got, 18. * (xs @ first) * last[:, 1] @ first.T, 1e-4)
    elif method == 'intgrad':
        close(got.sum(1), score(xs), 2e-2)
    else:
        close(got[:, 2], score(xs) - score(xs * [1, 1, 0, 1]), 1e-4)
