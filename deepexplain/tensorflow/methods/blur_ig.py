"""Integrated gradients from a blurred input."""
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import numpy as np

from ..rules.cuts import refuse_cut
from ..rules.gradients import ordinary
from ..runs.arguments import MOST, number, positive_int, shown
from ..runs.baselines import Baselines
from ..runs.batching import Rows, add_rows, sweep
from ..runs.model import Model
from ..runs.run import Run
from ..runs.uneven import check_first_axis
from .attribution import Attribution
from .blurring import BOUNDARIES, Blurred
from .places import Places


class BlurIG(Attribution):
    """Integrated gradients along the blurs of the input, from the most blurred to the input itself (Xu et al. 2020).

    Nothing but the input itself is needed to say what absence is. Over the steps from one standard deviation of the
    Gaussian to the next smaller one, evenly spread from `max_sigma` to 0, the mean of the gradients at both blurs times
    their difference. The attributions of a sample add up to T(x) - T(x as blurred as can be) as steps grow.

    Args:
        steps: the number of steps, a positive int. Default 100.
        max_sigma: the standard deviation of the Gaussian to begin with, in places, a number above 0. Default None: half
            of the longest axis that is blurred.
        axes: which axes of X are blurred, ints from 1. Default None: those of places, all but that of channels, which
            is where the nearest convolution, pooling or bias has it; where none tells, the last of samples of three
            axes or more, and none of those of one or two.
        boundary: what is beyond the borders, 'constant' (default): zeros, as in the authors' implementation, so that
            what is blurred most is next to nothing; 'reflect': the mirror image, so that it is the mean.
    """

    has_convergence_delta = parts_of_target = differentiates = True
    has_factor = False

    def __init__(self, model: Model, steps: int = 100, max_sigma: Optional[float] = None,
                 axes: Optional[Sequence[int]] = None, boundary: str = 'constant') -> None:
        super().__init__(model)
        self.set_absent(None)
        self._steps = positive_int('steps', steps, MOST)
        if max_sigma is not None and not number('max_sigma', max_sigma):
            raise ValueError('max_sigma must be a number above 0, not %s.' % shown(max_sigma))
        self._sigma = max_sigma
        if not isinstance(boundary, str) or boundary not in BOUNDARIES:
            raise ValueError("boundary must be '%s' or '%s', not %s." % (*BOUNDARIES, shown(boundary)))
        self._boundary = boundary
        self._places = Places(model, axes, 'blurred')
        refuse_cut(model)
        carrier = ordinary(model.path)
        self.settled = carrier.settled
        self._fetches = carrier.gradients(model) + [model.score_of(carrier.T)]

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        for i, x in enumerate(run.xs):
            self._places.of(i, x.ndim)

    def absent(self, run: Run) -> Baselines:
        """The samples as blurred as can be."""
        if run.baselines is None:
            ends = Rows(np.arange(run.n), np.full(run.n, self._steps))
            run.baselines = Baselines(1, [self._levels(i, x, self._sigmas(i, x), ends)[0].astype(x.dtype)[np.newaxis]
                                          for i, x in enumerate(run.xs)])
        return run.baselines

    def evaluations(self, run: Run) -> int:
        return self._steps + 1

    def attribute(self, run: Run) -> List[np.ndarray]:
        totals = [np.zeros(x.shape) for x in run.xs]
        scores = np.zeros((run.n, self._steps + 1))
        sigmas = [self._sigmas(i, x) for i, x in enumerate(run.xs)]
        for rows in sweep(run.n, self._steps + 1, run.rowing):
            levels = [self._levels(i, x, sigmas[i], rows) for i, x in enumerate(run.xs)]
            *gradients, score = run.evaluate(self._fetches, rows.samples, [
                at.astype(x.dtype) for (at, _), x in zip(levels, run.xs)])
            for tensor, value in zip(self._fetches, [*gradients, score]):
                check_first_axis(tensor, value, len(rows.samples))
            scores[rows.samples, rows.evaluations] = score
            for total, (_, change), gradient in zip(totals, levels, gradients):
                add_rows(total, rows.samples, change * gradient)
        run.seen.note(np.abs(scores[:, :-1]).ravel())
        run.seen.note(np.abs(scores[:, -1]), baselines=True)
        # What attributions add up to is their difference.
        run.keep(scores[:, 0], scores[:, -1])
        return [total.astype(x.dtype) for total, x in zip(totals, run.xs)]

    def _levels(self, number_of: int, x: np.ndarray, sigmas: np.ndarray, rows: Rows) -> Tuple[np.ndarray, np.ndarray]:
        """Of each row the blurred sample, and what its gradient is multiplied by.

        The means over both ends of a step, summed over the steps, are each gradient times half the difference between
        the blur before and the one behind it; at either end there is but one.
        """
        # A single number is a line of one place.
        axes = [axis - 1 for axis in self._places.of(number_of, x.ndim)] if x.ndim > 1 else [0]
        levels, changes = [], []
        for first, last in _streaks(rows.samples):
            blurred = Blurred(x[rows.samples[first]].reshape(x.shape[1:] or 1), axes, self._boundary)
            around = np.clip(np.arange(rows.evaluations[first] - 1, rows.evaluations[last - 1] + 2), 0, self._steps)
            found = np.stack([blurred.at(sigma).reshape(x.shape[1:]) for sigma in sigmas[around]])
            levels.append(found[1:-1])
            changes.append((found[:-2] - found[2:]) / 2)
        return np.concatenate(levels), np.concatenate(changes)

    def _sigmas(self, number_of: int, x: np.ndarray) -> np.ndarray:
        places = self._places.of(number_of, x.ndim)
        longest = max([x.shape[axis] for axis in places] or [1])
        return np.linspace(0, longest / 2 if self._sigma is None else self._sigma, self._steps + 1)


def _streaks(samples: np.ndarray) -> Iterator[Tuple[int, int]]:
    """Where rows of the same sample, one after another, begin and end."""
    starts: List[Any] = list(np.flatnonzero(np.append(True, samples[1:] != samples[:-1])))
    return iter(list(zip(starts, starts[1:] + [len(samples)])))
