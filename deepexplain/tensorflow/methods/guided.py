"""Deconvnet and guided backpropagation: gradients that pass activations only where they are positive."""
from typing import List, Mapping, Type

import tensorflow.compat.v1 as tf

from ..graph.bodies import look_inside
from ..graph.kinds import GRADIENT
from ..graph.replica import Replica
from ..graph.units import find_units
from ..graph.unrolled import has_loops
from ..relevance.plan import ACTIVATIONS
from ..rules.activations import RuleSet, ordinary_gradient, registered_rules
from ..rules.cuts import refuse_hidden
from ..rules.gradients import Carrier, carrier_on, lowered
from ..rules.markers import ends
from ..rules.straight import straight
from .base import GradientAttribution


class DeconvRules(RuleSet):
    """An activation lets through what is positive, whatever its input.

    Args:
        inner: the ops of each activation of several ops, by the name of its marker.
    """

    def __init__(self, inner: Mapping[str, List[tf.Operation]]) -> None:
        self.inner = inner

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        return tf.nn.relu(grad)


class GuidedRules(DeconvRules):
    """An activation lets through what is positive, times its ordinary gradient."""

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        x, y = ends(op)
        return ordinary_gradient(y, x, tf.nn.relu(grad), self.inner.get(op.name, ()))


class Deconvnet(GradientAttribution):
    """The deconvolutional network (Zeiler and Fergus 2014, section 2.1), from T, weighed by ys, back to X.

    The gradient in which each activation has the gradient max(grad, 0) in place of its own. It starts with the value
    of the target, as in the paper and in iNNvestigate, so maps grow with T and change sign with it. Every function of
    one number counts as an activation. No options.
    """

    rules: Type[DeconvRules] = DeconvRules
    ruled = ACTIVATIONS

    def carrier(self) -> Carrier:
        ruled = ACTIVATIONS | frozenset(registered_rules())
        path = lowered(self.model.path, inference=True)
        if has_loops(path) and look_inside(path, dict.fromkeys(ruled)).hidden:
            path = straight(self.model, inference=True)
        refuse_hidden(self.model.method or 'deconvnet', look_inside(path, dict.fromkeys(ruled)).hidden,
                      path.graph)
        units = find_units(path, ruled)
        replica = Replica(path.with_loops(), path.fed, units, GRADIENT)
        return carrier_on(replica, path, self.rules(replica.inner()), relevance=True)

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return gradient


class GuidedBackprop(Deconvnet):
    """Guided backpropagation (Springenberg et al. 2015, section 3.4), from T, weighed by ys, back to X.

    The gradient in which each activation f has the gradient max(grad, 0) f'(x): for a ReLU what is positive where the
    input is, too. It starts as `Deconvnet` does. No options.
    """

    rules = GuidedRules
