"""Keras models of every build: what DeepExplain.open makes of them, and what their layers are called."""
import numpy as np
import pytest
import tensorflow as tf
from models import close
from test_open_sources import KERASES, ONE

from deepexplain.tensorflow import DeepExplain


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    return KERASES[request.param]


def check(model, *xs, **options):
    """That the gradients of the first output are the tape's; the names of the layers."""
    inputs = [tf.constant(x) for x in xs]
    with tf.GradientTape() as tape:
        for x in inputs:
            tape.watch(x)
        found = model(inputs if len(inputs) > 1 else inputs[0], training=False)
        found = tf.nest.flatten(found)[0]
    wanted = tape.gradient(found, inputs)
    with DeepExplain.open(model, **options) as de:
        for got, want in zip(de.explain('gradient', de.outputs[0], de.inputs, list(xs)), wanted):
            close(got, want.numpy(), 1e-5)
        assert all(de.tensor(layer.name) is layer.tensor for layer in de.layers())
        return [layer.name for layer in de.layers()]


def test_models_inside_models_have_paths(keras, rng):
    layers = keras.layers
    inner = keras.models.Sequential([layers.Dense(5, activation='relu', name='hidden', input_shape=(4,)),
                                     layers.Dense(3, name='last')], name='base')
    x = layers.Input((4,), name='x')
    model = keras.Model(x, layers.Dense(2, name='last')(inner(x)))
    names = check(model, rng.randn(3, 4).astype('f'))
    assert names == ['x', 'base/hidden', 'base/last', 'base', 'last']
    with DeepExplain.open(model) as de:
        assert de.tensor('hidden') is de.tensor('base/hidden')
        assert de.tensor('last') is not de.tensor('base/last')
        with pytest.raises(ValueError, match="no layer or tensor 'hiden'. Did you mean 'base/hidden'"):
            de.tensor('hiden')


def test_a_layer_that_is_called_twice_has_numbers(keras, rng):
    twice = keras.layers.Dense(4, activation='tanh', name='twice')
    x = keras.layers.Input((4,), name='x')
    model = keras.Model(x, keras.layers.Dense(2, name='end')(twice(twice(x))))
    assert check(model, rng.randn(3, 4).astype('f')) == ['x', 'twice:0', 'twice:1', 'end']
    with DeepExplain.open(model) as de:
        with pytest.raises(ValueError, match="'twice' may be each of 'twice:0', 'twice:1'."):
            de.tensor('twice')
        value = model.layers[1](np.ones((1, 4), 'f')).numpy()
        close(de.session.run(de.tensor('twice:0'), {de.inputs[0]: np.ones((1, 4))}), value, 1e-6)


def test_several_inputs_and_outputs(keras, rng):
    layers = keras.layers
    a, b = layers.Input((3,), name='a'), layers.Input((2,), name='b')
    h = layers.concatenate([a, b])
    model = keras.Model([a, b], [layers.Dense(2, name='first')(h), layers.Dense(1, name='second')(h)])
    check(model, rng.randn(4, 3).astype('f'), rng.randn(4, 2).astype('f'))
    with DeepExplain.open(model) as de:
        assert [tensor.op.name for tensor in de.inputs] == ['a', 'b']
        assert [tensor.shape.as_list() for tensor in de.outputs] == [[None, 2], [None, 1]]


def test_a_model_of_a_class_of_its_own(keras, rng):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden, self.end = keras.layers.Dense(4, activation='tanh'), keras.layers.Dense(2)

        def call(self, x, training=False):
            return self.end(self.hidden(x))

    model, xs = Own(), rng.randn(3, 5).astype('f')
    with pytest.raises((ValueError, RuntimeError)):
        DeepExplain.open(model)
    model(xs)
    check(model, xs, **(dict(input_signature=[tf.TensorSpec([None, 5], tf.float32)]) if ONE else {}))


def test_recurrent_layers_in_a_row(keras, rng):
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Masking(0., input_shape=(5, 3)), layers.LSTM(4, return_sequences=True), layers.GRU(3), layers.Dense(2)])
    xs = rng.randn(2, 5, 3).astype('f')
    xs[:, 3:] = 0
    check(model, xs)


@pytest.mark.skipif(ONE, reason='layers of TensorFlow 2')
def test_layers_that_do_something_only_in_training(keras, rng):
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Input((8, 8, 3)), layers.Rescaling(.5), layers.RandomFlip(), layers.RandomRotation(.1),
        layers.GaussianNoise(.1), layers.Conv2D(3, 3, activation='swish'), layers.SpatialDropout2D(.5),
        layers.GlobalAveragePooling2D(), layers.Dense(2)])
    check(model, rng.rand(2, 8, 8, 3).astype('f'))


def test_sizes_that_are_not_known(keras, rng):
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Conv2D(3, 3, activation='relu', input_shape=(None, None, 1)), layers.GlobalAveragePooling2D(),
        layers.Dense(2)])
    check(model, rng.randn(2, 9, 7, 1).astype('f'))


def test_double_precision(keras, rng):
    layers = keras.layers
    x = layers.Input((4,), dtype='float64')
    model = keras.Model(x, layers.Dense(2, dtype='float64')(layers.Dense(3, activation='tanh', dtype='float64')(x)))
    check(model, rng.randn(3, 4))
