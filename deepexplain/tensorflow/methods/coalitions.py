"""What methods share that evaluate the same coalitions of players for all samples."""
from typing import Any, Callable, List, Sequence, Tuple

import numpy as np

from ..runs.arguments import MOST, positive_int
from ..runs.batching import pairs
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import check_seed
from .perturbation import PerturbationAttribution, take_away

#: Players of whose number's square there is to be a matrix.
PLAYERS = 10 ** 4

#: Up to so many multiplications a product of matrices is made by one thread, by OpenBLAS at least; twice of that.
_ONE_THREAD = 2 ** 17


class CoalitionAttribution(PerturbationAttribution):
    """A method that learns what players give from the target at coalitions of them, the same for all samples.

    The players are the features of all inputs, or the groups of a feature_mask. The coalitions are drawn by the seed
    alone: neither the other samples nor batch_size change a result.
    """

    run_options = ('baseline', 'seed')

    def set_draws(self, samples: Any, seed: Any) -> None:
        """Take the options that say what is drawn; `samples` may be None."""
        self._samples = None if samples is None else positive_int('samples', samples, MOST)
        self.seed = check_seed(seed)

    def players(self, run: Run) -> Tuple[List[np.ndarray], int]:
        """The player that each feature of each input belongs to, flat, -1 for none, and how many there are.

        Raises:
            ValueError: they are too many.
        """
        groups = self.groups(run)
        if groups is None:
            used = [X.name not in self.model.unused for X in self.model.X]
            ends = np.cumsum([0] + [x[0].size * use for x, use in zip(run.xs, used)])
            groups = [np.arange(start, end) if use else np.full(x[0].size, -1)
                      for x, use, start, end in zip(run.xs, used, ends, ends[1:])]
        count = max(int(one.max()) for one in groups if one.size) + 1
        return groups, few_enough(self.model, count)

    def values(self, run: Run, players: Sequence[np.ndarray], present: np.ndarray) -> np.ndarray:
        """The target of each sample at each coalition, (n, coalitions), float64, given who is present in it.

        Of several units each sample has a row for each of them: (n * units, coalitions).
        """
        absent, size = self.flat_absent(run), len(present)
        # Who is no player is always there.
        present = np.append(present, np.ones((size, 1), bool), 1)
        samples, which = pairs(run.n, size, run.rowing.mixed)
        points = self.points(run, run.n * size)

        def fed(part: slice) -> List[Any]:
            def remove(number: int, flat: np.ndarray) -> None:
                gone = ~present[which[part]][:, players[number]]
                take_away(flat, gone, absent[number], samples[part])

            return points(samples[part], remove)

        return self.listed(run, samples, which, fed)

    def listed(self, run: Run, samples: np.ndarray, which: np.ndarray, points: Callable[[slice], List[Any]]
               ) -> np.ndarray:
        """The target in rows of samples, each at every one of some evaluations, as `values` has it."""
        size = int(which.max()) + 1
        found = np.empty((run.n, size) + run.tail)
        found[samples, which] = run.scores(samples, points)
        return found if run.several is None else np.moveaxis(found, 1, 2).reshape(-1, size)

    def shared_out(self, run: Run, players: Sequence[np.ndarray], credits: np.ndarray) -> List[np.ndarray]:
        """What players are credited with, a row for each of `values`, as attributions."""
        credits = np.moveaxis(credits.reshape(run.n, -1, credits.shape[1]), 1, 2).reshape(
            (run.n, credits.shape[1]) + run.tail)
        if self.per_group:
            return run.apart([credits.astype(self.dtype(run)[0])])
        credits = np.append(credits, np.zeros((run.n, 1) + run.tail), 1)
        return run.apart([credits[:, own].reshape(x.shape + run.tail).astype(dtype)
                          for own, x, dtype in zip(players, run.xs, self.dtype(run))])


def few_enough(model: Model, count: int) -> int:
    """The number of players, if they are not too many."""
    if count > PLAYERS:
        raise ValueError('%s: %d features are too many players, at most %d: put them into groups by feature_mask.' % (
            model.method, count, PLAYERS))
    return count


def crossed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a.T @ b of a few columns and many rows, in parts that take one thread each.

    The threads of numpy's BLAS wait for TensorFlow's, which look for more to do for a while after each call: on two
    busy cores 40 ms in place of one for two thousand coalitions of 64 players.
    """
    size = _ONE_THREAD // max(1, a.shape[1] * b.shape[1])
    if size < 16:
        return a.T @ b
    total = np.zeros((a.shape[1], b.shape[1]))
    for start in range(0, len(a), size):
        total += a[start:start + size].T @ b[start:start + size]
    return total
