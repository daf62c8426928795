"""Gradient times input."""
from typing import List

import tensorflow.compat.v1 as tf

from .base import GradientAttribution


class GradientXInput(GradientAttribution):
    """The gradient times the input, x * dT/dx (Shrikumar et al. 2016, section 2). No options."""

    def build(self) -> List[tf.Tensor]:
        return [gradient * x for gradient, x in zip(self.gradients(), self.model.X)]
