"""Where gradients stop, and what is refused for it: which op, and what can be done."""
import re
from typing import TYPE_CHECKING, FrozenSet, List, Sequence, Tuple

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.bodies import Inside
from ..graph.cut import find_cut
from ..graph.kinds import CALLS
from ..graph.loops import is_loop
from ..graph.path import Path
from ..graph.using import unused
from .activations import registered_rules
from .advice import UNRULED, instead, plain_ops

if TYPE_CHECKING:
    from ..runs.model import Model


def refuse_cut(model: 'Model', shared: FrozenSet[str] = frozenset(), ruled: FrozenSet[str] = frozenset()) -> None:
    """RuntimeError, before anything is built, where T has certainly no gradient with respect to an X.

    Args:
        shared: op types without a gradient whose change the method shares.
        ruled: op types that the method has a rule for, be they without a gradient.
    """
    ruled |= frozenset(registered_rules())
    several = len(model.X) > 1
    for x in model.X:
        path = Path([x], model.T) if several else model.path
        if x.name not in model.unused and not (shared and path.ops) and not path.may_have_gradient(ruled):
            raise RuntimeError(why_cut(model.T, x))


def refuse_ids(T: tf.Tensor, X: Sequence[tf.Tensor]) -> None:
    """RuntimeError for inputs of ids or strings, of which there are no gradients."""
    strange = [x for x in X if not (x.dtype.is_floating or x.dtype.is_complex)]
    spare = unused(X, T) if strange else []
    for x in strange:
        if len(spare) == len(X) or not any(x is one for one in spare):
            raise RuntimeError(why_cut(T, x))


def why_cut(T: tf.Tensor, x: tf.Tensor) -> str:
    """In one message: which X, where its gradient stops, and what can be explained instead."""
    cut = find_cut(T, x)
    message = f"T ('{T.name}') does not depend differentiably on X ('{x.name}', {x.dtype.name}): "
    if not cut.path:
        message += 'there is no path of ops from X to T.'
        if Path([T], x).ops:
            message += ' X depends on T: are they swapped?'
        return message
    message += 'the gradient stops at %s.' % ', '.join(
        "'%s' (%s)" % (op.name, op.type) for op in cut.stops[:5]) if cut.stops else (
            'no value of X comes to T, as where a loop takes no step.')
    nearest = instead(cut.ends, T)
    if not nearest and not x.dtype.is_floating:
        message += ' occlusion and shapley_sampling take it as it is, with a baseline.'
    if nearest:
        message += ' Nearest to X that can be explained instead: %s.' % ', '.join(
            "'%s'" % tensor.name for tensor in nearest)
    return message


def why_none(T: tf.Tensor, error: LookupError) -> str:
    """In one message: which op, inside a loop, a branch or a rule, TensorFlow has no gradient of."""
    named = re.search(r"operation *'(?P<name>[^']*)' \(op type: (?P<type>\w+)\)", str(error))
    place = "'%s' (%s)" % (named.group('name'), named.group('type')) if named else str(error).splitlines()[0]
    return (f"T ('{T.name}') does not depend differentiably on X: the gradient stops at {place}, of which TensorFlow "
            'has none. occlusion and shapley_sampling need no gradient.')


def without_gradient(path: Path, T: tf.Tensor, points: Sequence[tf.Tensor]) -> List[tf.Tensor]:
    """What the ops between points and T put out that TensorFlow has no gradient of, and would not go on beside."""
    types = {op.type for op in path.ops}
    if not any(_lacks_gradient(one) or one in CALLS or not hasattr(tf.raw_ops, one) for one in types):
        return []
    return [tensor for op in _dead_ends(Path(points, T).ops) for tensor in op.outputs]


def refuse_dead_ends(model: 'Model', path: Path, ops: Sequence[tf.Operation]) -> List[tf.Operation]:
    """RuntimeError where all ways from an X lead through ops, of some without a rule, that have no gradient either.

    Args:
        path: the path that these ops are on, which may stand for the model's.

    Returns:
        Those of the ops that have no gradient.
    """
    dead = _dead_ends(ops)
    barred = path.dead.union(tensor.name for op in dead for tensor in op.outputs)
    for x in path.X if dead else ():
        way = Path([x], path.T, barred)
        way.steps = path.steps
        if x.name not in model.unused and not way.carries(path.T):
            raise RuntimeError(why_cut(model.T, x))
    return dead


def _dead_ends(ops: Sequence[tf.Operation]) -> List[tf.Operation]:
    """Those of some ops, calls aside, that TensorFlow has no gradient of, nor the user one in its place."""
    types = {one for one in {op.type for op in ops} - CALLS if _lacks_gradient(one) and hasattr(tf.raw_ops, one)}
    return [op for op in ops if op.type in types and '_gradient_op_type' not in op.node_def.attr]


def _lacks_gradient(op_type: str) -> bool:
    """Whether TensorFlow knows nothing of an op type's gradient, not even that there is none."""
    return not compat.has_gradient(op_type) and not compat.never_has_gradient(op_type)


def refuse_hidden(method: str, ops: Sequence[Tuple[str, str]], graph: tf.Graph) -> None:
    """RuntimeError for the first of some ops, inside functional loops and branches, that the rules cannot reach."""
    for op_type, name in ops:
        raise RuntimeError('%s cannot reach %s (%s). %s' % (method, op_type, name, plain_ops(graph)))


def refuse_loops(path: Path, method: str, inside: Inside) -> None:
    """RuntimeError where the path holds a loop yet, a branch that X chooses, or a rule's op in a functional branch."""
    for op in path.ops:
        if op not in path.dependent:
            continue
        if is_loop(op):
            raise RuntimeError("%s cannot reach into the loop of '%s' (%s), which lies between X and T and changes "
                               'variables from step to step. Take %s.' % (
                                   method, path.called(op), op.type, UNRULED))
        if op.type == 'Switch' and path.depends(op.inputs[1]):
            raise RuntimeError("%s cannot pass the branches of '%s' (%s): X decides which is taken, and the baseline "
                               'may take the other.' % (method, path.called(op), op.type))
    refuse_hidden(method, inside.ruled, path.graph)
