"""Layer-wise relevance through Keras's gates, attention, normalisations and squeeze-and-excite."""
import warnings

import numpy as np
import pytest
from test_open_architectures import ONE, keras  # noqa: F401, a fixture

from deepexplain.tensorflow import DeepExplain


def gated(name):
    def build(layers):
        return lambda x: getattr(layers, name)(4, unroll=True)(x)
    return build


def attention(layers):
    def build(x):
        h = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(2, 4)(h, h)
        h = layers.LayerNormalization()(x)
        x = x + layers.Dense(4)(layers.Dense(8, activation='gelu')(h))
        return layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return build


def normalised(layers):
    def build(x):
        x = layers.GroupNormalization(2)(x) if hasattr(layers, 'GroupNormalization') else x
        x = layers.UnitNormalization()(x) if hasattr(layers, 'UnitNormalization') else x
        x = layers.LayerNormalization()(layers.Conv1D(4, 2)(x))
        return layers.Flatten()(x)
    return build


#: The builder, and the options by which relevance adds up to T where no bias has a share.
CONSERVING = {'LSTM': (gated('LSTM'), {}), 'GRU': (gated('GRU'), {}),
              'attention': (attention, dict(softmax='constant')), 'normalised': (normalised, {})}


@pytest.mark.parametrize('name', sorted(CONSERVING))
def test_relevance_is_conserved(keras, name, rng):  # noqa: F811
    build, options = CONSERVING[name]
    if name == 'attention' and ONE:
        pytest.skip('TensorFlow 1 has no MultiHeadAttention')
    x = keras.layers.Input((3, 4))
    model = keras.Model(x, keras.layers.Dense(3)(build(keras.layers)(x)))
    xs = rng.randn(3, 3, 4).astype(np.float32)
    with DeepExplain.open(model) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        if name == 'attention':
            warnings.filterwarnings('error', "norms='identity' does not see")
        X, T = de.inputs[0], de.outputs[0]
        size = np.abs(de.session.run(T, {X: xs})[:, 1]).max()
        for more in ({}, dict(products='signal', norms='identity')):
            got, delta = de.explain('lrp.z_plus', T, X, xs, ys=1, return_convergence_delta=True, **options, **more)
            assert np.isfinite(got).all() and np.abs(delta).max() < 1e-3 * size
        # Of new layers the biases are 0: products by halves take the gates' ones, at 0, along.
        got = de.explain('lrp.epsilon', T, X, xs, ys=1, products='signal', softmax='constant')
        assert 0 < np.abs(got).max() < 100 * size


@pytest.mark.skipif(ONE, reason='Keras 3 alone has these models')
@pytest.mark.parametrize('name', ['EfficientNetV2B0', 'MobileNetV3Small'])
def test_squeeze_and_excite_stays_of_the_size_of_the_target(name, rng):
    keras = pytest.importorskip('keras')  # noqa: F811
    keras.utils.set_random_seed(1)
    model = getattr(keras.applications, name)(input_shape=(32, 32, 3), weights=None, classes=4,
                                              classifier_activation=None)
    xs = (255 * rng.rand(2, 32, 32, 3)).astype(np.float32)
    with DeepExplain.open(model) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        X, T = de.inputs[0], de.outputs[0]
        for method in ('lrp.epsilon', 'lrp.gamma'):
            got = de.explain(method, T, X, xs, ys=1)
            assert 0 < np.abs(got).max() < 100 * np.abs(de.session.run(T, {X: xs})[:, 1]).max()
