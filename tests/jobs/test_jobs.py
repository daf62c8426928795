"""A job's results are the explainer's, however its rows are cut, who makes them and how often it is begun."""
import gc
import os
import pickle

import numpy as np
import pytest
from job_data import samples, shard_files
from site_pages import blocks

from deepexplain.jobs import Job, Worker, checking, frames, iterate, read, run, run_shard, to_arrow, to_pandas
from deepexplain.tensorflow import DeepExplain


def of_explainer(models, job, ys, model='net.pb'):
    """What an explainer gives for the same batches, one after another."""
    with DeepExplain.open(str(models / model)) as de:
        explainer = de.get_explainer(job.method, de.logits, de.inputs[0], **job.options)
        xs = samples()
        return np.concatenate([explainer.run(xs[start:stop], ys, job.batch_size) for shard in range(job.shards)
                               for start, stop in job.batches_of(shard)])


@pytest.mark.parametrize('method, options, target', [
    ('saliency', {}, 'max'), ('intgrad', {'steps': 7}, 2), ('deeplift', {}, 'sum'), ('occlusion', {}, 'max'),
    ('input', {}, 'max')])
def test_results_are_those_of_an_explainer_bit_by_bit(models, job, form, monkeypatch, method, options, target):
    monkeypatch.setattr(checking, '_MOST_RUN', 7)
    one = job(method=method, options=options, target=target)
    assert one.batches_of(3) == [(48, 55), (55, 60)]
    assert run(one) == (4, 4, 4, [], False)
    found = read('out')
    assert list(found) == ['id', 'attributions', 'unit', 'score', 'delta']
    ys = {'max': 'max', 'sum': None}.get(target, target)
    np.testing.assert_array_equal(found['attributions'], of_explainer(models, one, ys))
    assert found['attributions'].dtype == np.float32 and found['unit'].dtype == np.int64
    np.testing.assert_array_equal(found['id'], np.arange(60))
    with DeepExplain.open(str(models / 'net.pb')) as de:
        values = de.session.run(de.logits, {de.inputs[0]: samples()})
        at_rest = de.session.run(de.logits, {de.inputs[0]: np.zeros((1, 4))})[0]
    units = {'max': values.argmax(1), 'sum': np.full(60, -1), 2: np.full(60, 2)}[target]
    np.testing.assert_array_equal(found['unit'], units)
    chosen = values.sum(1) if target == 'sum' else values[np.arange(60), units]
    np.testing.assert_allclose(found['score'], chosen, rtol=1e-5, atol=1e-6)
    if method in ('intgrad', 'deeplift'):
        change = chosen - (at_rest.sum() if target == 'sum' else at_rest[units])
        np.testing.assert_allclose(found['delta'], found['attributions'].sum(1) - change, atol=1e-5)
    else:
        assert np.isnan(found['delta']).all()


def test_both_forms_hold_the_same(job, monkeypatch):
    pytest.importorskip('pyarrow')
    run(job())
    monkeypatch.setattr('deepexplain.jobs.writing.ending', lambda: '.npz')
    run(job(out='other'))
    ours, theirs = read('out'), read('other')
    assert all(name.endswith('.parquet') for name in shard_files().values())
    assert all(name.endswith('.npz') for name in shard_files('other').values())
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])
        assert ours[name].dtype == theirs[name].dtype
    import pyarrow.parquet as pq
    schema = pq.read_schema('out/' + shard_files()['shard-000000'])
    assert [str(field.type).split('<')[0] for field in schema] == ['int64', 'fixed_size_list', 'int64', 'double',
                                                                   'double']
    table, frame = to_arrow('out'), to_pandas('other') if _has('pandas') else None
    assert table.num_rows == 60 and table.column('attributions')[3].as_py() == ours['attributions'][3].tolist()
    assert frame is None or frame['attributions'][3].tolist() == ours['attributions'][3].tolist()


def _has(module):
    try:
        __import__(module)
        return True
    except ImportError:
        return False


@pytest.mark.filterwarnings('ignore:.*(off what they should|the same was said)')
@pytest.mark.parametrize('method, options', [
    ('smoothgrad', {'samples': 3}), ('shapley_sampling', {'samples': 2}), ('random', {}),
    ('expected_gradients', {'samples': 3, 'references': samples(5)})])
def test_what_is_drawn_for_a_row_hangs_on_the_seed_and_its_id_alone(job, method, options):
    run(job(method=method, options=options, seed=5))
    whole = read('out')['attributions']
    # Other shards, other calls, other order of the rows, which keep their ids.
    order = np.random.RandomState(3).permutation(60)
    np.savez('mixed.npz', x=samples()[order], id=order)
    one = job(data='mixed.npz', out='mixed', method=method, options=options, seed=5, shard=11, batch_size=7)
    os.makedirs('mixed')
    for shard in (5, 2, 0):
        run_shard(one, shard)
    assert run(one).made == 3
    found = read('mixed')
    np.testing.assert_array_equal(found['id'], order)
    np.testing.assert_allclose(found['attributions'], whole[order], atol=1e-5)
    run(job(out='seeds', method=method, options=options, seed=6))
    assert np.abs(read('seeds')['attributions'] - whole).max() > 1e-3
    for number, names in enumerate((order, order[::-1])):
        np.savez('names.npz', x=samples()[names], name=['row %d' % i for i in names])
        run(job(data='names.npz', out='names%d' % number, method=method, options=options, ids='name', shard=9))
    first, second = read('names0'), read('names1')
    np.testing.assert_array_equal(first['id'], ['row %d' % i for i in order])
    np.testing.assert_allclose(first['attributions'][::-1], second['attributions'], atol=1e-5)


def test_several_inputs_and_what_is_fed(job, place):
    xs = samples(10, 2)
    np.savez('two.npz', a=xs, b=-xs)
    run(job('two.pb', 'two.npz', method='grad*input', target=1, feed={'keep': .5}))
    found = read('out')
    np.testing.assert_allclose(found['attributions/a'], xs ** 2 * [0, 1], rtol=1e-6)
    np.testing.assert_allclose(found['attributions/b'], -xs * [0, 1], rtol=1e-6)
    np.testing.assert_allclose(found['score'], .5 * xs[:, 1] ** 2 - xs[:, 1], rtol=1e-5)
    run(job('two.pb', 'two.npz', 'one', method='grad*input', target=1, feed={'keep': .5}, inputs=['b']))
    np.testing.assert_array_equal(read('one')['attributions'], found['attributions/b'])
    with pytest.raises(ValueError, match="'logits' needs the input 'keep'.*feed keep=VALUE"):
        job('two.pb', 'two.npz', 'none')
    with pytest.raises(ValueError, match=r"data: the model has 2 inputs \('a', 'b'\), and this is one array.*x.npy"):
        job('two.pb', out='none', feed={'keep': 1})


def test_inner_layers_and_places(job, place):
    np.save('ids.npy', np.array([[1, 2, 3], [4, 5, 6]]))
    with pytest.raises(ValueError, match=r"the model takes 'ids' \(int32\).*by inputs"):
        job('ids.pb', 'ids.npy')
    run(job('ids.pb', 'ids.npy', method='grad*input', inputs=['looked_up'], target=1))
    want = 2 * np.arange(20).reshape(10, 2)[np.load('ids.npy')] ** 2 * [0, 1]
    np.testing.assert_allclose(read('out')['attributions'], want)
    np.save('squares.npy', samples(6).reshape(6, 2, 2))
    run(job('square.pb', 'squares.npy', 'places', method='grad*input', target='max'))
    found = read('places')
    best = (samples(6) ** 2).argmax(1)
    np.testing.assert_array_equal(found['unit'], np.stack([best // 2, best % 2], 1))
    run(job('square.pb', 'squares.npy', 'place', method='grad*input', target=(1, 0)))
    assert read('place')['unit'].tolist() == [[1, 0]] * 6


def test_units_of_a_column(job, place):
    labels = np.arange(60) % 3
    np.savez('labels.npz', x=samples(), label=labels)
    run(job(data='labels.npz', target='column:label', method='gradient'))
    found = read('out')
    np.testing.assert_array_equal(found['unit'], labels)
    for unit in range(3):
        run(job(data='x.npy', target=unit, out=str(unit), method='gradient'))
        for name in ('attributions', 'score'):
            np.testing.assert_allclose(found[name][labels == unit], read(str(unit))[name][labels == unit], rtol=1e-5,
                                       atol=1e-6)
    with open('x.csv', 'w') as file:
        file.write('a,b,c,d,label\n' + ''.join('%s,%d\n' % (','.join(map(repr, row)), label)
                                              for row, label in zip(samples().tolist(), labels)))
    run(job(data='x.csv', target='column:label', out='csv', method='gradient'))
    np.testing.assert_allclose(read('csv')['attributions'], found['attributions'], rtol=1e-5, atol=1e-6)
    places = np.stack([labels[:6] % 2, np.arange(6) % 2], 1)
    np.savez('places.npz', x=samples(6).reshape(6, 2, 2), place=places)
    run(job('square.pb', 'places.npz', 'places', method='grad*input', target='column:place'))
    np.testing.assert_array_equal(read('places')['unit'], places)
    want = np.zeros((6, 2, 2))
    want[(np.arange(6),) + tuple(places.T)] = 1
    np.testing.assert_allclose(read('places')['attributions'], 2 * samples(6).reshape(6, 2, 2) ** 2 * want, rtol=1e-5)


@pytest.mark.parametrize('labels, words', [
    (np.arange(60) + .5, "the column 'label' must hold an int for each row, not float64"),
    (np.zeros((60, 1), int), r"must hold an int for each row, not int64 of the shape \(1, 1\)"),
    (np.array(['a'] * 60), "must hold an int for each row, not <U1"),
    (np.full(60, 3), "the column 'label' holds 3, and 'MatMul_1' has the units 0 to 2"),
    (np.full(60, -1), "the column 'label' holds -1, and ")])
def test_columns_that_are_no_units(job, place, labels, words):
    np.savez('labels.npz', x=samples(), label=labels)
    with pytest.raises(ValueError, match='target: .*' + words):
        job(data='labels.npz', target='column:label')


def test_a_unit_that_there_is_not_fails_its_shard(job, place):
    labels = np.arange(60) % 3
    labels[20] = 3
    np.savez('labels.npz', x=samples(), label=labels)
    with pytest.warns(UserWarning, match='shard 1 .*failed twice: .*holds 3, and'):
        assert run(job(data='labels.npz', target='column:label')).done == 3


def test_the_first_rows(job, place):
    run(job())
    run(job(out='few', limit=20))
    few = read('few')
    for name, whole in read('out').items():
        np.testing.assert_allclose(few[name], whole[:20], rtol=1e-6)
    assert job(limit=99).hash == job().hash
    os.mkdir('data')
    for number in range(3):
        np.save('data/%d' % number, samples()[20 * number:20 * number + 20])
    run(job(data='data', out='folder', limit=30))
    np.testing.assert_array_equal(read('folder')['id'], np.arange(30))


def test_rows_that_a_method_loses_are_noticed(job, place, monkeypatch):
    from deepexplain.jobs import opened
    explained = opened.explained
    monkeypatch.setattr(opened, 'explained', lambda *args, **more: (
        lambda found, *rest: (found[:1],) + rest)(*explained(*args, **more)))
    with pytest.raises(ValueError, match="'saliency' makes 1 rows of attributions for 60 rows of the data"):
        Worker(job(data=None, out=None))({'x': samples()})


def test_the_worker_that_a_process_keeps_closes_that_of_another_job(job, monkeypatch):
    from deepexplain.jobs.opened import Opened
    first, second = job(data=None, out=None), job(data=None, out=None, method='gradient')
    one = frames.opened_worker(first, 1)
    opened, closed, close = one.open(), [], Opened.close
    monkeypatch.setattr(Opened, 'close', lambda self: (closed.append(self), close(self)))
    assert frames.opened_worker(first, 1) is one and one.open() is opened and not closed
    # Spark has all objects looked through after each task: those that stay are not among them.
    frozen = gc.get_freeze_count()
    assert frozen > 10 ** 5 and len(gc.get_objects()) < frozen / 10
    other = frames.opened_worker(second, 1)
    assert closed == [opened] and other is not one and gc.get_freeze_count() > 10 ** 5
    other.close()
    gc.unfreeze()


def test_a_job_is_pickled_and_written_down(job, models):
    one = job(method='deeplift', options={'baseline': samples(1)[0]}, target=(1,), reading={'channels': 'last'})
    for copy in (pickle.loads(pickle.dumps(one)), Job.from_json(one.to_json())):
        assert copy.hash == one.hash and copy.identity() == one.identity()
        np.testing.assert_array_equal(copy.options['baseline'], samples(1)[0])
    worker = pickle.loads(pickle.dumps(Worker(one)))
    other = Worker(Job(models / 'net.pb', method='deeplift', options={'baseline': samples(1)[0]}, target=1))
    found = worker({'x': samples(), 'id': np.arange(60) + 7})
    np.testing.assert_array_equal(found['id'], np.arange(60) + 7)
    again = pickle.loads(pickle.dumps(worker))({'x': samples()})
    assert 'id' not in again
    with other:
        np.testing.assert_array_equal(other({'any': list(samples())})['attributions'], found['attributions'])
    np.testing.assert_array_equal(again['attributions'], found['attributions'])
    run(job(method='deeplift', options={'baseline': samples(1)[0]}, target=1, shard=60))
    np.testing.assert_array_equal(read('out')['attributions'], found['attributions'])


def test_a_worker_that_draws_needs_ids(models, place):
    worker = Worker(Job(models / 'net.pb', method='random'))
    with pytest.raises(ValueError, match="'random' draws random numbers.*a column 'id'"):
        worker({'x': samples()})
    with pytest.raises(ValueError, match='run needs a job with data and out'):
        run(worker.job)


def test_read_refuses_what_is_not_whole(job, place):
    with pytest.raises(ValueError, match="'out' is no folder of results of a job: it has no manifest.json"):
        (place / 'out').mkdir()
        read('out')
    one = job()
    turns = iter([False, False, True])
    assert run(one, stopped=lambda: next(turns)) == (4, 2, 2, [], True)
    with pytest.raises(ValueError, match="'out' lacks 2 of 4 shards"):
        read('out')
    assert len(read('out', partial=True)['id']) == 32
    assert [len(part['id']) for part in iterate('out', partial=True)] == [16, 16]


def test_the_code_of_the_site(models, place):
    code, = blocks('jobs')
    namespace = {}
    exec(code.replace('model.keras', str(models / 'net.pb')).replace('samples.npy', 'x.npy'), namespace)
    assert list(namespace['results']) == ['id', 'attributions', 'unit', 'score', 'delta']


def test_halves(job, place, form, monkeypatch):
    monkeypatch.setattr(checking, '_MOST_RUN', 4)
    np.savez('x.npz', x=samples(14), id=['n' * (i + 1) for i in range(14)])
    run(job('half.pb', 'x.npz', method='input', shard=10))
    found = read('out')
    assert found['attributions'].dtype == np.float16
    np.testing.assert_array_equal(found['attributions'], samples(14).astype(np.float16))
    assert found['id'].tolist() == ['n' * (i + 1) for i in range(14)]


def test_a_model_that_takes_calls_of_one_size(job, place):
    run(job('pairs.pb', method='intgrad', options={'steps': 3}, batch_size=2, shard=7))
    found = read('out')
    np.testing.assert_allclose(found['attributions'].sum(1) - found['delta'], (samples() ** 2).sum(1), rtol=1e-4)


def test_warnings_of_the_building_come_with_the_first_shard(job, place):
    with pytest.warns(UserWarning, match='shard 0: .*is the output of a Softmax'):
        run(job(layer='output'))
