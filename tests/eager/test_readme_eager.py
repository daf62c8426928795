"""The README's and the site's code for models that are not on a session, run word for word."""
import os

import numpy as np
import opened
import pytest
from site_pages import blocks
from test_open_sources import KERASES


@pytest.fixture(params=sorted(KERASES))
def model(request):
    return opened.keras_model(KERASES[request.param])


def test_open(model, capsys):
    namespace = {'model': model, 'xs': opened.samples()}
    first, second = blocks('open')
    exec(compile(first, 'README open', 'exec'), namespace)
    assert namespace['attributions'].shape == (3, 8, 8, 1)
    exec(compile(second, 'README open 2', 'exec'), namespace)
    assert namespace['of_hidden'].shape == (3, 8)
    assert np.abs(namespace['later'] - namespace['attributions']).max() > 0
    assert 'hidden Tanh (None, 8)' in capsys.readouterr().out


def test_callback(model, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    model.compile(loss='sparse_categorical_crossentropy', optimizer='sgd')
    namespace = {'model': model, 'xs': np.tile(opened.samples(), (4, 1, 1, 1)), 'ys': np.arange(12) % 3}
    code, = blocks('callback')
    exec(compile(code, 'README callback', 'exec'), namespace)
    assert sorted(os.listdir('attributions')) == ['epoch_0002.png', 'epoch_0004.png']
