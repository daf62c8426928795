"""Multipliers and hypothetical contributions, in place of attributions."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp

from deepexplain.genomics import hypothetical
from deepexplain.tensorflow import DeepExplain

METHODS = [('deeplift', {}), ('deeplift', dict(complete=True)), ('deeplift.reveal_cancel', {}),
           ('intgrad', dict(steps=4)), ('intgrad', dict(steps=3, quadrature='gauss_legendre')),
           ('expected_gradients', dict(samples=6, seed=2))]
#: Those of which the mean over references is that of runs with one each.
APART = METHODS[:-1]


def one_hot(rng, *shape):
    return np.eye(4)[rng.randint(0, 4, shape)]


@pytest.fixture
def model(session, rng):
    """A network on sequences of 6 letters, three of them with a gap in one, and four references of each's own."""
    X = tf.placeholder(tf.float32, [None, 6, 4])
    h = tf.nn.relu(tf.nn.conv1d(X, tf.constant(rng.randn(3, 4, 5).astype('f')), 1, 'SAME') + .3)
    T = mlp(tf.nn.relu, rng, 30, X=tf.reshape(h, [-1, 30]))[1]
    initialise(session)
    xs = one_hot(rng, 3, 6)
    xs[1, 2] = 0
    return X, T, xs, one_hot(rng, 3, 4, 6)


@pytest.mark.parametrize('method,options', METHODS)
def test_of_one_reference_they_are_what_x_less_the_reference_is_multiplied_by(session, model, method, options):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        want = de.explain(method, T, X, xs, 1, references=references[:, :1], **options)
        for batch_size in (None, 2):
            got = de.explain(method, T, X, xs, 1, batch_size, references=references[:, :1], multipliers=True, **options)
            assert got.dtype == np.float32
            close(got * (xs - references[:, 0]), want, 1e-5)
        # They are there where nothing is different.
        assert got[xs == references[:, 0]].any()


@pytest.mark.parametrize('method,options', APART)
@pytest.mark.parametrize('batch_size', [None, 1, 5])
def test_they_are_the_mean_over_references(session, model, method, options, batch_size):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, multipliers=True, **options)
        want = np.mean([explainer.run(xs, 0, references=references[:, i:i + 1]) for i in range(4)], 0)
        close(explainer.run(xs, 0, batch_size, references=references), want, 1e-5)
        shared = np.mean([explainer.run(xs, 0, baseline=references[0, i]) for i in range(4)], 0)
        close(explainer.run(xs, 0, batch_size, references=references[0]), shared, 1e-5)


@pytest.mark.parametrize('method,options', APART)
@pytest.mark.parametrize('batch_size', [None, 5])
def test_hypothetical_contributions_by_a_slow_replica(session, model, method, options, batch_size):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, multipliers=True, **options)
        each = np.stack([explainer.run(xs, 0, references=references[:, i:i + 1]) for i in range(4)], 1)
        want = np.zeros(xs.shape)
        for n, m, place, letter in np.ndindex(3, 4, 6, 4):
            for channel in range(4):
                want[n, place, letter] += each[n, m, place, channel] * (
                    (channel == letter) - references[n, m, place, channel]) / 4
        got = de.explain(method, T, X, xs, 0, batch_size, references=references, hypothetical=True, **options)
        close(got, want, 1e-5)
        close(hypothetical(each, references).mean(1), want, 1e-5)
        one = de.explain(method, T, X, xs, 0, batch_size, baseline=.25, hypothetical=True, **options)
        close(one, hypothetical(explainer.run(xs, 0, baseline=.25), .25), 1e-5)


@pytest.mark.parametrize('method,options', METHODS)
def test_at_the_letters_that_are_there_they_are_the_attributions(session, model, method, options):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, X, xs, 'max', references=references, hypothetical=True, **options)
        want = de.explain(method, T, X, xs, 'max', references=references, **options)
    there = xs.any(-1)
    close((got * xs).sum(-1)[there], want.sum(-1)[there], 1e-5)
    assert got[xs == 0].any()


def test_expected_gradients_by_a_slow_replica(session, model):
    X, T, xs, references = model
    from draws import uniform
    gradient = tf.gradients(T[:, 1], X)[0]
    multipliers, wanted = np.zeros(xs.shape), np.zeros(xs.shape)
    for i in range(3):
        drawn = uniform(2, i, 12)
        for which, place in zip(drawn[::2], drawn[1::2]):
            reference = references[i, int(which * 4)]
            value = session.run(gradient, {X: [reference + place * (xs[i] - reference)]})[0]
            multipliers[i] += value / 6
            wanted[i] += (value - (value * reference).sum(-1, keepdims=True)) / 6
    with DeepExplain(session=session) as de:
        for options, want in ((dict(multipliers=True), multipliers), (dict(hypothetical=True), wanted)):
            for ys in (1, np.eye(3)[[1] * 3]):
                close(de.explain('expected_gradients', T, X, xs, ys, references=references, samples=6, seed=2,
                                 batch_size=4, **options), want, 1e-5)


@pytest.mark.parametrize('method,options', METHODS)
def test_the_letters_may_be_along_another_axis(session, rng, method, options):
    X, Y = tf.placeholder(tf.float32, [None, 4, 1, 6]), tf.placeholder(tf.float32, [None, 6, 4])
    make = np.random.RandomState(5)
    T = mlp(tf.nn.tanh, make, 24, X=tf.reshape(tf.transpose(X[:, :, 0], [0, 2, 1]), [-1, 24]))[1]
    U = mlp(tf.nn.tanh, np.random.RandomState(5), 24, X=tf.reshape(Y, [-1, 24]))[1]
    initialise(session)
    xs, references = one_hot(rng, 2, 6), one_hot(rng, 2, 3, 6)
    turned, of_turned = xs.transpose(0, 2, 1)[:, :, None], references.transpose(0, 1, 3, 2)[:, :, :, None]
    with DeepExplain(session=session) as de:
        want = de.explain(method, U, Y, xs, 1, references=references, hypothetical=True, **options)
        for axis in (1, -3):
            got = de.explain(method, T, X, turned, 1, references=of_turned, hypothetical=True, axis=axis, **options)
            close(got[:, :, 0].transpose(0, 2, 1), want, 1e-5)


@pytest.mark.parametrize('method,options', METHODS)
def test_beside_an_input_that_is_not_one_hot(session, rng, method, options):
    A, B = tf.placeholder(tf.float32, [None, 3, 4]), tf.placeholder(tf.float32, [None, 2])
    T = dense(tf.tanh(dense(tf.concat([tf.reshape(A, [-1, 12]), B], 1), rng, 5)), rng, 1)
    initialise(session)
    xs, references = [one_hot(rng, 2, 3), rng.randn(2, 2)], [one_hot(rng, 2, 3, 3), rng.randn(2, 3, 2)]
    with DeepExplain(session=session) as de:
        got = de.explain(method, T, [A, B], xs, references=references, hypothetical=True, axis=[-1, None], **options)
        want = de.explain(method, T, [A, B], xs, references=references, **options)
    close(got[1], want[1], 1e-5)
    close((got[0] * xs[0]).sum(-1), want[0].sum(-1), 1e-5)


def test_inner_tensors_have_multipliers(session, model):
    X, T, xs, references = model
    inner = next(op.outputs[0] for op in session.graph.get_operations() if op.type == 'Relu')
    at_x, at_r = (session.run(inner, {X: one}) for one in (xs, references[:, 0]))
    with DeepExplain(session=session) as de:
        for method, options in (('deeplift', {}), ('intgrad', dict(steps=5))):
            plain = de.get_explainer(method, T, X, **options)
            want = plain.relevances([inner], xs, 1, references=references[:, :1])[0]
            explainer = de.get_explainer(method, T, X, multipliers=True, **options)
            close(explainer.relevances([inner], xs, 1, references=references[:, :1])[0] * (at_x - at_r), want, 1e-5)
            with pytest.raises(RuntimeError, match=f'relevances is not defined for {method} with hypothetical=True: '):
                de.get_explainer(method, T, X, hypothetical=True, **options).relevances([inner], xs)


def test_in_noise(session, model):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        got = de.explain('smoothgrad', T, X, xs, of='deeplift', noise=0, samples=2, options=dict(hypothetical=True),
                         references=references)
        close(got, de.explain('deeplift', T, X, xs, references=references, hypothetical=True), 1e-5)


def test_multipliers_are_on_no_scale_of_the_target(session, recwarn):
    """The gradient of what is small and steep is right, however large."""
    X = tf.placeholder(tf.float32, [None, 2])
    T = 1e-3 * tf.tanh(1e6 * X[:, 0]) + 0 * X[:, 1]
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', T, X, [[1e-9, 0]], baseline=0, multipliers=True)
    close(got, [[1e3, 0]], .01)
    assert not [one for one in recwarn if 'attributions are up to' in str(one.message)]


def test_errors(session, model):
    X, T, xs, references = model
    with DeepExplain(session=session) as de:
        for options, words in (
                (dict(multipliers=True, hypothetical=True), 'multipliers and hypothetical exclude each other'),
                (dict(axis=-1), 'axis says where the letters are for hypothetical=True: without that leave it out'),
                (dict(multipliers=True, axis=-1), 'axis says where'),
                (dict(hypothetical=True, axis=0), r"axis must be one of X \('.*', shape \(.*\)\), and not that of the"),
                (dict(hypothetical=True, axis=3), 'axis must be one of X .* not 3'),
                (dict(hypothetical=True, axis=-3), 'axis must be one of X .* not -3'),
                (dict(hypothetical=True, axis=True), 'axis must be an int, the axis of X'),
                (dict(hypothetical=True, axis=[-1]), 'axis must be an int, or for several inputs a list')):
            for method in ('deeplift', 'deeplift.reveal_cancel', 'intgrad', 'expected_gradients'):
                with pytest.raises(ValueError, match=words):
                    de.get_explainer(method, T, X, **options)
        for method, more in METHODS:
            for name in ('multipliers', 'hypothetical'):
                explainer = de.get_explainer(method, T, X, **dict(more, **{name: True}))
                assert not explainer.has_convergence_delta
                with pytest.raises(RuntimeError, match=f'_delta is not defined for {method} with {name}=True.'):
                    explainer.run(xs, references=references, return_convergence_delta=True)
            for wrong in (xs + 1, xs * .5, np.concatenate([xs[:2], np.ones((1, 6, 4))])):
                with pytest.raises(ValueError, match=r'hypothetical=True needs xs one-hot along axis -1, .* 6, 4\).$'):
                    explainer.run(wrong, references=references)
        with pytest.raises(ValueError, match=r'along axis -2, .*their shape is \(3, 6, 4\). They are along axis=-1.'):
            de.explain('deeplift', T, X, xs, hypothetical=True, axis=1)
    unknown = tf.placeholder(tf.float32)
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError, match='axis must be counted from the end, as -1'):
            de.get_explainer('intgrad', tf.reduce_sum(unknown ** 2, [1, 2]), unknown, hypothetical=True, axis=1)
