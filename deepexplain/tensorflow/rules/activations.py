"""How relevance passes an activation: the rules, the registered gradient that dispatches to them, register_rule."""
import contextvars
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence

import tensorflow.compat.v1 as tf

from ..graph import compat
from ..graph.again import Again, again
from ..graph.kinds import ELEMENTWISE, GRADIENT, PRODUCTS, QUOTIENTS, SEVERAL_INPUTS, SUMS
from ..graph.units import Unit
from .joint import JOINT
from .markers import aligned_ends, gathered, is_marker, rule_of, step_by_step
from .quotients import CLOSED, quotient
from .returned import returned

#: Odd and increasing, so that f(x) and x have one sign.
ODD = ('Tanh', 'Softsign', 'Erf')

#: Elementwise activations of one input; Minimum and Maximum of a constant are the parts of clipped ones.
ACTIVATIONS = ('Relu', 'Relu6', 'LeakyRelu', 'Elu', 'Selu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign',
               'Erf', 'Erfc', 'Exp', 'Expm1', 'Minimum', 'Maximum')

# Which rules are in force in this thread: those of an explainer while it builds its gradients, else None.
_in_force: contextvars.ContextVar = contextvars.ContextVar('deepexplain_rules', default=None)


class Rule(NamedTuple):
    """What `register_rule` keeps of an op type; None stands for the method's own elementwise rule."""
    elrp: Optional[Callable] = None
    deeplift: Optional[Callable] = None


# Op type -> rule: the one table that grows, as TensorFlow's own registry of gradients does.
_rules: Dict[str, Rule] = {op_type: Rule() for op_type in ACTIVATIONS}


def register_rule(op_type: str, elrp: Optional[Callable] = None, deeplift: Optional[Callable] = None) -> None:
    """Teach elrp and deeplift an op type.

    `register_rule('Atan')` is all that an elementwise activation needs: each method then applies its own rule to it.
    Explainers made earlier keep the rules that they were made with. Registering a type again replaces its rule.

    Args:
        op_type: the type of the op as the graph has it (`tensor.op.type`), an op with one input that depends on X.
        elrp: a function `(grad, x, y, epsilon) -> gradient with respect to x` in place of the epsilon rule. `grad`,
            `x` and `y` are tensors: the gradient with respect to the op's output, its input, its output; `epsilon` is
            a float.
        deeplift: a function `(grad, x, y, x_ref, y_ref) -> gradient with respect to x` in place of the rescale rule.
            `x_ref` and `y_ref` are the op's input and output at the baseline, shaped like `x` and `y`.

    Raises:
        TypeError: if op_type is no string or a rule cannot be called.
        ValueError: if no such op has a gradient, or if a function is missing and the op is not an elementwise
            activation.
    """
    if not isinstance(op_type, str):
        raise TypeError("register_rule: op_type must be the name of an op type such as 'Atan', not %s."
                        % type(op_type).__name__)
    for name, rule in (('elrp', elrp), ('deeplift', deeplift)):
        if rule is not None and not callable(rule):
            raise TypeError(f'register_rule: {name} must be a function or None, not {type(rule).__name__}.')
    try:
        compat.registered_gradient(op_type)
    except LookupError:
        raise ValueError('register_rule: %r is not the type of an op that has a gradient; see tensor.op.type.'
                         % op_type) from None
    if (elrp is None or deeplift is None) and op_type not in ELEMENTWISE - SUMS - PRODUCTS - QUOTIENTS:
        raise ValueError('register_rule: %s is not known as an elementwise activation, so elrp and deeplift have no '
                         'rule of their own for it: give a function for each.' % op_type)
    _rules[op_type] = Rule(elrp, deeplift)


def registered_rules() -> Mapping[str, Rule]:
    """A copy of the table of rules, by op type."""
    return dict(_rules)


def original_grad(op: tf.Operation, grad: tf.Tensor) -> Any:
    """The ordinary gradient of an op, as TensorFlow registers it for the op's type."""
    return compat.registered_gradient(op.type)(op, grad)


class RuleSet:
    """The rules of one method while one explainer builds its gradients; a context manager that puts them in force."""

    def __enter__(self) -> 'RuleSet':
        self._token = _in_force.set(self)
        return self

    def __exit__(self, *error: Any) -> None:
        _in_force.reset(self._token)

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        """The gradient with respect to the input of an op or a marker."""
        raise NotImplementedError

    def covers(self, op: tf.Operation) -> bool:
        """Whether there is a rule for an op that asks for one: whatever is made under the context's override does."""
        return is_marker(op) or (len(op.inputs) == 1 and op.inputs[0].dtype.is_floating)

    def joint_gradients(self, op: tf.Operation, grad: tf.Tensor) -> Optional[List[Optional[tf.Tensor]]]:
        """The gradients with respect to all inputs of an op in which they meet; None if there is no rule for it."""
        return None


class EpsilonRules(RuleSet):
    """The epsilon rule of layer-wise relevance propagation (Bach et al. 2015, eq. 58) as a gradient.

    grad * f(x) / (x + epsilon * s), s = +1 where x >= 0 else -1 (Ancona et al. 2018, section 3).
    """

    def __init__(self, rules: Mapping[str, Rule], epsilon: float) -> None:
        self._rules, self._epsilon = rules, epsilon

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        x, y = aligned_ends(op)
        own = self._rules.get(rule_of(op), Rule()).elrp
        if own is not None:
            return returned(own(grad, x, y, self._epsilon), x, _says('elrp', op), op.name)
        # One that a number of few digits cannot hold would be 0.
        epsilon = tf.constant(max(self._epsilon, 2. ** -24) if x.dtype == tf.float16 else self._epsilon, x.dtype)
        # Where the sign needs no test: Relu's f(x) is x or 0, and then x is not needed at all.
        if rule_of(op) == 'Relu':
            return grad * (y / (y + epsilon))
        if rule_of(op) in ODD:
            return grad * (tf.abs(y) / (tf.abs(x) + epsilon))
        # Tensors of one shape: TensorFlow 1.15 is ten times slower where a number is broadcast.
        return grad * (y / tf.where_v2(x >= 0, x + epsilon, x - epsilon))


class Reference(NamedTuple):
    """A unit, and its two ends at the baseline."""
    unit: Unit
    x: tf.Tensor
    y: tf.Tensor

    def derivative(self, at: tf.Tensor) -> tf.Tensor:
        """The ordinary derivative of the unit at other points."""
        made = Again(self.unit.ops, {self.unit.x.name: at})
        y = made.tensor(self.unit.y)
        # One op, where tf.ones_like makes three of what has no static shape: there may be thousands of units.
        return ordinary_gradient(y, at, tf.raw_ops.OnesLike(x=at), made.ops)


class RescaleRules(RuleSet):
    """DeepLIFT's rescale rule (Shrikumar et al. 2017, section 3.5.1) as a gradient.

    grad * (f(x) - f(r)) / (x - r), r the input at the baseline; where both differences are lost in rounding, as where
    x = r, the ordinary gradient at the midpoint (x + r) / 2 (see `quotients`).
    """

    def __init__(self, rules: Mapping[str, Rule], references: Mapping[str, Reference],
                 joint: Mapping[str, tf.Operation]) -> None:
        self._rules, self._references, self._joint = rules, references, joint

    def covers(self, op: tf.Operation) -> bool:
        return op.name in self._references

    def joint_gradients(self, op: tf.Operation, grad: tf.Tensor) -> Optional[List[Optional[tf.Tensor]]]:
        if op.name not in self._joint:
            return None

        def at(inputs: Sequence[tf.Tensor]) -> tf.Operation:
            """The op with other inputs."""
            return again(op, dict(enumerate(inputs)))

        with tf.name_scope('joint'):
            return JOINT[op.type](op, self._joint[op.name], grad, at)

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        x, y = aligned_ends(op)
        reference = self._references[op.name]
        own = self._rules.get(rule_of(op), Rule()).deeplift
        if own is not None:
            like = tf.shape(x)
            gradient = own(grad, x, y, tf.broadcast_to(reference.x, like), tf.broadcast_to(reference.y, like))
            return returned(gradient, x, _says('deeplift', op), op.name)
        rule = rule_of(op)
        if rule in CLOSED:
            return grad * CLOSED[rule](op, x, y, reference.x, reference.y)
        return grad * quotient(rule, x, y, reference.x, reference.y, reference.derivative)


def _says(method: str, op: tf.Operation) -> str:
    return f'The {method} rule that was registered for {rule_of(op)}'


def ordinary_gradient(y: tf.Tensor, x: tf.Tensor, grad: tf.Tensor, ops: Sequence[tf.Operation] = ()) -> tf.Tensor:
    """The ordinary gradient of y = f(x), f a unit.

    Args:
        ops: those of f, if they are more than the op that makes y.
    """
    if y.op.inputs[0] is not x or len(y.op.inputs) > 1:
        return step_by_step(ops, y, x, grad)
    found = original_grad(y.op, grad)
    found = found[0] if isinstance(found, (list, tuple)) else found
    # Steps have none.
    return tf.zeros_like(x) if found is None else found


def dispatch(op: tf.Operation, *grads: tf.Tensor) -> Any:
    """The gradient of an op that asks for `DeepExplainGrad`."""
    rules = _in_force.get()
    joint = None if rules is None else rules.joint_gradients(op, grads[0])
    if joint is not None:
        return joint
    if rules is None or not rules.covers(op):
        return compat.registered_gradient(op.type)(op, *grads)
    gradient = rules.gradient(op, grads[0])
    return [None, gathered(op, gradient, grads[0])] if is_marker(op) else gradient


def _registered(op: tf.Operation, *grads: tf.Tensor) -> Any:
    # TensorFlow keeps this function for good; found by name, the dispatcher is the present one after a reload.
    from deepexplain.tensorflow.rules import activations
    return activations.dispatch(op, *grads)


try:
    tf.RegisterGradient(GRADIENT)(_registered)
except KeyError:  # Registered before this reload, and as good.
    pass


def overrides() -> Dict[str, str]:
    """What the context puts into the graph's gradient_override_map."""
    return {op_type: GRADIENT for op_type in _rules if op_type not in SEVERAL_INPUTS}
