"""What sphinx-gallery is given to make pages of: whole scripts, of the examples and of each picture."""
import ast
import os
import sys

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
EXAMPLES, DOCS = os.path.join(ROOT, 'examples'), os.path.join(ROOT, 'docs')

pytestmark = pytest.mark.skipif(sys.version_info < (3, 9), reason='the site is built on the newest Python')


@pytest.fixture
def scripts(monkeypatch):
    monkeypatch.syspath_prepend(os.path.join(DOCS, '_ext'))
    import scripts
    yield scripts
    for name in ('scripts', 'docstrings'):
        sys.modules.pop(name, None)


@pytest.fixture
def written(scripts, tmp_path):
    from pathlib import Path

    (tmp_path / 'examples').symlink_to(EXAMPLES)
    (tmp_path / 'docs').mkdir()
    (tmp_path / 'docs' / 'gallery').symlink_to(os.path.join(DOCS, 'gallery'))
    scripts.write(Path(str(tmp_path / 'docs')))
    return tmp_path / 'docs' / '_build' / 'scripts'


def test_examples_are_whole(scripts, written):
    names = sorted(name for name in os.listdir(EXAMPLES) if name.endswith('.py'))
    assert (written / 'examples' / 'order').read_text().split('\n') == names
    for name in names:
        tree = ast.parse((written / 'examples' / name).read_text())
        with open(os.path.join(EXAMPLES, name)) as file:
            own = ast.parse(file.read())
        title, line, *_ = ast.get_docstring(tree).split('\n')
        assert title.replace('\\', '') == name and set(line) == {'='}
        # All but the docstring.
        assert [ast.dump(node) for node in tree.body[1:]] == [ast.dump(node) for node in own.body[1:]]
    assert set(scripts.OWN) | set(scripts.ALIKE) <= {name[:-3] for name in names}
    for picture in list(scripts.OWN.values()) + list(scripts.ALIKE.values()):
        assert os.path.exists(os.path.join(DOCS, picture))


def test_each_picture_has_a_script_that_knows_its_names(scripts, written):
    import builtins

    names = (written / 'pictures' / 'order').read_text().split('\n')
    with open(os.path.join(EXAMPLES, 'gallery.py')) as file:
        drawings = list(scripts.drawings(file.read()))
    assert ['plot_%s.py' % one.name for one in drawings] == names and len(names) > 10
    for one in drawings:
        tree = ast.parse((written / 'pictures' / ('plot_%s.py' % one.name)).read_text())
        known = set(dir(builtins))
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                known |= {(name.asname or name.name) for name in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                known.add(node.id)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert used <= known, one.name
        assert any(word in ast.unparse(tree.body[-1]) for word in ('savefig', 'print', 'file.write'))
        with open(os.path.join(DOCS, 'gallery', 'README.md')) as file:
            assert '## %s\n' % one.heading in file.read()


def test_what_a_page_shows(scripts):
    from pathlib import Path

    def shown(name):
        return scripts.shown(Path(DOCS), name)

    assert shown('generated/examples/imagenet') == '.. image:: /imagenet.png'
    assert shown('generated/examples/multiple_inputs') == ''
    assert shown('generated/pictures/plot_grid') == '.. image:: /gallery/grid.png'
    assert shown('generated/pictures/plot_words_plain').startswith('::\n\n    the ')
    assert shown('generated/pictures/plot_words_html').startswith('.. raw:: html\n\n    <p><span')


def test_docstrings_as_restructuredtext(scripts):
    text = 'Words of `names`.\n\n    pip install it\n\nRun: python one.py\n     python two.py\n'
    assert scripts.paragraphs(text) == (
        'Words of ``names``.\n\n::\n\n    pip install it\n\nRun::\n\n    python one.py\n    python two.py')
