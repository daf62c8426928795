"""Keras models of every build: what DeepExplain.open makes of them, and what their layers are called."""
import warnings

import numpy as np
import pytest
import tensorflow as tf
from models import close
from opened import transformer
from test_open_sources import KERASES, ONE

from deepexplain.tensorflow import DeepExplain

#: The layers of `transformer` in a model.
NAMES = ['ids', 'body/token_table', 'body/blocks/0/hidden', 'body/blocks/0/end', 'body/blocks/0',
         'body/blocks/1/hidden', 'body/blocks/1/end', 'body/blocks/1', 'body/first', 'body', 'scores']


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


def test_layers_inside_of_layers(keras, rng):
    ids, body = keras.layers.Input((5,), dtype='int32', name='ids'), transformer(keras)
    model = keras.Model(ids, keras.layers.Dense(2, name='scores')(body(ids)))
    tokens = rng.randint(0, 10, [3, 5])
    with DeepExplain.open(model) as de:
        assert [layer.name for layer in de.layers()] == NAMES
        assert de.tensor('token_table') is de.tensor('embedding' if ONE else body.token_table.name)
        assert de.tensor('blocks/1/_out') is de.tensor('body/blocks/1/end')
        values = de.session.run([one.tensor for one in de.layers()], {de.inputs[0].name: tokens})[1:]
        layers = [body.token_table]
        for block in body.blocks:
            layers += [block.hidden, block._out, block]
        given = [tokens, values[0], 2 * values[1], values[0], values[3], 2 * values[4], values[3]]
        for value, layer, x in zip(values, layers, given):
            close(value, layer(tf.constant(x)).numpy(), 1e-5)
        assert de.explain('gradient', de.logits, de.tensor('token_table'), feed_dict={de.inputs[0]: tokens}).any()
    # Nothing stays behind, and each layer is as it was.
    assert all('call' not in vars(layer) for layer in layers + [body])


def test_a_model_of_a_class_of_its_own_has_its_attributes_too(keras, rng):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.body, self.twice, self.end = transformer(keras), keras.layers.Dense(3), keras.layers.Dense(2)
            self.parts = [self.twice, self.end]

        def call(self, ids):
            return self.end(self.twice(self.twice(self.body(ids))))

    model, tokens = Own(), rng.randint(0, 10, [2, 5])
    model(tokens)
    with DeepExplain.open(model, input_signature=[tf.TensorSpec([None, 5], tf.int32)]) as de:
        names = [layer.name for layer in de.layers()]
        assert names[1:-3] == NAMES[1:-1] and len(set(names)) == len(names)
        close(de.session.run(de.tensor('parts/1'), {de.inputs[0].name: tokens}), model(tokens).numpy(), 1e-5)
        with pytest.raises(ValueError, match="'twice' may be each of 'twice:0', 'twice:1'"):
            de.tensor('twice')


def test_wrappers_still_know_what_their_layers_take(keras, rng):
    """Bidirectional and TimeDistributed ask a layer for the arguments of its call."""
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Bidirectional(layers.LSTM(3, return_sequences=True), input_shape=(4, 2)),
        layers.TimeDistributed(layers.Dropout(.5)), layers.Dense(2)])
    check(model, rng.randn(3, 4, 2).astype('f'))
    with DeepExplain.open(model) as de:
        assert not [layer.name for layer in de.layers() if 'cell' in layer.name]


@pytest.mark.skipif(ONE, reason='loops of TensorFlow 2')
def test_nobody_is_told_to_build_an_opened_model_otherwise(keras, rng):
    layers = keras.layers
    model = keras.models.Sequential([layers.LSTM(3, activation='gelu', input_shape=(4, 2)), layers.Dense(2)])
    with DeepExplain.open(model) as de, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        for method in ('elrp', 'guided_backprop', 'deconvnet', 'deeplift'):
            assert np.isfinite(de.get_explainer(method, de.logits, de.inputs[0]).run(rng.randn(2, 4, 2))).all()
        for method in ('lrp.epsilon', 'deep_taylor'):
            try:
                de.get_explainer(method, de.logits, de.inputs[0])
            except RuntimeError as error:
                assert 'disable_v2_behavior' not in str(error) and 'unroll' not in str(error)
    assert not any('disable_v2_behavior' in str(one.message) for one in caught)
