"""What depends on how TensorFlow 2 was switched before the model: each case is a process of its own."""
import os
import subprocess
import sys

import pytest
import tensorflow as tf

FOLDER = os.path.dirname(os.path.abspath(__file__))
pytestmark = pytest.mark.skipif(tf.__version__.startswith('1.'), reason='TensorFlow 1 has graph mode only')

START = '''
import sys
import numpy as np
import tensorflow as tf2
import tensorflow.compat.v1 as tf
sys.path.insert(0, %r)
from models import close, initialise, mlp, per_sample
from deepexplain.tensorflow import DeepExplain
rng = np.random.RandomState(0)


def refused(call, *words):
    try:
        call()
    except RuntimeError as error:
        assert all(word in str(error) for word in words), error
    else:
        raise AssertionError('no error')


def explain_all(session):
    X, T = mlp(tf.nn.swish, rng)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('saliency', 'intgrad', 'elrp', 'deeplift', 'occlusion', 'shapley_sampling'):
            assert np.abs(de.explain(method, T, X, xs)).max() > 0
        got = de.explain('deeplift', T, X, xs)
    close(per_sample(got), per_sample(session.run(T, {X.name: xs}) - session.run(T, {X.name: 0 * xs})), 1e-5)
''' % FOLDER


def run(code):
    env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL='3')
    done = subprocess.run([sys.executable, '-W', 'ignore', '-c', START + code], env=env, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]


def test_eager_execution_without_a_session_is_told_what_to_switch_off():
    run('''
refused(DeepExplain, 'tf.compat.v1.disable_eager_execution()')
with tf.Graph().as_default(), tf.Session() as session:
    X, T = mlp(tf.nn.relu, rng)
eager = tf2.constant([[1., 2.]])
with DeepExplain(session=session) as de:
    refused(lambda: de.get_explainer('saliency', eager, X), 'T must be a Tensorflow Tensor object', 'eager')
    refused(lambda: de.get_explainer('saliency', T, eager), 'X must be a Tensorflow Tensor object', 'eager')
''')


def test_a_session_over_a_graph_while_eager_execution_is_on():
    run('''
with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
    explain_all(session)
    with session.as_default():
        assert DeepExplain().session is session
with tf2.GradientTape() as tape:
    x = tf2.Variable(3.)
    y = tf2.nn.relu(x) * x
assert tape.gradient(y, x).numpy() == 6 and tf2.executing_eagerly()
''')


def test_only_eager_execution_disabled():
    # Resource variables, and loops and branches as functions.
    run('''
tf.disable_eager_execution()
with tf.Session() as session:
    explain_all(session)
    assert any(op.type == 'VarHandleOp' for op in session.graph.get_operations())
    X = tf.placeholder(tf.float32, [2, 3])
    T = tf2.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, tf.tanh(h)), [0, X])[1]
    by_hand = tf.tanh(tf.tanh(tf.tanh(X)))
    xs = rng.randn(2, 3)
    session.run(T, {X: xs})
    assert any(op.type in ('While', 'StatelessWhile') for op in session.graph.get_operations())
    with DeepExplain(session=session) as de:
        for method in ('saliency', 'intgrad', 'elrp'):
            close(de.explain(method, T, X, xs), de.explain(method, by_hand, X, xs), 1e-5)
''')


def test_a_saved_model_of_tensorflow_2(tmp_path):
    run('''
folder = %r

class Module(tf2.Module):
    def __init__(self):
        super().__init__()
        self.w = tf2.Variable(rng.randn(5, 2).astype(np.float32))

    @tf2.function(input_signature=[tf2.TensorSpec([None, 5], tf2.float32)])
    def __call__(self, x):
        return {'y': tf2.matmul(tf2.nn.silu(x), self.w)}

module = Module()
w = module.w.numpy().sum(1)
tf2.saved_model.save(module, folder, signatures=module.__call__)
with tf.Graph().as_default() as graph, tf.Session(graph=graph) as session:
    signature = tf.saved_model.load(session, ['serve'], folder).signature_def['serving_default']
    X, T = [graph.get_tensor_by_name(list(ends.values())[0].name) for ends in (signature.inputs, signature.outputs)]
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('deeplift', 'elrp'):
            got = de.explain(method, T, X, xs, **({'epsilon': 1e-7} if method == 'elrp' else {}))
            close(got, xs / (1 + np.exp(-xs)) * w, 1e-4)
        close(per_sample(de.explain('intgrad', T, X, xs)), per_sample(got), 1e-2)
''' % str(tmp_path / 'model'))
