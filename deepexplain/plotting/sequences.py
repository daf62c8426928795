"""One-hot sequences, such as DNA, as letters."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Optional, Sequence

import numpy as np

from ..checks import is_one_hot
from ..extras import needs
from .arrays import check_length, numbers, summed
from .colours import solid
from .figures import check_ax, label_room, name_axes, new_axes, open_frame

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: How much of its place a letter is wide.
WIDTH = 0.92


def logo(
    sequence: Any,
    attributions: Any,
    letters: Optional[Sequence[str]] = None,
    ax: Optional[Axes] = None,
    title: Optional[str] = None,
) -> Axes:
    """Draws a one-hot sequence as a logo: at each position its letter, as high as the position's attribution.

    Red letters raise the target; blue ones, below the line, lower it. The heights add up to what all attributions add
    up to: where letters that are not there have attributions too, a position's are summed.

    Args:
        sequence: zeros and ones of shape (positions, letters), at most a single one at each position. Where there is
            none (padding, an unknown letter), a grey block stands in the letter's place, as high.
        attributions: numbers of the same shape. A position with nan or infinity has no letter.
        letters: what the places of the second axis are called, strings, mostly of one character. Default: 'ACGT' for
            four of them, else their numbers.
        ax: the matplotlib axes to draw into. Default: those of a new figure, as wide as the sequence is long.
        title: a title for the axes. Default: none.

    Returns:
        The axes. The first position is 0; `ax.set_xlim(99.5, 150.5)` shows a part.

    Raises:
        TypeError: sequence or attributions do not consist of numbers, or `ax` is no axes of matplotlib.
        ValueError: the sequence is not one-hot, or the shapes or the number of letters do not fit.
    """
    with needs('deepexplain.plotting', 'plots'):
        from matplotlib.ticker import MaxNLocator

    check_ax(ax)
    given = numbers(sequence, 'sequence')
    if given.ndim != 2 or not given.size or not are_letters(given):
        raise ValueError('sequence: expected zeros and ones of shape (positions, letters), at most a single one at '
                         f'each position, got {given.shape}')
    values = numbers(attributions, 'attributions')
    if values.shape != given.shape:
        raise ValueError(f'attributions: expected the shape of the sequence, {given.shape}, got {values.shape}')
    names = letters_of(letters, given.shape[1])
    heights = summed(values, 1)
    if ax is None:
        ax = new_axes(min(max(2.5, 0.16 * len(given)), 30), 1.2, label_room(['-0.00'], 8) + 0.2, 0.15, 0.5,
                      0.1 if title is None else 0.35)

    places = np.where(given.any(1), given.argmax(1), -1)
    drawn = np.where(np.isfinite(heights), heights, 0.)
    for sign in (1, -1):
        chosen = np.flatnonzero(sign * drawn > 0).tolist()
        _draw(ax, chosen, [names[places[i]] if places[i] >= 0 else None for i in chosen], heights,
              solid('positive' if sign > 0 else 'negative'))
    ax.axhline(0, color='0.3', linewidth=0.8)
    ax.set_xlim(-0.6, len(given) - 0.4)
    known = heights[np.isfinite(heights)]
    low, high = (min(0., known.min()), max(0., known.max())) if known.size else (0., 0.)
    room = 0.05 * (high - low) or 1.
    ax.set_ylim(low - (room if low else 0), high + room)
    open_frame(ax)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    name_axes(ax, 'position', 'attribution')
    if title is not None:
        ax.set_title(title)
    return ax


def are_letters(values: np.ndarray) -> bool:
    """Whether numbers are one-hot along the last axis, and not all of them zeros."""
    return is_one_hot(values) and bool(values.any())


def letters_of(letters: Optional[Sequence[str]], count: int) -> List[str]:
    """A name for each letter, 'ACGT' for four and else their numbers where none are given."""
    if letters is None:
        return list('ACGT') if count == 4 else [str(number) for number in range(count)]
    check_length('letters', letters, count, 'letters of the sequence')
    names = [str(letter) for letter in letters]
    if not all(name.strip() for name in names):
        raise ValueError('letters: expected strings that can be seen, got %r' % (letters,))
    return names


def _draw(ax: Axes, positions: Sequence[int], names: Sequence[Optional[str]], heights: np.ndarray, colour: Any) -> None:
    """Letters of one colour, each stretched to its height; grey where there is none."""
    from matplotlib.collections import PathCollection
    from matplotlib.transforms import Affine2D

    shapes: Dict[Optional[str], Any] = {name: _outline(name) for name in set(names)}
    for known, colours in ((True, colour), (False, '0.6')):
        paths = [Affine2D().scale(WIDTH, abs(heights[i])).translate(
            i - WIDTH / 2, min(0., heights[i])).transform_path(shapes[name])
            for i, name in zip(positions, names) if (name is not None) == known]
        if paths:
            ax.add_collection(PathCollection(paths, facecolors=[colours], linewidths=0))


def _outline(name: Optional[str]) -> Any:
    """The outline of a letter, or of a block, that fills the square from 0 to 1."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.path import Path
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D

    if name is None:
        return Path.unit_rectangle()
    path = TextPath((0, 0), name.replace('$', r'\$'), size=100, prop=FontProperties(weight='bold'))
    box = path.get_extents()
    # An I is no block, and a dash no pillar.
    width, height = max(box.width, 0.35 * box.height, 1.), max(box.height, 0.35 * box.width, 1.)
    return Affine2D().translate(-box.x0 + (width - box.width) / 2, -box.y0 + (height - box.height) / 2).scale(
        1 / width, 1 / height).transform_path(path)
