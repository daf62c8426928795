"""The code of the site's pages, and how it is run: `python tests/site_pages.py PAGE...` runs what is for eager mode.

A page's ```python blocks run in their order in one namespace, in a graph and a folder of their own. Set-up that is not
to be seen stands in a comment, `<!-- setup`, code, `-->`, which runs in its turn. A second word says what else a block
is: `eager` runs, with the others of the page, in TensorFlow 2's eager mode, and so does `<!-- setup eager`; `peer` is
the code of another library, which need not be there, and is compiled alone.
"""
import contextlib
import json
import os
import re
import sys
import tempfile
import textwrap
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOCS = os.path.join(ROOT, 'docs')
#: Folders of docs/ that are made by programs, or are no pages.
OTHERS = {'_build', '_ext', '_static', '_templates', 'experiments', 'gallery', 'generated'}
LABELS = ('', 'eager', 'peer')
#: What needs a model, a tokenizer or data of its own: run where these are made, by the test that `blocks` gives it to.
NAMED = ('keras', 'tf_keras', 'keras3', 'open', 'callback', 'jobs', 'engines', 'text', 'huggingface')
#: `<!-- setup quickstart -->`: what the first block of this page makes.
QUICKSTART = 'getting-started.md'

_BLOCK = re.compile(r'^[ \t]*```python\b([^\n]*)\n(.*?)^[ \t]*```[ \t]*$|^<!-- setup\b([^\n]*)\n(.*?)^-->',
                    re.DOTALL | re.MULTILINE)
_QUICKSTART = re.compile('^<!-- setup quickstart -->$', re.MULTILINE)


def pages():
    """The paths of all pages, from docs/ on."""
    found = []
    for folder, folders, names in os.walk(DOCS):
        folders[:] = sorted(set(folders) - OTHERS)
        found += [os.path.relpath(os.path.join(folder, name), DOCS) for name in names if name.endswith('.md')]
    return sorted(found)


def blocks_of(text, name):
    """Label and code of each block of a page and each set-up; lines of errors are those of the page."""
    found = []
    if _QUICKSTART.search(text):
        found += read(QUICKSTART)[:1]
        text = _QUICKSTART.sub('', text)
    for match in _BLOCK.finditer(text):
        label, code = match.group(3, 4) if match.group(2) is None else match.group(1, 2)
        line = text.count('\n', 0, match.start()) + 2
        if label.strip() not in LABELS + NAMED:
            raise ValueError('%s, line %d: a block of Python is plain, eager or peer, not %r.' % (
                name, line - 1, label.strip()))
        found.append((label.strip(), compile('\n' * (line - 1) + textwrap.dedent(code), name, 'exec')))
    return found


def read(page):
    path = os.path.join(DOCS, page)
    with open(path, encoding='utf-8') as file:
        return blocks_of(file.read(), path)


def blocks(label):
    """The code of a label, of the README and then of all pages, each once."""
    found = []
    for page in ['../README.md'] + pages():
        with open(os.path.join(DOCS, page), encoding='utf-8') as file:
            for match in _BLOCK.finditer(_QUICKSTART.sub('', file.read())):
                label_of, code = match.group(3, 4) if match.group(2) is None else match.group(1, 2)
                code = textwrap.dedent(code)
                if label_of.strip() == label and code not in found:
                    found.append(code)
    return found


def has(page, label):
    return any(one == label for one, _ in read(page))


@contextlib.contextmanager
def inside(folder):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run(page, label):
    """Run a page's blocks of one label; their namespace."""
    import numpy as np

    np.random.seed(0)
    namespace = {'__name__': '__page__'}
    with tempfile.TemporaryDirectory() as folder, inside(folder):
        for one, code in read(page):
            if one == label:
                exec(code, namespace)
    return namespace


def run_eager(names):
    """What went wrong on each page, nothing where all went well, as JSON on the last line."""
    failed = {}
    for page in names:
        try:
            run(page, 'eager')
            failed[page] = ''
        except BaseException:  # noqa: B902, a page may exit
            failed[page] = traceback.format_exc()
    print('\n' + json.dumps(failed))


if __name__ == '__main__':
    run_eager(sys.argv[1:])
