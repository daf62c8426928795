"""Scores of XAI-TRIS by hand and by slow replicas, and how methods are compared."""
import numpy as np
import pytest
import tetrominoes
import tris_claims
import tris_maps
import tris_scores
from scipy.optimize import linprog
from tris_scores import Case, Result

RNG = np.random.RandomState(0)


def slow_mover(values, mask):
    """1 - EMD / sqrt(128), by the whole linear program."""
    places = np.array([(r, c) for r in range(8) for c in range(8)])
    at = np.flatnonzero(mask)
    weights = np.abs(values).ravel().astype(np.float64)
    weights /= weights.sum()
    costs = np.linalg.norm(places[:, None] - places[at][None], axis=-1)
    leave = np.kron(np.eye(64), np.ones(len(at)))
    come = np.kron(np.ones(64), np.eye(len(at)))
    found = linprog(costs.ravel(), A_eq=np.concatenate([leave, come[:-1]]),
                    b_eq=np.concatenate([weights, np.full(len(at) - 1, 1. / len(at))]), method='highs')
    return 1 - found.fun / 128 ** .5


@pytest.mark.parametrize('problem', tetrominoes.PROBLEMS)
def test_movers_by_the_whole_linear_program(problem):
    some = tetrominoes.make(problem, 'white', 8)
    for _, masks in some.masks(problem):
        maps = {'x': some.xs, 'noise': RNG.normal(size=(8, 8, 8)), 'few': RNG.normal(size=(3, 8, 8))}
        found = tris_scores.movers(maps, masks)
        assert {name: len(one) for name, one in found.items()} == {'x': 8, 'noise': 8, 'few': 3}
        for name, one in maps.items():
            for i in (0, len(one) - 1):
                assert found[name][i] == pytest.approx(slow_mover(one[i], masks[i]), abs=1e-4)


def test_movers_by_hand(monkeypatch):
    masks = np.zeros((2, 8, 8), bool)
    masks[:, 2, 2] = masks[:, 2, 3] = True
    on, far = np.zeros((2, 8, 8)), np.zeros((2, 8, 8))
    on[:, 2, 2:4] = 3
    far[:, 2, 2:4] = (-1, 3)
    asked, real = [], tris_scores.earth_mover
    monkeypatch.setattr(tris_scores, 'earth_mover', lambda *a, **k: asked.append(len(k['masks'])) or real(*a, **k))
    found = tris_scores.movers({'on': on, 'twice': -2 * on, 'far': far, 'zero': 0 * on, 'flat': 0 * on + 5}, masks)
    # A quarter goes one place.
    np.testing.assert_allclose(found['on'], 1)
    np.testing.assert_allclose(found['far'], 1 - .25 / 128 ** .5, atol=1e-6)
    assert (found['twice'] == found['on']).all() and (found['zero'] == found['flat']).all()
    assert found['flat'][0] == pytest.approx(slow_mover(np.ones((8, 8)), masks[0]), abs=1e-4)
    # Two pictures, three maps that differ.
    assert asked == [6]


def test_precision_by_hand():
    mask = np.zeros((1, 8, 8), bool)
    mask[0, 0, :4] = True
    maps = np.zeros((1, 8, 8))
    maps[0, 0, :3] = (-9, 8, 7)
    maps[0, 5, 5] = -10
    # Of the four largest absolute values three lie on the mask.
    assert tris_scores.precision(maps, mask).tolist() == [.75]
    assert tris_scores.precision(0 * maps, mask).tolist() == [4 / 64.]


def test_means_and_comparisons():
    mean, error = tris_scores.mean_of([1, 2, 3, float('nan')])
    assert mean == 2 and error == pytest.approx(1 / 3 ** .5)
    assert np.isnan(tris_scores.mean_of([])).all() and np.isnan(tris_scores.mean_of([1.])[1])
    # Pairs: the difference is always .1, however far apart the repetitions are.
    assert tris_scores.better([.2, .6, 1.1], [.1, .5, 1.])
    assert not tris_scores.better([.1, .5, 1.], [.2, .6, 1.1]) and not tris_scores.better([.1, .5], [.1, .5])
    # A mean of 1 with an error of .577, and one of .7 with an error of .3.
    assert not tris_scores.better([0, 1, 2], [0, 0, 0]) and tris_scores.better([.1, 1, 1], [0, 0, 0])
    assert tris_scores.shown([.5, .7]) == '0.60 ± 0.10' and tris_scores.shown([]) == '-'


def test_the_better_edge_filter_and_wins():
    scores = {(name, 'both', 'precision'): values for name, values in [
        ('sobel', [.1, .2]), ('laplace', [.3, .3]), ('good', [.5, .5]), ('bad', [.2, .25])]}
    assert tris_scores.edge_of(scores, 'both', 'precision', tris_maps.EDGES) == [.3, .3]
    results = {Case('xor', 'white', 'mlp'): Result(scores, [1.], {}, [1]),
               Case('xor', 'correlated', 'mlp'): Result({key: one for key, one in scores.items() if key[0] != 'bad'},
                                                        [1.], {}, [1])}
    assert tris_claims.wins(results, 'good', 'precision') == (2, 2)
    assert tris_claims.wins(results, 'bad', 'precision') == (0, 1)
    assert tris_claims.wins(results, 'good', 'precision', ('good', 'sobel')) == (0, 2)
    assert [tris_claims.losses(results, name, 'precision') for name in ('good', 'bad')] == [0, 1]
    assert [tris_scores.main_mask(problem) for problem in tetrominoes.PROBLEMS] == ['both', 'both', 'own', 'both']


def test_ideal_weights():
    """On white noise both are the pattern; on a smooth background weights take its pixels away by their neighbours."""
    from xai_tris import Plan
    assert tris_claims.ideal('white', Plan(count=4000, repetitions=2)) == (1, 1)
    weights, means = tris_claims.ideal('correlated', Plan(count=4000, repetitions=2))
    assert weights < .8 and .3 < means < 1


def test_edges_by_hand():
    step = np.zeros((1, 8, 8))
    step[0, :, 4:] = 1
    found = tris_maps.edges(np.concatenate([step, step.transpose(0, 2, 1)]))
    expected = np.zeros((8, 8))
    # 1, 2 and 1 on either side; nothing along the step.
    expected[:, 3:5] = 4
    np.testing.assert_allclose(found['sobel'], [expected, expected.T], atol=1e-12)
    one = np.zeros((1, 8, 8))
    one[0, 3, 3] = 1
    got = tris_maps.edges(one)['laplace'][0]
    assert got[3, 3] == -4 and got[2, 3] == got[4, 3] == got[3, 2] == got[3, 4] == 1 and np.abs(got).sum() == 8


def test_each_method_once():
    from deepexplain.tensorflow import attribution_methods
    found = tris_maps.methods()
    assert sorted(list(found) + sum(found.values(), [])) == sorted(attribution_methods)
    assert found['grad*input'] == ['input_t_gradient'] and found['occlusion'] == ['feature_ablation']
    assert set(tris_maps.OPTIONS) | set(tris_maps.MOST) | set(tris_maps.LAYERED) <= set(found)
    assert set(tris_claims.POPULAR) | set(tris_claims.BY_WEIGHTS) | set(tris_maps.PATTERNS) <= set(found)
