"""Which units of T are explained: found once for all methods."""
import inspect
from typing import Any, Dict, NamedTuple, Optional, Tuple

import numpy as np


class Units(NamedTuple):
    """The units that are explained.

    Attributes:
        weights: as `Explainer.run` takes them, None for all units.
        places: which unit of each sample, ints (n,) or (n, axes); None where all are summed.
        scores: their values, float64 (n,).
    """
    weights: Optional[np.ndarray]
    places: Optional[np.ndarray]
    scores: np.ndarray


def units_of(explainer: Any, ys: Any, xs: Any, batch_size: Optional[int], feed: Any, along: Any = None,
             shared: Any = None) -> Units:
    """The units of a target, found once for all methods.

    Args:
        explainer: any one, of this T and X.
        along: the names in `feed` of what has a row for each sample.
        shared: the names of what is the same for all.
    """
    return _units(explainer._start(xs, ys, batch_size, feed or None, {}, None, shared, along))


def explained(explainer: Any, xs: Any, ys: Any, batch_size: Optional[int], feed: Any, along: Any = None,
              ids: Any = None, **options: Any) -> Tuple[Any, Optional[np.ndarray], Units]:
    """What a run returns, its delta where the method has one, and the units, found by the calls of the run itself.

    Args:
        along, ids: the names in `feed` of what has a row for each sample, and the samples' numbers.
        **options: of the run.
    """
    run = explainer._start(xs, ys, batch_size, feed or None, options, ids, None, along)
    returned, delta = explainer._finish(run, explainer.has_convergence_delta)
    return returned, delta, _units(run)


def result_of(explainer: Any, xs: Any, units: Units, batch_size: Optional[int], feed: Any, along: Any,
              target: str, show_progress: bool) -> Any:
    """The `Attributions` of an explainer for units whose scores are known; see `units_of`."""
    run = explainer._start(xs, units.weights, batch_size, feed or None, {}, None, None, along)
    run.keep(units.scores)
    returned, delta = explainer._finish(run, explainer.has_convergence_delta, show_progress)
    return explainer._result(run, returned, delta, target, {})


def defaults(explainer: Any) -> Dict[str, Any]:
    """What the options of an explainer's method are by themselves."""
    parameters = list(inspect.signature(type(explainer._attribution).__init__).parameters.values())[2:]
    return {one.name: one.default for one in parameters if one.default is not one.empty}


def draws(explainer: Any) -> bool:
    """Whether an explainer's method draws random numbers."""
    return 'seed' in explainer._attribution.run_options


def _units(run: Any) -> Units:
    weights = run.ys
    if weights is None:
        return Units(None, None, run.before())
    flat = weights.reshape(len(weights), -1).argmax(1)
    places = np.stack(np.unravel_index(flat, weights.shape[1:]), 1) if weights.ndim > 1 else flat[:, np.newaxis]
    return Units(weights, places[:, 0] if places.shape[1] == 1 else places, run.before())
