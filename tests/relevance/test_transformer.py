"""Relevance through a transformer block equals the slow replica of the paper, rule by rule."""
import attention
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained


@pytest.mark.parametrize('softmax', ['taylor', 'constant'])
@pytest.mark.parametrize('norm', [attention.layer_norm, attention.rms_norm], ids=lambda norm: norm.__name__)
@pytest.mark.parametrize('gated', [False, True], ids=['gelu', 'swiglu'])
def test_a_block_equals_its_replica(session, rng, norm, gated, softmax):
    w = attention.weights(rng)
    X = tf.placeholder(tf.float64, [None, attention.TOKENS, attention.SIZE])
    T = attention.block(X, w, norm, gated)
    xs = rng.randn(2, attention.TOKENS, attention.SIZE)
    want, scores = zip(*[attention.relevance(x, w, norm, gated, 1, softmax=softmax) for x in xs])
    np.testing.assert_allclose(session.run(T, {X: xs})[:, 1], scores, rtol=1e-9)
    got = explained(session, 'lrp.epsilon', T, X, xs, ys=1, softmax=softmax)
    np.testing.assert_allclose(got, want, atol=1e-6 * np.abs(want).max())
    assert np.abs(want).max() > .01
