"""Strings of letters as one-hot arrays."""
from typing import Any, Optional, Sequence

import numpy as np


def one_hot(sequences: Sequence[str], alphabet: str = 'ACGT', unknown: str = 'N', length: Optional[int] = None,
            pad: Optional[str] = None, dtype: Any = np.float32) -> np.ndarray:
    """Sequences as one-hot arrays.

    Args:
        sequences: strings, n of them. A small letter counts as its capital, unless the alphabet has the small one too.
        alphabet: the letters in their order, each once. Default 'ACGT'.
        unknown: letters that stand for none of these, zeros in the array. Default 'N'.
        length: the number of positions. Default: that of the longest.
        pad: which side of a shorter sequence is filled with zeros, 'right', 'left' or 'both' (of an odd number one more
            right). Default None: all must be as long.
        dtype: of the array. Default float32.

    Returns:
        An array (n, length, letters) of zeros and ones.

    Raises:
        ValueError: for a letter that is neither of the alphabet nor unknown, with its sequence and position; for
            sequences of several lengths without `pad`, or longer than `length`; for no sequences at all.
        TypeError: for what is no list of strings.
    """
    # Sets have no order, dicts are taken for their keys.
    if isinstance(sequences, (str, bytes, set, frozenset, dict)) or not hasattr(sequences, '__len__'):
        raise TypeError(f'sequences must be a list of strings, not {type(sequences).__name__}.')
    for number, one in enumerate(sequences):
        if not isinstance(one, str):
            raise TypeError(f'sequences[{number}] must be a string, not {type(one).__name__}.')
    if not len(sequences):
        raise ValueError('sequences must be at least one.')
    if not isinstance(alphabet, str) or len(alphabet) < 2 or len(set(alphabet)) < len(alphabet):
        raise ValueError(f'alphabet must be a string of two letters or more, each once, not {alphabet!r}.')
    if not isinstance(unknown, str) or set(unknown) & set(alphabet):
        raise ValueError(f"unknown must be a string of letters that are not in the alphabet, not {unknown!r}: 'X' in "
                         "proteins, say, or '' for none.")
    if pad not in (None, 'right', 'left', 'both'):
        raise ValueError(f"pad must be 'right', 'left', 'both' or None, not {pad!r}.")
    size = _length(sequences, length, pad)
    places = {letter: place for place, letter in enumerate(alphabet)}
    places.update(dict.fromkeys(unknown, -1))
    for letter in alphabet + unknown:
        places.setdefault(letter.lower(), places[letter])
    found = np.zeros((len(sequences), size, len(alphabet)), dtype)
    for number, one in enumerate(sequences):
        letters = np.array([places.get(letter, -2) for letter in one], int)
        if (letters == -2).any():
            position = int(np.argmax(letters == -2))
            raise ValueError('sequences[%d] has %r at position %d, which is neither in the alphabet (%s) nor unknown '
                             '(%s).' % (number, one[position], position, alphabet, unknown))
        first = {'left': size - len(one), 'both': (size - len(one)) // 2}.get(pad or '', 0)
        known = np.flatnonzero(letters >= 0)
        found[number, first + known, letters[known]] = 1
    return found


def _length(sequences: Sequence[str], length: Any, pad: Optional[str]) -> int:
    sizes = [len(one) for one in sequences]
    if length is not None and (isinstance(length, bool) or not isinstance(length, (int, np.integer)) or length < 1):
        raise ValueError(f'length must be a positive int, not {length!r}.')
    size = max(sizes) if length is None else int(length)
    wrong = [number for number, one in enumerate(sizes) if one > size or one < size and pad is None]
    if wrong or not size:
        number = wrong[0] if wrong else 0
        raise ValueError("sequences must be of one length, or pad says which side of shorter ones is filled up: "
                         'sequences[%d] has %d letters, and %d are wanted.' % (number, sizes[number], max(size, 1)))
    return size
