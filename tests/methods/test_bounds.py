"""The bounds of deep_taylor.bounded."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import dense, initialise

from deepexplain.tensorflow import DeepExplain


@pytest.mark.parametrize('low, high, words', [
    (1, 0, 'low must be nowhere above high: they are 1 and 0.'),
    ([0, 0, 2, 0], 1, r'low must be nowhere above high: at \(2,\) they are 2 and 1.'),
    (0, np.array([1, 1, 1, -.5]), r'low must be nowhere above high: at \(3,\) they are 0 and -0.5.'),
    ([1, 1, 1, 1], [2, 2, 0, 2], r'low must be nowhere above high: at \(2,\) they are 1 and 0.')])
@pytest.mark.parametrize('many', [False, True])
def test_low_above_high(session, rng, low, high, words, many):
    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 3)
    size = len(session.graph.get_operations())
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError, match=words):
            de.get_explainer('deep_taylor.bounded', T, [X] if many else X, low=[low] if many else low,
                             high=[high] if many else high)
        for outer in ('smoothgrad', 'vargrad'):
            with pytest.raises(ValueError, match=words):
                de.get_explainer(outer, T, [X] if many else X, of='deep_taylor.bounded', options=dict(
                    low=[low] if many else low, high=[high] if many else high))
    assert len(session.graph.get_operations()) == size


def test_bounds_of_two_shapes_and_equal_ones(session, rng):
    X = tf.placeholder(tf.float32, [None, None])
    T = tf.matmul(X, tf.Variable(rng.randn(4, 3).astype('f')))
    initialise(session)
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError, match=r'low and high must have one shape, .* not \(4,\) and \(3,\)'):
            de.get_explainer('deep_taylor.bounded', T, X, low=[0] * 4, high=[1] * 3)
        assert np.isfinite(de.explain('deep_taylor.bounded', T, X, rng.rand(2, 4), low=[0] * 4, high=0)).all()
        with pytest.raises(ValueError, match=r'samples must have the shape of low and high, \(4,\), not \(3,\)'):
            de.explain('deep_taylor.bounded', T, X, rng.rand(2, 3), low=[0] * 4, high=1)


@pytest.mark.parametrize('many', [False, True])
def test_samples_beyond_the_bounds_are_said(model, session, many):
    """The rule is defined between the bounds: beyond them relevance is no part of anything."""
    X, T = model
    size = X.shape.as_list()[1]
    xs = np.linspace(0, 1, 2 * size).reshape(2, size).astype('f')
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        explainer = de.get_explainer('deep_taylor.bounded', T, [X] if many else X, low=0, high=.8)
        for samples in (xs * np.float32(.8), xs):
            explainer.run([samples] if many else samples, ys=1)
    said = [str(one.message) for one in seen if 'outside' in str(one.message)]
    assert len(said) == 1 and said[0].startswith('deep_taylor.bounded: %d of the %d numbers of %s are outside low' % (
        (xs > .8).sum(), xs.size, 'xs[0]' if many else 'xs'))
