"""Where features count as absent: baselines and sets of references, checked and brought to one form."""
import inspect
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Union

import numpy as np
import tensorflow.compat.v1 as tf

from .arguments import finite, fits, sample_shape, written
from .arrays import to_array
from .columns import as_array, is_table
from .tables import arranged

#: References as they are kept: an array for each input, a function that makes these of a run's samples, or none.
References = Union[None, List[np.ndarray], Callable[..., Any]]


class Baselines(NamedTuple):
    """For each input the values of `size` references: arrays of (size, 1 for all samples or n) + a sample's shape."""
    size: int
    arrays: List[np.ndarray]

    @property
    def shared(self) -> bool:
        """Whether one baseline is everybody's."""
        return self.size == 1 and all(array.shape[1] == 1 for array in self.arrays)

    def rows(self, samples: np.ndarray, evaluations: np.ndarray) -> List[np.ndarray]:
        """The reference of each row: reference number evaluations[i] for sample samples[i]."""
        return [array[evaluations % self.size, samples if array.shape[1] > 1 else 0] for array in self.arrays]

    def of(self, samples: np.ndarray) -> 'Baselines':
        """The values for a run in which sample i is sample samples[i] of this one."""
        return self._replace(arrays=[array[:, samples] if array.shape[1] > 1 else array for array in self.arrays])


def one_for_each(name: str, value: Any, X: Sequence[tf.Tensor], many: bool) -> List[Any]:
    """The value as a list with one entry for each input; a single number is for all, a dict or a table has names."""
    if many and (isinstance(value, Mapping) or is_table(value)):
        value = arranged(value, X, True, [x.name.split(':')[0] for x in X], name)[0]
    if not many or not isinstance(value, (list, tuple)) and np.ndim(value) == 0:
        return [value] * len(X)
    if isinstance(value, (list, tuple)) and len(value) == len(X):
        return list(value)
    raise RuntimeError('%s must be a list with one %s for each of the %d inputs, not %s.' % (
        name, name.rstrip('s'), len(X), 'a list of %d' % len(value) if isinstance(value, (list, tuple))
        else type(value).__name__))


def check_baseline(baseline: Any, X: Sequence[tf.Tensor], many: bool) -> List[np.ndarray]:
    """A baseline for each input as an array: a number, one sample, or a batch of samples."""
    return [_checked('Baseline', 0 if value is None else value, x, 0, '[%d]' % i if many else '')
            for i, (value, x) in enumerate(zip(one_for_each('baseline', baseline, X, many), X))]


def check_references(references: Any, X: Sequence[tf.Tensor], many: bool) -> References:
    """References of each input as an array, (m,) + the shape of a sample or (n, m) + it; a function as it is; or None.
    """
    if references is None or callable(references):
        return references
    given = one_for_each('references', references, X, many)
    if any(callable(value) for value in given):
        raise RuntimeError('references must be arrays, or one function that returns a list of them, not a list of '
                           'functions.')
    values = [_checked('References', value, x, 1, '[%d]' % i if many else '')
              for i, (value, x) in enumerate(zip(given, X))]
    _check_numbers([value.shape[is_own(value, x)] for value, x in zip(values, X) if x.shape.ndims is not None])
    return values


def is_own(reference: np.ndarray, x: Any) -> bool:
    """Whether references are those of each sample, (n, m) + its shape: by their rank, where that of x is known."""
    return x.shape.ndims is not None and reference.ndim == x.shape.ndims + 1


def _check_numbers(numbers: Sequence[int]) -> None:
    """RuntimeError unless there are as many references, and at least one, for every input."""
    if len(set(numbers)) > 1 or 0 in numbers:
        raise RuntimeError('references must be as many for every input, and at least one, not %s.' % (
            ' and '.join(str(number) for number in numbers)))


def _checked(name: str, value: Any, x: tf.Tensor, more: int, place: str) -> np.ndarray:
    # A copy, so that the explainer keeps the values that it was given.
    said = name.lower() + place
    array = np.array(finite(said, to_array(said, as_array(said, value, x), x.dtype.as_numpy_dtype)))
    expected = sample_shape(x)
    if expected is None or (array.ndim == 0 and not more):
        return array
    if (not more and fits(array.shape, expected)) or fits(array.shape[1:], expected) and array.ndim or (
            more and array.ndim > 1 and fits(array.shape[2:], expected)):
        return array
    wanted = written([None] * more + expected) + (
        f', or {written([None, None] + expected)} with some for each sample' if more else '')
    raise RuntimeError(f'{name} shape {array.shape} does not match expected shape {wanted}')


def called(function: Callable[..., Any], xs: Sequence[np.ndarray], ids: Optional[np.ndarray], many: bool,
           together: bool) -> List[np.ndarray]:
    """The references that a function returns for these samples: arrays (n, m) + the shape of a sample.

    Args:
        function: it is given a copy of the samples, a list of them for several inputs; with a parameter `ids` also
            the numbers that they go by.
        together: whether it is given, and returns, what has no axis of samples.
    """
    given = [np.array(x[0] if together else x) for x in xs]
    more = {'ids': np.arange(len(xs[0])) if ids is None else np.array(ids)} if _takes_ids(function) else {}
    found = function(given if many else given[0], **more)
    if many and (not isinstance(found, (list, tuple)) or len(found) != len(xs)):
        raise RuntimeError('references(xs) must be a list with one array for each of the %d inputs, not %s.' % (
            len(xs), 'a list of %d' % len(found) if isinstance(found, (list, tuple)) else type(found).__name__))
    arrays = []
    for i, (value, x) in enumerate(zip(found if many else [found], xs)):
        said = 'references(xs)' + ('[%d]' % i if many else '')
        array = finite(said, to_array(said, value, x.dtype))
        array = array[np.newaxis] if together else array
        if array.ndim != x.ndim + 1 or array.shape[:1] + array.shape[2:] != x.shape or not array.shape[1]:
            lead: Sequence[Any] = ('m',) if together else (len(x), 'm')
            raise RuntimeError('%s must have the shape (%s), with m references of %s own and m at least 1, not %s.' % (
                said, ', '.join(map(str, (*lead, *x.shape[1:]))), 'its' if together else "each sample's",
                array.shape[together:]))
        arrays.append(array)
    return arrays


def _takes_ids(function: Callable[..., Any]) -> bool:
    try:
        parameters: Any = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False
    fixed: Dict[str, Any] = getattr(function, 'keywords', None) or {}
    return 'ids' in parameters and 'ids' not in fixed


def spread(baselines: Sequence[np.ndarray], references: Optional[Sequence[np.ndarray]],
           xs: Sequence[np.ndarray]) -> Baselines:
    """What is absent for these samples: the references if there are any, else the baselines."""
    arrays: List[np.ndarray] = []
    if references is not None:
        for reference, x in zip(references, xs):
            own = reference.ndim == x.ndim + 1
            if reference.shape[1 + own:] != x.shape[1:] or own and len(reference) != len(x):
                raise RuntimeError('References shape %s does not match expected shape %s, or %s with some for each '
                                   'sample' % (reference.shape, ('m',) + x.shape[1:], (len(x), 'm') + x.shape[1:]))
            arrays.append(np.swapaxes(reference, 0, 1) if own else reference[:, np.newaxis])
        _check_numbers([len(array) for array in arrays])
        return Baselines(len(arrays[0]), arrays)
    for baseline, x in zip(baselines, xs):
        if baseline.ndim and baseline.shape != x.shape[1:] and (
                baseline.shape[1:] != x.shape[1:] or len(baseline) not in (1, len(x))):
            raise RuntimeError('Baseline shape %s does not match expected shape %s, or %s with one for each sample' % (
                baseline.shape, x.shape[1:], x.shape))
        one_each = baseline.shape == x.shape and len(x) > 1
        arrays.append(np.broadcast_to(baseline, x.shape if one_each else (1,) + x.shape[1:])[np.newaxis])
    return Baselines(1, arrays)
