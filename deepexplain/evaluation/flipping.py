"""Features leave, or come, one after another by their attributions: curves of the target."""
from typing import Any, List, Optional

import numpy as np

from .arithmetic import positive_int
from .curves import Curves
from .places import places_of
from .removal import Removal
from .subject import Subject


def deletion(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, baseline: Any = None,
             feature_mask: Any = None, points: Optional[int] = None, batch_size: Optional[int] = None,
             seed: Any = None, feed_dict: Any = None, **more: Any) -> Curves:
    """Deletion (Petsiuk et al. 2018): a lower area is better; in units of the target.

    The target while features are set to the baseline, the largest attribution first; of equal ones the first in X.

    Costs 1 + points evaluations of a sample. Pitfalls: what is left lies off the data, so that a curve that falls fast
    may show how the model breaks, not what it looks at; areas of different samples have different scales (take
    probabilities for T, or compare methods on the same samples).

    Args:
        points: how many points a curve has besides that of the sample as it is, no more than there are features.
            Default None: one for each feature or group where there are at most 100, else 100.
        explainer, xs, ys, attributions, baseline, feature_mask, batch_size, seed, feed_dict, more: see
            `sensitivity_n`.

    Returns:
        `Curves`: `fractions` of the features that are gone, `scores` (n, points + 1), `auc` (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    return _curves(subject, Removal(subject, baseline, feature_mask), points)


def insertion(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, baseline: Any = None,
              feature_mask: Any = None, points: Optional[int] = None, batch_size: Optional[int] = None,
              seed: Any = None, feed_dict: Any = None, **more: Any) -> Curves:
    """Insertion (Petsiuk et al. 2018): a higher area is better; in units of the target.

    The target while features come back to the baseline, the largest attribution first. The paper takes a blurred
    picture for the baseline: pass it as `baseline`, one for each sample.

    Costs 1 + points evaluations of a sample. Pitfalls: as of `deletion`.

    Args:
        explainer, xs, ys, attributions, baseline, feature_mask, points, batch_size, seed, feed_dict, more: see
            `deletion`.

    Returns:
        `Curves`: `fractions` of the features that are there, `scores` (n, points + 1), `auc` (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    return _curves(subject, Removal(subject, baseline, feature_mask), points, insert=True, of='features there')


def pixel_flipping(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None,
                   most_relevant_first: bool = True, baseline: Any = None, feature_mask: Any = None,
                   points: Optional[int] = None, batch_size: Optional[int] = None, seed: Any = None,
                   feed_dict: Any = None, **more: Any) -> Curves:
    """Pixel flipping (Bach et al. 2015, Samek et al. 2017): a higher AOPC is better, in units of the target.

    As `deletion`; `aopc` is the mean over points of T(x) - T(x without the first), the sample as it is among them
    (Samek et al. 2017). With the least relevant first a lower AOPC is better.

    Costs 1 + points evaluations of a sample. Pitfalls: as of `deletion`.

    Args:
        most_relevant_first: whether the largest attribution leaves first, or the smallest (the most negative).
        explainer, xs, ys, attributions, baseline, feature_mask, points, batch_size, seed, feed_dict, more: see
            `deletion`.

    Returns:
        `Curves`: `fractions` of the features that are gone, `scores` (n, points + 1), `aopc` (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    return _curves(subject, Removal(subject, baseline, feature_mask), points, least=not most_relevant_first, by='AOPC')


def region_perturbation(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, size: int = 9,
                        regions: int = 100, most_relevant_first: bool = True, baseline: Any = 'uniform',
                        batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any
                        ) -> Curves:
    """Region perturbation (Samek et al. 2017): a higher AOPC is better, in units of the target.

    Squares of `size` places along each axis but that of channels, side by side from the first place on, are replaced
    one after another by numbers drawn evenly between a sample's smallest and largest; that with the largest sum of
    attributions first.

    Costs 1 + regions evaluations of a sample. Pitfalls: as of `deletion`; of one draw of numbers (the paper takes the
    mean of several: take that over seeds).

    Args:
        size: the side of a square. Default 9, as in the paper.
        regions: how many leave at most. Default 100.
        most_relevant_first: whether the largest sum leaves first, or the smallest.
        baseline: what stands in their place. Default 'uniform'.
        explainer, xs, ys, attributions, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        `Curves`: `fractions` of the regions that are gone, `scores` (n, regions + 1), `aopc` (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    positive_int('size', size)
    positive_int('regions', regions)
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    removal = Removal(subject, baseline)
    removal.players.set_groups(_squares(subject, size))
    count = removal.players.count
    return _curves(subject, removal, count, least=not most_relevant_first, most=min(regions, count),
                   of='regions gone', by='AOPC')


def leaving(importance: np.ndarray) -> np.ndarray:
    """The place of each feature in the order of leaving, from 0: the largest first, of equal ones the first."""
    order = np.argsort(-importance, 1, kind='stable')
    places = np.empty(order.shape, int)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(order.shape[1]), order.shape), 1)
    return places


def point_counts(points: Optional[int], count: int) -> np.ndarray:
    """How many features are gone at each point of a curve."""
    number = min(count, 100) if points is None else positive_int('points', points, count)
    return np.round(np.linspace(0, count, number + 1)).astype(int)


def _curves(subject: Subject, removal: Removal, points: Optional[int], insert: bool = False, least: bool = False,
            most: Optional[int] = None, of: str = 'features gone', by: str = 'area') -> Curves:
    counts = point_counts(points, removal.players.count)[:None if most is None else most + 1]
    importance = removal.players.sums(subject.maps)
    places = leaving(-importance if least else importance)
    samples, which = removal.probe.pairs(len(counts))

    def gone(part: slice) -> np.ndarray:
        left = places[samples[part]] < counts[which[part]][:, np.newaxis]
        return ~left if insert else left

    scores = np.empty((subject.n, len(counts)))
    with removal.probe.progress(len(counts)):
        scores[samples, which] = removal.scores(samples, gone)
    return Curves(counts / removal.players.count, scores, of=of, by=by)


def _squares(subject: Subject, size: int) -> List[np.ndarray]:
    """The number of the square that each feature of each input lies in."""
    found, first = [], 0
    for shape in subject.shapes:
        number = np.zeros((1,) * (len(shape) - 1), int)
        for axis in places_of(shape):
            of_axis = np.arange(shape[axis]) // size
            number = number * (of_axis[-1] + 1) + of_axis.reshape([-1 if one == axis else 1
                                                                   for one in range(1, len(shape))])
        found.append(first + np.broadcast_to(number, shape[1:]).ravel())
        first = int(found[-1].max()) + 1
    return found
