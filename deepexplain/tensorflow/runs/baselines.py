"""Where features count as absent: baselines and sets of references, checked and brought to one form."""
from typing import Any, List, NamedTuple, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from .arguments import finite, fits, sample_shape, written
from .arrays import to_array


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
    """The value as a list with one entry for each input; a single number is for all."""
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


def check_references(references: Any, X: Sequence[tf.Tensor], many: bool) -> Optional[List[np.ndarray]]:
    """A set of references for each input as an array (m,) + the shape of a sample, or None."""
    if references is None:
        return None
    given = one_for_each('references', references, X, many)
    values = [_checked('References', value, x, 1, '[%d]' % i if many else '')
              for i, (value, x) in enumerate(zip(given, X))]
    if len({len(value) for value in values}) > 1 or not len(values[0]):
        raise RuntimeError('references must be as many for every input, and at least one, not %s.' % (
            ' and '.join(str(len(value)) for value in values)))
    return values


def _checked(name: str, value: Any, x: tf.Tensor, more: int, place: str) -> np.ndarray:
    # A copy, so that the explainer keeps the values that it was given.
    said = name.lower() + place
    array = np.array(finite(said, to_array(said, value, x.dtype.as_numpy_dtype)))
    expected = sample_shape(x)
    if expected is None or (array.ndim == 0 and not more):
        return array
    if (not more and fits(array.shape, expected)) or fits(array.shape[1:], expected) and array.ndim:
        return array
    raise RuntimeError(f'{name} shape {array.shape} does not match expected shape {written([None] * more + expected)}')


def spread(baselines: Sequence[np.ndarray], references: Optional[Sequence[np.ndarray]],
           xs: Sequence[np.ndarray]) -> Baselines:
    """What is absent for these samples: the references if there are any, else the baselines."""
    if references is not None:
        for reference, x in zip(references, xs):
            if reference.shape[1:] != x.shape[1:]:
                raise RuntimeError('References shape %s does not match expected shape %s' % (
                    reference.shape, ('m',) + x.shape[1:]))
        return Baselines(len(references[0]), [reference[:, np.newaxis] for reference in references])
    arrays = []
    for baseline, x in zip(baselines, xs):
        if baseline.ndim and baseline.shape != x.shape[1:] and (
                baseline.shape[1:] != x.shape[1:] or len(baseline) not in (1, len(x))):
            raise RuntimeError('Baseline shape %s does not match expected shape %s, or %s with one for each sample' % (
                baseline.shape, x.shape[1:], x.shape))
        one_each = baseline.shape == x.shape and len(x) > 1
        arrays.append(np.broadcast_to(baseline, x.shape if one_each else (1,) + x.shape[1:])[np.newaxis])
    return Baselines(1, arrays)
