"""Guided Grad-CAM."""
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..runs.batching import Rows
from ..runs.model import Model
from ..runs.run import Run
from .activation_maps import GradCAM, checked
from .guided import GuidedBackprop
from .map_layers import find_layer


class GuidedGradCAM(GuidedBackprop):
    """Guided backpropagation times Grad-CAM, brought to the places of X (Selvaraju et al. 2017, section 3.2).

    The guided gradient starts with 1 at the units explained, as a gradient does, not with T as `guided_backprop` of
    this library and of iNNvestigate. The attributions have the shape of X, one input alone.

    Args:
        layer, channels: see `ActivationMap`.
    """

    def __init__(self, model: Model, layer: Any = None, channels: Optional[str] = None) -> None:
        if len(model.X) > 1:
            raise RuntimeError('guided_gradcam is for one input, not for %d: explain T with respect to the one whose '
                               'places the layer has.' % len(model.X))
        self._where = (find_layer(model, layer, True, channels).A, channels)
        self.inner = self._where[0]
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        self._carrier = self.carrier()._replace(relevance=False)
        self.map = GradCAM(self.model, self._where[0], True, self._where[1])
        guided = self._carrier.gradients(self.model)[0]
        where = self.map.symbolic[0]
        for axis in range(1, guided.shape.ndims):
            if axis not in self.map.layer.of_x:
                where = tf.expand_dims(where, axis)
        return [guided * where]

    def evaluate(self, run: Run, fetches: Sequence[tf.Tensor], rows: Rows,
                 feeds: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> List[np.ndarray]:
        return checked(self.map.layer, super().evaluate(run, list(fetches) + [self.map.rows], rows, feeds), run, rows)

    def at(self, tensors: Any) -> Any:
        return self.map.at(tensors)


