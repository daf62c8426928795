"""Guided integrated gradients."""
from typing import Any, List, Sequence

import numpy as np

from ..rules.cuts import refuse_cut
from ..rules.gradients import ordinary
from ..runs.arguments import MOST, number, positive_int, shown
from ..runs.batching import add_rows, cuts, pairs
from ..runs.model import Model
from ..runs.run import Run
from ..runs.uneven import check_first_axis
from .attribution import Attribution


class GuidedIG(Attribution):
    """Integrated gradients on a path that the model chooses (Kapishnikov et al. 2021).

    The path goes from the baseline to the input in steps, each nearer to the input by the same part of their L1
    distance. At each step the features with the smallest absolute partial derivatives are moved, as many as it takes,
    `fraction` of all features at a time; a sample's attributions are the sums over the steps of its gradient times the
    feature's move. They add up to T(x) - T(baseline) as steps grow where the gradient is continuous. At the kinks of
    ReLUs and max pooling the path may go to and fro, and each move begins on the flatter side: the gradients at the
    beginning of each step then miss a part, however many steps there are, and those at both ends ('trapezoid') less.
    Each sample has a path of its own, all inputs together one: those of larger numbers count for more in the distance.
    Samples share session calls, steps do not.

    Args:
        steps: the number of steps, a positive int. Default 200, as in the authors' implementation.
        fraction: which part of all features is moved first, above 0 and at most 1; 1 is the straight path. Default .25.
        max_dist: how far any feature may be ahead of the straight path or behind it, as a part of its own way, above 0
            and at most 1, where nothing holds it. Default .02.
        anchors: at how many points, evenly spread, the path has to meet the straight one, None or a positive int below
            `steps`. Default None: at none but both ends.
        baseline, references: see `Attribution`.
        quadrature: 'riemann_left' (default): moves times the gradients at the beginning of their steps, as in the
            authors' implementation; 'trapezoid': times the mean of those at both ends, with one more evaluation.
    """

    run_options = ('baseline', 'references')
    has_convergence_delta = parts_of_target = differentiates = True

    def __init__(self, model: Model, steps: int = 200, fraction: float = .25, max_dist: float = .02,
                 anchors: Any = None, baseline: Any = None, references: Any = None,
                 quadrature: str = 'riemann_left') -> None:
        super().__init__(model)
        self._steps = positive_int('steps', steps, MOST)
        self._fraction, self._far = _part('fraction', fraction), _part('max_dist', max_dist)
        if anchors is not None and positive_int('anchors', anchors) >= self._steps:
            raise ValueError(f'anchors must be fewer than the {self._steps} steps, not {anchors}.')
        # The steps at which the path is on the straight one.
        self._ends = np.round(np.linspace(0, self._steps, (anchors or 0) + 2)).astype(int)
        if not isinstance(quadrature, str) or quadrature not in ('riemann_left', 'trapezoid'):
            raise ValueError("quadrature must be 'riemann_left' or 'trapezoid', not %s." % shown(quadrature))
        self._both_ends = quadrature == 'trapezoid'
        self.set_absent(baseline, references)
        refuse_cut(model)
        carrier = ordinary(model.path)
        self.settled = carrier.settled
        self._gradients = carrier.gradients(model)
        self._size = model.size_of(carrier.T)

    def evaluations(self, run: Run) -> int:
        return (self._steps + self._both_ends) * self.absent(run).size

    def attribute(self, run: Run) -> List[np.ndarray]:
        absent = self.absent(run)
        samples, references = pairs(run.n, absent.size, run.rowing.mixed)
        totals = [np.zeros(x.shape) for x in run.xs]
        for part in cuts(len(samples), run.rowing, run.n):
            own = samples[part]
            found = self._along(run, own, absent.rows(own, references[part]))
            for total, one in zip(totals, found):
                add_rows(total, own, one)
        return [(total / absent.size).astype(x.dtype) for total, x in zip(totals, run.xs)]

    def _along(self, run: Run, samples: np.ndarray, starts: Sequence[np.ndarray]) -> List[np.ndarray]:
        """The attributions of some pairs of a sample and where its path starts."""
        xs = [x[samples] for x in run.xs]
        # What T does not use is no part of the distance: it would go first.
        used = [i for i, X in enumerate(self.model.X) if X.name not in self.model.unused]
        own = [xs[i] for i in used]
        base, ends = [_flat([one.astype(np.float64) for one in ones]) for ones in ([starts[i] for i in used], own)]
        ways = ends - base
        # How far each feature is on its way; what has none to go is there.
        at = np.where(ways, 0., 1.)
        totals, move = np.zeros(ways.shape), np.zeros(ways.shape)
        for step in range(self._steps + self._both_ends):
            points = list(xs)
            for i, point in zip(used, _apart(base + at * ways, own)):
                points[i] = point
            *gradients, size = run.evaluate(self._gradients + [self._size], samples, points)
            for tensor, gradient in zip(self._gradients, gradients):
                check_first_axis(tensor, gradient, len(samples))
            run.seen.note(size, baselines=step == 0)
            gradient = _flat([gradients[i] for i in used]).astype(np.float64)
            if self._both_ends:
                # The end of the step before is the beginning of this one.
                totals += gradient * move / 2
            if step < self._steps:
                after = np.stack([self._moved(*each, step) for each in zip(at, np.abs(ways), np.abs(gradient))])
                move, at = ways * (after - at), after
                totals += gradient * move / (2 if self._both_ends else 1)
        found = dict(zip(used, _apart(totals, own, np.float64)))
        return [found.get(i, np.zeros(x.shape)) for i, x in enumerate(xs)]

    def _moved(self, at: np.ndarray, lengths: np.ndarray, slopes: np.ndarray, step: int) -> np.ndarray:
        """Where a sample's features are after a step.

        Args:
            at: where they are before, between 0 and 1, of their ways of some lengths.
            slopes: the absolute partial derivatives there.
        """
        if step + 1 in self._ends:
            return np.full(at.shape, (step + 1) / self._steps) if step + 1 < self._steps else np.ones(at.shape)
        where, segment = (step + 1) / self._steps, np.searchsorted(self._ends, step, 'right')
        low, high = self._ends[[segment - 1, segment]] / self._steps
        low, high = max(low, where - self._far), min(high, where + self._far)
        at = np.maximum(at, low)
        lacking = where * lengths.sum() - at @ lengths
        free = np.flatnonzero((at < high) & (lengths > 0))
        # Those that are no numbers go last.
        slopes = np.where(np.isnan(slopes), np.inf, slopes)[free]
        at_once = int(self._fraction * (len(at) - 1)) + 1
        while len(free) and lacking > 0:
            last = min(at_once, len(free)) - 1
            # Those of equal derivatives go together.
            first = slopes <= np.partition(slopes, last)[last]
            moved = free[first]
            room = (high - at[moved]) @ lengths[moved]
            if room > lacking:
                at[moved] += lacking / room * (high - at[moved])
                break
            at[moved], lacking = high, lacking - room
            free, slopes = free[~first], slopes[~first]
        return at


def _part(name: str, value: Any) -> float:
    found = number(name, value)
    if not 0 < found <= 1:
        raise ValueError(f'{name} must be above 0 and at most 1, not {shown(value)}.')
    return found


def _flat(values: Sequence[np.ndarray]) -> np.ndarray:
    """All numbers of each row in one line."""
    return np.concatenate([one.reshape(len(one), -1) for one in values], 1)


def _apart(flat: np.ndarray, like: Sequence[np.ndarray], dtype: Any = None) -> List[np.ndarray]:
    """What was made one line, as it was."""
    ends = np.cumsum([0] + [one[0].size for one in like])
    return [flat[:, start:end].reshape(one.shape).astype(dtype or one.dtype)
            for one, start, end in zip(like, ends, ends[1:])]
