"""One suite for both TensorFlows: tests run in graph mode, on a graph and a session of their own; but tests/eager."""
import importlib.util
import os
import random

os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
if importlib.util.find_spec('tf_keras'):
    os.environ.setdefault('TF_USE_LEGACY_KERAS', '1')

import numpy as np
import pytest

from deepexplain.cli.starting import held

with held():
    import tensorflow.compat.v1 as tf
from models import fast, initialise, mlp

# tests/eager runs in a process of its own, which tests/test_eager.py starts.
EAGER = os.environ.get('DEEPEXPLAIN_TESTS') == 'eager'
collect_ignore = [] if EAGER else ['eager']
tf.logging.set_verbosity(tf.logging.ERROR)
(tf.enable_v2_behavior if EAGER else tf.disable_v2_behavior)()


@pytest.fixture(autouse=True)
def seeds():
    """What Keras draws of itself is the same in every run."""
    random.seed(0)
    np.random.seed(0)
    tf.set_random_seed(0)


@pytest.fixture
def session():
    """Without the graph optimizer, which sessions of examples, golden models, Keras, README and site have."""
    with tf.Graph().as_default() as graph, tf.Session(graph=graph, config=fast()) as sess:
        tf.set_random_seed(0)
        yield sess


@pytest.fixture
def rng():
    return np.random.RandomState(0)


@pytest.fixture
def model(session, rng):
    """X and T of a small network; files that need another have a fixture of their own."""
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    return X, T


@pytest.fixture(params=['v1', 'v2'])
def control_flow(request):
    """Loops and branches of plain ops, or as functions."""
    if request.param == 'v2':
        tf.enable_control_flow_v2()
    yield request.param
    tf.disable_control_flow_v2()
