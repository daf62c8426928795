"""Outputs that see only padding: which layers have them, and patches with padding among them."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained
from models import close

from deepexplain.tensorflow.relevance.linear import sees_all

raw = tf.raw_ops


def conv(padding='SAME', dilation=1, **more):
    return raw.Conv2D(input=tf.ones([1, 4, 4, 2]), filter=tf.ones([2, 2, 2, 3]), strides=[1, 3, 3, 1], padding=padding,
                      dilations=[1, dilation, dilation, 1], **more)


def transposed(padding, size, stride, dilation=1):
    return raw.Conv2DBackpropInput(input_sizes=[1, 8, 8, 2], filter=tf.ones([size, 2, 2, 3]), strides=[1, stride, 1, 1],
                                   padding=padding, out_backprop=tf.placeholder(tf.float32, [1, None, None, 3]),
                                   dilations=[1, dilation, 1, 1])


def pool(padding):
    return raw.AvgPool(value=tf.ones([1, 4, 4, 2]), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=padding)


#: Ops, and whether each of their outputs sees data.
SEEING = [
    (lambda: conv(), True), (lambda: conv('VALID'), True), (lambda: conv(dilation=2), False),
    (lambda: conv('VALID', 2), True),
    (lambda: conv('EXPLICIT', explicit_paddings=[0, 0, 3, 3, 0, 0, 0, 0]), False),
    (lambda: transposed('SAME', 2, 1), True), (lambda: transposed('VALID', 1, 1), True),
    (lambda: transposed('SAME', 2, 2), True), (lambda: transposed('SAME', 3, 2), True),
    (lambda: transposed('SAME', 1, 2), False), (lambda: transposed('VALID', 2, 2), False),
    (lambda: transposed('VALID', 2, 1, 2), False), (lambda: pool('SAME'), True),
    (lambda: tf.cumsum(tf.ones([3])), True), (lambda: tf.cumsum(tf.ones([3]), exclusive=True), False),
    (lambda: tf.matmul(tf.ones([2, 2]), tf.ones([2, 2])), True), (lambda: tf.segment_sum(tf.ones([2]), [0, 1]), False),
]


@pytest.mark.parametrize('i', range(len(SEEING)))
def test_which_layers_see_data_everywhere(session, i):
    make, want = SEEING[i]
    op = make().op
    assert sees_all(op) == want and not sees_all(op, tf.ones([1]))


@pytest.mark.parametrize('method', ['lrp.flat', 'lrp.w_square'])
def test_patches_are_those_of_a_convolution(session, rng, method):
    X, w = tf.placeholder(tf.float32, [None, 4, 4, 2]), rng.randn(3, 3, 2, 3).astype(np.float32)
    patches = tf.image.extract_image_patches(X, [1, 3, 3, 1], [1, 1, 1, 1], [1, 1, 1, 1], 'SAME')
    T = [tf.reduce_sum(tf.nn.relu(z), [1, 2]) for z in (
        tf.tensordot(patches, w.reshape(18, 3), 1), tf.nn.conv2d(X, w, [1, 1, 1, 1], 'SAME'))]
    xs = rng.randn(2, 4, 4, 2)
    close(explained(session, method, T[0], X, xs, ys=1), explained(session, method, T[1], X, xs, ys=1), 1e-5)
