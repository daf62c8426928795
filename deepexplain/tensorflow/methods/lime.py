"""LIME."""
from typing import Any, List, Optional

import numpy as np

from ...extras import needs
from ..runs.arguments import number, shown
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import generator_of
from .coalitions import CoalitionAttribution, crossed

#: The ridge of 1 of the authors' package shrinks the weights of 400 samples by 4 per cent.
_PENALTY = .01


class LIME(CoalitionAttribution):
    """The weights of a linear model of the target around a sample (Ribeiro et al. 2016, eq. 1 and section 3.4).

    Players are present or not, each with probability 1/2; the first coalition is the sample as it is. A coalition of k
    of d players weighs exp(-D^2 / kernel_width^2), D = 1 - sqrt(k / d) its cosine distance from all of them. The linear
    model has a constant, which is not penalised.

    Args:
        samples: the number of coalitions, a positive int. Default 1000.
        kernel_width: a positive number. Default .25.
        regression: 'ridge' (default), or 'lasso', which needs scikit-learn.
        penalty: what its weights cost beside the sum of weighed squared errors (ridge), or as scikit-learn's `Lasso`
            has it; a number of at least 0. Default None: .01.
        baseline, seed: see `Attribution`.
        feature_mask, per_group: see `PerturbationAttribution`.

    Raises:
        ImportError: for 'lasso', where scikit-learn is not installed.
        ValueError: by a run, for more than 10,000 players.
    """

    by_scores = has_factor = True

    def __init__(self, model: Model, samples: int = 1000, kernel_width: float = .25, regression: str = 'ridge',
                 penalty: Optional[float] = None, baseline: Any = None, feature_mask: Any = None,
                 per_group: bool = False, seed: Any = None) -> None:
        self.set_draws(samples, seed)
        self._width = number('kernel_width', kernel_width)
        if not self._width > 0:
            raise ValueError('kernel_width must be a positive number, not 0.')
        if not isinstance(regression, str) or regression not in ('ridge', 'lasso'):
            raise ValueError(f"regression must be 'ridge' or 'lasso', not {shown(regression)}.")
        self._regression = regression
        if regression == 'lasso':
            _lasso_class()
        self._penalty = _PENALTY if penalty is None else number('penalty', penalty)
        super().__init__(model, baseline, feature_mask, per_group)

    def evaluations(self, run: Run) -> int:
        return self._samples or 0

    def attribute(self, run: Run) -> List[np.ndarray]:
        players, count = self.players(run)
        generator = generator_of(run.options.get('seed'), self.seed)
        present = generator.uniform(size=(self._samples or 0, count)) < .5
        present[0] = True
        values = self.values(run, players, present)
        run.note(np.abs(values[:, 0]))
        distances = 1 - np.sqrt(present.mean(1))
        weights = np.exp(-(distances / self._width) ** 2)
        return self.shared_out(run, players, self._fitted(present.astype(np.float64), weights, values))

    def _fitted(self, present: np.ndarray, weights: np.ndarray, values: np.ndarray) -> np.ndarray:
        """The weights of the linear model of each sample, (n, players)."""
        if self._regression == 'lasso':
            return _lasso(present, weights, values, self._penalty)
        # The constant is what is left where all is centred.
        share = weights / weights.sum()
        centred = present - share @ present
        right = (values - (values @ share)[:, np.newaxis]) * weights
        system = crossed(centred * weights[:, np.newaxis], centred) + self._penalty * np.eye(present.shape[1])
        finite = np.isfinite(right).all(1)
        found = np.full((len(values), present.shape[1]), np.nan)
        found[finite] = np.linalg.lstsq(system, crossed(centred, right[finite].T), rcond=None)[0].T
        return found


def _lasso_class() -> Any:
    with needs("regression='lasso'", 'lasso'):
        from sklearn.linear_model import Lasso
    return Lasso


def _lasso(present: np.ndarray, weights: np.ndarray, values: np.ndarray, penalty: float) -> np.ndarray:
    Lasso = _lasso_class()
    found = np.full((len(values), present.shape[1]), np.nan)
    for i, own in enumerate(values):
        if np.isfinite(own).all():
            found[i] = Lasso(alpha=penalty).fit(present, own, sample_weight=weights).coef_
    return found
