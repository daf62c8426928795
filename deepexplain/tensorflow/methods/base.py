"""What every method is made of: the model it explains, the run it is asked for, and the base classes."""
import inspect
from typing import Any, Callable, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..baselines import Baselines, check_baseline, check_references, spread
from ..batching import Footprint, Rowing, Rows, add_rows, cuts, pairs, sweep, take
from ..feeds import Feeds
from ..gradients import Carrier, ordinary
from ..graph import Path
from ..seeds import check_seed


class Model:
    """A target T as a function of inputs X, its units weighed by Y.

    Attributes:
        T, X: the tensors, X always a list; `many` says whether the caller's X was a list.
        path: the ops between them.
        method: the name of the method, for messages.
        footprint: how much one sample takes there.
        Y: the weights of T's units: 1 unless fed.
        score: the sum of T * Y for each sample, which the methods attribute.
    """

    def __init__(self, T: tf.Tensor, X: List[tf.Tensor], many: bool, method: str = '') -> None:
        self.method = method
        self.T = T if T.dtype.is_floating else tf.cast(T, tf.float32)
        self.X, self.many = X, many
        self.path = Path(X, self.T)
        self.footprint = Footprint(self.path)
        self.Y = tf.placeholder_with_default(tf.ones([], self.T.dtype), None, name='ys')
        self.score = self.score_of(self.T)

    def score_of(self, T: tf.Tensor) -> tf.Tensor:
        """For each sample the sum of the units of T, or of what stands for it, weighed by Y."""
        target = T * self.Y
        if T.shape.ndims:
            return tf.reduce_sum(target, list(range(1, T.shape.ndims)))
        samples = [1] if T.shape.ndims == 0 else [tf.shape(target)[0]]
        return tf.reduce_sum(tf.reshape(target, tf.concat([samples, [-1]], 0)), 1)


class Run:
    """The inputs of one run, and the session that evaluates tensors on rows of them.

    Attributes:
        xs, n: the samples of each input, and their number.
        rowing: how rows are cut into session calls.
        feeds: what is fed besides the inputs.
        ys: weights of T's units for each sample, or None.
        options: those of the method's options that this run was given.
        baselines: where features are absent, once a method has asked.
        progress: called with the number of rows that a session call has evaluated.
    """

    def __init__(self, session: tf.Session, model: Model, xs: List[np.ndarray], rowing: Rowing, feeds: Feeds,
                 options: Mapping[str, Any]) -> None:
        self.xs, self.n, self.options = xs, len(xs[0]), options
        self.ys: Optional[np.ndarray] = None
        self.baselines: Optional[Baselines] = None
        self.progress: Callable[[int], Any] = lambda rows: None
        self.rowing, self.feeds = rowing, feeds
        self._session, self._model = session, model
        self._before: Optional[np.ndarray] = None
        self._absent: Optional[np.ndarray] = None

    def of_samples(self, samples: np.ndarray, xs: List[np.ndarray], options: Mapping[str, Any]) -> 'Run':
        """A run at other inputs: sample i has the ys, the feeds and the baselines of sample samples[i] of this one."""
        run = Run(self._session, self._model, xs, self.rowing, self.feeds.of(samples), options)
        run.ys = None if self.ys is None else take(self.ys, samples)
        run.baselines = None if self.baselines is None else self.baselines.of(samples)
        run.progress = self.progress
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
        # A graph of fixed batch size takes no fewer rows: the last one is repeated and the results are dropped.
        rows = len(samples)
        missing = self.rowing.rows - rows if self.rowing.exact else 0
        if missing:
            samples = _padded(samples, missing)
            fed = [(tensor, _padded(array, missing)) for tensor, array in fed]
        results = self.fetch(fetches, fed + list(whole), samples)
        self.progress(rows)
        return [result[:rows] for result in results] if missing else results

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
        cut = dict(self.feeds.cut)
        cut.update((x.name, value) for x, value in zip(self._model.X, self.xs))
        run = Run(self._session, model, xs, self.rowing, self.feeds._replace(cut=cut), {})
        run.ys, run.baselines = self.ys, baselines
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


class Attribution:
    """A method: builds its symbolic graph once, and attributes the target of each run to the inputs.

    Options are the keyword parameters of `__init__`. Shared ones, which `run` takes as well:

    baseline: where the features count as absent. A number, an array of the shape of one sample, or an array with one
        baseline for each sample; for several inputs a list with one of these for each. None stands for zeros.
        Default None.
    references: in place of a baseline a set of m of them, an array (m,) + the shape of a sample, for several inputs a
        list: the attributions are the mean over the set (expected gradients over references, as DeepSHAP of Lundberg
        and Lee 2017). Default None.
    seed: an int, or numpy Generator or RandomState, to draw from. By default numpy's global state.
    """

    #: The options that `run` takes too.
    run_options: Sequence[str] = ()

    #: Whether the attributions of a sample should add up to a change of the target.
    has_convergence_delta = False

    #: Whether attributions are one array (n, groups), for several inputs too.
    per_group = False

    #: The ops on the path that the method passes by their ordinary gradient though that is not exact.
    unruled = ''

    #: The names of placeholders for training that were taken to be off when the graph was built.
    settled: FrozenSet[str] = frozenset()

    #: Why attributions may not add up as they are meant to.
    share = ''

    def __init__(self, model: Model) -> None:
        self.model = model

    def prepare(self, run: Run) -> None:
        """Check what a run was told, before any session call."""
        check_seed(run.options.get('seed'))
        if 'baseline' in self.run_options or 'references' in self.run_options:
            self.absent(run)

    def attribute(self, run: Run) -> List[np.ndarray]:
        """The attributions of each input, in the order of X."""
        raise NotImplementedError

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        """Make ready to attribute to tensors of the path."""
        raise RuntimeError('relevances is not defined for %s: it is for methods of one pass from T to X, and intgrad.'
                           % type(self).__name__)

    def relevances(self, run: Run, tensors: Sequence[tf.Tensor]) -> List[np.ndarray]:
        """The attributions of tensors of the path that are made ready."""
        raise NotImplementedError

    def evaluations(self, run: Run) -> int:
        """How often `attribute` evaluates each sample."""
        return 1

    def dtype(self, run: Run) -> List[Any]:
        """The dtype of each input's attributions: the input's, or T's where the input is of ints."""
        return [x.dtype if x.dtype.kind == 'f' else self.model.T.dtype.as_numpy_dtype for x in run.xs]

    def total(self, attributions: List[np.ndarray]) -> np.ndarray:
        """The sum of each sample's attributions, float64."""
        return sum(one.reshape(len(one), -1).sum(1, dtype=np.float64) for one in attributions)

    def change(self, run: Run) -> np.ndarray:
        """What the attributions of each sample should add up to: T(x) - T(baseline), the mean over references."""
        return run.before() - run.absent_scores(self.absent(run))

    def set_absent(self, baseline: Any, references: Any = None) -> None:
        """Take the options that say where features are absent."""
        if baseline is not None and references is not None:
            raise ValueError('baseline and references exclude each other: give one of them.')
        self._baseline = check_baseline(baseline, self.model.X, self.model.many)
        self._references = check_references(references, self.model.X, self.model.many)

    def absent(self, run: Run) -> Baselines:
        """Where the features of a run's samples are absent: as the run was told, else as the explainer was."""
        if run.baselines is not None:
            return run.baselines
        baseline, references = self._baseline, self._references
        if run.options.get('baseline') is not None or run.options.get('references') is not None:
            given = Attribution(self.model)
            given.set_absent(run.options.get('baseline'), run.options.get('references'))
            baseline, references = given._baseline, given._references
        run.baselines = spread(baseline, references, run.xs)
        return run.baselines

    @classmethod
    def options(cls) -> List[str]:
        """The names of the method's options."""
        return list(inspect.signature(cls.__init__).parameters)[2:]

    @classmethod
    def split(cls, options: Mapping[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """The options that an explainer is built with, and those that can wait for its runs."""
        later = {name: value for name, value in options.items() if name in cls.run_options}
        return {name: value for name, value in options.items() if name not in later}, later

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Refuse an option that the method does not have, before anything is built."""
        for name in options:
            if name not in cls.options():
                raise TypeError('%s has no option %r; %s.' % (
                    cls.__name__, name, 'its options are ' + ', '.join(cls.options()) if cls.options() else
                    'it has none'))


class GradientAttribution(Attribution):
    """A method that is the fetch of a few tensors, each a function of a gradient and of what it is taken at."""

    _carrier: Optional[Carrier] = None

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._at: Dict[Tuple[str, ...], List[tf.Tensor]] = {}
        self.symbolic = self.build()

    def build(self) -> List[tf.Tensor]:
        """The attributions of each input as tensors."""
        self._carrier = self.carrier()
        return [self.finish(gradient, x) for gradient, x in zip(self._carrier.gradients(self.model), self.model.X)]

    def carrier(self) -> Carrier:
        """What gradients are taken of: by default the target, with its ordinary gradient."""
        return ordinary(self.model.path)

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """The attributions at a tensor of the path, given the gradient there."""
        raise NotImplementedError

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        """The attributions of tensors of the path as tensors, built once."""
        if self._carrier is None:
            return super().at(tensors)
        key = tuple(tensor.name for tensor in tensors)
        if key not in self._at:
            self._at[key] = [self.finish(gradient, tensor) for gradient, tensor in zip(
                self._carrier.gradients(self.model, tensors), tensors)]
        return self._at[key]

    def further(self, run: Run, rows: Rows) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What some rows are fed besides the samples, row by row."""
        return []

    def whole(self) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What every call is fed alike."""
        return []

    def relevances(self, run: Run, tensors: Sequence[tf.Tensor]) -> List[np.ndarray]:
        """The attributions of tensors of the path, the mean over a run's evaluations."""
        fetches, size = self.at(tensors), self.evaluations(run)
        totals: List[np.ndarray] = []
        for rows in sweep(run.n, size, run.rowing):
            values = run.evaluate(fetches, rows.samples, run.inputs(rows), self.further(run, rows), self.whole())
            for tensor, value in zip(tensors, values):
                check_first_axis(tensor, value, len(rows.samples))
            totals = totals or [np.zeros((run.n,) + value.shape[1:]) for value in values]
            for total, value in zip(totals, values):
                add_rows(total, rows.samples, value)
        return [(total / size).astype(tensor.dtype.as_numpy_dtype) for total, tensor in zip(totals, tensors)]

    def attribute(self, run: Run) -> List[np.ndarray]:
        whole = self.whole()
        parts = [run.evaluate(self.symbolic, rows.samples, run.inputs(rows), self.further(run, rows), whole)
                 for rows in sweep(run.n, 1, run.rowing)]
        # What one call returns is handed on as it is.
        return parts[0] if len(parts) == 1 else [np.concatenate(values) for values in zip(*parts)]
