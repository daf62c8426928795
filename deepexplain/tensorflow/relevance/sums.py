"""How numbers that are added up share the relevance of their sum."""
from typing import Any, Callable, Dict, List, NamedTuple, Optional

import tensorflow.compat.v1 as tf

from ..graph.kinds import SUMS
from ..rules.joint import added, is_whole, summed_to
from .affine import of_channels

#: What an op on the replica does with the relevance of its output: one value for each input.
Step = Callable[[tf.Operation, tf.Tensor], List[Optional[tf.Tensor]]]


class Ahead(NamedTuple):
    """What is known of the rules of the layers that relevance comes from before it meets an op, or else of all.

    Attributes:
        bounded: whether some of the former ignore the data, so that relevance may come where an output is next to 0.
        bias: whether some count biases; where none does, no relevance is to be lost.
        epsilon: the largest epsilon among them.
        tensor: finds what stands for a tensor of the path where relevance is carried.
    """
    bounded: bool = False
    bias: bool = True
    epsilon: float = 0.
    tensor: Callable[[tf.Tensor], tf.Tensor] = lambda tensor: tensor


#: Makes the step of an op in which tensors meet, once the rules are known.
Maker = Callable[[Ahead], Step]

#: Ops that add tensors up.
ADDITIONS = SUMS | frozenset(['BiasAddV1', 'AccumulateNV2'])


def alone(op: tf.Operation, place: int, value: tf.Tensor) -> List[Optional[tf.Tensor]]:
    """The gradients of an op of which only the input at a place has one."""
    return [value if i == place else None for i in range(len(op.inputs))]


def sum_step(places: List[int], bounded: bool, bias: bool) -> Step:
    """A sum of tensors that depend on X: each gets in proportion to what it gives (of a sum of 0, all the same).

    Args:
        bounded: see `shared_among`.
        bias: whether what else is added has a share.
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        parts = {i: _part(op, i) for i in places}
        total = op.outputs[0] if bias or len(places) == len(op.inputs) else added(list(parts.values()))
        of = shared_among(parts, R, total, bounded, len(places),
                          lambda: added([tf.abs(part) for part in parts.values()]))
        return [None if i not in parts else of(i) if is_whole(op, i) else
                tf.reshape(summed_to(of(i), parts[i]), tf.shape(tensor)) for i, tensor in enumerate(op.inputs)]
    return step


def _part(op: tf.Operation, i: int) -> tf.Tensor:
    """What an input gives to a sum."""
    if op.type == 'BiasAdd' and i and op.get_attr('data_format').startswith(b'NC'):
        return of_channels(op.inputs[i], op.outputs[0])
    return -op.inputs[i] if op.type == 'Sub' and i else op.inputs[i]


def shared_among(parts: Dict[Any, tf.Tensor], R: tf.Tensor, total: tf.Tensor, bounded: bool, count: Any,
                 size: Callable[[], tf.Tensor]) -> Callable[..., tf.Tensor]:
    """A function of a part, and of what finds the numbers that belong to it, that gives its share of the relevance.

    Each has in proportion to what it gives; where the total is 0 all have the same.

    Args:
        total: of all parts, and of what else has a share.
        bounded: whether relevance may come where the total is next to 0. Then what would be multiplied by more than
            1000 is, as far as it is too much, shared by size alone.
        count: how many parts there are.
        size: makes the total of their absolute values.
    """
    denominator = total
    if bounded:
        whole = size()
        denominator = tf.where_v2(tf.abs(total) < 1e-3 * whole, tf.where_v2(total < 0, -whole, whole) * 1e-3, total)
    signal = tf.math.divide_no_nan(R, denominator)
    even = tf.cast(tf.equal(denominator, 0), R.dtype) * R / count
    rest = tf.math.divide_no_nan(R - signal * total, whole) if bounded else None

    def of(part: Any, pick: Callable = lambda value: value) -> tf.Tensor:
        share = pick(signal) * parts[part] + pick(even)
        return share if rest is None else share + pick(rest) * tf.abs(parts[part])
    return of
