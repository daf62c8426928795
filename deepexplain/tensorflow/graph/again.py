"""Ops made once more on other inputs, directly: to import even one node takes time with the size of the whole graph."""
from typing import Dict, List, Mapping, Sequence

import tensorflow.compat.v1 as tf


def again(op: tf.Operation, inputs: Mapping[int, tf.Tensor]) -> tf.Operation:
    """An op like this one, its gradient that of its type, with other tensors at some places of its inputs.

    Args:
        inputs: by place; the floats among them all of one dtype, which may be another than they had.
    """
    attributes = {name: value for name, value in op.node_def.attr.items() if not name.startswith('_')}
    place = next((i for i in sorted(inputs) if inputs[i].dtype.is_floating), min(inputs))
    dtype = inputs[place].dtype
    if dtype != op.inputs[place].dtype.base_dtype and 'T' in attributes:
        attributes['T'] = tf.AttrValue(type=dtype.as_datatype_enum)
    with tf.device(op.device):
        return tf.get_default_graph().create_op(
            op.type, [inputs.get(i, tensor) for i, tensor in enumerate(op.inputs)], attrs=attributes, name=op.type)


class Again:
    """Some ops made once more, one after another, into the current name scope.

    Args:
        ops: in any order; those that hang on none of the inputs are left as they are.
        inputs: tensor name -> the tensor to read in its place; every other tensor from outside is the original one.
    """

    def __init__(self, ops: Sequence[tf.Operation], inputs: Mapping[str, tf.Tensor]) -> None:
        self._made: Dict[str, tf.Tensor] = dict(inputs)
        self.ops: List[tf.Operation] = []
        for op in in_turn(ops):
            read = {i: self._made[tensor.name] for i, tensor in enumerate(op.inputs) if tensor.name in self._made}
            if not read:
                continue
            made = again(op, read)
            for old, new in zip(op.outputs, made.outputs):
                # What was put in stands for what an op here makes as well.
                self._made.setdefault(old.name, new)
            self.ops.append(made)

    def tensor(self, original: tf.Tensor) -> tf.Tensor:
        """The tensor that stands for the original's here."""
        return self._made.get(original.name, original)


def in_turn(ops: Sequence[tf.Operation]) -> List[tf.Operation]:
    """The same ops, each after those whose outputs it reads: who rewires a graph makes them in another order."""
    among, begun, done = set(ops), set(), dict.fromkeys(ops, False)
    waiting, found = list(reversed(ops)), []
    while waiting:
        op = waiting.pop()
        if done[op]:
            continue
        before = [] if op in begun else [one.op for one in op.inputs if one.op in among and one.op not in begun]
        begun.add(op)
        if before:
            waiting.extend([op] + before)
        else:
            done[op] = True
            found.append(op)
    return found
