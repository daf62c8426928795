"""deepexplain.targets on models of DeepExplain.open."""
import numpy as np
import pytest
import tensorflow as tf
from models import close
from test_open_sources import KERASES

from deepexplain import targets
from deepexplain.tensorflow import DeepExplain


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    return KERASES[request.param]


def test_targets_of_keras_models(keras, rng):
    layers = keras.layers
    x = layers.Input((4, 4, 1), name='picture')
    h = layers.Conv2D(6, 3, padding='same', activation='tanh', name='hidden')(x)
    scores = layers.Reshape((16, 2), name='scores')(layers.Conv2D(2, 1, activation='sigmoid')(h))
    boxes = layers.Reshape((16, 4), name='boxes')(layers.Conv2D(4, 1)(h))
    model = keras.Model(x, [scores, boxes, layers.GlobalAveragePooling2D(name='embedding')(h)])
    xs, like = rng.rand(3, 4, 4, 1).astype('f'), [-.1, -.1, .2, .2]
    s, b, e = [np.asarray(one) for one in model(xs)]
    with DeepExplain.open(model) as de:
        T = targets.box(de.tensor('scores'), de.tensor('boxes'), like=like)
        low, high = np.maximum(b[..., :2], like[:2]), np.minimum(b[..., 2:], like[2:])
        both = np.maximum(0, high - low).prod(-1)
        union = np.maximum(0, b[..., 2:] - b[..., :2]).prod(-1) + .09 - both
        want = (s * (both / union)[..., np.newaxis]).max(1)
        close(de.session.run(T, {de.inputs[0].name: xs}), want, 1e-5)
        found = de.explain('occlusion', T, de.inputs[0], xs, ys=1, window_shape=(4, 4, 1))
        close(found[:, 0, 0, 0] * 16, want[:, 1] - de.session.run(T, {de.inputs[0].name: 0 * xs})[:, 1], 1e-4)
        hidden = de.tensor('hidden')
        mean = targets.region(hidden, np.ones((4, 4)))
        close(de.explain('gradient', mean, de.inputs[0], xs, ys=2),
              de.explain('gradient', de.tensor('embedding'), de.inputs[0], xs, ys=2), 1e-5)
    with pytest.raises(RuntimeError, match='scores must be a Tensorflow Tensor object of a graph, not an eager'):
        targets.count(tf.constant(s))
