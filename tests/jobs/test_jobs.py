"""A job's results are the explainer's, however its rows are cut, who makes them and how often it is begun."""
import os
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from job_data import samples, shard_files

from deepexplain.jobs import Job, Worker, checking, iterate, read, run, run_shard, to_arrow, to_pandas
from deepexplain.jobs.identity import data_digest, model_digest
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


@pytest.mark.parametrize('error, words, arguments', [
    (RuntimeError, 'Method must be in', {'method': 'nix'}), (TypeError, "'step'", {'options': {'step': 3}}),
    (ValueError, 'no 3', {'target': 3}), (ValueError, "no layer or tensor 'nix'", {'inputs': ['nix']})])
def test_a_job_without_data_is_checked_too(models, place, error, words, arguments):
    with pytest.raises(error, match=words):
        Job(models / 'net.pb', **arguments)
    with pytest.raises(ValueError, match="needs the input 'keep'"):
        Job(models / 'two.pb', feed={'a': [[1, 2]]})


def test_the_hash_names_what_changes_a_number(job, models, place):
    one = job()
    shutil.copy(str(models / 'net.pb'), 'moved.pb')
    shutil.copy('x.npy', 'moved.npy')
    assert Job('moved.pb', 'moved.npy', 'elsewhere', method='saliency', shard=16).hash == one.hash
    np.save('other.npy', samples() + 1)
    others = [job(data='other.npy'), job('checked.pb'), job(method='gradient'), job(target=1), job(layer='output'),
              job(shard=15), job(batch_size=4), job(seed=1), job(method='intgrad', options={'steps': 3}),
              job(method='intgrad', options={'steps': 4}), job(method='deeplift', options={'baseline': samples(1)[0]}),
              job(method='deeplift', options={'baseline': samples(2)[1]})]
    assert len({other.hash for other in others} | {one.hash}) == len(others) + 1


def test_a_change_of_large_data_is_seen_at_both_ends_and_between(tmp_path):
    path = str(tmp_path / 'large')
    content = np.zeros(20 << 20, np.uint8)
    seen = set()
    for place in (None, 0, len(content) // 2, len(content) - 1):
        changed = content.copy()
        if place is not None:
            changed[max(0, place - 99999):place + 1] = 1
        changed.tofile(path)
        seen.add(data_digest(path, [path]))
    content[:-1].tofile(path)
    assert len(seen | {data_digest(path, [path])}) == 5


def test_of_many_files_some_are_read(tmp_path):
    files = [str(tmp_path / ('%03d' % number)) for number in range(300)]
    for path in files:
        with open(path, 'w') as file:
            file.write('0')
    before = data_digest(str(tmp_path), files)
    with open(files[2], 'w') as file:
        file.write('1')
    assert data_digest(str(tmp_path), files) != before


@pytest.mark.parametrize('error, words, arguments', [
    (TypeError, 'data must be a path, which other processes can open, not ndarray: np.save it', {'data': samples()}),
    (TypeError, r"options\['composite'\]: a job takes numbers.*not type", {'options': {'composite': int}}),
    (ValueError, 'options: the seed is an argument of its own', {'options': {'seed': 1}}),
    (ValueError, 'shard must be a positive int, not 0', {'shard': 0}),
    (ValueError, 'batch_size must be a positive int, not True', {'batch_size': True}),
    (ValueError, 'seed must be an int of at least 0', {'seed': -1}),
    (ValueError, "target must be 'max', 'sum', an int", {'target': '1,2'}),
    (ValueError, "target: 'MatMul_1' has the units 0 to 2, and no 3", {'target': 3}),
    (ValueError, "layer: the model has no layer or tensor 'nix'", {'layer': 'nix'}),
    (ValueError, "opening: there is no 'signatur', but signature", {'opening': {'signatur': 'x'}}),
    (ValueError, "columns is for data of columns, and not for '.*x.npy'", {'reading': {'columns': ['a']}}),
    (ValueError, "resize is for pictures, and not for '.*x.npy'", {'reading': {'resize': [2, 2]}}),
    (ValueError, r"reading\['columns'\] must be a list of names, not 'a'", {'reading': {'columns': 'a'}}),
    (ValueError, r"reading\['resize'\] must be two positive ints", {'reading': {'resize': [2]}}),
    (ValueError, r"reading\['scale'\] must be two numbers", {'reading': {'scale': [2, np.nan]}}),
    (ValueError, r"reading\['channels'\] must be 'first' or 'last'", {'reading': {'channels': 'no'}}),
    (ValueError, "there is no file or folder '.*nix.npy'", {'data': 'nix.npy'}),
    (ValueError, "model: there is no file or folder '.*nix.pb'", {'model': 'nix.pb'}),
    (RuntimeError, 'Method must be in', {'method': 'nix'}),
    (TypeError, 'nix', {'options': {'nix': 1}}),
    (ValueError, "feed nix: the model has no layer or tensor 'nix'", {'feed': {'nix': 1}}),
    (ValueError, r"data: 'x' takes the shape \(\?, 4\), not \(1, 3\)\. \(data: '.*narrow.npy'\)",
     {'data': 'narrow.npy'}),
    (ValueError, "ids: there is no column 'name'", {'ids': 'name'})])
def test_a_job_is_checked_when_it_is_made(job, place, error, words, arguments):
    np.save('narrow.npy', samples(5, 3))
    with pytest.raises(error, match=words):
        job(**arguments)
    assert not (place / 'out').exists()


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


def test_nothing_imports_tensorflow_before_it_is_needed():
    code = ('import sys; from deepexplain.jobs import Job, run, run_shard, read, iterate, Worker; '
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'pyarrow', 'pandas', 'ray', 'pyspark')))")
    assert subprocess.call([sys.executable, '-c', code]) == 0


def test_the_code_of_the_readme(models, place):
    readme = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'README.md')
    with open(readme, encoding='utf-8') as file:
        code = file.read().split('```python jobs\n')[1].split('```')[0]
    namespace = {}
    exec(code.replace('model.keras', str(models / 'net.pb')).replace('samples.npy', 'x.npy'), namespace)
    assert list(namespace['results']) == ['id', 'attributions', 'unit', 'score', 'delta']


def test_saved_models_and_their_hash(place):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 4], name='x')
        weights = tf.Variable(tf.ones([4, 2]))
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, 'saved', {'x': x}, {'y': tf.matmul(x, weights)})
    one = Job('saved', 'x.npy', 'out', 'grad*input', target=1)
    run(one)
    np.testing.assert_allclose(read('out')['attributions'], samples(), rtol=1e-6)
    os.rename('saved', 'moved')
    assert Job('moved', 'x.npy', 'out', 'grad*input', target=1).hash == one.hash
    assert Job('moved/saved_model.pb', 'x.npy', 'out', 'grad*input', target=1).hash == one.hash
    name = os.path.join('moved', 'variables', next(
        name for name in sorted(os.listdir('moved/variables')) if 'data' in name))
    assert model_digest('moved', {}) == one.model_sha256
    with open(name, 'r+b') as file:
        file.write(b'\1')
    assert model_digest('moved', {}) != one.model_sha256


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


def test_options_may_be_made_of_what_is_attributed_to(job):
    made = job(method='occlusion', options=lambda X, names, axis: {'window_shape': (len(names), )})
    assert made.options == {'window_shape': (1,)} and made.hash == job(
        method='occlusion', options={'window_shape': [1]}).hash
    with pytest.raises(ValueError, match='options: the seed is an argument of its own'):
        job(options=lambda X, names, axis: {'seed': 1})


def test_warnings_of_the_building_come_with_the_first_shard(job, place):
    with pytest.warns(UserWarning, match='shard 0: .*is the output of a Softmax'):
        run(job(layer='output'))


def test_threads_are_handed_to_tensorflow(job, monkeypatch):
    seen, opened = [], DeepExplain.open

    def noting(*args, **options):
        config = options['config']
        # Whoever only checks a job is to leave a GPU's memory alone.
        assert config.gpu_options.allow_growth
        seen.append(config.intra_op_parallelism_threads)
        return opened(*args, **options)
    monkeypatch.setattr(DeepExplain, 'open', noting)
    one = job()
    Worker(one, threads=1).open().close()
    assert seen == [0, 1]
