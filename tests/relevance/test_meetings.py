"""Where tensors that depend on X meet: products, gates, matrix products, softmax; by hand or from slow replicas."""
import lrp
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from lrp import explained
from models import close, dense, initialise, per_sample

from deepexplain.tensorflow import DeepExplain


def pair(rng, build, shape=(3,)):
    """X of two halves, a function of both, and the sum of what it makes, squared so that R is not the output."""
    X = tf.placeholder(tf.float64, [None, 2] + list(shape))
    y = build(X[:, 0], X[:, 1])
    return X, y, tf.square(y)


# Products, number by number.

PRODUCTS = {
    'product': (lambda a, b: a * b, .5), 'multiply_no_nan': (lambda a, b: tf.math.multiply_no_nan(a, b), .5),
    'quotient': (lambda a, b: a / b, .5), 'inverse': (lambda a, b: a * tf.math.reciprocal(b), .5),
    'of functions': (lambda a, b: tf.sin(a) * tf.exp(b), .5),
    # A factor that does not depend on X, or has no gradient, has nothing; a power is a function.
    'constant': (lambda a, b: a * [1., 2., 3.], 1), 'mask': (lambda a, b: a * tf.cast(b > -9, tf.float64), 1),
    'square': (lambda a, b: a * a, 1), 'cube': (lambda a, b: a * a * a, 1),
    'swish': (lambda a, b: a * tf.sigmoid(a), 1),
    # What divides and measures what it divides is fixed.
    'norm': (lambda a, b: a / tf.norm(b, axis=1, keepdims=True), 1),
    'sum': (lambda a, b: a * tf.math.reciprocal(tf.reduce_sum(tf.exp(b), 1, keepdims=True)), 1),
}


@pytest.mark.parametrize('name', sorted(PRODUCTS))
def test_products_give_each_factor_half(session, rng, name):
    build, share = PRODUCTS[name]
    X, y, T = pair(rng, build)
    xs = rng.randn(3, 2, 3)
    got = explained(session, 'lrp.epsilon', T, X, xs)
    R = session.run(T, {X: xs})
    np.testing.assert_allclose(got[:, 0], share * R, rtol=1e-6)
    np.testing.assert_allclose(got[:, 1], (1 - share) * R, rtol=1e-6)


def test_one_over_what_depends_on_X_is_a_function(session, rng):
    X = tf.placeholder(tf.float64, [None, 3])
    xs = rng.rand(2, 3) + 1
    close(explained(session, 'lrp.epsilon', 2 / X, X, xs), 2 / xs, 1e-9)


GATES = {
    'sigmoid': tf.sigmoid, 'softmax': tf.nn.softmax, 'moved': lambda z: tf.reverse(tf.sigmoid(z), [1]),
    'one minus': lambda z: 1 - tf.sigmoid(z), 'ones minus': lambda z: tf.ones_like(z) - tf.sigmoid(z),
    'reshaped': lambda z: tf.reshape(tf.sigmoid(tf.reshape(z, [-1])), [-1, 3]),
    'hard, clipped': lambda z: tf.clip_by_value(.2 * z + .5, 0., 1.),
    'hard, of two': lambda z: tf.minimum(tf.maximum(.2 * z + tf.constant(.5, tf.float64), 0.), 1.),
    'hard, relu6': lambda z: tf.nn.relu6(z + 3.) / 6., 'of tanh': lambda z: .5 * tf.tanh(.5 * z) + .5,
    'by hand': lambda z: 1 / (1 + tf.exp(-z)), 'a slice': lambda z: tf.split(tf.sigmoid(tf.concat([z, z], 1)), 2, 1)[1],
    'half of it': lambda z: .5 * tf.sigmoid(z)}
NO_GATES = {'tanh': tf.tanh, 'relu': tf.nn.relu, 'twice': lambda z: 2 * tf.sigmoid(z), 'swish': tf.nn.swish,
            'itself': tf.identity, 'more': lambda z: 1 + tf.sigmoid(z)}


@pytest.mark.parametrize('name', sorted(GATES) + sorted(NO_GATES))
@pytest.mark.parametrize('swapped', [False, True])
def test_gates_get_nothing_as_signals(session, rng, name, swapped):
    gate = dict(GATES, **NO_GATES)[name]
    X, y, T = pair(rng, lambda a, b: gate(b) * a if swapped else a * gate(b))
    xs = rng.randn(3, 2, 3)
    share = 1 if name in GATES else .5
    R = session.run(T, {X: xs})
    got = explained(session, 'lrp.epsilon', T, X, xs, products='signal')
    np.testing.assert_allclose(got[:, 0], share * R, rtol=1e-6)
    np.testing.assert_allclose(explained(session, 'lrp.epsilon', T, X, xs)[:, 0], .5 * R, rtol=1e-6)


def test_two_gates_have_half_each(session, rng):
    X, y, T = pair(rng, lambda a, b: tf.sigmoid(a) * tf.sigmoid(b))
    xs = rng.randn(3, 2, 3)
    got = explained(session, 'lrp.z', T, X, xs, products='signal')
    np.testing.assert_allclose(got[:, 1], session.run(T, {X: xs}) / 2, rtol=1e-6)


def test_what_is_broadcast_has_the_sum(session, rng):
    X = tf.placeholder(tf.float64, [None, 4, 3])
    xs = rng.randn(2, 4, 3)
    for axis, shape in ((1, [-1, 1, 3]), (2, [-1, 4, 1])):
        m = tf.reshape(tf.reduce_max(X, axis), shape)
        T = tf.square(tf.tanh(X) * m)
        R = session.run(T, {X: xs})
        winner = xs == xs.max(axis, keepdims=True)
        want = R / 2 + winner * R.sum(axis, keepdims=True) / 2
        close(explained(session, 'lrp.epsilon', T, X, xs), want, 1e-9)


@pytest.mark.parametrize('products', ['half', 'signal'])
def test_a_gate_for_many_numbers_has_what_it_has_decided(session, rng, products):
    """Squeeze and excite: with its half, a gate next to 1/2 would make of the layer before it what it likes."""
    X = tf.placeholder(tf.float64, [None, 4, 3])
    w = rng.randn(3, 3)
    squeezed = tf.matmul(tf.reduce_mean(X, 1), w)
    T = X * tf.expand_dims(tf.sigmoid(squeezed), 1)
    xs = rng.randn(2, 4, 3)
    R, z = session.run([T, squeezed], {X: xs})
    of_gate = .5 * np.abs(np.tanh(z / 2)) * R.sum(1) * (products == 'half')
    direct = R * (1 - .5 * np.abs(np.tanh(z / 2))[:, None] * (products == 'half'))
    m = xs.mean(1)
    of_mean = np.array([lrp.epsilon(m[n], w, None, of_gate[n], 1e-7) for n in range(2)])
    want = direct + xs / 4 * (of_mean / m)[:, None]
    close(explained(session, 'lrp.epsilon', T, X, xs, products=products), want, 1e-5)


OVER = {
    'Prod': (lambda x: tf.reduce_prod(x, 1), lambda x: np.full(x.shape, 1 / 3)),
    'EuclideanNorm': (lambda x: tf.raw_ops.EuclideanNorm(input=x, axis=[1]),
                      lambda x: x ** 2 / (x ** 2).sum(1, keepdims=True)),
    'norm': (lambda x: tf.norm(x, axis=1), lambda x: x ** 2 / (x ** 2).sum(1, keepdims=True)),
    'distance': (lambda x: tf.reduce_sum(tf.math.squared_difference(x, tf.reverse(x, [1])), 1), None),
}


@pytest.mark.parametrize('name', sorted(OVER))
def test_products_and_norms_over_axes(session, rng, name):
    build, shares = OVER[name]
    X = tf.placeholder(tf.float64, [None, 3])
    T = build(X)
    xs = rng.randn(3, 3)
    R = session.run(T, {X: xs})
    if name == 'EuclideanNorm' and tf.__version__.startswith('1.'):
        pytest.skip('TensorFlow 1.15 has no gradient of it')
    if shares is None:
        other = xs[:, ::-1]
        # (a - b)^2 shared in proportion: a (a - b) to a, -b (a - b) to b, and each of both comes twice.
        close(explained(session, 'lrp.epsilon', T, X, xs), 2 * xs * (xs - other), 1e-9)
        return
    close(explained(session, 'lrp.epsilon', T, X, xs), shares(xs) * R[:, None], 1e-9)


# Products of matrices.

def einsum(a, b):
    return tf.einsum('nij,njk->nik', a, b)


CONTRACTIONS = {
    'matmul': (tf.matmul, np.matmul), 'einsum': (einsum, np.matmul),
    'turned': (lambda a, b: tf.matmul(a, b, transpose_b=True), lambda a, b: a @ b.transpose(0, 2, 1)),
    'first turned': (lambda a, b: tf.matmul(a, b, adjoint_a=True), lambda a, b: a.transpose(0, 2, 1) @ b),
    'sum of products': (lambda a, b: tf.reduce_sum(a[:, :, :, None] * b[:, None], 2), np.matmul)}


@pytest.mark.parametrize('name', sorted(CONTRACTIONS))
@pytest.mark.parametrize('epsilon', [0., .3])
def test_products_of_matrices(session, rng, name, epsilon):
    build, same = CONTRACTIONS[name]
    epsilon *= name != 'sum of products'  # Which only layers and products of matrices have.
    X, o, squares = pair(rng, build, (3, 3))
    T = tf.matmul(tf.reshape(squares, [-1, 9]), np.eye(9))
    xs = rng.randn(2, 2, 3, 3)
    a, b = xs[:, 0], xs[:, 1]
    value, R = session.run([o, squares], {X: xs})
    R = R * R / (R + epsilon)
    np.testing.assert_allclose(value, same(a, b))
    # The replica: each summand a_i b_i of an output is found by setting all else to 0.
    want = np.zeros_like(xs)
    for n, i in np.ndindex(2, 9):
        for j in range(9):
            alone = np.zeros((2, 1, 3, 3))
            alone[0, 0].flat[i], alone[1, 0].flat[j] = a[n].flat[i], b[n].flat[j]
            part = same(alone[0], alone[1])[0] * R[n] / (2 * value[n] + epsilon * lrp.sign(value[n]))
            want[n, 0].flat[i] += part.sum()
            want[n, 1].flat[j] += part.sum()
    close(explained(session, 'lrp.epsilon', T, X, xs, epsilon=epsilon), want, 1e-6)


@pytest.mark.parametrize('method', ['lrp.z_IB', 'lrp.flat', 'lrp.w_square', 'lrp.alpha_1_beta_0_IB'])
def test_products_of_matrices_lose_nothing(session, rng, method):
    """Where an output is 0, or next to it and the layer ahead looks at weights alone, its relevance is shared."""
    X = tf.placeholder(tf.float64, [None, 2, 2, 2])
    o = tf.reshape(tf.matmul(X[:, 0], X[:, 1]), [-1, 4])
    T = dense(tf.cast(o, tf.float32), rng, 2) + 1.
    initialise(session)
    xs = rng.randn(4, 2, 2, 2)
    xs[0] = 0
    xs[1, 0, 0], xs[1, 1, :, 0] = [1, 1], [1, -1 + 1e-9]
    got = explained(session, method, T, X, xs, ys=1)
    np.testing.assert_allclose(per_sample(got), session.run(T, {X: xs})[:, 1], rtol=1e-4)
    assert np.abs(got).max() < 2e3


def test_convolution_with_a_kernel_that_depends_on_X(session, rng):
    X = tf.placeholder(tf.float64, [1, 4, 4, 1])
    T = tf.nn.conv2d(X, X[0, :2, :2, :, None], strides=[1, 1, 1, 1], padding='VALID')
    xs = rng.randn(1, 4, 4, 1)
    got = explained(session, 'lrp.z', T, X, xs)
    close(got, explained(session, 'grad*input', T, X, xs) / 2, 1e-6)


# Softmax.

def softmaxed(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def taylor(x, R):
    return x * (R - softmaxed(x) * R.sum(-1, keepdims=True))


SOFTMAXES = {
    'op': tf.nn.softmax,
    'of two exps': lambda x: tf.exp(x) / tf.reduce_sum(tf.exp(x), -1, keepdims=True),
    'masked': lambda x: (lambda e: e / tf.reduce_sum(e, -1, keepdims=True))(tf.exp(x) * tf.constant(np.ones(4))),
    'of one exp': lambda x: (lambda e: e / tf.reduce_sum(e, -1, keepdims=True))(tf.exp(x)),
    'shifted': lambda x: (lambda e: e / tf.reduce_sum(e, -1, keepdims=True))(
        tf.exp(x - tf.reduce_max(x, -1, keepdims=True))),
    'shifted, stopped': lambda x: (lambda e: e / tf.expand_dims(tf.reduce_sum(e, -1), -1))(
        tf.exp(x - tf.stop_gradient(tf.reduce_max(x, -1, keepdims=True)))),
    'inverse': lambda x: (lambda e: e * tf.math.reciprocal(tf.reduce_sum(e, -1, keepdims=True)))(tf.exp(x)),
    'kept from 0': lambda x: (lambda e: e / (tf.reduce_sum(e, -1, keepdims=True) + 1e-12))(tf.exp(x)),
    'another axis': lambda x: tf.transpose(tf.nn.softmax(tf.transpose(x), 0)),
}


@pytest.mark.parametrize('name', sorted(SOFTMAXES))
@pytest.mark.parametrize('softmax', ['taylor', 'constant'])
def test_softmax(session, rng, name, softmax):
    X = tf.placeholder(tf.float64, [None, 4])
    x = 2 * X
    # With a layer ahead that counts biases: what shifts x is none.
    T = tf.matmul(tf.square(SOFTMAXES[name](x) * tf.cumsum(X, 1)), np.eye(4))
    xs = rng.randn(3, 4)
    R = session.run(T, {X: xs})
    ones = np.tril(np.ones((4, 4))).T
    if softmax == 'constant':
        want = [lrp.epsilon(one, ones, None, r) for one, r in zip(xs, R)]
    else:
        want = taylor(2 * xs, R / 2) + [lrp.epsilon(one, ones, None, r / 2) for one, r in zip(xs, R)]
    close(explained(session, 'lrp.z', T, X, xs, softmax=softmax), want, 1e-6)


@pytest.mark.parametrize('name', ['op', 'shifted', 'inverse'])
def test_a_delta_says_that_a_softmax_keeps_relevance(session, rng, name):
    X = tf.placeholder(tf.float64, [None, 4])
    T = tf.square(SOFTMAXES[name](X) * X)
    xs = rng.randn(3, 4)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match="not conserved by a softmax on the way, but with softmax='constant'"):
            de.explain('lrp.z_IB', T, X, xs, return_convergence_delta=True)
        _, delta = de.explain('lrp.z_IB', T, X, xs, return_convergence_delta=True, softmax='constant')
    assert np.abs(delta).max() < 1e-9


def test_log_softmax(session, rng):
    X = tf.placeholder(tf.float64, [None, 4])
    y = tf.nn.log_softmax(X)
    T = tf.square(y)
    xs = rng.randn(3, 4)
    want = session.run(tf.gradients(y, X, T / y), {X: xs})[0] * xs
    close(explained(session, 'lrp.z', T, X, xs), want, 1e-6)


@pytest.mark.parametrize('mask', [-np.inf, -1e9, -1e4, np.finfo(np.float32).min])
@pytest.mark.parametrize('how', ['added', 'chosen'])
@pytest.mark.parametrize('method', ['lrp.epsilon', 'lrp.z_IB', 'lrp.flat', 'lrp.alpha_1_beta_0'])
def test_what_is_masked_has_nothing(session, rng, mask, how, method):
    """Also where all is masked, as in the rows of words that only fill a sentence up."""
    X = tf.placeholder(tf.float32, [None, 5, 3])
    open_ = np.array([[1, 1, 0, 1, 0]] * 4 + [[0] * 5 if np.isfinite(mask) else [1] + [0] * 4], bool)
    q = tf.reshape(tf.matmul(tf.reshape(X, [-1, 3]), rng.randn(3, 3).astype('f')), [-1, 5, 3])
    scores = tf.matmul(q, X, transpose_b=True)
    fill = np.float32(mask)
    if how == 'added':
        scores = scores + tf.constant(np.where(open_, 0, fill).astype('f'))
    else:
        scores = tf.where_v2(tf.constant(open_), scores, tf.fill(tf.shape(scores), fill))
    o = tf.matmul(tf.nn.softmax(scores), tf.reshape(tf.matmul(tf.reshape(X, [-1, 3]), rng.randn(3, 2).astype('f')),
                                                    [-1, 5, 2]))
    T = tf.reduce_sum(o[:, :4], [1, 2]) + (0. if np.isfinite(mask) else tf.reduce_sum(o[:, 4], 1))
    every = tf.reduce_sum(o, [1, 2])
    xs = rng.randn(2, 5, 3)
    got = explained(session, method, every, X, xs)
    assert np.isfinite(got).all() and np.abs(got).max() < 1e3 * np.abs(session.run(every, {X: xs})).max()
    if method == 'lrp.epsilon':
        of_open = explained(session, method, T, X, xs)
        # The third word is seen by nobody, and asks in its own row alone.
        assert np.isfinite(of_open).all() and np.abs(of_open).any()


def test_options_are_checked_at_the_door(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = dense(X, rng, 2)
    before = len(session.graph.get_operations())
    for name in ('lrp', 'lrp.z_plus', 'lrp.sequential_preset_a', 'deep_taylor'):
        for options, text in ((dict(products='whole'), "products must be 'half' or 'signal', not 'whole'"),
                              (dict(softmax=None), "softmax must be 'taylor' or 'constant', not None"),
                              (dict(norms=1), "norms must be 'linear' or 'identity', not 1")):
            with DeepExplain(session=session) as de, pytest.raises(ValueError, match=text):
                de.get_explainer(name, T, X, **options)
    assert len(session.graph.get_operations()) == before
