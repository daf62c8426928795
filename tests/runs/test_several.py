"""Several units of T at once: what a run for each of them returns, at the cost of one evaluation of the model."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import MAPS, REQUIRED, Counting, close, counted, dense, initialise, mlp, weights

from deepexplain.tensorflow import DeepExplain, finishing, noise_tunnel
from deepexplain.tensorflow.methods import attribution_methods
from deepexplain.tensorflow.runs.chosen import largest

#: One name of each method there is.
METHODS = list({one: name for name, one in reversed(list(attribution_methods.items()))}.values())
OPTIONS = {'intgrad': dict(steps=4), 'smoothgrad': dict(samples=3), 'smoothgrad_squared': dict(samples=3),
           'vargrad': dict(samples=3), 'expected_gradients': dict(samples=3, **REQUIRED['expected_gradients']),
           'shapley_sampling': dict(samples=2), 'kernel_shap': dict(samples=20), 'lime': dict(samples=20),
           'rise': dict(samples=20), 'idgi': dict(steps=3), 'conductance': dict(steps=3),
           'internal_influence': dict(steps=3), 'sobol': dict(samples=4), 'hsic': dict(samples=20),
           'permutation': REQUIRED['expected_gradients'], 'guided_ig': dict(steps=5), 'blur_ig': dict(steps=4)}


def network(method, rng, units=5):
    """X and T that a method can explain, and its options."""
    options = dict(REQUIRED.get(method, {}), **OPTIONS.get(method, {}))
    if method.startswith('pattern'):
        options['patterns'] = [rng.randn(*shape) for shape in ((5, 6), (6, 4), (4, units))]
    if method not in MAPS:
        return mlp(tf.nn.tanh if method == 'elrp' else tf.nn.relu, rng, outputs=units), options
    X = tf.placeholder(tf.float32, [None, 4, 4, 3 if method == 'xrai' else 2])
    h = tf.nn.relu(tf.nn.conv2d(X, weights(rng, 3, 3, X.shape.as_list()[-1], 3), [1, 1, 1, 1], 'SAME'))
    return (X, dense(tf.reshape(h, [-1, 48]), rng, units)), options


def one_by_one(explainer, xs, units, **more):
    """What a run for each of some units returns, and the deltas."""
    found = [explainer.run(xs, unit, **more) for unit in units]
    if explainer.has_convergence_delta:
        return [np.array([one[i] for one in found]) for i in (0, 1)]
    return np.array(found), None


@pytest.mark.parametrize('method', METHODS)
@pytest.mark.filterwarnings('ignore')
def test_every_method_explains_all_units_as_it_does_one(session, rng, method, monkeypatch):
    # In three parts, of two units or one.
    monkeypatch.setattr(finishing, 'AT_ONCE', 2)
    (X, T), options = network(method, rng)
    initialise(session)
    xs = rng.randn(*[3] + X.shape.as_list()[1:])
    if method == 'in_silico_mutagenesis':
        xs = np.eye(xs.shape[-1])[xs.argmax(-1)]
    order = np.argsort(-session.run(T, {X: xs}), 1)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, **options)
        more = dict(seed=3) if 'seed' in explainer._attribution.run_options else {}
        more.update(return_convergence_delta=explainer.has_convergence_delta)
        want, delta = one_by_one(explainer, xs, range(5), **more)
        if method not in ('zero', 'input', 'random', 'eigencam'):
            assert np.abs(want[0] - want[1]).max() > 1e-3
        for batch_size in (None, 2):
            got = explainer.run(xs, 'all', batch_size=batch_size, **more)
            top = explainer.run(xs, 'top2', batch_size=batch_size, **more)
            if explainer.has_convergence_delta:
                (got, of_all), (top, of_top) = got, top
                # What attributions are off may be their rounding alone.
                size = 1e-5 * np.abs(want).max()
                np.testing.assert_allclose(of_all, delta, rtol=0, atol=size)
                np.testing.assert_allclose(of_top, delta[order.T[:2], np.arange(3)], rtol=0, atol=size)
            assert got.dtype == want.dtype
            # vargrad takes squares of what cancels out.
            close(got, want, 1e-4 if method == 'vargrad' else 1e-5)
            close(top, want[order.T[:2], np.arange(3)], 1e-4 if method == 'vargrad' else 2e-5)
            if batch_size is None and method not in ('kernel_shap', 'lime', 'rise', 'occlusion', 'shapley_sampling'):
                assert np.array_equal(got, want)
        np.testing.assert_array_equal(explainer.largest(xs, 2), order[:, :2])


#: What shares evaluations.
SHARING = {'gradient': {}, 'grad*input': {}, 'deeplift': {}, 'intgrad': dict(steps=3), 'occlusion': {},
           'expected_gradients': dict(samples=2, seed=0, references=np.ones((2, 5))), 'elrp': {}, 'lrp.z_plus': {},
           'shapley_sampling': dict(samples=2, seed=0), 'rise': dict(samples=9, seed=0), 'idgi': dict(steps=2),
           'kernel_shap': dict(samples=9, seed=0), 'lime': dict(samples=9, seed=0),
           'smoothgrad': dict(samples=2, seed=0), 'feature_ablation': dict(feature_mask=[0, 0, 1, 1, 2])}


@pytest.mark.parametrize('method', SHARING)
@pytest.mark.parametrize('with_delta', [False, True])
def test_one_evaluation_serves_ten_units(session, rng, method, with_delta):
    X, T, seen = counted(rng, outputs=10)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de, warnings.catch_warnings():
        warnings.simplefilter('ignore')
        explainer = de.get_explainer(method, T, X, **SHARING[method])
        with_delta = with_delta and explainer.has_convergence_delta
        for batch_size in (None, 4):
            rows, calls = [], []
            for ys in (3, 'all'):
                explainer.run(np.ones((6, 5)), ys, batch_size)
                del seen[:], counting.calls[:]
                explainer.run(rng.randn(6, 5), ys, batch_size, return_convergence_delta=with_delta)
                rows.append(sum(seen))
                calls.append(len(counting.calls))
            # Rows of a default call are fewer where there are more units, but here there is room for all.
            assert rows[0] == rows[1] > 0 and calls[0] == calls[1], (rows, calls)


def test_more_units_than_gradients_at_once(session, rng):
    X, T, seen = counted(rng, outputs=23)
    initialise(session)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('grad*input', T, X)
        xs = rng.randn(4, 5)
        got = explainer.run(xs, 'all')
        assert len(counting.calls) == 3 and seen == [4] * 3
        size = len(session.graph.get_operations())
        del counting.calls[:]
        close(explainer.run(xs, 'top21')[0], explainer.run(xs, 'max'), 1e-6)
        assert len(counting.calls) == 1 + 3 + 1
        # What is made for several units is made once.
        assert len(session.graph.get_operations()) == size
        close(got, one_by_one(explainer, xs, range(23))[0], 1e-6)


def test_several_inputs_groups_and_sampled_dimensions(session, rng):
    a, b = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 2, 2])
    T = dense(tf.tanh(dense(tf.concat([a, tf.reshape(b, [-1, 4])], 1), rng, 5)), rng, 4)
    initialise(session)
    xs = [rng.randn(3, 3), rng.randn(3, 2, 2)]
    masks = [np.array([0, 0, 1]), np.array([[1, 2], [2, 2]])]
    with DeepExplain(session=session) as de:
        for method, options in [
                ('deeplift', {}), ('intgrad', dict(steps=3)), ('rise', dict(samples=9, seed=0)),
                ('occlusion', dict(window_shape=[(2,), None])), ('occlusion', dict(feature_mask=masks, per_group=True)),
                ('shapley_sampling', dict(sampling_dims=[[1], [1]], seed=0)), ('lime', dict(samples=30, seed=0)),
                ('kernel_shap', dict(feature_mask=masks, per_group=True)), ('deeplift', dict(references=[
                    rng.randn(2, 3), rng.randn(2, 2, 2)]))]:
            explainer = de.get_explainer(method, T, [a, b], **options)
            got, want = explainer.run(xs, 'all'), [explainer.run(xs, unit) for unit in range(4)]
            if options.get('per_group'):
                close(got, np.array(want), 1e-6)
                assert got.shape == (4, 3, 3)
                continue
            assert len(got) == 2
            for i in (0, 1):
                close(got[i], np.array([one[i] for one in want]), 1e-6)


@pytest.mark.parametrize('method', ['gradient', 'deeplift', 'intgrad', 'occlusion', 'shapley_sampling'])
@pytest.mark.filterwarnings('ignore')
def test_all_rows_together(session, rng, method):
    X = tf.placeholder(tf.float32, [None, 4])
    h = tf.tanh(dense(X, rng, 3))
    T = h * tf.reduce_mean(h, 0)
    initialise(session)
    xs = rng.randn(5, 4)
    order = np.argsort(-session.run(T, {X: xs}), 1)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer(method, T, X, rows='together', **(
            dict(seed=0) if method == 'shapley_sampling' else {}))
        delta = explainer.has_convergence_delta
        got, of_all = explainer.run(xs, 'all', return_convergence_delta=True) if delta else (
            explainer.run(xs, 'all'), None)
        want, of_each = one_by_one(explainer, xs, range(3), return_convergence_delta=delta)
        close(got, want, 1e-5)
        assert got.shape == (3, 5, 4)
        if delta:
            assert of_all.shape == (3,)
            np.testing.assert_allclose(of_all, of_each, atol=1e-5)
        top = explainer.run(xs, 'top2')
        for number in (0, 1):
            ys = np.eye(3)[order[:, number]]
            close(top[number], explainer.run(xs, ys), 1e-5)
        np.testing.assert_array_equal(explainer.largest(xs, 3), order)


@pytest.mark.parametrize('seed', [None, 5, 'generator'])
def test_all_units_are_drawn_for_alike(session, rng, seed, monkeypatch):
    # Samples are taken three at a time, units two at a time.
    monkeypatch.setattr(finishing, 'HELD', 3 * 5 * 4)
    monkeypatch.setattr(finishing, 'AT_ONCE', 2)
    X, T = mlp(tf.tanh, rng, outputs=4)
    initialise(session)
    xs = rng.randn(7, 5)
    order = np.argsort(-session.run(T, {X: xs}), 1)

    def fresh():
        np.random.seed(7)
        return np.random.RandomState(3) if seed == 'generator' else seed

    with DeepExplain(session=session) as de:
        for method, options in (('shapley_sampling', {}), ('rise', dict(samples=9)), ('kernel_shap', dict(samples=9)),
                                ('lime', dict(samples=9)), ('random', {}), ('smoothgrad', dict(samples=3)),
                                ('expected_gradients', dict(samples=3, references=xs)), ('vargrad', dict(
                                    of='occlusion', samples=3)), ('smoothgrad', dict(of='random', samples=3))):
            got = de.explain(method, T, X, xs, 'all', seed=fresh(), **options)
            after = np.random.rand()
            want = [de.explain(method, T, X, xs, unit, seed=fresh(), **options) for unit in range(4)]
            close(got, np.array(want), 1e-4 if method == 'vargrad' else 1e-5)
            top = de.explain(method, T, X, xs, 'top2', seed=fresh(), **options)
            close(top, got[order.T[:2], np.arange(7)], 1e-4 if method == 'vargrad' else 1e-5)
            assert after == np.random.rand()


@pytest.mark.filterwarnings('ignore')
def test_what_cannot_be_shared_goes_unit_by_unit(session, rng, control_flow):
    X = tf.placeholder(tf.float32, [None, 3])
    w, steps = weights(rng, 3, 3), tf.placeholder_with_default(2, [])
    h = tf.while_loop(lambda i, h: i < steps, lambda i, h: (i + 1, tf.tanh(tf.matmul(h, w))), [0, X])[1]
    T = dense(h, rng, 3)
    initialise(session)
    xs = rng.randn(4, 3)
    with DeepExplain(session=session) as de:
        for method, options in (('gradient', {}), ('intgrad', dict(steps=3)), ('deeplift', {}), ('occlusion', {}),
                                ('lrp.epsilon', {}), ('smoothgrad', dict(samples=2, seed=0))):
            explainer = de.get_explainer(method, T, X, **options)
            for more in ({}, dict(feed_dict={steps: 3})):
                close(explainer.run(xs, 'all', **more), np.array(
                    [explainer.run(xs, unit, **more) for unit in range(3)]), 1e-5)


def test_a_finalized_graph_goes_unit_by_unit(session, model, rng):
    X, T = model
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        explainer, ready = [de.get_explainer('gradient', T, X) for _ in range(2)]
        want = ready.run(xs, 'all')
    session.graph.finalize()
    close(explainer.run(xs, 'all'), want, 1e-6)
    close(ready.run(xs, 'all'), want, 1e-6)


def test_batches_count_their_samples(session, model, rng):
    X, T = model
    xs = rng.randn(5, 5)
    with DeepExplain(session=session) as de:
        for method, options in (('smoothgrad', dict(samples=3)), ('shapley_sampling', {}), ('random', {})):
            explainer = de.get_explainer(method, T, X, seed=4, **options)
            got = np.concatenate(list(explainer.run_batches([xs[:2], dict(xs=xs[2:3]), xs[3:]], ys='all')), 1)
            close(got, explainer.run(xs, 'all'), 1e-5)


def test_the_first_of_equal_units_is_the_largest_and_what_is_no_number():
    values = np.array([[1, 3, 3, 0], [np.nan, 5, np.nan, np.inf], [-np.inf, -1, -1, -np.inf]], np.float32)
    np.testing.assert_array_equal(largest(values, 4), [[1, 2, 0, 3], [0, 2, 3, 1], [1, 2, 0, 3]])
    np.testing.assert_array_equal(largest(values, 1)[:, 0], values.argmax(1))


@pytest.mark.parametrize('shape', [[None, 4], [None, None], None])
def test_names_of_units_and_pairs(session, rng, shape):
    X = tf.placeholder(tf.float32, [None, 5])
    T = tf.placeholder_with_default(dense(tf.tanh(dense(X, rng, 5)), rng, 4), shape)
    initialise(session)
    xs = rng.randn(6, 5)
    order, eye = np.argsort(-session.run(T, {X: xs}), 1), np.eye(4)
    labels = (order[:, 0] + 1) % 4
    unit = next(one for one in range(4) if one not in order[:, 0])
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('grad*input', T, X)
        for ys, want in (('second', eye[order[:, 1]]), (('max', 'second'), eye[order[:, 0]] - eye[order[:, 1]]),
                         (('second', 'max'), eye[order[:, 1]] - eye[order[:, 0]]),
                         (('max', unit), eye[order[:, 0]] - eye[unit]), ((unit, 'max'), eye[unit] - eye[order[:, 0]]),
                         (('max', labels), eye[order[:, 0]] - eye[labels])):
            del counting.calls[:]
            got = explainer.run(xs, ys)
            assert len(counting.calls) == 2
            close(got, explainer.run(xs, want), 1e-6)
        # Ints alone are units of the samples, as ever.
        close(explainer.run(xs[:2], (0, 3)), explainer.run(xs[:2], eye[[0, 3]]), 1e-6)
        with pytest.warns(UserWarning, match='the two units of [1-6] of 6 samples are one and the same'):
            got = explainer.run(xs, ('max', int(order[0, 0])))
        assert not got[0].any()
        close(explainer.run(xs, 'all'), one_by_one(explainer, xs, range(4))[0], 1e-6)


@pytest.mark.filterwarnings('ignore')
def test_a_place_of_more_axes_in_a_pair(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    T = tf.reshape(dense(X, rng, 6), [-1, 2, 3])
    initialise(session)
    xs = rng.randn(3, 4)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('gradient', T, X)
        close(explainer.run(xs, ('second', (1, 2))), explainer.run(xs, 'second') - explainer.run(xs, (1, 2)), 1e-5)


def test_errors(session, rng):
    X = tf.placeholder(tf.float32, [None, 4])
    T = dense(X, rng, 3)
    one, three, whole = tf.reduce_sum(T, 1), tf.reshape(T, [-1, 3, 1]), tf.reduce_sum(T)
    unknown = tf.placeholder_with_default(three, None)
    initialise(session)
    xs = rng.randn(3, 4)
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        for target, ys, error, said in (
                (one, 'all', RuntimeError, r"needs a T with units, of shape \(n, units\): T \('Sum:0'\) is one number "
                                           'for each sample, so leave ys out'),
                (whole, 'top2', RuntimeError, 'is one number for all samples'),
                (three, 'all', RuntimeError, r"one axis of units, .*has the shape \(\?, 3, 1\)\. Explain its units"),
                (T, 'top4', ValueError, r"ys='top4' asks for more units than T \('add:0'\) has: 3"),
                (T, 'top0', ValueError, "'second', 'all', or 'top3' for so many, not 'top0'"),
                (T, ('max', 'max'), ValueError, "tuple of two of 'max', 'second' and what names one unit"),
                (T, ('max', 'all'), ValueError, 'tuple of two'), (T, ('max', 1, 2), ValueError, 'tuple of two'),
                (T, ('max', np.ones((3, 3))), ValueError, 'tuple of two'),
                (T, ('max', None), ValueError, 'tuple of two'), (one, ('max', 0), RuntimeError, 'has one unit'),
                (whole, 'second', RuntimeError, 'one number for all')):
            explainer = de.get_explainer('gradient', target, X)
            del counting.calls[:]
            with pytest.raises(error, match=said):
                explainer.run(xs, ys)
            assert not counting.calls
        for ys, said in (('all', r'one axis of units'), (('max', 7), 'must name units of T .* from 0 to')):
            with pytest.raises((RuntimeError, ValueError), match=said):
                de.explain('gradient', unknown if ys == 'all' else T, X, xs, ys)
        with pytest.raises(RuntimeError, match='has one unit'):
            de.explain('gradient', tf.reshape(one, [-1, 1]), X, xs, 'second')
        explainer = de.get_explainer('gradient', T, X)
        with pytest.raises(RuntimeError, match="ys='all' explains several units one beside another"):
            explainer.relevances([T], xs, 'all')
        with pytest.raises(ValueError, match='k must be a positive int, not 0'):
            explainer.largest(xs, 0)
        # What the method needs of a run is nothing to the units.
        assert de.get_explainer('expected_gradients', T, X).largest(xs, 3).shape == (3, 3)


@pytest.mark.filterwarnings('ignore::RuntimeWarning')
def test_each_warning_names_its_units_and_none_the_others(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.stack([X[:, 0], tf.log(X[:, 1]), X[:, 2], tf.log(X[:, 1])], 1)
    xs = np.array([[1, 0, 2.], [1, 2, 3]])
    with DeepExplain(session=session) as de:
        for method, options in (('occlusion', {}), ('shapley_sampling', dict(seed=0)), ('rise', dict(samples=5))):
            with pytest.warns(UserWarning) as record:
                de.explain(method, T, X, xs, 'all', baseline=1, **options)
            said = [str(one.message) for one in record if one.category is UserWarning]
            assert said and all('(attributions[1], attributions[3])' in one for one in said), said
            with warnings.catch_warnings():
                warnings.simplefilter('error')
                de.explain(method, T, X, xs[1:] + 1, 'all', baseline=1, **options)


def test_a_bar_counts_all_evaluations(session, model, rng, monkeypatch):
    tqdm = pytest.importorskip('tqdm')
    bars = []

    class Bar:
        def __init__(self, total, unit):
            self.total, self.n = total, 0
            bars.append(self)

        def update(self, rows):
            self.n += rows

        def close(self):
            pass

    monkeypatch.setattr(tqdm, 'tqdm', Bar)
    monkeypatch.setattr(finishing, 'AT_ONCE', 2)
    X, T = model
    with DeepExplain(session=session) as de:
        for method, options in (('deeplift', {}), ('intgrad', dict(steps=3)), ('occlusion', {}), ('random', {}),
                                (noise_tunnel('gradient', samples=2), {}), ('shapley_sampling', {}), ('lime', {})):
            for ys in ('all', 'top2'):
                de.explain(method, T, X, rng.randn(3, 5), ys, show_progress=True, **options)
                assert bars[-1].n == bars[-1].total


def test_large_results_are_said_to_be_large(session, model, rng, monkeypatch):
    X, T = model
    monkeypatch.setattr(finishing, 'LARGE', 3 * 4 * 5 * 4)
    with DeepExplain(session=session) as de:
        with pytest.warns(UserWarning, match='attributions of 3 units of 4 samples take'):
            de.explain('gradient', T, X, rng.randn(4, 5), 'all')
