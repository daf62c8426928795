"""Batches of samples and labels as the samples and labels of one evaluation."""
from typing import Any, List, Mapping, Optional, Tuple

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
    """Arrays one after another, for each of several inputs; tables as one table."""
    if any(hasattr(one, 'columns') for one in parts):
        return _one_table(parts)
    if isinstance(parts[0], Mapping):
        return {name: _joined([one[name] for one in parts]) for name in parts[0]}
    if isinstance(parts[0], (list, tuple)):
        return [_joined(list(one)) for one in zip(*parts)]
    return np.concatenate([np.asarray(one) for one in parts])


def _one_table(parts: List[Any]) -> Any:
    """Tables one after another, which have the same columns in the same order."""
    names = [_names(one) for one in parts]
    kind = type(parts[0]).__module__.partition('.')[0]
    for number, (one, own) in enumerate(zip(parts, names)):
        if own != names[0] or type(one) is not type(parts[0]):
            raise ValueError('xs must yield tables of one kind with the same columns in the same order with '
                             'labels=True, and batch %d has %s, the first %s.' % (number, _said(own), _said(names[0])))
    if kind == 'pandas':
        import pandas
        return pandas.concat(parts)
    if kind == 'pyarrow':
        import pyarrow
        return pyarrow.concat_tables([one if hasattr(one, 'combine_chunks') else pyarrow.Table.from_batches([one])
                                      for one in parts])
    if hasattr(parts[0], 'vstack'):  # Polars.
        found = parts[0]
        for one in parts[1:]:
            found = found.vstack(one)
        return found
    raise TypeError('xs must yield arrays, or tables of pandas, polars or pyarrow, with labels=True, not %s.' % (
        type(parts[0]).__name__))


def _names(table: Any) -> Optional[List[str]]:
    names = getattr(table, 'column_names', getattr(table, 'columns', None))
    return None if names is None else [str(one) for one in names]


def _said(names: Optional[List[str]]) -> str:
    return 'no columns' if names is None else ', '.join(map(repr, names[:6]))
