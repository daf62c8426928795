"""Rows into session calls: every method is a sweep of evaluations over samples, cut by one memory knob."""
from collections import Counter
from typing import Any, Iterator, List, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.kinds import CALLS, FUNCTIONAL
from ..graph.path import Path

#: What the largest tensor of a call may hold, in bytes, where the caller does not say how many rows it has. The
#: convolutions of TensorFlow 1.15 are slower in large calls, and who knows what a loop holds.
LARGEST, LOOPED = (25 if tf.__version__.startswith('1.') else 200) * 2 ** 20, 25 * 2 ** 20
#: What all tensors between X and T may hold together. TensorFlow keeps about a third of them at a time.
TOTAL = 3 * 2 ** 30


class Rowing(NamedTuple):
    """How the rows of a run may be cut into session calls.

    Attributes:
        rows: the most rows of one session call.
        mixed: whether rows of several evaluations may share a call. Where T is no longer one value a sample (a mean
            over the batch, say), the rows of a call must belong to one evaluation.
        exact: whether the graph takes calls of exactly `rows` rows.
    """
    rows: int
    mixed: bool
    exact: bool


class Rows(NamedTuple):
    """The rows of one session call: row i is sample `samples[i]`, rising, in evaluation `evaluations[i]`."""
    samples: np.ndarray
    evaluations: np.ndarray


class Block(NamedTuple):
    """A session call that evaluates each of some samples at each of some evaluations.

    Where the graph takes calls of one size only, the last of either is repeated; the first `real` of each count.
    """
    samples: np.ndarray
    evaluations: np.ndarray
    real: Tuple[int, int]


def pairs(samples: int, evaluations: int, mixed: bool) -> Tuple[np.ndarray, np.ndarray]:
    """The sample and the evaluation of each row: sample after sample; or, unmixed, evaluation after evaluation."""
    index = np.arange(samples * evaluations)
    if evaluations == 1:
        return index, np.zeros(samples, int)
    return (index // evaluations, index % evaluations) if mixed else (index % samples, index // samples)


def cuts(rows: int, rowing: Rowing, samples: int) -> Iterator[slice]:
    """Rows in calls: of like size, where nothing asks for another; unmixed, of one evaluation of all samples."""
    size, whole = rowing.rows, rows if rowing.mixed else samples
    if rowing.mixed and not rowing.exact:
        size = -(-rows // max(1, -(-rows // size)))
    for first in range(0, rows, max(1, whole)):
        for start in range(first, min(first + whole, rows), max(1, size)):
            yield slice(start, min(start + size, first + whole, rows))


def sweep(samples: int, evaluations: int, rowing: Rowing) -> Iterator[Rows]:
    """Cut all evaluations of all samples into calls."""
    of_samples, of_evaluations = pairs(samples, evaluations, rowing.mixed)
    for part in cuts(len(of_samples), rowing, samples):
        yield Rows(of_samples[part], of_evaluations[part])


def blocks(samples: int, evaluations: int, rowing: Rowing) -> Iterator[Block]:
    """Cut all evaluations of all samples into blocks, in which a method can work with the samples once."""
    high, wide = _sides(samples, evaluations, rowing)
    for top in range(0, samples, high):
        for left in range(0, evaluations, wide):
            real = min(high, samples - top), min(wide, evaluations - left)
            size = (high, wide) if rowing.exact else real
            yield Block(np.minimum(np.arange(top, top + size[0]), samples - 1),
                        np.minimum(np.arange(left, left + size[1]), evaluations - 1), real)


def _sides(samples: int, evaluations: int, rowing: Rowing) -> Tuple[int, int]:
    """How many samples and how many evaluations of each a block has."""
    rows = rowing.rows
    if not rowing.mixed:
        return rows, 1
    if rowing.exact:
        return min(((size, rows // size) for size in range(1, rows + 1) if rows % size == 0),
                   key=lambda sides: -(-samples // sides[0]) * -(-evaluations // sides[1]))
    # Blocks of like size: 130 steps in calls of 128 rows are twice 65.
    wide = -(-evaluations // -(-evaluations // rows))
    high = max(1, rows // wide)
    return -(-samples // -(-samples // high)), wide


def take(array: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """The rows of some samples: a view where each follows the one before, else a copy."""
    first, last = samples[0], samples[-1]
    follow = last - first + 1 == len(samples) and (samples[1:] > samples[:-1]).all()
    return array[first:last + 1] if follow else array[samples]


def column(numbers: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """One number for each row, as it goes with the rows."""
    return numbers.reshape((-1,) + (1,) * (rows.ndim - 1))


def add_rows(total: np.ndarray, owners: np.ndarray, values: np.ndarray) -> None:
    """Add row i of the values to row owners[i] of the total; owners rise, and one may have several rows."""
    starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
    total[owners[starts]] += np.add.reduceat(values, starts, 0, np.float64)


def sums_of(owners: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """The sum of the values of each of so many owners, in whatever order; of values (n, units) in columns."""
    if values.ndim == 1:
        return np.bincount(owners, values, size)
    return np.stack([np.bincount(owners, own, size) for own in values.T], 1)


def aligned(shape: Sequence[int], dtype: Any) -> np.ndarray:
    """An uninitialised array at an address that TensorFlow reads in place, where it copies others."""
    if np.dtype(dtype).hasobject:
        return np.empty(shape, dtype)
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + 64, np.uint8)
    offset = -memory.ctypes.data % 64
    return memory[offset:offset + size].view(dtype).reshape(shape)


class Footprint:
    """How much one sample takes on a path: what the default number of rows is chosen by."""

    def __init__(self, path: Path) -> None:
        ops = [op for op in path.ops if op in path.dependent]
        tensors = list(path.X) + [tensor for op in ops for tensor in op.outputs]
        shapes = Counter((tuple(tensor.shape.as_list()), tensor.dtype.size)
                         for tensor in tensors if tensor.shape.ndims)
        known = [(_bytes(shape, size), count) for (shape, size), count in shapes.items() if None not in shape[1:]]
        self._largest, self._total = max(known, default=(0, 0))[0], sum(size * count for size, count in known)
        self._unknown = [(shape, size, count) for (shape, size), count in shapes.items() if None in shape[1:]]
        self._inner = any(op.type == 'Enter' or op.type in CALLS or op.type in FUNCTIONAL for op in ops)

    def rows(self, xs: Sequence[np.ndarray]) -> int:
        """The most rows with which tensors on the path stay within `LARGEST` and `TOTAL` bytes; at least 1.

        An unknown dimension counts as the same one of an input of the same rank, else as the inputs' longest.
        """
        each = [(self._largest, 0)] + [(x[:1].nbytes, 1) for x in xs]
        longest = max([size for x in xs for size in x.shape[1:]] or [1])
        for shape, size, count in self._unknown:
            like: List[int] = next((list(x.shape) for x in xs if x.ndim == len(shape)), [longest] * len(shape))
            each.append((_bytes([extent if known is None else known for known, extent in zip(shape, like)], size),
                         count))
        largest, total = max(each)[0], self._total + sum(size * count for size, count in each)
        most = min(LARGEST, LOOPED) if self._inner else LARGEST
        return max(1, min(most // max(1, largest), TOTAL // max(1, total)))


def _bytes(shape: Sequence[int], size: int) -> int:
    """What one row of a tensor takes."""
    return size * int(np.prod(shape[1:], dtype=np.int64))
