"""What can be done about what has no rule, or no gradient: said only to those who can do it."""
from typing import Iterable, List, Sequence

import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..runs.targets import handed_on
from .joint import ELEMENTARY, JOINT, takes

#: A collection of the graphs that `DeepExplain.open` has made: nobody's code builds these.
OPENED = 'deepexplain/opened'

#: Where gradients end that come to integers: what they look up is the nearest to them.
LOOKUPS = ('Gather', 'GatherV2', 'GatherNd', 'ResourceGather', 'ResourceGatherNd')


def plain_ops(graph: tf.Graph) -> str:
    """How to be rid of functional loops and branches, as a sentence."""
    if graph.get_collection(OPENED):
        return ('Take a method without rules of its own, such as intgrad or occlusion; or open the model with its '
                'loops unrolled (unroll=True of the recurrent layers of Keras).')
    return ('Build the model after tf.compat.v1.disable_v2_behavior(), which makes loops, branches and calls of plain '
            'ops.')


def uncovered(T: tf.Tensor, ops: Sequence[tf.Operation]) -> str:
    """Whether it is T's own softmax that has no rule, as the beginning of a sentence, or ''."""
    last = handed_on(T).op
    own = last.type in ('Softmax', 'LogSoftmax') and any(op is last for op in ops)
    return ' Explain what goes into the softmax.' if own else ''


def completed(path: Path, ops: Iterable[tf.Operation], of: int) -> str:
    """Which of some ops, out of so many that are named, deeplift's `complete` has rules for: a sentence, or ''."""
    have = [op.type for op in ops if op.type in ELEMENTARY or op.type in JOINT and takes(op, path)]
    if not have:
        return ''
    return ' complete=True has rules for %s.' % (
        'them' if len(have) == of else ', '.join(dict.fromkeys(have)))


def instead(stops: Sequence[tf.Operation], T: tf.Tensor) -> List[tf.Tensor]:
    """What can be explained in place of X, given the ops that stop the gradient: embeddings first."""
    found = [op.outputs[0] for op in stops
             if op is not T.op and op.type != 'StopGradient' and op.outputs and op.outputs[0].dtype.is_floating]
    return sorted(found, key=lambda tensor: tensor.op.type not in LOOKUPS)
