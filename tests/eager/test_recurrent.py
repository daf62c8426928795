"""Recurrent layers under the methods with rules: a loop gives what the same layer gives with unroll=True."""
import importlib
from contextlib import contextmanager

import pytest
import tensorflow as tf
from models import fast
from recurrent import BUILDS, METHODS, check, lstm, masked, simple

from deepexplain.tensorflow import DeepExplain

NAMES = ['tf.keras'] if tf.__version__.startswith('1.') else [
    name for name in ('keras', 'tf_keras') if importlib.util.find_spec(name)]


@contextmanager
def opened(model):
    with DeepExplain.open(model, config=fast()) as de:
        yield de, de.inputs[0], de.outputs[0]


@pytest.mark.parametrize('build', BUILDS, ids=lambda build: build.__name__)
@pytest.mark.parametrize('name', NAMES)
def test_a_loop_is_its_steps(name, build, rng):
    keras = tf.keras if name == 'tf.keras' else importlib.import_module(name)
    methods = METHODS + [('elrp', {})] * (build is simple)
    # Kerases differ in what loops they make more than in layers; those of tf_keras are in tests/test_recurrent.py too.
    if name == 'tf_keras' and build is not masked:
        pytest.skip('in a graph')
    if build not in (lstm, masked):
        methods = methods[:1] + methods[2:] * (build is simple)
    check(keras, build, rng, opened, methods)
