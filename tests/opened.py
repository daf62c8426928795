"""One network from many sources: its weights, its graph made by hand, and what every source must give."""
import warnings

import numpy as np
import tensorflow.compat.v1 as tf
from models import close

from deepexplain.tensorflow import DeepExplain

#: The seven, with options that keep their cost small.
METHODS = {'saliency': {}, 'grad*input': {}, 'intgrad': dict(steps=20), 'elrp': {}, 'deeplift': {},
           'occlusion': dict(window_shape=(2, 2, 1), step=(2, 2, 1)), 'shapley_sampling': dict(samples=1, seed=3)}


def weights():
    """The weights of the network, in the order in which every Keras has them."""
    rng = np.random.RandomState(7)
    shapes = [(3, 3, 1, 4), (4,), (4,), (4,), (4,), (4,), (36, 8), (8,), (8, 3), (3,)]
    found = [(rng.randn(*shape) * .5).astype(np.float32) for shape in shapes]
    found[5] = found[5] ** 2 + .5  # the moving variance
    return found


def samples():
    return np.random.RandomState(6).rand(3, 8, 8, 1).astype(np.float32)


def keras_model(keras):
    """The network in some Keras, with names for its layers."""
    layers = keras.layers
    x = layers.Input((8, 8, 1), name='picture')
    h = layers.Conv2D(4, (3, 3), activation='relu', name='conv')(x)
    h = layers.BatchNormalization(name='norm')(h)
    h = layers.MaxPooling2D(name='pool')(h)
    h = layers.Dropout(.5, name='drop')(h)
    h = layers.Flatten(name='flat')(h)
    h = layers.Dense(8, activation='tanh', name='hidden')(h)
    h = layers.Dense(3, name='scores')(h)
    model = keras.models.Model(x, layers.Activation('softmax', name='probabilities')(h))
    model.set_weights(weights())
    return model


def network(x, variables):
    """Its logits in plain TensorFlow."""
    conv, bias, gamma, beta, mean, variance, w1, b1, w2, b2 = variables
    h = tf.nn.relu(tf.nn.conv2d(x, conv, strides=[1, 1, 1, 1], padding='VALID') + bias)
    h = tf.nn.batch_normalization(h, mean, variance, beta, gamma, 1e-3)
    h = tf.reshape(tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID'), [-1, 36])
    return tf.matmul(tf.tanh(tf.matmul(h, w1) + b1), w2) + b2


def by_hand():
    """The attributions of every method in a graph made by hand."""
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 8, 8, 1])
        logits = network(x, [tf.constant(value) for value in weights()])
        with DeepExplain(session=session) as de:
            return {name: de.explain(name, logits, x, samples(), ys=1, **options)
                    for name, options in METHODS.items()}


def check(de, X=None, T=None, want=None):
    """That an opened model gives these attributions, without a warning."""
    X, T = de.inputs[0] if X is None else X, de.logits if T is None else T
    want = by_hand() if want is None else want
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        for name, options in METHODS.items():
            close(de.explain(name, T, X, samples(), ys=1, **options), want[name], 1e-5)


def transformer(keras):
    """A layer of the user's own that holds an embedding and blocks by attributes, in a list and in a dict."""
    layers = keras.layers

    class Block(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.hidden, self._out = layers.Dense(6, activation='tanh'), layers.Dense(4, name='end')
            self.again = self.hidden

        def call(self, x):
            return x + .5 * self._out(2. * self.hidden(x))

        def compute_output_shape(self, shape):
            return shape

    class Body(layers.Layer):
        def __init__(self, **options):
            super().__init__(**options)
            self.token_table = layers.Embedding(10, 4)
            self.blocks = [Block(), Block()]
            self.heads = {'first': layers.Dense(3, name='first')}

        def call(self, ids):
            x = 1. * self.token_table(ids)
            for block in self.blocks:
                x = block(x)
            return self.heads['first'](tf.reduce_mean(x, 1))

        def compute_output_shape(self, shape):
            return shape[0], 3

    return Body(name='body')


def saved(session, folder, end, kind):
    """The path of a session's graph as a MetaGraph ('meta') or frozen, as far as its end."""
    if kind == 'meta':
        tf.train.Saver().save(session, str(folder / 'model'))
        return str(folder / 'model.meta')
    frozen = tf.graph_util.convert_variables_to_constants(session, session.graph.as_graph_def(), [end.op.name])
    tf.train.write_graph(frozen, str(folder), 'model.pb', as_text=False)
    return str(folder / 'model.pb')
