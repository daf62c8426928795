"""Which comparisons are parts of activations: they only gate functions of what they compare, place by place."""
from typing import AbstractSet, Dict, FrozenSet, Iterable, List, Mapping, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from .flow import Flow
from .kinds import ELEMENTWISE, SUMS

#: A mask gates what it is multiplied with, or chooses.
_GATES = frozenset(['Mul', 'MulNoNan', 'RealDiv', 'Div', 'DivNoNan', 'Select', 'SelectV2'])

_BY_PLACE = ELEMENTWISE - frozenset(['IdentityN'])


def only_gates(masks: Sequence[tf.Operation], flow: Flow, X: Iterable[str], live: AbstractSet[str],
               ops: Iterable[tf.Operation]) -> Set[tf.Operation]:
    """Those of some comparisons, or Signs, that are parts of activations, which may jump there.

    Args:
        X: the names of the tensors in question.
        live: the names of those that a gradient reaches from X.
        ops: the ops of the flow in the order of their making.
    """
    dependent = flow.after(X)
    sources: Dict[str, str] = {}  # A tensor -> the nearest one that hangs on X of which it is an elementwise function.
    for op in ops:
        if op.type in _BY_PLACE:
            source = _common([one.name for one in op.inputs if one.name in dependent], sources)
            if source is not None:
                sources[op.outputs[0].name] = source
    return {op for op in masks if _gates(op, flow, live, sources)}


def _gates(mask: tf.Operation, flow: Flow, live: AbstractSet[str], sources: Mapping[str, str]) -> bool:
    ends = {tensor.name for tensor in flow.targets}
    waiting = [mask.outputs[0]]
    seen = {waiting[0].name}
    while waiting:
        tensor = waiting.pop()
        if tensor.name in ends or tensor.name not in sources:
            return False
        for op in flow.readers[tensor.name]:
            y = op.outputs[0]
            if op.type not in _BY_PLACE or y.name not in sources:
                return False
            if any(one.name in live for one in op.inputs):
                # What is added to, or compared with, its own source makes a jump of its own, unless a mask hides it.
                if op.type not in _GATES and not (op.type in SUMS and y.name not in ends and _is_masked(
                        y, flow, live, sources)):
                    return False
            elif y.name not in seen:
                seen.add(y.name)
                waiting.append(y)
    return True


def _is_masked(tensor: tf.Tensor, flow: Flow, live: AbstractSet[str], sources: Mapping[str, str]) -> bool:
    """Whether all that reads a tensor gates it, as in where(|x| > t, x - t sign(x), 0)."""
    return all(op.type in _GATES and op.outputs[0].name in sources and any(
        one.name in sources and one.name not in live for one in op.inputs) for op in flow.readers[tensor.name])


def _common(names: Sequence[str], sources: Mapping[str, str]) -> Optional[str]:
    """The nearest tensor of which all of some are elementwise functions, or None."""
    found: Optional[str] = names[0] if names else None
    for name in names[1:]:
        above: FrozenSet[str] = frozenset(_above(found, sources))
        found = next((one for one in _above(name, sources) if one in above), None)
    return found


def _above(name: Optional[str], sources: Mapping[str, str]) -> List[str]:
    chain = []
    while name is not None:
        chain.append(name)
        name = sources.get(name)
    return chain
