"""Explainers of small models for measures to look at."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, initialise, mlp

from deepexplain.tensorflow import DeepExplain


@pytest.fixture
def explain(session):
    """A function that makes an explainer of X and T."""
    def make(method, T, X, counting=None, **options):
        with DeepExplain(session=counting or session) as de:
            return de.get_explainer(method, T, X, **options)

    return make


@pytest.fixture
def linear(session, explain):
    """Explainers of T = x . w, and w."""
    X = tf.placeholder(tf.float32, [None, 4])
    w = np.array([1., .5, 2., .25], 'f')
    T = tf.reduce_sum(X * tf.constant(w), 1)
    return (lambda method, **options: explain(method, T, X, **options)), w


@pytest.fixture
def network(session, explain):
    """A network of 4 features, its function in numpy's words, and explainers of it that count the rows of calls."""
    X, T = mlp(tf.tanh, np.random.RandomState(1), inputs=4)
    initialise(session)
    counting = Counting(session)

    class Network:
        calls = counting.calls

        @staticmethod
        def explainer(method='grad*input', **options):
            return explain(method, T, X, counting, **options)

        @staticmethod
        def rows():
            """How many rows X was fed, in all calls so far."""
            return sum(len(value) for call in counting.calls for name, value in call.items() if name == X.name)

        @staticmethod
        def T(rows, unit):
            return session.run(T, {X: np.asarray(rows)})[:, unit].astype(np.float64)

    return Network
