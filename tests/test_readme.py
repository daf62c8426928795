"""The README's code, and the site's for each Keras, run word for word."""
import importlib.util
import os
import re

import numpy as np
import pytest
import site_pages as pages
import tensorflow.compat.v1 as tf
from test_keras import PACKAGES, convnet, imported


def test_code_for_plain_tensorflow():
    with tf.Graph().as_default():
        namespace = pages.run('../README.md', '')
    assert namespace['attributions'].shape == (10, 4)


def test_the_quickstart_is_that_of_the_site():
    # What the pages of the guide begin with.
    assert pages.blocks('')[0] in open(os.path.join(pages.DOCS, pages.QUICKSTART), encoding='utf-8').read()


def test_the_readme_is_a_landing_page():
    with open(os.path.join(pages.ROOT, 'README.md'), encoding='utf-8') as file:
        text = file.read()
    assert len(text.splitlines()) <= 220
    for target in re.findall(r'\]\(([^)#]+)', text):
        assert os.path.exists(os.path.join(pages.ROOT, target)), target


@pytest.mark.parametrize('label', ['keras', 'tf_keras'])
def test_code_for_keras(label):
    package = PACKAGES.get('keras') if label == 'keras' else PACKAGES.get('tf.keras', PACKAGES.get('tf_keras'))
    if package is None:
        pytest.skip('this Keras is not installed')
    tf.reset_default_graph()
    package.backend.clear_session()
    tf.set_random_seed(0)
    namespace = {'model': convnet(package), 'xs': np.ones((2, 8, 8, 1)), 'ys': np.eye(3)[:2]}
    code, = pages.blocks(label)
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
    code, = pages.blocks('keras3')
    exec(compile(code, 'README keras3', 'exec'), namespace)
    # gelu(1) for each feature, by the weights that were loaded.
    np.testing.assert_allclose(namespace['attributions'], np.full((2, 4), .8413447), rtol=1e-5)
