"""DeepLIFT with the rescale rule."""
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.kinds import FLAT, FUNCTIONAL
from ..graph.leading import keeps_rows
from ..graph.path import Path
from ..graph.replica import Replica
from ..graph.units import Unit, Units
from ..rules.activations import Reference, RescaleRules
from ..rules.cuts import refuse_loops
from ..rules.gradients import Carrier
from ..rules.joint import ELEMENTARY, JOINT
from ..rules.ruled import Ruled, ruled_replica
from ..runs.arguments import flag
from ..runs.baselines import Baselines
from ..runs.batching import Rows, add_rows, sweep
from ..runs.model import Model
from ..runs.run import Run
from .base import GradientAttribution
from .multipliers import attributed, form_of

#: No attribution is of this size unless an op puts out what is infinite.
LARGE = 1e20


class DeepLIFTRescale(GradientAttribution):
    """DeepLIFT's rescale rule (Shrikumar et al. 2017, section 3.5.1), as a modified gradient times (x - baseline).

    Ancona et al. 2018, proposition 2: each activation f has the gradient (f(z) - f(r)) / (z - r), r its input at the
    baseline; where both differences are lost in rounding, as where z = r, its ordinary gradient at (z + r) / 2. On
    networks of linear ops and activations the attributions of a sample add up to T(x) - T(baseline); max pooling and
    products of two tensors that depend on X pass their ordinary gradient unless `complete`.

    The references are computed along with each run, so they follow the weights; a baseline that all samples share is
    one more row of each session call.

    Args:
        baseline, references: see `Attribution`.
        complete: whether max pooling, the larger and smaller of two tensors, softmax and the log of a sum of exps,
            products, quotients and norms of tensors that depend on X, layer normalisation, and elementary functions
            such as squares, roots and steps take rules as well by which the attributions add up (see
            `rules/joint.py`). What is behind a `stop_gradient` changes with the baseline too, and is shared then
            like the rest. What has no rule is named in a warning. Default False, as in the reference implementation.
        multipliers, hypothetical, axis: see `Form`.

    Raises:
        RuntimeError: if X decides how many steps a loop takes, or which branch.
    """

    run_options = ('baseline', 'references')
    has_convergence_delta = parts_of_target = True

    #: Whether what trains alone is left out of the path.
    inference = False

    def __init__(self, model: Model, baseline: Any = None, references: Any = None, complete: bool = False,
                 multipliers: bool = False, hypothetical: bool = False, axis: Any = None) -> None:
        self.model, self.form = model, form_of(model, multipliers, hypothetical, axis)
        self._complete = flag('complete', complete)
        if self._complete:
            self.shares = FLAT | ELEMENTARY | frozenset(JOINT) | frozenset(['StopGradient'])
        self.set_absent(baseline, references)
        model.shared = True
        super().__init__(model)

    def build(self) -> List[tf.Tensor]:
        results = super().build()
        self._sizes.append(self.model.size_of(self._reference.tensor(self._path.T), True))
        # One row of references can stand for all, unless the ops in which tensors meet want as many as there are.
        self._one_for_all = not self._complete and keeps_rows(self._path)
        self._owner = tf.placeholder(tf.int32, [None], name='owners')
        self._of_samples = [tf.segment_sum(result, self._owner) for result in results]
        return results

    def carrier(self) -> Carrier:
        joint, more = (frozenset(JOINT), ELEMENTARY) if self._complete else (frozenset(), frozenset())
        ruled = ruled_replica(self.model, self.model.method or 'deeplift', refuse_loops, joint, more, self.also,
                              self.inference, compared=True)
        self.unruled, self.training = ruled.unruled, ruled.training
        self._path = ruled.path
        self._placeholders = [tf.placeholder(x.dtype, x.shape, name='baseline') for x in self.model.X]
        inputs = {x.name: baseline for x, baseline in zip(self.model.X, self._placeholders)}
        self._reference = Replica(ruled.path.with_loops(), inputs)
        return ruled.carrier(self.rules(ruled))

    def also(self, path: Path, units: Units) -> Sequence[tf.Operation]:
        """Further ops that have rules."""
        return ()

    def rules(self, ruled: Ruled) -> RescaleRules:
        """The rules in force; the references are at hand by then."""
        return RescaleRules(ruled.rules, references_of(ruled, self._reference), self.joint(ruled))

    def joint(self, ruled: Ruled) -> Dict[str, tf.Operation]:
        """Each op in which tensors meet, at the baseline, by its name on the replica."""
        return {ruled.replica.op(op).name: self._reference.op(op) for op in ruled.units.joint if op.type in JOINT}

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        return attributed(self.form, gradient, x, self._reference.tensor(self._path.of(x)), x.name)

    def further(self, run: Run, rows: Rows) -> List[Tuple[tf.Tensor, np.ndarray]]:
        return list(zip(self._placeholders, self.absent(run).rows(rows.samples, rows.evaluations)))

    def evaluations(self, run: Run) -> int:
        return self.absent(run).size

    def cause(self, run: Run, attributions: Sequence[np.ndarray]) -> str:
        """Name the op from which on there are no numbers, in the first sample whose attributions are none."""
        if self.lengths is not None:
            return ''
        bad = [not all((np.abs(one[i]) < LARGE).all() for one in attributions)
               and all(x.dtype.kind != 'f' or np.isfinite(x[i]).all() for x in run.xs) for i in range(run.n)]
        if True not in bad or self._path.of_types(['Switch', *FUNCTIONAL]):
            return ''
        sample = np.array([bad.index(True)])
        alone = run.of_samples(sample, [x[sample] for x in run.xs], run.options)
        alone.progress = lambda rows: None
        ops = [op for op in self._path.ops if op in self._path.dependent and op.outputs and all(
            tensor.dtype.is_floating for tensor in op.outputs)]
        outputs = [tensor for op in ops for tensor in op.outputs]
        for where, tensors in (('at the baseline', [self._reference.tensor(tensor) for tensor in outputs]),
                               ('at the sample', outputs)):
            for i in range(self.evaluations(run)):
                rows = Rows(np.array([0]), np.array([i]))
                values = alone.evaluate(tensors, rows.samples, alone.inputs(rows), self.further(alone, rows))
                infinite = {tensor.name for tensor, value in zip(outputs, values) if not np.isfinite(value).all()}
                for op in ops:
                    if infinite & {one.name for one in op.outputs} and not infinite & {one.name for one in op.inputs}:
                        return (" What '%s' (%s) puts out %s is no finite number: choose a baseline at which it is "
                                'one, or explain what goes into it.' % (self._path.called(op), op.type, where))
        return ''

    def attributed(self, run: Run) -> List[np.ndarray]:
        absent = self.absent(run)
        if self._one_for_all and not run.feeds.cut and not run.feeds.sized and not run.rowing.exact and (
                absent.shared or run.n >= run.rowing.rows and all(array.shape[1] == 1 for array in absent.arrays)):
            return self._by_reference(run, absent)
        totals = [np.zeros(x.shape) for x in run.each(run.xs)]
        for rows in sweep(run.n, absent.size, run.rowing):
            feeds = self.further(run, rows)
            if absent.size == 1 or run.rowing.exact:
                values = self.evaluate(run, self.symbolic, rows, feeds)
                if absent.size == 1 and len(rows.samples) == run.n:
                    return values
                for total, value in zip(totals, values):
                    add_rows(total, rows.samples, value)
            else:
                feeds.append((self._owner, (rows.samples - rows.samples[0]).astype(np.int32)))
                values = self.evaluate(run, self._of_samples, rows, feeds)
                for total, value in zip(totals, values):
                    total[rows.samples[0]:rows.samples[0] + len(value)] += value
        return [(total / absent.size).astype(x.dtype) for total, x in zip(totals, run.each(run.xs))]

    def _by_reference(self, run: Run, absent: Baselines) -> List[np.ndarray]:
        """Reference by reference, each evaluated as one more sample of a call."""
        results = []
        for rows in sweep(run.n, 1, run.rowing):
            sums = run.each([0] * len(run.xs))
            for reference in range(absent.size):
                feeds = [(placeholder, array[reference]) for placeholder, array in zip(
                    self._placeholders, absent.arrays)]
                values = self.evaluate(run, self.symbolic, rows, feeds)
                if absent.size > 1:
                    sums = [one + value.astype(np.float64) for one, value in zip(sums, values)]
            results.append(values if absent.size == 1 else [
                (one / absent.size).astype(value.dtype) for one, value in zip(sums, values)])
        return results[0] if len(results) == 1 else [np.concatenate(values) for values in zip(*results)]


def references_of(ruled: Ruled, reference: Replica) -> Dict[str, Reference]:
    """Each unit at the baseline, by the name of the op that asks for its rule."""
    def of(unit: Unit) -> Reference:
        return Reference(unit, reference.tensor(unit.x), reference.tensor(unit.y))

    found = {ruled.replica.op(unit.y.op).name: of(unit) for unit in ruled.units.single.values()}
    found.update((ruled.replica.marker(unit).name, of(unit)) for unit in ruled.units.marked)
    return found
