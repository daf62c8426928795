"""The first layer of a model, where it is one matrix: what changes behind it is known without computing it anew."""
from typing import TYPE_CHECKING, List, NamedTuple, Optional

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import while_context
from ..graph.kinds import CALLS, FUNCTIONAL, foreign_gradient
from ..graph.path import Path
from ..graph.replica import Replica
from ..graph.walks import ancestors

if TYPE_CHECKING:
    from .model import Model
    from .run import Run

#: A first layer of fewer features is not worth the trouble.
WIDE = 64

#: A shortcut through the first layer pays from about so many multiplications.
WORTH_IT = 2 ** 25

#: Rows of which running sums are taken at once, as a product with a triangle of ones.
BLOCK = 32

#: In place of a feature that leaves.
NONE, ALL = -1, -2

#: They change the shape of a sample and nothing else.
_SHAPES = ('Reshape', 'Identity', 'Snapshot', 'Squeeze', 'ExpandDims')


class Head(NamedTuple):
    """z = flattened X times weights, (features, units), through which alone T depends on X."""
    z: tf.Tensor
    weights: tf.Tensor


def find_head(path: Path) -> Optional[Head]:
    """The MatMul that a path begins with, if it does; adds a transposition to the graph where the op has one."""
    if len(path.X) > 1 or path.X[0].shape.ndims is None or path.X[0].shape.as_list()[0] is not None:
        return None
    x = path.X[0]
    if None in x.shape.as_list()[1:] or not x.dtype.is_floating:
        return None
    features = int(np.prod(x.shape.as_list()[1:], dtype=np.int64))
    tensor = x
    while True:
        readers = [op for op in tensor.consumers() if op in path.dependent]
        if len(readers) != 1 or foreign_gradient(readers[0]) or readers[0].control_inputs:
            return None
        op = readers[0]
        if op.type not in _SHAPES or op.inputs[0] is not tensor:
            break
        tensor = op.outputs[0]
    if op.type != 'MatMul' or op.inputs[0] is not tensor or path.depends(op.inputs[1]) or op.get_attr('transpose_a'):
        return None
    z, weights = op.outputs[0], op.inputs[1]
    if features < WIDE or tensor.shape.as_list() != [None, features] or not weights.shape.is_fully_defined():
        return None
    # Loops, branches and calls behind it are left to the ways that need no second copy of them.
    plain = all(hasattr(tf.raw_ops, op.type) and op.type not in CALLS | FUNCTIONAL and while_context(op) is None
                for op in path.ops)
    if not plain or x.op in ancestors(path.T, {z.name}) + ancestors(weights, set()):
        return None
    return Head(z, tf.transpose(weights) if op.get_attr('transpose_b') else weights)


class FirstLayer:
    """Scores of samples with single features absent, the first layer summed up from what is known to change.

    A large feature that leaves must take its rounding errors with it: running sums are of float64, and where a single
    feature outweighs all others the sample without it is computed as a whole.

    Args:
        running: whether the features of a sample leave one after another; else each row misses one.
    """

    def __init__(self, model: 'Model', head: Head, running: bool) -> None:
        self._model, self._running = model, running
        self._size = head.weights.shape.as_list()
        self._starts = tf.placeholder(tf.int32, [None], name='starts')
        self._owners = tf.placeholder(tf.int32, [None], name='owners')
        self._features = tf.placeholder(tf.int32, [None], name='features')
        dtype = tf.float64 if running or head.z.dtype == tf.float64 else tf.float32
        self._changes = tf.placeholder(dtype, [None], name='changes')
        weights = tf.cast(head.weights, dtype)
        # Not X itself, which others beside the path may read and compare with what has as many rows.
        self._base = tf.placeholder(model.X[0].dtype, [None, self._size[0]], name='base')
        base = tf.matmul(tf.cast(self._base, dtype), weights)
        rows = tf.gather(weights, self._features)
        if running:
            triangle = tf.constant(np.tril(np.ones((BLOCK, BLOCK))), dtype)
            inner = tf.matmul(triangle * tf.reshape(self._changes, [-1, 1, BLOCK]),
                              tf.reshape(rows, [-1, BLOCK, self._size[1]]))
            before = tf.cumsum(inner[:, -1], exclusive=True)
            summed = tf.reshape(inner + before[:, tf.newaxis], [-1, self._size[1]])
            # A sample's sum begins with its own first row.
            own = tf.gather(rows, self._starts) * tf.gather(self._changes, self._starts)[:, tf.newaxis]
            base -= tf.gather(summed, self._starts) - own
        else:
            summed = rows * self._changes[:, tf.newaxis]
        points = tf.cast(tf.gather(base, self._owners) + summed, head.z.dtype)
        path = Path([head.z], model.T)
        self._T = Replica(path.with_loops(), {head.z.name: points}).tensor(model.T)
        self._score = model.score_of(self._T)

    def pays(self, run: 'Run', absent: np.ndarray, rows: int) -> bool:
        """Whether it is faster, for so many rows, than the whole model, and exact."""
        if not run.rowing.mixed or run.rowing.rows < 2 * BLOCK or rows * self._size[0] * self._size[1] < WORTH_IT:
            return False
        changes = np.abs(absent.astype(np.float64) - run.xs[0].reshape(run.n, -1))
        # Sums take in the whole call: what is no number, or beyond float64 next to the rest, would spoil them all.
        typical = np.median(changes[changes > 0]) if changes.any() else 0.
        return bool(np.isfinite(changes).all() and changes.max() <= 1e8 * typical)

    def scores(self, run: 'Run', absent: np.ndarray, samples: np.ndarray, features: np.ndarray,
               first: Optional[np.ndarray] = None) -> np.ndarray:
        """The scores of some rows.

        Args:
            absent: what is there when a feature is absent, (1 or n, features).
            samples: the sample of each row.
            features: the feature that leaves, or `NONE`, or `ALL`, which stands for itself.
            first: where features leave one after another, whether a row is the first of a sample's; else samples rise.
        """
        flat = run.xs[0].reshape(run.n, -1)
        gone = absent[samples if len(absent) > 1 else 0, features].astype(np.float64)
        changes = np.where(features < 0, 0, gone - flat[samples, features])
        squares = np.square(flat, dtype=np.float64)
        rest = squares.sum(1)[samples] - squares[samples, features] + gone ** 2
        heavy = changes ** 2 > 64 * rest
        parts = []
        for start in range(0, len(samples), run.rowing.rows // BLOCK * BLOCK):
            part = slice(start, start + run.rowing.rows // BLOCK * BLOCK)
            if first is None:
                starts = np.zeros(0, int)
                owners = samples[part] - samples[start]
                base = flat[samples[start]:samples[part][-1] + 1]
                alone = start + np.flatnonzero(heavy[part])
                if len(alone):
                    owners[alone - start] = np.arange(len(base), len(base) + len(alone))
                    base = np.concatenate([base, flat[samples[alone]]])
                    base[owners[alone - start], features[alone]] = gone[alone]
                    changes[alone] = 0
            else:
                begins = first[part].copy()
                begins[0] = True
                starts, owners = np.flatnonzero(begins), np.cumsum(begins) - 1
                base = flat[samples[part][starts]]
                left = features[start - np.argmax(first[start::-1]):start]
                empty = features[part][starts] == ALL
                base[empty] = absent[samples[part][starts][empty] if len(absent) > 1 else [0]]
                base[0, left] = absent[samples[start] if len(absent) > 1 else 0, left]
            parts.append(self._call(run, base, starts, owners, samples[part], features[part], changes[part]))
        return np.concatenate(parts) if parts else np.zeros((0,) + run.tail)

    def _call(self, run: 'Run', base: np.ndarray, starts: np.ndarray, owners: np.ndarray, samples: np.ndarray,
              features: np.ndarray, changes: np.ndarray) -> np.ndarray:
        rows = len(samples)
        more = -rows % BLOCK if self._running else 0
        columns: List[np.ndarray] = [np.pad(column, (0, more), 'edge') for column in (
            samples, owners, np.maximum(features, 0), changes)] if more else [
            samples, owners, np.maximum(features, 0), changes]
        fed = [(self._base, base), (self._starts, starts),
               (self._owners, columns[1]), (self._features, columns[2]), (self._changes, columns[3])]
        if run.several is not None:
            score = run.several.of(run.fetch(self._T, fed, columns[0])[:rows], samples)
        else:
            if run.ys is not None:
                fed.append((self._model.Y, run.ys[columns[0]]))
            score = run.fetch(self._score, fed, columns[0])[:rows]
        run.progress(rows)
        return score
