"""Shapley values by sampling."""
from typing import List, Optional, Sequence

import numpy as np

from ..arguments import positive_int
from ..messages import warn
from .base import Model, PerturbationAttribution, Run


class ShapleySampling(PerturbationAttribution):
    """Shapley values from random permutations (Castro et al. 2009, algorithm 1), absent features set to zero.

    For each of `samples` permutations, drawn by np.random.permutation (so np.random.seed reproduces a run), features
    are set to zero one after another; each is credited with the fall of sum(T * ys). The mean over permutations. The
    attributions of a sample add up to T(x) - T(0).

    Args:
        samples: the number of permutations, a positive int. Default 5.
        sampling_dims: the dimensions of X, from 1 on, whose places are the players; the features along the other
            dimensions move together, and the result has the sampled dimensions only. Default: all. They should be the
            first ones: else the players are blocks of consecutive features, as in the reference implementation.

    Warns:
        UserWarning: if sampling_dims are not the first dimensions of a sample.
    """

    def __init__(self, model: Model, samples: int = 5, sampling_dims: Optional[Sequence[int]] = None) -> None:
        self._samples = positive_int('samples', samples)
        self._dims = None if sampling_dims is None else _checked(sampling_dims, model.X[0].shape.ndims)
        if self._dims and self._dims != list(range(1, len(self._dims) + 1)):
            warn('sampling_dims %s are not the first dimensions of a sample: the players are blocks of consecutive '
                 'features, as in the reference implementation. To sample those dimensions, let X be a tensor in which '
                 'they come first.' % self._dims)
        super().__init__(model)

    def attribute(self, run: Run) -> List[np.ndarray]:
        xs = run.xs[0]
        dims = _checked(self._dims, xs.ndim) if self._dims else list(range(1, xs.ndim))
        shape = tuple(xs.shape[dim] for dim in dims)
        players = int(np.prod(shape))
        # Each player is a block of consecutive features, as in the reference.
        flat = xs.reshape(run.n, players, -1)
        total = np.zeros((run.n, players))
        for _ in range(self._samples):
            permutation = np.random.permutation(players)
            place = np.argsort(permutation)
            scores = np.zeros((players + 1, run.n))
            for rows in run.sweep(players + 1):
                # After k steps the first k players of the permutation are absent.
                present = place[np.newaxis] >= rows.evaluations[:, np.newaxis]
                points = np.where(present[:, :, np.newaxis], flat[rows.samples], np.zeros((), xs.dtype))
                points = points.reshape((-1,) + xs.shape[1:])
                scores[rows.evaluations, rows.samples] = self.score(run, rows, points)
            total[:, permutation] += (scores[:-1] - scores[1:]).T
        return [(total / self._samples).reshape((run.n,) + shape).astype(self.dtype)]


def _checked(dims: Sequence[int], ndims: Optional[int]) -> List[int]:
    """Sampling dimensions, in ascending order, when X has them."""
    last = None if ndims is None else ndims - 1
    valid = np.ndim(dims) == 1 and len(dims) > 0 and len(set(dims)) == len(dims) and all(
        isinstance(dim, (int, np.integer)) and 1 <= dim <= (dim if last is None else last) for dim in dims)
    if not valid:
        raise ValueError('sampling_dims must name dimensions of X from 1 to %s, each once, not %r.' % (
            'its last' if last is None else last, dims))
    return sorted(int(dim) for dim in dims)
