"""Run: the inputs of one run, and the session calls that evaluate tensors on rows of them."""
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .baselines import Baselines
from .batching import Rowing, Rows, cuts, pairs, take
from .feeds import Feeds
from .largest import Asked, Largest, no_row_each
from .model import Model
from .outcome import Seen


class Run:
    """The inputs of one run, and the session that evaluates tensors on rows of them.

    Attributes:
        xs, n: the samples of each input, and their number.
        rowing: how rows are cut into session calls.
        feeds: what is fed besides the inputs.
        ys: weights of T's units for each sample, or None; those of units that calls were to choose on their way are
            found by calls of their own where one is asked for first.
        options: those of the method's options that this run was given.
        ids: the numbers that the samples go by, on which hangs what is drawn for them; None for 0 to n - 1.
        baselines: where features are absent, once a method has asked.
        seen: what was seen of the target.
        progress: called with the number of rows that a session call has evaluated.
    """

    def __init__(self, session: tf.Session, model: Model, xs: List[np.ndarray], rowing: Rowing, feeds: Feeds,
                 options: Mapping[str, Any]) -> None:
        self.xs, self.n, self.options = xs, len(xs[0]), options
        self.ids: Optional[np.ndarray] = None
        self._ys: Optional[np.ndarray] = None
        self._largest: Optional[Largest] = None
        self.baselines: Optional[Baselines] = None
        self.seen = Seen()
        self.progress: Callable[[int], Any] = lambda rows: None
        self.rowing, self.feeds = rowing, feeds
        self._session, self._model = session, model
        self._before: Optional[np.ndarray] = None
        self._absent: Optional[np.ndarray] = None
        # Of a run that is made of another: the samples of that one, and which of them are there as they are.
        self._owners: Optional[np.ndarray] = None
        self._as_they_are: Optional[np.ndarray] = None

    @property
    def ys(self) -> Optional[np.ndarray]:
        if self._largest is not None:
            largest, self._largest = self._largest, None
            samples = self._owned(np.arange(self.n))
            self._ys = largest.weights(samples) if largest.knows(samples) else self._apart()
        return self._ys

    @ys.setter
    def ys(self, ys: Optional[np.ndarray]) -> None:
        self._ys = ys

    @property
    def finding(self) -> bool:
        """Whether units are still to be found."""
        return self._largest is not None

    def choose(self, apart: Callable[[], Optional[np.ndarray]]) -> None:
        """Explain each sample's largest unit, found on the way by the calls of methods that can; else by `apart`."""
        def silent() -> Optional[np.ndarray]:
            progress, self.progress = self.progress, lambda rows: None
            found = apart()
            self.progress = progress
            return found

        assert self._model.choice is not None
        self._largest, self._apart = Largest(self._model.choice, self.n, self._model.together), silent

    def of_samples(self, samples: np.ndarray, xs: List[np.ndarray], options: Mapping[str, Any],
                   as_they_are: Optional[np.ndarray] = None) -> 'Run':
        """A run at other inputs: sample i has the ys, feeds, baselines and number of sample samples[i] of this one.

        Args:
            as_they_are: which inputs are those samples themselves, there for their largest units to be found alone.
        """
        run = Run(self._session, self._model, xs, self.rowing, self.feeds.of(samples), options)
        if as_they_are is None or self._largest is None:
            run._ys = self._taken(samples)
        else:
            run._largest, run._owners, run._as_they_are = self._largest, samples, as_they_are
            run._apart = lambda: self._taken(samples)
        run.baselines = None if self.baselines is None else self.baselines.of(samples)
        run.progress, run.seen = self.progress, self.seen
        run.ids = samples if self.ids is None else self.ids[samples]
        return run

    def inputs(self, rows: Rows) -> List[np.ndarray]:
        """The samples of some rows, as they are."""
        return [take(x, rows.samples) for x in self.xs]

    def evaluate(self, fetches: Any, samples: np.ndarray, xs: Sequence[np.ndarray],
                 feeds: Sequence[Tuple[tf.Tensor, np.ndarray]] = (),
                 whole: Sequence[Tuple[tf.Tensor, np.ndarray]] = (), choosers: Any = None) -> List[np.ndarray]:
        """Fetch tensors with one row for each of some samples, `xs` fed for X.

        Args:
            feeds: further pairs of tensor and array with a row for each.
            whole: further pairs that have nothing to do with rows.
            choosers: which rows hold the samples as they are, so that their largest units can be found there, True for
                all; those of a mask are there for nothing else.
        """
        rows = len(samples)
        fed = list(zip(self._model.X, xs)) + list(feeds)
        # A graph of fixed batch size takes no fewer rows: the last one is repeated and the results are dropped.
        missing = self.rowing.rows - rows if self.rowing.exact else 0
        if choosers is True and self._as_they_are is not None:
            choosers = self._as_they_are[samples]
        asked = None if choosers is None else self.ask(samples, choosers, missing)
        weights = self.weights(samples) if asked is None else None
        if weights is not None:
            fed.append((self._model.Y, weights))
        elif choosers is None:
            whole = list(whole) + self.all_units()
        fed = self.by_row(fed)
        if missing:
            samples = _padded(samples, missing)
            fed = [(tensor, _padded(array, missing)) for tensor, array in fed]
        results = self.fetch(fetches, fed + list(whole), samples, asked)
        self.progress(rows if choosers is None or choosers is True else rows - int(choosers.sum()))
        if self._model.together:
            return [np.asarray(result)[np.newaxis] for result in results]
        return [result[:rows] for result in results] if missing else results

    def weights(self, samples: np.ndarray) -> Optional[np.ndarray]:
        """The weights of T's units for some samples, or None for all units."""
        if self._largest is not None and self._largest.knows(self._owned(samples)):
            return self._largest.weights(self._owned(samples))
        return self._taken(samples)

    def _taken(self, samples: np.ndarray) -> Optional[np.ndarray]:
        ys = self.ys
        return None if ys is None else take(ys, samples)

    def missing(self, samples: np.ndarray) -> np.ndarray:
        """Those of some samples, each once, whose largest units are still to be found."""
        return samples[:0] if self._largest is None else self._largest.missing(samples)

    def all_units(self) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What is fed where all units count alike, so that T is not evaluated at X to choose none of them."""
        return [] if self._model.choice is None else [(self._model.Y, np.ones(1, self._model.T.dtype.as_numpy_dtype))]

    def ask(self, samples: np.ndarray, choosers: Any, filled: int = 0) -> Optional[Asked]:
        """How a call finds the largest units for rows that belong to some samples, if it is to and can.

        Args:
            choosers: which rows T has of the samples as they are, True for all, or the samples of T's rows.
            filled: how often the last row is repeated.
        """
        if self._largest is None or self._largest.knows(self._owned(samples)):
            return None
        if filled:
            samples = _padded(samples, filled)
            choosers = choosers if choosers is True else _padded(choosers, filled)
        owners = self._owned(samples)
        at_x = owners if choosers is True else choosers
        if at_x.dtype == bool:
            at_x = np.where(choosers, owners, -1)
        return self._largest.ask(owners, at_x)

    def _owned(self, samples: np.ndarray) -> np.ndarray:
        return samples if self._owners is None else self._owners[samples]

    def by_row(self, fed: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """Pairs of tensor and array with a row for each sample, as the graph takes them: of one sample its rows."""
        return [(tensor, array[0]) for tensor, array in fed] if self._model.together else list(fed)

    def fetch(self, fetches: Any, fed: Sequence[Tuple[tf.Tensor, Any]], samples: np.ndarray,
              asked: Optional[Asked] = None) -> Any:
        """One session call: pairs of tensor and value are fed, and what else is fed for the samples of its rows."""
        if asked is not None:
            return self._choosing(list(fetches), list(fed), samples, asked)
        # Tensors cannot be keys where TensorFlow compares them by value, so the feed goes by name.
        feed = self.feeds.rows(samples)
        feed.update((tensor.name, value) for tensor, value in fed)
        try:
            return self._session.run(fetches, feed)
        except tf.errors.InvalidArgumentError:
            self._refuse_uneven()
            raise

    def _refuse_uneven(self) -> None:
        """RuntimeError where a session call has failed for want of a row for each sample, of T or of what is fed."""
        model, feeds = self._model, self.feeds
        for name in feeds.uneven():
            raise RuntimeError("feed_dict['%s'] must have one row for each of the %d samples, with which its rows go "
                               'along, not the shape %s.' % (name, self.n, feeds.whole[name].shape)) from None
        if model.together or model.T.shape.ndims == 0 or model.rowed.aligned:
            return
        samples = np.arange(min(self.n, self.rowing.rows))
        feed = feeds.rows(samples)
        feed.update((x.name, take(one, samples)) for x, one in zip(model.X, self.xs))
        try:
            value = self._session.run(model.T, feed)
        except tf.errors.InvalidArgumentError:
            return
        if np.ndim(value) and len(value) != len(samples):
            raise no_row_each(model.T.name, len(value), len(samples)) from None

    def _choosing(self, fetches: List[tf.Tensor], fed: List[Tuple[tf.Tensor, Any]], samples: np.ndarray,
                  asked: Asked) -> Any:
        """A call that finds units as well."""
        largest = self._largest
        assert largest is not None
        try:
            values = self.fetch(fetches + asked.fetches, fed + asked.feeds, samples)
        except tf.errors.InvalidArgumentError:
            # Raises another error where T has not one value for each sample.
            self.ys  # noqa: B018
            raise
        largest.answer(asked, values[len(fetches):])
        return values[:len(fetches)]

    def scores(self, samples: np.ndarray, points: Callable[[slice], Sequence[Tuple[tf.Tensor, np.ndarray]]]
               ) -> np.ndarray:
        """The sum of T's weighed units, float64, for rows that belong to some samples.

        Args:
            points: what is fed in place of X for a slice of the rows.
        """
        result = np.zeros(len(samples))
        for part in cuts(len(samples), self.rowing, self.n):
            score = self.evaluate([self._model.score], samples[part], [], points(part))[0]
            if len(score) != len(samples[part]):
                raise RuntimeError("T ('%s') must have a value for each sample to compare samples: it has %d for %d "
                                   'samples.' % (self._model.T.name, len(score), len(samples[part])))
            result[part] = score
        return result

    def values(self, tensors: Sequence[tf.Tensor], samples: np.ndarray,
               points: Callable[[slice], Sequence[np.ndarray]]) -> List[np.ndarray]:
        """The values of tensors, their first axis the samples, for rows that belong to some samples.

        Args:
            points: the inputs of a slice of the rows.
        """
        parts = []
        for part in cuts(len(samples), self.rowing, self.n):
            values = self.evaluate(list(tensors), samples[part], points(part))
            for tensor, value in zip(tensors, values):
                check_first_axis(tensor, value, len(samples[part]))
            parts.append(values)
        return [np.concatenate(one) for one in zip(*parts)]

    def of(self, model: Model, xs: List[np.ndarray], baselines: Baselines) -> 'Run':
        """A run on tensors that depend on these inputs, which are fed as well."""
        known = {x.name: value for x, value in self.by_row(list(zip(self._model.X, self.xs)))}
        feeds = self.feeds._replace(whole=dict(self.feeds.whole, **known)) if self._model.together else (
            self.feeds._replace(cut=dict(self.feeds.cut, **known)))
        run = Run(self._session, model, xs, self.rowing, feeds, {})
        run._ys, run.baselines, run.seen = self.ys, baselines, self.seen
        return run

    def keep(self, before: np.ndarray, absent: np.ndarray) -> None:
        """Take note of scores that a method has found on its way."""
        self._before, self._absent = before, absent

    def before(self) -> np.ndarray:
        """The scores of the samples as they are, evaluated once in a run."""
        if self._before is None:
            self._before = self.scores(np.arange(self.n), lambda part: [
                (X, x[part]) for X, x in zip(self._model.X, self.xs)])
        return self._before

    def absent_scores(self, absent: Baselines) -> np.ndarray:
        """The scores where all features are absent, the mean over references, evaluated once in a run."""
        if self._absent is not None:
            return self._absent
        samples, references = pairs(self.n, absent.size, self.rowing.mixed)
        scores = self.scores(samples, lambda part: list(zip(
            self._model.X, absent.rows(samples[part], references[part]))))
        self._absent = np.bincount(samples, scores, self.n) / absent.size
        return self._absent


def check_first_axis(tensor: tf.Tensor, value: np.ndarray, samples: int) -> None:
    """RuntimeError where what was fetched for some samples is not one row for each."""
    if value.ndim == 0 or len(value) != samples:
        raise RuntimeError("tensors must have the samples as their first axis; '%s' has the shape %s for %d samples."
                           % (tensor.name, value.shape, samples))


def _padded(array: np.ndarray, missing: int) -> np.ndarray:
    return np.concatenate([array, np.repeat(array[-1:], missing, 0)])
