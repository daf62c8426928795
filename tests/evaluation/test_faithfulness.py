"""Measures that ask the model: truths on linear models, slow replicas, and what they ask for."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, dense, initialise, mlp

from deepexplain.evaluation import (
    average_drop,
    completeness,
    deletion,
    evaluate,
    imputing,
    infidelity,
    insertion,
    mass_accuracy,
    measures,
    monotonicity,
    mu_fidelity,
    pixel_flipping,
    region_perturbation,
    road,
    sensitivity_n,
    subset_sizes,
)

XS = np.random.RandomState(5).uniform(.5, 2, (3, 4)).astype('f')
YS = [2, 0, 1]


def test_sensitivity_n_of_a_linear_model_is_1(linear):
    explainer, w = linear
    got = sensitivity_n(explainer('grad*input'), XS, n=[1, 2, 3], seed=0)
    assert got.shape == (3, 3) and np.abs(got - 1).max() < 1e-5
    # All four at once are always the same subset.
    assert np.isnan(sensitivity_n(explainer('grad*input'), XS, n=4, seed=0)).all()
    assert (sensitivity_n(explainer('grad*input'), XS, attributions=-XS * w, n=2, seed=0) < -1 + 1e-5).all()


def test_infidelity_of_a_linear_model_is_0(linear):
    explainer, w = linear
    for perturbation in ('gaussian', 'square', 'baseline', lambda x, generator: generator.uniform(size=x.shape)):
        for method in ('grad*input', 'gradient', 'occlusion'):
            got = infidelity(explainer(method), XS, perturbation=perturbation, samples=20, seed=0)
            assert got.shape == (3,) and (0 <= got).all() and got.max() < 1e-6
    # Twice the attributions are as far off as they are large.
    one = infidelity(explainer('gradient'), XS, attributions=np.broadcast_to(2 * w, XS.shape), samples=20, seed=0)
    zero = infidelity(explainer('gradient'), XS, attributions=0 * XS, samples=20, seed=0)
    assert zero.min() > 1e-3
    close(one, zero, 1e-4)
    double = infidelity(explainer('grad*input', ), XS, attributions=2 * w * XS, samples=20, seed=0, normalize=True)
    assert double.max() < 1e-6
    close(infidelity(explainer('random'), XS, attributions=2 * w * XS, scale='input', samples=20, seed=0), one, 1e-4)


def test_curves_of_a_linear_model_are_cumulative_sums(linear):
    explainer, w = linear
    parts = np.sort(XS * w, 1)[:, ::-1]
    gone = np.concatenate([np.zeros((3, 1)), np.cumsum(parts, 1)], 1)
    total = parts.sum(1, keepdims=True)
    got = deletion(explainer('grad*input'), XS)
    np.testing.assert_array_equal(got.fractions, [0, .25, .5, .75, 1])
    close(got.scores, total - gone, 1e-5)
    close(got.auc, [np.trapezoid(row, dx=.25) if hasattr(np, 'trapezoid') else np.trapz(row, dx=.25)
                    for row in total - gone], 1e-5)
    close(insertion(explainer('grad*input'), XS).scores, gone, 1e-5)
    flipped = pixel_flipping(explainer('grad*input'), XS)
    close(flipped.aopc, gone.mean(1), 1e-5)
    least = pixel_flipping(explainer('grad*input'), XS, most_relevant_first=False)
    close(least.scores, total - np.concatenate([np.zeros((3, 1)), np.cumsum(parts[:, ::-1], 1)], 1), 1e-5)
    assert 'Curves(3 samples, 5 points from 0 to 1, auc' in repr(got) and len(got) == 3
    assert (monotonicity(explainer('grad*input'), XS) == 1).all()
    assert completeness(explainer('grad*input'), XS).max() < 1e-5


def corr(a, b):
    return np.corrcoef(a, b)[0, 1]


def fed(network, action):
    """The rows of X of the calls of an action, in order, and what it returns."""
    before = len(network.calls)
    result = action()
    return np.concatenate([value for call in network.calls[before:] for name, value in call.items()
                           if value.ndim == 2 and value.shape[1] == 4]), result


@pytest.mark.parametrize('batch_size', [None, 7])
def test_sensitivity_n_and_mu_fidelity_by_a_slow_replica(network, batch_size):
    maps, base = np.random.RandomState(6).randn(3, 4), np.float32([.1, -.2, .3, .4])
    explainer = network.explainer()
    rows, got = fed(network, lambda: sensitivity_n(explainer, XS, YS, maps, n=[1, 3], subsets=30, baseline=base, seed=3,
                                                   batch_size=batch_size))
    np.testing.assert_array_equal(rows[:3], XS)
    points = rows[3:].reshape(3, 2, 30, 4)
    gone = points != XS[:, None, None]
    assert (gone.sum(3)[:, 0] == 1).all()
    assert (gone.sum(3)[:, 1] == 3).all() and (points[gone] == np.broadcast_to(base, points.shape)[gone]).all()
    for i, size in np.ndindex(3, 2):
        falls = network.T(XS[i:i + 1], YS[i]) - network.T(points[i, size], YS[i])
        assert abs(corr((gone[i, size] * maps[i]).sum(1), falls) - got[size, i]) < 1e-4
    # Each subset comes up about as often as others.
    assert gone[:, 0].mean((0, 1)).min() > .1
    rows, got = fed(network, lambda: mu_fidelity(explainer, XS, YS, maps, fraction=.5, subsets=30, seed=3,
                                                 correlation='spearman', batch_size=batch_size))
    points = rows[3:].reshape(3, 30, 4)
    for i in range(3):
        falls = network.T(XS[i:i + 1], YS[i]) - network.T(points[i], YS[i])
        sums = ((points[i] != XS[i]) * maps[i]).sum(1)
        order = [np.array([(sum(values < one) + sum(values <= one) + 1) / 2. for one in values])
                 for values in (np.round(sums, 9), falls)]
        assert abs(corr(*order) - got[i]) < .02


@pytest.mark.parametrize('measure, options', [(sensitivity_n, {'n': [1, 3]}),
                                              (mu_fidelity, {'correlation': 'spearman'})])
def test_many_maps_share_the_answers_of_the_model(network, measure, options):
    explainer, options = network.explainer(), dict(options, seed=3, subsets=20, batch_size=7)
    drawn = np.random.RandomState(6).randn(2, 3, 4)
    maps = {'a': drawn[0], 'none': np.zeros((3, 4)), 'b': drawn[1]}
    alone = {name: measure(explainer, XS, YS, one, **options) for name, one in maps.items()}
    before = network.rows()
    got = measure(explainer, XS, YS, maps, **options)
    assert network.rows() - before == 3 * (1 + 20 * len(options.get('n', [0])))
    assert list(got) == ['a', 'none', 'b'] and np.isnan(got['none']).all() and not np.isnan(got['a']).any()
    for name, one in alone.items():
        np.testing.assert_array_equal(got[name], one)


def test_rows_of_a_model_that_takes_all_samples_at_once(session, explain):
    X, T = mlp(tf.tanh, np.random.RandomState(1), inputs=4)
    together = tf.reshape(T, [3] + T.shape.as_list()[1:])
    initialise(session)
    maps = np.random.RandomState(6).randn(3, 4)
    for measure, options in ((sensitivity_n, {'n': [1, 2, 3]}), (mu_fidelity, {})):
        want, got = (measure(explain('grad*input', one, X), XS, YS, maps, subsets=20, seed=3, **options)
                     for one in (T, together))
        close(got, want, 1e-5)


@pytest.mark.parametrize('perturbation', ['gaussian', 'square', 'baseline'])
def test_infidelity_by_a_slow_replica(network, perturbation):
    rows, got = fed(network, lambda: infidelity(network.explainer('gradient'), XS, YS, np.ones((3, 4)), perturbation,
                                                samples=9, baseline=.3, seed=1, batch_size=5))
    points = rows[3:].reshape(3, 9, 4)
    taken = XS[:, None] - points
    if perturbation != 'gaussian':
        assert (points[taken != 0] == np.float32(.3)).all() and (taken != 0).any() and (taken == 0).any()
    else:
        deviations = .2 * (XS.max(1) - XS.min(1))
        assert (np.abs((taken.astype(float) ** 2).mean((1, 2)) ** .5 / deviations - 1) < .4).all()
    want = [np.mean([(one.sum() - (network.T(x[None], y)[0] - network.T(point[None], y)[0])) ** 2
                     for one, point in zip(own, at)]) for own, at, x, y in zip(taken, points, XS, YS)]
    close(got, want, 1e-4)


def test_removal_by_slow_replicas(network):
    maps = np.random.RandomState(6).randn(3, 4)
    base = np.random.RandomState(7).randn(3, 4).astype('f')
    mask, groups = [5, 5, 2, 9], [[2], [0, 1], [3]]
    explainer = network.explainer()
    for i in range(3):
        order = sorted(range(3), key=lambda group: -maps[i][groups[group]].sum())
        removed, added = XS[i].copy(), base[i].copy()
        want = [[network.T([removed], 1)[0]], [network.T([added], 1)[0]]]
        for group in order:
            removed[groups[group]], added[groups[group]] = base[i][groups[group]], XS[i][groups[group]]
            want[0].append(network.T([removed], 1)[0])
            want[1].append(network.T([added], 1)[0])
        for measure, one in zip((deletion, insertion), want):
            got = measure(explainer, XS, 1, maps, baseline=base, feature_mask=mask, batch_size=2)
            close(got.scores[i], one, 1e-5)
        kept = [network.T([base[i]], 1)[0]]
        point = base[i].copy()
        for feature in np.argsort(maps[i]):
            point[feature] = XS[i, feature]
            kept.append(network.T([point], 1)[0])
        assert monotonicity(explainer, XS, 1, maps, baseline=base)[i] == np.mean(np.diff(kept) >= 0)
        before = network.T(XS[i:i + 1], 1)[0]
        by = np.maximum(maps[i], 0) / maps[i].max()
        after = network.T([base[i] + by * (XS[i] - base[i])], 1)[0]
        got = average_drop(explainer, XS, 1, maps, baseline=base)[i]
        assert np.isnan(got) if before <= 0 else abs(got - max(0, before - after) / before) < 1e-5
        want = abs(maps[i].sum() - before + network.T([base[i]], 1)[0])
        assert abs(completeness(explainer, XS, 1, maps, baseline=base)[i] - want) < 1e-5


def test_completeness_is_the_delta_of_methods_that_have_one(network):
    explainer = network.explainer('intgrad', steps=3, baseline=.2)
    with pytest.warns(UserWarning, match='off what they should add up to'):
        maps, delta = explainer.run(XS, YS, return_convergence_delta=True)
    close(completeness(explainer, XS, YS), np.abs(delta), 1e-5)
    close(completeness(explainer, XS, YS, maps), np.abs(delta), 1e-5)
    plain = network.explainer('gradient')
    want = np.abs(plain.run(XS, YS).sum(1) - plain.target(XS, YS) + plain.target(0 * XS, YS))
    close(completeness(plain, XS, YS), want, 1e-5)


def test_regions_leave_for_noise_of_the_range(session, explain, rng):
    X = tf.placeholder(tf.float32, [None, 5, 4, 2])
    T = dense(tf.reshape(X, [-1, 40]), rng, 2)
    initialise(session)
    xs, maps = rng.uniform(1, 3, (2, 5, 4, 2)), rng.randn(2, 5, 4)
    seen = []
    explainer = explain('gradient', T, X)
    probe = explainer.probe

    def watched(*arguments, **options):
        found = probe(*arguments, **options)
        scores = found.scores
        found.scores = lambda samples, points: scores(samples, lambda part: (seen.append(points(part)), seen[-1])[1])
        return found

    explainer.probe = watched
    got = region_perturbation(explainer, xs, 1, maps, size=2, regions=3, seed=0)
    np.testing.assert_allclose(got.fractions, np.arange(4) / 6.)
    points = np.concatenate([one[0] for one in seen]).reshape(2, 4, 5, 4, 2)
    for i in range(2):
        sums = {(a, b): maps[i, 2 * a:2 * a + 2, 2 * b:2 * b + 2].sum() for a in range(3) for b in range(2)}
        order = sorted(sums, key=lambda one: -sums[one])
        for step in range(4):
            changed = (points[i, step] != xs[i].astype('f'))
            want = np.zeros((5, 4, 2), bool)
            for a, b in order[:step]:
                want[2 * a:2 * a + 2, 2 * b:2 * b + 2] = True
            np.testing.assert_array_equal(changed, want)
            assert (points[i] >= xs[i].min() - 1e-6).all() and (points[i] <= xs[i].max() + 1e-6).all()
        np.testing.assert_allclose(got.scores[i], session.run(T, {X: points[i]})[:, 1], rtol=1e-5)
    close(region_perturbation(explainer, xs[1:], 1, maps[1:], size=2, regions=3, seed=0, ids=1).scores,
          got.scores[1:], 1e-5)


@pytest.mark.parametrize('band', [0, 2 ** 25])
def test_road_solves_for_what_is_gone(session, explain, rng, monkeypatch, band):
    monkeypatch.setattr(imputing, 'BAND', band)
    X = tf.placeholder(tf.float32, [None, 4, 5, 2])
    T = tf.reshape(X, [-1, 40])
    xs, maps = rng.randn(2, 4, 5, 2), rng.randn(2, 4, 5)
    explainer = explain('random', T, X)
    for unit in (0, 13, 39):
        got = road(explainer, xs, unit, maps, fractions=[.3, .6], noise=1e-9, seed=0, batch_size=1)
        np.testing.assert_array_equal(got.fractions, [0, .3, .6])
        for i in range(2):
            for point, count in enumerate([0, 6, 12]):
                gone = np.zeros(20, bool)
                gone[np.argsort(-maps[i].ravel())[:count]] = True
                values = xs[i].reshape(20, 2)
                system, right = np.eye(20), values.copy()
                for place in np.flatnonzero(gone):
                    y, x = divmod(place, 5)
                    weights = {(y + a) * 5 + x + b: 1 / 6. if a * b == 0 else 1 / 12. for a in (-1, 0, 1)
                               for b in (-1, 0, 1) if (a or b) and 0 <= y + a < 4 and 0 <= x + b < 5}
                    right[place] = 0
                    system[place, place] = sum(weights.values())
                    for other, weight in weights.items():
                        system[place, other] = -weight
                want = np.linalg.solve(system, right).ravel()[unit]
                assert abs(got.scores[i, point] - want) < 1e-5
    noisy = [road(explainer, xs, 13, maps, fractions=[.5], noise=.1, seed=seed).scores for seed in range(30)]
    assert .05 < np.std(noisy, 0)[:, 1].max() < .2 and np.std(noisy, 0)[:, 0].max() == 0


@pytest.mark.parametrize('band', [0, 2 ** 25])
@pytest.mark.parametrize('sizes', [(7,), (2,), (1, 6), (6, 1), (4, 5), (9, 3)])
def test_what_road_imputes_is_the_mean_of_its_neighbours(rng, monkeypatch, sizes, band):
    monkeypatch.setattr(imputing, 'BAND', band)
    count = int(np.prod(sizes))
    grid, places = imputing._Grid(sizes), np.array(list(np.ndindex(*sizes)))
    apart = np.abs(places[:, np.newaxis] - places)
    weights = np.where(apart.max(2) == 1, np.where(apart.sum(2) == 1, 1 / 6., 1 / 12.), 0)
    for left in range(1, count):
        gone = np.ones(count, bool)
        gone[rng.permutation(count)[:left]] = False
        values = rng.randn(count, 2)
        filled = values.copy()
        filled[gone] = grid.imputed(values, gone)
        want = weights @ filled / weights.sum(1, keepdims=True)
        np.testing.assert_allclose(filled[gone], want[gone], atol=1e-12)


CHANCE = {'sensitivity_n': dict(n=[1, 2], subsets=8), 'mu_fidelity': dict(fraction=.5, subsets=8),
          'infidelity': dict(samples=6), 'region_perturbation': dict(size=2), 'road': dict(fractions=[.5]),
          'deletion': dict(baseline='uniform'), 'max_sensitivity': dict(samples=3), 'stability': dict(samples=3),
          'average_sensitivity': dict(samples=3), 'random_target': dict(similarity='spearman')}


@pytest.mark.parametrize('name', [name for name, one in measures.items()
                                  if one.needs in ('model', 'explainer') and name != 'input_invariance'])
def test_neither_batches_nor_other_rows_matter(network, name):
    explainer, options = network.explainer(), CHANCE.get(name, {})

    def values(*arguments, **more):
        found = measures[name].function(explainer, *arguments, **dict(options, seed=4, **more))
        return measures[name].of_samples(found)

    want = values(XS, YS)
    assert want.shape == (3,)
    np.testing.assert_allclose(values(XS, YS, batch_size=5), want, atol=1e-4)
    if name != 'model_randomization':
        np.testing.assert_allclose(values(XS[1:], YS[1:], ids=1), want[1:], atol=1e-4)
    np.testing.assert_array_equal(values(XS, YS), want)
    if name in CHANCE:
        assert np.nanmax(np.abs(measures[name].of_samples(measures[name].function(
            explainer, XS, YS, **dict(options, seed=5))) - want)) > 1e-6


@pytest.mark.parametrize('name, rows, options', [
    ('sensitivity_n', 1 + 2 * 8, CHANCE['sensitivity_n']), ('mu_fidelity', 1 + 8, CHANCE['mu_fidelity']),
    ('deletion', 5, {}), ('insertion', 5, {}), ('pixel_flipping', 5, {}), ('region_perturbation', 3, dict(size=2)),
    ('road', 1 + 9, {}), ('infidelity', 1 + 6, dict(samples=6)), ('monotonicity', 5, {}), ('average_drop', 2, {}),
    ('completeness', 2, {})])
def test_rows_are_what_is_said(network, name, rows, options):
    measures[name].function(network.explainer('gradient'), XS, YS, np.ones((3, 4)), **options)
    assert network.rows() == 3 * rows


def test_target_is_what_is_explained(network):
    explainer = network.explainer()
    got = explainer.target(XS, YS)
    assert got.dtype == np.float64
    close(got, [network.T([x], y)[0] for x, y in zip(XS, YS)], 1e-6)
    close(explainer.target(XS, 'max', batch_size=2), np.max([network.T(XS, unit) for unit in range(3)], 0), 1e-6)
    close(explainer.target(XS), sum(network.T(XS, unit) for unit in range(3)), 1e-6)
    assert network.explainer('random').target(XS[:1], 0).shape == (1,)


def test_largest_units_are_those_of_the_sample_as_it_is(network):
    units = np.argmax([network.T(XS, unit) for unit in range(3)], 0)
    for measure in (deletion, insertion):
        close(measure(network.explainer(), XS, 'max').scores, measure(network.explainer(), XS, units).scores, 1e-6)


def test_several_inputs_are_one_set_of_features(session, explain):
    A, B = tf.placeholder(tf.float32, [None, 1]), tf.placeholder(tf.float32, [None, 3])
    whole = tf.placeholder(tf.float32, [None, 4])
    T = mlp(tf.tanh, np.random.RandomState(1), X=tf.concat([A, B], 1))[1]
    joined = mlp(tf.tanh, np.random.RandomState(1), X=whole)[1]
    initialise(session)
    two, one = explain('grad*input', T, [A, B]), explain('grad*input', joined, whole)
    for measure, options in [(sensitivity_n, dict(n=2)), (infidelity, dict(perturbation='baseline')),
                             (mu_fidelity, dict(fraction=.5))]:
        close(measure(two, [XS[:, :1], XS[:, 1:]], 1, seed=0, baseline=[0, .1], **options),
              measure(one, XS, 1, seed=0, baseline=np.float32([0, .1, .1, .1]), **options), 1e-4)
    close(deletion(two, [XS[:, :1], XS[:, 1:]], 1, feature_mask=[[1], [0, 1, 2]]).scores,
          deletion(one, XS, 1, feature_mask=[1, 0, 1, 2]).scores, 1e-5)


def test_rows_together_are_one_sample(session, explain):
    X = tf.placeholder(tf.float32, [None, 2])
    T = tf.tanh(tf.reduce_sum(X, 0, keepdims=True))
    explainer = explain('grad*input', T, X, rows='together')
    xs = XS.reshape(6, 2)[:3]
    got = deletion(explainer, xs, (0, 1))
    maps = explainer.run(xs, (0, 1)).ravel()
    point, want = xs.copy(), [np.tanh(xs.sum(0))[1]]
    for feature in np.argsort(-maps, kind='stable'):
        point[np.unravel_index(feature, point.shape)] = 0
        want.append(np.tanh(point.sum(0))[1])
    close(got.scores, [want], 1e-5)
    close(deletion(explainer, xs, (0, 1), maps.reshape(3, 2)).scores, [want], 1e-5)
    assert mass_accuracy(explainer, xs, (0, 1), masks=np.ones((3, 2))) == [1]
    table = evaluate({'g': explainer, 'mine': maps.reshape(3, 2)}, xs, 'max', ['deletion', 'sparseness'])
    assert table.mean.shape == (4, 2) and (table.count == 1).all()
    assert explainer.target(xs, (0, 1)) == pytest.approx(want[0])


def test_default_sizes():
    assert subset_sizes(1000) == sorted(set(subset_sizes(1000))) and len(subset_sizes(1000)) == 15
    assert (subset_sizes(1000)[0], subset_sizes(1000)[-1], subset_sizes(1), subset_sizes(4)) == (1, 800, [1], [1, 2, 3])


def test_a_target_that_is_not_finite_is_said(session, explain):
    X = tf.placeholder(tf.float32, [None, 4])
    explainer = explain('gradient', tf.reduce_sum(tf.log(X), 1), X)
    with pytest.warns(UserWarning, match=r'is not finite where a measure asks for it, for 3 of 3 samples'):
        assert np.isnan(deletion(explainer, XS).auc).all()


@pytest.mark.parametrize('measure, options, text', [
    (sensitivity_n, dict(n=5), 'n must be an int of at least 1 and at most 4, not 5.'),
    (sensitivity_n, dict(n=[]), 'n must hold at least one size of subsets.'),
    (sensitivity_n, dict(subsets=0), 'subsets must be an int of at least 1, not 0.'),
    (sensitivity_n, dict(seed=-1), 'seed must be an int of at least 0'),
    (sensitivity_n, dict(attributions=np.ones((3, 5))), 'attributions must have the shape of the samples, (3, 4), or '
                                                        '1 in place of an axis, not (3, 5).'),
    (sensitivity_n, dict(attributions=np.full((3, 4), np.nan)), 'attributions must be of finite numbers: nan or inf is '
                                                                'in 3 of 3 samples. Leave these out, or fill them.'),
    (sensitivity_n, dict(attributions=np.full((3, 4), 'a')), 'attributions must be an array of numbers, not of <U1.'),
    (sensitivity_n, dict(attributions={}), 'attributions must hold the maps of at least one name, or be None.'),
    (mu_fidelity, dict(attributions={'a': np.ones((3, 4)), 'b': np.ones((3, 5))}),
     "attributions['b'] must have the shape of the samples, (3, 4), or 1 in place of an axis, not (3, 5)."),
    (mu_fidelity, dict(fraction=1.5), 'fraction must be a number above 0 and at most 1, not 1.5.'),
    (mu_fidelity, dict(correlation='kendall'), "correlation must be 'pearson' or 'spearman', not 'kendall'."),
    (deletion, dict(points=5), 'points must be an int of at least 1 and at most 4, not 5.'),
    (infidelity, dict(perturbation='no'), "perturbation must be 'gaussian' or 'square' or 'baseline', not 'no'."),
    (infidelity, dict(perturbation=lambda x, generator: x[:2]), 'perturbation must return what is taken off a sample, '
                                                                'of its shape'),
    (infidelity, dict(perturbation='square', feature_mask=[0, 0, 1, 1]), 'feature_mask is nothing for'),
    (road, dict(fractions=[.5, .5]), 'fractions must rise, above 0 and below 1, not [0.5, 0.5].'),
])
def test_errors_come_before_any_call(network, measure, options, text):
    with pytest.raises(ValueError) as error:
        measure(network.explainer('gradient'), XS, 0, **options)
    assert str(error.value).startswith(text)
    assert not network.calls or callable(options.get('perturbation'))


def test_what_is_no_explainer_is_refused():
    with pytest.raises(TypeError, match='explainer must be an Explainer, of DeepExplain.get_explainer, not str'):
        deletion('deeplift', XS)
    with pytest.raises(ValueError, match='explainer must be an Explainer: this measure asks the model'):
        deletion(None, XS, attributions=XS)
    with pytest.raises(ValueError, match='attributions must be given where there is no explainer'):
        deletion(None, XS)


def test_groups_of_a_method_are_refused(network):
    explainer = network.explainer('occlusion', feature_mask=[0, 0, 1, 1], per_group=True)
    with pytest.raises(RuntimeError, match='Make the explainer without per_group'):
        deletion(explainer, XS, 0)
