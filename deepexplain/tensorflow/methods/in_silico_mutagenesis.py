"""In-silico mutagenesis of one-hot inputs."""
from functools import partial
from typing import Any, Iterator, List, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..runs.batching import pairs
from ..runs.model import Model
from ..runs.run import Run
from .attribution import Attribution
from .multipliers import axes_of, check_one_hot
from .perturbation import check_depends

#: How many substitutions are listed at once.
AT_ONCE = 2 ** 20


class InSilicoMutagenesis(Attribution):
    """What every single substitution does to the target: T with another letter at a place, less T (Zhou and Troyanskaya
    2015).

    For one-hot inputs, zeros and ones with at most a single one at each place. The attribution of a letter at a place
    is T(x with this letter there) - T(x): 0 for the letters that are there. Where there is no letter (N, padding) each
    is put in. Each substitution is a row; no gradient is needed, and X may be of ints.

    Args:
        axis: the axis of X along which the letters are, an int that is not 0; for several inputs a list with one for
            each, None to leave an input as it is (its attributions are 0). Default None: the last of all.

    Raises:
        ValueError: by a run, for samples that are not one-hot.
    """

    by_scores = True

    def __init__(self, model: Model, axis: Any = None) -> None:
        super().__init__(model)
        self._axes = axes_of(model, axis)
        if not any(self._axes):
            raise ValueError('axis must say of one input at least where its letters are.')
        check_depends(model)

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        check_one_hot('in_silico_mutagenesis', run.xs, self._axes, self.model.many)

    def evaluations(self, run: Run) -> int:
        return 1 + sum(x[0].size for x, axis in zip(run.xs, self._axes) if axis is not None)

    def attribute(self, run: Run) -> List[np.ndarray]:
        before = run.before()
        run.note(np.abs(before))
        results = []
        for number, (x, axis, dtype) in enumerate(zip(run.xs, self._axes, self.dtype(run))):
            changes = np.zeros((run.n, x[0].size) + run.tail)
            if axis is not None:
                letters = _letters(x.shape[1:], axis)
                for samples, features in self._parts(run, x.reshape(run.n, -1)):
                    scores = run.scores(samples, partial(self._points, run, number, letters, samples, features))
                    changes[samples, features] = scores - before[samples]
                if not run.rowing.mixed:
                    changes[x.reshape(run.n, -1) == 1] = 0
            results.append(changes.reshape(x.shape + run.tail).astype(dtype))
        return run.apart(results)

    def _parts(self, run: Run, flat: np.ndarray) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """The sample and the feature of each row, a part at a time; unmixed, all samples for each feature."""
        if not run.rowing.mixed:
            yield pairs(run.n, flat.shape[1], False)
            return
        height = max(1, AT_ONCE // max(1, flat.shape[1]))
        for start in range(0, run.n, height):
            samples, features = np.nonzero(flat[start:start + height] == 0)
            run.progress(flat[start:start + height].size - len(samples))
            if len(samples):
                yield samples + start, features

    def _points(self, run: Run, number: int, letters: np.ndarray, samples: np.ndarray, features: np.ndarray,
                part: slice) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What is fed for a part of some rows: in each the letter of its feature stands alone at its place."""
        samples, features = samples[part], features[part]
        fed: List[Any] = []
        for other, (X, x) in enumerate(zip(self.model.X, run.xs)):
            if other == number:
                # Rows of which the reshaped ones are a view, however x lies in memory.
                flat, each = x.reshape(run.n, -1)[samples], np.arange(len(samples))
                flat[each[:, np.newaxis], letters[features]] = 0
                flat[each, features] = 1
                fed.append((X, flat.reshape((-1,) + x.shape[1:])))
            else:
                fed.append((X, x[samples]))
        return fed


def _letters(shape: Tuple[int, ...], axis: int) -> np.ndarray:
    """For each feature of a sample, flat, those of the letters at its place: (features, letters)."""
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    by_place = np.moveaxis(numbers, axis, -1).reshape(-1, shape[axis])
    found = np.empty((numbers.size, shape[axis]), int)
    found[by_place.ravel()] = np.repeat(by_place, shape[axis], 0)
    return found
