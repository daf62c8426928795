"""Attributions: an array that knows what it is, indexed, summed and shown; and what an explainer puts into it."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import Counting, close, counted, initialise, mlp

import deepexplain
from deepexplain.results import Attributions
from deepexplain.tensorflow import DeepExplain


def result(shape=(4, 3), **more):
    values = np.random.RandomState(1).randn(*shape)
    given = dict(xs=values + 1, method='some', scores=np.arange(4.), delta=np.arange(4.) / 10, units=[0, 2, 1, 2],
                 baseline=np.ones((4,) + shape[1:]), feature_names=list('abcdef')[:shape[-1]], index=list('wxyz'))
    given.update(more)
    return Attributions(values, **given)


def of_units():
    """Of two units of three samples with two features."""
    return Attributions(np.arange(12.).reshape(2, 3, 2), np.ones((3, 2)), scores=np.arange(6.).reshape(2, 3),
                        delta=np.zeros((2, 3)), units=[[0, 1, 2], [3, 3, 3]], several=True)


def two():
    return Attributions([np.arange(6.).reshape(2, 3), np.arange(8.).reshape(2, 2, 2)],
                        [np.zeros((2, 3)), np.ones((2, 2, 2))], scores=[1, 2], delta=[3, 4],
                        input_names=['left', 'right'], feature_names=[['a', 'b', 'c'], None])


def test_it_is_the_array():
    one = result()
    array = one.attributions
    assert np.asarray(one) is array and len(one) == 4
    assert (one.shape, one.dtype, one.ndim, one.n) == ((4, 3), np.float64, 2, 4)
    np.testing.assert_array_equal(np.asarray(one, np.float32), array.astype('f'))
    np.testing.assert_array_equal(np.abs(one), np.abs(array))
    assert all((a == b).all() for a, b in zip(one, array))
    copy = np.array(one)
    copy[:] = 0
    assert array.any()
    with pytest.raises(ValueError, match='takes a copy'):
        one.__array__(np.float32, copy=False)
    assert one.__array__(copy=True) is not array and one.__array__(np.float64, copy=False) is array


@pytest.mark.parametrize('key', [0, -1, np.int64(2), (0, 1), (slice(None), 2), np.newaxis, Ellipsis])
def test_an_index_of_a_sample_or_of_more_gives_arrays(key):
    found = result()[key]
    assert not isinstance(found, Attributions)
    np.testing.assert_array_equal(found, result().attributions[key])


@pytest.mark.parametrize('key', [
    slice(1, 3), slice(None, None, -2), [2, 0, 2], np.array([3]), np.array([True, False, True, True]),
    [False, True, False, False], [], slice(4, None)])
def test_slices_and_masks_cut_everything_alike(key):
    one = result()
    found, places = one[key], np.arange(4)[key]
    assert isinstance(found, Attributions) and found.n == len(places)
    for name in ('attributions', 'xs', 'scores', 'delta', 'units', 'baseline', 'index'):
        np.testing.assert_array_equal(getattr(found, name), getattr(one, name)[places], err_msg=name)
    assert (found.feature_names, found.method) == (one.feature_names, 'some')
    np.testing.assert_array_equal(one.samples(key), found)


def test_a_baseline_of_all_samples_stays():
    one = result(baseline=np.zeros((1, 3)), weights=np.arange(8.).reshape(4, 2))
    found = one[[3, 1]]
    assert found.baseline.shape == (1, 3)
    np.testing.assert_array_equal(found.weights, [[6, 7], [2, 3]])
    assert one.samples(2).shape == (1, 3) and one.samples(2).scores == [2]


def test_samples_that_are_not_there():
    for key in ([4], np.array([True])):
        with pytest.raises(IndexError):
            result()[key]
    for key in ('a', (0, 1), 1.5, True):
        with pytest.raises(TypeError, match='samples are taken by'):
            result().samples(key)
    with pytest.raises(KeyError, match="'left' is none of the inputs: attributions are one array"):
        result()['left']


def test_units_stand_in_front():
    one = of_units()
    assert (len(one), one.n, one.sums.shape) == (2, 3, (2, 3))
    np.testing.assert_array_equal(one[0], one.attributions[0])
    found = one[1:]
    np.testing.assert_array_equal(found, one.attributions[1:])
    np.testing.assert_array_equal(found.scores, [[3, 4, 5]])
    np.testing.assert_array_equal(found.units, [[3, 3, 3]])
    assert found.xs.shape == (3, 2)
    some = one.samples([2, 0])
    np.testing.assert_array_equal(some, one.attributions[:, [2, 0]])
    np.testing.assert_array_equal(some.scores, [[2, 0], [5, 3]])
    np.testing.assert_array_equal(some.units, [[2, 0], [3, 3]])
    assert some.xs.shape == (2, 2)
    single = one.unit(1)
    assert not single.several
    np.testing.assert_array_equal(single, one.attributions[1])
    np.testing.assert_array_equal(single.units, [3, 3, 3])
    np.testing.assert_array_equal(single[1:].scores, [4, 5])
    with pytest.raises(ValueError, match='of one target'):
        single.unit(0)
    with pytest.raises(TypeError, match='unit takes an int'):
        one.unit(True)


def test_several_inputs_are_a_list_with_names():
    one = two()
    left, right = one
    assert left is one.attributions[0] and right is one[1] and len(one) == 2 and one.n == 2
    assert (one.shape, one.ndim) == ([(2, 3), (2, 2, 2)], [2, 3])
    np.testing.assert_array_equal(one.sums, [3 + 6, 12 + 22])
    own = one['right']
    assert own.shape == (2, 2, 2) and own.delta is None and own.input_names == ['right'] and own.feature_names is None
    np.testing.assert_array_equal(own.xs, one.xs[1])
    some = one.samples([1])
    assert some.shape == [(1, 3), (1, 2, 2)] and some.xs[1].shape == (1, 2, 2) and some.delta == [4]
    with pytest.raises(TypeError, match=r"no single array: take result.attributions, a list, or result\['left'\]"):
        np.asarray(one)
    with pytest.raises(TypeError, match=r'by the number or the name of an input \(.left., .right.\); result.samples'):
        one[:1]
    with pytest.raises(KeyError, match="'up' is none of the inputs: 'left', 'right'"):
        one['up']


def test_sums_over_axes():
    one = result((4, 2, 3, 5))
    found = one.sum_over(-1)
    close(found, one.attributions.sum(3), 1e-12)
    assert found.dtype == np.float64 and found.feature_names is None and found.xs is one.xs
    close(one.sum_over((1, 2)), one.attributions.sum((1, 2)), 1e-12)
    assert one.sum_over((1, 2)).feature_names == list('abcde')
    close(one.sum_over((1, -1)).sums, one.sums, 1e-12)
    close(of_units().sum_over(2), of_units().attributions.sum(2), 1e-12)
    for other, axes in ((one, 0), (one, -4), (one, 4), (of_units(), 1)):
        with pytest.raises(ValueError, match='axes must be among those of a sample, '):
            other.sum_over(axes)
    for axes in (True, 1.5, (), 'a', [1]):
        with pytest.raises(ValueError, match='axes must be an int or a tuple of ints'):
            result().sum_over(axes)


def test_sums_of_float32_are_taken_in_float64():
    one = Attributions(np.array([[2 ** 24, 1, 1]], 'f'))
    assert one.sums == [2 ** 24 + 2] and one.sum_over(1).attributions == [2 ** 24 + 2]
    assert one.groups([0, 0, 0]).attributions == [[2 ** 24 + 2]]


def test_groups_are_sums_of_their_features():
    one = result((4, 2, 3))
    mask = np.array([[7, 7, -1], [3, 7, 3]])
    found = one.groups(mask)
    want = np.stack([(one.attributions * (mask == number)).sum((1, 2)) for number in (-1, 3, 7)], 1)
    close(found, want, 1e-12)
    assert found.feature_names == ['-1', '3', '7'] and found.xs is None and found.baseline is None
    np.testing.assert_array_equal(found.scores, one.scores)
    close(found.sums, one.sums, 1e-12)
    assert one.groups([[0], [1]], ['up', 'down']).feature_names == ['up', 'down']
    close(one.groups([[0], [1]]), one.attributions.sum(2), 1e-12)


def test_groups_of_several_inputs_and_units():
    one = two()
    found = one.groups([np.array([0, 1, 1]), np.array([[1], [2]])])
    left, right = one.attributions
    close(found, np.stack([left[:, 0], left[:, 1:].sum(1) + right[:, 0].sum(1), right[:, 1].sum(1)], 1), 1e-12)
    close(of_units().groups([5, 5]), of_units().attributions.sum(2, keepdims=True), 1e-12)
    for mask, text in (([0, 1, 1], 'mask must be a list with one mask for each of the 2 inputs'),
                       ([[0., 1, 1], [0]], r'mask\[0\] must be of ints'),
                       ([[0, 1], [0]], r'mask\[0\] must broadcast to the shape of a sample, \(3,\), not \(2,\)')):
        with pytest.raises(ValueError, match=text):
            one.groups(mask)
    with pytest.raises(ValueError, match='names must be 1, one for each group, not 2'):
        of_units().groups([5, 5], ['a', 'b'])


def test_what_it_says_of_itself_is_short_and_has_no_arrays():
    one = result((4, 3), scores=[1., 2, 3, np.nan], model='m.keras', target='max', unit_names=['cat', 'dog', 'cow'])
    said = repr(one)
    assert said.startswith("Attributions(method 'some', target max, shape (4, 3), dtype float64, sums ")
    assert 'scores 1 to 3 (1 not finite)' in said and 'delta at most 0.3' in said and '\n' not in said
    assert len(repr(result((4, 3000), feature_names=None))) < 400 and len(repr(two())) < 400
    assert 'left (2, 3), right (2, 2, 2)' in repr(two())
    html = one._repr_html_()
    assert 'cat, cow, dog' in html and 'm.keras' in html and len(html) < 3000
    wide = result((4, 3000), feature_names=['f' * 500] * 3000)
    assert len(wide._repr_html_()) < 3000


def test_names_are_escaped_in_a_notebook():
    evil = '<script>alert(1)</script>\x1b[2J'
    one = Attributions(np.ones((1, 1)), np.ones((1, 1)), method=evil, model=evil, feature_names=[evil], target=evil,
                       unit_names=[evil], units=[0], input_names=[evil], options={evil: evil})
    html = one._repr_html_()
    assert '<script' not in html and '\x1b' not in html and '\x1b' not in repr(one)
    assert html.count('&lt;script&gt;') >= 6


def test_equal_is_the_same_object():
    one, other = result(), result()
    assert one == one and one != other and len({one, other}) == 2


@pytest.mark.parametrize('changes, text', [
    (dict(attributions=[]), 'attributions must be an array or a list of at least one'),
    (dict(attributions=np.array(['a'])), 'attributions must be of numbers, not of <U1'),
    (dict(attributions=np.float32(1)), 'attributions must have samples in front'),
    (dict(attributions=[np.ones((2, 1)), np.ones((3, 1))]), r'attributions must have samples in front, as many in all'),
    (dict(xs=np.ones((3, 3))), r'xs must have 4 samples, as attributions have, not the shape \(3, 3\)'),
    (dict(scores=[1, 2]), r'scores must have the shape \(4,\), as attributions have it in front, not \(2,\)'),
    (dict(delta=['a'] * 4), 'delta must be of numbers'), (dict(units=[.5] * 4), 'units must be ints of the shape'),
    (dict(units=[1]), 'units must be ints of the shape'),
    (dict(weights=np.ones((2, 2))), 'weights must have 4 samples'),
    (dict(baseline=np.ones((3, 3))), 'baseline must have 1 or 4 samples'),
    (dict(index=['a']), r'index must have a label for each sample \(4\), not the shape \(1,\)'),
    (dict(feature_names=['a']), 'feature_names must be 3 names, one for each, not 1'),
    (dict(feature_names='abc'), "feature_names must be a list of names, not 'abc'"),
    (dict(unit_names=['a']), 'unit_names must name all units, also 2: there are 1'),
    (dict(input_names=['a', 'b']), 'input_names must be 1 names')])
def test_parts_that_do_not_fit(changes, text):
    with pytest.raises(ValueError, match='^' + text):
        result()._with(**changes)
    with pytest.raises(ValueError, match='feature_names must be a list with the names, or None, for each of the 2'):
        two().named(feature_names=['a', 'b'])


def test_explain_returns_what_run_does_and_what_it_was_asked(session, rng, model):
    X, T = model
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X, steps=100)
        for ys in (None, 1, [2, 0, 1, 1], 'max', 'second', ('max', 1), rng.randn(4, 3), 'all', 'top2'):
            want, delta = explainer.run(xs, ys, return_convergence_delta=True, baseline=.5)
            found = explainer.explain(xs, ys, baseline=.5)
            np.testing.assert_array_equal(found, want)
            np.testing.assert_array_equal(found.delta, delta)
            assert found.xs.dtype == np.float32 and (found.xs == xs.astype('f')).all() and found.n == 4
            values = session.run(T, {X: xs})
            if isinstance(ys, str) and ys in ('all', 'top2'):
                assert found.several
                close(found.scores, np.take_along_axis(values, found.units.T, 1).T, 1e-5)
            else:
                close(found.scores, explainer.target(xs, ys), 1e-6)
            # What they start from is the target at the baseline.
            base = session.run(T, {X: np.full((4, 5), .5)})
            if isinstance(ys, str) and ys == 'all':
                close(found.scores - found.sums + found.delta, base.T, 1e-4)
                np.testing.assert_array_equal(found.units, np.repeat(np.arange(3)[:, None], 4, 1))
        assert found.options == {'steps': 100, 'baseline': .5} and found.method == 'intgrad'
        np.testing.assert_array_equal(found.baseline, np.full((1, 5), .5))
        assert found.versions['deepexplain'] == deepexplain.__version__ and found.versions['tensorflow'] == tf.VERSION
        assert found.input_names == [X.op.name] and found.model is None


def test_units_and_weights(session, rng, model):
    X, T = model
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        def explained(ys):
            return de.explain('grad*input', T, X, xs, ys, as_result=True)

        assert explained(None).units is None and explained(None).weights is None and explained(None).target == 'sum'
        np.testing.assert_array_equal(explained(2).units, [2] * 4)
        np.testing.assert_array_equal(explained('max').units, session.run(T, {X: xs}).argmax(1))
        np.testing.assert_array_equal(explained(np.eye(3)[[1, 0, 0, 2]]).units, [1, 0, 0, 2])
        pair = explained(('max', 1))
        assert pair.units is None and pair.weights.shape == (4, 3) and pair.target == "('max', 1)"
        double = explained(2 * np.eye(3)[[1, 0, 0, 2]])
        assert double.units is None and double.weights.max() == 2 and double.target == 'weights'
        # Of some samples a unit, of others not.
        mixed = explained(np.array([[1, 0, 0], [.5, .5, 0], [0, 1, 0], [1, 1, 1]]))
        assert mixed.units is None and mixed.weights.shape == (4, 3)
        assert (explained([1, 0, 0, 2]).target, explained(np.int64(1)).target) == ('units', '1')


def test_units_of_layers_of_other_ranks(session, rng):
    X = tf.placeholder(tf.float32, [None, 6])
    xs = rng.randn(4, 6)
    with DeepExplain(session=session) as de:
        found = de.explain('grad*input', tf.reshape(X ** 2, [-1, 2, 3]), X, xs, (1, 2), as_result=True)
        np.testing.assert_array_equal(found.units, [[1, 2]] * 4)
        close(found.scores, xs[:, 5] ** 2, 1e-5)
        for weights in ([1., 1, 1, 1], [2., 1, 0, 1]):
            found = de.explain('grad*input', tf.reduce_sum(X, 1), X, xs, np.array(weights), as_result=True)
            assert found.units is None and found.target == 'weights'
            np.testing.assert_array_equal(found.weights, weights)


def test_the_plain_arrays_stay(session, rng, model):
    X, T = model
    xs = rng.randn(2, 5)
    with DeepExplain(session=session) as de:
        assert type(de.explain('intgrad', T, X, xs)) is np.ndarray
        assert type(de.explain('intgrad', T, [X], [xs])) is list
        assert type(de.get_explainer('intgrad', T, X).run(xs)) is np.ndarray
        assert de.explain('intgrad', T, X, xs, as_result=True).delta is not None
        assert de.get_explainer('intgrad', T, X).explain(xs, return_convergence_delta=False).delta is None
        assert de.explain('saliency', T, X, xs, as_result=True).delta is None
        with pytest.raises(RuntimeError, match='return_convergence_delta is not defined for saliency'):
            de.explain('saliency', T, X, xs, as_result=True, return_convergence_delta=True)
        with pytest.raises(ValueError, match='as_result must be True or False'):
            de.explain('saliency', T, X, xs, as_result=1)


def test_what_is_changed_later_does_not_change_it(session, rng, model):
    X, T = model
    xs, baseline = rng.randn(2, 5).astype('f'), np.ones(5, 'f')
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X, baseline=baseline)
        found = explainer.explain(xs)
        before = xs.copy()
        xs[:], baseline[:] = 7, 7
        np.testing.assert_array_equal(found.xs, before)
        np.testing.assert_array_equal(found.baseline, np.ones((1, 5)))
        assert explainer.explain(before).options == {'baseline': [1.] * 5}


def test_several_inputs_references_and_options(session, rng):
    X, Z = tf.placeholder(tf.float32, [None, 5], name='left'), tf.placeholder(tf.float32, [None, 2], name='right')
    _, T = mlp(tf.nn.tanh, rng, X=tf.concat([X, Z], 1), inputs=7)
    initialise(session)
    xs, references = [rng.randn(3, 5), rng.randn(3, 2)], [rng.randn(20, 5), rng.randn(20, 2)]
    with DeepExplain(session=session) as de:
        found = de.explain('expected_gradients', T, [X, Z], xs, 1, as_result=True, references=references, seed=1)
        assert found.input_names == ['left', 'right'] and found.shape == [(3, 5), (3, 2)]
        close(found.baseline[0], references[0].mean(0)[None], 1e-6)
        assert found.options == {'seed': 1, 'references': [
            {'shape': [20, 5], 'dtype': 'float64'}, {'shape': [20, 2], 'dtype': 'float64'}]}
        grouped = de.explain('shapley_sampling', T, [X, Z], xs, 1, as_result=True, per_group=True, samples=2, seed=1,
                             feature_mask=[[0, 0, 0, 1, 1], [1, 2]])
        assert grouped.shape == (3, 3) and isinstance(grouped.xs, list)


def test_rows_that_are_one_sample(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.reduce_sum(tf.tanh(X), 0, keepdims=True)
    xs = rng.randn(4, 3)
    with DeepExplain(session=session) as de:
        found = de.explain('intgrad', T, X, xs, 1, rows='together', steps=300, as_result=True)
        assert found.together and found.n == 1 and found.shape == (4, 3) and found.scores.shape == ()
        close(found.scores, np.tanh(xs)[:, 1].sum(), 1e-5)
        close(found.sums, found.scores, 1e-2)
        assert found.baseline.shape == (3,) or found.baseline.shape == (4, 3)
        assert type(found[:2]) is np.ndarray and found[:2].shape == (2, 3)
        with pytest.raises(ValueError, match="rows='together' there is one sample"):
            found.samples(0)
        both = de.explain('intgrad', T, X, xs, 'all', rows='together', steps=5, as_result=True)
        assert both.shape == (3, 4, 3) and both.scores.shape == (3,)
        close(both.unit(1).scores, found.scores, 1e-6)


def test_what_it_costs(session, rng):
    X, T, seen = counted(rng)
    initialise(session)
    xs = rng.randn(4, 5)
    with DeepExplain(session=session) as de:
        for method, more in (('saliency', 4), ('deeplift', 8), ('shapley_sampling', 0)):
            explainer = de.get_explainer(method, T, X)
            rows = []
            for run in (explainer.run, explainer.explain):
                del seen[:]
                run(xs, 1)
                rows.append(sum(seen))
            assert rows[1] - rows[0] == more, (method, rows)


def test_one_number_for_all_samples_has_no_scores(session, rng):
    X = tf.placeholder(tf.float32, [None, 3])
    T = tf.reduce_sum(tf.tanh(X))
    with DeepExplain(session=session) as de:
        found = de.explain('grad*input', T, X, rng.randn(4, 3), as_result=True)
        assert found.scores is None and found.shape == (4, 3)
        one = de.explain('grad*input', T, X, np.ones((1, 3)), as_result=True)
        close(one.scores, [3 * np.tanh(1)], 1e-6)


def test_no_bar_unless_it_is_asked_for(session, rng, model, capfd):
    X, T = model
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('intgrad', T, X)
        explainer.explain(rng.randn(2, 5))
        assert capfd.readouterr().err == ''
        explainer.explain(rng.randn(2, 5), show_progress=True)
        assert '100%' in capfd.readouterr().err


def test_bad_arguments_ask_no_session(session, rng, model):
    X, T = model
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('intgrad', T, X)
        for arguments in (dict(xs=np.ones((2, 4))), dict(xs=np.ones((2, 5)), return_convergence_delta='yes'),
                          dict(xs=np.ones((2, 5)), ys=9), dict(xs=np.ones((2, 5)), what=1),
                          dict(xs=np.ones((2, 5)), show_progress='no')):
            with pytest.raises((ValueError, RuntimeError, TypeError)):
                explainer.explain(**arguments)
    assert not counting.calls
