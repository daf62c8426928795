"""Whether the target follows the order, and the map, of attributions: monotonicity, average drop."""
from typing import Any, List, Optional

import numpy as np

from .arithmetic import divided
from .flipping import leaving
from .removal import Removal
from .subject import Subject


def monotonicity(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, baseline: Any = None,
                 feature_mask: Any = None, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                 **more: Any) -> np.ndarray:
    """Monotonicity (after Arya et al. 2019): higher is better, 0 to 1.

    Features come back to the baseline one after another, the smallest attribution first: the part of the steps at
    which the target does not fall. The paper asks whether it is 1.

    Costs 1 + the number of features (or groups) evaluations of a sample. Pitfalls: features of negative attribution
    come first, and the target should fall there: it suits attributions that are not negative; a step counts however
    small it is.

    Args:
        explainer, xs, ys, attributions, baseline, feature_mask, batch_size, seed, feed_dict, more: see
            `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    removal = Removal(subject, baseline, feature_mask)
    count = removal.players.count
    places = leaving(-removal.players.sums(subject.maps))
    samples, which = removal.probe.pairs(count + 1)
    scores = np.empty((subject.n, count + 1))
    with removal.probe.progress(count + 1):
        scores[samples, which] = removal.scores(samples, lambda part: (
            places[samples[part]] >= which[part][:, np.newaxis]))
    steps = np.diff(scores, axis=1)
    return np.where(np.isnan(steps).any(1), np.nan, (steps >= 0).mean(1))


def average_drop(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, baseline: Any = None,
                 batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Average drop (Chattopadhay et al. 2018): lower is better, 0 to 1 for targets of probabilities.

    max(0, T(x) - T(y)) / T(x), y the sample under its map: baseline + M (x - baseline), M the positive part of the
    attributions divided by their largest. The mean over samples is the paper's, which has it in per cent. nan where
    T(x) is not above 0, or no attribution is.

    Costs 2 evaluations of a sample. Pitfalls: maps of single pixels leave little to see, so that coarse maps win.

    Args:
        explainer, xs, ys, attributions, baseline, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    removal = Removal(subject, baseline)
    probe, positive = removal.probe, np.maximum(subject.maps, 0)
    for x in probe.xs:
        if x.dtype.kind != 'f':
            raise ValueError(f'average_drop masks X by degrees: it must be of floats, not of {x.dtype}.')
    largest = positive.max(1, keepdims=True)
    masks = subject.split(positive / np.where(largest > 0, largest, 1))
    rows = np.arange(subject.n)

    def points(part: slice) -> List[np.ndarray]:
        absent = removal.points(rows[part], np.ones((len(rows[part]), removal.players.count), bool))
        return [(none + mask[rows[part]] * (x[rows[part]] - none)).astype(x.dtype)
                for none, mask, x in zip(absent, masks, probe.xs)]

    with probe.progress(2):
        before = probe.before()
        drop = np.maximum(0, before - probe.scores(rows, points))
    return np.where((before > 0) & (largest[:, 0] > 0), divided(drop, before), np.nan)
