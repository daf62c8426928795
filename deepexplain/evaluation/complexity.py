"""How few features carry a map. These look at maps alone."""
from typing import Any, Optional

import numpy as np

from .arithmetic import divided, number
from .subject import Players, Subject


def sparseness(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, feature_mask: Any = None,
               batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Sparseness (Chalasani et al. 2020): higher is sparser, 0 (all alike) to 1 - 1 / features (one alone).

    The Gini index of the absolute attributions, of d features sorted rising: sum_k (2 k - d - 1) |R_k| / (d sum |R|).
    nan for a map of zeros.

    Costs no evaluation besides the explanation. Pitfalls: sparse is not right; maps of all channels and of places
    alone have different numbers of features.

    Args:
        explainer: an `Explainer`, or None where attributions are given.
        xs: the samples; None where attributions are given and there is no explainer.
        ys, attributions, feature_mask, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    sizes = np.sort(_sizes(explainer, xs, ys, attributions, feature_mask, batch_size, seed, feed_dict, more), 1)
    count = sizes.shape[1]
    return divided(sizes @ (2. * np.arange(1, count + 1) - count - 1), count * sizes.sum(1))


def entropy(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, feature_mask: Any = None,
            batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Complexity as entropy (Bhatt et al. 2020): lower is simpler, 0 (one feature) to log d (all alike).

    - sum p log p of p = |R| / sum |R|, natural logarithm. nan for a map of zeros.

    Costs no evaluation besides the explanation. Pitfalls: as of `sparseness`.

    Args:
        explainer, xs, ys, attributions, feature_mask, batch_size, seed, feed_dict, more: see `sparseness`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    sizes = _sizes(explainer, xs, ys, attributions, feature_mask, batch_size, seed, feed_dict, more)
    total = sizes.sum(1)
    shares = sizes / np.where(total > 0, total, 1)[:, np.newaxis]
    found = -(shares * np.log(np.where(shares > 0, shares, 1))).sum(1)
    # Rounding may leave one feature alone a little below 0.
    return np.where(total > 0, np.maximum(found, 0), np.nan)


def effective_features(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, threshold: float = 1e-5,
                       feature_mask: Any = None, batch_size: Optional[int] = None, seed: Any = None,
                       feed_dict: Any = None, **more: Any) -> np.ndarray:
    """How many features matter: lower is simpler, 0 to the number of features.

    Those whose |R| is above the threshold times the largest |R| (after the effective complexity of Nguyen and Martinez
    2020, which asks the model how many are enough; in this form as in Quantus).

    Costs no evaluation besides the explanation. Pitfalls: with a small threshold it counts what is not zero.

    Args:
        threshold: a number above 0 and up to 1. Default 1e-5.
        explainer, xs, ys, attributions, feature_mask, batch_size, seed, feed_dict, more: see `sparseness`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    number('threshold', threshold, 0, 1)
    sizes = _sizes(explainer, xs, ys, attributions, feature_mask, batch_size, seed, feed_dict, more)
    return (sizes > threshold * sizes.max(1, keepdims=True)).sum(1).astype(np.float64)


def _sizes(explainer: Any, xs: Any, ys: Any, attributions: Any, feature_mask: Any, batch_size: Optional[int],
           seed: Any, feed_dict: Any, more: Any) -> np.ndarray:
    """The absolute attributions of features, or of groups of them."""
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    return np.abs(Players(subject, feature_mask).sums(subject.maps))
