"""Functions of the caller's in the place of lambdas that a Keras file holds, and why Keras cannot load a file."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.opening.reasons import reason


def saved(keras, layer, path):
    first = keras.layers.Dense(3, input_shape=(3,), kernel_initializer='identity')
    keras.models.Sequential([first, layer]).save(str(path))
    return str(path)


LAYERS = {'Lambda': lambda layers: layers.Lambda(lambda x: 2. * x, name='own'),
          'activation': lambda layers: layers.Activation(lambda x: 2. * x, name='own'),
          'dense': lambda layers: layers.Dense(3, activation=lambda x: 2. * x, kernel_initializer='identity',
                                               name='own')}


@pytest.mark.parametrize('kind', sorted(LAYERS))
def test_a_function_by_the_name_of_its_layer(keras, tmp_path, kind, ending='h5'):
    path = saved(keras, LAYERS[kind](keras.layers), tmp_path / ('model.' + ending))
    before = open(path, 'rb').read()
    for objects in ({'own': tf.tanh}, {'<lambda>': tf.tanh}):
        with DeepExplain.open(path, custom_objects=objects) as de:
            close(de.session.run(de.outputs[0], {de.inputs[0].name: np.ones((1, 3))}), np.tanh(np.ones((1, 3))), 1e-6)
    words = "model.%s' holds Python code, .*in the layer 'own'" % ending if kind == 'Lambda' else (
        r"model.%s' has a lambda as the activation of the layer 'own', which Keras cannot load: give it, as in "
        r"custom_objects=.'own': function." % ending)
    for objects in (None, {'other': tf.tanh}, {'own': keras.layers.Dense}):
        with pytest.raises(ValueError, match=words):
            DeepExplain.open(path, custom_objects=objects)
    assert open(path, 'rb').read() == before


def test_another_lambda_is_still_code(keras, tmp_path):
    layers = keras.layers
    model = keras.models.Sequential([layers.Lambda(lambda x: x, name='own', input_shape=(3,)),
                                     layers.Lambda(lambda x: x, name='other')])
    model.save(str(tmp_path / 'model.h5'))
    with pytest.raises(ValueError, match="holds Python code, .*in the layer 'other'"):
        DeepExplain.open(str(tmp_path / 'model.h5'), custom_objects={'own': tf.tanh})


@pytest.mark.parametrize('text, wanted', [
    ('A could not be deserialized.\n\nconfig={\'a\': 1}.\n\nException encountered: Could not locate class \'My\'. '
     'Full object config: {\'class_name\': 1}', "Could not locate class 'My'."),
    ('Error when deserializing class \'Bad\' using config={\'name\': 1}.\n\nException encountered: missing \'n\', an '
     'argument', "missing 'n', an argument"),
    ('in user code:\n\n    File "x", line 1, in call\n        y\n\n    ValueError: of shapes\n',
     'ValueError: of shapes'),
    ('\x1b[1mplain and simple\x1b[0m\nmore', 'plain and simple'), ('', 'ValueError'), ("x" * 400, 'x' * 297 + '...')])
def test_the_reason_stays(text, wanted):
    assert reason(ValueError(text)) == wanted


def test_a_class_that_is_missing_is_named(keras, tmp_path):
    class Mine(keras.layers.Layer):
        def call(self, x):
            return x

        def compute_output_shape(self, shape):
            return shape

    path = saved(keras, Mine(name='own'), tmp_path / 'model.h5')
    with pytest.raises(ValueError) as error:
        DeepExplain.open(path)
    assert 'Mine' in str(error.value) and 'config={' not in str(error.value)
    if not tf.__version__.startswith('1'):
        assert str(error.value).count('keras 2') == 1 and 'keras 3' not in str(error.value)
