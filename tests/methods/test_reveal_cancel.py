"""DeepLIFT's RevealCancel rule, by hand and against a slow implementation of the paper's section 3.5."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, per_sample, weights

from deepexplain.tensorflow import DeepExplain, register_rule
from deepexplain.tensorflow.rules import activations

METHOD = 'deeplift.reveal_cancel'


def explained(session, T, X, xs, method=METHOD, **options):
    with DeepExplain(session=session) as de:
        return de.explain(method, T, X, xs, **options)


def columns(*values):
    return tf.constant(values, tf.float32)


@pytest.mark.parametrize('made_of', ['sums', 'matrices'])
def test_min_max_xor_by_hand(session, made_of):
    """min(a, b) = a - relu(a - b), max(a, b) = b + relu(a - b), xor(a, b) = relu(a + b) - 2 relu(a + b - 1)."""
    X = tf.placeholder(tf.float32, [None, 2])
    if made_of == 'sums':
        a, b = X[:, 0], X[:, 1]
        over = tf.nn.relu(a - b)
        smaller, larger, xor = a - over, b + over, tf.nn.relu(a + b) - 2 * tf.nn.relu(a + b - 1)
    else:
        over = tf.concat([X, tf.nn.relu(tf.matmul(X, columns([1], [-1])))], 1)
        smaller, larger = (tf.matmul(over, columns(*w)) for w in ([[1], [0], [-1]], [[0], [1], [1]]))
        xor = tf.matmul(tf.nn.relu(tf.matmul(X, columns([1, 1], [1, 1])) + [0., -1.]), columns([1], [-2]))
    xs = np.array([[3., 1], [1, 3], [2, 2], [0, 1]])
    # Of min(3, 1) = 1 each has a half: neither alone has any. Of max(3, 1) = 3 the 1 has a half, too.
    np.testing.assert_allclose(explained(session, smaller, X, xs), [[.5, .5], [.5, .5], [1, 1], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(explained(session, larger, X, xs), [[2.5, .5], [.5, 2.5], [1, 1], [0, 1]], atol=1e-6)
    ones = np.array([[1., 1], [1, 0], [0, 1], [0, 0]])
    np.testing.assert_allclose(explained(session, xor, X, ones), [[0, 0], [1, 0], [0, 1], [0, 0]], atol=1e-6)
    # The rescale rule sees one input of the smaller alone.
    np.testing.assert_allclose(explained(session, smaller, X, xs[:2], 'deeplift'), [[0, 1], [1, 0]], atol=1e-6)


def slow(x, r, layers, f, last):
    """Contributions to the last layer's outputs, neuron by neuron, forward values first and multipliers back."""
    values, references, steps = [np.float64(x)], [np.float64(r)], []
    for w, b in layers:
        h, h_ref = values[-1], references[-1]
        contributions = (h - h_ref)[:, None] * w
        up, down = np.maximum(contributions, 0).sum(0), np.minimum(contributions, 0).sum(0)
        z = h_ref @ w + b
        of_up = .5 * (f(z + up) - f(z)) + .5 * (f(z + down + up) - f(z + down))
        of_down = .5 * (f(z + down) - f(z)) + .5 * (f(z + up + down) - f(z + up))
        steps.append((w, np.divide(of_up, up, out=0 * up, where=up != 0),
                      np.divide(of_down, down, out=0 * down, where=down != 0)))
        values.append(f(h @ w + b))
        references.append(f(z))
    m = last
    for (w, above, below), h, h_ref in zip(reversed(steps), values[-2::-1], references[-2::-1]):
        up, down = np.maximum(w, 0), np.minimum(w, 0)
        of_rise = up @ (m * above) + down @ (m * below)
        of_fall = down @ (m * above) + up @ (m * below)
        change = h - h_ref
        m = np.where(change > 0, of_rise, np.where(change < 0, of_fall, .5 * (of_rise + of_fall)))
    return m * (x - r)


@pytest.mark.parametrize('baselines', ['zeros', 'one', 'each', 'references'])
@pytest.mark.parametrize('activation', ['relu', 'tanh', 'swish', 'leaky_relu'])
def test_dense_layers(session, rng, activation, baselines):
    X = tf.placeholder(tf.float64, [None, 5])
    layers = [(tf.Variable(rng.randn(a, b)), tf.Variable(rng.randn(b))) for a, b in ((5, 6), (6, 4))]
    f = getattr(tf.nn, activation)
    h = X
    for i, (w, b) in enumerate(layers):
        h = f(tf.nn.bias_add(tf.matmul(h, w), b) if i else tf.matmul(h, w) + b)
    last = tf.Variable(rng.randn(4, 3))
    T = tf.matmul(h, last)
    initialise(session)
    xs = rng.randn(4, 5)
    xs[0, :2] = 0  # Features that do not change.
    given = {'zeros': {}, 'one': dict(baseline=rng.randn(5)), 'each': dict(baseline=rng.randn(4, 5)),
             'references': dict(references=rng.randn(2, 5))}[baselines]
    got = explained(session, T, X, xs, ys=2, **given)
    of_numpy = {'relu': lambda z: np.maximum(z, 0), 'tanh': np.tanh, 'swish': lambda z: z / (1 + np.exp(-z)),
                'leaky_relu': lambda z: np.maximum(z, .2 * z)}[activation]
    layers, last = session.run([layers, last])

    def one(x, r):
        return slow(x, r, layers, of_numpy, last[:, 2])

    if baselines == 'references':
        want = [np.mean([one(x, r) for r in given['references']], 0) for x in xs]
    else:
        base = np.broadcast_to(given.get('baseline', 0.), xs.shape)
        want = [one(x, r) for x, r in zip(xs, base)]
    close(got, np.array(want), 1e-6)
    for batch_size in (1, 3):
        close(explained(session, T, X, xs, ys=2, batch_size=batch_size, **given), got, 1e-9)


def network(rng, case):
    X = tf.placeholder(tf.float32, [None, 6, 6, 2])
    h = X
    for before, after in ((2, 3), (3, 4)):
        z = tf.nn.conv2d(h, weights(rng, 3, 3, before, after), [1, 1, 1, 1], 'SAME')
        if case == 'normalised':
            z = tf.nn.fused_batch_norm(z, *[tf.Variable(rng.uniform(.5, 1, after).astype(np.float32))
                                            for _ in range(4)], is_training=False)[0]
        elif case == 'depthwise':
            z = tf.nn.depthwise_conv2d(z, weights(rng, 3, 3, after, 1), [1, 1, 1, 1], 'SAME') + weights(rng, after)
        else:
            z = z + weights(rng, after)
        if case == 'pools':
            z = tf.nn.avg_pool(z, [1, 2, 2, 1], [1, 1, 1, 1], 'SAME')
        if case == 'residual' and before == 3:
            z = tf.pad(h, [[0, 0], [0, 0], [0, 0], [0, 1]]) - z
        h = tf.nn.relu6(z) if case == 'depthwise' else tf.nn.relu(z)
        if case == 'max pools':
            h = tf.nn.max_pool(h, [1, 2, 2, 1], [1, 1, 1, 1], 'SAME')
    h = tf.reshape(h, [-1, 144]) if case == 'reshaped' else tf.reduce_mean(h, [1, 2])
    return X, dense(tf.nn.elu(dense(h, rng, 5)), rng, 3)


@pytest.mark.parametrize('case', ['normalised', 'depthwise', 'pools', 'residual', 'reshaped', 'max pools'])
def test_attributions_add_up(session, rng, case):
    X, T = network(rng, case)
    initialise(session)
    xs, base = rng.randn(4, 6, 6, 2), rng.randn(6, 6, 2)
    options = dict(baseline=base, complete=case == 'max pools')
    got, delta = explained(session, T, X, xs, ys=1, return_convergence_delta=True, **options)
    y = session.run(T, {X: xs})[:, 1] - session.run(T, {X: base[None]})[0, 1]
    np.testing.assert_allclose(per_sample(got), y, atol=1e-4 * np.abs(y).max())
    np.testing.assert_allclose(delta, 0, atol=1e-4 * np.abs(y).max())
    rescaled = explained(session, T, X, xs, 'deeplift', ys=1, **options)
    assert np.abs(got - rescaled).max() > 1e-2 * np.abs(got).max()
    # With the rule of convolutions as it was, only the dense layer's is another.
    partly = explained(session, T, X, xs, ys=1, rescale_convolutions=True, **options)
    close(per_sample(partly), y, 1e-4)
    if case != 'pools':  # There the pool is what the activation reads.
        assert min(np.abs(partly - other).max() for other in (got, rescaled)) > 1e-4 * np.abs(got).max()


def test_an_activation_that_is_not_alone_takes_the_rescale_rule(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    z = dense(X, rng, 3)
    T = tf.reduce_sum(tf.nn.relu(z) + tf.tanh(z), 1)
    initialise(session)
    xs = rng.randn(3, 4)
    close(explained(session, T, X, xs), explained(session, T, X, xs, 'deeplift'), 1e-6)
    direct = tf.nn.relu(X)
    close(explained(session, direct, X, xs), np.maximum(xs, 0), 1e-6)


def test_a_rule_of_the_users_stays(session, rng, monkeypatch):
    monkeypatch.setattr(activations, '_rules', dict(activations._rules))
    X = tf.placeholder(tf.float32, [None, 4])
    T = tf.reduce_sum(tf.tanh(dense(X, rng, 3)), 1)
    initialise(session)
    xs = rng.randn(3, 4)
    before = explained(session, T, X, xs)
    register_rule('Tanh', deeplift=lambda grad, x, y, x_ref, y_ref: 2 * grad)
    after = explained(session, T, X, xs)
    assert np.abs(after - before).max() > .1
    close(after, 2 * explained(session, dense_of(T), X, xs, 'grad*input'), 1e-5)


def dense_of(T):
    """The sum of what goes into the activation."""
    return tf.reduce_sum(T.op.inputs[0].op.inputs[0], 1)


def test_loops_are_their_steps(session):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.while_loop(lambda i, h: i < 3, lambda i, h: (i + 1, tf.tanh(h)), [0, X])[1]
    xs = np.array([[1, -.5]])
    np.testing.assert_allclose(explained(session, T, X, xs), np.tanh(np.tanh(np.tanh(xs))), rtol=1e-5)


@pytest.mark.parametrize('scale', [1, 1e3])
def test_changes_that_are_lost_in_rounding_pass_the_derivative(session, scale):
    # The first layer's changes cancel out but for a few digits, so that next to nothing reaches the second.
    X = tf.placeholder(tf.float32, [None, 2])
    h = tf.nn.relu(tf.matmul(X, columns([1, 1], [-1, -1])) + 1)
    T = tf.nn.relu(scale * tf.matmul(h, columns([2], [1])) - scale)
    xs = np.array([[1, 1 + k * 2. ** -23] for k in range(-10, 10)])
    np.testing.assert_allclose(explained(session, T, X, xs), 3 * scale * xs * [1, -1], rtol=1e-4)
