"""Quadratures: what they are exact for, by hand, and which are refused."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain


@pytest.mark.parametrize('quadrature,degree', [('midpoint', 1), ('trapezoid', 1), ('gauss_legendre', 5)])
def test_quadratures_are_exact_for_polynomials_of_their_degree(session, quadrature, degree):
    X = tf.placeholder(tf.float64, [None, 1])
    with DeepExplain(session=session) as de:
        for power in range(1, degree + 2):
            got = de.explain('intgrad', X ** power, X, [[2.]], baseline=[-1.], steps=3, quadrature=quadrature)
            np.testing.assert_allclose(got, [[2. ** power - (-1.) ** power]], rtol=1e-12)
        got = de.explain('intgrad', X ** (degree + 3), X, [[2.]], baseline=[-1.], steps=3, quadrature=quadrature)
        assert abs(got[0, 0] - (2. ** (degree + 3) - (-1.) ** (degree + 3))) > 1e-3


def test_quadratures_by_hand(session):
    # The gradient of x^3 at 0 + a 2 is 12 a^2.
    X = tf.placeholder(tf.float32, [None, 1])
    with DeepExplain(session=session) as de:
        for quadrature, want in (('riemann_right', 24 * (1 / 16 + 1 / 4 + 9 / 16 + 1) / 4),
                                 ('midpoint', 24 * (1 + 9 + 25 + 49) / 64 / 4),
                                 ('trapezoid', 24 * (0 / 2 + 1 / 9 + 4 / 9 + 1 / 2) / 3), ('gauss_legendre', 8)):
            for batch_size in (None, 3):
                got = de.explain('intgrad', X ** 3, X, [[2.]], steps=4, quadrature=quadrature, batch_size=batch_size)
                np.testing.assert_allclose(got, [[want]], rtol=1e-6)


def test_quadratures_with_a_fixed_number_of_rows(session):
    X = tf.placeholder(tf.float32, [4, 1])
    with DeepExplain(session=session) as de:
        for quadrature in ('riemann_right', 'trapezoid', 'gauss_legendre'):
            got = de.explain('intgrad', X ** 2, X, [[1.], [2.], [3.]], steps=5, quadrature=quadrature)
            want = 1.2 if quadrature == 'riemann_right' else 1
            np.testing.assert_allclose(got, want * np.array([[1], [4], [9]]), rtol=1e-5)


def test_quadratures_that_are_refused(session):
    X = tf.placeholder(tf.float32, [None, 1])
    with DeepExplain(session=session) as de:
        for quadrature in ('simpson', None, 3):
            with pytest.raises(ValueError, match="quadrature must be 'riemann_right', .*, not %r" % quadrature):
                de.get_explainer('intgrad', X ** 2, X, quadrature=quadrature)
        with pytest.raises(ValueError, match='at least 2 steps'):
            de.get_explainer('intgrad', X ** 2, X, quadrature='trapezoid', steps=1)
