"""Sums of functions of one number that are a function of it themselves."""
from typing import Callable, Sequence

import tensorflow.compat.v1 as tf

from .kinds import SUMS
from .numbers import Numbers
from .path import Path

_SCALES = frozenset(['Mul', 'MulNoNan', 'RealDiv', 'Div', 'DivNoNan', 'Xdivy'])


def is_bent_line(ops: Sequence[tf.Operation], path: Path, is_exact: Callable[[tf.Operation, Path], bool]) -> bool:
    """Whether a sum is a function with a kink that is written with absolute values, as (x + |x|) / 2 for relu."""
    inner = [op for op in ops if op in path.dependent]
    return any(op.type == 'Abs' for op in inner) and all(
        op.type in ('Abs', 'Identity', 'Neg') or op.type in SUMS or (
            op.type in _SCALES and is_exact(op, path)) for op in inner)


def has_shifts(ops: Sequence[tf.Operation], path: Path) -> bool:
    """Whether functions shift by numbers, and by nothing else, on their way from what they are of to their sum."""
    numbers, found = Numbers(), False
    for op in ops:
        inputs = [path.depends(one) for one in op.inputs]
        if op in path.dependent and op.type in SUMS and sum(inputs) == 1 and len(inputs) == 2:
            known = numbers.range(op.inputs[1 - inputs.index(True)])
            if known is None or known[0] != known[1]:
                return False
            found = found or bool(known[0])
    return found
