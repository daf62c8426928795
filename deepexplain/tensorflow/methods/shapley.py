"""Shapley values by sampling."""
from itertools import islice
from typing import Any, Callable, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..messages import warn
from ..runs.arguments import MOST, flag, positive_int, shown
from ..runs.batching import sums_of
from ..runs.first_layer import ALL, NONE, FirstLayer
from ..runs.model import Model
from ..runs.run import Run
from ..runs.seeds import check_seed, generator_of
from .permutations import Steps, Way
from .perturbation import PerturbationAttribution, say_how, take_away, touched

_HOW = "sampling_dims=[[1], None, ...], a list with each input's sampled dimensions, None to leave it alone"


class ShapleySampling(PerturbationAttribution):
    """Shapley values from random permutations (Castro et al. 2009, algorithm 1), absent features set to zero.

    For each of `samples` permutations the players (features, unless told otherwise) are set to the baseline one after
    another; each is credited with the fall of sum(T * ys). The mean over permutations. The attributions of a sample
    add up to T(x) - T(baseline). Permutations are the same for all samples; by default they are drawn by
    np.random.permutation, so that np.random.seed reproduces a run.

    Args:
        samples: the number of permutations, a positive int. Default 5.
        sampling_dims: the dimensions of X, from 1 on, whose places are the players; the features along the other
            dimensions move together, and the result has the sampled dimensions only. Default: all. They should be the
            first ones: else the players are blocks of consecutive features, as in the reference implementation. For
            several inputs a list with one of these for each, None to leave an input alone (its attributions are 0);
            all inputs' players are one set.
        baseline, seed: see `Attribution`.
        feature_mask, per_group: see `PerturbationAttribution`.
        antithetic: whether every other permutation is the one before reversed (Mitchell et al. 2022, section 4.2),
            which lessens the variance of the mean. Default False.

    Warns:
        UserWarning: if sampling_dims are not the first dimensions of a sample.
    """

    run_options = ('baseline', 'seed')
    running = by_scores = True
    has_convergence_delta = has_factor = True

    def __init__(self, model: Model, samples: int = 5, sampling_dims: Optional[Sequence[Any]] = None,
                 baseline: Any = None, feature_mask: Any = None, per_group: bool = False, seed: Any = None,
                 antithetic: bool = False) -> None:
        if feature_mask is not None and sampling_dims is not None:
            raise ValueError('feature_mask excludes sampling_dims.')
        if model.many and feature_mask is None and (
                not isinstance(sampling_dims, list) or len(sampling_dims) != len(model.X)
                or all(dims is not None and np.ndim(dims) == 0 for dims in sampling_dims)):
            raise say_how('shapley_sampling', _HOW, len(model.X))
        self._samples = positive_int('samples', samples, MOST)
        given = list(sampling_dims or [None] * len(model.X)) if model.many else [sampling_dims]
        # All rows of X together are one sample: their axis is one of its dimensions.
        first = 0 if model.together else 1
        self._dims = [None if dims is None else [dim + 1 - first for dim in _checked(dims, x.shape.ndims, first)]
                      for dims, x in zip(given, model.X)]
        self.seed = check_seed(seed)
        self._antithetic = flag('antithetic', antithetic)
        for dims in self._dims:
            if dims and dims != list(range(1, len(dims) + 1)):
                warn('sampling_dims %s are not the first dimensions of a sample: the players are blocks of consecutive '
                     'features, as in the reference implementation. To sample those dimensions, let X be a tensor in '
                     'which they come first.' % [dim - 1 + first for dim in dims])
        super().__init__(model, baseline, feature_mask, per_group)

    def evaluations(self, run: Run) -> int:
        return 2 + self._samples * (_count(self._players(run)) - 1)

    def attribute(self, run: Run) -> List[np.ndarray]:
        players = self._players(run)
        count = _count(players)
        absent = self.flat_absent(run)
        changes = np.ones((run.n, count), bool)
        if run.rowing.mixed:
            changes = touched(players, [x.reshape(run.n, -1) != one for x, one in zip(run.xs, absent)], count)
        evaluate = self._evaluator(run, players, absent, count)
        full, empty = np.zeros((2, run.n) + run.tail)
        total = np.zeros((run.n * count,) + run.tail)
        for permutations, samples, is_first in self._parts(run, count):
            way = Way(permutations, samples, changes)
            rows = way.rows(run.rowing.mixed, is_first)
            values = evaluate(way, rows)
            run.progress(len(permutations) * len(samples) * (count - 1) + 2 * is_first * len(samples) - len(values))
            if is_first:
                ends, values = np.split(values, [2 * len(samples)])
                full[samples], empty[samples] = np.split(ends, 2)
            scores = empty[way.samples]
            scores[rows.steps] = values
            falls = np.where(run.wide(way.first), full[way.samples], np.roll(scores, 1, 0)) - scores
            features = way.samples * count + way.players
            if len(permutations) > 1:
                total += sums_of(features, falls, len(total))
            else:
                total[features] += falls
        run.note(np.abs(full))
        run.note(np.abs(empty), baselines=True)
        # What is left alone is there still.
        run.keep(full, empty)
        credits = np.append(total.reshape((run.n, count) + run.tail) / self._samples,
                            np.zeros((run.n, 1) + run.tail), 1)
        if self.per_group:
            return run.apart([credits[:, :-1].astype(self.dtype(run)[0])])
        results = []
        for player, dims, x, dtype in zip(players, self._dims, run.xs, self.dtype(run)):
            if dims:
                size = int(np.prod([x.shape[dim] for dim in dims]))
                # One of the features that move with each player.
                player = player.reshape(size, -1)[:, 0]
            shape = tuple(x.shape[dim] for dim in dims) if dims else x.shape[1:]
            results.append(credits[:, player].reshape((run.n,) + shape + run.tail).astype(dtype))
        return run.apart(results)

    def _parts(self, run: Run, count: int) -> Iterator[Tuple[np.ndarray, np.ndarray, bool]]:
        """Permutations, the samples to take them through, as many as fill a call, and if these come for the first time.
        """
        room = max(1, run.rowing.rows // max(1, count)) if run.rowing.mixed else 1
        width = max(1, room // run.n)
        height = min(room, run.n) if run.rowing.mixed else run.n
        drawn = self._draw(run, count)
        for part in range(0, self._samples, width):
            permutations = np.array(list(islice(drawn, width)))
            for start in range(0, run.n, height):
                yield permutations, np.arange(start, min(start + height, run.n)), part == 0

    def _draw(self, run: Run, count: int) -> Iterator[np.ndarray]:
        """The permutations, drawn one after another when they are wanted."""
        generator = generator_of(run.options.get('seed'), self.seed)
        for number in range(self._samples):
            if not self._antithetic or number % 2 == 0:
                permutation = generator.permutation(count)
                yield permutation
            else:
                yield permutation[::-1]

    def _evaluator(self, run: Run, players: List[np.ndarray], absent: List[np.ndarray], count: int
                   ) -> Callable[['Way', 'Steps'], np.ndarray]:
        """A function from some steps of a way to the scores after them."""
        layer = self.first_layer
        if len(players) == 1 and count == len(players[0]) and layer is not None and layer.pays(
                run, absent[0], run.n * self._samples * count):
            feature = np.argsort(players[0])
            return lambda way, rows: self._through(run, layer, absent[0], way, rows, feature)
        points = self.points(run, run.n * (2 + self._samples * count))

        def evaluate(way: Way, rows: Steps) -> np.ndarray:
            # When each feature leaves, in each permutation; who is no player never does.
            leaves = np.append(np.argsort(way.permutations, 1), np.full((len(way.permutations), 1), count), 1)
            of_features = [leaves[:, player] for player in players]
            many = len(way.permutations) > 1

            def fed(part: slice) -> List[Any]:
                samples, left = rows.samples[part], rows.left[part, np.newaxis]

                def remove(number: int, flat: np.ndarray) -> None:
                    gone = of_features[number][rows.ways[part] if many else slice(0, 1)] < left
                    take_away(flat, gone, absent[number], samples)

                return points(samples, remove)

            return run.scores(rows.samples, fed)

        return evaluate

    def _through(self, run: Run, layer: FirstLayer, absent: np.ndarray, way: 'Way', rows: 'Steps',
                 feature: np.ndarray) -> np.ndarray:
        """The scores after some steps, by what each changes in the first layer."""
        steps, ends = rows.steps, len(rows.samples) - len(rows.steps)
        features = np.append(np.repeat([NONE, ALL], ends // 2), feature[way.players[steps]])
        return layer.scores(run, absent, rows.samples, features, np.append(np.ones(ends, bool), way.first[steps]))

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


def _checked(dims: Sequence[int], ndims: Optional[int], first: int = 1) -> List[int]:
    """Sampling dimensions, in ascending order, when X has them."""
    last = None if ndims is None else ndims - 1
    valid = np.ndim(dims) == 1 and (len(dims) > 0 or last == 0) and len(set(dims)) == len(dims) and all(
        isinstance(dim, (int, np.integer)) and not isinstance(dim, bool)
        and first <= dim <= (dim if last is None else last) for dim in dims)
    if not valid and last == 0:
        raise ValueError('sampling_dims must be [], as X has no dimensions besides the samples, not %s.' % shown(dims))
    if not valid:
        raise ValueError('sampling_dims must name dimensions of X from %d to %s, each once, not %s.' % (
            first, 'its last' if last is None else last, shown(dims)))
    return sorted(int(dim) for dim in dims)
