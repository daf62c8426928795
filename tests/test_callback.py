"""AttributionCallback at models in graph mode, and what it refuses."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
import training
from test_keras import PACKAGES, fresh

from deepexplain.keras import AttributionCallback
from deepexplain.tensorflow import noise_tunnel


@pytest.fixture(params=sorted(PACKAGES) or ['none'])
def keras(request):
    if request.param == 'none':
        pytest.skip('no Keras with a session is installed')
    with fresh(request.param) as package:
        yield package


def seeded(keras):
    def seed():
        keras.backend.clear_session()
        tf.reset_default_graph()
        np.random.seed(3)
        tf.set_random_seed(3)
    return seed


@pytest.mark.parametrize('check', training.CHECKS)
def test_in_training(keras, tmp_path, check):
    check(keras, tmp_path)


def test_present_weights(keras, tmp_path):
    training.check_present_weights(keras, tmp_path, known=True)


def test_training_is_left_alone(keras, tmp_path):
    training.check_training_is_left_alone(keras, tmp_path, seeded(keras))


XS = np.zeros((2, 4, 4, 1))


@pytest.mark.parametrize('args, options, error, words', [
    (['intgard', XS], {}, ValueError, "not 'intgard'. Did you mean 'intgrad'?"),
    ([[], XS], {}, ValueError, 'method must name at least one method.'),
    ([3, XS], {}, ValueError, 'method must be a name of attribution_methods, not 3.'),
    (['intgrad', XS], dict(stps=3), TypeError, "IntegratedGradients has no option 'stps'; its options are steps"),
    ([['intgrad', 'elrp'], XS], dict(steps=3), TypeError, 'steps: options of several methods are given as {method'),
    ([{'elrp': {'steps': 3}}, XS], {}, TypeError, "EpsilonLRP has no option 'steps'"),
    (['elrp', XS], dict(every=0), ValueError, 'every must be a positive int, not 0.'),
    (['elrp', XS], dict(every=1.5), ValueError, 'every must be a positive int, not 1.5.'),
    (['elrp', XS], dict(folder=None), ValueError, 'needs a folder, or a log_dir for TensorBoard'),
    (['elrp', XS], dict(kind='video'), ValueError,
     "kind: expected 'images', 'bars', 'signal' or 'summary', got 'video'"),
    (['elrp', XS], dict(kind='bars'), ValueError, 'samples of shape (4, 4, 1) cannot be drawn as bars'),
    (['elrp', np.zeros((2, 3, 3, 3, 3))], {}, ValueError, 'samples of shape (3, 3, 3, 3) cannot be drawn'),
    (['elrp', [XS, XS]], {}, ValueError, 'draw must be given for attributions to several inputs'),
    (['elrp', XS], dict(X='embedding'), ValueError, 'draw must be given for attributions to an inner layer'),
    (['elrp', XS], dict(draw='grid'), TypeError, 'draw must be a function, not str.')])
def test_bad_arguments_are_refused_at_the_door(args, options, error, words, tmp_path):
    options.setdefault('folder', str(tmp_path / 'new'))
    with pytest.raises(error) as caught:
        AttributionCallback(*args, **options)
    assert words in str(caught.value) and '\n' not in str(caught.value)
    assert not (tmp_path / 'new').exists()


def test_columns_and_samples(tmp_path):
    xs = XS.copy()
    callback = AttributionCallback([noise_tunnel('intgrad', steps=3), 'elrp'], xs, folder=str(tmp_path))
    assert list(callback.methods) == ['smoothgrad of intgrad', 'elrp']
    xs[:] = 7
    assert not callback.xs[0].any()
