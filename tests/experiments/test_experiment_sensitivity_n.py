"""The experiment on Sensitivity-n: its arithmetic, what its claims make of numbers, and a quick run."""
import csv

import numpy as np
import pages
import pytest
import sensitivity_claims
import sensitivity_n as experiment


def result(scores, right=(1.,), alike=1., apart=0.):
    """A result with the same scores (sizes, samples) for all methods but those that are named."""
    whole = {method: np.array(scores.get(method, scores['else']), float) for method in experiment.METHODS}
    pairs = [(one, other) for one in experiment.METHODS for other in experiment.METHODS]
    return experiment.Result(list(right), [1, 5], whole, dict.fromkeys(pairs, alike), dict.fromkeys(pairs, apart),
                             dict.fromkeys(experiment.METHODS, 0), dict.fromkeys(experiment.METHODS, 0))


def test_maps_that_are_alike():
    one, other = np.array([[1., 2, 3], [1, 0, 0], [5, 5, 5]]), np.array([[2., 4, 6], [0, 1, 1], [1, 2, 3]])
    assert experiment.alike(one, other) == pytest.approx(0)  # 1 and -1; a constant map has none
    assert np.isnan(experiment.alike(one[2:], other[2:]))
    assert experiment.apart(one, other) == pytest.approx(4 / 5)


def test_means_are_of_what_is_known():
    found = result({'else': [[1, np.nan], [np.nan, np.nan]]})
    np.testing.assert_array_equal(found.mean('elrp'), [1, np.nan])
    assert found.over_sizes('elrp') == 1
    assert np.isnan(result({'else': np.full((2, 2), np.nan)}).over_sizes('elrp'))


def said(tmp_path, results):
    page = pages.Page(str(tmp_path), 'some', 'Title')
    sensitivity_claims.say(page, results)
    return {one.split('**')[0].lstrip('- ').strip(): one.split('**')[1] for one in page.parts[1:]}


def test_claims_follow_the_numbers(tmp_path):
    paper = {'else': [[.9, .9], [.8, .8]], 'occlusion': [[1, 1], [.5, .5]], 'saliency': [[.2, .2], [.2, .2]],
             'elrp': [[.1, .1], [0, 0]], 'deeplift': [[.9, .9], [.81, .81]],
             'intgrad': [[.9, .9], [.81, .81]]}
    additive = {method: np.full((2, 2), .95) for method in ('grad*input', 'intgrad')}
    additive.update(deeplift=np.full((2, 2), .96), occlusion=[[1, 1], [.85, .85]])
    good = {('digits', 'MLP', 'linear'): result({'else': np.ones((2, 2))}),
            ('digits', 'MLP', 'relu'): result(dict(paper, elrp=paper['else'])),
            ('additive', 'MLP', 'sigmoid'): result(dict(paper, **additive))}
    verdicts = said(tmp_path, good)
    assert set(verdicts.values()) == {'comes out'} and len(verdicts) == 14
    bad = {('digits', 'MLP', 'linear'): result({'else': np.full((2, 2), .9)}, apart=.1),
           ('digits', 'MLP', 'relu'): result({'else': np.ones((2, 2)), 'elrp': np.zeros((2, 2))}, alike=.5, apart=.2),
           ('additive', 'MLP', 'sigmoid'): result({'else': [[.5, .5], [.6, .6]]}, alike=.5)}
    verdicts = said(tmp_path, bad)
    assert 'comes out' not in verdicts.values() and len(verdicts) == 14


def test_a_quick_run(tmp_path, capsys):
    experiment.main(['--quick', '--out', str(tmp_path)])
    text = (tmp_path / 'sensitivity_n.md').read_text(encoding='utf-8')
    assert 'DeepLIFT and occlusion are equal. **comes out**' in text and 'best at n = 1' in text
    assert (tmp_path / 'sensitivity_n.png').stat().st_size > 10000
    with open(str(tmp_path / 'sensitivity_n.csv'), encoding='utf-8') as file:
        rows = list(csv.reader(file))
    assert rows[0] == ['data', 'network', 'activation', 'method', 'n=1', 'n=7', 'n=51']
    assert len(rows) == 1 + 3 * len(experiment.QUICK.methods)
    # Occlusion is what is asked at n = 1.
    assert [float(row[4]) for row in rows if row[3] == 'occlusion'] == pytest.approx([1, 1, 1], abs=1e-4)
    assert 'wrote' in capsys.readouterr().out
