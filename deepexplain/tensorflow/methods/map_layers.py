"""The inner layer of a map of places: which it is, which of its axes are places, and what a map is brought to."""
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.layers import channel_axis, last_of_rank
from ..graph.making import TARGETS
from ..graph.path import Path
from ..graph.rows import rows_at
from ..runs.arguments import MOST, positive_int, shown
from ..runs.model import Model


class Layer(NamedTuple):
    """The inner tensor of a map.

    Attributes:
        A: the tensor.
        places: its axes of places, in order.
        channels: its axis of channels.
        x: the number of the input whose places these are, or None.
        of_x: the axes of that input's places.
        sizes: to which sizes a map is brought, where they are given.
    """
    A: tf.Tensor
    places: List[int]
    channels: int
    x: Optional[int] = None
    of_x: Sequence[int] = ()
    sizes: Optional[Tuple[int, ...]] = None

    def resized(self, value: tf.Tensor, X: Sequence[tf.Tensor]) -> tf.Tensor:
        """A map (n, places of A...), on the places of X or brought to the sizes that are given, if either is."""
        sizes: Sequence[Any] = self.sizes or (
            [] if self.x is None else [X[self.x].shape.as_list()[axis] or tf.shape(X[self.x])[axis]
                                       for axis in self.of_x])
        for axis, size in enumerate(sizes, 1):
            if isinstance(size, int) and value.shape.as_list()[axis] == size:
                continue
            value = turned_by(value, axis, linear(tf.shape(value)[axis], size, value.dtype))
        return value


def find_layer(model: Model, layer: Any, resize: Any, channels: Optional[str]) -> Layer:
    """The inner tensor that a map is made of, and what the map is brought to; see `ActivationMap`."""
    if model.together:
        raise RuntimeError("%s is not defined for rows='together': a map is of one sample." % model.method)
    if channels not in (None, 'first', 'last'):
        raise ValueError("channels must be 'first', 'last' or None, not %s." % shown(channels))
    A = _last(model) if layer is None else named_layer(model, layer)
    rank = A.shape.ndims
    if rank is None or rank < 3:
        raise RuntimeError("layer ('%s') must have axes of samples, places and channels, at least 3, not %s." % (
            A.name, 'an unknown number' if rank is None else rank))
    axis = (channel_axis(A, model.path) or rank - 1) if channels is None else 1 if channels == 'first' else rank - 1
    found = Layer(A, [i for i in range(1, rank) if i != axis], axis)
    if resize is False:
        return found
    if resize is not True:
        if not isinstance(resize, (tuple, list)) or len(resize) != rank - 2:
            raise ValueError("resize must be True, False or %d sizes, one for each axis of places of '%s', not %s." % (
                rank - 2, A.name, shown(resize)))
        return found._replace(sizes=tuple(positive_int('resize', one, MOST) for one in resize))
    return _with_places(found, model, channels)


def _with_places(layer: Layer, model: Model, channels: Optional[str]) -> Layer:
    """A layer with the input whose places it has."""
    number = len(layer.places)
    fitting = [i for i, x in enumerate(model.X) if _places_of(x, model, number, channels) and Path([x], layer.A).ops]
    if len(fitting) != 1:
        raise RuntimeError('%s: the map at \'%s\' has %d axes of places, as %s. Say resize=False for the map as it is, '
                           'or a tuple of sizes.' % (model.method, layer.A.name, number,
                                                     'several inputs have' if fitting else 'no input has'))
    return layer._replace(x=fitting[0], of_x=_places_of(model.X[fitting[0]], model, number, channels))


def _places_of(x: tf.Tensor, model: Model, number: int, channels: Optional[str]) -> List[int]:
    """The axes of an input that are places, if there are so many of them; else none."""
    rank = x.shape.ndims
    if rank == number + 1:
        return list(range(1, rank))
    if rank != number + 2:
        return []
    axis = channel_axis(x, model.path) if channels is None else 1 if channels == 'first' else None
    return [i for i in range(1, rank) if i != (axis or rank - 1)]


def _last(model: Model) -> tf.Tensor:
    found = []
    for x in model.X:
        rank = x.shape.ndims
        path = model.path if len(model.X) == 1 else Path([x], model.T)
        # Of pictures without channels the layers have one axis more, of flat ones any number.
        ranks = range(3, 6) if rank in (None, 2) else [rank, rank + 1]
        last = last_of_rank(path, [one for one in ranks if 3 <= one <= 5], TARGETS)
        if last is not None:
            found.append(last)
    if len({one.name for one in found}) != 1:
        raise RuntimeError("%s: say at which inner tensor, by layer=...: %s." % (model.method, (
            "there are several, '%s'" % "', '".join(one.name for one in found)) if found else
            "between X and T ('%s') there is none with places and channels through which all of T hangs on X"
            % model.T.name))
    return found[0]


def named_layer(model: Model, layer: Any) -> tf.Tensor:
    """An inner tensor by itself or its name."""
    graph = model.T.graph
    if isinstance(layer, str):
        try:
            layer = graph.get_tensor_by_name(layer if ':' in layer else layer + ':0')
        except (KeyError, ValueError):
            raise ValueError("layer must be a tensor of the graph or its name: there is no '%s'." % layer) from None
    if not isinstance(layer, tf.Tensor) or not hasattr(layer, 'op'):
        raise TypeError('layer must be a tensor of the graph or its name, not %s.' % shown(layer))
    if layer.graph is not graph or not model.path.depends(layer) or not layer.dtype.is_floating:
        raise RuntimeError("layer: '%s' is no tensor of floats between X and T ('%s')." % (layer.name, model.T.name))
    for x in model.X:
        if Path([x], layer).ops and rows_at(x, layer) is False:
            raise RuntimeError("layer: '%s' must have the samples as its first axis, as X ('%s') has." % (
                layer.name, x.name))
    return layer


def linear(old: tf.Tensor, size: tf.Tensor, kind: tf.DType) -> tf.Tensor:
    """What resizes an axis by linear interpolation, (size, old); pixels are squares, at the border they go on."""
    at = (tf.cast(tf.range(size), kind) + .5) * (tf.cast(old, kind) / tf.cast(size, kind)) - .5
    at = tf.clip_by_value(at, tf.zeros([], kind), tf.cast(old - 1, kind))
    return tf.nn.relu(1 - tf.abs(at[:, tf.newaxis] - tf.cast(tf.range(old), kind)))


def turned_by(value: tf.Tensor, axis: int, weights: tf.Tensor) -> tf.Tensor:
    """A tensor one axis of which is multiplied by a matrix (new, old)."""
    rank = value.shape.ndims
    order = [i for i in range(rank) if i != axis] + [axis]
    moved = tf.tensordot(tf.transpose(value, order), weights, [[rank - 1], [1]])
    return tf.transpose(moved, [int(i) for i in np.argsort(order)])
