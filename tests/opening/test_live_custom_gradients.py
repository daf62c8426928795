"""Custom gradients of Keras models that live in a v1 graph are kept when the model is copied."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close
from test_keras import keras, session_of  # noqa: F401, a fixture

from deepexplain.tensorflow import DeepExplain

XS = np.random.RandomState(0).randn(3, 4).astype('f')


@tf.custom_gradient
def straight_through(x):
    return tf.sign(x), lambda grad: 3. * grad


@tf.custom_gradient
def softplus(x):
    """Its gradient reads what lies inside, and what comes out."""
    e = tf.exp(x)
    y = tf.math.log(1 + e)
    return y, lambda grad: grad * (1 - 1 / (1 + e)) + 0 * y


def reversal(package):
    class Reversal(package.layers.Layer):
        def build(self, shape):
            self.strength = self.add_weight(name='strength', shape=(), initializer='ones', trainable=False)
            super().build(shape)

        def call(self, x):
            return tf.custom_gradient(lambda x: (tf.identity(x), lambda grad: -tf.identity(self.strength) * grad))(x)

        def compute_output_shape(self, shape):
            return shape

    return Reversal()


LAYERS = {'straight through': lambda package: package.layers.Lambda(straight_through),
          'softplus': lambda package: package.layers.Lambda(softplus),
          'reversal': lambda package: reversal(package)}


def wanted(keras, model):  # noqa: F811
    session = session_of(keras.name_here)
    return session.run(tf.gradients(model.outputs[0][:, 1], model.inputs[0])[0], {model.inputs[0]: XS})


@pytest.mark.parametrize('name', sorted(LAYERS))
def test_kept(keras, name):  # noqa: F811
    layer = LAYERS[name](keras)
    inputs = keras.layers.Input((4,))
    model = keras.models.Model(inputs, keras.layers.Dense(2)(layer(keras.layers.Dense(5, activation='tanh')(inputs))))
    want = wanted(keras, model)
    ops = len(model.outputs[0].graph.get_operations())
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain.open(model) as de:
            close(de.explain('gradient', de.outputs[0], de.inputs[0], XS, ys=1), want, 1e-5)
            if name == 'reversal':
                keras.backend.set_value(layer.strength, 2.)
                de.refresh()
                close(de.explain('gradient', de.outputs[0], de.inputs[0], XS, ys=1), 2 * want, 1e-5)
                ops = None  # set_value adds some.
    assert ops in (None, len(model.outputs[0].graph.get_operations()))


def test_one_in_a_branch_is_named(keras):  # noqa: F811
    inputs = keras.layers.Input((4,))
    branch = keras.layers.Lambda(lambda x: tf.cond(tf.reduce_sum(tf.ones([2])) > 1, lambda: softplus(x), lambda: x))
    model = keras.models.Model(inputs, branch(keras.layers.Dense(5, activation='tanh')(inputs)))
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        with DeepExplain.open(model) as de:
            de.explain('gradient', de.outputs[0], de.inputs[0], XS, ys=1)
    said = [str(one.message) for one in seen if 'custom gradient' in str(one.message)]
    assert len(said) == 1 and 'IdentityN (' in said[0] and 'a loop or a branch' in said[0]
