"""experiments/xai_tris.py in seconds: every method on a convolutional model, and the page; maps of a linear one."""
import csv

import numpy as np
import tris_maps
import xai_tris

from deepexplain.tensorflow import attribution_methods


def test_quick(tmp_path, monkeypatch):
    monkeypatch.setattr('sys.argv', ['xai_tris.py', '--quick', '--processes', '1', '--out', str(tmp_path)])
    xai_tris.main()
    text = (tmp_path / 'xai_tris.md').read_text(encoding='utf-8')
    assert text.startswith('# Tetrominoes') and '](xai_tris.png)' in text and (tmp_path / 'xai_tris.png').exists()
    assert 'Popular methods are often no better than an edge filter, by precision: **' in text
    assert '`in_silico_mutagenesis` (cnn): ' in text
    with open(str(tmp_path / 'xai_tris.csv'), encoding='utf-8') as file:
        rows = list(csv.DictReader(file))
    for mask in ('both', 'own'):
        for measure in ('precision', 'earth mover'):
            found = {row['method']: row for row in rows
                     if (row['model'], row['mask'], row['measure']) == ('cnn', mask, measure)}
            expected = set(tris_maps.methods()) - {'in_silico_mutagenesis'}
            assert set(found) == expected | {'sobel filter', 'laplace filter'}
            for row in found.values():
                values = [float(row['repetition %d' % i]) for i in (1, 2)]
                assert all(0 <= value <= 1 for value in values)
                assert abs(np.mean(values) - float(row['mean'])) < 1e-4
    names = {name for first, others in tris_maps.methods().items() for name in [first] + others}
    assert names == set(attribution_methods)


def test_xrai_and_the_others_have_maps_of_their_pictures():
    explained = tris_maps.Explained('linear')
    random = np.random.RandomState(0)
    xs, weights = random.normal(size=(4, 8, 8)).astype(np.float32), random.normal(size=(64, 2)).astype(np.float32)
    explained.load({'dense1': weights})
    np.testing.assert_allclose(explained.logits(xs), xs.reshape(4, 64) @ weights, rtol=1e-4, atol=1e-5)
    found = explained.maps(xs, np.array([0, 1, 1, 0]), xs)
    assert not set(found) & set(tris_maps.CAMS + tris_maps.LAYERED)
    assert {name: len(one) for name, one in found.items() if len(one) < 4} == {'xrai': 3}
    assert all(one.shape[1:] == (8, 8) for one in found.values())
    # Of the class that is asked for; and of the weights of now, which were others when the explainers first ran.
    explained.load({'dense1': 2 - weights})
    again = explained.maps(xs, np.array([0, 1, 1, 0]), xs)
    for w, maps in ((weights, found), (2 - weights, again)):
        expected = xs.reshape(4, 64) * w[:, [0, 1, 1, 0]].T
        for name in ('grad*input', 'intgrad', 'deeplift', 'lrp.z', 'occlusion', 'shapley_sampling'):
            np.testing.assert_allclose(maps[name].reshape(4, 64), expected, rtol=1e-3, atol=1e-4)
    assert set(explained.seconds) == set(found) | {'in_silico_mutagenesis'}
