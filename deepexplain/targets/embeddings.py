"""Pairs of embeddings: how far apart they are."""
from typing import Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.graph.making import making
from ..tensorflow.runs.arguments import flag
from .checks import one_of, precise, rank_of


def distance(a: tf.Tensor, b: tf.Tensor, kind: str = 'euclidean', alike: bool = False) -> tf.Tensor:
    """How far apart two embeddings are, as a siamese network compares them.

        T = targets.distance(de.tensor('embedding:0'), de.tensor('embedding:1'), 'cosine', alike=True)
        of_left, of_right = de.explain('intgrad', T, de.inputs, [lefts, rights])

    Args:
        a, b: (n, ...), of the same shape; either may have one row, the same for all samples.
        kind: 'euclidean' (default): sqrt(sum (a - b)^2), with gradient 0 where a and b are equal; 'squared': without
            the root; 'cosine': 1 - a.b / (|a| |b|), 1 where either is 0.
        alike: True: the larger the more alike: -sqrt(...), -sum(...), a.b / (|a| |b|). Default False: as it is named,
            the larger the further apart.

    Returns:
        A tensor (n,).

    Raises:
        RuntimeError: for what is no tensor of one graph.
        ValueError: for shapes or dtypes that do not fit, or another kind.
    """
    rank = rank_of('a', a, range(2, 8), '(n, ...)')
    rank_of('b', b, (rank,), f'of a, {a.shape}', a)
    one_of('kind', kind, ('euclidean', 'squared', 'cosine'))
    flag('alike', alike)
    if a.dtype != b.dtype or not a.shape[1:].is_compatible_with(b.shape[1:]):
        raise ValueError(f'b must have the shape and dtype of a, {a.shape} of {a.dtype.name}, not {b.shape} of '
                         f'{b.dtype.name}.')
    axes = list(range(1, rank))
    with making(a.graph, 'targets'):
        dtype, a, b = a.dtype, precise(a), precise(b)
        if kind == 'cosine':
            found = tf.reduce_sum(_unit(a, axes) * _unit(b, axes), axes)
            return tf.cast(found if alike else 1 - found, dtype)
        found = tf.reduce_sum(tf.square(a - b), axes)
        if kind == 'euclidean':
            apart = found > 0
            found = tf.where_v2(apart, tf.sqrt(tf.where_v2(apart, found, tf.ones_like(found))), tf.zeros_like(found))
        return tf.cast(-found if alike else found, dtype)


def _unit(a: tf.Tensor, axes: Sequence[int]) -> tf.Tensor:
    """Vectors of length 1, and 0 where there are none."""
    return tf.math.l2_normalize(a, axes, max(1e-12, float(np.finfo(a.dtype.as_numpy_dtype).tiny)))
