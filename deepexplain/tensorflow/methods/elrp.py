"""Layer-wise relevance propagation with the epsilon rule."""
import sys
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from ..rules.activations import EpsilonRules
from ..rules.gradients import Carrier
from ..rules.ruled import ruled_replica
from ..runs.arguments import shown
from ..runs.model import Model
from ..runs.run import Run
from .base import GradientAttribution


class EpsilonLRP(GradientAttribution):
    """Relevance by the epsilon rule of LRP (Bach et al. 2015, eq. 58), as a modified gradient times the input.

    Ancona et al. 2018, proposition 1: x times the gradient of T in which each activation f has the gradient
    f(z) / (z + epsilon * s), s = +1 where z >= 0 else -1. Without biases, and with f(0) = 0, the attributions of a
    sample add up to T(x) as epsilon shrinks.

    Args:
        epsilon: a number greater than 0. Default 1e-4.

    Raises:
        AssertionError: if epsilon is not greater than 0.
    """

    has_convergence_delta = parts_of_target = True

    def __init__(self, model: Model, epsilon: float = 1e-4) -> None:
        self.check_value('epsilon', epsilon)
        self._epsilon = float(epsilon)
        super().__init__(model)

    @classmethod
    def check_value(cls, name: str, value: Any) -> None:
        if name != 'epsilon':
            return super().check_value(name, value)
        valid = isinstance(value, (int, float, np.floating, np.integer)) and not isinstance(value, bool)
        assert valid and 0 < value <= sys.float_info.max, f'LRP epsilon must be greater than zero, not {shown(value)}'

    def carrier(self) -> Carrier:
        ruled = ruled_replica(self.model, 'elrp')
        self.unruled, self.training = ruled.unruled, ruled.training
        return ruled.carrier(EpsilonRules(ruled.rules, self._epsilon))

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return gradient * x

    def change(self, run: Run) -> np.ndarray:
        return run.before()
