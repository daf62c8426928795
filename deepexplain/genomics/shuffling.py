"""Shuffled sequences in which every pair of neighbours is as frequent as before."""
from bisect import bisect_right
from typing import Any, List, NamedTuple, Optional

import numpy as np

from .arrays import check_axis, check_one_hot, lines

#: How many letters are shuffled at once.
AT_ONCE = 2 ** 21


class _Stretch(NamedTuple):
    """Letters without a gap: those of a sample from `start` to `stop`.

    Attributes:
        letters: their numbers.
        first: where each pair of letters is first, (letters, letters), -1 for none.
        ways: for each letter how often others follow it, added up; without those that follow themselves.
    """
    sample: int
    start: int
    letters: np.ndarray
    first: np.ndarray
    ways: List[List[int]]


def dinucleotide_shuffle(xs: Any, m: int = 20, seed: Any = None, ids: Any = None, axis: int = -1) -> np.ndarray:
    """Random sequences with the very dinucleotides of the samples: references for models of DNA.

    Altschul and Erickson 1985: a random walk over all pairs of neighbours of a sequence, each once, from its first
    letter to its last; all sequences with these counts are as likely. The last pair of each letter is drawn as a
    random tree (Wilson 1996). Where there is no letter (N, padding) there is none in the shuffled sequences either,
    and what lies between is shuffled by itself.

        de.explain('deeplift', T, X, xs, references=lambda xs, ids: dinucleotide_shuffle(xs, 20, seed=0, ids=ids))

    Args:
        xs: one-hot samples, (n, positions, letters), zeros and ones with at most a single one at each position; other
            axes of size 1 may be among them.
        m: how many sequences are made of each sample, a positive int. Default 20.
        seed: an int, or numpy Generator or RandomState. What is drawn for a sample hangs on the seed and its number
            alone; more sequences go on where fewer end. Default None: numpy's global state.
        ids: the numbers that the samples go by, n ints, or the int of the first. Default None: from 0 on.
        axis: along which the letters are. Default -1.

    Returns:
        An array (n, m) + a sample's shape, of the dtype of xs.

    Raises:
        ValueError: for samples that are not one-hot, or of more than one sequence each; for bad values of the others.
    """
    from ..tensorflow.runs.arguments import positive_int
    from ..tensorflow.runs.seeds import Draws, check_ids, check_seed

    array = check_one_hot('xs', xs, axis)
    rows = lines('xs', array, axis)
    m, n, (length, count) = positive_int('m', m), len(rows), rows.shape[1:]
    check_seed(seed)
    numbers = None if ids is None else check_ids(ids, n)
    states = (Draws(n, numbers, seed).uniform(2) * 2 ** 32).astype(np.uint32)
    letters = np.where(rows.any(2), rows.argmax(2), -1)
    made = np.empty((n, m, length), np.int16)
    height = max(1, AT_ONCE // (m * length))
    for start in range(0, n, height):
        made[start:start + height] = _shuffled(letters[start:start + height], states[start:start + height], m, count)
    moved = np.moveaxis(array, check_axis(axis, array.ndim), -1)
    found = (made[..., np.newaxis] == np.arange(count)).astype(array.dtype)
    return np.moveaxis(found.reshape((n, m) + moved.shape[1:]), -1, check_axis(axis, array.ndim))


def _shuffled(letters: np.ndarray, states: np.ndarray, m: int, count: int) -> np.ndarray:
    """Shuffled numbers of letters, (n, m, positions), from (n, positions) with -1 for none."""
    stretches = [one for sample, line in enumerate(letters) for one in _stretches(sample, line, count)]
    made = np.repeat(letters[:, np.newaxis], m, 1)
    if not stretches:
        return made
    longest = max(len(one.letters) for one in stretches)
    # Pairs of neighbours; behind a stretch's end there is what nobody comes to.
    left, right = np.full((2, len(stretches), longest - 1), count)
    for number, one in enumerate(stretches):
        left[number, :len(one.letters) - 1], right[number, :len(one.letters) - 1] = one.letters[:-1], one.letters[1:]
    # In the order in which they are used up: by their first letter, and by chance.
    order = np.argsort(np.repeat(left, m, 0) * 2 + _keys(stretches, states, m, longest), 1, 'stable')
    follows = np.take_along_axis(np.repeat(right, m, 0), order, 1)
    sizes = (left[..., np.newaxis] == np.arange(count)).sum(1)
    at = np.repeat(np.cumsum(sizes, 1) - sizes, m, 0)
    walkers, here = np.arange(len(at)), np.repeat(left[:, 0], m)
    walked = np.empty((len(at), longest), np.int64)
    walked[:, 0] = here
    for step in range(1, longest):
        place = at[walkers, here]
        at[walkers, here] += 1
        # Who is at the end already walks on anywhere.
        here = np.minimum(follows[walkers, np.minimum(place, longest - 2)], count - 1)
        walked[:, step] = here
    for number, one in enumerate(stretches):
        made[one.sample, :, one.start:one.start + len(one.letters)] = walked[
            number * m:(number + 1) * m, :len(one.letters)]
    return made


def _keys(stretches: List[_Stretch], states: np.ndarray, m: int, longest: int) -> np.ndarray:
    """By what the pairs of each letter are ordered, numbers below 2: (stretches * m, pairs)."""
    keys = np.zeros((len(stretches), m, longest - 1))
    by_sample: List[List[int]] = [[] for _ in states]
    for number, one in enumerate(stretches):
        by_sample[one.sample].append(number)
    for state, own in zip(states, by_sample):
        generator = np.random.RandomState(state)
        for draw in range(m):
            for number in own:
                one = stretches[number]
                row = keys[number, draw]
                row[:len(one.letters) - 1] = generator.random_sample(len(one.letters) - 1)
                last = int(one.letters[-1])
                for letter, following in enumerate(_tree(one.ways, last, generator)):
                    if following is not None:
                        row[one.first[letter, following]] = 1.5
    return keys.reshape(len(stretches) * m, -1)


def _stretches(sample: int, line: np.ndarray, count: int) -> List[_Stretch]:
    """The stretches of a sample in which there is something to shuffle."""
    found = []
    ends = np.flatnonzero(np.diff(np.concatenate([[False], line >= 0, [False]])))
    for start, stop in ends.reshape(-1, 2):
        letters = line[start:stop]
        if len(letters) > 3:
            pairs, places = np.unique(letters[:-1] * count + letters[1:], return_index=True)
            first = np.full(count * count, -1)
            first[pairs] = places
            often = np.bincount(letters[:-1] * count + letters[1:], minlength=count * count).reshape(count, count)
            np.fill_diagonal(often, 0)
            found.append(_Stretch(sample, int(start), letters, first.reshape(count, count),
                                  np.cumsum(often, 1).tolist()))
    return found


def _tree(ways: List[List[int]], last: int, generator: Any) -> List[Optional[int]]:
    """What follows each letter the last time, so that all lead to the last letter: walks without their loops."""
    inside = [not one[-1] for one in ways]
    inside[last] = True
    following: List[Optional[int]] = [None] * len(ways)
    for letter in range(len(ways)):
        at: Any = letter
        while not inside[at]:
            following[at] = at = bisect_right(ways[at], generator.random_sample() * ways[at][-1])
        at = letter
        while not inside[at]:
            inside[at] = True
            at = following[at]
    return following
