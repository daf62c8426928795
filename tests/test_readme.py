"""The README's code, run word for word."""
import importlib.util
import os
import re

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from test_keras import PACKAGES, convnet, imported

from deepexplain.tensorflow.rules import activations

README = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'README.md')
with open(README, encoding='utf-8') as file:
    BLOCKS = re.findall(r'```python *(\w*)\n(.*?)```', file.read(), re.DOTALL)


def blocks(label):
    return [code for name, code in BLOCKS if name == label]


def test_code_for_plain_tensorflow(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(activations, '_rules', dict(activations._rules))
    first, *others = blocks('')
    assert len(others) >= 12
    namespace = {}
    with tf.Graph().as_default():
        for number, code in enumerate(others):
            exec(compile(code, 'README block %d' % (number + 2), 'exec'), namespace)
            if number == 0:
                assert namespace['attributions'].shape == (10, 4)
                # The block at the top of the page, with the quickstart's names.
                exec(compile(first, 'README block 1', 'exec'),
                     dict(namespace, T=namespace['logits'], ys=namespace['labels']))
    assert (tmp_path / 'attributions.png').exists()
    assert namespace['of_words'].shape == (2, 6)
    assert namespace['results'][1].words == ['a', 'dull', 'film']
    assert namespace['second'].shape == (3, 4)
    assert namespace['of_b'].shape == (4, 3)
    assert namespace['shapley'].shape == (2, 6)
    assert namespace['occluded'].shape == (2, 6, 8)
    assert namespace['of_groups'].shape == (10, 2)
    # atan of the logits, from 0: the attributions add up.
    change = namespace['sess'].run(tf.atan(namespace['logits']), {namespace['X']: namespace['xs']})
    np.testing.assert_allclose(namespace['attributions'].sum(1), change.sum(1), atol=1e-4)


@pytest.mark.parametrize('label', ['keras', 'tf_keras'])
def test_code_for_keras(label):
    package = PACKAGES.get('keras') if label == 'keras' else PACKAGES.get('tf.keras', PACKAGES.get('tf_keras'))
    if package is None:
        pytest.skip('this Keras is not installed')
    tf.reset_default_graph()
    package.backend.clear_session()
    namespace = {'model': convnet(package), 'xs': np.ones((2, 8, 8, 1)), 'ys': np.eye(3)[:2]}
    code, = blocks(label)
    exec(compile(code, 'README ' + label, 'exec'), namespace)
    assert namespace['attributions'].shape == (2, 8, 8, 1)
    package.backend.clear_session()
    tf.reset_default_graph()


def test_code_for_keras_3():
    package = imported('keras') if importlib.util.find_spec('keras') else None
    if package is None or not package.__version__.startswith('3.'):
        pytest.skip('Keras 3 is not installed')
    xs, W, V = np.ones((2, 4)), np.eye(4, 8), np.ones((8, 3))
    learned = [W, np.zeros(8), V, np.zeros(3)]
    namespace = {'xs': xs, 'ys': np.eye(3)[:2], 'learned': learned}
    code, = blocks('keras3')
    exec(compile(code, 'README keras3', 'exec'), namespace)
    # gelu(1) for each feature, by the weights that were loaded.
    np.testing.assert_allclose(namespace['attributions'], np.full((2, 4), .8413447), rtol=1e-5)
