"""Does a map lie where it is known to have to lie? These look at maps and masks alone."""
from typing import Any, List, Optional, Tuple, Union

import numpy as np

from ..checks import shown
from .arithmetic import divided, number, positive_int, ranks
from .arrays import flat, masks_like
from .places import within
from .subject import Subject


def pointing_game(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, masks: Any = None,
                  tolerance: float = 0, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                  **more: Any) -> np.ndarray:
    """Pointing game (Zhang et al. 2018): higher is better, 0 or 1.

    Whether the largest attribution lies on the mask, or no further from it than the tolerance; of several equal ones
    the part of them that does. nan for an empty mask.

    Costs no evaluation besides the explanation. Pitfalls: one feature decides; a large mask is easy to hit, by
    masks.mean() at random, and the easier the larger the tolerance.

    Args:
        explainer: an `Explainer`, or None where attributions are given.
        xs: the samples; None where attributions are given and there is no explainer.
        masks: where the map should lie: bools (or 0 and 1), one for each sample, of the shape of xs, of 1 in place of
            an axis, or without channels; for several inputs a list.
        tolerance: a Euclidean distance in places, along all axes but that of channels (each channel has its own mask).
            Default 0; the paper allows 15 pixels.
        ys, attributions, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: for masks that do not broadcast to the samples, or without any; else as `sensitivity_n`.
    """
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float, np.integer, np.floating)) or not (
            0 <= tolerance < np.inf):
        raise ValueError(f'tolerance must be a number of at least 0, not {shown(tolerance)}.')
    subject, found = masked(explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more)
    maps, inside = subject.maps, flat([within(one, float(tolerance)) for one in found])
    top = maps == maps.max(1, keepdims=True)
    return _where_masked(inside, (top & inside).sum(1) / top.sum(1))


def mass_accuracy(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, masks: Any = None,
                  absolute: bool = False, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                  **more: Any) -> np.ndarray:
    """Relevance mass accuracy (Arras et al. 2022): higher is better, 0 to 1.

    The part of the positive attributions that lies on the mask. nan where there are none, or the mask is empty.

    Costs no evaluation besides the explanation. Pitfalls: a large mask gets much by chance, masks.mean() of a map that
    is the same everywhere.

    Args:
        absolute: whether absolute attributions count in place of the positive. Default False.
        explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more: see `pointing_game`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: for masks that do not broadcast to the samples, or without any; else as `sensitivity_n`.
    """
    maps, inside = _given(explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more)
    sizes = np.abs(maps) if absolute else np.maximum(maps, 0)
    return _where_masked(inside, divided((sizes * inside).sum(1), sizes.sum(1)))


def rank_accuracy(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, masks: Any = None,
                  absolute: bool = False, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                  **more: Any) -> np.ndarray:
    """Relevance rank accuracy (Arras et al. 2022): higher is better, 0 to 1.

    Which part of the K largest attributions lies on the mask of K features; equal ones at the end share their places.
    nan for an empty mask.

    Costs no evaluation besides the explanation. Pitfalls: as of `mass_accuracy`.

    Args:
        absolute: whether the largest absolute attributions are meant. Default False.
        explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more: see `pointing_game`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: for masks that do not broadcast to the samples, or without any; else as `sensitivity_n`.
    """
    maps, inside = _given(explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more)
    return _on_mask(np.abs(maps) if absolute else maps, inside, inside.sum(1))


def top_k_intersection(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, masks: Any = None,
                       k: Union[int, float] = .1, absolute: bool = False, batch_size: Optional[int] = None,
                       seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Top-k intersection (Theiner et al. 2022): higher is better, 0 to 1.

    Which part of the k largest attributions lies on the mask; equal ones at the end share their places. nan for an
    empty mask.

    Costs no evaluation besides the explanation. Pitfalls: with fewer than k features on the mask 1 is out of reach.

    Args:
        k: how many, an int; or which part of the features, a float above 0 and up to 1. Default .1.
        absolute: whether the largest absolute attributions are meant. Default False.
        explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more: see `pointing_game`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: for masks that do not broadcast to the samples, or without any; else as `sensitivity_n`.
    """
    maps, inside = _given(explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more)
    count = maps.shape[1]
    size = max(1, int(round(number('k', k, 0, 1) * count))) if isinstance(k, float) else positive_int('k', k, count)
    return _where_masked(inside, _on_mask(np.abs(maps) if absolute else maps, inside, np.full(len(maps), size)))


def auc_of_mask(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, masks: Any = None,
                absolute: bool = False, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                **more: Any) -> np.ndarray:
    """The area under the ROC curve of a map as a classifier of the mask (Fawcett 2006): higher is better, 0 to 1.

    The chance that a feature on the mask has a larger attribution than one off it, equal ones counting half; .5 is
    that of noise. nan where the mask is empty or everything.

    Costs no evaluation besides the explanation. Pitfalls: features far off the mask, easy to tell, count as much as
    those beside it.

    Args:
        absolute: whether absolute attributions count. Default False.
        explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more: see `pointing_game`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: for masks that do not broadcast to the samples, or without any; else as `sensitivity_n`.
    """
    maps, inside = _given(explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more)
    on = inside.sum(1)
    off = inside.shape[1] - on
    places = ranks(np.abs(maps) if absolute else maps)
    return divided((places * inside).sum(1) - on * (on + 1) / 2., (on * off).astype(np.float64))


def _given(explainer: Any, xs: Any, ys: Any, attributions: Any, masks: Any, batch_size: Optional[int], seed: Any,
           feed_dict: Any, more: Any) -> Tuple[np.ndarray, np.ndarray]:
    """Maps and masks, (n, features)."""
    subject, inside = masked(explainer, xs, ys, attributions, masks, batch_size, seed, feed_dict, more)
    return subject.maps, flat(inside)


def masked(explainer: Any, xs: Any, ys: Any, attributions: Any, masks: Any, batch_size: Optional[int], seed: Any,
           feed_dict: Any, more: Any) -> Tuple[Subject, List[np.ndarray]]:
    """What is looked at, and a mask for each input; the mask is checked before anything is explained."""
    if masks is None:
        raise ValueError('masks must be given: where the map of each sample should lie.')
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    return subject, masks_like(masks, subject.shapes, subject.many, subject.together)


def _where_masked(inside: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(inside.any(1), values, np.nan)


def _on_mask(values: np.ndarray, inside: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Which part of the largest values, so many in each row, lies on the mask."""
    ordered = np.sort(values, 1)[:, ::-1]
    limit = np.take_along_axis(ordered, np.maximum(sizes - 1, 0)[:, np.newaxis], 1)
    above, equal = values > limit, values == limit
    left = sizes - above.sum(1)
    found = (above & inside).sum(1) + divided(left * (equal & inside).sum(1), equal.sum(1).astype(np.float64))
    return divided(found, sizes.astype(np.float64))
