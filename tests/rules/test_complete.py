"""`deeplift` with complete=True over a broad table of functions: attributions add up and stay in proportion, or it says
what they lack."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, per_sample

from deepexplain.tensorflow import DeepExplain

N = 6
WEIGHTS = np.random.RandomState(1).randn(N).astype(np.float32)


def explained(session, T, X, xs, **options):
    with DeepExplain(session=session) as de:
        return de.explain('deeplift', T, X, xs, complete=True, **options)


def moments(x, axes=(1,)):
    return tf.nn.moments(x, list(axes), keep_dims=True)


def kept(reduce, x, **options):
    return reduce(x, 1, keepdims=True, **options)


def length(x):
    return tf.norm(x, axis=1, keepdims=True)


def stopped_max(x):
    return tf.stop_gradient(kept(tf.reduce_max, x))


def softmax_by_hand(x, shift=0):
    e = tf.exp(x - shift)
    return e / kept(tf.reduce_sum, e)


def columns(function):
    """A function of the first axis, such as of segments, for the second."""
    return lambda x: tf.transpose(function(tf.transpose(x)))


def whole_normalisation(x):
    """As Keras 2 makes layer normalisation: the samples are the channels of one sample."""
    rows = tf.shape(x)[0]
    h = tf.reshape(tf.transpose(x), [1, N, 1, rows])
    return tf.transpose(tf.nn.fused_batch_norm(h, tf.ones([rows]), tf.zeros([rows]), epsilon=1e-3)[0][0, :, 0])


SUMS = {
    'log sum exp': lambda x: tf.reduce_logsumexp(x, 1),
    'log sum exp over two axes': lambda x: tf.reduce_logsumexp(tf.reshape(x, [-1, 2, 3]), [1, 2]),
    'log sum exp by hand': lambda x: tf.log(kept(tf.reduce_sum, tf.exp(x - stopped_max(x)))) + stopped_max(x),
    'log softmax': tf.nn.log_softmax,
    'log softmax by hand': lambda x: x - kept(tf.reduce_logsumexp, x),
    'softmax over another axis': lambda x: tf.nn.softmax(tf.reshape(x, [-1, 3, 2]), axis=1),
    'softmax by hand': softmax_by_hand,
    'softmax by hand, shifted': lambda x: softmax_by_hand(x, kept(tf.reduce_max, x)),
    'softmax by hand, stopped': lambda x: softmax_by_hand(x, stopped_max(x)),
    'softmax of log sum exp': lambda x: tf.exp(x - kept(tf.reduce_logsumexp, x)),
    'masked softmax': lambda x: tf.nn.softmax(tf.where(
        tf.logical_and(tf.ones_like(x, tf.bool), [[True] * 5 + [False]]), x, tf.fill(tf.shape(x), -np.inf))),
    'straight through': lambda x: x + tf.stop_gradient(tf.round(x) - x),
    'stopped gate': lambda x: x * tf.stop_gradient(tf.nn.sigmoid(x)),
    'largest': lambda x: tf.reduce_max(x, 1),
    'largest of all but one': lambda x: tf.nn.top_k(x, 1)[0],
    'smallest of two axes': lambda x: tf.reduce_min(tf.reshape(x, [-1, 2, 3]), [1, 2]),
    'product': lambda x: tf.reduce_prod(x, 1),
    'product over two axes': lambda x: tf.reduce_prod(tf.reshape(x, [-1, 2, 3, 1]), [-2, 1]),
    'product over one': lambda x: kept(tf.reduce_prod, tf.reshape(x, [-1, 2, 3])),
    'norm': lambda x: tf.norm(x, axis=1),
    'norm of absolutes': lambda x: tf.norm(x, ord=1, axis=1),
    'euclidean norm': lambda x: kept(tf.math.reduce_euclidean_norm, x),
    'deviation': lambda x: tf.math.reduce_std(x, 1),
    'largest of segments': columns(lambda x: tf.math.segment_max(x, [0, 0, 1, 1, 1, 2])),
    'smallest of segments': columns(lambda x: tf.math.unsorted_segment_min(x, [0, 2, 1, 1, 0, 2], 3)),
    'max pooling with places': lambda x: tf.nn.max_pool_with_argmax(
        tf.reshape(x, [-1, 2, 3, 1]), [1, 2, 2, 1], [1, 1, 1, 1], 'VALID')[0],
    'distance': lambda x: tf.sqrt(tf.reduce_sum(tf.squared_difference(x[:, :3], x[:, 3:]), 1)),
    'roots': lambda x: tf.pow(tf.abs(x), .5),
    'x log x': lambda x: tf.math.xlogy(tf.abs(x), tf.abs(x)),
    'a log b': lambda x: tf.math.xlogy(tf.abs(x[:, :3]), .1 + tf.abs(x[:, 3:])),
    'entropy': lambda x: kept(tf.reduce_sum, tf.nn.softmax(x) * tf.nn.log_softmax(x)),
    'quotient or 0': lambda x: tf.div_no_nan(x[:, :3], x[:, 3:]),
    'steps': lambda x: tf.floor(x) + tf.sign(x),
    'arcs': lambda x: tf.asin(.9 * tf.tanh(x)) + tf.atanh(.9 * tf.tanh(x)) + tf.acosh(1.1 + tf.abs(x)),
    'complex product': lambda x: tf.real(tf.complex(x[:, :3], x[:, 3:]) * tf.complex(x[:, 3:], x[:, :3] * x[:, 3:])),
    'unit': lambda x: tf.nn.l2_normalize(x, 1),
    'unit, by the norm': lambda x: x / tf.maximum(length(x), 1e-12),
    'unit, by the norm or 0': lambda x: tf.div_no_nan(x, length(x)),
    'unit, limited inverse': lambda x: x * tf.minimum(tf.rsqrt(kept(tf.reduce_sum, x * x)), 1e12),
    'by the sum': lambda x: tf.abs(x) / (1e-6 + kept(tf.reduce_sum, tf.abs(x))),
    'by the range': lambda x: (x - kept(tf.reduce_min, x)) / (
        1e-6 + kept(tf.reduce_max, x) - kept(tf.reduce_min, x)),
    'root mean square': lambda x: x * tf.rsqrt(kept(tf.reduce_mean, tf.square(x)) + 1e-6) * WEIGHTS,
    'root mean square, by a power': lambda x: x * tf.pow(kept(tf.reduce_mean, tf.square(x)) + 1e-6, -.5),
    'root mean square, by its inverse': lambda x: x * (WEIGHTS / tf.sqrt(kept(tf.reduce_mean, x * x) + 1e-6)),
    'layer': lambda x: tf.nn.batch_normalization(x, *moments(x), offset=WEIGHTS, scale=WEIGHTS, variance_epsilon=1e-3),
    'layer, tiny epsilon': lambda x: (x - moments(x)[0]) * tf.rsqrt(moments(x)[1] + 1e-12),
    'layer, by the deviation': lambda x: (x - moments(x)[0]) / (tf.sqrt(moments(x)[1]) + 1e-7),
    'layer, whole': whole_normalisation,
    'instances': lambda x: tf.nn.batch_normalization(
        tf.reshape(x, [-1, 3, 2]), *moments(tf.reshape(x, [-1, 3, 2])), offset=None, scale=None, variance_epsilon=1e-5),
    'cosine': lambda x: kept(tf.reduce_sum, tf.nn.l2_normalize(x[:, :3], 1) * tf.nn.l2_normalize(x[:, 3:], 1)),
}


def test_attributions_add_up_and_stay_in_proportion(session, rng):
    X = tf.placeholder(tf.float32, [None, N])
    xs = rng.randn(5, N).astype(np.float32)
    names = np.array(sorted(SUMS))
    parts = [SUMS[name](X) for name in names]
    widths = [value.size // 5 for value in session.run(parts, {X: xs})]
    T = tf.concat([tf.reshape(part, [-1, width]) * WEIGHTS[:width] for part, width in zip(parts, widths)], 1)
    # Each function by itself: all samples once for each, and weights of 1 for its units.
    owners = np.repeat(np.arange(len(names)), widths)
    ys = np.repeat(np.equal(owners, np.arange(len(names))[:, None]), 5, 0).astype(float)
    many = np.tile(xs, [len(names), 1])
    # At equal values T is no more exact than this itself where hardly anything is added to the variance.
    rough = np.array(['tiny' in name or 'deviation' in name for name in names])
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        explainer = de.get_explainer('deeplift', T, X, complete=True)
        for baseline in (np.zeros(N), rng.randn(N), np.full(N, .5), xs[0] * (1 + 1e-6)):
            got = explainer.run(many, ys, baseline=baseline, batch_size=1000)
            change = per_sample((session.run(T, {X: many}) - session.run(T, {X: [baseline]})) * ys)
            lost = np.abs(per_sample(got) - change).reshape(-1, 5).max(1)
            scale = np.maximum(np.abs(change).reshape(-1, 5).max(1), .1)
            tolerance = np.where(rough & (np.ptp(baseline) == 0), 3e-2, 2e-5)
            assert not list(names[~(lost <= tolerance * scale)])
            assert not list(names[~(np.abs(got).reshape(-1, 5 * N).max(1) <= 20 * scale)])


LACKING = {
    'Cumprod': lambda x: tf.math.cumprod(x, 1),
    'TopKV2': lambda x: tf.nn.top_k(x, 2)[0],
    'Pow': lambda x: tf.pow(tf.abs(x[:, :3]) + .1, x[:, 3:]),
    'Atan2': lambda x: tf.atan2(x[:, :3], x[:, 3:]),
    'LRN': lambda x: tf.nn.lrn(tf.reshape(x, [-1, 1, 1, N])),
    'UnsortedSegmentProd': columns(lambda x: tf.math.unsorted_segment_prod(x, [0, 2, 1, 1, 0, 2], 3)),
    'FusedBatchNorm': lambda x: tf.nn.fused_batch_norm(tf.reshape(x, [-1, 1, 1, N]), tf.ones(N), tf.ones(N))[0],
}


@pytest.mark.parametrize('name', sorted(LACKING))
def test_what_has_no_rule_is_named(session, name):
    X = tf.placeholder(tf.float32, [None, N])
    T = LACKING[name](tf.stop_gradient(X) + X)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        de.get_explainer('deeplift', T, X, complete=True)
    said, = [str(one.message) for one in caught if 'unsupported activation' in str(one.message)]
    assert 'unsupported activation on the path from X to T: %s' % name in said
    # By the name that the user knows, though what is stopped makes it a copy of the path.
    assert 'path/' not in said


@pytest.mark.parametrize('name,function', [
    ('RealDiv', lambda x: x / length(x)), ('Log', lambda x: x * tf.log(tf.abs(x))),
    ('RealDiv', lambda x: 1 / x)])
def test_what_is_not_finite_is_named(session, rng, name, function):
    X = tf.placeholder(tf.float32, [None, N])
    T = function(2 * X) + X
    xs = rng.randn(3, N)
    with pytest.warns(UserWarning, match=r'What .* \(%s\) puts out at the baseline is no finite number' % name):
        explained(session, T, X, xs)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        got = explained(session, T, X, xs, baseline=.5)
    change = session.run(T, {X: xs}) - session.run(T, {X: np.full([1, N], .5)})
    close(per_sample(got), per_sample(change), 1e-4)


def test_a_choice_that_x_makes_is_named_as_a_way_without_gradient(session):
    X = tf.placeholder(tf.float32, [None, N])
    T = tf.where(X[:, :3] > 0, X[:, :3], X[:, 3:])
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match='without gradient: through Greater'):
        de.get_explainer('deeplift', T, X, complete=True)


UNITS = ['unit', 'unit, by the norm', 'unit, by the norm or 0', 'unit, limited inverse']


@pytest.mark.parametrize('name', UNITS)
def test_normalisation_by_hand(session, rng, name):
    """y = x / n: change(x) = mean(n) change(y) + mean(y) change(n), and n^2 the sum of squares."""
    X = tf.placeholder(tf.float64, [None, N])
    T = tf.reduce_sum(SUMS[name](X) * WEIGHTS, 1)
    xs = rng.randn(4, N)
    for r in (np.zeros(N), rng.randn(N)):
        got = explained(session, T, X, xs, baseline=r)
        for x, attributions in zip(xs, got):
            n, n_ref = np.linalg.norm(x), np.linalg.norm(r)
            y, y_ref = x / n, r / (n_ref or 1)
            if name == 'unit, by the norm or 0' and n_ref == 0:
                # 1 / n is taken to be 0 there.
                want = WEIGHTS * x / n / 2 + WEIGHTS.dot(x) / 2 / n * x ** 2 / n ** 2
            else:
                want = (2 * WEIGHTS - WEIGHTS.dot(y + y_ref) * (x + r) / (n + n_ref)) * (x - r) / (n + n_ref)
            close(attributions, want, 1e-6)


def test_layer_normalisation_is_the_same_in_all_spellings(session, rng):
    X = tf.placeholder(tf.float32, [None, N])
    spelled = [whole_normalisation(X), (X - moments(X)[0]) / tf.sqrt(moments(X)[1] + 1e-3),
               (X - moments(X)[0]) * tf.rsqrt(moments(X)[1] + 1e-3)]
    xs, baseline = rng.randn(4, N), rng.randn(N)
    for base in (0 * baseline, baseline):
        one, *others = [explained(session, T * WEIGHTS, X, xs, baseline=base) for T in spelled]
        for other in others:
            close(other, one, 1e-5)


def test_a_product_over_an_axis_by_hand(session, rng):
    X = tf.placeholder(tf.float64, [None, 3])
    (a, b, c), (r, s, t) = x, base = rng.randn(2, 3)
    got = explained(session, tf.reduce_prod(X, 1), X, [x], baseline=base)
    np.testing.assert_allclose(got, [[(a - r) * (s * t + b * c) / 2, (b - s) * (a * t + r * c) / 2,
                                      (c - t) * (a * b + r * s) / 2]], rtol=1e-12)


@pytest.mark.parametrize('by', ['max pooling', 'largest', 'larger', 'smaller'])
def test_what_wins_without_changing_passes_its_gradient(session, by):
    # The winner is 1 at both, while the features that make it change and cancel out.
    X = tf.placeholder(tf.float32, [None, 3])
    unit = tf.stack([X[:, 0] - X[:, 1] + 1, .25 * X[:, 2]], 1)
    T = {'largest': lambda: tf.reduce_max(unit, 1), 'larger': lambda: tf.maximum(unit[:, 0], unit[:, 1]),
         'smaller': lambda: -tf.minimum(-unit[:, 0], -unit[:, 1]),
         'max pooling': lambda: tf.nn.max_pool(unit[:, :, None, None], [1, 2, 1, 1], [1, 1, 1, 1], 'VALID')}[by]()
    np.testing.assert_allclose(explained(session, T, X, [[2., 2, 1]]), [[2, -2, 0]], rtol=1e-6)


def test_softmax_of_near_numbers(session):
    X = tf.placeholder(tf.float32, [None, 4])
    T = tf.nn.softmax(X[:, :2] + X[:, 2:3] - X[:, 3:]) * [1., 0]
    x = np.array([[.3, -.2, 1, 1]])
    for near in (0, 1e-7, 1e-5, 1e-3):
        base = np.array([.3 - near, -.2, 0, 0])
        got = explained(session, T, X, x, baseline=base)
        p = 1 / (1 + np.exp(-.5))
        # What is added to all changes nothing.
        np.testing.assert_allclose(got[0, 2:] / (p * (1 - p)), [0, 0], atol=2e-3)
    got = explained(session, tf.log(tf.nn.softmax(X))[:, 0], X, x, baseline=x * (1 + 1e-5))
    np.testing.assert_allclose(got[0], 1e-5 * -x[0] * (np.eye(4)[0] - np.exp(x[0]) / np.exp(x).sum()), rtol=2e-2)


def test_stopped_branches_are_shared_in_complete_deeplift_alone(session):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.stop_gradient(X[:, :1]) * X[:, 1:]
    np.testing.assert_allclose(explained(session, T, X, [[3., 4]]), [[6, 6]])
    with DeepExplain(session=session) as de:
        np.testing.assert_allclose(de.explain('deeplift', T, X, [[3., 4]]), [[0, 12]])
