"""Integrated gradients."""
from typing import Any, List

import numpy as np
import tensorflow.compat.v1 as tf

from ..arguments import positive_int
from .base import GradientAttribution, Model, Run


class IntegratedGradients(GradientAttribution):
    """The gradient averaged along the straight path from the baseline, times (x - baseline).

    Sundararajan et al. 2017, eq. 3: the sum over a = 1/steps, 2/steps, ..., 1 of the gradient at
    baseline + a (x - baseline), divided by steps. The attributions of a sample add up to T(x) - T(baseline) as steps
    grow.

    Args:
        steps: the number of points on the path, a positive int. Default 100.
        baseline, references: see `Attribution`.
    """

    run_options = ('baseline', 'references')
    has_convergence_delta = True

    def __init__(self, model: Model, steps: int = 100, baseline: Any = None, references: Any = None) -> None:
        self.model = model
        self._steps = positive_int('steps', steps)
        self.set_absent(baseline, references)
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        return self.gradients()

    def evaluations(self, run: Run) -> int:
        return self._steps * self.absent(run).size

    def attribute(self, run: Run) -> List[np.ndarray]:
        absent = self.absent(run)
        totals = [np.zeros(x.shape) for x in run.xs]
        for rows in run.sweep(self._steps * absent.size):
            part = (rows.evaluations % self._steps + 1) / self._steps
            baselines = absent.rows(rows.samples, rows.evaluations // self._steps)
            changes = [x - baseline for x, baseline in zip(run.inputs(rows), baselines)]
            points = [baseline + change * _along(part, change) for baseline, change in zip(baselines, changes)]
            for total, change, gradient in zip(totals, changes, run.evaluate(self.symbolic, rows, points)):
                rows.add(total, gradient * change.astype(np.float64))
        return [(total / (self._steps * absent.size)).astype(x.dtype) for total, x in zip(totals, run.xs)]


def _along(part: np.ndarray, change: np.ndarray) -> np.ndarray:
    """One number for each row, of the change's dtype and broadcasting with it."""
    return part.astype(change.dtype).reshape((-1,) + (1,) * (change.ndim - 1))
