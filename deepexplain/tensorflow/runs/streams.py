"""What a stream of batches yields, checked before it is taken for samples."""
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from .chosen import top_of
from .names import check_same, columns_in


def iterate(batches: Iterable[Any]) -> Iterator[Any]:
    """An iterator over the batches; a data set of TensorFlow's has none where eager execution is off."""
    try:
        return iter(batches)
    except RuntimeError:
        if tf.executing_eagerly():
            raise
        raise RuntimeError(
            'batches: a %s yields nothing where eager execution is off: iterate over it outside of the context of '
            'DeepExplain and of graphs, or run tf.compat.v1.data.make_one_shot_iterator(dataset).get_next() in a '
            'session for each batch.' % type(batches).__name__) from None


def pairs_of(batches: Iterable[Any], arguments: Mapping[str, Any]) -> Iterator[Any]:
    """Pairs (xs, ys) as dicts of arguments of a run.

    Args:
        arguments: those of all runs.
    """
    for name in ('xs', 'ys'):
        if arguments.get(name) is not None:
            raise ValueError(f'{name} must be left out with labels=True: each batch has its own.')
    return map(_pair, enumerate(iterate(batches)))


def _pair(numbered: Any) -> Mapping[str, Any]:
    index, batch = numbered
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise RuntimeError('batch %d: with labels=True a batch must be a pair (xs, ys), not %s.' % (
            index, 'a %s of %d' % (type(batch).__name__, len(batch)) if isinstance(batch, (tuple, list))
            else type(batch).__name__))
    return {'xs': batch[0], 'ys': batch[1]}


def batch_by_batch(batches: Iterable[Any], arguments: Mapping[str, Any], run: Callable[..., Any],
                   X: Sequence[tf.Tensor], many: bool, seeds: Optional[Iterator[Any]],
                   check_all: Callable[[Mapping[str, Any]], None]) -> Iterator[Any]:
    """What a run returns for each batch, whose samples' numbers go on from batch to batch.

    Args:
        arguments: those of all runs.
        seeds: what each run draws by, if it draws.
        check_all: refuses arguments that cannot be the same for all batches.
    """
    number = 0 if arguments.get('ids') is None else arguments['ids']
    if isinstance(number, bool) or not isinstance(number, (int, np.integer)):
        raise ValueError('ids of all batches must be the int of the first sample; others belong to their batch, as in '
                         "{'xs': xs, 'ids': ids}.")
    return _each(batches, arguments, run, X, many, seeds, check_all, int(number))


def _each(batches: Iterable[Any], arguments: Mapping[str, Any], run: Callable[..., Any], X: Sequence[tf.Tensor],
          many: bool, seeds: Optional[Iterator[Any]], check_all: Callable[[Mapping[str, Any]], None],
          number: int) -> Iterator[Any]:
    first: Dict[str, List[str]] = {}
    for index, batch in enumerate(batches):
        try:
            given = dict(arguments, ids=number)
            if seeds is not None:
                given['seed'] = next(seeds)
            check_batch(batch, X, many)
            own = batch if isinstance(batch, dict) else {'xs': batch}
            columns = columns_in(own.get('xs'), many)
            check_same(first, columns)
            first = first or columns
            if own.get('references') is None and own.get('baseline') is None:
                check_all(arguments)
            given.update((name, value) for name, value in own.items()
                         if name not in ('ids', 'seed') or value is not None)
            result = run(**given)
        except Exception as error:
            raise RuntimeError('batch %d: %s' % (index, error)) from error
        number += samples_of(result, top_of(given.get('ys')) is not None)
        yield result


def check_batch(batch: Any, X: Sequence[tf.Tensor], many: bool) -> None:
    """RuntimeError for samples with their labels, as data sets for training have: they would count as samples.

    Labels may be units of T, weights of its units or what T should be, so that somebody has to say what they are.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        return
    if _is_several(batch[0], X) if many else _is_array(batch[0], X[0], isinstance(batch, tuple)):
        raise RuntimeError("a %s of %d is no batch of %s. If it is (xs, ys), as data sets for training have it, say "
                           "labels=True, or pass {'xs': xs, 'ys': ys}, where ys is what `run` takes as ys, or xs "
                           "alone." % (
                               type(batch).__name__, len(batch),
                               'the %d inputs' % len(X) if many else f"'{X[0].name}'"))


def samples_of(result: Any, several: bool = False) -> int:
    """Of how many samples a run's result is, which has an axis of units in front if it is of several."""
    while isinstance(result, (tuple, list)):
        result = result[0]
    return len(result[0] if several else result)


def _is_array(value: Any, x: tf.Tensor, guess: bool) -> bool:
    """Whether a value is an array of samples by itself; where the rank of X does not tell, a guess."""
    rank = _rank(value)
    return rank is not None and (rank == x.shape.ndims if x.shape.ndims is not None else guess and rank > 0)


def _is_several(value: Any, X: Sequence[tf.Tensor]) -> bool:
    """Whether a value is the samples of several inputs by itself."""
    return isinstance(value, (tuple, list)) and len(value) == len(X) and all(
        _is_array(one, x, True) for one, x in zip(value, X))


def _rank(value: Any) -> Optional[int]:
    """The rank of an array or a tensor; None for what is neither."""
    shape = getattr(value, 'shape', None)
    try:
        return None if shape is None else len(shape)
    except (TypeError, ValueError):  # Tensors of unknown rank.
        return None
