"""What the nodes of a GraphDef read of the graph around them, and what of that is known without data."""
from typing import Any, Dict, Iterable, List, Mapping, Optional, Set

import numpy as np
import tensorflow.compat.v1 as tf

from . import compat
from .flow import SHAPES
from .frames import maker
from .kinds import CALLS, FUNCTIONAL
from .sizes import sizes_of

#: Ops outside whose values are not looked for: they are fed, drawn, stored or come out of control flow.
_LEAVES = FUNCTIONAL | CALLS | frozenset('''
    Placeholder PlaceholderWithDefault Enter Exit Merge Switch NextIteration RefEnter RefExit RefMerge RefSwitch
    '''.split())

#: How many ops outside are looked at for one number.
MOST = 300


class Outside:
    """What the nodes of a GraphDef are of, and read, in a graph.

    Args:
        originals: the ops that nodes are of, by name.
        external: what nodes read from outside, as they write it.
        fed: the names of tensors that are fed: their values are not looked for.
        taken: takes in the tensors whose values were found.
    """

    def __init__(self, graph: tf.Graph, originals: Mapping[str, tf.Operation], external: Mapping[str, tf.Tensor],
                 fed: Any, taken: List[tf.Tensor]) -> None:
        self.graph, self.originals, self.external, self.fed, self._taken = graph, originals, external, fed, taken

    def known(self, source: str) -> Optional[np.ndarray]:
        """The value of a source, as far as it is known by its place in the graph."""
        tensor = self.external.get(source)
        if tensor is None and maker(source) in self.originals:
            op = self.originals[maker(source)]
            if compat.control_flow_context(op) is None:
                tensor = op.outputs[int(source.split(':')[1]) if ':' in source else 0]
        value = None if tensor is None else known_value(tensor)
        self._taken.extend([tensor] if value is not None else [])
        return value

    def pull(self, tensor: tf.Tensor, definition: tf.GraphDef, renamed: Dict[str, str], budget: List[int]) -> str:
        """Bring what a tensor outside is made of into a GraphDef, if it hangs on nothing that may change; its name."""
        order: List[tf.Operation] = []
        waiting, seen = [tensor], set()
        while waiting:
            one = waiting.pop()
            if one.op in seen or one.op.name in renamed:
                continue
            op_def = one.op.op_def
            budget[0] -= 1
            if (one.name in self.fed or one.op.type in _LEAVES or budget[0] < 0 or op_def is None
                    or op_def.is_stateful or not hasattr(tf.raw_ops, one.op.type)):
                return ''
            seen.add(one.op)
            order.append(one.op)
            waiting.extend(one.op.inputs)
        for op in order:
            renamed[op.name] = 'deepexplain_outside/' + op.name
        for op in order:
            node = definition.node.add()
            node.CopyFrom(op.node_def)
            node.name = renamed[op.name]
            node.attr.pop('_class', None)
            node.input[:] = [_joined(renamed[one.op.name], one) for one in op.inputs]
        self._taken.append(tensor)
        return _joined(renamed[tensor.op.name], tensor)


def made_of_constants(tensors: Iterable[tf.Tensor]) -> Set[str]:
    """The names of some tensors that are known without data and of those that they are made of, as far as values go."""
    waiting = list(tensors)
    found = {tensor.name for tensor in waiting}
    while waiting:
        op = waiting.pop().op
        # A shape is what it is whatever is fed.
        for source in op.inputs if op.type not in SHAPES else ():
            if source.name not in found:
                found.add(source.name)
                waiting.append(source)
    return found


def known_value(tensor: tf.Tensor) -> Optional[np.ndarray]:
    """The value of a tensor that is known, or made of known sizes."""
    if not (tensor.dtype.is_integer or tensor.dtype.is_bool):
        return None
    value = compat.static_value(tensor)
    if value is None and tensor.shape.ndims in (0, 1):
        sizes = sizes_of(tensor, lambda tensor, axis: False)
        if sizes is not None and all(size.number is not None and not size.rows for size in sizes):
            value = np.array([size.number for size in sizes], tensor.dtype.as_numpy_dtype)
            value = value.reshape(()) if tensor.shape.ndims == 0 and value.size == 1 else value
    return None if value is None else np.asarray(value)


def _joined(name: str, tensor: tf.Tensor) -> str:
    return name + (':%d' % tensor.value_index if tensor.value_index else '')
