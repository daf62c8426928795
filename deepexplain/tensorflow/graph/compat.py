"""The places where TensorFlow has no public API for what we need: one small function each."""
import sys
from typing import Any, Callable, Dict, List, Optional, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf


def registered_gradient(op_type: str) -> Callable:
    """The gradient function that TensorFlow registers for an op type; LookupError where there is none."""
    from tensorflow.python.framework import ops
    registry = ops.gradient_registry if hasattr(ops, 'gradient_registry') else ops._gradient_registry
    return registry.lookup(op_type)


def has_gradient(name: str) -> bool:
    """Whether this process has a gradient for an op type, or one of that registered name."""
    try:
        return registered_gradient(name) is not None
    except LookupError:
        return False


def never_has_gradient(op_type: str) -> bool:
    """Whether TensorFlow has noted of an op type that it has no gradient."""
    try:
        return registered_gradient(op_type) is None
    except LookupError:
        return False


def control_flow_context(op: tf.Operation) -> Any:
    """The v1 while or cond context that an op lives in, or None."""
    return op._get_control_flow_context()


def while_context(op: tf.Operation) -> Any:
    """The outermost v1 while loop around an op, or None."""
    context, outermost = control_flow_context(op), None
    while context is not None:
        if context.IsWhileContext():
            outermost = context
        context = context.outer_context
    return outermost


def static_value(tensor: tf.Tensor, partial: bool = False) -> Any:
    """What tf.get_static_value knows of a tensor, which may be fed afterwards as before.

    TensorFlow lets nothing be fed of which somebody knows the value; for those who only warn by it that is too much.
    """
    known = tensor.graph._unfeedable_tensors
    tensor.graph._unfeedable_tensors = type(known)()
    try:
        return tf.get_static_value(tensor, partial)
    finally:
        tensor.graph._unfeedable_tensors = known


def leave_as_it_is(node: Any) -> None:
    """Keep TensorFlow 1's XLA, be it off, from looking for clusters in session calls that a node has a part in.

    It takes longer than all else in the first call of a graph of many ops, with the square of their number.
    """
    if tf.__version__.startswith('1.'):
        node.attr['_XlaAlreadyClustered'].b = True


def restore_while_context(definition: Any) -> None:
    """Give the ops that a WhileContextDef names their loop, in the default graph."""
    from tensorflow.python.ops import control_flow_ops
    control_flow_ops.WhileContext.from_proto(definition)


def while_context_def() -> Any:
    """An empty WhileContextDef."""
    from tensorflow.core.protobuf import control_flow_pb2
    return control_flow_pb2.WhileContextDef()


def function_to_graph(function_def: Any, library: Any, shapes: Optional[Sequence[Any]] = None) -> Any:
    """A FunctionDef as (GraphDef, its nested tensor names -> flat names), its arguments as placeholders.

    The functions that it calls are read from `library`, a FunctionDefLibrary.
    """
    from tensorflow.python.framework import function_def_to_graph
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(tf.GraphDef(library=library), name='')
        # The function looks its callees up in the default graph.
        with graph.as_default():
            return function_def_to_graph.function_def_to_graph_def(function_def, shapes)


def saved_model_loader(folder: str) -> Any:
    """What loads a SavedModel, its `saved_model` as parsed; OSError or ValueError where it cannot be read."""
    from tensorflow.python.saved_model import loader_impl
    return loader_impl.SavedModelLoader(folder)


def saved_model_assets(folder: str, meta: Any) -> Dict[str, bytes]:
    """What loading a graph of a SavedModel feeds: tensor name -> the path of a file that belongs to it."""
    from tensorflow.python.saved_model import loader_impl
    return dict(loader_impl.get_asset_tensors(folder, meta))


def keras_session(graph: tf.Graph) -> Optional[tf.Session]:
    """The session of the Keras that built a model in this graph, or None.

    keras 2.2, tf.keras (TF 1.15 to 2.15) and tf_keras each keep a session of their own and make one when asked, so
    the one that the graph's Keras tensors belong to is asked, and none where there are no such tensors.
    """
    layers = (tensor._keras_history[0] for op in graph.get_operations() for tensor in op.outputs
              if hasattr(tensor, '_keras_history'))
    layer = next(layers, None)
    if layer is None:
        return None
    package = type(layer).__module__.split('.')[0]
    if package == 'tf_keras':
        backend = sys.modules['tf_keras'].src.backend
    elif package == 'keras' and hasattr(sys.modules['keras'].backend, 'get_session'):
        backend = sys.modules['keras'].backend
    else:
        backend = tf.keras.backend
    with graph.as_default():
        return backend.get_session()


def gradient_as_graph(gradient: Callable, op: tf.Operation
                      ) -> Tuple[tf.GraphDef, List[Tuple[Any, tf.Tensor]], List[Any]]:
    """The gradient function of an op built in a graph of its own, and pairs of what it reads and a placeholder there.

    Third are the variables that it reads. The gradients of the op's outputs are placeholders 'grad_0' and on, those of
    its inputs 'result_0' and on.
    """
    from tensorflow.python.framework import func_graph
    with op.graph.as_default():
        graph = func_graph.FuncGraph('kept_gradient')
    with graph.as_default():
        grads = [tf.placeholder(one.dtype, one.shape, name='grad_%d' % i)
                 if one.dtype.is_floating or one.dtype.is_complex else None for i, one in enumerate(op.outputs)]
        for i, result in enumerate(gradient(op, *grads)):
            if result is not None:
                tf.identity(tf.convert_to_tensor(result), name='result_%d' % i)
    return (graph.as_graph_def(), list(zip(graph.external_captures, graph.internal_captures)),
            list(graph._watched_variables))


def constant_node(name: str, value: Any, dtype: tf.DType) -> tf.NodeDef:
    """A Const as a node."""
    node = tf.NodeDef(name=name, op='Const')
    node.attr['dtype'].type = dtype.as_datatype_enum
    node.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(value, dtype))
    return node


def library_of(graph: tf.Graph) -> Dict[str, Any]:
    """The functions of a graph, by name, as FunctionDefs."""
    return {function.signature.name: function for function in _library(graph).function}


def functions_with_gradients(graph: tf.Graph) -> Set[str]:
    """The functions of a graph that name another function as their gradient."""
    return {gradient.function_name for gradient in _library(graph).gradient}


def _library(graph: tf.Graph) -> Any:
    definition = tf.GraphDef()
    # In eager mode TensorFlow would also register them there, where others of the same names may be.
    with graph.as_default():
        # as_graph_def would serialise every weight of the graph as well.
        graph._copy_functions_to_graph_def(definition, 0)
    return definition.library
