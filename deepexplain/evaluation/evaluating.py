"""Many methods by many measures."""
from collections import OrderedDict
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Union

import numpy as np

from ..terminal import visible
from .batches import together
from .beside import Beside, noise_of, the_input
from .catalogue import EXPLAINER, HIGHER, LOWER, MASKS, Measure
from .catalogue import measures as all_measures
from .curves import Curves
from .subject import one_seed
from .table import Table

#: What is measured where nothing is said: with masks all that look at them as well.
DEFAULT = ('sensitivity_n', 'deletion', 'insertion', 'max_sensitivity', 'sparseness')


def evaluate(explainers: Mapping[str, Any], xs: Any, ys: Any = None,
             measures: Union[Sequence[str], Mapping[str, Mapping[str, Any]], None] = None, masks: Any = None,
             batch_size: Optional[int] = None, seed: Any = 0, feed_dict: Any = None, show_progress: bool = False,
             labels: bool = False, **more: Any) -> Table:
    """Methods, and maps from anywhere, by measures, with noise and the input beside them.

    Each method explains the samples once; all measures look at these maps, and draw by the same seed.

    Args:
        explainers: names, and for each an `Explainer`, or maps of the samples (for several inputs a list). What asks
            the model about maps asks the first explainer's.
        xs, ys, batch_size, feed_dict: as in `Explainer.run`, for all.
        measures: names of `deepexplain.evaluation.measures`, or a dict from names to further arguments, such as
            {'deletion': {'points': 20}}. Default None: sensitivity_n, deletion, insertion, max_sensitivity and
            sparseness; with masks all that look at masks as well.
        masks: where maps should lie; see `pointing_game`.
        seed: what measures draw by, and methods that have no seed of their own. Default 0.
        labels: True where xs yields batches of pairs (xs, ys), as data sets for training do; they are put together.
        show_progress: whether a bar says on stderr which method and measure it is at.
        **more: `shared`, `per_sample`, `ids`, as in `Explainer.run`.

    Returns:
        A `Table`, with the curves of measures that are such. Rows 'random' and 'input' are the methods of these names;
        the latter only where X is of numbers. What is better is the other way round for a measure with
        most_relevant_first=False. A measure that needs explanations of other samples, or models, has no value for maps.

    Raises:
        ValueError: for unknown measures, none that can be asked, or a row that is called 'random' or 'input'.
        RuntimeError: with the names of measure and method, for what fails in one.
    """
    chosen = _chosen(measures, masks)
    if not isinstance(labels, bool):
        raise ValueError(f'labels must be True or False, not {labels!r}.')
    if labels:
        xs, ys = together(xs, ys)
    if not isinstance(explainers, Mapping) or not explainers:
        raise ValueError('explainers must be a dict from names to explainers or maps, with at least one.')
    for name in ('random', 'input'):
        if name in explainers:
            raise ValueError(f"explainers need no '{name}': it is always in the table.")
    model = next((one for one in explainers.values() if hasattr(one, 'probe')), None)
    if model is None:
        raise ValueError('explainers must hold at least one Explainer: it knows the shape of the samples, and the '
                         'model.')
    for name, one in explainers.items():
        if hasattr(one, 'check_measurable'):
            with _named(f"'{name}'"):
                one.check_measurable()
    seed = one_seed(seed)
    common: Dict[str, Any] = dict(more, batch_size=batch_size, seed=seed, feed_dict=feed_dict)
    first = model.probe(xs, ys, **common)
    if isinstance(ys, str):
        ys = first.as_given([first.ys], False)  # Found once for all.
    rows = OrderedDict((str(name), one) for name, one in explainers.items())
    rows['random'] = Beside(model, noise_of(seed))
    if all(x.dtype.kind in 'fiub' for x in first.xs):
        rows['input'] = Beside(model, the_input)
    values: Dict[str, Dict[str, np.ndarray]] = OrderedDict()
    curves: Dict[str, Dict[str, Curves]] = OrderedDict()
    with _Steps(len(rows) * (1 + len(chosen)) if show_progress else 0) as step:
        for name, one in rows.items():
            step(name)
            made = hasattr(one, 'probe')
            explainer = one if made else Beside(model)
            maps = _maps(name, one, xs, ys, common) if made else one
            values[name], curves[name] = OrderedDict(), OrderedDict()
            for measure, options in chosen.items():
                step(f'{name}: {measure}')
                if not made and all_measures[measure].needs == EXPLAINER:
                    values[name][measure] = np.full(first.n, np.nan)
                    continue
                found = _found(name, measure, explainer, xs, ys, maps, masks, dict(common, **options))
                values[name][measure] = np.asarray(all_measures[measure].of_samples(found), np.float64)
                if isinstance(found, Curves):
                    curves[name][measure] = found
    return Table(values, {name: _direction(name, options) for name, options in chosen.items()}, curves)


class _Steps:
    """A bar of so many steps, none for 0; called as each begins, with what it is."""

    def __init__(self, count: int) -> None:
        self._bar: Any = None
        if count:
            from tqdm import tqdm
            self._bar = tqdm(total=count)

    def __enter__(self) -> '_Steps':
        return self

    def __call__(self, what: str) -> None:
        if self._bar is not None:
            self._bar.set_description(visible(what))
            self._bar.update()

    def __exit__(self, *error: Any) -> None:
        if self._bar is not None:
            self._bar.close()


@contextmanager
def _named(what: str) -> Iterator[None]:
    """Let errors say which method, and which measure of it, they are of."""
    try:
        yield
    except Exception as error:
        raise RuntimeError(f'evaluate: {what}: {error}') from error


def _maps(name: str, explainer: Any, xs: Any, ys: Any, common: Mapping[str, Any]) -> Any:
    with _named(f"'{name}'"):
        probe = explainer.probe(xs, ys, **common)
        return probe.as_given(probe.attributions(), probe.many)


def _found(name: str, measure: str, explainer: Any, xs: Any, ys: Any, maps: Any, masks: Any,
           options: Mapping[str, Any]) -> Any:
    """What a measure gives: curves, or one number for each sample."""
    line: Measure = all_measures[measure]
    extra = {'masks': masks} if line.needs == MASKS else {}
    with _named(f"{measure} of '{name}'"):
        return (line.curves or line.function)(explainer, xs, ys, maps, **dict(extra, **options))


def _direction(name: str, options: Mapping[str, Any]) -> str:
    """What is better; the other way round where the smallest attributions leave first."""
    found = all_measures[name].direction
    if options.get('most_relevant_first', True):
        return found
    return LOWER if found == HIGHER else HIGHER


def _chosen(measures: Any, masks: Any) -> Dict[str, Mapping[str, Any]]:
    """The measures and their arguments."""
    if measures is None:
        names: List[str] = list(DEFAULT) + [name for name, one in all_measures.items()
                                            if one.needs == MASKS and masks is not None]
    elif isinstance(measures, str):
        names = [measures]
    else:
        names = list(measures)
    for name in names:
        if name not in all_measures:
            raise ValueError(f'measures must be among {list(all_measures)}, not {name!r}.')
        if all_measures[name].needs == MASKS and masks is None:
            raise ValueError(f'masks must be given for {name}.')
    if not names:
        raise ValueError('measures must hold at least one.')
    return OrderedDict((name, dict(measures[name]) if isinstance(measures, Mapping) else {}) for name in names)
