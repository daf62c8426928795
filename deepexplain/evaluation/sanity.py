"""Does a map change when what it should show does: the model's weights, or the unit that is explained?"""
import itertools
from typing import Any, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .arithmetic import choice
from .arrays import flat, maps_like
from .curves import Curves
from .similarity import similarity_of
from .subject import Subject


def model_randomization(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, order: str = 'cascade',
                        similarity: str = 'spearman', absolute: bool = False, batch_size: Optional[int] = None,
                        seed: Any = None, feed_dict: Any = None, **more: Any) -> Curves:
    """Model parameter randomisation (Adebayo et al. 2018): lower similarity is better, -1 to 1.

    The similarity of each sample's map to the one that the same method makes of the model with weights shuffled, layer
    by layer from T down. Each array of weights is permuted, so that it keeps its values (the paper draws initial
    values, which a graph does not tell). Weights are fed to the session calls: the session's own, variables or the
    constants of a frozen graph, are never changed. The units that are explained stay those of the model as it is.

    A layer is an array of weights of a matrix product or a convolution, and what is met on the way up to T until the
    next (biases, norms); where the path reads no variable, its constants of floats are taken.

    Costs as many explanations of a sample as there are layers, and 1. Pitfalls: similarity hangs on the sign of
    attributions (with absolute=False); maps of zeros have none (nan); permuting an array of equal numbers (fresh
    biases) changes nothing; edges of the input may make maps alike that both ignore the model.

    Args:
        explainer: an `Explainer`.
        attributions: of the model as it is. Default None: the explainer makes them.
        order: 'cascade' (default): layers stay shuffled as those below follow; 'independent': one at a time.
        similarity: 'spearman' (default): of ranks of all features; 'ssim': structural similarity of maps of places,
            the sum over channels; 'hog': the correlation of histograms of oriented gradients of the same.
        absolute: whether absolute attributions are compared, as the paper does as well. Default False.
        xs, ys, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        `Curves`: `fractions` of the layers from T down, `scores` (n, layers), `names` of the layers' first weights.

    Raises:
        ImportError: scikit-image is not installed, for another similarity than 'spearman'.
        RuntimeError: if there are no weights between X and T, or some that cannot be fed, inside of loops that are
            functions, say.
    """
    choice('order', order, ('cascade', 'independent'))
    compare = similarity_of(similarity)
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    layers = _layers(subject)
    maps = subject.maps
    scores = [compare(subject, maps, found, absolute) for found in _randomized(subject, layers, order)]
    return Curves(np.arange(1, len(layers) + 1) / len(layers), np.array(scores).T, [layer[0][0] for layer in layers],
                  'layers shuffled' if order == 'cascade' else 'depth of the layer shuffled', 'similarity', 'mean')


class RandomizedMaps(NamedTuple):
    """What `randomized_maps` returns.

    Attributes:
        names: of each layer's first weights, from T down.
        before: the maps of the model as it is, as `Explainer.run` returns maps, float64.
        maps: for each layer the maps of the model with it (and, of a cascade, those above it) shuffled, alike.
    """
    names: List[str]
    before: Any
    maps: List[Any]


def randomized_maps(explainer: Any, xs: Any, ys: Any = None, order: str = 'cascade', batch_size: Optional[int] = None,
                    seed: Any = None, feed_dict: Any = None, **more: Any) -> RandomizedMaps:
    """The maps that `model_randomization` compares with those of the model as it is, by the same seed.

    For pictures of them, and for several similarities of the same maps (`map_similarity`).

    Costs as many explanations of a sample as there are layers, and 1.

    Args:
        explainer, xs, ys, order, batch_size, seed, feed_dict, more: see `model_randomization`.

    Returns:
        A `RandomizedMaps`.

    Raises:
        RuntimeError, ValueError, TypeError: as `model_randomization`.
    """
    choice('order', order, ('cascade', 'independent'))
    subject = Subject(explainer, xs, ys, None, batch_size, seed, feed_dict, **more)
    layers = _layers(subject)
    before, *maps = (subject.probe.as_given(subject.split(found), subject.many)
                     for found in itertools.chain([subject.maps], _randomized(subject, layers, order)))
    return RandomizedMaps([layer[0][0] for layer in layers], before, maps)


def random_target(explainer: Any, xs: Any, ys: Any = None, attributions: Any = None, similarity: str = 'ssim',
                  absolute: bool = False, batch_size: Optional[int] = None, seed: Any = None, feed_dict: Any = None,
                  **more: Any) -> np.ndarray:
    """Random logit (Sixt et al. 2020): lower similarity is better, -1 to 1.

    The similarity of each sample's map to that of another unit of T, drawn evenly.

    Costs 2 explanations of a sample. Pitfalls: of T of two units that are each other's negative (or their softmax) maps
    may rightly be the same but for the sign; and as of `model_randomization`.

    Args:
        explainer: an `Explainer`.
        ys: names one unit of each sample, as 'max' does.
        attributions: of these units. Default None: the explainer makes them.
        similarity, absolute: see `model_randomization`. Default 'ssim'.
        xs, batch_size, seed, feed_dict, more: see `sensitivity_n`.

    Returns:
        Float64 (n,).

    Raises:
        ImportError: scikit-image is not installed, for another similarity than 'spearman'.
        ValueError: if ys does not name one unit of each sample, or T has one alone.
    """
    compare = similarity_of(similarity)
    subject = Subject(explainer, xs, ys, attributions, batch_size, seed, feed_dict, **more)
    probe = subject.asked()
    units = probe.ys
    if units is None or units.ndim < 2 or not (((units != 0).reshape(len(units), -1).sum(1) == 1).all()):
        raise ValueError("random_target: ys must name one unit of each sample: an int, an int for each, or 'max'.")
    others = units.reshape(len(units), -1)
    count = others.shape[1]
    if count < 2:
        raise ValueError('random_target: T has one unit, and no other to compare it with.')
    step = 1 + (subject.draws().uniform(1)[:, 0] * (count - 1)).astype(int)
    other = np.zeros_like(others)
    other[np.arange(len(units)), (np.argmax(others != 0, 1) + step) % count] = 1
    maps = subject.maps
    with probe.progress(1):
        found = _maps(subject, probe.explained(ys=other.reshape(units.shape)))
    return compare(subject, maps, found, absolute)


def _layers(subject: Subject) -> List[List[Tuple[str, np.ndarray]]]:
    """The weights that there are to be shuffled, in layers from T down."""
    layers: List[List[Tuple[str, np.ndarray]]] = subject.asked().layers()
    if not layers:
        raise RuntimeError('model_randomization: there are no weights between X and T.')
    return layers


def _randomized(subject: Subject, layers: Sequence[Sequence[Tuple[str, np.ndarray]]], order: str
                ) -> Iterator[np.ndarray]:
    """The maps of the model with layer after layer shuffled, (n, features)."""
    probe, shuffled = subject.probe, _shuffled(layers, subject.seed)
    with probe.progress(len(layers)):
        for number in range(len(layers)):
            chosen = shuffled[:number + 1] if order == 'cascade' else shuffled[number:number + 1]
            weights = {name: value for layer in chosen for name, value in layer.items()}
            yield _maps(subject, probe.explained(feeds=probe.feeds_of(weights)))


def _maps(subject: Subject, found: List[np.ndarray]) -> np.ndarray:
    return flat(maps_like('the attributions of the changed model', found if subject.many else found[0],
                          subject.shapes, subject.many))


def _shuffled(layers: Sequence[Sequence[Tuple[str, np.ndarray]]], seed: int) -> List[Dict[str, np.ndarray]]:
    """Each array of weights of each layer, permuted."""
    generator = np.random.RandomState(seed)
    return [{name: _other_order(value, generator) for name, value in layer} for layer in layers]


def _other_order(value: np.ndarray, generator: Any) -> np.ndarray:
    """A permutation of an array that is not the array, if it has one."""
    flat_value = value.ravel()
    found = flat_value
    while np.array_equal(found, flat_value) and not (flat_value == flat_value[:1]).all():
        found = generator.permutation(flat_value)
    return found.reshape(value.shape)


