"""Class activation maps against numpy; where their layer is found; what they are given."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp, weights

from deepexplain.tensorflow import DeepExplain

MAPS = ['gradcam', 'gradcam++', 'layercam', 'hirescam', 'eigencam', 'scorecam']


def linear(old, new):
    """Slow linear interpolation of an axis, half a pixel in, as the matrix that does it."""
    found = np.zeros((new, old))
    for i in range(new):
        at = min(max((i + .5) * old / new - .5, 0), old - 1)
        low = int(at)
        found[i, low] += 1 - (at - low)
        if at > low:
            found[i, low + 1] += at - low
    return found


def brought(maps, sizes):
    for axis, size in enumerate(sizes, 1):
        maps = np.moveaxis(np.tensordot(maps, linear(maps.shape[axis], size), ([axis], [1])), -1, axis)
    return maps


def replica(method, A, g):
    """The map of one sample, A and g of shape (places..., channels), channel by channel."""
    total = np.zeros(A.shape[:-1])
    if method == 'eigencam':
        flat = A.reshape(-1, A.shape[-1])
        v = np.linalg.svd(flat)[2][0]
        total = (flat @ v).reshape(total.shape)
        return np.maximum(0, total * (1 if total.sum() > 0 else -1))
    for k in range(A.shape[-1]):
        a, d = A[..., k], g[..., k]
        if method == 'gradcam':
            total += d.mean() * a
        elif method == 'gradcam++':
            below = 2 * d ** 2 + a.sum() * d ** 3
            shares = np.where(below == 0, 0, d ** 2 / np.where(below == 0, 1, below))
            total += (shares * np.maximum(d, 0)).sum() * a
        elif method == 'layercam':
            total += np.maximum(d, 0) * a
        else:
            total += d * a
    return np.maximum(0, total)


def cnn(rng, rank=2, first=False):
    """X, the layer before pooling and T of a network of one, two or three axes of places, sizes 5, 6, 7."""
    sizes = [5, 6, 7][:rank]
    X = tf.placeholder(tf.float32, [None] + ([2] + sizes if first else sizes + [2]), name='X')
    h = tf.transpose(X, [0] + list(range(2, rank + 2)) + [1]) if first else X
    convolve = {1: tf.nn.conv1d, 2: tf.nn.conv2d, 3: tf.nn.conv3d}[rank]
    strides = 2 if rank == 1 else [1, 2, 2, 1] if rank == 2 else [1, 2, 2, 2, 1]
    h = tf.nn.bias_add(convolve(h, weights(rng, *[3] * rank + [2, 4]), strides, 'SAME'), weights(rng, 4))
    A = h = tf.nn.relu(h, name='A')
    if first:
        A = tf.transpose(h, [0, rank + 1] + list(range(1, rank + 1)), name='A_first')
        h = tf.transpose(A, [0] + list(range(2, rank + 2)) + [1])
    return X, A, dense(tf.reduce_max(h, list(range(1, rank + 1))) + tf.reduce_mean(
        h * h, list(range(1, rank + 1))), rng, 3)


def of_units(session, T, A, X, xs, ys):
    """A and T's gradient there, of the unit of each sample."""
    return session.run([A, tf.gradients(tf.reduce_sum(T * tf.one_hot(ys, 3)), A)[0]], {X: xs})


@pytest.mark.parametrize('rank, first', [(1, False), (2, False), (3, False), (1, True), (2, True), (3, True)])
@pytest.mark.parametrize('method', MAPS[:-1])
def test_maps(session, rng, method, rank, first):
    X, A, T = cnn(rng, rank, first)
    initialise(session)
    xs, ys = rng.randn(4, *X.shape.as_list()[1:]), [0, 2, 1, 1]
    a, g = [np.moveaxis(one, 1, -1) if first else one for one in of_units(session, T, A, X, xs, ys)]
    want = np.stack([replica(method, one, its) for one, its in zip(a.astype(float), g)])
    with DeepExplain(session=session) as de:
        # What a transpose behind it has is the last one here.
        layer = A if first else None
        own = de.explain(method, T, X, xs, ys, layer=layer, resize=False)
        explainer = de.get_explainer(method, T, X, layer=layer)
        got, parts = explainer.run(xs, ys), explainer.run(xs, ys, batch_size=3)
        alone = explainer.run(xs[2:3], ys[2])
    close(own, want, 1e-5)
    close(got, brought(want, [5, 6, 7][:rank]), 1e-5)
    close(parts, got, 1e-6)
    close(alone, got[2:3], 1e-5)
    assert got.dtype == np.float32


@pytest.mark.parametrize('top', [None, 2])
def test_scorecam_masks_one_channel_after_the_other(session, rng, top):
    X, A, T = cnn(rng)
    initialise(session)
    xs, ys, base = rng.randn(3, 5, 6, 2).astype('f'), [0, 2, 1], rng.randn(5, 6, 2)
    want = np.zeros((3, 5, 6))
    for i, a in enumerate(session.run(A, {X: xs})):
        ranked = sorted(range(4), key=lambda k: -a[..., k].var())[:top]
        scores, shown = [], []
        for k in ranked:
            low, high = a[..., k].min(), a[..., k].max()
            mask = brought((a[np.newaxis, ..., k] - low) / (high - low), [5, 6])[0, ..., np.newaxis]
            scores.append(session.run(T, {X: [base + mask * (xs[i] - base)]})[0, ys[i]])
            shown.append(brought(a[np.newaxis, ..., k], [5, 6])[0])
        parts = np.exp(scores - max(scores))
        want[i] = np.maximum(0, sum(part * one for part, one in zip(parts / parts.sum(), shown)))
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('scorecam', T, X, top=top)
        close(explainer.run(xs, ys, baseline=base), want, 1e-5)
        close(explainer.run(xs, ys, baseline=base, batch_size=2), want, 1e-5)
        assert de.explain('scorecam', T, X, xs, ys, top=top, resize=False).shape == (3, 3, 3)
        assert de.explain('scorecam', T, X, xs, ys, top=top, resize=(4, 9)).shape == (3, 4, 9)


def test_a_channel_that_is_the_same_everywhere_has_no_part_in_scorecam(session):
    X = tf.placeholder(tf.float32, [None, 2, 2, 1])
    A = tf.identity(tf.concat([X, 0 * X + 3], 3))
    T = tf.reduce_sum(A, [1, 2])
    with DeepExplain(session=session) as de:
        xs = np.arange(4.).reshape(1, 2, 2, 1)
        close(de.explain('scorecam', T, X, xs, 0, layer=A), xs[..., 0], 1e-6)
        close(de.explain('scorecam', T, X, 0 * xs + 1, 0, layer=A), np.zeros((1, 2, 2)), 1e-6)


def test_guided_gradcam_is_the_product_of_both(session, rng):
    X, A, T = cnn(rng)
    initialise(session)
    xs, ys = rng.randn(4, 5, 6, 2), [0, 2, 1, 1]
    # That of iNNvestigate starts with T in place of 1, and where that is negative all is turned.
    above = T + 100
    score = session.run(above, {X: xs})[np.arange(4), ys].reshape(4, 1, 1, 1)
    with DeepExplain(session=session) as de:
        guided = de.explain('guided_backprop', above, X, xs, ys) / score
        want = guided * de.explain('gradcam', T, X, xs, ys)[..., np.newaxis]
        close(de.explain('guided_gradcam', T, X, xs, ys), want, 1e-5)


def test_the_layer_is_the_last_through_which_all_hangs(session, rng):
    X = tf.placeholder(tf.float32, [None, 8, 8, 2])
    h = tf.nn.relu(tf.nn.conv2d(X, weights(rng, 3, 3, 2, 4), [1, 2, 2, 1], 'SAME'))
    # A gate of one place for each channel, and a way around.
    gate = tf.sigmoid(tf.nn.conv2d(tf.reduce_mean(h, [1, 2], keepdims=True), weights(rng, 1, 1, 4, 4), [1] * 4, 'SAME'))
    joined = tf.add(h, gate * h, name='joined')
    pooled = tf.reduce_mean(joined, [1, 2], keepdims=True)
    T = dense(tf.reshape(pooled, [-1, 4]), rng, 3)
    initialise(session)
    xs = rng.randn(2, 8, 8, 2)
    with DeepExplain(session=session) as de:
        got = de.explain('gradcam', T, X, xs, 1)
        close(got, de.explain('gradcam', T, X, xs, 1, layer='joined'), 1e-6)
        close(got, de.explain('gradcam', T, X, xs, 1, layer=joined), 1e-6)
        assert np.abs(got - de.explain('gradcam', T, X, xs, 1, layer=h)).max() > .01 * np.abs(got).max()


def test_ids_and_flat_pictures(session, rng):
    ids = tf.placeholder(tf.int32, [None, 6], name='ids')
    h = tf.nn.relu(tf.nn.conv1d(tf.nn.embedding_lookup(weights(rng, 9, 3), ids), weights(rng, 3, 3, 4), 1, 'SAME'))
    T = dense(tf.reduce_max(h, 1), rng, 3)
    flat = tf.placeholder(tf.float32, [None, 12], name='flat')
    picture = tf.nn.relu(tf.nn.conv2d(tf.reshape(flat, [-1, 4, 3, 1]), weights(rng, 3, 3, 1, 2), [1] * 4, 'SAME'))
    T_flat = dense(tf.reduce_max(picture, [1, 2]), rng, 3)
    initialise(session)
    with DeepExplain(session=session) as de:
        assert de.explain('layercam', T, ids, rng.randint(9, size=(2, 6)), 1).shape == (2, 6)
        xs = rng.randn(2, 12)
        own = de.explain('layercam', T_flat, flat, xs, 1, resize=False)
        close(de.explain('layercam', T_flat, flat, xs, 1, resize=(4, 3)), own, 1e-6)
        close(de.explain('layercam', T_flat, flat, xs, 1, resize=(8, 5)), brought(own, [8, 5]), 1e-5)
        with pytest.raises(RuntimeError) as error:
            de.explain('layercam', T_flat, flat, xs, 1)
    assert str(error.value) == ("layercam: the map at 'Relu_1:0' has 2 axes of places, as no input has. Say "
                                'resize=False for the map as it is, or a tuple of sizes.')


def test_of_several_inputs_the_one_with_places(session, rng):
    X, A, T = cnn(rng)
    other = tf.placeholder(tf.float32, [None, 3])
    T = T * other
    initialise(session)
    xs = [rng.randn(2, 5, 6, 2), rng.rand(2, 3)]
    with DeepExplain(session=session) as de:
        for method in MAPS:
            got = de.explain(method, T, [X, other], xs, 1)
            close(got, de.explain(method, T, X, xs[0], 1, feed_dict={other: xs[1]}), 1e-5)
        with pytest.raises(RuntimeError, match='guided_gradcam is for one input, not for 2'):
            de.get_explainer('guided_gradcam', T, [X, other])


@pytest.mark.parametrize('options, kind, text', [
    (dict(layer='nowhere'), ValueError, "layer must be a tensor of the graph or its name: there is no 'nowhere'."),
    (dict(layer=3), TypeError, 'layer must be a tensor of the graph or its name, not 3.'),
    (dict(layer='beside'), RuntimeError, "layer: 'beside:0' is no tensor of floats between X and T ('add:0')."),
    (dict(layer='MatMul'), RuntimeError, "layer ('MatMul:0') must have axes of samples, places and channels, at "
                                         'least 3, not 2.'),
    (dict(), RuntimeError, 'gradcam: say at which inner tensor, by layer=...: between X and T (\'add:0\') there is '
                           'none with places and channels through which all of T hangs on X.'),
    (dict(channels='middle'), ValueError, "channels must be 'first', 'last' or None, not 'middle'."),
])
def test_errors(session, options, kind, text):
    X = tf.placeholder(tf.float32, [None, 3])
    tf.identity(X, name='beside')
    T = tf.add(tf.matmul(X, tf.ones([3, 2])), 1, name='add')
    with DeepExplain(session=session) as de:
        before = len(session.graph.get_operations())
        with pytest.raises(kind) as error:
            de.get_explainer('gradcam', T, X, **options)
    assert str(error.value) == text
    assert len(session.graph.get_operations()) == before


@pytest.mark.parametrize('resize', [(3,), 'yes', (3, 0), (2.5, 3)])
def test_sizes_are_checked(session, rng, resize):
    X, A, T = cnn(rng)
    with DeepExplain(session=session) as de, pytest.raises((ValueError, TypeError), match='resize must be'):
        de.get_explainer('gradcam', T, X, resize=resize)


def test_a_map_is_of_one_sample(session, rng):
    X, T = mlp(tf.tanh, rng)
    with DeepExplain(session=session) as de, pytest.raises(RuntimeError, match="not defined for rows='together'"):
        de.get_explainer('gradcam', T, X, rows='together')
    X, A, T = cnn(rng)
    initialise(session)
    with DeepExplain(session=session) as de, pytest.raises(RuntimeError, match='relevances is not defined for GradCAM'):
        de.get_explainer('gradcam', T, X).relevances([A], np.zeros((1, 5, 6, 2)))


def test_the_samples_come_first(session, rng):
    """What goes through loops step by step has the samples elsewhere: it is no layer by default, nor by name."""
    X = tf.placeholder(tf.float32, [None, 5, 3])
    turned = tf.tanh(tf.transpose(X, [1, 0, 2]), name='turned')
    T = dense(turned[-1], rng, 3)
    initialise(session)
    with DeepExplain(session=session) as de:
        for method in MAPS + ['guided_gradcam']:
            with pytest.raises(RuntimeError, match='say at which inner tensor, by layer='):
                de.get_explainer(method, T, X)
            with pytest.raises(RuntimeError, match="layer: 'turned:0' must have the samples as its first axis"):
                de.get_explainer(method, T, X, layer='turned')


@pytest.mark.parametrize('method', MAPS + ['guided_gradcam', 'conductance'])
def test_rows_are_counted_where_the_graph_does_not_tell(session, rng, method):
    X = tf.placeholder(tf.float32, [None, 5, 3])
    hidden = tf.reshape(tf.tanh(X), tf.placeholder_with_default([1, -1, 3], [3]), name='hidden')
    T = dense(tf.reshape(hidden, [-1, 15]), rng, 3)
    initialise(session)
    with DeepExplain(session=session) as de, pytest.raises(RuntimeError, match='as (its|their) first axis'):
        de.explain(method, T, X, rng.randn(4, 5, 3), 1, layer='hidden')


def test_which_layer_it_was(session, rng):
    X, A, T = cnn(rng)
    initialise(session)
    with DeepExplain(session=session) as de:
        for method in MAPS + ['guided_gradcam']:
            assert de.get_explainer(method, T, X).layer is A
        assert de.get_explainer('smoothgrad', T, X, of='gradcam').layer is A
        assert de.get_explainer('gradcam', T, X, layer=A.op.inputs[0]).layer is A.op.inputs[0]
        assert de.get_explainer('conductance', T, X).layer is not None
        assert de.get_explainer('gradient', T, X).layer is None
