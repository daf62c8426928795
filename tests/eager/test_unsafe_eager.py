"""Unsafe Keras files where eager execution is on, so that Keras 3 is at hand as well."""
import os
import warnings

import hostile
import numpy as np
import pytest
import tensorflow as tf
from hostile import KERAS_FILES, function, layer, marker, sequential
from test_open_sources import KERASES, ONE

from deepexplain.cli.main import main
from deepexplain.tensorflow import DeepExplain


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    return KERASES[request.param]


@pytest.mark.parametrize('name', sorted(KERAS_FILES))
def test_unsafe_files_are_refused(name, tmp_path):
    make, words = KERAS_FILES[name]
    with pytest.raises(ValueError) as error:
        DeepExplain.open(make(tmp_path))
    assert words in str(error.value) and '\n' not in str(error.value)
    assert not os.path.exists(marker(tmp_path))


def runs(path, folder):
    """That a file is refused by each door, and that its code runs where that is allowed."""
    np.save(str(folder / 'x.npy'), np.ones((1, 2), 'f'))
    assert main(['layers', path]) == 2
    assert main(['explain', path, str(folder / 'x.npy')]) == 2
    with pytest.raises(ValueError, match='safe_mode=False allows it'):
        DeepExplain.open(path)
    assert not os.path.exists(marker(folder))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            DeepExplain.open(path, safe_mode=False)
        except ValueError:
            pass  # It has run first.
    assert os.path.exists(marker(folder))


@pytest.mark.parametrize('version', hostile.VERSIONS)
def test_old_lambdas_would_have_run(version, tmp_path):
    runs(hostile.h5(tmp_path / 'm.h5', sequential(hostile.old_lambda(tmp_path)), version), tmp_path)


@pytest.mark.skipif(ONE, reason='files of TensorFlow 2')
@pytest.mark.parametrize('name', ['lambda of Keras 3', 'zip', 'zip of Keras 3', 'nested', 'other ending', 'op', 'both'])
def test_they_would_have_run(name, tmp_path):
    path = KERAS_FILES[name][0](tmp_path)
    if name == 'other ending':
        os.rename(path, str(tmp_path / 'm.hdf5'))
        path = str(tmp_path / 'm.hdf5')
    runs(path, tmp_path)


@pytest.mark.skipif(ONE, reason='files of TensorFlow 2')
def test_what_keras_imports_would_have_run(tmp_path):
    """tf_keras calls whatever function of whatever module a .keras file names."""
    config = sequential(layer('Activation', 'a', activation=function('os', 'mkdir')))
    path = hostile.keras(tmp_path / 'm.keras', config, '2.15.0')
    with pytest.raises(ValueError, match="names 'os.mkdir'"):
        DeepExplain.open(path)
    with pytest.raises(ValueError, match='expected str, bytes or os.PathLike object, not KerasTensor|mkdir'):
        DeepExplain.open(path, safe_mode=False)


def test_ordinary_files_are_opened_without_a_word(keras, tmp_path, rng):
    """Layers, functions and custom classes of every kind that Keras writes down."""
    layers = keras.layers

    class Own(layers.Layer):
        def call(self, x):
            return 2 * x

    x = layers.Input((4,), name='x')
    h = layers.Dense(3, activation=tf.nn.relu, kernel_regularizer=keras.regularizers.l2(.1),
                     kernel_constraint=keras.constraints.MaxNorm(2.))(x)
    h = Own(name='own')(layers.Activation(keras.activations.tanh)(h))
    if not ONE:
        h = (keras.ops.exp if hasattr(keras, 'ops') else tf.exp)(h)[:, :2] + 1
        h = layers.Activation(keras.activations.gelu)(h)
    model = keras.Model(x, layers.Dense(2)(h))
    model.compile('adam', loss=lambda y, p: p)
    # Keras 3 does not read ops from its own .h5 files.
    for name in ('m.h5',) * (not hasattr(keras, 'ops')) + ('m.keras',) * (not ONE):
        path = str(tmp_path / name)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            model.save(path, **({} if name.endswith('.keras') else {'include_optimizer': False}))
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            with DeepExplain.open(path, custom_objects={'Own': Own}) as de:
                xs = rng.rand(2, 4).astype('f')
                np.testing.assert_allclose(de.session.run(de.outputs[0], {de.inputs[0]: xs}),
                                           model.predict(xs, verbose=0), rtol=1e-5)
        if not ONE:
            with pytest.raises(ValueError, match='own|Own'):
                DeepExplain.open(path)


@pytest.mark.skipif(ONE, reason='TensorFlow 1 has no registry')
def test_classes_that_are_registered_need_no_custom_objects(keras, tmp_path):
    @keras.saving.register_keras_serializable(package='tests')
    class Registered(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    x = keras.layers.Input((4,), name='x')
    keras.Model(x, Registered(name='own')(x)).save(str(tmp_path / 'm.keras'))
    with DeepExplain.open(str(tmp_path / 'm.keras')) as de:
        assert [one.name for one in de.layers()] == ['x', 'own']


def exported(folder, call):
    """A SavedModel of TensorFlow 2."""
    class Module(tf.Module):
        def __init__(self):
            super().__init__()
            self.w = tf.Variable([[1.], [2.]])
            self.table = None

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, name='x')])
        def __call__(self, x):
            return call(self, tf.matmul(x, self.w))

    module = Module()
    if call is looked_up:
        module.table = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(
            os.path.join(str(folder), 'words.txt'), tf.string, 0, tf.int64, 1), -1)
    tf.saved_model.save(module, str(folder / 'm'), signatures=module.__call__)
    return str(folder / 'm')


def written(folder):
    def call(module, y):
        tf.io.write_file(marker(folder), 'x')
        return y
    return call


def python(folder):
    return lambda module, y: tf.reshape(tf.py_function(lambda y: 2 * y, [y], tf.float32), [-1, 1])


def looked_up(module, y):
    return y * tf.cast(module.table.lookup(tf.constant(['c'])), tf.float32)


@pytest.mark.parametrize('make, kind', [(written, 'WriteFile'), (python, 'EagerPyFunc')])
def test_saved_models_that_do_more_than_compute(make, kind, tmp_path):
    path = exported(tmp_path, make(tmp_path))
    with pytest.raises(ValueError) as error:
        DeepExplain.open(path)
    assert f"({kind}) in the function '" in str(error.value) and '\n' not in str(error.value)
    assert not os.path.exists(marker(tmp_path))


def test_the_vocabulary_of_a_saved_model_is_its_own(tmp_path):
    (tmp_path / 'words.txt').write_text('a\t0\nb\t1\nc\t2\n')
    path = exported(tmp_path, looked_up)
    os.remove(str(tmp_path / 'words.txt'))
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain.open(path) as de:
            assert de.explain('grad*input', de.outputs[0], de.inputs[0], np.ones((1, 2), 'f')).tolist() == [[2, 4]]
    with open(os.path.join(path, 'saved_model.pb'), 'rb') as file:
        content = file.read()
    with open(os.path.join(path, 'saved_model.pb'), 'wb') as file:
        file.write(content.replace(b'words.txt', b'/a/.._txt'))
    with pytest.raises(ValueError, match='reads the file .*, as it is loaded; safe_mode=False allows it'):
        DeepExplain.open(path)
