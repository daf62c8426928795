"""The planted sequences, what is measured on them, and the experiment from end to end."""
import sys

import motif_data
import motif_methods
import motifs
import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def words(letters, sites):
    """The letters at a site, as a word."""
    return ''.join(motif_data.LETTERS[one] for one in letters[sites])


@pytest.mark.parametrize('task', list(motif_data.TASKS))
def test_sites_hold_the_motifs(task):
    data = motif_data.planted(task, 60, 0)
    assert data.labels.tolist() == [False, True] * 30
    assert all(words(letters, place) == motif_data.DECOY for letters, place in zip(data.letters, data.decoys))
    first, second = motif_data.FIRST, motif_data.FIRST if task == 'copies' else motif_data.SECOND
    for letters, sites in zip(data.letters, data.sites):
        assert words(letters, sites[0]) in ('', first) and words(letters, sites[1]) in ('', second)
    there = data.sites.any(2)
    if task == 'spacing':
        gaps = np.where(there.all(1), data.sites[:, 1].argmax(1) - data.sites[:, 0].argmax(1) - len(first), -99)
        assert (gaps[data.labels] == motif_data.GAP).all()
        assert (np.abs(gaps[~data.labels] - motif_data.GAP) >= motif_data.OFF).all()
        assert there[~data.labels].all(1).any() and not there[~data.labels].all()
    else:
        assert (data.labels == (there.all(1) if task == 'both' else there.any(1))).all()


def test_sites_can_be_taken_away():
    data = motif_data.planted('both', 40, 1).take(np.arange(40) % 2 == 1)
    assert len(data.labels) == 20 and data.labels.all()
    assert (data.only() == data.backgrounds).all() and (data.only(0, 1) == data.letters).all()
    first = data.only(0)
    for i in range(20):
        assert words(first[i], data.sites[i, 0]) == motif_data.FIRST
        assert (first[i] == data.backgrounds[i])[~data.sites[i, 0]].all()
    assert all((data.only()[i] == data.letters[i])[data.decoys[i]].all() for i in range(20))


def test_backgrounds_are_as_told():
    data = motif_data.planted('copies', 400, 2)
    rest = ~data.decoys[:, 1:] & ~data.decoys[:, :-1]
    after_c = data.backgrounds[:, 1:][(data.backgrounds[:, :-1] == 1) & rest]
    assert np.bincount(after_c, minlength=4) / len(after_c) == pytest.approx(motif_data.AFTER_C, abs=.02)


def test_average_precision():
    random = np.random.RandomState(0)
    places = np.array([[1, 0, 1, 0]] * 2, bool)
    found = motifs.average_precision(np.array([[4., 3, 2, 1], [1, 2, 3, 4]]), places, random)
    assert found == pytest.approx([(1 + 2 / 3) / 2, (1 / 2 + 2 / 4) / 2])
    # Of equal numbers the order is by chance, not by position.
    found = motifs.average_precision(np.ones((2000, 4)), np.array([[1, 0, 0, 0]] * 2000, bool), random)
    assert found.mean() == pytest.approx((1 + 1 / 2 + 1 / 3 + 1 / 4) / 4, abs=.03)


def test_the_measures_of_a_map():
    none = np.zeros((1, motif_data.LENGTH), int)
    sites = np.zeros((1, 2, motif_data.LENGTH), bool)
    sites[0, 0, :2] = sites[0, 1, 4:6] = True
    data = motif_data.Planted(none, none, np.ones(1, bool), sites, np.arange(motif_data.LENGTH)[None] // 2 == 4)
    places = np.zeros((2, motif_data.LENGTH))
    places[0, [0, 1, 4, 9]] = 4, 3, 2, 1
    places[1, [0, 4]] = 3.5, 50
    recall, _, weaker, decoy, share, alone = motifs.measured(places, True, data, 18., 0)
    assert (recall, weaker, share, alone) == (3 / 4, 1 / 2, 9 / 18, 3.5 / 7)
    assert decoy == 0
    assert np.isnan(motifs.measured(places, False, data, 18., 0)[4])
    assert np.isnan(motifs.measured(-places, True, data, 18., 0)[5])


def test_every_method_is_in_the_table_or_told():
    from deepexplain.tensorflow import attribution_methods
    rows = motif_methods.rows()
    told = {row.method for row in rows} | set(motif_methods.same()) | set(motif_methods.LEFT_OUT)
    assert told == set(attribution_methods)
    assert all(row.family in motif_methods.FAMILIES for row in rows)
    assert {row.absence for row in rows if row.method == 'deeplift'} == {'zeros', 'shuffled'}
    assert [row.name for row in rows if row.method == 'saliency'] == ['saliency']
    assert [row.name for row in rows if row.method == 'permutation'] == ['permutation, shuffled']


def test_what_is_read_of_a_map():
    xs = motif_data.coded(np.array([[0, 1, 3]]))
    values = np.arange(12.).reshape(1, 3, 4)
    assert motif_methods.read('intgrad', values, xs, True).tolist() == [[6, 22, 38]]
    assert motif_methods.read('gradient', values, xs, False).tolist() == [[0, 5, 11]]
    assert motif_methods.read('gradcam', values[..., 0], xs, False).tolist() == [[0, 4, 8]]
    assert motif_methods.read('in_silico_mutagenesis', values, xs, False).tolist() == [[-2, -22 / 3, -38 / 3]]


def test_the_parts_of_a_map_are_in_units_of_the_score(session):
    """What methods add up to: a position counts once, however many letters it has."""
    from deepexplain.tensorflow import DeepExplain
    x = tf.placeholder(tf.float32, [None, motif_data.LENGTH, 4])
    weights = np.random.RandomState(0).randn(motif_data.LENGTH, 4).astype('f')
    score = tf.reduce_sum(x * weights, [1, 2])
    xs = motif_data.coded(motif_data.planted('both', 2, 0).letters)
    shuffled = motif_data.coded(motif_data.planted('both', 4, 1).letters).reshape(2, 2, motif_data.LENGTH, 4)
    letters = (xs * weights).sum(2)
    with DeepExplain(session=session) as de:
        for method in ('occlusion', 'shapley_sampling', 'intgrad', 'grad*input', 'kernel_shap'):
            found = motif_methods.explained(de, motif_methods.Row(method, 'zeros'), score, x, xs, shuffled, xs, 0)
            np.testing.assert_allclose(found.places, letters, atol=1e-3)
            assert found.scored
        for method in ('occlusion', 'intgrad'):
            found = motif_methods.explained(de, motif_methods.Row(method, 'shuffled'), score, x, xs, shuffled, xs, 0)
            np.testing.assert_allclose(found.places, letters - (shuffled.mean(1) * weights).sum(2), atol=1e-4)
        assert not motif_methods.explained(de, motif_methods.Row('gradient', ''), score, x, xs, shuffled, xs, 0).scored


def test_it_runs(tmp_path, monkeypatch):
    pytest.importorskip('matplotlib')
    monkeypatch.setattr(motif_methods, 'QUICK', ('intgrad', 'occlusion', 'shapley_sampling', 'gradcam', 'random'))
    monkeypatch.setattr(sys, 'argv', ['motifs.py', '--quick', '--out', str(tmp_path)])
    motifs.main()
    text = (tmp_path / 'motifs.md').read_text(encoding='utf-8')
    assert '| intgrad, shuffled | ' in text and '| gradcam | ' in text and 'Not in the table: zero (' in text
    assert text.count('- Methods') + text.count('- Several') + text.count('- No method') == 3
    lines = (tmp_path / 'motifs.csv').read_text(encoding='utf-8').splitlines()
    assert lines[0] == 'method,absence,family,task,repetition,recall,precision,weaker,decoy,share,alone'
    # Three methods with two kinds of absence, two with none, and the network; three tasks, two repetitions.
    assert len(lines) == 1 + (8 + 1) * 3 * 2
    assert (tmp_path / 'motifs.png').stat().st_size > 10000
