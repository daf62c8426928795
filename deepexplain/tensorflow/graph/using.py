"""Which tensors another makes use of, their values and not their shapes alone."""
from typing import Any, Callable, List, Mapping, Sequence, Set

import tensorflow.compat.v1 as tf

from .choices import function_at_rest
from .functions import arguments_of_results
from .kinds import CONSTANT
from .path import Path
from .phases import is_learning_phase

#: What comes out hangs on the shape of what goes in, or on nothing.
BY_SHAPE = CONSTANT - {'StopGradient'}


def unused(X: Sequence[tf.Tensor], T: tf.Tensor) -> List[tf.Tensor]:
    """Those of some tensors that do not change T while the others are held fixed, as far as the graph shows it."""
    names = {x.name for x in X}
    used = {T.name} & names
    waiting = [] if used else [T.op]
    seen: Set[tf.Operation] = set(waiting)
    while waiting:
        op = waiting.pop()
        for source in op.inputs if op.type not in BY_SHAPE else ():
            if source.name in names:
                used.add(source.name)
            elif source.op not in seen:
                seen.add(source.op)
                waiting.append(source.op)
    return [x for x in X if x.name not in used]


def untaken(path: Path, library: Callable[[], Mapping[str, Any]]) -> Set[str]:
    """The names of what functional branches that a Keras learning phase chooses put out of X in training alone."""
    found: Set[str] = set()
    for op in path.ops:
        taken = function_at_rest(op, is_learning_phase) if op in path.dependent else None
        if taken is not None:
            function = library()[taken]
            for tensor, arguments in zip(op.outputs, arguments_of_results(function)):
                if not any(path.depends(op.inputs[1 + argument]) for argument in arguments):
                    found.add(tensor.name)
    return found
