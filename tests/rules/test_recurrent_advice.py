"""What is said of methods that gates and loops are too much for: other methods, which work."""
import re
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import dense, initialise, weights

from deepexplain.tensorflow import DeepExplain

OTHERS = 'intgrad, grad*input or occlusion, which need no rules'


def gated(rng, looped):
    """A gated recurrent net with a loop, or unrolled."""
    X = tf.placeholder(tf.float32, [None, 3, 2])
    kernel, other = weights(rng, 5, 3), weights(rng, 5, 3)

    def step(t, h):
        both = tf.concat([X[:, t], h], 1)
        return t + 1, tf.sigmoid(tf.matmul(both, kernel)) * tf.tanh(tf.matmul(both, other)) + h

    state = 0, tf.zeros([tf.shape(X)[0], 3])
    if looped:
        state = tf.while_loop(lambda t, h: t < 3, step, state)
    else:
        for t in range(3):
            state = step(t, state[1])
    return X, dense(state[1], rng, 2)


@pytest.mark.parametrize('looped', [True, False])
def test_what_is_advised_works(session, rng, looped):
    X, T = gated(rng, looped)
    initialise(session)
    xs = rng.randn(2, 3, 2)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always', UserWarning)
        de.get_explainer('elrp', T, X)
        elrp = str(caught[-1].message)
        assert 'unsupported activation' in elrp and 'register_rule' not in elrp
        assert OTHERS in elrp and re.search(r'deeplift: complete=True has rules for them\.$', elrp)
        del caught[:]
        options = {'deeplift': dict(complete=True), 'lrp.epsilon': {}, 'intgrad': dict(steps=50), 'occlusion': {},
                   'grad*input': {}}
        for method in options:
            explainer = de.get_explainer(method, T, X, **options[method])
            assert np.isfinite(explainer.run(xs, 1)).all()
        assert not caught


def test_register_rule_is_said_of_what_it_helps_with(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.atan(dense(X, rng, 2))
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match='Atan.*see register_rule'):
        de.get_explainer('elrp', T, X)
