"""The ops between two tensors of a path, and of which tensor others are elementwise functions."""
from typing import Dict, List, Mapping, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from .path import Path


class Sources:
    """For tensors the nearest one, if any, of which each is an elementwise function."""

    def __init__(self) -> None:
        self._nearest: Dict[str, tf.Tensor] = {}
        self._first: Dict[str, str] = {}

    def note(self, nearest: Mapping[str, tf.Tensor]) -> None:
        """Take note of the nearest ones, by the names of the tensors."""
        for name, x in nearest.items():
            self._nearest[name], self._first[name] = x, self._first.get(x.name, x.name)

    def shared(self, tensors: Sequence[tf.Tensor]) -> Optional[tf.Tensor]:
        """The nearest tensor of which all of some tensors are elementwise functions, or None."""
        x: Optional[tf.Tensor] = tensors[0]
        for tensor in tensors[1:]:
            x = x if x is None else self._common(x, tensor)
        return x

    def _common(self, a: tf.Tensor, b: tf.Tensor) -> Optional[tf.Tensor]:
        if self._first.get(a.name, a.name) != self._first.get(b.name, b.name):
            return None
        # Both ways back in turn: the one that comes second to where they meet finds the other's trace.
        ends, seen, turn = [a, b], (set(), set()), 0  # type: List[Optional[tf.Tensor]], Sequence[Set[str]], int
        while any(one is not None for one in ends):
            at = ends[turn]
            if at is not None:
                if at.name in seen[1 - turn]:
                    return at
                seen[turn].add(at.name)
                ends[turn] = self._nearest.get(at.name)
            turn = 1 - turn
        return None


def ops_between(x: tf.Tensor, y: tf.Tensor, path: Path) -> List[tf.Operation]:
    """The ops of a path that lead from x to y, and those that make constants of shapes between the two.

    With another tensor in place of x they make another y, the constants of its shape.
    """
    found, waiting = {y.op}, [y.op]
    constants: List[tf.Tensor] = []
    while waiting:
        for tensor in waiting.pop().inputs:
            if tensor.name == x.name or tensor.op in found:
                continue
            if path.depends(tensor):
                found.add(tensor.op)
                waiting.append(tensor.op)
            elif path.by_shape(tensor.op):
                constants.append(tensor)
    for tensor in constants:
        found |= _makers(tensor, x, found, path)
    return path.in_order(found)


def _makers(constant: tf.Tensor, x: tf.Tensor, inner: Set[tf.Operation], path: Path) -> Set[tf.Operation]:
    """The ops that make a constant, if it hangs on the shape of x or of what some inner ops put out."""
    found, waiting, hangs = {constant.op}, [constant.op], False
    while waiting:
        for tensor in waiting.pop().inputs:
            hangs = hangs or tensor.name == x.name or tensor.op in inner
            if tensor.op not in found and path.by_shape(tensor.op):
                found.add(tensor.op)
                waiting.append(tensor.op)
    return found if hangs else set()
