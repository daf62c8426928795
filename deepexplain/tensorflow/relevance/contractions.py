"""Products of two tensors that both depend on X and are summed over: of matrices, of axes (einsum), convolutions."""
from typing import List, Optional

import tensorflow.compat.v1 as tf

from ..graph.compat import registered_gradient
from .linear import Layer, Parts, again
from .shares import away, ratio, share
from .sums import Ahead, Step, alone


def contraction_step(places: List[int], ahead: Ahead) -> Step:
    """O_jp = sum_i A_ji V_ip, each summand a product of which both factors have half (Achtibat et al. 2024, prop. 3.3).

    R(A_ji) = A_ji sum_p V_ip R_jp / (2 O_jp + epsilon sign O_jp), R(V_ip) = V_ip sum_j A_ji R_jp / (...) likewise,
    with the epsilon of the layers ahead. Where these ignore data relevance may come where O is next to 0: then what
    would be multiplied by more than 1000 is, as far as it is too much, shared by the sizes of the summands. Where no
    relevance is to be lost, outputs of 0 share evenly.
    """
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        both, o = {i: op.inputs[i] for i in places}, op.outputs[0]
        total, rest, whole = o, None, None
        if ahead.bounded:
            whole = again(op, {i: tf.abs(one) for i, one in both.items()})
            size = whole.outputs[0]
            total = tf.where_v2(tf.abs(o) < 1e-3 * size, tf.where_v2(o < 0, -size, size) * 1e-3, o)
        signal = ratio(R, away(2 * total, ahead.epsilon))
        if whole is not None:
            rest = ratio(R - 2 * signal * o, 2 * whole.outputs[0])
        found = {i: both[i] * of for i, of in _back(op, signal, places)}
        if whole is not None and rest is not None:
            found = {i: found[i] + tf.abs(both[i]) * of for i, of in _back(whole, rest, places)}
        if ahead.bounded or not ahead.bias:
            ones = again(op, {i: tf.ones_like(one) for i, one in both.items()})
            stray = ratio(tf.where_v2(tf.equal(total, 0), R, tf.zeros_like(R)), 2 * ones.outputs[0])
            found = {i: found[i] + of for i, of in _back(ones, stray, places)}
        return [found.get(i) for i in range(len(op.inputs))]
    return step


def weighing_step(place: int, ahead: Ahead) -> Step:
    """The same where only one of both is to have relevance: a sum with fixed weights, shared as a pool's."""
    def step(op: tf.Operation, R: tf.Tensor) -> List[Optional[tf.Tensor]]:
        return alone(op, place, share(Layer(op, Parts(place, None)), R))
    return step


def _back(op: tf.Operation, signal: tf.Tensor, places: List[int]) -> List:
    """The ordinary gradients at some places."""
    gradients = registered_gradient(op.type)(op, signal)
    return [(i, tf.convert_to_tensor(gradients[i])) for i in places]
