"""Places and channels: which axes of samples are which, and maps of places."""
from typing import List, Tuple

import numpy as np


def places_of(shape: Tuple[int, ...]) -> List[int]:
    """The axes of places: of samples of one or two axes all, of those of more all but the last, the channels."""
    return list(range(1, len(shape) if len(shape) <= 3 else len(shape) - 1))


def over_channels(maps: np.ndarray) -> np.ndarray:
    """Maps of places: the sum over channels."""
    return maps.sum(-1) if maps.ndim > 3 else maps
