"""DeepExplain: the user's door."""
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple, Union

import tensorflow.compat.v1 as tf

from .explainer import Explainer
from .graph import compat
from .messages import warn
from .methods import attribution_methods
from .methods.noise_tunnel import NoiseTunnel, named
from .rules.activations import overrides, registered_rules
from .runs.arguments import flag, is_together
from .runs.keys import Keys, Same
from .runs.targets import final_squashing

if TYPE_CHECKING:
    from .opening.model import OpenedModel

#: What those are told who pass no session.
_OPEN = 'for a Keras model, a tf.function or the path of a model use DeepExplain.open(model)'


class DeepExplain:
    """A context in which to explain the tensors of a graph.

        with DeepExplain(session=sess) as de:
            attributions = de.explain('deeplift', T, X, xs, ys=ys)

    Inside it the graph is the default one, and activations that are created carry `_gradient_op_type` =
    `DeepExplainGrad`; they have their ordinary gradient outside of an explanation, so training inside is ordinary
    training. Models built elsewhere are explained as well. On exit everything is as before. The context nests, may be
    entered again, and explainers made inside go on working after it.

    Args:
        graph: the graph to explain; by default the session's.
        session: the session that holds the model's weights: by default the default session, else Keras's.
        **others: None is taken: what stands here is refused by name.

    Raises:
        RuntimeError: if no session is found, or it runs another graph than `graph`.
        TypeError: for other arguments: a model is opened by `DeepExplain.open`.
    """

    def __init__(self, graph: Optional[tf.Graph] = None, session: Optional[tf.Session] = None, **others: Any) -> None:
        for name in others:
            raise TypeError(f"DeepExplain takes graph and session, and no '{name}'; {_OPEN}.")
        if graph is not None and not isinstance(graph, tf.Graph):
            raise RuntimeError('DeepExplain: graph must be a tf.Graph, not %s; a session is given by name, as '
                               'DeepExplain(session=your_session); %s.' % (type(graph).__name__, _OPEN))
        self.session = _find_session(graph) if session is None else session
        if not isinstance(getattr(self.session, 'graph', None), tf.Graph):
            raise RuntimeError('DeepExplain: session must be a session with a graph, such as tf.compat.v1.Session, not '
                               f'{type(self.session).__name__}; {_OPEN}.')
        self.graph = self.session.graph
        if graph is not None and graph is not self.graph:
            raise RuntimeError('DeepExplain: graph must be the graph of the session, not another one.')
        self._entered: List[ExitStack] = []
        self._explainers: Dict[Tuple, Explainer] = {}
        self._keys = Keys()
        self._hinted: Set[str] = set()
        self._lock = threading.RLock()

    def __enter__(self) -> 'DeepExplain':
        with ExitStack() as stack:
            stack.enter_context(self.graph.as_default())
            stack.enter_context(self.graph.gradient_override_map(overrides()))
            self._entered.append(stack.pop_all())
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    @staticmethod
    def open(source: Any, signature: Optional[str] = None, tags: Optional[Sequence[str]] = None,
             checkpoint: Optional[str] = None, input_signature: Optional[Sequence[Any]] = None,
             custom_objects: Optional[Mapping[str, Any]] = None, inputs: Optional[Sequence[str]] = None,
             outputs: Optional[Sequence[str]] = None, config: Optional[tf.ConfigProto] = None,
             safe_mode: bool = True) -> 'OpenedModel':
        """Open a model of any kind in a graph and a session of its own.

            with DeepExplain.open(model) as de:
                attributions = de.explain('deeplift', de.logits, de.inputs[0], xs, ys='max')

        Eager execution elsewhere in the process goes on, and the model itself is not changed. Weights are copied at
        opening; `refresh()` copies those of a model in this process again, without building any explainer anew.

        Args:
            source: a Keras model (Keras 3 on TensorFlow, tf_keras, tf.keras, keras 2; eager or in a graph), at
                inference; a tf.function or a ConcreteFunction; or the path of a `.keras` or `.h5` file, of the folder
                of a SavedModel (TensorFlow 1 or 2), of a frozen GraphDef (`.pb`, `.pbtxt`), of a MetaGraph (`.meta`)
                or of a checkpoint that has one.
            signature: which signature of a SavedModel: by default 'serving_default', or the only one.
            tags: which graph of a SavedModel: by default that for serving, or the only one.
            checkpoint: the checkpoint of a MetaGraph, where it is not the one of the same name beside it.
            input_signature: tf.TensorSpecs of what a function, or a Keras model of no known inputs, is called with: a
                list with one for each argument (also a RaggedTensorSpec, or a dict or list of them), or a dict.
            custom_objects: the classes and functions of your own that a `.keras` or `.h5` file needs, by name. What
                stands under the name of a layer takes the place of a lambda that the file has there.
            inputs, outputs: names of tensors that are to be `inputs` and `outputs` (see `OpenedModel.tensor`). For a
                graph without signatures these are by default its placeholders, and the tensors of floats that hang
                on them and that nothing reads.
            config: the tf.compat.v1.ConfigProto of the session. By default TensorFlow's, without its graph optimizer
                where the model has loops, of which it makes nothing faster and the first run much slower.
            safe_mode: for files. True (default) refuses one that would run Python code, read or write other files or
                talk to other processes, before anything of it is built or run. False allows that with one warning;
                it is nothing for models in this process, whose code is here already.

        Returns:
            An `OpenedModel`: a context as this one, which knows its `inputs`, `outputs`, `logits` and layers.

        Raises:
            TypeError: the source is nothing of these, or does not take an option that is given.
            ValueError: it cannot be read, is refused by `safe_mode`, or has no such signature, tags or tensor; with
                what there is.
            RuntimeError: its weights are eager and eager execution is off here.
        """
        from .opening import opened
        return opened(source, dict(signature=signature, tags=tags, checkpoint=checkpoint, config=config,
                                   input_signature=input_signature, custom_objects=custom_objects,
                                   safe_mode=safe_mode), inputs, outputs)

    def _check_entered(self) -> None:
        if not self._entered:
            raise RuntimeError('Explain can be called only within a DeepExplain context.')

    def get_explainer(self, method: Union[str, NoiseTunnel], T: tf.Tensor, X: Any, rows: Optional[str] = None,
                      **options: Any) -> Explainer:
        """Build an explainer, to be run many times.

        Args:
            method: a name of `deepexplain.tensorflow.methods.attribution_methods`, or what `noise_tunnel` returns.
            T: the target, a tensor of any rank of which the first axis is the samples. Its units are summed, weighed
                by the `ys` of each run.
            X: the input to attribute to: a placeholder or an inner tensor of floats that T depends on, its first axis
                the samples; or a list or tuple of such tensors.
            rows: 'together' where all rows of X are parts of one sample, such as the nodes of a graph. Then xs is one
                sample, of X's shape, several inputs may have different numbers of rows, and T may have any; a baseline
                has the shape of xs, references one more axis in front, windows and masks that of all of xs, and
                dimensions count from 0; ys says for each row of T what it says for each sample, or a tuple of as many
                ints as T has axes names one unit; a delta is one number. Default None: rows are samples.
            **options: the method's own (see its class in `deepexplain.tensorflow.methods`).

        Returns:
            An `Explainer`; see its `run`.

        Raises:
            RuntimeError: outside of the context; for an unknown method; if T or X is no tensor of the graph; if T does
                not depend on X, or only through an op without a gradient. All this is found before anything is added
                to the graph, which cannot lose ops; what fails in a rule of yours, or in TensorFlow, while the
                explainer is built may leave some that nobody reads.
            TypeError: for an option that the method does not have.
        """
        self._check_entered()
        explainer = Explainer(method, T, X, self.session, rows, **options)
        squashing = final_squashing(T)
        if squashing is not None and T.name not in self._hinted:
            self._hinted.add(T.name)
            warn("T ('%s') is the output of a %s, which saturates: consider what goes into it, '%s'." % (
                T.name, squashing.type, squashing.inputs[0].name))
        return explainer

    def explain(self, method: Union[str, NoiseTunnel], T: tf.Tensor, X: Any, xs: Any = None, ys: Any = None,
                batch_size: Optional[int] = None, feed_dict: Optional[Mapping[Any, Any]] = None,
                return_convergence_delta: bool = False, show_progress: bool = False, ids: Any = None,
                shared: Any = None, per_sample: Any = None, rows: Optional[str] = None, as_result: bool = False,
                **options: Any) -> Any:
        """Attributions of X for T: `get_explainer(method, T, X, **options).run(xs, ys, ...)`.

        The explainer is kept, so that calling again with the same method, T, X and options adds nothing to the graph;
        baselines, references and seeds may differ. Options are the same where their values are: arrays by content,
        rules by their class and attributes, so that one that was changed or defined anew makes an explainer anew.
        Functions are the same only as the same object: one that is made in each call (a lambda in the call) is better
        given once, to `get_explainer`.

        Args:
            method, T, X, rows, **options: as in `get_explainer`.
            xs, ys, batch_size, feed_dict, return_convergence_delta, show_progress, ids, shared, per_sample: as in
                `Explainer.run`.
            as_result: whether the result is an `Attributions`. Default False.

        Returns:
            What `Explainer.run` returns: arrays of the shape of xs; with as_result=True what `Explainer.explain`
            returns, an `Attributions` that knows its samples, units, scores and names, and its delta where the method
            has one.

        Raises:
            RuntimeError, TypeError, ValueError: as `get_explainer` and `Explainer.run`.
        """
        self._check_entered()
        method, options = named(method, options)
        as_result = flag('as_result', as_result)
        flag('return_convergence_delta', return_convergence_delta)
        flag('show_progress', show_progress)
        for_run: Dict[str, Any] = {}
        if isinstance(method, str) and method in attribution_methods:
            options, for_run = attribution_methods[method].split(options)
        many = isinstance(X, (list, tuple))
        is_together(rows)

        def key() -> Tuple:
            rules = tuple((name, tuple(map(Same, rule))) for name, rule in sorted(registered_rules().items()))
            return (str(method), rules, id(T), many, tuple(id(x) for x in X) if many else id(X), rows,
                    self._keys.of(options))

        with self._lock:
            found = key()
            if found not in self._explainers:
                explainer = self.get_explainer(method, T, X, rows, **options)
                # A rule may note something down while it is asked, which is to be no reason to ask it again.
                self._explainers[found] = self._explainers[key()] = explainer
            explainer = self._explainers[found]
        if as_result:
            return explainer.explain(xs, ys, batch_size, feed_dict, True if return_convergence_delta else None,
                                     show_progress, ids, shared, per_sample, **for_run)
        return explainer.run(xs, ys, batch_size, feed_dict, return_convergence_delta, show_progress, ids, shared,
                             per_sample, **for_run)


def _find_session(graph: Optional[tf.Graph]) -> tf.Session:
    session = tf.get_default_session()
    if session is None and not tf.executing_eagerly():
        session = compat.keras_session(tf.get_default_graph() if graph is None else graph)
    if session is not None:
        return session
    if tf.executing_eagerly():
        raise RuntimeError('DeepExplain explains graphs on a session, and eager execution is on: '
                           f'{_OPEN}. Otherwise pass the tf.compat.v1.Session of an explicit tf.Graph as '
                           'DeepExplain(session=your_session), or call tf.compat.v1.disable_eager_execution() before '
                           'the model is built.')
    raise RuntimeError('DeepExplain: could not retrieve a session. Use DeepExplain(session=your_session).')
