"""Layer-wise relevance propagation with the composites that are known to look well on convolutional networks."""
from typing import Any, List, Tuple

import numpy as np

from ..relevance.composite import FIRST
from ..relevance.linear import CONVOLUTIONS
from ..relevance.plan import Place
from ..relevance.rules import AlphaBeta, Epsilon, Flat, Rule
from ..runs.model import Model
from .lrp import LRP


class LRPPresetA(LRP):
    """Alpha 1 and beta 0 for convolutions, epsilon for the other layers (Lapuschkin et al. 2017, section 3.2).

    With the whole bias, as iNNvestigate has it, a convolution divides by z_j^+ + b_j. That is above 0 wherever its
    output z_j is, and so where a ReLU passes anything; where z_j is negative and an activation (leaky, elu, tanh,
    swish) passes it, the sum may come next to 0 and relevance grows without bounds. With beta 1 z_j^- + b_j may do so
    behind ReLUs too. bias='split' has no such sums: each output hands on no more than alpha and beta times what it has.

    Args:
        epsilon: of the layers that are no convolutions. Default 0.1, as in iNNvestigate.
        bias: of the convolutions' rule: True (default), 'split' or False, see `AlphaBeta`.
        uncovered, products, softmax, norms: see `LRP`.
    """

    #: A composite that is chosen for its looks should not lose what it is to explain.
    excess = 5.

    remedy = (" Where the sums that a convolution's rule divides by come next to 0, with a bias that cancels them out, "
              "relevance grows without bounds: bias='split' shares biases by their signs, bias=False ignores them; "
              'lrp.z_plus keeps to T.')

    alpha_beta: Tuple[float, float] = (1, 0)
    first: List[Any] = []

    def __init__(self, model: Model, epsilon: float = .1, bias: Any = True, **how: str) -> None:
        super().__init__(model, self.first + [
            (CONVOLUTIONS, AlphaBeta(*self.alpha_beta, bias=bias)), ('*', Epsilon(epsilon))], **how)


class LRPPresetB(LRPPresetA):
    """Alpha 2 and beta 1 for convolutions, epsilon for the other layers. Options as of `LRPPresetA`."""

    alpha_beta = (2, 1)


class LRPPresetAFlat(LRPPresetA):
    """Preset A with the flat rule for the layers that X meets first. Options as of `LRPPresetA`."""

    first = [(FIRST, Flat())]


class LRPPresetBFlat(LRPPresetB):
    """Preset B with the flat rule for the layers that X meets first. Options as of `LRPPresetA`."""

    first = [(FIRST, Flat())]


class LRPPresetBFlatUntilIdx(LRPPresetBFlat):
    """Preset B with the flat rule for the layers up to one.

    Args:
        until_layer_idx: the last layer that takes the flat rule, counted from 0 in the order in which the layers were
            made. Default 0.
        epsilon, bias: see `LRPPresetA`.
        uncovered, products, softmax, norms: see `LRP`.

    Raises:
        ValueError: if until_layer_idx is no int of at least 0.
    """

    def __init__(self, model: Model, until_layer_idx: int = 0, epsilon: float = .1, bias: Any = True,
                 **how: str) -> None:
        if isinstance(until_layer_idx, bool) or not isinstance(until_layer_idx, (int, np.integer)) or (
                until_layer_idx < 0):
            raise ValueError(f'until_layer_idx must be an int of at least 0, not {until_layer_idx!r}.')
        self._until = until_layer_idx
        super().__init__(model, epsilon, bias, **how)

    def rule(self, place: Place) -> Rule:
        return Flat() if place.number <= self._until else super().rule(place)
