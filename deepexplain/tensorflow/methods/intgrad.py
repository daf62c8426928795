"""Integrated gradients."""
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..graph.walks import ancestors
from ..rules.gradients import gradients_of, target_at
from ..runs.arguments import MOST, first_dimension, positive_int
from ..runs.baselines import Baselines
from ..runs.batching import Block, add_rows, blocks, pairs, take
from ..runs.first_layer import find_head
from ..runs.largest import Asked
from ..runs.model import Model
from ..runs.run import Run
from .base import GradientAttribution
from .multipliers import attributed, form_of


class IntegratedGradients(GradientAttribution):
    """The gradient averaged along the straight path from the baseline, times (x - baseline).

    Sundararajan et al. 2017, eq. 3: the weighted sum over places a of the gradient at baseline + a (x - baseline),
    by default a = 1/steps, 2/steps, ..., 1 with equal weights. The attributions of a sample add up to
    T(x) - T(baseline) as steps grow.

    Args:
        steps: the number of points on the path, a positive int. Default 100.
        baseline, references: see `Attribution`.
        quadrature: where the points are and what they weigh; weights sum to 1. 'riemann_right' (default): the right
            ends of `steps` equal parts of the path; 'riemann_left': their left ends, as in iNNvestigate; 'midpoint':
            their middles; 'trapezoid': `steps` points from the baseline to the input, both included, the two ends
            weighing half (at least 2 steps); 'gauss_legendre': the Gauss-Legendre nodes, exact for polynomials of
            degree 2 * steps - 1.
        multipliers, hypothetical, axis: see `Form`.

    Raises:
        ValueError: for a quadrature of another name, or 'trapezoid' with 1 step.
    """

    run_options: Sequence[str] = ('baseline', 'references')
    has_convergence_delta = parts_of_target = True
    one_pass = False

    def __init__(self, model: Model, steps: int = 100, baseline: Any = None, references: Any = None,
                 quadrature: str = 'riemann_right', multipliers: bool = False, hypothetical: bool = False,
                 axis: Any = None) -> None:
        self.model, self.form = model, form_of(model, multipliers, hypothetical, axis)
        self._steps = positive_int('steps', steps, MOST)
        self.check_value('quadrature', quadrature)
        self._quadrature = quadrature
        self._rule = np.array(_nodes(quadrature, self._steps))
        self._inner: Dict[str, IntegratedGradients] = {}
        self.set_absent(baseline, references)
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        """The weighed sum over the places of a block, computed where the gradients are."""
        X = self.model.samples
        # At the samples themselves, which no point need be.
        self.model.shared = True
        self.model.choose_from(self.model.T)
        self._samples = [tf.placeholder(x.dtype, _some(x), name='samples') for x in X]
        # What is mostly the same has a default: a feed costs as much as ten small ops.
        self._baselines = [_baseline(x, value) for x, value in zip(X, self._baseline)]
        self._own = self._references is None and all(
            one.op.type == 'PlaceholderWithDefault' for one in self._baselines)
        self._nodes = tf.placeholder_with_default(tf.constant(self._rule), [2, None], name='nodes')
        self._at, self._weight = tf.unstack(self._nodes)
        # A plain sum is the fastest, where no place is there to fill a call up.
        self._even = not np.ptp(self._rule[1]) and not any(first_dimension(x) for x in X)
        # Which sample each pair of a sample and a reference belongs to.
        self._owner = tf.placeholder(tf.int32, [None], name='owners')
        head = None if self.model.together else find_head(self.model.path)
        if head is None:
            path, ends = self.model.path, list(zip(self._samples, self._baselines))
        else:
            # Behind a linear layer the points are on a line again: the layer is computed at its two ends alone.
            size = tf.shape(self._samples[0])[0]
            both = tf.matmul(_flat(tf.concat([self._samples[0], self._baselines[0]], 0)), head.weights)
            path, ends = Path([head.z], self.model.T), [(both[:size], both[size:])]
        points = [self._points(tensor, *end) for tensor, end in zip(path.X, ends)]
        T = target_at(path, points)
        self._sizes = [self.model.size_of(T)]
        sums = [self._summed(one) for one in gradients_of(T, points, self.model)]
        if head is not None:
            sums = [tf.matmul(sums[0], tf.cast(head.weights, sums[0].dtype), transpose_b=True)]
        results = [attributed(self.form, tf.reshape(one, tf.shape(x)), x, baseline, at.name)
                   for one, x, baseline, at in zip(sums, self._samples, self._baselines, X)]
        self._of_samples = [tf.segment_sum(result, self._owner) for result in results]
        # What hangs on X beside the path (an assertion, say) is run as well, and may compare it with other feeds.
        needed = {op.name for gradient in sums for op in ancestors(gradient, {self.model.Y.name})}
        self._beside = [x.op.name in needed for x in self.model.X]
        return results

    def _points(self, tensor: tf.Tensor, end: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """The places between two ends, sample after sample, in the form of the tensor that they are put in for."""
        sample = tf.shape(end)[1:]
        end, start = _flat(end), _flat(start)
        # Spread to the size of the points first: where both sides of a product are broadcast TensorFlow is slow.
        at = tf.tile(tf.cast(self._at, tensor.dtype)[:, tf.newaxis], tf.shape(end))
        at = tf.reshape(at, tf.stack([tf.shape(end)[0], tf.shape(self._at)[0], -1]))
        points = start[:, tf.newaxis] + at * (end - start)[:, tf.newaxis]
        if self.model.together:
            points = tf.reshape(points, sample)
            points.set_shape(tensor.shape)
            return points
        shape = [None] if tensor.shape.ndims is None else tensor.shape.as_list()
        if None in shape[1:] or tensor.shape.ndims is None:
            return tf.reshape(points, tf.concat([[-1], sample], 0))
        return tf.reshape(points, [-1 if shape[0] is None else shape[0]] + shape[1:])

    def _summed(self, gradient: tf.Tensor) -> tf.Tensor:
        """The weighed sum of gradients over the places: one flat row for each sample."""
        # Half precision is too little to sum in.
        dtype = tf.float32 if gradient.dtype.size < 4 else gradient.dtype
        sides = tf.stack([tf.shape(self._samples[0])[0], tf.shape(self._at)[0], -1])
        by_place = tf.reshape(tf.cast(gradient, dtype), sides)
        weights = tf.cast(self._weight, dtype)
        if self._even:
            return tf.reduce_sum(by_place, 1) * weights[0]
        return tf.matmul(weights[tf.newaxis, tf.newaxis], by_place)[:, 0]

    def evaluations(self, run: Run) -> int:
        return self._steps * self.absent(run).size

    def attribute(self, run: Run) -> List[np.ndarray]:
        absent = self.absent(run)
        self.look_at_absence(run, absent)
        samples, references = pairs(run.n, absent.size, run.rowing.mixed)
        # Sums over a sample's references are made in the graph, but for the rows that only fill a call up.
        fetches = self._of_samples if absent.size > 1 and not run.rowing.exact else self.symbolic
        totals: List[np.ndarray] = []
        for block in blocks(len(samples), self._steps, run.rowing):
            height, width = block.real
            of_pairs = samples[block.samples]
            feed = self._feed(run, absent, of_pairs, references[block.samples], block)
            rows = np.repeat(of_pairs, len(block.evaluations))
            asked = self._ask(run, rows)
            feed += self._weights(run, of_pairs, len(block.evaluations)) if asked is None else run.by_row(
                [(X, take(x, asked.samples)) for X, x in zip(self.model.X, run.xs)])
            values = []
            for seen, (*own, sizes) in run.by_unit(run.fetch(run.copies(fetches + self._sizes), feed, rows, asked)):
                seen.note(sizes)
                values += own
            run.progress(height * width)
            if height == len(samples) == run.n and width == self._steps:
                return [value[:height].astype(x.dtype, copy=False) for value, x in zip(values, run.each(run.xs))]
            totals = totals or [np.zeros(x.shape) for x in run.each(run.xs)]
            owners = np.unique(of_pairs) if fetches is self._of_samples else of_pairs[:height]
            for total, value in zip(totals, values):
                add_rows(total, owners, value[:len(owners)])
        return [(total / absent.size).astype(x.dtype) for total, x in zip(totals, run.each(run.xs))]

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        for tensor in tensors:
            if tensor.name not in self._inner:
                inner = IntegratedGradients(Model(self.model.T, [tensor], False, '', self.model.together), self._steps,
                                            quadrature=self._quadrature, multipliers=self.form is not None)
                # Its baselines are this one's, as the tensor has them.
                inner._own = False
                inner.model.build()
                self._inner[tensor.name] = inner

    def relevances(self, run: Run, tensors: Sequence[tf.Tensor]) -> List[np.ndarray]:
        """The attributions to each tensor, along the line from its value at the baseline to its value at the input."""
        absent = self.absent(run)
        samples, references = pairs(run.n, absent.size, run.rowing.mixed)
        ends = run.values(tensors, np.arange(run.n), lambda part: [x[part] for x in run.xs])
        starts = run.values(tensors, samples, lambda part: absent.rows(samples[part], references[part]))
        results = []
        for tensor, end, start in zip(tensors, ends, starts):
            by_reference = np.zeros((absent.size,) + end.shape, end.dtype)
            by_reference[references, samples] = start
            inner = self._inner[tensor.name]
            results.append(inner.attribute(run.of(inner.model, [end], Baselines(absent.size, [by_reference])))[0])
        return results

    def _feed(self, run: Run, absent: Baselines, samples: np.ndarray, references: np.ndarray, block: Block
              ) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What a block is fed: its pairs of a sample and a reference, and its places."""
        fed: List[Any] = list(zip(self._samples, (take(x, samples) for x in run.xs)))
        fed += run.by_row([(X, x[np.repeat(samples, len(block.evaluations))]) for X, x, beside in zip(
            self.model.X, run.xs, self._beside) if beside])
        if not self._own or any(value is not None for value in run.options.values()):
            fed += zip(self._baselines, [array[0] for array in absent.arrays] if absent.shared
                       else absent.rows(samples, references))
        if block.real[1] < self._steps or len(block.evaluations) > self._steps:
            nodes = self._rule[:, block.evaluations]
            nodes[1, block.real[1]:] = 0
            fed.append((self._nodes, nodes))
        if absent.size > 1:
            fed.append((self._owner, samples - samples[0]))
        return fed

    def _ask(self, run: Run, rows: np.ndarray) -> Optional[Asked]:
        """How a call finds the largest units, by T at some samples beside their points, if it is to and can."""
        if any(self._beside) or run.feeds.cut or run.feeds.sized or run.rowing.exact and not self.model.together:
            return None
        fresh = run.missing(rows)
        return run.ask(rows, fresh) if len(fresh) else None

    def _weights(self, run: Run, samples: np.ndarray, evaluations: int) -> List[Tuple[tf.Tensor, np.ndarray]]:
        return run.by_row([(Y, np.repeat(weights, evaluations, 0)) for Y, weights in run.weighing(samples)]
                          ) or run.all_units()


def _flat(samples: tf.Tensor) -> tf.Tensor:
    """Samples as rows of a matrix."""
    sizes: List[Any] = samples.shape.as_list()[1:] if samples.shape.ndims else [None]
    if None in sizes:
        return tf.reshape(samples, tf.stack([tf.shape(samples)[0], -1]))
    return tf.reshape(samples, [-1, int(np.prod(sizes, dtype=np.int64))])


def _some(x: tf.Tensor) -> Any:
    """The shape of any number of samples."""
    return None if x.shape.ndims is None else [None] + x.shape.as_list()[1:]


def _baseline(x: tf.Tensor, value: np.ndarray) -> tf.Tensor:
    """Where a baseline for one or all samples is fed; by default the explainer's own, where that is a number."""
    shape = _some(x)
    if value.ndim or shape is None or None in shape[1:]:
        return tf.placeholder(x.dtype, shape, name='baselines')
    return tf.placeholder_with_default(tf.fill([1] + shape[1:], tf.constant(value, x.dtype)), shape, name='baselines')


def _nodes(quadrature: Any, steps: int) -> Tuple[np.ndarray, np.ndarray]:
    """Where between 0 and 1 the points of a rule are, and what they weigh."""
    even = np.full(steps, 1 / steps)
    if quadrature == 'riemann_right':
        return np.arange(1, steps + 1) / steps, even
    if quadrature == 'riemann_left':
        return np.arange(steps) / steps, even
    if quadrature == 'midpoint':
        return (np.arange(steps) + .5) / steps, even
    if quadrature == 'trapezoid' and steps > 1:
        weights = np.full(steps, 1 / (steps - 1))
        weights[[0, -1]] /= 2
        return np.linspace(0, 1, steps), weights
    if quadrature == 'gauss_legendre':
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        return (nodes + 1) / 2, weights / 2
    raise ValueError("quadrature 'trapezoid' takes at least 2 steps.")
