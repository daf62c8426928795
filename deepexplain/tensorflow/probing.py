"""What is asked of an explainer besides attributions: its target, and what measures of attributions need of it."""
from typing import Any, Callable, Iterator, List, Mapping, Optional, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .graph.weights import Weight, layers_of
from .messages import warn
from .methods import Attribution
from .methods.perturbation import checked_masks, numbered
from .runs.arguments import MOST, flag, positive_int
from .runs.baselines import check_baseline, spread
from .runs.batching import cuts, pairs
from .runs.names import names_for_each, ordered
from .runs.progress import Progress
from .runs.run import Run
from .runs.seeds import Draws
from .starting import Start


class Probing:
    """The part of an explainer that answers what its target is."""

    _attribution: Attribution
    _start: Start
    _finish: Callable[..., Any]
    session: tf.Session

    def target(self, xs: Any = None, ys: Any = None, batch_size: Optional[int] = None,
               feed_dict: Optional[Mapping[Any, Any]] = None, shared: Any = None, per_sample: Any = None) -> Any:
        """What is explained: the sum of T's units, weighed by ys, of each sample.

        Args:
            xs, ys, batch_size, feed_dict, shared, per_sample: as in `run`.

        Returns:
            An array (n,), float64; with rows='together' a number.

        Raises:
            RuntimeError, ValueError, TypeError: as `run`.
        """
        run = self._start(xs, ys, batch_size, feed_dict, {}, None, shared, per_sample)
        scores = run.before()
        return scores[0] if self._attribution.model.together else scores

    def largest(self, xs: Any = None, k: int = 1, batch_size: Optional[int] = None,
                feed_dict: Optional[Mapping[Any, Any]] = None, shared: Any = None, per_sample: Any = None
                ) -> np.ndarray:
        """The k largest of T's units for each sample: those that `run` explains with ys='top3', in its order.

        Args:
            k: how many, a positive int. T has the shape (n, units).
            xs, batch_size, feed_dict, shared, per_sample: as in `run`.

        Returns:
            Ints (n, k), the largest first, of equal ones the first; with rows='together' a row for each row of T.

        Raises:
            ValueError: k is no positive int, or T has fewer units; and as `run`.
        """
        named = 'top%d' % positive_int('k', k, MOST)
        run = self._start(xs, named, batch_size, feed_dict, {}, None, shared, per_sample, several=True, prepare=False)
        assert run.several is not None
        return np.array(run.several.places.T)

    def probe(self, xs: Any = None, ys: Any = None, batch_size: Optional[int] = None,
              feed_dict: Optional[Mapping[Any, Any]] = None, seed: Optional[int] = None, show_progress: bool = False,
              ids: Any = None, shared: Any = None, per_sample: Any = None) -> 'Probe':
        """Begin what measures of `deepexplain.evaluation` ask of some samples.

        Args:
            xs, ys, batch_size, feed_dict, show_progress, ids, shared, per_sample: as in `run`.
            seed: what a method draws by that has no seed of its own. Default None: numpy's global state.

        Returns:
            A `Probe`: the samples, asked about by arrays alone.

        Raises:
            RuntimeError, ValueError, TypeError: as `run`.
        """
        attribution = self._attribution
        draws = seed is not None and attribution.seed is None and 'seed' in attribution.run_options
        run = self._start(xs, ys, batch_size, feed_dict, {'seed': seed} if draws else {}, ids, shared, per_sample)
        return Probe(self.session, attribution, run, self._finish, flag('show_progress', show_progress))

    def check_measurable(self) -> None:
        """RuntimeError for a method that gives no attribution of each feature, which measures need; asks no session."""
        _refuse_others(self._attribution)


class Probe:
    """Some samples of an explainer, their feeds and units, to ask its target and its method about.

    With rows='together' there is one sample, and arrays have an axis of that one in front.

    Attributes:
        xs, n: the samples of each input, always a list, and their number.
        many, together: whether the caller's X was a list, and whether all its rows are one sample.
    """

    def __init__(self, session: tf.Session, attribution: Attribution, run: Run, finish: Callable[..., Any],
                 show_progress: bool) -> None:
        self.xs, self.n, self.many = run.xs, run.n, attribution.model.many
        self.together = attribution.model.together
        self._session, self._attribution, self._run = session, attribution, run
        self._finish, self._show = finish, show_progress
        self._layers: Optional[List[List[Weight]]] = None

    @property
    def ys(self) -> Optional[np.ndarray]:
        """The weights of T's units, of T's shape, or None where all units are summed."""
        return self._run.ys

    def as_given(self, arrays: List[np.ndarray], many: bool) -> Any:
        """Arrays as callers give them: of one input no list, of rows that are one sample no axis for that one."""
        found = [one[0] for one in arrays] if self.together else arrays
        return found if many else found[0]

    def before(self) -> np.ndarray:
        """The target of the samples as they are, (n,), float64."""
        return self._finite(self._run.before(), np.arange(self.n))

    def scores(self, samples: np.ndarray, points: Callable[[slice], List[np.ndarray]]) -> np.ndarray:
        """The target of rows that belong to some samples, float64; nan where it is not finite, with a warning.

        Args:
            points: the inputs of a slice of the rows, made for one session call at a time.
        """
        return self._finite(self._run.scores(samples, lambda part: list(zip(
            self._attribution.model.X, points(part)))), samples)

    def pairs(self, evaluations: int) -> Tuple[np.ndarray, np.ndarray]:
        """The sample and the evaluation of each row, in the order that session calls can take."""
        return pairs(self.n, evaluations, self._run.rowing.mixed)

    def progress(self, evaluations: int) -> Progress:
        """A context with a bar of so many evaluations of each sample, where one is wanted."""
        return Progress(self._run, evaluations, self._show)

    def absent(self, baseline: Any) -> List[np.ndarray]:
        """What the features of each input are when they are absent: (1 for all samples or n,) + a sample's shape."""
        model = self._attribution.model
        given = ordered('baseline', check_baseline(baseline, model.samples, model.many),
                        names_for_each('baseline', baseline, model.samples, model.many), self._run.labels.features,
                        model.many)
        arrays = spread(given, None, self.xs).arrays
        for x, array in zip(model.X, arrays):
            if x.dtype == tf.string and not all(isinstance(one, (str, bytes)) for one in array.ravel()):
                raise ValueError(f"baseline must say which string stands for nothing in X ('{x.name}').")
        return [array[0] for array in arrays]

    def groups(self, feature_mask: Any) -> Optional[List[np.ndarray]]:
        """The group's number, from 0, of each feature of each input, flat; None without a feature_mask."""
        if feature_mask is None:
            return None
        return numbered(checked_masks(feature_mask, self._attribution.model), self.xs)

    def draws(self, seed: Any) -> Draws:
        """Random numbers that hang on the seed and on a sample's own number alone."""
        return Draws(self.n, self._run.ids, seed)

    def attributions(self) -> List[np.ndarray]:
        """The attributions of each input by the explainer."""
        self._refuse_others()
        found = self._finish(self._run, False, self._show)[0]
        arrays = found if self.many else [found]
        return [one[np.newaxis] for one in arrays] if self._attribution.model.together else list(arrays)

    def explain(self, samples: np.ndarray, points: Callable[[slice], List[np.ndarray]]
                ) -> Iterator[Tuple[slice, List[np.ndarray]]]:
        """The attributions of rows that belong to some samples at inputs of their own, as many at once as a call takes.

        Each row has its sample's units (those of the sample as it is), feeds, baseline and number.
        """
        self._refuse_others()
        for part in cuts(len(samples), self._run.rowing, self.n):
            run = self._run.of_samples(samples[part], points(part), self._run.options)
            yield part, self._attribution.attribute(run)

    def explained(self, ys: Optional[np.ndarray] = None, feeds: Optional[Mapping[str, np.ndarray]] = None
                  ) -> List[np.ndarray]:
        """The attributions of the samples for other weights of T's units, or with further tensors fed."""
        self._refuse_others()
        own = self.ys
        run = self._run.of_samples(np.arange(self.n), self.xs, self._run.options)
        run.ys = own if ys is None else ys
        if feeds:
            run.feeds = run.feeds._replace(whole=dict(run.feeds.whole, **feeds))
        return self._attribution.attribute(run)

    def change(self) -> Optional[np.ndarray]:
        """What the method's attributions are to add up to, (n,), or None where it does not say."""
        return self._attribution.change(self._run) if self._attribution.has_convergence_delta else None

    def factor(self) -> Optional[List[np.ndarray]]:
        """x - baseline of each input, if the method's attributions contain that factor; else None."""
        return self._attribution.factor(self._run)

    def layers(self) -> List[List[Tuple[str, np.ndarray]]]:
        """The weights between X and T, in layers, that nearest to T first: names and values."""
        self._layers = layers_of(self._attribution.model.path)
        values = self._session.run([[one.tensors[0] for one in layer] for layer in self._layers],
                                   dict(self._run.feeds.whole))
        return [[(one.name, value) for one, value in zip(layer, arrays)]
                for layer, arrays in zip(self._layers, values)]

    def feeds_of(self, weights: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """What is fed for the model to have other weights, by their names in `layers`; no variable is changed."""
        assert self._layers is not None
        return {tensor.name: weights[one.name] for layer in self._layers for one in layer if one.name in weights
                for tensor in one.tensors}

    def _finite(self, scores: np.ndarray, samples: np.ndarray) -> np.ndarray:
        bad = ~np.isfinite(scores)
        if bad.any():
            warn("T ('%s') is not finite where a measure asks for it, for %d of %d samples: they have no value." % (
                self._attribution.model.T.name, len(np.unique(samples[bad])), self.n))
            scores = np.where(bad, np.nan, scores)
        return scores

    def _refuse_others(self) -> None:
        _refuse_others(self._attribution)


def _refuse_others(attribution: Attribution) -> None:
    """RuntimeError for a method that gives no attribution of each feature of each input."""
    name = attribution.model.method
    if not attribution.of_features:
        raise RuntimeError(f'A measure needs an attribution of each feature of X, and {name} gives others. Make the '
                           'explainer without per_group, and give the measure the feature_mask; or take another.')
    if attribution.per_group and attribution.model.many:
        raise RuntimeError(f'A measure needs a map of each input, and {name} gives one for all. Make the explainer '
                           'for one input, or give the measure attributions.')
