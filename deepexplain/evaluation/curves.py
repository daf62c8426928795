"""What a measure returns that is a curve for each sample."""
from typing import Any

import numpy as np

from .arithmetic import known_mean, mean_and_error


class Curves:
    """A curve for each sample; measures make them.

    Args:
        fractions: where the points are, floats (points,), rising: the part of the features, or of the layers.
        scores: the value at each, floats (n, points).
        names: what the points are called, if they have names. Default None.
        of, what, by: in words for a picture, what fractions are of, what the scores are, and which number stands for a
            curve in a `Table`. Default 'features gone', 'target', 'area'.
        log: whether fractions are better drawn on a log scale. Default False.

    Attributes:
        fractions, scores, names, of, what, by, log: as above, fractions float64.
    """

    def __init__(self, fractions: np.ndarray, scores: np.ndarray, names: Any = None, of: str = 'features gone',
                 what: str = 'target', by: str = 'area', log: bool = False) -> None:
        self.fractions, self.scores, self.names = np.asarray(fractions, np.float64), scores, names
        self.of, self.what, self.by, self.log = of, what, by, log

    @property
    def auc(self) -> np.ndarray:
        """The area under each curve by trapezoids over the span of the fractions, (n,)."""
        widths = np.diff(self.fractions)
        if not widths.sum():
            return self.scores.mean(1)
        return (self.scores[:, 1:] + self.scores[:, :-1]) @ widths / (2 * widths.sum())

    @property
    def aopc(self) -> np.ndarray:
        """The mean over points of how far each is below the first, (n,) (Samek et al. 2017)."""
        return self.scores[:, 0] - self.scores.mean(1)

    @property
    def mean(self) -> np.ndarray:
        """The mean over the samples that have a value at a point, (points,)."""
        return mean_and_error(self.scores, 0)[0]

    @property
    def error(self) -> np.ndarray:
        """The standard error of `mean`, (points,)."""
        return mean_and_error(self.scores, 0)[1]

    def __len__(self) -> int:
        return len(self.scores)

    def __repr__(self) -> str:
        return 'Curves(%d samples, %d points from %.3g to %.3g, auc %.4g on average)' % (
            self.scores.shape + (self.fractions[0], self.fractions[-1], known_mean(self.auc)))
