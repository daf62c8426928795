"""DeepLIFT with the rescale rule."""
from typing import Any, Dict, List, Sequence

import tensorflow.compat.v1 as tf

from ..arguments import check_baseline, spread_baseline
from ..batching import Rows
from ..gradients import Ruled, gradients_under, refuse_loops, ruled_replica
from ..replica import Replica
from ..rules import Reference, RescaleRules
from ..units import Unit
from .base import GradientAttribution, Model, Run


class DeepLIFTRescale(GradientAttribution):
    """DeepLIFT's rescale rule (Shrikumar et al. 2017, section 3.5.1), as a modified gradient times (x - baseline).

    Ancona et al. 2018, proposition 2: each activation f has the gradient (f(z) - f(r)) / (z - r), r its input at the
    baseline; where |z - r| <= 1e-5 its ordinary gradient at (z + r) / 2. On networks of linear ops and activations
    the attributions of a sample add up to T(x) - T(baseline); max pooling and products of two tensors that depend on
    X pass their ordinary gradient.

    The references are computed along with each run, so they follow the weights.

    Args:
        baseline: see `Attribution`.

    Raises:
        RuntimeError: if there is a loop between X and T.
    """

    def __init__(self, model: Model, baseline: Any = None) -> None:
        self._baselines = check_baseline(baseline, model.X, model.many)
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        ruled = ruled_replica(self.model, 'deeplift', refuse_loops)
        self._placeholders = [tf.placeholder(x.dtype, x.shape, name='baseline') for x in self.model.X]
        inputs = {x.name: baseline for x, baseline in zip(self.model.X, self._placeholders)}
        reference = Replica(ruled.path.ops, inputs)
        rules = RescaleRules(ruled.rules, _references(ruled, reference))
        return [gradient * (x - baseline) for gradient, x, baseline in zip(
            gradients_under(rules, ruled, self.model), self.model.X, self._placeholders)]

    def feeds(self, run: Run, rows: Rows) -> Sequence[Any]:
        return [(placeholder, spread_baseline(baseline, x[rows.samples]))
                for placeholder, baseline, x in zip(self._placeholders, self._baselines, run.xs)]


def _references(ruled: Ruled, reference: Replica) -> Dict[str, Reference]:
    """Each unit at the baseline, by the name of the op that asks for its rule."""
    def of(unit: Unit) -> Reference:
        return Reference(reference.tensor(unit.x), reference.tensor(unit.y),
                         lambda x: Replica(unit.ops, {unit.x.name: x}).tensor(unit.y))

    found = {ruled.replica.op(unit.y.op).name: of(unit) for unit in ruled.units.single.values()}
    found.update((ruled.replica.marker(unit).name, of(unit)) for unit in ruled.units.marked)
    return found
