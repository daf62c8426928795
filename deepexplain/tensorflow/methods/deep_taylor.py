"""Deep Taylor decomposition."""
from typing import Any, List, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.choices import training_tensors
from ..graph.path import Path
from ..graph.replica import Replica
from ..graph.units import followed, reached
from ..messages import warn
from ..relevance.plan import Place
from ..relevance.rules import AlphaBeta, Bounded, Rule
from ..runs.arguments import fits, sample_shape, written
from ..runs.arrays import to_array
from ..runs.baselines import one_for_each
from ..runs.model import Model
from ..runs.names import refuse_names
from ..runs.run import Run
from .lrp import LRP

#: Functions that rise and fall.
_BENT = frozenset('Abs Square SquaredDifference Sin Cos Tan Cosh Pow Reciprocal Inv'.split())


class DeepTaylor(LRP):
    """Deep Taylor decomposition: the z+ rule for every layer (Montavon et al. 2017, eq. 15).

    z_ij^+ / sum_i z_ij^+, biases ignored, so relevance is conserved. As in iNNvestigate layers whose data may be
    negative take it as well, with z_ij = x_i w_ij of either sign.

    Args:
        uncovered, products, softmax, norms: see `LRP`.
    """

    def __init__(self, model: Model, **how: str) -> None:
        super().__init__(model, [('*', AlphaBeta(1, 0, bias=False))], **how)


class DeepTaylorBounded(DeepTaylor):
    """Deep Taylor decomposition for inputs in a box: the z^B rule for the layers that X meets first.

    Montavon et al. 2017, eq. 20; the other layers take the z+ rule. See `Bounded`.

    Args:
        low, high: the bounds of X: numbers, or arrays of the shape of one sample; for several inputs lists of these.
        uncovered, products, softmax, norms: see `LRP`.

    Raises:
        ValueError: if low or high is missing, has another shape, or low is above high.
    """

    def __init__(self, model: Model, low: Any = None, high: Any = None, **how: str) -> None:
        self._bounds = [_checked(name, value, model) for name, value in (('low', low), ('high', high))]
        for one, other in zip(*self._bounds):
            _check_order(one, other)
        self._ends: List[Tuple[tf.Tensor, List[tf.Tensor]]] = []
        super().__init__(model, **how)

    def rule(self, place: Place) -> Rule:
        if not place.first:
            return super().rule(place)
        data = place.op.inputs[place.parts.data]
        self._check_monotone(place)
        ends: List[tf.Tensor] = []
        self._ends.append((data, ends))
        # What lies between X and the layer may turn the bounds round.
        return Bounded(lambda layer: tf.minimum(*ends), lambda layer: tf.maximum(*ends))

    def prepare_rules(self) -> None:
        for data, ends in self._ends:
            ends.extend(self._bound(i, data) for i in (0, 1))

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        for i, (x, low, high) in enumerate(zip(run.xs, *self._bounds)):
            if max(low.ndim, high.ndim) and np.broadcast(low, high).shape != x.shape[1:]:
                raise ValueError('samples must have the shape of low and high, %s, not %s.' % (
                    np.broadcast(low, high).shape, x.shape[1:]))
            slack = 1e-6 * (high - low)
            outside = np.logical_or(x < low - slack, x > high + slack)
            if outside.any():
                warn('%s: %d of the %d numbers of %s are outside low and high, between which the rule holds: relevance '
                     'may be of either sign there.' % (self.model.method, outside.sum(), outside.size,
                                                       'xs[%d]' % i if self.model.many else 'xs'))

    def _check_monotone(self, place: Place) -> None:
        """RuntimeError if what lies between X and a layer may be largest elsewhere than at the bounds of X."""
        held, inner = self._held(), self._inner()
        for op in Path(self.model.X, place.op.inputs[place.parts.data]).ops:
            meeting = sum(map(self.path.depends, op.inputs) if op in inner else followed(op, self.path))
            if op in self.path.dependent - held and (op.type in _BENT or op.name in self.meetings or (
                    op.type in ('Sub', 'Mul') and meeting > 1)):
                raise RuntimeError("deep_taylor.bounded cannot tell the bounds of the layer '%s' behind '%s' (%s), "
                                   'which does not only rise or only fall with X.' % (place.op.name, op.name, op.type))

    def _bound(self, i: int, data: tf.Tensor) -> tf.Tensor:
        """A layer's data where X is at its bounds."""
        bounds = {x.name: tf.zeros_like(x) + tf.constant(value, x.dtype)
                  for x, value in zip(self.model.X, self._bounds[i])}
        held = self._held()
        return Replica([op for op in self.path.ops if op not in held], bounds).tensor(data)

    def _inner(self) -> Set[tf.Operation]:
        """The ops of activations."""
        return {op for unit in self.units.marked for op in unit.ops}

    def _held(self) -> Set[tf.Operation]:
        """The ops that make masks and other factors without a gradient, which stay as they are."""
        training = training_tensors(self.path)
        return self.path.dependent - reached(self.path, {}) - self._inner() - {
            op for op in self.path.dependent if any(tensor.name in training for tensor in op.outputs)}


def _check_order(low: np.ndarray, high: np.ndarray) -> None:
    if low.ndim and high.ndim and low.shape != high.shape:
        raise ValueError(f'low and high must have one shape, that of a sample of X, not {low.shape} and {high.shape}.')
    low, high = np.broadcast_arrays(low, high)
    if (low > high).any():
        place = tuple(int(one) for one in np.unravel_index(np.argmax(low > high), low.shape))
        raise ValueError('low must be nowhere above high: %sthey are %g and %g.' % (
            'at %s ' % (place,) if place else '', low[place], high[place]))


def _checked(name: str, value: Any, model: Model) -> List[np.ndarray]:
    if value is None:
        raise ValueError('%s must be given: the %s value that the input may have.' % (
            name, 'smallest' if name == 'low' else 'largest'))
    arrays = []
    for x, one in zip(model.samples, one_for_each(name, value, model.samples, model.many)):
        refuse_names(name, one)
        array = np.array(to_array(name, one, x.dtype.as_numpy_dtype))
        if array.ndim and not fits(array.shape, sample_shape(x)):
            raise ValueError('%s must be a number or have the shape of a sample of X, %s, not %s.' % (
                name, written(sample_shape(x)), array.shape))
        if not np.isfinite(array).all():
            raise ValueError(f'{name} must be of finite numbers.')
        arrays.append(array)
    return arrays
