"""Where X reaches T by a way without gradient, and what of ordinary models is none."""
import os
import sys
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, dense, initialise, mlp

from deepexplain.tensorflow import DeepExplain, attribution_methods
from deepexplain.tensorflow.graph.ways import find_ways
from deepexplain.tensorflow.methods.noise_tunnel import noise_tunnel

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'golden'))
import zoo

RNG = np.random.RandomState(0)


def d(x, size=4):
    return dense(x, RNG, size, bias=False)


def table(rows):
    return tf.Variable(RNG.randn(rows, 4).astype(np.float32))


def row(x):
    return tf.reduce_max(x, 1, keepdims=True)


def in_function(body):
    """Control flow inside a function is functional."""
    return lambda x: tf.function(body, autograph=False)(x)


#: The last op of the ways, and T of X of five features.
WAYS = {
    'bucket': ('Bucketize', lambda x: d(x) + tf.gather(table(3), tf.raw_ops.Bucketize(input=x[:, 0],
                                                                                    boundaries=[0., 1.]))),
    'cast and gather': ('Cast', lambda x: d(x) + tf.nn.embedding_lookup(table(3), tf.cast(x[:, 0], tf.int32) % 3)),
    'there and back': ('Cast', lambda x: d(x) + d(tf.cast(tf.cast(x, tf.int64), tf.float32))),
    'searchsorted': ('LowerBound', lambda x: d(x) + tf.gather(table(4), tf.searchsorted(tf.constant([0., 1., 2.]),
                                                                                       x[:, 0]))),
    'cond': ('Greater', lambda x: tf.cond(tf.reduce_sum(x) > 0, lambda: d(x), lambda: 2 * d(x))),
    'cond of constants': ('Less', lambda x: d(x) * tf.cond(tf.reduce_sum(x) < 0, lambda: tf.constant(2.),
                                                           lambda: tf.constant(3.) * tf.constant(2.))),
    'cond in a function': ('Greater', in_function(lambda x: x * tf.cond(tf.reduce_sum(x) > 0, lambda: 2., lambda: 3.))),
    'inside a branch': ('Round', in_function(lambda x: x + tf.cond(tf.shape(x)[0] > 3, lambda: tf.round(x),
                                                                   lambda: x))),
    'case': ('Greater', lambda x: tf.case([(tf.reduce_sum(x) > 1, lambda: d(x))], default=lambda: 2 * d(x))),
    'loop': ('Less', lambda x: tf.while_loop(lambda s: tf.reduce_sum(s) < 9., lambda s: s * 2. + 1, [tf.abs(x)])),
    'loop in a function': ('Less', in_function(lambda x: tf.while_loop(
        lambda i, s: tf.reduce_sum(s) < 9., lambda i, s: (i + 1, s * 2. + 1), [0, tf.abs(x)])[1])),
    'inside a loop': ('Ceil', lambda x: tf.map_fn(lambda one: one * tf.math.ceil(one), x)),
    'inside a loop in a function': ('Rint', in_function(lambda x: tf.scan(lambda s, one: s + tf.math.rint(one) * one,
                                                                          x))),
    'argmax': ('ArgMax', lambda x: d(x) * tf.one_hot(tf.argmax(d(x), 1), 4)),
    'is the argmax': ('ArgMax', lambda x: d(x) * tf.cast(tf.equal(tf.argmax(x, 1), 2), tf.float32)[:, tf.newaxis]),
    'is the largest': ('Equal', lambda x: d(x, 5) * tf.cast(tf.equal(x, row(x)), tf.float32)),
    'indices of the largest': ('TopKV2', lambda x: d(x) + tf.gather(table(5), tf.nn.top_k(x, 1)[1][:, 0])),
    'permutation': ('TopKV2', lambda x: tf.batch_gather(d(x, 5), tf.argsort(x))),
    'unpooling': ('MaxPoolWithArgmax', lambda x: (lambda pooled: tf.scatter_nd(
        tf.reshape(pooled[1], [-1, 1]), tf.reshape(pooled[0], [-1]), tf.constant([99], tf.int64))[tf.newaxis])(
            tf.nn.max_pool_with_argmax(tf.reshape(x, [1, -1, 5, 1]), [1, 1, 2, 1], [1, 1, 2, 1], 'VALID'))),
    'unique': ('Unique', lambda x: d(x) * tf.cast(tf.unique(x[:, 0])[1], tf.float32)[:, tf.newaxis]),
    'boxes': ('NonMaxSuppressionV3', lambda x: d(tf.gather(d(x), tf.image.non_max_suppression(
        tf.abs(d(x)), x[:, 0], 3)))),
    'round beside': ('Round', lambda x: x + tf.round(x)),
    'fraction': ('Floor', lambda x: d(x - tf.floor(x))),
    'remainder': ('FloorMod', lambda x: d(x % 1.)),
    'whole part': ('FloorDiv', lambda x: x + x // 2.),
    'straight through': ('StopGradient', lambda x: d(x + tf.stop_gradient(tf.round(x) - x))),
    'straight through, otherwise': ('Round', lambda x: d(x - tf.stop_gradient(x) + tf.round(x))),
    'stopped': ('StopGradient', lambda x: d(x) + d(tf.stop_gradient(d(x)))),
    'stopped norm': ('StopGradient', lambda x: x / tf.stop_gradient(tf.norm(x, axis=1, keepdims=True))),
    'stopped maximum of a tanh': ('StopGradient', lambda x: tf.tanh(x - tf.stop_gradient(row(x)))),
    'stopped maximum, not divided': ('StopGradient', lambda x: tf.exp(x - tf.stop_gradient(row(x)))),
    'stopped maximum, other axis': ('StopGradient', lambda x: (lambda e: e / tf.reduce_sum(e, 0, keepdims=True))(
        tf.exp(x - tf.stop_gradient(row(x))))),
    'stopped mean': ('StopGradient', lambda x: tf.square(x - tf.stop_gradient(tf.reduce_mean(x, 1, keepdims=True)))),
    'choice': ('Greater', lambda x: tf.where(x > 0, d(x, 5), d(x, 5))),
    'choice by the sum': ('GreaterEqual', lambda x: tf.where(tf.tile(tf.reduce_sum(x, 1, keepdims=True) >= 0, [1, 5]),
                                                             x, 2 * x)),
    'mask': ('Greater', lambda x: d(x) + d(tf.cast(x > .5, tf.float32))),
    'mask that is added': ('Greater', lambda x: x + tf.cast(x > .5, tf.float32)),
    'mask of others': ('LessEqual', lambda x: d(x, 5) * tf.cast(tf.logical_and(x <= .5, x > 0), tf.float32)),
    'mask of constants': ('Less', lambda x: d(x) + d(tf.where(x < 0, tf.ones_like(x), 2 * tf.ones_like(x)))),
    'count': ('Greater', lambda x: tf.reduce_sum(x * tf.cast(x > 0, tf.float32), 1, keepdims=True) / tf.reduce_sum(
        1 + tf.cast(x > 0, tf.float32), 1, keepdims=True)),
    'chosen rows': ('Greater', lambda x: d(x) + tf.reduce_sum(tf.boolean_mask(d(x), x[:, 0] > .5), 0, keepdims=True)),
    'parts': ('Greater', lambda x: tf.dynamic_partition(d(x), tf.cast(x[:, 0] > 0, tf.int32), 2)[0]),
    'sign': ('Sign', lambda x: d(x) + d(tf.sign(x))),
    'strings': ('AsString', lambda x: d(x) + tf.gather(table(7), tf.string_to_hash_bucket_fast(
        tf.as_string(x[:, 0]), 7))),
    'function of Python': ('PyFunc', lambda x: x + tf.reshape(tf.py_func(lambda a: a * 2, [x], tf.float32), [-1, 5])),
    'hash table': ('Cast', lambda x: d(x) + tf.gather(table(5), tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(tf.constant([0, 1], tf.int64), tf.constant([1, 2], tf.int64)), 0).lookup(
            tf.cast(x[:, 0], tf.int64)))),
    'draw': ('Multinomial', lambda x: d(x) + tf.gather(table(5), tf.random.categorical(x, 1)[:, 0])),
}


@tf.custom_gradient
def rounded(x):
    return tf.round(x), lambda grad: grad


def overridden(x):
    with tf.get_default_graph().gradient_override_map({'Round': 'Identity'}):
        return tf.round(x)


def exponentials(x):
    return tf.exp(x - tf.stop_gradient(row(x)))


def shifted(x):
    return x - tf.stop_gradient(tf.reduce_max(x, -1, keepdims=True))


def masked_softmax(x):
    e = tf.exp(tf.where(tf.tile(tf.sequence_mask([3], 5), [tf.shape(x)[0], 1]), shifted(x), tf.fill(tf.shape(x), -1e9)))
    return e / (tf.reduce_sum(e, 1, keepdims=True) + 1e-7)


def sparsemax(x, sort=lambda x: tf.nn.top_k(x, 5)[0]):
    ordered = sort(x)
    steps = tf.range(1, 6, dtype=tf.float32)
    support = 1 + steps * ordered > tf.cumsum(ordered, 1)
    size = tf.reduce_sum(tf.cast(support, tf.float32), 1, keepdims=True)
    total = tf.reduce_sum(tf.where(support, ordered, tf.zeros_like(ordered)), 1, keepdims=True)
    return tf.maximum(x - (total - 1) / size, 0)


def normalised(x):
    mean, variance = tf.nn.moments(x, [1], keep_dims=True)
    return (x - mean) * tf.rsqrt(variance + 1e-3)


def checked(x):
    with tf.control_dependencies([tf.debugging.assert_greater(x, -1e9), tf.debugging.assert_all_finite(x, 'no')]):
        return tf.identity(d(x))


def lengths(x):
    """A usual way to find out how long padded sequences are."""
    steps = tf.reshape(x, [-1, 5, 1])
    used = tf.cast(tf.reduce_sum(tf.sign(tf.reduce_max(tf.abs(steps), 2)), 1), tf.int32)
    return d(x, 5) * tf.sequence_mask(used, 5, tf.float32)


def phased(x):
    phase = tf.placeholder_with_default(False, [], name='keras_learning_phase')
    return tf.cond(phase, lambda: tf.round(x) * d(x, 5), lambda: d(x, 5)) * tf.cond(
        tf.logical_and(phase, tf.reduce_sum(x) > 0), lambda: tf.constant(2.), lambda: tf.constant(1.))


def attention(x):
    real = tf.cast(tf.not_equal(x, 0), tf.float32)
    scores = tf.matmul(x, x, transpose_b=True) + (1 - tf.transpose(real)[:1]) * -1e9
    return tf.matmul(tf.nn.softmax(scores), x)


ORDINARY = {
    'relu': lambda x: tf.where(x > 0, x, tf.zeros_like(x)),
    'relu the other way': lambda x: tf.where(0. >= x, 0 * x, x),
    'threshold': lambda x: x * tf.cast(x > .3, tf.float32),
    'leaky': lambda x: d(tf.where(x > 0, x, .1 * x)),
    'masks that add up': lambda x: x * tf.cast(x > 0, tf.float32) + .1 * x * (1 - tf.cast(x > 0, tf.float32)),
    'band': lambda x: x * tf.cast(tf.logical_and(x > -1, tf.logical_not(x > 1)), tf.float32),
    'elu': lambda x: tf.where(x > 0, x, tf.exp(x) - 1),
    'clipped': lambda x: tf.where(x > 1, tf.ones_like(x), tf.where(x < -1, -tf.ones_like(x), x)),
    'clipped by sign': lambda x: tf.where(tf.abs(x) > 1, tf.sign(x), x),
    'soft shrink': lambda x: tf.sign(x) * tf.nn.relu(tf.abs(x) - .5),
    'soft shrink by where': lambda x: tf.where(x > .5, x - .5, tf.where(x < -.5, x + .5, tf.zeros_like(x))),
    'soft shrink by sign and where': lambda x: tf.where(tf.abs(x) > .5, x - .5 * tf.sign(x), tf.zeros_like(x)),
    'soft shrink by sign and step': lambda x: (x - .5 * tf.sign(x)) * tf.cast(tf.abs(x) > .5, tf.float32),
    'absolute': lambda x: x * tf.sign(x),
    'huber': lambda x: tf.where(tf.abs(x) < 1, .5 * x * x, tf.abs(x) - .5),
    'in a loop': lambda x: tf.map_fn(lambda one: tf.where(one > 0, one, .1 * one), x),
    'in a function': in_function(lambda x: tf.where(x > 0, x, .1 * x)),
    'sparsemax': sparsemax,
    'sparsemax by sort': lambda x: sparsemax(x, lambda x: -tf.sort(-x)),
    'softmax': lambda x: (lambda e: e / tf.reduce_sum(e, 1, keepdims=True))(exponentials(x)),
    'softmax, written twice': lambda x: exponentials(x) / tf.reduce_sum(exponentials(x), 1, keepdims=True),
    'softmax of parts': lambda x: tf.matmul(exponentials(x), tf.ones([5, 3])) * tf.reciprocal(
        tf.reduce_sum(exponentials(x), 1, keepdims=True)),
    'softmax, warm': lambda x: (lambda e: e / tf.reduce_sum(e, -1, keepdims=True))(tf.exp(shifted(x) / 2.)),
    'softmax, masked': masked_softmax,
    'log softmax': lambda x: shifted(x) - tf.log(tf.reduce_sum(tf.exp(shifted(x)), 1, keepdims=True)),
    'logsumexp': lambda x: tf.reduce_logsumexp(x, 1, keepdims=True),
    'logsumexp by hand': lambda x: tf.stop_gradient(row(x)) + tf.log(
        tf.reduce_sum(exponentials(x), 1, keepdims=True)),
    'moments': normalised,
    'normalised': lambda x: tf.nn.l2_normalize(x, 1) + x / tf.math.reduce_std(x, 1, keepdims=True),
    'clipped norm': lambda x: tf.clip_by_norm(x, 1., 1) + tf.clip_by_value(x, 0., 1.),
    'largest': lambda x: tf.nn.top_k(x, 2)[0] + tf.sort(x)[:, :2] + row(x),
    'pooling': lambda x: tf.nn.max_pool_with_argmax(tf.reshape(x, [-1, 1, 5, 1]), [1, 1, 2, 1], [1, 1, 2, 1],
                                                    'VALID')[0],
    'attention': attention,
    'padding': lambda x: x / tf.where(tf.equal(x, 0), tf.ones_like(x), x) * tf.cast(tf.cast(x, tf.bool), tf.float32),
    'lengths': lengths,
    'not finite': lambda x: tf.where(tf.is_nan(x), tf.zeros_like(x), tf.where(tf.is_finite(d(x, 5)), x, 2 * x)),
    'checked': checked,
    'shapes': lambda x: d(x) * tf.cond(tf.shape(x)[0] > 5, lambda: 1., lambda: 2.),
    'times nothing': lambda x: d(x, 5) + 0 * tf.round(x),
    'custom gradient': lambda x: d(rounded(d(x))),
    'custom gradient at T': rounded,
    'gradient by another name': lambda x: d(overridden(d(x))),
    'quantised': lambda x: tf.fake_quant_with_min_max_vars(x, -1., 1.),
    'swish': lambda x: d(tf.nn.swish(d(x))),
    'training alone': phased,
    'dropout': lambda x: tf.nn.dropout(x, rate=.5),
}


@pytest.mark.parametrize('name', sorted(WAYS))
def test_ways(session, name):
    X = tf.placeholder(tf.float32, [None, 5])
    op_type, build = WAYS[name]
    assert op_type in [found for found, _ in find_ways([X], build(X))]


@pytest.mark.parametrize('name', sorted(ORDINARY))
def test_ordinary_models_have_none(session, name):
    X = tf.placeholder(tf.float32, [None, 5])
    assert find_ways([X], ORDINARY[name](X)) == []


@pytest.mark.parametrize('build', zoo.MODELS, ids=lambda build: build.__name__)
def test_the_golden_models_have_none(session, build):
    model = build(tf)
    X = model['X'] if isinstance(model['X'], list) else [model['X']]
    assert find_ways(X, model['T']) == []


def test_unknown_shapes_and_several_inputs(session):
    X, Z = tf.placeholder(tf.float32), tf.placeholder(tf.float16, [None, None])
    T = tf.where(X > 0, X, .1 * X) + tf.reduce_sum(tf.cast(tf.where(Z > 1, Z, tf.zeros_like(Z)), tf.float32))
    assert find_ways([X, Z], T) == []
    T += tf.cast(tf.floor(tf.reduce_sum(Z), name='steps'), tf.float32)
    assert find_ways([X, Z], T) == [('Floor', 'steps')]
    # What does not hang on X is nobody's business.
    assert find_ways([X], T) == []


def test_an_inner_X_begins_where_it_is(session):
    X = tf.placeholder(tf.float32, [None, 5])
    inner = tf.round(X) + X
    assert find_ways([inner], d(tf.tanh(inner))) == []


QUIET = ['zero', 'occlusion', 'shapley_sampling', 'feature_ablation', 'kernel_shap', 'lime', 'rise', 'sobol', 'hsic',
         'permutation', 'input', 'random']

METHODS = ['gradient', 'grad*input', 'intgrad', 'expected_gradients', 'elrp', 'deeplift', 'deeplift.reveal_cancel',
           'guided_backprop', 'deconvnet', 'lrp.z', 'deep_taylor', 'pattern.net', 'vargrad']


def test_one_warning_at_the_callers_line_by_gradient_methods_alone(session):
    X = tf.placeholder(tf.float32, [None, 5])
    _, T = mlp(tf.nn.relu, RNG, X=X)
    T += dense(tf.stop_gradient(X, name='stop'), RNG, 3)
    initialise(session)
    xs = RNG.randn(2, 5)
    # What is given noise warns as it does without.
    assert [name for name, one in attribution_methods.items()
            if not one.differentiates and 'of' not in one.options() and name not in MAPS] == QUIET
    tunnels = [(noise_tunnel('intgrad', samples=2), 1), (noise_tunnel('occlusion', samples=2), 0)]
    for method, count in [(name, 1) for name in METHODS] + [(name, 0) for name in QUIET] + tunnels:
        with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter('always')
            explainer = de.get_explainer(method, T, X, **(REQUIRED.get(method, {}) if isinstance(method, str) else {}))
            explainer.run(xs)
        seen = [one for one in seen if issubclass(one.category, UserWarning)]
        assert [str(one.message) for one in seen] == count * [
            'X also reaches T by a way without gradient: through StopGradient (stop): what goes that way is not '
            'attributed; occlusion and shapley_sampling see it.'], method
        assert all(one.filename == __file__ for one in seen)


def test_a_custom_gradient_of_which_a_gradient_was_built_before(session):
    X = tf.placeholder(tf.float32, [None, 5])
    T = 2 * rounded(X)
    assert find_ways([X], T) == []
    tf.gradients(T, X)
    with session.graph.as_default():
        # As gradients do, which start at every output.
        tf.zeros_like(T.op.inputs[1].op.outputs[1])
    assert find_ways([X], T) == []
