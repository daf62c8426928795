"""Recurrent models of every Keras, with their loops and without them, and that methods see the same in both."""
import warnings

import numpy as np
from models import close

METHODS = [('deeplift', dict(complete=True)), ('deeplift.reveal_cancel', {}), ('lrp.epsilon', {}),
           ('lrp.alpha_1_beta_0', {})]


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
    return [layers.Reshape((4, 3, 1)), layers.TimeDistributed(layers.Conv1D(2, 2, activation='relu')),
            layers.TimeDistributed(layers.Flatten()), layers.SimpleRNN(3, unroll=unroll)]


BUILDS = [lstm, gru, simple, stacked, both_ways, convolved, masked, every_step]


def pair(keras, build, rng):
    """A model with a loop and one without, of the same weights."""
    models = []
    for unroll in (False, True):
        x = h = keras.layers.Input((4, 3))
        for layer in build(keras.layers, unroll) + [keras.layers.Dense(2)]:
            h = layer(h)
        models.append(keras.models.Model(x, h))
    # Not Keras's own initial weights, which no seed of ours draws.
    models[1].set_weights([rng.uniform(-1, 1, w.shape) * (6. / sum(w.shape)) ** .5 for w in models[0].get_weights()])
    models[0].set_weights(models[1].get_weights())
    return models


def check(keras, build, rng, opened, methods=METHODS):
    """That attributions of the model with a loop are those of the model without.

    Args:
        opened: of a model its context manager, which gives a DeepExplain, X and T.
    """
    xs, baseline = rng.randn(3, 4, 3).astype('f'), .3 * rng.randn(4, 3)
    if build is masked:
        xs[1, 2:], baseline = 0, .5
    runs = [dict(), dict(baseline=baseline)]
    if build is masked:
        # Where the baseline has the same mask nothing is lost.
        runs.append(dict(baseline=np.where((xs == 0).all(-1, keepdims=True), 0, .3 * rng.randn(3))))
    found = []
    for model in pair(keras, build, rng):
        with opened(model) as (de, X, T), warnings.catch_warnings():
            warnings.simplefilter('ignore')
            found.append([])
            for method, options in methods:
                explainer = de.get_explainer(method, T, X, **options)
                for i, run in enumerate(runs if 'deeplift' in method else runs[:1]):
                    result, delta = explainer.run(xs, 1, return_convergence_delta=True, **run)
                    found[-1].append(result)
                    # A mask is what it is at the sample, whatever it is at the baseline.
                    assert method != 'deeplift' or build is masked and i < 2 or np.abs(delta).max() <= 1e-3
    assert len(found[0]) == len(found[1]) and all(np.abs(one).max() > 0 for one in found[0])
    for got, want in zip(*found):
        # Small denominators make of float32's rounding up to 1e-4; what a wrong step or gate changes is percents.
        close(got, want, 1e-3)
