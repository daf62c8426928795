"""Frozen recurrent graphs, whose loops come without contexts and without the Exits that nobody reads."""
import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise, weights
from test_keras import PACKAGES

from deepexplain.tensorflow import DeepExplain

METHODS = {'grad*input': {}, 'elrp': {}}
STEPS, SIZE = 4, 3


def dynamic(cell, lengths=False):
    def build(x):
        some = tf.fill(tf.shape(x)[:1], 3) if lengths else None
        outputs, state = tf.nn.dynamic_rnn(getattr(tf.nn.rnn_cell, cell)(SIZE), x, some, dtype=tf.float32)
        return tf.reduce_sum(outputs, 1) + tf.nest.flatten(state)[-1]
    return build


def last(x):
    return tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(SIZE), x, dtype=tf.float32)[0][:, -1]


def both_ways(x):
    cell = tf.nn.rnn_cell.BasicLSTMCell
    return tf.concat(tf.nn.bidirectional_dynamic_rnn(cell(2), cell(2), x, dtype=tf.float32)[0], -1)[:, 1, :SIZE]


def scan(x):
    W = weights(np.random.RandomState(3), SIZE, SIZE)
    return tf.scan(lambda h, e: tf.tanh(tf.matmul(h, W) + e), tf.transpose(x, [1, 0, 2]), tf.zeros_like(x[:, 0]))[-1]


def map_fn(x):
    return tf.reduce_sum(tf.map_fn(lambda e: tf.tanh(e * tf.reduce_sum(e)), x), 1)


def while_loop(x):
    def step(t, h, read, unread):
        h = tf.tanh(h * unread + x[:, t])
        return t + 1, h, read + 2 * h, unread + tf.reduce_mean(h)

    return tf.while_loop(lambda t, *_: t < STEPS, step, [0, x[:, 0], x[:, 1], 1.])[2]


def keras_layer(x):
    layers = PACKAGES[sorted(PACKAGES)[-1]].layers
    return layers.LSTM(SIZE)(x)


def loop_in_branch_in_loop(x):
    def inner(h):
        return tf.while_loop(lambda i, *_: i < 2, lambda i, h, k: (i + 1, tf.tanh(h * k), k + tf.reduce_sum(h)),
                             [0, h, 1.])[1]

    def step(t, h, k):
        return t + 1, tf.cond(t < 2, lambda: inner(h + x[:, t]), lambda: h * k), k * .5

    return tf.while_loop(lambda t, *_: t < STEPS, step, [0, x[:, 0], 1.])[1]


def loop_in_loop(x):
    return tf.reduce_sum(tf.map_fn(lambda e: tf.scan(lambda a, b: tf.tanh(a * .5 + b), e), x), 1)


BUILDERS = {'basic': dynamic('BasicRNNCell'), 'lstm': dynamic('BasicLSTMCell'), 'lengths': dynamic('LSTMCell', True),
            'gru': last, 'both ways': both_ways, 'scan': scan, 'map_fn': map_fn, 'while_loop': while_loop,
            'keras': keras_layer, 'loop in branch in loop': loop_in_branch_in_loop, 'loop in loop': loop_in_loop}


def explained(de, T, X, xs):
    return [de.explain(method, T, X, xs, **options) for method, options in METHODS.items()]


def check(got, want):
    for one, other in zip(got, want):
        close(one, other, 1e-5)
        assert one.any()


def frozen(build, xs):
    """A frozen graph, and the attributions of the live one."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        tf.set_random_seed(1)
        x = tf.placeholder(tf.float32, [None, STEPS, SIZE], name='x')
        T = tf.matmul(build(x), weights(np.random.RandomState(2), SIZE, 2), name='T')
        initialise(session)
        with DeepExplain(session=session) as de:
            want = explained(de, T, x, xs)
        return tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ['T']), want


@pytest.mark.filterwarnings('ignore::UserWarning')
@pytest.mark.parametrize('name', list(BUILDERS))
def test_frozen_graph_equals_the_live_one(name, rng, tmp_path):
    xs = rng.randn(3, STEPS, SIZE)
    definition, want = frozen(BUILDERS[name], xs)
    (tmp_path / 'frozen.pb').write_bytes(definition.SerializeToString())
    with DeepExplain.open(tmp_path / 'frozen.pb') as de:
        assert not [layer.name for layer in de.layers() if 'exits' in layer.name]
        T, X = [de.graph.get_tensor_by_name(one) for one in ('T:0', 'x:0')]
        check(explained(de, T, X, xs), want)


@pytest.mark.filterwarnings('ignore::UserWarning')
def test_imported_by_hand_or_exported_again(session, rng, tmp_path):
    xs = rng.randn(3, STEPS, SIZE)
    definition, want = frozen(dynamic('BasicLSTMCell'), xs)
    ends = [tf.import_graph_def(definition, return_elements=['T:0', 'x:0'], name=scope) for scope in ('one', 'two')]
    nodes = [op.node_def for op in session.graph.get_operations()]
    tf.saved_model.simple_save(session, str(tmp_path / 'saved'), {'x': ends[0][1]}, {'T': ends[0][0]})
    with DeepExplain(session=session) as de:
        for T, X in ends:
            close(de.explain('grad*input', T, X, xs), want[0], 1e-5)
    assert [op.node_def for op in session.graph.get_operations()][:len(nodes)] == nodes
    with DeepExplain.open(os.path.join(str(tmp_path), 'saved')) as de:
        close(de.explain('elrp', de.outputs[0], de.inputs[0], xs), want[1], 1e-5)


def test_a_loop_whose_ops_wait_for_each_other(session, rng):
    """Imported ops without outputs do not know which loop they are in."""
    xs = rng.randn(2, SIZE)
    with tf.Graph().as_default() as graph:
        def step(t, h):
            with tf.control_dependencies([tf.group(tf.identity(t))]):
                factor = tf.constant([1., 2., 3.])
            return t + 1, tf.tanh(h * factor)

        x = tf.placeholder(tf.float32, [None, SIZE], name='x')
        tf.identity(tf.while_loop(lambda t, h: t < 3, step, [0, x])[1], name='T')
        meta = tf.train.export_meta_graph(graph=graph)
    tf.train.import_meta_graph(meta)
    T, X = [session.graph.get_tensor_by_name(one) for one in ('T:0', 'x:0')]
    with DeepExplain(session=session) as de:
        want = session.run(tf.gradients(T, X)[0], {X: xs})
        close(de.explain('saliency', T, X, xs), np.abs(want), 1e-5)
        de.explain('elrp', T, X, xs)
