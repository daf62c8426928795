"""What a stream of batches yields, checked before it is taken for samples."""
from typing import Any, Iterable, Iterator, Optional, Sequence

import tensorflow.compat.v1 as tf


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


def check_batch(batch: Any, X: Sequence[tf.Tensor], many: bool) -> None:
    """RuntimeError for samples with their labels, as data sets for training have: they would count as samples.

    Labels may be units of T, weights of its units or what T should be, so that somebody has to say what they are.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) not in (2, 3):
        return
    if _is_several(batch[0], X) if many else _is_array(batch[0], X[0], isinstance(batch, tuple)):
        raise RuntimeError("a %s of %d is no batch of %s. If it is (xs, ys), as data sets for training have it, pass "
                           "{'xs': xs, 'ys': ys}, where ys is what `run` takes as ys, or xs alone." % (
                               type(batch).__name__, len(batch),
                               'the %d inputs' % len(X) if many else f"'{X[0].name}'"))


def samples_of(result: Any) -> int:
    """Of how many samples a run's result is."""
    while isinstance(result, (tuple, list)):
        result = result[0]
    return len(result)


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
