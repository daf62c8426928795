"""Options of `DeepExplain.open` of a wrong kind are refused by name, before anything is opened."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from opened import saved

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


@pytest.mark.parametrize('kind', ['meta', 'frozen', 'folder'])
@pytest.mark.parametrize('looped', [True, False])
def test_the_graph_optimizer_is_off_where_there_are_loops(session, control_flow, rng, tmp_path, kind, looped):
    """Which the first call of loops that have become their steps would wait for."""
    X = tf.placeholder(tf.float32, [None, 3], name='X')
    W = tf.Variable(rng.randn(3, 3).astype('f'), use_resource=True)
    h = tf.while_loop(lambda t, h: t < 2, lambda t, h: (t + 1, tf.tanh(h) * 2), [0, X])[1] if looped else X
    T = tf.matmul(h, W, name='T')
    session.run(tf.global_variables_initializer())
    if kind == 'folder':
        path = str(tmp_path / 'model')
        tf.saved_model.simple_save(session, path, {'x': X}, {'y': T})
    else:
        path = saved(session, tmp_path, T, kind)

    def is_off(**options):
        with DeepExplain.open(path, **options) as de:
            return de.session._config.graph_options.rewrite_options.disable_meta_optimizer

    assert is_off() == looped
    assert not is_off(config=tf.ConfigProto())
