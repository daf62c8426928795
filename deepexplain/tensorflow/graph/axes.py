"""The axis of a tensor that holds rows, and what an op does with it."""
from typing import Callable, NamedTuple, Optional, Union

import numpy as np
import tensorflow.compat.v1 as tf

from .compat import static_value
from .sizes import Size, sizes_of

#: Rows that are read one by one, as by the steps of a loop.
BY_STEP = -1


#: A collection of the graphs that stand for the body of a function.
BODY = 'deepexplain_body'


class Rows(NamedTuple):
    """A tensor holds rows along an axis, in their order unless the op named `moved` has moved or picked some of them.

    `inner` says how many places there each row has: times merged with samples, say. None where that is unknown, and 0
    where the places of one row are apart.
    """
    axis: int
    inner: Optional[int] = 1
    moved: str = ''


#: It hangs on the rows, but no axis holds them; and where they are is not known.
GONE, LOST = 'gone', 'lost'

State = Union[Rows, str]


class Move(NamedTuple):
    """Where an op puts the rows of an input, and whether each output certainly hangs on several of them."""
    to: Optional[State]
    meet: bool = False


#: An input that does not tell where rows are: a number of an element, say.
NOTHING = Move(None)


Mover = Callable[[tf.Operation, int, Rows], Move]


def at(rows: Rows, axis: int) -> Move:
    return Move(rows._replace(axis=axis))


def shuffled(op: tf.Operation, rows: Rows, axis: int) -> Move:
    # Rows that are moved twice may be back in their order.
    return Move(LOST if rows.moved else rows._replace(axis=axis, moved=op.name))


def rank_of(tensor: tf.Tensor) -> Optional[int]:
    return tensor.shape.ndims


def static(op: tf.Operation, i: int) -> Optional[np.ndarray]:
    """The numbers of an input that are known, flat."""
    if i >= len(op.inputs):
        return None
    value = static_value(op.inputs[i])
    if value is not None:
        return np.ravel(value)
    sizes = sizes_of(op.inputs[i], lambda tensor, axis: False) or [Size(None)]
    return None if any(size.number is None for size in sizes) else np.array([size.number for size in sizes])
