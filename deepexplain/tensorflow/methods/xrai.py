"""XRAI."""
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..runs.arguments import flag, number, positive_int, shown
from ..runs.baselines import Baselines
from ..runs.model import Model
from ..runs.run import Run
from .intgrad import IntegratedGradients
from .places import Places
from .regions import (
    REACH,
    SIDE,
    Segments,
    by_density,
    check_fit,
    check_segments,
    dilated,
    masks_of,
    segmentation,
    segmented,
)


class XRAI(IntegratedGradients):
    """Integrated gradients gathered over regions of a picture, the densest first (Kapishnikov et al. 2019).

    Integrated gradients from black and from white, their mean, summed over channels; then regions of several
    segmentations are taken one after another, each time that whose new places have the largest mean attribution, which
    is their value in the map. The map adds up to T(x) less the mean of T(black) and T(white), as steps grow.

    The attributions are one array of shape (n,) + the places of X (for pictures (n, height, width)), of X's dtype.

    Args:
        segments: the regions. Default None: those of the picture itself, each grown by 5 of 224 pixels, of
            scikit-image's `felzenszwalb` at six scales. Label maps, ints of the shape of the places or with one for
            each sample; boolean masks (m,) + the places, or (n, m) + the places; a list of these; or a function that
            makes them of one sample. They are not grown, and X may have any number of axes of places.
        bounds: the numbers of black and white, a pair. Default None: each sample's own least and largest value.
        fast: whether regions are ordered once, by the means of all their places. Default False.
        min_pixels: how many new places a region must have to be taken. Default None: one thousandth of all.
        axes: which axes of X are places, ints from 1. Default None: see `BlurIG`.
        steps, quadrature: see `IntegratedGradients`.
        baseline, references: in place of black and white; see `Attribution`.

    Raises:
        RuntimeError: for several inputs; by a run, if X is no picture and there are no segments.
        ImportError: by a run, where scikit-image is not installed and there are no segments.
    """

    run_options = ('baseline', 'references', 'segments')
    #: One array of places.
    per_group = True
    has_factor = False

    def __init__(self, model: Model, segments: Any = None, bounds: Optional[Tuple[float, float]] = None,
                 fast: bool = False, min_pixels: Optional[int] = None, axes: Optional[Sequence[int]] = None,
                 steps: int = 100, quadrature: str = 'riemann_right', baseline: Any = None,
                 references: Any = None) -> None:
        if len(model.X) > 1:
            raise RuntimeError('xrai is for one input, not for %d: explain T with respect to the pictures.' %
                               len(model.X))
        self._segments, self._fast = check_segments(segments), flag('fast', fast)
        self._bounds = None if bounds is None else _checked(bounds)
        self._least = None if min_pixels is None else positive_int('min_pixels', min_pixels)
        self._places = Places(model, axes, 'places')
        self._between = baseline is None and references is None
        super().__init__(model, steps, baseline, references, quadrature)

    def build(self) -> List[tf.Tensor]:
        results = super().build()
        # Black and white are fed.
        self._own = False
        return results

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        raise RuntimeError('relevances is not defined for XRAI: it makes one map.')

    def check_run(self, options: Mapping[str, Any]) -> None:
        super().check_run(options)
        check_segments(options.get('segments'))

    def prepare(self, run: Run) -> None:
        super().prepare(run)
        segments, places = self._told_segments(run), self._sizes_of(run)
        if segments is None and len(places) != 2:
            raise RuntimeError("xrai segments pictures, and samples of '%s' have %d ax%ss of places: say which regions "
                               'there are, by segments=....' % (
                                   self.model.X[0].name, len(places), 'i' if len(places) == 1 else 'e'))
        if segments is None:
            segmentation()
        if isinstance(segments, list):
            check_fit(segments, places, run.n)

    def absent(self, run: Run) -> Baselines:
        if run.baselines is None and self._between and self._told(run.options) is None:
            x = run.xs[0]
            low, high = self._ends(x)
            shape = x.shape if self._bounds is None else (1,) + x.shape[1:]
            run.baselines = Baselines(2, [np.stack([np.broadcast_to(end, shape) for end in (low, high)]).astype(
                x.dtype)])
        return super().absent(run)

    def attribute(self, run: Run) -> List[np.ndarray]:
        segments, places, x = self._told_segments(run), self._sizes_of(run), run.xs[0]
        # Before any session call.
        made = [_made(segments, sample, places) for sample in x] if callable(segments) else []
        order = self._places.of(0, x.ndim)
        others = tuple(axis for axis in range(1, x.ndim) if axis not in order)
        # Of several units each has values; the regions are the same.
        values = [one.astype(np.float64).sum(others).reshape(run.n, -1) for one in super().attribute(run)]
        least = self._least or max(1, values[0].shape[1] // 1000)
        maps = [np.empty_like(one) for one in values]
        for i in range(run.n):
            if isinstance(segments, list):
                # Copies in noise have the regions of their samples.
                masks = masks_of(segments, places, i if run.origin is None else run.origin[i])
            else:
                masks = masks_of(made[i], places, 0) if made else self._regions(x[i:i + 1], order)
            for one, own in zip(maps, values):
                one[i] = by_density(own[i], masks, least, self._fast)
        return [one.reshape((run.n,) + places).astype(x.dtype) for one in maps]

    def _regions(self, x: np.ndarray, order: Sequence[int]) -> np.ndarray:
        """The regions of a picture itself."""
        low, high = self._ends(x)
        picture = np.moveaxis(2 * (x - low) / np.where(high > low, high - low, 1) - 1, order, (1, 2))[0]
        places = picture.shape[:2]
        labels = segmented(np.clip(picture.reshape(places + (-1,)), -1, 1).astype(np.float64))
        return dilated(masks_of(labels, places, 0), places, int(round(REACH * max(places) / SIDE)))

    def _ends(self, x: np.ndarray) -> Tuple[Any, Any]:
        """Black and white of each sample."""
        if self._bounds is not None:
            return self._bounds
        axes = tuple(range(1, x.ndim))
        return x.min(axes, keepdims=True), x.max(axes, keepdims=True)

    def _told_segments(self, run: Run) -> Segments:
        told = check_segments(run.options.get('segments'))
        return self._segments if told is None else told

    def _sizes_of(self, run: Run) -> Tuple[int, ...]:
        x = run.xs[0]
        return tuple(x.shape[axis] for axis in self._places.of(0, x.ndim))


def _made(segments: Callable[[np.ndarray], Any], sample: np.ndarray, places: Sequence[int]) -> List[np.ndarray]:
    """What a function makes of a sample."""
    made = check_segments(segments(sample.copy()))
    if not isinstance(made, list):
        raise ValueError('segments must return label maps or masks of a sample, not %s.' % shown(made))
    check_fit(made, places, 1)
    return made


def _checked(bounds: Any) -> Tuple[float, float]:
    if not isinstance(bounds, (list, tuple)) or len(bounds) != 2:
        raise ValueError('bounds must be a pair of numbers, of black and white, not %s.' % shown(bounds))
    low, high = [-number('bounds', -one) if isinstance(one, (int, float)) and one < 0 else number('bounds', one)
                 for one in bounds]
    if low >= high:
        raise ValueError('bounds must rise from black to white, not %s.' % shown(bounds))
    return low, high
