"""Sums over evaluations are of double precision, whatever the model's: small terms outlive large ones that cancel."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close

from deepexplain.tensorflow import DeepExplain

LARGE = 2. ** 25


@pytest.mark.parametrize('rows', [None, 6])
def test_small_changes_among_large_ones(session, rows):
    """From the references to 0 the target changes by LARGE, 1 and -LARGE: in single precision these add up to 0."""
    X = tf.placeholder(tf.float32, [rows, 1])
    h = tf.identity(X)
    T = tf.identity(h)
    xs, want = np.zeros([rows or 2, 1]), np.full([rows or 2, 1], 1 / 3)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X, references=[[-LARGE], [-1], [LARGE]])
        for batch_size in (None, rows or 4):
            close(explainer.relevances([h], xs, batch_size=batch_size)[0], want, 1e-6)
            if rows:
                close(explainer.run(xs, batch_size=batch_size), want, 1e-6)
