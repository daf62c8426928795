"""The experiment on model randomisation: its arithmetic, what its claims make of numbers, and a quick run."""
import csv

import numpy as np
import pages
import pytest
import randomization as experiment
import randomization_claims
import randomization_page

from deepexplain.evaluation import map_similarity
from deepexplain.tensorflow import attribution_methods


def test_each_method_has_one_row():
    names = experiment.names_of(attribution_methods)
    assert names['intgrad'] == ['integrated_gradients'] and 'integrated_gradients' not in names
    assert sorted(list(names) + sum(names.values(), [])) == sorted(attribution_methods)


def test_ranks_where_ink_is(rng):
    xs = np.array([[0., 1, 2, 0, 3, 4], [1, 1, 1, 1, 0, 1]])
    one, other = rng.randn(2, 6), rng.randn(2, 6)
    got = experiment.at_ink(xs, one, other)
    for i, places in enumerate(([1, 2, 4, 5], [0, 1, 2, 3, 5])):
        ranks = [np.argsort(np.argsort(np.abs(values[i, places]))) for values in (one, other)]
        assert got[i] == pytest.approx(np.corrcoef(*ranks)[0, 1])


def test_what_is_compared(rng):
    xs, before, maps = rng.rand(2, 8, 8, 1), rng.randn(2, 8, 8, 1), rng.randn(3, 2, 8, 8, 1)
    maps[2] = -before
    got = experiment.compared(xs, before, maps)
    assert list(got) == list(randomization_page.COMPARED) and {one.shape for one in got.values()} == {(3, 2)}
    np.testing.assert_allclose(got['spearman', False][2], -1)
    for what in randomization_page.COMPARED[1:]:
        np.testing.assert_allclose(got[what][2], 1)
    np.testing.assert_allclose(got['ssim', True][0], map_similarity(before, maps[0], 'ssim', True))


def test_floors_are_of_other_noise_each(rng):
    xs = rng.rand(2, 3) * [0, 1, 1]
    found = experiment.floors(xs, 2, 0)
    noise, times = found['(other noise)'], found['(other noise x input)']
    assert len(noise) == 3 and len(np.unique(noise)) == 18 and all((one[:, 0] == 0).all() for one in times)
    np.testing.assert_allclose(times[1], noise[1] * xs)


def test_the_first_sentence_of_an_error():
    assert experiment.why(ValueError('a: b is c. Do d.\nMore.')) == 'a: b is c'


@pytest.fixture
def found():
    """Two methods on two networks of two layers."""
    scores = {}
    for method, values in (('gradient', [[.2, .4], [0., np.nan]]), ('input', [[1., 1], [1, 1]])):
        for kind in ('CNN', 'MLP'):
            for order in ('cascade', 'independent'):
                for what in randomization_page.COMPARED:
                    scores[(method, kind, order) + what] = np.array(values)
    return randomization_page.Found(scores, {'CNN': ['b', 'a'], 'MLP': ['b', 'a']}, {('gradcam', 'MLP'): 'no places'},
                                    {}, {'CNN': [1.], 'MLP': [.9]})


def test_rows_of_tables(found):
    assert randomization_page.columns(found, 'gradient', 'CNN') == pytest.approx(
        [.3, .3, .3, .15, .15, 0, 0, 0, 0, 0, .15])
    assert len(randomization_page.HEAD) == 11
    assert np.isnan(randomization_page.columns(found, 'gradcam', 'MLP')).all()
    assert randomization_page.sorted_methods(found, 'MLP') == ['gradient', 'input']
    assert randomization_page.deviation(np.array([1., 3, np.nan])) == 1
    assert np.isnan(randomization_page.deviation(np.array([np.nan])))


def test_reasons_are_said_once(found):
    found.refused.update({('a', 'CNN'): 'a: no layer', ('b', 'CNN'): 'b: no layer', ('c', 'CNN'): 'c needs d'})
    assert randomization_page.reasons(found, 'CNN') == {'no layer': ['a', 'b'], 'it needs d': ['c']}
    assert randomization_page.reasons(found, 'MLP') == {'no places': ['gradcam']}


def said(tmp_path, values):
    """Verdicts and evidence when curves are flat: of a method, or of a method and what is compared."""
    page = pages.Page(str(tmp_path), 'some', 'Title')

    def curve(method, kind, order='cascade', what=('spearman', True)):
        known = values.get((method, what[0], what[1]), values.get(method, np.nan))
        return np.full(3, known if method != 'gradcam' or kind == 'CNN' else np.nan)

    randomization_claims.say(page, curve)
    return [tuple(one.split('**')[1:]) for one in page.parts[1:]]


def test_nothing_is_claimed_of_methods_without_maps(tmp_path):
    assert said(tmp_path, {}) == []
    assert said(tmp_path, {'gradcam': .1, 'smoothgrad': .6, randomization_claims.FLOOR: .3, 'gradient': .2}) == [
        ('comes out in part',
         ': gradient 0.20 (CNN), 0.20 (MLP); smoothgrad 0.60 (CNN), 0.60 (MLP); gradcam 0.10 (CNN).')]


def test_claims_follow_the_numbers(tmp_path):
    methods = sum((list(one) for one in (randomization_claims.BLIND, randomization_claims.PLUS,
                                         randomization_claims.ASKING, randomization_claims.TIMES,
                                         randomization_claims.CAMS)), [])
    methods += ['gradient', 'smoothgrad', 'gradcam', 'guided_gradcam', 'deeplift', 'input', 'random']
    good = dict.fromkeys(methods, .9)
    good.update({'gradient': .1, 'smoothgrad': .1, 'gradcam': .1, randomization_claims.FLOOR: .3, 'deeplift': .4,
                 'input': 1., 'random': 1.})
    for method in randomization_claims.TIMES:
        good.update({method: .4, (method, 'spearman', False): 0.})
    for method in randomization_claims.ASKING:
        good[method, 'spearman', False] = 0.
    assert [one[0] for one in said(tmp_path, good)] == ['comes out'] * 11
    bad = dict.fromkeys(methods, .6)
    bad.update({'gradient': .6, 'deeplift': .8, randomization_claims.FLOOR: .5, 'guided_gradcam': .6})
    for method in randomization_claims.TIMES:
        bad[method, 'ink', True] = .7
    assert [one[0] for one in said(tmp_path, bad)] == ['does not come out'] * 11


def test_a_quick_run(tmp_path, capsys):
    experiment.main(['--quick', '--out', str(tmp_path)])
    text = (tmp_path / 'randomization.md').read_text(encoding='utf-8')
    assert '`input` and `random` do not know the model. **comes out**: input 1.00 (CNN), 1.00 (MLP).' in text
    assert 'Without maps here: gradcam (say at which inner tensor' in text
    assert (tmp_path / 'randomization.png').stat().st_size > 10000
    with open(str(tmp_path / 'randomization.csv'), encoding='utf-8') as file:
        rows = list(csv.reader(file))
    whole = [row for row in rows if row[:3] == ['guided_backprop', 'CNN', 'cascade']]
    assert [row[3:6] for row in whole] == [[what[0], str(what[1]), str(layer)]
                                           for what in randomization_page.COMPARED for layer in (1, 2, 3, 4)]
    assert 'wrote' in capsys.readouterr().out
