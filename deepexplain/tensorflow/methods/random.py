"""Noise, to judge other methods by."""
from typing import Any, List

import numpy as np

from ..runs.arguments import number
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import Draws, check_seed
from .attribution import Attribution


class Random(Attribution):
    """Attributes normal noise to every feature; asks nothing of the model.

    A method should do better than this wherever it is measured (see the sanity checks of Adebayo et al. 2018). What a
    sample gets hangs on the seed and its number alone (the `ids` of a run).

    Args:
        stddev: the standard deviation, a number of at least 0. Default 1.
        seed: see `Attribution`.
    """

    run_options = ('seed',)
    evaluates = False

    def __init__(self, model: Model, stddev: float = 1., seed: Any = None) -> None:
        super().__init__(model)
        self._stddev = number('stddev', stddev)
        self.seed = check_seed(seed)

    def evaluations(self, run: Run) -> int:
        return 0

    def attribute(self, run: Run) -> List[np.ndarray]:
        samples = np.arange(run.n)
        drawn = Draws(run.n, run.ids, run.options.get('seed'), self.seed).normal(samples, 0 * samples, run.xs)
        return [(one * self._stddev).astype(dtype).reshape(x.shape)
                for one, x, dtype in zip(drawn, run.xs, self.dtype(run))]
