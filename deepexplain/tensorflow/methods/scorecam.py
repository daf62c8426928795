"""Score-CAM."""
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ..runs.arguments import MOST, positive_int
from ..runs.batching import cuts
from ..runs.model import Model
from ..runs.run import Run
from ..runs.uneven import check_first_axis
from .attribution import Attribution
from .interpolation import resized
from .map_layers import find_layer

#: How many numbers of a layer are held at once.
HELD = 2 ** 25


class ScoreCAM(Attribution):
    """Score-CAM (Wang et al. 2020, definition 2 and algorithm 1): relu(sum_k a_k A_k) by what the target makes of A_k.

    Channel k, resized to the places of X and brought to 0...1, is a mask H_k; a_k is the softmax over channels of the
    target at baseline + H_k (x - baseline). Channels that are the same everywhere have no part. Needs no gradient.

    Args:
        layer, resize, channels: see `ActivationMap`.
        top: how many channels of a sample are evaluated, those of the largest variance, a positive int. Default None:
            all.
        baseline: see `Attribution`.
    """

    run_options: Sequence[str] = ('baseline',)
    by_scores = True
    #: One array, whatever the number of inputs.
    per_group = True

    def __init__(self, model: Model, layer: Any = None, resize: Any = True, channels: Optional[str] = None,
                 top: Optional[int] = None, baseline: Any = None) -> None:
        super().__init__(model)
        self._shown_as = find_layer(model, layer, resize, channels)
        # The masks have the places of X in any case.
        self.layer = self._shown_as if resize is True else find_layer(model, layer, True, channels)
        self.inner = self.layer.A
        self._top = None if top is None else positive_int('top', top, MOST)
        self.set_absent(baseline)

    def evaluations(self, run: Run) -> int:
        known = self.layer.A.shape.as_list()[self.layer.channels] or 0
        return 1 + (known if self._top is None else min(self._top, known or self._top))

    def dtype(self, run: Run) -> List[Any]:
        return [self.layer.A.dtype.as_numpy_dtype]

    def attribute(self, run: Run) -> List[np.ndarray]:
        first = self._activations(run, np.arange(min(run.n, 1)))
        at_once = max(1, HELD // max(1, first[0].size))
        maps = [self._maps(run, np.arange(start, min(start + at_once, run.n))) for start in range(0, run.n, at_once)]
        return list(np.concatenate(maps, 1).astype(self.dtype(run)[0]))

    def _activations(self, run: Run, samples: np.ndarray) -> np.ndarray:
        """The layer at some samples, float64, (samples, channels, places...)."""
        parts = []
        for part in cuts(len(samples), run.rowing, run.n):
            parts.append(run.plain(self.layer.A, samples[part], [x[samples[part]] for x in run.xs]))
            check_first_axis(self.layer.A, parts[-1], len(samples[part]))
        return np.moveaxis(np.concatenate(parts).astype(np.float64), self.layer.channels, 1)

    def _maps(self, run: Run, samples: np.ndarray) -> np.ndarray:
        """The maps of some samples, (units, samples, places...), of one target (1, samples, places...)."""
        A = self._activations(run, samples)
        places = tuple(range(2, A.ndim))
        spread = A.var(places)
        chosen = np.argsort(-spread, 1, kind='stable')[:, :self._top]
        A = np.take_along_axis(A, chosen.reshape(chosen.shape + (1,) * len(places)), 1)
        low, high = A.min(places, keepdims=True), A.max(places, keepdims=True)
        masks = (A - low) / np.where(high > low, high - low, 1)
        scores = self._scores(run, samples, masks)
        scores[(high == low).reshape(scores.shape[:2])] = -np.inf
        return np.maximum(0, np.einsum('nku,nk...->un...', _softmax(scores), self._shown(run, A)))

    def _scores(self, run: Run, samples: np.ndarray, masks: np.ndarray) -> np.ndarray:
        """The target under each mask, (samples, channels, units)."""
        absent, layer, count = self.absent(run), self.layer, masks.shape[1]
        rows = np.repeat(np.arange(len(samples)), count)

        def points(part: slice) -> List[Tuple[Any, np.ndarray]]:
            own = samples[rows[part]]
            fed = list(absent.rows(own, np.zeros(len(own), int)))
            for number, x in enumerate(run.xs):
                if number != layer.x:
                    fed[number] = x[own]
                    continue
                mask = self._stretch(run, masks[rows[part], np.arange(part.start, part.stop) % count])
                axes = [axis for axis in range(1, x.ndim) if axis not in layer.of_x]
                fed[number] = (fed[number] + np.expand_dims(mask, tuple(axes)) * (x[own] - fed[number])).astype(x.dtype)
            return list(zip(self.model.X, fed))

        return run.scores(samples[rows], points).reshape(len(samples), count, -1)

    def _shown(self, run: Run, A: np.ndarray) -> np.ndarray:
        layer = self._shown_as
        return self._stretch(run, A) if layer.x is not None else resized(A, layer.sizes or A.shape[2:])

    def _stretch(self, run: Run, value: np.ndarray) -> np.ndarray:
        """Values resized along their last axes to the places of X."""
        return resized(value, [run.xs[self.layer.x or 0].shape[axis] for axis in self.layer.of_x])


def _softmax(scores: np.ndarray) -> np.ndarray:
    """Along the channels; where all of them are minus infinity all are 0."""
    top = scores.max(1, keepdims=True)
    parts = np.exp(scores - np.where(np.isfinite(top), top, 0))
    total = parts.sum(1, keepdims=True)
    return parts / np.where(total > 0, total, 1)
