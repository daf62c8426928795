"""What the callback does while a network trains, for every Keras and both modes."""
import os
import warnings
from io import BytesIO

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close

from deepexplain.keras import AttributionCallback
from deepexplain.plotting import heatmap
from deepexplain.tensorflow import DeepExplain


def data():
    rng = np.random.RandomState(5)
    return rng.rand(40, 6, 6, 1).astype('f'), rng.randint(0, 3, 40)


def network(keras, known=True):
    """A network with batch normalisation and dropout, which knows its input or learns of it in training."""
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Conv2D(3, (3, 3), activation='tanh', name='conv', **(dict(input_shape=(6, 6, 1)) if known else {})),
        layers.BatchNormalization(), layers.Flatten(), layers.Dropout(.5), layers.Dense(3, name='scores'),
        layers.Activation('softmax')])
    model.compile(loss='sparse_categorical_crossentropy', optimizer='sgd')
    return model


def fit(model, callbacks, epochs=3):
    """The losses."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        xs, ys = data()
        return model.fit(xs, ys, epochs=epochs, batch_size=8, verbose=0, callbacks=callbacks).history['loss']


class Kept(AttributionCallback):
    """Keeps what is to be drawn, and what the weights were."""

    def __init__(self, *args, **options):
        self.found, self.weights = [], []
        AttributionCallback.__init__(self, *args, draw=self.keep, **options)

    def keep(self, xs, attributions):
        self.found.append(attributions)
        self.weights.append(self.model.get_weights())
        return heatmap(np.zeros((2, 2))).figure


def check_pictures(keras, folder):
    from matplotlib.image import imread

    xs, ys = data()
    callback = AttributionCallback(['intgrad', 'elrp'], xs[:2], ys[:2], every=2, folder=str(folder / 'new' / 'deep'))
    assert isinstance(callback, keras.callbacks.Callback)
    fit(network(keras), [callback], epochs=5)
    assert sorted(os.listdir(str(folder / 'new' / 'deep'))) == ['epoch_0002.png', 'epoch_0004.png']
    first, second = [imread(str(folder / 'new' / 'deep' / name)) for name in ('epoch_0002.png', 'epoch_0004.png')]
    assert first.shape == second.shape and not np.array_equal(first, second)


def check_present_weights(keras, folder, known):
    """What is drawn is what the library says of a model with the weights of that epoch."""
    xs, ys = data()
    callback = Kept({'gradient': {}, 'intgrad': {'steps': 7}}, xs[:3], ys[:3], folder=str(folder))
    model = network(keras, known)
    fit(model, [callback])
    assert len(callback.found) == 3 and not np.array_equal(callback.weights[0][0], callback.weights[2][0])
    for found, weights in zip(callback.found, callback.weights):
        model.set_weights(weights)
        with DeepExplain.open(model) as de:
            for name, options in (('gradient', {}), ('intgrad', {'steps': 7})):
                close(found[name], de.explain(name, de.logits, de.inputs[0], xs[:3], ys[:3], **options), 1e-6)
                assert np.abs(found[name]).max() > 0


def check_training_is_left_alone(keras, folder, seed):
    xs, _ = data()

    def train(callbacks):
        seed()
        # One layer: in larger ones keras 2.2.5 reads weights while it updates them, and no two runs are the same.
        model = keras.models.Sequential([
            keras.layers.Flatten(input_shape=(6, 6, 1)), keras.layers.Dropout(.5), keras.layers.Dense(3),
            keras.layers.Activation('softmax')])
        model.compile(loss='sparse_categorical_crossentropy', optimizer='sgd')
        losses = fit(model, callbacks)
        # What numpy draws next, by which Keras shuffles.
        return losses, model.get_weights(), np.random.rand()

    losses, weights, drawn = train([])
    callback = AttributionCallback('shapley_sampling', xs[:1], samples=1, folder=str(folder), log_dir=str(folder))
    with_pictures = train([callback])
    assert with_pictures[0] == losses and with_pictures[2] == drawn
    for one, other in zip(with_pictures[1], weights):
        np.testing.assert_array_equal(one, other)
    assert len([name for name in os.listdir(str(folder)) if name.startswith('epoch')]) == 3


def check_tensorboard(keras, folder):
    from matplotlib.image import imread

    xs, _ = data()
    fit(network(keras), [AttributionCallback('gradient', xs[:2], log_dir=str(folder))])
    name, = os.listdir(str(folder))
    found = []
    with tf.Graph().as_default():
        for event in tf.train.summary_iterator(str(folder / name)):
            found += [(event.step, value.tag, value.image) for value in event.summary.value]
    assert [(step, tag) for step, tag, _ in found] == [(epoch, 'attributions') for epoch in (1, 2, 3)]
    for _, _, image in found:
        shown = imread(BytesIO(image.encoded_image_string), format='png')
        assert shown.shape == (image.height, image.width, image.colorspace)


def check_failures_are_warnings(keras, folder):
    """From the first epoch on nothing ends the training, and each thing is said once."""
    xs, _ = data()

    def draw(xs, attributions):
        raise RuntimeError('no ink')

    callback = AttributionCallback('gradient', xs[:2], folder=str(folder), draw=draw)
    with pytest.warns(UserWarning, match='AttributionCallback: no picture after epoch 1. RuntimeError: no ink') as said:
        model = network(keras)
        losses = model.fit(*data(), epochs=3, verbose=0, callbacks=[callback]).history['loss']
    assert len(losses) == 3 and os.listdir(str(folder)) == []
    assert len([one for one in said if 'no ink' in str(one.message)]) == 1


def check_mistakes_show_before_training(keras, folder):
    xs, _ = data()
    model = network(keras)
    before = model.get_weights()
    for options, words in ((dict(layer='score'), "no layer or tensor 'score'. Did you mean 'scores'"),
                           (dict(steps=0), 'steps must be a positive int')):
        callback = AttributionCallback('intgrad', xs[:2], folder=str(folder), **options)
        with pytest.raises(ValueError, match=words):
            fit(model, [callback])
        assert callback._opened is None
    for one, other in zip(model.get_weights(), before):
        np.testing.assert_array_equal(one, other)
    assert len(fit(model, [])) == 3


def check_the_copy_goes_with_the_training(keras, folder):
    xs, _ = data()
    sessions = []

    class Watched(AttributionCallback):
        def _save(self, epoch):
            AttributionCallback._save(self, epoch)
            sessions.append(self._opened.session)

    model = network(keras)
    callback = Watched('gradient', xs[:2], folder=str(folder))
    fit(model, [callback])
    assert len({id(session) for session in sessions}) == 1 and callback._opened is None
    with pytest.raises(RuntimeError, match='closed'):
        sessions[0].run([])
    # Once more with the same callback.
    fit(model, [callback])
    assert len({id(session) for session in sessions}) == 2


def check_words(keras, folder):
    """Ids go in, and their embedding is explained."""
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Embedding(9, 4, name='embedding'), layers.LSTM(3), layers.Dense(1)])
    model.compile(loss='mse', optimizer='sgd')
    ids = np.random.RandomState(0).randint(0, 9, (20, 5)).astype('int32')
    callback = Kept('grad*input', ids[:3], X='embedding', folder=str(folder))
    model.fit(ids, np.ones((20, 1)), epochs=2, verbose=0, callbacks=[callback])
    assert [found['grad*input'].shape for found in callback.found] == [(3, 5, 4)] * 2
    assert np.abs(callback.found[1]['grad*input']).max() > 0


CHECKS = [check_pictures, check_tensorboard, check_failures_are_warnings, check_mistakes_show_before_training,
          check_the_copy_goes_with_the_training, check_words]
