"""Results that know what they are: a run, and all that it was asked, in one object."""
from typing import Any, Dict, List, Mapping, Optional, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..results import Attributions
from ..results.checking import fitting
from ..results.origin import plain, versions
from .probing import Probing
from .runs.arguments import flag
from .runs.run import Run


class Explaining(Probing):
    """The part of an explainer that returns `deepexplain.results.Attributions`."""

    method: str
    has_convergence_delta: bool
    _inputs: List[tf.Tensor]
    _options: Mapping[str, Any]

    #: The model's name or path, where an opened model says so.
    _origin: Optional[str] = None

    def explain(self, xs: Any = None, ys: Any = None, batch_size: Optional[int] = None,
                feed_dict: Optional[Mapping[Any, Any]] = None, return_convergence_delta: Optional[bool] = None,
                show_progress: bool = False, ids: Any = None, shared: Any = None, per_sample: Any = None,
                **options: Any) -> Attributions:
        """What `run` returns as an `Attributions`, with samples, units, scores, baseline, delta and names.

        It costs what `run` costs, and the target of each sample as it is, and of its baseline for the delta, where the
        method has not evaluated them on its way, as shapley_sampling has: at most two evaluations.

        Args:
            xs: as in `run`; of tables the result has the names of the features, and the index.
            return_convergence_delta: whether the result has a delta. Default None: where it is defined.
            ys, batch_size, feed_dict, show_progress, ids, shared, per_sample, **options: as in `run`. The result
                has copies of xs.

        Returns:
            An `Attributions`. Its scores are None where T is one number for several samples.

        Raises:
            RuntimeError, ValueError, TypeError: as `run`.
        """
        flag('show_progress', show_progress)
        with_delta = self.has_convergence_delta if return_convergence_delta is None else self._wants_delta(
            return_convergence_delta)
        run = self._start(xs, ys, batch_size, feed_dict, options, ids, shared, per_sample, several=True)
        returned, delta = self._finish(run, with_delta, show_progress)
        return self._result(run, returned, delta, _told(ys), options)

    def _wants_delta(self, value: Any) -> bool:
        """The value as a bool, when it is one, and False where no delta is defined."""
        if flag('return_convergence_delta', value) and not self.has_convergence_delta:
            raise RuntimeError(f'return_convergence_delta is not defined for {self._attribution.said}.')
        return bool(value)

    def _result(self, run: Run, returned: Any, delta: Any, target: Optional[str], options: Mapping[str, Any]
                ) -> Attributions:
        """A run that is finished, with what it returned."""
        model = self._attribution.model
        together, several = model.together, run.several is not None
        one: Any = (slice(None), 0) if several else 0

        def given(arrays: List[np.ndarray]) -> Any:
            found = [np.array(array[0] if together else array) for array in arrays]
            return found if model.many else found[0]

        scores = None
        if model.T.shape.ndims != 0 or run.n == 1:
            scores = run.before().T if several else run.before()
            scores = np.array(scores[one] if together else scores)
        baseline = None if run.baselines is None else given([
            array[0] if run.baselines.size == 1 else array.mean(0) for array in run.baselines.arrays])
        units, weights = (run.several.places, None) if run.several is not None else _units(run.ys, together)
        return Attributions(
            returned, given(run.xs), method=self.method, scores=scores, delta=delta,
            units=None if units is None else np.array(units), weights=weights, baseline=baseline,
            input_names=list(self._start.names), target=target, model=self._origin, index=run.labels.samples,
            feature_names=fitting(run.labels.features, returned) if self._attribution.of_features and (
                model.many == isinstance(returned, list)) else None,
            options=_options(self._options, options), versions=versions(tf.VERSION), several=several,
            together=together)


def _options(of_explainer: Mapping[str, Any], of_run: Mapping[str, Any]) -> Dict[str, Any]:
    given = dict(of_explainer, **{name: plain(value) for name, value in of_run.items() if value is not None})
    if of_run.get('baseline') is not None:
        given.pop('references', None)
    if of_run.get('references') is not None:
        given.pop('baseline', None)
    return given


def _units(weights: Optional[np.ndarray], together: bool) -> Tuple[Optional[np.ndarray], Optional[np.ndarray]]:
    """The unit of each sample, where the weights choose one; else a copy of the weights."""
    if weights is None:
        return None, None
    weights = np.array(weights[0] if together else weights)
    if weights.ndim < 2:
        return None, weights
    flat = weights.reshape(len(weights), -1)
    if not flat.shape[1] or ((flat != 0).sum(1) != 1).any() or (flat.max(1) != 1).any():
        return None, weights
    places = np.stack(np.unravel_index(flat.argmax(1), weights.shape[1:]), 1)
    return places[:, 0] if places.shape[1] == 1 else places, None


def _told(ys: Any) -> str:
    """What ys was, in words."""
    if ys is None:
        return 'sum'
    if isinstance(ys, str):
        return ys
    if isinstance(ys, (int, np.integer)) and not isinstance(ys, bool):
        return str(int(ys))
    if isinstance(ys, tuple) and len(ys) <= 8 and all(isinstance(one, (str, int, np.integer)) for one in ys):
        return '(%s)' % ', '.join(repr(one if isinstance(one, str) else int(one)) for one in ys)
    kind = np.asarray(ys).dtype.kind if isinstance(ys, list) or hasattr(ys, '__array__') else ''
    return 'units' if kind in ('i', 'u') else 'weights'
