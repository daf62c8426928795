"""Means and variances of what comes in parts, without keeping it."""
from typing import Any

import numpy as np


class Moments:
    """The mean of each sample's values, and if `spread` their variance, both float64 and up to date at any time.

    Chan, Golub and LeVeque 1979, eq. 2.1: parts have sums of squares about their own means, which are merged.
    """

    def __init__(self, samples: int, spread: bool = False) -> None:
        self._spread = spread
        self._counts: np.ndarray = np.zeros(samples)
        self.mean: Any = None
        self._squares: Any = None

    def add(self, owners: np.ndarray, values: np.ndarray) -> None:
        """Take in row i of the values as one of sample owners[i]; owners rise, and one may have several rows."""
        if self.mean is None:
            self.mean = np.zeros((len(self._counts),) + values.shape[1:])
            self._squares = np.zeros(self.mean.shape if self._spread else 0)

        def column(numbers: np.ndarray) -> np.ndarray:
            return numbers.reshape((-1,) + (1,) * (values.ndim - 1))

        starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
        found, sizes = owners[starts], np.diff(np.append(starts, len(owners)))
        means = np.add.reduceat(values, starts, 0, np.float64) / column(sizes)
        before = self._counts[found]
        self._counts[found] += sizes
        shift = means - self.mean[found]
        self.mean[found] += shift * column(sizes / self._counts[found])
        if self._spread:
            own = np.add.reduceat(np.square(values - np.repeat(means, sizes, 0)), starts, 0)
            self._squares[found] += own + shift ** 2 * column(before * sizes / self._counts[found])

    @property
    def variance(self) -> np.ndarray:
        """The mean square of each sample's values about their mean."""
        return self._squares / self._counts.reshape((-1,) + (1,) * (self.mean.ndim - 1))
