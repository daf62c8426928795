"""The code of the site's pages, run word for word; `pages` says which and how."""
import json
import os
import subprocess
import sys

import pytest
import site_pages as pages
import tensorflow.compat.v1 as tf

from deepexplain.evaluation import measures
from deepexplain.tensorflow import attribution_methods
from deepexplain.tensorflow.rules import activations

EAGER = [page for page in pages.pages() if pages.has(page, 'eager')]


@pytest.fixture
def tables(monkeypatch):
    """What a page adds to the tables is not there for other tests."""
    monkeypatch.setattr(activations, '_rules', dict(activations._rules))
    for table in (attribution_methods, measures):
        for name in table:
            monkeypatch.setitem(table, name, table[name])
    before = [(table, set(table)) for table in (attribution_methods, measures)]
    yield
    for table, names in before:
        for name in set(table) - names:
            del table[name]


@pytest.mark.parametrize('page', [page for page in pages.pages() if pages.has(page, '')])
def test_code(page, tables, monkeypatch):
    monkeypatch.setenv('MPLBACKEND', 'Agg')
    with tf.Graph().as_default():
        tf.set_random_seed(0)
        pages.run(page, '')


def test_no_merge_left_its_marks():
    for page in pages.pages():
        with open(os.path.join(pages.ROOT, 'docs', page), encoding='utf-8') as file:
            assert not [line for line in file if line.startswith(('<<<<<<< ', '>>>>>>> '))], page


@pytest.fixture(scope='module')
def eager():
    """What went wrong on each page with code for eager mode: one process for all of them."""
    env = dict(os.environ, MPLBACKEND='Agg', TF_CPP_MIN_LOG_LEVEL='3', PYTHONPATH=os.pathsep.join(
        [pages.ROOT] + [path for path in sys.path if path]))
    # A page says which Keras it is for by what it imports.
    env.pop('TF_USE_LEGACY_KERAS', None)
    ended = subprocess.run([sys.executable, pages.__file__] + EAGER, env=env, capture_output=True, text=True)
    print(ended.stdout, ended.stderr)
    assert ended.returncode == 0
    return json.loads(ended.stdout.splitlines()[-1])


@pytest.mark.skipif(tf.VERSION.startswith('1.'), reason='TensorFlow 1 is not eager here')
@pytest.mark.parametrize('page', EAGER)
def test_eager_code(page, eager):
    assert not eager[page], eager[page]


def test_every_page_can_be_read():
    # Blocks of other libraries are compiled as they are read, and labels are checked.
    assert {'coming/index.md', 'extending.md', 'faq.md', 'how-it-works.md'} <= set(pages.pages())
    for page in pages.pages():
        pages.read(page)


def test_blocks_of_a_page():
    text = '\n'.join([
        '# Title', '<!-- setup', 'found = [1]', '-->', '```python', 'found += [2]', '```', 'Words.', '```python peer',
        'import not_here', '```', '- in a list', '  ```python', '  found += [3]', '  ```', '```python eager', 'x = 1',
        '```', '<!-- setup eager', 'y = 2', '-->', '```', 'no Python', '```'])
    blocks = pages.blocks_of(text, 'page.md')
    assert [label for label, _ in blocks] == ['', '', 'peer', '', 'eager', 'eager']
    namespace = {}
    for label, code in blocks:
        if not label:
            exec(code, namespace)
    assert namespace['found'] == [1, 2, 3]


@pytest.mark.parametrize('text, error, said', [
    ('```python pear\nx\n```', ValueError, "page.md, line 1: a block of Python is plain, eager or peer, not 'pear'"),
    ('\n```python peer\nx =\n```', SyntaxError, 'page.md, line 3')])
def test_a_block_that_cannot_be_run(text, error, said):
    with pytest.raises(error) as raised:
        pages.blocks_of(text, 'page.md')
    assert said in str(raised.value)


def test_an_error_has_the_line_of_the_page(monkeypatch, tmp_path):
    (tmp_path / 'page.md').write_text('# Title\n\n```python\nx = 1\n\nassert x == 2\n```\n')
    monkeypatch.setattr(pages, 'DOCS', str(tmp_path))
    with pytest.raises(AssertionError) as raised:
        pages.run('page.md', '')
    assert raised.traceback[-1].lineno == 5
