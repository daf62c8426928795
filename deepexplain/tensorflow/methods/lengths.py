"""Loops as long as the data say: one symbolic graph of a method for each number of steps that comes up."""
import copy
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Sequence, Tuple, Union

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.asking import Unknown
from ..graph.making import making
from ..runs.batching import Rowing, cuts
from ..runs.model import Model
from ..runs.run import Run

if TYPE_CHECKING:
    from .base import GradientAttribution

#: What a session call has answered, in turn: for which path, and the shape and the numbers of each tensor.
Key = Tuple[Tuple[bool, Tuple[Tuple[Tuple[int, ...], Tuple[int, ...]], ...]], ...]


class Lengths:
    """The builds of a method whose loops take as many steps as only the data tell.

    A session call is asked for the numbers of steps of the rows that the next calls will have; a method whose loops
    take as many is built where there is none yet, and stays.

    Args:
        unbuilt: the method, all of whose options are set.
        unknown: what is to be asked first.
    """

    def __init__(self, unbuilt: 'GradientAttribution', unknown: Unknown) -> None:
        self._unbuilt = unbuilt
        self._found: Dict[Key, Union[GradientAttribution, Exception]] = {(): unknown}

    def each(self, run: Run, call: Callable[['GradientAttribution', Run], List[np.ndarray]]) -> List[np.ndarray]:
        """What the builds return for the samples of a run, those of a session call together."""
        parts = []
        for part in cuts(run.n, run.rowing, run.n):
            samples = np.arange(run.n)[part]
            method = self._of(run, samples)
            method.model.refuse_assumed({**run.feeds.whole, **run.feeds.cut})
            # As many rows in each call as were asked: how many there are may be a number of steps.
            rowing = run.rowing if run.rowing.exact else Rowing(len(samples), run.rowing.mixed, True)
            parts.append(call(method, run.of_samples(samples, [x[samples] for x in run.xs], run.options).on(
                method.model, rowing)))
        return parts[0] if len(parts) == 1 else [np.concatenate(values) for values in zip(*parts)]

    def relevances(self, run: Run, tensors: Sequence[tf.Tensor]) -> List[np.ndarray]:
        """What the builds attribute to tensors of the path."""
        def call(method: 'GradientAttribution', part: Run) -> List[np.ndarray]:
            with making(method.model.T.graph, 'relevances'):
                method.at(tensors)
            return method.relevances(part, tensors)

        return self.each(run, call)

    def _of(self, run: Run, samples: np.ndarray) -> 'GradientAttribution':
        """The build for some samples of a run."""
        key: Key = ()
        while True:
            found = self._found.get(key) or self._build(key)
            if not isinstance(found, Exception):
                return found
            if not isinstance(found, Unknown):
                # It would fail again, and leave as many ops.
                raise found
            values = [np.asarray(value) for value in run.numbers(found.tensors, samples)]
            key += ((found.inference, tuple((one.shape, tuple(int(x) for x in one.ravel())) for one in values)),)

    def _build(self, key: Key) -> Union['GradientAttribution', Exception]:
        old = self._unbuilt.model
        graph = old.T.graph
        if graph.finalized:
            raise RuntimeError('The graph is finalized, and loops of another number of steps than before have to be '
                               'built: run the explainer once for each before.')
        model = Model(old.T, old.X, old.many, old.method, old.together)
        model.shared, model.assumed = old.shared, old.assumed
        for inference, values in key:
            model.answers.setdefault(inference, []).append(
                [np.array(numbers, np.int64).reshape(shape) for shape, numbers in values])
        method = copy.copy(self._unbuilt)
        method.__dict__.update({name: copy.copy(value) for name, value in vars(method).items()
                                if isinstance(value, (list, dict))})
        method.model, method.lengths = model, None
        found: Any = method
        with making(graph, type(method).__name__):
            try:
                method.symbolic = method.build()
                model.build()
            except (Unknown, RuntimeError) as error:
                found = error
        if found is method:
            for name in ('unruled', 'lossy', 'training', 'share'):
                setattr(self._unbuilt, name, getattr(method, name))
        return self._found.setdefault(key, found)
