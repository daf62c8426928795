"""Rows into session calls: every method is a sweep of evaluations over samples, cut by one memory knob."""
from typing import Iterator, NamedTuple

import numpy as np


class Rows(NamedTuple):
    """The rows of one session call: row i is sample `samples[i]` in evaluation `evaluations[i]`."""
    samples: np.ndarray
    evaluations: np.ndarray

    def add(self, total: np.ndarray, values: np.ndarray) -> None:
        """Add row i of the values to row samples[i] of the total; a sample may have several rows."""
        # Samples ascend within an evaluation, so each run of them can be added at once.
        starts = np.flatnonzero(np.diff(self.samples) <= 0) + 1
        for part in np.split(np.arange(len(self.samples)), starts):
            total[self.samples[part]] += values[part]


def sweep(samples: int, evaluations: int, rows: int, mixed: bool = True) -> Iterator[Rows]:
    """Cut `evaluations` passes over `samples` samples into calls of at most `rows` rows, pass after pass.

    Args:
        mixed: whether one call may hold rows of several evaluations. Where T is no longer one value a sample (a mean
            over the batch, say), the rows of a call must belong to one evaluation.
    """
    if mixed:
        for start in range(0, samples * evaluations, rows):
            index = np.arange(start, min(start + rows, samples * evaluations))
            yield Rows(index % samples, index // samples)
        return
    for start in range(0, samples, rows):
        index = np.arange(start, min(start + rows, samples))
        for evaluation in range(evaluations):
            yield Rows(index, np.full(len(index), evaluation))
