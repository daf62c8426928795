"""OpenedModel: a context in which to explain a model that was opened from elsewhere."""
from contextlib import ExitStack
from typing import Any, List, Optional

import tensorflow.compat.v1 as tf

from ..context import DeepExplain
from ..explainer import Explainer
from ..rules.advice import OPENED
from ..runs.arguments import flag
from .ends import target_of
from .naming import Layer, Names
from .source import Source


class OpenedModel(DeepExplain):
    """A model in a graph and a session of its own; made by `DeepExplain.open`.

        with DeepExplain.open(model) as de:
            attributions = de.explain('deeplift', de.logits, de.inputs[0], xs, ys='max')

    Leaving the context closes it: the session ends, and with it the explainers. The graph does not become the default
    one, so eager TensorFlow goes on as usual inside the context too; to add ops, use `with de.graph.as_default():`.

    Args:
        source: a session with a model, and what is known of it, as the functions of `opening` return it.
        name: what results call the model. Default None: nothing.

    Raises:
        RuntimeError: the source has no session with a graph.
    """

    def __init__(self, source: Source, name: Optional[str] = None) -> None:
        super().__init__(session=source.session)
        self._name = name
        self.graph.add_to_collection(OPENED, True)
        self._source: Optional[Source] = source
        self._names: Optional[Names] = None

    def __enter__(self) -> 'OpenedModel':
        self._opened()
        self._entered.append(ExitStack())
        return self

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        if not self._entered:
            self.close()

    def _check_entered(self) -> None:
        self._opened()
        super()._check_entered()

    def get_explainer(self, method: Any, T: tf.Tensor, X: Any, rows: Optional[str] = None, **options: Any) -> Explainer:
        """`DeepExplain.get_explainer`; of a file, what `open` would have refused as an output is refused here.

        Args:
            method, T, X, rows, **options: as in `DeepExplain.get_explainer`; layer may be a name, as `tensor` takes it.

        Returns:
            An `Explainer`.

        Raises:
            RuntimeError, TypeError: as `DeepExplain.get_explainer`.
            ValueError: T hangs on an op that `open` refuses, or there is no such layer.
        """
        self._check_entered()
        if isinstance(options.get('layer'), str):
            options['layer'] = self.tensor(options['layer'])
        guard = self._opened().guard
        if guard is not None and isinstance(T, tf.Tensor):
            # What else the model takes may be fed in the runs.
            guard.check([T], self.inputs + [x for x in tf.nest.flatten(X) if isinstance(x, tf.Tensor)])
        explainer = super().get_explainer(method, T, X, rows, **options)
        explainer._origin = self._name
        explainer._start.names = [self._naming().called(x) for x in tf.nest.flatten(X)]
        return explainer

    def close(self) -> None:
        """End the session and give its memory back; more than once is no error."""
        if self._source is not None:
            self.session.close()
            self._source = self._names = None
            self._explainers.clear()
            # Whoever keeps this object shall not keep the weights.
            del self.session, self.graph

    @property
    def inputs(self) -> List[tf.Tensor]:
        """The tensors that the model takes: in its order, those in dicts and signatures in that of the sorted keys."""
        return list(self._opened().inputs)

    @property
    def outputs(self) -> List[tf.Tensor]:
        """The tensors that the model gives."""
        return list(self._opened().outputs)

    @property
    def logits(self) -> tf.Tensor:
        """What the model's scores are before a final softmax or sigmoid: the tensor to explain.

        The output that is called 'logits', else of the first output what goes into the Softmax, LogSoftmax or Sigmoid
        that makes it, or that output itself. Outputs of a signature are in no order, and those of a graph that has
        none in that of their making: there the first that is made by one of these, else the first of floats.

        Raises:
            ValueError: the model has no outputs, or none of floats.
        """
        return target_of(self._opened())

    def tensor(self, name: str) -> tf.Tensor:
        """A tensor by the name of a layer, of an input or output, or of the graph.

        The output of a Keras layer has the layer's name ('dense'), inside another model the path to it ('base/dense',
        or 'dense' if that is the only one). Where there are several, as the layer has several outputs or was called
        more than once, they are 'dense:0' and 'dense:1', in order. Names of the graph are those of ops or of tensors
        ('block/Relu', 'block/Relu:0'), or of a scope, whose only tensor that is read outside of it is meant. The
        end of a name ('Relu') will do where no other op between the ends of the model is called so.

        Args:
            name: such a name, a string.

        Returns:
            A tensor of the graph.

        Raises:
            ValueError: there is none, with names that are like it, or more than one.
        """
        return self._naming().tensor(name)

    def layers(self, every: bool = False) -> List[Layer]:
        """What can be targeted: the inputs, and tensors of floats between the inputs and the outputs.

        Args:
            every: list what every op makes. By default (False) that is so only for models without Keras layers; for
                others it is what the layers put out, in the order of their calls.

        Returns:
            A list of `Layer`: name, as `tensor` takes it, op_type, shape, dtype and the tensor.

        Raises:
            ValueError: every is no bool.
        """
        return self._naming().layers(flag('every', every))

    def refresh(self) -> None:
        """Take the present weights of the model that was opened. Explainers go on with them; nothing is built anew.

        Until then the weights are those of the moment of opening, whatever happens to the model. Weights only are
        taken: after a change of the model itself (layers added, a threshold in Python code), open it again.

        Raises:
            RuntimeError: the model came from a file, which has no present weights; or this is called inside of a
                graph, where eager weights cannot be read.
        """
        reload = self._opened().reload
        if reload is None:
            raise RuntimeError('refresh: the model came from a file: open it again for what the file holds now.')
        reload()

    def _opened(self) -> Source:
        if self._source is None:
            raise RuntimeError('The model is closed, as its context was left: open it again.')
        return self._source

    def _naming(self) -> Names:
        if self._names is None:
            self._names = Names(self._opened())
        return self._names
