"""What every method is made of: the base classes."""
import inspect
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..rules.gradients import Carrier, ordinary
from ..runs.baselines import Baselines, check_baseline, check_references, spread
from ..runs.batching import Rows, add_rows, sweep
from ..runs.model import Model
from ..runs.run import Run, check_first_axis
from ..runs.seeds import check_seed


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
        self._baseline = check_baseline(baseline, self.model.samples, self.model.many)
        self._references = check_references(references, self.model.samples, self.model.many)

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
