"""Walks over a graph: what is reached from some tensors, and what they hang on."""
from typing import Callable, FrozenSet, Iterable, List, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf

from .kinds import CONSTANT
from .zeros import is_zero


def ops_to(X: Sequence[tf.Tensor], targets: Sequence[tf.Tensor], dead: FrozenSet[str] = frozenset()
           ) -> Tuple[List[tf.Operation], Set[tf.Operation]]:
    """The ops between tensors X and any of some targets, and those of them whose values depend on X.

    See `Path`, of which this is the first half: for many targets at the cost of one.
    """
    ends = {x.name for x in X}
    readers = [reader for x in X for reader in x.consumers()]
    path = forward(readers, frozenset()) & backward([T.op for T in targets if T.name not in ends], ends)
    ops = [op for op in targets[0].graph.get_operations() if op in path] if path else []
    return ops, forward([reader for reader in readers if reader in path], CONSTANT, dead, is_zero) & path


def ancestors(tensor: tf.Tensor, ends: Set[str]) -> List[tf.Operation]:
    """The ops that a tensor depends on, through control inputs too, as far as the tensors named in `ends`."""
    return ancestors_of([tensor], ends)


def ancestors_of(tensors: Iterable[tf.Tensor], ends: Set[str]) -> List[tf.Operation]:
    """The same of several tensors."""
    makers = [tensor.op for tensor in tensors if tensor.name not in ends]
    return sorted(backward(makers, ends, control=True), key=lambda op: op.name)


def reached_from(tensors: Iterable[tf.Tensor], stops: Callable[[tf.Operation], bool] = lambda op: False
                 ) -> Set[tf.Operation]:
    """The ops that hang on the values of some tensors, without passing an op that stops."""
    return forward([op for tensor in tensors for op in tensor.consumers()], CONSTANT, stops=stops)


def reached_by_value(tensors: Iterable[tf.Tensor]) -> Set[tf.Operation]:
    """The ops that hang on the values of some tensors, though the gradient may be stopped on the way."""
    return forward([op for tensor in tensors for op in tensor.consumers()], CONSTANT - {'StopGradient'})


def forward(start: Iterable[tf.Operation], barred: Iterable[str], dead: FrozenSet[str] = frozenset(),
             stops: Callable[[tf.Operation], bool] = lambda op: False) -> Set[tf.Operation]:
    """The ops that can be reached from these, these included, without passing a barred op (type) or a dead tensor."""
    waiting = [op for op in start if op.type not in barred and not stops(op)]
    found = set(waiting)
    while waiting:
        for tensor in waiting.pop().outputs:
            for op in tensor.consumers() if tensor.name not in dead else ():
                if op not in found and op.type not in barred and not stops(op):
                    found.add(op)
                    waiting.append(op)
    return found


def backward(start: Iterable[tf.Operation], ends: Set[str], control: bool = False) -> Set[tf.Operation]:
    """The ops that these depend on, these included, as far as the tensors named in `ends`."""
    waiting = list(start)
    found = set(waiting)
    while waiting:
        op = waiting.pop()
        sources = [tensor.op for tensor in op.inputs if tensor.name not in ends]
        for source in sources + (list(op.control_inputs) if control else []):
            if source not in found:
                found.add(source)
                waiting.append(source)
    return found
