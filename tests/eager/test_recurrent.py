"""Recurrent layers under the methods with rules: a loop gives what the same layer gives with unroll=True."""
import importlib
import warnings

import numpy as np
import pytest
import tensorflow as tf
from models import close

from deepexplain.tensorflow import DeepExplain

NAMES = ['tf.keras'] if tf.__version__.startswith('1.') else [
    name for name in ('keras', 'tf_keras') if importlib.util.find_spec(name)]


def lstm(layers, unroll):
    return [layers.LSTM(4, unroll=unroll)]


def gru(layers, unroll):
    return [layers.GRU(4, unroll=unroll, go_backwards=True)]


def simple(layers, unroll):
    return [layers.SimpleRNN(4, activation='relu', unroll=unroll)]


def stacked(layers, unroll):
    return [layers.LSTM(3, unroll=unroll, return_sequences=True), layers.LSTM(3, unroll=unroll)]


def both_ways(layers, unroll):
    return [layers.Bidirectional(layers.LSTM(3, unroll=unroll, return_sequences=True)), layers.GlobalMaxPooling1D()]


def convolved(layers, unroll):
    return [layers.Conv1D(4, 3, padding='same', activation='relu'), layers.GRU(3, unroll=unroll)]


def masked(layers, unroll):
    return [layers.Masking(0.), layers.LSTM(3, unroll=unroll)]


def every_step(layers, unroll):
    return [layers.Reshape((6, 3, 1)), layers.TimeDistributed(layers.Conv1D(2, 2, activation='relu')),
            layers.TimeDistributed(layers.Flatten()), layers.SimpleRNN(3, unroll=unroll)]


def pair(keras, build, rng):
    """A model with a loop and one without, of the same weights."""
    models = []
    for unroll in (False, True):
        x = h = keras.layers.Input((6, 3))
        for layer in build(keras.layers, unroll) + [keras.layers.Dense(2)]:
            h = layer(h)
        models.append(keras.Model(x, h))
    models[1].set_weights([w + .1 * rng.randn(*w.shape) for w in models[0].get_weights()])
    models[0].set_weights(models[1].get_weights())
    return models


@pytest.mark.parametrize('build', [lstm, gru, simple, stacked, both_ways, convolved, masked, every_step],
                         ids=lambda build: build.__name__)
@pytest.mark.parametrize('name', NAMES)
def test_a_loop_is_its_steps(name, build, rng):
    keras = tf.keras if name == 'tf.keras' else importlib.import_module(name)
    xs, baseline = rng.randn(3, 6, 3).astype('f'), .3 * rng.randn(6, 3)
    if build is masked:
        xs[1, 4:], baseline = 0, .5
    # What takes long has fewer methods.
    methods = [('deeplift', dict(complete=True))]
    if build not in (stacked, both_ways):
        methods += [('deeplift.reveal_cancel', dict(complete=True)), ('elrp', {})]
    if build in (simple, every_step):
        methods += [('lrp.alpha_1_beta_0', {})]
    found = []
    for model in pair(keras, build, rng):
        with DeepExplain.open(model) as de, warnings.catch_warnings():
            warnings.simplefilter('ignore')
            X, T = de.inputs[0], de.outputs[0]
            found.append([])
            for method, options in methods:
                explainer = de.get_explainer(method, T, X, **options)
                for run in (dict(), dict(baseline=baseline)) if 'deeplift' in method else (dict(),):
                    result, delta = explainer.run(xs, 1, return_convergence_delta=True, **run)
                    found[-1].append(result)
                    # A mask is what it is at the sample, whatever it is at the baseline.
                    assert 'deeplift' not in method or build is masked or np.abs(delta).max() <= 1e-3
    for got, want in zip(*found):
        close(got, want, 1e-4)
