"""Each method against numbers worked out by hand and against slow replicas of its formula."""
import itertools
import math
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, close, dense, initialise, mlp, per_sample, weights

from deepexplain.tensorflow import DeepExplain, attribution_methods


@pytest.fixture
def by_hand(session):
    """T = [relu(x0 - x1), x0 * x1] of two features."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.stack([tf.nn.relu(X[:, 0] - X[:, 1]), X[:, 0] * X[:, 1]], 1)
    return X, T


FIRST, SECOND = [[1, 0]], [[0, 1]]


@pytest.mark.parametrize('method,xs,ys,want', [
    ('zero', [3, 1], None, [0, 0]),
    ('saliency', [3, 1], FIRST, [1, 1]),
    ('saliency', [3, 1], SECOND, [1, 3]),
    ('saliency', [3, 1], None, [2, 2]),          # |1 + 1|, |-1 + 3|
    ('saliency', [3, 1], [[2, -1]], [1, 5]),     # |2 - 1|, |-2 - 3|
    ('gradient', [3, 1], FIRST, [1, -1]),
    ('gradient', [3, 1], [[2, -1]], [1, -5]),    # 2 - 1, -2 - 3
    ('grad*input', [3, 1], FIRST, [3, -1]),
    ('grad*input', [1, 3], FIRST, [0, 0]),
    ('grad*input', [3, 2], SECOND, [6, 6]),
    ('intgrad', [3, 1], FIRST, [3, -1]),
    ('elrp', [3, 1], FIRST, [3, -1]),
    ('deeplift', [3, 1], FIRST, [3, -1]),
    ('occlusion', [3, 1], FIRST, [2, -1]),       # 2 - relu(-1), 2 - 3
    ('occlusion', [3, 2], SECOND, [6, 6]),
])
def test_by_hand(session, by_hand, method, xs, ys, want):
    X, T = by_hand
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore', UserWarning)
        close(de.explain(method, T, X, [xs], ys), [want], 1e-4)


def test_intgrad_by_hand(session, by_hand):
    # The gradient of x0 * x1 along a * (3, 2) is a * (2, 3); right sums over four steps average a to 5/8.
    X, T = by_hand
    with DeepExplain(session=session) as de:
        close(de.explain('intgrad', T, X, [[3, 2]], SECOND, steps=4), [[3 * 2 * 5 / 8] * 2], 1e-5)
        # From (1, 0): the points are (1 + 2a, 2a), the gradient averages to (2 * 5/8, 1 + 2 * 5/8).
        close(de.explain('intgrad', T, X, [[3, 2]], SECOND, steps=4, baseline=[1, 0]), [[2.5, 4.5]], 1e-5)


def test_deeplift_by_hand(session):
    # relu goes from -1 at the baseline (0) to 2: the multiplier is (2 - 0) / (2 - -1).
    X = tf.placeholder(tf.float32, [None, 1])
    with DeepExplain(session=session) as de:
        close(de.explain('deeplift', tf.nn.relu(3 * X - 1), X, [[1]]), [[2]], 1e-6)
        close(de.explain('deeplift', tf.nn.relu(3 * X - 1), X, [[1]], baseline=2), [[-3]], 1e-6)


def slow_intgrad(gradient, xs, baseline, steps):
    points = [baseline + (xs - baseline) * step / steps for step in range(1, steps + 1)]
    return (xs - baseline) * np.mean([gradient(point) for point in points], 0)


def slow_occlusion(f, xs, window, step):
    total, size = np.zeros(xs.shape), np.zeros(xs.shape)
    places = [range(0, extent - width + 1, by) for extent, width, by in zip(xs.shape[1:], window, step)]
    for place in itertools.product(*places):
        part = (slice(None),) + tuple(slice(at, at + width) for at, width in zip(place, window))
        occluded = xs.copy()
        occluded[part] = 0
        total[part] += (f(xs) - f(occluded)).reshape((-1,) + (1,) * (xs.ndim - 1))
        size[part] += np.prod(window)
    with np.errstate(invalid='ignore'):
        return total / size


def slow_shapley(f, xs, samples, seed):
    np.random.seed(seed)
    flat = xs.reshape(len(xs), -1)
    result = np.zeros(flat.shape)
    for _ in range(samples):
        point = flat.copy()
        for feature in np.random.permutation(flat.shape[1]):
            before = f(point.reshape(xs.shape))
            point[:, feature] = 0
            result[:, feature] += before - f(point.reshape(xs.shape))
    return (result / samples).reshape(xs.shape)


@pytest.fixture
def picture_model(session, rng):
    """X, T, samples of 3 x 4 x 2 and weights of T's units, T of rank 3."""
    X = tf.placeholder(tf.float32, [None, 3, 4, 2])
    h = tf.nn.tanh(tf.nn.conv2d(X, weights(rng, 2, 2, 2, 3), [1, 1, 1, 1], 'SAME'))
    T = tf.reshape(dense(tf.reshape(h, [-1, 36]), rng, 4), [-1, 2, 2])
    initialise(session)
    return X, T, rng.randn(3, 3, 4, 2), rng.randn(3, 2, 2)


def test_slow_replicas(session, picture_model):
    X, T, xs, ys = picture_model

    def f(points):
        return per_sample(session.run(T, {X: points}) * ys)

    gradients = tf.gradients(T, X, tf.constant(ys, tf.float32))[0]
    baseline = np.random.RandomState(1).randn(3, 4, 2)
    with DeepExplain(session=session) as de:
        close(de.explain('intgrad', T, X, xs, ys, steps=13, baseline=baseline),
              slow_intgrad(lambda points: session.run(gradients, {X: points}), xs, baseline, 13), 1e-5)
        close(de.explain('occlusion', T, X, xs, ys), slow_occlusion(f, xs, (1, 1, 1), (1, 1, 1)), 1e-4)
        close(de.explain('occlusion', T, X, xs, ys, window_shape=(2, 2, 2)),
              slow_occlusion(f, xs, (2, 2, 2), (1, 1, 1)), 1e-4)
        close(de.explain('occlusion', T, X, xs, ys, window_shape=(1, 2, 1), step=(1, 2, 1)),
              slow_occlusion(f, xs, (1, 2, 1), (1, 2, 1)), 1e-4)
        np.random.seed(7)
        close(de.explain('shapley_sampling', T, X, xs, ys, samples=3), slow_shapley(f, xs, 3, 7), 1e-4)


def test_occlusion_that_leaves_features_uncovered(session, picture_model):
    X, T, xs, ys = picture_model
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match='nans'):
        got = de.explain('occlusion', T, X, xs, ys, window_shape=(2, 2, 2), step=2)
    assert np.isnan(got[:, 2]).all()
    assert not np.isnan(got[:, :2]).any()


def test_shapley_values_of_a_linear_model_are_exact(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    w = rng.randn(5, 1)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        got = de.explain('shapley_sampling', tf.matmul(X, tf.constant(w, tf.float32)), X, xs, samples=1)
    close(got, xs * w[:, 0], 1e-5)


def test_shapley_values_of_xor_like_games(session):
    # A product of two features: whichever goes first takes all, so the mean tends to a half each.
    X = tf.placeholder(tf.float32, [None, 2])
    np.random.seed(0)
    with DeepExplain(session=session) as de:
        got = de.explain('shapley_sampling', X[:, 0] * X[:, 1], X, [[2, 3.]], samples=400)
    close(got, [[3, 3]], .1)
    assert got.sum() == 6


def test_sampling_dims_move_the_rest_together(session, picture_model):
    X, T, xs, ys = picture_model
    with DeepExplain(session=session) as de:
        np.random.seed(3)
        got = de.explain('shapley_sampling', T, X, xs, ys, sampling_dims=[1, 2], samples=2)
        assert got.shape == (3, 3, 4)
        # The same game with the pixels as the features.
        pixels = tf.placeholder(tf.float32, [None, 3, 4])
        indicator = tf.constant(xs, tf.float32) * pixels[..., tf.newaxis]
        same = rebuilt(session, T, X, indicator)
        np.random.seed(3)
        close(got, de.explain('shapley_sampling', same, pixels, np.ones((3, 3, 4)), ys, samples=2), 1e-4)


def rebuilt(session, T, X, replacement):
    """T as a function of another input, its variables copied."""
    T = tf.import_graph_def(session.graph.as_graph_def(), {X.op.name: replacement}, [T.name], name='copy')[0]
    session.run([tf.assign(op.outputs[0], session.graph.get_tensor_by_name(op.name[len('copy/'):] + ':0'))
                 for op in session.graph.get_operations() if op.name.startswith('copy/') and op.type == 'VariableV2'])
    return T


def test_sampling_dims_that_are_not_the_first_warn(session, picture_model):
    X, T, xs, ys = picture_model
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match='not the first dimensions'):
            assert de.explain('shapley_sampling', T, X, xs, ys, sampling_dims=[3], samples=1).shape == (3, 2)


@pytest.mark.parametrize('activation', [tf.nn.relu, tf.nn.tanh, tf.nn.swish])
@pytest.mark.parametrize('method,tolerance', [('intgrad', 1e-2), ('deeplift', 1e-5), ('shapley_sampling', 1e-5)])
def test_completeness(session, rng, activation, method, tolerance):
    X, T = mlp(activation, rng)
    initialise(session)
    xs, ys = rng.randn(4, 5), rng.randn(4, 3)
    options = dict(steps=1000) if method == 'intgrad' else {}
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, X, xs, ys, **options)
    close(per_sample(got), per_sample(ys * (session.run(T, {X: xs}) - session.run(T, {X: 0 * xs}))), tolerance)


SETTINGS = [('zero', {}), ('saliency', {}), ('grad*input', {}), ('intgrad', dict(steps=5)), ('elrp', {}),
            ('deeplift', {}), ('occlusion', {}), ('shapley_sampling', dict(samples=2)), ('gradient', {}),
            ('input_t_gradient', {}), ('integrated_gradients', dict(steps=5)), ('blur_ig', dict(steps=5))]
#: Methods that draw for each sample, ask nothing of the model or do not scale with it have tests of their own.
OTHERS = set(MAPS) | {'idgi', 'guided_ig', 'smoothgrad', 'smoothgrad_squared', 'vargrad', 'expected_gradients', 'input',
                      'random', 'sobol', 'hsic', 'permutation'}
SETTINGS += [(name, REQUIRED.get(name, {})) for name in attribution_methods
             if name not in OTHERS and name not in dict(SETTINGS)]


@pytest.mark.parametrize('method,options', SETTINGS)
def test_properties_of_every_method(session, rng, method, options):
    X, T = mlp(tf.nn.softplus, rng)
    initialise(session)
    xs, ys = rng.randn(4, 5), rng.randn(4, 3)
    keep = xs.copy(), ys.copy()
    # Where denominators may be next to 0, rounding is multiplied.
    tolerance = 1e-3 if method in ('lrp.z_IB', 'lrp.epsilon_IB') else 1e-5

    def explain(T, X, xs, ys, **more):
        np.random.seed(5)
        return de.explain(method, T, X, xs, ys, **dict(options, **more))

    with DeepExplain(session=session) as de:
        whole = explain(T, X, xs, ys)
        # The same again, in batches, and in another order of the samples.
        np.testing.assert_array_equal(explain(T, X, xs, ys), whole)
        for batch_size in (1, 3, 100):
            close(explain(T, X, xs, ys, batch_size=batch_size), whole, tolerance)
        close(explain(T, X, xs[::-1], ys[::-1])[::-1], whole, tolerance)
        # A sample's result does not depend on the others; the first one's may be small beside what it is the sum of.
        close(np.concatenate([explain(T, X, xs[:1], ys[:1]), whole[1:]]), whole, tolerance)
        if not method.startswith(('pattern', 'deconvnet', 'guided')):
            # The target scaled, through ys or by itself (an epsilon of .1 does not scale along).
            close(explain(T, X, xs, 3 * ys), 3 * whole, tolerance)
            if 'preset' not in method:
                close(explain(3 * T, X, xs, ys), 3 * whole, tolerance)
            if method != 'saliency':
                # The sum of single units is the whole.
                parts = [explain(T, X, xs, np.eye(3)[[unit] * 4]) for unit in range(3)]
                close(sum(parts), explain(T, X, xs, None), 1e-3 if method.endswith('_IB') else 1e-4)
            if method not in ('saliency', 'deep_taylor.bounded'):
                # The input scaled, and the model unscaling it.
                Z = tf.placeholder(tf.float32, [None, 5])
                scale = 4 if method == 'gradient' else 1
                close(scale * explain(rebuilt(session, T, X, Z / 4), Z, 4 * xs, ys), whole, 1e-4)
    np.testing.assert_array_equal(xs, keep[0])
    np.testing.assert_array_equal(ys, keep[1])


def test_permuted_features(session, rng):
    X = tf.placeholder(tf.float32, [None, 5])
    order = rng.permutation(5)
    T = mlp(tf.nn.elu, np.random.RandomState(1), X=X)[1]
    permuted = mlp(tf.nn.elu, np.random.RandomState(1), X=tf.gather(X, order, axis=1))[1]
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion'):
            close(de.explain(method, permuted, X, xs)[:, order], de.explain(method, T, X, xs[:, order]), 1e-4)


@pytest.mark.parametrize('method', ['zero', 'saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift'])
def test_several_inputs_are_one_input_in_parts(session, rng, method):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    joined = tf.concat([A, B], 1)
    T = mlp(tf.nn.tanh, rng, X=joined)[1]
    initialise(session)
    xs, ys = rng.randn(3, 5), rng.randn(3, 3)
    options = dict(baseline=rng.randn(5)) if method in ('intgrad', 'deeplift') else {}
    in_parts = dict(baseline=[options['baseline'][:2], options['baseline'][2:]]) if options else {}
    with DeepExplain(session=session) as de:
        whole = de.explain(method, T, joined, xs, ys, **options)
        for form in (list, tuple):
            for batch_size in (None, 2):
                got = de.explain(method, T, form([A, B]), form([xs[:, :2], xs[:, 2:]]), ys, batch_size, **in_parts)
                assert isinstance(got, list)
                close(np.concatenate(got, 1), whole, 1e-5)
        swapped = de.explain(method, T, [B, A], [xs[:, 2:], xs[:, :2]], ys,
                             **(dict(baseline=in_parts['baseline'][::-1]) if options else {}))
        close(np.concatenate(swapped[::-1], 1), whole, 1e-5)


@pytest.mark.parametrize('rank', [0, 1, 2, 3])
def test_targets_of_any_rank(session, rng, rank):
    X, T = mlp(tf.nn.tanh, rng)
    target = {0: tf.reduce_sum(T), 1: tf.reduce_sum(T, 1), 2: T, 3: T[:, tf.newaxis]}[rank]
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift'):
            close(de.explain(method, target, X, xs), de.explain(method, T, X, xs), 1e-5)
            if rank:
                close(de.explain(method, target, X, xs, batch_size=2), de.explain(method, T, X, xs), 1e-5)
        if rank == 1:
            close(de.explain('deeplift', target, X, xs, [1, 2, -1]),
                  de.explain('deeplift', T, X, xs, np.array([[1], [2], [-1]]) * np.ones((3, 3))), 1e-5)


@pytest.mark.parametrize('method,options', SETTINGS)
def test_a_fixed_batch_dimension(session, rng, method, options):
    free = tf.placeholder(tf.float32, [None, 5])
    fixed = tf.placeholder(tf.float32, [4, 5])
    T, same = [mlp(tf.nn.tanh, np.random.RandomState(1), X=X)[1] for X in (free, fixed)]
    assert same.shape.as_list() == [4, 3]
    initialise(session)
    with DeepExplain(session=session) as de:
        for n in (4, 6, 3):
            xs, ys = rng.randn(n, 5), rng.randn(n, 3)
            np.random.seed(1)
            want = de.explain(method, T, free, xs, ys, **options)
            for batch_size in (None, 4):
                np.random.seed(1)
                close(de.explain(method, same, fixed, xs, ys, batch_size, **options), want, 1e-5)


def test_a_target_weighed_by_hand_for_each_sample(session, rng):
    # The reference's examples multiply T by an array of the samples' one-hot rows.
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    xs, ys = rng.randn(4, 5), np.eye(3, dtype=np.float32)[[0, 2, 1, 1]]
    with DeepExplain(session=session) as de:
        for method, options in SETTINGS:
            np.random.seed(0)
            want = de.explain(method, T, X, xs, ys, **options)
            np.random.seed(0)
            close(de.explain(method, T * ys, X, xs, **options), want, 1e-5)


def test_integers_are_perturbed_too(session):
    ids = tf.placeholder(tf.int32, [None, 3])
    T = tf.reduce_sum(tf.gather(tf.constant([0., 1, 10, 100]), ids), 1)
    with DeepExplain(session=session) as de:
        got = de.explain('occlusion', T, ids, [[1, 2, 3], [0, 3, 1]])
    close(got, [[1, 10, 100], [0, 100, 1]], 1e-6)
    assert got.dtype == np.float32


def test_baseline_forms(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    xs = rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        for method in ('intgrad', 'deeplift'):
            want = de.explain(method, T, X, xs, baseline=np.full(5, .5))
            for baseline in (.5, [.5] * 5, np.full((1, 5), .5), np.float64(.5)):
                close(de.explain(method, T, X, xs, baseline=baseline), want, 1e-6)
            zeros = de.explain(method, T, X, xs, baseline=np.zeros(5))
            np.testing.assert_array_equal(de.explain(method, T, X, xs), zeros)
            several = de.explain(method, T, [X], [xs], baseline=[.5])
            close(several[0], want, 1e-6)


def test_results_have_the_dtype_of_the_input(session, rng):
    X, T = mlp(tf.nn.tanh, rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        for method, options in SETTINGS:
            assert de.explain(method, T, X, rng.randn(2, 5), **options).dtype == np.float32, method


def test_batch_norm_at_inference_is_linear(session, rng):
    X = tf.placeholder(tf.float32, [None, 2, 2, 3])
    scale, offset, mean, variance = [rng.rand(3).astype(np.float32) + .1 for _ in range(4)]
    y = tf.nn.fused_batch_norm(X, scale, offset, mean, variance, is_training=False, epsilon=1e-3)[0]
    xs = rng.randn(2, 2, 2, 3)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        close(de.explain('deeplift', y, X, xs), xs * scale / np.sqrt(variance + 1e-3), 1e-5)
        close(de.explain('elrp', y, X, xs), xs * scale / np.sqrt(variance + 1e-3), 1e-5)


def test_softplus_in_elrp_far_from_zero_is_a_number(session):
    X = tf.placeholder(tf.float32, [None, 1])
    with DeepExplain(session=session) as de:
        got = de.explain('elrp', tf.nn.softplus(X), X, [[1e4], [-1e4], [0]])
    close(got, [[1e4], [0], [0]], 1e-5)
    assert math.isfinite(got.sum())
