"""Run: the inputs of one run, and what methods ask of them."""
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import tensorflow.compat.v1 as tf

from .baselines import Baselines
from .batching import Rowing, Rows, cuts, pairs, sums_of, take
from .calls import Calls
from .feeds import Feeds
from .model import Model
from .outcome import Seen
from .several import Several
from .tables import Labels
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
        several, seens, seen: see `Explained`.
        sized: whether the caller said how many rows a call has.
        origin: of a run that is made of another, which sample of that one, as the caller gave them, each of its own is.
        labels: what tables call features and samples.
        progress: called with the number of rows that a session call has evaluated.
    """

    def __init__(self, session: tf.Session, model: Model, xs: List[np.ndarray], rowing: Rowing, feeds: Feeds,
                 options: Mapping[str, Any]) -> None:
        super().__init__(session, model, xs, rowing, feeds, options)
        self.baselines: Optional[Baselines] = None
        self.sized, self.labels = False, Labels()
        self.origin: Optional[np.ndarray] = None
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
        run.several = None if self.several is None else self.several.taken(samples)
        run.progress, run.seens = self.progress, self.seens
        run.ids = samples if self.ids is None else self.ids[samples]
        run.origin = samples if self.origin is None else self.origin[samples]
        return run

    def explain(self, several: Several, scores: Optional[np.ndarray] = None) -> None:
        """Explain several units one beside another.

        Args:
            scores: what they have at the samples as they are, (n, units), where that is known.
        """
        self.several, self.seens, self._before = several, [Seen() for _ in range(len(several))], scores

    def of_units(self, units: Union[int, slice], options: Mapping[str, Any], rows: Optional[int] = None) -> 'Run':
        """The same run of some of several units, or of one of them.

        Args:
            rows: the most of a session call, where those are to be fewer.
        """
        rowing = self.rowing if rows is None else self.rowing._replace(rows=rows)
        run = Run(self._session, self._model, self.xs, rowing, self.feeds, options)
        assert self.several is not None
        if isinstance(units, slice):
            run.several, run.seens = self.several.part(units), self.seens[units]
        else:
            run._ys, run.seens = self.several.weights(units, np.arange(self.n)), [self.seens[units]]
        run.baselines, run.ids, run.progress = self.baselines, self.ids, self.progress
        run._before = None if self._before is None else self._before[:, units]
        run._absent = None if self._absent is None else self._absent[:, units]
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
        """The sum of T's weighed units, float64, for rows that belong to some samples; see `Calls.score`.

        Args:
            points: what is fed in place of X for a slice of the rows.
        """
        result = np.zeros((len(samples),) + self.tail)
        for part in cuts(len(samples), self.rowing, self.n):
            score = self.score(samples[part], [], points(part))
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
        run._ys, run.baselines, run.seens = self.ys, baselines, self.seens
        return run

    def keep(self, before: np.ndarray, absent: Optional[np.ndarray] = None) -> None:
        """Take note of scores that were found on the way."""
        shape = (self.n,) + self.tail
        self._before, self._absent = before.reshape(shape), None if absent is None else absent.reshape(shape)

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
        self._absent = sums_of(samples, scores, self.n) / absent.size
        return self._absent
