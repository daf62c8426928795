"""Which tensors another makes use of, their values and not their shapes alone."""
from typing import List, Sequence, Set

import tensorflow.compat.v1 as tf

from .path import CONSTANT

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
