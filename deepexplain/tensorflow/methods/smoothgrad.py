"""Statistics of another method over noisy copies of each sample."""
from typing import Any, Dict, Iterator, List, Mapping, Optional, Sequence, Tuple, Type

import numpy as np
import tensorflow.compat.v1 as tf

from ..messages import close_to
from ..runs.arguments import MOST, number, positive_int
from ..runs.batching import cuts
from ..runs.model import Model
from ..runs.moments import Moments
from ..runs.run import Run
from ..runs.seeds import Draws, check_seed, generator_of
from .attribution import Attribution
from .base import GradientAttribution


class SmoothGrad(Attribution):
    """The mean of a method's attributions over copies of the sample with normal noise added.

    Smilkov et al. 2017, section 2. The attributions have the shape and dtype of the method's own. Copies share session
    calls, so that a sample's 50 gradients are one; a method that draws by a seed of its own, and a target that is not
    one value a sample, have calls of their own for each draw. What a sample gets hangs on the seed and its number alone
    (the `ids` of a run); more copies go on where fewer end.

    Args:
        of: the name of the method, any but those of this file and in_silico_mutagenesis, which needs whole letters.
            Default 'gradient'.
        options: a dict of the method's options. Default: none. Its `baseline` and `references` may also be given to
            `run` and `explain` as they are. A `seed` in it is for the method; without one it draws by the seed below.
        samples: the number of copies of each sample, a positive int. Default 50.
        noise: the standard deviation of the noise as a fraction of the range, largest less smallest value, that a
            sample has in each input (section 3 of the paper); a number of at least 0. Default .15. An
            input that is constant, or one number a sample, gets no noise.
        seed: see `Attribution`.

    Raises:
        ValueError: if `of` names no method, or one that cannot be given noise; for bad values of the other options.
        TypeError: for an option that the method does not have.
        RuntimeError: if X is not of floats.
    """

    run_options: Sequence[str] = ('seed',)

    _squared, _spread = False, False

    def __init__(self, model: Model, of: str = 'gradient', options: Optional[Mapping[str, Any]] = None,
                 samples: int = 50, noise: float = .15, seed: Any = None) -> None:
        super().__init__(model)
        for x in model.X:
            if not x.dtype.is_floating:
                raise RuntimeError("%s adds noise to X: '%s' must be of floats, not %s." % (
                    type(self).__name__, x.name, x.dtype.name))
        options = dict(options or {})
        self._samples, self._noise, self.seed = samples, noise, seed
        self._own_seed = options.get('seed')
        # A sample whose largest unit is to be found is one more copy, without noise.
        model.shared = True
        self._method = wrapped(of)(model, **options)
        self._finds = isinstance(self._method, GradientAttribution) and self._method.one_pass
        self._draws = 'seed' in self._method.run_options
        self.per_group, self.excess = self._method.per_group, self._method.excess
        self.of_features = self._method.of_features
        self.parts_of_target = self._method.parts_of_target and not (self._squared or self._spread)
        self.form = self._method.form
        self.evaluates, self.differentiates = self._method.evaluates, self._method.differentiates
        self.shares, self.remedy = self._method.shares, self._method.remedy
        self.inner = self._method.inner
        self.settled, self.training = self._method.settled, self._method.training
        self.run_options = _run_options(type(self._method))

    @classmethod
    def split(cls, options: Mapping[str, Any]) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        names = _run_options(wrapped(options.get('of', 'gradient')))
        now, later = dict(options), {}
        inner = options.get('options')
        if isinstance(inner, Mapping):
            # The method's own seed stays with it.
            later = {name: value for name, value in inner.items() if name in names and name != 'seed'}
            now['options'] = {name: value for name, value in inner.items() if name not in later}
        later.update((name, now.pop(name)) for name in names if name in options)
        return now, later

    @classmethod
    def check_options(cls, options: Mapping[str, Any]) -> None:
        super().check_options(options)
        check_tunnel(**options)

    def prepare(self, run: Run) -> None:
        check_seed(run.options.get('seed'))
        self._method.prepare(run)

    def check_all(self, options: Mapping[str, Any]) -> None:
        self._method.check_all(options)

    def evaluations(self, run: Run) -> int:
        return self._samples * self._method.evaluations(run)

    def weighed(self) -> Optional[Sequence[tf.Tensor]]:
        return [] if self._method.by_scores else self._method.weighed()

    def factor(self, run: Run) -> Optional[List[np.ndarray]]:
        return None if self._squared or self._spread else self._method.factor(run)

    def attribute(self, run: Run) -> List[np.ndarray]:
        generator = generator_of(run.options.get('seed'), self.seed)
        draws = Draws(run.n, run.ids, generator)
        options = {name: value for name, value in run.options.items() if name != 'seed'}
        if self._draws:
            # Drawn from once for each copy, which are one after another.
            options['seed'] = generator_of(self._own_seed, generator)
        flat = [x.reshape(run.n, -1) for x in run.xs]
        deviations = [self._noise * (one.max(1).astype(np.float64) - one.min(1)) for one in flat]
        moments: List[Moments] = []
        finding = self._finds and run.finding and run.rowing.mixed and not self._draws and not self.model.together
        for owners, numbers in self._parts(run, finding):
            copies, real = [], numbers >= 0
            for x, one, deviation, drawn in zip(run.xs, flat, deviations, draws.normal(owners, numbers, flat)):
                drawn *= deviation[owners, np.newaxis]
                drawn[~real] = 0
                drawn += one[owners]
                copies.append(drawn.astype(x.dtype).reshape((-1,) + x.shape[1:]))
            results = self._method.attribute(run.of_samples(
                owners, copies, options, ~real if finding else None))
            if not real.any():
                continue
            if not real.all():
                owners, results = owners[real], [result[real] for result in results]
            moments = moments or [Moments(run.n, self._spread) for _ in results]
            for moment, result in zip(moments, results):
                moment.add(owners, np.square(result, dtype=np.float64) if self._squared else result)
        # What is to be said of a build that the first run has made is known by now.
        self.training = self._method.training
        return [(moment.variance if self._spread else moment.mean).astype(result.dtype)
                for moment, result in zip(moments, results)]

    def _parts(self, run: Run, finding: bool) -> Iterator[Tuple[np.ndarray, np.ndarray]]:
        """The sample that each of some copies is of, as many as share a call, and the copy's number.

        Args:
            finding: whether each sample is one more copy, number -1.
        """
        if self._draws or not run.rowing.mixed:
            for number in range(self._samples):
                yield np.arange(run.n), np.full(run.n, number)
            return
        size = self._samples + finding
        for part in cuts(run.n * size, run.rowing, run.n):
            rows = np.arange(part.start, part.stop)
            yield rows // size, rows % size - finding


class SmoothGradSquared(SmoothGrad):
    """The mean of the squares in place of the mean (Hooker et al. 2019). Options as of `SmoothGrad`."""

    _squared = True


class VarGrad(SmoothGrad):
    """The variance, the mean square about the mean, in its place (Adebayo et al. 2018). Options as of `SmoothGrad`."""

    _spread = True


def wrapped(of: Any) -> Type[Attribution]:
    """The class of the method that is given noise."""
    # Later than the table, which has the classes of this file.
    from . import InSilicoMutagenesis, attribution_methods
    names = [name for name, method in attribution_methods.items()
             if not issubclass(method, (SmoothGrad, InSilicoMutagenesis))]
    if not isinstance(of, str) or of not in names:
        close = close_to(of, names).strip()
        raise ValueError(f"{close and close + ' '}of must be the name of a method to give noise to, one of {names}, "
                         f'not {of!r}.')
    return attribution_methods[of]


def check_tunnel(of: Any = 'gradient', options: Any = None, samples: Any = 50, noise: Any = .15, seed: Any = None
                 ) -> None:
    """Refuse what `SmoothGrad` cannot be built with, before anything is."""
    method = wrapped(of)
    if options is not None and not isinstance(options, Mapping):
        raise TypeError(f"options must be a dict of the options of '{of}', not {type(options).__name__}.")
    method.check_options(options or {})
    positive_int('samples', samples, MOST)
    number('noise', noise)
    check_seed(seed)


def _run_options(method: Type[Attribution]) -> Tuple[str, ...]:
    return ('seed',) + tuple(name for name in method.run_options if name != 'seed')
