"""The estimators of patterns: what a layer's weights look for, found in the layer's data and outputs."""
from typing import Any, Dict, List, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import control_flow_context
from .axes import own_axes, scaled
from .linear import Layer
from .plan import Place

#: Name -> whether only outputs above 0 count, where an activation follows.
ESTIMATORS: Dict[str, bool] = {'linear': False, 'relu': True}


class Sums:
    """The sums over samples and places from which a layer's patterns are made.

    With x the data that an output y = w x + b is made of, and E the mean over samples and places (linear), or over
    those with y > 0 (relu), a = (E[x y] - E[x] E[y]) / (E[y y] - E[y] E[y]) (Kindermans et al. 2018, eq. 4 and 6).
    The paper's denominator for relu, w.E[x y] - w.E[x] E[y], is the same number, since w x = y - b. What a convolution
    pads with counts as data of 0.
    """

    def __init__(self, layer: Layer) -> None:
        self._fetches: Dict[bool, List[tf.Tensor]] = {}
        y = layer.z if layer.b is None else layer.z + layer.b
        axes = [axis for axis in range(-(y.shape.ndims or 2), 0) if axis not in layer.own]
        # Variances are differences of large sums.
        x, y = tf.cast(layer.x, tf.float64), tf.cast(y, tf.float64)
        for positive in (False, True):
            counts = tf.cast(y > 0, y.dtype) if positive else tf.ones_like(y)
            of_outputs = [tf.reduce_sum(one, axes, keepdims=True) for one in (counts, counts * y, counts * y * y)]
            spread = [scaled(tf.ones_like(layer.w, tf.float64), layer.own, one) for one in of_outputs]
            of_weights = [layer.weights_gradient(x, counts), layer.weights_gradient(x, counts * y)]
            self._fetches[positive] = spread + of_weights

    def fetches(self, positive: bool) -> List[tf.Tensor]:
        """n, the sums of y, y y, x and x y, each shaped like the weights."""
        return self._fetches[positive]

    @staticmethod
    def pattern(sums: Sequence[np.ndarray], dtype: Any) -> np.ndarray:
        """The pattern, 0 for an output that does not vary."""
        n, y, yy, x, xy = sums
        with np.errstate(divide='ignore', invalid='ignore'):
            covariance, variance = xy / n - x / n * y / n, yy / n - (y / n) ** 2
            # A neuron that does not vary but for the rounding of single precision has no pattern.
            found = np.where((n > 0) & (variance > 1e-12 * yy / n), covariance / variance, 0)
        return found.astype(dtype)


def check_fit(estimator: Any, places: Sequence[Place]) -> None:
    """Refuse an unknown estimator, and layers whose patterns cannot be fitted."""
    if not isinstance(estimator, str) or estimator not in ESTIMATORS:
        raise ValueError(f"estimator must be 'linear' or 'relu', not {estimator!r}.")
    for place in places:
        if control_flow_context(place.op) is not None:
            raise RuntimeError("fit_patterns cannot fit the layer '%s' (%s), which is in a loop or a branch: give its "
                               'pattern in the option patterns.' % (place.op.name, place.op.type))
        if not own_axes(place.op, place.parts.data):
            raise RuntimeError("fit_patterns cannot fit the layer '%s' (%s): give its pattern in the option patterns."
                               % (place.op.name, place.op.type))
