"""Where a model begins and ends: of a graph without a signature, and which of its outputs is the one to explain."""
import re
from typing import Any, Iterable, List, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.kinds import BATCH_NORMS
from ..graph.phases import is_learning_phase, is_off_by_default, trains
from ..graph.walks import ancestors_of, ops_to, reached_from
from ..runs.targets import before_squashing, floats_behind
from .source import EXITS, OpenError, Source
from .tails import outputs_first

#: Scopes of what is no part of the model.
OTHERS = re.compile(r'(gradients|save|deepexplain)(_\d+)?$')

#: Op types whose outputs are for other ops of a loop or a branch.
_FLOW = frozenset(['Switch', 'RefSwitch', 'Enter', 'RefEnter', 'NextIteration', 'RefNextIteration', 'LoopCond'])

#: Of what a model is trained by, and what chooses its classes: they read scores first of all.
_LOSSES = frozenset(['SoftmaxCrossEntropyWithLogits', 'SparseSoftmaxCrossEntropyWithLogits'])
_CHOICES = frozenset(['ArgMax', 'InTopK', 'InTopKV2'])

#: What hands over the samples of an input pipeline.
_PIPELINES = re.compile('IteratorGetNext|.*QueueDequeue')


def settle(definition: Any, signatures: Iterable[Any] = ()) -> Set[str]:
    """Let the placeholders of a GraphDef that switch training on be off, unless they are fed.

    Returns:
        Their names.
    """
    called = {info.name.split(':')[0]: key for one in signatures for key, info in one.inputs.items()}
    found = [node for node in definition.node if node.op == 'Placeholder' and not len(node.attr['shape'].shape.dim)
             and tf.as_dtype(node.attr['dtype'].type).is_bool
             and any(map(trains, (node.name, called.get(node.name, ''))))]
    for i, node in enumerate(found):
        off = definition.node.add(name='deepexplain/off_%d_%s' % (i, node.name.replace('/', '_')), op='Const')
        off.attr['dtype'].CopyFrom(node.attr['dtype'])
        off.attr['value'].tensor.CopyFrom(tf.make_tensor_proto(False))
        node.op = 'PlaceholderWithDefault'
        node.input[:] = [off.name] + list(node.input)
    return {node.name for node in found}


def is_off(tensor: tf.Tensor, called: str) -> bool:
    """Whether an input of a model switches training, and is off where it is not fed, so that nobody needs to know."""
    op = tensor.op
    return is_learning_phase(op) or op.type == 'PlaceholderWithDefault' and (
        tensor.dtype.is_bool and (trains(op.name) or trains(called)) and is_off_by_default(op))


def ends_of(graph: tf.Graph, inputs: Sequence[tf.Tensor] = ()) -> Tuple[List[tf.Tensor], List[tf.Tensor]]:
    """The placeholders of a graph without signatures, and the tensors of floats made of them that nothing reads.

    An op any output of which is read is no end, and a loop is one op. What makes no floats, as an ArgMax, is not taken
    to read; what is left over comes last (`outputs_first`). What training, saving and explaining have left in a graph
    is not looked at.

    Args:
        inputs: what it begins with, in place of its placeholders.
    """
    own = {op for op in graph.get_operations() if not any(OTHERS.match(part) for part in op.name.split('/'))}
    ops = [op for op in graph.get_operations() if op in own]
    inputs = inputs or [op.outputs[0] for op in ops if op.type == 'Placeholder' and not is_learning_phase(op)]
    # What is made of updated variables is about training.
    living = reached_from(inputs, _updates) & own
    floats = [tensor for op in living for tensor in op.outputs if tensor.dtype.is_floating]
    leading = set(ancestors_of(floats, set()))

    def is_read(op: tf.Operation) -> bool:
        return any(reader in leading and reader in living or reader in own and (not reader.outputs or _updates(reader))
                   for tensor in op.outputs for reader in tensor.consumers())

    unread = [op for op in ops if op in living and op.type not in _FLOW and not _is_inside(op) and not is_read(op)]
    going_on = {_condition(op) for op in living if op.type in EXITS and is_read(op)}
    outputs = [tensor for op in unread if op.type not in EXITS or _condition(op) not in going_on
               for tensor in op.outputs[:1 if op.type in BATCH_NORMS else None] if tensor.dtype.is_floating]
    used = set(ancestors_of(outputs, set()))
    return [tensor for tensor in inputs if tensor.op in used], outputs_first(outputs, living, leading)


def _updates(op: tf.Operation) -> bool:
    """Whether an op changes a variable of the old kind, and hands it on."""
    return any(tensor.dtype != tensor.dtype.base_dtype for tensor in op.outputs)


def _is_inside(op: tf.Operation) -> bool:
    """Whether an op runs in a loop or a branch, so that nobody else can have what it makes."""
    context = compat.control_flow_context(op)
    if context is not None and op.type in EXITS and context.IsWhileContext():
        context = context.outer_context
    return context is not None


def _condition(op: tf.Operation) -> str:
    """The condition of the loop that an Exit leaves, which tells one loop from the others."""
    switch = op.inputs[0].op
    return switch.inputs[1].name if len(switch.inputs) > 1 else switch.name


def refuse_endless(graph: tf.Graph, path: str) -> None:
    """OpenError for a graph of which nobody knows where it begins, with what can be done."""
    given = [tensor.name for op in graph.get_operations() if _PIPELINES.match(op.type)
             for tensor in op.outputs if tensor.dtype.is_floating] or ['IteratorGetNext:0']
    raise OpenError(
        "open: the graph of '%s' has no placeholders, as that of a training, which takes its samples from an input "
        "pipeline: open a model that was exported for serving (Estimator.export_saved_model(...), "
        "tf.compat.v1.saved_model.simple_save(...)), or name what is to be fed and explained, as in open(..., "
        "inputs=['%s'], outputs=['logits'])." % (path, given[0]))


def target_of(source: Source) -> tf.Tensor:
    """The output that is to be explained, before its softmax or sigmoid.

    Of outputs in an order that means something the first, if it is of floats; of those in the order of their keys or
    of their making the first that a softmax or sigmoid makes, else the first of floats. In both what is called 'logits'
    comes before. Where all are single numbers, as losses are, it is what they are taken of.
    """
    floats = [tensor for tensor in source.outputs if tensor.dtype.is_floating]
    for tensor in floats:
        names = [name for name, tensors in source.names.items() if any(one is tensor for one in tensors)]
        if any(name.split('/')[-1].lower() == 'logits' for name in names + [tensor.op.name]):
            return before_squashing(tensor)
    if source.outputs and not floats:
        # Labels and the names of classes are chosen by scores.
        behind = floats_behind(source.outputs[0], source.inputs)
        if len(behind) == 1:
            return before_squashing(behind[0])
        raise ValueError("logits: none of the model's outputs is of floats, but %s; name one that is, as in open(..., "
                         'outputs=["scores"]).' % _listed(source.outputs))
    if not floats:
        raise ValueError('logits: the model has no outputs; name them, as in open(..., outputs=["scores"]).')
    if source.ordered and floats[0] is source.outputs[0]:
        return before_squashing(floats[0])
    before = [(before_squashing(tensor), tensor) for tensor in floats]
    found = next((inner for inner, tensor in before if inner is not tensor and not any(
        inner is x for x in source.inputs)), floats[0])
    if found is floats[0] and all(tensor.shape.ndims == 0 for tensor in floats):
        return _scores_of(source, floats)
    return found


def _scores_of(source: Source, losses: Sequence[tf.Tensor]) -> tf.Tensor:
    """What a model that trains puts into its loss, or else into the choice of a class by which it is judged.

    The first of the losses, where that is not to be seen.
    """
    ops, _ = ops_to(source.inputs, losses)
    made = set(ops)
    for types in (_LOSSES, _CHOICES):
        for op in reversed(ops):
            scores = op.inputs[0] if op.type in types else None
            if scores is not None and scores.op in made:
                # Losses may begin with a reshaping to two axes.
                return before_squashing(scores.op.inputs[0] if scores.op.type == 'Reshape' else scores)
    return losses[0]


def _listed(tensors: Sequence[tf.Tensor]) -> str:
    return ', '.join("'%s' (%s)" % (tensor.name, tensor.dtype.name) for tensor in tensors[:5])
