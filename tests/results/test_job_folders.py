"""A job's folder as a result: with its meaning, in bounded memory, in parts; and folders that are none."""
import json
import os

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.jobs import Job, read, run, writing
from deepexplain.results import Attributions

W = np.random.RandomState(0).randn(3, 2).astype('f')


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], name='x')
        tf.tanh(tf.matmul(x, tf.constant(W)), name='scores')
    (tmp_path / 'm.pb').write_bytes(graph.as_graph_def().SerializeToString())
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 3], name='x')
        tf.tanh(tf.square(x, name='inner'), name='scores')
    (tmp_path / 'inner.pb').write_bytes(graph.as_graph_def().SerializeToString())
    with tf.Graph().as_default() as graph:
        a, b = (tf.placeholder(tf.float32, [None, 2], name=name) for name in 'ab')
        tf.identity(a ** 2 + 2 * b, name='scores')
    (tmp_path / 'two.pb').write_bytes(graph.as_graph_def().SerializeToString())
    np.save('x.npy', np.random.RandomState(1).randn(10, 3).astype('f'))
    return tmp_path


@pytest.fixture(params=['parquet', 'npz'])
def form(request, monkeypatch):
    if request.param == 'parquet':
        pytest.importorskip('pyarrow')
    monkeypatch.setattr(writing, 'ending', lambda: '.' + request.param)


def made(model='m.pb', data='x.npy', out='out', **more):
    run(Job(model, data, out, **dict(dict(method='intgrad', shard=4), **more)))
    return out


def test_a_folder_is_a_result(place, form):
    found, want = Attributions.load(made(options={'steps': 20})), read('out')
    np.testing.assert_array_equal(found, want['attributions'])
    for part, name in ((found.units, 'unit'), (found.scores, 'score'), (found.delta, 'delta'), (found.index, 'id')):
        np.testing.assert_array_equal(part, want[name])
    assert (found.method, found.options, found.target) == ('intgrad', {'steps': 20}, 'max')
    assert found.model == os.path.abspath('m.pb') and found.versions['tensorflow'] == tf.VERSION
    assert found.input_names == ['x'] and found.xs is None and found.feature_names is None
    assert found.dtype == np.float32 and not found.several
    np.testing.assert_allclose(found.scores, np.tanh(np.load('x.npy') @ W).max(1), rtol=1e-5)
    found.save('again.npz')
    np.testing.assert_array_equal(Attributions.load('again.npz').units, found.units)


def test_names_of_columns_and_ids(place, form):
    with open('t.csv', 'w') as file:
        file.write('id,age,income,height\n' + ''.join('row%d,%d,.2,.3\n' % (i * 99, i) for i in range(6)))
    found = Attributions.load(made(data='t.csv', out='t', target='sum', method='saliency',
                                   reading={'columns': ['id', 'height', 'age', 'income']}))
    assert found.feature_names == ['height', 'age', 'income'] and found.units is None and found.delta is None
    # Longer from the second shard on.
    assert list(found.index) == ['row0', 'row99', 'row198', 'row297', 'row396', 'row495'] and found.target == 'sum'
    # Groups are no features, and neither are the units of an inner layer.
    for number, more in enumerate((dict(method='shapley_sampling', options={
            'feature_mask': np.array([2, 1, 0]), 'per_group': True, 'samples': 2}),
            dict(method='saliency', inputs=['inner']))):
        found = Attributions.load(made('inner.pb', 't.csv', 't%d' % number, **more))
        assert found.shape == (6, 3) and found.feature_names is None
    again = Job.from_json(Job('m.pb', 't.csv', method='saliency').to_json())
    assert again.features == ['age', 'income', 'height'] and again.attributed == ['x']


def test_several_inputs_of_a_job(place, form):
    xs = np.random.RandomState(2).randn(2, 6, 2).astype('f')
    np.savez('two.npz', b=xs[1], a=xs[0])
    found = Attributions.load(made('two.pb', 'two.npz', target=1))
    assert found.input_names == ['a', 'b'] and found.target == '1' and list(found.units) == [1] * 6
    np.testing.assert_allclose(found['b'][:, 1], 2 * xs[1][:, 1], rtol=1e-5)
    np.testing.assert_array_equal(found['b'][:, 0], 0)


def test_some_rows(place, monkeypatch):
    whole, opened = Attributions.load(made()), []
    from deepexplain.results import shards
    kept = shards.read_columns
    monkeypatch.setattr(shards, 'read_columns', lambda path: opened.append(path) or kept(path))
    for rows, files in ((slice(0, 2), 1), (slice(3, 5), 2), (slice(5, 6), 1), (slice(-3, None), 2), (slice(4, 8), 1),
                        (slice(0, 10), 3), (slice(8, 99), 1)):
        del opened[:]
        found = Attributions.load('out', rows=rows)
        np.testing.assert_array_equal(found, whole.attributions[rows])
        np.testing.assert_array_equal(found.index, np.arange(10)[rows])
        np.testing.assert_array_equal(found.scores, whole.scores[rows])
        assert len(opened) == files, rows
    for rows, text in ((slice(0, 9, 2), 'rows must be a slice without a step'), (3, 'rows must be a slice'),
                       (slice(5, 5), "'out' holds no results of these rows yet"), (slice('a'), 'no result of deep')):
        with pytest.raises(ValueError, match=text):
            Attributions.load('out', rows=rows)


def test_memory_is_bounded(place):
    made()
    each = sum(one[:1].nbytes for one in read('out').values())
    assert Attributions.load('out', max_bytes=10 * each).n == 10
    with pytest.raises(ValueError, match=r"^'out' takes %d bytes of memory, and may take %d bytes: max_bytes allows "
                                         r"more; rows=slice\(0, 1000\) takes some of the 10 rows" % (
                                             10 * each, 10 * each - 1)):
        Attributions.load('out', max_bytes=10 * each - 1)
    assert Attributions.load('out', rows=slice(3, 5), max_bytes=2 * each).n == 2
    for value in (0, True, 1.5):
        with pytest.raises(ValueError, match='^max_bytes must be a positive int'):
            Attributions.load('out', max_bytes=value)


def test_a_job_that_is_not_done(place):
    made()
    names = sorted(name for name in os.listdir('out') if name.startswith('shard'))
    os.unlink(os.path.join('out', names[1]))
    with pytest.raises(ValueError, match="^'out' lacks 1 of 3 shards: .*by partial=True"):
        Attributions.load('out')
    assert list(Attributions.load('out', partial=True).index) == [0, 1, 2, 3, 8, 9]
    assert list(Attributions.load('out', rows=slice(2, 9), partial=True).index) == [2, 3, 8]
    with pytest.raises(ValueError, match='^partial must be True or False'):
        Attributions.load('out', partial='no')
    with open(os.path.join('out', names[0]), 'ab') as file:
        file.write(b' ')
    with pytest.raises(ValueError, match='is damaged: its content is not that of its checksum'):
        Attributions.load('out', partial=True)


def test_what_is_no_folder_of_results(place):
    os.mkdir('empty')
    with pytest.raises(ValueError, match="^'empty' is no folder of results of a job: it has no manifest.json.$"):
        Attributions.load('empty')
    made()
    shard = next(name for name in os.listdir('out') if name.startswith('shard'))
    with pytest.raises(ValueError, match="is one of the files of a job's results: load their folder"):
        Attributions.load(os.path.join('out', shard))
    with pytest.raises(ValueError, match="^'out' has no 'lime', but 'intgrad'.$"):
        Attributions.load('out', 'lime')
    assert Attributions.load('out', 'intgrad').n == 10
    Attributions(np.ones((2, 2))).save('r.npz')
    for more in ({'rows': slice(1)}, {'partial': True}, {'max_bytes': 9}):
        with pytest.raises(ValueError, match="^rows, partial and max_bytes go with the folder of a job, and 'r.npz'"):
            Attributions.load('r.npz', **more)
    with open('out/manifest.json') as file:
        manifest = json.load(file)
    for change in ({'job': dict(manifest['job'], rows='many')}, {'job': dict(manifest['job'], shard=0)},
                   {'job': dict(manifest['job'], rows=11)}, {'job': dict(manifest['job'], shard=3)},
                   {'versions': 3, 'features': 7, 'inputs': {}, 'job': dict(manifest['job'], method=3)},
                   {'shards': 'a'}, {'hash': 3}):
        with open('out/manifest.json', 'w') as file:
            json.dump(dict(manifest, **change), file)
        if 'versions' in change:
            assert Attributions.load('out').versions == {} and Attributions.load('out').method == ''
            continue
        with pytest.raises(ValueError) as error:
            Attributions.load('out')
        assert '\n' not in str(error.value) and str(error.value).endswith('.'), change
