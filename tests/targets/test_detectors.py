"""targets.box: numbers by hand; detectors with anchors, top_k and suppression; what it refuses."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise, weights

from deepexplain import targets
from deepexplain.tensorflow import DeepExplain


def overlap(a, b):
    """Intersection over union of two boxes by their corners."""
    sides = [max(0, min(a[i + 2], b[i + 2]) - max(a[i], b[i])) for i in (0, 1)]
    area = [max(0, one[2] - one[0]) * max(0, one[3] - one[1]) for one in (a, b)]
    both = sides[0] * sides[1]
    return both / (sum(area) - both) if both else 0


#: Three boxes by their corners; their overlaps with (0, 0, 2, 2) are 1/2, 1/7 and 0.
BOXES = np.array([[0, 0, 2, 1], [1, 1, 3, 3], [4, 4, 5, 6]], 'f')
WANTED = [0, 0, 2, 2]


@pytest.mark.parametrize('form', ['corners', 'center', 'size'])
def test_numbers_by_hand(session, form):
    scores = tf.placeholder(tf.float32, [None, 3])
    boxes = tf.placeholder(tf.float32, [None, 3, 4])

    def written(corners):
        low, high = np.split(np.asarray(corners, float), 2, -1)
        return np.concatenate({'corners': (low, high), 'center': ((low + high) / 2, high - low),
                               'size': (low, high - low)}[form], -1)

    classes = tf.stack([scores, 2 * scores], -1)
    like = tf.placeholder(tf.float32, [None, 4])
    made = [targets.box(scores, boxes, like=written(WANTED), form=form),
            targets.box(scores, boxes, like=written(WANTED), by='overlap', form=form),
            targets.box(classes, boxes, like=like, form=form),
            targets.box(classes, boxes, like=like, by='overlap', form=form),
            targets.box(classes, tf.constant(written(BOXES), tf.float32), like=written(WANTED), by='overlap',
                        form=form)]
    values = [[.2, .9, 1], [.2, .3, 1], [.2, .3, 1]]
    # The third sample's own box is the last one.
    feed = {scores: values, boxes: [written(BOXES)] * 3, like: written([WANTED, WANTED, BOXES[2]])}
    got = session.run(made, feed)
    close(got[0], [.9 / 7, .1, .1], 1e-6)
    close(got[1], [.2, .2, .2], 1e-6)
    close(got[2], [[.9 / 7, 1.8 / 7], [.1, .2], [1, 2]], 1e-6)
    close(got[3], [[.2, .4], [.2, .4], [1, 2]], 1e-6)
    close(got[4], [[.2, .4]] * 3, 1e-6)


def test_nothing_that_overlaps_is_nothing_found(session):
    scores, boxes = tf.placeholder(tf.float32, [None, None]), tf.placeholder(tf.float32, [None, None, 4])
    made = [targets.box(scores, boxes, like=[8, 8, 9, 9], by=by) for by in ('similarity', 'overlap')]
    for number in (0, 3):
        for value in session.run(made, {scores: np.ones((2, number)), boxes: [BOXES[:number]] * 2}):
            close(value, [0, 0], 0)


def test_places_by_index(session):
    scores, which = tf.placeholder(tf.float32, [None, 3, 2]), tf.placeholder(tf.int32, [None])
    values = np.arange(12.).reshape(2, 3, 2)
    at, each = targets.box(scores, index=np.int64(1)), targets.box(scores, index=which)
    alone = targets.box(scores[0, :, 0], index=2)
    close(session.run(at, {scores: values}), values[:, 1], 0)
    close(session.run(each, {scores: values, which: [2, 0]}), [values[0, 2], values[1, 0]], 0)
    close(session.run(alone, {scores: values}), [values[0, 2, 0]], 0)


def detector(rng, top=None):
    """Pictures, scores of two classes and boxes of nine anchors, or of the best of them."""
    X = tf.placeholder(tf.float32, [None, 6, 6, 1])
    h = tf.nn.conv2d(X, weights(rng, 2, 2, 1, 6), [1, 2, 2, 1], 'VALID')
    h = tf.reshape(h, [-1, 9, 6])
    y, x = np.mgrid[:3, :3].reshape(2, 9) * 2.
    scores = tf.sigmoid(h[..., :2])
    boxes = np.stack([y, x, y + 2, x + 2], -1).astype('f') + .3 * tf.tanh(h[..., 2:])
    if top is not None:
        best = tf.nn.top_k(scores[..., 0], top).indices
        scores, boxes = (tf.gather(one, best, batch_dims=1) for one in (scores, boxes))
    return X, scores, boxes


@pytest.mark.parametrize('method, options', [
    ('grad*input', {}), ('intgrad', dict(steps=5)), ('deeplift', dict(complete=True)), ('smoothgrad', dict(seed=1)),
    ('occlusion', dict(window_shape=(2, 2, 1), step=2)), ('shapley_sampling', dict(samples=1, seed=2)),
    ('rise', dict(samples=20, cells=3, seed=3)), ('kernel_shap', dict(samples=80, seed=4))])
def test_methods_see_the_similarity_of_anchors(session, rng, method, options):
    X, scores, boxes = detector(rng)
    like = tf.placeholder(tf.float32, [None, 4])
    T = targets.box(scores, boxes, like=like)
    initialise(session)
    xs, wanted = rng.rand(3, 6, 6, 1), np.array([[0, 0, 2, 2], [2, 1, 4, 3], [3, 3, 6, 6]], 'f')
    s, b = session.run([scores, boxes], {X: xs})
    want = [[max(s[i, j, c] * overlap(b[i, j], wanted[i]) for j in range(9)) for c in (0, 1)] for i in range(3)]
    close(session.run(T, {X: xs, like: wanted}), want, 1e-5)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain(session=session) as de:
            explainer = de.get_explainer(method, T, X, **options)
            found = explainer.run(xs, [1, 0, 1], feed_dict={like: wanted})
            parts = explainer.run(xs, [1, 0, 1], feed_dict={like: wanted}, batch_size=2)
            alone = explainer.run(xs[1:2], [0], feed_dict={like: wanted[1:2]}, ids=[1])
    assert np.abs(found).max() > 0
    close(parts, found, 1e-5)
    if method not in ('shapley_sampling', 'kernel_shap'):
        close(alone, found[1:2], 1e-5)
    if method == 'grad*input':
        place = np.argmax([s[0, j, 1] * overlap(b[0, j], wanted[0]) for j in range(9)])
        low, high = (f(boxes[:, place], wanted[:1]) for f in (tf.maximum, tf.minimum))
        both = tf.reduce_prod(high[:, 2:] - low[:, :2], 1)
        areas = [tf.reduce_prod(one[:, 2:] - one[:, :2], 1) for one in (boxes[:, place], wanted[:1])]
        by_hand = scores[:, place, 1] * both / (areas[0] + areas[1] - both)
        close(found[:1], session.run(xs[:1] * tf.gradients(by_hand, X)[0], {X: xs[:1]}), 1e-5)


def test_a_choice_by_overlap_is_held_by_gradients_and_said(session, rng):
    X, scores, boxes = detector(rng)
    T = targets.box(scores, boxes, like=[2, 2, 4, 4], by='overlap')
    fixed = targets.box(scores, tf.constant(BOXES[[0] * 8 + [1]]), like=[1, 1, 3, 3], by='overlap')
    plain = 1 * scores
    initialise(session)
    xs = rng.rand(2, 6, 6, 1)
    b = session.run(boxes, {X: xs})
    best = [int(np.argmax([overlap(one, [2, 2, 4, 4]) for one in each])) for each in b]
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match='by a way without gradient: through ArgMax'):
            got = de.explain('gradient', T, X, xs, 1)
        close(got, np.concatenate([de.explain('gradient', plain, X, xs[i:i + 1], (best[i], 1)) for i in (0, 1)]), 1e-5)
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            # No box moves with X here.
            close(de.explain('deeplift', fixed, X, xs, 0), de.explain('deeplift', plain, X, xs, (8, 0)), 1e-5)


def test_behind_top_k_and_suppression(session, rng):
    X, scores, boxes = detector(rng, top=4)
    T = targets.box(scores, boxes, like=[2, 2, 4, 4])
    one = tf.placeholder(tf.float32, [1, 6, 6, 1])
    h = tf.reshape(one, [1, 9, 4])[0]
    all_boxes, all_scores = tf.constant(np.tile(BOXES, (3, 1))), tf.reduce_max(h, 1)
    kept = tf.image.non_max_suppression(all_boxes, all_scores, 3, .5)
    single = targets.box(tf.gather(all_scores, kept), tf.gather(all_boxes, kept), like=WANTED)
    initialise(session)
    xs, picture = rng.rand(3, 6, 6, 1), rng.rand(1, 6, 6, 1)
    with DeepExplain(session=session) as de:
        before = session.run(T, {X: xs})[:, 1]
        got = de.explain('occlusion', T, X, xs, 1, window_shape=(6, 6, 1))
        close(got[:, 0, 0, 0] * 36, before - session.run(T, {X: 0 * xs})[:, 1], 1e-4)
        falls = de.explain('occlusion', single, one, picture)
        best = picture.reshape(9, 4).max(1)
        want = max(max(best[0::3]) / 2, max(best[1::3]) / 7)
        close(session.run(single, {one: picture}), [want], 1e-6)
        changed = [picture * (np.arange(36) != i).reshape(picture.shape) for i in range(36)]
        close(falls.ravel(), [want - session.run(single, {one: each})[0] for each in changed], 1e-5)
        with pytest.warns(UserWarning, match='by a way without gradient: through TopKV2'):
            de.explain('gradient', T, X, xs, 1)


def test_what_is_refused(session):
    scores, boxes = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 3, 4])
    with tf.Graph().as_default():
        elsewhere = tf.placeholder(tf.float32, [None, 3, 4])
    before = len(session.graph.get_operations())
    for error, said, arguments, options in (
            (RuntimeError, 'scores must be a Tensorflow Tensor object, not ndarray', (np.ones((2, 3)),), dict(index=1)),
            (RuntimeError, 'must be a tensor of the graph of', (scores, elsewhere), dict(like=WANTED)),
            (ValueError, r'must be of floats, not of int32', (tf.cast(scores, tf.int32),), dict(index=1)),
            (ValueError, 'index or like must be given, one of them', (scores, boxes), {}),
            (ValueError, 'index or like must be given, one of them', (scores, boxes), dict(index=1, like=WANTED)),
            (ValueError, 'index must be an int of at least 0 and below 3, the number of boxes, not 3', (scores,),
             dict(index=3)),
            (ValueError, 'index must be an int of at least 0 .* not True', (scores,), dict(index=True)),
            (ValueError, 'must be of ints, not of float32', (scores,), dict(index=scores[:, 0])),
            (ValueError, 'boxes must be given for like', (scores,), dict(like=WANTED)),
            (ValueError, 'boxes must be as many as scores, 3, not 2', (scores, boxes[:, :2]), dict(like=WANTED)),
            (ValueError, r'must have the shape \(n, boxes, 4\) or', (scores, scores[0]), dict(like=WANTED)),
            (ValueError, r'must have the shape \(boxes, 4\), not', (scores[0], boxes), dict(like=WANTED)),
            (ValueError, r'like must be a box of four numbers, not of shape \(1, 4\)', (scores, boxes),
             dict(like=[WANTED])),
            (ValueError, 'like must be of finite numbers', (scores, boxes), dict(like=[0, 0, np.nan, 1])),
            (ValueError, "like must have an area, its last two numbers above its first two of form='corners'",
             (scores, boxes), dict(like=[1, 1, 1, 2])),
            (ValueError, "its last two numbers above 0 of form='size'", (scores, boxes),
             dict(like=[1, 1, 0, 2], form='size')),
            (ValueError, "by must be 'similarity' or 'overlap', not 'iou'", (scores, boxes),
             dict(like=WANTED, by='iou')),
            (ValueError, "form must be 'corners' or 'center' or 'size'", (scores, boxes),
             dict(like=WANTED, form='xywh'))):
        # What the cases themselves are made of stands in the graph by now.
        with pytest.raises(error, match=said):
            targets.box(*arguments, **options)
    assert not [op for op in session.graph.get_operations()[before:] if op.name.startswith('deepexplain')]
