"""Words coloured by their attributions: on a terminal, as HTML, and in a picture."""
from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any, List, Optional, Sequence, Tuple, Union

import numpy as np

from ..terminal import visible
from .arrays import check_above_0, check_count, kind, numbers, signed, summed
from .colours import find_limit, ink, shades, terminal_ground
from .figures import bare, check_ax, new_axes, text_width
from .scales import BELOW, check_colorbar, draw_colorbar, label_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPACING = 1.9  # from line to line, in font sizes
GAP = 0.65  # from word to word
SMALLEST = 4.0  # points; what is smaller nobody reads


def words(tokens: Any, attributions: Any = None, colour: bool = True, width: int = 12) -> str:
    """Writes words with their attributions, for a terminal.

    Args:
        tokens: n strings, or a result of `deepexplain.text`, which has attributions. Control characters in them are
            written as Python writes them, a newline as '\\n'.
        attributions: a number for each word, shape (n,), or for each component of its embedding, shape (n, depth),
            which are then summed.
        colour: True (default) gives one line of words on coloured ground (ANSI, 24 bits): red for what raises the
            target, blue for what lowers it, the deeper the more. False gives a line for each word, with the number
            and a bar of '+' or '-' signs, and no colours.
        width: the length of the longest bar, an int of at least 1. Default 12. Not used with colours.

    Returns:
        The string, without a newline at its end. Words whose attribution is nan have no colour, or '?' for a bar.

    Raises:
        TypeError: tokens holds lists, or attributions does not consist of numbers.
        ValueError: its shape does not fit the tokens, or width is below 1.
    """
    tokens, values = _of_words(tokens, attributions)
    tokens = [visible(token) for token in tokens]
    check_count('width', width)
    shares = np.clip(values / find_limit(values, 100), -1, 1)
    if colour:
        return ' '.join(_on_colour(token, share) for token, share in zip(tokens, shares))
    longest = max([len(token) for token in tokens], default=0)
    return '\n'.join(
        f'{token.ljust(longest)} {value:+9.3g}  {_bar(share, width)}'
        for token, value, share in zip(tokens, values, shares)
    )


def words_html(tokens: Any, attributions: Any = None, cmap: Optional[str] = None) -> str:
    """Writes words with their attributions as HTML, for a web page or a notebook (`IPython.display.HTML`).

    Args:
        tokens: n strings, or a result of `deepexplain.text`, which has attributions; what HTML would take for its own
            is escaped.
        attributions: a number for each word, shape (n,), or for each component of its embedding, shape (n, depth),
            which are then summed.
        cmap: the name of a diverging matplotlib colour map. Default 'RdBu_r': red raises the target, blue lowers it.

    Returns:
        A `<span>` for each word with a style of its own, and spaces between them, without anything around. The number
        shows as the word's title, when the mouse is on it. Words whose attribution is nan or infinite have no colour.

    Raises:
        TypeError: tokens holds lists, or attributions does not consist of numbers.
        ValueError: its shape does not fit the tokens, or cmap names no colour map.
    """
    tokens, values = _of_words(tokens, attributions)
    spans = []
    for token, value, rgb in zip(tokens, values, shades(values, cmap=cmap).rgb()):
        style = ''
        if np.isfinite(value):
            ground = '#%02x%02x%02x' % tuple(int(round(255 * part)) for part in rgb)
            style = ' style="background-color: %s; color: %s; padding: 0.1em 0.2em; border-radius: 0.2em"' % (
                ground, ink(rgb))
        spans.append('<span title="%s"%s>%s</span>' % (signed(value), style, escape(token)))
    return ' '.join(spans)


def text(
    tokens: Any,
    attributions: Any = None,
    ax: Optional[Axes] = None,
    fontsize: float = 11,
    cmap: Optional[str] = None,
    title: Optional[str] = None,
    limit: Optional[float] = None,
    colorbar: Union[bool, str] = False,
) -> Axes:
    """Draws words on coloured ground, in lines as long as the axes are wide at the time.

    Args:
        tokens: n strings, or a result of `deepexplain.text`, which has attributions; written as they are (a '$' begins
            no formula).
        attributions: a number for each word, shape (n,), or for each component of its embedding, shape (n, depth),
            which are then summed.
        ax: the matplotlib axes to draw into. Default: those of a new figure, 6 inches wide and as high as it takes.
        fontsize: in points. Default 11; smaller, down to 4, where the words would not fit into `ax`.
        cmap: the name of a diverging matplotlib colour map. Default 'RdBu_r': red raises the target, blue lowers it.
        title: a title for the axes. Default: none.
        limit: the absolute value with the deepest colour, above 0: one limit makes the colours of several sentences
            mean the same. Default None: the largest of the words.
        colorbar: True draws a colour bar below them, for which the axes make room; a string is its label, such as
            the unit of the target. Pointed ends stand for what is beyond the limit. Default False.

    Returns:
        The axes. Words whose attribution is nan or infinite have no colour.

    Raises:
        TypeError: tokens holds lists, attributions does not consist of numbers, or `colorbar` is neither a bool nor a
            string.
        ValueError: its shape does not fit the tokens, fontsize or limit is not above 0, or cmap names no colour map.
    """
    check_ax(ax)
    tokens, values = _of_words(tokens, attributions)
    check_above_0('fontsize', fontsize, ' of points')
    check_colorbar(colorbar)
    shade = shades(values, cmap=cmap, limit=limit)
    own = ax is None
    if ax is None:
        places, lines, _ = _wrap(tokens, fontsize, 6 * 72)
        wide, high = 6 * 72.0, lines * SPACING * fontsize
        ax = new_axes(6, high / 72 + bool(colorbar) * BELOW, 0.1, 0.1, 0.1, 0.1 if title is None else 0.35)
    if colorbar:
        draw_colorbar(ax, shade, label_of(colorbar), below=True)
    if not own:
        points = 72.0 / ax.figure.dpi
        wide, high = ax.bbox.width * points, ax.bbox.height * points
        places, lines, reach = _wrap(tokens, fontsize, wide)
        while (lines * SPACING * fontsize > high or reach > wide) and fontsize > SMALLEST:
            fontsize = max(SMALLEST, 0.95 * fontsize)
            places, lines, reach = _wrap(tokens, fontsize, wide)

    bare(ax)
    for spine in ax.spines.values():
        spine.set_visible(False)
    # In points from the upper left corner, as the words were measured.
    ax.set_xlim(0, wide)
    ax.set_ylim(high, 0)
    for token, value, rgb, (x, line) in zip(tokens, values, shade.rgb(), places):
        known = np.isfinite(value)
        ax.text(
            x,
            (line + 0.65) * SPACING * fontsize,
            token.replace('$', r'\$'),
            fontsize=fontsize,
            color=ink(rgb) if known else 'black',
            bbox={'boxstyle': 'round,pad=0.2', 'facecolor': tuple(rgb) if known else 'none', 'edgecolor': 'none'},
        )
    if title is not None:
        ax.set_title(title)
    return ax


def _of_words(tokens: Any, attributions: Any) -> Tuple[List[str], np.ndarray]:
    """The tokens as strings, and one number for each."""
    if attributions is None and hasattr(tokens, 'words'):
        tokens, attributions = tokens.words, tokens.attributions
    nested = [token for token in tokens if isinstance(token, list) or isinstance(token, np.ndarray) and token.ndim]
    if nested:
        raise TypeError('tokens: expected the words of one sentence, got %s among them; draw sentence after sentence, '
                        'tokens[i] with attributions[i]' % kind(nested[0]))
    hint = '; tokens is a string, of letters: tokens.split() makes a list of words' * isinstance(tokens, str)
    tokens = [str(token) for token in tokens]
    values = numbers(attributions, 'attributions')
    if values.ndim == 2:
        values = summed(values, 1)
    if values.shape != (len(tokens),):
        raise ValueError(
            'attributions: expected shape (%d,) or (%d, depth) for %d tokens, got %s%s'
            % (len(tokens), len(tokens), len(tokens), np.shape(attributions), hint)
        )
    return tokens, values


def _wrap(tokens: Sequence[str], fontsize: float, width: float) -> Tuple[List[Tuple[float, int]], int, float]:
    """For each word where it begins, in points from the left, and its line; the number of lines, at least 1; the reach
    of the longest line.
    """
    places = []
    margin = 0.3 * fontsize  # the coloured ground reaches beyond the letters
    x, line, reach = margin, 0, 0.0
    for token in tokens:
        length = text_width(token, fontsize)
        if x > margin and x + length + margin > width:
            x, line = margin, line + 1
        places.append((x, line))
        reach = max(reach, x + length + margin)
        x += length + GAP * fontsize
    return places, line + 1, reach


def _on_colour(token: str, share: float) -> str:
    ground = terminal_ground(share)
    return token if ground is None else '\x1b[30;48;2;%d;%d;%dm%s\x1b[0m' % (ground + (token,))


def _bar(share: float, width: int) -> str:
    if not np.isfinite(share):
        return '?'
    length = int(round(abs(share) * width))
    if share < 0:
        return ('-' * length).rjust(width) + '|'
    return ' ' * width + '|' + '+' * length
