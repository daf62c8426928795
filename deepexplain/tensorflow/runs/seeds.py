"""Where random numbers come from."""
import copy
from itertools import accumulate
from typing import Any, Iterator, List, Optional, Sequence

import numpy as np

from .arguments import shown
from .arrays import not_numbers

#: How far a state of SplitMix64 moves between two numbers, and what mixes a state to a number.
_STEP = np.array(0x9E3779B97F4A7C15, np.uint64)
_FACTORS = [np.array(by, np.uint64) for by in (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)]
_ONE, _11, _27, _30, _31 = [np.array(by, np.uint64) for by in (1, 11, 27, 30, 31)]

#: How many numbers are worked on at once: these stay in the processor's cache.
_AT_ONCE = 2 ** 14


def check_seed(seed: Any) -> Any:
    """The seed, when there is something to draw from it."""
    if seed is None or hasattr(seed, 'permutation') or (
            isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) and 0 <= seed < 2 ** 32):
        return seed
    raise ValueError('seed must be an int of at least 0 and below 2 ** 32, or a numpy Generator or RandomState, not '
                     f'{shown(seed)}.')


def check_ids(ids: Any, n: int) -> np.ndarray:
    """The numbers that n samples go by: as they are given, or from a first one on."""
    if isinstance(ids, (int, np.integer)) and not isinstance(ids, bool):
        return np.arange(n, dtype=np.uint64) + np.array([int(ids) % 2 ** 64], np.uint64)
    strange = not_numbers(ids)
    try:
        array = np.asarray(0 if strange else ids)
    except (TypeError, ValueError, NotImplementedError):  # Lists of several lengths, symbolic tensors.
        array = np.zeros(())
    if array.dtype.kind in 'iu' and array.shape == (n,) and not strange:
        return array.astype(np.uint64)
    raise ValueError('ids must be ints, one for each of the %d samples, or the int of the first, not %s.' % (
        n, strange or ('of shape %s' % (array.shape,) if array.ndim and array.dtype.kind in 'iu' else shown(ids))))


def generator_of(*seeds: Any) -> Any:
    """What draws by the first seed that is not None, else numpy's global state."""
    seed: Any = next((one for one in seeds if one is not None), np.random)
    return seed if hasattr(seed, 'permutation') else np.random.RandomState(seed)


def repeated(*seeds: Any) -> Iterator[Any]:
    """The first seed that is not None again and again, for runs that are to draw alike.

    A generator, or numpy's global state, draws for the first of them; the others have copies of it as it was before.
    """
    seed: Any = next((one for one in seeds if one is not None), np.random)
    kept = copy.deepcopy(getattr(seed.permutation, '__self__', seed)) if hasattr(seed, 'permutation') else seed
    yield seed
    while True:
        yield copy.deepcopy(kept)


class Draws:
    """Random numbers of samples, each a function of the seed, the sample's number and its own place alone.

    Neither the other samples nor how rows are cut change them. One number is drawn from the seed, or from numpy's
    global state; from it and the sample's own come the states of SplitMix64 (Steele, Lea and Flood 2014).

    Args:
        n: how many samples there are.
        ids: the numbers that they go by; None for 0 to n - 1.
        seeds: the first that is not None counts, else numpy's global state.
    """

    def __init__(self, n: int, ids: Optional[np.ndarray], *seeds: Any) -> None:
        root = (generator_of(*seeds).uniform(size=1) * 2. ** 53).astype(np.uint64)
        numbers = np.arange(n, dtype=np.uint64) if ids is None else ids.astype(np.uint64, copy=False)
        self._states = _mixed(numbers * _STEP + root)

    def uniform(self, size: int) -> np.ndarray:
        """Numbers between 0 and 1, 1 excluded: `size` for each sample."""
        return (_numbers(self._states, size) >> _11) * 2. ** -53

    def uniform_at(self, samples: np.ndarray, draws: np.ndarray, size: int) -> np.ndarray:
        """The same, (rows, size): draw number draws[i] for sample samples[i]."""
        return (_numbers(self._at(samples, draws), size) >> _11) * 2. ** -53

    def normal(self, samples: np.ndarray, draws: np.ndarray, xs: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Standard normal numbers for the features of each input, flat: draw number draws[i] for sample samples[i]."""
        ends = list(accumulate(x[:1].size for x in xs))
        states = self._at(samples, draws)
        half = (ends[-1] + 1) // 2
        found = np.empty((len(states), 2 * half))
        height = max(1, _AT_ONCE // max(1, half))
        for start in range(0, len(states), height):
            _fill(found[start:start + height], _numbers(states[start:start + height], half))
        return [found[:, start:end] for start, end in zip([0] + ends, ends)]

    def _at(self, samples: np.ndarray, draws: np.ndarray) -> np.ndarray:
        return _mixed(self._states[samples] + (draws.astype(np.uint64) + _ONE) * _STEP)


def _fill(found: np.ndarray, numbers: np.ndarray) -> None:
    """Two normal numbers of each whole one (Box and Muller 1958): of its halves, in single precision, which is fast."""
    halves = numbers.view(np.uint32).astype(np.float32)
    radius = halves[:, 0::2] * np.float32(2 ** -32) + np.float32(2 ** -33)
    np.log(radius, out=radius)
    # Rounding may take the largest of them above 1.
    np.sqrt(np.maximum(radius * np.float32(-2), 0, out=radius), out=radius)
    angle = halves[:, 1::2] * np.float32(2 * np.pi * 2 ** -32)
    found[:, 0::2] = radius * np.cos(angle)
    found[:, 1::2] = radius * np.sin(angle)


def _numbers(states: np.ndarray, size: int) -> np.ndarray:
    """The next whole numbers, of 64 bits, from each of some states: (states, size)."""
    return _mixed(states[:, np.newaxis] + np.arange(1, size + 1, dtype=np.uint64) * _STEP)


def _mixed(states: np.ndarray) -> np.ndarray:
    """The numbers that states give, in their place."""
    states ^= states >> _30
    states *= _FACTORS[0]
    states ^= states >> _27
    states *= _FACTORS[1]
    states ^= states >> _31
    return states
