"""An explainer that cannot be made leaves nothing in the graph, which cannot lose ops."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain, attribution_methods
from deepexplain.tensorflow.relevance import Epsilon

#: Values that an option may not have, of every option that there is.
BAD = {
    'steps': [0, 'a', None, 1.5, np.ones(2)], 'baseline': ['a', np.zeros(7), [1, 2], np.nan],
    'references': ['a', np.zeros((0, 4)), np.zeros((2, 7)), 1.], 'quadrature': ['x', 3, ['midpoint'], np.ones(2)],
    'samples': [0, 'a', np.ones(2)], 'seed': [-1, 'a', 2 ** 40], 'of': ['x', 'smoothgrad', 3, ['intgrad']],
    'options': [3, {'q': 1}, {'steps': -1}, {'epsilon': -1}], 'noise': [-1, 'a', np.ones(2)], 'complete': ['no', 1],
    'rescale_convolutions': ['no', 2], 'window_shape': [3, (0,), (1, 1), 'a'], 'step': [0, 'a', (1, 1)],
    'feature_mask': ['a', [1.5] * 4, np.zeros((3, 3), int), 1], 'per_group': ['no', True, np.ones(2)],
    'sampling_dims': [[], [0], [7], 'a', 3], 'antithetic': ['no'], 'epsilon': [-1, 'a', np.nan, 10 ** 400, np.ones(2)],
    'bias': ['no', 3, None], 'alpha': [5, 'a'], 'beta': [5, 'a'], 'gamma': [-1, 'a'],
    'uncovered': ['x', 3, None, np.ones(2)], 'products': ['x', None, ['half'], 'taylor'],
    'softmax': ['x', None, True, 'half'], 'norms': ['x', None, 1, np.ones(2)],
    'low': ['a', None, 2, np.zeros(7)], 'high': ['a', None, -1],
    'composite': [3, [], [3], [('*', 'nope')], [('*', 3)], [('nope', Epsilon())], [(lambda op: 1 / 0, Epsilon())]],
    'patterns': [3, [1], {'a': 1}, [np.zeros((4, 3))], [np.zeros((4, 3)), np.zeros((9, 9))], ['a', 'b']],
    'generalized': ['no', 1], 'layer': [3, 'nowhere', [None]],
    'resize': ['no', None, 3], 'channels': [3, 'middle'], 'top': [0, 1.5, 'a'],
    'fraction': [0, 1.5, 'a', None], 'max_dist': [0, 1.5, 'a', None], 'anchors': [0, 1.5, 'a', 10 ** 6],
    'max_sigma': [0, -1, 'a'], 'boundary': ['wrap', None, 3], 'segments': [3, 'a', [], [1.5], [[0, 1], [0]]],
    'bounds': [3, (1, 0), (0, 'a'), (0, 1, 2)], 'fast': ['no', 1], 'min_pixels': [0, 1.5, 'a'],
    'aggregate': ['x', None, 3, np.ones(2)],
    'kernel_width': [0, 'a'], 'regression': ['tree', None, 3], 'penalty': [-1, 'a'], 'cells': [0, 'a', (2, 0)],
    'probability': [0, 1, 'a'], 'axes': [3, [0], [], ['a']], 'normalize': ['no'],
    'multipliers': ['no', 1, None], 'hypothetical': ['no', 1, None], 'axis': [0, 'a', 1.5, 2, True, [None]],
    'stddev': [-1, 'a'], 'until_layer_idx': [-1, 'a', 1.5]}


@pytest.fixture
def network(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    h = tf.nn.relu(tf.matmul(X, tf.constant(rng.randn(4, 3).astype('f'))))
    return X, tf.matmul(h, tf.constant(rng.randn(3, 2).astype('f')))


def needed(name):
    return dict(low=0, high=1) if name == 'deep_taylor.bounded' else {}


def fails(session, de, *arguments, **options):
    before = session.graph.as_graph_def()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        with pytest.raises((ValueError, TypeError, RuntimeError, AssertionError)) as error:
            de.get_explainer(*arguments, **options)
    assert 'ambiguous' not in str(error.value) and 'unhashable' not in str(error.value)
    assert session.graph.as_graph_def() == before


@pytest.mark.parametrize('name', sorted(attribution_methods))
def test_options(session, network, name):
    X, T = network
    with DeepExplain(session=session) as de:
        for option in attribution_methods[name].options():
            for value in BAD[option]:
                fails(session, de, name, T, X, **dict(needed(name), **{option: value}))


@pytest.mark.parametrize('name', sorted(name for name, method in attribution_methods.items() if method.differentiates))
def test_targets_without_a_gradient(session, network, rng, name):
    X, T = network
    ids = tf.placeholder(tf.int32, [None, 3])
    looked_up = tf.reduce_sum(tf.nn.embedding_lookup(tf.constant(rng.randn(9, 4).astype('f')), ids), [1, 2])
    chosen = tf.cast(tf.argmax(T, 1), tf.float32)
    stranger = tf.placeholder(tf.float32, [None, 2])
    with DeepExplain(session=session) as de:
        for target, x in ((tf.stop_gradient(T), X), (looked_up, ids), (chosen, X), (T, stranger), (X, T),
                          (chosen, [X, stranger]), (tf.argmax(T, 1), X)):
            fails(session, de, name, target, x, **needed(name))


STEPS = [tf.floor, tf.math.ceil, tf.round, tf.math.rint, lambda x: x // 2., lambda x: tf.raw_ops.TruncateDiv(x=x, y=2.)]

#: Those that pass a step by their rule for activations.
PASS = [name for name in attribution_methods if name[:4] in ('lrp', 'lrp.', 'deco', 'guid', 'deep') and (
    'lift' not in name)]


@pytest.mark.parametrize('name', sorted(name for name, method in attribution_methods.items() if method.differentiates))
def test_steps_that_have_no_gradient_at_all(session, network, name):
    X, T = network
    with DeepExplain(session=session) as de:
        for step in STEPS[4 if name in PASS else 0:]:
            fails(session, de, name, step(T), X, **needed(name))
            fails(session, de, name, 2. * step(X), [X], **needed(name))
        if 'uncovered' in attribution_methods[name].options():
            fails(session, de, name, STEPS[4](T), X, uncovered='gradient', **needed(name))


@pytest.mark.parametrize('name', ['gradient', 'elrp', 'deeplift', 'intgrad', 'lrp.z', 'guided_backprop'])
def test_steps_that_can_be_explained(session, network, name):
    """A gradient that is zero, a rule, or another way."""
    X, T = network
    rounded = tf.round(T)
    targets = [tf.sign(T), rounded + T] + [rounded] * (name in PASS)
    if name == 'deeplift':
        with DeepExplain(session=session) as de:
            assert de.explain(name, rounded, X, 9 * np.ones((2, 4)), complete=True).any()
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for target in targets:
            assert de.explain(name, target, X, np.ones((2, 4))).shape == (2, 4)


@pytest.mark.parametrize('name', sorted(name for name in attribution_methods if name[:3] in ('lrp', 'dee') and (
    'lift' not in name)))
def test_what_relevance_has_no_rule_for(session, network, name):
    X, T = network
    products = tf.reduce_sum(tf.math.cumprod(T, 1), 1)
    with DeepExplain(session=session) as de:
        for target in (products, tf.nn.softmax(T)):
            fails(session, de, name, target, X, **needed(name))


def test_a_layer_whose_bounds_cannot_be_told(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    W = tf.constant(rng.randn(4, 3).astype('f'))
    T = tf.matmul(X, W) + tf.matmul(tf.square(X), W)
    with DeepExplain(session=session) as de:
        fails(session, de, 'deep_taylor.bounded', T, X, low=-1, high=1)


def test_rows_and_methods_that_are_none(session, network):
    X, T = network
    with DeepExplain(session=session) as de:
        for rows in ('apart', 3, ['together'], np.ones(2)):
            fails(session, de, 'gradient', T, X, rows=rows)
            with pytest.raises(ValueError, match="rows must be 'together'"):
                de.explain('gradient', T, X, np.ones((1, 4)), rows=rows)
        for method in ('nope', 3, None, ['intgrad'], np.ones(2)):
            with pytest.raises(RuntimeError, match='Method must be in'):
                de.explain(method, T, X, np.ones((1, 4)))


@pytest.mark.parametrize('name', ['gradient', 'intgrad', 'elrp', 'deeplift', 'lrp', 'lrp.z_plus', 'guided_backprop'])
def test_steps_have_the_gradient_that_they_had(session, network, name):
    X, T = network
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        got = de.explain(name, tf.sign(T), X, np.ones((1, 4)))
        assert got.any() == name.startswith('lrp')
        if name.startswith('lrp'):
            assert de.explain(name, tf.floor(T), X, np.ones((1, 4))).shape == (1, 4)


def test_a_gradient_of_zeros_is_one(session):
    X = tf.placeholder(tf.float32, [None, 4])
    half, rest = tf.split(X, 2, 1)
    targets = [X * 0 + tf.cast(tf.cast(X, tf.int32), tf.float32), tf.stop_gradient(X) + 0 * tf.nn.relu(X),
               tf.floor(X) * tf.zeros_like(X) + X[:, :1] * 0., tf.cast(tf.cast(X, tf.complex64), tf.float32)]
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        for name in ('gradient', 'intgrad', 'elrp', 'deeplift', 'guided_backprop', 'expected_gradients'):
            more = dict(references=np.ones((1, 4))) if name == 'expected_gradients' else {}
            for T in targets:
                assert de.explain(name, T, X, np.ones((2, 4)), **more).shape == (2, 4)
        T = tf.reduce_sum(half, 1) + 0 * tf.reduce_sum(rest, 1)
        assert not de.explain('gradient', T, rest, np.ones((2, 2)), feed_dict={X: np.ones((2, 4))}).any()
