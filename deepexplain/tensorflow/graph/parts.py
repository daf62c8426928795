"""Nodes that stand for what arrays do: the parts of a tensor along its first axis, and tensors packed along it."""
from typing import Any, List, Mapping, NamedTuple, Optional, Set, Tuple

import tensorflow.compat.v1 as tf

from . import compat
from .frames import Nodes, maker


class Array(NamedTuple):
    """What is in an array: the tensors at some places, or all of them as the parts of one tensor along its first axis.

    Attributes:
        size: how many places there are.
        whole: the tensor whose parts are there, or ''; of how many parts it is.
        parts: what has been written to places.
        gates: the branches that it has come into, by what chooses them and the side.
    """
    size: int
    whole: str = ''
    of: int = 0
    parts: Mapping[int, str] = {}
    gates: Tuple[Tuple[str, int], ...] = ()


class Parts:
    """Makes such nodes.

    Args:
        nodes: the nodes by name; added to.

    Attributes:
        added: the names of those that were made.
    """

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self.added: Set[str] = set()

    def add(self, op: str, name: str, inputs: List[str], **types: int) -> str:
        node = tf.NodeDef(name=name, op=op, input=inputs)
        for key, dtype in types.items():
            node.attr[key].type = dtype
        self._nodes[name] = node
        self.added.add(name)
        return name

    def constant(self, name: str, value: Any) -> str:
        self._nodes[name] = compat.constant_node(name, value, tf.int32)
        self.added.add(name)
        return name

    def length_of(self, node: Any, source: str) -> str:
        """Adds nodes that count a tensor's places along its first axis."""
        dtype = dtype_of(node)
        shape = self.add('Shape', node.name + '/deepexplain_shape', [source], T=dtype)
        places = [self.constant(f'{node.name}/deepexplain_{key}', [value])
                  for key, value in (('begin', 0), ('end', 1), ('stride', 1))]
        length = self.add('StridedSlice', node.name + '/deepexplain_length', [shape] + places,
                          T=tf.int32.as_datatype_enum, Index=tf.int32.as_datatype_enum)
        self._nodes[length].attr['shrink_axis_mask'].i = 1
        return length

    def part(self, whole: str, place: int, size: int, dtype: int) -> str:
        """A part of a tensor along its first axis."""
        name = '%s/deepexplain_parts_%s' % (maker(whole), whole.split(':')[1] if ':' in whole else '0')
        if name not in self._nodes:
            # Of parts by themselves each gradient would be as large as the whole.
            self.add('Unpack', name, [whole], T=dtype)
            self._nodes[name].attr['num'].i = size
        return name + (f':{place}' if place else '')

    def at(self, array: Array, place: int, dtype: int) -> Optional[str]:
        """What is at a place of an array, if anything is."""
        if place in array.parts:
            return array.parts[place]
        return self.part(array.whole, place, array.of, dtype) if 0 <= place < min(array.of, array.size) else None

    def packed(self, node: Any, array: Array, places: List[int], dtype: int) -> Optional[str]:
        """What is at some places of an array as one tensor, if that is known."""
        if array.whole and not array.parts and places == list(range(array.of)):
            return array.whole
        parts = [self.at(array, place, dtype) for place in places]
        there = next((one for one in parts if one), None)
        if there is None or None in parts and not node.op.startswith('TensorList'):
            return None
        for i, one in enumerate(parts):
            if one is None:
                # What has not been written to a list is zeros.
                parts[i] = self.add('ZerosLike', node.name + '/deepexplain_zeros', [there], T=dtype)
        name = self.add('Pack', node.name + '/deepexplain_packed', [str(one) for one in parts], T=dtype)
        self._nodes[name].attr['N'].i = len(parts)
        self._nodes[name].attr['axis'].i = 0
        return name


def dtype_of(node: Any) -> int:
    """What an op on arrays puts into them or reads of them."""
    # To ask for an attribute that is not there would add it.
    return int(next((node.attr[key].type for key in ('element_dtype', 'dtype', 'T') if key in node.attr), 0))
