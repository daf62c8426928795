"""Recurrent, attention and large models: what DeepExplain.open makes of them gives the gradients of the tape."""
import importlib
import warnings

import numpy as np
import pytest
import tensorflow as tf
from models import close

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.ways import find_ways

ONE = tf.__version__.startswith('1.')
KERASES = {'tf.keras': tf.keras} if ONE else {
    name: importlib.import_module(name) for name in ('keras', 'tf_keras') if importlib.util.find_spec(name)}


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    tf.compat.v1.set_random_seed(3)
    return KERASES[request.param]


def tape(model, xs, unit):
    xs = tf.constant(xs)
    with tf.GradientTape() as watched:
        watched.watch(xs)
        target = model(xs, training=False)
        target = target[..., unit]
    return watched.gradient(target, xs).numpy()


def lstm(layers):
    return layers.LSTM(5)


def gru(layers):
    return layers.GRU(5)


def simple(layers):
    return layers.SimpleRNN(5, activation='relu')


def both_ways(layers):
    return layers.Bidirectional(layers.LSTM(4))


def every_step(layers):
    def build(x):
        return layers.Flatten()(layers.TimeDistributed(layers.Dense(3, activation='tanh'))(x))
    return build


def attention(layers):
    def build(x):
        h = layers.MultiHeadAttention(2, 4)(x, x)
        h = layers.LayerNormalization()(h + x)
        h = h + layers.Dense(4)(layers.Dense(8, activation='gelu')(h))
        return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(h))
    return build


BUILDERS = [lstm, gru, simple, both_ways, every_step, attention]


@pytest.mark.parametrize('build', BUILDERS, ids=lambda build: build.__name__)
def test_sequence_model(keras, build, rng):
    if build is attention and ONE:
        pytest.skip('TensorFlow 1 has no MultiHeadAttention')
    if keras.__name__ == 'tf_keras' and build not in (lstm, attention):
        pytest.skip('the loops of tf_keras differ from those of Keras 3, its layers do not')
    x = keras.layers.Input((6, 4))
    h = build(keras.layers)(x)
    model = keras.Model(x, keras.layers.Dense(3)(h))
    xs = rng.randn(3, 6, 4).astype(np.float32)
    want = tape(model, xs, 1)
    with DeepExplain.open(model) as de:
        X, T = de.inputs[0], de.outputs[0]
        assert find_ways([X], T) == []
        # Evaluated before it is differentiated, which TensorFlow's own loops would not bear.
        close(de.session.run(T, {X: xs}), model(xs).numpy(), 1e-5)
        close(de.explain('saliency', T, X, xs, ys=1), np.abs(want), 1e-5)
        close(de.explain('grad*input', T, X, xs, ys=1), want * xs, 1e-5)
        got = de.explain('intgrad', T, X, xs, ys=1, steps=50, quadrature='midpoint')
        points = [tape(model, (xs * place).astype(np.float32), 1) for place in (np.arange(50) + .5) / 50]
        close(got, xs * np.mean(points, axis=0), 1e-4)
        with warnings.catch_warnings():
            warnings.filterwarnings('ignore', '.*What it adds is that of its tangent')
            parts, delta = de.explain('fullgrad', T, X, xs, ys=1, aggregate='layers', return_convergence_delta=True)
        assert np.abs(delta).max() < 1e-5 * np.abs(parts).sum(1).max()
        occluded = de.explain('occlusion', T, X, xs, ys=1, window_shape=(1, 4))
        changed = xs.copy()
        changed[:, 2] = 0
        close(occluded[:, 2, 0] * 4, (model(xs) - model(changed)).numpy()[:, 1], 1e-4)


def test_ids_go_in_and_words_come_out(keras, rng):
    ids = keras.layers.Input((6,), dtype='int32', name='ids')
    looked_up = keras.layers.Embedding(20, 4, name='embedding')(ids)
    model = keras.Model(ids, keras.layers.Dense(2, activation='sigmoid', name='mood')(keras.layers.LSTM(5)(looked_up)))
    tokens = rng.randint(0, 20, (3, 6)).astype(np.int32)
    with DeepExplain.open(model) as de:
        X = de.tensor('embedding')
        got = de.explain('intgrad', de.logits, X, feed_dict={de.inputs[0]: tokens}, ys=0)
        assert got.shape == (3, 6, 4)
        change = de.session.run(de.logits, {de.inputs[0]: tokens}) - de.session.run(
            de.logits, {X: np.zeros((3, 6, 4)), de.inputs[0]: tokens})
        close(got.sum((1, 2)), change[:, 0], 2e-2)
    grown = keras.Model(ids, looked_up)(tokens).numpy()
    assert grown.shape == got.shape


@pytest.mark.skipif(ONE, reason='Keras 3 is not for TensorFlow 1')
@pytest.mark.parametrize('name', ['ResNet50', 'MobileNetV2'])
def test_application(keras, name, rng):
    if (keras.__name__ == 'tf_keras') == (name == 'ResNet50'):
        pytest.skip('one of each Keras')
    keras.utils.set_random_seed(1)
    model = getattr(keras.applications, name)(weights=None, input_shape=(64, 64, 3), classes=10,
                                              classifier_activation=None)
    # As after training: statistics that keep the signal alive to the end.
    for layer in model.layers:
        if 'BatchNormalization' in type(layer).__name__:
            size = layer.get_weights()[0].shape
            layer.set_weights([.5 + rng.rand(*size), rng.randn(*size) * .1, rng.randn(*size) * .1,
                               .5 + rng.rand(*size)])
    xs = rng.rand(2, 64, 64, 3).astype(np.float32)
    with DeepExplain.open(model) as de, warnings.catch_warnings():
        warnings.filterwarnings('error', 'X also|T is random|T of a sample')
        close(de.explain('saliency', de.outputs[0], de.inputs[0], xs, ys=3), np.abs(tape(model, xs, 3)), 1e-5)
        got, delta = de.explain('deeplift', de.outputs[0], de.inputs[0], xs[:1], ys=3, return_convergence_delta=True)
        assert np.isfinite(got).all()
        parts, delta = de.explain('fullgrad', de.outputs[0], de.inputs[0], xs, ys=3, aggregate='layers',
                                  return_convergence_delta=True)
        assert np.abs(delta).max() < 1e-4 * np.abs(parts).sum(1).max()
