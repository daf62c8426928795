"""Whether what is fed goes along with the rows of X, and where rows of X meet."""
from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from . import compat
from .axes import LOST, Rows, State
from .choices import is_any_flag, training_tensors
from .kinds import FUNCTIONAL
from .path import Path
from .row_flow import FED, Meeting, Places, RowFlow, X, holds
from .sizes import sizes_of


def goes_along(fed: tf.Tensor, inputs: Sequence[tf.Tensor], T: tf.Tensor) -> Tuple[Optional[bool], bool]:
    """Whether the first axis of a fed tensor goes along with the rows of X, or None where the graph does not show it.

    Returns:
        The answer, and what to guess where there is none.
    """
    if fed.shape.ndims == 0:
        return False, False
    if fed.shape.ndims is None or any(x.shape.ndims is None for x in inputs):
        # Where ranks are unknown a row of numbers may be a bias as well.
        return None, True
    path = Path(list(inputs) + [fed], T)
    flow, start = _begun(path, inputs)
    start[fed.name] = (None, Rows(0))
    found = flow.through(path.ops, start, start)
    if not flow.seen and found.get(T.name, (None, None))[FED] is None and not _counted(path, found):
        # Nothing hangs on it but X itself, or sizes of a row.
        return True, True
    along, apart = 'along' in flow.seen, bool({'apart', 'summed'} & flow.seen)
    if 'summed with' in flow.seen:
        return False, False
    if along != apart and (along or 'lost' not in flow.seen):
        return along, along
    return None, along or not apart


def _counted(path: Path, found: Mapping[str, Places]) -> bool:
    """Whether something on a path may hang on the number of rows that a fed tensor has."""
    on_path = set(path.ops)
    shapes = [op for op in path.ops if op.type == 'Shape' and isinstance(
        found.get(op.inputs[0].name, (None, None))[FED], Rows)]
    for reader in [reader for op in shapes for reader in op.outputs[0].consumers() if reader in on_path]:
        sizes = [sizes_of(tensor, holds(found, FED)) for tensor in reader.outputs]
        if any(one is None or any(size.rows for size in one) for one in sizes):
            return True
    return False


def rows_at(fed: tf.Tensor, target: tf.Tensor) -> Optional[bool]:
    """Whether the first axis of a tensor holds the rows of another; None where that is not known."""
    path = Path([fed], target)
    flow, start = _begun(path, [])
    start[fed.name] = (None, Rows(0))
    state = flow.through(path.ops, start, start).get(target.name, (None, None))[FED]
    return None if state == LOST else state == Rows(0)


def places_of_rows(path: Path) -> Dict[str, Optional[State]]:
    """Where the rows of X are in the tensors of a path, by name; None where nothing hangs on them."""
    flow, start = _begun(path, path.X)
    return {name: state[X] for name, state in flow.through(path.ops, start, start, dead=set(path.dead)).items()}


class Rowed(NamedTuple):
    """How the rows of X come to T.

    Attributes:
        meetings: the ops in which rows of different samples certainly meet.
        aligned: whether T certainly has the rows of X, each in its place.
    """
    meetings: Sequence[Meeting]
    aligned: bool


def rows_of(path: Path) -> Rowed:
    """Where the rows of samples are between X and T.

    They do not meet in batch normalisation that trains, nor where T is one number for all samples or a call has one.
    """
    if path.T.shape.ndims == 0 or any(x.shape.ndims and x.shape.as_list()[0] == 1 for x in path.X):
        return Rowed([], False)
    dead = training_tensors(path, is_any_flag)
    alive = Path(path.X, path.T, frozenset(dead)) if dead else path
    ops = [op for op in alive.ops if not op.outputs or not all(one.name in dead for one in op.outputs)]
    flow, start = _begun(alive, path.X)
    found = flow.through(ops, start, start, dead=dead)
    at_end = found.get(path.T.name, (None, None))[X]
    flow.arrived(at_end)
    return Rowed([one for one in flow.meetings.values()
                  if not _is_normalising(one.op) and not _is_stabilising(one.op)],
                 at_end == Rows(0) and not any(_takes_some(op, found) for op in ops))


def _takes_some(op: tf.Operation, found: Mapping[str, Places]) -> bool:
    """Whether an op takes, or may take, some of the rows of X alone, the first of them."""
    if op.type not in ('StridedSlice', 'Slice'):
        return False
    state = found.get(op.inputs[0].name, (None, None))[X]
    if not isinstance(state, Rows):
        return False
    if op.type == 'Slice':
        sizes = compat.static_value(op.inputs[2])
        return sizes is None or sizes[state.axis] != -1
    # An axis before the rows may be a new one, or several.
    return state.axis > 0 or not (op.get_attr('end_mask') | op.get_attr('ellipsis_mask')) & 1


def _begun(path: Path, inputs: Sequence[tf.Tensor]) -> Tuple[RowFlow, Dict[str, Places]]:
    functions = any(op.type in FUNCTIONAL or not hasattr(tf.raw_ops, op.type) or 'PartitionedCall' in op.type
                    for op in path.ops)
    start: Dict[str, Places] = {x.name: (Rows(0) if x.shape.ndims != 0 else None, None) for x in inputs}
    return RowFlow(compat.library_of(path.graph) if functions else {}), start


def _is_normalising(op: tf.Operation) -> bool:
    """Whether an op is the mean or the variance of a batch normalisation that trains."""
    if op.type not in ('Mean', 'Sum'):
        return False
    x = op.inputs[0]
    if x.op.type == 'SquaredDifference' or any(reader.type == 'SquaredDifference' for reader in _readers(op)):
        return True
    squared = x.op.inputs[0] if x.op.type == 'Square' else x
    readers = squared.consumers()
    squares = [far for reader in readers if reader.type == 'Square' for far in _readers(reader)]
    return op.type == 'Mean' and any(one.type == 'Mean' for one in readers) and any(
        one.type == 'Mean' for one in squares)


def _readers(op: tf.Operation) -> List[tf.Operation]:
    """The ops that read an op, directly or through ops that hand it on."""
    found: List[tf.Operation] = []
    for reader in [one for tensor in op.outputs for one in tensor.consumers()]:
        found += _readers(reader) if reader.type in ('StopGradient', 'Squeeze', 'Identity') else [reader]
    return found


def _is_stabilising(op: tf.Operation) -> bool:
    """Whether a maximum is only there to be taken from what an exponential is taken of."""
    if op.type != 'Max':
        return False
    readers = _readers(op)
    return bool(readers) and all(reader.type == 'Sub' and all(far.type == 'Exp' for far in _readers(reader))
                                 for reader in readers)
