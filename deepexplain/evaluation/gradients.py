"""Errors of attributions as a linear model of the target: infidelity, completeness."""
from typing import Any, Callable, List, Optional, Union

import numpy as np

from .arithmetic import choice, divided, number, positive_int, row_dots
from .arrays import flat
from .places import places_of
from .removal import Removal
from .subject import Subject

_KINDS = ('gaussian', 'square', 'baseline')


def infidelity(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None,
               perturbation: Union[str, Callable[..., Any]] = 'gaussian', samples: int = 100, noise: float = .2,
               scale: Optional[str] = None, normalize: bool = False, baseline: Any = None, feature_mask: Any = None,
               batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Infidelity (Yeh et al. 2019): lower is better, from 0, in squared units of the target.

    The mean over random perturbations I of (I . phi - (T(x) - T(x - I))) ** 2, phi the attributions on the gradient's
    scale: those that contain the factor x - baseline are divided by it (0 where it is 0).

    Costs 1 + samples evaluations of a sample. Pitfalls: attributions of another scale (|g|, ranks, maps of
    activations) are far off whatever they show, unless normalised; hangs on the kind and the size of perturbations.

    Args:
        perturbation: 'gaussian' (default): normal noise on all features; 'square': x - baseline in a square, or on a
            line, of random size up to half of the axes of places, at a random place; 'baseline': x - baseline for
            features that are each gone by a chance of one half; or a function (x, generator) -> I of one sample (for
            several inputs lists), generator a numpy RandomState.
        samples: how many perturbations. Default 100.
        noise: the standard deviation of 'gaussian', as a part of the range of a sample in each input. Default .2.
        scale: whether attributions are on the 'gradient' scale or contain the 'input' factor x - baseline, with this
            baseline. Default None: as the explainer's method has it, with its own baseline.
        normalize: whether attributions are first scaled, each sample's by the one factor that fits best (as in the
            authors' code). Default False.
        explainer, xs, ys, attributions, baseline, feature_mask, batch_size, seed, feed_dict, more: see
            `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError: if X is not of floats, or the function returns another shape.
    """
    positive_int('samples', samples)
    number('noise', noise)
    if not callable(perturbation):
        choice('perturbation', perturbation, _KINDS)
    if perturbation == 'square' and feature_mask is not None:
        raise ValueError("feature_mask is nothing for the perturbation 'square'.")
    if scale is not None:
        choice('scale', scale, ('gradient', 'input'))
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    removal, probe = Removal(subject, baseline, feature_mask), subject.asked()
    for x in probe.xs:
        if x.dtype.kind != 'f':
            raise ValueError(f'infidelity perturbs X by degrees: it must be of floats, not of {x.dtype}.')
    phi = _on_gradient_scale(subject, removal, scale)
    rows, which = probe.pairs(samples)
    perturb = _Perturbation(subject, removal, perturbation, noise)
    at = flat(probe.xs).astype(np.float64)
    dots = np.empty(len(rows))

    def points(part: slice) -> List[np.ndarray]:
        as_is = at[rows[part]]
        moved = subject.split(as_is - perturb(rows[part], which[part]))
        moved = [one.astype(x.dtype) for one, x in zip(moved, probe.xs)]
        # The change that the model sees, rounded as it is.
        dots[part] = row_dots(as_is - flat(moved), phi, rows[part])
        return moved

    with probe.progress(1 + samples):
        falls = probe.before()[rows] - probe.scores(rows, points)
    expected, seen = np.empty((subject.n, samples)), np.empty((subject.n, samples))
    expected[rows, which], seen[rows, which] = dots, falls
    if normalize:
        factors = divided((expected * seen).sum(1), (expected ** 2).sum(1))
        expected *= np.where(np.isnan(factors), 0, factors)[:, np.newaxis]
    return ((expected - seen) ** 2).mean(1)


def completeness(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, baseline: Any = None,
                 batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None, **more: Any) -> np.ndarray:
    """Completeness (Sundararajan et al. 2017): lower is better, from 0, in units of the target.

    |sum_i R_i - (T(x) - T(baseline))|; for methods that have a convergence delta its absolute value, so T(x) alone for
    those that share out T itself.

    Costs 2 evaluations of a sample (as many as there are references, and 1, for methods that have such). Pitfalls:
    any map can be scaled to be complete; only methods that claim it are to be judged by it.

    Args:
        baseline: where T(baseline) is; see `sensitivity_n`. Default None: what the explainer's method says
            attributions add up to, else zeros.
        explainer, xs, ys, attributions, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ValueError, TypeError: as `sensitivity_n`.
    """
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    probe = subject.asked()
    absent = probe.absent(baseline)
    total = subject.maps.sum(1)
    with probe.progress(2):
        change = probe.change() if baseline is None else None
        if change is None:
            rows = np.arange(subject.n)
            change = probe.before() - probe.scores(rows, lambda part: [
                one[rows[part]] if len(one) > 1 else np.repeat(one, len(rows[part]), 0) for one in absent])
    return np.abs(total - change)


def _on_gradient_scale(subject: Subject, removal: Removal, scale: Optional[str]) -> np.ndarray:
    """Attributions without the factor x - baseline."""
    probe, maps = subject.asked(), subject.maps
    if scale == 'gradient':
        return maps
    factor = probe.factor()
    if scale == 'input':
        rows = np.arange(subject.n)
        everything = np.ones((subject.n, removal.players.count), bool)
        factor = [x.astype(np.float64) - one for x, one in zip(probe.xs, removal.points(rows, everything))]
    if factor is None:
        return maps
    found = divided(maps, flat(factor).astype(np.float64))
    return np.where(np.isnan(found), 0, found)


class _Perturbation:
    """What is taken off samples, (rows, features), for draw number which[i] of sample rows[i]."""

    def __init__(self, subject: Subject, removal: Removal, kind: Any, noise: float) -> None:
        self._subject, self._removal, self._kind = subject, removal, kind
        probe = subject.asked()
        self._xs, self._draws, self._many = probe.xs, subject.draws(), subject.many
        self._flat = [x.reshape(len(x), -1) for x in probe.xs]
        self._deviations = [noise * (one.max(1).astype(np.float64) - one.min(1)) for one in self._flat]

    def __call__(self, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
        if callable(self._kind):
            return self._by_function(rows, which)
        if self._kind == 'gaussian':
            drawn = self._draws.normal(rows, which, self._xs)
            return np.concatenate([one * deviation[rows, np.newaxis]
                                   for one, deviation in zip(drawn, self._deviations)], 1)
        if self._kind == 'baseline':
            gone = self._draws.uniform_at(rows, which, self._removal.players.count) < .5
        else:
            gone = self._squares(rows, which)
        left = self._removal.points(rows, gone)
        return np.concatenate([one[rows].astype(np.float64) - two.reshape(len(rows), -1)
                               for one, two in zip(self._flat, left)], 1)

    def _squares(self, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
        """A square in one input after another, all of one draw."""
        axes = [places_of(x.shape) for x in self._xs]
        drawn = self._draws.uniform_at(rows, which, sum(1 + len(one) for one in axes))
        found, at = [], 0
        for x, own in zip(self._xs, axes):
            inside = np.ones((len(rows),) + (1,) * (x.ndim - 1), bool)
            most = max(1, min([x.shape[axis] for axis in own] or [1]) // 2)
            side = 1 + (drawn[:, at] * most).astype(int)
            for number_of, axis in enumerate(own, 1):
                start = (drawn[:, at + number_of] * (x.shape[axis] - side + 1)).astype(int)
                places = np.arange(x.shape[axis])
                within = (places >= start[:, np.newaxis]) & (places < (start + side)[:, np.newaxis])
                inside = inside & within.reshape([len(rows)] + [-1 if one == axis else 1 for one in range(1, x.ndim)])
            at += 1 + len(own)
            found.append(np.broadcast_to(inside, (len(rows),) + x.shape[1:]).reshape(len(rows), -1))
        return np.concatenate(found, 1)

    def _by_function(self, rows: np.ndarray, which: np.ndarray) -> np.ndarray:
        found = []
        states = (self._draws.uniform_at(rows, which, 1)[:, 0] * 2 ** 32).astype(np.uint32)
        for row, state in zip(rows, states):
            given = [x[row].copy() for x in self._xs]
            made = self._kind(given if self._many else given[0], np.random.RandomState(state))
            arrays = [np.asarray(one, np.float64) for one in (made if self._many else [made])]
            if [one.shape for one in arrays] != [x.shape[1:] for x in self._xs]:
                raise ValueError('perturbation must return what is taken off a sample, of its shape %s, not %s.' % (
                    [x.shape[1:] for x in self._xs], [one.shape for one in arrays]))
            found.append(np.concatenate([one.ravel() for one in arrays]))
        return np.array(found)
