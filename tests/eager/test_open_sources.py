"""DeepExplain.open on what lives in eager TensorFlow, and on the files that it writes."""
import importlib
import os
import warnings

import numpy as np
import opened
import pytest
import tensorflow as tf
import tensorflow.compat.v1 as tf1
from models import close

from deepexplain.tensorflow import DeepExplain

ONE = tf.__version__.startswith('1.')


def eager_kerases():
    """The Keras packages whose models are eager here, by name."""
    if ONE:
        return {'tf.keras': tf.keras}
    found = {}
    for name in ('keras', 'tf_keras'):
        try:
            found[name] = importlib.import_module(name)
        except ImportError:
            pass
    return found


KERASES = eager_kerases()
SPEC = tf.TensorSpec([None, 8, 8, 1], tf.float32, name='picture')


@pytest.fixture(scope='module')
def want():
    return opened.by_hand()


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    return KERASES[request.param]


def signed(function):
    return tf.function(function, input_signature=[SPEC])


@pytest.fixture
def variables():
    return [tf.Variable(value) for value in opened.weights()]


@pytest.fixture
def function(variables):
    return signed(lambda picture: tf.nn.softmax(opened.network(picture, variables)))


def check(source, want, **options):
    with DeepExplain.open(source, **options) as de:
        assert [tensor.shape.as_list() for tensor in de.inputs + de.outputs] == [[None, 8, 8, 1], [None, 3]]
        assert de.logits.name != de.outputs[0].name
        opened.check(de, want=want)
        # Inside, eager TensorFlow is as it was.
        assert tf.executing_eagerly()
        np.testing.assert_array_equal((tf.constant([1., 2.]) * 2).numpy(), [2, 4])
    assert tf.executing_eagerly()


def test_keras_model(keras, want):
    model = opened.keras_model(keras)
    before = model.predict(opened.samples(), verbose=0)
    check(model, want)
    np.testing.assert_array_equal(model.predict(opened.samples(), verbose=0), before)


def test_h5_file(keras, want, tmp_path):
    path = str(tmp_path / 'model.h5')
    opened.keras_model(keras).save(path)
    check(path, want)


@pytest.mark.skipif(ONE, reason='TensorFlow 1 has no .keras files')
def test_keras_file(keras, want, tmp_path):
    path = tmp_path / 'model.keras'
    opened.keras_model(keras).save(str(path))
    check(path, want)


def test_saved_model_of_keras(keras, want, tmp_path):
    model, path = opened.keras_model(keras), str(tmp_path / 'folder')
    if hasattr(model, 'export'):
        model.export(path)
    else:
        model.save(path, save_format='tf')
    check(path, want)


def test_function(function, want):
    check(function, want)
    check(function.get_concrete_function(), want)


def test_function_that_calls_another(function, want):
    check(tf.function(lambda picture: function(picture)), want, input_signature=[SPEC])


def test_saved_model_of_a_module(function, variables, want, tmp_path):
    module, path = tf.Module(), str(tmp_path / 'folder')
    module.variables_of_it, module.function = variables, function
    tf.saved_model.save(module, path, signatures={'explained': function})
    check(path, want)
    check(path, want, signature='explained')
    check(os.path.join(path, 'saved_model.pb'), want)
    if not ONE:
        loaded = tf.saved_model.load(path)
        check(loaded.signatures['explained'], want)
        check(loaded.function, want)


@pytest.mark.parametrize('lower', [False, True])
def test_frozen_function(function, want, tmp_path, lower):
    from tensorflow.python.framework import convert_to_constants

    frozen = convert_to_constants.convert_variables_to_constants_v2(
        function.get_concrete_function(), lower_control_flow=lower)
    check(frozen, want)
    for name, text in (('model.pb', False), ('model.pbtxt', True)):
        tf1.train.write_graph(frozen.graph.as_graph_def(), str(tmp_path), name, as_text=text)
        check(str(tmp_path / name), want)


def test_saliency_is_the_gradient_of_the_tape(keras):
    model, xs = opened.keras_model(keras), tf.constant(opened.samples())
    with tf.GradientTape() as tape:
        tape.watch(xs)
        target = model(xs, training=False)[:, 1]
    with DeepExplain.open(model) as de:
        got = de.explain('saliency', de.outputs[0], de.inputs[0], xs.numpy(), ys=1)
    close(got, np.abs(tape.gradient(target, xs).numpy()), 1e-6)


def test_refresh_takes_the_present_weights(keras, want):
    model = opened.keras_model(keras)
    model.set_weights([0 * value for value in opened.weights()])
    with DeepExplain.open(model) as de:
        explainer = de.get_explainer('grad*input', de.logits, de.inputs[0])
        assert not explainer.run(opened.samples(), 1).any()
        model.set_weights(opened.weights())
        assert not explainer.run(opened.samples(), 1).any()
        ops = len(de.graph.get_operations())
        de.refresh()
        close(explainer.run(opened.samples(), 1), want['grad*input'], 1e-5)
        assert len(de.graph.get_operations()) == ops


def test_refresh_of_a_function(function, variables, want):
    with DeepExplain.open(function) as de:
        variables[-2].assign(0 * variables[-2])
        close(de.explain('grad*input', de.logits, de.inputs[0], opened.samples(), ys=1), want['grad*input'], 1e-5)
        de.refresh()
        assert not de.explain('grad*input', de.logits, de.inputs[0], opened.samples(), ys=1).any()


def test_the_layers_are_as_they_were(keras):
    model = opened.keras_model(keras)
    before = {layer.name: set(vars(layer)) for layer in model.layers}
    with DeepExplain.open(model):
        pass
    assert {layer.name: set(vars(layer)) for layer in model.layers} == before
    # A failure too leaves them alone.
    layer = model.layers[-2]
    call = layer.call
    object.__setattr__(layer, 'call', lambda *args, **kwargs: 1 / 0)
    with pytest.raises(Exception, match='division by zero'):
        DeepExplain.open(model)
    assert {layer.name: set(vars(layer)) for layer in model.layers[:-2]} == {
        layer.name: before[layer.name] for layer in model.layers[:-2]}
    object.__delattr__(layer, 'call')
    assert layer.call == call


@pytest.mark.skipif(ONE, reason='tf.function of modules')
def test_what_switches_training_is_off(tmp_path):
    """As an argument of a function, and as an input of its signature in a SavedModel."""
    w = np.random.RandomState(0).randn(4, 3).astype('f')
    module = tf.Module()
    module.w = tf.Variable(w)

    def call(x, training):
        h = tf.nn.relu(x @ module.w)
        return {'probabilities': tf.nn.softmax(tf.nn.dropout(h, rate=.5) if training else tf.identity(h))}

    module.call = tf.function(call, input_signature=[
        tf.TensorSpec([None, 4], tf.float32, name='x'), tf.TensorSpec([], tf.bool, name='training')])
    tf.saved_model.save(module, str(tmp_path), signatures=module.call.get_concrete_function())
    xs = np.random.RandomState(1).randn(2, 4).astype('f')
    for source in (module.call, str(tmp_path)):
        with DeepExplain.open(source) as de, warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            assert len(de.inputs) == 1 and de.tensor('training').dtype == tf.bool
            for method in ('grad*input', 'deeplift', 'lrp.epsilon'):
                got = de.explain(method, de.logits, de.inputs[0], xs)
                np.testing.assert_allclose(got.sum(1), np.maximum(xs @ w, 0).sum(1), rtol=1e-3)
