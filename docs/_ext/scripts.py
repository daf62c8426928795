"""Examples and pictures as pages of sphinx-gallery: their whole code, under thumbnails. The build runs none of them.

The tests run the examples, and `make demo`, `make real` and `make gallery` have drawn what is shown. sphinx-gallery
reads copies, in docs/_build/scripts, which have titles and say where their thumbnails are, and writes docs/generated.
"""
import ast
import re
import shutil
from pathlib import Path
from typing import Any, Dict, Iterator, List, NamedTuple

from docstrings import escaped

#: What an example draws, or what looks like it, from docs/ on.
OWN = {'digits_methods': 'methods.png', 'digits_tensorflow': 'demo.png', 'genomics': 'genomics.png',
       'imagenet': 'imagenet.png', 'saved_model': 'saved_model.png'}
ALIKE = {'digits_keras': 'gallery/grid.png', 'gallery': 'gallery/heatmap_over.png', 'gallery_data': 'gallery/bars.png',
         'efficientnet_lite': 'imagenet.png', 'multiple_inputs': 'gallery/bars.png',
         'text_embedding': 'gallery/text.png'}
HEADERS = {'examples': '''Examples
========

The scripts of the folder ``examples/``. They are run from there, since some import others, and the tests run each.
''', 'pictures': '''Gallery
=======

What ``deepexplain.plotting`` draws, each with a script that draws it; they run in the folder ``examples/``, whose
``gallery_data.py`` trains the networks. :doc:`/gallery/README` is all of them on one page.
'''}


class Picture(NamedTuple):
    """A function of examples/gallery.py."""
    name: str
    data: str
    heading: str
    said: str
    code: str
    made: str


def drawings(source: str) -> Iterator[Picture]:
    """The functions that examples/gallery.py lists, in its order."""
    tree, lines = ast.parse(source), source.split('\n')
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    listed: Any = [node.value for node in tree.body if isinstance(node, ast.Assign)
                   and getattr(node.targets[0], 'id', '') == 'DRAWINGS'][0]
    for name in [one.id for one in listed.elts]:
        node: Any = functions[name]
        heading, _, said = (ast.get_docstring(node) or '').partition('\n\n')
        # Between the docstring and the line that returns.
        body = lines[node.body[0].end_lineno:node.body[-1].lineno - 1]
        yield Picture(name, node.args.args[0].arg, heading, said, '\n'.join(line[4:] for line in body),
                      ast.unparse(node.body[-1].value))


def _listed(docs: Path) -> List[Picture]:
    return list(drawings((docs.parent / 'examples' / 'gallery.py').read_text(encoding='utf-8')))


def paragraphs(docstring: str) -> str:
    """A docstring as reStructuredText: what is indented, or run, is code."""
    found: List[str] = []
    for part in docstring.strip().split('\n\n'):
        if part.startswith('Run: '):
            found.append('Run::\n\n' + '\n'.join('    ' + line[5:] for line in part.split('\n')))
        elif part.startswith('    '):
            found.append('::\n\n' + part)
        else:
            found.append('\n'.join(escaped(line) for line in part.split('\n')))
    return '\n\n'.join(found)


def titled(title: str, text: str, code: str, thumbnail: str) -> str:
    title = escaped(title)
    return 'r"""\n%s\n%s\n\n%s\n"""\n# sphinx_gallery_thumbnail_path = %r\n%s\n' % (
        title, '=' * len(title), text, thumbnail, code.strip('\n'))


def of_example(path: Path) -> str:
    source = path.read_text(encoding='utf-8')
    docstring = ast.get_docstring(ast.parse(source)) or ''
    code, thumbnail = source.split('"""', 2)[2], {**ALIKE, **OWN}.get(path.stem, 'demo.png')
    return titled(path.name, paragraphs(docstring), code, thumbnail)


def of_picture(one: Picture, folder: Path) -> str:
    imports = ['import gallery_data', 'import tensorflow.compat.v1 as tf']
    imports += [line for used, line in (('np.', 'import numpy as np'), (
        'Figure(', 'from matplotlib.figure import Figure')) if used in one.code]
    shown = "%s.savefig('%s.png')" % (one.made, one.name)
    if one.made == 'printed':
        shown = 'print(printed)'
    elif one.made == 'page':
        shown = "with open('%s.html', 'w', encoding='utf-8') as file:\n    file.write(page)" % one.name
    code = [*sorted(imports, key=lambda line: line.split()[1]), '', 'from deepexplain import plotting', '',
            'tf.set_random_seed(0)', '%s = gallery_data.%s(10)' % (one.data, one.data), '', one.code, shown]
    own = 'gallery/%s.png' % one.name
    return titled(one.heading, paragraphs(one.said), '\n'.join(code),
                  own if (folder / own).exists() else 'gallery/words.png')


def write(docs: Path) -> None:
    """The copies. A script of the name of a drawing alone, signal.py, would stand before Python's own."""
    root, out = docs.parent / 'examples', docs / '_build' / 'scripts'
    shutil.rmtree(out, ignore_errors=True)
    pages = {'examples': {path.name: of_example(path) for path in sorted(root.glob('*.py'))}, 'pictures': {
        'plot_%s.py' % one.name: of_picture(one, docs) for one in _listed(docs)}}
    for kind, files in pages.items():
        (out / kind).mkdir(parents=True)
        (out / kind / 'GALLERY_HEADER.rst').write_text(HEADERS[kind], encoding='utf-8')
        (out / kind / 'order').write_text('\n'.join(files), encoding='utf-8')
        for name, text in files.items():
            (out / kind / name).write_text(text, encoding='utf-8')


class Order:
    """Of pages in their index: that in which they were written."""

    def __init__(self, folder: str) -> None:
        self.file = Path(folder) / 'order'

    def __call__(self, name: str) -> int:
        return self.file.read_text(encoding='utf-8').split('\n').index(Path(name).name)


def shown(docs: Path, docname: str) -> str:
    """What a page shows above its code."""
    kind, name = docname.split('/')[1:]
    if kind == 'examples':
        return '.. image:: /%s' % OWN[name] if name in OWN else ''
    name = name[len('plot_'):]
    if (docs / 'gallery' / (name + '.png')).exists():
        return '.. image:: /gallery/%s.png' % name
    if (docs / 'gallery' / (name + '.html')).exists():
        page = (docs / 'gallery' / (name + '.html')).read_text(encoding='utf-8')
        return '.. raw:: html\n\n' + '\n'.join('    ' + line for line in page.split('\n') if line.startswith('<p>'))
    readme = (docs / 'gallery' / 'README.md').read_text(encoding='utf-8')
    heading, = [one.heading for one in _listed(docs) if one.name == name]
    section = readme.partition('## %s\n' % heading)[2].partition('\n## ')[0]
    printed = re.search(r'```text\n(.*?)\n```', section, re.DOTALL)
    return '::\n\n' + '\n'.join('    ' + line for line in printed.group(1).split('\n')) if printed else ''


def add(app: Any, docname: str, source: List[str]) -> None:
    if docname.startswith('generated/') and not docname.endswith('/index'):
        source[0] = source[0].replace('.. code-block::', shown(Path(app.srcdir), docname) + '\n\n.. code-block::', 1)


def configure(app: Any, config: Any) -> None:
    write(Path(app.confdir))
    config.sphinx_gallery_conf = {
        'examples_dirs': ['_build/scripts/examples', '_build/scripts/pictures'],
        'gallery_dirs': ['generated/examples', 'generated/pictures'],
        'within_subsection_order': 'scripts.Order', 'plot_gallery': 'False', 'download_all_examples': False,
        'notebook_extensions': set(), 'remove_config_comments': True, 'show_signature': False,
        'write_computation_times': False, 'min_reported_time': 1e9, 'inspect_global_variables': False}


def setup(app: Any) -> Dict[str, Any]:
    # Before sphinx-gallery reads it.
    app.connect('config-inited', configure, priority=5)
    app.connect('source-read', add)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
