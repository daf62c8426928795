"""Small models and slow replicas that the tests share."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain

#: Method -> options without which it cannot run on `mlp`.
REQUIRED = {
    'expected_gradients': dict(references=np.random.RandomState(2).randn(3, 5)),
    'permutation': dict(references=np.random.RandomState(2).randn(3, 5)),
    'deep_taylor.bounded': dict(low=-5, high=5),
    'pattern.net': dict(patterns=[np.random.RandomState(3).randn(*shape) for shape in ((5, 6), (6, 4), (4, 3))])}

#: Those that need an inner layer with places and channels, which `mlp` has not, or attribute to an inner layer; maps of
#: one input with places; and one for one-hot samples alone.
MAPS = ('gradcam', 'gradcam++', 'layercam', 'hirescam', 'eigencam', 'scorecam', 'guided_gradcam', 'conductance',
        'internal_influence', 'xrai', 'fullgrad', 'in_silico_mutagenesis')

REQUIRED['pattern.attribution'] = REQUIRED['pattern.net']


def fast():
    """A session's configuration: TensorFlow's graph optimizer takes longer than all the rest of a small graph."""
    config = tf.ConfigProto()
    config.graph_options.rewrite_options.disable_meta_optimizer = True
    return config


def weights(rng, *shape):
    return tf.Variable((rng.randn(*shape) * .7).astype(np.float32))


def dense(x, rng, size, bias=True):
    """A linear layer."""
    y = tf.matmul(x, weights(rng, int(x.shape[-1]), size))
    return y + weights(rng, size) if bias else y


def mlp(activation, rng, inputs=5, outputs=3, bias=True, X=None):
    """X and T of a network with two hidden layers."""
    X = tf.placeholder(tf.float32, [None, inputs]) if X is None else X
    h = activation(dense(X, rng, 6, bias))
    h = activation(dense(h, rng, 4, bias))
    return X, dense(h, rng, outputs, bias)


def counted(rng, inputs=5, outputs=3):
    """X and T of a network, and a list to which it adds how many rows it is evaluated on, call by call."""
    seen = []

    def count(array):
        seen.append(len(array))
        return array

    X = tf.placeholder(tf.float32, [None, inputs])
    h = tf.tanh(dense(X, rng, 6))
    # Beside the path of the gradient, which a function of Python's has none for.
    rows = tf.py_func(count, [tf.stop_gradient(h)], tf.float32, stateful=True)
    rows.set_shape(h.shape)
    return X, dense(h + 0 * tf.stop_gradient(rows), rng, outputs), seen


def initialise(session):
    session.run(tf.global_variables_initializer())


def per_sample(array):
    """The sum of each sample's values."""
    return np.asarray(array, np.float64).reshape(len(array), -1).sum(1)


def close(got, want, tolerance):
    """Whether arrays differ by no more than a part of the largest wanted value."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    assert np.abs(got - want).max() <= tolerance * max(np.abs(want).max(), 1e-12)


def check_refused(session, rng, method, options, kind, text):
    """That a method refuses options with an error that begins so, before any session call."""
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de, pytest.raises(kind) as error:
        de.explain(method, T, X, np.zeros((2, 5)), 0, **options)
    assert str(error.value).startswith(text) and not counting.calls


class Counting:
    """A session that notes what each call is fed."""

    def __init__(self, session):
        self.graph, self.calls, self._session = session.graph, [], session

    def run(self, fetches, feed):
        self.calls.append(feed)
        return self._session.run(fetches, feed)
