"""The beginning of a run: what it is asked for is checked and put in order, X and T's weights are found."""
from typing import Any, Callable, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .graph.chance import Chance
from .graph.choices import differs
from .graph.path import Path
from .graph.phases import is_learning_phase
from .methods import Attribution
from .rules.advice import UNRULED
from .runs.arguments import check_rows, check_samples, positive_int
from .runs.batching import Rowing, sweep
from .runs.belongings import Belongings, Said, check_fixed, check_said
from .runs.chosen import refuse_rank, top_of
from .runs.feeds import Belongs, Feeds, arrange, check_feed, check_needs, placeholders_of
from .runs.largest import no_row_each
from .runs.names import check_index
from .runs.run import Run
from .runs.seeds import check_ids
from .runs.several import find_several
from .runs.tables import Labels, arranged
from .runs.targets import check_ys, weights
from .runs.together import check_whole, weights_together


class Start:
    """Begins the runs of one explainer: called with the arguments of `Explainer.run`, it returns a checked run."""

    def __init__(self, session: tf.Session, attribution: Attribution, chance: Optional[Chance]) -> None:
        model = attribution.model
        self._session, self._T = session, model.T
        self._attribution, self._chance = attribution, chance
        self._inputs, self._many, self._together = model.X, model.many, model.together
        self._belongings = Belongings(self._T, self._inputs)
        #: What the inputs are called in tables.
        self.names = [x.op.name for x in self._inputs]
        self._needed = placeholders_of(self._T, [x.name for x in self._inputs])
        # An explanation is one of the model at inference.
        phases = [op.outputs[0] for op in session.graph.get_operations() if is_learning_phase(op)]
        self._fixed = {phase.name: np.zeros((), phase.dtype.as_numpy_dtype) for phase in phases}

    def __call__(self, xs: Any, ys: Any, batch_size: Optional[int], feed_dict: Optional[Mapping[Any, Any]],
                 options: Mapping[str, Any], ids: Any = None, shared: Any = None, per_sample: Any = None,
                 several: bool = False, prepare: bool = True) -> Run:
        """A run.

        Args:
            several: whether ys may name several units that are explained one beside another.
            prepare: whether the method is to check what it was told.
        """
        attribution = self._attribution
        model = attribution.model
        xs, labels = (None, Labels()) if xs is None else arranged(xs, self._inputs, self._many, self.names)
        check_index('ys', ys, labels.samples)
        check_index('ids', ids, labels.samples)
        for name in options:
            if name not in attribution.run_options:
                raise TypeError('run of %s takes no option %r; %s.' % (
                    model.method, name, 'it takes ' + ', '.join(attribution.run_options) if attribution.run_options
                    else 'it takes none'))
        if self._together and batch_size is not None:
            raise RuntimeError("batch_size must be left out with rows='together': all rows of X are one sample, which "
                               'a session call takes whole.')
        if not several and top_of(ys) is not None:
            raise RuntimeError(f"ys={ys!r} explains several units one beside another, as `explain` and `Explainer.run` "
                               "do: here there is one target, such as 'max' or a unit.")
        if top_of(ys) is not None:
            refuse_rank(ys, self._T, self._T.shape.ndims)
        pairs = check_feed(feed_dict, model.path, self._T, xs is None)
        said = check_said(shared, per_sample, pairs, self._session.graph)
        if self._together and said.per_sample:
            raise RuntimeError("per_sample must be left out with rows='together': there is one sample, and what is fed "
                               'is fed whole.')
        for tensor, array in pairs:
            if differs(tensor.name, array, attribution.settled):
                value = attribution.settled[tensor.name]
                raise RuntimeError("feed_dict['%s'] must be %s: %s explains the model at inference, and takes this for "
                                   'what switches training on. If it is not, give it another name, or take %s.' % (
                                       tensor.name, 'left out' if value is None else 'on' if value else 'off',
                                       model.method, UNRULED))
        model.refuse_assumed({tensor.name: array for tensor, array in pairs})
        fed = [tensor.name for tensor, _ in pairs] + list(self._fixed)
        if xs is None and not pairs:
            raise RuntimeError('xs may be left out only where feed_dict says what X is made of.')
        check_needs(self._T, self._needed, self._inputs, fed)
        if self._chance is not None:
            self._chance.check(pairs)
        if xs is None:
            # All that can be refused without the samples.
            attribution.check_run(options)
            check_ys(ys)
            xs = self._evaluate_inputs(pairs, fed, batch_size, said)
            pairs = [pair for pair in pairs if not self._is_input(pair[0])]
        if self._together:
            run = Run(self._session, model, check_whole(self._inputs, self._many, xs), Rowing(1, True, True),
                      self._whole(pairs), options)
            run.ids, run.labels = check_ids(0 if ids is None else ids, 1), labels._replace(samples=None)
            if prepare:
                attribution.prepare(run)
            self._find_weights(run, ys, lambda: weights_together(ys, model.T, lambda: _values(run, model.T)))
            return run
        arrays = check_samples(self._inputs, self._many, xs)
        n = len(arrays[0])
        check_fixed(pairs, n, batch_size, self._inputs, said, self._belongings)
        feeds = arrange(pairs, n, self._fixed, said.shared, said.per_sample, self._belongings.to_samples,
                        self._belongings.doubt)
        rowing = check_rows(model.T, self._inputs, n, batch_size, model.footprint.rows(arrays),
                            feeds.sized)
        run = Run(self._session, model, arrays, rowing, feeds, options)
        run.labels = labels
        run.ids, run.sized = None if ids is None else check_ids(ids, n), batch_size is not None
        if prepare:
            attribution.prepare(run)
        self._find_weights(run, ys, lambda: weights(ys, model.T, run.n, lambda: _values(run, model.T)))
        return run

    def _find_weights(self, run: Run, ys: Any, apart: Callable[[], Optional[np.ndarray]]) -> None:
        """Let the calls of a method that can find the weights of T's units, or find them by calls of their own."""
        top = top_of(ys)
        if top is not None:
            several, scores = find_several(ys, top, self._T, run.n, self._together,
                                           lambda any_: _values(run, self._T, any_))
            run.explain(several, scores)
        elif isinstance(ys, str) and ys == 'max' and self._attribution.model.choice is not None:
            run.choose(apart)
        else:
            run.ys = apart()

    def _whole(self, pairs: List[Tuple[tf.Tensor, np.ndarray]]) -> Feeds:
        """What is fed, the same for every call."""
        return arrange(pairs, 0, self._fixed, (), (), lambda tensor: Belongs(False, False), lambda name, guess: None)

    def _evaluate_inputs(self, pairs: List[Tuple[tf.Tensor, np.ndarray]], fed: List[str],
                         batch_size: Optional[int], said: Said) -> Any:
        """The values of X from the feed alone."""
        for x in self._inputs:
            if x.name in said.shared:
                raise ValueError(f"shared must not name X ('{x.name}'): it has a row for each sample.")
            check_needs(x, placeholders_of(x, fed), [], fed)
        given = {tensor.name: array for tensor, array in pairs if self._is_input(tensor)}
        rest = [x for x in self._inputs if x.name not in given]
        sizes = {len(array) for tensor, array in pairs if array.ndim and tensor.name not in said.shared and (
            tensor.name in said.per_sample or tensor.name in given or not said.per_sample and (
                tensor.shape.ndims is None or tensor.shape.as_list()[0] is None))}
        if sizes == {0}:
            raise RuntimeError('feed_dict must have at least one sample for X to be made of, not %s.' % _empty(pairs))
        pairs = [(tensor, array) for tensor, array in pairs
                 if tensor.name not in given or any(Path([tensor], x).ops for x in rest)]
        if rest and self._together:
            values = self._session.run(rest, self._whole(pairs).rows(np.arange(0)))
        elif rest:
            n = sizes.pop() if len(sizes) == 1 else 0
            feeds = arrange(pairs, n, self._fixed, said.shared, said.per_sample if n else (),
                            self._belongings.to_inputs, self._belongings.doubt)
            size = n or 1
            if batch_size is not None:
                size = min(size, positive_int('batch_size', batch_size))
            parts = [self._session.run(rest, feeds.rows(np.arange(start, min(start + size, n))))
                     for start in range(0, n or 1, size)]
            values = [np.concatenate(arrays) for arrays in zip(*parts)]
            for x, value in zip(rest, values):
                if not len(value):
                    raise RuntimeError("X ('%s') has no samples where feed_dict holds %s." % (
                        x.name, _empty(pairs) or 'what it does'))
        given.update(zip([x.name for x in rest], values if rest else ()))
        xs = [given[x.name] for x in self._inputs]
        return xs if self._many else xs[0]

    def _is_input(self, tensor: tf.Tensor) -> bool:
        return any(tensor is x for x in self._inputs)


def _empty(pairs: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> str:
    """What of a feed_dict has no rows, for messages."""
    return ', '.join(f"'{tensor.name}' of the shape {array.shape}" for tensor, array in pairs if 0 in array.shape[:1])


def _values(run: Run, T: tf.Tensor, any_: bool = False) -> np.ndarray:
    """T on the samples of a run, or on any of them, as many as one call has."""
    parts = []
    for rows in sweep(run.n, 1, run.rowing):
        value = run.evaluate([T], rows.samples, run.inputs(rows))[0]
        if len(value) != len(rows.samples):
            raise no_row_each(T.name, len(value), len(rows.samples))
        parts.append(value)
        if any_:
            break
    return np.concatenate(parts)
