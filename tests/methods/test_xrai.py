"""xrai: its regions, their order against a slow replica of the paper, and the forms in which callers give them."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, dense, initialise, mlp, per_sample, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods.regions import by_density, dilated

LABELS = np.array([[0, 0, 1, 1], [0, 2, 2, 1], [3, 3, 2, 1]])


@pytest.fixture
def network(session, rng):
    X = tf.placeholder(tf.float32, [None, 3, 4, 2])
    h = tf.tanh(tf.nn.conv2d(X, weights(rng, 2, 2, 2, 3), 1, 'SAME'))
    T = dense(tf.reshape(h, [-1, 36]), rng, 3)
    initialise(session)
    return X, T


def one_by_one(values, masks, least, fast):
    """Regions one after another, each time looking at all of them anew."""
    found, covered = np.full(values.shape, np.nan), np.zeros(values.shape, bool)
    left = list(range(len(masks)))
    if fast:
        left.sort(key=lambda i: -values[masks[i]].mean())
    while True:
        new = {i: masks[i] & ~covered for i in left}
        left = [i for i in left if new[i].sum() >= least]
        if not left:
            break
        best = left[0] if fast else max(left, key=lambda i: values[new[i]].mean())
        found[new[best]] = values[new[best]].mean()
        covered |= masks[best]
        left.remove(best)
    if not covered.all():
        found[~covered] = values[~covered].mean()
    return found


@pytest.mark.parametrize('fast', [False, True])
@pytest.mark.parametrize('least', [1, 3])
def test_the_densest_region_first(rng, fast, least):
    values = rng.randn(40)
    for _ in range(10):
        masks = rng.rand(12, 40) < rng.rand(12, 1) ** 2
        masks = masks[masks.any(1)]
        got = by_density(values, masks, least, fast)
        np.testing.assert_allclose(got, one_by_one(values, masks, least, fast), atol=1e-12)
        assert abs(got.sum() - values.sum()) < 1e-10


@pytest.mark.parametrize('reach', [0, 1, 3])
def test_regions_grow(rng, reach):
    masks = rng.rand(6, 7, 9) < .08
    masks[0] = False
    want = np.zeros_like(masks)
    for mask, down, right in np.argwhere(masks):
        for i in range(7):
            for j in range(9):
                want[mask, i, j] |= (i - down) ** 2 + (j - right) ** 2 <= reach ** 2
    np.testing.assert_array_equal(dilated(masks.reshape(6, -1), (7, 9), reach).reshape(masks.shape), want)


def test_a_map_adds_up(session, network, rng):
    X, T = network
    xs = rng.randn(3, 3, 4, 2).astype('f')
    low, high = [np.stack([np.full(x.shape, end(x)) for x in xs]) for end in (np.min, np.max)]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('xrai', T, X, segments=LABELS, steps=30)
        got, delta = explainer.run(xs, 1, return_convergence_delta=True)
        assert got.shape == (3, 3, 4) and got.dtype == np.float32
        base = [session.run(T, {X: end})[:, 1] for end in (low, high)]
        close(per_sample(got) - delta, session.run(T, {X: xs})[:, 1] - np.mean(base, 0), 1e-4)
        plain = np.mean([de.explain('intgrad', T, X, xs, 1, steps=30, baseline=end) for end in (low, high)], 0).sum(3)
        for values, shown in zip(plain, got):
            # Apart, regions are shown by their own means.
            close(shown, sum((LABELS == i) * values[LABELS == i].mean() for i in range(4)), 1e-4)
        close(explainer.run(xs, 1, batch_size=7), got, 1e-5)
        close(explainer.run(xs[1:2], 1), got[1:2], 1e-5)
        between = de.explain('xrai', T, X, xs, 1, segments=LABELS, steps=30, bounds=(-1, 2))
        close(between, de.explain('xrai', T, X, xs, 1, segments=LABELS, steps=30, references=np.stack([
            np.full((3, 4, 2), -1.), np.full((3, 4, 2), 2.)])), 1e-5)
        close(explainer.run(xs, 'max'), explainer.run(xs, session.run(T, {X: xs}).argmax(1)), 1e-5)


def test_forms_of_segments(session, network, rng):
    X, T = network
    xs = rng.randn(2, 3, 4, 2).astype('f')
    other = LABELS.T.reshape(3, 4)
    masks = np.stack([LABELS == i for i in range(4)])
    keep = LABELS.copy()
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('xrai', T, X, steps=5)
        want = explainer.run(xs, 1, segments=LABELS)
        for same in (LABELS.tolist(), np.stack([LABELS, LABELS]), masks, np.stack([masks, masks]), [LABELS],
                     [LABELS, masks], lambda x: LABELS, lambda x: [LABELS, np.stack([LABELS] * 2)[:1]]):
            close(explainer.run(xs, 1, segments=same), want, 1e-6)
        each = explainer.run(xs, 1, segments=np.stack([LABELS, other]))
        close(each[:1], want[:1], 1e-6)
        close(each[1:], explainer.run(xs[1:], 1, segments=other), 1e-6)
        close(explainer.run(xs, 1, segments=[LABELS, other]), explainer.run(xs, 1, segments=np.concatenate([
            masks, [other == i for i in range(4)]])), 1e-6)
        several = explainer.run(xs, 'all', segments=np.stack([LABELS, other]))
        close(several, [explainer.run(xs, unit, segments=np.stack([LABELS, other])) for unit in range(3)], 1e-6)
        # Copies in noise have their sample's regions, however many are in a call.
        noisy = de.get_explainer('smoothgrad', T, X, of='xrai', options=dict(steps=3), samples=3, seed=1)
        want_noisy = [noisy.run(xs[i:i + 1], 1, ids=[i], segments=one)[0] for i, one in enumerate((LABELS, other))]
        for batch_size in (None, 2):
            close(noisy.run(xs, 1, batch_size, segments=np.stack([LABELS, other])), want_noisy, 1e-6)
        # As a run says, else as the explainer was told; each takes what the caller keeps.
        told = de.get_explainer('xrai', T, X, steps=5, segments=LABELS)
        close(told.run(xs, 1), want, 1e-6)
        close(told.run(xs, 1, segments=other), explainer.run(xs, 1, segments=other), 1e-6)
        labels = LABELS.copy()
        told = de.get_explainer('xrai', T, X, steps=5, segments=labels)
        labels[:] = 0
        close(told.run(xs, 1), want, 1e-6)
    np.testing.assert_array_equal(LABELS, keep)


@pytest.mark.parametrize('segments, text', [
    (LABELS[:2], 'not labels of the shape (2, 4).'),
    (np.stack([LABELS] * 3), 'not labels of the shape (3, 3, 4).'),
    (LABELS > 1, 'not masks of the shape (3, 4).'),
    (lambda x: LABELS[:, :3], 'not labels of the shape (3, 3).'),
    (lambda x: None, 'segments must return label maps or masks of a sample, not None.'),
    ([LABELS, LABELS * .5], 'not an array of shape (3, 4).'),
])
def test_segments_that_do_not_fit(session, network, rng, segments, text):
    X, T = network
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('xrai', T, X)
        with pytest.raises(ValueError) as error:
            explainer.run(rng.randn(2, 3, 4, 2), 1, segments=segments)
    assert str(error.value).startswith('segments must') and str(error.value).endswith(text)
    assert counting.calls == []


def test_what_is_no_picture_needs_segments(session, rng):
    X, T = mlp(tf.tanh, rng)
    initialise(session)
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('xrai', T, X)
        with pytest.raises(RuntimeError, match='xrai segments pictures, and samples of .* have 1 axis of places'):
            explainer.run(xs, 1)
        # Of single places the map is what the mean of integrated gradients is.
        close(explainer.run(xs[:1], 1, segments=np.arange(5)), de.explain('intgrad', T, X, xs[:1], 1, references=[
            np.full(5, xs[0].min()), np.full(5, xs[0].max())]), 1e-4)
        with pytest.raises(RuntimeError, match='xrai is for one input, not for 2'):
            de.get_explainer('xrai', T, [X, tf.identity(X)])
        with pytest.raises(RuntimeError, match='relevances is not defined for XRAI'):
            explainer.relevances([X], xs)


def test_the_regions_of_a_picture(session):
    """Two grey halves with a disk: the regions are what the eye sees, also of a picture wider than high."""
    picture = np.zeros((24, 36, 1), 'f')
    picture[:, 18:] = .5
    down, right = np.mgrid[:24, :36]
    disk = (down - 11) ** 2 + (right - 8) ** 2 <= 25
    picture[disk] = 1
    X = tf.placeholder(tf.float32, [None, 24, 36, 1])
    T = tf.reduce_sum(X * tf.constant(disk[..., np.newaxis].astype('f')), [1, 2, 3])
    with DeepExplain(session=session) as de:
        got, delta = de.explain('xrai', T, X, picture[np.newaxis], steps=2, return_convergence_delta=True)
        turned = de.explain('xrai', T, X, picture[np.newaxis], steps=2, axes=[1, 2], bounds=(0, 1))
    assert got.shape == (1, 24, 36) and abs(delta[0]) < 1e-3
    # T(x) - (T(black) + T(white)) / 2 is half the disk, all of it where the disk is, but for its rim.
    assert got[0][disk].mean() > .3 and got[0][:, 20:].max() < .02
    close(turned, got, 1e-5)
