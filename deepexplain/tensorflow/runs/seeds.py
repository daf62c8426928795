"""Where random numbers come from."""
from typing import Any, List, Sequence

import numpy as np

from .arguments import shown


def check_seed(seed: Any) -> Any:
    """The seed, when there is something to draw from it."""
    if seed is None or hasattr(seed, 'permutation') or (
            isinstance(seed, (int, np.integer)) and not isinstance(seed, bool) and 0 <= seed < 2 ** 32):
        return seed
    raise ValueError('seed must be an int of at least 0 and below 2 ** 32, or a numpy Generator or RandomState, not '
                     f'{shown(seed)}.')


def generator_of(*seeds: Any) -> Any:
    """What draws by the first seed that is not None, else numpy's global state."""
    seed: Any = next((one for one in seeds if one is not None), np.random)
    return seed if hasattr(seed, 'permutation') else np.random.RandomState(seed)


def normal(generator: Any, rows: int, xs: Sequence[np.ndarray]) -> List[np.ndarray]:
    """Standard normal numbers for the features of each input, flat: the same, however the rows are cut."""
    sizes = [int(np.prod(x.shape[1:])) for x in xs]
    return np.split(generator.standard_normal((rows, sum(sizes))), np.cumsum(sizes)[:-1], 1)
