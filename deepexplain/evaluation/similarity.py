"""How alike two maps are: by ranks, structural similarity or oriented gradients."""
from collections import OrderedDict
from typing import Any, Callable, Dict, Iterator, Tuple

import numpy as np

from ..extras import needs
from .arithmetic import choice, pearson, spearman
from .places import over_channels
from .subject import Subject


def by_ranks(subject: Subject, maps: np.ndarray, others: np.ndarray, absolute: bool) -> np.ndarray:
    """Spearman's correlation over all features, (n,); nan for a constant map."""
    return spearman(*(np.abs(one) if absolute else one for one in (maps, others)))


def by_structure(subject: Subject, maps: np.ndarray, others: np.ndarray, absolute: bool) -> np.ndarray:
    """The mean structural similarity of maps of places, each divided by its largest absolute value."""
    from skimage.metrics import structural_similarity

    def compare(one: np.ndarray, other: np.ndarray) -> float:
        side = min(7, *one.shape)
        # With its sign a map spans twice as much.
        return float(structural_similarity(one, other, win_size=side - 1 + side % 2, data_range=1. if absolute else 2.))

    return _by_pictures(subject, maps, others, absolute, compare, 3)


def by_gradients(subject: Subject, maps: np.ndarray, others: np.ndarray, absolute: bool) -> np.ndarray:
    """Pearson's correlation of histograms of oriented gradients of maps of places, in cells of up to 16 places."""
    from skimage.feature import hog

    def compare(one: np.ndarray, other: np.ndarray) -> float:
        cell = max(1, min(16, min(one.shape) // 3))
        found = [hog(picture, pixels_per_cell=(cell, cell)) for picture in (one, other)]
        return float(pearson(*found))

    return _by_pictures(subject, maps, others, absolute, compare, 3)


SIMILARITIES: Dict[str, Callable[[Subject, np.ndarray, np.ndarray, bool], np.ndarray]] = OrderedDict([
    ('spearman', by_ranks), ('ssim', by_structure), ('hog', by_gradients)])


def map_similarity(attributions: Any, others: Any, similarity: str = 'spearman', absolute: bool = False) -> np.ndarray:
    """How alike maps and others are, for each sample, as `model_randomization` measures it; -1 to 1.

    Args:
        attributions, others: arrays (n, ...), for several inputs lists of these.
        similarity, absolute: see `model_randomization`.

    Returns:
        Float64 (n,); nan where a map has no similarity: of ranks a constant one, else one of zeros.

    Raises:
        ImportError: for 'ssim' and 'hog' without scikit-image.
        ValueError: for maps of different shapes or that are not finite, and for 'ssim' and 'hog' of what is no picture.
    """
    compare = similarity_of(similarity)
    subject = Subject(None, None, attributions=attributions, seed=0)
    return compare(subject, subject.maps, subject.checked('others', others), absolute)


def similarity_of(name: Any) -> Callable[[Subject, np.ndarray, np.ndarray, bool], np.ndarray]:
    """What compares maps, once all that it needs is found to be there."""
    found = SIMILARITIES[choice('similarity', name, SIMILARITIES)]
    if name != 'spearman':
        with needs(f"similarity='{name}'", 'evaluation'):
            import skimage.feature
            import skimage.metrics  # noqa: F401
    return found


def _by_pictures(subject: Subject, maps: np.ndarray, others: np.ndarray, absolute: bool,
                 compare: Callable[[np.ndarray, np.ndarray], float], least: int) -> np.ndarray:
    """What compares two pictures, for each sample; nan where one of them is all 0; the mean over inputs."""
    found = []
    for one, other in zip(subject.split(maps), subject.split(others)):
        if one.ndim < 3 or one.ndim > 4 or min(one.shape[1:3]) < least:
            raise ValueError("similarity must be 'spearman' for samples that are no pictures of at least %d x %d "
                             'places; they are of shape %s.' % (least, least, one.shape[1:]))
        found.append([compare(*pair) if all(picture.any() for picture in pair) else np.nan
                      for pair in _pictures(over_channels(one), over_channels(other), absolute)])
    return np.mean(found, 0)


def _pictures(maps: np.ndarray, others: np.ndarray, absolute: bool) -> Iterator[Tuple[Any, Any]]:
    """Pairs of pictures of a largest absolute value of 1."""
    for pair in zip(maps, others):
        sizes = [np.abs(one).max() for one in pair]
        yield tuple((np.abs(one) if absolute else one) / (size if size else 1)  # type: ignore
                    for one, size in zip(pair, sizes))
