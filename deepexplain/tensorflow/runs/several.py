"""Several units of T explained by one run: evaluations are shared, each unit has scores and doubts of its own."""
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.again import Again
from ..graph.compat import control_flow_context
from ..graph.making import making
from ..graph.walks import ops_to
from .arguments import sample_shape
from .chosen import ALL, largest, refuse_rank
from .outcome import Seen

#: Of how many units gradients are taken in one session call: each has its own way back through the model.
AT_ONCE = 10


class Several:
    """Units of T that are explained one beside another.

    Attributes:
        places: ints (units, n), the unit of each sample that is explained first, second and so on; of all rows
            together for each row of T.
    """

    def __init__(self, places: np.ndarray, width: int, T: tf.Tensor, together: bool) -> None:
        self.places, self._width, self._T, self._together = places, width, T, together

    def __len__(self) -> int:
        return len(self.places)

    def part(self, units: slice) -> 'Several':
        """Some of the units."""
        return Several(self.places[units], self._width, self._T, self._together)

    def taken(self, samples: np.ndarray) -> 'Several':
        """The units of other samples, sample i as sample samples[i] of these."""
        return self if self._together else Several(self.places[:, samples], self._width, self._T, False)

    def weights(self, number: int, samples: np.ndarray) -> np.ndarray:
        """The weights of T's units that choose one of the units, as those of some samples."""
        places = self.places[number] if self._together else self.places[number, samples]
        found = np.zeros((len(places), self._width), self._T.dtype.as_numpy_dtype)
        found[np.arange(len(places)), places] = 1
        return found[np.newaxis] if self._together else found

    def of(self, value: np.ndarray, samples: np.ndarray) -> np.ndarray:
        """What the units have in values of T, (rows, units)."""
        if self._together:
            return np.take_along_axis(value[0], self.places.T, 1).sum(0)[np.newaxis]
        return value[np.arange(len(samples))[:, np.newaxis], self.places[:, samples].T]


def find_several(ys: str, top: int, T: tf.Tensor, n: int, together: bool, values: Callable[[bool], np.ndarray]
                 ) -> Tuple[Several, Optional[np.ndarray]]:
    """The units that 'all' or 'top3' stand for, and what they have where that was asked.

    Args:
        top: as `chosen.top_of` has it.
        values: evaluates T on the samples, or, where that will do, on those of one call.
    """
    refuse_rank(ys, T, T.shape.ndims)
    width = (sample_shape(T) or [None])[0]
    if width is not None:
        _check_top(ys, top, T, width)
    if top == ALL and width is not None and not together:
        return _all(width, n, T, together), None
    value = values(top == ALL)
    refuse_rank(ys, T, value.ndim - together)
    width = int(value.shape[-1])
    _check_top(ys, top, T, width)
    if top == ALL:
        return _all(width, value.shape[1] if together else n, T, together), None
    several = Several(largest(value[0] if together else value, top).T, width, T, together)
    return several, several.of(value, np.arange(n)).astype(np.float64)


def _all(width: int, rows: int, T: tf.Tensor, together: bool) -> Several:
    return Several(np.broadcast_to(np.arange(width)[:, np.newaxis], (width, rows)), width, T, together)


def _check_top(ys: str, top: int, T: tf.Tensor, width: int) -> None:
    if top > width:
        raise ValueError("ys=%r asks for more units than T ('%s') has: %d." % (ys, T.name, width))


class Slots:
    """What hangs on the weights Y of T's units, made once more for each of several units, with weights of its own.

    What does not hang on them, the way from X to T above all, is the same for all: a call computes it once.
    """

    def __init__(self, Y: tf.Tensor) -> None:
        self._Y = Y
        self._made: List[Dict[str, tf.Tensor]] = []
        self._found: Dict[Tuple, List[tf.Tensor]] = {}
        self._can: Dict[Tuple, bool] = {}

    def can(self, tensors: Sequence[tf.Tensor]) -> bool:
        """Whether tensors can be made once more: not what runs in loops and branches, has a state, or is finalized.
        """
        key = tuple(one.name for one in tensors)
        if key not in self._can:
            self._can[key] = all(map(_is_plain, ops_to([self._Y], tensors)[0])) if tensors else True
        return self._can[key] and not (tensors and self._Y.graph.finalized)

    def weights(self, number: int) -> tf.Tensor:
        """Where the weights of one of the units are fed."""
        return self._slot(number)[self._Y.name]

    def _slot(self, number: int) -> Dict[str, tf.Tensor]:
        """What is made for one of the units, by the name of what it is made of."""
        if len(self._made) <= number:
            with making(self._Y.graph, 'units'):
                while len(self._made) <= number:
                    self._made.append({self._Y.name: tf.placeholder(self._Y.dtype, None, name='ys')})
        return self._made[number]

    def of(self, number: int, tensors: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        """Tensors as one of the units has them; made the first time that they are asked for."""
        key = (number,) + tuple(one.name for one in tensors)
        if key not in self._found:
            with making(self._Y.graph, 'units'):
                self._found.setdefault(key, self._make(number, tensors))
        return self._found[key]

    def _make(self, number: int, tensors: Sequence[tf.Tensor]) -> List[tf.Tensor]:
        made = self._slot(number)
        ops = [op for op in ops_to([self._Y], tensors)[0] if not all(one.name in made for one in op.outputs)]
        again = Again(ops, made)
        made.update((one.name, again.tensor(one)) for op in ops for one in op.outputs)
        return [again.tensor(one) for one in tensors]


def _is_plain(op: tf.Operation) -> bool:
    return control_flow_context(op) is None and not op.control_inputs and hasattr(tf.raw_ops, op.type) and (
        not op.op_def.is_stateful)


class Explained:
    """What a run explains: one target, or several units of T, which share its evaluations.

    A method that can serves several in one `attribute`, which returns the attributions of each input for the first
    unit, then for the second and so on. `Calls.evaluate` returns what is fetched in that order too, and scores have an
    axis of the units at the end.

    Attributes:
        several: the units, if there are several.
        seens: what was seen of the target, for each of them.
    """
    several: Optional[Several] = None

    def __init__(self) -> None:
        self.seens = [Seen()]

    @property
    def seen(self) -> Seen:
        """What was seen of the one target."""
        return self.seens[0]

    @property
    def tail(self) -> Tuple[int, ...]:
        """The last axes of scores: none, or one of the units."""
        return () if self.several is None else (len(self.several),)

    def each(self, ones: Sequence[Any]) -> List[Any]:
        """What belongs to the inputs, over again for each unit."""
        return list(ones) * len(self.seens)

    def by_unit(self, values: Sequence[Any]) -> List[Tuple[Seen, List[Any]]]:
        """What was fetched, or made of it, unit by unit."""
        size = len(values) // len(self.seens)
        return [(seen, list(values[i * size:(i + 1) * size])) for i, seen in enumerate(self.seens)]

    def wide(self, array: np.ndarray) -> np.ndarray:
        """What is the same for all units, to go with scores or sums of them."""
        return array.reshape(array.shape + (1,) * len(self.tail))

    def apart(self, arrays: Sequence[np.ndarray]) -> List[np.ndarray]:
        """Arrays with an axis of the units at the end, unit by unit."""
        if self.several is None:
            return list(arrays)
        return [one[..., number] for number in range(len(self.several)) for one in arrays]

    def note(self, sizes: np.ndarray, baselines: bool = False) -> None:
        """Take note of the size of the target in some rows, of several units along the last axis."""
        if self.several is None or not sizes.size:
            self.seen.note(sizes.ravel(), baselines)
            return
        rows = sizes.reshape(-1, len(self.several))
        for seen, top, own in zip(self.seens, rows.max(0), rows.T):
            seen.note(np.array([top]) if np.isfinite(top) else own, baselines)
