"""What can be done about what has no rule, or no gradient: said only to those who can do it."""
from typing import Iterable, List, Sequence

import tensorflow.compat.v1 as tf

from ..graph.loops import is_loop
from ..graph.path import Path
from ..graph.rows import rows_of
from ..runs.targets import handed_on
from .joint import ELEMENTARY, JOINT, takes

#: A collection of the graphs that `DeepExplain.open` has made: nobody's code builds these.
OPENED = 'deepexplain/opened'

#: Where gradients end that come to integers: what they look up is the nearest to them.
LOOKUPS = ('Gather', 'GatherV2', 'GatherNd', 'ResourceGather', 'ResourceGatherNd', 'SparseSegmentMean',
           'SparseSegmentSqrtN', 'SparseSegmentSum')

#: What goes through everything that has a gradient, or even without one.
UNRULED = 'intgrad, grad*input or occlusion, which need no rules'


def plain_ops(graph: tf.Graph) -> str:
    """How to be rid of functional loops and branches, as a sentence."""
    if graph.get_collection(OPENED):
        return (f'Take {UNRULED}; or open the model with its loops unrolled (unroll=True of the recurrent layers of '
                'Keras), for deeplift with complete=True.')
    return ('Build the model after tf.compat.v1.disable_v2_behavior(), which makes loops, branches and calls of plain '
            f'ops; or take {UNRULED}.')


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


def others(path: Path, ops: Iterable[tf.Operation], of: int) -> str:
    """Which methods need no rule for some ops, out of so many that are named, as a sentence."""
    looped = any(map(is_loop, path.dependent))
    have = '' if looped else completed(path, ops, of)
    return f' Or take {UNRULED}%s.' % (', or deeplift:' + have.rstrip('.') if have else '')


def instead(ends: Sequence[tf.Tensor], T: tf.Tensor) -> List[tf.Tensor]:
    """At most five tensors that can be explained in place of X, given where the gradient stops: embeddings first."""
    found = [tensor for tensor in ends
             if tensor.op is not T.op and tensor.op.type != 'StopGradient' and tensor.dtype.is_floating]
    found = sorted(found, key=lambda tensor: tensor.op.type not in LOOKUPS)[:5]
    return list(dict.fromkeys(_of_samples(tensor, T) for tensor in found))


def _of_samples(tensor: tf.Tensor, T: tf.Tensor) -> tf.Tensor:
    """A tensor or, where its rows meet on the way to T (those of unique ids, say), the next that has one a sample."""
    at = tensor
    for _ in range(8):
        meetings = rows_of(Path([at], T)).meetings
        if not meetings:
            return at
        op = next((one.op for one in meetings if not one.place), T.op)
        after = op.outputs[0]
        if op is T.op or op.graph is not T.graph or not after.shape.ndims or not after.dtype.is_floating:
            break
        at = after
    return tensor
