"""Every public name is in the API reference, and its docstring says its arguments, results and errors."""
import importlib
import inspect
import json
import os
import re

import pytest

import deepexplain

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
API, NOTEBOOKS = [os.path.join(ROOT, 'docs', name) for name in ('api', 'notebooks')]
#: What only stores its arguments, or, as the callbacks that Keras calls, reads none of them.
RAISES_NOTHING = {
    'evaluation.Curves', 'evaluation.Table', 'evaluation.subset_sizes', 'jobs.Worker',
    'keras.AttributionCallback.on_epoch_end', 'keras.AttributionCallback.on_train_end',
    'keras.AttributionCallback.set_model'}
CALLED_BY_KERAS = {'keras.AttributionCallback.' + name for name in (
    'on_epoch_end', 'on_train_begin', 'on_train_end', 'set_model')}
SECTION = re.compile(r'^(\w+):\n(.*?)(?=^\w+:\n|\Z)', re.MULTILINE | re.DOTALL)
#: What says of an argument what it may be: a type, a shape, values, or where that is said.
TYPED = re.compile(
    r"\b(ints?|floats?|numbers?|bools?|strings?|names?|words?|arrays?|shapes?|lists?|tuples?|dicts?|functions?|"
    r"tensors?|paths?|files?|folders?|sessions?|graph|axes|True|False|None|see|whether|which|how (many|much|often)|"
    r"as (in|above))\b|'\w+'|`\w+`|\b\d")


def rooms():
    """The rooms that say what of them is public."""
    folder, found = os.path.dirname(deepexplain.__file__), []
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name, '__init__.py')
        if os.path.exists(path):
            with open(path, encoding='utf-8') as file:
                found += [name] if '\n__all__ = ' in file.read() else []
    return found


MODULES = rooms()


def public():
    """The name, and what it stands for, of all that `__all__` names, and of the methods of these classes."""
    found = {}
    for module in MODULES:
        room = importlib.import_module('deepexplain.' + module)
        for name in room.__all__:
            found['%s.%s' % (module, name)] = getattr(room, name)
    from deepexplain.tensorflow.opening import OpenedModel
    found['tensorflow.opening.OpenedModel'] = OpenedModel
    for name, one in list(found.items()):
        for method in dir(one) if inspect.isclass(one) else []:
            of = inspect.getattr_static(one, method)
            of = of.__func__ if isinstance(of, (staticmethod, classmethod)) else of
            of = of.fget if isinstance(of, property) else of
            if not method.startswith('_') and inspect.isfunction(of) and of.__module__.startswith('deepexplain'):
                if not name.endswith('.OpenedModel') or method in vars(one):
                    found['%s.%s' % (name, method)] = of
    return found


PUBLIC = public()
CALLED = {name: one for name, one in PUBLIC.items() if callable(one)}


def sections(docstring):
    """The parts of a docstring that have headings."""
    return dict(SECTION.findall(docstring))


def entries(text):
    """The names of arguments, each with what is said of it."""
    found = {}
    for names, said in re.findall(r'^ {4}(\S[^:]*(?:\n[^:]*)?):\s(.*?)(?=^ {4}\S|\Z)', text, re.MULTILINE | re.DOTALL):
        found.update((name.strip(' *`'), said) for name in names.replace('\n', ' ').split(','))
    return found


def delegate(name, docstring):
    """The function that `Attributions` calls, where the docstring says that it says more."""
    found = re.search(r'; see `(\w+)(?:\.\w+)?`', docstring)
    if not found or not name.startswith('results.Attributions.'):
        return None
    return getattr(importlib.import_module('deepexplain.results.' + found.group(1)), name.split('.')[-1])


def lacks(name, one):
    """What a docstring does not say."""
    docstring = inspect.getdoc(one) or ''
    if not docstring:
        return ['a docstring']
    if name in CALLED_BY_KERAS:
        return []
    if inspect.isclass(one) and issubclass(one, tuple):
        said = entries(sections(docstring).get('Attributes', ''))
        return [field for field in one._fields if field not in said]
    signature = inspect.signature(one.__init__ if inspect.isclass(one) else one)
    arguments = [argument for argument in signature.parameters if argument not in ('self', 'cls', 'result')]
    other = delegate(name, docstring)
    if not arguments:
        return []
    if other is not None:
        return lacks('', other)
    parts = sections(docstring)
    said = dict(entries(parts.get('Attributes', '')) if inspect.isclass(one) else {}, **entries(parts.get('Args', '')))
    missing = ['Args: ' + argument for argument in arguments if argument not in said]
    missing += ['the type of ' + argument for argument in arguments
                if argument in said and not TYPED.search(said[argument])]
    returns = signature.return_annotation not in (None, 'None', inspect.Signature.empty)
    if returns and not inspect.isclass(one) and not {'Returns', 'Yields'} & set(parts):
        missing.append('Returns')
    if 'Raises' not in parts and name not in RAISES_NOTHING:
        missing.append('Raises')
    return missing


@pytest.mark.parametrize('name', sorted(PUBLIC))
def test_docstrings_are_whole(name):
    if name in CALLED:
        assert lacks(name, PUBLIC[name]) == []


def test_exceptions_are_needed():
    for name in RAISES_NOTHING:
        assert 'Raises' not in sections(inspect.getdoc(PUBLIC[name])), name


@pytest.mark.parametrize('module', MODULES)
def test_every_name_is_on_the_page_of_its_module(module):
    with open(os.path.join(API, module + '.md'), encoding='utf-8') as file:
        text = file.read()
    assert '.. automodule:: deepexplain.%s\n   :members:\n   :imported-members:\n' % module in text
    listed = set(re.findall(r'^   ([\w.]*\w)$', text.partition('automodule')[0], re.MULTILINE))
    names = {name.split('.', 1)[1] for name in PUBLIC if name.split('.')[0] == module}
    # Methods that Keras calls, and properties that a class's docstring has as attributes, need no line of the table.
    heads = {name for name in names if '.' not in name}
    assert heads <= listed, 'not in the table of docs/api/%s.md' % module
    assert listed <= names, 'in the table of docs/api/%s.md, and not public' % module
    with open(os.path.join(API, 'index.md'), encoding='utf-8') as file:
        assert module in file.read().split('{toctree}')[1].split()


def test_rooms():
    assert {'evaluation', 'plotting', 'results', 'tensorflow', 'text'} <= set(MODULES) and 'cli' not in MODULES


@pytest.mark.parametrize('docstring, missing', [
    ('Says.', ['Args: xs', 'Args: more', 'Returns', 'Raises']),
    ('Says.\n\nArgs:\n    xs: an array.\n\nReturns:\n    One.\n\nRaises:\n    ValueError: never.', ['Args: more']),
    ('Says.\n\nArgs:\n    xs: thing.\n    **more: as in `run`.\n\nReturns:\n    One.\n\nRaises:\n    ValueError: no.',
     ['the type of xs']),
    ('Says.\n\nArgs:\n    xs, more: an array,\n        or two.\n\nYields:\n    One.\n\nRaises:\n    E: no.', []),
])
def test_what_a_docstring_lacks(docstring, missing):
    def function(xs, **more) -> int:
        raise AssertionError

    function.__doc__ = docstring
    assert lacks('some.function', function) == missing


def cells(name):
    with open(os.path.join(NOTEBOOKS, name), encoding='utf-8') as file:
        return json.load(file)['cells']


@pytest.mark.parametrize('name', ['genomics.ipynb', 'pictures.ipynb', 'text.ipynb'])
def test_notebooks(name):
    assert name in os.listdir(NOTEBOOKS)
    code = [cell for cell in cells(name) if cell['cell_type'] == 'code']
    assert all(cell['outputs'] == [] and cell['execution_count'] is None for cell in code), 'stored without outputs'
    # One line installs what `make dist` makes of this version, and the build of the site does not run it.
    first = code[0]
    assert first['source'] == ["%%pip install -q './deepexplain-%s-py3-none-any.whl[all]'" % deepexplain.__version__]
    assert first['metadata']['tags'] == ['skip-execution']
    for cell in code[1:]:
        assert not cell['metadata'].get('tags')
        compile(re.sub('^%matplotlib inline$', '', ''.join(cell['source']), flags=re.MULTILINE), name, 'exec')
    links = re.findall(r'\]\(([^)]+)\)', ''.join(''.join(cell['source']) for cell in cells(name)))
    for link in links:
        assert link.startswith('https://') or os.path.exists(os.path.join(NOTEBOOKS, link)), link
