"""Measures that look at maps alone, without TensorFlow: truths and slow replicas."""
import subprocess
import sys

import numpy as np
import pytest
from scipy.optimize import linprog
from scipy.stats import rankdata

from deepexplain.evaluation import (
    auc_of_mask,
    earth_mover,
    effective_features,
    entropy,
    mass_accuracy,
    measures,
    pointing_game,
    rank_accuracy,
    sparseness,
    top_k_intersection,
)
from deepexplain.evaluation.arithmetic import ranks

RNG = np.random.RandomState(0)
MAPS, MASKS = np.round(RNG.randn(6, 4, 5), 1), RNG.uniform(size=(6, 4, 5)) < .3


def test_sparseness_and_entropy_of_one_feature_and_of_all_alike():
    maps = np.array([[0, 0, -3., 0, 0], [2, 2, -2, 2, 2]])
    np.testing.assert_allclose(sparseness(None, None, attributions=maps), [1 - 1 / 5., 0], atol=1e-12)
    np.testing.assert_allclose(entropy(None, None, attributions=maps), [0, np.log(5)], atol=1e-12)
    np.testing.assert_array_equal(effective_features(None, None, attributions=maps), [1, 5])
    zeros = np.zeros((1, 5))
    assert np.isnan(sparseness(None, None, attributions=zeros)) and np.isnan(entropy(None, None, attributions=zeros))
    assert effective_features(None, None, attributions=zeros) == 0


def test_complexity_by_slow_replicas():
    flat = np.abs(MAPS.reshape(6, -1))
    for i, row in enumerate(flat):
        gini = sum(abs(a - b) for a in row for b in row) / (2 * len(row) * row.sum())
        assert abs(sparseness(None, MAPS, attributions=MAPS)[i] - gini) < 1e-9
        shares = row / row.sum()
        assert abs(entropy(None, MAPS, attributions=MAPS)[i] + sum(p * np.log(p) for p in shares if p)) < 1e-9
        assert effective_features(None, MAPS, attributions=MAPS, threshold=.2)[i] == sum(
            one > .2 * row.max() for one in row)


def test_ranks_share_places():
    for shape in ((7,), (3, 8), (2, 3, 5)):
        values = np.random.RandomState(1).randint(0, 4, shape)
        want = np.apply_along_axis(rankdata, -1, values)
        np.testing.assert_array_equal(ranks(values), want)


def test_a_map_inside_its_mask_is_right_by_every_measure():
    maps = np.where(MASKS, np.abs(MAPS) + .1, 0)
    for name, one in measures.items():
        if one.needs == 'masks':
            options = dict(k=1) if name == 'top_k_intersection' else {}
            got = one.function(None, MAPS, attributions=maps, masks=MASKS, **options)
            if name == 'earth_mover':
                assert (got > .5).all() and (got < 1).all()
                maps = MASKS * 2.5
                got = one.function(None, MAPS, attributions=maps, masks=MASKS)
            np.testing.assert_allclose(got, 1, atol=1e-9)
    assert (mass_accuracy(None, MAPS, attributions=np.where(MASKS, 0, 1), masks=MASKS) == 0).all()


@pytest.mark.parametrize('absolute', [False, True])
def test_localisation_by_slow_replicas(absolute):
    def scored(measure, **options):
        return measure(None, MAPS, attributions=MAPS, masks=MASKS, **options)

    for i, (values, inside) in enumerate(zip(MAPS.reshape(6, -1), MASKS.reshape(6, -1))):
        top = [k for k in range(20) if values[k] == max(values)]
        assert scored(pointing_game)[i] == np.mean([inside[k] for k in top])
        values = np.abs(values) if absolute else values
        positive = [max(one, 0) for one in values]
        assert abs(scored(mass_accuracy, absolute=absolute)[i] - sum(
            one for one, yes in zip(positive, inside) if yes) / sum(positive)) < 1e-9
        chances = [(a > b) + .5 * (a == b) for a, x in zip(values, inside) if x for b, y in zip(values, inside)
                   if not y]
        assert abs(scored(auc_of_mask, absolute=absolute)[i] - np.mean(chances)) < 1e-9
        for measure, size, options in [(rank_accuracy, inside.sum(), {}), (top_k_intersection, 4, dict(k=4)),
                                       (top_k_intersection, 10, dict(k=.5))]:
            # The mean over all orders of equal ones.
            mean = np.mean([inside[np.lexsort((np.random.RandomState(seed).permutation(20), -values))[:size]].mean()
                            for seed in range(60)])
            assert abs(scored(measure, absolute=absolute, **options)[i] - mean) < .08


def test_earth_mover_by_the_whole_linear_program():
    places = np.array([(y, x) for y in range(4) for x in range(5)])
    costs = np.linalg.norm(places[:, None] - places[None], axis=-1)
    for i in range(3):
        source, goal = np.abs(MAPS[i]).ravel(), MASKS[i].ravel().astype(float)
        source, goal = source / source.sum(), goal / goal.sum()
        system = [np.kron(np.eye(20)[k], np.ones(20)) for k in range(20)] + [
            np.kron(np.ones(20), np.eye(20)[k]) for k in range(20)]
        least = linprog(costs.ravel(), A_eq=system, b_eq=np.concatenate([source, goal]), method='highs').fun
        got = earth_mover(None, MAPS, attributions=MAPS, masks=MASKS)
        assert abs(got[i] - (1 - least / np.sqrt(41))) < 1e-6
    # All of it one place aside.
    one = np.zeros((1, 8, 8))
    one[0, 2, 3] = 5
    assert earth_mover(None, one, attributions=one, masks=np.roll(one > 0, 1, 2))[0] == pytest.approx(
        1 - 1 / np.sqrt(128))


@pytest.mark.parametrize('pairs', [1, 60, 400, 10 ** 6])
def test_earth_mover_solves_some_samples_at_once(pairs, monkeypatch):
    """In one program as in one each, with samples between them that have nothing to move or nothing at all."""
    from deepexplain.evaluation import transport
    maps, masks = np.concatenate([MAPS, MASKS[:1], 0 * MAPS[:1], MAPS]), np.concatenate([MASKS, MASKS[:2], MASKS])
    masks[3] = False
    alone = [earth_mover(None, None, attributions=maps[i:i + 1], masks=masks[i:i + 1])[0] for i in range(len(maps))]
    calls, moved = [], transport._moved
    monkeypatch.setattr(transport, 'PAIRS', pairs)
    monkeypatch.setattr(transport, '_moved', lambda some: calls.append(len(some)) or moved(some))
    np.testing.assert_allclose(earth_mover(None, None, attributions=maps, masks=masks), alone, atol=1e-9)
    assert alone[6] == 1 and np.isnan([alone[3], alone[7]]).all() and sum(calls) == 11
    assert (max(calls) == 1) if pairs < 100 else (max(calls) > 1) if pairs < 10 ** 6 else calls == [11]


def test_masks_and_maps_go_along_with_channels():
    xs = RNG.randn(3, 4, 5, 2)
    maps, masks = RNG.randn(3, 4, 5), RNG.uniform(size=(3, 4, 5)) < .4
    whole = np.repeat(maps[..., None], 2, -1)
    for one in measures.values():
        if one.needs == 'masks':
            want = one.function(None, xs, attributions=whole, masks=np.repeat(masks[..., None], 2, -1))
            np.testing.assert_array_equal(one.function(None, xs, attributions=maps, masks=masks[..., None]), want)
            np.testing.assert_array_equal(one.function(None, xs, attributions=maps[..., None], masks=masks), want)
    first = np.moveaxis(xs, -1, 1)
    np.testing.assert_array_equal(sparseness(None, first, attributions=maps),
                                  sparseness(None, xs, attributions=maps))
    with pytest.raises(ValueError) as error:
        sparseness(None, np.ones((3, 4, 4)), attributions=np.ones((3, 4)))
    assert str(error.value) == ('attributions must have the shape of the samples, (3, 4, 4), or 1 in place of an axis '
                                '(it could go along either of two), not (3, 4).')


def test_several_inputs_are_one_map():
    parts = [MAPS[:, :1], MAPS[:, 1:]]
    np.testing.assert_allclose(sparseness(None, None, attributions=parts), sparseness(None, None, attributions=MAPS))
    np.testing.assert_allclose(
        mass_accuracy(None, None, attributions=parts, masks=[MASKS[:, :1], MASKS[:, 1:]]),
        mass_accuracy(None, None, attributions=MAPS, masks=MASKS))
    with pytest.raises(ValueError, match='masks must be a list with one array for each of the 2 inputs, not ndarray'):
        mass_accuracy(None, None, attributions=parts, masks=MASKS)


def test_earth_mover_of_several_inputs_moves_inside_of_each():
    """By hand: what an input has too much of pays a whole diagonal, the rest a part of its own input's."""
    def score(maps, masks):
        return earth_mover(None, None, attributions=[np.array([one], float) for one in maps],
                           masks=[np.array([one], bool) for one in masks])[0]

    assert score([[1, 0, 0], [0, 0]], [[1, 0, 0], [0, 0]]) == 1
    # All of it in the other input; half of it there.
    assert score([[1, 0, 0], [0, 0]], [[0, 0, 0], [0, 1]]) == pytest.approx(0)
    assert score([[1, 0, 0], [0, 1]], [[0, 0, 1], [0, 0]]) == pytest.approx(1 - (.5 * 2 / 3 + .5))
    # Each input moves its own along its own length, whichever is nearer by number.
    assert score([[1, 0, 0], [1, 0]], [[0, 1, 0], [0, 1]]) == pytest.approx(1 - (.5 / 3 + .5 / 2))
    # The scale of one input against the other counts.
    assert score([[3, 0, 0], [0, 1]], [[1, 0, 0], [0, 1]]) == pytest.approx(1 - .25)
    square, line = np.zeros((2, 3, 4)), np.zeros((2, 5))
    square[:, 0, 0], line[:, 0] = 1, -1
    masks = [np.roll(square > 0, (1, 2), (1, 2)), np.roll(line < 0, 3, 1)]
    np.testing.assert_allclose(earth_mover(None, None, attributions=[square, line], masks=masks), 1 - (
        .5 * np.sqrt(5) / 5 + .5 * 3 / 5))


def test_earth_mover_of_several_inputs_by_the_whole_linear_program():
    maps, masks = [MAPS[:2, 0], MAPS[:2, 1:3]], [MASKS[:2, 0], MASKS[:2, 1:3]]
    at = [(0, 0, x) for x in range(5)] + [(1, y, x) for y in range(2) for x in range(5)]
    costs = np.array([[1. if a[0] != b[0] else np.hypot(a[1] - b[1], a[2] - b[2]) / (5 if a[0] == 0 else np.sqrt(29))
                       for b in at] for a in at])
    got = earth_mover(None, None, attributions=maps, masks=masks)
    for i in range(2):
        source = np.abs(np.concatenate([one[i].ravel() for one in maps]))
        goal = np.concatenate([one[i].ravel() for one in masks]).astype(float)
        source, goal = source / source.sum(), goal / goal.sum()
        system = [np.kron(np.eye(15)[k], np.ones(15)) for k in range(15)] + [
            np.kron(np.ones(15), np.eye(15)[k]) for k in range(15)]
        least = linprog(costs.ravel(), A_eq=system, b_eq=np.concatenate([source, goal]), method='highs').fun
        assert got[i] == pytest.approx(1 - least, abs=1e-6)


@pytest.mark.parametrize('tolerance', [0, .9, 1, 1.5, 2, np.float32(2.3), 3, 4, 9])
def test_pointing_game_with_a_margin_by_slow_distances(tolerance):
    got = pointing_game(None, MAPS, attributions=MAPS, masks=MASKS, tolerance=tolerance)
    channels = np.stack([MAPS, np.roll(MAPS, 7)], -1)
    own = np.stack([MASKS, np.roll(MASKS, 3)], -1)
    of_channels = pointing_game(None, channels, attributions=channels, masks=own, tolerance=tolerance)
    for i in range(6):
        def hit(place, mask):
            return any(np.hypot(*(np.subtract(place, one))) <= tolerance for one in np.argwhere(mask))
        tops = np.argwhere(MAPS[i] == MAPS[i].max())
        assert got[i] == np.mean([hit(top, MASKS[i]) for top in tops])
        tops = np.argwhere(channels[i] == channels[i].max())
        assert of_channels[i] == np.mean([hit(top[:2], own[i, :, :, top[2]]) for top in tops])
    # Of a row of numbers the places are its own.
    row = np.array([[0, 0, 0, 0, 0, 0, 5.]])
    assert pointing_game(None, row, attributions=row, masks=row[:, ::-1] > 0, tolerance=tolerance) == (tolerance >= 6)


@pytest.mark.parametrize('tolerance', [-1, np.nan, np.inf, True, '15', None])
def test_a_bad_tolerance(tolerance):
    with pytest.raises(ValueError, match='tolerance must be a number of at least 0, not'):
        pointing_game(None, MAPS, attributions=MAPS, masks=MASKS, tolerance=tolerance)


def test_an_empty_mask_has_no_value():
    for name, one in measures.items():
        if one.needs == 'masks':
            got = one.function(None, MAPS, attributions=MAPS, masks=MASKS & (np.arange(6) > 0)[:, None, None])
            assert np.isnan(got[0]) and not np.isnan(got[1:]).any(), name


@pytest.mark.parametrize('masks, text', [
    (None, 'masks must be given: where the map of each sample should lie.'),
    (MAPS, 'masks must be of bools, or of 0 and 1, not of float64.'),
    (MASKS[:5], 'masks must have the shape of the samples, (6, 4, 5), or 1 in place of an axis, not (5, 4, 5).')])
def test_bad_masks(masks, text):
    with pytest.raises(ValueError) as error:
        pointing_game(None, MAPS, attributions=MAPS, masks=masks)
    assert str(error.value) == text


def test_no_tensorflow_is_imported():
    code = "import sys, deepexplain.evaluation as e; e.sparseness(None, None, attributions=[[1., 2.]]); " \
           "sys.exit('tensorflow' in sys.modules or 'skimage' in sys.modules)"
    subprocess.check_call([sys.executable, '-c', code])


def test_every_measure_says_what_it_is():
    for name, one in measures.items():
        said = one.function.__doc__
        plain = ' '.join(said.split())
        assert one.function.__name__ == name
        assert f'{one.direction}' in said.split('\n\n')[0], name
        assert 'Costs ' in plain and 'Pitfalls: ' in plain and 'Returns: ' in plain, name
        assert any(year in said for year in map(str, range(1990, 2027))), name
        assert one.needs in ('maps', 'masks', 'model', 'explainer') and one.direction in ('higher', 'lower')
