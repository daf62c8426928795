"""PatternNet and PatternAttribution: patterns found in data, and the backward passes with them."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp, weights

from deepexplain.tensorflow import DeepExplain

SHAPES = [(5, 6), (6, 4), (4, 3)]


def fitted(session, T, X, xs, **options):
    with DeepExplain(session=session) as de:
        return de.get_explainer('pattern.net', T, X).fit_patterns(xs, **options)


def slow(x, y, positive):
    """Patterns (inputs, outputs), output by output, after the paper's equations with w.cov as the denominator."""
    result = []
    for j in range(y.shape[1]):
        rows = y[:, j] > 0 if positive else np.full(len(y), True)
        if not rows.any():
            result.append(np.zeros(x.shape[1]))
            continue
        a, b = x[rows], y[rows, j]
        covariance = (a * b[:, None]).mean(0) - a.mean(0) * b.mean()
        result.append(covariance / ((b * b).mean() - b.mean() ** 2))
    return np.array(result).T


@pytest.mark.parametrize('estimator', ['linear', 'relu'])
@pytest.mark.parametrize('batch_size', [None, 7])
def test_patterns_of_dense_layers(session, rng, estimator, batch_size):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs = rng.randn(50, 5) @ rng.randn(5, 5) + 1
    got = fitted(session, T, X, xs, estimator=estimator, batch_size=batch_size)
    values = session.run([op.outputs[0] for op in session.graph.get_operations() if op.type in ('Add', 'AddV2')][:3],
                         {X: xs})
    data = [xs, np.maximum(values[0], 0), np.maximum(values[1], 0)]
    for i, (x, y, pattern) in enumerate(zip(data, values, got)):
        # No activation follows the last layer.
        want = slow(np.float64(x), np.float64(y), estimator == 'relu' and i < 2)
        assert pattern.shape == SHAPES[i] and pattern.dtype == np.float32
        close(pattern, want, 1e-3)


@pytest.mark.parametrize('kind', ['Conv2D', 'depthwise', 'transposed', 'Conv1D'])
@pytest.mark.parametrize('normalised', [False, True])
def test_patterns_of_convolutions(session, rng, kind, normalised):
    """w.a = 1 for each output: the pattern moves it by what its own weights see (Kindermans et al. 2018, eq. 3)."""
    shape, of_weights, op = {
        'Conv2D': ([6, 6, 2], [3, 3, 2, 4], lambda x, w: tf.nn.conv2d(x, w, [1, 2, 2, 1], 'SAME')),
        'depthwise': ([6, 6, 2], [3, 3, 2, 2], lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], 'SAME')),
        'transposed': ([6, 6, 2], [3, 3, 4, 2], lambda x, w: tf.nn.conv2d_transpose(
            x, w, tf.stack([tf.shape(x)[0], 6, 6, 4]), [1, 1, 1, 1], 'SAME')),
        'Conv1D': ([9, 2], [3, 2, 4], lambda x, w: tf.nn.conv1d(x, w, stride=1, padding='VALID'))}[kind]
    X = tf.placeholder(tf.float32, [None] + shape)
    w = weights(rng, *of_weights)
    z = tf.nn.bias_add(op(X, w), weights(rng, 4))
    scale = np.float32([.5, 2, -1, 1])
    if normalised:
        z = z * scale + [.1, 0., -.1, 0.]
    T = tf.reduce_sum(tf.nn.relu(z), list(range(1, len(shape) + 1)))
    initialise(session)
    (pattern,) = fitted(session, T, X, rng.randn(30, *shape))
    seen = session.run(w) * pattern
    if kind == 'transposed':
        seen = np.swapaxes(seen, -1, -2)
    elif kind == 'depthwise':
        seen = seen.reshape(3, 3, 1, 4)
    total = seen.reshape(-1, 4).sum(0) * (scale if normalised else 1)
    np.testing.assert_allclose(total, 1, rtol=2e-2 if kind == 'transposed' else 1e-3)


def test_the_signal_is_found_where_weights_only_cancel_the_noise(session, rng):
    """The paper's example: x = s (1, 0) + noise (1, 1), y = s; weights (1, -1), pattern (1, 0)."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.matmul(X, tf.constant([[1.], [-1.]]))
    signal, noise = rng.randn(2, 4000, 1)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('pattern.net', T, X, normalize=False)
        (pattern,) = explainer.fit_patterns(signal * [1, 0] + noise, estimator='linear')
        np.testing.assert_allclose(pattern, [[1], [0]], atol=.05)
        np.testing.assert_allclose(explainer.run([[3., 2.]]), pattern.T, rtol=1e-5)


def test_backward_passes(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    xs, ys = rng.randn(4, 5), rng.randn(4, 3)
    patterns = [rng.randn(*shape) for shape in SHAPES]
    names = [op.name for op in session.graph.get_operations() if op.type == 'MatMul']
    with DeepExplain(session=session) as de:
        raw = {name: de.explain(name, T, X, xs, ys, patterns=patterns, normalize=False)
               for name in ('pattern.net', 'pattern.attribution')}
        scaled = de.explain('pattern.net', T, X, xs, ys, patterns=dict(zip(names, patterns)))
        again = de.explain('pattern.net', T, X, xs[2:], ys[2:], patterns=patterns, batch_size=1)
    values, ws = session.run([[op.outputs[0] for op in session.graph.get_operations() if op.type == 'Relu'][:2],
                              [session.graph.get_operation_by_name(name).inputs[1] for name in names]], {X: xs})
    for name, matrices in (('pattern.net', patterns), ('pattern.attribution', [w * a for w, a in zip(ws, patterns)])):
        grad = ys
        for matrix, value in zip(matrices[::-1], values[::-1] + [None]):
            grad = grad @ matrix.T * (1 if value is None else value > 0)
        close(raw[name], grad, 1e-4)
    close(scaled, raw['pattern.net'] / np.abs(raw['pattern.net']).max(1, keepdims=True), 1e-5)
    close(again, scaled[2:], 1e-5)


def test_what_patterns_must_be(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    good = [np.ones(shape) for shape in SHAPES]
    with DeepExplain(session=session) as de:
        for patterns, error, text in [
                (np.ones((5, 6)), TypeError, 'patterns must be a list of arrays, .* not ndarray'),
                (good[:2], ValueError, r'patterns must be as many as there are layers, 3 \(.*\), not 2'),
                (good[:2] + [np.ones((3, 4))], ValueError,
                 r"patterns\[2\] must have the shape of the weights of '.*', \(4, 3\), not \(3, 4\)"),
                (good[:2] + ['a'], ValueError, r'patterns\[2\] must be an array of numbers'),
                ({'a': good[0]}, ValueError, 'patterns must have the names of the layers, .*, as keys, not a')]:
            with pytest.raises(error, match=text):
                de.get_explainer('pattern.net', T, X, patterns=patterns)
        explainer = de.get_explainer('pattern.attribution', T, X)
        with pytest.raises(RuntimeError, match='There are no patterns yet'):
            explainer.run(np.ones((2, 5)))
        with pytest.raises(ValueError, match="estimator must be 'linear' or 'relu', not 'mean'"):
            explainer.fit_patterns(np.ones((2, 5)), estimator='mean')
        with pytest.raises(ValueError, match=r'xs must have the shape'):
            explainer.fit_patterns(np.ones((2, 4)))
        with pytest.raises(RuntimeError, match='fit_patterns is for pattern.net and pattern.attribution, not for lrp'):
            de.get_explainer('lrp', T, X).fit_patterns(np.ones((2, 5)))
        # What does not vary has no pattern, and nothing is divided by 0.
        assert all(np.isfinite(pattern).all() for pattern in explainer.fit_patterns(np.ones((4, 5))))
        first = explainer.fit_patterns(rng.randn(40, 5))
        result = explainer.run(np.ones((2, 5)))
        first[0][:] = 0  # The caller's own copy.
        np.testing.assert_array_equal(explainer.run(np.ones((2, 5))), result)


def test_layers_that_cannot_be_fitted(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    adjacency = tf.SparseTensor([[0, 0], [1, 2]], rng.randn(2).astype(np.float32), [2, 3])
    T = tf.transpose(tf.sparse.sparse_dense_matmul(adjacency, X, adjoint_b=True))
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('pattern.net', T, X)
        with pytest.raises(RuntimeError, match=r"fit_patterns cannot fit the layer '.*' \(SparseTensorDenseMatMul\)"):
            explainer.fit_patterns(np.ones((2, 3)))
    step, U = tf.placeholder(tf.float32, [None, 4, 3]), weights(rng, 3, 3)
    loop = tf.while_loop(lambda i, h: i < 4, lambda i, h: (i + 1, tf.tanh(tf.matmul(step[:, i] + h, U))),
                         [0, tf.zeros_like(step[:, 0])])[1]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('pattern.net', dense(loop, rng, 2), step)
        with pytest.raises(RuntimeError, match=r"cannot fit the layer 'while/.*' \(MatMul\), which is in a loop"):
            explainer.fit_patterns(np.ones((2, 4, 3)))


def test_a_scale_by_itself(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = dense(X * [1., 2., -4.], rng, 2, bias=False)
    initialise(session)
    pattern = rng.randn(3, 2)
    options = dict(ys=1, patterns=[pattern], normalize=False)
    with DeepExplain(session=session) as de:
        net = de.explain('pattern.net', T, X, np.ones((1, 3)), **options)
        attribution = de.explain('pattern.attribution', T, X, np.ones((1, 3)), **options)
    w = session.run(T.op.inputs[1])
    close(net, [pattern[:, 1] / [1, 2, -4]], 1e-5)
    close(attribution, [pattern[:, 1] * w[:, 1]], 1e-5)


def test_large_means_and_constant_data(session, rng):
    X, T = mlp(tf.nn.relu, rng)
    initialise(session)
    w = session.run([op.inputs[1] for op in session.graph.get_operations() if op.type == 'MatMul'][0])
    data = rng.randn(300, 5) @ rng.randn(5, 5)
    near, far = (fitted(session, T, X, data + offset, estimator='linear')[0] for offset in (0, 1000))
    close(far, near, 2e-2)
    np.testing.assert_allclose((w * far).sum(0), 1, atol=2e-2)
    constant = np.tile(rng.randn(1, 5) + 3, (400, 1))
    for batch_size in (None, 7):
        assert not fitted(session, T, X, constant, batch_size=batch_size)[0].any()


def test_a_static_batch(session, rng):
    X = tf.placeholder(tf.float32, [4, 5])
    T = mlp(tf.nn.relu, rng, X=X)[1]
    initialise(session)
    assert len(fitted(session, T, X, rng.randn(8, 5))) == 3
    with pytest.raises(RuntimeError, match='fit_patterns: xs must have a multiple of 4 samples'):
        fitted(session, T, X, rng.randn(10, 5))
    with pytest.raises(RuntimeError, match='values that are not finite'):
        fitted(session, T, X, np.full((4, 5), np.nan))
