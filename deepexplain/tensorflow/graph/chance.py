"""What makes T random, or lets it hang on the other rows of a batch.

Random ops count where their values reach T, through whatever the flags and rates that are fed let through: a Keras
learning phase is off, and dropout whose rate is fed as 0 (or keep_prob as 1) is none. So do batch normalisation by the
statistics of the batch, fused or written out as a variance over the first axis that is divided by. What is drawn with
a fixed seed of its own (tf.random.stateless_*) is the same every time, and a function of Python's is taken to be.
"""
from typing import (
    AbstractSet,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

import numpy as np
import tensorflow.compat.v1 as tf

from ..messages import listed, warn
from . import compat
from .batch_moments import first_size, is_variance, normalised
from .bodies import asked_for, enter
from .draws import draws, may_draw
from .flow import Flow
from .functions import is_call
from .kinds import BATCH_NORMS, CALLS, FUNCTIONAL
from .numbers import Numbers, range_of
from .phases import is_learning_phase
from .walks import ancestors


class Found(NamedTuple):
    """What makes T other than a function of its own sample: ops by type and name, and what could decide it."""
    random: List[Tuple[str, str]]
    batch: List[Tuple[str, str]]
    asked: Set[str]


class Chance:
    """Warns, once, of what makes T random or lets it hang on the batch.

    Args:
        off: the values that placeholders for training, and what is made of them, are taken to have.
        together: whether all rows are one sample, which may well hang on them all.

    Attributes:
        of_batch: whether batch normalisation by the statistics of the batch was warned of.
    """

    def __init__(self, X: Sequence[tf.Tensor], T: tf.Tensor, off: Optional[Mapping[str, Optional[float]]] = None,
                 together: bool = False) -> None:
        self.of_batch, self._together = False, together
        self._inputs, self._T, self._off = X, T, {
            name: (value, value) for name, value in (off or {}).items() if value is not None}
        self._X = [x.name for x in X]
        self._done: Set[Tuple] = set()
        found = self._look(Numbers(self._off, self._X))
        self._asked = found.asked if found.random or found.batch else set()
        self._warned = False
        if not self._asked:
            self._say(found, [])

    def check(self, pairs: Sequence[Tuple[tf.Tensor, np.ndarray]]) -> None:
        """Look at what a run feeds, as pairs of tensor and value."""
        switched = any(is_learning_phase(tensor.op) and np.any(value) for tensor, value in pairs)
        if self._warned or not self._asked and not switched:
            return
        fed: Dict[str, Any] = {tensor.name: range_of(value) for tensor, value in pairs}
        key = tuple(sorted(fed.items(), key=lambda pair: pair[0]))
        if key not in self._done:
            self._done.add(key)
            numbers = Numbers(dict(self._off, **fed), self._X, final=True)
            self._say(self._look(numbers, set(fed)), sorted(
                '%s (%s)' % (tensor.name, value.ravel()[0]) for tensor, value in pairs
                if tensor.name in self._asked and value.size == 1 or is_learning_phase(tensor.op)))

    def _look(self, numbers: Numbers, fed: AbstractSet[str] = frozenset()) -> Found:
        sizes = {tensor.shape.as_list()[0] for tensor in self._inputs if tensor.shape.ndims} | {None}
        look = _Look(self._T.graph, {}, lambda: ancestors(self._T, set(self._X)), sizes)
        look.into([self._T], set(self._X) | fed, numbers, set(self._X) | fed)
        return look.found

    def _say(self, found: Found, fed: Sequence[str]) -> None:
        said = []
        if found.random:
            said.append('T is random: what it is made of is drawn anew at every evaluation by %s. Explain the model at '
                        'inference (dropout, noise and sampling off), or choose T before, or X behind, what is drawn.'
                        % listed(found.random))
        if found.batch and not self._together:
            self.of_batch = True
            said.append("T of a sample hangs on the other rows of the session call, which differ from run to run: %s "
                        "normalises by the statistics of the batch. Explain the model at inference (training=False), "
                        "or rows that belong together as one sample (rows='together')." % listed(found.batch))
        if said:
            self._warned = True
            warn(' '.join(said) + (' What is fed may switch it off: %s.' % ', '.join(fed) if fed else ''))


class _Look:
    """Looks at the ops of a flow, and of the functions that they run.

    Args:
        library: the functions of the graph, or empty as long as nobody has asked.
        before: gives all ops that run before the targets of the flow.
        sizes: how many rows a tensor may have, one for each sample.
    """

    def __init__(self, graph: tf.Graph, library: Dict[str, Any], before: Callable[[], Sequence[tf.Operation]],
                 sizes: AbstractSet[Optional[int]], place: str = '', found: Optional[Found] = None) -> None:
        self._graph, self._library, self._before, self._place = graph, library, before, place
        self._sizes = sizes
        self.found = Found([], [], set()) if found is None else found
        self.arrived: List[Tuple[Tuple[str, str], str, bool]] = []

    def into(self, targets: Sequence[tf.Tensor], ends: AbstractSet[str], numbers: Numbers, rows: AbstractSet[str]
             ) -> None:
        """Note what makes some tensors random, or normalises by the batch.

        Args:
            rows: the names of tensors whose rows belong to samples.
        """
        names = {tensor.name for tensor in targets}
        flow = Flow(targets, ends, numbers, reads=lambda op: asked_for(op, numbers, self._functions, names))
        self.found.asked.update(flow.asked)
        of_rows = flow.after(rows)
        for op in sorted(flow.ops, key=lambda op: op.name):
            here = (op.type, op.name + self._place)
            if draws(op, self._before):
                self.found.random.append(here)
            elif op.type in BATCH_NORMS and op.get_attr('is_training') and first_size(op.inputs[0]) != 1:
                # One row alone is how a layer normalisation is written.
                self.found.batch.append(here)
            elif op.type in FUNCTIONAL or op.type in CALLS or not hasattr(tf.raw_ops, op.type):
                self._inside(op, flow, of_rows)
            elif op.type == 'Mean' and op.inputs[0].name in of_rows and is_variance(op, self._sizes):
                self._follow(here, op.outputs[0], False, flow)

    def _follow(self, variance: Tuple[str, str], tensor: tf.Tensor, rooted: bool, flow: Flow) -> None:
        """Note a variance, or the root of one, that normalises samples here, or where it arrives."""
        normalises, arrived = normalised(tensor, rooted, flow, self._sizes)
        if normalises:
            self.found.batch.append(variance)
        else:
            self.arrived.extend((variance, name, root) for name, root in arrived)

    def _inside(self, op: tf.Operation, flow: Flow, rows: AbstractSet[str]) -> None:
        library = self._functions()
        if op.type not in FUNCTIONAL and not is_call(op.type, library):
            return
        # In a loop rows may be steps.
        sizes = frozenset() if 'While' in op.type else self._sizes
        for inside in enter(op, flow, library, lambda tensor: tensor.name in rows,
                            lambda role, function: may_draw(function, library, set())):
            inner = {argument.name for argument, one in zip(inside.body.arguments, inside.live) if one}
            look = _Look(inside.body.graph, self._library, inside.body.graph.get_operations, sizes,
                         ' in %s%s' % (op.name, self._place), self.found)
            look.into(inside.targets, frozenset(), inside.numbers, inner)
            for variance, name, rooted in look.arrived:
                for result, tensor in zip(inside.body.outputs, op.outputs):
                    if result.name == name and tensor.name in flow.readers:
                        self._follow(variance, tensor, rooted, flow)

    def _functions(self) -> Mapping[str, Any]:
        if not self._library:
            self._library.update(compat.library_of(self._graph))
        return self._library
