"""Keras files that would run code are refused before anything of them is built, whatever Keras is at hand."""
import os
import warnings
import zipfile

import hostile
import pytest
import tensorflow.compat.v1 as tf
from hostile import KERAS_FILES, marker

from deepexplain.cli.main import main
from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.opening import keras_files

pytest.importorskip('h5py')


@pytest.mark.parametrize('name', sorted(KERAS_FILES))
def test_unsafe_files_are_refused(name, tmp_path):
    make, words = KERAS_FILES[name]
    path = make(tmp_path)
    with pytest.raises(ValueError) as error:
        DeepExplain.open(path)
    said = str(error.value)
    assert said.startswith(f"open: '{path}' ") and words in said and '\n' not in said
    assert said.endswith('; safe_mode=False allows it, for files that you trust.')
    assert not os.path.exists(marker(tmp_path))


@pytest.mark.parametrize('version', hostile.VERSIONS)
def test_it_would_have_run(version, tmp_path, capsys):
    """Whatever wrote it: the file is good, and it is the refusal that keeps it from running."""
    path = hostile.h5(tmp_path / 'm.h5', hostile.sequential(hostile.old_lambda(tmp_path)), version)
    for command in (['layers', path], ['explain', path, path]):
        if command[0] == 'explain':
            command[2] = str(tmp_path / 'x.npy')
            hostile.np.save(command[2], hostile.np.ones((1, 2), 'f'))
        assert main(command) == 2
        out, err = capsys.readouterr()
        assert out == '' and err.count('\n') == 1 and '; --unsafe allows it, for files that you trust.' in err
    with pytest.raises(ValueError, match='holds Python code'):
        DeepExplain.open(path)
    assert not os.path.exists(marker(tmp_path))

    with pytest.warns(UserWarning) as record:
        with DeepExplain.open(path, safe_mode=False) as de:
            assert len(de.inputs) == 1
    said = [str(one.message) for one in record if 'open: ' in str(one.message)]
    assert said == [f"open: '{path}' holds Python code, which runs here in the layer 'l' (Lambda); "
                    'allowed by safe_mode=False.']
    assert os.path.exists(marker(tmp_path))
    os.remove(marker(tmp_path))
    capsys.readouterr()
    assert main(['layers', path, '--unsafe']) == 0
    out, err = capsys.readouterr()
    assert err == (f"deepexplain: warning: '{path}' holds Python code, which runs here in the layer 'l' (Lambda);"
                   ' allowed by --unsafe.\n')
    assert os.path.exists(marker(tmp_path))


def test_named_functions_of_the_caller_are_safe(tmp_path):
    path = hostile.h5(tmp_path / 'm.h5', hostile.sequential(hostile.old_lambda(
        tmp_path, function='twice', function_type='function')))
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain.open(path, custom_objects={'twice': lambda x: 2 * x}) as de:
            assert de.outputs[0].op.type == 'Mul'


def test_what_unpacks_to_very_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(keras_files, 'LARGE', 1 << 20)
    plain = hostile.sequential(hostile.layer('Flatten', 'f'))
    path = hostile.keras(tmp_path / 'm.keras', plain, members=[('assets/x', bytes(2 << 20))],
                         compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(ValueError, match=r"m.keras' has \d.\d KiB and unpacks to 2.0 MiB; safe_mode=False allows it"):
        DeepExplain.open(path)
    path = hostile.h5(tmp_path / 'm.h5', plain, link=lambda group: group.create_dataset(
        'f', (1 << 20,), 'f', chunks=(1 << 10,)))
    with pytest.raises(ValueError, match="m.h5' holds arrays that unpack to 4.0 MiB; safe_mode=False allows it"):
        DeepExplain.open(path)


def test_safe_mode_is_for_files():
    with pytest.raises(TypeError, match="safe_mode must be True or False, not 'no'"):
        DeepExplain.open('m.h5', safe_mode='no')
    with pytest.raises(TypeError, match='open: a function does not take safe_mode, which is for files'):
        DeepExplain.open(tf.function(lambda x: x), safe_mode=False)
