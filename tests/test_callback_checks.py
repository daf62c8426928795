"""What is wrong with the options of AttributionCallback is an error when training begins, or before."""
import os
import warnings

import numpy as np
import pytest
from test_callback import keras  # noqa: F401

from deepexplain.keras import AttributionCallback

XS = np.random.RandomState(0).rand(3, 4).astype('f')
SEQUENCES = np.eye(4)[np.random.RandomState(0).randint(0, 4, (2, 6))]


def refuse(*arguments, **options):
    raise AssertionError('trained')


@pytest.mark.parametrize('method, options, words', [
    ('intgrad', dict(baseline=np.zeros(3)), 'Baseline shape'), ('intgrad', dict(ys=7), 'from 0 to 1, not 7'),
    ('intgrad', dict(ys=[0, 1]), 'batch size'), ('intgrad', dict(ys=np.ones((3, 5))), 'ys must have the shape'),
    ('intgrad', dict(layer='nope'), 'nope'), ('intgrad', dict(X='nope', draw=refuse), 'nope'),
    ('expected_gradients', {}, 'expected_gradients needs references'), ('occlusion', dict(window_shape=(9,)), 'fit in'),
    ('deep_taylor.bounded', dict(low=1, high=0), 'low must be nowhere above high')])
def test_when_training_begins(keras, tmp_path, method, options, words):  # noqa: F811
    model = keras.models.Sequential([keras.layers.Dense(2, input_shape=(4,), name='d')])
    model.compile(loss='mse', optimizer='sgd')
    callback = AttributionCallback(method, XS, folder=str(tmp_path), **options)
    callback.on_epoch_end = refuse
    before = [one.copy() for one in model.get_weights()]
    state = np.random.get_state()[1].tolist()
    with pytest.raises((ValueError, RuntimeError), match=words):
        callback.set_model(model)
        callback.on_train_begin()
    assert callback._opened is None and np.random.get_state()[1].tolist() == state
    with pytest.raises((ValueError, RuntimeError), match=words):
        model.fit(XS, np.zeros((3, 2)), epochs=1, verbose=0, callbacks=[callback])
    for one, other in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize('built', [True, False])
@pytest.mark.parametrize('options, error, words', [
    (dict(batch_size=0), ValueError, 'batch_size must be a positive int'),
    (dict(channels='middle'), ValueError, "channels must be 'last' or 'first', not 'middle'"),
    (dict(channels=3), ValueError, "channels must be 'last' or 'first', not 3"),
    (dict(layer=3), TypeError, 'layer must be the name of a layer, not 3'),
    (dict(layer=None), TypeError, 'layer must be the name'), (dict(log_dir=3), TypeError, 'log_dir must be a path'),
    (dict(X=3, draw=refuse), TypeError, 'X must be the name of a layer'),
    (dict(folder=3), TypeError, 'folder must be a path, not 3'),
    (dict(ys='largest'), ValueError, "or 'top3' for so many, not 'largest'"),
    (dict(ys='all'), ValueError, "ys of a callback must be one target, .*, not 'all'"),
    (dict(ys=np.nan), ValueError, 'ys must be of finite'),
    (dict(steps=0), ValueError, 'steps must be a positive int'),
    (dict(quadrature='x'), ValueError, 'quadrature must be'),
    (dict(steps=10 ** 30), ValueError, 'steps must be')])
def test_also_of_a_model_without_weights(tmp_path, options, error, words, built):
    class Model:
        inputs = None

    Model.built = built
    callback = AttributionCallback('intgrad', XS, **dict(dict(folder=str(tmp_path / 'new')), **options))
    callback.set_model(Model())
    with pytest.raises(error, match=words):
        callback.on_train_begin()
    assert not (tmp_path / 'new').exists()


def test_sequences_are_drawn_as_letters(keras, tmp_path):  # noqa: F811
    model = keras.models.Sequential([keras.layers.Flatten(input_shape=(6, 4)), keras.layers.Dense(2)])
    model.compile(loss='mse', optimizer='sgd')
    callback = AttributionCallback('grad*input', SEQUENCES, folder=str(tmp_path), letters='TGCA')
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        model.fit(SEQUENCES, np.zeros((2, 2)), epochs=1, verbose=0, callbacks=[callback])
    assert os.listdir(str(tmp_path)) == ['epoch_0001.png']
    with pytest.raises(ValueError, match="a logo adds up .*, and 'deeplift' with hypothetical=True gives "):
        AttributionCallback('deeplift', SEQUENCES, folder=str(tmp_path), hypothetical=True)
    with pytest.raises(ValueError, match='letters are for sequences'):
        AttributionCallback('grad*input', XS, folder=str(tmp_path), letters='ACGT')
    with pytest.raises(ValueError, match='letters: expected one for each of the 4'):
        AttributionCallback('grad*input', SEQUENCES, folder=str(tmp_path), letters='AC')
