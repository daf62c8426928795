"""What every method is made of: the model it explains, the run it is asked for, and the base classes."""
import inspect
from typing import Any, Callable, Iterator, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..arguments import Rowing
from ..baselines import Baselines, check_baseline, check_references, spread
from ..batching import Rows, sweep
from ..feeds import Feeds
from ..gradients import ordinary_gradients


class Model:
    """A target T as a function of inputs X, its units weighed by Y.

    Attributes:
        T, X: the tensors, X always a list; `many` says whether the caller's X was a list.
        Y: the weights of T's units: 1 unless fed.
        target: T * Y, what the methods attribute the sum of.
        score: that sum for each sample.
    """

    def __init__(self, T: tf.Tensor, X: List[tf.Tensor], many: bool) -> None:
        self.T = T if T.dtype.is_floating else tf.cast(T, tf.float32)
        self.X, self.many = X, many
        self.Y = tf.placeholder_with_default(tf.ones([], self.T.dtype), None, name='ys')
        self.target = self.T * self.Y
        samples = [1] if self.T.shape.ndims == 0 else [tf.shape(self.target)[0]]
        self.score = tf.reduce_sum(tf.reshape(self.target, tf.concat([samples, [-1]], 0)), 1)


class Run:
    """The inputs of one run, and the session that evaluates tensors on rows of them.

    Attributes:
        xs, n: the samples of each input, and their number.
        ys: weights of T's units for each sample, or None.
        options: those of the method's options that this run was given.
        progress: called with the number of rows that a session call has evaluated.
    """

    def __init__(self, session: tf.Session, model: Model, xs: List[np.ndarray], rowing: Rowing, feeds: Feeds,
                 options: Mapping[str, Any]) -> None:
        self.xs, self.n, self.options = xs, len(xs[0]), options
        self.ys: Optional[np.ndarray] = None
        self.progress: Callable[[int], Any] = lambda rows: None
        self._session, self._model, self._rowing, self._feeds = session, model, rowing, feeds

    def sweep(self, evaluations: int = 1) -> Iterator[Rows]:
        """The calls that evaluate every sample `evaluations` times."""
        return sweep(self.n, evaluations, self._rowing.rows, self._rowing.mixed)

    def inputs(self, rows: Rows) -> List[np.ndarray]:
        """The samples of some rows, as they are."""
        return [x[rows.samples] for x in self.xs]

    def evaluate(self, fetches: Any, rows: Rows, xs: Sequence[np.ndarray],
                 feeds: Sequence[Tuple[tf.Tensor, np.ndarray]] = ()) -> List[np.ndarray]:
        """Fetch tensors, one row for each row, with `xs` fed for X (and further pairs of placeholder and array)."""
        # Tensors cannot be keys where TensorFlow compares them by value, so the feed goes by name.
        arrays = {tensor.name: array for tensor, array in list(zip(self._model.X, xs)) + list(feeds)}
        if self.ys is not None:
            arrays[self._model.Y.name] = self.ys[rows.samples]
        samples = rows.samples
        # A graph of fixed batch size takes no fewer rows: the last one is repeated and the results are dropped.
        missing = self._rowing.rows - len(samples) if self._rowing.exact else 0
        if missing:
            samples = _padded(samples, missing)
            arrays = {name: _padded(array, missing) for name, array in arrays.items()}
        results = self._session.run(fetches, dict(self._feeds.rows(samples), **arrays))
        self.progress(len(rows.samples))
        return [result[:len(rows.samples)] for result in results] if missing else results

    def scores(self, points: Callable[[Rows], Sequence[np.ndarray]], evaluations: int = 1) -> np.ndarray:
        """The sum of T's weighed units, float64 of shape (evaluations, n), at the points that a function gives."""
        result = np.zeros((evaluations, self.n))
        for rows in self.sweep(evaluations):
            score = self.evaluate([self._model.score], rows, points(rows))[0]
            if len(score) != len(rows.samples):
                raise RuntimeError("T ('%s') must have a value for each sample to compare samples: it has %d for %d "
                                   'samples.' % (self._model.T.name, len(score), len(rows.samples)))
            result[rows.evaluations, rows.samples] = score
        return result


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

    def __init__(self, model: Model) -> None:
        self.model = model

    def attribute(self, run: Run) -> List[np.ndarray]:
        """The attributions of each input, in the order of X."""
        raise NotImplementedError

    def evaluations(self, run: Run) -> int:
        """How often `attribute` evaluates each sample."""
        return 1

    def total(self, attributions: List[np.ndarray]) -> np.ndarray:
        """The sum of each sample's attributions, float64."""
        return sum(one.reshape(len(one), -1).sum(1, dtype=np.float64) for one in attributions)

    def change(self, run: Run) -> np.ndarray:
        """What the attributions of each sample should add up to: T(x) - T(baseline), the mean over references."""
        absent = self.absent(run)
        before = run.scores(lambda rows: absent.rows(rows.samples, rows.evaluations), absent.size).mean(0)
        return run.scores(run.inputs)[0] - before

    def set_absent(self, baseline: Any, references: Any = None) -> None:
        """Take the options that say where features are absent."""
        if baseline is not None and references is not None:
            raise ValueError('baseline and references exclude each other: give one of them.')
        self._baseline = check_baseline(baseline, self.model.X, self.model.many)
        self._references = check_references(references, self.model.X, self.model.many)

    def absent(self, run: Run) -> Baselines:
        """Where the features of a run's samples are absent: as the run was told, else as the explainer was."""
        baseline, references = self._baseline, self._references
        if run.options.get('baseline') is not None or run.options.get('references') is not None:
            given = Attribution(self.model)
            given.set_absent(run.options.get('baseline'), run.options.get('references'))
            baseline, references = given._baseline, given._references
        return spread(baseline, references, run.xs)

    @classmethod
    def options(cls) -> List[str]:
        """The names of the method's options."""
        return list(inspect.signature(cls.__init__).parameters)[2:]

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Refuse an option that the method does not have, before anything is built."""
        for name in options:
            if name not in cls.options():
                raise TypeError('%s has no option %r; %s.' % (
                    cls.__name__, name, 'its options are ' + ', '.join(cls.options()) if cls.options() else
                    'it has none'))


class GradientAttribution(Attribution):
    """A method that is the fetch of a few tensors, each a function of the samples and of a gradient."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self.symbolic = self.build()

    def build(self) -> List[tf.Tensor]:
        """The attributions of each input as tensors."""
        raise NotImplementedError

    def gradients(self) -> List[tf.Tensor]:
        """The ordinary gradients of the target with respect to each input."""
        return ordinary_gradients(self.model)

    def attribute(self, run: Run) -> List[np.ndarray]:
        results = [np.empty_like(x) for x in run.xs]
        for rows in run.sweep():
            for result, value in zip(results, run.evaluate(self.symbolic, rows, run.inputs(rows))):
                result[rows.samples] = value
        return results
