"""The path imported once more into the user's graph: the same ops on the same variables, under other gradients."""
from typing import Any, Dict, List, Mapping, Optional, Sequence

import tensorflow.compat.v1 as tf

from . import compat
from .choices import function_at_rest
from .functions import copy_bodies, functions_of, inline_calls, wait_before_loops
from .kept import GRAPH
from .kinds import LOOPS
from .loops import restore_loops
from .lowering import lower_loops
from .names import name_of
from .units import Unit, Units

#: The node attribute of a marker that names the op type whose rule it takes ('' for a composed activation).
RULE = '_deepexplain_rule'

#: The node attribute of a marker that says whether its x may be broadcast to the shape of its y.
SPREAD = '_deepexplain_spread'


class Replica:
    """The ops of a path, imported again into the current name scope.

    Args:
        ops: the ops to import.
        inputs: original tensor name -> the tensor to read in its place (X at the baseline, for one); every other
            tensor from outside is the original one.
        units: the units of the path. A single op asks for `gradient` by its attribute. A marked unit gets a marker
            after it: an IdentityN over (y, x) that hands on y and asks for `gradient`, so the unit's inner ops are
            passed in one step.
        gradient: the name of a registered gradient.
        inference: whether functional branches that a Keras learning phase chooses become the ops of that for
            inference.
    """

    def __init__(self, ops: Sequence[tf.Operation], inputs: Optional[Mapping[str, tf.Tensor]] = None,
                 units: Optional[Units] = None, gradient: str = '', inference: bool = False) -> None:
        self.originals = {op.name: op for op in ops}
        self._inputs = dict(inputs or {})
        self._markers: Dict[str, Unit] = {unit.y.name: unit for unit in units.marked} if units else {}
        self._asking = {*units.single, *(op.name for op in units.joint)} if units else set()
        self._external: Dict[str, Any] = {}
        self.graph = tf.get_default_graph()
        with tf.name_scope('path') as scope:
            self.scope = scope
        definition = tf.GraphDef(versions=self.graph.graph_def_versions)
        for op in ops:
            definition.node.add().CopyFrom(self._node(op, units, gradient))
        for unit in self._markers.values():
            definition.node.add().CopyFrom(self._marker(unit, gradient))
        if inference:
            self._settle(definition)
        self._inlined = self._bring_functions(definition, units, gradient)
        read = {source for node in definition.node for source in node.input}
        tf.import_graph_def(definition, name=scope, input_map={
            name: tensor for name, tensor in self._external.items() if name in read})
        self._imported = [self.graph.get_operation_by_name(scope + node.name) for node in definition.node]
        for old in self._known(ops):
            self.unmarked(old).set_shape(old.shape)
        self._restore_loops(ops)
        restore_loops(self._imported)

    def op(self, original: tf.Operation) -> tf.Operation:
        """The replica of an op."""
        return self.graph.get_operation_by_name(self.scope + original.name)

    def tensor(self, original: tf.Tensor) -> tf.Tensor:
        """The tensor that stands for the original's in the replica: the marker's where there is one."""
        if original.name in self._inputs:
            return self._inputs[original.name]
        if original.name in self._markers:
            return self.graph.get_tensor_by_name(self.scope + _marker_name(original) + ':0')
        return self.unmarked(original) if original.op.name in self.originals else original

    def unmarked(self, original: tf.Tensor) -> tf.Tensor:
        """The replica of a tensor of the path itself, before any marker."""
        name = self._inlined.get(name_of(original), original.name)
        if name in self._external:
            return self._external[name]
        return self.graph.get_tensor_by_name(self.scope + name + ('' if ':' in name else ':0'))

    def _known(self, ops: Sequence[tf.Operation]) -> List[tf.Tensor]:
        """The outputs of ops whose shapes hold for what stands for them, too."""
        return [tensor for op in ops for tensor in op.outputs if name_of(tensor) not in self._inlined
                or op.type in LOOPS and self._is_own(tensor)]

    def _is_own(self, original: tf.Tensor) -> bool:
        """Whether what stands for an output of a loop is an op of the replica, and may be given the same shape."""
        # TensorFlow 1.15 makes zeros of known shapes, of which there are none for lists of tensors.
        return self._inlined[name_of(original)] not in self._external and original.dtype != tf.variant

    def marker(self, unit: Unit) -> tf.Operation:
        return self.graph.get_operation_by_name(self.scope + _marker_name(unit.y))

    def inner(self) -> Dict[str, List[tf.Operation]]:
        """The replicas of the ops of each marked unit, by the name of its marker."""
        return {self.marker(unit).name: [self.op(op) for op in unit.ops] for unit in self._markers.values()}

    def _node(self, op: tf.Operation, units: Optional[Units], gradient: str) -> tf.NodeDef:
        node = tf.NodeDef()
        node.CopyFrom(op.node_def)
        del node.input[:]
        node.input.extend(self._source(tensor) for tensor in op.inputs)
        for before in op.control_inputs:
            if before.name not in self.originals:
                self._external['^' + before.name] = _tensor_after(before)
            node.input.append('^' + before.name)
        # Colocation names ops that may not be imported.
        node.attr.pop('_class', None)
        if 'frame_name' in node.attr:
            node.attr['frame_name'].s = self._renamed_frame(node.attr['frame_name'].s.decode()).encode()
        if op.name in self._asking:
            node.attr['_gradient_op_type'].s = gradient.encode()
        if units and op.name in units.stripped:
            node.attr.pop('_gradient_op_type')
        return node

    def _bring_functions(self, definition: tf.GraphDef, units: Optional[Units], gradient: str) -> Dict[str, str]:
        """Inline the calls and copy the bodies that the nodes name; where each output of a call is now."""
        # Old functions are called by ops of their own name, which no registered op has.
        if not any(any(functions_of(node)) or not hasattr(tf.raw_ops, node.op) for node in definition.node):
            return {}
        library = compat.library_of(self.graph)
        looped = [op.name for op in self.originals.values() if compat.while_context(op) is not None]
        inlined = inline_calls(definition, library, looped)

        def change(node: Any) -> None:
            if units and node.op in units.single_types:
                node.attr['_gradient_op_type'].s = gradient.encode()
            elif node.op == 'IdentityN' and GRAPH not in node.attr:
                # A custom gradient refers to the body that it was traced in, not to the copy.
                node.attr.pop('_gradient_op_type', None)

        lowered = lower_loops(definition, library, self._renamed_frame, change, looped)
        inlined = dict(lowered, **{name: lowered.get(place, place) for name, place in inlined.items()})
        wait_before_loops(definition)
        copy_bodies(definition, library, self.scope.replace('/', '_').replace('.', '_'), change)
        return inlined

    def _settle(self, definition: tf.GraphDef) -> None:
        """Make branches that are chosen by training calls of the function for inference, which will be inlined."""
        for node in definition.node:
            function = function_at_rest(self.originals.get(node.name))
            if function is not None:
                attributes = {name: node.attr[name] for name in ('Tin', 'Tout')}
                settled = tf.NodeDef(name=node.name, op='PartitionedCall', device=node.device, attr=attributes)
                settled.attr['f'].func.name = function
                settled.input.extend(node.input[1:])
                node.CopyFrom(settled)

    def _marker(self, unit: Unit, gradient: str) -> tf.NodeDef:
        node = tf.NodeDef(name=_marker_name(unit.y), op='IdentityN', device=unit.y.op.device)
        node.input.extend([name_of(unit.y), self._source(unit.x)])
        node.attr['T'].list.type.extend([unit.y.dtype.as_datatype_enum, unit.x.dtype.as_datatype_enum])
        node.attr['_gradient_op_type'].s = gradient.encode()
        node.attr[RULE].s = unit.rule.encode()
        node.attr[SPREAD].b = not unit.same
        return node

    def _source(self, tensor: tf.Tensor) -> str:
        """What a node writes as its input to read this tensor; notes it when it comes from outside."""
        if tensor.name not in self._inputs:
            if tensor.name in self._markers:
                return _marker_name(tensor)
            if tensor.op.name in self.originals:
                return name_of(tensor)
        self._external[name_of(tensor)] = self._inputs.get(tensor.name, tensor)
        return name_of(tensor)

    def _renamed(self, name: str) -> str:
        """The replica's name of an op or a tensor, or the same where it is not in the replica."""
        return self.scope + name if name.split(':')[0] in self.originals else name

    def _renamed_frame(self, name: str) -> str:
        return self.scope + name

    def _restore_loops(self, ops: Sequence[tf.Operation]) -> None:
        """Give the imported ops of v1 loops copies of their contexts, without which they have no gradient."""
        loops: List[Any] = []
        for op in ops:
            loop = compat.while_context(op)
            if loop is not None and not any(loop is one for one in loops):
                loops.append(loop)
        for loop in loops:
            definition = loop.to_proto()
            self._rename_loop(definition)
            compat.restore_while_context(definition)

    def _rename_loop(self, definition: Any) -> None:
        """Change a WhileContextDef to speak of the replica's ops, as far as there are any."""
        for names in (definition.loop_exit_names, definition.loop_enter_names):
            names[:] = [self._renamed(name) for name in names if name.split(':')[0] in self.originals]
        self._rename_context(definition, ['pivot_name', 'pivot_for_pred_name', 'pivot_for_body_name',
                                          'maximum_iterations_name'])

    def _rename_context(self, definition: Any, fields: Sequence[str]) -> None:
        """What loops and branches have in common."""
        definition.context_name = self._renamed_frame(definition.context_name)
        for field in fields:
            setattr(definition, field, self._renamed(getattr(definition, field)))
        self._rename_values(definition.values_def)
        for nested in definition.nested_contexts:
            if nested.HasField('while_ctxt'):
                self._rename_loop(nested.while_ctxt)
            else:
                self._rename_context(nested.cond_ctxt, ['pred_name', 'pivot_name'])

    def _rename_values(self, definition: Any) -> None:
        marked = [self.scope + _marker_name(unit.y) + ':%d' % i for unit in self._markers.values()
                  if unit.y.name in definition.values for i in (0, 1)]
        external = {self._renamed(outer): self._renamed(inner)
                    for outer, inner in definition.external_values.items() if inner.split(':')[0] in self.originals}
        called = {name.split(':')[0] for name in definition.values} & {name.split(':')[0] for name in self._inlined}
        inlined = [tensor.name for op in self._imported for tensor in op.outputs
                   if any(op.name.startswith(self.scope + call + '/') for call in called)]
        definition.values[:] = [self._renamed(name) for name in definition.values if name.split(':')[0] not in called
                                and (name.split(':')[0] in self.originals or self._renamed(name) in external)
                                ] + marked + inlined
        definition.external_values.clear()
        definition.external_values.update(external)


def _marker_name(tensor: tf.Tensor) -> str:
    return '%s/deepexplain_unit_%d' % (tensor.op.name, tensor.value_index)


def _tensor_after(op: tf.Operation) -> tf.Tensor:
    """A tensor of the op, or one that waits for it: import_graph_def takes tensors alone, for control inputs too."""
    if op.outputs:
        return op.outputs[0]
    with tf.control_dependencies([op]):
        return tf.constant(0)
