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

#: Up to so many places that are gone a system is solved as a matrix.
DENSE = 100


def road(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None,
         fractions: Sequence[float] = (.1, .2, .3, .4, .5, .6, .7, .8, .9), most_relevant_first: bool = True,
         noise: float = .01, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any
         ) -> Curves:
    """ROAD, remove and debias (Rong et al. 2022): a lower area is better (a higher one with the least relevant first).

    The target while places leave, those of the largest attribution (the sum over channels) first; in their stead stands
    what solves the linear system in which each is the mean of its neighbours, diagonal ones weighed half of others,
    plus normal noise. In units of the target.

    Costs 1 + len(fractions) evaluations of a sample, and as many sparse systems of the size of what is gone, which
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
        ValueError: for several inputs, or samples that are not of floats along one or two axes of places.
    """
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
    draws, near = subject.draws(), _neighbours(sizes)
    flat = x.reshape(subject.n, count, -1)

    def points(part: slice) -> List[np.ndarray]:
        found = flat[samples[part]].astype(np.float64)
        drawn = draws.normal(samples[part], which[part], [x])[0].reshape(found.shape)
        for row, sample, point in zip(range(len(found)), samples[part], which[part]):
            gone = order[sample] < counts[point]
            if gone.any():
                found[row, gone] = _imputed(found[row], gone, near) + noise * drawn[row, gone]
        return [found.astype(x.dtype).reshape((-1,) + shape[1:])]

    scores = np.empty((subject.n, len(counts)))
    with probe.progress(len(counts)):
        scores[samples, which] = probe.scores(samples, points)
    return Curves(np.array([0.] + parts), scores, of='places gone')


def _neighbours(sizes: Tuple[int, ...]) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of places that are neighbours, and what the second weighs for the first."""
    places = np.arange(int(np.prod(sizes))).reshape(sizes)
    first, second, weights = [], [], []
    for step in product((-1, 0, 1), repeat=len(sizes)):
        if not any(step):
            continue
        here = tuple(slice(max(0, -one), min(size, size - one)) for one, size in zip(step, sizes))
        there = tuple(slice(max(0, one), min(size, size + one)) for one, size in zip(step, sizes))
        first.append(places[here].ravel())
        second.append(places[there].ravel())
        weights.append(np.full(first[-1].size, 1 / 6. if sum(map(abs, step)) == 1 else 1 / 12.))
    return np.concatenate(first), np.concatenate(second), np.concatenate(weights)


def _imputed(values: np.ndarray, gone: np.ndarray, near: Tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
    """What stands in the places that are gone, (gone, channels), of the values (places, channels)."""
    first, second, weights = near
    own = gone[first]
    first, second, weights = first[own], second[own], weights[own]
    number_of = np.cumsum(gone) - 1
    size = int(gone.sum())
    unknown = gone[second]
    diagonal = np.bincount(number_of[first], weights, size)
    if size <= DENSE:
        # What scipy does around a small system takes longer than solving it.
        system, right = np.diag(diagonal), np.zeros((size, values.shape[1]))
        system[number_of[first[unknown]], number_of[second[unknown]]] = -weights[unknown]
        np.add.at(right, number_of[first[~unknown]], weights[~unknown, np.newaxis] * values[second[~unknown]])
        return np.linalg.solve(system, right)
    with needs('road of large pictures', 'evaluation'):
        from scipy.sparse import coo_matrix
        from scipy.sparse.linalg import splu
    rows = np.concatenate([np.arange(size), number_of[first[unknown]]])
    columns = np.concatenate([np.arange(size), number_of[second[unknown]]])
    sparse = coo_matrix((np.concatenate([diagonal, -weights[unknown]]), (rows, columns)), (size, size)).tocsc()
    known = coo_matrix((weights[~unknown], (number_of[first[~unknown]], second[~unknown])), (size, len(gone))).tocsr()
    return splu(sparse).solve(known @ values)
