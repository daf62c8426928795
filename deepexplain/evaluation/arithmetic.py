"""Arithmetic of measures: correlations of rows, ranks, and checks of numbers."""
from typing import Any, Optional, Tuple

import numpy as np

from ..checks import shown


def pearson(a: np.ndarray, b: np.ndarray, rounding: Any = 0.) -> np.ndarray:
    """The correlation of the rows of two arrays, over their last axis; nan where one of them does not change.

    Args:
        rounding: standard deviations of b up to this count as rounding.
    """
    # What the mean of equal numbers is off by is rounding, too.
    limits = [1e-14 * np.sqrt((one ** 2).sum(-1)) for one in (a, b)]
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    sizes = np.sqrt((a ** 2).sum(-1)), np.sqrt((b ** 2).sum(-1))
    still = (sizes[0] <= limits[0]) | (sizes[1] <= np.maximum(limits[1], np.sqrt(a.shape[-1]) * rounding))
    with np.errstate(invalid='ignore', divide='ignore'):
        found = (a * b).sum(-1) / (sizes[0] * sizes[1])
    return np.where(still, np.nan, np.clip(found, -1, 1))


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each number in its row, from 1, those of equal ones averaged: float64, of the same shape."""
    order = np.argsort(values, -1, kind='stable')
    ordered = np.take_along_axis(values, order, -1)
    size = values.shape[-1]
    places = np.broadcast_to(np.arange(size), values.shape)
    new = np.concatenate([np.ones(values.shape[:-1] + (1,), bool), ordered[..., 1:] != ordered[..., :-1]], -1)
    first = np.maximum.accumulate(np.where(new, places, 0), -1)
    ends = np.concatenate([new[..., 1:], np.ones(values.shape[:-1] + (1,), bool)], -1)
    last = np.minimum.accumulate(np.where(ends, places, size)[..., ::-1], -1)[..., ::-1]
    found = np.empty(values.shape)
    np.put_along_axis(found, order, (first + last) / 2. + 1, -1)
    return found


def spearman(a: np.ndarray, b: np.ndarray, rounding: Any = 0.) -> np.ndarray:
    """The correlation of the ranks of the rows of two arrays; nan where one of them does not change."""
    still = b.std(-1) <= rounding
    return np.where(still, np.nan, pearson(ranks(a), ranks(b)))


def divided(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, nan where b is 0."""
    with np.errstate(invalid='ignore', divide='ignore'):
        return np.where(b == 0, np.nan, a / np.where(b == 0, 1, b))


def row_dots(rows: np.ndarray, values: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """The product of each row with the values of its owner; those of one owner, where they follow, are one product."""
    starts = np.flatnonzero(np.append(True, owners[1:] != owners[:-1]))
    if 4 * len(starts) > len(owners):
        return np.einsum('ij,ij->i', rows, values[owners])
    found = np.empty(len(rows))
    for start, end in zip(starts, np.append(starts[1:], len(owners))):
        found[start:end] = rows[start:end] @ values[owners[start]]
    return found


def mean_and_error(values: np.ndarray, axis: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Over an axis, of what is not nan: the mean, its standard error, and how many there are; nan where too few are."""
    known = ~np.isnan(values)
    count = known.sum(axis)
    mean = np.where(known, values, 0).sum(axis) / np.where(count, count, np.nan)
    off = np.where(known, values - np.expand_dims(mean, axis), 0)
    with np.errstate(invalid='ignore', divide='ignore'):
        error = np.sqrt((off ** 2).sum(axis) / (count - 1.) / count)
    return mean, np.where(count < 2, np.nan, error), count


def known_mean(values: np.ndarray) -> np.ndarray:
    """The mean over the first axis of what is not nan; nan where all is."""
    known = ~np.isnan(values)
    return divided(np.where(known, values, 0).sum(0), known.sum(0).astype(np.float64))


def positive_int(name: str, value: Any, most: Optional[int] = None) -> int:
    """The value, when it is an int of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1 or (
            most is not None and value > most):
        raise ValueError('%s must be an int of at least 1%s, not %s.' % (
            name, '' if most is None else f' and at most {most}', shown(value)))
    return int(value)


def number(name: str, value: Any, above: float = 0., most: float = np.inf) -> float:
    """The value as a float, when it is a finite number above one bound and up to another."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not (
            above < value <= most) or not np.isfinite(value):
        raise ValueError('%s must be a number above %g%s, not %s.' % (
            name, above, '' if np.isinf(most) else ' and at most %g' % most, shown(value)))
    return float(value)


def choice(name: str, value: Any, among: Any) -> str:
    """The value, when it is one of some words."""
    if not isinstance(value, str) or value not in among:
        raise ValueError('%s must be %s, not %s.' % (name, ' or '.join(repr(one) for one in among), shown(value)))
    return value
