"""A job is checked when it is made, and known by all that changes a number."""
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from job_data import samples

from deepexplain.jobs import Job, Worker, checking, identity, read, run
from deepexplain.jobs.identity import data_digest, model_digest
from deepexplain.tensorflow import DeepExplain


@pytest.mark.parametrize('error, words, arguments', [
    (RuntimeError, 'Method must be in', {'method': 'nix'}), (TypeError, "'step'", {'options': {'step': 3}}),
    (ValueError, "references of each sample's own belong to their batch",
     {'method': 'deeplift', 'options': {'references': np.zeros((2, 3, 4))}}),
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


def test_a_default_that_is_spelled_out_makes_no_other_job(job):
    assert job(method='intgrad', options={'steps': 100, 'baseline': None}).hash == job(method='intgrad').hash
    assert job(method='intgrad', options={'steps': 100}).options == {}
    assert job(method='lrp.epsilon', options={'epsilon': 1e-7, 'softmax': 'taylor'}).hash == job(
        method='lrp.epsilon').hash
    assert job(method='lrp.epsilon', options={'epsilon': 1e-6}).options == {'epsilon': 1e-6}
    assert job(method='elrp', options={'epsilon': 1e-4}).hash == job(method='elrp').hash


@pytest.mark.parametrize('rows, given, shard, at_once', [
    (10, {}, 16, 16), (1000, {}, 16, 16), (100000, {}, 1563, 1563), (10 ** 6, {}, 12288, 4096),
    (10 ** 7, {}, 16384, 4096), (1000, {'batch_size': 10}, 10, 10), (1000, {'batch_size': 40}, 40, 40),
    (1000, {'shard': 7}, 7, 7), (10 ** 6, {'batch_size': 1000}, 12000, 4000), (10 ** 6, {'shard': 9999}, 9999, 4096)])
def test_how_rows_are_cut(job, rows, given, shard, at_once):
    one = job(shard=None)
    one.batch_size, one.shard = given.get('batch_size'), given.get('shard')
    checking._cut(one, rows, {'': samples(1)}, {'attributions': samples(1)})
    assert (one.shard, one.at_once) == (shard, at_once)


def test_rows_of_any_size_are_cut(job):
    one = job(shard=None)
    large = np.broadcast_to(np.float32(0), (1, 1 << 24))
    one.shard = None
    checking._cut(one, 10 ** 6, {'': large}, {'attributions': large})
    assert (one.shard, one.at_once) == (4, 1)


def test_all_is_read_of_a_gigabyte_in_some_files(tmp_path, monkeypatch):
    path = str(tmp_path / 'large')
    content = np.zeros(17 << 20, np.uint8)
    content.tofile(path)
    before = data_digest(path, [path])
    # Between the blocks of which larger data are read.
    content[(1 << 18) + 5000] = 1
    content.tofile(path)
    assert data_digest(path, [path]) != before
    monkeypatch.setattr(identity, '_ALL', 0)
    np.zeros(17 << 20, np.uint8).tofile(path)
    before = data_digest(path, [path])
    content.tofile(path)
    assert data_digest(path, [path]) == before


def test_a_change_of_large_data_is_seen_at_both_ends_and_between(tmp_path, monkeypatch):
    monkeypatch.setattr(identity, '_ALL', 0)
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
    (ValueError, 'out must be a path, not an empty text', {'out': ''}),
    (ValueError, "data: 'gs://a/b.npy' is an address, and jobs read and write files", {'data': 'gs://a/b.npy'}),
    (ValueError, "out: '.*x.npy' is there and is no folder", {'out': 'x.npy/out'}),
    (ValueError, "out: '.*data/out' lies in the data, '.*data', which the results would be taken for",
     {'data': 'data', 'out': 'data/out'}),
    (ValueError, "out: '.*data' lies in the data", {'data': 'data', 'out': 'data/../data'}),
    (ValueError, "target must be .*; not an array of the shape \\(2,\\)", {'target': np.arange(2)}),
    (ValueError, "target: there is no column 'nix', but ''", {'target': 'column:nix'}),
    (ValueError, 'limit must be a positive int, not 0', {'limit': 0}),
    (TypeError, 'inputs must be a list of names', {'inputs': 3}),
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
    os.mkdir('data')
    with pytest.raises(error, match=words):
        job(**arguments)
    assert not (place / 'out').exists()


def test_results_may_not_go_into_the_model(job, place):
    os.mkdir('saved')
    with pytest.raises(ValueError, match="out: '.*saved/out' lies in the model, '.*saved', which the results would"):
        Job('saved', 'x.npy', 'saved/out')


def test_nothing_imports_tensorflow_before_it_is_needed():
    code = ('import sys; from deepexplain.jobs import Job, run, run_shard, read, iterate, Worker; '
            "sys.exit(any(name in sys.modules for name in ('tensorflow', 'pyarrow', 'pandas', 'ray', 'pyspark')))")
    assert subprocess.call([sys.executable, '-c', code]) == 0


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


def test_options_may_be_made_of_what_is_attributed_to(job):
    made = job(method='occlusion', options=lambda X, names, axis: {'window_shape': (len(names), )})
    assert made.options == {'window_shape': (1,)} and made.hash == job(
        method='occlusion', options={'window_shape': [1]}).hash
    with pytest.raises(ValueError, match='options: the seed is an argument of its own'):
        job(options=lambda X, names, axis: {'seed': 1})


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
