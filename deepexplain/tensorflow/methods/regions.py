"""Regions of places: the forms in which callers give them, those of a picture by itself, and their order by density."""
from typing import Any, Callable, List, Sequence, Tuple, Union

import numpy as np

from ...extras import needs
from ..runs.arguments import shown, written
from .interpolation import resized

#: As the authors of XRAI segment: pictures brought to this size, values from -1 to 1, at several scales.
SIDE, SCALES, SIGMA, LEAST, REACH = 224, (50, 100, 150, 250, 500, 1200), .8, 150, 5


#: What regions a caller says there are: arrays for all samples, or a function that makes such of one sample.
Segments = Union[List[np.ndarray], Callable[[np.ndarray], Any], None]

_FORMS = 'segments must be label maps of ints, boolean masks, a list of these, or a function that makes them of one ' \
    'sample, not %s.'


def check_segments(segments: Any) -> Segments:
    """Label maps and masks as a list of arrays; a function, or None, as it is."""
    if segments is None or callable(segments):
        return segments
    several = isinstance(segments, (list, tuple)) and any(isinstance(one, np.ndarray) for one in segments)
    found = []
    for one in segments if several else [segments]:
        try:
            array = np.array(one)
        except ValueError:  # Rows of different lengths.
            raise ValueError(_FORMS % shown(segments)) from None
        if array.dtype.kind not in 'bui' or not array.ndim or not array.size:
            raise ValueError(_FORMS % shown(one))
        found.append(array)
    return found


def check_fit(segments: Sequence[np.ndarray], places: Sequence[int], n: int) -> None:
    """ValueError where label maps or masks are not of these places, or of so many samples."""
    for array in segments:
        masks = int(array.dtype == bool)
        lead = array.shape[:max(0, array.ndim - len(places))]
        if array.shape[len(lead):] != tuple(places) or not (
                len(lead) == masks or len(lead) == 1 + masks and lead[0] == n):
            raise ValueError('segments must be label maps of the shape %s or with one for each of %d samples in front, '
                             'or boolean masks with an axis of masks before the places, not %s of the shape %s.' % (
                                 written(list(places)), n, 'masks' if masks else 'labels', array.shape))


def masks_of(segments: Sequence[np.ndarray], places: Sequence[int], sample: int) -> np.ndarray:
    """The regions of a sample as boolean masks (regions, number of places)."""
    found = []
    for array in segments:
        masks = array.dtype == bool
        if array.ndim > len(places) + masks:
            array = array[sample]
        flat = array.reshape(len(array), -1) if masks else array.ravel()
        found.append(flat if masks else np.unique(flat)[:, np.newaxis] == flat)
    return np.concatenate(found)


def segmentation() -> Any:
    """The module of scikit-image that segments pictures."""
    with needs('xrai', 'pictures', ', or segments=...'):
        import skimage.segmentation
    return skimage.segmentation


def segmented(picture: np.ndarray) -> List[np.ndarray]:
    """Label maps of a picture (height, width, channels) of values from -1 to 1, at several scales.

    The algorithm of Felzenszwalb and Huttenlocher 2004, of scikit-image.
    """
    felzenszwalb = segmentation().felzenszwalb
    height, width = picture.shape[:2]
    large = np.moveaxis(resized(np.moveaxis(picture, -1, 0), (SIDE, SIDE)), 0, -1)
    back = np.ix_(*[((np.arange(size) + .5) * SIDE / size).astype(int) for size in (height, width)])
    return [felzenszwalb(large, scale=scale, sigma=SIGMA, min_size=LEAST)[back] for scale in SCALES]


def dilated(masks: np.ndarray, places: Tuple[int, ...], reach: int) -> np.ndarray:
    """Masks (regions, number of places) of pictures, each grown by so many places in all directions."""
    found = np.zeros_like(masks)
    disk = [(down, right) for down in range(-reach, reach + 1) for right in range(-reach, reach + 1)
            if down ** 2 + right ** 2 <= reach ** 2]
    for mask, grown in zip(masks.reshape((-1,) + places), found.reshape((-1,) + places)):
        rows, columns = [np.flatnonzero(mask.any(axis)) for axis in (1, 0)]
        if not len(rows):
            continue
        # What lies round the region is all that can change.
        inner = mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]
        height, width = inner.shape
        wide = np.zeros((height + 2 * reach, width + 2 * reach), bool)
        for down, right in disk:
            wide[reach + down:reach + down + height, reach + right:reach + right + width] |= inner
        top, left = rows[0] - reach, columns[0] - reach
        cut = wide[max(0, -top):places[0] - top, max(0, -left):places[1] - left]
        grown[max(0, top):max(0, top) + cut.shape[0], max(0, left):max(0, left) + cut.shape[1]] = cut
    return found


def by_density(values: np.ndarray, masks: np.ndarray, least: int, fast: bool) -> np.ndarray:
    """Values of places, each in the mean of the places that came with its region; their sum stays.

    Regions are taken one after another, that of the largest mean value over the places that it adds first; those that
    add fewer than `least` are left out. What no region covers is one more region.

    Args:
        values: (number of places,), float64.
        masks: (regions, number of places).
        fast: whether regions are taken in the order of their own means, which costs less.
    """
    found, covered = np.empty_like(values), np.zeros(len(values), bool)
    counts = masks.sum(1)
    sums = np.array([values[mask].sum() for mask in masks])
    means = sums / np.maximum(counts, 1)
    left = counts > 0
    for number in np.argsort(-means, kind='stable') if fast else [None] * len(masks):
        if number is None:
            left &= counts >= least
            if not left.any():
                break
            number = np.argmax(np.where(left, sums / np.maximum(counts, 1), -np.inf))
        new = np.flatnonzero(masks[number] & ~covered)
        left[number] = False
        if len(new) < least:
            continue
        found[new], covered[new] = values[new].mean(), True
        if not fast:
            rest = np.flatnonzero(left)
            added = masks[np.ix_(rest, new)]
            sums[rest] -= added @ values[new]
            counts[rest] -= added.sum(1)
    if not covered.all():
        found[~covered] = values[~covered].mean()
    return found
