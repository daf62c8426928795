"""Noise, to judge other methods by."""
from typing import Any, List

import numpy as np

from ..runs.arguments import number
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import check_seed, generator_of, normal
from .base import Attribution


class Random(Attribution):
    """Attributes normal noise to every feature; asks nothing of the model.

    A method should do better than this wherever it is measured (see the sanity checks of Adebayo et al. 2018). Samples
    are drawn one after another, so that more samples do not change the first ones.

    Args:
        stddev: the standard deviation, a number of at least 0. Default 1.
        seed: see `Attribution`.
    """

    run_options = ('seed',)
    evaluates = False

    def __init__(self, model: Model, stddev: float = 1., seed: Any = None) -> None:
        super().__init__(model)
        self._stddev = number('stddev', stddev)
        self._seed = check_seed(seed)

    def evaluations(self, run: Run) -> int:
        return 0

    def attribute(self, run: Run) -> List[np.ndarray]:
        drawn = normal(generator_of(run.options.get('seed'), self._seed), run.n, run.xs)
        return [(one * self._stddev).astype(dtype).reshape(x.shape)
                for one, x, dtype in zip(drawn, run.xs, self.dtype(run))]
