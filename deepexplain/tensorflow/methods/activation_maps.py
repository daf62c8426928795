"""Class activation maps: what they share, and those that are weighed by gradients."""
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.layers import channel_axis, last_of_rank
from ..graph.path import Path
from ..rules.gradients import ordinary
from ..runs.arguments import MOST, positive_int, shown
from ..runs.model import Model
from .base import GradientAttribution


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
            [] if self.x is None else [tf.shape(X[self.x])[axis] for axis in self.of_x])
        for axis, size in enumerate(sizes, 1):
            value = _stretched(value, axis, size)
        return value


def find_layer(model: Model, layer: Any, resize: Any, channels: Optional[str]) -> Layer:
    """The inner tensor that a map is made of, and what the map is brought to; see `ActivationMap`."""
    if model.together:
        raise RuntimeError("%s is not defined for rows='together': a map is of one sample." % model.method)
    if channels not in (None, 'first', 'last'):
        raise ValueError("channels must be 'first', 'last' or None, not %s." % shown(channels))
    A = _last(model) if layer is None else _named(model, layer)
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
        last = last_of_rank(path, [one for one in ranks if 3 <= one <= 5])
        if last is not None:
            found.append(last)
    if len({one.name for one in found}) != 1:
        raise RuntimeError("%s: say at which inner tensor, by layer=...: %s." % (model.method, (
            "there are several, '%s'" % "', '".join(one.name for one in found)) if found else
            "between X and T ('%s') there is none with places and channels through which all of T hangs on X"
            % model.T.name))
    return found[0]


def _named(model: Model, layer: Any) -> tf.Tensor:
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
    return layer


def _stretched(value: tf.Tensor, axis: int, size: tf.Tensor) -> tf.Tensor:
    """A tensor resized along one axis by linear interpolation; pixels are squares, at the border they go on."""
    old, rank = tf.shape(value)[axis], value.shape.ndims
    kind = value.dtype
    at = (tf.cast(tf.range(size), kind) + .5) * (tf.cast(old, kind) / tf.cast(size, kind)) - .5
    at = tf.clip_by_value(at, tf.zeros([], kind), tf.cast(old - 1, kind))
    weights = tf.nn.relu(1 - tf.abs(at[:, tf.newaxis] - tf.cast(tf.range(old), kind)))
    order = [i for i in range(rank) if i != axis] + [axis]
    moved = tf.tensordot(tf.transpose(value, order), weights, [[rank - 1], [1]])
    return tf.transpose(moved, [int(i) for i in np.argsort(order)])


class ActivationMap(GradientAttribution):
    """A map of the places of X that an inner layer A makes; a class activation map weighs its channels.

    Options that these methods share:

    layer: the inner tensor A, (n, places..., channels) of one, two or three axes of places, or its name; of an opened
        model also what `tensor` takes. Default: the last one with places before T through which all of T hangs on X,
        in a CNN what is pooled or flattened before the head.
    resize: True (default): the map is brought to the places of X, linearly along each axis as `tf.image.resize` does
        with two; False: it has those of A; or a tuple of sizes, where X is flat, say.
    channels: 'first' or 'last', of A and X. Default None: as the nearest convolution, pooling or bias has them.

    The attributions are one array of shape (n,) + the places of X (for an image (n, height, width)), of A's dtype.
    """

    #: One array, whatever the number of inputs.
    per_group = True

    #: Not by gradients at X, which may well be ids.
    differentiates = False

    #: Whether the map is of positive evidence alone.
    positive = True

    def __init__(self, model: Model, layer: Any = None, resize: Any = True, channels: Optional[str] = None) -> None:
        self.layer = find_layer(model, layer, resize, channels)
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        self._carrier = ordinary(self.model.path)
        self.model.choose_from(self._carrier.T)
        A = self._carrier.tensor(self.layer.A)
        gradient = self._carrier.gradients(self.model, [self.layer.A])[0]
        return [self.layer.resized(self._shown(self.map(*self.in_order(A, gradient))), self.model.X)]

    def in_order(self, *tensors: tf.Tensor) -> Tuple[tf.Tensor, ...]:
        """Tensors of A's shape, their channels last."""
        order = [0] + self.layer.places + [self.layer.channels]
        return tensors if order == sorted(order) else tuple(tf.transpose(one, order) for one in tensors)

    def map(self, A: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        """The map (n, places...) of a layer (n, places..., channels) and T's gradient there."""
        raise NotImplementedError

    def _shown(self, value: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(value) if self.positive else value

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        raise RuntimeError('relevances is not defined for %s: it makes one map.' % type(self).__name__)


def over_places(A: tf.Tensor) -> List[int]:
    """The axes of places of a tensor whose channels come last."""
    return list(range(1, A.shape.ndims - 1))


class GradCAM(ActivationMap):
    """Gradient-weighted class activation maps (Selvaraju et al. 2017, eq. 1 and 2).

    relu(sum_k a_k A_k), the weight a_k of channel k the mean over its places of dT/dA_k.

    Args:
        layer, resize, channels: see `ActivationMap`.
    """

    def map(self, A: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.reduce_mean(gradient, over_places(A), keepdims=True) * A, -1)


class GradCAMPlusPlus(ActivationMap):
    """Grad-CAM++ (Chattopadhay et al. 2018, section 3): channels weighed by sum_p a_kp relu(dT/dA_kp).

    With g = dT/dA the weights are a_kp = g_kp^2 / (2 g_kp^2 + sum_q A_kq g_kp^3), 0 where g_kp is: what the second and
    third derivatives of exp(T) come to where the network is piecewise linear; the factor exp(T), which scales a whole
    map, is left out.

    Args:
        layer, resize, channels: see `ActivationMap`.
    """

    def map(self, A: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        places = over_places(A)
        # Of the formula g^2 is taken out above and below.
        below = 2 + tf.reduce_sum(A, places, keepdims=True) * gradient
        shares = tf.where_v2(tf.equal(gradient, 0) | tf.equal(below, 0), tf.zeros_like(A), tf.math.divide_no_nan(
            tf.ones_like(A), below))
        weights = tf.reduce_sum(shares * tf.nn.relu(gradient), places, keepdims=True)
        return tf.reduce_sum(weights * A, -1)


class LayerCAM(ActivationMap):
    """LayerCAM (Jiang et al. 2021): relu(sum_k relu(dT/dA_k) A_k), each place weighed by itself.

    Args:
        layer, resize, channels: see `ActivationMap`.
    """

    def map(self, A: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(tf.nn.relu(gradient) * A, -1)


class HiResCAM(ActivationMap):
    """HiResCAM (Draelos and Carin 2020): relu(sum_k dT/dA_k A_k), each place weighed by itself.

    Args:
        layer, resize, channels: see `ActivationMap`.
    """

    def map(self, A: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(gradient * A, -1)


class EigenCAM(ActivationMap):
    """Eigen-CAM (Muhammad and Yeasin 2020): what the layer's channels have most in common, A v.

    v is the first right singular vector of A of a sample as a matrix (places, channels), not centred; of its two signs
    that of which the map's sum is positive. It hangs on no unit of T: `ys` has no effect.

    Args:
        layer, resize, channels: see `ActivationMap`.
    """

    def map(self, A: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        size = tf.shape(A)
        flat = tf.reshape(A, tf.stack([size[0], -1, size[-1]]))
        v = tf.linalg.svd(flat, full_matrices=False)[2][:, :, :1]
        found = tf.matmul(flat, v)
        found *= tf.where_v2(tf.reduce_sum(found, 1, keepdims=True) < 0, -tf.ones([], A.dtype), tf.ones([], A.dtype))
        return tf.reshape(found, size[:-1])
