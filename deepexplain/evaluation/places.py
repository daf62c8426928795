"""Places and channels: which axes of samples are which, and maps of places."""
from typing import List, Tuple

import numpy as np


def places_of(shape: Tuple[int, ...]) -> List[int]:
    """The axes of places: of samples of one or two axes all, of those of more all but the last, the channels."""
    return list(range(1, len(shape) if len(shape) <= 3 else len(shape) - 1))


def over_channels(maps: np.ndarray) -> np.ndarray:
    """Maps of places: the sum over channels."""
    return maps.sum(-1) if maps.ndim > 3 else maps


def within(masks: np.ndarray, distance: float) -> np.ndarray:
    """Where masks are, or a place of theirs is no further than a Euclidean distance along the axes of places."""
    if distance < 1:
        return masks
    # Squares of distances grow axis by axis; what is further along one axis is too far.
    squares = np.where(masks, 0., np.inf)
    for axis in places_of(masks.shape):
        before, size = squares, masks.shape[axis]
        squares = before.copy()
        for step in range(1, min(int(distance), size - 1) + 1):
            near, far = [[slice(None)] * masks.ndim for _ in range(2)]
            near[axis], far[axis] = slice(step, None), slice(None, size - step)
            for to, of in ((tuple(near), tuple(far)), (tuple(far), tuple(near))):
                np.minimum(squares[to], before[of] + step ** 2, out=squares[to])
    return squares <= distance ** 2
