"""PatternNet and PatternAttribution: backward passes with what a layer's weights look for in place of the weights."""
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..relevance.affine import line_of
from ..relevance.engine import Planned, Relevance, Step, alone, layer_of
from ..relevance.linear import Layer
from ..relevance.patterns import ESTIMATORS, Sums, check_fit
from ..relevance.plan import Place, Plan
from ..rules.activations import ordinary_gradient
from ..rules.gradients import Carrier, carrier_on
from ..rules.joint import passed_to
from ..rules.markers import ends
from ..runs.arguments import finite, fits, flag, written
from ..runs.arrays import to_array
from ..runs.batching import sweep
from ..runs.model import Model
from ..runs.run import Run
from .base import GradientAttribution


class PatternRules(Relevance):
    """Layers have steps of their own; activations, as everything else, their ordinary gradient."""

    def __init__(self, steps: Mapping[str, Step], inner: Mapping[str, List[tf.Operation]]) -> None:
        super().__init__(steps)
        self._inner = inner

    def gradient(self, op: tf.Operation, grad: tf.Tensor) -> tf.Tensor:
        x, y = ends(op)
        return ordinary_gradient(y, x, grad, self._inner.get(op.name, ()))


class PatternNet(GradientAttribution):
    """The signal in the input that T, weighed by ys, answers to (Kindermans et al. 2018, section 4).

    The gradient in which each layer has patterns a in place of its weights w: the direction in the data that moves
    the layer's output. Give `patterns`, or let `fit_patterns` find them in data. Layers are as for `LRP`, their
    batch normalisation counted; scales that belong to no layer divide, all other ops have their ordinary gradient.

    Args:
        patterns: a list of arrays, one for each layer in the order of their making, each of its weights' shape; or a
            dict of these by the names of the layers' ops. Default None: they will be fitted.
        normalize: whether each sample's map is divided by its largest absolute value, as in iNNvestigate. Default
            True.

    Raises:
        TypeError, ValueError: if patterns are not as many as there are layers, or have other shapes.
        RuntimeError: in `run`, if there are no patterns yet.
    """

    def __init__(self, model: Model, patterns: Any = None, normalize: bool = True) -> None:
        self._normalize = flag('normalize', normalize)
        for name, value in _named(patterns):
            finite(name, to_array(name, value, np.float64))
        self._given, self._patterns = patterns, None  # type: Any, Optional[List[np.ndarray]]
        super().__init__(model)

    def carrier(self) -> Carrier:
        planned = Planned(self.model, self.model.method, 'gradient', quiet=True, unroll=False,
                          check=self._check_patterns)
        self._holders = [tf.placeholder(_weights(place).dtype.base_dtype, _weights(place).shape, name='pattern')
                         for place in self._places]
        steps: Dict[str, Step] = {}
        for place, pattern in zip(self._places, self._holders):
            steps[planned.replica.op(place.op).name] = self._layer(planned, place, pattern)
        for name, data in planned.plan.shifts.items():
            steps[planned.replica.scope + name] = self._scale(data, name in planned.plan.folded)
        return carrier_on(planned.replica, planned.path, PatternRules(steps, planned.replica.inner()))

    def _check_patterns(self, path: Path, plan: Plan) -> None:
        self._places: List[Place] = list(plan.layers.values())
        if self._given is not None:
            self._patterns = _checked(self._given, self._places)

    def _layer(self, planned: Planned, place: Place, pattern: tf.Tensor) -> Step:
        def step(op: tf.Operation, grad: tf.Tensor) -> List[Optional[tf.Tensor]]:
            layer = planned.layer(place)
            result = layer.backward(self.direction(layer, pattern), grad)
            return alone(op, place.parts.data, result)
        return step

    def direction(self, layer: Layer, pattern: tf.Tensor) -> tf.Tensor:
        """What stands for the weights of a layer."""
        return pattern

    def _scale(self, place: int, folded: bool) -> Step:
        def step(op: tf.Operation, grad: tf.Tensor) -> List[Optional[tf.Tensor]]:
            scale = None if folded else line_of(op, place).scale
            return alone(op, place, passed_to(self.scaled(grad, scale), op, place))
        return step

    def scaled(self, grad: tf.Tensor, scale: Optional[tf.Tensor]) -> tf.Tensor:
        """The gradient behind a scale that belongs to no layer: the pattern of a weight s is 1 / s."""
        return grad if scale is None else tf.math.divide_no_nan(grad, scale + tf.zeros_like(grad))

    def finish(self, gradient: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
        if not self._normalize:
            return gradient
        axes = tf.range(0 if self.model.together else 1, tf.rank(gradient))
        return tf.math.divide_no_nan(gradient, tf.reduce_max(tf.abs(gradient), axes, keepdims=True)
                                     + tf.zeros_like(gradient))

    def whole(self) -> List[Tuple[tf.Tensor, np.ndarray]]:
        if self._patterns is None:
            raise RuntimeError('There are no patterns yet: give the option patterns, or make an explainer by '
                               'de.get_explainer and call its fit_patterns(xs) first.')
        return list(zip(self._holders, self._patterns))

    def begin_fit(self, estimator: Any) -> None:
        """Build what a fit fetches, once."""
        check_fit(estimator, self._places)
        if not hasattr(self, '_sums'):
            self._sums = [Sums(layer_of(place)) for place in self._places]

    def fit(self, run: Run, estimator: str) -> None:
        """Find the patterns in the samples of a run."""
        if run.rowing.exact and run.n % run.rowing.rows:
            # Rows that only fill a call up would count.
            raise RuntimeError('fit_patterns: xs must have a multiple of %d samples, as the first dimension of the '
                               'input tensor says, not %d.' % (run.rowing.rows, run.n))
        fetches = [sums.fetches(ESTIMATORS[estimator] and place.activated)
                   for sums, place in zip(self._sums, self._places)]
        totals: Any = None
        for rows in sweep(run.n, 1, run.rowing):
            values = run.fetch(fetches, run.by_row(list(zip(self.model.X, run.inputs(rows)))), rows.samples)
            values = [[np.asarray(one, np.float64) for one in layer] for layer in values]
            totals = values if totals is None else [
                [a + b for a, b in zip(*pair)] for pair in zip(totals, values)]
        if not all(np.isfinite(one).all() for layer in totals for one in layer):
            raise RuntimeError('fit_patterns: the layers have values that are not finite numbers.')
        self._patterns = [sums.pattern(total, holder.dtype.as_numpy_dtype)
                          for sums, total, holder in zip(self._sums, totals, self._holders)]

    @property
    def patterns(self) -> Optional[Sequence[np.ndarray]]:
        """The patterns in use, one for each layer in the order of their making."""
        return self._patterns


class PatternAttribution(PatternNet):
    """How much of T, weighed by ys, comes from the signal in each input (Kindermans et al. 2018, section 4).

    As `PatternNet`, with w a in place of w: each layer's output is handed back along the signal alone. Scales that
    belong to no layer are passed. Options as of `PatternNet`.
    """

    def direction(self, layer: Layer, pattern: tf.Tensor) -> tf.Tensor:
        return layer.w * pattern

    def scaled(self, grad: tf.Tensor, scale: Optional[tf.Tensor]) -> tf.Tensor:
        return grad if scale is None else tf.where_v2(tf.equal(scale, 0), tf.zeros_like(grad), grad)


def _weights(place: Place) -> tf.Tensor:
    return place.op.inputs[place.parts.weights or 0]


def _named(patterns: Any) -> List[Tuple[str, Any]]:
    """Patterns, in whatever form, with what messages call them."""
    if isinstance(patterns, dict):
        return [(f"patterns['{name}']", value) for name, value in patterns.items()]
    return [('patterns[%d]' % i, value) for i, value in enumerate(patterns)] if isinstance(
        patterns, (list, tuple)) else []


def _checked(patterns: Any, places: Sequence[Place]) -> List[np.ndarray]:
    names = [place.op.name for place in places]
    if isinstance(patterns, dict):
        if set(patterns) != set(names):
            raise ValueError('patterns must have the names of the layers, %s, as keys, not %s.' % (
                ', '.join(names), ', '.join(map(str, patterns))))
        patterns = [patterns[name] for name in names]
    if not isinstance(patterns, (list, tuple)):
        raise TypeError('patterns must be a list of arrays, one for each layer, or a dict of them by op name, not %s.'
                        % type(patterns).__name__)
    if len(patterns) != len(places):
        raise ValueError('patterns must be as many as there are layers, %d (%s), not %d.' % (
            len(places), ', '.join(names), len(patterns)))
    arrays = []
    for i, (value, place) in enumerate(zip(patterns, places)):
        w = _weights(place)
        array = np.array(to_array('patterns[%d]' % i, value, w.dtype.base_dtype.as_numpy_dtype))
        expected = None if w.shape.ndims is None else w.shape.as_list()
        if not fits(array.shape, expected):
            raise ValueError("patterns[%d] must have the shape of the weights of '%s', %s, not %s." % (
                i, place.op.name, written(expected), array.shape))
        arrays.append(array)
    return arrays
