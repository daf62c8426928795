"""The earth mover's distance between a map and a mask."""
from typing import Any, List, Optional, Tuple

import numpy as np

from ..extras import needs
from .localisation import masked
from .places import places_of

#: More pairs of places than a linear program is solved for.
MOST = 10 ** 6
#: Pairs of places that one linear program is given, of several samples where each has fewer: one call costs more than
#: the program of a small picture.
PAIRS = 4000
#: Masses to be moved and to be received, and the distances between their places.
Problem = Tuple[np.ndarray, np.ndarray, np.ndarray]


def earth_mover(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, masks: Any = None,
                batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Earth mover's score (XAI-TRIS, Clark et al. 2024): higher is better, 0 to 1.

    1 - EMD / the diagonal: the least mean way, in places, that brings the absolute attributions to where the mask is,
    each divided by its sum, as a part of the Euclidean length of the axes of places. Channels are summed. nan where
    either is all 0.

    Of several inputs map and mask are each divided by their sum over all of them, and a way is a part of the diagonal
    of its own input. There is no way from one input to another: what one has more of than its mask has counts as a
    whole diagonal. Of one input that is the paper's.

    Costs no evaluation besides the explanation, but linear programs of scipy: 2 ms a sample for 8 x 8 places.
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
    return _scores(np.hstack(maps), np.hstack(inside), np.concatenate(at), np.concatenate(inputs))


def _scores(maps: np.ndarray, inside: np.ndarray, at: np.ndarray, inputs: np.ndarray) -> np.ndarray:
    """Masses at places (n, places), where these are in parts of the diagonals, and the number of each one's input."""
    scores, waiting = np.full(len(maps), np.nan), []  # type: np.ndarray, List[Tuple[int, Problem]]
    for i in map(int, np.flatnonzero(maps.any(1) & inside.any(1))):
        scores[i], problem = 1, _problem(maps[i], inside[i], at, inputs)
        if problem is not None:
            waiting.append((i, problem))
    while waiting:
        sums = np.cumsum([problem[2].size for _, problem in waiting])
        some = waiting[:max(1, int((sums <= PAIRS).sum()))]
        waiting = waiting[len(some):]
        scores[[i for i, _ in some]] = 1 - _moved([problem for _, problem in some])
    return scores


def _problem(weights: np.ndarray, mask: np.ndarray, at: np.ndarray, inputs: np.ndarray) -> Optional[Problem]:
    """What has to be moved, if anything."""
    weights, mask = weights / weights.sum(), mask / mask.sum()
    # What lies on the mask stays there: a way through a third place is never shorter.
    stays = np.minimum(weights, mask)
    source, goal = weights - stays, mask - stays
    here, there = np.flatnonzero(source > 0), np.flatnonzero(goal > 0)
    if not len(here) or not len(there):
        return None
    if len(here) * len(there) > MOST:
        raise ValueError('earth_mover: %d places with a map and %d with a mask are too many pairs: make maps and masks '
                         'smaller, as by skimage.measure.block_reduce.' % (len(here), len(there)))
    costs = np.linalg.norm(at[here, np.newaxis] - at[there], axis=-1)
    # Longer than any way inside of an input, so that no more leaves than has to.
    costs[inputs[here, np.newaxis] != inputs[there]] = 1
    return source[here], goal[there], costs


def _moved(problems: List[Problem]) -> np.ndarray:
    """The least cost of each, by one linear program."""
    from scipy.optimize import linprog
    from scipy.sparse import csc_matrix
    rows, masses, count = [], [], 0
    for source, goal, _ in problems:
        # A column for each pair: it leaves its source and comes to its goal. What the last goal gets follows.
        pairs = np.stack(np.broadcast_arrays(np.arange(len(source))[:, np.newaxis],
                                             len(source) + np.arange(len(goal))), -1).reshape(-1, 2)
        rows.append(np.where(pairs < len(source) + len(goal) - 1, count + pairs, -1))
        # Each is of a sum of 1: rounding must not make more of one than of the other.
        masses += [source / source.sum(), goal[:-1] / goal.sum()]
        count += len(source) + len(goal) - 1
    ends = np.concatenate(rows)
    counted = ends >= 0
    costs = np.concatenate([one[2].ravel() for one in problems])
    matrix = csc_matrix((np.ones(counted.sum()), ends[counted], np.append(0, counted.sum(1).cumsum())),
                        (count, len(costs)))
    solved = linprog(costs, A_eq=matrix, b_eq=np.concatenate(masses), method='highs-ds', options=dict(presolve=False))
    if not solved.success:
        raise RuntimeError(f'earth_mover: {solved.message}')
    starts = np.append(0, np.cumsum([one[2].size for one in problems])[:-1])
    return np.add.reduceat(solved.x * costs, starts) * [one[0].sum() for one in problems]
