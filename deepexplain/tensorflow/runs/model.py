"""Model: what an explainer explains, a target and its inputs, and the path between them."""
from typing import List, Union

import tensorflow.compat.v1 as tf

from ..graph.path import Path
from .batching import Footprint
from .together import Sample, sample_of


class Model:
    """A target T as a function of inputs X, its units weighed by Y.

    Attributes:
        T, X: the tensors, X always a list; `many` says whether the caller's X was a list.
        path: the ops between them.
        method: the name of the method, for messages.
        together: whether all rows of X are one sample; then T has any number of rows.
        samples: for each X what has the shape of an array of samples: X itself; together, one more axis in front.
        footprint: how much one sample takes there.
        Y: the weights of T's units: 1 unless fed.
        score: the sum of T * Y for each sample, or for the one, which the methods attribute.
    """

    def __init__(self, T: tf.Tensor, X: List[tf.Tensor], many: bool, method: str = '',
                 together: bool = False) -> None:
        self.method, self.together = method, together
        self.T = T if T.dtype.is_floating else tf.cast(T, tf.float32)
        self.X, self.many = X, many
        self.samples: List[Union[tf.Tensor, Sample]] = [sample_of(x) if together else x for x in X]
        self.path = Path(X, self.T)
        self.footprint = Footprint(self.path)
        self.Y = tf.placeholder_with_default(tf.ones([], self.T.dtype), None, name='ys')
        self.score = self.score_of(self.T)

    def score_of(self, T: tf.Tensor) -> tf.Tensor:
        """For each sample the sum of the units of T, or of what stands for it, weighed by Y."""
        target = T * self.Y
        if self.together:
            return tf.reduce_sum(target)
        if T.shape.ndims:
            return tf.reduce_sum(target, list(range(1, T.shape.ndims)))
        samples = [1] if T.shape.ndims == 0 else [tf.shape(target)[0]]
        return tf.reduce_sum(tf.reshape(target, tf.concat([samples, [-1]], 0)), 1)
