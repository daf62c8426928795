"""FullGrad."""
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.axes import GONE, Rows, State
from ..graph.kinds import ELEMENTWISE
from ..graph.layers import channel_axis
from ..graph.path import Path
from ..graph.replica import Replica
from ..graph.rows import places_of_rows
from ..graph.units import Unit, Units, find_units
from ..messages import listed, warn
from ..relevance.offsets import Offset, offset_of, passing, refuse_branches, steps_of
from ..relevance.plan import ACTIVATIONS
from ..rules.activations import registered_rules
from ..rules.gradients import Carrier, carrier_on
from ..rules.straight import straight
from ..runs.arguments import shown
from ..runs.model import Model
from ..runs.run import Run
from .base import GradientAttribution
from .map_layers import Layer, linear, turned_by
from .places import Places

AGGREGATES = ('map', 'complete', 'layers')


class FullGrad(GradientAttribution):
    """What the input and each bias contribute to T (Srinivas and Fleuret 2019): x dT/dx and b dT/db, which add up to T.

    Biases are what ops add to a linear function of what depends on X: explicit ones, the shift of batch normalisation,
    and f(z) - f'(z) z of an activation f that is not piecewise linear through 0 (the paper's implicit biases). With
    ReLUs, convolutions, dense layers, pooling and batch normalisation that is all there is. Products, quotients,
    softmaxes and normalisations of tensors that depend on X have the bias of their tangent, of which a warning tells:
    contributions add up to T all the same.

    Args:
        aggregate: 'map' (default): the paper's map, of shape (n,) + the places of X: of x dT/dx and of each bias that
            has places, as a layer of the same kind as X has, the absolute values, brought to 0...1 for each sample and
            to the places of X linearly, are summed over channels and layers. 'complete': a map of the same shape that
            adds up to T(x): the contributions with their signs, each spread over the places of X that it is of, those
            without places over all of them. 'layers': (n, 1 + biases), the sums of x dT/dx and of each layer's bias
            contributions, in the order of their making, which the explainer's `parts` names; for several inputs, too.
        axes: which axes of X are places, ints from 1. Default None: see `BlurIG`.

    Raises:
        RuntimeError: where a loop or a branch cannot be seen through; for a map of several inputs.
    """

    #: One array, whatever the number of inputs.
    per_group = True
    has_factor = False

    def __init__(self, model: Model, aggregate: str = 'map', axes: Optional[Sequence[int]] = None) -> None:
        if not isinstance(aggregate, str) or aggregate not in AGGREGATES:
            raise ValueError("aggregate must be 'map', 'complete' or 'layers', not %s." % shown(aggregate))
        self._aggregate = aggregate
        #: What the parts are of: 'X', and the names of the tensors where biases are added.
        self.parts: List[str] = []
        # A map is on no scale of T's.
        self.has_convergence_delta = self.parts_of_target = aggregate != 'map'
        self.of_features = aggregate != 'layers'
        places, X = Places(model, axes, 'places'), model.X[0]
        if aggregate != 'layers' and (len(model.X) > 1 or model.together or X.shape.ndims is None):
            raise RuntimeError("fullgrad makes a map of one input of a known rank, a sample a row: take "
                               "aggregate='layers' for %s." % (
                                   'several inputs' if len(model.X) > 1 else "rows='together'" if model.together else
                                   "'%s'" % X.name))
        self._axes = [] if aggregate == 'layers' else places.of(0, X.shape.ndims)
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        model = self.model
        path = straight(model, inference=True, branched=True)
        units = find_units(path, frozenset(registered_rules()) | ACTIVATIONS, whole=True)
        steps = steps_of(path, units)
        refuse_branches(path, steps, model.method)
        self._tell(path, units, steps)
        carrier = Carrier(path.T, path.of, settled=path.settled)
        find = lambda tensor: tensor  # noqa: E731
        if units.stripped or path.makes_own_ends:
            replica = Replica(path.with_loops(), path.fed, Units(stripped=units.stripped))
            carrier, find = carrier_on(replica, path), replica.tensor
        self.settled = carrier.settled
        model.choose_from(carrier.T)
        self._sizes = [model.size_of(carrier.T)]
        found = [offset_of(step, path, find, model.method) for step in steps]
        offsets = [one for one in found if one is not None]
        points = [find(x) for x in path.X] + [find(one.y) for one in offsets]
        gradients = carrier._replace(tensor=lambda tensor: tensor).gradients(model, points)
        for gradient, point in zip(gradients, points):
            gradient.set_shape(point.shape)
        parts = [gradient * value for gradient, value in zip(gradients, points[:len(path.X)] + [
            one.value for one in offsets])]
        self.parts = ['X'] + [path.named(one.y.name) for one in offsets]
        return self._aggregated(path, offsets, parts) + [model.score_of(carrier.T)]

    def _tell(self, path: Path, units: Units, steps: Sequence[Any]) -> None:
        """Warn of ops whose bias is that of a tangent."""
        passed = {one for one in steps if not isinstance(one, Unit)}
        bent = [(op.type, path.called(op)) for op in units.unsupported
                if op in passed and not (op.type in ELEMENTWISE and len(passing(op, path)) == 1)]
        if bent:
            warn('%s: no function of one number is %s. What it adds is that of its tangent: contributions add up to T, '
                 'but biases may be large and cancel out.' % (self.model.method, listed(bent)))

    def _aggregated(self, path: Path, offsets: Sequence[Offset], parts: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        """The attributions, and the sums of all parts."""
        where = places_of_rows(path)
        of_inputs = parts[:len(path.X)]
        rows = [self._by_sample(part, where.get(one.y.name), path.called(one.y.op))
                for one, part in zip(offsets, parts[len(path.X):])]
        axis = 0 if self.model.together else 1
        sums = tf.stack([tf.add_n([self._total(part) for part in of_inputs])] + [self._total(part) for part in rows],
                        axis)
        if self._aggregate == 'layers':
            return [sums, sums]
        X = self.model.X[0]
        layers = [Layer(X, self._axes, 0, 0, self._axes)] + [self._layer(one, part, path) for one, part in zip(
            offsets, rows)]
        if self._aggregate == 'map':
            maps = [layer.resized(_channels_summed(_positive(part), layer), [X])
                    for layer, part in zip(layers, [of_inputs[0]] + rows) if layer is not None]
            return [tf.add_n(maps), sums]
        sizes = [tf.shape(X)[axis] for axis in self._axes]
        maps = [_spread(_channels_summed(part, layer), sizes) for layer, part in zip(layers, [of_inputs[0]] + rows)
                if layer is not None]
        rest = [self._total(part) for layer, part in zip(layers[1:], rows) if layer is None]
        if rest:
            even = tf.add_n(rest) / tf.cast(tf.reduce_prod(tf.stack(sizes)), X.dtype)
            maps.append(tf.reshape(even, [-1] + [1] * len(sizes)) + tf.zeros_like(maps[0]))
        return [tf.add_n(maps), sums]

    def _by_sample(self, part: tf.Tensor, state: Optional[State], name: str) -> tf.Tensor:
        """What a bias contributes, with the samples as its first axis, as far as that is known."""
        if self.model.together:
            return part
        if not part.shape.ndims or state == GONE:
            raise RuntimeError("%s: what '%s' adds is not known to be of one sample." % (self.model.method, name))
        if isinstance(state, Rows) and state.axis > 0:
            rank = part.shape.ndims
            part = tf.transpose(part, [state.axis] + [i for i in range(rank) if i != state.axis])
        if isinstance(state, Rows) and state.inner == 1 and not state.moved:
            return part
        # Several rows of each sample, one after another; the sums tell whether that is so.
        return tf.reshape(part, tf.stack([tf.shape(self.model.X[0])[0], -1]))

    def _total(self, part: tf.Tensor) -> tf.Tensor:
        kind = self.model.X[0].dtype
        return tf.cast(tf.reduce_sum(part, None if self.model.together else list(range(1, part.shape.ndims))), kind)

    def _layer(self, offset: Offset, part: tf.Tensor, path: Path) -> Optional[Layer]:
        """The places and channels of a bias, if it has as many axes of places as X, and one of channels."""
        rank = part.shape.ndims
        if rank != len(self._axes) + 2 or offset.y.shape.ndims != rank:
            return None
        axis = channel_axis(offset.y, path) or rank - 1
        return Layer(part, [i for i in range(1, rank) if i != axis], axis, 0, self._axes)

    def attribute(self, run: Run) -> List[np.ndarray]:
        found = super().attribute(run)
        if self.lengths is not None:
            return found
        of_units = [own for _, own in run.by_unit(found)]
        off, all_in_all = [np.concatenate(each) for each in zip(*[_off(sums, scores) for _, sums, scores in of_units])]
        if any(one > .01 * whole for one, whole in zip(off, all_in_all)):  # Of what is not finite nothing is said here.
            warn('%s: contributions are off T by up to %.2g, where they are %.2g in all: they are not what each sample '
                 'by itself makes of T.' % (self.model.method, off.max(), all_in_all.max()))
        return [attributions.astype(run.xs[0].dtype) for attributions, _, _ in of_units]

    def change(self, run: Run) -> np.ndarray:
        return run.before()

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        raise RuntimeError("relevances is not defined for FullGrad: aggregate='layers' tells of each bias.")


def _off(sums: np.ndarray, scores: np.ndarray) -> Tuple[np.ndarray, np.ndarray]:
    """How far the parts of each sample are from T in all, and how large they are."""
    sums = sums.astype(np.float64)
    if len(scores) != len(sums):
        sums = sums.sum(0, keepdims=True)  # T is one number for all samples.
    return np.abs(sums.sum(1) - scores), np.abs(sums).sum(1)


def _channels_summed(part: tf.Tensor, layer: Layer) -> tf.Tensor:
    """Summed over all axes but the samples and the places."""
    return tf.reduce_sum(part, [i for i in range(1, part.shape.ndims) if i not in layer.places])


def _positive(part: tf.Tensor) -> tf.Tensor:
    """Absolute values, brought to 0...1 in each sample; of what is the same everywhere 0."""
    sizes, axes = tf.abs(part), list(range(1, part.shape.ndims))
    low, high = tf.reduce_min(sizes, axes, keepdims=True), tf.reduce_max(sizes, axes, keepdims=True)
    return tf.math.divide_no_nan(sizes - low, high - low)


def _spread(value: tf.Tensor, sizes: Sequence[tf.Tensor]) -> tf.Tensor:
    """A map brought to other sizes so that it adds up to the same."""
    for axis, size in enumerate(sizes, 1):
        old = tf.shape(value)[axis]
        wider = linear(old, size, value.dtype)
        weights = tf.where_v2(old <= size, tf.math.divide_no_nan(wider, tf.reduce_sum(wider, 0, keepdims=True)),
                              tf.transpose(linear(size, old, value.dtype)))
        value = turned_by(value, axis, weights)
    return value
