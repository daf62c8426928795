"""Explainer: one method on one target and input, built once and run many times."""
from typing import Any, Optional, Sequence, Union

import numpy as np
import tensorflow.compat.v1 as tf

from . import methods
from .arguments import check_tensors, normalise
from .graph import is_learning_phase
from .methods.base import Model, Run


class Explainer:
    """Attributions of an input X for a target T by one method; made by `DeepExplain.get_explainer`.

    Its symbolic graph is built here and never again. It goes on working after the context has closed, for as long as
    its session does.
    """

    def __init__(self, method: str, T: tf.Tensor, X: Union[tf.Tensor, Sequence[tf.Tensor]], session: tf.Session,
                 **options: Any) -> None:
        if method not in methods.attribution_methods:
            raise RuntimeError('Method must be in %s, not %r.' % (list(methods.attribution_methods), method))
        graph = session.graph
        inputs = check_tensors(T, X, graph)
        self.method, self.session = method, session
        self.T, self.X = T, inputs if isinstance(X, (list, tuple)) else X
        self._inputs = inputs
        self._many = isinstance(X, (list, tuple))
        if graph.finalized:
            raise RuntimeError('The graph is finalized: make the explainer before.')
        attribution = methods.attribution_methods[method]
        attribution.check_options(options)
        # Ops of ours must not end up under whatever scope, control dependency or device the caller is in.
        with graph.as_default(), tf.control_dependencies(None), tf.device(None), tf.name_scope(None):
            with tf.name_scope('deepexplain/' + attribution.__name__):
                self._attribution = attribution(Model(T, inputs, self._many), **options)
        # An explanation is one of the model at inference.
        phases = [op.outputs[0] for op in graph.get_operations() if is_learning_phase(op)]
        self._fixed = {phase.name: np.zeros((), phase.dtype.as_numpy_dtype) for phase in phases}

    def run(self, xs: Any, ys: Any = None, batch_size: Optional[int] = None) -> Any:
        """Attribute the target to the features of some samples.

        Args:
            xs: the samples, of X's shape, converted to X's dtype; for a list of tensors a list of arrays.
            ys: weights of T's units, of T's shape: one-hot rows choose one unit for each sample. By default all units
                are summed.
            batch_size: the most rows of one session call; memory follows it, results do not. By default all samples
                go at once (one step, window or permutation prefix at a time). Where T is one number for all samples,
                it can be no less than their number.

        Returns:
            The attributions, an array of the shape and dtype of xs (shapley_sampling: of the sampled dimensions
            only); for a list of tensors a list of arrays.

        Raises:
            RuntimeError: if the number of inputs is not that of X; if ys has another number of samples or another
                shape than T; if a fixed first dimension of X or T cannot take the batch size, or T has none.
            ValueError: if xs has not the shape of X or is no array of numbers; if batch_size is no positive int.
        """
        inputs = normalise(self._attribution.model.T, self._inputs, self._many, xs, ys, batch_size)
        result = self._attribution.attribute(Run(self.session, self._attribution.model, inputs, self._fixed))
        return result if self._many else result[0]
