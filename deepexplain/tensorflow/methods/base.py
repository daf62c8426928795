"""What every method is made of: the model it explains, the run it is asked for, and the base classes."""
import inspect
from typing import Any, Iterator, List, Mapping, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..arguments import Inputs
from ..batching import Rows, sweep
from ..gradients import ordinary_gradients


class Model:
    """A target T as a function of inputs X, its units weighed by Y.

    Attributes:
        T, X: the tensors, X always a list; `many` says whether the caller's X was a list.
        Y: the weights of T's units: 1 unless fed.
        target: T * Y, what the methods attribute the sum of.
    """

    def __init__(self, T: tf.Tensor, X: List[tf.Tensor], many: bool) -> None:
        self.T = T if T.dtype.is_floating else tf.cast(T, tf.float32)
        self.X, self.many = X, many
        self.Y = tf.placeholder_with_default(tf.ones([], self.T.dtype), None, name='ys')
        self.target = self.T * self.Y


class Run:
    """The inputs of one run, and the session that evaluates tensors on rows of them."""

    def __init__(self, session: tf.Session, model: Model, inputs: Inputs, fixed: Mapping[str, Any]) -> None:
        self.xs, self.n = inputs.xs, inputs.n
        self._session, self._model, self._inputs, self._fixed = session, model, inputs, fixed

    def sweep(self, evaluations: int = 1) -> Iterator[Rows]:
        """The calls that evaluate every sample `evaluations` times."""
        return sweep(self.n, evaluations, self._inputs.rows, self._inputs.mixed)

    def evaluate(self, fetches: Any, rows: Rows, xs: Sequence[np.ndarray],
                 feeds: Sequence[Any] = ()) -> List[np.ndarray]:
        """Fetch tensors, one row for each row, with `xs` fed for X (and further pairs of placeholder and array)."""
        pairs = list(zip(self._model.X, xs)) + list(feeds)
        if self._inputs.ys is not None:
            pairs.append((self._model.Y, self._inputs.ys[rows.samples]))
        # A graph of fixed batch size takes no fewer rows: the last one is repeated and the results are dropped.
        missing = self._inputs.rows - len(rows.samples) if self._inputs.exact else 0
        # Tensors cannot be keys where TensorFlow compares them by value, so the feed goes by name.
        feed = {tensor.name: _padded(array, missing) for tensor, array in pairs}
        feed.update(self._fixed)
        results = self._session.run(fetches, feed)
        return [result[:len(rows.samples)] for result in results] if missing else results


def _padded(array: np.ndarray, missing: int) -> np.ndarray:
    return np.concatenate([array, np.repeat(array[-1:], missing, 0)]) if missing else array


class Attribution:
    """A method: builds its symbolic graph once, and attributes the target of each run to the inputs.

    Options are the keyword parameters of `__init__`. Shared ones:

    baseline: where the features count as absent. A number, or an array of the shape of one sample; for several inputs
        a list with one of these for each. None stands for zeros. Default None.
    """

    def __init__(self, model: Model) -> None:
        self.model = model

    def attribute(self, run: Run) -> List[np.ndarray]:
        """The attributions of each input, in the order of X."""
        raise NotImplementedError

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        """Refuse an option that the method does not have, before anything is built."""
        known = list(inspect.signature(cls.__init__).parameters)[2:]
        for name in options:
            if name not in known:
                raise TypeError('%s has no option %r; %s.' % (
                    cls.__name__, name, 'its options are ' + ', '.join(known) if known else 'it has none'))


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

    def feeds(self, run: Run, rows: Rows) -> Sequence[Any]:
        """What these rows feed besides X and ys: pairs of placeholder and array."""
        return ()

    def attribute(self, run: Run) -> List[np.ndarray]:
        results = [np.empty_like(x) for x in run.xs]
        for rows in run.sweep():
            values = run.evaluate(self.symbolic, rows, [x[rows.samples] for x in run.xs], self.feeds(run, rows))
            for result, value in zip(results, values):
                result[rows.samples] = value
        return results


class PerturbationAttribution(Attribution):
    """A method that watches the target fall while features are set to zero; needs no gradient."""

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        if model.many:
            raise RuntimeError('Multiple inputs not yet supported for perturbation methods such as %s: explain one '
                               'input at a time.' % type(self).__name__)
        shape = model.X[0].shape
        if shape.ndims == 1:
            raise RuntimeError("%s needs samples with features: '%s' has the shape %s." % (
                type(self).__name__, model.X[0].name, shape))
        target = model.target
        ndims = model.T.shape.ndims
        samples = [1] if ndims == 0 else [tf.shape(target)[0]]
        self._score = tf.reduce_sum(tf.reshape(target, tf.concat([samples, [-1]], 0)), 1)
        dtype = model.X[0].dtype if model.X[0].dtype.is_floating else model.T.dtype
        self.dtype = dtype.as_numpy_dtype

    def score(self, run: Run, rows: Rows, xs: np.ndarray) -> np.ndarray:
        """The sum of T's weighed units on each row, float64."""
        score = run.evaluate([self._score], rows, [xs])[0]
        if len(score) != len(rows.samples):
            raise RuntimeError("T ('%s') must have a value for each sample to perturb them at once: it has %d for %d "
                               'samples.' % (self.model.T.name, len(score), len(rows.samples)))
        return score.astype(np.float64)
