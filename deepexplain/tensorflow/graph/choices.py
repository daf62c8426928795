"""Branches that are chosen by whether a model trains: which side is taken while it does not, and what decides it."""
from typing import Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Set

import numpy as np
import tensorflow.compat.v1 as tf

from .numbers import DEPTH, Numbers
from .path import Path
from .phases import is_learning_phase, is_training_flag

#: The value that a tensor has while the model does not train; None where it has several.
Settled = Dict[str, Optional[float]]

IsFlag = Callable[[tf.Operation], bool]


class Choice(NamedTuple):
    """What a condition is while the model does not train.

    Attributes:
        side: whether it is true.
        settled: the placeholders for training that it is made of, and what is made of these on the way to it.
    """
    side: bool
    settled: Settled


def is_any_flag(op: tf.Operation) -> bool:
    """Whether an op is a placeholder for training, or a Keras learning phase."""
    return is_training_flag(op) or is_learning_phase(op)


def choice_of(op: Optional[tf.Operation], is_flag: IsFlag = is_any_flag) -> Optional[Choice]:
    """The choice of a Switch or an If, if training alone decides it.

    Args:
        is_flag: which placeholders are taken to be off.
    """
    if op is None or op.type not in ('Switch', 'RefSwitch', 'If', 'StatelessIf'):
        return None
    condition = op.inputs[1 if 'Switch' in op.type else 0]
    above = _above(condition)
    flags = [one for one in above if is_flag(one.op)]
    if not flags:
        return None
    numbers = Numbers({flag.name: (0., 0.) for flag in flags})
    side = numbers.truth(condition)
    if side is None:
        return None
    settled: Settled = {}
    # Those above come later in the list.
    for one in reversed(above):
        if one in flags or any(source.name in settled for source in one.op.inputs):
            ends = numbers.range(one)
            settled[one.name] = ends[0] if ends is not None and ends[0] == ends[1] else None
    return Choice(side, settled)


def _above(condition: tf.Tensor) -> List[tf.Tensor]:
    """A condition and what it is made of, as far as numbers are followed; each after what is made of it."""
    found: Dict[str, tf.Tensor] = {}
    waiting = [(condition, DEPTH)]
    while waiting:
        tensor, depth = waiting.pop()
        # Whoever comes again goes to the end.
        found.pop(tensor.name, None)
        found[tensor.name] = tensor
        if depth and Numbers.follows(tensor.op):
            waiting.extend((one, depth - 1) for one in tensor.op.inputs)
    return list(found.values())


def training_tensors(path: Path, is_flag: IsFlag = is_learning_phase) -> Set[str]:
    """The tensors that have a value only while a model trains: behind that side of a Switch.

    Args:
        is_flag: what counts as a learning phase.
    """
    waiting: List[tf.Tensor] = []
    for op in path.of_types(['Switch']):
        choice = choice_of(op, is_flag)
        if choice is not None:
            waiting.append(op.outputs[0 if choice.side else 1])
    dead = {tensor.name for tensor in waiting}.union(path.dead)
    # Ops in a branch are older than the Switches that they read.
    while waiting:
        for op in waiting.pop().consumers():
            for tensor in op.outputs if op.type != 'Merge' else ():
                if tensor.name not in dead:
                    dead.add(tensor.name)
                    waiting.append(tensor)
    return dead


def settled_by(ops: Iterable[tf.Operation], is_flag: IsFlag = is_any_flag) -> Settled:
    """What the branches among some ops are chosen by, if training alone decides it."""
    found: Settled = {}
    for op in ops:
        choice = choice_of(op, is_flag)
        if choice is not None:
            found.update(choice.settled)
    return found


def function_at_rest(op: Optional[tf.Operation], is_flag: IsFlag = is_any_flag) -> Optional[str]:
    """The name of the function that a functional branch runs while the model does not train, if that decides it."""
    choice = choice_of(op, is_flag) if op is not None and op.type in ('If', 'StatelessIf') else None
    if op is None or choice is None:
        return None
    return op.get_attr('then_branch' if choice.side else 'else_branch').name


def differs(name: str, value: np.ndarray, settled: Mapping[str, Optional[float]]) -> bool:
    """Whether a tensor is fed another value than it has while the model does not train."""
    return name in settled and (settled[name] is None or bool(np.any(value != settled[name])))
