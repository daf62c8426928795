"""Shapley values by sampling."""
from typing import Any, List, Optional, Sequence

import numpy as np

from ..arguments import positive_int
from ..messages import warn
from .base import Model, Run
from .perturbation import PerturbationAttribution, say_how

_HOW = "sampling_dims=[[1], None, ...], a list with each input's sampled dimensions, None to leave it alone"


class ShapleySampling(PerturbationAttribution):
    """Shapley values from random permutations (Castro et al. 2009, algorithm 1), absent features set to zero.

    For each of `samples` permutations the players (features, unless told otherwise) are set to the baseline one after
    another; each is credited with the fall of sum(T * ys). The mean over permutations. The attributions of a sample
    add up to T(x) - T(baseline). By default permutations are drawn by np.random.permutation, so that np.random.seed
    reproduces a run.

    Args:
        samples: the number of permutations, a positive int. Default 5.
        sampling_dims: the dimensions of X, from 1 on, whose places are the players; the features along the other
            dimensions move together, and the result has the sampled dimensions only. Default: all. They should be the
            first ones: else the players are blocks of consecutive features, as in the reference implementation. For
            several inputs a list with one of these for each, None to leave an input alone (its attributions are 0);
            all inputs' players are one set.
        baseline, seed: see `Attribution`.
        feature_mask, per_group: see `PerturbationAttribution`.

    Warns:
        UserWarning: if sampling_dims are not the first dimensions of a sample.
    """

    run_options = ('baseline', 'seed')
    has_convergence_delta = True

    def __init__(self, model: Model, samples: int = 5, sampling_dims: Optional[Sequence[Any]] = None,
                 baseline: Any = None, feature_mask: Any = None, per_group: bool = False, seed: Any = None) -> None:
        if feature_mask is not None and sampling_dims is not None:
            raise ValueError('feature_mask excludes sampling_dims.')
        if model.many and feature_mask is None and (
                not isinstance(sampling_dims, list) or len(sampling_dims) != len(model.X)
                or all(dims is not None and np.ndim(dims) == 0 for dims in sampling_dims)):
            raise say_how('shapley_sampling', _HOW)
        self._samples = positive_int('samples', samples)
        given = list(sampling_dims or [None] * len(model.X)) if model.many else [sampling_dims]
        self._dims = [None if dims is None else _checked(dims, x.shape.ndims) for dims, x in zip(given, model.X)]
        self._seed = check_seed(seed)
        for dims in self._dims:
            if dims and dims != list(range(1, len(dims) + 1)):
                warn('sampling_dims %s are not the first dimensions of a sample: the players are blocks of consecutive '
                     'features, as in the reference implementation. To sample those dimensions, let X be a tensor in '
                     'which they come first.' % dims)
        super().__init__(model, baseline, feature_mask, per_group)

    def evaluations(self, run: Run) -> int:
        return self._samples * (_count(self._players(run)) + 1)

    def attribute(self, run: Run) -> List[np.ndarray]:
        players = self._players(run)
        count = _count(players)
        flat = [x.reshape(run.n, -1) for x in run.xs]
        zero = [array[0].reshape(run.n, -1) for array in self.absent(run).arrays]
        total = np.zeros((count, run.n))
        given = check_seed(run.options.get('seed'))
        draw = _generator(self._seed if given is None else given)
        for _ in range(self._samples):
            permutation = draw.permutation(count)
            # Who is no player is always present.
            place = np.append(np.argsort(permutation), count)

            def points(rows: Any, place: np.ndarray = place) -> List[np.ndarray]:
                # After k evaluations the first k players of the permutation are absent.
                return [np.where(place[player] >= rows.evaluations[:, np.newaxis], one[rows.samples],
                                 absent[rows.samples]).reshape((-1,) + x.shape[1:])
                        for player, one, absent, x in zip(players, flat, zero, run.xs)]

            scores = run.scores(points, count + 1)
            total[permutation] += scores[:-1] - scores[1:]
        credits = np.append((total / self._samples).T, np.zeros((run.n, 1)), 1)
        if self.per_group:
            return [credits[:, :-1].astype(self.dtype(run)[0])]
        results = []
        for player, dims, x, dtype in zip(players, self._dims, run.xs, self.dtype(run)):
            if dims:
                size = int(np.prod([x.shape[dim] for dim in dims]))
                # One of the features that move with each player.
                player = player.reshape(size, -1)[:, 0]
            shape = tuple(x.shape[dim] for dim in dims) if dims else x.shape[1:]
            results.append(credits[:, player].reshape((run.n,) + shape).astype(dtype))
        return results

    def _players(self, run: Run) -> List[np.ndarray]:
        """The player that each feature of each input's samples belongs to, flat; -1 for none."""
        groups = self.groups(run)
        if groups is not None:
            return groups
        players, count = [], 0
        for dims, x in zip(self._dims, run.xs):
            features = int(np.prod(x.shape[1:]))
            if self.model.many and dims is None:
                players.append(np.full(features, -1))
                continue
            dims = _checked(dims, x.ndim) if dims else list(range(1, x.ndim))
            size = int(np.prod([x.shape[dim] for dim in dims]))
            # Each player is a block of consecutive features, as in the reference.
            players.append(count + np.repeat(np.arange(size), features // size))
            count += size
        return players


def _count(players: List[np.ndarray]) -> int:
    return max(int(player.max()) for player in players) + 1


def check_seed(seed: Any) -> Any:
    """The seed, when permutations can be drawn with it."""
    if seed is None or hasattr(seed, 'permutation') or (
            isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) and seed >= 0):
        return seed
    raise ValueError('seed must be an int of at least 0, or a numpy Generator or RandomState, not %r.' % (seed,))


def _generator(seed: Any) -> Any:
    if seed is None:
        return np.random
    return seed if hasattr(seed, 'permutation') else np.random.RandomState(seed)


def _checked(dims: Sequence[int], ndims: Optional[int]) -> List[int]:
    """Sampling dimensions, in ascending order, when X has them."""
    last = None if ndims is None else ndims - 1
    valid = np.ndim(dims) == 1 and len(dims) > 0 and len(set(dims)) == len(dims) and all(
        isinstance(dim, (int, np.integer)) and 1 <= dim <= (dim if last is None else last) for dim in dims)
    if not valid:
        raise ValueError('sampling_dims must name dimensions of X from 1 to %s, each once, not %r.' % (
            'its last' if last is None else last, dims))
    return sorted(int(dim) for dim in dims)
