"""The same softmaxes, normalisations, gates and activations in many words; the first of each is the plain one."""
import numpy as np
import tensorflow.compat.v1 as tf

SIZE = 5
GAIN, SHIFT = np.linspace(.5, 1.5, SIZE), np.linspace(-.4, .3, SIZE)
E = 1e-3
MASK = np.array([1, 1, 0, 1, 1.])


def total(e, axis=-1):
    return tf.reduce_sum(e, axis, keepdims=True)


def lse(x, keep=True):
    return tf.reduce_logsumexp(x, -1, keepdims=keep)


def largest(x):
    return tf.reduce_max(x, -1, keepdims=True)


def over(e):
    return e / total(e)


def later(x, by):
    return tf.exp(x) * by(total(tf.exp(x)))


def chosen(x, other):
    return tf.where_v2(MASK > 0, x, tf.fill(tf.shape(x), tf.constant(other, x.dtype)))


def shifted_log(x):
    z = x - largest(x)
    return z - tf.log(total(tf.exp(z)))


SOFTMAX = {
    'plain': tf.nn.softmax,
    'exp lse': lambda x: tf.exp(x - lse(x)),
    'exp lse, expanded': lambda x: tf.exp(x - tf.expand_dims(lse(x, False), -1)),
    'exp log sum': lambda x: tf.exp(x - tf.log(total(tf.exp(x)))),
    'exp log_softmax': lambda x: tf.exp(tf.nn.log_softmax(x)),
    'exp log softmax, written out': lambda x: tf.exp(shifted_log(x)),
    'log_softmax of shifted': lambda x: tf.exp(tf.nn.log_softmax(x - largest(x))),
    'shifted': lambda x: tf.nn.softmax(x - largest(x)),
    'shifted, stopped': lambda x: tf.nn.softmax(x - tf.stop_gradient(largest(x))),
    'e': lambda x: over(tf.exp(x)), 'e, largest': lambda x: over(tf.exp(x - largest(x))),
    'e, stopped': lambda x: over(tf.exp(x - tf.stop_gradient(largest(x)))),
    'e, mean': lambda x: over(tf.exp(x - tf.reduce_mean(x, -1, keepdims=True))),
    'e times 3': lambda x: over(tf.exp(x) * 3.),
    'reciprocal': lambda x: later(x, tf.reciprocal), 'one over': lambda x: later(x, lambda s: 1. / s),
    'power': lambda x: later(x, lambda s: tf.pow(s, -1.)),
    'exp of - log': lambda x: later(x, lambda s: tf.exp(-tf.log(s))),
    'exp over exp': lambda x: tf.exp(x) / tf.exp(lse(x)),
    'no nan': lambda x: (lambda e: tf.math.divide_no_nan(e, total(e)))(tf.exp(x)),
    'transposed': lambda x: tf.transpose(tf.nn.softmax(tf.transpose(x), 0)),
    'e transposed': lambda x: tf.transpose((lambda e: e / total(e, 0))(tf.transpose(tf.exp(x - largest(x))))),
    'sum by matmul': lambda x: (lambda e: e / tf.matmul(e, np.ones((SIZE, 1))))(tf.exp(x)),
    'mean': lambda x: (lambda e: e / tf.reduce_mean(e, -1, keepdims=True) / SIZE)(tf.exp(x)),
    'sum by einsum': lambda x: (lambda e: e / tf.expand_dims(tf.einsum('bi->b', e), -1))(tf.exp(x)),
    'tiled': lambda x: (lambda e: e / tf.tile(total(e), [1, SIZE]))(tf.exp(x)),
    'norm': lambda x: (lambda e: e / tf.norm(e, 1, axis=-1, keepdims=True))(tf.exp(x)),
    'again': lambda x: over(tf.nn.softmax(x)),
}
TEMPERATURE = {
    'plain': lambda x: tf.nn.softmax(x / .5), 'times': lambda x: tf.nn.softmax(2 * x),
    'e': lambda x: over(tf.exp(x / .5 - largest(x / .5))),
    'shifted before': lambda x: over(tf.exp((x - largest(x)) / .5)),
    'exp lse': lambda x: tf.exp(x / .5 - lse(x / .5)), 'power': lambda x: over(tf.pow(tf.exp(x), 2.)),
    'power of softmax': lambda x: over(tf.square(tf.nn.softmax(x))),
    'log_softmax': lambda x: tf.nn.softmax(tf.nn.log_softmax(x) * 2.),
}
MASKED = {
    'plain': lambda x: tf.nn.softmax(x + (MASK - 1) * 1e9), 'chosen': lambda x: tf.nn.softmax(chosen(x, -1e9)),
    'infinite': lambda x: tf.nn.softmax(chosen(x, -np.inf)), 'e': lambda x: over(tf.exp(x - largest(x)) * MASK),
    'e chosen': lambda x: over(chosen(tf.exp(x), 0)), 'softmax': lambda x: over(tf.nn.softmax(x) * MASK),
    'softmax, from 0': lambda x: (lambda e: e / (total(e) + 1e-13))(tf.nn.softmax(x) * MASK),
    'softmax, chosen': lambda x: over(chosen(tf.nn.softmax(x), 0)),
    'exp lse': lambda x: (lambda z: tf.exp(z - lse(z)))(x + (MASK - 1) * 1e9),
    'shifted, then masked': lambda x: over(tf.exp(x - largest(x) + (MASK - 1) * 1e9)),
    'each masked': lambda x: (lambda e: e * MASK / total(e * MASK))(tf.exp(x - largest(x))),
}
LOG = {
    'plain': tf.nn.log_softmax, 'lse': lambda x: x - lse(x), 'shifted': shifted_log,
    'log of e': lambda x: tf.log(over(tf.exp(x))), 'log of softmax': lambda x: tf.log(tf.nn.softmax(x)),
    'minus lse': lambda x: -lse(x) + x,
}


def centred(x):
    return x - tf.reduce_mean(x, -1, keepdims=True)


def variance(x):
    return tf.reduce_mean(tf.square(centred(x)), -1, keepdims=True) + E


def moments(x, scale=GAIN, shift=SHIFT):
    return tf.nn.batch_normalization(x, *tf.nn.moments(x, [-1], keepdims=True), offset=shift, scale=scale,
                                     variance_epsilon=E)


def of_squares(x):
    mean = tf.reduce_mean(x, -1, keepdims=True)
    return (x - mean) * tf.rsqrt(tf.reduce_mean(tf.square(x), -1, keepdims=True) - tf.square(mean) + E) * GAIN + SHIFT


def grouped(build):
    return lambda x: tf.reshape(build(tf.reshape(x, [-1, 1, SIZE])), [-1, SIZE])


LAYER = {
    'plain': lambda x: centred(x) / tf.sqrt(variance(x)) * GAIN + SHIFT,
    'moments': moments, 'without gain': lambda x: moments(x, None, None) * GAIN + SHIFT, 'of squares': of_squares,
    'grouped': grouped(moments), 'power': lambda x: centred(x) * tf.pow(variance(x), -.5) * GAIN + SHIFT,
    'exp log': lambda x: centred(x) * tf.exp(-.5 * tf.log(variance(x))) * GAIN + SHIFT,
    'over exp log': lambda x: centred(x) / tf.exp(.5 * tf.log(variance(x))) * GAIN + SHIFT,
    'gain with the root': lambda x: centred(x) * (GAIN / tf.sqrt(variance(x))) + SHIFT,
    'mean at last': lambda x: (lambda by: x * by - tf.reduce_mean(x, -1, keepdims=True) * by + SHIFT)(
        tf.rsqrt(variance(x)) * GAIN),
    'einsum': lambda x: (lambda c: c * tf.rsqrt(tf.expand_dims(tf.einsum('bd,bd->b', c, c), -1) / SIZE + E) * GAIN
                         + SHIFT)(centred(x)),
    'matmul': lambda x: (lambda c: c * tf.rsqrt(tf.squeeze(tf.matmul(c[:, None], c[:, None], transpose_b=True), 2)
                                                / SIZE + E) * GAIN + SHIFT)(centred(x)),
    'root of one over': lambda x: centred(x) * tf.sqrt(tf.reciprocal(variance(x))) * GAIN + SHIFT,
    'clipped': lambda x: centred(x) / tf.clip_by_value(tf.sqrt(variance(x)), 1e-6, 1e9) * GAIN + SHIFT,
    'plus - mean': lambda x: (x + -tf.reduce_mean(x, -1, keepdims=True)) / tf.sqrt(variance(x)) * GAIN + SHIFT,
}


def mean_square(x):
    return tf.reduce_mean(tf.square(x), -1, keepdims=True)


ROOT = np.sqrt(SIZE) * GAIN
RMS = {
    'plain': lambda x: x * tf.rsqrt(mean_square(x)) * GAIN, 'root': lambda x: x / tf.sqrt(mean_square(x)) * GAIN,
    'exp log': lambda x: x * tf.exp(-.5 * tf.log(mean_square(x))) * GAIN,
    'exp log over': lambda x: x * GAIN * tf.exp(tf.log(mean_square(x)) / -2.),
    'all in exp': lambda x: x * tf.exp(np.log(GAIN) - .5 * tf.log(mean_square(x))),
    'norm': lambda x: x / tf.norm(x, axis=-1, keepdims=True) * ROOT,
    'normalize': lambda x: tf.linalg.normalize(x, axis=-1)[0] * ROOT, 'l2': lambda x: tf.nn.l2_normalize(x, -1) * ROOT,
    'einsum': lambda x: x * tf.rsqrt(tf.einsum('bd,bd->b', x, x)[:, None]) * ROOT,
    'matmul': lambda x: x / tf.sqrt(tf.squeeze(tf.matmul(x[:, None], x[:, :, None]), 2)) * ROOT,
    'diagonal': lambda x: x * tf.rsqrt(tf.linalg.diag_part(tf.matmul(x[:, None], x[:, None], transpose_b=True))) * ROOT,
    'transposed': lambda x: tf.transpose((lambda z: z * tf.rsqrt(tf.reduce_mean(tf.square(z), 0)))(tf.transpose(x))
                                         ) * GAIN,
    'gain first': lambda x: GAIN / tf.sqrt(mean_square(x)) * x,
    'times itself': lambda x: x * tf.rsqrt(tf.reduce_mean(tf.abs(x) * tf.abs(x), -1, keepdims=True)) * GAIN,
    'matrix': lambda x: x * tf.rsqrt(tf.tensordot(tf.square(x), np.full((SIZE, 1), 1. / SIZE), 1)) * GAIN,
}

#: Of a factor and of what opens or shuts a gate for it.
GATE = {
    'plain': lambda a, z: a * tf.sigmoid(z), 'exp log_sigmoid': lambda a, z: a * tf.exp(tf.log_sigmoid(z)),
    'exp softplus': lambda a, z: a * tf.exp(-tf.nn.softplus(-z)), 'over': lambda a, z: a / (1 + tf.exp(-z)),
    'one over': lambda a, z: a * (1 / (1 + tf.exp(-z))), 'reciprocal': lambda a, z: a * tf.reciprocal(1 + tf.exp(-z)),
    'e over': lambda a, z: a * (tf.exp(z) / (1 + tf.exp(z))),
    'e over, outside': lambda a, z: a * tf.exp(z) / (1 + tf.exp(z)),
    'e outside': lambda a, z: tf.exp(z) * (a / (1 + tf.exp(z))),
    'e behind': lambda a, z: a / (1 + tf.exp(z)) * tf.exp(z),
    'tanh': lambda a, z: a * ((tf.tanh(z / 2) + 1) / 2),
    'tanh, halved after': lambda a, z: a * (tf.tanh(z / 2) + 1) / 2,
    'tanh, halved before': lambda a, z: .5 * a * (1 + tf.tanh(.5 * z)),
    'halves': lambda a, z: a * (.5 + .5 * tf.tanh(.5 * z)),
    'one minus': lambda a, z: a * (1 - tf.sigmoid(-z)), 'exp': lambda a, z: a * tf.exp(z - tf.nn.softplus(z)),
    'power': lambda a, z: a * tf.pow(1 + tf.exp(-z), -1.), 'log1p': lambda a, z: a * tf.exp(-tf.log1p(tf.exp(-z))),
}
HARD = {
    'plain': lambda a, z: a * (tf.nn.relu6(z + 3.) / 6.), 'after': lambda a, z: a * tf.nn.relu6(z + 3.) / 6.,
    'before': lambda a, z: (a / 6.) * tf.nn.relu6(z + 3.),
    'clipped': lambda a, z: a * tf.clip_by_value(z / 6. + .5, 0., 1.),
    'clipped, after': lambda a, z: a * tf.clip_by_value(z + 3., 0., 6.) / 6,
    'of two': lambda a, z: a * tf.minimum(tf.maximum(z / 6 + .5, 0.), 1.),
}
SOFT_GATE = dict({name: lambda a, z, build=build: a * build(z) for name, build in SOFTMAX.items()}, **{
    'a over': lambda a, z: a * tf.exp(z) / total(tf.exp(z)),
    'e outside': lambda a, z: tf.exp(z) * (a / total(tf.exp(z))),
    'inverse inside': lambda a, z: tf.exp(z) * (a * tf.reciprocal(total(tf.exp(z)))),
    'over at last': lambda a, z: (lambda e: (a * e) / total(e))(tf.exp(z - largest(z))),
})

erf, TAU = tf.math.erf, np.sqrt(2 / np.pi)
FUNCTIONS = {
    'silu, exp': lambda z: z * tf.exp(tf.log_sigmoid(z)), 'silu, tanh': lambda z: .5 * z + .5 * z * tf.tanh(z / 2),
    'silu, minus': lambda z: z - z * tf.sigmoid(-z), 'silu, over': lambda z: z * tf.exp(z) / (1 + tf.exp(z)),
    'gelu, sum': lambda z: .5 * z + .5 * z * erf(z / np.sqrt(2)), 'gelu, minus': lambda z: z - .5 * z * tf.math.erfc(
        z / np.sqrt(2)), 'gelu, sigmoid': lambda z: z * tf.sigmoid(2 * TAU * (z + .044715 * z * z * z)),
    'gelu, factored': lambda z: .5 * z * (1 + tf.tanh(TAU * z * (1 + .044715 * z * z))),
    'mish, log': lambda z: z * tf.tanh(tf.log(1 + tf.exp(z))),
    'hard swish, clipped': lambda z: z * tf.clip_by_value(z + 3., 0., 6.) / 6, 'relu relu': lambda z: z * tf.nn.relu(z),
    'selu': lambda z: 1.05 * tf.where_v2(z > 0, z, 1.67 * (tf.exp(z) - 1)),
    'selu, of two': lambda z: 1.05 * (tf.maximum(z, 0.) + tf.minimum(1.67 * (tf.exp(z) - 1), 0.)),
    'selu, of relus': lambda z: 1.05 * (tf.nn.relu(z) + 1.67 * (tf.exp(-tf.nn.relu(-z)) - 1)),
    'elu': lambda z: tf.nn.relu(z) - tf.nn.relu(1 - tf.exp(z)), 'expm1': lambda z: tf.exp(z) - 1,
    'softplus': lambda z: tf.log(1 + tf.exp(z)), 'softplus, stable': lambda z: tf.maximum(z, 0.) + tf.log1p(
        tf.exp(-tf.abs(z))), 'tanh': lambda z: 2 * tf.sigmoid(2 * z) - 1,
        'tanh, e': lambda z: 1 - 2 / (tf.exp(2 * z) + 1),
    'sigmoid': lambda z: 1 / (1 + tf.exp(-z)), 'sigmoid, minus': lambda z: 1 - tf.sigmoid(-z),
    'snake': lambda z: z + tf.square(tf.sin(z)), 'hard sigmoid, relus': lambda z: (
        tf.nn.relu(z + 3.) - tf.nn.relu(z - 3.)) / 6.,
}
