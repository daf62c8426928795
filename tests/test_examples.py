"""Every example, run as a person would, in a small version."""

import importlib.util
import os
import re
import subprocess
import sys

import numpy as np
import pytest

from deepexplain import plotting

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES = os.path.join(ROOT, 'examples')

#: What `make demo` runs: a newcomer's first command.
DEMO = ('digits_tensorflow.py', 'digits_methods.py')

pytest.importorskip('sklearn', reason='the digits come with scikit-learn')


def run(script, folder, *arguments):
    """Runs the script in an empty folder, as make does, and returns what it printed."""
    env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL='3', PYTHONPATH=ROOT)
    env.pop('DISPLAY', None)
    ended = subprocess.run(
        [sys.executable, os.path.join(ROOT, 'tools', 'quiet.py'), os.path.join(EXAMPLES, script)] + list(arguments),
        cwd=str(folder),
        env=env,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert 'unsupported activation' not in ended.stderr, 'a false warning: every op of the examples has a rule'
    # Nothing else than that relevance of a network of one epoch grew, with the line of code which the warning shows.
    rest = re.sub('.*UserWarning: .* attributions are up to .*\n  .*\n', '', ended.stderr)
    assert script not in DEMO or rest == ''
    return ended.stdout


def accuracy(printed):
    return float(re.search(r'accuracy.*: ([0-9.]+)', printed).group(1))


def check_picture(path, samples, methods):
    """A grid of that many panels, none of them blank, with red and blue in every column of heat maps."""
    from matplotlib.image import imread

    picture = (imread(str(path))[..., :3] * 255).astype(int)
    blank = np.zeros((samples, 8, 8))
    like = plotting.grid(blank, {str(number): blank for number in range(methods)}, labels=[''] * samples)
    width, height = like.get_size_inches()
    assert abs(picture.shape[0] / picture.shape[1] - height / width) < 0.01
    for ax in like.axes[: samples * (methods + 1)]:
        box = ax.get_position()
        rows = slice(int((1 - box.y1) * picture.shape[0]) + 2, int((1 - box.y0) * picture.shape[0]) - 2)
        columns = slice(int(box.x0 * picture.shape[1]) + 2, int(box.x1 * picture.shape[1]) - 2)
        panel = picture[rows, columns]
        assert panel.std() > 5, 'a blank panel'
        if ax.get_title() != 'input' and ax not in like.axes[:: methods + 1]:
            assert (panel[..., 0] > panel[..., 2] + 50).any(), 'nothing raises the target'


def test_every_example_is_tested():
    text = ''
    for name in ('test_examples.py', 'test_real_models.py'):
        with open(os.path.join(ROOT, 'tests', name)) as file:
            text += file.read()
    for name in os.listdir(EXAMPLES):
        assert not name.endswith('.py') or "'%s'" % name in text


def test_digits_tensorflow(tmp_path):
    path = tmp_path / 'digits.png'
    printed = run('digits_tensorflow.py', tmp_path, '--epochs', '8', '--samples', '2', '--out', str(path))
    assert accuracy(printed) > 0.9
    lines = printed.splitlines()
    # What is done, how far, and where the picture is.
    assert lines[0] == 'training two hidden layers on 1437 digits, 8 epochs'
    assert lines[-2:] == ['explaining 2 digits: shapley_sampling (7 of 7)', 'wrote %s' % path]
    check_picture(path, samples=2, methods=7)


def test_digits_methods(tmp_path):
    from matplotlib.image import imread

    path = tmp_path / 'digits.png'
    printed = run('digits_methods.py', tmp_path, '--epochs', '4', '--out', str(path))
    assert accuracy(printed) > 0.9
    assert re.search('^explaining 2 digits by [0-9]+ methods$', printed, re.MULTILINE)
    assert printed.splitlines()[-1] == 'wrote %s' % path
    # Five lines of two pictures by eight methods.
    picture = imread(str(path))[..., :3]
    for row in np.array_split(picture, 10)[:8]:
        assert all(panel.std() > 0.02 for panel in np.array_split(row, 8, axis=1)), 'a blank panel'


def test_digits_methods_each(tmp_path):
    run('digits_methods.py', tmp_path, '--epochs', '1', '--each', 'pictures')
    kept = os.path.join(ROOT, 'docs', 'methods', 'pictures')
    assert os.listdir(kept) and sorted(os.listdir(str(tmp_path / 'pictures'))) == sorted(os.listdir(kept))
    assert all(os.path.getsize(str(path)) < 15 * 1024 for path in (tmp_path / 'pictures').iterdir())


def keras_has_sessions():
    import tensorflow as tf

    version = tuple(int(part) for part in tf.__version__.split('.')[:2])
    return version < (2, 16) or importlib.util.find_spec('tf_keras') is not None


def test_digits_keras(tmp_path):
    if not keras_has_sessions():
        pytest.skip('Keras 3 has no sessions, and tf_keras is not installed')
    path = tmp_path / 'digits.png'
    printed = run('digits_keras.py', tmp_path, '--epochs', '6', '--samples', '2', '--out', str(path))
    assert accuracy(printed) > 0.9
    assert str(path) in printed
    check_picture(path, samples=2, methods=5)


def test_multiple_inputs(tmp_path):
    printed = run('multiple_inputs.py', tmp_path, '--houses', '2', '--steps', '1500')
    houses = re.split(r'^house \d+: ', printed, flags=re.MULTILINE)[1:]
    assert len(houses) == 2
    for house in houses:
        lines = house.strip().split('\n')
        price, usual = [float(number) for number in re.findall(r'at (-?[0-9.]+)', lines[0])]
        contributions = {line[:14].strip(): float(line.split()[-1]) for line in lines[2:-1]}
        assert len(contributions) == 8
        total = float(re.search(r'sum +(\S+) =', lines[-1]).group(1))
        # They add up to the difference from the average house, and what has no influence has little.
        assert total == pytest.approx(price - usual, abs=0.2)
        assert sum(contributions.values()) == pytest.approx(total, abs=0.5)
        largest = max(abs(value) for value in contributions.values())
        for name in ('house number', 'blue door'):
            assert abs(contributions[name]) < 0.2 * largest


TELLING = set('loved charming dull awful enjoyed terrible not good boring rude lovely'.split())


def test_text_embedding(tmp_path):
    printed = run('text_embedding.py', tmp_path, '--colour', 'never')
    assert accuracy(printed) > 0.9
    sentences = printed.strip().split('\n\n')[1:]
    assert len(sentences) == 6
    moods = [sentence.split(',')[0] for sentence in sentences]
    assert moods[:2] + moods[3:4] == ['pleased', 'annoyed', 'annoyed']
    for sentence in sentences:
        rows = [line.split() for line in sentence.split('\n')[1:]]
        sizes = {row[0]: abs(float(row[1])) for row in rows}
        assert max(sizes, key=sizes.get) in TELLING
        # Words say what they mean.
        signs = {row[0]: float(row[1]) for row in rows}
        if 'not' not in signs:
            for word in set(signs) & TELLING:
                pleased = word in ('loved', 'charming', 'enjoyed', 'lovely')
                assert (signs[word] > 0) == pleased, word


def test_text_embedding_in_colours(tmp_path):
    printed = run('text_embedding.py', tmp_path, '--colour', 'always', '--steps', '20', '--method', 'grad*input')
    assert '\x1b[30;48;2;' in printed


def test_genomics(tmp_path):
    more = ['--out', 'genomics.png'] if importlib.util.find_spec('logomaker') else []
    printed = run('genomics.py', tmp_path, '--sequences', '2000', '--epochs', '10', '--modisco', 'files', *more)
    assert float(re.search(r'not seen: ([0-9.]+)', printed).group(1)) > 0.9
    recalls = re.findall(r'recall of the motifs: ([0-9.]+), of the decoy: ([0-9.]+)', printed)
    assert len(recalls) == 4
    for of_motifs, of_decoy in recalls:
        assert float(of_motifs) > 0.9 and float(of_decoy) < 0.1
    assert np.load(str(tmp_path / 'files' / 'shap.npz'))['arr_0'].shape == (200, 4, 100)
    assert not more or (tmp_path / 'genomics.png').stat().st_size > 10000


def test_gallery(tmp_path):
    printed = run('gallery.py', tmp_path, '--out', 'made')  # its networks are those of 'gallery_data.py'
    found = dict(re.findall(r'^(\w+), (?:accuracy|correlation): ([0-9.]+)$', printed, flags=re.MULTILINE))
    assert sorted(found) == ['digits', 'genes', 'heartbeats', 'sentences', 'shapes', 'whistles', 'wine']
    assert min(float(number) for number in found.values()) > 0.9
    text = (tmp_path / 'made' / 'README.md').read_text(encoding='utf-8')
    for name in plotting.__all__:
        assert 'plotting.%s(' % name in text
    shown = re.findall(r'\]\((\w+\.\w+)\)', text)
    assert sorted(shown + ['README.md']) == sorted(path.name for path in (tmp_path / 'made').iterdir())
    assert all(1000 < (tmp_path / 'made' / name).stat().st_size < 300000 for name in shown)
    for code in re.findall(r'```python\n(.*?)```', text, flags=re.DOTALL):
        compile(code, 'README.md', 'exec')
