"""Custom gradients that an imported op keeps: as a graph in an attribute, which every copy of the op has as well."""
import uuid
from typing import Any, List, Optional

import tensorflow.compat.v1 as tf

#: The gradient that such an op asks for, by a name that no file can know: what it builds, nobody has examined.
KEPT = 'DeepExplainKept_' + uuid.uuid4().hex

#: The node attributes: the gradient's GraphDef, and how many of the op's inputs are there for the gradient alone.
GRAPH, EXTRA = '_deepexplain_gradient', '_deepexplain_extra'

#: The node attribute of an op whose gradient could not be kept: why, as the end of a sentence.
LOST = '_deepexplain_lost'


def keep(node: Any, definition: tf.GraphDef, extra: List[str], dtypes: List[tf.DType]) -> None:
    """Let the node of an IdentityN have this gradient.

    Args:
        definition: reads placeholders 'grad_0' and on, a gradient for each output, and 'extra_0' and on; the gradient
            with respect to the input i, where it has one, is 'result_i'.
        extra, dtypes: what the placeholders of the second kind stand for, as the node writes its inputs.
    """
    data = [source for source in node.input if not source.startswith('^')]
    before = [source for source in node.input if source.startswith('^')]
    node.input[:] = data + extra + before
    node.attr['T'].list.type.extend(dtype.as_datatype_enum for dtype in dtypes)
    # It tells of the outputs that there were before.
    node.attr.pop('_output_shapes', None)
    node.attr['_gradient_op_type'].s = KEPT.encode()
    node.attr[GRAPH].s = definition.SerializeToString()
    node.attr[EXTRA].i = len(extra)


def extra_of(op: tf.Operation) -> int:
    """How many of an op's inputs, its last ones, are there for a kept gradient alone."""
    return op.node_def.attr[EXTRA].i


def lose(node: Any, why: str) -> None:
    """Let the node of an op tell why its gradient could not be kept."""
    node.attr[LOST].s = why.encode()


def why_lost(op: tf.Operation) -> str:
    """Why the gradient of an op could not be kept, '' where it was not at hand."""
    return op.node_def.attr[LOST].s.decode()


def _kept_gradient(op: tf.Operation, *grads: Optional[tf.Tensor]) -> List[Optional[tf.Tensor]]:
    definition = tf.GraphDef.FromString(op.get_attr(GRAPH))
    names = {node.name for node in definition.node}
    own = len(op.inputs) - extra_of(op)
    given = {'grad_%d' % i: tf.zeros_like(op.outputs[i]) if grad is None else tf.convert_to_tensor(grad)
             for i, grad in enumerate(grads) if 'grad_%d' % i in names}
    # In a loop's gradient the copies are what the loop has noted for each step.
    given.update(('extra_%d' % i, tf.identity(tensor)) for i, tensor in enumerate(op.inputs[own:])
                 if 'extra_%d' % i in names)
    places = [i for i in range(own) if 'result_%d' % i in names]
    found = tf.import_graph_def(definition, name='kept', return_elements=['result_%d:0' % i for i in places],
                                input_map=given)
    results: List[Optional[tf.Tensor]] = [None] * len(op.inputs)
    for i, result in zip(places, found):
        results[i] = result
    return results


tf.RegisterGradient(KEPT)(_kept_gradient)
