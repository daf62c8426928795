"""Warnings that point at the caller's line."""
import difflib
import os
import sys
import warnings
from typing import Any, Dict, Iterable, List, Tuple

#: The library, and what calls it in the user's name.
_PACKAGES = tuple(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), name) + os.sep
                  for name in ('tensorflow', 'text'))


def warn(message: str) -> None:
    """A UserWarning at the first line of the stack that is not deepexplain's own."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGES):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, stacklevel=level)


def close_to(name: Any, names: Iterable[str]) -> str:
    """' Did you mean 'lrp.z'?' for a name that is like one of some names, else nothing."""
    known = {one.lower(): one for one in names}
    found = difflib.get_close_matches(name.lower(), list(known), 1) if isinstance(name, str) else []
    return f" Did you mean '{known[found[0]]}'?" if found else ''


def listed(ops: Iterable[Tuple[str, str]]) -> str:
    """'Softmax (probabilities), Mul (gate and 2 more)' for pairs of an op's type and name, each said once."""
    by_type: Dict[str, List[str]] = {}
    for op_type, name in dict.fromkeys(ops):
        by_type.setdefault(op_type, []).append(name)
    return ', '.join('%s (%s%s)' % (op_type, names[0], ' and %d more' % (len(names) - 1) if len(names) > 1 else '')
                     for op_type, names in by_type.items())
