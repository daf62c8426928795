"""What presets do with biases, and where they exceed what they explain."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained
from models import per_sample

from deepexplain.tensorflow.methods import attribution_methods


@pytest.mark.parametrize('preset', ['lrp.sequential_preset_a', 'lrp.sequential_preset_b'])
@pytest.mark.parametrize('activation', [tf.nn.relu, tf.nn.tanh, lambda z: tf.nn.leaky_relu(z, .3)])
def test_split_biases_do_not_cancel_out(session, rng, preset, activation):
    """Each convolution hands on no more than alpha and beta times what it has, whatever its activation passes."""
    X = tf.placeholder(tf.float32, [None, 6, 6, 2])
    h, before = X, 2
    for _ in range(3):
        w = (rng.randn(3, 3, before, 6) / np.sqrt(4 * before)).astype(np.float32)
        h = activation(tf.nn.conv2d(h, w, strides=[1, 1, 1, 1], padding='SAME') + rng.randn(6).astype(np.float32))
        before = 6
    T = tf.reduce_mean(h, [1, 2])
    xs = rng.randn(8, 6, 6, 2)
    got = explained(session, preset, T, X, xs, ys=0, bias='split')
    # The mean hands what it has to convolutions in proportion, with both signs.
    R = np.abs(session.run(h, {X: xs})[..., 0]).reshape(8, -1).mean(1)
    bound = R if preset.endswith('a') else 27 * R
    assert (np.abs(got).reshape(8, -1).sum(1) <= 1.001 * bound).all()
    assert np.abs(per_sample(got)).max() > 0


def test_presets_warn_by_five():
    presets = [method for name, method in attribution_methods.items() if 'preset' in name]
    assert len(presets) == 5
    assert {method.excess for method in presets} == {5.}
