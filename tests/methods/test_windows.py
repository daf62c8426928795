"""Where the windows of occlusion lie: as scikit-image's, without it."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods.occlusion import placed


def test_windows_are_those_of_scikit_image(rng):
    view_as_windows = pytest.importorskip('skimage.util').view_as_windows
    for _ in range(200):
        shape = tuple(rng.randint(1, 7, rng.randint(1, 5)))
        size = tuple(rng.randint(1, extent + 1) for extent in shape)
        step = int(rng.randint(1, 4)) if rng.rand() < .5 else tuple(int(one) for one in rng.randint(1, 4, len(shape)))
        theirs = view_as_windows(np.arange(np.prod(shape)).reshape(shape), size, step)
        starts, offsets = placed(shape, size, step)
        np.testing.assert_array_equal(starts[:, np.newaxis] + offsets, theirs.reshape(len(starts), -1))


def test_windows_by_hand():
    starts, offsets = placed((3, 4), (2, 2), (1, 2))
    assert starts.tolist() == [0, 2, 4, 6] and offsets.tolist() == [0, 1, 4, 5]


@pytest.mark.parametrize('options, words', [
    (dict(window_shape=(2,)), r'window_shape must fit into a sample of shape \(3, 4\), not \(2,\).$'),
    (dict(window_shape=(2, 2, 1)), r'window_shape must fit into a sample of shape \(3, 4\), not \(2, 2, 1\).$'),
    (dict(window_shape=(4, 2)), r'window_shape must fit into a sample of shape \(3, 4\), not \(4, 2\).$'),
    (dict(step=(1,)), r'step must be an int or a tuple with one for each dimension of a sample of shape \(3, 4\), '
                      r'not \(1,\).$')])
def test_sizes_of_an_input_of_unknown_rank(session, monkeypatch, options, words):
    X = tf.placeholder(tf.float32)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('occlusion', tf.reduce_sum(X, [1, 2]), X, **options)
        monkeypatch.setattr(session, 'run', None)
        with pytest.raises(ValueError, match=words):
            explainer.run(np.ones((2, 3, 4), 'f'))


def test_an_input_of_unknown_rank(session, rng):
    X = tf.placeholder(tf.float32)
    xs = rng.rand(2, 3, 4).astype('f')
    with DeepExplain(session=session) as de:
        found = de.explain('occlusion', tf.reduce_sum(X, [1, 2]), X, xs, window_shape=(1, 2), step=(1, 2))
    np.testing.assert_allclose(found, np.repeat(xs.reshape(2, 3, 2, 2).sum(-1) / 2, 2, -1), 1e-5)
