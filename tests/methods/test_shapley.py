"""Antithetic permutations."""
import numpy as np
import tensorflow.compat.v1 as tf
from models import counted, initialise

from deepexplain.tensorflow import DeepExplain


def test_antithetic_permutations_are_exact_for_pairs(session, rng):
    # In any order and its reverse each of two features that are multiplied comes first once.
    X = tf.placeholder(tf.float32, [None, 4])
    T = X[:, 0] * X[:, 1] + 3 * X[:, 2] * X[:, 3] + X[:, 0] * X[:, 3]
    x = rng.randn(2, 4)
    a, b, c, d = x.T
    want = np.stack([(a * b + a * d) / 2, a * b / 2, 3 * c * d / 2, (3 * c * d + a * d) / 2], 1)
    with DeepExplain(session=session) as de:
        got = de.explain('shapley_sampling', T, X, x, samples=2, antithetic=True)
        np.testing.assert_allclose(got, want, atol=1e-5)
        assert np.abs(de.explain('shapley_sampling', T, X, x, samples=2, seed=0) - want).max() > .1


def test_antithetic_samples_mean_permutations(session, rng):
    X, T, seen = counted(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        for samples in (1, 2, 5):
            del seen[:]
            de.explain('shapley_sampling', T, X, rng.randn(2, 5), samples=samples, antithetic=True)
            assert sum(seen) == 2 * (2 + samples * 4)
        first = de.explain('shapley_sampling', T, X, np.ones((1, 5)), samples=1, antithetic=True, seed=2)
        np.testing.assert_array_equal(first, de.explain('shapley_sampling', T, X, np.ones((1, 5)), samples=1, seed=2))


def test_the_delta_costs_no_further_evaluation(session, rng):
    # A method that starts from the samples whole and empty has both scores already.
    X, T, seen = counted(rng)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('shapley_sampling', T, X, samples=2)
        for options in ({}, dict(baseline=np.ones(5)), dict(baseline=rng.randn(3, 5)), dict(batch_size=2)):
            del seen[:]
            got, delta = explainer.run(xs, 1, return_convergence_delta=True, **options)
            assert sum(seen) == 3 * (2 + 2 * 4)
            np.testing.assert_allclose(delta, 0, atol=1e-5)
            assert np.abs(got).max() > .1
