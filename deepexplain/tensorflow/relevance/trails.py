"""What becomes of a layer's axes behind it, as far as the sizes tell."""
from typing import Any, Callable, FrozenSet, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .axes import MATRICES, SAME_SHAPE, own_axes

#: Axes of one tensor that hold the same numbers as axes of another, in the same order.
Group = Tuple[List[int], List[int]]


class Step(NamedTuple):
    """What an op behind a layer does to axes: to the order of `perm`, or the numbers of `groups` in other axes."""
    op: tf.Operation
    perm: Optional[List[int]] = None
    groups: Optional[List[Group]] = None
    sizes: Tuple[List[Optional[int]], ...] = ()


class Trail(NamedTuple):
    """A tensor behind a layer: where its axes come from.

    Attributes:
        sizes: of its last axes, of all where the rank is known.
        origins: for each the axes of the layer's output, counted from the end, that it is made of; None where it
            cannot be told.
        known: whether the rank is.
        steps: how it came about.
    """
    sizes: List[Optional[int]]
    origins: List[Optional[FrozenSet[int]]]
    known: bool
    steps: List[Step]

    def over(self, op: tf.Operation) -> Optional['Trail']:
        """The same behind another op, if it is one of the `MOVES` and leaves something to be told."""
        if op.type in SAME_SHAPE:
            return self
        new = op.outputs[0].shape
        if op.type == 'Transpose':
            perm = tf.get_static_value(op.inputs[1])
            if perm is None or not self.known or len(perm) != len(self.sizes):
                return None
            order = [int(axis) % len(perm) for axis in perm]
            return Trail([self.sizes[i] for i in order], [self.origins[i] for i in order], True,
                         self.steps + [Step(op, perm=order)])
        if not self.known or new.ndims is None or op.type == 'BatchToSpaceND':
            # What lies on the last axis stays there, if that is as long.
            after = 1
            sizes = new.as_list() if new.ndims is not None else []
            if op.type == 'BatchToSpaceND' and op.inputs[1].shape.num_elements() is not None:
                after = len(sizes) - 1 - op.inputs[1].shape.num_elements()
            if after < 1 or self.sizes[-after:] != sizes[-after:] or None in sizes[-after:]:
                return None
            origins: List[Optional[FrozenSet[int]]] = [None] * (len(sizes) - after)
            return Trail(sizes, origins + self.origins[-after:], new.ndims is not None, self.steps + [Step(op)])
        sizes = new.as_list()
        groups = aligned(self.sizes, sizes)
        origins = [None] * len(sizes)
        for before, behind in groups:
            sources = [self.origins[i] for i in before]
            for i in behind:
                origins[i] = None if None in sources else frozenset().union(*[one for one in sources if one])
        of_one = {tuple(behind): self.sizes[before[0]] for before, behind in groups if len(before) == len(behind) == 1}
        sizes = [of_one.get((i,)) if size is None else size for i, size in enumerate(sizes)]
        return Trail(sizes, origins, True, self.steps + [Step(op, groups=groups, sizes=(self.sizes, sizes))])

    def sources(self, shape: Optional[Sequence[Optional[int]]]) -> Optional[FrozenSet[int]]:
        """The axes of the layer's output along which what has this shape differs when it is added here.

        None where that cannot be told, or the tensor may be broadcast to the shape.
        """
        if shape is None or len(shape) > len(self.sizes) and (self.known or any(size != 1 for size in shape)):
            return None
        found: FrozenSet[int] = frozenset()
        for size, extent, origin in zip(shape[::-1], self.sizes[::-1], self.origins[::-1]):
            if size != 1:
                if size is None or size != extent or origin is None:
                    return None
                found |= origin
        return found


def trail_of(op: tf.Operation, data: int) -> Trail:
    """What a layer puts out, as the beginning of a trail."""
    z, w = op.outputs[0], op.inputs[1 if op.type not in MATRICES + ('Einsum',) else 1 - data]
    known = z.shape.ndims is not None
    sizes: List[Optional[int]] = z.shape.as_list() if known else [None]
    extents = w.shape.as_list() if w.shape.ndims is not None else []
    for axis, places in own_axes(op, data).items():
        if -axis <= len(sizes) and sizes[axis] is None and all(-place <= len(extents) for place in places):
            lengths = [extents[place] for place in places]
            sizes[axis] = None if None in lengths else int(np.prod(lengths))
    # Nothing differs along an axis of one number.
    origins: List[Optional[FrozenSet[int]]] = [
        frozenset([i - len(sizes)]) if size != 1 else frozenset() for i, size in enumerate(sizes)]
    return Trail(sizes, origins, known, [])


def aligned(old: Sequence[Optional[int]], new: Sequence[Optional[int]]) -> List[Group]:
    """Which axes hold the same numbers before and after a reshape, as far as the sizes tell; the rest as one group."""
    i, j, end, until = 0, 0, len(old), len(new)
    head: List[Group] = []
    tail: List[Group] = []
    while i < end and j < until:
        pair = _first(old[i:end], new[j:until])
        if pair is None:
            break
        head.append((list(range(i, i + pair[0])), list(range(j, j + pair[1]))))
        i, j = i + pair[0], j + pair[1]
    while i < end and j < until:
        pair = _first(old[i:end][::-1], new[j:until][::-1])
        if pair is None:
            break
        end, until = end - pair[0], until - pair[1]
        tail.append((list(range(end, end + pair[0])), list(range(until, until + pair[1]))))
    rest: List[Group] = [(list(range(i, end)), list(range(j, until)))] if i < end or j < until else []
    return head + rest + tail[::-1]


def _first(old: Sequence[Optional[int]], new: Sequence[Optional[int]]) -> Optional[Tuple[int, int]]:
    """How many of the first axes on both sides have the same product."""
    i, j, a, b = 1, 1, old[0], new[0]
    while a is not None and b is not None and a != b:
        if a < b:
            if i == len(old) or old[i] is None:
                return None
            a, i = a * (old[i] or 0), i + 1
        else:
            if j == len(new) or new[j] is None:
                return None
            b, j = b * (new[j] or 0), j + 1
    return None if a is None or b is None else (i, j)


def brought_back(value: tf.Tensor, steps: Sequence[Step],
                 find: Callable[[tf.Operation], tf.Operation] = lambda op: op) -> tf.Tensor:
    """What is added to, or multiplies, a tensor behind a layer, as what does the same to the layer's output.

    Args:
        steps: how the tensor came about.
        find: finds the op that stands for one of the path.
    """
    for step in reversed(steps):
        value = _short(value)
        if not value.shape.ndims:
            break
        if step.perm is not None:
            value = tf.transpose(_ranked(value, len(step.perm)), np.argsort(step.perm))
        elif step.groups is not None:
            value = _regrouped(_ranked(value, len(step.sizes[1])), step, find(step.op))
    return _short(value)


def _regrouped(value: tf.Tensor, step: Step, op: tf.Operation) -> tf.Tensor:
    """A value of as many axes as what an op puts out, for the axes of what went in."""
    olds, news = step.sizes
    full: List[Any] = [1] * len(news)
    result: List[Any] = [1] * len(olds)
    for before, behind in step.groups or []:
        if any(value.shape.as_list()[i] != 1 for i in behind):
            for i in behind:
                full[i] = tf.shape(op.outputs[0])[i] if news[i] is None else news[i]
            for i in before:
                result[i] = tf.shape(op.inputs[0])[i] if olds[i] is None else olds[i]
    if value.shape.as_list() != full:
        value = tf.broadcast_to(value, full)
    return tf.reshape(value, result)


def _ranked(value: tf.Tensor, rank: int) -> tf.Tensor:
    missing = rank - value.shape.ndims
    return value[(tf.newaxis,) * missing] if missing > 0 else value


def _short(value: tf.Tensor) -> tf.Tensor:
    """A value without axes of one number in front."""
    sizes = value.shape.as_list()
    kept = next((i for i, size in enumerate(sizes) if size != 1), len(sizes))
    if not kept:
        return value
    return tf.reshape(value, tf.shape(value)[kept:] if None in sizes else sizes[kept:])
