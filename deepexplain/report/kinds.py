"""How a sample can be drawn, by its shape and what it holds."""
from typing import Any, List, Mapping, NamedTuple, Optional, Tuple

import numpy as np

from ..checks import channels_of, is_one_hot

#: More channels than so many are cells of a picture rather than lines.
_LINES = 8
#: So many features without names are a table.
_ROWS = 40


class Drawn(NamedTuple):
    """How samples of an input are drawn.

    Attributes:
        kinds: 'picture', 'cells', 'signal', 'letters', 'words' or 'table', the first what is drawn at once.
        channels: where those of pictures are, 'last' or 'first'.
    """
    kinds: List[str]
    channels: str = 'last'


def drawn(shape: Tuple[int, ...], xs: Optional[np.ndarray], named: bool, odd: bool) -> Drawn:
    """How samples are drawn; the last of the kinds is always 'table'.

    Args:
        shape: that of a sample of attributions.
        xs: samples of the same input, (n, ...), or None.
        named: whether features have names.
        odd: whether letters that are not there have attributions that mean something else, see `letters_add_up`.
    """
    own = None if xs is None else xs.shape[1:]
    if 0 in shape or own is not None and 0 in own:
        return Drawn(['table'])
    if xs is not None and xs.dtype.kind in 'OSU':
        return Drawn(['words'] if len(own or ()) == 1 and shape[:1] == own and len(shape) < 3 else ['table'])
    rank = len(shape if own is None else own)
    if rank == 3 and (own is None or own == shape or len(shape) == 2):
        return Drawn(['picture', 'table'], channels_of(shape if own is None else own))
    if rank == 2 and own in (None, shape):
        return Drawn((['letters'] if xs is not None and not odd and _letters(xs) else []) + (
            ['signal', 'cells'] if shape[1] <= _LINES and shape[0] > 1 else ['cells', 'signal']) + ['table'])
    if rank == 2 and len(shape) == 1 and own is not None:
        return Drawn(['signal', 'table'])
    if rank == 1 and own in (None, shape):
        return Drawn(['table', 'signal'] if named or shape[0] <= _ROWS else ['signal', 'table'])
    return Drawn(['table'])


def letters_add_up(method: str, options: Mapping[str, Any]) -> bool:
    """Whether a place's attributions add up over letters; of hypothetical letters they do not."""
    inner = options.get('options')
    own = dict(options, **inner) if isinstance(inner, Mapping) else options
    return method != 'in_silico_mutagenesis' and not any(own.get(name) for name in ('hypothetical', 'multipliers'))


def _letters(xs: np.ndarray) -> bool:
    return xs.shape[2] > 2 and xs.dtype.kind in 'biuf' and bool(xs.any()) and is_one_hot(xs)
