"""How far attributions move when the sample, or the model's bias, moves a little."""
from typing import Any, List, Optional, Tuple

import numpy as np

from .arithmetic import divided, number, positive_int
from .arrays import flat, maps_like
from .subject import Subject


def max_sensitivity(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, radius: float = .02,
                    samples: int = 10, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                    **more: Any) -> np.ndarray:
    """Max-sensitivity (Yeh et al. 2019): lower is better, from 0.

    The largest |phi(y) - phi(x)| / |phi(x)| (Euclidean) over y drawn evenly from the box around x. nan where phi(x) is
    all 0.

    Costs 1 + samples explanations of a sample. Pitfalls: a method that does not look at the model does well (`input`
    by the radius, a constant by 0); random draws find less than the largest, so compare with the same samples and seed.

    Args:
        explainer: an `Explainer`. Each y has its sample's units, feeds and baseline, and what the method draws.
        radius: half the side of the box, as a part of the range, largest less smallest value, of the sample in each
            input. Default .02. What is constant does not move.
        samples: how many y are drawn. Default 10.
        attributions: those at x. Default None: the explainer makes them.
        xs, ys, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError: if X is not of floats.
    """
    return _nearby(explainer, xs, ys, attributions, radius, samples, batch_size, seed, feed_dict, more)[0].max(1)


def average_sensitivity(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, radius: float = .02,
                        samples: int = 10, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                        **more: Any) -> np.ndarray:
    """Average sensitivity (Yeh et al. 2019): lower is better, from 0. As `max_sensitivity`, the mean over y.

    Costs 1 + samples explanations of a sample. Pitfalls: as of `max_sensitivity`.

    Args:
        explainer, xs, ys, attributions, radius, samples, batch_size, seed, feed_dict, more: see `max_sensitivity`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    return _nearby(explainer, xs, ys, attributions, radius, samples, batch_size, seed, feed_dict, more)[0].mean(1)


def stability(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, radius: float = .02,
              samples: int = 10, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
              **more: Any) -> np.ndarray:
    """Local Lipschitz estimate (Alvarez-Melis and Jaakkola 2018): lower is better, from 0, attributions per unit of X.

    The largest |phi(y) - phi(x)| / |y - x| (Euclidean) over y drawn evenly from the box around x.

    Costs 1 + samples explanations of a sample. Pitfalls: it follows the scale of attributions, so that only methods of
    one scale can be compared; and as of `max_sensitivity`.

    Args:
        explainer, xs, ys, attributions, radius, samples, batch_size, seed, feed_dict, more: see `max_sensitivity`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    return _nearby(explainer, xs, ys, attributions, radius, samples, batch_size, seed, feed_dict, more)[1].max(1)


def input_invariance(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, shifted: Any = None,
                     shift: Any = None, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                     **more: Any) -> np.ndarray:
    """Input invariance (Kindermans et al. 2019): lower is better, from 0.

    |phi'(x + shift) - phi(x)| / |phi(x)| (Euclidean), phi' the same method on a model that takes the shift off again,
    and so gives the same targets. To be made by the caller: X2 = tf.placeholder(...), T2 = model(X2 - shift), or a
    model whose first bias is b - w . shift; and shifted = de.get_explainer(method, T2, X2).

    Costs 2 explanations and 2 evaluations of a sample. Pitfalls: methods with a baseline are invariant if the baseline
    is shifted too; the paper asks what they do when it is not.

    Args:
        shifted: the `Explainer` of the shifted model.
        shift: what is added to xs: a number or an array that broadcasts to them; for several inputs a list.
        attributions: those at xs. Default None: the explainer makes them.
        explainer, xs, ys, batch_size, seed, feed_dict, more: see `sensitivity_n`; feed_dict by the names of tensors
            that both models read.

    Returns:
        Float64 (n,).

    Raises:
        ValueError: without shifted or shift; where the shifted model does not give the same targets within 1e-3 of the
            largest.
    """
    if shifted is None or shift is None:
        raise ValueError('input_invariance needs shifted=, the explainer of a model that takes shift= off its input.')
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    probe = subject.asked()
    shifts = list(shift) if subject.many else [shift]
    moved = [(x + np.asarray(one)).astype(x.dtype) for x, one in zip(probe.xs, shifts)]
    units = probe.as_given([probe.ys], False) if isinstance(ys, str) else ys
    other = Subject(shifted, probe.as_given(moved, subject.many), units, None, batch_size, subject.seed, feed_dict,
                    **more)
    before = probe.before()
    off = np.abs(before - other.asked().before()).max()
    if not off <= 1e-3 * np.abs(before).max():
        raise ValueError('shifted must be an explainer of a model with the same targets at xs + shift: they are up to '
                         '%.3g apart, where the largest is %.3g.' % (off, np.abs(before).max()))
    return divided(np.linalg.norm(other.maps - subject.maps, axis=1), np.linalg.norm(subject.maps, axis=1))


def _nearby(explainer: Any, xs: Any, ys: Any, attributions: Any, radius: float, samples: int,
            batch_size: Optional[int], seed: Any, feed_dict: Any, more: Any) -> Tuple[np.ndarray, np.ndarray]:
    """How far attributions move, (n, samples): as a part of their length, and of how far the sample does."""
    number('radius', radius)
    positive_int('samples', samples)
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    probe = subject.asked()
    for x in probe.xs:
        if x.dtype.kind != 'f':
            raise ValueError(f'samples can move by degrees only where X is of floats, not of {x.dtype}.')
    at = [x.reshape(subject.n, -1) for x in probe.xs]
    sides = [radius * (one.max(1).astype(np.float64) - one.min(1)) for one in at]
    rows, which = probe.pairs(samples)
    draws, width = subject.draws(), sum(one.shape[1] for one in at)
    ends = np.cumsum([one.shape[1] for one in at])[:-1]
    moves = np.empty(len(rows))
    maps = subject.maps

    def points(part: slice) -> List[np.ndarray]:
        drawn = np.split(2 * draws.uniform_at(rows[part], which[part], width) - 1, ends, 1)
        found = [(one[rows[part]] + by * side[rows[part], np.newaxis]).astype(x.dtype)
                 for one, by, side, x in zip(at, drawn, sides, probe.xs)]
        moves[part] = np.linalg.norm(np.concatenate([
            new.astype(np.float64) - one[rows[part]] for new, one in zip(found, at)], 1), axis=1)
        return [new.reshape((-1,) + x.shape[1:]) for new, x in zip(found, probe.xs)]

    steps = np.empty(len(rows))
    with probe.progress(samples):
        for part, found in probe.explain(rows, points):
            shapes = [(len(rows[part]),) + shape[1:] for shape in subject.shapes]
            near = flat(maps_like('the attributions nearby', found if subject.many else found[0], shapes,
                                  subject.many))
            steps[part] = np.linalg.norm(near - maps[rows[part]], axis=1)
    relative, slopes = np.empty((subject.n, samples)), np.empty((subject.n, samples))
    relative[rows, which] = divided(steps, np.linalg.norm(maps, axis=1)[rows])
    slopes[rows, which] = divided(steps, moves)
    return relative, slopes
