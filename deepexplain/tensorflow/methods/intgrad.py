"""Integrated gradients."""
from typing import Any, List

import numpy as np
import tensorflow.compat.v1 as tf

from ..arguments import check_baseline, positive_int, spread_baseline
from .base import GradientAttribution, Model, Run


class IntegratedGradients(GradientAttribution):
    """The gradient averaged along the straight path from the baseline, times (x - baseline).

    Sundararajan et al. 2017, eq. 3: the sum over a = 1/steps, 2/steps, ..., 1 of the gradient at
    baseline + a (x - baseline), divided by steps. The attributions of a sample add up to T(x) - T(baseline) as steps
    grow.

    Args:
        steps: the number of points on the path, a positive int. Default 100.
        baseline: see `Attribution`.
    """

    def __init__(self, model: Model, steps: int = 100, baseline: Any = None) -> None:
        self._steps = positive_int('steps', steps)
        self._baselines = check_baseline(baseline, model.X, model.many)
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        return self.gradients()

    def attribute(self, run: Run) -> List[np.ndarray]:
        baselines = [spread_baseline(baseline, x) for baseline, x in zip(self._baselines, run.xs)]
        changes = [x - baseline for x, baseline in zip(run.xs, baselines)]
        totals = [np.zeros(x.shape) for x in run.xs]
        for rows in run.sweep(self._steps):
            part = (rows.evaluations + 1) / self._steps
            points = [(baseline[rows.samples] + change[rows.samples] * _along(part, change)).astype(change.dtype)
                      for baseline, change in zip(baselines, changes)]
            for total, gradient in zip(totals, run.evaluate(self.symbolic, rows, points)):
                rows.add(total, gradient)
        return [(total * (change / self._steps)).astype(change.dtype) for total, change in zip(totals, changes)]


def _along(part: np.ndarray, change: np.ndarray) -> np.ndarray:
    """One number for each row, of the change's dtype and broadcasting with it."""
    return part.astype(change.dtype).reshape((-1,) + (1,) * (change.ndim - 1))
