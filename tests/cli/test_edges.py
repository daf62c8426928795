"""Exit statuses, names of files in errors, a stdout that nobody reads, and answers without TensorFlow."""
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import deepexplain
from deepexplain.cli import catalogue
from deepexplain.cli.main import main
from deepexplain.cli.options import NEEDED
from deepexplain.tensorflow import attribution_methods

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@pytest.fixture(scope='module')
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp('models')

    def frozen(name, build):
        with tf.Graph().as_default() as graph:
            tf.identity(build(tf.placeholder(tf.float32, [None, 4], name='x')), name='out')
        (folder / name).write_bytes(graph.as_graph_def().SerializeToString())

    W = np.arange(24.).reshape(4, 6).astype('f') / 10
    frozen('flat.pb', lambda x: tf.nn.relu(tf.matmul(x, W)))
    frozen('places.pb', lambda x: tf.reshape(tf.matmul(x, W), [-1, 3, 2]))
    return folder


@pytest.fixture
def run(models, tmp_path, monkeypatch, capsys):
    """Run `deepexplain explain` in an empty folder: its status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    np.save('x.npy', np.random.RandomState(0).rand(2, 4))

    def call(model, *argv):
        status = main(['explain', str(models / model)] + [str(one) for one in argv])
        return (status,) + tuple(capsys.readouterr())

    return call


@pytest.mark.parametrize('options, words', [
    ('--epsilon -1', 'epsilon must be a number of at least 0'), ('--epsilon nan', 'epsilon must be a number of'),
    ('--epsilon 0 --method elrp', 'epsilon must be greater than zero'), ('--epsilon inf', 'epsilon must be a number'),
    ('--epsilon 0 --method lrp.epsilon --option epsilon=-1', 'epsilon must be'),
    ('--steps 0', 'steps must be a positive int, not 0'), ('--steps -5', 'steps must be a positive int, not -5'),
    ('--steps 100000000', 'of at most 10000000, not 1'), ('--steps ' + '9' * 60, 'of at most 10000000, not 9'),
    ('--option steps=%s' % ('9' * 60), 'steps must be a positive int of at most'),
    ('--samples 0 --method smoothgrad', 'samples must be a positive int, not 0'),
    ('--samples %s --method smoothgrad' % ('9' * 60), 'of at most 10000000'),
    ('--seed -1 --method random', 'seed must be an int of at least 0 and below 2 ** 32'),
    ('--seed 4294967296 --method random', 'below 2 ** 32'), ('--seed %s --method random' % ('9' * 4000), 'below 2 **'),
    ('--option seed=%s --method random' % ('9' * 60), 'seed must be an int'),
    ('--option noise=-1 --method smoothgrad', 'noise must be a number of at least 0'),
    ('--option quadrature=x', "quadrature must be 'riemann_right'"),
    ('--option low=2 --option high=1 --method deep_taylor.bounded', 'low must be nowhere above high: they are 2 and 1'),
    ('--window 9 --method occlusion', 'window_shape must fit'), ('--window 0 --method occlusion', 'expected sizes'),
    ('--baseline nan', 'baseline must be of finite numbers'), ('--scale nan,1', 'expected two numbers'),
    ('--batch-size 0', 'expected a positive int'), ('--limit 0', 'expected a positive int'),
    ('--target %s' % ('9' * 60), 'has the units 0 to 5'), ('--target -1', 'expected max, sum or all, ints, or places')])
def test_wrong_values_are_wrong_use(run, options, words):
    status, out, err = run('flat.pb', 'x.npy', *options.split())
    assert (status, out, err.count('\n')) == (2, '', 1) and words in err
    assert os.listdir('.') == ['x.npy']


@pytest.mark.parametrize('options', [
    '--batch-size ' + '9' * 30, '--limit ' + '9' * 30, '--seed 4294967295 --method random',
    '--epsilon 0 --method lrp.epsilon', '--picture p.png --picture-samples ' + '9' * 30])
def test_large_values_that_mean_something(run, options):
    assert run('flat.pb', 'x.npy', '--steps' if 'method' not in options else '--target', '1', *options.split())[0] == 0


def test_commas_for_slashes(run):
    for target, meant in (('2,1', '2/1'), ('0,0', '0/0')):
        status, out, err = run('places.pb', 'x.npy', '--target', target)
        words = "is named by 2 ints, as in 0/0, not by '%s'. Did you mean %s?\n" % (target[0], meant)
        assert status == 2 and words in err
    assert run('places.pb', 'x.npy', '--target', '2/1', '--steps', 2)[0] == 0
    err = run('flat.pb', 'x.npy', '--target', '2/1')[2]
    assert "is named by an int, not by '2/1'. Did you mean 2,1?" in err
    assert 'Did you mean' not in run('places.pb', 'x.npy', '--target', '1,2,0')[2]


@pytest.mark.parametrize('options, names', [
    ('--baseline b.npy', ['b.npy']), ('--method expected_gradients --references b.npy', ['b.npy']),
    ('--method pattern.net --option patterns=@p.npz', ['p.npz']),
    ('--method occlusion --option feature_mask=@b.npy', ['b.npy'])])
def test_errors_name_the_files_of_options(run, options, names):
    np.save('b.npy', np.zeros(3, int))
    np.savez('p.npz', a=np.zeros((3, 3)))
    status, out, err = run('flat.pb', 'x.npy', *options.split())
    assert (status, out, err.count('\n')) == (2, '', 1) and all(name in err for name in names)


def test_errors_name_model_and_input(run, models, tmp_path):
    for values in (np.zeros((2, 3)), np.zeros((0, 4)), np.array([['a'] * 4]), np.float32(1)):
        np.save('bad.npy', values)
        status, out, err = run('flat.pb', 'bad.npy')
        assert (status, err.count('\n')) == (2, 1) and "'bad.npy'" in err
    np.savez('two.npz', x=np.zeros((2, 4)), y=np.zeros((2, 4)))
    assert "'two.npz'" in run('flat.pb', 'two.npz')[2]
    (models / 'broken.pb').write_bytes(b'\x0a\xff\xff')
    (models / 'empty').mkdir(exist_ok=True)
    for name in ('broken.pb', 'empty'):
        assert str(models / name) in run(name, 'x.npy')[2]
    assert str(models / 'flat.pb') in run('flat.pb', 'x.npy', '--layer', 'x', '--input', 'out')[2]


def test_errors_in_writing_name_the_file(run, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(np, 'savez', full)
    status, out, err = run('flat.pb', 'x.npy', '--steps', 2, '--out', 'a.npz')
    assert (status, err) == (1, "deepexplain: error: [Errno 28] No space left on device (--out: 'a.npz')\n")
    assert os.listdir('.') == ['x.npy']


def test_two_outputs_or_none(run, monkeypatch):
    replace = os.replace

    def fails(source, target):
        if target.endswith('p.png') and source.endswith('.part'):
            raise OSError(13, 'Permission denied', target)
        replace(source, target)

    for old in (False, True):
        if old:
            open('a.npz', 'w').close()
        monkeypatch.setattr(os, 'replace', fails)
        status, out, err = run('flat.pb', 'x.npy', '--steps', 2, '--out', 'a.npz', '--picture', 'p.png')
        assert (status, out) == (1, '') and 'p.png' in err
        assert sorted(os.listdir('.')) == ['a.npz', 'x.npy'][not old:] and not (old and os.path.getsize('a.npz'))


def test_the_catalogue_is_what_the_methods_say_of_themselves():
    import inspect
    known = catalogue.methods()
    assert list(known) == list(attribution_methods)
    for name, method in attribution_methods.items():
        assert known[name].description == (inspect.getdoc(method) or '').split('\n')[0]
        assert known[name].options() == method.options()
        signature = inspect.signature(method.__init__).parameters
        assert known[name].parameters == {option: signature[option].default for option in method.options()}
    assert set(NEEDED) <= set(known)


#: What answers at once, and the exit status.
AT_ONCE = [
    (['methods'], 0), (['methods', '--json'], 0), (['explain', 'm.pb', 'x.npy', '--method', 'intgradd'], 2),
    (['explain', 'm.pb', 'x.npy', '--method', 'intgrad', '--epsilon', '1'], 2),
    (['explain', 'm.pb', 'x.npy', '--method', 'expected_gradients'], 2),
    (['explain', 'm.pb', 'x.npy', '--option', 'stepps=3'], 2), (['explain', 'm.pb', 'x.npy', '--steps', '0'], 2),
    (['explain', 'm.pb', 'x.npy', '--picture', 'a.doc'], 2), (['explain', 'no.pb', 'x.npy'], 2),
    (['explain', 'm.pb', 'no.npy'], 2), (['explain', 'm.pb', 'x.npy', '--out', 'no/a.npz'], 2),
    (['measures'], 0), (['evaluate', 'm.pb', 'x.npy', '--measure', 'nope'], 2),
    (['evaluate', 'm.pb', 'x.npy', '--masks', 'no.npy'], 2), (['evaluate', '--help'], 0),
    (['layers', 'no.pb'], 2), ([], 2), (['explane'], 2), (['layers', '--help'], 0), (['--version'], 0)]


def test_answers_without_tensorflow(tmp_path):
    (tmp_path / 'm.pb').write_bytes(b'')
    np.save(str(tmp_path / 'x.npy'), np.zeros((1, 4)))
    code = """
import contextlib, io, json, sys
from deepexplain.cli.main import main
found = []
for argv in json.loads(sys.argv[1]):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(argv)
    slow = [name for name in ('tensorflow', 'keras', 'matplotlib.pyplot') if name in sys.modules]
    found.append((status, out.getvalue(), err.getvalue(), slow))
print(json.dumps(found))
"""
    ended = subprocess.run([sys.executable, '-c', code, json.dumps([argv for argv, _ in AT_ONCE])], cwd=str(tmp_path),
                           env=dict(os.environ, PYTHONPATH=ROOT), stdout=subprocess.PIPE, text=True)
    found = json.loads(ended.stdout)
    for (argv, status), (got, out, err, slow) in zip(AT_ONCE, found):
        assert (got, slow) == (status, []), argv
        assert (out != '') == (status == 0) and err.count('\n') == (status == 2), argv
    assert [one['name'] for one in json.loads(found[1][1])] == list(attribution_methods)


def shell(tmp_path, line):
    """A line of a shell in which `deepexplain` is the command: its status, stdout, stderr."""
    script = 'deepexplain() { "%s" -m deepexplain "$@"; }\n%s\n' % (sys.executable, line)
    ended = subprocess.run(['bash', '-c', script], cwd=str(tmp_path), env=dict(os.environ, PYTHONPATH=ROOT),
                           capture_output=True, text=True)
    return ended.returncode, ended.stdout, ended.stderr


def test_a_stdout_that_nobody_reads(tmp_path):
    started = [subprocess.Popen([sys.executable, '-m', 'deepexplain'] + command.split(), cwd=str(tmp_path),
                                env=dict(os.environ, PYTHONPATH=ROOT), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for command in ('methods', 'explain --help', '--version')]
    for process in started:
        process.stdout.close()
    for number, process in enumerate(started):
        assert process.stderr.read() == b''
        # Some argparses keep it to themselves.
        assert process.wait() in ([1] if number == 0 else [0, 1])


def test_a_closed_stdout_and_a_full_one(tmp_path):
    status, out, err = shell(tmp_path, 'deepexplain methods >&-')
    assert (status, out, err.count('\n')) == (1, '', 1) and err.startswith('deepexplain: error: ')
    assert shell(tmp_path, 'deepexplain methods --nope 2>&-')[:2] == (2, '')
    if os.path.exists('/dev/full'):
        status, out, err = shell(tmp_path, 'deepexplain methods > /dev/full')
        assert (status, err.count('\n')) == (1, 1) and 'No space left' in err
    assert shell(tmp_path, 'deepexplain --version')[1] == 'deepexplain %s\n' % deepexplain.__version__


def test_pictures_of_sequences_have_letters(run, models, monkeypatch):
    from deepexplain.cli import drawing
    with tf.Graph().as_default() as graph:
        tf.reduce_sum(tf.placeholder(tf.float32, [None, 6, 4], name='dna') * [1., -1., 2., 3.], [1, 2], name='out')
    (models / 'dna.pb').write_bytes(graph.as_graph_def().SerializeToString())
    np.save('dna.npy', np.eye(4)[np.random.RandomState(0).randint(0, 4, (2, 6))])
    kinds, overview = [], drawing.overview.overview
    monkeypatch.setattr(drawing.overview, 'overview', lambda *arguments: (
        kinds.append((arguments[2], arguments[-1])), overview(*arguments))[1])
    for more in ([], ['--letters', 'TGCA'], ['--picture-kind', 'signal']):
        assert run('dna.pb', 'dna.npy', '--steps', 2, '--picture', 'p.png', *more)[0] == 0
    assert kinds == [('logo', None), ('logo', 'TGCA'), ('signal', None)]
    for more, words in ((['--letters', 'ACG'], 'letters: expected one for each of the 4'),
                        (['--letters', 'ACGT', '--picture-kind', 'signal'], 'letters are for sequences'),
                        (['--picture-kind', 'images', '--letters', 'ACGT'], 'letters are for sequences')):
        status, out, err = run('dna.pb', 'dna.npy', '--picture', 'q.png', *more)
        assert (status, err.count('\n')) == (2, 1) and words in err and not os.path.exists('q.png')
    for more in (['--method', 'deeplift', '--option', 'hypothetical=true'], ['--method', 'in_silico_mutagenesis']):
        assert 'a logo adds up what the letters of a place contribute' in run(
            'dna.pb', 'dna.npy', *more, '--picture', 'q.png')[2]
        assert run('dna.pb', 'dna.npy', *more, '--picture', 'q.png', '--picture-kind', 'signal')[0] == 0
    assert '--letters needs a --picture.' in run('dna.pb', 'dna.npy', '--letters', 'ACGT')[2]
    np.save('mixed.npy', np.random.RandomState(0).rand(2, 6, 4))
    err = run('dna.pb', 'mixed.npy', '--picture', 'q.png', '--picture-kind', 'logo')[2]
    assert 'samples that are not one-hot cannot be drawn as logo' in err
