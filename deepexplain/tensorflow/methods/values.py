"""What the options of methods may be, as far as neither a model nor samples are needed to tell.

A method checks the rest, before it adds anything to the graph: TensorFlow's graphs cannot lose what they have.
"""
from typing import Any, Callable, Dict, List

import numpy as np

from ..relevance.composite import Composite
from ..relevance.rules import AlphaBeta, Gamma
from ..runs.arguments import MOST, flag, number, positive_int, shown
from ..runs.seeds import check_seed

QUADRATURES = ('riemann_right', 'riemann_left', 'midpoint', 'trapezoid', 'gauss_legendre')


def check_value(name: str, value: Any) -> None:
    """Refuse the value of an option that no method of this name of an option can take.

    Raises:
        ValueError, TypeError: see CHECKS.
    """
    if name in CHECKS:
        CHECKS[name](name, value)


def checked_axes(axes: Any, what: str) -> List[int]:
    """Axes of X, in order; what becomes of them, for the message."""
    if not isinstance(axes, (list, tuple)) or not axes or len(set(axes)) < len(axes) or any(
            isinstance(one, bool) or not isinstance(one, (int, np.integer)) or one < 1 for one in axes):
        raise ValueError(f'axes must be different ints from 1 on, the axes of X that are {what}, not {shown(axes)}.')
    return sorted(int(one) for one in axes)


def count(name: str, value: Any) -> None:
    positive_int(name, value, MOST)


def _quadrature(name: str, value: Any) -> None:
    if not isinstance(value, str) or value not in QUADRATURES:
        raise ValueError("quadrature must be 'riemann_right', 'riemann_left', 'midpoint', 'trapezoid' (of at least 2 "
                         f"steps) or 'gauss_legendre', not {shown(value)}.")


def _one_of(first: str, second: str) -> Callable[[str, Any], None]:
    def check(name: str, value: Any) -> None:
        if not isinstance(value, str) or value not in (first, second):
            raise ValueError(f"{name} must be '{first}' or '{second}', not {shown(value)}.")
    return check


def _composite(name: str, value: Any) -> None:
    if value is not None:
        Composite(value)


def _index(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ValueError(f'{name} must be an int of at least 0, not {shown(value)}.')


#: Option -> what checks it; options of one name are the same for all methods, or the wider ones are.
CHECKS: Dict[str, Callable[[str, Any], Any]] = {
    'steps': count, 'samples': count, 'seed': lambda name, value: check_seed(value), 'noise': number, 'stddev': number,
    'quadrature': _quadrature, 'uncovered': _one_of('error', 'gradient'),
    'products': _one_of('half', 'signal'), 'softmax': _one_of('taylor', 'constant'),
    'norms': _one_of('linear', 'identity'), 'composite': _composite, 'until_layer_idx': _index,
    'gamma': lambda name, value: Gamma(value), 'bias': lambda name, value: AlphaBeta(bias=value),
    'generalized': lambda name, value: value is None or flag(name, value),
    'multipliers': flag, 'hypothetical': flag,
    'complete': flag, 'rescale_convolutions': flag, 'per_group': flag, 'antithetic': flag, 'normalize': flag}
