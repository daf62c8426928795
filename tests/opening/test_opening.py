"""DeepExplain.open on the files of graph mode and on Keras models that live in a graph."""
import os
import shutil

import numpy as np
import opened
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise

from deepexplain.tensorflow import DeepExplain


@pytest.fixture(scope='module')
def want():
    return opened.by_hand()


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """The network as a checkpoint, a SavedModel and a frozen GraphDef, by a session that has explained it before."""
    path = str(tmp_path_factory.mktemp('files'))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 8, 8, 1], name='x')
        variables = [tf.Variable(value, use_resource=bool(i % 2)) for i, value in enumerate(opened.weights())]
        logits = tf.identity(opened.network(x, variables), name='logits')
        probabilities = tf.nn.softmax(logits, name='probabilities')
        initialise(session)
        tf.gradients(logits, x)
        with DeepExplain(session=session) as de:
            de.explain('deeplift', logits, x, opened.samples())
        tf.train.Saver().save(session, os.path.join(path, 'model.ckpt'))
        tf.saved_model.simple_save(session, os.path.join(path, 'saved'), {'picture': x}, {
            'z': logits, 'probabilities': probabilities})
        frozen = tf.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ['probabilities'])
        tf.train.write_graph(frozen, path, 'frozen.pb', as_text=False)
        tf.train.write_graph(frozen, path, 'frozen.pbtxt', as_text=True)
    return path


@pytest.mark.parametrize('name', ['model.ckpt', 'model.ckpt.meta', '', 'frozen.pb', 'frozen.pbtxt'])
def test_graph_without_signatures(folder, want, name):
    with DeepExplain.open(os.path.join(folder, name)) as de:
        assert [tensor.name for tensor in de.inputs + de.outputs] == ['x:0', 'probabilities:0']
        assert de.logits.op.inputs[0].op.type == 'AddV2' if de.logits.op.type == 'Identity' else True
        opened.check(de, want=want)
        opened.check(de, T=de.tensor('logits'), want=want)


def test_saved_model(folder, want):
    with DeepExplain.open(os.path.join(folder, 'saved')) as de:
        assert [tensor.name for tensor in de.inputs + de.outputs] == ['x:0', 'probabilities:0', 'logits:0']
        assert de.tensor('picture') is de.inputs[0] and de.tensor('z') is de.outputs[1]
        opened.check(de, want=want)
    with DeepExplain.open(os.path.join(folder, 'saved'), signature='serving_default', tags=['serve']) as de:
        opened.check(de, want=want)


def test_another_checkpoint(folder, want, tmp_path):
    shutil.copy(os.path.join(folder, 'model.ckpt.meta'), str(tmp_path / 'alone.meta'))
    with DeepExplain.open(tmp_path / 'alone.meta', checkpoint=os.path.join(folder, 'model.ckpt')) as de:
        opened.check(de, want=want)
    with pytest.raises(ValueError, match=r"no checkpoint '.*alone' for the MetaGraph '.*alone.meta'; name one by "):
        DeepExplain.open(str(tmp_path / 'alone.meta'))


def test_ends_by_name(folder, want):
    with DeepExplain.open(os.path.join(folder, 'frozen.pb'), inputs='x', outputs=['Tanh', 'logits:0']) as de:
        assert [tensor.name for tensor in de.outputs] == ['Tanh:0', 'logits:0']
        opened.check(de, T=de.outputs[1], want=want)


def test_keras_model_in_a_graph(keras, want):
    model = opened.keras_model(keras)
    graph = model.outputs[0].graph
    ops = len(graph.get_operations())
    with DeepExplain.open(model) as de:
        assert de.graph is not graph
        assert [layer.name for layer in de.layers()] == [
            'picture', 'conv', 'norm', 'pool', 'drop', 'flat', 'hidden', 'scores', 'probabilities']
        opened.check(de, want=want)
        opened.check(de, T=de.tensor('scores'), want=want)
        model.set_weights([0 * value for value in opened.weights()])
        ops = len(graph.get_operations())
        close(de.explain('saliency', de.logits, de.inputs[0], opened.samples(), ys=1), want['saliency'], 1e-5)
        de.refresh()
        assert not de.explain('saliency', de.logits, de.inputs[0], opened.samples(), ys=1).any()
    assert len(graph.get_operations()) == ops


def test_keras_model_with_a_loop(keras):
    layers = keras.layers
    model = keras.models.Sequential([layers.LSTM(4, input_shape=(5, 3)), layers.Dense(2)])
    xs = np.random.RandomState(0).randn(3, 5, 3)
    wanted = {}
    with DeepExplain(session=keras_session(keras)) as de:
        for method in ('saliency', 'intgrad', 'elrp', 'occlusion'):
            wanted[method] = de.explain(method, model.output, model.input, xs, ys=1)
    with DeepExplain.open(model) as de:
        for method, attributions in wanted.items():
            close(de.explain(method, de.outputs[0], de.inputs[0], xs, ys=1), attributions, 1e-5)


def keras_session(keras):
    return keras.backend.get_session() if hasattr(keras.backend, 'get_session') else (
        tf.keras.backend.get_session())


def test_h5_file_in_graph_mode(keras, want, tmp_path):
    path = str(tmp_path / 'model.h5')
    opened.keras_model(keras).save(path)
    session = keras_session(keras)
    with DeepExplain.open(path) as de:
        opened.check(de, want=want)
        assert de.session is not session
    # Keras's own session is still there, with its weights.
    assert keras_session(keras) is session
