"""DeepLIFT with the RevealCancel rule."""
from typing import Any, List, Sequence

import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..graph.units import Units
from ..relevance.forks import Fork, RevealCancelRules, find_forks
from ..relevance.linear import CONVOLUTIONS
from ..relevance.plan import make_plan
from ..rules.activations import registered_rules
from ..rules.ruled import Ruled
from ..runs.arguments import flag
from ..runs.model import Model
from .deeplift import DeepLIFTRescale, references_of


class DeepLIFTRevealCancel(DeepLIFTRescale):
    """DeepLIFT's RevealCancel rule (Shrikumar et al. 2017, section 3.5.3), times (x - baseline).

    Where a linear op (a layer, a pool, a sum) is read by one activation alone, directly or shifted, scaled and
    reshaped, the positive and the negative parts of the change that reaches the activation have multipliers of their
    own: see `RevealCancelRules`. It sees what the rescale rule misses where inputs cancel out, such as in min(a, b).
    All other activations take the rescale rule. The attributions add up as those of `deeplift` do.

    Args:
        baseline, references: see `Attribution`.
        complete: see `DeepLIFTRescale`.
        rescale_convolutions: whether activations of convolutions take the rescale rule, as is DeepLIFT's own default
            for genomics. Default False.
        multipliers, hypothetical, axis: see `Form`.

    Raises:
        RuntimeError: if X decides how many steps a loop takes, or which branch.
    """

    inference = True

    def __init__(self, model: Model, baseline: Any = None, references: Any = None, complete: bool = False,
                 rescale_convolutions: bool = False, multipliers: bool = False, hypothetical: bool = False,
                 axis: Any = None) -> None:
        self._rescale_convolutions = flag('rescale_convolutions', rescale_convolutions)
        self._forks: List[Fork] = []
        super().__init__(model, baseline, references, complete, multipliers, hypothetical, axis)

    def also(self, path: Path, units: Units) -> Sequence[tf.Operation]:
        rules = registered_rules()
        self._forks = [
            fork for fork in find_forks(path, make_plan(path), units)
            if not (self._rescale_convolutions and fork.op.type in CONVOLUTIONS)
            and not (fork.unit.rule in rules and rules[fork.unit.rule].deeplift)]
        return [op for fork in self._forks for op in [fork.op] + [
            one for one in fork.between if one.name in fork.shifts]]

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        inside = {tensor.name for fork in self._forks for op in [fork.op] + fork.between for tensor in op.outputs}
        for tensor in tensors if self.lengths is None else ():
            if self._path.of(tensor).name in inside:
                raise RuntimeError("tensors: '%s' lies between a linear op and its activation, where RevealCancel has "
                                   "multipliers for the two parts of its change alone: ask for the activation's output."
                                   % tensor.name)
        return super().at(tensors)

    def rules(self, ruled: Ruled) -> RevealCancelRules:
        joint = self.joint(ruled)
        return RevealCancelRules(ruled.rules, references_of(ruled, self._reference), joint, self._forks,
                                 ruled.replica, self._reference)
