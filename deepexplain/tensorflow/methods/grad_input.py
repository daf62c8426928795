"""Gradient times input."""
import tensorflow.compat.v1 as tf

from .base import GradientAttribution


class GradientXInput(GradientAttribution):
    """The gradient times the input, x * dT/dx (Shrikumar et al. 2016, section 2). No options."""

    parts_of_target = True

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return gradient * x
