"""Lookups of embeddings: gathers of rows of a table, by ids that come from elsewhere."""
from typing import List, NamedTuple, Set

import tensorflow.compat.v1 as tf

from .compat import static_value
from .walks import ops_to

#: Their inputs are a table, indices and, of GatherV2, an axis.
LOOKUPS = frozenset(['Gather', 'GatherV2', 'ResourceGather', 'GatherNd', 'ResourceGatherNd'])

#: What hands a table on as it is.
_READS = frozenset(['Identity', 'ReadVariableOp', 'Cast'])

#: They make counts, places or lengths of ids; what makes bools does so as well.
_COUNTING = frozenset(['Sum', 'Max', 'Min', 'Mean', 'Prod', 'Cumsum', 'Sign', 'ArgMax', 'ArgMin', 'Bincount',
                       'DenseBincount', 'Where'])

#: From an id to another way of saying the same.
_RENAMING = frozenset(['Identity', 'Cast', 'Select', 'SelectV2', 'AddV2', 'Add', 'Maximum', 'Minimum'])

_RESHAPING = frozenset(['Reshape', 'ExpandDims', 'Squeeze'])


def is_lookup(op: tf.Operation) -> bool:
    """Whether an op looks up rows of floats, as an embedding does."""
    if op.type not in LOOKUPS or not op.outputs[0].dtype.is_floating:
        return False
    if op.type == 'GatherV2':
        axis = static_value(op.inputs[2])
        return axis is not None and int(axis) == 0 and not op.get_attr('batch_dims')
    return True


def table_of(op: tf.Operation) -> tf.Tensor:
    """The variable, constant or handle whose rows a lookup takes."""
    table = op.inputs[0]
    while table.op.type in _READS:
        table = table.op.inputs[0]
    return table


class Lookup(NamedTuple):
    """A lookup of rows by ids.

    Attributes:
        op: the gather.
        ids: what it goes by, before it was cast, clipped or counted from the end: a placeholder, or what a table of
            words has made of strings.
        vectors: what it puts out, of a rank of one more than the ids where the model brings it to that.
    """
    op: tf.Operation
    ids: tf.Tensor
    vectors: tf.Tensor


def lookups_of(ids: tf.Tensor, T: tf.Tensor) -> List[Lookup]:
    """The lookups of rows by ids on the way from some ids (or strings) to T.

    The ids may be cast, reshaped, masked and looked up in a table of words on the way there. What is looked up by
    places, lengths or masks that were made of them is none of these.
    """
    ops, dependent = ops_to([ids], [T])
    carrying, found = {ids.name}, []
    for op in ops:
        if op not in dependent or op.type in _COUNTING:
            continue
        if is_lookup(op) and op.inputs[0].op not in dependent:
            if op.inputs[1].name in carrying:
                found.append(Lookup(op, _chain(op.inputs[1], ids, dependent)[-1], _vectors(op.outputs[0])))
        elif any(tensor.name in carrying for tensor in op.inputs):
            carrying.update(tensor.name for tensor in op.outputs if tensor.dtype != tf.bool)
    return found


def _vectors(tensor: tf.Tensor) -> tf.Tensor:
    """What a lookup puts out, behind the ops that hand it on, and those that bring vectors of flat ids into rows."""
    while True:
        readers = tensor.consumers()
        if len(readers) != 1 or not readers[0].outputs or not (
                readers[0].type == 'Identity' or readers[0].type in _RESHAPING and tensor.shape.ndims == 2):
            return tensor
        tensor = readers[0].outputs[0]


def _chain(tensor: tf.Tensor, ids: tf.Tensor, dependent: Set[tf.Operation]) -> List[tf.Tensor]:
    """A tensor of ids and those that it was before, as far as they say the same of each place."""
    found = [tensor]
    while tensor.op.type in _RENAMING and tensor is not ids:
        ways = [_chain(one, ids, dependent) for one in tensor.op.inputs
                if one.dtype != tf.bool and (one is ids or one.op in dependent)]
        # Of a choice, what all sides come from.
        common = [one for one in ways[0] if all(any(one is other for other in way) for way in ways)] if ways else []
        if not common:
            break
        tensor = common[0]
        found.append(tensor)
    return found
