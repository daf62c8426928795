"""Softmax on the way from X to T, as the weights of attention are: by Taylor at its input, or taken as it is."""
from typing import Callable, List, Optional

import tensorflow.compat.v1 as tf

from ..graph.compat import registered_gradient
from .exponents import Written
from .sums import Ahead, Step

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


def written_step(written: Written, find: Callable[[tf.Operation], tf.Operation]) -> Step:
    """The step of the marker of a softmax in other words, see `exponents`: as by its own op, from its end to its x.

    Args:
        find: finds the ops that stand for those of the path where relevance is carried.
    """
    links = [link._replace(op=find(link.op)) for link in written.links]

    def step(marker: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        y, x = marker.inputs
        s = y if written.whole else tf.math.divide_no_nan(y, tf.reduce_sum(y, written.axes, keepdims=True))
        if written.log:
            s, R = tf.exp(y), tf.math.divide_no_nan(R, y)
        gone = tf.equal(s, 0)
        R = tf.where_v2(gone, tf.zeros_like(R), R)
        R = tf.where_v2(gone, tf.zeros_like(R), R - s * tf.reduce_sum(R, written.axes, keepdims=True))
        for link in links:
            if link.moves:
                R = tf.convert_to_tensor(_gradients(link.op, R)[link.place])
            elif link.times != 1:
                R = R * link.times
        masked = x <= tf.constant(MASKED, x.dtype)
        return [None, tf.where_v2(masked, tf.zeros_like(x), x) * R]
    return step


def _gradients(op: tf.Operation, grad: tf.Tensor) -> List[Optional[tf.Tensor]]:
    found = registered_gradient(op.type)(op, grad)
    return list(found) if isinstance(found, (list, tuple)) else [found]
