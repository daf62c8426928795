"""What callers pass in, checked at the door and brought to one form; never changed in place."""
import sys
from typing import Any, List, Mapping, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ...checks import shown
from ..graph.compat import while_context
from ..graph.path import Path
from ..graph.walks import ancestors
from .arrays import all_finite, to_feed
from .batching import Rowing

#: More steps or samples than anybody has time for; their places are listed in memory.
MOST = 10 ** 7


def check_tensors(T: Any, X: Any, graph: tf.Graph) -> List[tf.Tensor]:
    """X as a list, when T and X are tensors of the graph."""
    xs = list(X) if isinstance(X, (list, tuple)) else [X]
    for name, value in [('T', T)] + [('X', x) for x in xs]:
        check_symbolic(name, value, ' or a list of them' if name == 'X' else '')
        if value.graph is not graph:
            raise RuntimeError("%s must be a Tensorflow Tensor object of the session's graph; '%s' belongs to another "
                               'graph.' % (name, value.name))
        if while_context(value.op) is not None and value.op.type != 'Exit':
            raise RuntimeError(f"{name} ('{value.name}') must be a tensor outside of loops.")
    if not xs:
        raise RuntimeError('X must be a Tensorflow Tensor object or a list of them, not an empty list.')
    names = [x.name for x in xs]
    if len(set(names)) < len(names):
        raise RuntimeError('X names an input twice: %s.' % ', '.join(names))
    return xs


def check_symbolic(name: str, value: Any, more: str = '') -> None:
    """RuntimeError for what is no tensor of a graph, with what to pass in its place."""
    if not isinstance(value, tf.Tensor):
        raise RuntimeError(f'{name} must be a Tensorflow Tensor object{more}, not {type(value).__name__}.'
                           + _hint(value))
    if not hasattr(value, 'op') or not _is_symbolic(value):
        raise RuntimeError(f'{name} must be a Tensorflow Tensor object of a graph, not an eager tensor: call '
                           'DeepExplain.open(model) makes a graph of an eager model, whose tensors are de.inputs, '
                           'de.logits and de.tensor(name).')


def check_inner(tensors: Any, path: Path) -> List[tf.Tensor]:
    """Inner tensors as a list, when they lie between X and T and are of floats."""
    if not isinstance(tensors, (list, tuple)) or not tensors:
        raise TypeError('tensors must be a list of tensors between X and T, not %s.' % (
            'an empty one' if isinstance(tensors, (list, tuple)) else type(tensors).__name__))
    for tensor in tensors:
        if not isinstance(tensor, tf.Tensor) or not hasattr(tensor, 'op'):
            raise RuntimeError(f'tensors must be a list of tensors of the graph, not of {type(tensor).__name__}.')
        if tensor.graph is not path.graph or not path.depends(tensor) or not tensor.dtype.is_floating:
            raise RuntimeError("tensors: '%s' is no tensor of floats between X and T ('%s')." % (
                tensor.name, path.T.name))
    return list(tensors)


def _is_symbolic(tensor: tf.Tensor) -> bool:
    try:
        return tensor.graph is not None
    except AttributeError:  # What an eager tensor says of its graph.
        return False


def _hint(value: Any) -> str:
    if isinstance(value, tf.Variable):
        return " Pass the variable's value (tf.identity(variable), used by the model)."
    if isinstance(value, str):
        return f" Pass the tensor: de.tensor('{value}') of a model of DeepExplain.open(model)."
    if type(value).__name__ == 'KerasTensor':
        return (' Call the Keras model on a placeholder inside the graph and pass the tensors; or, of an eager model, '
                'pass de.inputs, de.logits or de.tensor(name) of DeepExplain.open(model).')
    return ''


def sample_shape(tensor: tf.Tensor) -> Optional[List[Optional[int]]]:
    """The static shape of one sample, None where a dimension is unknown, or None for an unknown rank."""
    return None if tensor.shape.ndims is None else tensor.shape.as_list()[1:]


def first_dimension(tensor: tf.Tensor) -> Optional[int]:
    return tensor.shape.as_list()[0] if tensor.shape.ndims else None


def fits(shape: Sequence[int], expected: Optional[Sequence[Optional[int]]]) -> bool:
    """Whether a shape agrees with a static one."""
    return expected is None or (len(shape) == len(expected)
                                and all(want in (None, got) for got, want in zip(shape, expected)))


def written(shape: Optional[Sequence[Optional[int]]]) -> str:
    """A static shape for an error message: (?, 3)."""
    if shape is None:
        return 'unknown'
    return '(%s)' % (', '.join('?' if size is None else str(size) for size in shape) + (',' if len(shape) == 1 else ''))


def not_finite(arrays: Mapping[str, np.ndarray]) -> List[str]:
    """The names of the arrays that hold nan or inf: what to name where results are not finite."""
    return [name for name, array in arrays.items() if not all_finite(np.asarray(array))]


def finite(name: str, array: np.ndarray) -> np.ndarray:
    """The array, when all of it is finite."""
    if not all_finite(array):
        raise ValueError(f'{name} must be of finite numbers: it holds nan or inf.')
    return array


def flag(name: str, value: Any) -> bool:
    """The value as a bool, when it is True or False: 'no' would count as true."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f'{name} must be True or False, not {shown(value)}.')
    return bool(value)


def is_together(rows: Any) -> bool:
    """Whether all rows of X are one sample, when that is what was said, or nothing."""
    if rows is not None and not (isinstance(rows, str) and rows == 'together'):
        raise ValueError(f"rows must be 'together', where all rows of X are one sample, or None, not {shown(rows)}.")
    return rows is not None


def positive_int(name: str, value: Any, most: Optional[int] = None) -> int:
    """The value as an int, when it is one of at least 1."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f'{name} must be a positive int, not {shown(value)}.')
    if most is not None and value > most:
        raise ValueError(f'{name} must be a positive int of at most {most}, not {shown(value)}.')
    return int(value)


def number(name: str, value: Any) -> float:
    """The value as a float, when it is a finite number of at least 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)) or not (
            0 <= value <= sys.float_info.max):
        raise ValueError(f'{name} must be a number of at least 0, not {shown(value)}.')
    return float(value)


def check_samples(X: List[tf.Tensor], many: bool, xs: Any) -> List[np.ndarray]:
    """The samples of each input as arrays of its dtype, all with as many rows."""
    if many and (not hasattr(xs, '__len__') or len(xs) != len(X)):
        raise RuntimeError('List of input tensors and input data have different lengths (%d and %s)' % (
            len(X), len(xs) if hasattr(xs, '__len__') else type(xs).__name__))
    arrays = [_data('xs[%d]' % i if many else 'xs', value, x)
              for i, (value, x) in enumerate(zip(xs if many else [xs], X))]
    if any(len(array) != len(arrays[0]) for array in arrays):
        raise RuntimeError('xs must have as many samples for every input, not %s.' % (
            ' and '.join(str(len(array)) for array in arrays)))
    if not len(arrays[0]):
        raise RuntimeError(f'xs must have at least one sample; its shape is {arrays[0].shape}.')
    return arrays


def _data(name: str, value: Any, x: tf.Tensor) -> np.ndarray:
    array = to_feed(name, value, x)
    if array.ndim == 0 or not fits(array.shape[1:], sample_shape(x)):
        expected = None if x.shape.ndims is None else [None] + x.shape.as_list()[1:]
        raise ValueError(f"{name} must have the shape of '{x.name}', {written(expected)}, not {array.shape}."
                         + _made_of(x, array))
    return array


def _made_of(x: tf.Tensor, array: np.ndarray) -> str:
    """What to do with values of a placeholder that X is made of."""
    for op in ancestors(x, set()) if array.ndim and x.op.type != 'Placeholder' else ():
        if op.type == 'Placeholder' and op.outputs[0].shape.ndims and fits(
                array.shape[1:], sample_shape(op.outputs[0])):
            return (f" They have the shape of '{op.outputs[0].name}', which X is made of: leave xs out and give "
                    f"feed_dict={{'{op.outputs[0].name}': xs}}.")
    return ''


def check_rows(T: tf.Tensor, X: List[tf.Tensor], n: int, batch_size: Any, default: int,
               sized: bool = False) -> Rowing:
    """How to cut rows of n samples into calls, when the graph can take the batch size.

    Args:
        default: the rows of a call, where neither the graph nor the caller says how many.
        sized: whether something else that is fed has n rows and can have no other number.
    """
    fixed = [size for size in map(first_dimension, X) if size is not None]
    if batch_size is not None:
        positive_int('batch_size', batch_size)
        for size, what in [(first_dimension(T), 'target')] + [(size, 'input') for size in fixed]:
            if size not in (None, batch_size):
                raise RuntimeError(
                    'When using batch evaluation, the first dimension of the %s tensor must be compatible with the '
                    'batch size. Found %d instead of %d.' % (what, size, batch_size))
    if T.shape.ndims == 0 and (batch_size or n) < n:
        raise RuntimeError("T ('%s') is one number for all samples, so that batches would change what it means: leave "
                           'batch_size out, or pass a T of which the first axis is the samples.' % T.name)
    of_target = first_dimension(T)
    mixed = T.shape.ndims != 0 and not sized and (of_target is None or bool(fixed))
    rows = min(int(batch_size or (fixed + [default if mixed else n])[0]), sys.maxsize)
    if fixed and n % rows and not mixed:
        raise RuntimeError('xs must have a multiple of %d samples, as the first dimension of the input tensor says, '
                           'not %d.' % (rows, n))
    # Where T alone says how many rows there are, what it is made of may belong to each sample.
    exact = bool(fixed) or (batch_size is not None and of_target == batch_size)
    return Rowing(rows if mixed or exact else min(rows, n), mixed, exact)
