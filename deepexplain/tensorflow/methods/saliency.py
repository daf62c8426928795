"""Saliency maps."""
from typing import List

import tensorflow.compat.v1 as tf

from .base import GradientAttribution


class Saliency(GradientAttribution):
    """The absolute value of the gradient, |dT/dx| (Simonyan et al. 2014, section 3). No options."""

    def build(self) -> List[tf.Tensor]:
        return [tf.abs(gradient) for gradient in self.gradients()]
