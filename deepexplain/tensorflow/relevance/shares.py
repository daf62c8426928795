"""What the rules of layers are made of: contributions by their signs, their sums, and relevance over these."""
from typing import Optional, Tuple

import tensorflow.compat.v1 as tf

from .linear import Layer, Pieces


def share(layer: Layer, R: tf.Tensor) -> tf.Tensor:
    """How pools and means, whose weights nobody has learned, share relevance: in proportion to what each input gives.

    Where all give 0 they share evenly.
    """
    return layer.x * layer.backward(None, ratio(R, layer.z)) + stray(layer, R, tf.equal(layer.z, 0))


def by_sign(layer: Layer) -> Tuple[Pieces, Pieces]:
    """The pairs of data and weights that make the positive, and the negative, z_ij."""
    up, down = tf.nn.relu(layer.w), -tf.nn.relu(-layer.w)
    if layer.nonnegative:
        return [(layer.x, up)], [(layer.x, down)]
    above, below = tf.nn.relu(layer.x), -tf.nn.relu(-layer.x)
    return [(above, up), (below, down)], [(above, down), (below, up)]


def summed(layer: Layer, pieces: Pieces) -> tf.Tensor:
    return tf.add_n([layer.forward(x, w) for x, w in layer.joined(pieces)])


def shares(layer: Layer, pieces: Pieces, signal: tf.Tensor) -> tf.Tensor:
    joined = layer.joined(pieces)
    shares = [x * layer.backward(w, signal, x) for x, w in joined]
    return tf.add_n(shares if len(joined) == len(pieces) else tf.split(shares[0], len(pieces), -1))


def stray(layer: Layer, R: tf.Tensor, where: tf.Tensor) -> tf.Tensor:
    """The relevance of outputs to which no input has given anything, spread evenly."""
    return layer.even_shares(R * tf.cast(where, R.dtype))


def with_bias(z: tf.Tensor, b: Optional[tf.Tensor]) -> tf.Tensor:
    return z if b is None else z + b


def away(z: tf.Tensor, epsilon: float) -> tf.Tensor:
    """z moved away from 0 by epsilon."""
    if not epsilon:
        return z
    epsilon = tf.constant(epsilon, z.dtype)
    return tf.where_v2(z >= 0, z + epsilon, z - epsilon)


def ratio(R: tf.Tensor, z: tf.Tensor) -> tf.Tensor:
    """R / z, and 0 where z is."""
    if R.dtype.size < 4:  # TensorFlow 1.15 divides no halves so; and a quotient may be beyond them.
        return tf.cast(ratio(tf.cast(R, tf.float32), tf.cast(z, tf.float32)), R.dtype)
    return tf.math.divide_no_nan(R, z)
