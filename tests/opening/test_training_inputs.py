"""Models in files that take whether they train: off where nobody says otherwise, and no input to explain."""
import warnings

import numpy as np
import opened
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.phases import trains

W = np.random.RandomState(0).randn(4, 3).astype('f')


def saved(folder, kind, name='is_training', key='training'):
    """A model that doubles its scores while it trains."""
    with tf.Graph().as_default(), tf.Session() as session:
        x, flag = tf.placeholder(tf.float32, [None, 4], name='x'), tf.placeholder(tf.bool, name=name)
        z = tf.nn.relu(tf.matmul(x, tf.Variable(W)))
        scores = tf.cond(flag, lambda: 2 * z, lambda: tf.identity(z), name='scores')
        end = tf.nn.softmax(scores, name='probabilities')
        initialise(session)
        if kind == 'saved':
            tf.saved_model.simple_save(session, str(folder / 'model'), {key: flag, 'x': x}, {'probabilities': end})
            return str(folder / 'model')
        return opened.saved(session, folder, end, kind)


@pytest.mark.parametrize('kind, name, key', [
    ('saved', 'is_training', 'training'), ('saved', 'mode', 'train'), ('saved', 'phase_train', 'a'),
    ('frozen', 'is_training', ''), ('meta', 'learn/isTraining', '')])
def test_it_is_off_unless_it_is_fed(kind, name, key, tmp_path):
    xs = np.random.RandomState(1).randn(2, 4)
    with DeepExplain.open(saved(tmp_path, kind, name, key)) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        assert [tensor.name for tensor in de.inputs] == ['x:0'] and de.logits.op.type == 'Merge'
        z = np.maximum(xs @ W, 0)
        close(de.explain('grad*input', de.logits, de.inputs[0], xs).sum(1), z.sum(1), 1e-5)
        close(de.explain('lrp.epsilon', de.logits, de.inputs[0], xs).sum(1), z.sum(1), 1e-4)
        close(de.explain('grad*input', de.logits, de.inputs[0], xs, feed_dict={name: True}).sum(1), 2 * z.sum(1), 1e-5)
        assert not key or de.tensor(key).op.name == name


@pytest.mark.parametrize('name', ['Placeholder', 'mode', 'not_training', 'constrained'])
def test_a_switch_that_may_be_for_something_else_is_asked_for(name, tmp_path):
    with DeepExplain.open(saved(tmp_path, 'saved', name, 'a')) as de:
        assert [tensor.name for tensor in de.inputs] == [name + ':0', 'x:0']
        with pytest.raises(RuntimeError, match="'%s:0' .*, which nobody feeds: pass feed_dict" % name):
            de.explain('saliency', de.logits, de.inputs[1], np.ones((2, 4)))


@pytest.mark.parametrize('name', [
    'train', 'training', 'is_training', 'isTraining', 'phase_train', 'bn/is_train', 'train_mode', 'learning_phase',
    'keras_learning_phase', 'IsTraining', 'batch_norm_training_1'])
def test_names_of_what_switches_training(name):
    assert trains(name)


@pytest.mark.parametrize('name', [
    'x', 'constraint', 'no_training', 'strain', 'is_not_training', 'mode', 'test', 'use_trained_head', 'trainable',
    'use_constraint'])
def test_names_of_others(name):
    assert not trains(name)


def test_a_functional_branch_is_that_of_inference_for_rules_that_are(session):
    tf.enable_control_flow_v2()
    try:
        X, flag = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.bool, [], name='is_training')
        z = tf.nn.relu(tf.matmul(X, W))
        T = tf.cond(flag, lambda: tf.nn.dropout(2 * z, rate=.5), lambda: tf.identity(z))
    finally:
        tf.disable_control_flow_v2()
    assert T.op.type == 'Identity' and T.op.inputs[0].op.type in ('If', 'StatelessIf')
    xs = np.random.RandomState(1).randn(2, 4)
    with DeepExplain(session=session) as de:
        got = de.explain('lrp.epsilon', T, X, xs, feed_dict={flag: False})
        close(got.sum(1), np.maximum(xs @ W, 0).sum(1), 1e-4)
        with pytest.raises(RuntimeError, match=r"feed_dict\['is_training:0'\] must be off: lrp.epsilon explains"):
            de.explain('lrp.epsilon', T, X, xs, feed_dict={flag: True})
