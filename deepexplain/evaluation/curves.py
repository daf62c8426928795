"""What a measure returns that is a curve for each sample."""
from typing import Any

import numpy as np

from .arithmetic import known_mean, mean_and_error


class Curves:
    """A curve for each sample.

    Attributes:
        fractions: where the points are, (points,), rising: the part of the features, or of the layers.
        scores: the value at each, (n, points).
        auc: the area under each curve by trapezoids over the span of the fractions, (n,).
        aopc: the mean over points of how far each is below the first, (n,) (Samek et al. 2017).
        mean, error: over the samples that have a value at a point, and the standard error of it, (points,).
        names: what the points are called, if they have names.
        of, what, by: in words for a picture, what fractions are of, what the scores are, and which number stands for a
            curve in a `Table`.
        log: whether fractions are better drawn on a log scale.
    """

    def __init__(self, fractions: np.ndarray, scores: np.ndarray, names: Any = None, of: str = 'features gone',
                 what: str = 'target', by: str = 'area', log: bool = False) -> None:
        self.fractions, self.scores, self.names = np.asarray(fractions, np.float64), scores, names
        self.of, self.what, self.by, self.log = of, what, by, log

    @property
    def auc(self) -> np.ndarray:
        widths = np.diff(self.fractions)
        if not widths.sum():
            return self.scores.mean(1)
        return (self.scores[:, 1:] + self.scores[:, :-1]) @ widths / (2 * widths.sum())

    @property
    def aopc(self) -> np.ndarray:
        return self.scores[:, 0] - self.scores.mean(1)

    @property
    def mean(self) -> np.ndarray:
        return mean_and_error(self.scores, 0)[0]

    @property
    def error(self) -> np.ndarray:
        return mean_and_error(self.scores, 0)[1]

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        return 'Curves(%d samples, %d points from %.3g to %.3g, auc %.4g on average)' % (
            self.scores.shape + (self.fractions[0], self.fractions[-1], known_mean(self.auc)))
