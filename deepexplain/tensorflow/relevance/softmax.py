"""Softmax on the way from X to T, as the weights of attention are: by Taylor at its input, or taken as it is."""
from typing import Dict, List, NamedTuple, Optional, Set

import tensorflow.compat.v1 as tf

from ..graph.names import unwrap
from ..graph.path import Path
from ..graph.shifts import unwrap_moves
from .products import PRODUCTS
from .sums import Ahead, Maker, Step, alone

SOFTMAXES = frozenset(['Softmax', 'LogSoftmax'])

#: What is below this has been masked. Few logits of a softmax are beyond -1000; masks are -1e4, -1e9 or -inf.
MASKED = -5e3


def taylor(x: tf.Tensor, s: tf.Tensor, R: tf.Tensor, axes: tf.Tensor) -> tf.Tensor:
    """R_i = x_i (R_i - s_i sum_j R_j) for s = softmax(x) (Achtibat et al. 2024, prop. 3.1: Taylor at the input).

    Relevance is not conserved: what the other term of the expansion has is left where it is. What is masked has none.
    """
    masked = tf.logical_or(x <= tf.constant(MASKED, x.dtype), tf.equal(s, 0))
    x, R = [tf.where_v2(masked, tf.zeros_like(one), one) for one in (x, R)]
    return x * (R - s * tf.reduce_sum(R, axes, keepdims=True))


def softmax_step(places: List[int], ahead: Ahead) -> Step:
    """Softmax, see `taylor`; log softmax likewise: x_i (Q_i - s_i sum_j Q_j), with Q its relevance over its value."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        x, s = op.inputs[0], op.outputs[0]
        if op.type == 'LogSoftmax':
            s, R = tf.exp(s), tf.math.divide_no_nan(R, s)
        return [taylor(x, s, R, tf.constant([-1]))]
    return step


def constant_step(places: List[int], ahead: Ahead) -> Step:
    """The weights of attention are taken as they are, and get nothing (Ali et al. 2022: CP-LRP)."""
    return lambda op, R: [None] * len(op.inputs)


class Written(NamedTuple):
    """A softmax that is written out: exp(x - m) / sum exp(x - m).

    Attributes:
        quotient, place: the op that divides, and where it has the numerator.
        total: the op that sums up.
        x: what the softmax is of, before any shift.
        shift: the op that takes m from x, if any.
    """
    quotient: tf.Operation
    place: int
    total: tf.Operation
    x: tf.Tensor
    shift: Optional[tf.Operation]

    def makers(self) -> Dict[str, Maker]:
        """What its ops do: exp, a function of one number, passes on what the quotient hands to the numerator."""
        def divided(ahead: Ahead) -> Step:
            def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
                x, axes = ahead.tensor(self.x), ahead.tensor(self.total.inputs[1])
                return alone(op, self.place, taylor(x, op.outputs[0], R, axes))
            return step

        makers: Dict[str, Maker] = {self.quotient.name: divided}
        if self.shift is not None:
            # The largest is taken from all alike, and changes nothing.
            makers[self.shift.name] = lambda ahead: lambda op, R: alone(op, 0, R)
        return makers


def written_out(op: tf.Operation, path: Path) -> Optional[Written]:
    """The softmax that a quotient, or a product with an inverse, ends, if it is one."""
    if op.type in PRODUCTS:
        inverses = [i for i in (0, 1) if unwrap_moves(op.inputs[i]).op.type in ('Reciprocal', 'Inv')]
        if len(inverses) != 1:
            return None
        place = 1 - inverses[0]
        total = unwrap_moves(unwrap_moves(op.inputs[inverses[0]]).op.inputs[0])
    else:
        place, total = 0, unwrap_moves(op.inputs[1])
    while total.op.type in ('Add', 'AddV2', 'Maximum') and not path.depends(total.op.inputs[1]):
        total = unwrap_moves(total.op.inputs[0])  # What keeps it from 0.
    numerator, summed = unwrap(op.inputs[place]), total.op
    e = _unmasked(numerator, path)
    if e.op.type != 'Exp' or summed.type != 'Sum':
        return None
    z, other = unwrap(e.op.inputs[0]), unwrap(summed.inputs[0])
    if other.name != numerator.name and not (
            e is numerator and other.op.type == 'Exp' and unwrap(other.op.inputs[0]).name == z.name):
        return None
    shifted = z.op.type == 'Sub' and _is_largest(z.op.inputs[1], z.op.inputs[0])
    # What else reads these needs the relevance of exps, not of a softmax.
    if not _readers(numerator, path) <= {op, summed} or e is not numerator and (
            _readers(e, path) != {numerator.op}) or shifted and not _readers(z, path) <= {e.op, other.op}:
        return None
    return Written(op, place, summed, z.op.inputs[0] if shifted else z, z.op if shifted else None)


def _unmasked(tensor: tf.Tensor, path: Path) -> tf.Tensor:
    """What a mask that does not hang on X is laid over."""
    while tensor.op.type in ('Mul', 'Select', 'SelectV2', 'Identity'):
        inputs = [one for one in tensor.op.inputs if path.carries(one)]
        if len(inputs) != 1:
            break
        tensor = inputs[0]
    return tensor


def _readers(tensor: tf.Tensor, path: Path) -> Set[tf.Operation]:
    """The ops of the path that read a tensor, or what an Identity makes of it."""
    found: Set[tf.Operation] = set()
    for op in tensor.consumers():
        if op in path.dependent:
            found |= _readers(op.outputs[0], path) if op.type == 'Identity' else {op}
    return found


def _is_largest(tensor: tf.Tensor, x: tf.Tensor) -> bool:
    """Whether a tensor is the largest of the numbers of another along some axes."""
    tensor = unwrap_moves(tensor)
    return tensor.op.type == 'Max' and unwrap(tensor.op.inputs[0]).name == unwrap(x).name
