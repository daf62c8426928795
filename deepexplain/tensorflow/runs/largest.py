"""Each sample's largest unit, found in the session call that explains it."""
from typing import List, NamedTuple, Optional, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

_ALL = np.zeros(1, np.int32)


class Choice:
    """The largest unit of each row of T, and the weights that choose it; evaluated only where `at` is fed.

    Attributes:
        name: what T is called, for messages.
        units: the number of each row's largest unit, counted as if T's units were in one line.
        at: fed with anything where each row has its own unit. Where rows share units (`shared`), as several that are
            made of one sample do: for each row of the weights the row of T whose unit it takes, or beyond T's rows a
            place in `known`.
        known: units that were found before.
        shape: the shape of T's units; `known_shape` where the graph shows it.
    """

    def __init__(self, T: tf.Tensor, shared: bool, name: str) -> None:
        self.T, self.shared, self.name = T, shared, name
        self.known_shape: Optional[Tuple[int, ...]] = None
        if T.shape[1:].is_fully_defined():
            self.known_shape = tuple(T.shape.as_list()[1:])
        self.at = tf.placeholder_with_default(tf.constant([], tf.int32), [None], name='at')
        wanted = tf.greater(tf.size(self.at), 0)
        value = tf.raw_ops.Switch(data=T, pred=wanted)[1]
        size, in_line = tf.shape(value), value.shape.ndims == 2
        self.shape = size[1:]
        # A T of unknown rank may be one number.
        flat = value if in_line else tf.reshape(value, tf.stack([tf.concat([size, [1]], 0)[0], -1]))
        # As numpy has it: the first that is nan, if any.
        lost = tf.is_nan(flat)
        flat = tf.where_v2(tf.reduce_any(lost, 1, keepdims=True), tf.cast(lost, T.dtype), flat)
        chosen = self.units = tf.argmax(flat, 1)
        if shared:
            self.known = tf.placeholder_with_default(tf.constant([], tf.int64), [None], name='known')
            chosen = tf.gather(tf.concat([self.units, self.known], 0), self.at)
        weights = tf.one_hot(chosen, tf.shape(flat)[1], dtype=T.dtype)
        if not in_line:
            weights = tf.reshape(weights, tf.concat([tf.shape(chosen), self.shape], 0))
        one = tf.raw_ops.Switch(data=tf.ones([], T.dtype), pred=wanted)[0]
        #: The weights, or 1 where nothing is to be chosen.
        self.weights = tf.raw_ops.Merge(inputs=[one, weights])[0]


class Asked(NamedTuple):
    """What a call that chooses is fed besides, what it fetches, whose units it finds in which of T's rows."""
    feeds: List[Tuple[tf.Tensor, np.ndarray]]
    fetches: List[tf.Tensor]
    samples: np.ndarray
    rows: np.ndarray
    height: int


class Largest:
    """The largest units of samples, as far as calls have found them."""

    def __init__(self, choice: Choice, n: int, together: bool) -> None:
        self._choice, self._together = choice, together
        self._found = np.zeros(n, bool)
        # Together the one sample has a unit in each row of T.
        self._units = np.zeros(n, np.int64)
        self._shape = choice.known_shape

    def knows(self, samples: np.ndarray) -> bool:
        """Whether the units of some samples are known."""
        return bool(self._found[samples].all())

    def missing(self, samples: np.ndarray) -> np.ndarray:
        """Those of some samples whose units are not known yet, each once, rising."""
        return np.unique(samples[~self._found[samples]])

    def ask(self, samples: np.ndarray, at_x: np.ndarray) -> Optional[Asked]:
        """How a call finds the units that it needs, if it can.

        Args:
            samples: the sample of each row that wants weights.
            at_x: the sample that each row of T is evaluated at, as it is, or -1.
        """
        choice, found = self._choice, self._found[samples]
        fetches = [choice.units] + ([choice.shape] if self._shape is None else [])
        if not choice.shared:
            same = not found.any() and np.array_equal(samples, at_x)
            return Asked([(choice.at, _ALL)], fetches, samples, np.arange(len(samples)), len(at_x)) if same else None
        first = np.full(len(self._found), -1, np.int32)
        rows = np.flatnonzero(at_x >= 0)[::-1]
        first[at_x[rows]] = rows
        at = first[samples]
        if (at[~found] < 0).any():
            return None
        fresh, feeds = self.missing(samples), []
        if found.any():
            at[found] = len(at_x) + np.arange(found.sum())
            feeds.append((choice.known, self._units[samples[found]]))
        return Asked(feeds + [(choice.at, at)], fetches, fresh, first[fresh], len(at_x))

    def answer(self, asked: Asked, values: List[np.ndarray]) -> None:
        """Take note of what a call has found."""
        units = values[0]
        if self._shape is None:
            self._shape = tuple(values[1])
        if self._together:
            self._units = units[np.newaxis]
        elif len(units) != asked.height:
            raise no_row_each(self._choice.name, len(units), asked.height)
        else:
            # Of a sample that fills a call up the first row counts.
            self._units[asked.samples[::-1]] = units[asked.rows[::-1]]
        self._found[asked.samples] = True

    def weights(self, samples: np.ndarray) -> np.ndarray:
        """The weights of T's units that choose the largest of some samples, which are known."""
        units = self._units[samples]
        shape = units.shape + (self._shape or ())
        flat = np.zeros((units.size, int(np.prod(self._shape or (), dtype=np.int64))),
                        self._choice.T.dtype.as_numpy_dtype)
        flat[np.arange(units.size), units.ravel()] = 1
        return flat.reshape(shape)


def no_row_each(T: str, got: int, wanted: int) -> RuntimeError:
    """What a T that has not one value for each sample is refused with, where that is needed."""
    return RuntimeError("T ('%s') must have a value for each sample: it has %d for %d." % (T, got, wanted))
