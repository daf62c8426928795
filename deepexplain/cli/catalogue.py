"""The methods and their options as their files say them, read without TensorFlow, which takes seconds to import."""
import ast
import os
from typing import Any, Dict, List, NamedTuple

_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tensorflow', 'methods')


class Method(NamedTuple):
    """What is known of a method.

    Attributes:
        description: the first line of its class's docstring.
        parameters: its options, with their defaults.
    """
    description: str
    parameters: Dict[str, Any]

    def options(self) -> List[str]:
        """The names of its options."""
        return list(self.parameters)


def methods() -> Dict[str, Method]:
    """The table of methods, by name, in its order."""
    table: Dict[str, str] = {}
    classes: Dict[str, ast.ClassDef] = {}
    for name in sorted(os.listdir(_FOLDER)):
        if not name.endswith('.py'):
            continue
        with open(os.path.join(_FOLDER, name), encoding='utf-8') as file:
            tree = ast.parse(file.read())
        classes.update((node.name, node) for node in tree.body if isinstance(node, ast.ClassDef))
        if name == '__init__.py':
            table = _table(tree)
    return {name: Method(_description(classes[of]), _parameters(of, classes)) for name, of in table.items()}


def _table(tree: ast.Module) -> Dict[str, str]:
    """Method -> the name of its class, of `attribution_methods = OrderedDict([...])`."""
    value: Any = next(node.value for node in tree.body if isinstance(node, ast.AnnAssign)
                      and getattr(node.target, 'id', '') == 'attribution_methods')
    return {ast.literal_eval(pair.elts[0]): pair.elts[1].id for pair in value.args[0].elts}


def _description(of: ast.ClassDef) -> str:
    return (ast.get_docstring(of) or '').split('\n')[0]


def _parameters(name: str, classes: Dict[str, ast.ClassDef]) -> Dict[str, Any]:
    """The parameters of a class's own __init__, or that of the first class it is made of, without self and model.

    Those that `**how` stands for are what the first class that it is made of takes by name alone.
    """
    found: Dict[str, Any] = {}
    positional = True
    for init in _inits(name, classes):
        defaults = [ast.literal_eval(one) for one in init.args.defaults]
        given = init.args.args[2:] if positional else []
        found.update(zip((one.arg for one in given), defaults[len(defaults) - len(given):]))
        found.update((one.arg, ast.literal_eval(default)) for one, default in zip(
            init.args.kwonlyargs, init.args.kw_defaults) if default is not None)
        positional = False
        if init.args.kwarg is None:
            break
    return found


def _inits(name: str, classes: Dict[str, ast.ClassDef]) -> List[ast.FunctionDef]:
    """The __init__ of a class and of those that it is made of."""
    own = classes.get(name)
    if own is None:
        return []
    found = [node for node in own.body if isinstance(node, ast.FunctionDef) and node.name == '__init__']
    for base in own.bases:
        if isinstance(base, ast.Name):
            found += _inits(base.id, classes)
    return found
