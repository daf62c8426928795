"""Run: the inputs of one run, and the session calls that evaluate tensors on rows of them."""
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .baselines import Baselines
from .batching import Rowing, Rows, cuts, pairs, take
from .feeds import Feeds
from .model import Model
from .outcome import Seen


class Run:
    """The inputs of one run, and the session that evaluates tensors on rows of them.

    Attributes:
        xs, n: the samples of each input, and their number.
        rowing: how rows are cut into session calls.
        feeds: what is fed besides the inputs.
        ys: weights of T's units for each sample, or None.
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
        self.ys: Optional[np.ndarray] = None
        self.baselines: Optional[Baselines] = None
        self.seen = Seen()
        self.progress: Callable[[int], Any] = lambda rows: None
        self.rowing, self.feeds = rowing, feeds
        self._session, self._model = session, model
        self._before: Optional[np.ndarray] = None
        self._absent: Optional[np.ndarray] = None

    def of_samples(self, samples: np.ndarray, xs: List[np.ndarray], options: Mapping[str, Any]) -> 'Run':
        """A run at other inputs: sample i has the ys, feeds, baselines and number of sample samples[i] of this one."""
        run = Run(self._session, self._model, xs, self.rowing, self.feeds.of(samples), options)
        run.ys = None if self.ys is None else take(self.ys, samples)
        run.baselines = None if self.baselines is None else self.baselines.of(samples)
        run.progress, run.seen = self.progress, self.seen
        run.ids = samples if self.ids is None else self.ids[samples]
        return run

    def inputs(self, rows: Rows) -> List[np.ndarray]:
        """The samples of some rows, as they are."""
        return [take(x, rows.samples) for x in self.xs]

    def evaluate(self, fetches: Any, samples: np.ndarray, xs: Sequence[np.ndarray],
                 feeds: Sequence[Tuple[tf.Tensor, np.ndarray]] = (),
                 whole: Sequence[Tuple[tf.Tensor, np.ndarray]] = ()) -> List[np.ndarray]:
        """Fetch tensors with one row for each of some samples, `xs` fed for X.

        Args:
            feeds: further pairs of tensor and array with a row for each.
            whole: further pairs that have nothing to do with rows.
        """
        fed = list(zip(self._model.X, xs)) + list(feeds)
        if self.ys is not None:
            fed.append((self._model.Y, take(self.ys, samples)))
        fed = self.by_row(fed)
        # A graph of fixed batch size takes no fewer rows: the last one is repeated and the results are dropped.
        rows = len(samples)
        missing = self.rowing.rows - rows if self.rowing.exact else 0
        if missing:
            samples = _padded(samples, missing)
            fed = [(tensor, _padded(array, missing)) for tensor, array in fed]
        results = self.fetch(fetches, fed + list(whole), samples)
        self.progress(rows)
        if self._model.together:
            return [np.asarray(result)[np.newaxis] for result in results]
        return [result[:rows] for result in results] if missing else results

    def by_row(self, fed: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """Pairs of tensor and array with a row for each sample, as the graph takes them: of one sample its rows."""
        return [(tensor, array[0]) for tensor, array in fed] if self._model.together else list(fed)

    def fetch(self, fetches: Any, fed: Sequence[Tuple[tf.Tensor, Any]], samples: np.ndarray) -> Any:
        """One session call: pairs of tensor and value are fed, and what else is fed for the samples of its rows."""
        # Tensors cannot be keys where TensorFlow compares them by value, so the feed goes by name.
        feed = self.feeds.rows(samples)
        feed.update((tensor.name, value) for tensor, value in fed)
        return self._session.run(fetches, feed)

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
        run.ys, run.baselines, run.seen = self.ys, baselines, self.seen
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
