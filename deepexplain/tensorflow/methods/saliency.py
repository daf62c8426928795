"""Saliency maps."""
import tensorflow.compat.v1 as tf

from .base import GradientAttribution


class Saliency(GradientAttribution):
    """The absolute value of the gradient, |dT/dx| (Simonyan et al. 2014, section 3). No options."""

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return tf.abs(gradient)
