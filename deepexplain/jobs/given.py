"""What a job may be given, checked one by one as it stands; nothing is opened."""
import copy
import os
import re
from typing import Any, Dict, List, Mapping, Optional, Sequence

import numpy as np

from .codec import encoded

#: How a target begins that is a column of the data.
COLUMN = 'column:'


def path_of(said: str, path: Any) -> str:
    """The absolute path of a file or folder."""
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f'{said} must be a path, which other processes can open, not {type(path).__name__}%s.' % (
            ': np.save it' if isinstance(path, np.ndarray) else ''))
    found = os.fspath(path)
    if not found:
        raise ValueError(f'{said} must be a path, not an empty text.')
    if re.match(r'[a-zA-Z][\w+.-]+:/', found):
        raise ValueError(f"{said}: '{found}' is an address, and jobs read and write files: copy it, or mount the "
                         'store, to where all workers have it under one path.')
    return os.path.abspath(found)


def text_of(said: str, text: Any) -> str:
    """A name."""
    if not isinstance(text, str) or not text:
        raise TypeError(f'{said} must be a name, not {text!r}.' if isinstance(text, str) else
                        f'{said} must be a name, not {type(text).__name__}.')
    return text


def names_of(said: str, names: Any) -> Optional[List[str]]:
    """Names, or none."""
    if names is None:
        return None
    if not isinstance(names, (list, tuple)) or not all(isinstance(name, str) for name in names):
        raise TypeError(f'{said} must be a list of names.')
    return list(names)


def mapping_of(said: str, given: Any, known: Optional[Sequence[str]] = None) -> Dict[str, Any]:
    """A dict of what can be written down, a copy.

    Args:
        known: its keys, where these are known.
    """
    if given is not None and not isinstance(given, Mapping):
        raise TypeError(f'{said} must be a dict, not {type(given).__name__}.')
    found = copy.deepcopy(dict(given or {}))
    encoded(found, said)
    for name in found:
        if known is not None and name not in known:
            raise ValueError('%s: there is no %r, but %s.' % (said, name, ', '.join(known)))
    return found


def checked_options(options: Any) -> Dict[str, Any]:
    """The options of a method, when they can be written down."""
    found = mapping_of('options', options)
    if 'seed' in found:
        raise ValueError('options: the seed is an argument of its own, seed=.')
    return found


def count_of(said: str, value: Any) -> Optional[int]:
    """A positive int, or none."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f'{said} must be a positive int, not {_shown(value)}.')
    return int(value)


def seed_of(seed: Any) -> int:
    """A seed."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or not 0 <= seed < 2 ** 32:
        raise ValueError(f'seed must be an int of at least 0 and below 2 ** 32, not {_shown(seed)}.')
    return int(seed)


def target_of(target: Any) -> str:
    """A target as the command line writes it."""
    units = target if isinstance(target, tuple) else (target,)
    if units and all(isinstance(unit, (int, np.integer)) and not isinstance(unit, bool) and unit >= 0
                     for unit in units):
        return '/'.join(str(int(unit)) for unit in units)
    if isinstance(target, str) and target.startswith(COLUMN) and target != COLUMN:
        return target
    if isinstance(target, str) and target and ',' not in target:
        return 'sum' if target == 'all' else target
    raise ValueError("target must be 'max', 'sum', an int of at least 0 or a tuple of these, the same for all rows, or "
                     f"'column:NAME', a column of the data; not {_shown(target)}.")


def _shown(value: Any) -> str:
    """A value for a message; of an array its shape."""
    return f'an array of the shape {value.shape}' if isinstance(value, np.ndarray) else repr(value)[:100]
