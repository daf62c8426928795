"""deepexplain run: the job of the command line, its summaries and exit statuses."""
import json
import os
import subprocess
import sys
import types

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.cli.main import main
from deepexplain.jobs import Job, read
from deepexplain.tensorflow import DeepExplain

XS = np.random.RandomState(1).randn(20, 4, 4, 1).astype(np.float32)


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    """Runs the command in a folder with a model and data; returns what it writes to stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    weights = np.random.RandomState(0).randn(16, 3).astype(np.float32)
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 4, 4, 1], name='x')
        keep = tf.placeholder_with_default(tf.constant(1., tf.float32), [], name='keep')
        tf.matmul(tf.tanh(keep * tf.reshape(x, [-1, 16])), tf.constant(weights), name='out')
    (tmp_path / 'm.pb').write_bytes(graph.as_graph_def().SerializeToString())
    np.save('x.npy', XS)

    def run(*arguments, **options):
        status = main(['run'] + [str(one) for one in arguments])
        said = capsys.readouterr()
        assert status == options.get('status', 0), said.err
        return said.out, said.err
    return run


def test_the_options_of_explain(command, tmp_path):
    np.save('b.npy', XS[0])
    out, err = command('m.pb', 'x.npy', '--out', 'out', '--method', 'occlusion', '--window', '2x2', '--step', 2,
                       '--baseline', 'b.npy', '--target', 1, '--feed', 'keep=0.5', '--shard-rows', 8, '--batch-size', 5)
    assert out == '3 of 3 shards of 20 rows are in %s, 3 of them made now\n' % (tmp_path / 'out') and not err
    with DeepExplain.open('m.pb') as de:
        want = de.explain('occlusion', de.logits, de.tensor('x'), XS, ys=1, feed_dict={'keep:0': .5},
                          window_shape=(2, 2, 1), step=(2, 2, 1), baseline=XS[0])
    np.testing.assert_allclose(read('out')['attributions'], want, atol=1e-5)
    # The same as the job of Python.
    job = Job('m.pb', 'x.npy', 'out', 'occlusion', dict(window_shape=(2, 2, 1), step=(2, 2, 1), baseline=XS[0]),
              target=1, feed={'keep': .5}, shard=8, batch_size=5)
    assert json.load(open('out/manifest.json'))['hash'] == job.hash


def test_seeds_and_a_summary(command, tmp_path):
    out, err = command('m.pb', 'x.npy', '--out', 'out', '--method', 'smoothgrad', '--samples', 3, '--seed', 4, '--json',
                       '--option', 'of=gradient', '--progress')
    found = json.loads(out)
    assert found['complete'] and found['made'] == 2 and found['rows'] == 20 and not found['failed']
    assert '2/2' in err
    job = Job('m.pb', 'x.npy', 'out', 'smoothgrad', {'samples': 3, 'of': 'gradient'}, seed=4)
    assert json.load(open('out/manifest.json'))['hash'] == job.hash
    out, _ = command('--status', 'out', '--json')
    found = json.loads(out)
    assert found['done'] == found['shards'] == 2 and found['method'] == 'smoothgrad'
    assert command('m.pb', 'x.npy', '--out', 'out', '--method', 'smoothgrad', '--samples', 3, '--seed', 4, '--option',
                   'of=gradient')[0].startswith('2 of 2 shards of 20 rows are in')


def test_what_fails_is_told_with_its_rows(command, monkeypatch):
    from deepexplain.jobs import worker
    make = worker._make

    def failing(opened, number, caught):
        if number == 1:
            raise MemoryError('too much')
        return make(opened, number, caught)
    monkeypatch.setattr(worker, '_make', failing)
    given = ('m.pb', 'x.npy', '--out', 'out', '--method', 'saliency', '--shard-rows', 8)
    out, err = command(*given, status=1)
    assert out.startswith('2 of 3 shards of 20 rows')
    assert 'warning: shard 1 (rows 8 to 15) failed twice: MemoryError: too much' in err
    assert 'error: 1 of 3 shards failed twice, rows 8 to 15; the others stand' in err
    out, _ = command('--status', 'out')
    assert 'x.npy' in out
    assert '2 of 3 shards of 20 rows are done (by the names of their files, which --verify reads)\n' in out
    assert 'shard 1 (rows 8 to 15) failed twice: MemoryError: too much' in out
    monkeypatch.setattr(worker, '_make', make)
    command(*given)
    assert 'failed' not in command('--status', 'out')[0]
    assert not [name for name in os.listdir('out') if name.startswith('failed')]


@pytest.mark.parametrize('arguments, words', [
    ('m.pb x.npy', 'run needs a folder for the results, --out FOLDER'),
    ('m.pb --out out', 'run needs DATA'),
    ('m.pb x.npy --out x.npy', "--out: 'x.npy' is there and is no folder"),
    ('m.pb x.npy --out out --workers 2', '--workers: this process is one worker, not 2; more of them need --ray or'),
    ('m.pb x.npy --out out --workers 0 --ray', "--workers: expected a positive int, not '0'"),
    ('m.pb x.npy --out out --ray --spark', 'argument --spark: not allowed with argument --ray'),
    ('m.pb x.npy --out out --spark --cpus-per-worker 2', '--cpus-per-worker goes with --ray'),
    ('m.pb x.npy --out out --gpus-per-worker 1', '--gpus-per-worker goes with --ray'),
    ('m.pb x.npy --out out --ray --gpus-per-worker -1', "--gpus-per-worker: expected a number of at least 0, not '-1'"),
    ('--ray m.pb x.npy --out out', "run needs DATA; --ray has taken 'm.pb'"),
    ('m.pb x.npy --out out --method elrp --steps 3', "--steps: 'elrp' has no such option"),
    ('m.pb x.npy --out out --method nix', "--method: there is no method 'nix'"),
    ('m.pb x.npy --out out --layer nix', "--layer: the model has no layer or tensor 'nix'"),
    ('m.pb x.npy --out out --target 7', "--target: 'out' has the units 0 to 2, and no 7"),
    ('m.pb nix.npy --out out', "data: there is no file or folder '"),
    ('m.pb narrow.npy --out out', "data: 'x' takes the shape (?, 4, 4, 1), not (1, 3)"),
    ('nix.pb x.npy --out out', "MODEL: there is no file or folder '"),
    ('m.pb x.npy --out out --limit 0', "--limit: expected a positive int, not '0'"),
    ('m.pb x.npy --out out --target column:a', "target: there is no column 'a', but ''"),
    ('m.pb s3://x/y.npy --out out', "data: 's3://x/y.npy' is an address, and jobs read and write files: copy it"),
    ('--status x', "'x' is no folder of results of a job"),
    ('m.pb --status x', '--status FOLDER stands alone'),
    ('m.pb x.npy --out out --method saliency --method intgrad', 'a job is of one method, not of saliency and intgrad')])
def test_wrong_use_is_a_line_and_leaves_nothing(command, arguments, words):
    np.save('narrow.npy', XS[:, :3, 0, 0])
    out, err = command(*arguments.split(), status=2)
    assert not out and err.startswith('deepexplain: error: ') and err.count('\n') == 1 and words in err
    assert not os.path.exists('out')


def test_what_is_wrong_with_data_and_folder_is_said_before_tensorflow_is_imported(command):
    np.save('text.npy', np.array(['a']))
    code = ('import sys\n'
            'from deepexplain.cli.main import main\n'
            'for one in sys.argv[1:]:\n'
            '    assert main(["run"] + one.split()) == 2\n'
            '    assert "tensorflow" not in sys.modules, one\n')
    given = ['m.pb nix.npy --out out', 'm.pb m.pb --out out', 'm.pb x.npy --out x.npy', 'm.pb x.npy --out x.npy/out',
             'm.pb x.npy --out out --columns a', 'm.pb x.npy --out out --ids a', 'nix.pb x.npy --out out',
             '--status out']
    process = subprocess.Popen([sys.executable, '-c', code] + given, stderr=subprocess.PIPE)
    _, errors = process.communicate()
    assert process.returncode == 0 and errors.count(b'deepexplain: error: ') == len(given), errors


def test_the_first_rows_and_a_status_that_reads_the_files(command):
    given = ('m.pb', 'x.npy', '--out', 'out', '--limit', 10, '--shard-rows', 4)
    assert command(*given)[0].startswith('3 of 3 shards of 10 rows')
    assert 'their checksums are right' in command('--status', 'out', '--verify')[0]
    name = sorted(one for one in os.listdir('out') if one.startswith('shard-000001'))[0]
    with open('out/' + name, 'ab') as file:
        file.write(b'more')
    assert '3 of 3 shards' in command('--status', 'out')[0]
    out, _ = command('--status', 'out', '--verify')
    assert '2 of 3 shards' in out and f'{name} is damaged, and will be made again\n' in out
    assert json.loads(command('--status', 'out', '--verify', '--json')[0])['damaged'] == [name]
    # A default that is spelled out is the same job.
    assert command(*given + ('--method', 'intgrad', '--steps', 100))[0].endswith(', 1 of them made now\n')


@pytest.mark.parametrize('flag, package, name', [('--ray', 'ray', 'Ray'), ('--spark', 'pyspark', 'PySpark')])
def test_engines_that_are_not_installed(command, monkeypatch, flag, package, name):
    from deepexplain.cli import run
    monkeypatch.setattr(run, 'find_spec', lambda asked: asked != package or None)
    _, err = command('m.pb', 'x.npy', '--out', 'out', flag, status=2)
    assert err == f"deepexplain: error: {flag}: {name} is not installed: pip install 'deepexplain[{flag[2:]}]'\n"
    assert not os.path.exists('out')


def test_what_engines_are_given(command, monkeypatch):
    """And an error of theirs is a line."""
    from deepexplain.cli import run
    from deepexplain.jobs import engines
    given = []

    def work(job, shards, stopped, workers=None, **options):
        given.append((workers, options))
        print('what Ray says')
        raise ChildProcessError('Ray: a worker cannot open the model: nix')
        yield
    monkeypatch.setattr(run, 'find_spec', lambda asked: True)
    for name in ('ray', 'spark'):
        monkeypatch.setitem(sys.modules, f'deepexplain.jobs.{name}', types.SimpleNamespace(work=work))
    assert set(engines.ENGINES) == {'here', 'ray', 'spark'}
    for arguments in ('--ray', '--ray auto --workers 3 --cpus-per-worker 2 --gpus-per-worker .5', '--spark',
                      '--spark=spark://here:7077 --workers 2'):
        out, err = command('m.pb', 'x.npy', '--out', 'out', *arguments.split(), status=1)
        assert not out
        assert err.endswith('deepexplain: error: Ray: a worker cannot open the model: nix\n')
    assert given == [(None, {}), (3, {'address': 'auto', 'num_cpus': 2, 'num_gpus': .5}), (None, {}),
                     (2, {'master': 'spark://here:7077'})]


@pytest.mark.parametrize('engine', ['ray', 'pyspark'])
def test_engines_that_are_not_installed_in_python(command, monkeypatch, engine):
    from deepexplain.jobs import run
    monkeypatch.setitem(sys.modules, engine, None)
    monkeypatch.setitem(sys.modules, 'pyspark.sql', None)
    with pytest.raises(ImportError, match=f"pip install 'deepexplain.{engine.replace('py', '')}.'"):
        run(Job('m.pb', 'x.npy', 'out', 'saliency'), engine.replace('py', ''))
