"""Gradients of a target, ordinary or under a method's rules, for a model built anywhere."""
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.bodies import look_inside
from ..graph.choices import function_at_rest, is_any_flag, settled_by, training_tensors
from ..graph.functions import is_call
from ..graph.kept import why_lost
from ..graph.kinds import CALLS, FLAT, FUNCTIONAL, foreign_gradient
from ..graph.loops import ENTERS, restore_loops
from ..graph.path import Path
from ..graph.phases import is_learning_phase
from ..graph.replica import Replica
from ..graph.units import Units, find_units
from ..graph.using import untaken
from ..graph.walks import ancestors
from ..messages import listed, warn
from .activations import RuleSet, registered_rules
from .cuts import why_cut, why_none, without_gradient

if TYPE_CHECKING:
    from ..runs.model import Model


class Carrier(NamedTuple):
    """What gradients are taken of.

    Attributes:
        T: the target, or what stands for it on a replica of the path.
        tensor: finds what stands there for a tensor of the path.
        rules: to be in force while gradients are built, if any.
        relevance: whether the gradient starts with T itself, weighed by Y, in place of Y alone.
        settled: see `Path`.
    """
    T: tf.Tensor
    tensor: Callable[[tf.Tensor], tf.Tensor] = lambda tensor: tensor
    rules: Optional[RuleSet] = None
    relevance: bool = False
    settled: Mapping[str, Optional[float]] = {}

    def gradients(self, model: 'Model', tensors: Optional[Sequence[tf.Tensor]] = None) -> List[tf.Tensor]:
        """The gradients with respect to each X, or to tensors of the path."""
        with self.rules or nullcontext():
            if tensors is None:
                return gradients_of(self.T, model.X, model, self.relevance)
            return gradients_of(self.T, [self.tensor(one) for one in tensors], model, self.relevance, tensors)


def carrier_on(replica: Replica, path: Path, rules: Optional[RuleSet] = None, relevance: bool = False) -> Carrier:
    """What gradients are taken of on a replica of a path."""
    return Carrier(replica.tensor(path.T), lambda tensor: replica.tensor(path.of(tensor)), rules, relevance,
                   path.settled)


def target_at(path: Path, points: Sequence[tf.Tensor] = ()) -> tf.Tensor:
    """T, fit to be differentiated, at X or at points that are put in for X."""
    return ordinary(path, points).T


def ordinary(path: Path, points: Sequence[tf.Tensor] = ()) -> Carrier:
    """A carrier of the gradients that TensorFlow has, at X or at points that are put in for X."""
    path = lowered(path, whole=True)
    rules = registered_rules()
    units = find_units(path, frozenset(rules)) if path.of_types(['IdentityN']) else Units()
    _warn_of_lost(units.lost, look_inside(path, rules).custom)
    if not (points or units.stripped or path.of_types(FUNCTIONAL) or path.makes_own_ends):
        return Carrier(path.T, path.of)
    # TensorFlow cannot differentiate a functional loop that a session has run, but can its copy; and the custom
    # gradient of an imported swish belongs to the graph that it was imported from.
    inputs = {x.name: point for x, point in zip(path.X, points)} or path.fed
    replica = Replica(path.with_loops(), inputs, Units(stripped=units.stripped))
    return carrier_on(replica, path)


def lowered(path: Path, inference: bool = False, whole: bool = False) -> Path:
    """The path, imported again with its function calls inlined if there are any.

    What is behind the true side of a Keras learning phase is left out of account.

    Args:
        inference: whether functional branches that training chooses are inlined as well, as they are at inference, and
            what is behind the true side of a placeholder for training is left out of account too.
        whole: whether nothing is left out of account.
    """
    if any(compat.control_flow_context(op) is None for op in path.of_types(ENTERS)):
        # The graph was imported without its collections, as frozen graphs are.
        restore_loops(ancestors(path.T, set()))
    is_flag = is_any_flag if inference else is_learning_phase
    settled = {} if whole else settled_by(path.ops, is_flag)
    if settled:
        dead = frozenset(training_tensors(path, is_flag).union(
            () if inference else untaken(path, lambda: compat.library_of(path.graph))))
        # Batch normalisation's moments hang on X while it trains alone.
        living = Path(path.X, path.T, dead)
        living.of, living.scope, living.settled = path.of, path.scope, dict(path.settled, **settled)
        path = living
    path.steps = frozenset(registered_rules()) & FLAT
    phased = [op for op in path.ops if inference and function_at_rest(op) is not None]
    if not phased and all(op.type not in CALLS and hasattr(tf.raw_ops, op.type) for op in path.ops):
        return path
    library = compat.library_of(path.graph)
    calls = phased + [op for op in path.ops if is_call(op.type, library)]
    if not calls:
        return path
    own = compat.functions_with_gradients(path.graph)
    _warn_of_lost([op for op in calls if foreign_gradient(op) or op.type in own])
    replica = Replica(path.with_loops(), path.fed, inference=inference)
    return path.on(replica)


def _warn_of_lost(ops: Sequence[tf.Operation], inside: Sequence[Tuple[str, str]] = ()) -> None:
    """Warn of custom gradients that are not at hand, of ops and of what lies in loops and branches."""
    lost: Dict[str, List[Tuple[str, str]]] = {'': list(inside)}
    for op in ops:
        lost.setdefault(why_lost(op), []).append((op.type, op.name))
    for why, ones in lost.items():
        if ones:
            warn('A custom gradient is lost%s: %s.%s The ordinary gradients of its ops are used.' % (
                '' if why else ', as it came with a file, or in a loop, a branch or a call', listed(ones),
                ' Its function can be kept where it is of ops on tensors and variables, but %s.' % why if why else ''))


def gradients_of(T: tf.Tensor, points: Sequence[tf.Tensor], model: 'Model', relevance: bool = False,
                 tensors: Optional[Sequence[tf.Tensor]] = None) -> List[tf.Tensor]:
    """The gradients of T, its units weighed by Y, with respect to some points.

    Args:
        points: what stands for each X, or for each of some tensors of the path.
        relevance: start with the weighed units themselves in place of the weights alone.
        tensors: the tensors of the path, if the points stand for these.
    """
    value = tf.stop_gradient(T) if relevance else tf.ones_like(T)
    # An X that depends on another is fed as well, so no gradient passes through it.
    stop = points if tensors is None else model.X
    if T.shape.ndims:
        weighed = model.weighed(value)
        # TensorFlow 1.15 has gradients (of segment sums) that must know the rank.
        weighed.set_shape(T.shape)
        target, weights = T, weighed
    else:
        target, weights = T * value * model.Y, None
    stops = list(stop) + without_gradient(model.path, T, stop)
    try:
        gradients = tf.gradients(target, points, weights, stop_gradients=stops)
    except LookupError as error:
        if type(error) is not LookupError:
            raise
        raise RuntimeError(why_none(model.T, error)) from None
    for i, x in enumerate(model.X if tensors is None else tensors):
        if gradients[i] is None and x.name in model.unused:
            gradients[i] = tf.zeros_like(points[i])
        elif gradients[i] is None:
            raise RuntimeError(why_cut(model.T, x))
    return [dense(gradient) for gradient in gradients]


def dense(gradient: Any) -> tf.Tensor:
    """A gradient as one tensor; of a gather's rows TensorFlow would warn the caller that they may be many."""
    if not isinstance(gradient, tf.IndexedSlices) or gradient.dense_shape is None:
        return tf.convert_to_tensor(gradient)
    return tf.math.unsorted_segment_sum(gradient.values, gradient.indices, gradient.dense_shape[0])
