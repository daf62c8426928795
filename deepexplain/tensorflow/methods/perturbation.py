"""What occlusion and Shapley sampling share: players, that are absent together or present together."""
from typing import Any, Callable, List, Mapping, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..runs.arguments import flag, sample_shape, written
from ..runs.arrays import not_numbers
from ..runs.batching import aligned
from ..runs.first_layer import FirstLayer, find_head
from ..runs.model import Model
from ..runs.names import refuse_names
from ..runs.run import Run
from .attribution import Attribution


class PerturbationAttribution(Attribution):
    """A method that watches the target fall while features are absent; needs no gradient.

    Options that these methods share:

    feature_mask: ints of the shape of one sample, or broadcasting to it; for several inputs a list. Features with the
        same number form one group, which is present or absent as a whole (superpixels of skimage.segmentation, say).
        Where there is one, a run may have another in its place, such as a picture's own. Default None.
    per_group: with a feature_mask, return one attribution for each group, an array (n, groups) in the order of the
        numbers (one array for several inputs too), in place of the group's on each of its features. Default False.
    """

    run_options: Sequence[str] = ('baseline',)

    #: Whether features leave one after another.
    running = False

    def __init__(self, model: Model, baseline: Any = None, feature_mask: Any = None, per_group: bool = False) -> None:
        super().__init__(model)
        check_depends(model)
        self.set_absent(baseline)
        self._masks = None if feature_mask is None else checked_masks(feature_mask, model)
        # The shortcut is for single features, not for groups.
        self.per_group = flag('per_group', per_group)
        self.of_features = not self.per_group
        if per_group and self._masks is None:
            raise ValueError('per_group needs a feature_mask.')
        if self._masks is not None:
            self.run_options = tuple(self.run_options) + ('feature_mask',)
        head = find_head(model.path) if self._masks is None else None
        self.first_layer = None if head is None else FirstLayer(model, head, self.running)

    def check_run(self, options: Mapping[str, Any]) -> None:
        super().check_run(options)
        self._masks_of(options)

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        for x, array in zip(self.model.X, self.absent(run).arrays):
            if x.dtype == tf.string and not all(isinstance(one, (str, bytes)) for one in array.ravel()):
                raise ValueError(f"baseline must say which string stands for nothing in X ('{x.name}'), such as '' or "
                                 "'[MASK]'.")

    def flat_absent(self, run: Run) -> List[np.ndarray]:
        """What the features of each input are when they are absent: (1 for all samples or n, features)."""
        return [array[0].reshape(array.shape[1], -1) for array in self.absent(run).arrays]

    def points(self, run: Run, most: int) -> Callable[[np.ndarray, Callable[[int, np.ndarray], None]], List[Any]]:
        """A function that gives what is fed for some samples with features removed.

        It takes the samples, one for each row, and a function that is called with each input's number and its flat
        rows, to take features away from in place. There are at most so many rows in the run.
        """
        flat = [x.reshape(run.n, -1) for x in run.xs]
        # The same memory for every call: fresh pages cost more than what is written to them.
        memory = [aligned((min(run.rowing.rows, most),) + one.shape[1:], one.dtype) for one in flat]

        def of(samples: np.ndarray, remove: Callable[[int, np.ndarray], None]) -> List[Any]:
            fed = []
            for number, (X, x, one, rows) in enumerate(zip(self.model.X, run.xs, flat, memory)):
                rows = rows[:len(samples)]
                np.take(one, samples, 0, rows, 'clip')
                remove(number, rows)
                fed.append((X, rows.reshape((-1,) + x.shape[1:])))
            return fed

        return of

    def groups(self, run: Run) -> Optional[List[np.ndarray]]:
        """The group's number, from 0, of each feature of each input's samples, flat; None without a feature_mask."""
        masks = self._masks_of(run.options)
        return None if masks is None else numbered(masks, run.xs)

    def _masks_of(self, options: Mapping[str, Any]) -> Optional[List[np.ndarray]]:
        """The masks of a run, by default the explainer's."""
        own = options.get('feature_mask')
        return self._masks if own is None else checked_masks(own, self.model)

    def total(self, run: Run, attributions: List[np.ndarray]) -> np.ndarray:
        masks = self._masks_of(run.options)
        if masks is None or self.per_group:
            return super().total(run, attributions)
        flat = np.concatenate([one.reshape(len(one), -1) for one in attributions], 1).astype(np.float64)
        numbers = np.concatenate([np.broadcast_to(mask, one.shape[1:]).ravel()
                                  for mask, one in zip(masks, attributions)])
        _, first = np.unique(numbers, return_index=True)
        return flat[:, first].sum(1)


def check_depends(model: Model) -> None:
    """RuntimeError where T does not depend on X, which is for methods that never look for a gradient."""
    for x in model.X:
        if x.name not in model.unused and x is not model.T and not (
                Path([x], model.T) if model.many else model.path).ops:
            raise RuntimeError(f"T ('{model.T.name}') does not depend on X ('{x.name}').")


def take_away(rows: np.ndarray, gone: np.ndarray, absent: np.ndarray, samples: np.ndarray) -> None:
    """Put what is there in their absence in place of the features that are gone, for rows of some samples."""
    np.copyto(rows, absent[samples] if len(absent) > 1 else absent, where=gone)


def touched(groups: Sequence[np.ndarray], differs: Sequence[np.ndarray], count: int) -> np.ndarray:
    """Whether the absence of each group changes each sample: (n, count), from (n, features) for each input."""
    numbers, changes = np.concatenate(groups), np.concatenate(list(differs), 1)
    order = np.argsort(numbers, kind='stable')
    order = order[np.searchsorted(numbers[order], 0):]
    starts = np.searchsorted(numbers[order], np.arange(count))
    return np.logical_or.reduceat(changes[:, order], starts, 1)


def say_how(method: str, how: str, inputs: int) -> RuntimeError:
    """What callers with several inputs are told, or with a list of one."""
    if inputs == 1:
        return RuntimeError(f'Multiple inputs not yet supported by {method} unless you say how to perturb them: pass X '
                            f'and xs without the list; or {how}.')
    return RuntimeError(f'Multiple inputs not yet supported by {method} unless you say how to perturb them: {how}, or '
                        'feature_mask with one mask for each input.')


def numbered(masks: Sequence[np.ndarray], xs: Sequence[np.ndarray]) -> List[np.ndarray]:
    """The group's number, from 0, of each feature of each input's samples, flat."""
    numbers = []
    for mask, x in zip(masks, xs):
        try:
            numbers.append(np.broadcast_to(mask, x.shape[1:]).ravel())
        except ValueError:
            raise RuntimeError('feature_mask must broadcast to the shape of a sample, %s, not %s.' % (
                x.shape[1:], mask.shape)) from None
    _, dense = np.unique(np.concatenate(numbers), return_inverse=True)
    return np.split(dense.ravel(), np.cumsum([len(one) for one in numbers])[:-1])


def checked_masks(feature_mask: Any, model: Model) -> List[np.ndarray]:
    """One mask for each input, when they are of ints and may broadcast to its samples."""
    values = feature_mask if model.many else [feature_mask]
    if not isinstance(values, (list, tuple)) or len(values) != len(model.X):
        raise RuntimeError('feature_mask must be a list with one mask for each of the %d inputs.' % len(model.X))
    masks = []
    for value, x in zip(values, model.samples):
        refuse_names('feature_mask', value)
        strange = not_numbers(value)
        mask = np.array(value if strange is None else 0)
        if mask.dtype.kind not in 'iu' or not mask.ndim and x.shape.ndims != 1:
            raise ValueError('feature_mask must be of ints, for each input an array of the shape of a sample, not '
                             '%s.' % (strange or (mask.dtype if mask.ndim else 'a single number')))
        expected = sample_shape(x)
        if expected is not None and not (mask.ndim <= len(expected) and all(
                got == 1 or want in (None, got) for got, want in zip(mask.shape[::-1], expected[::-1]))):
            raise RuntimeError('feature_mask must broadcast to the shape of a sample, %s, not %s; mask[..., None] adds '
                               'an axis for channels.' % (written(expected), mask.shape))
        masks.append(mask)
    return masks
