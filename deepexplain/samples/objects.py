"""The classes and functions of the user's own that are named as MODULE:NAME."""
import functools
import importlib
import os
import sys
from typing import Any, Dict, Optional, Sequence, Tuple

from .says import WrongUse


def named_objects(named: Optional[Sequence[Tuple[str, str, str]]], said: str = '--custom-objects'
                  ) -> Optional[Dict[str, Any]]:
    """What some triples of key, module and name stand for, by key or by their own names; None for none.

    Modules are looked for in the working directory too, as `python -m` does.
    """
    if not named:
        return None
    found: Dict[str, Any] = {}
    for key, module, name in named:
        value = _imported(module, name, said)
        if isinstance(value, dict) and not key:
            found.update(value)
        else:
            found[key or getattr(value, '__name__', name)] = value
    return found


def _imported(module: str, name: str, said: str) -> Any:
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        holder = importlib.import_module(module)
    except Exception as error:  # noqa: B902, whatever the user's code raises
        raise WrongUse(f"{said}: the module '{module}' cannot be imported: {type(error).__name__}: "
                       f'{error}.') from error
    finally:
        sys.path.remove(here)
    try:
        return functools.reduce(getattr, name.split('.'), holder)
    except AttributeError:
        raise WrongUse(f"{said}: the module '{module}' has no '{name}'.") from None
