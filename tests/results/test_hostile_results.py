"""Results that somebody means ill with, or that are by accident what nobody thought of."""
import hashlib
import io
import json
import os

import numpy as np
import pytest

from deepexplain.report import report
from deepexplain.results import Attributions

VALUES = np.arange(12.).reshape(4, 3)


def job(folder, held_by, rows=4, each=2, **more):
    """A job's folder with shards by their numbers, columns or bytes, under the checksums that are theirs."""
    manifest = {'hash': 'a' * 64, 'job': {'rows': rows, 'shard': each, 'method': 'm'}, 'shards': -(-rows // each),
                'model': '', 'data': ''}
    (folder / 'manifest.json').write_text(json.dumps(dict(manifest, **more)))
    for number, held in held_by.items():
        path = folder / 'made.npz'
        if isinstance(held, bytes):
            path.write_bytes(held)
        else:
            np.savez(str(path), **held)
        path.rename(folder / ('shard-%06d-%s-%s.npz' % (
            number, 'a' * 12, hashlib.sha256(path.read_bytes()).hexdigest()[:32])))
    return str(folder)


@pytest.mark.parametrize('ending', ['.npz', '.parquet'])
@pytest.mark.parametrize('name', ['xs', 'scores', 'delta', 'baseline/m', 'metadata', 'features'])
def test_a_method_takes_no_place_of_another_part(tmp_path, name, ending):
    if ending == '.parquet':
        pytest.importorskip('pyarrow')
    made = Attributions(VALUES, VALUES + 1, method=name)
    with pytest.raises(ValueError, match='method must not be called as another part of a file'):
        made.save(tmp_path / ('x' + ending))
    assert not os.listdir(str(tmp_path))


def test_a_stray_shard_makes_up_for_no_missing_one(tmp_path):
    path = job(tmp_path, {0: {'attributions': VALUES[:2]}, 7: {'attributions': VALUES[:2]}})
    with pytest.raises(ValueError, match='lacks 1 of 2 shards'):
        Attributions.load(path)
    assert Attributions.load(path, partial=True).n == 2
    assert '1 of 2 shards are not there.' in open(report(path).path, encoding='utf-8').read()


def test_a_manifest_whose_numbers_disagree(tmp_path):
    path = job(tmp_path, {0: {'attributions': VALUES[:2]}, 1: {'attributions': VALUES[2:]}}, shards=1)
    with pytest.raises(ValueError, match='says that 4 rows in shards of 2 make 1 of them'):
        Attributions.load(path)


def test_a_shard_that_is_no_archive_is_told_in_a_sentence(tmp_path):
    (tmp_path / 'job').mkdir()
    path = job(tmp_path / 'job', {0: b'PK\3\4 and no more', 1: b'PK'})
    with pytest.raises(ValueError, match='cannot be read'):
        Attributions.load(path)
    Attributions(VALUES, method='m').save(tmp_path / 'good.npz')
    made = report(tmp_path)
    assert made.results == 1 and [name for name, _ in made.broken] == ['job']


def test_a_report_waits_for_no_pipe_and_reads_no_device(tmp_path):
    Attributions(VALUES, method='m').save(tmp_path / 'good.npz')
    for name in ('a.json', 'b.csv', 'c.parquet', 'd.npz'):
        os.mkfifo(str(tmp_path / name))
    os.symlink('/dev/zero', str(tmp_path / 'e.json'))
    (tmp_path / 'job').mkdir()
    job(tmp_path / 'job', {0: {'attributions': VALUES[:2]}})
    (tmp_path / 'job' / 'manifest.json').unlink()
    os.mkfifo(str(tmp_path / 'job' / 'manifest.json'))
    made = report(tmp_path)
    assert made.results == 1
    assert dict(made.broken) == dict.fromkeys(
        ['a.json', 'b.csv', 'c.parquet', 'd.npz', 'e.json', 'job/manifest.json'], 'it is no file.')


def test_a_parquet_that_names_no_method(tmp_path):
    pa = pytest.importorskip('pyarrow')
    pq = pytest.importorskip('pyarrow.parquet')
    table = pa.table({'attributions': [1., 2.]}).replace_schema_metadata({
        'deepexplain': json.dumps({'methods': [], 'parts': {}}),
        'deepexplain.forms': json.dumps({'attributions': [[], '<f8']})})
    pq.write_table(table, str(tmp_path / 'x.parquet'))
    assert report(tmp_path).broken == [('x.parquet', "'%s' is no file of results of deepexplain, or damaged: it names "
                                        'no method.' % (tmp_path / 'x.parquet'))]


def test_dtypes_that_a_parquet_has_not(tmp_path):
    pytest.importorskip('pyarrow')
    path = tmp_path / 'x.parquet'
    Attributions(VALUES.astype('>f4'), method='m').save(path)
    found = Attributions.load(path)
    np.testing.assert_array_equal(found, VALUES)
    for one in (VALUES.astype(np.longdouble), VALUES[:, :0]):
        with pytest.raises(ValueError, match='which a .parquet does not hold here: save an .npz'):
            Attributions(one, method='m').save(path)
    np.testing.assert_array_equal(Attributions.load(path), VALUES)


def test_no_samples_are_a_table_and_no_picture():
    none = Attributions(VALUES, VALUES, feature_names=list('abc'))[np.zeros(4, bool)]
    pytest.importorskip('pandas')
    assert list(none.to_dataframe().columns) == list('abc') and none.to_dataframe().shape == (0, 3)
    assert len(none.to_dataframe(True)) == 0
    for kind in (None, 'summary', 'waterfall'):
        with pytest.raises(ValueError, match='the result has none'):
            none.plot(kind)


def test_a_unit_below_0_has_not_the_name_of_the_last():
    made = Attributions(VALUES, units=[-1, 0, 1, 0], unit_names=['cat', 'dog'])
    assert '-1, cat, dog' in made._repr_html_()


@pytest.mark.parametrize('kind', ['bars', 'signal', 'waterfall', 'summary'])
def test_names_with_dollars_are_no_mathematics(tmp_path, kind):
    pytest.importorskip('matplotlib')
    name = '$\\frac'
    made = Attributions(VALUES, VALUES, method=name, index=[name] * 4, units=[0] * 4, unit_names=[name],
                        feature_names=[name, 'b', 'c'])
    for one in (made, Attributions([VALUES, VALUES], [VALUES, VALUES], method=name, index=[name] * 4,
                                   input_names=[name, 'b'])):
        one.plot(kind, most=1, path=str(tmp_path / 'x.png'))


def test_a_shard_that_unpacks_to_more_than_it_may(tmp_path, monkeypatch):
    made = io.BytesIO()
    np.savez_compressed(made, attributions=np.zeros((2, 1 << 16)))
    path = job(tmp_path, {0: made.getvalue(), 1: made.getvalue()})
    assert Attributions.load(path).n == 4
    monkeypatch.setattr('deepexplain.samples.bound.MOST', 1 << 19)
    with pytest.raises(ValueError, match='unpacks to 1.0 MiB, .* The run again makes what is damaged again'):
        Attributions.load(path)
