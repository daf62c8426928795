"""Options of `DeepExplain.open` of a wrong kind are refused by name, before anything is opened."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain

WRONG = {
    'signature': ([3, ['serving_default'], b'x', True], 'a string'),
    'tags': ([3, [3], {'serve': 1}, True], 'a list of strings'),
    'checkpoint': ([3, ['a'], True], 'a path'),
    'input_signature': ([3, 'x', [3], [[None, 4]], (None, 4), tf.TensorSpec([None, 4], tf.float32)],
                        'a list of tf.TensorSpecs'),
    'custom_objects': ([3, ['Mine'], {3: int}, 'Mine'], 'a dict from names'),
    'inputs': ([3, [3], {'x': 1}, np.array(['x'])], 'a list of strings'),
    'outputs': ([3, [None], True], 'a list of strings'),
    'config': ([3, {}, 'cpu'], 'a tf.compat.v1.ConfigProto'),
    'safe_mode': ([3, 'no', None, 1], 'True or False')}


@pytest.mark.parametrize('option', sorted(WRONG))
def test_wrong_kinds(option, monkeypatch):
    values, words = WRONG[option]
    monkeypatch.setattr(tf, 'Session', None)  # Nothing is opened.
    for source in ('no such file', lambda x: x, 'model.keras'):
        for value in values:
            with pytest.raises(TypeError, match=r'^open: %s must be %s.*, not ' % (option, words)):
                DeepExplain.open(source, **{option: value})
