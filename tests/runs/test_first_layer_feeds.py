"""The first layer's shortcut feeds each row what belongs to its sample, in every call."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.runs import first_layer


@pytest.mark.parametrize('method,options', [('occlusion', {}), ('shapley_sampling', dict(samples=1, seed=5))])
@pytest.mark.parametrize('batch_size', [None, 64])
def test_what_belongs_to_samples(session, rng, monkeypatch, method, options, batch_size):
    X, factor = tf.placeholder(tf.float32, [None, 96]), tf.placeholder(tf.float32, [None, 1])
    T = tf.tanh(tf.matmul(X, rng.randn(96, 40).astype(np.float32) / 8)) * factor
    xs, fed = rng.randn(3, 96), {factor: [[1], [-2], [5]]}
    found = []
    for worth in (2 ** 60, 0):
        monkeypatch.setattr(first_layer, 'WORTH_IT', worth)
        with DeepExplain(session=session) as de:
            found.append(de.explain(method, T, X, xs, ys=[3, 1, 2], batch_size=batch_size, feed_dict=fed, **options))
    close(found[1], found[0], 1e-4)
