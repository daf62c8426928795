"""Class activation maps: what they share, and those that are weighed by gradients."""
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..rules.gradients import ordinary
from ..runs.batching import Rows
from ..runs.model import Model
from ..runs.run import Run
from .base import GradientAttribution
from .map_layers import Layer, find_layer


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
        self.inner = self.layer.A
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        self._carrier = ordinary(self.model.path)
        self.model.choose_from(self._carrier.T)
        A = self._carrier.tensor(self.layer.A)
        gradient = self._carrier.gradients(self.model, [self.layer.A])[0]
        self.rows = tf.shape(A)[:1]
        return [self.layer.resized(self._shown(self.map(*self.in_order(A, gradient))), self.model.X)]

    def in_order(self, *tensors: tf.Tensor) -> Tuple[tf.Tensor, ...]:
        """Tensors of A's shape, their channels last."""
        order = [0] + self.layer.places + [self.layer.channels]
        return tensors if order == sorted(order) else tuple(tf.transpose(one, order) for one in tensors)

    def map(self, A: tf.Tensor, gradient: tf.Tensor) -> tf.Tensor:
        """The map (n, places...) of a layer (n, places..., channels) and T's gradient there."""
        raise NotImplementedError

    def evaluate(self, run: Run, fetches: Sequence[tf.Tensor], rows: Rows,
                 feeds: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> List[np.ndarray]:
        return checked(self.layer, super().evaluate(run, list(fetches) + [self.rows], rows, feeds), run, rows)

    def _shown(self, value: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(value) if self.positive else value

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        raise RuntimeError('relevances is not defined for %s: it makes one map.' % type(self).__name__)


def checked(layer: Layer, values: Sequence[np.ndarray], run: Run, rows: Rows) -> List[np.ndarray]:
    """What was fetched, less the number of rows of a layer, which is the last of each unit's.

    Raises:
        RuntimeError: the layer has not one row for each row of a call: a map would be of other samples.
    """
    wanted = run.rowing.rows if run.rowing.exact else len(rows.samples)
    found: List[np.ndarray] = []
    for _, (*own, height) in run.by_unit(values):
        if height[0] != wanted:
            raise RuntimeError("layer ('%s') must have the samples as its first axis: it has %d rows for %d samples." %
                               (layer.A.name, height[0], wanted))
        found += own
    return found


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
