"""Samples on their way through permutations of their features."""
from typing import NamedTuple

import numpy as np


class Way:
    """Some samples taken through some permutations: the steps at which a player's leaving changes a sample.

    Attributes:
        ways, positions, samples, players: of each step, the number of its permutation, its place there, the number of
            its sample, and who leaves. Step follows step, permutation by permutation, sample by sample.
        first, last: whether a step is the first or the last of its sample's way.
    """

    def __init__(self, permutations: np.ndarray, samples: np.ndarray, changes: np.ndarray) -> None:
        self.permutations, self._all = permutations, samples
        whole = changes[samples][:, permutations].transpose(1, 0, 2)
        self.ways, row, self.positions = np.nonzero(whole)
        self.samples = samples[row]
        self.players = permutations[self.ways, self.positions]
        same = (self.samples[1:] == self.samples[:-1]) & (self.ways[1:] == self.ways[:-1])
        self.first, self.last = np.append(True, ~same)[:len(row)], np.append(~same, True)[:len(row)]

    def rows(self, mixed: bool, ends: bool) -> 'Steps':
        """What to evaluate: after each step but the last; first the samples whole and empty, if `ends`.

        Unmixed, position follows position.
        """
        steps = np.flatnonzero(~self.last)
        if not mixed:
            steps = steps[np.argsort(self.positions[steps], kind='stable')]
        samples, left, ways = self.samples[steps], self.positions[steps] + 1, self.ways[steps]
        if ends:
            size = len(self._all)
            samples = np.concatenate([self._all, self._all, samples])
            left = np.concatenate([np.zeros(size, int), np.full(size, self.permutations.shape[1]), left])
            ways = np.append(np.zeros(2 * size, int), ways)
        return Steps(steps, samples, left, ways)


class Steps(NamedTuple):
    """Rows to evaluate: the steps that the last of them are, and for each the sample, how many have left, and the way.
    """
    steps: np.ndarray
    samples: np.ndarray
    left: np.ndarray
    ways: np.ndarray
