"""The earth mover's distance between a map and a mask."""
from typing import Any, Optional

import numpy as np

from ..extras import needs
from .localisation import masked
from .places import places_of

#: More pairs of places than a linear program is solved for.
MOST = 10 ** 6


def earth_mover(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, masks: Any = None,
                batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Earth mover's score (XAI-TRIS, Clark et al. 2024): higher is better, 0 to 1.

    1 - EMD / the diagonal: the least mean way, in places, that brings the absolute attributions to where the mask is,
    each divided by its sum, as a part of the Euclidean length of the axes of places. Channels are summed. nan where
    either is all 0.

    Of several inputs map and mask are each divided by their sum over all of them, and a way is a part of the diagonal
    of its own input. There is no way from one input to another: what one has more of than its mask has counts as a
    whole diagonal. Of one input that is the paper's.

    Costs no evaluation besides the explanation, but a linear program of scipy for each sample: 10 ms for 8 x 8 places.
    Pitfalls: even a map that is the same everywhere is not far off on a small grid.

    Args:
        explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more: see `pointing_game`.

    Returns:
        Float64 (n,).

    Raises:
        ImportError: SciPy is not installed.
        ValueError: for more than a million pairs of places with a map and with a mask.
    """
    with needs('earth_mover', 'evaluation'):
        import scipy.optimize  # noqa: F401, before anything is explained
    subject, found = masked(explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more)
    maps, inside, at, inputs = [], [], [], []
    most = max(1, *(len(places_of(shape)) for shape in subject.shapes))
    for number, (shape, values, mask) in enumerate(zip(subject.shapes, subject.split(subject.maps), found)):
        sizes = [shape[axis] for axis in places_of(shape)] or [1]
        count = int(np.prod(sizes))
        maps.append(np.abs(values).reshape(subject.n, count, -1).sum(2))
        inside.append(mask.reshape(subject.n, count, -1).sum(2))
        places = np.stack(np.meshgrid(*[np.arange(size) for size in sizes], indexing='ij'), -1).reshape(count, -1)
        # Inputs may have different numbers of axes.
        at.append(np.pad(places / np.linalg.norm(sizes), ((0, 0), (0, most - len(sizes))), 'constant'))
        inputs.append(np.full(count, number))
    where = np.concatenate(at), np.concatenate(inputs)
    return np.array([_score(one, mask, *where) for one, mask in zip(np.hstack(maps), np.hstack(inside))])


def _score(weights: np.ndarray, mask: np.ndarray, at: np.ndarray, inputs: np.ndarray) -> float:
    """Of one sample: masses at places, in parts of the diagonals, and the number of the input that each lies in."""
    if not weights.any() or not mask.any():
        return float('nan')
    weights, mask = weights / weights.sum(), mask / mask.sum()
    # What lies on the mask stays there: a way through a third place is never shorter.
    stays = np.minimum(weights, mask)
    source, goal = weights - stays, mask - stays
    here, there = np.flatnonzero(source > 0), np.flatnonzero(goal > 0)
    if not len(here) or not len(there):
        return 1.
    if len(here) * len(there) > MOST:
        raise ValueError('earth_mover: %d places with a map and %d with a mask are too many pairs: make maps and masks '
                         'smaller, as by skimage.measure.block_reduce.' % (len(here), len(there)))
    costs = np.linalg.norm(at[here, np.newaxis] - at[there], axis=-1)
    # Longer than any way inside of an input, so that no more leaves than has to.
    costs[inputs[here, np.newaxis] != inputs[there]] = 1
    return 1 - _moved(source[here], goal[there], costs)


def _moved(source: np.ndarray, goal: np.ndarray, costs: np.ndarray) -> float:
    """The least cost of bringing masses at some places to others."""
    from scipy.optimize import linprog
    from scipy.sparse import identity, kron, vstack
    # Rounding must not make more of one than of the other.
    goal = goal * (source.sum() / goal.sum())
    leave = kron(identity(len(source)), np.ones((1, len(goal))))
    come = kron(np.ones((1, len(source))), identity(len(goal)))
    scale = source.sum()
    solved = linprog(costs.ravel(), A_eq=vstack([leave, come.tocsr()[:-1]]).tocsr(),
                     b_eq=np.concatenate([source, goal[:-1]]) / scale, method='highs')
    if not solved.success:
        raise RuntimeError(f'earth_mover: {solved.message}')
    return float(solved.fun * scale)
