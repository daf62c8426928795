"""Explainer: one method on one target and input, built once and run many times."""
import logging
from typing import Any, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

import numpy as np
import tensorflow.compat.v1 as tf

from ..results.origin import plain
from . import methods
from .explaining import Explaining
from .finishing import finish
from .graph.chance import Chance
from .graph.making import making
from .graph.ways import warn_of_ways
from .judging import judge
from .messages import close_to, warn
from .methods.noise_tunnel import NoiseTunnel, named
from .rules.cuts import refuse_ids
from .runs.arguments import check_inner, check_tensors, flag, is_together
from .runs.model import Model
from .runs.run import Run
from .runs.seeds import repeated
from .runs.streams import batch_by_batch, iterate, pairs_of
from .runs.targets import check_target
from .runs.together import warn_of_mixing
from .starting import Start

_log = logging.getLogger('deepexplain')


class Explainer(Explaining):
    """Attributions of an input X for a target T by one method; made by `DeepExplain.get_explainer`.

    Its symbolic graph is built here and never again; but for methods with rules on loops of as many steps as only the
    data tell, where the first run of each number builds one, and for several units at once (ys='all'), whose ways back
    through the model are built when they are first asked for. It goes on working after the context has closed, for as
    long as its session does, and may be run from several threads at once.

    Args:
        method, T, X, rows, **options: as in `DeepExplain.get_explainer`.
        session: the session that holds the model's weights, of the graph of T and X.

    Raises:
        RuntimeError, TypeError: as `DeepExplain.get_explainer`.

    Attributes:
        has_convergence_delta: whether `return_convergence_delta` is defined for the method.
        parts: of fullgrad, what its parts are of: 'X', and the names of the tensors where biases are added.
        layer: the inner tensor that a class activation map is made of, or that conductance attributes to; else None.
    """

    def __init__(self, method: Union[str, NoiseTunnel], T: tf.Tensor, X: Union[tf.Tensor, Sequence[tf.Tensor]],
                 session: tf.Session, rows: Optional[str] = None, **options: Any) -> None:
        method, options = named(method, options)
        if not isinstance(method, str) or method not in methods.attribution_methods:
            close = close_to(method, methods.attribution_methods).strip()
            raise RuntimeError('%sMethod must be in %s, not %r.' % (
                close and close + ' ', list(methods.attribution_methods), method))
        together = is_together(rows)
        graph = session.graph
        inputs = check_tensors(T, X, graph)
        check_target(T, inputs)
        self.method, self.session, self._options = method, session, plain(options)
        self.T, self.X = T, inputs if isinstance(X, (list, tuple)) else X
        self._inputs = inputs
        self._many, self._together = isinstance(X, (list, tuple)), together
        if graph.finalized:
            raise RuntimeError('The graph is finalized: make the explainer before (a MonitoredSession finalizes its '
                               'graph; use a tf.compat.v1.Session).')
        attribution = methods.attribution_methods[method]
        attribution.check_options(options)
        if attribution.differentiates:
            refuse_ids(T, inputs)
        with making(self.session.graph, attribution.__name__):
            self._attribution = attribution(Model(T, inputs, self._many, method, self._together), **options)
            self._attribution.model.build()
        if self._attribution.evaluates and self._attribution.model.unused:
            warn("T ('%s') does not use %s: attributions are zeros there." % (T.name, ' and '.join(
                f"'{x.name}'" for x in inputs if x.name in self._attribution.model.unused)))
        if self._attribution.differentiates:
            warn_of_ways(inputs, T, self._attribution.shares)
        chance = Chance(inputs, T, self._attribution.settled, together) if self._attribution.evaluates else None
        _log.debug("built an explainer of '%s' with respect to %s by %s", T.name, [x.name for x in inputs], method)
        if chance is not None and not together and not chance.of_batch:
            warn_of_mixing(T, self._attribution.model.rowed.meetings)
        self.has_convergence_delta = self._attribution.has_convergence_delta and not self._attribution.form
        self.parts: List[str] = getattr(self._attribution, 'parts', [])
        self.layer = self._attribution.inner
        self._start = Start(session, self._attribution, chance)

    def run(self, xs: Any = None, ys: Any = None, batch_size: Optional[int] = None,
            feed_dict: Optional[Mapping[Any, Any]] = None, return_convergence_delta: bool = False,
            show_progress: bool = False, ids: Any = None, shared: Any = None, per_sample: Any = None,
            **options: Any) -> Any:
        """Attribute the target to the features of some samples.

        Args:
            xs: the samples, of X's shape, converted to X's dtype; for a list of tensors a list of arrays or a dict; or
                tables (`runs.tables`). None if X is to be evaluated from the feed_dict, which may hold some of X then.
            ys: which of T's units to explain. Weights of T's shape, (n,) + the shape of T's units; an int, the unit
                of all samples; n ints, one for each sample; for T of a rank of 3 or more a tuple of ints, the place of
                the unit, or a label map, ints of T's shape but for the last axis, the unit of each place (-1: none);
                'max' or 'second', each sample's largest unit at the input itself or the next; or a tuple of two of
                these with a name in it, as ('max', 3): the first less the second. For T of rank 1 numbers are always
                weights. By default all units are summed. Several attributions at once, for T of shape (n, units):
                'all', one of each unit; 'top3', one of each sample's 3 largest (see `largest`); a call of the model
                serves all units, of methods by gradients up to 10, which are held at a time.
            batch_size: the most rows of one session call; memory follows it, results do not. Samples, steps, windows,
                permutation prefixes and references are all rows. By default as many as keep the largest tensor
                between X and T within 200 MiB (TensorFlow 1.15, and where there is a loop: 25) and all of them within
                3 GiB, of which a third is held at a time (`runs.batching`). Where T is one number for all samples, it
                can be no less than their number.
            feed_dict: values for what else T needs, by tensor or tensor name; nothing of what lies between X and T.
                A value whose rows go along with the samples, by the graph or by what is said below, is cut along with
                them; others are passed whole.
            return_convergence_delta: return a pair (attributions, delta): delta, float64 of shape (n,), is the sum of
                a sample's attributions minus what it should be, T(x) - T(baseline) (elrp, lrp.*, deep_taylor: T(x)).
            show_progress: whether a bar of tqdm counts evaluations of samples.
            ids: the numbers that the samples go by, n ints, or an int, the number of the first, from which they count
                on. What a method draws for a sample hangs on the seed and on its number alone. Default: 0 to n - 1.
            shared, per_sample: a tensor (or its name) or a list of them, among those of the feed_dict: what is the
                same for all samples (a support set, a memory), and what has one row for each of them. To be said where
                the graph does not show it, of which a warning tells.
            **options: `baseline`, `references` or `seed` for this run, in place of the explainer's, for methods that
                have them; of an explainer with a `feature_mask`, another one.

        Returns:
            The attributions, an array of the shape and dtype of xs (shapley_sampling: of the sampled dimensions
            only; a method in noise: as without); for a list of tensors a list of arrays. Of several units these have
            an axis of units in front, (units, n, ...), and so has delta, (units, n): 1000 units take 1000 times as
            much memory as xs.

        Raises:
            RuntimeError: if the number of inputs is not that of X; if ys has another number of samples or another
                shape than T; if a fixed first dimension of X or T cannot take the batch size, or T has none; if T
                needs a placeholder that nobody feeds.
            ValueError: if xs has not the shape of X or is no array of numbers; if batch_size is no positive int; if
                ys names a unit that T has not, or is not finite; for ids of another number than the samples.
            TypeError: for an option that the method does not have.
        """
        flag('show_progress', show_progress)
        with_delta = self._wants_delta(return_convergence_delta)
        run = self._start(xs, ys, batch_size, feed_dict, options, ids, shared, per_sample, several=True)
        returned, delta = self._finish(run, with_delta, show_progress)
        return (returned, delta) if with_delta else returned

    def _finish(self, run: Run, with_delta: bool, show_progress: bool = False) -> Tuple[Any, Optional[np.ndarray]]:
        """What `run` returns of a run that has begun, and its delta where that is wanted."""
        result, delta = finish(self._attribution, run, with_delta, show_progress)
        if self._together:
            # There is one sample; of several units the first axis is theirs.
            one = 0 if run.several is None else (slice(None), 0)
            result, delta = [each[one] for each in result], delta if delta is None else delta[one]
        return result if self._many and not self._attribution.per_group else result[0], delta

    def relevances(self, tensors: Sequence[tf.Tensor], xs: Any = None, ys: Any = None,
                   batch_size: Optional[int] = None, feed_dict: Optional[Mapping[Any, Any]] = None,
                   shared: Any = None, per_sample: Any = None, **options: Any) -> List[np.ndarray]:
        """Attribute the target to inner tensors of the model, all in the same run.

        By methods that pass gradients or relevance from T to X: at each tensor what arrives there is made an
        attribution as it is at X (elrp: times the tensor, deeplift: times its difference from the baseline's,
        lrp: the relevance itself). intgrad attributes to each tensor by itself along the straight line from its
        value at the baseline to its value at the input.

        Args:
            tensors: tensors of floats between X and T, their first axis the samples; T itself and X may be among
                them. The graph grows the first time that the same list is asked for.
            xs, ys, batch_size, feed_dict, shared, per_sample, **options: as in `run`.

        Returns:
            A list of one array for each tensor, of its shape and dtype.

        Raises:
            RuntimeError: if a tensor does not lie between X and T, or the method passes no gradient; and as `run`.
        """
        attribution = self._attribution
        if attribution.form and attribution.form.axes:
            raise RuntimeError(f'relevances is not defined for {attribution.said}: with multipliers=True it is.')
        inner = check_inner(tensors, attribution.model.path)
        with making(self.session.graph, 'relevances'):
            attribution.at(inner)
        run = self._start(xs, ys, batch_size, feed_dict, options, None, shared, per_sample)
        found = attribution.relevances(run, inner)
        judge(attribution, run, found)
        return [one[0] for one in found] if self._together else found

    def fit_patterns(self, xs: Any = None, batch_size: Optional[int] = None,
                     feed_dict: Optional[Mapping[Any, Any]] = None, estimator: str = 'relu', shared: Any = None,
                     per_sample: Any = None) -> List[np.ndarray]:
        """Find the patterns of pattern.net and pattern.attribution in data, in place of those there were.

        Args:
            xs, batch_size, feed_dict, shared, per_sample: as in `run`; best all the data that the model was trained
                on. Memory follows batch_size alone.
            estimator: 'relu' (default): of each layer that an activation follows, only outputs above 0 count (the
                two-component estimator); 'linear': all outputs of all layers count.

        Returns:
            The patterns, one array for each layer in the order of their making, of its weights' shape: what the option
            `patterns` takes.

        Raises:
            RuntimeError: if the method has no patterns, or a layer is of a kind that cannot be fitted; and as `run`.
            ValueError: for another estimator.
        """
        attribution = self._attribution
        if not isinstance(attribution, methods.PatternNet):
            raise RuntimeError(f'fit_patterns is for pattern.net and pattern.attribution, not for {self.method}.')
        with making(self.session.graph, 'patterns'):
            attribution.begin_fit(estimator)
        attribution.fit(self._start(xs, None, batch_size, feed_dict, {}, None, shared, per_sample), estimator)
        return [np.array(pattern) for pattern in attribution.patterns or []]

    def run_batches(self, batches: Iterable[Any], labels: bool = False, **arguments: Any) -> Iterator[Any]:
        """Attribute batch by batch, in order, with the memory of one batch at a time.

        What is drawn is the same as if all samples were in one run, however they are cut into batches: their numbers
        (`ids`) go on from batch to batch, and from a generator or numpy's global state all draw alike.

        Args:
            batches: yields what `run` takes as xs, or a dict of arguments of `run` (`xs`, `ys`, `feed_dict`, ...): a
                generator, say, or slices of a memmap.
            labels: True where it yields pairs (xs, ys), as data sets for training do, ys what `run` takes as ys.
            **arguments: further arguments of `run` for every batch; `ids` may be the int of the first sample.

        Yields:
            What `run` returns for each batch.

        Raises:
            RuntimeError: with the index of a batch that cannot be run; what was yielded before stands.
            TypeError, ValueError: if batches cannot be iterated over, or is one dict; if ids for all are no int.
        """
        if isinstance(batches, dict) or not hasattr(batches, '__iter__'):
            raise TypeError('batches must be an iterable of batches, each what run takes as xs or a dict of its '
                            f'arguments, not {type(batches).__name__}.')
        each = pairs_of(batches, arguments) if flag('labels', labels) else iterate(batches)
        return batch_by_batch(each, arguments, self.run, self._inputs, self._many, repeated(
            arguments.get('seed'), self._attribution.seed) if 'seed' in self._attribution.run_options else None,
            self._attribution.check_all)
