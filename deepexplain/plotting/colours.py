"""The colours of attributions: red raises the target, blue lowers it, white is zero; without a sign it is purple."""
from __future__ import annotations

from typing import Any, NamedTuple, Optional, Tuple

import numpy as np

from ..extras import needs
from .arrays import check_above_0, check_choice

SIGNS = ('both', 'positive', 'negative', 'absolute')
#: matplotlib's colour maps, all white at zero: of two sides for values of both signs, of one for the others.
MAPS = dict(zip(SIGNS, ('RdBu_r', 'Reds', 'Blues_r', 'Purples')))


class Shades(NamedTuple):
    """Values and how they are coloured."""

    values: np.ndarray  # what is shown of them; nan where there is no colour
    low: float
    high: float
    limit: float  # the absolute value with the deepest colour, above 0
    cmap: str

    def opacity(self) -> np.ndarray:
        """0 at zero and where there is no colour, 1 from the limit on."""
        return np.nan_to_num(np.clip(np.abs(self.values) / self.limit, 0, 1))

    def mappable(self) -> Any:
        with needs('deepexplain.plotting', 'plots'):
            from matplotlib.cm import ScalarMappable
            from matplotlib.colors import Normalize

        return ScalarMappable(Normalize(self.low, self.high), self.cmap)

    def rgb(self) -> np.ndarray:
        """Colours between 0 and 1, shape (..., 3); what they are at nan means nothing."""
        return self.mappable().to_rgba(np.ma.masked_invalid(self.values).ravel())[:, :3].reshape(
            self.values.shape + (3,))


def shades(
    values: np.ndarray,
    sign: str = 'both',
    percentile: float = 100,
    cmap: Optional[str] = None,
    limit: Optional[float] = None,
) -> Shades:
    """The part of the values that has the sign, and its colours; of a limit, where one is given."""
    check_choice('sign', sign, SIGNS)
    check_above_0('percentile', percentile, most=100)
    if limit is not None:
        check_above_0('limit', limit)
    if cmap is not None:
        _check_cmap(cmap)
    finite = np.isfinite(values)
    known = np.where(finite, values, 0.0)
    if sign == 'positive':
        known = np.maximum(known, 0.0)
    elif sign == 'negative':
        known = np.minimum(known, 0.0)
    elif sign == 'absolute':
        known = np.abs(known)
    known[~finite] = np.nan
    limit = find_limit(known, percentile) if limit is None else float(limit)
    return Shades(known, 0.0 if sign in ('positive', 'absolute') else -limit, 0.0 if sign == 'negative' else limit,
                  limit, MAPS[sign] if cmap is None else cmap)


def _check_cmap(cmap: Any) -> None:
    with needs('deepexplain.plotting', 'plots'):
        from matplotlib.cm import ScalarMappable

    try:
        ScalarMappable(cmap=cmap)
    except (TypeError, ValueError):
        raise ValueError(f'cmap: expected the name of a matplotlib colour map, got {cmap!r}') from None


def find_limit(values: np.ndarray, percentile: float) -> float:
    """The value with the deepest colour; never 0, so it can divide."""
    sizes = np.abs(values[np.isfinite(values)])
    if not sizes.size:
        return 1.0
    # Where nearly all are 0 the percentile is too, and the few others still have to show.
    return float(np.percentile(sizes, percentile)) or float(sizes.max()) or 1.0


def solid(sign: str) -> Tuple[float, ...]:
    """One colour for all that has the sign."""
    # Short of the deepest, which is nearly black.
    return tuple(shades(np.array([0.7, 1.0]) * (-1 if sign == 'negative' else 1), sign).rgb()[0])


def ink(rgb: np.ndarray) -> str:
    """'black' or 'white', whichever is better to read on the colour."""
    # The contrast of the Web Content Accessibility Guidelines, on relative luminance.
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return 'black' if linear @ [0.2126, 0.7152, 0.0722] > 0.179 else 'white'


def terminal_ground(share: float) -> Optional[Tuple[int, int, int]]:
    """Red, green and blue for black letters, by a share between -1 and 1; None near zero, and for nan."""
    if not abs(share) >= 0.05:
        return None
    fade = int(round(255 - 175 * abs(share)))
    return (255, fade, fade) if share >= 0 else (fade, fade, 255)
