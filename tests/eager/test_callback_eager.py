"""AttributionCallback at eager models."""
import numpy as np
import pytest
import tensorflow as tf
import training
from test_open_sources import KERASES, ONE


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    return KERASES[request.param]


def seeded(keras):
    def seed():
        np.random.seed(3)
        tf.compat.v1.set_random_seed(3)
        if hasattr(keras.utils, 'set_random_seed'):
            keras.utils.set_random_seed(3)
    return seed


@pytest.mark.parametrize('check', training.CHECKS)
def test_in_training(keras, tmp_path, check):
    check(keras, tmp_path)


@pytest.mark.parametrize('known', [True, False])
def test_present_weights(keras, tmp_path, known):
    training.check_present_weights(keras, tmp_path, known)


def test_training_is_left_alone(keras, tmp_path):
    training.check_training_is_left_alone(keras, tmp_path, seeded(keras))


@pytest.mark.skipif(ONE, reason='TensorFlow 1 has one Keras for eager mode')
def test_a_model_of_a_class_of_its_own(keras, tmp_path):
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(2)

        def call(self, x):
            return self.dense(x)

    model, xs = Own(), np.random.RandomState(0).rand(8, 3).astype('f')
    model.compile(loss='mse', optimizer='sgd')
    callback = training.Kept('gradient', xs[:2], 1, folder=str(tmp_path))
    model.fit(xs, xs[:, :2], epochs=2, verbose=0, callbacks=[callback])
    for found, weights in zip(callback.found, callback.weights):
        np.testing.assert_allclose(found['gradient'], np.tile(weights[0][:, 1], (2, 1)), rtol=1e-6)
    assert len(callback.found) == 2
