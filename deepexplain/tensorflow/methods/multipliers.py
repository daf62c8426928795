"""What a method of multipliers can give in place of multipliers times (x - reference)."""
from typing import Any, List, Optional, Sequence

import numpy as np
import tensorflow.compat.v1 as tf

from ...checks import is_one_hot
from ..runs.arguments import flag, shown
from ..runs.model import Model


class Form:
    """The multipliers themselves, or what each letter of a one-hot input would have contributed at each place.

    Options that these methods share:

    multipliers: whether to return what (x - reference) is multiplied by, the mean over references, in place of the
        attributions. Default False.
    hypothetical: for one-hot inputs, whether to return for each letter at each place what it would have contributed
        there: the sum over letters c of multiplier c times (1 if c is the letter, else 0, less the reference's c), the
        mean over references. At the letters of xs these are the attributions summed over letters. Xs must be zeros and
        ones, at most a single one at each place. Default False.
    axis: the axis of X along which the letters are, an int that is not 0; for several inputs a list with one for
        each, None for an input that is not one-hot and has its ordinary attributions. Default None: the last of all.

    With either there is no convergence delta.
    """

    def __init__(self, model: Model, axes: Optional[List[Optional[int]]]) -> None:
        self.axes = axes
        self.said = 'multipliers=True' if axes is None else 'hypothetical=True'
        self._names = {} if axes is None else {x.name: axis for x, axis in zip(model.X, axes)}
        self._many = model.many

    def of(self, multiplier: Any, x: Any, reference: Any, name: str) -> Any:
        """What is given at the tensor called `name`; tensors or arrays, the reference broadcasting to x."""
        if self.axes is None:
            return multiplier
        axis = self._names[name]
        if axis is None:
            return attributed(None, multiplier, x, reference, name)
        if isinstance(multiplier, np.ndarray):
            return multiplier - (multiplier * reference).sum(axis, keepdims=True)
        return multiplier - tf.reduce_sum(multiplier * tf.cast(reference, multiplier.dtype), axis, keepdims=True)

    def check(self, xs: Sequence[np.ndarray]) -> None:
        """Refuse samples that are not one-hot where they have to be."""
        check_one_hot(self.said, xs, self.axes or (), self._many)


def form_of(model: Model, multipliers: Any, hypothetical: Any, axis: Any) -> Optional[Form]:
    """What the options ask for; None for the attributions themselves."""
    flag('multipliers', multipliers)
    flag('hypothetical', hypothetical)
    if multipliers and hypothetical:
        raise ValueError('multipliers and hypothetical exclude each other: give one of them.')
    if not hypothetical:
        if axis is not None:
            raise ValueError('axis says where the letters are for hypothetical=True: without that leave it out.')
        return Form(model, None) if multipliers else None
    return Form(model, axes_of(model, axis))


def axes_of(model: Model, axis: Any) -> List[Optional[int]]:
    """For each input the axis along which its letters are, counted from the end, or None: from the option `axis`."""
    if isinstance(axis, (list, tuple)):
        if not model.many or len(axis) != len(model.X):
            raise ValueError('axis must be an int, or for several inputs a list with an int or None for each of them, '
                             'not %s for %d.' % (shown(axis), len(model.X)))
        given = list(axis)
    else:
        given = [-1 if axis is None else axis] * len(model.X)
    return [None if one is None else _from_the_end(one, x, 0 if model.together else 1)
            for one, x in zip(given, model.X)]


def check_one_hot(said: str, xs: Sequence[np.ndarray], axes: Sequence[Optional[int]], many: bool) -> None:
    """Refuse samples that are not one-hot where they have to be."""
    for number, (x, axis) in enumerate(zip(xs, axes)):
        if axis is not None and not is_one_hot(x, axis):
            others = [other - x.ndim for other in range(1, x.ndim) if x.shape[other] > 1 and is_one_hot(x, other)]
            raise ValueError('%s needs xs%s one-hot along axis %d, zeros and ones with at most a single one at each '
                             'place, and they are not; their shape is %s%s.' % (
                                 said, f'[{number}]' if many else '', axis, x.shape,
                                 f'. They are along axis={others[0]}' if others else ''))


def attributed(form: Optional[Form], multiplier: Any, x: Any, reference: Any, name: str) -> Any:
    """What is given at the tensor called `name`: without a form multipliers times (x - reference)."""
    if form is not None:
        return form.of(multiplier, x, reference, name)
    way = x - reference
    return multiplier * (way if isinstance(way, np.ndarray) else tf.cast(way, multiplier.dtype))


def _from_the_end(axis: Any, x: tf.Tensor, first: int) -> int:
    """The axis as it is counted from the end: arrays have one axis more than X where all its rows are one sample.

    Args:
        first: the first axis of X that can be.
    """
    if isinstance(axis, bool) or not isinstance(axis, (int, np.integer)):
        raise ValueError(f'axis must be an int, the axis of X along which letters are, not {shown(axis)}.')
    rank: Any = x.shape.ndims
    if rank is None and axis >= 0:
        raise ValueError(f"axis must be counted from the end, as -1, since the rank of X ('{x.name}') is not known, "
                         f'not {axis}.')
    if rank is not None and not (first <= axis < rank or first - rank <= axis < 0):
        raise ValueError(f"axis must be one of X ('{x.name}', shape {x.shape}), and not that of the samples, "
                         f'not {axis}.')
    return int(axis if axis < 0 else axis - rank)
