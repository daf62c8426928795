"""Layer-wise relevance propagation with one rule for all layers, under iNNvestigate's names.

The rules are described, with their papers, in `deepexplain.tensorflow.relevance.rules`; `uncovered`, and what the
convergence delta is, at `LRP`. Names that end in `_IB` ignore biases.
"""
from typing import Any, Optional

from ..relevance.plan import Place
from ..relevance.rules import AlphaBeta, Epsilon, Flat, Gamma, Rule, WSquare, ZPlusFast
from ..runs.model import Model
from .lrp import LRP


class LRPZ(LRP):
    """The z rule: z_ij / (z_j + b_j). Without max pooling and with ReLUs alone it equals the gradient times the input.

    Args:
        bias: whether biases count. Default True.
        uncovered, products, softmax, norms: see `LRP`.
    """

    def __init__(self, model: Model, bias: bool = True, **how: str) -> None:
        super().__init__(model, [('*', Epsilon(0., bias))], **how)


class LRPZIgnoreBias(LRPZ):
    """The z rule without biases."""

    def __init__(self, model: Model, **how: str) -> None:
        super().__init__(model, False, **how)


class LRPEpsilon(LRP):
    """The epsilon rule, layer by layer: see `Epsilon`.

    Where `elrp` has its epsilon at activations, and takes the sum of a layer's outputs as they are without one, this
    has it at every layer.

    Args:
        epsilon: a number of at least 0. Default 1e-7, as in iNNvestigate.
        bias: whether biases count. Default True.
        uncovered, products, softmax, norms: see `LRP`.
    """

    def __init__(self, model: Model, epsilon: float = 1e-7, bias: bool = True, **how: str) -> None:
        super().__init__(model, [('*', Epsilon(epsilon, bias))], **how)


class LRPEpsilonIgnoreBias(LRPEpsilon):
    """The epsilon rule without biases."""

    def __init__(self, model: Model, epsilon: float = 1e-7, **how: str) -> None:
        super().__init__(model, epsilon, False, **how)


class LRPGamma(LRP):
    """The gamma rule: see `Gamma`.

    Args:
        gamma: a number of at least 0. Default 0.5.
        bias: whether biases count. Default True.
        generalized: True or False: see `Gamma`. None (default): True where tensors that depend on X are multiplied or
            normalised on the way, or a softmax is, as in networks of which the data of many layers have either sign.
        uncovered, products, softmax, norms: see `LRP`.
    """

    def __init__(self, model: Model, gamma: float = .5, bias: bool = True, generalized: Optional[bool] = None,
                 **how: str) -> None:
        rules = [Gamma(gamma, bias, one) for one in ((False, True) if generalized is None else (generalized,))]
        self._plain, self._general = rules[0], rules[-1]
        super().__init__(model, [('*', self._plain)], **how)

    def rule(self, place: Place) -> Rule:
        rule = self._general if self.meetings else self._plain
        if not rule.generalized:
            self.remedy = LRP.remedy + ' generalized=True keeps those of the gamma rule from it.'
        return rule


class LRPGammaIgnoreBias(LRPGamma):
    """The gamma rule without biases."""

    def __init__(self, model: Model, gamma: float = .5, generalized: Optional[bool] = None, **how: str) -> None:
        super().__init__(model, gamma, False, generalized, **how)


class LRPAlphaBeta(LRP):
    """The alpha-beta rule: see `AlphaBeta`.

    Args:
        alpha, beta: numbers of at least 0 with alpha - beta = 1. Default 2 and 1.
        bias: True (default; as in iNNvestigate), 'split' (as in the paper) or False: see `AlphaBeta`.
        uncovered, products, softmax, norms: see `LRP`.

    Raises:
        ValueError: if alpha - beta is not 1.
    """

    def __init__(self, model: Model, alpha: float = 2, beta: float = 1, bias: Any = True, **how: str) -> None:
        super().__init__(model, [('*', AlphaBeta(alpha, beta, bias))], **how)


class LRPAlphaBetaIgnoreBias(LRPAlphaBeta):
    """The alpha-beta rule without biases."""

    def __init__(self, model: Model, alpha: float = 2, beta: float = 1, **how: str) -> None:
        super().__init__(model, alpha, beta, False, **how)


class LRPAlpha1Beta0(LRPAlphaBeta):
    """The alpha-beta rule with alpha 1 and beta 0: relevance follows positive contributions alone."""

    def __init__(self, model: Model, bias: Any = True, **how: str) -> None:
        super().__init__(model, 1, 0, bias, **how)


class LRPAlpha1Beta0IgnoreBias(LRPAlphaBeta):
    """The alpha-beta rule with alpha 1 and beta 0, without biases: the z+ rule (Montavon et al. 2017, eq. 15)."""

    def __init__(self, model: Model, **how: str) -> None:
        super().__init__(model, 1, 0, False, **how)


class LRPAlpha2Beta1(LRPAlphaBeta):
    """The alpha-beta rule with alpha 2 and beta 1."""

    def __init__(self, model: Model, bias: Any = True, **how: str) -> None:
        super().__init__(model, 2, 1, bias, **how)


class LRPAlpha2Beta1IgnoreBias(LRPAlphaBeta):
    """The alpha-beta rule with alpha 2 and beta 1, without biases."""

    def __init__(self, model: Model, **how: str) -> None:
        super().__init__(model, 2, 1, False, **how)


class LRPZPlusFast(LRP):
    """The z+ rule for networks whose layers see nothing negative, in half the time where X is: see `ZPlusFast`.

    Layers behind others whose data may be negative take the z+ rule itself, as their sums may be 0.
    """

    def __init__(self, model: Model, **how: str) -> None:
        super().__init__(model, [('*', ZPlusFast())], **how)

    def rule(self, place: Place) -> Rule:
        return super().rule(place) if place.first or place.nonnegative else AlphaBeta(1, 0, bias=False)


class LRPWSquare(LRP):
    """The w^2 rule: see `WSquare`."""

    def __init__(self, model: Model, **how: str) -> None:
        super().__init__(model, [('*', WSquare())], **how)


class LRPFlat(LRP):
    """The flat rule: see `Flat`."""

    def __init__(self, model: Model, **how: str) -> None:
        super().__init__(model, [('*', Flat())], **how)
