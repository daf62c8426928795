"""T that is random or hangs on the batch: one warning, and none where what is fed switches it off."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import REQUIRED, dense, initialise, mlp

from deepexplain.tensorflow import DeepExplain, attribution_methods

RNG = np.random.RandomState(0)
WEIGHTS = RNG.randn(5, 4).astype(np.float32)


def d(x, size=4):
    return dense(x, RNG, size)


def number(name='rate', dtype=tf.float32, shape=()):
    return tf.placeholder(dtype, shape, name=name)


def flag(name='is_training'):
    return tf.placeholder(tf.bool, name=name)


def normalised(h, mean, variance):
    return tf.nn.batch_normalization(h, mean, variance, None, None, 1e-3)


def fused(x, training):
    h, ones = tf.reshape(d(x, 8), [-1, 2, 2, 2]), tf.ones([2])
    given = {} if training else dict(mean=ones, variance=ones)
    return tf.nn.fused_batch_norm(h, ones, ones, is_training=training, **given)[0]


def moments(x, axes, keepdims=False):
    h = d(x)
    return normalised(h, *tf.nn.moments(h, axes, keep_dims=keepdims))


def by_hand(x):
    h = d(x)
    mean = tf.reduce_mean(h, 0)
    return (h - mean) / tf.sqrt(tf.reduce_mean(h * h, 0) - mean ** 2)


def in_function(body):
    return lambda x: tf.function(body, autograph=False)(x)


#: The op that is named, and T of X.
CERTAIN = {
    'dropout': ('RandomUniform', lambda x: d(tf.nn.dropout(x, rate=.5))),
    'dropout in a function': ('RandomUniform', in_function(lambda x: tf.nn.dropout(x, rate=.5))),
    'noise in a loop': ('RandomStandardNormal', lambda x: tf.map_fn(lambda one: one + tf.random_normal([5]), x)),
    'layer for training': ('RandomUniform', lambda x: tf.keras.layers.Dropout(.5)(x, training=True)),
    'noise layer for training': ('RandomStandardNormal', lambda x: tf.keras.layers.GaussianNoise(.5)(x, training=True)),
    'latent': ('RandomStandardNormal', lambda x: d(x) + tf.exp(d(x)) * tf.random_normal([4])),
    'truncated': ('TruncatedNormal', lambda x: x + tf.truncated_normal(tf.shape(x))),
    'drawn': ('Multinomial', lambda x: d(x) + tf.cast(tf.random.categorical(d(x), 1), tf.float32)),
    'counts': ('RandomPoissonV2', lambda x: x + tf.random.poisson([1., 2, 3, 4, 5], [])),
    'shuffled': ('RandomShuffle', lambda x: tf.random.shuffle(tf.constant([1., 2, 3, 4, 5])) * x),
    'windows': ('FractionalMaxPool', lambda x: tf.nn.fractional_max_pool(
        tf.reshape(d(x, 32), [-1, 4, 4, 2]), [1, 1.4, 1.4, 1])[0]),
    'statistics': ('FusedBatchNorm', lambda x: fused(x, True)),
    'statistics, written out': ('Mean', lambda x: moments(x, [0])),
    'statistics, by hand': ('Mean', by_hand),
    'statistics by powers': ('Mean', lambda x: (x - tf.reduce_mean(x, 0)) * (1e-3 + tf.reduce_mean(
        (x - tf.reduce_mean(x, 0)) ** 2, 0)) ** -.5),
    'statistics written out in a function': ('Mean', in_function(lambda x: normalised(x, *tf.nn.moments(x, [0])))),
    'deviation': ('Mean', lambda x: x / tf.math.reduce_std(x, 0)),
    'layer with statistics': ('Mean', lambda x: tf.keras.layers.BatchNormalization()(x, training=True)),
}

ORDINARY = {
    'weights': lambda x: d(x) + tf.Variable(tf.random_normal([4])),
    'dropout of nothing': lambda x: d(tf.nn.dropout(x, rate=tf.constant(0.))),
    'layers': lambda x: tf.keras.layers.Dropout(.5)(tf.keras.layers.BatchNormalization()(
        tf.keras.layers.GaussianNoise(.5)(x))),
    'picture': lambda x: tf.keras.layers.BatchNormalization()(tf.reshape(d(x, 8), [-1, 2, 2, 2])),
    'recurrent': lambda x: tf.keras.layers.LSTM(2, dropout=.3, recurrent_dropout=.3)(x[:, :, tf.newaxis]),
    'learned statistics': lambda x: fused(x, False),
    'layer normalisation': lambda x: moments(x, [1], True),
    'instance normalisation': lambda x: (lambda h: normalised(h, *tf.nn.moments(h, [1, 2], keep_dims=True)))(
        tf.reshape(d(x, 8), [-1, 2, 2, 2])),
    'fused layer normalisation': lambda x: tf.reshape(tf.nn.fused_batch_norm(
        tf.reshape(x, [1, -1, 5, 1]), tf.ones([1]), tf.ones([1]))[0], [-1, 5]),
    'weights that are normalised': lambda x: tf.matmul(x, (lambda w: normalised(w, *tf.nn.moments(w, [0])))(
        tf.Variable(WEIGHTS))),
    'a size at the end': lambda x: tf.tile(tf.sqrt(tf.reduce_mean(tf.square(x), 0, keepdims=True)),
                                           [tf.shape(x)[0], 1]),
    'sequences': lambda x: tf.map_fn(lambda one: normalised(one, *tf.nn.moments(one, [0])), x[:, :, tf.newaxis]),
    'a seed of its own': lambda x: x + tf.random.stateless_normal([5], [1, 2]),
    'times nothing': lambda x: x + 0. * tf.random_normal([5]),
    'asks for the shape': lambda x: x * tf.cast(tf.shape(tf.random_normal([3]))[0], tf.float32),
    'before X': None,
    'function of Python': lambda x: x + tf.stop_gradient(tf.reshape(tf.py_func(lambda a: a, [x], tf.float32), [-1, 5])),
}


#: T of X and of what is fed; what switches chance off, and what does not.
FED = {
    'keep_prob': (lambda x, keep: d(tf.nn.dropout(d(x), keep_prob=keep)), number, 1, .5),
    'keep_prob of any shape': (lambda x, keep: d(tf.nn.dropout(d(x), keep_prob=keep)), lambda: number(shape=None),
                               1, .5),
    'rate': (lambda x, rate: d(tf.nn.dropout(d(x), rate=rate)), number, 0, .5),
    'by floor': (lambda x, keep: x / keep * tf.floor(keep + tf.random_uniform(tf.shape(x))), number, 1, .9),
    'by where': (lambda x, keep: tf.where(tf.random_uniform(tf.shape(x)) < keep, x, tf.zeros_like(x)), number, 1, .9),
    'noise': (lambda x, size: x + size * tf.random_normal(tf.shape(x)), number, 0, 1),
    'branch': (lambda x, training: tf.cond(training, lambda: tf.nn.dropout(x, rate=.5), lambda: x), flag, False, True),
    'branch of constants': (lambda x, training: x * tf.cond(training, lambda: 2 * tf.random_normal([5]),
                                                            lambda: tf.ones([5])), flag, False, True),
    'branch in a function': (lambda x, training: tf.function(lambda x, training: tf.cond(
        training, lambda: x + tf.random_normal([5]), lambda: x), autograph=False)(x, training), flag, False, True),
    'choice': (lambda x, training: tf.where_v2(training, tf.nn.dropout(x, rate=.5), x),
               lambda: number(dtype=tf.bool), False, True),
    'statistics': (lambda x, training: tf.cond(training, lambda: fused(x, True), lambda: fused(x, False)), flag,
                   False, True),
    'statistics, written out': (lambda x, training: normalised(x, *tf.cond(
        training, lambda: tf.nn.moments(x, [0]), lambda: (tf.ones([5]), tf.ones([5])))), flag, False, True),
    'statistics in a function': (lambda x, training: tf.function(lambda h, training: tf.cond(
        training, lambda: tf.nn.fused_batch_norm(h, tf.ones([2]), tf.ones([2]))[0], lambda: h), autograph=False)(
            tf.reshape(d(x, 8), [-1, 2, 2, 2]), training), flag, False, True),
    'phase': (lambda x, phase: tf.cond(phase, lambda: tf.nn.dropout(x, rate=.5), lambda: x),
              lambda: tf.placeholder_with_default(False, [], name='keras_learning_phase'), None, True),
    'default': (lambda x, keep: d(tf.nn.dropout(d(x), keep_prob=keep)),
                lambda: tf.placeholder_with_default(1., [], name='keep'), None, .5),
}


def seen_of(session, T, X, feed=None, method='occlusion', **options):
    """The warnings of building, and with those of two runs."""
    initialise(session)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        explainer = de.get_explainer(method, T, X, **options)
        built = len([one for one in seen if issubclass(one.category, UserWarning)])
        for _ in range(2):
            explainer.run(RNG.randn(3, 5), feed_dict=feed)
    seen = [one for one in seen if issubclass(one.category, UserWarning)]
    assert all(one.filename == __file__ for one in seen)
    return built, [str(one.message) for one in seen]


@pytest.mark.parametrize('name', sorted(CERTAIN))
def test_what_nothing_switches_off_is_said_at_building(session, name):
    op_type, build = CERTAIN[name]
    X = tf.placeholder(tf.float32, [None, 5])
    built, seen = seen_of(session, build(X), X)
    assert built == len(seen) == 1 and op_type in seen[0]
    assert ('is random' in seen[0]) == (op_type not in ('FusedBatchNorm', 'Mean'))
    assert 'at inference' in seen[0]


@pytest.mark.parametrize('name', sorted(ORDINARY))
def test_ordinary_models_are_certain(session, name):
    X = tf.placeholder(tf.float32, [None, 5])
    inner = tf.nn.dropout(X, rate=.5)
    T = tf.tanh(inner) if name == 'before X' else ORDINARY[name](X)
    _, seen = seen_of(session, T, inner if name == 'before X' else X)
    # That rows meet there is said, but not by what looks for normalisation.
    assert [one for one in seen if name != 'a size at the end' or 'keep the rows of X apart' not in one] == []


def test_rows_that_are_one_sample_have_statistics_of_their_own(session):
    X = tf.placeholder(tf.float32, [None, 5])
    assert seen_of(session, normalised(X, *tf.nn.moments(X, [0])), X, rows='together', method='gradient') == (0, [])


@pytest.mark.parametrize('name', sorted(FED))
def test_what_is_fed_decides(session, name, control_flow):
    build, placeholder, off, on = FED[name]
    X, fed = tf.placeholder(tf.float32, [None, 5]), placeholder()
    T = build(X, fed)
    assert seen_of(session, T, X, None if off is None else {fed: off}) == (0, [])
    built, seen = seen_of(session, T, X, {fed: on})
    assert built == 0 and len(seen) == 1 and fed.name in seen[0]


def test_off_first_and_on_later(session):
    X, rate = tf.placeholder(tf.float32, [None, 5]), number()
    T = tf.nn.dropout(X, rate=rate)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        explainer = de.get_explainer('gradient', T, X)
        counts = []
        for value in (0, 0, .5, .3, 0):
            explainer.run(RNG.randn(3, 5), feed_dict={rate: value})
            counts.append(len([one for one in seen if 'T is random' in str(one.message)]))
    assert counts == [0, 0, 1, 1, 1]


def test_what_is_drawn_may_be_fed(session):
    X, rate = tf.placeholder(tf.float32, [None, 5]), number()
    drawn = tf.random_normal([5])
    T = X + tf.nn.dropout(X, rate=rate) * drawn
    assert seen_of(session, T, X, {rate: 0, drawn: np.ones(5)}) == (0, [])
    assert 'RandomStandardNormal' in seen_of(session, T, X, {rate: 0})[1][0]


def test_every_method_that_evaluates_T_says_so(session):
    X, T = mlp(tf.nn.relu, RNG)
    T += tf.random_normal([3], name='noise')
    silent = ['zero', 'input', 'random']
    assert [name for name, one in attribution_methods.items() if not one.evaluates] == silent
    for method in silent + ['gradient', 'intgrad', 'expected_gradients', 'elrp', 'deeplift', 'guided_backprop', 'lrp.z',
                            'pattern.net', 'occlusion', 'shapley_sampling', 'smoothgrad']:
        seen = seen_of(session, T, X, method=method, **REQUIRED.get(method, {}))[1]
        assert len(seen) == (method not in silent), method
        assert all('T is random' in one and 'noise' in one for one in seen)
