"""Where X reaches T by a way that has no gradient, beside those that have one.

An op ends a way if a gradient reaches it from X and goes no further though its value does: what it puts out is no
float (Greater, ArgMax, the indices of TopKV2, a Cast to int, a hash), its gradient is always none or zero (Round,
Floor, Sign), or it was stopped (StopGradient). So a tf.cond or a tf.while_loop whose condition hangs on X is named by
the comparison, a gather by what made the indices, a straight-through estimator by its StopGradient.

What such ops do in ordinary models is no such way:
- a comparison or Sign that only gates functions of what it compares, place by place, is part of an activation, though
  it may jump: where(x > 0, x, 0), x * cast(x > t), sign(x) * max(|x| - t, 0);
- Equal and NotEqual with what does not hang on X, a Cast to bool, Sign of what is nowhere below 0: padding and masking
  look for one value, and no neighbour of it makes a difference; so do IsNan, IsInf and IsFinite;
- the comparison of what is sorted with its running sum, by which a sparsemax, which is continuous, finds its support;
- a stopped maximum by which a softmax or a logsumexp is shifted; a stopped mean about which a variance is taken;
- what goes on by its shape alone, is multiplied by a known 0, or is only waited for (assertions);
- what a custom gradient, of tf.custom_gradient or a gradient_override_map, stands in for.
Ops in which the winner takes all (max pooling, sorting, the values of TopKV2) have a gradient.
"""
from typing import Any, Callable, Collection, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from ..messages import listed, warn
from . import compat
from .bodies import Found, asked_for, enter
from .flow import SHAPES, Flow
from .functions import functions_of, is_call
from .gates import only_gates
from .kept import extra_of
from .kinds import CALLS, CONSTANT, FLAT, FUNCTIONAL, foreign_gradient
from .numbers import Numbers
from .shifts import innocent, plainly_nonnegative, projects
from .walks import ancestors

#: Their gradient functions return none.
_NONE = frozenset(['FloorDiv', 'TruncateDiv'])

#: They have a gradient, but jump as often as the input grows.
_SAWS = frozenset(['FloorMod'])

_ORDERS = frozenset(['Greater', 'GreaterEqual', 'Less', 'LessEqual'])

_EQUALITIES = frozenset(['Equal', 'NotEqual', 'ApproximateEqual'])

_FINITE = frozenset(['IsNan', 'IsInf', 'IsFinite'])

#: They have no gradient and need none.
_SOURCES = frozenset('''
    Const Placeholder PlaceholderWithDefault ReadVariableOp VarHandleOp VariableV2 NoOp Arg _Arg _Retval Assert
    TensorListReserve EmptyTensorList
    '''.split())


def warn_of_ways(X: Sequence[tf.Tensor], T: tf.Tensor, shared: FrozenSet[str] = frozenset()) -> None:
    """One warning that names the ops where ways without gradient from X to T end, if there are any.

    Args:
        shared: op types that are passed all the same.
    """
    found = [way for way in find_ways(X, T) if way[0] not in shared]
    if found:
        warn('X also reaches T by a way without gradient: through %s: what goes that way is not attributed; occlusion '
             'and shapley_sampling see it.' % listed(found))


def find_ways(X: Sequence[tf.Tensor], T: tf.Tensor) -> Found:
    """The ops where ways without gradient from X to T end, as pairs of op type and name."""
    return _Ways([x.name for x in X], [T], Numbers(ends=[x.name for x in X]), T.graph, {}).found


class _Ways:
    """The ways from some tensors to others of one graph, that of a function too.

    Attributes:
        found: the ops that end ways, by type and name.
        live: the names of tensors that a gradient reaches from X.
    """

    def __init__(self, X: Sequence[str], targets: Sequence[tf.Tensor], numbers: Numbers, graph: tf.Graph,
                 library: Dict[str, Any], place: str = '') -> None:
        self._X, self._graph, self._library, self._place = list(X), graph, library, place
        self._ends, self._known, self._targets = {tensor.name for tensor in targets}, numbers, list(targets)
        self._above: Optional[Set[str]] = None
        self._gradients: Dict[str, bool] = {}
        self._order: Optional[Dict[tf.Operation, int]] = None
        self._flow = Flow(targets, X, numbers, reads=self._reads)
        ends = self._spread()
        leaves = self._harmless(ends)
        if leaves:
            self._flow = Flow(targets, X, numbers, leaves, self._reads)
            ends = self._spread()
        masks = [op for op in ends if op.type in _ORDERS or op.type in _EQUALITIES or op.type == 'Sign']
        kept = only_gates(masks, self._flow, self._X, self.live, self._in_order(self._flow.ops)) if masks else set()
        self.found: Found = [(op.type, op.name + place) for op in self._in_order(ends) if op not in kept]
        for op in self._in_order(self._functional):
            self.found.extend(self._inside(op))

    def _in_order(self, ops: Iterable[tf.Operation]) -> List[tf.Operation]:
        wanted = list(ops)
        if len(wanted) < 2:
            return wanted
        order = self._numbered()
        return sorted(wanted, key=lambda op: order[op])

    def _numbered(self) -> Dict[tf.Operation, int]:
        if self._order is None:
            self._order = {op: i for i, op in enumerate(self._graph.get_operations())}
        return self._order

    def _reads(self, op: tf.Operation) -> Optional[List[tf.Tensor]]:
        """A custom gradient passes from what comes out to the arguments, which stand behind the results."""
        if op.type != 'IdentityN':
            return asked_for(op, self._known, self._functions, self._ends)
        results = [i for i, tensor in enumerate(op.outputs) if tensor.name in self._read_for_targets()]
        own = len(op.inputs) - extra_of(op)
        arguments = list(op.inputs)[max(results, default=-1) + 1:own] if self._overridden(op) else []
        return arguments or [op.inputs[i] for i in results]

    def _read_for_targets(self) -> Set[str]:
        """The tensors that the targets are made of: gradients that were built before read others as well."""
        if self._above is None:
            above = {op for tensor in self._targets for op in ancestors(tensor, set())}
            self._above = self._ends.union(tensor.name for op in above for tensor in op.inputs)
        return self._above

    def _overridden(self, op: tf.Operation) -> bool:
        name = foreign_gradient(op)
        return bool(name) and self._has_gradient(name)

    def _has_gradient(self, name: str) -> bool:
        if name not in self._gradients:
            self._gradients[name] = compat.has_gradient(name)
        return self._gradients[name]

    def _spread(self) -> Set[tf.Operation]:
        """Follow the gradient from X; the ops where it ends though the value goes on."""
        flow, ends = self._flow, set()
        self.live = {name for name in self._X if name in flow.readers}
        self._functional: Set[tf.Operation] = set()
        waiting = list(self.live)
        while waiting:
            name = waiting.pop()
            for op in flow.readers[name]:
                if self._is_function(op):
                    self._functional.add(op)
                for tensor in op.outputs:
                    if tensor.name not in flow.readers:
                        continue
                    passes = self._passes(op, name, tensor)
                    if not passes and op not in self._functional or op.type in _SAWS and op.inputs[0].name == name:
                        ends.add(op)
                    if passes and tensor.name not in self.live:
                        self.live.add(tensor.name)
                        waiting.append(tensor.name)
        return ends

    def _passes(self, op: tf.Operation, source: str, tensor: tf.Tensor) -> bool:
        """Whether a gradient passes an op from one of its outputs to one of its inputs."""
        if not _is_smooth(tensor.dtype) or not all(_is_smooth(one.dtype) for one in op.inputs if one.name == source):
            return False
        if op in self._functional or op.type not in CONSTANT | FLAT | _NONE and self._has_gradient(op.type):
            return True
        return self._overridden(op)

    def _is_function(self, op: tf.Operation) -> bool:
        if op.type in FUNCTIONAL or op.type in CALLS:
            return True
        return not hasattr(tf.raw_ops, op.type) and is_call(op.type, self._functions())

    def _functions(self) -> Mapping[str, Any]:
        if not self._library:
            self._library.update(compat.library_of(self._graph))
        return self._library

    # What is harmless

    def _harmless(self, ends: Collection[tf.Operation]) -> Set[tf.Operation]:
        """Those of the ops where gradients end that ordinary models end them with."""
        found = {op for op in ends if op.type in _FINITE or op.type == 'Cast' and op.outputs[0].dtype.is_bool
                 or op.type == 'Sign' and plainly_nonnegative(op.inputs[0])
                 or op.type in _ORDERS and projects(op)}
        equalities = [op for op in ends if op.type in _EQUALITIES]
        if equalities:
            dependent = self._flow.after(self._X)
            found.update(op for op in equalities if sum(one.name in dependent for one in op.inputs) == 1)
        stops = [op for op in ends if op.type == 'StopGradient']
        if stops:
            found.update(innocent(self._flow, stops, self._numbered()))
        return found

    # Functions

    def _inside(self, op: tf.Operation) -> Found:
        """What ends ways inside the functions that an op runs."""
        library = self._functions()
        found: Found = []
        live: List[bool] = []
        for inside in enter(op, self._flow, library, lambda tensor: tensor.name in self.live, lambda role, function:
                            role == 'cond' or _may_end(function, library, self._has_gradient, set())):
            arguments, outputs = inside.body.arguments, inside.body.outputs
            # What comes out of one step of a loop goes into the next, and into its condition.
            live = live if inside.role == 'cond' and live else inside.live
            while True:
                ways = _Ways([argument.name for argument, one in zip(arguments, live) if one], inside.targets,
                             inside.numbers, inside.body.graph, self._library, ' in %s%s' % (op.name, self._place))
                after = [before or output.name in ways.live for before, output in zip(live, outputs)]
                if inside.role != 'body' or after == live:
                    break
                live = after
            found.extend(one for one in ways.found if one not in found)
        return found


def _may_end(function: Any, library: Mapping[str, Any], has_gradient: Callable[[str], bool], seen: Set[str]
             ) -> bool:
    """Whether a function has any op, its own or of what it calls, that could end a way."""
    for node in function.node_def:
        inner = [one.name for one in functions_of(node)] + ([node.op] if node.op in library else [])
        if 'While' in node.op:
            return True
        if inner:
            for name in inner:
                if name in library and name not in seen:
                    seen.add(name)
                    if _may_end(library[name], library, has_gradient, seen):
                        return True
        elif node.op == 'Cast':
            if not _is_smooth(tf.as_dtype(node.attr['DstT'].type)):
                return True
        elif node.op in FLAT | _NONE | _SAWS | frozenset(['StopGradient']) or node.op not in SHAPES | _SOURCES and (
                not has_gradient(node.op) or node.op in _MIXED):
            return True
    return False


#: They have a gradient for some of their outputs only.
_MIXED = frozenset(['TopK', 'TopKV2', 'MaxPoolWithArgmax', 'Switch', 'Merge'])


def _is_smooth(dtype: tf.DType) -> bool:
    """Whether gradients pass what is of a type: floats, and lists of them."""
    return dtype.is_floating or dtype.is_complex or dtype == tf.variant
