"""Methods of one pass from T to X: a few tensors, built once and fetched."""
from typing import Any, Dict, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.asking import Unknown
from ..rules.cuts import refuse_cut
from ..rules.gradients import Carrier, ordinary
from ..runs.batching import Rows, add_rows, sweep
from ..runs.model import Model
from ..runs.run import Run
from ..runs.uneven import check_first_axis
from .attribution import Attribution
from .lengths import Lengths


class GradientAttribution(Attribution):
    """A method that is the fetch of a few tensors, each a function of a gradient and of what it is taken at."""

    differentiates = True

    #: Whether a call evaluates T at the samples as they are, each in rows of their own.
    one_pass = True

    _carrier: Optional[Carrier] = None

    def __init__(self, model: Model) -> None:
        super().__init__(model)
        self._at: Dict[Tuple[str, ...], List[tf.Tensor]] = {}
        #: The size of the target, at the input and, where that is a part of what is explained, at the baseline.
        self._sizes: List[tf.Tensor] = []
        if self.differentiates:
            refuse_cut(model, self.shares, self.ruled)
        #: The builds by numbers of steps, where only the data tell how many steps loops take.
        self.lengths: Optional[Lengths] = None
        self.symbolic: List[tf.Tensor] = []
        try:
            self.symbolic = self.build()
        except Unknown as unknown:
            self.lengths, self.settled = Lengths(self, unknown), unknown.settled

    def build(self) -> List[tf.Tensor]:
        """The attributions of each input as tensors."""
        self._carrier = self.carrier()
        self.settled = self._carrier.settled
        self.model.choose_from(self._carrier.T)
        if self.parts_of_target:
            self._sizes = [self.model.size_of(self._carrier.T)]
        return [self.finish(gradient, x) for gradient, x in zip(self._carrier.gradients(self.model), self.model.X)]

    def carrier(self) -> Carrier:
        """What gradients are taken of: by default the target, with its ordinary gradient."""
        return ordinary(self.model.path)

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        """The attributions at a tensor of the path, given the gradient there."""
        raise NotImplementedError

    def at(self, tensors: Sequence[tf.Tensor]) -> Any:
        """The attributions of tensors of the path as tensors, built once."""
        if self.lengths is not None:
            return []
        if self._carrier is None:
            return super().at(tensors)
        key = tuple(tensor.name for tensor in tensors)
        if key not in self._at:
            self._at[key] = [self.finish(gradient, tensor) for gradient, tensor in zip(
                self._carrier.gradients(self.model, tensors), tensors)]
        return self._at[key]

    def further(self, run: Run, rows: Rows) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What some rows are fed besides the samples, row by row."""
        return []

    def whole(self) -> List[Tuple[tf.Tensor, np.ndarray]]:
        """What every call is fed alike."""
        return []

    def evaluate(self, run: Run, fetches: Sequence[tf.Tensor], rows: Rows,
                 feeds: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> List[np.ndarray]:
        """Tensors in some rows of a run, which takes note of how large the target is there."""
        values = run.evaluate(list(fetches) + self._sizes, rows.samples, run.inputs(rows), feeds, self.whole(),
                              choosers=True)
        found: List[np.ndarray] = []
        for seen, own in run.by_unit(values):
            for place, sizes in enumerate(own[len(fetches):]):
                seen.note(sizes, baselines=place > 0)
            found += own[:len(fetches)]
        return found

    def weighed(self) -> Optional[Sequence[tf.Tensor]]:
        return self.symbolic + self._sizes if self.lengths is None else None

    def relevances(self, run: Run, tensors: Sequence[tf.Tensor]) -> List[np.ndarray]:
        """The attributions of tensors of the path, the mean over a run's evaluations."""
        if self.lengths is not None:
            return self.lengths.relevances(run, tensors)
        fetches, size = self.at(tensors), self.evaluations(run)
        totals: List[np.ndarray] = []
        for rows in sweep(run.n, size, run.rowing):
            values = self.evaluate(run, fetches, rows, self.further(run, rows))
            for tensor, value in zip(tensors, values):
                check_first_axis(tensor, value, len(rows.samples))
            totals = totals or [np.zeros((run.n,) + value.shape[1:]) for value in values]
            for total, value in zip(totals, values):
                add_rows(total, rows.samples, value)
        return [(total / size).astype(tensor.dtype.as_numpy_dtype) for total, tensor in zip(totals, tensors)]

    def attribute(self, run: Run) -> List[np.ndarray]:
        if self.lengths is not None:
            return self.lengths.each(run, lambda method, part: method.attribute(part))
        return self.attributed(run)

    def attributed(self, run: Run) -> List[np.ndarray]:
        """The attributions, where the symbolic graph is built."""
        parts = [self.evaluate(run, self.symbolic, rows, self.further(run, rows))
                 for rows in sweep(run.n, 1, run.rowing)]
        # What one call returns is handed on as it is.
        return parts[0] if len(parts) == 1 else [np.concatenate(values) for values in zip(*parts)]
