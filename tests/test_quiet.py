"""The first command is quiet: nothing of TensorFlow's start on stderr, and what went wrong is there after all.

That of the demo is in test_examples.py.
"""
import os
import subprocess
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
QUIET = os.path.join(ROOT, 'tools', 'quiet.py')


def ended(argv, folder, status=0, **more):
    """A process that has ended, as a newcomer's who has set nothing."""
    env = {name: value for name, value in os.environ.items() if not name.startswith('TF_CPP')}
    found = subprocess.run([sys.executable] + argv, cwd=str(folder), env=dict(env, PYTHONPATH=ROOT, **more),
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    assert found.returncode == status, found.stderr[-3000:]
    return found


@pytest.fixture
def model(session, tmp_path):
    x = tf.placeholder(tf.float32, [None, 3], name='x')
    tf.matmul(tf.nn.relu(x), tf.constant([[1.], [2.], [3.]]), name='out')
    (tmp_path / 'm.pb').write_bytes(session.graph_def.SerializeToString())
    np.save(str(tmp_path / 'x.npy'), np.ones((2, 3), 'f'))


@pytest.mark.parametrize('argv', [
    ['methods'], ['layers', 'm.pb'], ['explain', 'm.pb', 'x.npy', '--method', 'deeplift', '--picture', 'x.png'],
    ['run', 'm.pb', 'x.npy', '--method', 'deeplift', '--out', 'results']])
def test_the_command_line(model, tmp_path, argv):
    found = ended(['-m', 'deepexplain'] + argv, tmp_path)
    assert found.stderr == '' and found.stdout


NETWORK = """
import os, sys
import tensorflow.compat.v1 as tf
tf.logging.set_verbosity(tf.logging.ERROR)
tf.disable_v2_behavior()
x = tf.placeholder(tf.float32, [None, 3])
y = tf.matmul(x, tf.Variable(tf.ones([3, 2])))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    print(session.run(y, {x: [[1, 2, 3]]}).tolist(), sys.argv, __name__)
"""


def test_a_script_runs_as_ever(tmp_path):
    (tmp_path / 'inner').mkdir()
    (tmp_path / 'inner' / 'neighbour.py').write_text('')
    (tmp_path / 'inner' / 's.py').write_text(
        "import os, sys\nimport neighbour\nos.write(2, b'before\\n')\n" + NETWORK + "os.write(2, b'after\\n')\n")
    found = ended([QUIET, 'inner/s.py', '--flag', '1'], tmp_path)
    assert found.stdout == "[[6.0, 6.0]] ['inner/s.py', '--flag', '1'] __main__\n"
    assert found.stderr == 'before\nafter\n'
    assert 'usage: python tools/quiet.py SCRIPT' in ended([QUIET], tmp_path, 1).stderr


#: A TensorFlow that writes to stderr, from C++ as it were, and then does something else.
BROKEN = "import os, sys\nos.write(2, b'from C++\\n')\nsys.stderr.write('from Python\\n')\n"


WAYS = [[QUIET, 's.py'], ['-m', 'deepexplain', 'explain', 'm.pb', 'x.npy', '--method', 'zero']]


def broken(folder, end):
    (folder / 'broken' / 'tensorflow').mkdir(parents=True)
    (folder / 'broken' / 'tensorflow' / '__init__.py').write_text(BROKEN + end)
    (folder / 's.py').write_text('import tensorflow.compat.v1\n')
    for name in ('m.pb', 'x.npy'):
        (folder / name).write_bytes(b'')
    return {'PYTHONPATH': os.pathsep.join([str(folder / 'broken'), ROOT])}


@pytest.mark.parametrize('argv', WAYS)
def test_an_import_that_fails_shows_all(tmp_path, argv):
    env = broken(tmp_path, "raise ImportError('libcudart.so is not there')\n")
    said = ended_with(argv, tmp_path, env, 1)
    assert 'from C++\nfrom Python\n' in said and 'ImportError: libcudart.so is not there' in said
    assert 'not installed' not in said


@pytest.mark.parametrize('argv', WAYS)
def test_an_import_that_kills_the_process_says_where(tmp_path, argv):
    said = ended_with(argv, tmp_path, broken(tmp_path, 'os.abort()\n'), -6)
    assert 'Fatal Python error: Aborted' in said and os.path.join('tensorflow', '__init__.py') in said


def ended_with(argv, folder, env, status):
    found = subprocess.run([sys.executable] + argv, cwd=str(folder), env=dict(os.environ, **env), capture_output=True,
                           text=True)
    assert found.returncode == status, found.stderr
    return found.stderr


def test_the_library_says_of_a_broken_tensorflow_what_is_broken(tmp_path):
    said = ended_with(['-c', 'import deepexplain.tensorflow'], tmp_path, broken(tmp_path, 'import no_such_part\n'), 1)
    assert said.rstrip().endswith("No module named 'no_such_part'") and 'not installed' not in said


def test_stderr_is_as_it_was_afterwards(tmp_path):
    code = ("import os, sys, faulthandler\nfrom deepexplain.cli.starting import held\n"
            "number = len(os.listdir('/proc/self/fd'))\n"
            "with held():\n    os.write(2, b'hidden')\n"
            "assert number == len(os.listdir('/proc/self/fd')) and not faulthandler.is_enabled()\n"
            "os.write(2, b'shown')\n"
            "os.close(2)\nwith held():\n    print('done')\n")
    if not os.path.isdir('/proc/self/fd'):
        pytest.skip('no /proc')
    found = ended(['-c', code], tmp_path)
    assert (found.stdout, found.stderr) == ('done\n', 'shown')


def test_pytest_itself(tmp_path):
    """As `make test` has it: workers of pytest-xdist have stderrs of their own."""
    pytest.importorskip('xdist')
    argv = ['-m', 'pytest', '-q', '-n', '1', '-p', 'no:cacheprovider']
    found = ended(argv + [os.path.join(ROOT, 'tests', 'test_files.py')], ROOT)
    assert found.stderr == '' and ' passed' in found.stdout
