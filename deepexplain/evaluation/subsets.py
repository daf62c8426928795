"""Random subsets of features: does the fall of the target agree with the sum of their attributions?"""
from collections import OrderedDict
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np

from .arithmetic import choice, number, pearson, positive_int, row_dots, spearman
from .curves import Curves
from .removal import Removal
from .subject import Subject

#: Falls of the target that vary by less, as a part of the target, are rounding of float32.
ROUNDING = 2e-7


def sensitivity_n(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None,
                  n: Union[int, Sequence[int], None] = None, subsets: int = 100, baseline: Any = None,
                  feature_mask: Any = None, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                  **more: Any) -> Any:
    """Sensitivity-n (Ancona et al. 2018): higher is better, -1 to 1.

    The Pearson correlation, over random subsets S of n features, of the sum of their attributions and the fall of the
    target when they are set to the baseline: corr(sum_{i in S} R_i, T(x) - T(x without S)). Subsets of a size are drawn
    evenly, each by itself. nan for a sample whose attributions, or falls, are the same for all subsets.

    Costs 1 + len(n) * subsets evaluations of a sample. Pitfalls: the baseline may be off the data, so that the model
    answers what it was never trained for; a correlation says nothing of the scale of attributions, but of their sign;
    with 100 subsets it has a standard error of about .1 where it is near 0.

    Args:
        explainer, xs, ys, batch_size, feed_dict: as in `Explainer.run`; explainer an `Explainer`.
        attributions: maps of the shape of xs (for several inputs a list), from anywhere; without channels, where it is
            clear that they go along with all of them; or a dict of such by name: one set of subsets and of answers of
            the model is for all. Default None: the explainer makes them.
        n: the sizes of subsets, an int or a list of them, from 1 to the number of features. Default None:
            `subset_sizes`, 15 of them from 1 to 80 % of the features, as in the paper.
        subsets: how many of each size. Default 100.
        baseline: what stands in the place of features that are gone: a number, an array of a sample's shape or one
            with one for each sample, for several inputs a list; or 'uniform': numbers drawn between a sample's smallest
            and largest. Default None: zeros.
        feature_mask: ints of a sample's shape, or broadcasting to it (for several inputs a list): features with the
            same number are one feature, whose attribution is the sum. Without it each number of X is by itself; pixels
            of all channels together are np.arange(h * w).reshape(h, w, 1).
        seed: an int or numpy Generator or RandomState: what is drawn for a sample hangs on it and on the sample's
            number alone; methods that draw and have no seed of their own draw by it, too. By default numpy's global
            state.
        **more: `shared`, `per_sample`, `ids`, `show_progress`, as in `Explainer.run`.

    Returns:
        Float64 (len(n), samples); for a dict of maps a dict of these.

    Raises:
        ValueError: for maps of another shape or that are not finite, for bad sizes; and as `Explainer.run`.
    """
    _, maps, found = _correlations(explainer, xs, ys, attributions, n, subsets, baseline, feature_mask, batch_size,
                                   seed, feed_dict, more)
    return _as_given(attributions, maps, [one.T for one in found])


def sensitivity_curves(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None,
                       n: Union[int, Sequence[int], None] = None, subsets: int = 100, baseline: Any = None,
                       feature_mask: Any = None, batch_size: Optional[int] = None, seed: Any = None,
                       feed_dict: Any = None, **more: Any) -> Any:
    """`sensitivity_n`, with the same arguments, as `Curves`: over the sizes, rising, as parts of all features."""
    sizes, maps, found = _correlations(explainer, xs, ys, attributions, n, subsets, baseline, feature_mask, batch_size,
                                       seed, feed_dict, more)
    order = np.argsort(sizes, kind='stable')
    return _as_given(attributions, maps, [Curves(sizes[order], one[:, order], of='features in a subset',
                                                 what='correlation', by='mean', log=True) for one in found])


def subset_sizes(features: int) -> List[int]:
    """The sizes that `sensitivity_n` takes by default: 15, or fewer, evenly on a log scale from 1 to 80 % of all.

    Args:
        features: how many features there are, an int of at least 1.

    Returns:
        Ints, rising.
    """
    return sorted({int(round(size)) for size in np.geomspace(1, max(1, .8 * features), 15)})


def mu_fidelity(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, fraction: float = .2,
                subsets: int = 200, correlation: str = 'pearson', baseline: Any = None, feature_mask: Any = None,
                batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> Any:
    """mu-fidelity (the faithfulness of Bhatt et al. 2020): higher is better, -1 to 1.

    As `sensitivity_n` with subsets of one size. The paper has the Pearson correlation; that of ranks is as common.

    Costs 1 + subsets evaluations of a sample. Pitfalls: as of `sensitivity_n`.

    Args:
        fraction: which part of the features a subset has, above 0 and up to 1. Default .2.
        subsets: how many. Default 200.
        correlation: 'pearson' (default) or 'spearman'.
        explainer, xs, ys, attributions, baseline, feature_mask, batch_size, seed, feed_dict, more: see
            `sensitivity_n`.

    Returns:
        Float64 (n,); for a dict of maps a dict of these.

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    positive_int('subsets', subsets)
    by = {'pearson': pearson, 'spearman': spearman}[choice('correlation', correlation, ('pearson', 'spearman'))]
    number('fraction', fraction, 0, 1)
    subject = Subject(explainer, xs, ys, _own(attributions), batch_size, seed, feed_dict, **more)
    removal = Removal(subject, baseline, feature_mask)
    size = max(1, int(round(fraction * removal.players.count)))
    maps = _maps(subject, attributions)
    sums, falls, before = _drawn(subject, removal, list(maps.values()), [size], subsets)
    return _as_given(attributions, maps, [by(one[:, 0], falls[:, 0], ROUNDING * np.abs(before)) for one in sums])


def _correlations(explainer: Any, xs: Any, ys: Any, attributions: Any, n: Union[int, Sequence[int], None],
                  subsets: int, baseline: Any, feature_mask: Any, batch_size: Optional[int], seed: Any, feed_dict: Any,
                  more: Any) -> Tuple[np.ndarray, Dict[Any, np.ndarray], List[np.ndarray]]:
    """The sizes of subsets as parts of all features, all maps, and of each the correlations, (n, sizes)."""
    positive_int('subsets', subsets)
    subject = Subject(explainer, xs, ys, _own(attributions), batch_size, seed, feed_dict, **more)
    removal = Removal(subject, baseline, feature_mask)
    count = removal.players.count
    sizes = subset_sizes(count) if n is None else [
        positive_int('n', one, count) for one in ([n] if np.ndim(n) == 0 else list(n))]  # type: ignore
    if not sizes:
        raise ValueError('n must hold at least one size of subsets.')
    maps = _maps(subject, attributions)
    sums, falls, before = _drawn(subject, removal, list(maps.values()), sizes, subsets)
    return np.array(sizes) / float(count), maps, [
        pearson(one, falls, ROUNDING * np.abs(before)[:, np.newaxis]) for one in sums]


def _own(attributions: Any) -> Any:
    """What a subject is given: of many maps none."""
    if isinstance(attributions, Mapping) and not attributions:
        raise ValueError('attributions must hold the maps of at least one name, or be None.')
    return None if isinstance(attributions, Mapping) else attributions


def _maps(subject: Subject, attributions: Any) -> Dict[Any, np.ndarray]:
    """All maps by name, (n, features); of one that has none the subject's own."""
    if not isinstance(attributions, Mapping):
        return {None: subject.maps}
    return OrderedDict((name, subject.checked('attributions[%r]' % (name,), one)) for name, one in attributions.items())


def _as_given(attributions: Any, maps: Mapping[Any, np.ndarray], found: Sequence[Any]) -> Any:
    return OrderedDict(zip(maps, found)) if isinstance(attributions, Mapping) else found[0]


def _drawn(subject: Subject, removal: Removal, maps: Sequence[np.ndarray], sizes: Sequence[int], subsets: int
           ) -> Tuple[List[np.ndarray], np.ndarray, np.ndarray]:
    """Each map's sums and the falls of the target, (n, sizes, subsets), and the target as it is, (n,)."""
    probe, count = subject.asked(), removal.players.count
    parts, draws = [removal.players.sums(one) for one in maps], subject.draws()
    samples, which = probe.pairs(len(sizes) * subsets)
    of_size = np.asarray(sizes)[which // subsets]
    sums = np.empty((len(parts), len(samples)))

    def gone(part: slice) -> np.ndarray:
        own = of_size[part]
        keys = draws.uniform_at(samples[part], which[part], count)
        # Those of the smallest keys; sizes come in runs.
        chosen = np.empty(keys.shape, bool)
        for size in np.unique(own):
            rows = own == size
            limit = np.partition(keys[rows], size - 1, 1)[:, size - 1:size]
            chosen[rows] = keys[rows] <= limit
        for one, own_sums in zip(parts, sums):
            own_sums[part] = row_dots(chosen, one, samples[part])
        return chosen

    with probe.progress(1 + len(sizes) * subsets):
        before = probe.before()
        scores = removal.scores(samples, gone)
    order = np.lexsort((which, samples))
    shape = subject.n, len(sizes), subsets
    return ([one[order].reshape(shape) for one in sums], (before[samples] - scores)[order].reshape(shape), before)
