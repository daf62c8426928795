"""fullgrad: its parts against gradients with respect to biases, its maps against numpy, and that all adds up to T."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp, per_sample, weights

from deepexplain.tensorflow import DeepExplain


def cnn(rng, normalised=True):
    """X, its biases as tensors, and T; the batch normalisation's whole shift is a bias."""
    X = tf.placeholder(tf.float32, [None, 8, 6, 2])
    first, last, out = weights(rng, 4), weights(rng, 3), weights(rng, 3)
    h = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(X, weights(rng, 3, 3, 2, 4), 1, 'SAME'), first))
    h = tf.nn.max_pool(h, 2, 2, 'VALID')
    h = tf.nn.conv2d(h, weights(rng, 3, 3, 4, 3), 1, 'SAME')
    biases = [first, last, out]
    if normalised:
        scale, mean, variance = [tf.constant((rng.rand(3) + .5).astype('f')) for _ in range(3)]
        h = tf.nn.fused_batch_norm(h, scale, last, mean, variance, is_training=False, epsilon=.1)[0]
        biases[1] = (last, last - mean * scale / tf.sqrt(variance + .1))
    else:
        h = h + last
    h = tf.nn.relu(h)
    return X, tf.matmul(tf.reshape(h, [-1, 36]), weights(rng, 36, 3)) + out, biases


@pytest.mark.parametrize('normalised', [True, False])
def test_parts_are_biases_times_their_gradients(session, rng, normalised):
    X, T, biases = cnn(rng, normalised)
    initialise(session)
    xs = rng.randn(3, 8, 6, 2).astype('f')
    want = np.zeros((3, 4))
    for i, x in enumerate(xs):
        pairs = [(X, X)] + [one if isinstance(one, tuple) else (one, one) for one in biases]
        gradients = tf.gradients(T[:, 1], [one for one, _ in pairs])
        values = session.run([gradients, [value for _, value in pairs]], {X: [x]})
        want[i] = [(g * b).sum() for g, b in zip(*values)]
    with DeepExplain(session=session) as de, warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        explainer = de.get_explainer('fullgrad', T, X, aggregate='layers')
        got, delta = explainer.run(xs, 1, return_convergence_delta=True)
        close(got, want, 1e-4)
        *first, last, out = explainer.parts
        assert first == ['X', 'BiasAdd:0'] and out == 'add_1:0'
        assert last.startswith('FusedBatchNorm') if normalised else last == 'add:0'
        close(per_sample(got), session.run(T, {X: xs})[:, 1], 1e-5)
        assert np.abs(delta).max() < 1e-4
        complete, delta = de.explain('fullgrad', T, X, xs, 1, aggregate='complete', return_convergence_delta=True)
        assert complete.shape == (3, 8, 6) and np.abs(delta).max() < 1e-4
        for aggregate in ('map', 'complete', 'layers'):
            explainer = de.get_explainer('fullgrad', T, X, aggregate=aggregate)
            whole = explainer.run(xs, [0, 1, 2])
            assert whole.dtype == np.float32
            close(explainer.run(xs, [0, 1, 2], batch_size=2), whole, 1e-5)
            close(explainer.run(xs[1:2], 1), whole[1:2], 1e-5)
            close(explainer.run(xs, 'max'), explainer.run(xs, session.run(T, {X: xs}).argmax(1)), 1e-5)
            close(explainer.run(xs, 'all', batch_size=4), [explainer.run(xs, unit) for unit in range(3)], 1e-5)


def linear(old, new):
    """Linear interpolation of an axis, half a pixel in."""
    found = np.zeros((new, old))
    for i in range(new):
        at = min(max((i + .5) * old / new - .5, 0), old - 1)
        low = min(int(at), old - 1)
        found[i, low] += 1 - (at - low)
        found[i, min(low + 1, old - 1)] += at - low
    return found


def test_the_map_by_hand(session, rng):
    X, T, _ = cnn(rng, False)
    initialise(session)
    xs = rng.randn(2, 8, 6, 2).astype('f')
    graph = session.graph
    first, = [op.outputs[0] for op in graph.get_operations() if op.type == 'BiasAdd']
    last = [op.outputs[0] for op in graph.get_operations() if op.type == 'AddV2' and op.outputs[0].shape.ndims == 4]
    bias_of = {first.name: first.op.inputs[1], last[0].name: last[0].op.inputs[1]}
    tensors = [X, first, last[0]]
    gradients = session.run(tf.gradients(T[:, 2], tensors), {X: xs})
    biases = session.run([bias_of[one.name] for one in tensors[1:]])
    want, complete = np.zeros((2, 8, 6)), np.zeros((2, 8, 6))
    for part in [gradients[0] * xs] + [g * b for g, b in zip(gradients[1:], biases)]:
        sizes = np.abs(part)
        low, high = [end(sizes.reshape(2, -1), 1).reshape(2, 1, 1, 1) for end in (np.min, np.max)]
        down, right = linear(part.shape[1], 8), linear(part.shape[2], 6)
        want += np.einsum('nhwc,ih,jw->nij', (sizes - low) / (high - low), down, right)
        complete += np.einsum('nhwc,ih,jw->nij', part, down / down.sum(0), right / right.sum(0))
    out = session.run(T, {X: xs})[:, 2]
    complete += ((out - per_sample(complete)) / 48).reshape(2, 1, 1)
    with DeepExplain(session=session) as de:
        close(de.explain('fullgrad', T, X, xs, 2), want, 1e-4)
        close(de.explain('fullgrad', T, X, xs, 2, aggregate='complete'), complete, 1e-4)


def test_a_layer_of_more_places_than_x_keeps_its_sum(session, rng):
    X = tf.placeholder(tf.float32, [None, 4, 2])
    wide = tf.repeat(X, 3, axis=1) + weights(rng, 12, 2)
    T = dense(tf.reshape(tf.nn.relu(wide), [-1, 24]), rng, 2)
    initialise(session)
    with DeepExplain(session=session) as de:
        got, delta = de.explain('fullgrad', T, X, rng.randn(3, 4, 2), 0, aggregate='complete', axes=[1],
                                return_convergence_delta=True)
    assert got.shape == (3, 4) and np.abs(delta).max() < 1e-5


def norm(x):
    mean, variance = tf.nn.moments(x, [1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-3)


def attended(x):
    h = tf.reshape(x, [-1, 3, 2])
    return tf.reshape(tf.matmul(tf.nn.softmax(tf.matmul(h, h, transpose_b=True) + .3), h), [-1, 6])


def looped(x):
    states = tf.while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, tf.tanh(h + x + .5)), [0, x])
    return states[1]


def stepped(x):
    """Time first, the samples second."""
    h = tf.transpose(tf.reshape(x, [-1, 3, 2]), [1, 0, 2])
    return tf.reshape(tf.transpose(tf.nn.sigmoid(h + .2), [1, 0, 2]), [-1, 6])


TANGENT, BESIDE = 'What it adds is that of its tangent', 'X also reaches T by a way without gradient'

#: A function of six numbers, and what a warning says, if there is one.
BENDS = {name: (getattr(tf.nn, name), '') for name in (
    'relu', 'relu6', 'leaky_relu', 'elu', 'selu', 'tanh', 'sigmoid', 'softplus', 'softsign', 'swish')}
BENDS.update({
    'gelu': (lambda x: .5 * x * (1 + tf.math.erf(x / 2 ** .5)), ''),
    'hard sigmoid': (lambda x: tf.clip_by_value(.2 * x + .5, 0, 1), ''),
    'squares': (lambda x: tf.square(x) + x ** 3, ''), 'step': (lambda x: x + tf.sign(x), BESIDE),
    'maximum': (lambda x: tf.maximum(x, .3) + tf.minimum(x, .1 * tf.ones_like(x[:1])), ''),
    'where': (lambda x: tf.where_v2(x > 0, 2 * x, tf.ones_like(x)), ''),
    'padded': (lambda x: tf.pad(x[:, :4], [[0, 0], [1, 1]], constant_values=2.), ''),
    'joined': (lambda x: tf.concat([x[:, 2:], tf.ones_like(x[:, :2])], 1), ''),
    'stopped': (lambda x: x + tf.stop_gradient(tf.tanh(x)), BESIDE),
    'largest': (lambda x: x + tf.reduce_max(x + .2, 1, keepdims=True), ''),
    'less': (lambda x: 1 - x, ''), 'sums': (lambda x: tf.add_n([x, 2 * x, .5 * tf.ones_like(x)]), ''),
    'time first': (stepped, ''), 'loop': (looped, ''),
    'product': (lambda x: (x + .1) * tf.reverse(x, [1]), TANGENT), 'softmax': (tf.nn.softmax, TANGENT),
    'log of softmax': (tf.nn.log_softmax, TANGENT),
    'quotient': (lambda x: x / (2 + tf.reduce_sum(x ** 2, 1, keepdims=True)), TANGENT),
    'inverse': (lambda x: 1 / (2 + tf.square(x)), ''), 'norm': (norm, TANGENT), 'attention': (attended, TANGENT),
    'product of all': (lambda x: x + tf.reduce_prod(x, 1, keepdims=True), TANGENT)})


@pytest.mark.parametrize('name, dtype', [(name, tf.float64) for name in sorted(BENDS)] + [
    (name, tf.float32) for name in ('swish', 'attention', 'loop')])
def test_everything_adds_up(session, rng, name, dtype):
    function, told = BENDS[name]
    X = tf.placeholder(dtype, [None, 6])
    mix, shift, out = [tf.constant(rng.randn(*shape), dtype) for shape in ((6, 6), (6,), (6, 3))]
    T = tf.matmul(function(tf.matmul(X, mix) + shift), out)
    xs = rng.randn(4, 6)
    with DeepExplain(session=session) as de, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        explainer = de.get_explainer('fullgrad', T, X, aggregate='layers')
        got, delta = explainer.run(xs, [0, 1, 2, 0], return_convergence_delta=True)
        close(explainer.run(xs, [0, 1, 2, 0], batch_size=3), got, 1e-4)
        close(explainer.run(xs[1:2], 1), got[1:2], 1e-4)
        complete = de.explain('fullgrad', T, X, xs, [0, 1, 2, 0], aggregate='complete')
    assert np.abs(delta).max() < (1e-4 if dtype == tf.float32 else 1e-10) * np.abs(got).sum(1).max()
    close(per_sample(complete), per_sample(got), 1e-4)
    assert got.dtype == dtype.as_numpy_dtype
    said = {str(one.message) for one in caught if one.category is UserWarning}
    assert [told in one for one in said] == [True] * bool(told)


def test_an_implicit_bias_is_that_of_the_whole_activation(session):
    """x sigmoid(x) is one function, not a product: -x^2 s'(x) is its bias."""
    X = tf.placeholder(tf.float64, [None, 1])
    T = X * tf.sigmoid(X)
    with DeepExplain(session=session) as de:
        got = de.explain('fullgrad', T, X, [[.7]], aggregate='layers')
    s = 1 / (1 + np.exp(-.7))
    close(got, [[.7 * s + .49 * s * (1 - s), -.49 * s * (1 - s)]], 1e-6)


def test_several_inputs_and_rows_that_are_one_sample(session, rng):
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 3])
    T = mlp(tf.tanh, rng, X=tf.concat([A, B], 1))[1]
    initialise(session)
    xs = [rng.randn(4, 2), rng.randn(4, 3)]
    with DeepExplain(session=session) as de:
        got, delta = de.explain('fullgrad', T, [A, B], xs, 1, aggregate='layers', return_convergence_delta=True)
        assert got.shape == (4, 6) and np.abs(delta).max() < 1e-5
        got, delta = de.explain('fullgrad', T, [A, B], xs, aggregate='layers', rows='together',
                                return_convergence_delta=True)
        assert got.shape == (6,) and abs(delta) < 1e-4
        with pytest.raises(RuntimeError, match="take aggregate='layers' for several inputs"):
            de.get_explainer('fullgrad', T, [A, B])
        with pytest.raises(RuntimeError, match='return_convergence_delta is not defined for fullgrad'):
            de.explain('fullgrad', T, A, xs[0], feed_dict={B: xs[1]}, return_convergence_delta=True)


@pytest.mark.filterwarnings('ignore:.*What it adds is that of its tangent')
def test_what_cannot_be_told(session, rng, control_flow):
    X = tf.placeholder(tf.float32, [None, 3])
    chosen = tf.cond(tf.reduce_sum(X) > 0, lambda: tf.tanh(X), lambda: X + 1)
    spectrum = tf.abs(tf.signal.rfft(X + .1))
    with DeepExplain(session=session) as de:
        with pytest.raises(RuntimeError, match='fullgrad cannot tell what is added within .* a loop or a branch'):
            de.get_explainer('fullgrad', chosen, X)
        with pytest.raises(RuntimeError, match=r"fullgrad cannot tell what '.*' \(ComplexAbs\) adds"):
            de.get_explainer('fullgrad', spectrum, X)


def test_what_is_not_of_one_sample_is_said(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    mixed = tf.reverse(tf.tanh(X), [0])
    T = tf.reverse(tf.tanh(mixed), [0])
    with DeepExplain(session=session) as de, pytest.warns(UserWarning, match='contributions are off T by up to'):
        de.explain('fullgrad', T, X, rng.randn(4, 3), aggregate='layers')
