"""Numbers that the nodes of a GraphDef come to, such as how often a loop runs: static, or asked of the data."""
from typing import Any, Dict, List, Mapping, Optional, Sequence, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from . import compat
from .frames import Nodes, frames_of, in_order, maker, taken
from .functions import functions_of
from .outside import MOST, Outside, known_value


class Unknown(Exception):
    """Raised where numbers are known from the data alone.

    Attributes:
        tensors: what holds them.
        loops: the loops that they are wanted for, for messages.
        inference: for which of a model's paths: see `rules.straight`.
        settled: see `Path`.
    """

    inference = False
    settled: Mapping[str, Optional[float]] = {}

    def __init__(self, tensors: List[tf.Tensor], loops: Sequence[str]) -> None:
        super().__init__('known from the data alone')
        self.tensors, self.loops = tensors, list(loops)


class Answers:
    """Finds numbers; those that are known from the data alone have been asked for before, in the same order.

    Args:
        given: the answers.
        taken: takes in the tensors around whose values were found without data.
    """

    def __init__(self, given: Sequence[Sequence[np.ndarray]], taken: List[tf.Tensor]) -> None:
        self._given, self.taken = [list(values) for values in given], taken

    def find(self, nodes: Nodes, outside: Outside, wanted: Sequence[str], loops: Sequence[str] = ()
             ) -> List[np.ndarray]:
        """The values of some sources.

        Args:
            loops: what they are wanted for.

        Raises:
            Unknown: where there is no answer yet.
        """
        if not wanted:
            return []
        part = _Part(nodes, outside, wanted)
        values = part.static()
        missing = [i for i, value in enumerate(values) if value is None]
        if missing:
            if not self._given:
                raise Unknown(part.asked([wanted[i] for i in missing]), [loops[i] for i in missing] if loops else [])
            for i, value in zip(missing, self._given.pop(0)):
                values[i] = value
        return [np.asarray(value) for value in values]


class _Part:
    """The nodes that some sources are made of, as a GraphDef of their own."""

    def __init__(self, nodes: Nodes, outside: Outside, wanted: Sequence[str]) -> None:
        self._outside = outside
        self._made: Nodes = {}
        self._written: Dict[str, str] = {}
        self.leaves: Dict[str, tf.Tensor] = {}
        self._pulled: Dict[str, str] = {}
        waiting: List[str] = []

        def source_of(source: str) -> str:
            if source not in self._written:
                value = outside.known(source)
                if value is not None:
                    self._written[source] = self._constant(value)
                elif maker(source) in nodes:
                    waiting.append(maker(source))
                    self._written[source] = source
                else:
                    self._written[source] = self._leaf(outside.external[source])
            return self._written[source]

        self._wanted = [source_of(source) for source in wanted]
        while waiting:
            name = waiting.pop()
            if name in self._made:
                continue
            node = tf.NodeDef()
            node.CopyFrom(nodes[name])
            node.attr.pop('_gradient_op_type', None)
            self._made[name] = node
            before = [source for source in node.input if source.startswith('^') and maker(source) in nodes]
            node.input[:] = [source_of(source) for source in node.input if not source.startswith('^')] + before
            waiting.extend(map(maker, before))
        self._source = dict(zip(wanted, self._wanted))
        order = in_order(self._made)
        frames = frames_of(self._made, order)
        alive = taken(self._made, frames, map(maker, self._wanted))
        if not any(node.op == 'Merge' and not frames[name] for name, node in self._made.items()):
            for name in alive & set(self.leaves):
                while self.leaves[name].op.type == 'Switch' and compat.while_context(self.leaves[name].op) is None:
                    self.leaves[name] = self.leaves[name].op.inputs[0]

    def _constant(self, value: np.ndarray) -> str:
        name = 'deepexplain_known_%d' % len(self._made)
        self._made[name] = compat.constant_node(name, value, tf.as_dtype(value.dtype))
        return name

    def _leaf(self, tensor: tf.Tensor) -> str:
        name = 'deepexplain_leaf_%d' % len(self.leaves)
        self.leaves[name] = tensor
        return name

    def _definition(self) -> tf.GraphDef:
        definition = tf.GraphDef(versions=self._outside.graph.graph_def_versions)
        definition.node.extend(self._made.values())
        return definition

    def static(self) -> List[Optional[np.ndarray]]:
        """The values that hang on nothing that is fed, stored or drawn."""
        definition = self._definition()
        if any(any(functions_of(node)) for node in definition.node):
            definition.library.function.extend(compat.library_of(self._outside.graph).values())
        renamed: Dict[str, str] = {}
        unknown = []
        budget = [MOST]
        for name, tensor in self.leaves.items():
            pulled = self._outside.pull(tensor, definition, renamed, budget)
            if pulled:
                for node in definition.node:
                    node.input[:] = [pulled if source == name else source for source in node.input]
                self._written.update((key, pulled) for key, value in self._written.items() if value == name)
                self._wanted = [pulled if one == name else one for one in self._wanted]
            else:
                node = definition.node.add(name=name, op='Placeholder')
                node.attr['dtype'].type = tensor.dtype.base_dtype.as_datatype_enum
                node.attr['shape'].shape.CopyFrom(tensor.shape.as_proto())
                unknown.append(name)
        with tf.Graph().as_default() as graph:
            tf.import_graph_def(definition, name='')
        hanging = _after([graph.get_operation_by_name(name) for name in unknown])
        made = {node.name: node for node in definition.node}
        inside = {name for name, around in frames_of(made, in_order(made)).items() if around} if any(
            node.op == 'Enter' for node in definition.node) else set()
        values: List[Optional[np.ndarray]] = [None] * len(self._wanted)
        fed: Dict[str, Any] = {}
        found: Dict[int, tf.Tensor] = {}
        for i, source in enumerate(self._wanted):
            tensor = graph.get_tensor_by_name(source if ':' in source else source + ':0')
            known, given = _cut(tensor, hanging, inside)
            fed.update(given)
            found.update({i: tensor} if known else {})
        with tf.Session(graph=graph, config=tf.ConfigProto(device_count={'GPU': 0})) as session:
            # Where one waits for what is not known, the others may not.
            for places in [list(found)] + [[i] for i in found]:
                if found and all(values[i] is None for i in places):
                    try:
                        for i, value in zip(places, session.run([found[i] for i in places], fed)):
                            values[i] = value
                    except (tf.errors.OpError, ValueError):
                        pass
        return values

    def asked(self, wanted: Sequence[str]) -> List[tf.Tensor]:
        """What holds some of the sources, in the graph itself."""
        definition = self._definition()
        read = {source for node in definition.node for source in node.input}
        with tf.name_scope('numbers') as scope:
            pass
        tf.import_graph_def(definition, name=scope, input_map={
            name: tensor for name, tensor in self.leaves.items() if name in read})
        graph = tf.get_default_graph()
        return [self.leaves[name] if name in self.leaves else graph.get_tensor_by_name(
            scope + (name if ':' in name else name + ':0')) for name in (self._source[one] for one in wanted)]


def _after(ops: List[tf.Operation]) -> Set[tf.Operation]:
    """Some ops and those that read them, directly or not."""
    waiting, found = list(ops), set(ops)
    while waiting:
        for tensor in waiting.pop().outputs:
            new = [reader for reader in tensor.consumers() if reader not in found]
            found.update(new)
            waiting.extend(new)
    return found


def _cut(tensor: tf.Tensor, hanging: Set[tf.Operation], inside: Set[str]) -> Tuple[bool, Dict[str, Any]]:
    """Whether a value hangs on nothing unknown, and the known ones, of shapes, that are put in.

    Args:
        hanging: the ops that hang on what is not known.
        inside: the names of ops in loops, where nothing can be put in.
    """
    waiting, seen = [tensor], {tensor.name}
    fed: Dict[str, Any] = {}
    while waiting:
        one = waiting.pop()
        if one.op not in hanging:
            continue
        value = known_value(one) if one.op.name not in inside else None
        if value is not None:
            fed[one.name] = value
        elif not len(one.op.inputs):
            return False, {}
        else:
            new = [source for source in one.op.inputs if source.name not in seen]
            seen.update(source.name for source in new)
            waiting.extend(new)
    return True, fed
