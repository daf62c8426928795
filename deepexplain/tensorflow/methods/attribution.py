"""What every method is made of: the base classes."""
from typing import Any, FrozenSet, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..runs.baselines import Baselines, References, called, check_baseline, check_references, is_own, spread
from ..runs.batching import cuts, pairs
from ..runs.model import Model
from ..runs.names import names_for_each, ordered
from ..runs.run import Run
from ..runs.seeds import check_seed
from .multipliers import Form
from .options import Options


class Attribution(Options):
    """A method: builds its symbolic graph once, and attributes the target of each run to the inputs.

    Options are the keyword parameters of `__init__`. Shared ones, which `run` takes as well:

    baseline: where the features count as absent. A number, an array of the shape of one sample, or an array with one
        baseline for each sample; for several inputs a list with one of these for each. None stands for zeros.
        Default None.
    references: in place of a baseline a set of m of them, an array (m,) + the shape of a sample; or m of each
        sample's own, (n, m) + its shape; for several inputs a list. Or a function that a run calls with a copy of its
        xs, which returns the latter; if it has a parameter `ids`, with the samples' numbers as well. What it draws by
        is its own affair. The attributions are the mean over the set (expected gradients over references, as DeepSHAP
        of Lundberg and Lee 2017). Default None.
    seed: an int, or numpy Generator or RandomState, to draw from; each run draws from these once. By default numpy's
        global state.
    """

    #: Whether the attributions of a sample should add up to a change of the target.
    has_convergence_delta = False

    #: Whether T is evaluated at all, and whether it is by its gradients that it is explained.
    evaluates, differentiates = True, False

    #: The op types that let no gradient through, but whose change the method shares all the same.
    shares: FrozenSet[str] = frozenset()

    #: The op types of functions of one number for which the method has a rule, be they without a gradient.
    ruled: FrozenSet[str] = frozenset()

    #: The inner tensor that a map is made of, or that is attributed to, where the method has such a layer.
    inner: Optional[tf.Tensor] = None

    #: Whether attributions are one array (n, groups), for several inputs too.
    per_group = False

    #: Whether they are of X's features, or maps of their places, and not of groups or of an inner tensor's units.
    of_features = True

    #: The ops on the path that the method passes by their ordinary gradient though that is not exact.
    unruled = ''

    #: Whether what these lose of T is to be measured in each run.
    lossy = False

    #: The values that placeholders for training, and what is made of them, have while the model does not train, and
    #: what is to be said where they have others.
    training: Tuple[Mapping[str, Optional[float]], str] = ({}, '')

    #: The values that placeholders for training, and what is made of them, had to have for the graph to be built as it
    #: is; None stands for whatever they are made to be.
    settled: Mapping[str, Optional[float]] = {}

    #: Why attributions may not add up as they are meant to.
    share = ''

    #: What the method draws from, where a run does not say.
    seed: Any = None

    #: What is given in place of multipliers times (x - reference), where that is asked for.
    form: Optional[Form] = None

    #: The references that the explainer has, if any.
    _references: References = None

    #: What the explainer was told of absence, and what its features are called there, for each input.
    _absence = 'baseline'
    _names: Sequence[Optional[List[str]]] = ()

    #: The baselines at which `look_at_absence` saw the target.
    _looked_at: Optional[int] = None

    #: Whether T may have no value at some baseline, once that was asked.
    _singular: Optional[bool] = None

    #: Whether attributions are parts of T, so that they can be told to be too large.
    parts_of_target = False

    #: Whether attributions contain the factor x - baseline, so that those divided by it are on the gradient's scale;
    #: None: those that are parts of T do.
    has_factor: Optional[bool] = None

    #: What to do about attributions that are not finite, or far too large.
    remedy = ''

    #: How many times as large as T they, or their sum, may be without a warning.
    excess = 1000.

    #: Whether it takes scores of several units of T at once, along their last axis, as `runs.several.Explained` says.
    by_scores = False

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def said(self) -> str:
        """The method by its name, with what it was asked to give."""
        return self.model.method + (f' with {self.form.said}' if self.form else '')

    def weighed(self) -> Optional[Sequence[tf.Tensor]]:
        """All that it fetches that may hang on the weights of T's units, if it goes on as `Explained` says; else None.
        """
        return None

    def check_run(self, options: Mapping[str, Any]) -> None:
        """Check the options of a run, as far as they say nothing of its samples."""
        check_seed(options.get('seed'))
        self._told(options)

    def prepare(self, run: Run) -> None:
        """Check what a run was told, before any session call."""
        check_seed(run.options.get('seed'))
        if self.form is not None:
            self.form.check(run.xs)
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

    def cause(self, run: Run, attributions: Sequence[np.ndarray]) -> str:
        """Why attributions are not finite, or far too large, in a sentence, if that can be told."""
        return ''

    def evaluations(self, run: Run) -> int:
        """How often `attribute` evaluates each sample."""
        return 1

    def dtype(self, run: Run) -> List[Any]:
        """The dtype of each input's attributions: the input's, or T's where the input is of ints."""
        return [x.dtype if x.dtype.kind == 'f' else self.model.T.dtype.as_numpy_dtype for x in run.xs]

    def total(self, run: Run, attributions: List[np.ndarray]) -> np.ndarray:
        """The sum of each sample's attributions, float64."""
        return sum(one.reshape(len(one), -1).sum(1, dtype=np.float64) for one in attributions)

    def change(self, run: Run) -> np.ndarray:
        """What the attributions of each sample should add up to: T(x) - T(baseline), the mean over references."""
        return run.before() - run.absent_scores(self.absent(run))

    def factor(self, run: Run) -> Optional[List[np.ndarray]]:
        """x - baseline (the mean over references), for each input, if attributions contain that factor; else None."""
        if self.form or not (self.parts_of_target if self.has_factor is None else self.has_factor):
            return None
        if not any(name in self.options() for name in ('baseline', 'references')):
            return list(run.xs)
        return [x - absent.mean(0) for x, absent in zip(run.xs, self.absent(run).arrays)]

    def look_at_absence(self, run: Run, absent: Baselines) -> None:
        """Let a run see the target where features are absent, if it may have no value there.

        For methods that do not evaluate it there. Once for the same baselines in a row: weights that change later
        seldom change whether T has a value.
        """
        if self._singular is None:
            self._singular = self.model.path.may_be_singular
        if not self._singular:
            return
        key = hash(b''.join(array.tobytes() for array in absent.arrays))
        if key == self._looked_at:
            return
        samples, references = np.zeros(absent.size, int), np.arange(absent.size)
        if not run.rowing.mixed or any(array.shape[1] > 1 for array in absent.arrays):
            samples, references = pairs(run.n, absent.size, run.rowing.mixed)
        progress, run.progress = run.progress, lambda rows: None
        for part in cuts(len(samples), run.rowing, run.n):
            points = absent.rows(samples[part], references[part])
            run.note(np.abs(run.score(samples[part], points)), baselines=True)
        run.progress, self._looked_at = progress, key

    def set_absent(self, baseline: Any, references: Any = None) -> None:
        """Take the options that say where features are absent."""
        if baseline is not None and references is not None:
            raise ValueError('baseline and references exclude each other: give one of them.')
        self._baseline = check_baseline(baseline, self.model.samples, self.model.many)
        self._references = check_references(references, self.model.samples, self.model.many)
        self._absence = 'baseline' if references is None else 'references'
        self._names = names_for_each(self._absence, baseline if references is None else references,
                                     self.model.samples, self.model.many)

    def absent(self, run: Run) -> Baselines:
        """Where the features of a run's samples are absent: as the run was told, else as the explainer was."""
        if run.baselines is not None:
            return run.baselines
        told = self._told(run.options) or self
        references = called(told._references, run.xs, run.ids, self.model.many, self.model.together) if callable(
            told._references) else told._references
        given = ordered(told._absence, told._baseline if references is None else references, told._names,
                        run.labels.features, self.model.many)
        run.baselines = spread(given, None, run.xs) if references is None else spread([], given, run.xs)
        return run.baselines

    def check_all(self, options: Mapping[str, Any]) -> None:
        """Refuse, for options of several runs, references of each sample's own."""
        told = self._told(options) if 'references' in self.run_options else None
        references = (told or self)._references
        if isinstance(references, list) and any(map(is_own, references, self.model.samples)):
            raise ValueError("references of each sample's own belong to their batch, as in {'xs': xs, 'references': "
                             'references}; or give a function that makes them of xs.')

    def need_references(self, run: Run, method: str, more: str = '') -> None:
        """RuntimeError where there are no references, for which no baseline can stand in."""
        if run.baselines is None and self._references is None and run.options.get('references') is None:
            raise RuntimeError('%s needs references, an array (m,) + the shape of a sample, some of each sample\'s '
                               'own, (n, m) + its shape, or a function that makes these of xs, when the explainer is '
                               'made or at the run%s.' % (method, more))

    def _told(self, options: Mapping[str, Any]) -> Optional['Attribution']:
        """What holds the baseline or the references of a run, if it has its own."""
        if options.get('baseline') is None and options.get('references') is None:
            return None
        told = Attribution(self.model)
        told.set_absent(options.get('baseline'), options.get('references'))
        return told

    @classmethod
    def adds_up(cls, options: Mapping[str, Any]) -> bool:
        """Whether by these options the attributions of a sample should add up to a change of the target."""
        return cls.has_convergence_delta and not options.get('multipliers') and not options.get('hypothetical')
