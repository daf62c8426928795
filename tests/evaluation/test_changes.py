"""Measures that explain again: nearby samples, other weights, other units."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise

from deepexplain.evaluation import (
    average_sensitivity,
    deletion,
    input_invariance,
    map_similarity,
    max_sensitivity,
    model_randomization,
    random_target,
    randomized_maps,
    stability,
)

XS = np.random.RandomState(5).uniform(.5, 2, (3, 4)).astype('f')


@pytest.mark.parametrize('batch_size', [None, 2])
def test_sensitivity_by_explaining_what_was_explained(network, batch_size):
    explainer = network.explainer('grad*input')
    before = len(network.calls)
    got = [measure(explainer, XS, 1, radius=.1, samples=5, seed=3, batch_size=batch_size)
           for measure in (max_sensitivity, average_sensitivity, stability)]
    calls = [call[name] for call in network.calls[before:] for name in call if call[name].shape[1:] == (4,)]
    rows = np.concatenate(calls)[:3 + 15]
    near = rows[3:].reshape(3, 5, 4)
    sides = .1 * (XS.max(1) - XS.min(1))[:, None, None]
    assert (np.abs(near - XS[:, None]) <= sides * 1.0001).all() and (np.abs(near - XS[:, None]) > sides / 2).any()
    assert (near < XS[:, None]).any() and (near > XS[:, None]).any()
    maps = explainer.run(XS, 1)
    for i in range(3):
        steps = np.linalg.norm(explainer.run(near[i], 1) - maps[i], axis=1)
        moves = np.linalg.norm(near[i].astype(float) - XS[i], axis=1)
        assert abs(got[0][i] - steps.max() / np.linalg.norm(maps[i])) < 1e-4
        assert abs(got[1][i] - steps.mean() / np.linalg.norm(maps[i])) < 1e-4
        assert abs(got[2][i] - (steps / moves).max()) < 1e-3


def test_the_units_nearby_are_those_of_the_sample(network):
    explainer = network.explainer('gradient')
    units = np.argmax([network.T(XS, unit) for unit in range(3)], 0)
    got = max_sensitivity(explainer, XS, 'max', radius=3, seed=0)
    close(got, max_sensitivity(explainer, XS, units, radius=3, seed=0), 1e-5)


def test_a_linear_model_has_the_same_gradient_everywhere(linear):
    explainer, w = linear
    assert (max_sensitivity(explainer('gradient'), XS, seed=0) == 0).all()
    # Seeds of a method are those of the sample, so that noise does not move.
    assert (max_sensitivity(explainer('random'), XS, seed=0) == 0).all()
    assert 0 < max_sensitivity(explainer('input'), XS, radius=.02, seed=0).max() < .04


def test_input_invariance(session, explain):
    X, X2 = tf.placeholder(tf.float32, [None, 4]), tf.placeholder(tf.float32, [None, 4])
    w = tf.constant(np.random.RandomState(0).randn(4, 3).astype('f'))
    T, T2 = tf.tanh(tf.matmul(X, w)), tf.tanh(tf.matmul(X2 - 2, w))
    one, two = [explain('gradient', *pair) for pair in ((T, X), (T2, X2))]
    assert input_invariance(one, XS, 1, shifted=two, shift=2).max() < 1e-3
    one, two = [explain('grad*input', *pair) for pair in ((T, X), (T2, X2))]
    got = input_invariance(one, XS, 'max', shifted=two, shift=2)
    units = one.probe(XS, 'max').ys
    maps, shifted = one.run(XS, units), two.run(XS + 2, units)
    close(got, np.linalg.norm(shifted - maps, axis=1) / np.linalg.norm(maps, axis=1), 1e-4)
    assert got.min() > .1
    with pytest.raises(ValueError, match='shifted must be an explainer of a model with the same targets at xs'):
        input_invariance(one, XS, 1, shifted=two, shift=3)
    with pytest.raises(ValueError, match='input_invariance needs shifted='):
        input_invariance(one, XS, 1)


def layered(session, resource):
    """T of a network of three layers whose weights are variables, and these."""
    X = tf.placeholder(tf.float32, [None, 4])
    rng = np.random.RandomState(3)
    made = [tf.Variable(rng.randn(*shape).astype('f'), use_resource=resource, name=name)
            for name, shape in [('a', (4, 5)), ('a_bias', (5,)), ('b', (5, 5)), ('c', (5, 2)), ('c_bias', (2,))]]
    a, a_bias, b, c, c_bias = made
    h = tf.nn.relu(tf.matmul(X, a) + a_bias)
    T = tf.matmul(tf.nn.relu(tf.matmul(h, b)), c) + c_bias
    initialise(session)
    return X, T, made


@pytest.mark.parametrize('resource', [False, True])
@pytest.mark.parametrize('method, options', [
    ('grad*input', {}), ('deeplift', {}), ('elrp', {}), ('lrp.alpha_1_beta_0', {}), ('occlusion', {}),
    ('smoothgrad', dict(samples=3, seed=1))])
def test_maps_are_those_of_a_model_with_such_weights(session, explain, resource, method, options):
    X, T, variables = layered(session, resource)
    explainer = explain(method, T, X, **options)
    before = session.run(variables)
    probe = explainer.probe(XS, 1)
    layers = probe.layers()
    assert [[name for name, _ in layer] for layer in layers] == [['c', 'c_bias'], ['b'], ['a', 'a_bias']]
    for layer in layers:
        for name, value in layer:
            np.testing.assert_array_equal(value, before[[one.op.name for one in variables].index(name)])
    drawn = np.random.RandomState(0)
    other = {name: drawn.randn(*value.shape).astype('f') for layer in layers for name, value in layer}
    got = probe.explained(feeds=probe.feeds_of(other))[0]
    for one in variables:
        one.load(other[one.op.name], session)
    close(got, explainer.run(XS, 1), 1e-5)
    for one, value in zip(variables, before):
        one.load(value, session)
    assert np.abs(got - explainer.run(XS, 1)).max() > .1


@pytest.mark.parametrize('resource', [False, True])
def test_randomisation_touches_gradients_and_neither_input_nor_weights(session, explain, resource):
    X, T, variables = layered(session, resource)
    before = session.run(variables)
    size = len(session.graph.get_operations())
    explainers = {name: explain(name, T, X) for name in ('input', 'gradient')}
    made = len(session.graph.get_operations())
    for order in ('cascade', 'independent'):
        got = model_randomization(explainers['input'], XS, 1, order=order, seed=0)
        np.testing.assert_allclose(got.scores, 1)
        assert got.scores.shape == (3, 3) and got.names == ['c', 'b', 'a']
        np.testing.assert_allclose(got.fractions, [1 / 3., 2 / 3., 1])
        changed = model_randomization(explainers['gradient'], XS, 1, order=order, seed=0)
        assert np.nanmean(changed.scores) < .9 and np.nanmin(changed.scores) >= -1
    for one, two in zip(before, session.run(variables)):
        np.testing.assert_array_equal(one, two)
    assert len(session.graph.get_operations()) == made > size

    class Failing:
        graph, calls = session.graph, 0

        def run(self, fetches, feed=None):
            self.calls += 1
            if self.calls > 3:
                raise RuntimeError('no more')
            return session.run(fetches, feed)

    failing = explain('gradient', T, X, Failing())
    with pytest.raises(RuntimeError, match='no more'):
        model_randomization(failing, XS, 1, seed=0)
    for one, two in zip(before, session.run(variables)):
        np.testing.assert_array_equal(one, two)


def test_orders_by_hand(session, explain):
    X, T, variables = layered(session, True)
    explainer = explain('gradient', T, X)
    values = {one.op.name: value for one, value in zip(variables, session.run(variables))}
    generator = np.random.RandomState(7)
    shuffled = [{name: generator.permutation(values[name].ravel()).reshape(values[name].shape) for name in names}
                for names in (['c', 'c_bias'], ['b'], ['a', 'a_bias'])]
    whole = explainer.run(XS, 0)

    def similarity(weights, absolute):
        for one in variables:
            one.load(weights.get(one.op.name, values[one.op.name]), session)
        other = explainer.run(XS, 0)
        for one in variables:
            one.load(values[one.op.name], session)
        pairs = [np.abs(pair) if absolute else pair for pair in np.stack([whole, other], 1)]
        with np.errstate(all='ignore'):
            return [np.corrcoef(np.argsort(np.argsort(pair, 1), 1))[0, 1] for pair in pairs]

    together = {}
    for step, layer in enumerate(shuffled):
        together.update(layer)
        for order, weights in (('cascade', together), ('independent', layer)):
            for absolute in (False, True):
                got = model_randomization(explainer, XS, 0, order=order, absolute=absolute, seed=7).scores[:, step]
                want = similarity(weights, absolute)
                np.testing.assert_allclose(got[~np.isnan(got)], np.array(want)[~np.isnan(got)], atol=1e-6)
                assert (~np.isnan(got)).any()


@pytest.mark.parametrize('order', ['cascade', 'independent'])
def test_maps_of_shuffled_models_are_those_that_are_compared(session, explain, order):
    X, T, variables = layered(session, True)
    explainer = explain('grad*input', T, X)
    before, state = session.run(variables), np.random.get_state()[2]
    found = randomized_maps(explainer, XS, 1, order, seed=7)
    assert found.names == ['c', 'b', 'a'] and [one.shape for one in found.maps] == [XS.shape] * 3
    np.testing.assert_array_equal(found.before, explainer.run(XS, 1))
    for absolute in (False, True):
        got = np.stack([map_similarity(found.before, one, absolute=absolute) for one in found.maps], 1)
        want = model_randomization(explainer, XS, 1, order=order, absolute=absolute, seed=7).scores
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-12)
    assert np.random.get_state()[2] == state  # nothing is drawn of numpy's own numbers
    for one, two in zip(before, session.run(variables)):
        np.testing.assert_array_equal(one, two)


def test_what_draws_draws_the_same_for_all_models(session, explain):
    X, T, _ = layered(session, True)
    found = randomized_maps(explain('random', T, X), XS, 1, seed=7)
    assert all((one == found.before).all() for one in found.maps) and len(np.unique(found.before)) == 12


def test_similarities_of_maps_of_several_inputs():
    one, other = np.array([[1., 2], [1, 2]]), np.array([[3., 4, 5], [3, 4, 5]])
    # One row of numbers: those of one input after those of another.
    np.testing.assert_allclose(map_similarity([one, other], [one[:, ::-1], -other]),
                               [np.corrcoef([1, 2, 3, 4, 5], [5, 4, 3, 2, 1])[0, 1]] * 2)
    np.testing.assert_allclose(map_similarity([one, other], [one, -other], absolute=True), 1)
    assert np.isnan(map_similarity(other, 0 * other)).all()


@pytest.mark.parametrize('arguments, text', [
    ((np.ones((2, 3)), np.ones((2, 4))), 'others must have the shape of the samples, (2, 3), or 1 in place of an axis'),
    ((np.full((2, 3), np.inf), np.ones((2, 3))), 'attributions must be of finite numbers'),
    ((np.ones((2, 3)), np.ones((2, 3)), 'cosine'), "similarity must be 'spearman' or 'ssim' or 'hog', not 'cosine'."),
    ((np.ones((2, 3)), np.ones((2, 3)), 'hog'), "similarity must be 'spearman' for samples that are no pictures"),
])
def test_maps_that_cannot_be_compared(arguments, text):
    with pytest.raises(ValueError) as error:
        map_similarity(*arguments)
    assert str(error.value).startswith(text)


def test_shuffled_models_need_weights_and_an_order(session, explain):
    X = tf.placeholder(tf.float32, [None, 4])
    with pytest.raises(RuntimeError, match='there are no weights between X and T'):
        randomized_maps(explain('gradient', tf.tanh(X), X), XS, 0)
    with pytest.raises(ValueError, match="order must be 'cascade' or 'independent', not 'top'"):
        randomized_maps(explain('gradient', tf.tanh(X), X), XS, 0, order='top')


def test_constants_are_weights_where_there_are_no_variables(session, explain):
    X = tf.placeholder(tf.float32, [None, 4])
    rng = np.random.RandomState(3)
    a, b = rng.randn(4, 5).astype('f'), rng.randn(5, 2).astype('f')
    T = 2. * tf.matmul(tf.nn.relu(tf.matmul(X, tf.identity(tf.constant(a, name='a')))), tf.constant(b, name='b'))
    # Beside a variable they are not: a mean and a scale of the data, say.
    v = tf.Variable(np.ones((2, 2), 'f'), name='v')
    initialise(session)
    assert [[name for name, _ in layer] for layer in explain('gradient', tf.matmul(T, v), X).probe(XS, 0).layers()] == [
        ['v']]
    explainer = explain('gradient', T, X)
    got = model_randomization(explainer, XS, 0, seed=2)
    assert got.names == ['b', 'a'] and got.scores.min() < .9
    other = np.random.RandomState(2).permutation(b.ravel()).reshape(b.shape)
    Z = tf.placeholder(tf.float32, [None, 4])
    want = explain('gradient', 2. * tf.matmul(tf.nn.relu(tf.matmul(Z, tf.constant(a))), tf.constant(other)), Z)
    probe = explainer.probe(XS, 0)
    probe.layers()
    close(probe.explained(feeds=probe.feeds_of({'b': other}))[0], want.run(XS, 0), 1e-6)


def test_nothing_to_randomise_is_said(session, explain):
    X = tf.placeholder(tf.float32, [None, 4])
    with pytest.raises(RuntimeError, match='there are no weights between X and T'):
        model_randomization(explain('gradient', tf.tanh(X), X), XS, 0)


def test_weights_in_a_loop_that_is_a_function_are_refused(session, explain):
    tf.enable_control_flow_v2()
    try:
        X = tf.placeholder(tf.float32, [None, 4])
        w = tf.Variable(np.eye(4, dtype='f'), use_resource=True, name='inner')
        T = tf.while_loop(lambda i, h: i < 2, lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w))), (tf.constant(0), X))[1]
        initialise(session)
        explainer = explain('occlusion', T, X)
        with pytest.raises(RuntimeError, match="cannot be replaced: they are inside of a function"):
            model_randomization(explainer, XS, 0)
    finally:
        tf.disable_control_flow_v2()


def test_random_target_explains_another_unit(network):
    explainer = network.explainer('gradient')
    got = random_target(explainer, XS, [0, 1, 2], similarity='spearman', seed=4)
    maps = np.array([explainer.run(XS, unit) for unit in range(3)])
    for i, unit in enumerate([0, 1, 2]):
        rank = [np.argsort(np.argsort(maps[k, i])) for k in range(3)]
        wanted = [np.corrcoef(rank[unit], rank[k])[0, 1] for k in range(3) if k != unit]
        assert min(abs(got[i] - one) for one in wanted) < 1e-6
    for ys in (None, np.ones((3, 3))):
        with pytest.raises(ValueError, match='random_target: ys must name one unit of each sample'):
            random_target(explainer, XS, ys, similarity='spearman')
    seen = {tuple(np.round(random_target(explainer, XS, 0, similarity='spearman', seed=seed), 6)) for seed in range(9)}
    assert len(seen) > 1


@pytest.mark.parametrize('similarity', ['spearman', 'ssim', 'hog'])
def test_similarities_of_pictures(session, explain, rng, similarity):
    X = tf.placeholder(tf.float32, [None, 9, 8, 2])
    T = dense(tf.tanh(dense(tf.reshape(X, [-1, 144]), rng, 6)), rng, 3)
    initialise(session)
    xs = .05 * rng.randn(2, 9, 8, 2)
    for absolute in (False, True):
        same = model_randomization(explain('input', T, X), xs, 0, similarity=similarity, absolute=absolute)
        np.testing.assert_allclose(same.scores, 1, atol=1e-6)
        other = model_randomization(explain('gradient', T, X), xs, 0, similarity=similarity, absolute=absolute, seed=0)
        assert other.scores[:, -1].max() < .8
    got = random_target(explain('gradient', T, X), xs, 0, similarity=similarity, seed=0)
    assert got.shape == (2,) and got.max() < .99


def test_structure_is_of_pictures(network):
    with pytest.raises(ValueError, match="similarity must be 'spearman' for samples that are no pictures"):
        random_target(network.explainer(), XS, 0)


def test_what_is_no_product_belongs_to_the_layer_below(session, explain, rng):
    X = tf.placeholder(tf.float32, [None, 6, 6, 2])
    made = {name: tf.Variable(rng.uniform(.5, 1, shape).astype('f'), name=name) for name, shape in [
        ('scale', (2,)), ('kernel', (3, 3, 2, 3)), ('bias', (3,)), ('norm', (1, 4, 4, 3)), ('out', (48, 2))]}
    h = tf.nn.bias_add(tf.nn.conv2d(X * made['scale'], made['kernel'], [1, 1, 1, 1], 'VALID'), made['bias'])
    T = tf.matmul(tf.reshape(h * made['norm'], [-1, 48]), made['out'])
    initialise(session)
    layers = explain('gradient', T, X).probe(np.ones((1, 6, 6, 2)), 0).layers()
    assert [[name for name, _ in layer] for layer in layers] == [['out'], ['kernel', 'bias', 'norm'], ['scale']]


def test_maps_of_places_are_measured(session, explain, rng):
    X = tf.placeholder(tf.float32, [None, 8, 8, 2])
    h = tf.nn.relu(tf.nn.conv2d(X, tf.Variable(rng.randn(3, 3, 2, 3).astype('f')), [1, 1, 1, 1], 'SAME'))
    T = dense(tf.reduce_mean(h, [1, 2]), rng, 2)
    initialise(session)
    xs = rng.randn(2, 8, 8, 2)
    explainer = explain('gradcam', T, X)
    maps = explainer.run(xs, 0)
    assert maps.shape == (2, 8, 8)
    np.testing.assert_allclose(deletion(explainer, xs, 0, feature_mask=np.arange(64).reshape(8, 8, 1)).scores, deletion(
        explain('random', T, X), xs, 0, np.repeat(maps[..., None], 2, 3),
        feature_mask=np.arange(64).reshape(8, 8, 1)).scores, rtol=1e-5)
    assert model_randomization(explainer, xs, 0, seed=0).scores.shape == (2, 2)
    assert max_sensitivity(explainer, xs, 0, seed=0).shape == (2,)
