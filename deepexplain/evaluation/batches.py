"""Batches of samples and labels as the samples and labels of one evaluation."""
from typing import Any, List, Mapping, Tuple

import numpy as np


def together(batches: Any, ys: Any) -> Tuple[Any, Any]:
    """All samples and all labels of batches (xs, ys).

    Args:
        batches: yields pairs; xs an array, or a list, tuple or dict of arrays for several inputs.
        ys: must be None.

    Raises:
        ValueError: there is nothing in it, or ys are given as well.
        TypeError: it yields what are no pairs.
    """
    if ys is not None:
        raise ValueError('ys must be left out with labels=True: each batch has its own.')
    if isinstance(batches, (np.ndarray, Mapping)) or not hasattr(batches, '__iter__'):
        raise TypeError('xs must yield pairs (xs, ys) with labels=True, and is %s.' % type(batches).__name__)
    samples: List[Any] = []
    labels: List[np.ndarray] = []
    for number, batch in enumerate(batches):
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise TypeError('xs must yield pairs (xs, ys) with labels=True, and batch %d is %s.' % (
                number, 'a %s of %d' % (type(batch).__name__, len(batch)) if isinstance(batch, (tuple, list))
                else type(batch).__name__))
        samples.append(batch[0])
        labels.append(np.asarray(batch[1]))
    if not samples:
        raise ValueError('xs must yield at least one batch.')
    return _joined(samples), np.concatenate(labels)


def _joined(parts: List[Any]) -> Any:
    """Arrays one after another, for each of several inputs."""
    if isinstance(parts[0], Mapping):
        return {name: _joined([one[name] for one in parts]) for name in parts[0]}
    if isinstance(parts[0], (list, tuple)):
        return [_joined(list(one)) for one in zip(*parts)]
    return np.concatenate([np.asarray(one) for one in parts])
