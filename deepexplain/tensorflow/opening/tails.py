"""Of the ends of a graph, which are likely to be a model's outputs and which are left over."""
from typing import Collection, Dict, List, Optional, Set

import tensorflow.compat.v1 as tf


def outputs_first(ends: List[tf.Tensor], living: Collection[tf.Operation], leading: Collection[tf.Operation]
                  ) -> List[tf.Tensor]:
    """The ends of a graph in the order of their making, but what is left over comes last.

    That is what others read the shape of, or write a summary of; and what no weights of its own lead to, where such do
    to others: a mean of activations, an unused variance, a slice of the input.

    Args:
        living: the ops that hang on the inputs.
        leading: the ops that lead to tensors of floats.
    """
    if len(ends) < 2:
        return ends
    learned = _with_weights(ends, living)

    def key(end: tf.Tensor) -> int:
        measured = any(reader in leading for reader in end.consumers())
        noted = end.shape.ndims == 0 and any('Summary' in reader.type for reader in end.consumers())
        return 2 if measured or noted else 0 if end.op in learned else 1

    return sorted(ends, key=key)


def _with_weights(ends: List[tf.Tensor], living: Collection[tf.Operation]) -> Set[tf.Operation]:
    """The makers of those ends to which ops with weights lead that lead to no other."""
    owners: Dict[tf.Operation, Optional[tf.Operation]] = {}
    for end in ends:
        waiting = [end.op]
        while waiting:
            op = waiting.pop()
            owner = end.op if op not in owners or owners[op] is end.op else None
            if op in owners and owners[op] is owner:
                continue
            owners[op] = owner
            waiting.extend(tensor.op for tensor in op.inputs if tensor.op in living)
    hanging: Dict[tf.Operation, bool] = {}
    return {owner for op, owner in owners.items() if owner is not None and any(
        tensor.dtype.base_dtype.is_floating and tensor.shape.num_elements() != 1
        and not _hangs(tensor.op, living, hanging) for tensor in op.inputs)}


def _hangs(op: tf.Operation, living: Collection[tf.Operation], known: Dict[tf.Operation, bool]) -> bool:
    """Whether an op is made of living ones, be it by a way without gradient."""
    waiting, seen = [op], set()
    while waiting:
        one = waiting.pop()
        if one in living or known.get(one) or one.type == 'Placeholder':
            known[op] = True
            return True
        if one not in seen and one not in known:
            seen.add(one)
            waiting.extend(tensor.op for tensor in one.inputs)
    known.update(dict.fromkeys(seen, False))
    return False
