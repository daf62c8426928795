"""What pip installs, and what a machine without TensorFlow is told."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile

import pytest

import deepexplain

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def modules():
    """Every module of the package, and what its pages are made of, as paths from the root."""
    found = set()
    for folder, _, files in os.walk(os.path.join(ROOT, 'deepexplain')):
        for name in files:
            if name.endswith(('.py', '.js', '.css')) or name == 'py.typed':
                found.add(os.path.relpath(os.path.join(folder, name), ROOT).replace(os.sep, '/'))
    return found


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """The folder with a wheel and an sdist, built from a copy so that the tree stays clean."""
    pytest.importorskip('setuptools', minversion='61', reason='building needs setuptools that read [project]')
    pytest.importorskip('wheel', reason='building needs wheel')
    folder = tmp_path_factory.mktemp('package')
    source = str(folder / 'source')
    hidden = shutil.ignore_patterns('.*', '__pycache__', '*.egg-info', 'build', 'dist', 'node_modules')
    shutil.copytree(ROOT, source, ignore=hidden)
    # What pip calls; without pip nothing has to be fetched.
    code = 'from setuptools import build_meta as b; b.build_wheel({0!r}); b.build_sdist({0!r})'.format(str(folder))
    subprocess.check_output([sys.executable, '-W', 'ignore', '-c', code], cwd=source, stderr=subprocess.STDOUT)
    return folder


def only(folder, pattern):
    found = list(folder.glob(pattern))
    assert len(found) == 1, [path.name for path in folder.iterdir()]
    return str(found[0])


def test_the_wheel_holds_every_module_and_nothing_else(built):
    with zipfile.ZipFile(only(built, '*.whl')) as wheel:
        names = {name for name in wheel.namelist() if '.dist-info/' not in name}
    assert 'deepexplain/tensorflow/methods/__init__.py' in names
    assert names == modules()


def test_the_wheel_says_what_it_is(built):
    with zipfile.ZipFile(only(built, '*.whl')) as wheel:
        name = [name for name in wheel.namelist() if name.endswith('METADATA')][0]
        metadata = wheel.read(name).decode('utf-8')
        assert any(name.endswith('LICENSE') for name in wheel.namelist())
    assert 'Version: %s\n' % deepexplain.__version__ in metadata
    assert re.search('^Requires-Python: >=3.7$', metadata, re.MULTILINE)
    assert re.search('^Provides-Extra: tf$', metadata, re.MULTILINE)
    assert re.search('^License: MIT$', metadata, re.MULTILINE)
    # All else comes with an extra.
    wanted = re.findall('^Requires-Dist: (.*)$', metadata, re.MULTILINE)
    assert sorted(line for line in wanted if 'extra ==' not in line) == ['numpy', 'tqdm']
    # Those of people who use it, in 'all'; TensorFlow, Keras and engines are chosen by themselves.
    brings = {}
    for line in wanted:
        found = re.match(r'([\w-]+).*extra == .(\w+).', line)
        if found:
            brings.setdefault(found.group(2), set()).add(found.group(1))
    assert brings['all'] == set().union(*(brings[one] for one in (
        'plots', 'pictures', 'cli', 'evaluation', 'lasso', 'parquet', 'pandas', 'genomics')))
    assert brings['cli'] == brings['plots'] | brings['pictures']


def test_each_extra_that_is_spoken_of_is_there(built):
    with zipfile.ZipFile(only(built, '*.whl')) as wheel:
        metadata = [wheel.read(name).decode('utf-8') for name in wheel.namelist() if name.endswith('METADATA')][0]
        code = ''.join(wheel.read(name).decode('utf-8') for name in wheel.namelist() if name.endswith('.py'))
    there = set(re.findall('^Provides-Extra: (.*)$', metadata, re.MULTILINE))
    with open(os.path.join(ROOT, 'README.md'), encoding='utf-8') as file:
        code += file.read()
    said = set(re.findall(r"deepexplain\[(\w+)\]", code)) | set(re.findall(r"needs\([^)]*?, '(\w+)'", code))
    assert len(said) > 6 and said <= there
    with open(os.path.join(ROOT, 'Makefile'), encoding='utf-8') as file:
        assert set(re.search('^EXTRAS = (.*)$', file.read(), re.MULTILINE).group(1).split(',')) <= there


def test_the_wheel_is_small(built):
    assert os.path.getsize(only(built, '*.whl')) < 10 ** 6


def test_the_sdist_holds_what_it_takes_to_test(built):
    with tarfile.open(only(built, '*.tar.gz')) as sdist:
        names = {name.split('/', 1)[1] for name in sdist.getnames() if '/' in name}
    assert modules() <= names
    for wanted in ('setup.py', 'pyproject.toml', 'LICENSE', 'Makefile', 'tests/test_package.py', 'CHANGELOG.md',
                   'CITATION.cff', 'CONTRIBUTING.md', 'SECURITY.md', 'tools/quiet.py', 'benchmarks/models.py'):
        assert wanted in names
    assert 'examples/digits_tensorflow.py' in names


def test_the_version_is_a_version():
    assert re.match(r'^\d+\.\d+\.\d+(\.dev\d+)?$', deepexplain.__version__)
    said = {}
    for name, pattern in (('CITATION.cff', '^version: (.*)$'), ('CHANGELOG.md', '^## ([^ \n]*)')):
        with open(os.path.join(ROOT, name), encoding='utf-8') as file:
            said[name] = re.search(pattern, file.read(), re.MULTILINE).group(1)
    assert set(said.values()) == {deepexplain.__version__}, said


def test_importing_the_package_imports_no_tensorflow():
    code = "import sys, deepexplain; sys.exit('tensorflow' in sys.modules or 'numpy' in sys.modules)"
    subprocess.check_call([sys.executable, '-c', code])


def test_without_tensorflow_one_sentence_says_what_to_install():
    code = (
        "import sys; sys.modules['tensorflow'] = None\n"
        'try:\n'
        '    import deepexplain.tensorflow\n'
        'except ImportError as error:\n'
        '    print(error)\n'
    )
    said = subprocess.check_output([sys.executable, '-c', code], universal_newlines=True).strip()
    assert '\n' not in said
    assert 'pip install' in said and 'tensorflow' in said
