"""The table of methods by measures."""
import csv
import io
import sys
import types

import numpy as np
import pytest

from deepexplain.evaluation import (
    Table,
    completeness,
    deletion,
    evaluate,
    infidelity,
    max_sensitivity,
    measures,
    sensitivity_n,
    sparseness,
)

XS = np.random.RandomState(5).uniform(.5, 2, (3, 4)).astype('f')
YS = [2, 0, 1]


def test_values_are_those_of_the_measures(network):
    one, two = network.explainer('grad*input'), network.explainer('intgrad', steps=5)
    maps = np.random.RandomState(0).randn(3, 4)
    table = evaluate({'g': one, 'i': two, 'mine': maps}, XS, YS, {
        'sensitivity_n': dict(n=[1, 2], subsets=9), 'deletion': {}, 'max_sensitivity': dict(samples=2),
        'sparseness': {}}, seed=3)
    assert table.methods == ['g', 'i', 'mine', 'random', 'input']
    assert table.measures == ['sensitivity_n', 'deletion', 'max_sensitivity', 'sparseness']
    for name, explainer, given in [('g', one, None), ('i', two, None), ('mine', one, maps)]:
        np.testing.assert_allclose(table.values[name]['sensitivity_n'], sensitivity_n(
            explainer, XS, YS, given, n=[1, 2], subsets=9, seed=3).mean(0), atol=1e-5)
        np.testing.assert_allclose(table.values[name]['deletion'], deletion(explainer, XS, YS, given).auc, atol=1e-5)
        np.testing.assert_allclose(table.values[name]['sparseness'], sparseness(explainer, XS, YS, given), atol=1e-5)
    np.testing.assert_allclose(table.values['g']['max_sensitivity'], max_sensitivity(
        one, XS, YS, samples=2, seed=3), atol=1e-5)
    assert np.isnan(table.values['mine']['max_sensitivity']).all()
    # Noise does not look at the model, and has the same for a sample.
    assert (table.values['random']['max_sensitivity'] == 0).all()
    np.testing.assert_allclose(table.values['input']['deletion'], deletion(one, XS, YS, XS).auc, atol=1e-5)
    np.testing.assert_allclose(table.values['random']['sparseness'], sparseness(
        network.explainer('random'), XS, YS, seed=3), atol=1e-5)


def test_curves_are_kept(network):
    explainer, maps = network.explainer('grad*input'), np.random.RandomState(0).randn(3, 4)
    chosen = {'deletion': {}, 'sensitivity_n': dict(n=[3, 1], subsets=9), 'model_randomization': {}, 'sparseness': {},
              'insertion': {}, 'pixel_flipping': {}, 'region_perturbation': dict(size=2), 'road': {}}
    table = evaluate({'g': explainer, 'mine': maps}, XS, YS, chosen, seed=3)
    assert list(table.curves) == table.methods
    assert set(table.curves['g']) == set(chosen) - {'sparseness'}
    assert set(table.curves['mine']) == set(chosen) - {'sparseness', 'model_randomization'}
    for name, given in (('g', None), ('mine', maps)):
        want = deletion(explainer, XS, YS, given)
        np.testing.assert_allclose(table.curves[name]['deletion'].scores, want.scores, atol=1e-5)
        np.testing.assert_array_equal(table.curves[name]['deletion'].fractions, want.fractions)
        # Over the sizes, rising, as parts of the features.
        found = table.curves[name]['sensitivity_n']
        np.testing.assert_array_equal(found.fractions, [.25, .75])
        np.testing.assert_allclose(found.scores, sensitivity_n(
            explainer, XS, YS, given, n=[3, 1], subsets=9, seed=3)[::-1].T, atol=1e-5)
        np.testing.assert_allclose(table.values[name]['sensitivity_n'], found.scores.mean(1), atol=1e-9)
    grouped = evaluate({'g': explainer}, XS, YS, {'sensitivity_n': dict(n=[1], feature_mask=[0, 0, 1, 1], subsets=4)})
    np.testing.assert_array_equal(grouped.curves['g']['sensitivity_n'].fractions, [.5])
    assert {name: (one.of, one.what, one.by, one.log) for name, one in table.curves['g'].items()} == {
        'deletion': ('features gone', 'target', 'area', False),
        'insertion': ('features there', 'target', 'area', False),
        'pixel_flipping': ('features gone', 'target', 'AOPC', False),
        'region_perturbation': ('regions gone', 'target', 'AOPC', False),
        'road': ('places gone', 'target', 'area', False),
        'sensitivity_n': ('features in a subset', 'correlation', 'mean', True),
        'model_randomization': ('layers shuffled', 'similarity', 'mean', False)}


def test_what_is_better_turns_where_the_smallest_leave_first(network):
    table = evaluate({'g': network.explainer()}, XS, YS, {
        'pixel_flipping': dict(most_relevant_first=False), 'road': dict(most_relevant_first=False), 'deletion': {}})
    assert table.directions == {'pixel_flipping': 'lower', 'road': 'higher', 'deletion': 'lower'}
    assert table.rank[np.argmin(table.mean[:, 0]), 0] == table.rank[np.argmax(table.mean[:, 1]), 1] == 1
    assert [evaluate({'g': network.explainer()}, XS, YS, {name: dict(most_relevant_first=True)}).directions[name]
            for name in ('pixel_flipping', 'road')] == ['higher', 'lower']


def test_a_bar_says_where_it_is(network, capsys):
    evaluate({'g\x1b': network.explainer()}, XS, YS, ['sparseness'], show_progress=True)
    out, err = capsys.readouterr()
    assert out == '' and r'g\x1b: sparseness' in err and '6/6' in err
    with pytest.raises(RuntimeError):
        evaluate({'g': network.explainer()}, XS, YS, {'deletion': dict(points=9)}, show_progress=True)
    assert capsys.readouterr().err.endswith('\n')
    evaluate({'g': network.explainer()}, XS, YS, ['sparseness'])
    assert capsys.readouterr().err == ''


def test_given_maps_are_taken_as_they_are(network):
    """Whatever the method of the explainer that asks the model for them has for a scale and a baseline."""
    explainer, maps = network.explainer('intgrad', steps=5, baseline=.3), np.random.RandomState(0).randn(3, 4)
    chosen = {'infidelity': dict(samples=9), 'completeness': {}}
    table = evaluate({'i': explainer, 'mine': maps}, XS, YS, chosen, seed=3)
    np.testing.assert_allclose(table.values['mine']['infidelity'], infidelity(
        explainer, XS, YS, maps, samples=9, scale='gradient', seed=3), rtol=1e-5)
    np.testing.assert_allclose(table.values['mine']['completeness'], completeness(
        explainer, XS, YS, maps, baseline=0), rtol=1e-4)
    np.testing.assert_allclose(table.values['i']['infidelity'], infidelity(
        explainer, XS, YS, samples=9, scale='input', baseline=.3, seed=3), rtol=1e-4)


def test_a_method_keeps_a_seed_of_its_own(network):
    explainer, other = network.explainer('random', seed=5), network.explainer('random')
    np.testing.assert_array_equal(sparseness(explainer, XS, seed=0), sparseness(
        None, None, attributions=explainer.run(XS)))
    np.testing.assert_array_equal(sparseness(other, XS, seed=0), sparseness(
        None, None, attributions=other.run(XS, seed=0)))


def test_methods_explain_once(network):
    explainer = network.explainer('occlusion')
    evaluate({'o': explainer}, XS, YS, ['sparseness', 'entropy', 'effective_features'])
    assert network.rows() == 3 * 5


def test_largest_units_are_found_once(network):
    explainer = network.explainer('gradient')
    table = evaluate({'o': explainer}, XS, 'max', ['sparseness', 'deletion'])
    assert network.rows() == 3 + 3 + 3 * 3 * 5
    units = np.argmax([network.T(XS, unit) for unit in range(3)], 0)
    np.testing.assert_allclose(table.values['o']['deletion'], deletion(explainer, XS, units).auc, atol=1e-5)


def test_every_measure_is_in_a_table(network):
    masks = np.array([[1, 0, 0, 1]] * 3, bool)
    options = {name: {} for name in measures if name != 'input_invariance'}
    options.update(random_target=dict(similarity='spearman'), region_perturbation=dict(size=2))
    table = evaluate({'intgrad': network.explainer('intgrad', steps=5)}, XS, YS, options, masks=masks)
    assert np.isfinite(table.mean).sum() >= table.mean.size - 3
    # On the method's own scale, and against its own delta.
    assert table.values['intgrad']['completeness'].max() < .5 < table.values['random']['completeness'].max()
    assert np.abs(table.values['input']['model_randomization'] - 1).max() < 1e-9


def test_means_errors_and_ranks():
    nan = np.nan
    table = Table({'a': {'m': np.array([1., 2, 3]), 'k': np.array([1., 1, nan])},
                   'b': {'m': np.array([2., 2, 2]), 'k': np.array([nan] * 3)},
                   'c': {'m': np.array([0., 0, 3]), 'k': np.array([5., nan, nan])}}, {'m': 'higher', 'k': 'lower'})
    np.testing.assert_allclose(table.mean, [[2, 1], [2, nan], [1, 5]])
    np.testing.assert_allclose(table.error, [[1 / 3 ** .5, 0], [0, nan], [1, nan]])
    np.testing.assert_array_equal(table.rank, [[1.5, 1], [1.5, nan], [3, 2]])
    np.testing.assert_array_equal(table.count, [[3, 2], [3, 0], [3, 1]])
    lines = list(csv.DictReader(io.StringIO(table.to_csv())))
    assert [line['mean'] for line in lines] == ['2.0', '1.0', '2.0', 'nan', '1.0', '5.0']
    assert lines[3] == dict(method='b', measure='k', direction='lower', mean='nan', standard_error='nan', rank='nan',
                            samples='0')
    assert table.to_markdown().splitlines()[:4] == [
        '| method | m (higher is better) | k (lower is better) |', '| --- | ---: | ---: |',
        '| a | 2 +- 0.6 (1.5) | 1 +- 0 (1) |', '| b | 2 +- 0 (1.5) | - |']
    assert str(table).splitlines() == [
        '                     m           k',
        'better          higher       lower',
        'a       2 +- 0.6 (1.5)  1 +- 0 (1)',
        'b         2 +- 0 (1.5)           -',
        'c           1 +- 1 (3)       5 (2)'] and repr(table) == str(table)


def test_a_table_keeps_to_the_terminal(monkeypatch):
    table = Table({'one': {name: np.array([1.]) for name in 'abc'}}, dict.fromkeys('abc', 'higher'))
    monkeypatch.setenv('COLUMNS', '22')
    assert str(table).splitlines() == [
        '             a       b', 'better  higher  higher', 'one      1 (1)   1 (1)', '',
        '             c', 'better  higher', 'one      1 (1)']
    monkeypatch.setenv('COLUMNS', '5')
    assert max(map(len, str(table).splitlines())) == 14
    monkeypatch.setenv('COLUMNS', '30')
    assert len(str(table).splitlines()) == 3


def test_names_may_hold_anything(tmp_path):
    table = Table({'a|b\nc,"d"': {'m': np.array([1.])}}, {'m': 'higher'})
    assert '| a\\|b\\\\nc,"d" | 1 (1) |' in table.to_markdown()
    path = str(tmp_path / 'table.csv')
    assert table.to_csv(path) == open(path, encoding='utf-8').read()
    assert next(csv.DictReader(io.StringIO(table.to_csv())))['method'] == 'a|b\nc,"d"'
    assert '\n' not in str(table).split('\n', 2)[2]


def test_a_dataframe(monkeypatch):
    table = Table({'a': {'m': np.array([1., 2])}}, {'m': 'higher'})
    monkeypatch.setitem(sys.modules, 'pandas', types.SimpleNamespace(DataFrame=lambda rows, columns: (rows, columns)))
    rows, columns = table.to_dataframe()
    assert rows == [['a', 'm', 'higher', 1.5, .5, 1., 2]] and columns == list(csv.DictReader(io.StringIO(
        table.to_csv())).fieldnames)
    monkeypatch.setitem(sys.modules, 'pandas', None)
    with pytest.raises(ImportError, match=r"to_dataframe needs pandas: pip install 'deepexplain\[pandas\]'."):
        table.to_dataframe()


def test_the_default_measures(network):
    explainers = {'g': network.explainer()}
    assert evaluate(explainers, XS, YS).measures == [
        'sensitivity_n', 'deletion', 'insertion', 'max_sensitivity', 'sparseness']
    assert 'mass_accuracy' in evaluate(explainers, XS, YS, masks=XS > 1).measures


@pytest.mark.parametrize('explainers, options, text', [
    ({}, {}, 'explainers must be a dict from names to explainers or maps, with at least one.'),
    ({'a': XS}, {}, 'explainers must hold at least one Explainer'),
    ({'random': XS}, {}, "explainers need no 'random': it is always in the table."),
    (None, dict(measures=['deletions']), 'measures must be among ['),
    (None, dict(measures=['mass_accuracy']), 'masks must be given for mass_accuracy.'),
    (None, dict(measures=[]), 'measures must hold at least one.')])
def test_errors(network, explainers, options, text):
    explainers = {'g': network.explainer()} if explainers is None else explainers
    with pytest.raises(ValueError) as error:
        evaluate(explainers, XS, YS, **options)
    assert str(error.value).startswith(text) and not network.calls


def test_what_gives_no_map_is_refused_before_anything_runs(network):
    for method, options in ('conductance', {}), ('occlusion', dict(per_group=True, feature_mask=[0, 0, 1, 1])):
        explainers = {'g': network.explainer(), 'other': network.explainer(method, **options)}
        with pytest.raises(RuntimeError) as error:
            evaluate(explainers, XS, 'max')
        assert str(error.value).startswith(
            f"evaluate: 'other': A measure needs an attribution of each feature of X, and {method} gives others.")
    assert not network.calls


def test_what_fails_is_named(network):
    with pytest.raises(RuntimeError, match="evaluate: deletion of 'g': points must be an int of at least 1 and at "):
        evaluate({'g': network.explainer()}, XS, YS, {'deletion': dict(points=9)})
    with pytest.raises(RuntimeError, match="evaluate: deletion of 'mine': attributions must have the shape"):
        evaluate({'g': network.explainer(), 'mine': XS[:2]}, XS, YS, ['deletion'])
