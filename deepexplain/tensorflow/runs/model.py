"""Model: what an explainer explains, a target and its inputs, and the path between them."""
from typing import Dict, FrozenSet, List, Mapping, Optional, Union

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.compat import static_value
from ..graph.outside import made_of_constants
from ..graph.path import Path
from ..graph.rows import Rowed, rows_of
from ..graph.using import unused
from .batching import Footprint
from .largest import Choice
from .several import Slots
from .together import Sample, sample_of


class Model:
    """A target T as a function of inputs X, its units weighed by Y. Adds to the graph only what is asked for.

    Attributes:
        T, X: the tensors, X always a list; `many` says whether the caller's X was a list.
        path: the ops between them.
        method: the name of the method, for messages.
        together: whether all rows of X are one sample; then T has any number of rows.
        samples: for each X what has the shape of an array of samples: X itself; together, one more axis in front.
        footprint: how much one sample takes there.
        Y: the weights of T's units: 1 unless fed, or chosen.
        choice: the largest units, for methods whose calls can find them.
        shared: whether rows of a call may be of one sample, so that they have its unit.
        answers: how many steps loops take, as far as the data were asked, in the order of asking; see `rules.straight`.
        assumed: tensors around whose values, known without data, say how many steps loops take.
        score: the sum of T * Y for each sample, or for the one, which the methods attribute.
    """

    def __init__(self, T: tf.Tensor, X: List[tf.Tensor], many: bool, method: str = '',
                 together: bool = False) -> None:
        self.method, self.together = method, together
        self.T, self.X, self.many = T, X, many
        self.samples: List[Union[tf.Tensor, Sample]] = [sample_of(x) if together else x for x in X]
        self.path = Path(X, self.T)
        self.footprint = Footprint(self.path)
        #: The names of inputs that T does not use, where it uses others: their attributions are zeros.
        self.unused: FrozenSet[str] = frozenset(x.name for x in unused(X, self.T)) if many else frozenset()
        if len(self.unused) == len(X):
            self.unused = frozenset()
        self._Y: Optional[tf.Tensor] = None
        self.choice: Optional[Choice] = None
        self.shared = False
        self._score: Optional[tf.Tensor] = None
        self._slots: Optional[Slots] = None
        self._rowed: Optional[Rowed] = None
        self.answers: Dict[bool, List[List[np.ndarray]]] = {}
        self.assumed: List[tf.Tensor] = []

    @property
    def rowed(self) -> Rowed:
        """How the rows of samples come to T."""
        if self._rowed is None:
            self._rowed = rows_of(self.path)
        return self._rowed

    @property
    def Y(self) -> tf.Tensor:
        if self._Y is None:
            weights = tf.ones([], self.T.dtype) if self.choice is None else self.choice.weights
            self._Y = tf.placeholder_with_default(weights, None, name='ys')
        return self._Y

    @property
    def slots(self) -> Slots:
        """What hangs on Y, for several units at once."""
        if self._slots is None:
            self._slots = Slots(self.Y)
        return self._slots

    def refuse_assumed(self, fed: Mapping[str, np.ndarray]) -> None:
        """RuntimeError for what is fed, by name, if steps of loops were counted by another value."""
        made_of = made_of_constants(self.assumed) if fed else ()
        for name in fed:
            if name in made_of:
                value = static_value(self.T.graph.get_tensor_by_name(name))
                if value is None or not np.array_equal(value, fed[name]):
                    raise RuntimeError(
                        "feed_dict['%s'] must be left out%s: it is known without data, and %s has written out the "
                        'steps of a loop by it. Make it a placeholder_with_default where it is to be fed.' % (
                            name, '' if value is None or np.size(value) > 1 else f', or be {value}', self.method))

    def choose_from(self, T: tf.Tensor) -> None:
        """Let calls find the largest units of T, or of what stands for it; before the weights are asked for."""
        # Of all rows together there may be a single number.
        if T.shape.ndims or T.shape.ndims is None and not self.together:
            self.choice = Choice(T, self.shared and not self.together, self.T.name)

    @property
    def score(self) -> tf.Tensor:
        if self._score is None:
            self._score = self.score_of(self.T)
        return self._score

    def build(self) -> None:
        """Make all that runs may ask for, so that they add nothing to the graph."""
        self._score = self.score

    def score_of(self, T: tf.Tensor) -> tf.Tensor:
        """For each sample the sum of the units of T, or of what stands for it, weighed by Y."""
        return _summed(self.weighed(T), T.shape.ndims, self.together)

    def weighed(self, value: tf.Tensor) -> tf.Tensor:
        """What has T's shape times the weights of T's units; fails where there is not one row for each."""
        product = value * self.Y
        if self.together or value.shape.ndims == 0 or self.rowed.aligned:
            return product
        return tf.reshape(product, tf.shape(value))

    def size_of(self, T: tf.Tensor, one_for_all: bool = False) -> tf.Tensor:
        """The largest sum over samples of the absolute values of the same, in a vector of one; inf if not finite.

        Units that cancel out do not hide it; one number costs no time to fetch.

        Args:
            one_for_all: whether one row may stand for that of each sample.
        """
        sizes = _summed(tf.abs(T * self.Y if one_for_all else self.weighed(T)), T.shape.ndims, self.together)
        # TensorFlow 1.15 finds maxima beside nan.
        numbers = tf.where_v2(tf.is_finite(sizes), sizes, tf.constant(np.inf, sizes.dtype))
        return tf.reshape(tf.reduce_max(numbers), [1])


def _summed(target: tf.Tensor, rank: Optional[int], together: bool) -> tf.Tensor:
    """The sum over all axes but the first, of a single number a vector of one; together, over all axes.

    Of halves it is made, and stays, in single precision: they add up to a few digits, and to infinity from 65504 on.
    """
    if target.dtype in (tf.float16, tf.bfloat16):
        target = tf.cast(target, tf.float32)
    if together:
        return tf.reduce_sum(target)
    if rank:
        return tf.reduce_sum(target, list(range(1, rank)))
    samples = [1] if rank == 0 else [tf.shape(target)[0]]
    return tf.reduce_sum(tf.reshape(target, tf.concat([samples, [-1]], 0)), 1)
