"""Methods that go along the straight line from the baseline to the input, step after step."""
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.kinds import LINEAR, PRODUCTS, QUOTIENTS, SUMS
from ..graph.layers import cuts
from ..graph.making import TARGETS
from ..graph.rows import rows_at
from ..rules.cuts import refuse_cut
from ..rules.gradients import ordinary
from ..runs.arguments import MOST, positive_int
from ..runs.batching import add_rows, column, pairs
from ..runs.batching import cuts as cut
from ..runs.model import Model
from ..runs.run import Run
from ..runs.uneven import check_first_axis
from .attribution import Attribution
from .map_layers import named_layer

#: How many numbers of what is fetched are held at once.
HELD = 2 ** 24


class LineAttribution(Attribution):
    """Looks at some tensors at `steps` + 1 points from the baseline to the input, both included.

    With references the attributions are the mean over them.
    """

    run_options = ('baseline', 'references')
    has_convergence_delta = parts_of_target = True

    #: What is fetched at each point: first those of which `along` makes the attributions, then the target.
    fetched: List[tf.Tensor]

    def __init__(self, model: Model, steps: int, baseline: Any, references: Any) -> None:
        super().__init__(model)
        self._steps = positive_int('steps', steps, MOST)
        self.set_absent(baseline, references)

    def along(self, values: Sequence[np.ndarray], ways: Sequence[np.ndarray]) -> List[np.ndarray]:
        """The attributions of some pairs of a sample and a reference.

        Args:
            values: what was fetched, (pairs, steps + 1, ...).
            ways: x - reference for each input.
        """
        raise NotImplementedError

    def evaluations(self, run: Run) -> int:
        return (self._steps + 1) * self.absent(run).size

    def attribute(self, run: Run) -> List[np.ndarray]:
        absent = self.absent(run)
        totals: List[np.ndarray] = []
        for samples, ways, values in self._parts(run):
            found = [one for _, own in run.by_unit(values) for one in self.along(own, ways)]
            totals = totals or [np.zeros((run.n,) + one.shape[1:]) for one in found]
            order = np.argsort(samples, kind='stable')
            for total, one in zip(totals, found):
                add_rows(total, samples[order], one[order])
        return [(total / absent.size).astype(dtype) for total, dtype in zip(totals, run.each(self.dtype(run)))]

    def weighed(self) -> Optional[Sequence[tf.Tensor]]:
        return self.fetched

    def _parts(self, run: Run) -> Iterator[Tuple[np.ndarray, List[np.ndarray], List[np.ndarray]]]:
        """Samples, the ways to them, and what is fetched on these, as many as may be held."""
        absent, points = self.absent(run), self._steps + 1
        samples, references = pairs(run.n, absent.size, run.rowing.mixed)
        size, start = run.n if not run.rowing.mixed else 1, 0
        while start < len(samples):
            part = slice(start, start + size)
            own = samples[part]
            starts = absent.rows(own, references[part])
            ways = [x[own] - one for x, one in zip(run.xs, starts)]
            values = self._at(run, own, starts, ways)
            for seen, of_unit in run.by_unit(values):
                seen.note(np.abs(of_unit[-1][:, 1:]).ravel())
                seen.note(np.abs(of_unit[-1][:, 0]), baselines=True)
            yield own, ways, values
            start += size
            if run.rowing.mixed:
                # The first says how much one takes.
                each = sum(one[0].size for one in values)
                size = max(1, HELD // max(1, each), run.rowing.rows // points)

    def _at(self, run: Run, samples: np.ndarray, starts: Sequence[np.ndarray], ways: Sequence[np.ndarray]
            ) -> List[np.ndarray]:
        """What is fetched at the points of some pairs, (pairs, steps + 1, ...)."""
        points = self._steps + 1
        which, step = pairs(len(samples), points, run.rowing.mixed)
        parts = []
        for part in cut(len(which), run.rowing, len(samples)):
            places = step[part] / self._steps
            fed = [(one[which[part]] + column(places.astype(way.dtype), way) * way[which[part]])
                   for one, way in zip(starts, ways)]
            values = run.evaluate(self.fetched, samples[which[part]], fed)
            for tensor, value in zip(run.each(self.fetched), values):
                check_first_axis(tensor, value, len(which[part]))
            parts.append(values)
        found = []
        for values in zip(*parts):
            value = np.concatenate(values)
            sorted_ = np.empty((len(samples), points) + value.shape[1:], value.dtype)
            sorted_[which, step] = value
            found.append(sorted_)
        return found


class IDGI(LineAttribution):
    """Integrated gradients along the gradient's own direction at each step (Yang et al. 2023, algorithm 1).

    Step by step on the straight line from the baseline to the input the target's change T(x_j+1) - T(x_j) is shared in
    proportion to the squares of the gradient at x_j. The attributions of a sample add up to T(x) - T(baseline), but for
    steps at whose start the gradient is 0.

    Args:
        steps: the number of steps, a positive int. Default 100.
        baseline, references: see `Attribution`.
    """

    differentiates = True

    def __init__(self, model: Model, steps: int = 100, baseline: Any = None, references: Any = None) -> None:
        super().__init__(model, steps, baseline, references)
        refuse_cut(model)
        carrier = ordinary(model.path)
        self.settled = carrier.settled
        self.fetched = carrier.gradients(model) + [model.score_of(carrier.T)]

    def along(self, values: Sequence[np.ndarray], ways: Sequence[np.ndarray]) -> List[np.ndarray]:
        changes = np.diff(values[-1].astype(np.float64), axis=1)
        squares = [np.square(one[:, :-1], dtype=np.float64) for one in values[:-1]]
        total = sum(one.reshape(one.shape[:2] + (-1,)).sum(2) for one in squares)
        shares = np.where(total > 0, changes / np.where(total > 0, total, 1), 0)
        return [np.einsum('ns,ns...->n...', shares, one) for one in squares]


class InnerAttribution(LineAttribution):
    """Attributes to an inner tensor, along the line between baseline and input.

    The attributions are one array of the shape and dtype of that tensor.

    layer: a tensor of floats between X and T, or its name; of an opened model also what `tensor` takes. Default: what
        the last activation before T makes, through which all of T hangs on X.
    """

    #: One array, whatever the number of inputs.
    per_group = True
    of_features = False

    def __init__(self, model: Model, layer: Any = None, steps: int = 100, baseline: Any = None,
                 references: Any = None) -> None:
        super().__init__(model, steps, baseline, references)
        self.layer = _last_activation(model) if layer is None else named_layer(model, layer)
        self.inner = self.layer
        carrier = ordinary(model.path)
        self.settled = carrier.settled
        self.fetched = [carrier.tensor(self.layer), carrier.gradients(model, [self.layer])[0],
                        model.score_of(carrier.T)]

    def dtype(self, run: Run) -> List[Any]:
        return [self.layer.dtype.as_numpy_dtype]


class Conductance(InnerAttribution):
    """Conductance of an inner tensor's units (Dhamdhere et al. 2019, eq. 3): the integral of dT/dy dy along the line.

    Summed over the steps: the mean of the gradients at both ends of a step, times the change of y. The attributions of
    a sample add up to T(x) - T(baseline) as steps grow, if all of T hangs on X through the tensor.

    Args:
        layer: see `InnerAttribution`.
        steps: the number of steps, a positive int. Default 100.
        baseline, references: see `Attribution`.
    """

    def along(self, values: Sequence[np.ndarray], ways: Sequence[np.ndarray]) -> List[np.ndarray]:
        y, gradient = [one.astype(np.float64) for one in values[:2]]
        return [(np.diff(y, axis=1) * (gradient[:, :-1] + gradient[:, 1:]) / 2).sum(1)]


class InternalInfluence(InnerAttribution):
    """Internal influence of an inner tensor's units (Leino et al. 2018, definition 1): the mean of dT/dy on the line.

    The mean by the trapezoid rule: how T reacts to a unit, not what it is due to it, so nothing adds up.

    Args:
        layer: see `InnerAttribution`.
        steps: the number of steps, a positive int. Default 100.
        baseline, references: see `Attribution`.
    """

    has_convergence_delta = parts_of_target = False

    def along(self, values: Sequence[np.ndarray], ways: Sequence[np.ndarray]) -> List[np.ndarray]:
        gradient = values[1].astype(np.float64)
        return [((gradient[:, :-1] + gradient[:, 1:]) / 2).mean(1)]


def _last_activation(model: Model) -> tf.Tensor:
    found: Optional[tf.Tensor] = None
    for tensor in cuts(model.path):
        if tensor.dtype.is_floating and tensor.name != model.T.name and not tensor.name.startswith(TARGETS) and (
                tensor.op.type not in LINEAR | PRODUCTS | QUOTIENTS | SUMS) and all(
                    rows_at(x, tensor) for x in model.X):
            found = tensor
    if found is None:
        raise RuntimeError("%s: say at which inner tensor, by layer=...: between X and T ('%s') there is no activation "
                           'certainly with the samples first, through which all of T hangs on X.' % (
                               model.method, model.T.name))
    return found
