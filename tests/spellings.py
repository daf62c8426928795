"""The same activations in other words: constants written by the shape of x, and by x itself."""
import warnings

import numpy as np
import tensorflow.compat.v1 as tf


def strict():
    """No warning, but that what has no gradient is not attributed."""
    warnings.simplefilter('error', UserWarning)
    warnings.filterwarnings('ignore', 'X also reaches T by a way without gradient')


def stricter():
    """No warning at all, but of what TensorFlow 1.15 itself does in old ways when it is first asked."""
    warnings.simplefilter('error')
    warnings.simplefilter('ignore', DeprecationWarning)


def rows(x, size=None):
    """(the number of samples, size), by default as wide as x."""
    return tf.stack([tf.shape(x)[0], int(x.shape[1]) if size is None else size])


RELU = {
    'zeros_like': lambda x: tf.maximum(x, tf.zeros_like(x)),
    'zeros_like first': lambda x: tf.maximum(tf.zeros_like(x), x),
    'zeros_like of a function': lambda x: tf.maximum(x, tf.zeros_like(tf.sigmoid(x))),
    'zeros': lambda x: tf.maximum(x, tf.zeros(tf.shape(x))),
    'fill': lambda x: tf.maximum(x, tf.fill(tf.shape(x), 0.)),
    'ones_like': lambda x: tf.maximum(x, tf.ones_like(x) * 0.),
    '0 * x': lambda x: tf.maximum(x, 0. * x),
    'x - x': lambda x: tf.maximum(x - x, x),
    'broadcast_to': lambda x: tf.maximum(x, tf.broadcast_to(0., tf.shape(x))),
    'tile': lambda x: tf.maximum(x, tf.tile([[0.]], rows(x))),
    'stack': lambda x: tf.maximum(x, tf.zeros(rows(x))),
    'a number a row': lambda x: tf.maximum(x, tf.zeros(rows(x, 1))),
    'concat': lambda x: tf.maximum(x, tf.zeros(tf.concat([tf.shape(x)[:1], [1]], 0))),
    'a constant row': lambda x: tf.maximum(x, np.zeros((1, int(x.shape[1])), np.float32)),
    'stopped': lambda x: tf.maximum(x, tf.stop_gradient(tf.zeros_like(x))),
    'where': lambda x: tf.where(x > 0, x, tf.zeros_like(x)),
    'where, a number': lambda x: tf.where_v2(tf.greater(x, 0), x, 0.),
    'where not': lambda x: tf.where_v2(x <= tf.zeros_like(x), tf.zeros(tf.shape(x)), x),
    'where 0 * x': lambda x: tf.where(x > 0 * x, x, 0 * x),
    'step': lambda x: x * tf.cast(x > tf.zeros_like(x), x.dtype),
    'absolute value': lambda x: (x + tf.abs(x)) / 2,
    'absolute value, halved first': lambda x: .5 * x + .5 * tf.abs(x),
}

LEAKY = {
    'where': lambda x: tf.where(x < 0, .3 * x, x),
    'larger': lambda x: tf.maximum(x, .3 * x),
    'where ones_like': lambda x: tf.where(x > tf.zeros_like(x), x, tf.ones_like(x) * .3 * x),
    'slopes': lambda x: x * tf.where(x > 0, tf.ones_like(x), .3 * tf.ones_like(x)),
    'absolute value': lambda x: .65 * x + .35 * tf.abs(x),
}

# Thresholds of .5, and elements between 0 and 1.5.
SOFT = {
    'where': lambda x: tf.where(tf.abs(x) > .5, x - tf.sign(x) * .5, tf.zeros_like(x)),
    'sign': lambda x: tf.sign(x) * tf.maximum(tf.abs(x) - .5, tf.zeros_like(x)),
    'sign, 0 * x': lambda x: tf.sign(x) * tf.maximum(tf.abs(x) - .5 * tf.ones_like(x), 0 * x),
}

HARD = {
    'where': lambda x: tf.where(tf.abs(x) > .5, x, tf.zeros_like(x)),
    'step': lambda x: x * tf.cast(tf.abs(x) > tf.fill(tf.shape(x), .5), tf.float32),
}

CLIPPED = {
    'min max': lambda x: tf.minimum(tf.maximum(x, 0 * x), 1.5 * tf.ones_like(x)),
    'smaller relu': lambda x: tf.minimum(tf.nn.relu(x), tf.fill(tf.shape(x), 1.5)),
}

CLIPPED_BY_VALUE = {
    'clip_by_value': lambda x: tf.clip_by_value(x, tf.zeros_like(x), tf.fill(tf.shape(x), 1.5)),
}

#: How they are commonly written.
PLAIN = [
    (tf.nn.relu, RELU), (lambda x: tf.nn.leaky_relu(x, .3), LEAKY),
    (lambda x: tf.sign(x) * tf.maximum(tf.abs(x) - .5, 0.), SOFT),
    (lambda x: x * tf.cast(tf.abs(x) > .5, tf.float32), HARD),
    (lambda x: tf.minimum(tf.maximum(x, 0.), 1.5), CLIPPED),
    (lambda x: tf.clip_by_value(x, 0., 1.5), CLIPPED_BY_VALUE)]
