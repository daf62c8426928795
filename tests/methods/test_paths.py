"""guided_ig and blur_ig against slow replicas of their papers, and xrai's regions."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, dense, initialise, mlp, per_sample, weights

from deepexplain.tensorflow import DeepExplain

#: Few steps are off, and of that a warning tells.
pytestmark = pytest.mark.filterwarnings('ignore:.*off what they should add up to')


@pytest.fixture
def network(session, rng):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    return X, T


def guided(x, base, gradient, steps, fraction, far, fixed=(), both=False):
    """Guided integrated gradients place by place in the numbers of X, as the paper has it; fixed: steps of anchors."""
    def straight(part):
        return base + part * (x - base)

    at, total = base.copy(), np.zeros_like(x)
    whole = np.abs(x - base).sum()
    ends = sorted({0, steps, *fixed})
    for step in range(1, steps + 1):
        slope = gradient(at)
        before, after = max(one for one in ends if one < step), min(one for one in ends if one >= step)
        nearest = straight(max(step / steps - far, before / steps))
        furthest = straight(min(step / steps + far, after / steps))
        wanted = whole * (1 - step / steps)
        old = at.copy()
        # What is too far behind is brought along.
        behind = np.abs(x - at) > np.abs(x - nearest)
        at[behind] = nearest[behind]
        while True:
            missing = np.abs(x - at).sum() - wanted
            if missing <= 1e-9:
                break
            sizes = np.where(np.abs(at - furthest) < 1e-12, np.inf, np.abs(slope))
            threshold = np.sort(sizes)[int(fraction * (len(x) - 1))]
            chosen = (sizes <= threshold) & (sizes < np.inf)
            room = np.abs(furthest - at)[chosen].sum()
            if room == 0:
                break
            part = min(1, missing / room)
            at[chosen] += part * (furthest - at)[chosen]
        total += (slope + gradient(at) if both else 2 * slope) / 2 * (at - old)
    np.testing.assert_allclose(at, x, atol=1e-6)
    return total


@pytest.mark.parametrize('options, fixed', [
    (dict(steps=10, max_dist=1), ()), (dict(steps=12, fraction=.5, max_dist=.1), ()),
    (dict(steps=9, max_dist=1, fraction=.1, anchors=2), (3, 6)), (dict(steps=10, fraction=1), ()),
    (dict(steps=8, max_dist=.3, quadrature='trapezoid'), ())])
def test_guided_ig_place_by_place(session, network, rng, options, fixed):
    X, T = network
    xs, base = rng.randn(3, 5).astype('f'), rng.randn(5).astype('f')
    xs[1, 2] = base[2]
    of_unit = tf.gradients(T[:, 1], X)[0]
    want = [guided(x.astype(float), base.astype(float), lambda at: session.run(of_unit, {X: [at]})[0],
                   options['steps'], options.get('fraction', .25), options.get('max_dist', .02), fixed,
                   'quadrature' in options) for x in xs]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('guided_ig', T, X, baseline=base, **options)
        got, delta = explainer.run(xs, 1, return_convergence_delta=True)
        close(got, want, 1e-4)
        close(per_sample(got) - delta, session.run(T, {X: xs})[:, 1] - session.run(T, {X: [base]})[0, 1], 1e-4)
        close(explainer.run(xs, 1, batch_size=2), got, 1e-5)
        close(explainer.run(xs[1:2], 1), got[1:2], 1e-5)
        assert got[1, 2] == 0


def test_guided_ig_adds_up_and_a_straight_path_is_that_of_intgrad(session, network, rng):
    X, T = network
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        got, delta = de.explain('guided_ig', T, X, xs, 'max', steps=400, return_convergence_delta=True)
        assert np.abs(delta).max() < .02 * np.abs(per_sample(got)).max()
        close(de.explain('guided_ig', T, X, xs, 2, steps=20, fraction=1, max_dist=1e-9),
              de.explain('intgrad', T, X, xs, 2, steps=20, quadrature='riemann_left'), 1e-4)


def test_guided_ig_at_kinks(session):
    """The larger of two: each in turn is the flat one, and moved; at the beginning of a step it has no gradient."""
    X = tf.placeholder(tf.float64, [None, 2])
    T = tf.maximum(X[:, 0], X[:, 1])
    with DeepExplain(session=session) as de:
        left = de.explain('guided_ig', T, X, [[1, .9]], steps=1000, max_dist=1)
        both = de.explain('guided_ig', T, X, [[1, .9]], steps=1000, max_dist=1, quadrature='trapezoid')
    assert left.sum() < .6 and abs(both.sum() - 1) < .1


def test_guided_ig_takes_what_matters_last(session):
    """T has a cliff in its first feature: the way round it leaves the other with nothing of it."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.tanh(10 * X[:, 0]) + .1 * X[:, 1] ** 2
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        got = de.get_explainer('guided_ig', T, X, steps=50, max_dist=1, fraction=.1).run(np.ones((3, 2)), [1, 1, 1])
    points = np.stack([next(iter(call[name] for name in call if name == X.name)) for call in counting.calls])
    assert points.shape == (50, 3, 2)
    # The second feature is through before the first begins.
    assert (points[25, :, 1] > .99).all() and (points[25, :, 0] < .05).all()
    assert (got[:, 1] > .08).all()


def test_guided_ig_of_several_inputs_is_one_path(session, rng):
    joined = tf.placeholder(tf.float32, [None, 5])
    A, B = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float64, [None, 3])
    both = mlp(tf.tanh, np.random.RandomState(1), X=tf.concat([A, tf.cast(B, tf.float32)], 1))[1]
    one = mlp(tf.tanh, np.random.RandomState(1), X=joined)[1]
    initialise(session)
    xs, references = rng.randn(4, 5), rng.randn(3, 5)
    with DeepExplain(session=session) as de:
        got, delta = de.explain('guided_ig', both, [A, B], [xs[:, :2], xs[:, 2:]], 1, steps=20, references=[
            references[:, :2], references[:, 2:]], return_convergence_delta=True)
        assert [part.dtype for part in got] == [np.float32, np.float64] and delta.shape == (4,)
        want = de.explain('guided_ig', one, joined, xs, 1, steps=20, references=references)
        close(np.concatenate(got, 1), want, 1e-4)
        close(want, np.mean([de.explain('guided_ig', one, joined, xs, 1, steps=20, baseline=base)
                             for base in references], 0), 1e-5)


@pytest.mark.parametrize('method, options, text', [
    ('guided_ig', dict(fraction=0), 'fraction must be above 0 and at most 1, not 0.'),
    ('guided_ig', dict(max_dist=1.5), 'max_dist must be above 0 and at most 1, not 1.5.'),
    ('guided_ig', dict(steps=3, anchors=3), 'anchors must be fewer than the 3 steps, not 3.'),
    ('guided_ig', dict(quadrature='midpoint'), "quadrature must be 'riemann_left' or 'trapezoid', not 'midpoint'."),
    ('blur_ig', dict(max_sigma=0), 'max_sigma must be a number above 0, not 0.'),
    ('blur_ig', dict(boundary='wrap'), "boundary must be 'constant' or 'reflect', not 'wrap'."),
    ('blur_ig', dict(axes=[0]), 'axes must be different ints from 1 on, the axes of X that are blurred, not [0].'),
    ('xrai', dict(bounds=(1, 0)), 'bounds must rise from black to white, not (1, 0).'),
    ('xrai', dict(bounds=1), 'bounds must be a pair of numbers, of black and white, not 1.'),
    ('xrai', dict(segments=[1.5]), 'segments must be label maps of ints, boolean masks, a list of these, or a function '
                                   'that makes them of one sample, not [1.5].'),
])
def test_errors(session, network, method, options, text):
    X, T = network
    with DeepExplain(session=session) as de, pytest.raises(ValueError) as error:
        de.get_explainer(method, T, X, **options)
    assert str(error.value) == text


def gauss(line, sigma, boundary):
    """A line blurred number by number."""
    reach, n = int(4 * sigma + .5), len(line)
    at = np.arange(-reach, reach + 1)
    kernel = np.exp(-at ** 2 / (2 * sigma ** 2))
    kernel /= kernel.sum()
    found = np.zeros(n)
    for i in range(n):
        for t, weight in zip(at, kernel):
            j = i + t
            if boundary == 'reflect':
                j %= 2 * n
                j = j if j < n else 2 * n - 1 - j
            if 0 <= j < n:
                found[i] += weight * line[j]
    return found


def blurred(x, sigma, axes, boundary):
    for axis in axes if sigma else ():
        x = np.apply_along_axis(gauss, axis, x, sigma, boundary)
    return x


@pytest.mark.parametrize('shape, axes', [((7,), [0]), ((5, 4), [0, 1]), ((3, 4, 2), [0, 1]), ((2, 3, 4, 2), [1, 2, 3])])
@pytest.mark.parametrize('boundary', ['constant', 'reflect'])
def test_blurs(rng, shape, axes, boundary):
    from deepexplain.tensorflow.methods.blurring import Blurred
    x = rng.randn(*shape)
    blurs = Blurred(x, axes, boundary)
    for sigma in (0, .1, .8, 3, 20):
        np.testing.assert_allclose(blurs.at(sigma), blurred(x, sigma, axes, boundary), atol=1e-12)
        ndimage = pytest.importorskip('scipy.ndimage')
        by = [sigma if axis in axes else 0 for axis in range(x.ndim)]
        np.testing.assert_allclose(blurs.at(sigma), ndimage.gaussian_filter(x, by, mode=boundary), atol=1e-12)


#: An input, and which of its axes are those of places; each is read by a convolution that says so.
SHAPES = {'signals': ([6, 2], [1]), 'pictures': ([5, 4, 2], [1, 2]), 'pictures, channels first': ([2, 5, 4], [2, 3]),
          'volumes': ([3, 4, 3, 2], [1, 2, 3]), 'table': ([5], [1])}


def network_of(kind, rng, dtype=tf.float32):
    shape, _ = SHAPES[kind]
    X = tf.placeholder(dtype, [None] + shape)
    h = tf.cast(X, tf.float32)
    if kind == 'signals':
        h = tf.nn.conv1d(h, weights(rng, 3, 2, 3), 1, 'SAME')
    elif kind == 'pictures':
        h = tf.nn.conv2d(h, weights(rng, 3, 3, 2, 3), 1, 'SAME')
    elif kind == 'volumes':
        h = tf.nn.conv3d(h, weights(rng, 2, 2, 2, 2, 3), [1] * 5, 'SAME')
    elif kind == 'pictures, channels first':
        # The CPU convolves in the other order.
        h = tf.transpose(tf.nn.bias_add(h, weights(rng, 2), data_format='NCHW'), [0, 2, 3, 1])
        h = tf.nn.conv2d(h, weights(rng, 3, 3, 2, 3), 1, 'SAME')
    T = dense(tf.tanh(tf.reshape(h, [-1, int(np.prod(h.shape.as_list()[1:]))])), rng, 3)
    initialise(session=tf.get_default_session())
    return X, T


@pytest.mark.parametrize('kind', sorted(SHAPES))
@pytest.mark.parametrize('boundary', ['constant', 'reflect'])
def test_blur_ig_step_by_step(session, rng, kind, boundary):
    X, T = network_of(kind, rng)
    xs, (shape, axes) = rng.randn(*[2] + SHAPES[kind][0]).astype('f'), SHAPES[kind]
    gradient = tf.gradients(T[:, 1], X)[0]
    most = max(shape[axis - 1] for axis in axes) / 2
    want, change = np.zeros(xs.shape), []
    for i, x in enumerate(xs):
        line = [blurred(x.astype(float), most * j / 6, [axis - 1 for axis in axes], boundary) for j in range(7)]
        g, scores = session.run([gradient, T], {X: line})
        want[i] = sum((g[j] + g[j + 1]) / 2 * (line[j] - line[j + 1]) for j in range(6))
        change.append(scores[0, 1] - scores[-1, 1])
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('blur_ig', T, X, steps=6, boundary=boundary)
        got, delta = explainer.run(xs, 1, return_convergence_delta=True)
        assert [len(call[X.name]) for call in counting.calls] == [14]
        close(got, want, 1e-4)
        close(per_sample(got) - delta, change, 1e-4)
        for batch_size in (1, 4, 7):
            close(explainer.run(xs, 1, batch_size=batch_size), got, 1e-4)
        close(explainer.run(xs[1:], 1), got[1:], 1e-4)
        # Of all units, too, absence is the blur.
        close(explainer.run(xs, 'all', return_convergence_delta=True)[1][1], delta, 1e-4)
        close(de.explain('blur_ig', T, X, xs, 1, steps=6, boundary=boundary, axes=axes, max_sigma=most), got, 1e-6)
    assert got.dtype == np.float32


def test_blur_ig_adds_up(session, rng):
    X, T = network_of('pictures', rng, tf.float64)
    xs = rng.randn(3, 5, 4, 2)
    with DeepExplain(session=session) as de:
        got, delta = de.explain('blur_ig', T, X, xs, 'max', return_convergence_delta=True)
        assert got.dtype == np.float64 and np.abs(delta).max() < 1e-3 * np.abs(per_sample(got)).max()
        with pytest.raises(ValueError, match=r'axes must name axes of X from 1 to 3, not \[4\]'):
            de.explain('blur_ig', T, X, xs, axes=[4])
