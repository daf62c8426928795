"""The models that are timed: random weights, since only shapes matter here."""
import os

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')

import numpy as np
import tensorflow.compat.v1 as tf


def variable(*shape):
    return tf.Variable((np.random.RandomState(0).randn(*shape) * .05).astype(np.float32))


def dense(x, size):
    return tf.matmul(x, variable(int(x.shape[1]), size)) + variable(size)


def mlp(features=784):
    X = tf.placeholder(tf.float32, [None, features])
    return X, dense(tf.nn.relu(dense(tf.nn.relu(dense(X, 256)), 256)), 10)


def cnn():
    X = tf.placeholder(tf.float32, [None, 28, 28, 1])
    h = X
    for before, after in ((1, 32), (32, 64)):
        h = tf.nn.relu(tf.nn.conv2d(h, variable(3, 3, before, after), strides=[1, 1, 1, 1], padding='SAME')
                       + variable(after))
    h = tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')
    return X, dense(tf.nn.relu(dense(tf.reshape(h, [-1, 14 * 14 * 64]), 128)), 10)


def digits():
    """A CNN for the 8x8 pictures of scikit-learn's digits."""
    X = tf.placeholder(tf.float32, [None, 8, 8, 1])
    h = X
    for before, after in ((1, 16), (16, 32)):
        h = tf.nn.relu(tf.nn.conv2d(h, variable(3, 3, before, after) * 4, strides=[1, 1, 1, 1], padding='SAME')
                       + variable(after))
    h = tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')
    return X, dense(tf.nn.relu(dense(tf.reshape(h, [-1, 4 * 4 * 32]), 64)), 10)


def resnet50(side=224):
    """Keras's ResNet50 without weights, its target the layer before the softmax; None where there is no such Keras."""
    try:
        model = tf.keras.applications.ResNet50(weights=None, input_shape=(side, side, 3))
    except (AttributeError, ImportError):
        return None
    return model.input, model.output.op.inputs[0]


def vgg(side=224):
    """The convolutions of VGG16, whose first layers have the largest activations of the well-known models."""
    X = tf.placeholder(tf.float32, [None, side, side, 3])
    h, before = X, 3
    for size, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(times):
            h = tf.nn.relu(tf.nn.conv2d(h, variable(3, 3, before, size), strides=[1, 1, 1, 1], padding='SAME')
                           + variable(size))
            before = size
        h = tf.nn.max_pool(h, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')
    return X, dense(tf.reduce_mean(h, [1, 2]), 1000)


def tanh(layers):
    """Dense layers in a row, each with a tanh."""
    X = tf.placeholder(tf.float32, [None, 8])
    h = X
    for _ in range(layers):
        h = tf.tanh(dense(h, 8))
    return X, dense(h, 3)


def lstm(steps, size=8, features=3):
    """A recurrent layer whose steps are written one after another, as `unroll=True` does."""
    X = tf.placeholder(tf.float32, [None, steps, features])
    w, u, b = variable(features, 4 * size), variable(size, 4 * size), variable(4 * size)
    h = c = tf.zeros([tf.shape(X)[0], size])
    for x in tf.unstack(X, axis=1):
        i, f, g, o = tf.split(tf.nn.bias_add(tf.matmul(x, w) + tf.matmul(h, u), b), 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        h = tf.sigmoid(o) * tf.tanh(c)
    return X, dense(h, 3)


def residual(blocks):
    """Blocks that each add to what goes in what they make of it."""
    X = tf.placeholder(tf.float32, [None, 8])
    h = X
    for _ in range(blocks):
        h = h + dense(tf.nn.relu(dense(h, 8)), 8)
    return X, dense(h, 3)


def elementwise(layers):
    """Activations of several ops in a row, and what is added to what it is made of."""
    X = tf.placeholder(tf.float32, [None, 8])
    h = X
    for _ in range(layers):
        h = h + .1 * tf.sin(h * tf.sigmoid(h))
    return X, dense(h, 3)
