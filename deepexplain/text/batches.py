"""Sentences as they go together into the model, and what belongs to each of them."""
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.runs.chosen import is_pair
from .inputs import Inputs, Rows, rows_of
from .tokens import NONE, Tokens


class Batch(NamedTuple):
    """Sentences that are explained together: of one number of tokens, so that none is padded for another.

    Attributes:
        places: their numbers.
        tokens: as they are read.
        rows: as they are fed.
        groups: for each place of all of them the number of what is taken away with it, from 0 on, first the words; None
            for methods that take nothing away.
    """
    places: List[int]
    tokens: List[Tokens]
    rows: Rows
    groups: Optional[np.ndarray]


def batches_of(inputs: Inputs, tokens: Sequence[Tokens], length: Optional[int], pad: int, left: bool,
               by: Optional[str]) -> List[Batch]:
    """Sentences that can go together.

    Args:
        length: what they are padded to; None where each stays as long as it is.
        by: what is taken away at once, 'words' or 'tokens'; None for nothing.
    """
    fixed = inputs.text.shape.as_list()[0] if inputs.text.shape.ndims else None
    found: Dict[Tuple[Any, ...], List[int]] = {}
    for place, one in enumerate(tokens):
        long = length or len(one.ids)
        groups = None if by is None else tuple(_groups(one, long, by, left))
        found.setdefault((long, groups, place if fixed == 1 else None), []).append(place)
    return [Batch(places, [tokens[i] for i in places], rows_of(inputs, [tokens[i] for i in places], long, pad, left),
                  None if groups is None else np.array(groups, int)) for (long, groups, _), places in found.items()]


def _groups(one: Tokens, length: int, by: str, left: bool) -> List[int]:
    """The group of each place: words, or tokens, then special tokens one by one, then padding."""
    words = list(range(len(one.ids))) if by == 'tokens' else list(one.owners)
    count = max(words + [NONE]) + 1
    for place, word in enumerate(words):
        if word == NONE:
            words[place], count = count, count + 1
    padding = [count] * (length - len(words))
    return padding + words if left else words + padding


def replaced(batch: Batch, ids: np.ndarray, stand_in: int) -> np.ndarray:
    """Ids with a token in the place of all but the special ones and padding."""
    found = np.array(ids)
    for row, one, start in zip(found, batch.tokens, batch.rows.starts):
        here = row[start:start + len(one.ids)]
        here[np.array(one.owners, int) != NONE] = stand_in
    return found


def checked_sentences(sentences: Any, pairs: bool) -> List[List[str]]:
    """Each sentence as a list of its one text, or of a pair's two."""
    if isinstance(sentences, (str, bytes)) or not hasattr(sentences, '__iter__'):
        raise TypeError('sentences: expected a list of strings, got %s.' % (
            f'one string: [{sentences[:20]!r}]' if isinstance(sentences, str) else type(sentences).__name__))
    found: List[List[str]] = []
    for number, one in enumerate(sentences):
        texts = [one] if isinstance(one, str) else list(one) if isinstance(one, (list, tuple)) else []
        if len(texts) not in (1, 2) or not all(isinstance(text, str) for text in texts):
            raise TypeError('sentences[%d]: expected a string%s, got %s.' % (
                number, ' or a pair of strings' if pairs else '', type(one).__name__ if not texts else
                '%s of %d' % (type(one).__name__, len(texts))))
        if len(texts) == 2 and not pairs:
            raise TypeError(f'sentences[{number}]: the tokenizer takes a string, and this is a pair.')
        found.append([str(text) for text in texts])
    if not found:
        raise ValueError('sentences: expected at least one.')
    return found


def ys_of(ys: Any, places: Sequence[int], n: int, T: tf.Tensor) -> Any:
    """What is explained of some of n sentences."""
    if is_pair(ys):
        return tuple(ys_of(one, places, n, T) for one in ys)
    if ys is None or np.ndim(ys) == 0:
        return None if isinstance(ys, str) and ys == 'max' and T.shape.ndims == 1 else ys
    if isinstance(ys, tuple) and T.shape.ndims not in (1, 2):
        return ys
    array = np.asarray(ys)
    if len(array) != n:
        raise ValueError(f'ys: expected one for each of the {n} sentences, got {len(array)}.')
    return array[list(places)]


def names_units(ys: Any, T: tf.Tensor) -> bool:
    """Whether what is explained are units, not weights of several."""
    if is_pair(ys):
        return False
    if ys is None or isinstance(ys, (str, tuple)) or np.ndim(ys) == 0:
        return ys is not None
    return np.ndim(ys) == 1 and np.asarray(ys).dtype.kind in 'iu' and T.shape.ndims != 1


def of_places(value: Any, places: Sequence[int], n: int) -> Any:
    """Of a value with a row for each of n sentences those of some, others as they are."""
    array = value if hasattr(value, 'shape') else np.asarray(value)
    return array[list(places)] if np.ndim(array) and len(array) == n else value


def summed(values: np.ndarray, shape: Tuple[int, int]) -> np.ndarray:
    """A number for each token: (n, length)."""
    if values.shape[:2] != shape:
        raise ValueError("text: X must have the shape (n, length, depth), here %s, not %s: give X=, the tensor of the "
                         'embeddings.' % (shape + ('depth',), values.shape))
    return np.asarray(values.astype(np.float64).reshape(shape + (-1,)).sum(-1))
