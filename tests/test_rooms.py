"""The rooms of deepexplain.tensorflow: imports run down the list alone, and each says what lives there."""
import ast
import os

import pytest

HOUSE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'deepexplain', 'tensorflow')

#: From the ground up; a room imports those before it. Whoever opens the door to `opening` does so inside a function.
ROOMS = ['messages', 'graph', 'runs', 'rules', 'relevance', 'methods', 'starting', 'judging', 'finishing', 'probing',
         'explaining', 'explainer', 'context', 'opening']


def imports(path):
    """Each room that a file imports, and whether that happens as the file is imported, for it to run."""
    parts = os.path.relpath(path, HOUSE).split(os.sep)
    with open(path, encoding='utf-8') as file:
        tree = ast.parse(file.read())
    inside = {inner for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == len(parts):
            for name in [node.module] if node.module else [alias.name for alias in node.names]:
                yield name.split('.')[0], node not in inside


def files():
    for folder, _, names in os.walk(HOUSE):
        for name in names:
            if name.endswith('.py') and os.path.join(folder, name) != os.path.join(HOUSE, '__init__.py'):
                yield os.path.join(folder, name)


def room_of(path):
    return os.path.relpath(path, HOUSE).split(os.sep)[0].replace('.py', '')


@pytest.mark.parametrize('path', sorted(files()), ids=lambda path: os.path.relpath(path, HOUSE))
def test_imports_run_downwards(path):
    floor = ROOMS.index(room_of(path))
    for name, at_once in imports(path):
        if room_of(path) == 'context' and name == 'opening':
            with open(path, encoding='utf-8') as file:
                assert 'if TYPE_CHECKING:\n    from .opening' in file.read() or not at_once
        else:
            assert ROOMS.index(name) < floor, '%s imports %s' % (os.path.relpath(path, HOUSE), name)


def test_private_tensorflow_is_in_one_file():
    for path in files():
        with open(path, encoding='utf-8') as file:
            private = 'tensorflow.python' in file.read()
        assert private == (os.path.relpath(path, HOUSE) == os.path.join('graph', 'compat.py')), path


@pytest.mark.parametrize('room', [one for one in ROOMS if os.path.isdir(os.path.join(HOUSE, one))])
def test_a_room_says_what_lives_there_and_what_may_not(room):
    with open(os.path.join(HOUSE, room, '__init__.py'), encoding='utf-8') as file:
        said = ast.get_docstring(ast.parse(file.read()))
    assert len(said.splitlines()) == 3 and 'import' in said.lower()
