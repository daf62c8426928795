"""What the caller passes in, checked and made floats."""
from __future__ import annotations

from typing import Any, Sequence, Tuple

import numpy as np

CHANNELS = ('last', 'first')


def numbers(value: Any, name: str) -> np.ndarray:
    try:
        if np.iscomplexobj(value):
            raise TypeError
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f'{name}: expected an array of numbers, got {kind(value)}') from None


def kind(value: Any) -> str:
    return f'{type(value).__name__} of {value.dtype}' if hasattr(value, 'dtype') else type(value).__name__


def summed(values: np.ndarray, axis: int) -> np.ndarray:
    with np.errstate(invalid='ignore'):  # infinities of both signs make nan
        return values.sum(axis=axis)


def image(value: Any, name: str, channels: str = 'last') -> np.ndarray:
    """As floats of shape (H, W, channels)."""
    given = numbers(value, name)
    if given.ndim not in (2, 3) or not given.size:
        deep = '(H, W, channels)' if channels == 'last' else '(channels, H, W)'
        raise ValueError(f'{name}: expected shape (H, W) or {deep}, none of them 0, got {given.shape}')
    if given.ndim == 2:
        return given[..., None]
    return given if channels == 'last' else np.moveaxis(given, 0, -1)


def images(value: Any, name: str, channels: str = 'last') -> np.ndarray:
    """As floats of shape (samples, H, W, channels)."""
    given = numbers(value, name)
    if given.ndim not in (3, 4) or not given.size:
        deep = '(samples, H, W, channels)' if channels == 'last' else '(samples, channels, H, W)'
        raise ValueError(
            f'{name}: expected shape (samples, H, W) or {deep}, none of them 0, got {given.shape}'
        )
    if given.ndim == 3:
        return given[..., None]
    return given if channels == 'last' else np.moveaxis(given, 1, -1)


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    if not isinstance(value, str) or value not in choices:
        listed = ', '.join(repr(choice) for choice in choices[:-1])
        raise ValueError(f'{name}: expected {listed} or {choices[-1]!r}, got {_shown(value)}')


def check_above_0(name: str, value: Any, of: str = '', most: float = np.inf) -> None:
    if not isinstance(value, (int, float, np.number)) or not 0 < value <= most:
        limit = '' if most == np.inf else ' and at most %d' % most
        raise ValueError(f'{name}: expected a number{of} above 0{limit}, got {_shown(value)}')


def check_count(name: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f'{name}: expected an int of at least 1, got {_shown(value)}')


def _shown(value: Any) -> str:
    return f'{kind(value)} of shape {value.shape}' if getattr(value, 'shape', ()) else repr(value)


def check_length(name: str, values: Any, count: int, of: str) -> None:
    if not hasattr(values, '__len__'):
        raise TypeError('%s: expected a sequence, one for each of the %d %s, got %s' % (name, count, of, kind(values)))
    if len(values) != count:
        raise ValueError('%s: expected one for each of the %d %s, got %d' % (name, count, of, len(values)))


def signed(value: float) -> str:
    return 'nan' if np.isnan(value) else f'{value:+.3g}'


def finite_range(values: np.ndarray) -> Tuple[float, float]:
    """The smallest and the largest number; 0 and 0 where there is none."""
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def unit(values: np.ndarray) -> np.ndarray:
    """Scaled to 0 ... 1; nan, and values that are all the same, become 0."""
    low, high = finite_range(values)
    if high == low:
        return np.zeros_like(values)
    return np.nan_to_num((np.clip(values, low, high) - low) / (high - low))
