"""Run: the inputs of one run, and what methods ask of them."""
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .baselines import Baselines
from .batching import Rowing, Rows, cuts, pairs, take
from .calls import Calls
from .feeds import Feeds
from .model import Model
from .uneven import check_first_axis


class Run(Calls):
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
        super().__init__(session, model, xs, rowing, feeds, options)
        self.baselines: Optional[Baselines] = None
        self._before: Optional[np.ndarray] = None
        self._absent: Optional[np.ndarray] = None

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

    def on(self, model: Model, rowing: Rowing) -> 'Run':
        """The same run by another model of the same target and inputs, its calls cut otherwise."""
        self._model, self.rowing = model, rowing
        return self

    def inputs(self, rows: Rows) -> List[np.ndarray]:
        """The samples of some rows, as they are."""
        return [take(x, rows.samples) for x in self.xs]

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
