"""Where relevance goes on a graph: layers and what belongs to them, sums, pools, padding, composites; what is lost."""
import warnings

import lrp
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import BOUNDS, conv, explained, layers, variable
from models import close, dense, initialise, per_sample

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods
from deepexplain.tensorflow.relevance import AlphaBeta

CONSERVING = sorted(name for name in attribution_methods if name.endswith('_IB') or name in (
    'lrp.z_plus', 'lrp.z_plus_fast', 'lrp.w_square', 'lrp.flat', 'deep_taylor', 'deep_taylor.bounded'))


#: Whose denominators may come as near to 0 as they like, so that rounding is not bounded on deep networks.
UNBOUNDED = ('lrp.z_IB', 'lrp.epsilon_IB', 'lrp.gamma_IB')


def statistics(rng, size):
    return [tf.Variable(rng.uniform(low, high, size).astype(np.float32))
            for low, high in ((.5, 1.5), (-.5, .5), (-.5, .5), (.5, 2))]


def fused(x, gamma, beta, mean, variance):
    return tf.nn.fused_batch_norm(x, gamma, beta, mean, variance, is_training=False)[0]


def unfused(x, gamma, beta, mean, variance):
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, 1e-3)


def by_hand(x, gamma, beta, mean, variance):
    return (x - mean) / tf.sqrt(variance + 1e-3) * gamma + beta


@pytest.mark.parametrize('kind', ['Conv2D', 'depthwise', 'transposed'])
@pytest.mark.parametrize('norm', [fused, unfused, by_hand])
@pytest.mark.parametrize('method', ['lrp.z', 'lrp.epsilon', 'lrp.gamma', 'lrp.alpha_2_beta_1', 'lrp.alpha_1_beta_0_IB',
                                    'lrp.w_square', 'lrp.flat', 'pattern.attribution'])
def test_batch_normalisation_belongs_to_the_layer_before(session, rng, method, norm, kind):
    X = tf.placeholder(tf.float32, [None, 5, 5, 2])
    xs = rng.randn(3, 5, 5, 2)
    shape, op, fold = {
        'Conv2D': ([3, 3, 2, 4], conv, lambda s: s),
        'depthwise': ([3, 3, 2, 2], lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], 'SAME'),
                      lambda s: tf.reshape(s, [2, 2])),
        'transposed': ([3, 3, 4, 2], lambda x, w: tf.nn.conv2d_transpose(
            x, w, tf.stack([tf.shape(x)[0], 5, 5, 4]), [1, 1, 1, 1], 'SAME'), lambda s: s[:, tf.newaxis])}[kind]
    w = variable(rng, *shape)
    gamma, beta, mean, variance = statistics(rng, 4)
    bias = variable(rng, 4)
    gamma = gamma * [1., -1., 1., 1.]  # A negative scale exchanges what is positive and negative.
    scale = gamma / tf.sqrt(variance + 1e-3)
    T = tf.reduce_sum(tf.nn.relu(norm(tf.nn.bias_add(op(X, w), bias), gamma, beta, mean, variance)), [1, 2])
    folded = tf.reduce_sum(tf.nn.relu(op(X, w * fold(scale)) + ((bias - mean) * scale + beta)), [1, 2])
    initialise(session)
    options = dict(patterns=[rng.randn(*shape)]) if method.startswith('pattern') else {}
    close(explained(session, method, T, X, xs, **options), explained(session, method, folded, X, xs, **options), 1e-4)


def test_bias_behind_reshapes(session, rng):
    """tf.layers.dense on sequences multiplies, reshapes and then adds the bias."""
    X = tf.placeholder(tf.float32, [None, 4, 3])
    w, b = variable(rng, 3, 2), variable(rng, 2)
    product = tf.reshape(tf.matmul(tf.reshape(X, [-1, 3]), w), [-1, 4, 2])
    T = tf.reduce_sum(tf.nn.relu(tf.nn.bias_add(product, b)), 2)
    plain = tf.reduce_sum(tf.nn.relu(tf.einsum('nti,io->nto', X, w) + b), 2)
    initialise(session)
    xs = rng.randn(2, 4, 3)
    for method in ('lrp.alpha_2_beta_1', 'lrp.epsilon'):
        close(explained(session, method, T, X, xs, ys=1), explained(session, method, plain, X, xs, ys=1), 1e-4)


@pytest.mark.parametrize('case', ['before', 'between', 'residual', 'means', 'pre-activation'])
def test_z_is_the_gradient_times_the_input(session, rng, case):
    """With ReLUs alone, whatever stands between (Shrikumar et al. 2016, section 2.4): also what belongs to no layer."""
    X = tf.placeholder(tf.float32, [None, 6, 6, 2])
    h = X
    if case == 'before':
        h = (X - [.3, -.2]) / 2. + .1
    h = tf.nn.relu(conv(h, variable(rng, 3, 3, 2, 3)) + variable(rng, 3))
    if case == 'between':
        h = fused(h, *statistics(rng, 3))
    elif case == 'pre-activation':
        h = tf.nn.relu(fused(h, *statistics(rng, 3)))
    elif case == 'residual':
        h = tf.nn.relu(fused(conv(h, variable(rng, 3, 3, 3, 3)), *statistics(rng, 3)) + h)
    elif case == 'means':
        h = tf.nn.avg_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    T = dense(tf.reduce_mean(h, [1, 2]), rng, 3)
    initialise(session)
    xs = rng.randn(4, 6, 6, 2)
    want = explained(session, 'grad*input', T, X, xs, ys=2)
    close(explained(session, 'lrp.z', T, X, xs, ys=2), want, 1e-4)
    if case == 'before':
        assert np.abs(explained(session, 'lrp.z_IB', T, X, xs, ys=2) - want).max() > 1e-3


def test_sums_share_in_proportion(session):
    X = tf.placeholder(tf.float32, [None, 3])
    a, b, c = X[:, 0], 2 * X[:, 1], X[:, 2]
    xs = [[1., 2., 3.], [1., 1., 0.], [1., -.5, 0.], [0., 0., 0.]]  # The third adds up to 0, and so has no relevance.
    for T in (tf.add_n([a, b, c]), a + b + c, a + b - (-c)):
        got = explained(session, 'lrp.z', T, X, xs)
        np.testing.assert_allclose(got, [[1, 4, 3], [1, 2, 0], [0, 0, 0], [0, 0, 0]], atol=1e-6)
    # Relevance other than the sum: 6 * 2 where the parts are 1 and 5; and where both are 0 it is halved.
    square = tf.square(a + 5 * X[:, 1])
    np.testing.assert_allclose(explained(session, 'lrp.z', square, X, xs[:1]), [[11, 110, 0]], rtol=1e-5)
    exponential = tf.exp(a + b)
    np.testing.assert_allclose(explained(session, 'lrp.z', exponential, X, xs[3:]), [[.5, .5, 0]], rtol=1e-5)


def test_sums_with_broadcasting(session, rng):
    X = tf.placeholder(tf.float32, [None, 2, 3])
    T = tf.exp(X + tf.reduce_mean(X, 1, keepdims=True))
    xs = rng.rand(2, 2, 3)
    got = explained(session, 'lrp.z', T, X, xs)
    mean = xs.mean(1, keepdims=True)
    R = np.exp(xs + mean)
    want = R * xs / (xs + mean) + xs * (R * mean / (xs + mean)).sum(1, keepdims=True) / (2 * mean)
    close(got, want, 1e-5)


def test_pools_share_what_each_input_gives(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    for pool in (tf.reduce_mean, tf.reduce_sum):
        T = tf.exp(pool(X, 1))
        xs = np.float32([[1, 2, 3, 4], [0, 0, 0, 0]])
        R = session.run(T, {X: xs})
        want = [R[0] * xs[0] / 10, R[1] * np.ones(4) / 4]
        np.testing.assert_allclose(explained(session, 'lrp.alpha_2_beta_1', T, X, xs), want, rtol=1e-5)


def test_the_winner_takes_all(session):
    X = tf.placeholder(tf.float32, [None, 4, 1, 1])
    T = tf.reduce_sum(tf.exp(tf.nn.max_pool(X, [1, 2, 1, 1], [1, 2, 1, 1], 'VALID')), [1, 2, 3])
    got = explained(session, 'lrp.z', T, X, np.reshape([1., 2, 3, 0], [1, 4, 1, 1]))
    np.testing.assert_allclose(got.ravel(), [0, np.e ** 2, np.e ** 3, 0], rtol=1e-5)


@pytest.mark.parametrize('method', ['lrp.flat', 'lrp.w_square', 'lrp.alpha_1_beta_0_IB', 'deep_taylor.bounded'])
def test_padding_gets_no_relevance(session, rng, method):
    """A blank picture: all relevance is spread, none of it outside."""
    X = tf.placeholder(tf.float32, [None, 5, 5, 2])
    h = tf.pad(X, [[0, 0], [1, 1], [1, 1], [0, 0]])
    h = tf.nn.relu(conv(h, variable(rng, 3, 3, 2, 3), 2, 'VALID') + 1.)
    h = tf.nn.max_pool(tf.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]]), [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')
    T = dense(tf.reduce_mean(h, [1, 2]), rng, 3)
    initialise(session)
    xs = np.zeros([2, 5, 5, 2]) + [[[[0]]], [[[1e-3]]]]
    got = explained(session, method, T, X, xs, ys=1)
    np.testing.assert_allclose(per_sample(got), session.run(T, {X: xs})[:, 1], rtol=1e-5)


def test_max_pool_on_padding(session):
    """Windows that hold nothing above their padding still hand relevance to data."""
    X = tf.placeholder(tf.float32, [None, 2, 2, 1])
    h = tf.nn.max_pool(tf.pad(tf.nn.relu(X), [[0, 0], [1, 1], [1, 1], [0, 0]]), [1, 2, 2, 1], [1, 2, 2, 1], 'VALID')
    T = tf.reduce_sum(conv(h, tf.ones([2, 2, 1, 1]), 1, 'VALID') + 4., [1, 2, 3])
    got = explained(session, 'lrp.flat', T, X, np.zeros([1, 2, 2, 1]))
    np.testing.assert_allclose(got.ravel(), np.ones(4), rtol=1e-5)


def vgg(rng, X):
    h = X
    for before, after in ((3, 8), (8, 8), (8, 16)):
        h = tf.nn.relu(conv(h, variable(rng, 3, 3, before, after) / 5) + variable(rng, after) / 5)
        h = tf.nn.relu(conv(h, variable(rng, 3, 3, after, after) / 8) + variable(rng, after) / 5)
        h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
    return dense(tf.nn.relu(dense(tf.reshape(h, [-1, 64]), rng, 20) / 20), rng, 5)


def resnet(rng, X):
    def normed(x, size, kernel, after, stride=1):
        x = conv(x, variable(rng, kernel, kernel, size, after) / np.sqrt(size) / kernel, stride)
        return fused(x, *statistics(rng, after))

    h = tf.nn.relu(normed(tf.pad(X, [[0, 0], [3, 3], [3, 3], [0, 0]]), 3, 7, 8))
    h = tf.nn.max_pool(tf.pad(h, [[0, 0], [1, 1], [1, 1], [0, 0]]), [1, 3, 3, 1], [1, 2, 2, 1], 'VALID')
    for stage in range(2):
        for block in range(3):
            stride = 2 if not block and stage else 1
            branch = tf.nn.relu(normed(h, 8, 1, 4, stride))
            branch = normed(tf.nn.relu(normed(branch, 4, 3, 4)), 4, 1, 8)
            h = tf.nn.relu(branch + (normed(h, 8, 1, 8, stride) if not block else h))
    return dense(tf.reduce_mean(h, [1, 2]), rng, 5)


def mobilenet(rng, X):
    def normed(x):
        return fused(x, *statistics(rng, int(x.shape[-1])))

    h = tf.nn.relu6(normed(conv(X, variable(rng, 3, 3, 3, 8) / 5, 2)))
    for expand in (1, 4, 4):
        wide = h
        if expand > 1:
            wide = tf.nn.relu6(normed(conv(h, variable(rng, 1, 1, 8, 8 * expand) / 3)))
        wide = tf.nn.depthwise_conv2d(wide, variable(rng, 3, 3, 8 * expand, 1) / 3, [1, 1, 1, 1], 'SAME')
        narrow = normed(conv(tf.nn.relu6(normed(wide)), variable(rng, 1, 1, 8 * expand, 8) / 5))
        h = narrow if expand == 1 else h + narrow
    return dense(tf.reduce_mean(tf.nn.relu6(h), [1, 2]), rng, 5)


@pytest.mark.parametrize('method', CONSERVING)
@pytest.mark.parametrize('network', [vgg, resnet, mobilenet])
def test_relevance_is_conserved(session, rng, network, method):
    X = tf.placeholder(tf.float32, [None, 16, 16, 3])
    T = network(rng, X)
    initialise(session)
    xs = rng.randn(3, 16, 16, 3)
    y = session.run(T, {X: xs}).max(1)
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        explainer = de.get_explainer(method, T, X, **BOUNDS.get(method, {}))
        got, delta = explainer.run(xs, 'max', return_convergence_delta=True)
    np.testing.assert_allclose(delta, per_sample(got) - y, atol=1e-4 * np.abs(y).max())
    size = np.abs(got).reshape(3, -1).sum(1)
    # Where denominators cross 0 there is no bound on what rounding makes of large values that cancel out.
    bound = 1e-4 * np.abs(y) if method not in UNBOUNDED else 1e-4 * np.maximum(np.abs(y), size)
    assert (np.abs(delta) < bound).all()


def test_the_delta_is_the_share_of_the_biases(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    T = tf.matmul(X, tf.ones([4, 1])) + 3.
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match='off what they should add up to'):
        _, delta = de.explain('lrp.epsilon', T, X, np.ones([2, 4]), return_convergence_delta=True)
    np.testing.assert_allclose(delta, -3, atol=1e-5)


@pytest.mark.parametrize('options,text', [
    (dict(low=0), 'high must be given: the largest value that the input may have'),
    (dict(high=0), 'low must be given: the smallest value'),
    (dict(low=1, high=0), 'low must be nowhere above high'),
    (dict(low=np.zeros(3), high=1), r'low must be a number or have the shape of a sample of X, \(4,\), not \(3,\)'),
    (dict(low=0, high='a'), 'high must be an array of numbers'),
    (dict(low=0, high=1, uncovered='pass'), "uncovered must be 'error' or 'gradient', not 'pass'")])
def test_bad_bounds(session, rng, options, text):
    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 2)
    with pytest.raises(ValueError, match=text), DeepExplain(session=session) as de:
        de.get_explainer('deep_taylor.bounded', T, X, **options)


def test_bounds_go_through_what_is_before_the_layer(session, rng):
    """A layer on -2 (x - 1) sees bounds that are turned round; per-feature bounds, two inputs."""
    X, other = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 2])
    w = variable(rng, 6, 3)
    T = tf.matmul(tf.concat([-2 * (X - 1), other], 1), w)
    initialise(session)
    xs, others = rng.uniform(0, 1, [2, 4]), rng.uniform(-1, 1, [2, 2])
    low, high = np.array([0, -1., 0, -.5]), 1.
    a, b = explained(session, 'deep_taylor.bounded', T, [X, other], [xs, others], ys=1,
                     low=[low, -1], high=[high, np.ones(2)])
    y, M = session.run([T, w], {X: xs, other: others})
    for i in range(2):
        data = np.concatenate([-2 * (xs[i] - 1), others[i]])
        ends = [np.concatenate([-2 * (low - 1), [1, 1]]), np.concatenate([np.zeros(4), [-1, -1]])]
        want = lrp.bounded(data, M[:, 1:2], y[i, 1:2], np.minimum(*ends)[:, None], np.maximum(*ends)[:, None])
        close(np.concatenate([a[i], b[i]]), want, 1e-4)


def test_what_no_rule_covers_is_named(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    h = dense(X, rng, 3)
    T = tf.math.cumprod(h, 1, name='gate')
    initialise(session)
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match=r"lrp\.z has no rule for Cumprod \(gate\), on the path from X to T\. "
                                               "uncovered='gradient' passes it"):
            de.explain('lrp.z', T, X, np.ones([1, 4]))
        with pytest.raises(RuntimeError, match=r'Softmax \(.*\), .* Explain what goes into the softmax'):
            de.explain('lrp.z_plus', tf.nn.softmax(h), X, np.ones([1, 4]))
        with pytest.warns(UserWarning, match=r'no rule for Cumprod \(gate\)'):
            explainer = de.get_explainer('lrp.z', T, X, uncovered='gradient')
        with pytest.warns(UserWarning) as said:
            got = explainer.run(np.ones([1, 4]))
    value = session.run(T, {X: np.ones([1, 4])}).sum()
    lost = 'of the relevance of T (%.3g), %.3g is lost or added' % (value, abs(got.sum() - value))
    assert lost in str(said[0].message)
    assert abs(got.sum() - value) > .01 * abs(value)


def test_activations_of_several_ops_pass_relevance(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    z = dense(X, rng, 3)
    swish = z * tf.sigmoid(z)
    gelu = .5 * z * (1 + tf.erf(z / np.sqrt(2)))
    clipped = tf.clip_by_value(z, -.5, .5)
    initialise(session)
    xs = rng.randn(3, 4)
    of_z, values = session.run([z, tf.stack([swish, gelu, clipped])], {X: xs})
    for T, value in zip((swish, gelu, clipped), values):
        # The layer shares f(z) as it shares z.
        want = sum(explained(session, 'lrp.z', z, X, xs, ys=i) * (value / of_z)[:, i:i + 1] for i in range(3))
        close(explained(session, 'lrp.z', T, X, xs), want, 1e-4)


def test_prelu(session):
    """relu(x) - a relu(-x) has one side that is 0, so all goes to the other."""
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.nn.relu(X) - .25 * tf.nn.relu(-X)
    got = explained(session, 'lrp.z', T, X, [[1., -2, 3]])
    np.testing.assert_allclose(got, [[1, -.5, 3]], rtol=1e-5)


def test_a_v1_loop(session, rng):
    """A simple recurrent network, unrolled and as a loop."""
    X = tf.placeholder(tf.float32, [None, 4, 3])
    w, u, b = variable(rng, 3, 5), variable(rng, 5, 5) / 4, variable(rng, 5) / 4

    def step(h, x):
        return tf.nn.relu(tf.matmul(x, w) + tf.matmul(h, u) + b)

    start = tf.zeros([tf.shape(X)[0], 5])
    unrolled = start
    for t in range(4):
        unrolled = step(unrolled, X[:, t])
    looped = tf.while_loop(lambda t, h: t < 4, lambda t, h: (t + 1, step(h, X[:, t])), [0, start],
                           shape_invariants=[tf.TensorShape([]), tf.TensorShape([None, 5])])[1]
    initialise(session)
    xs = rng.randn(2, 4, 3)
    for method in ('lrp.epsilon', 'lrp.z_plus', 'lrp.flat'):
        close(explained(session, method, looped, X, xs), explained(session, method, unrolled, X, xs), 1e-4)


def test_user_gradients_stay_and_explain_builds_once(session, rng):
    X, T = layers(rng)
    initialise(session)
    xs = rng.randn(2, 6, 6, 2)
    gradient = tf.gradients(T, X)[0]
    before = session.run(gradient, {X: xs})
    with DeepExplain(session=session) as de:
        first = de.explain('lrp', T, X, xs, composite=[('*', AlphaBeta(3, 2))])
        size = len(session.graph.get_operations())
        np.testing.assert_array_equal(de.explain('lrp', T, X, xs, composite=[('*', AlphaBeta(3, 2))]), first)
        assert len(session.graph.get_operations()) == size
        other = de.explain('lrp', T, X, xs, composite=[('*', AlphaBeta(1.5, .5))])
    assert np.abs(other - first).max() > 1e-3
    np.testing.assert_array_equal(session.run(gradient, {X: xs}), before)
    np.testing.assert_array_equal(session.run(tf.gradients(T, X)[0], {X: xs}), before)


def test_signs_are_not_taken_for_granted(session, rng):
    """Data that seem to be nowhere negative, but may be fed otherwise: half of the products would be left out."""
    xs, others = rng.randn(3, 4), rng.randint(-5, 0, [3, 2])
    plain, number = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 2])
    w = variable(rng, 6, 3)

    def network(x, other):
        return tf.nn.relu(tf.matmul(tf.concat([x, other], 1), w))

    cases = [(tf.placeholder_with_default(np.zeros([1, 4], np.float32), [None, 4]), number, number),
             (tf.nn.relu(plain + 0), number, number)]
    ids = tf.placeholder(tf.int32, [None, 2])
    cases.append((plain, tf.cast(ids, tf.float32), ids))
    initialise(session)
    for method in ('lrp.z_plus', 'lrp.alpha_2_beta_1'):
        want = explained(session, method, network(plain, number), plain, xs, feed_dict={number: others})
        for X, other, fed in cases:
            T = network(X, other)
            close(explained(session, method, T, X, xs, feed_dict={fed: others}), want, 1e-5)
    # Where X is that input, its own sign is not known; behind a ReLU on X it is.
    data = tf.concat([tf.nn.relu(plain), tf.nn.relu(number)], 1)
    close(explained(session, 'lrp.z_plus', tf.nn.relu(tf.matmul(data, w)), plain, xs, feed_dict={number: others}),
          explained(session, 'lrp.z_plus', network(tf.nn.relu(plain), tf.nn.relu(number)), plain, np.maximum(xs, 0),
                    feed_dict={number: others}), 1e-5)


PADS = [[0, 0], [1, 1], [1, 1], [0, 0]]


@pytest.mark.parametrize('between', ['identity', 'activation', 'pad', 'concat', 'bias', 'constant', 'dilated', 'shape'])
def test_padding_is_found_behind_other_ops(session, rng, between):
    X = tf.placeholder(tf.float32, [None, 4, 4, 2])
    h = {'identity': lambda: tf.identity(tf.pad(X, PADS)),
         'activation': lambda: tf.nn.relu(tf.pad(X, PADS)),
         'pad': lambda: tf.pad(tf.pad(X, [[0, 0], [1, 1], [0, 0], [0, 0]]), [[0, 0], [0, 0], [1, 1], [0, 0]]),
         'concat': lambda: tf.concat([tf.pad(X, PADS), tf.pad(2 * X, PADS)], 3),
         'bias': lambda: tf.nn.bias_add(tf.pad(X, PADS), variable(rng, 2)),
         'constant': lambda: tf.pad(X, PADS, constant_values=-1.),
         'dilated': lambda: tf.space_to_batch_nd(tf.pad(X, PADS), [2, 2], [[0, 0], [0, 0]]),
         'shape': lambda: tf.reshape(tf.pad(X, PADS), [-1, 6, 6, 2])}[between]()
    z = conv(h, variable(rng, 3, 3, int(h.shape[-1]), 3), 1, 'VALID')
    if between == 'dilated':
        z = tf.batch_to_space_nd(z, [2, 2], [[0, 0], [0, 0]])
    T = dense(tf.reduce_mean(tf.nn.relu(z + 1.), [1, 2]), rng, 2)
    initialise(session)
    xs = rng.rand(2, 4, 4, 2)
    y = session.run(T, {X: xs})[:, 1]
    for method in ('lrp.flat', 'lrp.w_square'):
        np.testing.assert_allclose(per_sample(explained(session, method, T, X, xs, ys=1)), y, rtol=1e-4)


@pytest.mark.parametrize('fused', [True, False])
@pytest.mark.parametrize('flag', ['keras_learning_phase', 'is_training', 'given', None])
def test_batch_normalisation_that_may_train(session, rng, fused, flag):
    """A learning phase in v1 branches: what only training depends on is left out of account."""
    phase = tf.placeholder_with_default(False, [], name=flag) if flag != 'given' else tf.placeholder(
        tf.bool, [], name='scope/is_training')
    fed = {phase: False} if flag == 'given' else None
    X = tf.placeholder(tf.float32, [None, 4, 4, 2])
    w, (gamma, beta, mean, variance) = variable(rng, 3, 3, 2, 3), statistics(rng, 3)
    z = conv(X, w)
    if fused:
        normed = tf.cond(phase, lambda: tf.nn.fused_batch_norm(z, gamma, beta)[0],
                         lambda: tf.nn.fused_batch_norm(z, gamma, beta, mean, variance, is_training=False)[0])
    else:
        moments = tf.nn.moments(z, [0, 1, 2])
        now = [tf.cond(phase, lambda a=a: tf.identity(a), lambda b=b: tf.identity(b))
               for a, b in zip(moments, (mean, variance))]
        normed = tf.nn.batch_normalization(z, now[0], now[1], beta, gamma, 1e-3)
    T = tf.reduce_sum(tf.nn.relu(normed), [1, 2])
    plain = tf.reduce_sum(tf.nn.relu(unfused(z, gamma, beta, mean, variance)), [1, 2])
    initialise(session)
    xs = rng.randn(3, 4, 4, 2)
    for method, options in (('lrp.z', {}), ('lrp.alpha_2_beta_1', {}), ('lrp.w_square', {}),
                            ('pattern.net', dict(patterns=[rng.randn(3, 3, 2, 3)])), ('guided_backprop', {}),
                            ('deeplift.reveal_cancel', {})):
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            close(explained(session, method, T, X, xs, ys=1, feed_dict=fed, **options),
                  explained(session, method, plain, X, xs, ys=1, **options), 1e-4)
        with pytest.raises(RuntimeError, match=r"feed_dict\['.*'\] must be off: .* explains the model at inference"):
            explained(session, method, T, X, xs, ys=1, feed_dict={phase: True}, **options)


def test_a_constant_among_what_is_added(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    a, c, b = dense(X, rng, 3, False), dense(X, rng, 3, False), variable(rng, 3)
    T = tf.nn.relu(tf.add_n([a, c, b + tf.zeros_like(a)]))
    initialise(session)
    xs = rng.randn(3, 4)
    close(explained(session, 'lrp.z', T, X, xs), explained(session, 'grad*input', T, X, xs), 1e-4)
    got = explained(session, 'lrp.z_IB', T, X, xs)
    np.testing.assert_allclose(per_sample(got), session.run(T, {X: xs}).sum(1), rtol=1e-3)


def test_outputs_without_weights(session, rng):
    X = tf.placeholder(tf.float32, [None, 6])
    w = rng.randn(6, 4).astype(np.float32)
    w[:, 1] = 0
    T = dense(tf.nn.relu(tf.matmul(X, w) + 1.), rng, 3)
    initialise(session)
    xs = rng.randn(2, 6)
    for method in ('lrp.w_square', 'lrp.flat', 'lrp.z_plus'):
        got = explained(session, method, T, X, xs, ys=0)
        np.testing.assert_allclose(per_sample(got), session.run(T, {X: xs})[:, 0], rtol=1e-4)


def test_bounds_that_cannot_be_told(session, rng):
    X = tf.placeholder(tf.float32, [None, 6])
    with DeepExplain(session=session) as de:
        for h in (X - tf.reduce_mean(X, 1, keepdims=True), tf.abs(X)):
            with pytest.raises(RuntimeError, match='deep_taylor.bounded cannot tell the bounds of the layer'):
                de.get_explainer('deep_taylor.bounded', dense(h, rng, 2), X, low=0, high=1)


def test_relevances_of_a_model_with_calls(session, rng):
    if tf.__version__.startswith('1.'):
        pytest.skip('functions are made otherwise there')
    import tensorflow
    X = tf.placeholder(tf.float32, [None, 4])
    w, u = variable(rng, 4, 3), variable(rng, 3, 2)
    before = X * 2.
    called = tensorflow.function(lambda t: tf.nn.relu(tf.matmul(t, w)))(before)
    T = tf.matmul(called, u)
    initialise(session)
    xs = rng.randn(2, 4)
    with DeepExplain(session=session) as de:
        for method in ('lrp.z_plus', 'deeplift', 'gradient'):
            explainer = de.get_explainer(method, T, X)
            at_x, at_before, at_called, at_T = explainer.relevances([X, before, called, T], xs, ys=1)
            close(at_x, explainer.run(xs, 1), 1e-5)
            if method != 'gradient':
                for one in (at_x, at_before, at_called, at_T):
                    close(per_sample(one), session.run(T, {X: xs})[:, 1], 1e-4)


@pytest.mark.parametrize('method,options,error,text', [
    ('lrp.gamma', dict(gamma=np.inf), ValueError, 'gamma must be a finite number of at least 0, not inf'),
    ('lrp.epsilon', dict(epsilon='a'), ValueError, 'epsilon must be a finite number of at least 0'),
    ('lrp.epsilon', dict(bias='split'), ValueError, "bias must be True or False, not 'split'"),
    ('lrp.alpha_beta', dict(bias=np.ones(3)), ValueError, "bias must be True, False or 'split', not array"),
    ('deep_taylor.bounded', dict(low=np.nan, high=1), ValueError, 'low must be of finite numbers'),
    ('lrp.sequential_preset_b_flat_until_idx', dict(until_layer_idx='a'), ValueError, 'until_layer_idx must be an int'),
    ('pattern.net', dict(patterns=[np.full([4, 2], np.nan)]), ValueError, r'patterns\[0\] must be of finite numbers'),
    ('lrp', dict(composite=[([], 'z')]), TypeError, r'composite\[0\] must say which layers it is for'),
    ('lrp', dict(composite=[(lambda op: 1 / 0, 'z')]), RuntimeError, r"composite\[0\]: its function failed on '.*'")])
def test_bad_options(session, rng, method, options, error, text):
    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 2)
    with pytest.raises(error, match=text), DeepExplain(session=session) as de:
        de.get_explainer(method, T, X, **options)
