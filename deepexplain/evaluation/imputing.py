"""ROAD: features leave without a trace of which, for what stands in their place follows from their neighbours."""
from itertools import product
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ..extras import needs
from .arithmetic import number
from .curves import Curves
from .flipping import leaving
from .places import places_of
from .subject import Subject

#: Up to so many numbers a system is solved as a band; above as a sparse matrix, which takes less memory.
BAND = 2 ** 25


def road(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None,
         fractions: Sequence[float] = (.1, .2, .3, .4, .5, .6, .7, .8, .9), most_relevant_first: bool = True,
         noise: float = .01, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any
         ) -> Curves:
    """ROAD, remove and debias (Rong et al. 2022): a lower area is better (a higher one with the least relevant first).

    The target while places leave, those of the largest attribution (the sum over channels) first; in their stead stands
    what solves the linear system in which each is the mean of its neighbours, diagonal ones weighed half of others,
    plus normal noise. In units of the target.

    Costs 1 + len(fractions) evaluations of a sample, and as many banded systems of the size of what is gone, which
    scipy solves: the dearer part for large pictures. Pitfalls: what is imputed is smooth, which is near the data for
    pictures, and for little else. Of one draw of noise.

    Args:
        fractions: which parts of the places leave, above 0 and below 1, rising.
        most_relevant_first: whether the largest attribution leaves first, or the smallest.
        noise: the standard deviation of the noise, in units of X. Default .01, as in the authors' code.
        explainer, xs, ys, attributions, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        `Curves`: `fractions` with 0 in front, `scores` (n, len(fractions) + 1), `auc` (n,).

    Raises:
        ImportError: SciPy is not installed.
        ValueError: for several inputs, or samples that are not of floats along one or two axes of places.
    """
    with needs('road', 'evaluation'):
        import scipy.linalg  # noqa: F401, before anything is explained
    parts = [number('fractions', one, 0, 1) for one in fractions]
    if not parts or parts[-1] >= 1 or any(one >= two for one, two in zip(parts, parts[1:])):
        raise ValueError(f'fractions must rise, above 0 and below 1, not {list(fractions)}.')
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    probe = subject.asked()
    shape, x = subject.shapes[0], probe.xs[0]
    if len(subject.shapes) > 1 or x.dtype.kind != 'f' or len(shape) < 2 or len(shape) > 4:
        raise ValueError('road is for one input of floats with one or two axes of places, and channels, not for %s.' % (
            ' and '.join(f'{one.dtype} of shape {one.shape}' for one in probe.xs)))
    axes = places_of(shape)
    sizes = tuple(shape[axis] for axis in axes)
    count = int(np.prod(sizes))
    of_places = subject.maps.reshape(subject.n, count, -1).sum(2)
    order = leaving(of_places if most_relevant_first else -of_places)
    counts = [0] + [min(count - 1, int(round(one * count))) for one in parts]
    samples, which = probe.pairs(len(counts))
    draws, grid = subject.draws(), _Grid(sizes)
    flat = x.reshape(subject.n, count, -1)

    def points(part: slice) -> List[np.ndarray]:
        found = flat[samples[part]].astype(np.float64)
        drawn = draws.normal(samples[part], which[part], [x])[0].reshape(found.shape)
        for row, sample, point in zip(range(len(found)), samples[part], which[part]):
            gone = order[sample] < counts[point]
            if gone.any():
                found[row, gone] = grid.imputed(found[row], gone) + noise * drawn[row, gone]
        return [found.astype(x.dtype).reshape((-1,) + shape[1:])]

    scores = np.empty((subject.n, len(counts)))
    with probe.progress(len(counts)):
        scores[samples, which] = probe.scores(samples, points)
    return Curves(np.array([0.] + parts), scores, of='places gone')


class _Grid:
    """Places and their neighbours: sides weigh 1 / 6, corners 1 / 12.

    Args:
        sizes: how many places there are along one or two axes.
    """

    def __init__(self, sizes: Tuple[int, ...]) -> None:
        self._sizes = sizes
        count = int(np.prod(sizes))
        places = np.arange(count).reshape(sizes)
        self._ways: List[Tuple[Any, Any, float]] = []
        #: Of neighbours that follow: how many places later, their weight, and which places have such.
        self._later: List[Tuple[int, float, np.ndarray]] = []
        self._total = np.zeros(sizes)
        for step in product((-1, 0, 1), repeat=len(sizes)):
            here = tuple(slice(max(0, -one), min(size, size - one)) for one, size in zip(step, sizes))
            there = tuple(slice(max(0, one), min(size, size + one)) for one, size in zip(step, sizes))
            if not any(step) or not places[here].size:
                continue
            weight = 1 / 6. if sum(map(abs, step)) == 1 else 1 / 12.
            self._ways.append((here, there, weight))
            self._total[here] += weight
            if places[there].flat[0] > places[here].flat[0]:
                has = np.zeros(sizes, bool)
                has[here] = True
                self._later.append((int(places[there].flat[0] - places[here].flat[0]), weight, has.ravel()))
        self._total = self._total.ravel()

    def imputed(self, values: np.ndarray, gone: np.ndarray) -> np.ndarray:
        """What stands in the places that are gone, (gone, channels), of the values (places, channels)."""
        known = np.where(gone[:, np.newaxis], 0, values).reshape(self._sizes + (-1,))
        right = np.zeros(known.shape)
        for here, there, weight in self._ways:
            right[here] += weight * known[there]
        where, number_of = np.flatnonzero(gone), np.cumsum(gone) - 1
        entries, width = [], 0
        for later, weight, has in self._later:
            first = where[has[where]]
            first = first[gone[first + later]]
            apart = number_of[first + later] - number_of[first]
            entries.append((apart, number_of[first], weight))
            width = max(width, int(apart.max(initial=0)))
        return _solved(self._total[where], entries, width, right.reshape(len(gone), -1)[where])


def _solved(diagonal: np.ndarray, entries: List[Tuple[np.ndarray, np.ndarray, float]], width: int, right: np.ndarray
            ) -> np.ndarray:
    """What solves a system that is symmetric and positive definite, of its diagonal and what is less than 0 below it.

    Args:
        entries: how far below the diagonal they are, in which columns, and their size.
        width: how far they are at most.
    """
    size = len(diagonal)
    if (width + 1) * size <= BAND:
        from scipy.linalg.lapack import dpbsv
        band = np.zeros((width + 1, size), order='F')
        band[0] = diagonal
        for apart, columns, weight in entries:
            band[apart, columns] = -weight
        return dpbsv(band, right, lower=1, overwrite_ab=1)[1]
    from scipy.sparse import coo_matrix
    from scipy.sparse.linalg import splu
    apart, columns = (np.concatenate([one[at] for one in entries]) for at in (0, 1))
    weights = np.concatenate([np.full(len(one[0]), -one[2]) for one in entries])
    every, rows = np.arange(size), apart + columns
    places = np.concatenate([every, rows, columns]), np.concatenate([every, columns, rows])
    system = coo_matrix((np.concatenate([diagonal, weights, weights]), places), (size, size))
    return splu(system.tocsc()).solve(right)
