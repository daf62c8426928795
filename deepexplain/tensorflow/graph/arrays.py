"""Arrays of tensors without the array: what is read of one is what was written to it, and what is stacked a Pack.

TensorArrays (version 3) and lists of tensors stand in the nodes of loops that have been unrolled, where each place that
is written to or read is a known number. What is not known is left as it is.
"""
from typing import Any, Callable, Dict, List, Mapping, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from .frames import Frames, Nodes, data_of, dependent_on, in_order, maker
from .parts import Array, Parts, dtype_of

#: How the types of all ops on arrays begin.
_PREFIXES = ('TensorArray', 'TensorList', 'EmptyTensorList')

#: Op type -> the places of the numbers among its inputs: where to write or read, or how much room there is.
_NUMBERS: Dict[str, int] = {
    'TensorArrayV3': 0, 'TensorArrayScatterV3': 1, 'TensorArrayReadV3': 1, 'TensorArrayWriteV3': 1,
    'TensorArrayGatherV3': 1, 'TensorListReserve': 1, 'TensorListGetItem': 1, 'TensorListSetItem': 1,
    'TensorListGather': 1, 'TensorListScatter': 1, 'TensorListScatterV2': 1, 'TensorListScatterIntoExistingList': 2,
    'TensorListResize': 1}

_SIZES = ('TensorArraySizeV3', 'TensorListLength')


def is_of_array(op_type: str) -> bool:
    return op_type.startswith(_PREFIXES)


class Arrays:
    """Takes the arrays out of some nodes.

    Args:
        nodes: the nodes by name; changed.
        frames: the frames around each: those in loops are left alone.
        inputs: the sources from outside on whose values nothing is built.
        find: finds the values of sources.
    """

    def __init__(self, nodes: Nodes, frames: Frames, inputs: Sequence[str],
                 find: Callable[[List[str]], List[np.ndarray]]) -> None:
        self._nodes, self._frames, self._find = nodes, frames, find
        self._inputs = list(inputs)
        self._numbers: Dict[str, np.ndarray] = {}
        self._lengths: Dict[str, str] = {}
        self._parts = Parts(nodes)
        self.outputs: Dict[str, str] = {}

    def take_out(self, target: str) -> Dict[str, str]:
        """Replace what can be; returns what stands for the outputs of ops that are no more.

        Args:
            target: a source that is asked for, though nothing may read it.
        """
        while True:
            before = len(self.outputs)
            self._ask()
            self._states: Dict[str, Array] = {}
            for name in in_order(self._nodes):
                node = self._nodes[name]
                if not self._frames.get(name) and (is_of_array(node.op) or node.op in ('Identity', 'Switch')):
                    self._step(node)
            for node in self._nodes.values():
                node.input[:] = [self._final(source) for source in node.input]
            # The size of one array may say where another is read.
            if len(self.outputs) == before:
                break
        self._prune(maker(self._final(target)))
        return {name: self._final(source) for name, source in self.outputs.items()}

    def _final(self, source: str) -> str:
        while source in self.outputs:
            source = self.outputs[source]
        return source

    def _ask(self) -> None:
        """Find the numbers that say where arrays are written to and read."""
        for node in list(self._nodes.values()):
            if self._frames.get(node.name):
                continue
            if node.op == 'TensorListFromTensor' and node.name not in self._lengths:
                self._lengths[node.name] = self._parts.length_of(node, data_of(node)[0])
        hidden = dependent_on(self._nodes, self._inputs)
        hidden |= dependent_on(self._nodes, [name for name, node in self._nodes.items() if node.op in _SIZES])
        wanted = list(self._lengths.values())
        wanted += [data_of(node)[_NUMBERS[node.op]] for node in self._nodes.values()
                   if node.op in _NUMBERS and not self._frames.get(node.name)]
        wanted = [one for one in dict.fromkeys(wanted) if one not in self._numbers and maker(one) not in hidden
                  and one not in self._inputs and self._op(one) not in _SIZES]
        self._numbers.update(zip(wanted, self._find(wanted)))

    def _op(self, source: str) -> str:
        return self._nodes[maker(source)].op if maker(source) in self._nodes else ''

    def _number(self, node: Any) -> Optional[np.ndarray]:
        return self._numbers.get(data_of(node)[_NUMBERS[node.op]])

    def _step(self, node: Any) -> None:
        """Follow an array through an op, or put what it reads in the op's place."""
        inputs = data_of(node)
        # The array is the flow, the last input, of the one kind, and the first input of the other.
        before = self._states.get(inputs[-1 if node.op.startswith('TensorArray') else 0]) if inputs else None
        if node.op == 'Switch':
            if before is not None:
                for side in (0, 1):
                    self._states[node.name + ':1' * side] = before._replace(gates=before.gates + ((inputs[1], side),))
            return
        number = self._number(node) if node.op in _NUMBERS else None
        after = self._after(node, inputs, before, number)
        if after is not None:
            self._states[node.name + (':1' if node.op == 'TensorArrayV3' else '')] = after
        if before is None or node.name in self.outputs:
            return
        read = self._read(node, before, number)
        for i, source in enumerate(read):
            if source:
                self.outputs[node.name + (f':{i}' if i else '')] = self._gated(node, source, before)

    def _gated(self, node: Any, source: str, array: Array) -> str:
        """What an op reads of an array: in a branch that is not taken it has no value."""
        dtype = tf.int32.as_datatype_enum if node.op in _SIZES else dtype_of(node)
        for i, (chooser, side) in enumerate(array.gates):
            gate = f'{node.name}/deepexplain_gate_{i}'
            source = self._parts.add('Switch', gate, [source, chooser], T=dtype) + ':1' * side
        return source

    def _after(self, node: Any, inputs: List[str], before: Optional[Array], number: Optional[np.ndarray]
               ) -> Optional[Array]:
        """The array that an op puts out, as far as it is known."""
        kind = node.op
        if kind == 'Identity':
            return before
        if kind == 'EmptyTensorList':
            return Array(0)
        if kind in ('TensorArrayV3', 'TensorListReserve'):
            return None if number is None else Array(int(number))
        if kind == 'TensorListFromTensor':
            return self._unstacked(node, inputs[0])
        if kind == 'TensorListScatter' and number is not None:
            return self._scattered(node, inputs[0], Array(int(np.max(number, initial=-1)) + 1), number)
        if before is None:
            return None
        if kind == 'TensorListPushBack':
            return before._replace(size=before.size + 1, parts=_with(before.parts, before.size, inputs[1]))
        if kind == 'TensorListPopBack' and before.size:
            return before._replace(size=before.size - 1)
        if number is None:
            return None
        if kind == 'TensorListResize':
            return before._replace(size=int(number)) if int(number) >= before.size else None
        if kind in ('TensorArrayWriteV3', 'TensorListSetItem'):
            place = int(number)
            return before._replace(size=max(before.size, place + 1), parts=_with(before.parts, place, inputs[2]))
        if kind == 'TensorArrayScatterV3':
            return self._scattered(node, inputs[2], before, number)
        if kind == 'TensorListScatterIntoExistingList':
            return self._scattered(node, inputs[1], before, number)
        return None

    def _unstacked(self, node: Any, source: str) -> Optional[Array]:
        length = self._numbers.get(self._lengths.get(node.name, ''))
        return None if length is None else Array(int(length), source, int(length))

    def _scattered(self, node: Any, source: str, before: Array, places: np.ndarray) -> Optional[Array]:
        """An array some of whose places have been filled with the parts of a tensor."""
        places = np.ravel(places)
        if not before.parts and not before.whole and list(places) == list(range(max(before.size, len(places)))):
            return Array(len(places), source, len(places))
        dtype = dtype_of(node)
        parts = dict(before.parts)
        parts.update((int(place), self._parts.part(source, i, len(places), dtype)) for i, place in enumerate(places))
        return before._replace(size=max([before.size] + [int(place) + 1 for place in places]), parts=parts)

    def _read(self, node: Any, array: Array, number: Optional[np.ndarray]) -> List[Optional[str]]:
        """What stands for each output of an op that reads an array, as far as it is known."""
        kind = node.op
        dtype = dtype_of(node)
        if kind in _SIZES:
            return [self._parts.constant(node.name + '/deepexplain_size', array.size)]
        if kind in ('TensorArrayReadV3', 'TensorListGetItem') and number is not None:
            return [self._parts.at(array, int(number), dtype)]
        if kind == 'TensorListPopBack' and array.size:
            return [None, self._parts.at(array, array.size - 1, dtype)]
        if kind in ('TensorArrayGatherV3', 'TensorListGather') and number is not None:
            return [self._parts.packed(node, array, [int(place) for place in np.ravel(number)], dtype)]
        if kind == 'TensorListStack':
            return [self._parts.packed(node, array, list(range(array.size)), dtype)]
        return []

    def _prune(self, target: str) -> None:
        """Leave out what nobody reads any more."""
        readers: Dict[str, int] = {target: 1}
        for node in self._nodes.values():
            for source in map(maker, node.input):
                readers[source] = readers.get(source, 0) + 1
        waiting = list(self._nodes)
        while waiting:
            name = waiting.pop()
            if name in self._nodes and not readers.get(name) and not self._frames.get(name) and (
                    is_of_array(self._nodes[name].op) or name in self._parts.added):
                for source in map(maker, self._nodes.pop(name).input):
                    readers[source] -= 1
                    waiting.append(source)


def _with(parts: Mapping[int, str], place: int, part: str) -> Dict[int, str]:
    found = dict(parts)
    found[place] = part
    return found
