"""Layer-wise relevance propagation, with one rule for all layers or a composite of rules."""
import inspect
from typing import Any, Dict

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..relevance.composite import Composite
from ..relevance.engine import Planned, Relevance
from ..relevance.meetings import How
from ..relevance.plan import ACTIVATIONS, Place, Plan
from ..relevance.rules import Epsilon, Rule
from ..rules.gradients import Carrier, carrier_on
from ..runs.model import Model
from ..runs.run import Run
from .base import GradientAttribution


class LRP(GradientAttribution):
    """Layer-wise relevance propagation (Bach et al. 2015) with the rules of a composite.

    Relevance starts as T, weighed by ys, and each layer hands that of its outputs to its inputs by its rule (see
    `deepexplain.tensorflow.relevance`). A layer is a linear op with weights: a matrix product, a convolution of one to
    three dimensions, plain, depthwise or transposed, an einsum of two tensors, of which only one depends on X. The
    bias and batch normalisation that follow it belong to it. Activations pass relevance unchanged. Means and average
    pools share it in proportion to what each input gives, as do sums of tensors that depend on X; max pools hand it
    to the winner; what moves numbers about moves it with them. Scales and shifts that belong to no layer pass it, but
    for the share of a shift where the next layer counts its bias.

    The convergence delta is the sum of a sample's relevance minus T(x). Rules that ignore biases conserve relevance,
    so there it is 0 but for rounding; what a layer has besides its weights and X (a second input that is not
    explained, a constant that is padded with) counts as data, and keeps its share.

    Args:
        composite: an ordered list of pairs (which layers, rule), the first match counts: see `relevance.Composite`.
            Default: the epsilon rule with epsilon 1e-7 for all.
        uncovered: what to do where no rule covers an op on the path, such as a cumulative product: 'error' (default),
            or 'gradient' to pass it by its ordinary gradient, with a warning, and one in each run of what is lost.
        products: of two tensors, number by number or of matrices: 'half' (default) gives each factor half of the
            relevance (Achtibat et al. 2024, AttnLRP, propositions 3.2 and 3.3); 'signal' nothing to a gate, a factor
            that a sigmoid, hard sigmoid or softmax keeps between 0 and 1, and all to the other (Arras et al. 2017),
            half where both or neither are. Each of n factors has the n-th part, in whatever order they are multiplied;
            those that are functions of one tensor, as x and x of x x y, are one. A quotient a / b is the product of a
            and 1 / b. Of its half a gate g that is
            broadcast (squeeze-and-excite) gets |2 g - 1|, as next to 1/2 what makes it puts out 0.
        softmax: on the way, as of attention; T's own has no rule. 'taylor' (default): R_i = x_i (R_i - s_i sum_j R_j)
            (Achtibat et al. 2024, proposition 3.1); relevance is not conserved, and what is masked gets nothing.
            'constant': weights of attention are taken as they are and get nothing (Ali et al. 2022), what they weigh
            gets all.
        norms: of the data by themselves (layer, group, instance and RMS normalisation, a division by a norm, a
            deviation or a sum). 'linear' (default): the divisor is held fixed and gets nothing; centring, gain and
            shift are sums, scales and shifts as everywhere (Ali et al. 2022, section 4; Achtibat et al. 2024,
            proposition 3.4). 'identity': relevance passes the whole of it unchanged, its shift has no share.

    Raises:
        RuntimeError: if an op has no rule, or no entry of the composite fits a layer.
        TypeError, ValueError: if the composite is not such a list.
    """

    has_convergence_delta = parts_of_target = True
    ruled = ACTIVATIONS

    remedy = (' Relevance grows without bounds where the sums that a rule divides by come next to 0; those of '
              'lrp.z_plus, lrp.alpha_1_beta_0_IB and deep_taylor do not cancel out.')

    def __init_subclass__(cls) -> None:
        """Let the signature of each name say which options `**how` stands for."""
        own = vars(cls).get('__init__')
        if own is not None:
            mine, all_ = [inspect.signature(one).parameters.values() for one in (own, LRP.__init__)]
            own.__signature__ = inspect.Signature([one for one in mine if one.kind is not one.VAR_KEYWORD] + [
                one for one in all_ if one.kind is one.KEYWORD_ONLY])

    def __init__(self, model: Model, composite: Any = None, *, uncovered: str = 'error', products: str = 'half',
                 softmax: str = 'taylor', norms: str = 'linear') -> None:
        self._composite = Composite([('*', Epsilon())] if composite is None else composite)
        self._uncovered, self._how = uncovered, How(products, softmax, norms)
        for name, value in dict(self._how._asdict(), uncovered=uncovered).items():
            self.check_value(name, value)
        super().__init__(model)

    def carrier(self) -> Carrier:
        rules: Dict[str, Rule] = {}

        def choose(path: Path, plan: Plan) -> None:
            self.path, self.units = path, plan.units
            self.meetings = frozenset(plan.meetings)
            rules.update((name, self.rule(place)) for name, place in plan.layers.items())

        planned = Planned(self.model, self.model.method, self._uncovered, check=choose, how=self._how)
        self.unruled, self.lossy = planned.unruled, bool(planned.unruled)
        self.prepare_rules()
        if any(rule.bias for rule in rules.values()):
            self.share = ' Biases keep their share, unless they are ignored (bias=False, names that end in _IB).'
        if planned.plan.masked and self._how.softmax == 'taylor':
            self.share += " Relevance is not conserved by a softmax on the way, but with softmax='constant'."
        if type(self) is LRP:
            self._composite.warn_of_idle(list(planned.plan.layers.values()))
        return carrier_on(planned.replica, planned.path, Relevance(planned.steps(rules), planned.activations()),
                          relevance=True)

    def rule(self, place: Place) -> Rule:
        """The rule of a layer; adds nothing to the graph."""
        return self._composite.rule(place.op, place.first)

    def prepare_rules(self) -> None:
        """Add to the graph what the rules take, once all of them are found."""

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return gradient

    def change(self, run: Run) -> np.ndarray:
        return run.before()
