"""Colour bars: what the colours of attributions are as numbers."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Union

import numpy as np

from .arrays import kind, signed
from .colours import SIGNS, Shades

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The inches that a bar takes of its axes: beside them, with numbers and a label; and below them.
BESIDE, BELOW = 0.85, 0.55

#: Whether panels have colours, or an axis, of their own, or all the same.
SCALES = ('each', 'shared')

_THICK, _GAP = 0.12, 0.08

#: What is on the scale, where the caller does not say it.
LABELS = dict(dict.fromkeys(SIGNS, 'attribution'), absolute='absolute attribution')


def check_colorbar(value: Any) -> None:
    if not isinstance(value, (bool, np.bool_, str)):
        raise TypeError(f'colorbar: expected True, False or a label, got {kind(value)}')


def label_of(colorbar: Union[bool, str], sign: str = 'both') -> str:
    return colorbar if isinstance(colorbar, str) else LABELS[sign]


def beyond(shade: Shades) -> str:
    """Which ends of the scale stand for larger values too, as matplotlib's `extend` has it."""
    known = shade.values[np.isfinite(shade.values)]
    # As much as 32 bits of a float may differ by.
    below, above = bool((known < shade.low - 1e-6 * shade.limit).any()), bool(
        (known > shade.high + 1e-6 * shade.limit).any())
    return 'both' if below and above else 'min' if below else 'max' if above else 'neither'


def draw_colorbar(ax: Axes, shade: Shades, label: str, below: bool = False,
                  shape: Optional[Sequence[int]] = None) -> None:
    """A colour bar in axes of its own, for which the given ones make room.

    Args:
        below: whether it lies below the axes; else it stands on the right.
        shape: (height, width) of a picture that keeps its shape in the axes, beside which it is as high.
    """
    box, whole, dpi = ax.get_position(original=True), ax.figure.bbox, ax.figure.dpi
    width, height = box.width * whole.width / dpi, box.height * whole.height / dpi
    if below:
        full, room, side, long = height, min(0.6 * height, BELOW), width, min(width, 2.5)
    else:
        full, room, side = width, min(0.6 * width, BESIDE), height
        long = height if shape is None else min(height, (width - room) * shape[0] / shape[1])
    bar = ax.figure.colorbar(
        shade.mappable(), ax=ax, location='bottom' if below else 'right', fraction=(room - _GAP) / full,
        pad=_GAP / full, shrink=long / side, aspect=long / _THICK, extend=beyond(shade), extendfrac=0.05)
    look(bar, label)


def look(bar: Any, label: str) -> None:
    bar.ax.tick_params(labelsize=7, length=2, pad=2)
    bar.outline.set_edgecolor('0.6')
    bar.outline.set_linewidth(0.6)
    bar.set_label(label, fontsize=8)


def end_labels(shade: Shades, extend: str, ends: Sequence[str]) -> List[str]:
    """What the ends of a legend are as numbers, with what they mean below."""
    low = '\u2264 ' * (extend in ('min', 'both')) + (signed(shade.low) if shade.low else '0')
    high = '\u2265 ' * (extend in ('max', 'both')) + (signed(shade.high) if shade.high else '0')
    return ['%s\n%s' % (number, said) if number != said else said for number, said in zip((low, high), ends)]
