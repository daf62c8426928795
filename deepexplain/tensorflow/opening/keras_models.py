"""Keras models of every kind: Keras 3, tf_keras, tf.keras and keras 2, eager or in a graph, and their files."""
import inspect
import re
import sys
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from ..graph import compat
from .functions import from_concrete
from .graphs import copied, from_live
from .keras_calls import Called, called_with
from .keras_code import CODE
from .keras_files import read
from .lambdas import with_functions
from .reasons import missing, reason
from .safety import Guard
from .source import OpenError, Source, new_session
from .sublayers import Calls, Layer, layers_of, noting, outputs_of, with_other_names
from .tables import with_lookups


def is_keras_model(source: Any) -> bool:
    """Whether this is a model of some Keras."""
    return any(one.__name__ == 'Model' and one.__module__.split('.')[0] in (
        'keras', 'tf_keras', 'tensorflow', 'tensorflow_core') and 'keras' in one.__module__
        for one in type(source).__mro__)


def from_keras(model: Any, config: Optional[tf.ConfigProto], input_signature: Optional[Sequence[Any]] = None) -> Source:
    """A Keras model in a graph of its own."""
    if not _is_eager(model):
        if input_signature is not None:
            raise TypeError('open: input_signature is for models that have no inputs yet, and this one is in a graph.')
        graph = model.outputs[0].graph
        session = tf.get_default_session()
        if session is None or session.graph is not graph:
            session = compat.keras_session(graph)
        calls, layers = _calls_in_graph(model)
        return with_other_names(copied(graph, session, model.inputs, model.outputs, calls, config), layers)
    keras = sys.modules[type(model).__module__.split('.')[0]]
    if getattr(getattr(keras, 'config', None), 'backend', lambda: 'tensorflow')() != 'tensorflow':
        raise OpenError("open: the Keras model runs on %s; deepexplain explains Keras's TensorFlow backend."
                        % keras.config.backend())
    if not tf.executing_eagerly():
        raise RuntimeError('open: the weights of the Keras model are eager, and eager execution is off here: open it '
                           'outside of any `with graph.as_default()`, without tf.disable_v2_behavior() before.')
    called = called_with(model, input_signature)
    function, calls, layers = _traced(model, called)
    return with_other_names(from_concrete(function, config, calls, called.names), layers)


def _is_eager(model: Any) -> bool:
    for weight in model.weights:
        variable = getattr(weight, 'value', weight)  # Keras 3 wraps TensorFlow's variables.
        variable = weight if callable(variable) else variable
        if hasattr(variable, 'op') or hasattr(variable, 'handle'):  # The table of a TextVectorization is no variable.
            return hasattr(getattr(variable, 'handle', None), 'numpy')
    return tf.executing_eagerly()


def _calls_in_graph(model: Any) -> Tuple[Calls, List[Layer]]:
    """What the layers of a model in a graph put out, and their names."""
    layers = layers_of(model)
    return with_lookups(model, layers, outputs_of(model, layers), model.outputs[0].graph.get_operations(),
                        lambda variable: variable.op.name, lambda table: table.op.name)


def _traced(model: Any, called: Called) -> Tuple[Any, Calls, List[Layer]]:
    """The model at inference as a ConcreteFunction, what each of its layers put out, and their names."""
    layers = layers_of(model)
    calls: Calls = []
    options = {'training': False} if _takes_training(model) else {}

    def call(*tensors: tf.Tensor) -> Any:
        arguments, keywords = tf.nest.pack_sequence_as([called.arguments, called.keywords], list(tensors))
        return model(*arguments, **dict(keywords, **options))

    # Keras 3 does not run layers through autograph in fit either.
    function = tf.function(call, autograph='tf_keras' in type(model).__module__ or not _is_keras_3(model))
    with noting(layers, calls):
        found = function.get_concrete_function(*called.specs)
    graph = found.graph
    merged: Dict[str, List[Any]] = {}
    for name, tensors in calls:
        merged.setdefault(name, []).extend(one for one in tensors if getattr(one, 'graph', None) is graph)
    held = {inner.name: id(outer) for outer, inner in zip(
        found.captured_inputs, found.inputs[len(found.inputs) - len(found.captured_inputs):])}
    calls, layers = with_lookups(model, layers, [(name, tensors) for name, tensors in merged.items() if tensors],
                                 graph.get_operations(), _handle, lambda table: held.get(table.name))
    return found, calls, layers


def _handle(variable: Any) -> Optional[int]:
    """What an eager variable is known by; Keras 3 wraps TensorFlow's."""
    inner = variable if hasattr(variable, 'handle') else getattr(variable, 'value', None)
    handle = getattr(inner, 'handle', None)
    return None if handle is None else id(handle)


def _is_keras_3(model: Any) -> bool:
    package = type(model).__mro__
    return any(one.__module__.startswith('keras.src') for one in package) and getattr(
        sys.modules.get('keras'), '__version__', '').startswith('3.')


def _takes_training(model: Any) -> bool:
    if not _is_keras_3(model):
        return True
    parameters = inspect.signature(model.call).parameters
    return 'training' in parameters or any(one.kind is one.VAR_KEYWORD for one in parameters.values())


def from_file(path: str, config: Optional[tf.ConfigProto], custom_objects: Optional[Mapping[str, Any]],
              safe_mode: bool) -> Source:
    """A .keras or .h5 file."""
    guard = Guard(path, safe_mode)
    version, unsafe = read(path, custom_objects)
    if unsafe and not unsafe.startswith(CODE):
        guard.meets(unsafe)
    with with_functions(path, custom_objects) as found:
        if found != path:
            unsafe = read(found, custom_objects).unsafe
        if unsafe:
            guard.meets(unsafe)
        return _opened(path, found, version, config, custom_objects, guard.safe_mode)


def _opened(path: str, file: str, version: str, config: Optional[tf.ConfigProto],
            custom_objects: Optional[Mapping[str, Any]], safe_mode: bool) -> Source:
    """The model in a file; errors name its path."""
    options: Dict[str, Any] = {'compile': False, 'safe_mode': safe_mode}
    if custom_objects is not None:
        options['custom_objects'] = dict(custom_objects)
    if tf.executing_eagerly():
        return from_keras(_load(path, file, version, options), config)._replace(reload=None)
    session = new_session(config)
    try:
        # As the default session it is taken for Keras's, whose own is left alone.
        with session.graph.as_default(), session.as_default():
            model = _load(path, file, version, options)
            calls, layers = _calls_in_graph(model)
            return with_other_names(from_live(session, model.inputs, model.outputs, calls), layers)
    except Exception:
        session.close()
        raise


def _load(path: str, file: str, version: str, options: Mapping[str, Any]) -> Any:
    """The model in a file, by the first Keras that can load it."""
    problems: List[Tuple[bool, str]] = []
    for keras in _packages(version):
        if not tf.executing_eagerly() and keras.__version__.startswith('3.'):
            problems.append((version[:1] == '3', 'Keras 3 loads models in eager mode alone, and that is off here.'))
            continue
        load = keras.models.load_model
        known = inspect.signature(load).parameters
        try:
            return load(file, **{name: value for name, value in options.items()
                                 if name != 'safe_mode' or name in known})
        except Exception as error:  # noqa: B902, whatever Keras raises
            problems.append((version[:1] == keras.__version__[:1], '%s %s: %s' % (
                keras.__name__, keras.__version__, reason(error))))
            if options['safe_mode'] and re.search('safe_mode|unsafe_deserialization|^Not allowed', str(error)):
                break  # What one Keras takes for unsafe, no other shall load.
    # What another Keras says of a file that is none of its own is of no use.
    told = [text for own, text in problems if own] or [text for _, text in problems]
    raise OpenError("open: cannot load '%s'%s. %s%s" % (
        path, ', of Keras %s' % version if version else '',
        ' '.join(one if one.endswith('.') else one + '.' for one in told) or
        'No Keras is installed: pip install keras (tf_keras for models of Keras 2).', missing(told)))


def _packages(version: str) -> List[Any]:
    """The packages that may load a model of some version of Keras, the likeliest first."""
    import importlib

    found: List[Any] = []
    names = ['keras', 'tf_keras', 'tensorflow.keras']
    if version.startswith('2'):
        names = ['tf_keras', 'keras', 'tensorflow.keras']
        if version.endswith('-tf'):
            names = ['tf_keras', 'tensorflow.keras', 'keras']
    for name in names:
        try:
            package = importlib.import_module(name)
        except ImportError:
            continue
        # TensorFlow's own is one of the others, or goes before them.
        if not any(package.Model is one.Model for one in found):
            found.append(package)
    return found
