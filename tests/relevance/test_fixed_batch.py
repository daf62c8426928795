"""What TensorFlow knows of shapes changes no relevance."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import conv, explained
from models import close

METHODS = ['lrp.z', 'lrp.z_IB', 'lrp.flat', 'lrp.w_square', 'lrp.z_plus', 'lrp.gamma', 'lrp.alpha_2_beta_1_IB',
           'deep_taylor', 'deep_taylor.bounded']


def network(X):
    rng = np.random.RandomState(1)
    w, u, v = [rng.randn(*shape).astype(np.float32) for shape in ((2, 2, 2, 3), (12, 4), (4, 2))]
    h = tf.nn.avg_pool(tf.nn.relu(conv(X, w) + [.1, -.2, .3]), [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    return tf.matmul(tf.nn.relu(tf.matmul(tf.reshape(h, [-1, 12]), u)), v)


@pytest.mark.parametrize('method', METHODS)
def test_the_number_of_samples_may_be_fixed_and_sizes_unknown(session, rng, method):
    xs = rng.randn(3, 4, 4, 2)
    xs[0] = 0  # So that layers have nothing to share by.
    X, fixed, other = [tf.placeholder(tf.float32, shape) for shape in (
        [None, 4, 4, 2], [3, 4, 4, 2], [None, None, None, 2])]
    want = explained(session, method, network(X), X, xs, ys=1)
    for one in (fixed, other):
        close(explained(session, method, network(one), one, xs, ys=1), want, 1e-5)
    assert want[1].any()
