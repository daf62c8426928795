"""The rules by which a layer's relevance goes to its inputs.

A layer makes z_j + b_j of inputs x_i, with z_j = sum_i z_ij and z_ij = x_i w_ij. A rule shares the relevance R_j of
each output among the inputs. Written R_i = sum_j (...) R_j below.
"""
import sys
from typing import Any, Callable, Dict

import numpy as np
import tensorflow.compat.v1 as tf

from .linear import Layer
from .shares import away, by_sign, ratio, shares, stray, summed, with_bias


class Rule:
    """A rule of layer-wise relevance propagation.

    With `bias` the layer's bias takes a share of the relevance, which is lost for the inputs. Without it the inputs
    get everything: where all z_ij of an output are 0 they share its relevance evenly.
    """

    #: Whether relevance is shared by weights alone, so that what is 0 may have some.
    ignores_data = False

    def __init__(self, bias: bool = True) -> None:
        if not isinstance(bias, (bool, np.bool_)):
            raise ValueError(f'bias must be True or False, not {bias!r}.')
        self.bias = bool(bias)

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        """The relevance of the layer's data, given that of its output."""
        raise NotImplementedError(f'{type(self).__name__} needs a function relevance(self, layer, R).')

    def __repr__(self) -> str:
        options = ['%s=%r' % (name.lstrip('_'), value) for name, value in sorted(vars(self).items())]
        return '%s(%s)' % (type(self).__name__, ', '.join(options))


class Epsilon(Rule):
    """z_ij / (z_j + b_j + epsilon sign(z_j + b_j)), sign(0) = 1 (Bach et al. 2015, eq. 58; with epsilon = 0 eq. 56).

    Args:
        epsilon: a number of at least 0, which absorbs relevance. Default 1e-7.
        bias: whether b counts; else it is taken as 0. Default True.
    """

    def __init__(self, epsilon: float = 1e-7, bias: bool = True) -> None:
        super().__init__(bias)
        self.epsilon = _number('epsilon', epsilon, 0)

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        z = with_bias(layer.z, layer.b if self.bias else None)
        result = layer.x * layer.backward(layer.w, ratio(R, away(z, self.epsilon)))
        return result if self.bias else result + stray(layer, R, tf.equal(z, 0))


class Gamma(Rule):
    """x_i (w_ij + gamma w_ij^+) / sum_i of these, b_j + gamma b_j^+ counted (Montavon et al. 2019, section 10.2.3).

    The paper has it for ReLUs, x_i >= 0. Elsewhere the sums may come next to 0 where the output z_j + b_j (z_j, where
    b_j does not count) does not. Generalized (Andéol et al. 2021) it prefers contributions of the output's sign, so
    that the sums are no smaller than it is: z_ij + gamma z_ij^+ where it is at least 0, z_ij + gamma z_ij^- where it
    is below, b_j likewise. For x_i >= 0 and outputs above 0 it is the same.

    Args:
        gamma: a number of at least 0: how much positive weights are preferred. Default 0.5.
        bias: whether b counts. Default True.
        generalized: whether it is. Default False.
    """

    def __init__(self, gamma: float = .5, bias: bool = True, generalized: bool = False) -> None:
        super().__init__(bias)
        self.gamma = _number('gamma', gamma, 0)
        if not isinstance(generalized, (bool, np.bool_)):
            raise ValueError(f'generalized must be True or False, not {generalized!r}.')
        self.generalized = bool(generalized)

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        if self.generalized:
            return self._generalized(layer, R)
        w = layer.w + self.gamma * tf.nn.relu(layer.w)
        z = layer.forward(layer.x, w)
        b = None if layer.b is None or not self.bias else layer.b + self.gamma * tf.nn.relu(layer.b)
        result = layer.x * layer.backward(w, ratio(R, with_bias(z, b)))
        return result if self.bias else result + stray(layer, R, tf.equal(z, 0))

    def _generalized(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        positive, negative = by_sign(layer)
        b = layer.b if self.bias else None
        z, up = with_bias(layer.z, b), with_bias(summed(layer, positive), None if b is None else tf.nn.relu(b))
        rises = z >= 0
        total = z + self.gamma * tf.where_v2(rises, up, z - up)
        signal, none = ratio(R, total), tf.zeros_like(R)
        result = layer.x * layer.backward(layer.w, signal) + self.gamma * (
            shares(layer, positive, tf.where_v2(rises, signal, none))
            + shares(layer, negative, tf.where_v2(rises, none, signal)))
        return result if self.bias else result + stray(layer, R, tf.equal(total, 0))


class AlphaBeta(Rule):
    """alpha z_ij^+ / z_j^+ - beta z_ij^- / z_j^-, the positive and the negative z_ij apart (Bach et al. 2015, eq. 60).

    Args:
        alpha, beta: numbers of at least 0 with alpha - beta = 1. Default 2 and 1.
        bias: True (default): b_j is added to both z_j^+ and z_j^-, whatever its sign, as iNNvestigate has it; 'split':
            its positive part to z_j^+ and its negative part to z_j^-, as the paper has it; False: b is ignored, and
            an output that has no z_ij of one sign gives all its relevance to those of the other, so that none is lost
            (with beta = 0 it has nothing for the negative ones, and spreads it evenly).
    """

    def __init__(self, alpha: float = 2, beta: float = 1, bias: Any = True) -> None:
        if not isinstance(bias, (bool, np.bool_)) and not (isinstance(bias, str) and bias == 'split'):
            raise ValueError(f"bias must be True, False or 'split', not {bias!r}.")
        super().__init__(bool(bias))
        self.bias: Any = bias if isinstance(bias, str) else bool(bias)
        self.alpha, self.beta = _number('alpha', alpha, 0), _number('beta', beta, 0)
        if abs(self.alpha - self.beta - 1) > 1e-6:
            raise ValueError('alpha - beta must be 1, so that relevance is conserved, not %g - %g.' % (
                self.alpha, self.beta))

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        positive, negative = by_sign(layer)
        b_up = b_down = layer.b if self.bias else None
        if b_up is not None and self.bias == 'split':
            b_up, b_down = tf.nn.relu(layer.b), -tf.nn.relu(-layer.b)
        up = with_bias(summed(layer, positive), b_up)
        if not self.beta:
            result = shares(layer, positive, ratio(R, up))
            return result if self.bias else result + stray(layer, R, tf.equal(up, 0))
        down = with_bias(summed(layer, negative), b_down)
        above, below = ratio(R, up), ratio(R, down)
        if not self.bias:
            # Of one sign alone: the shares are multiplied by alpha and by -beta in the end, and must add up to R.
            above, below = (tf.where_v2(tf.equal(down, 0), above / self.alpha, above),
                            tf.where_v2(tf.equal(up, 0), below / -self.beta, below))
        result = self.alpha * shares(layer, positive, above) - self.beta * shares(layer, negative, below)
        # No positive sum is below a negative one: they are equal where both are 0.
        return result if self.bias else result + stray(layer, R, tf.equal(up, down))


class ZPlusFast(Rule):
    """x_i w_ij^+ / sum_i of these, for inputs that are nowhere negative (Montavon et al. 2017, section 4.1.2).

    As in iNNvestigate negative inputs are not set to 0. The bias is ignored.
    """

    def __init__(self) -> None:
        super().__init__(False)

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        w = tf.nn.relu(layer.w)
        z = layer.forward(layer.x, w)
        return layer.x * layer.backward(w, ratio(R, z)) + stray(layer, R, tf.equal(z, 0))


class WSquare(Rule):
    """w_ij^2 / sum_i w_ij^2 (Montavon et al. 2017, section 4.1.1). Inputs and bias are ignored."""

    ignores_data = True

    def __init__(self) -> None:
        super().__init__(False)

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        w = tf.square(layer.w)
        none = tf.equal(layer.of_ones(w), 0)
        return layer.spread(w, R) + stray(layer, R, none)


class Flat(Rule):
    """1 / (the number of inputs of output j) (Lapuschkin et al. 2017). Inputs, weights and bias are ignored."""

    ignores_data = True

    def __init__(self) -> None:
        super().__init__(False)

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        return layer.evenly(R)


class Bounded(Rule):
    """(z_ij - l_i w_ij^+ - h_i w_ij^-) / sum_i of these, for inputs between l and h (Montavon et al. 2017, eq. 20).

    The bias is ignored.

    Args:
        low, high: functions from the layer to tensors of its data's shape.
    """

    def __init__(self, low: Callable[[Layer], tf.Tensor], high: Callable[[Layer], tf.Tensor]) -> None:
        super().__init__(False)
        self._low, self._high = low, high

    def relevance(self, layer: Layer, R: tf.Tensor) -> tf.Tensor:
        up, down = tf.nn.relu(layer.w), -tf.nn.relu(-layer.w)
        low, high = self._low(layer), self._high(layer)
        z = layer.z - layer.forward(low, up) - layer.forward(high, down)
        signal = ratio(R, z)
        result = (layer.x * layer.backward(layer.w, signal) - low * layer.backward(up, signal)
                  - high * layer.backward(down, signal))
        return result + stray(layer, R, tf.equal(z, 0))


#: The rules that have a name, without options.
NAMED: Dict[str, Callable[[], Rule]] = {
    'z': lambda: Epsilon(0.), 'z_IB': lambda: Epsilon(0., bias=False),
    'epsilon': Epsilon, 'epsilon_IB': lambda: Epsilon(bias=False),
    'gamma': Gamma, 'gamma_IB': lambda: Gamma(bias=False),
    'alpha_1_beta_0': lambda: AlphaBeta(1, 0), 'alpha_1_beta_0_IB': lambda: AlphaBeta(1, 0, bias=False),
    'alpha_2_beta_1': AlphaBeta, 'alpha_2_beta_1_IB': lambda: AlphaBeta(bias=False),
    'z_plus': lambda: AlphaBeta(1, 0, bias=False), 'z_plus_fast': ZPlusFast, 'w_square': WSquare, 'flat': Flat,
}


def _number(name: str, value: Any, least: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)) or not (
            least <= value <= sys.float_info.max):
        raise ValueError(f'{name} must be a finite number of at least {least:g}, not {value!r}.')
    return float(value)
