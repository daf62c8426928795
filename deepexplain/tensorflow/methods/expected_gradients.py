"""Expected gradients."""
from typing import Any, List, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..rules.cuts import refuse_cut
from ..rules.gradients import ordinary
from ..runs.arguments import MOST, positive_int
from ..runs.baselines import Baselines
from ..runs.batching import add_rows, column, sweep, take
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import Draws, check_seed
from .attribution import Attribution
from .multipliers import attributed, form_of


class ExpectedGradients(Attribution):
    """Integrated gradients over all references and the whole path, by chance (GradientSHAP).

    Erion et al. 2021, the definition of expected gradients (also Lundberg and Lee's GradientExplainer): the mean of
    (x - r) * dT/dx at r + a (x - r) over `samples` draws of a reference r, each as likely, with replacement, and of a
    place a, uniform between 0 and 1. The attributions of a sample add up to T(x) minus the mean of T over the
    references as samples grow. Each sample has draws of its own, all inputs the same, which hang on the seed and its
    number alone (the `ids` of a run); more draws go on where fewer end.

    Args:
        references: see `Attribution`; needed, here or by each run.
        samples: the number of draws for each sample, a positive int. Default 50.
        seed: see `Attribution`.
        multipliers, hypothetical, axis: see `Form`.

    Raises:
        RuntimeError: by a run, if there are no references.
    """

    run_options = ('references', 'seed')
    has_convergence_delta = parts_of_target = differentiates = True

    def __init__(self, model: Model, references: Any = None, samples: int = 50, seed: Any = None,
                 multipliers: bool = False, hypothetical: bool = False, axis: Any = None) -> None:
        super().__init__(model)
        self.form = form_of(model, multipliers, hypothetical, axis)
        self._samples = positive_int('samples', samples, MOST)
        self.seed = check_seed(seed)
        self.set_absent(None, references)
        refuse_cut(model)
        carrier = ordinary(model.path)
        # A sample whose largest unit is to be found is one more row of a call.
        model.shared = True
        model.choose_from(carrier.T)
        self._fetches = carrier.gradients(model) + [model.size_of(carrier.T)]

    def absent(self, run: Run) -> Baselines:
        self.need_references(run, 'expected_gradients')
        return super().absent(run)

    def evaluations(self, run: Run) -> int:
        return self._samples

    def attribute(self, run: Run) -> List[np.ndarray]:
        absent = self.absent(run)
        self.look_at_absence(run, absent)
        # Where a reference is among all, and a place on its path, for each sample and draw.
        drawn = Draws(run.n, run.ids, run.options.get('seed'), self.seed).uniform(2 * self._samples)
        drawn = drawn.reshape(run.n, -1, 2)
        totals = [np.zeros(x.shape) for x in run.each(run.xs)]
        finding = int(run.finding and not self.model.together)
        for rows in sweep(run.n, self._samples + finding, run.rowing):
            numbers = rows.evaluations - finding
            real = numbers >= 0
            which, places = drawn[rows.samples, numbers].T
            starts = absent.rows(rows.samples, (which * absent.size).astype(int))
            ways = [take(x, rows.samples) - start for x, start in zip(run.xs, starts)]
            points = [start + column(places.astype(way.dtype), way) * way
                      for start, way in zip(starts, ways)]
            if finding:
                points = [np.where(column(real, x), point, x) for point, x in zip(points, run.inputs(rows))]
            gradients: List[np.ndarray] = []
            for seen, (*own, sizes) in run.by_unit(run.evaluate(
                    self._fetches, rows.samples, points, choosers=~real if finding else True)):
                seen.note(sizes)
                gradients += own
            for total, way, start, X, gradient in zip(totals, run.each(ways), run.each(starts),
                                                      run.each(self.model.X), gradients):
                products = attributed(self.form, gradient, start + way, start, X.name) if self.form else way * gradient
                if finding:
                    products[~real] = 0
                add_rows(total, rows.samples, products)
        return [(total / self._samples).astype(x.dtype) for total, x in zip(totals, run.each(run.xs))]

    def weighed(self) -> Optional[Sequence[tf.Tensor]]:
        return self._fetches
