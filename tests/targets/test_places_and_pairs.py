"""targets.region, count and distance; a label map as ys: numbers by hand, all kinds of methods, what is refused."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, weights

from deepexplain import targets
from deepexplain.tensorflow import DeepExplain

METHODS = [('gradient', {}), ('intgrad', dict(steps=5)), ('deeplift', {}), ('lrp.epsilon', {}),
           ('smoothgrad', dict(samples=3, seed=1)), ('gradcam', dict(layer='low')),
           ('occlusion', dict(window_shape=(4, 4, 1), step=4)), ('shapley_sampling', dict(samples=1, seed=2)),
           ('rise', dict(samples=20, cells=3, seed=3))]


def unet(rng):
    """Pictures and logits (n, 8, 8, 3) of a small U-Net."""
    X = tf.placeholder(tf.float32, [None, 8, 8, 1])

    def convolved(x, size):
        h = tf.nn.conv2d(x, weights(rng, 3, 3, int(x.shape[-1]), size), [1, 1, 1, 1], 'SAME')
        return tf.nn.relu(tf.nn.bias_add(h, weights(rng, size)))

    high = convolved(X, 3)
    low = tf.identity(convolved(tf.nn.max_pool(high, [1, 2, 2, 1], [1, 2, 2, 1], 'VALID'), 4), name='low')
    up = tf.nn.conv2d_transpose(low, weights(rng, 2, 2, 3, 4), [tf.shape(X)[0], 8, 8, 3], [1, 2, 2, 1], 'VALID')
    up.set_shape([None, 8, 8, 3])
    return X, tf.nn.conv2d(tf.concat([up, high], 3), weights(rng, 1, 1, 6, 3), [1, 1, 1, 1], 'SAME')


@pytest.mark.parametrize('method, options', METHODS)
def test_regions_are_weights_of_the_logits(session, rng, method, options):
    X, logits = unet(rng)
    mask, each = rng.rand(8, 8) > .5, rng.rand(2, 8, 8) > .7
    fed = tf.placeholder(tf.bool, [None, 8, 8])
    fixed, own = targets.region(logits, mask), targets.region(logits, fed, unit=1, over='sum')
    initialise(session)
    xs, labels = rng.rand(2, 8, 8, 1), rng.randint(-1, 3, (2, 8, 8))

    def of(chosen, unit):
        return chosen[..., np.newaxis] * np.eye(3)[unit]

    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain(session=session) as de:
            by_hand = de.get_explainer(method, logits, X, **options)
            explainer = de.get_explainer(method, own, X, **options)
            close(de.explain(method, fixed, X, xs, 2, **options),
                  by_hand.run(xs, of(np.stack([mask] * 2) / mask.sum(), 2)), 1e-4)
            want = by_hand.run(xs, of(each, 1))
            close(explainer.run(xs, feed_dict={fed: each}), want, 1e-4)
            close(explainer.run(xs, feed_dict={fed: each}, batch_size=1), want, 1e-4)
            close(by_hand.run(xs, labels), by_hand.run(xs, np.eye(4)[labels][..., :3]), 1e-6)


def test_the_numbers_of_regions(session):
    logits = tf.placeholder(tf.float32, [None, 2, 2, 2])
    first = tf.placeholder(tf.float32, [None, 2, 2, 2])
    scaled = tf.placeholder(tf.int32, [2, 2])
    values, mask = np.arange(16.).reshape(2, 2, 2, 2), np.array([[1, 0], [0, 3]])
    made = [targets.region(logits, mask), targets.region(logits, scaled, over='sum'), targets.region(logits),
            targets.region(first, mask, unit=1, channels='first')]
    got = session.run(made, {logits: values, first: np.moveaxis(values, -1, 1), scaled: mask})
    want = values[:, 0, 0] + 3 * values[:, 1, 1]
    close(got[0], want / 4, 1e-6)
    close(got[1], want, 1e-6)
    close(got[2], values.mean((1, 2)), 1e-6)
    close(got[3], want[:, 1] / 4, 1e-6)


def test_label_maps_of_sequences_and_what_is_no_label_map(session, rng):
    X = tf.placeholder(tf.float32, [None, 5, 2])
    T = tf.tensordot(X, weights(rng, 2, 3), [[2], [0]])
    loose = tf.placeholder_with_default(T, [None, None, None])
    initialise(session)
    xs, labels = rng.randn(2, 5, 2), np.array([[0, 1, 2, -1, 0], [2, 2, 2, 2, 2]])
    want = np.eye(4)[labels][..., :3]
    with DeepExplain(session=session) as de:
        for target in (T, loose):
            explainer = de.get_explainer('grad*input', target, X)
            for ys in (labels, labels.tolist(), labels.astype(object)):
                close(explainer.run(xs, ys), explainer.run(xs, want), 1e-6)
            for ys, error, said in (
                    (labels + 1, ValueError, 'from 0 to 2 for each place, or -1 where it does not count, not 3'),
                    (labels - 1, ValueError, 'not -2'),
                    (labels[:1], RuntimeError, 'xs has batch size 2 and ys 1'),
                    (labels[:, :3], RuntimeError, r'neither a label map of T .* nor 2 tuples of 2 ints, of shape')):
                with pytest.raises(error, match=said):
                    explainer.run(xs, ys)
            # Two ints for each sample are places, as ever.
            close(explainer.run(xs, [[4, 1], [0, 2]]), explainer.run(xs, np.stack([
                np.eye(15)[13].reshape(5, 3), np.eye(15)[2].reshape(5, 3)])), 1e-6)
        # Of two places they could be either.
        heads = de.get_explainer('grad*input', T[:, :2], X)
        with pytest.warns(UserWarning, match=r'name one unit of T .* given as weights: np.eye\(3, '):
            found = heads.run(xs, np.array([[1, 1], [0, 2]]))
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            close(heads.run(xs, [(1, 1), (0, 2)]), found, 1e-6)
            close(heads.run(xs, np.eye(6)[[4, 2]].reshape(2, 2, 3)), found, 1e-6)


def test_the_layer_of_a_map_is_none_of_the_targets_own(session, rng):
    X, logits = unet(rng)
    initialise(session)
    xs = rng.rand(2, 8, 8, 1)
    density = tf.nn.relu(logits[..., :1])
    with DeepExplain(session=session) as de:
        for T in (targets.region(logits, np.eye(8), unit=1), targets.count(density, .2)):
            layer = de.get_explainer('gradcam', T, X).layer
            assert layer.name != logits.name and not layer.name.startswith('deepexplain')
        assert de.explain('gradcam', targets.region(logits, np.eye(8)), X, xs, 1, layer='low').shape == (2, 8, 8)


@pytest.mark.parametrize('method, options', [('intgrad', dict(steps=200)), ('deeplift', dict(complete=True)), (
    'shapley_sampling', dict(samples=1, seed=2))])
def test_counts(session, rng, method, options):
    X = tf.placeholder(tf.float32, [None, 6, 6, 1])
    density = tf.nn.relu(tf.nn.conv2d(X, weights(rng, 3, 3, 1, 1), [1, 1, 1, 1], 'SAME'))
    initialise(session)
    xs = rng.rand(2, 6, 6, 1)
    d = session.run(density, {X: xs})
    by_hand = {(): d, (.4,): np.where(d > .4, d, 0), (.4, .1): 1 / (1 + np.exp((.4 - d) / .1))}
    at_0 = {(): 0, (.4,): 0, (.4, .1): 36 / (1 + np.exp(4))}
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain(session=session) as de:
            for arguments, values in by_hand.items():
                T = targets.count(density, *arguments)
                close(session.run(T, {X: xs}), values.sum((1, 2, 3)), 1e-5)
                if arguments != (.4,) or method != 'intgrad':  # It jumps, which no gradient sees.
                    close(de.explain(method, T, X, xs, **options).sum((1, 2, 3)),
                          values.sum((1, 2, 3)) - at_0[arguments], 1e-2 if method == 'intgrad' else 1e-4)
    one = tf.placeholder(tf.float32, [None])
    close(session.run(targets.count(one, .5), {one: [.4, .6, .7]}), [1.3], 1e-6)


def siamese(rng):
    pair = [tf.placeholder(tf.float32, [None, 4]) for _ in range(2)]
    hidden, end = weights(rng, 4, 6), weights(rng, 6, 3)
    return pair, [tf.matmul(tf.tanh(tf.matmul(x, hidden)), end) for x in pair]


@pytest.mark.parametrize('kind', ['euclidean', 'squared', 'cosine'])
def test_distances(session, rng, kind):
    pair, (a, b) = siamese(rng)
    T, alike = targets.distance(a, b, kind), targets.distance(a, b, kind, alike=True)
    initialise(session)
    xs = [rng.randn(3, 4), rng.randn(3, 4)]
    u, v = session.run([a, b], dict(zip(pair, xs)))
    apart = np.linalg.norm(u - v, axis=1)
    cosine = (u * v).sum(1) / np.linalg.norm(u, axis=1) / np.linalg.norm(v, axis=1)
    want = {'euclidean': apart, 'squared': apart ** 2, 'cosine': 1 - cosine}[kind]
    got = session.run([T, alike], dict(zip(pair, xs)))
    close(got[0], want, 1e-5)
    close(got[1], cosine if kind == 'cosine' else -want, 1e-5)
    base = [[.3, 0, .1, .2], [0, .4, 0, .1]]
    start = session.run(T, {pair[0]: [base[0]] * 3, pair[1]: [base[1]] * 3})
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain(session=session) as de:
            for method, options in (('intgrad', dict(steps=300, quadrature='midpoint')), (
                    'deeplift', dict(complete=True))):
                found = de.explain(method, T, pair, xs, baseline=base, **options)
                close(found[0].sum(1) + found[1].sum(1), want - start, 1e-3)
            found = de.explain('occlusion', T, pair, xs, window_shape=[(4,), None])
            close(found[0][:, 0] * 4, want - session.run(T, {pair[0]: 0 * xs[0], pair[1]: xs[1]}), 1e-4)
            # Two that are the same, at the baseline too, have no gradient that is none.
            same = de.explain('gradient', T, pair, [xs[0], xs[0]])
            assert np.isfinite(same).all()
            if kind != 'cosine':
                close(same, np.zeros((2, 3, 4)), 0)


def test_float16_and_one_for_all(session):
    a, b = tf.placeholder(tf.float16, [None, 2]), tf.placeholder(tf.float16, [1, 2])
    values = session.run([targets.distance(a, b, kind) for kind in ('euclidean', 'cosine')],
                         {a: [[3, 0], [0, 0], [1, 1]], b: [[0, 4]]})
    close(values[0], [5, 4, np.sqrt(10)], 1e-2)
    close(values[1], [1, 1, 1 - np.sqrt(.5)], 1e-2)


def test_halves_are_added_up_in_single_precision(session, rng):
    logits, far = tf.placeholder(tf.float16, [None, 40, 60, 2]), tf.placeholder(tf.float16, [None, 300])
    xs = np.full((2, 40, 60, 2), 1.5)
    mean, masked, much, cosine, length = session.run(
        [targets.region(logits), targets.region(logits, np.ones((40, 60)), 1), targets.count(logits, 1.),
         targets.distance(far, 2 * far, 'cosine'), targets.distance(far, 2 * far)],
        {logits: xs, far: np.full((1, 300), 30.)})
    close(mean, np.full((2, 2), 1.5), 1e-3)
    close(masked, [1.5, 1.5], 1e-3)
    close(much, [7200, 7200], 1e-3)
    assert abs(cosine) < 1e-3 and abs(length / np.sqrt(300 * 900) - 1) < 1e-3
    assert mean.dtype == much.dtype == cosine.dtype == length.dtype == np.float16
    # A box of 600 pixels, whose area is beyond a half.
    scores, boxes = tf.placeholder(tf.float16, [None, 2]), tf.constant([[0., 0, 600, 600], [0, 0, 300, 600]])
    for by in ('similarity', 'overlap'):
        T = targets.box(scores, boxes, like=[0, 0, 600, 610], by=by)
        close(session.run(T, {scores: [[.5, .9]]}), [.5 * (600 / 610 if by == 'similarity' else 1)], 1e-2)
    # Small falls of a large sum.
    labels = np.zeros((2, 40, 60), int)
    noise = rng.rand(2, 40, 60, 2) + 1
    with DeepExplain(session=session) as de:
        found = de.explain('occlusion', 2 * logits, logits, noise, labels, window_shape=(20, 20, 2), step=20)
        want = (2 * noise[..., 0]).reshape(2, 2, 20, 3, 20).sum((2, 4)) / 800
        close(found[:, ::20, ::20, 0], want, 1e-2)


def test_what_is_refused(session):
    logits, volume = tf.placeholder(tf.float32, [None, 4, 5, 3]), tf.placeholder(tf.float32, [None, 3])
    masks, loose = tf.placeholder(tf.bool, [None, 5, 4]), tf.placeholder(tf.float32)
    other = tf.placeholder(tf.float64, [None, 3])
    for error, said, call in (
            (ValueError, r'must have the shape \(n, places..., units\), not', lambda: targets.region(volume)),
            (ValueError, 'must have the shape .*, not an unknown one', lambda: targets.region(loose)),
            (ValueError, r'mask must have the shape of the places, \(4, 5\), at its end, not \(\?|mask must have',
             lambda: targets.region(logits, masks)),
            (ValueError, r'mask must have the shape of the places, \(4, 5\), not \(5, 4\)',
             lambda: targets.region(logits, np.ones((5, 4)))),
            (ValueError, 'weights of at least 0, and not be 0 everywhere',
             lambda: targets.region(logits, np.zeros((4, 5), bool))),
            (ValueError, 'weights of at least 0', lambda: targets.region(logits, np.eye(4, 5) - .1)),
            (ValueError, 'unit must be an int of at least 0 and below 3, the number of units, not 3',
             lambda: targets.region(logits, unit=3)),
            (ValueError, "over must be 'mean' or 'sum', not 'max'", lambda: targets.region(logits, over='max')),
            (ValueError, "channels must be 'last' or 'first'", lambda: targets.region(logits, channels=1)),
            (ValueError, 'threshold must be a finite number, not nan', lambda: targets.count(volume, np.nan)),
            (ValueError, 'threshold must be a finite number, not True', lambda: targets.count(volume, True)),
            (ValueError, 'soft must be above 0, with a threshold, not 0.1 without',
             lambda: targets.count(volume, soft=.1)),
            (ValueError, 'soft must be above 0, with a threshold, not 0', lambda: targets.count(volume, .5, 0)),
            (ValueError, r'b .* must have the shape of a, ', lambda: targets.distance(volume, logits)),
            (ValueError, 'b must have the shape and dtype of a, .* float32, not .* float64',
             lambda: targets.distance(volume, other)),
            (ValueError, "kind must be 'euclidean' or 'squared' or 'cosine'",
             lambda: targets.distance(volume, volume, 'l2')),
            (ValueError, 'alike must be True or False', lambda: targets.distance(volume, volume, alike='no'))):
        with pytest.raises(error, match=said):
            call()
    assert not [op for op in session.graph.get_operations() if op.name.startswith('deepexplain')]


def test_dense_counters_too(session, rng):
    # A count of what a dense layer says is no picture's.
    X = tf.placeholder(tf.float32, [None, 5])
    T = targets.count(tf.nn.softplus(dense(X, rng, 4)))
    initialise(session)
    with DeepExplain(session=session) as de:
        found, delta = de.explain('intgrad', T, X, rng.randn(3, 5), return_convergence_delta=True, steps=300)
    assert found.shape == (3, 5) and abs(delta).max() < .1
