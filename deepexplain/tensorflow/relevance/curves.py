"""Functions of one number in a graph, worked out in numpy: which values they have at all."""
import math
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.numbers import Numbers

_WIDE = np.array([100., 1e3, 1e6])
#: Where functions are looked at: close by in steps of 1/20, and far out, to see what has no bound.
GRID = np.concatenate([-_WIDE[::-1], np.linspace(-60, 60, 2401), _WIDE])

_erf = np.vectorize(math.erf)


def _softplus(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, x)


_FUNCTIONS: Dict[str, Callable] = {
    'Identity': lambda x: x, 'Snapshot': lambda x: x, 'Neg': np.negative, 'Exp': np.exp, 'Expm1': np.expm1,
    'Log': np.log, 'Log1p': np.log1p, 'Square': np.square, 'Sqrt': np.sqrt, 'Rsqrt': lambda x: 1 / np.sqrt(x),
    'Reciprocal': lambda x: 1 / x, 'Inv': lambda x: 1 / x, 'Abs': np.abs, 'Sign': np.sign, 'Tanh': np.tanh,
    'Sigmoid': lambda x: np.exp(-_softplus(-x)), 'Softplus': _softplus, 'Softsign': lambda x: x / (1 + np.abs(x)),
    'Relu': lambda x: np.maximum(x, 0), 'Relu6': lambda x: np.clip(x, 0, 6), 'Erf': _erf, 'Erfc': lambda x: 1 - _erf(x),
    'Elu': lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))), 'Sin': np.sin, 'Cos': np.cos, 'Atan': np.arctan,
    'Add': np.add, 'AddV2': np.add, 'Sub': np.subtract, 'Mul': np.multiply, 'MulNoNan': np.multiply,
    'RealDiv': np.divide, 'Div': np.divide, 'DivNoNan': np.divide, 'Pow': np.power, 'SquaredDifference':
    lambda a, b: (a - b) ** 2, 'Maximum': np.maximum, 'Minimum': np.minimum,
    'ClipByValue': lambda x, low, high: np.minimum(np.maximum(x, low), high),
    'Select': np.where, 'SelectV2': np.where, 'Greater': np.greater, 'GreaterEqual': np.greater_equal,
    'Less': np.less, 'LessEqual': np.less_equal, 'AddN': lambda *x: sum(x), 'Cast': lambda x: x,
}


def values(y: tf.Tensor, x: tf.Tensor, depends: Callable[[tf.Tensor], bool]) -> Optional[np.ndarray]:
    """What y = f(x), a function of one number, is at the `GRID`; None where that cannot be told."""
    known: Dict[str, Any] = {x.name: GRID}
    numbers = Numbers()
    waiting = [y]
    while waiting:
        tensor = waiting[-1]
        if tensor.name in known:
            waiting.pop()
            continue
        if not depends(tensor):
            found = numbers.range(tensor)
            if found is None or found[0] != found[1]:
                return None
            known[tensor.name] = found[0]
            continue
        op = tensor.op
        if op.type not in _FUNCTIONS:
            return None
        missing = [one for one in op.inputs if one.name not in known]
        if missing:
            waiting += missing
            if len(waiting) > 200:
                return None
            continue
        with np.errstate(all='ignore'):
            known[tensor.name] = _FUNCTIONS[op.type](*[known[one.name] for one in op.inputs])
    return np.broadcast_to(np.asarray(known[y.name], float), GRID.shape)


def ends_of(found: List[np.ndarray], signs: List[int]) -> Optional[Tuple[float, float]]:
    """The least and the largest of a product of functions of one number, some of them inverted (-1)."""
    with np.errstate(all='ignore'):
        product = np.prod([one if sign > 0 else 1 / one for one, sign in zip(found, signs)], axis=0)
    known = product[~np.isnan(product)]
    # Far out numbers may overflow, but close by hardly any should.
    return (float(known.min()), float(known.max())) if known.size > GRID.size / 2 else None
