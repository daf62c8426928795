"""--custom-objects: classes and functions of the user's own, from modules that are named."""
import importlib

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from test_keras import PACKAGES

from deepexplain.cli.main import main

MODULE = """
import tensorflow as tf

def doubled(x):
    return 2. * x

every = {'own': doubled}

def scale_of(keras):
    class Scale(keras.layers.Layer):
        def call(self, x):
            return 3. * x
    return Scale
"""


@pytest.fixture
def call(tmp_path, monkeypatch, capsys):
    """Run the command in a folder with a model, a module and samples: status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    tf.reset_default_graph()
    keras = PACKAGES[sorted(PACKAGES)[-1]]
    keras.backend.clear_session()
    dense = keras.layers.Dense(3, activation=lambda x: x, input_shape=(3,), kernel_initializer='identity',
                               name='own')
    keras.models.Sequential([dense]).save('model.h5')
    np.save('x.npy', np.ones((2, 3), 'f'))
    (tmp_path / 'users_own_layers.py').write_text(MODULE)
    (tmp_path / 'users_broken.py').write_text('raise OSError("no licence")')

    def run(command, *argv):
        status = main([command, 'model.h5'] + list(argv))
        out, err = capsys.readouterr()
        return status, out, err

    yield run
    keras.backend.clear_session()
    tf.reset_default_graph()


@pytest.mark.parametrize('named', ['own=users_own_layers:doubled', 'users_own_layers:every',
                                   '<lambda>=users_own_layers:doubled'])
def test_a_function_in_the_place_of_a_lambda(call, named):
    assert call('explain', 'x.npy', '--method', 'grad*input', '--target', '1', '--custom-objects', named)[0] == 0
    np.testing.assert_allclose(np.load('attributions.npz')['grad*input'], [[0, 2, 0]] * 2, atol=1e-6)
    assert call('layers', '--custom-objects', named)[0] == 0


@pytest.mark.parametrize('named, words', [
    ('nonsense', "expected MODULE:NAME or LAYER=MODULE:NAME, not 'nonsense'"),
    ('no_such_module:x', "--custom-objects: the module 'no_such_module' cannot be imported: ModuleNotFoundError"),
    ('users_broken:x', "the module 'users_broken' cannot be imported: OSError: no licence."),
    ('users_own_layers:no', "--custom-objects: the module 'users_own_layers' has no 'no'.")])
def test_wrong_use(call, named, words):
    status, out, err = call('layers', '--custom-objects', named)
    assert status == 2 and not out and words in err and err.count('\n') == 1


def test_without_it_the_error_says_what_is_missing(call):
    status, _, err = call('layers')
    assert status == 2 and "a lambda as the activation of the layer 'own'" in err
    assert '--custom-objects own=MODULE:NAME.' in err and 'custom_objects=' not in err


@pytest.mark.parametrize('kind', ['Scale', 'doubled'])
def test_what_is_missing_is_named_with_the_flag(call, tmp_path, monkeypatch, kind):
    keras = PACKAGES[sorted(PACKAGES)[-1]]
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module('users_own_layers')
    monkeypatch.setattr(module, 'Scale', module.scale_of(keras), raising=False)
    layer = module.Scale(name='own') if kind == 'Scale' else keras.layers.Dense(3, activation=module.doubled)
    keras.models.Sequential([keras.layers.Dense(3, input_shape=(3,)), layer]).save('model.h5')
    status, out, err = call('layers')
    assert status == 2 and not out and err.count('\n') == 1 and 'custom_objects=' not in err
    assert err.endswith('. Give what is yours, as in --custom-objects MODULE:%s.\n' % kind)
    status, out, err = call('layers', '--custom-objects', 'users_own_layers:' + kind)
    assert status == 0 and 'logits' in out
