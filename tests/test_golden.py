"""The reference implementation's attributions (TF 1.15.5), on the models and settings of golden/zoo.py."""
import os
import sys
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'golden')
sys.path.insert(0, FOLDER)
import zoo

EXPECTED = dict(np.load(os.path.join(FOLDER, 'expected.npz')))


@pytest.mark.parametrize('build', zoo.MODELS, ids=lambda build: build.__name__)
def test_attributions_are_the_references(build):
    checked = 0
    with tf.Graph().as_default(), tf.Session() as session, DeepExplain(session=session) as de:
        model = build(tf)
        session.run(tf.global_variables_initializer())
        for label, method, options, run_options in zoo.settings(model):
            np.random.seed(zoo.seed_of(label))
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                got = de.explain(method, model['T'], model['X'], model['xs'], ys=model['ys'],
                                 **dict(options, **run_options))
            key = '%s|%s' % (build.__name__, label)
            pairs = [('%s|%d' % (key, i), one) for i, one in enumerate(got)] if isinstance(got, list) else [(key, got)]
            for name, array in pairs:
                want = EXPECTED[name]
                tolerance = 5e-3 if method in ('intgrad', 'elrp') else 1e-3
                assert array.shape == want.shape, name
                assert np.abs(array - want).max() <= tolerance * np.abs(want).max(), name
                checked += 1
    assert checked == sum(key.startswith(build.__name__ + '|') for key in EXPECTED)
