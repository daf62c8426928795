"""Occlusion."""
from typing import Any, Callable, Iterator, List, NamedTuple, Optional, Sequence, Tuple, Union

import numpy as np

from ..messages import warn
from ..runs.arguments import positive_int
from ..runs.model import Model
from ..runs.run import Run
from .perturbation import PerturbationAttribution, say_how, take_away, touched

#: The place that is no place: nothing is occluded.
NOTHING = -1

#: How many pairs of a sample and a place are listed at once.
AT_ONCE = 2 ** 20

_HOW = 'window_shape=[(2,), None, ...], a list with a window for each input, None to leave it alone'


class Occlusion(PerturbationAttribution):
    """The fall of the target when windows of the input are set to zero (Zeiler and Fergus 2014, section 4.2).

    Each window in turn (placed as `skimage.util.view_as_windows` does) is set to the baseline; the fall of sum(T * ys)
    is added to each feature in it. A feature's sum is divided by the summed sizes of the windows that cover it. With a
    feature_mask each group is set to the baseline in turn, and its fall stands on each of its features.

    Args:
        window_shape: the window's size along each dimension of a sample, ints. Default: 1 everywhere. For several
            inputs a list with one of these for each, None to leave an input alone (its attributions are 0).
        step: how far windows are apart, an int or one for each dimension; for several inputs a list. Default 1.
        baseline: see `Attribution`. Default: zeros.
        feature_mask, per_group: see `PerturbationAttribution`.

    Warns:
        UserWarning: that attributions contain nans, where windows and steps leave features uncovered.
    """

    by_scores = has_factor = True

    def __init__(self, model: Model, window_shape: Optional[Sequence[Any]] = None,
                 step: Union[int, Sequence[Any], None] = None, baseline: Any = None, feature_mask: Any = None,
                 per_group: bool = False) -> None:
        if feature_mask is not None and (window_shape is not None or step is not None):
            raise ValueError('feature_mask excludes window_shape and step.')
        if model.many and feature_mask is None and (
                not isinstance(window_shape, list) or len(window_shape) != len(model.X)):
            raise say_how('occlusion', _HOW, len(model.X))
        if model.many and isinstance(step, (list, tuple)) and len(step) != len(model.X):
            raise ValueError('step must be an int or a list with one step for each of the %d inputs, not %r.' % (
                len(model.X), step))
        shapes = list(window_shape or [None]) if model.many else [window_shape]
        steps = list(step) if model.many and isinstance(step, (list, tuple)) else [step] * len(model.X)
        self._windows: List[Any] = []
        for x, shape, one_step in zip(model.samples, shapes, steps):
            dimensions = None if x.shape.ndims is None else x.shape.ndims - 1
            size = None if shape is None else _sizes('window_shape', shape, dimensions)
            apart = 1 if one_step is None else (positive_int('step', one_step) if np.ndim(one_step) == 0
                                                else _sizes('step', one_step, dimensions))
            self._windows.append(None if model.many and shape is None else (size, apart))
        super().__init__(model, baseline, feature_mask, per_group)

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        for x, window in zip(run.xs, self._windows if self._masks is None else ()):
            shape = x.shape[1:] or (1,)
            if window is None:
                continue
            size, step = window[0] or (1,) * len(shape), window[1]
            if len(size) != len(shape) or any(one > extent for one, extent in zip(size, shape)):
                raise ValueError(f'window_shape must fit into a sample of shape {shape}, not {size}.')
            if np.ndim(step) == 1 and len(step or (1,)) != len(shape):
                raise ValueError(f'step must be an int or a tuple with one for each dimension of a sample of shape '
                                 f'{shape}, not {step}.')

    def evaluations(self, run: Run) -> int:
        return 1 + self._places(run).count

    def attribute(self, run: Run) -> List[np.ndarray]:
        places = self._places(run)
        absent = self.flat_absent(run)
        evaluate = self._evaluator(run, places, absent)
        sums = [np.zeros(x.reshape(run.n, -1).shape + run.tail) for x in run.xs]
        groups = np.zeros((run.n, places.count) + run.tail) if self.per_group else None
        before = np.zeros((run.n,) + run.tail)
        for samples, first, changes in self._parts(run, places, absent):
            scores: np.ndarray = np.zeros(changes.shape + run.tail)
            row, column = np.nonzero(changes)
            scores[row, column] = evaluate(row + samples.start, column + first)
            run.note(np.abs(scores), baselines=True)
            run.progress(changes.size - len(row))
            if first == NOTHING:
                before[samples], scores, changes, first = scores[:, 0], scores[:, 1:], changes[:, 1:], 0
            falls = np.where(run.wide(changes), before[samples, np.newaxis] - scores, 0)
            if groups is not None:
                groups[samples, first:first + falls.shape[1]] = falls
            else:
                places.add(sums, samples, first, falls)
        if groups is not None:
            return run.apart([groups.astype(self.dtype(run)[0])])
        cover = places.cover([one.shape[1] for one in sums])
        for number, alone in enumerate(self._windows):
            if alone is None and self._masks is None:
                cover[number][:] = 1
        if not all(one.all() for one in cover):
            warn('Attributions generated by Occlusion contain nans: windows and steps leave features uncovered.')
            for seen in run.seens:
                seen.covered = [(one > 0).reshape(x.shape[1:]) for one, x in zip(cover, run.xs)]
        with np.errstate(invalid='ignore', divide='ignore'):
            return run.apart([(one / run.wide(size)).reshape(x.shape + run.tail).astype(dtype)
                              for one, size, x, dtype in zip(sums, cover, run.xs, self.dtype(run))])

    def _parts(self, run: Run, places: 'Places', absent: List[np.ndarray]) -> Iterator[Tuple[slice, int, np.ndarray]]:
        """Samples, the first of some places, and whether occluding each place changes each sample at all.

        What is not changed need not be evaluated, unless the rows of a call have to be of one evaluation. The place
        `NOTHING`, the sample as it is, comes first.
        """
        if not run.rowing.mixed:
            for place in range(NOTHING, places.count):
                yield slice(0, run.n), place, np.ones((run.n, 1), bool)
            return
        height = max(1, AT_ONCE // max(1, places.count * len(run.seens)))
        for start in range(0, run.n, height):
            part = slice(start, min(start + height, run.n))
            differs = [x[part].reshape(part.stop - start, -1) != (one[part] if len(one) > 1 else one)
                       for x, one in zip(run.xs, absent)]
            yield part, NOTHING, np.insert(places.touched(differs), 0, True, 1)

    def _evaluator(self, run: Run, places: 'Places', absent: List[np.ndarray]
                   ) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
        """A function from samples and places, one of each for every row, to the scores with the places occluded."""
        layer, single = self.first_layer, places.single_features()
        if layer is not None and single is not None and layer.pays(
                run, absent[0], run.n * places.count):
            features = np.append(single, NOTHING)
            return lambda samples, of_places: layer.scores(run, absent[0], samples, features[of_places])
        points = self.points(run, run.n * (1 + places.count))
        return lambda samples, of_places: run.scores(samples, lambda part: points(
            samples[part], lambda number, rows: places.occlude(
                number, rows, of_places[part], absent[number], samples[part])))

    def _places(self, run: Run) -> 'Places':
        groups = self.groups(run)
        if groups is not None:
            return Places([], groups)
        windows: List[Windows] = []
        first = 0
        for number, (x, window) in enumerate(zip(run.xs, self._windows)):
            if window is None:
                continue
            # A sample without axes is one feature.
            shape = x.shape[1:] or (1,)
            size = window[0] or (1,) * len(shape)
            starts, offsets = placed(shape, size, window[1] or 1)
            windows.append(Windows(number, first, starts, offsets))
            first += len(starts)
        return Places(windows, [])


class Windows(NamedTuple):
    """The windows of one input: the places from `first` on, where they start, and which features follow that."""
    number: int
    first: int
    starts: np.ndarray
    offsets: np.ndarray


class Places:
    """What is occluded at once: windows or groups of flat features.

    Attributes:
        count: how many there are.
    """

    def __init__(self, windows: List[Windows], groups: List[np.ndarray]) -> None:
        self._windows, self._groups = windows, groups
        self.count = max(int(group.max()) for group in groups) + 1 if groups else sum(
            len(one.starts) for one in windows)

    def single_features(self) -> Optional[np.ndarray]:
        """The feature that each place is, where there is one input and places are single features; else None."""
        if len(self._windows) == 1 and len(self._windows[0].offsets) == 1:
            return self._windows[0].starts
        return None

    def touched(self, differs: List[np.ndarray]) -> np.ndarray:
        """Whether occluding changes a sample, (n, places), given where samples differ from absence."""
        if self._groups:
            return touched(self._groups, differs, self.count)
        result = np.zeros((len(differs[0]), self.count), bool)
        for number, first, starts, offsets in self._windows:
            part = result[:, first:first + len(starts)]
            for offset in offsets:
                part |= differs[number][:, starts + offset]
                if part.all():
                    break
        return result

    def occlude(self, number: int, rows: np.ndarray, places: np.ndarray, absent: np.ndarray, samples: np.ndarray
                ) -> None:
        """Put absence into the place of each row of an input, in place."""
        if self._groups:
            take_away(rows, self._groups[number] == places[:, np.newaxis], absent, samples)
        for one in self._windows:
            mine = np.flatnonzero((places >= one.first) & (places < one.first + len(one.starts)))
            if one.number == number and len(mine):
                features = one.starts[places[mine] - one.first][:, np.newaxis] + one.offsets
                of = samples[mine][:, np.newaxis] if len(absent) > 1 else 0
                rows[mine[:, np.newaxis], features] = absent[of, features]

    def add(self, sums: List[np.ndarray], samples: slice, first: int, falls: np.ndarray) -> None:
        """Add the falls of the places from `first` on to each of their features."""
        if self._groups:
            for one, group in zip(sums, self._groups):
                inside = np.flatnonzero((group >= first) & (group < first + falls.shape[1]))
                one[samples, inside] += falls[:, group[inside] - first]
        for window in self._windows:
            low, high = max(first, window.first), min(first + falls.shape[1], window.first + len(window.starts))
            if low < high:
                starts = window.starts[low - window.first:high - window.first]
                for offset in window.offsets:
                    sums[window.number][samples, starts + offset] += falls[:, low - first:high - first]

    def cover(self, sizes: List[int]) -> List[np.ndarray]:
        """What each feature's sum is divided by: the sizes of the windows that cover it, or 1 for its group."""
        if self._groups:
            return [np.ones(size) for size in sizes]
        cover = [np.zeros(size) for size in sizes]
        for window in self._windows:
            for offset in window.offsets:
                cover[window.number][window.starts + offset] += len(window.offsets)
        return cover


def placed(shape: Sequence[int], size: Sequence[int], step: Any) -> Tuple[np.ndarray, np.ndarray]:
    """The flat features where windows begin, and those of the first window; all windows are of one form."""
    steps = (step,) * len(shape) if np.ndim(step) == 0 else step
    flat = np.arange(int(np.prod(shape))).reshape(shape)
    starts = flat[tuple(slice(0, extent - one + 1, apart) for extent, one, apart in zip(shape, size, steps))]
    return starts.ravel(), flat[tuple(slice(0, one) for one in size)].ravel()


def _sizes(name: str, value: Any, dimensions: Optional[int]) -> Tuple[int, ...]:
    """A tuple of positive ints, one for each dimension of a sample."""
    if np.ndim(value) != 1 or dimensions not in (None, len(value)):
        raise ValueError('%s must be a tuple with one size for each dimension of a sample%s, not %r.' % (
            name, '' if dimensions is None else ' (%d)' % dimensions, value))
    return tuple(positive_int(name, size) for size in value)
