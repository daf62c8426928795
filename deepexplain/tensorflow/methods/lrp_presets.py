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

    Args:
        epsilon: of the layers that are no convolutions. Default 0.1, as in iNNvestigate.
        bias: of the convolutions' rule: True (default), 'split' or False, see `AlphaBeta`.
        uncovered: see `LRP`.
    """

    alpha_beta: Tuple[float, float] = (1, 0)
    first: List[Any] = []

    def __init__(self, model: Model, epsilon: float = .1, bias: Any = True, uncovered: str = 'error') -> None:
        super().__init__(model, self.first + [
            (CONVOLUTIONS, AlphaBeta(*self.alpha_beta, bias=bias)), ('*', Epsilon(epsilon))], uncovered)


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
        epsilon, bias, uncovered: see `LRPPresetA`.

    Raises:
        ValueError: if until_layer_idx is no int of at least 0.
    """

    def __init__(self, model: Model, until_layer_idx: int = 0, epsilon: float = .1, bias: Any = True,
                 uncovered: str = 'error') -> None:
        if isinstance(until_layer_idx, bool) or not isinstance(until_layer_idx, (int, np.integer)) or (
                until_layer_idx < 0):
            raise ValueError(f'until_layer_idx must be an int of at least 0, not {until_layer_idx!r}.')
        self._until = until_layer_idx
        super().__init__(model, epsilon, bias, uncovered)

    def rule(self, place: Place) -> Rule:
        return Flat() if place.number <= self._until else super().rule(place)
