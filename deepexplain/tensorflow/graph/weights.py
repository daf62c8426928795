"""The weights of a path: what its ops read of variables, or of constants where there are none, layer by layer."""
from typing import Dict, List, NamedTuple, Optional, Set

import tensorflow.compat.v1 as tf

from .compat import while_context
from .kinds import CALLS, FUNCTIONAL, PRODUCTS
from .path import Path

#: Ops that hold a variable, and what hands one on unread.
_HELD, _READ = frozenset(['VarHandleOp', 'VariableV2', 'Variable']), 'ReadVariableOp'

#: Ops that sum up what they multiply.
_SUMMED = PRODUCTS - frozenset(['Mul', 'MulNoNan', 'Cross'])


class Weight(NamedTuple):
    """One array of weights: its name, and all the tensors that are read of it, which may be fed others."""
    name: str
    tensors: List[tf.Tensor]


def layers_of(path: Path) -> List[List[Weight]]:
    """The weights on the way from X to T, in layers, that nearest to T first.

    Weights that an op multiplies and sums up (of a matrix product, a convolution) begin a layer; others that are met
    after them (biases, norms) belong to it. Where the path reads no variable, constants of floats with at least one
    axis and two numbers count as weights.

    Raises:
        RuntimeError: for weights that cannot be fed: inside of a function, a loop or an op that reads its variable.
    """
    variables: Dict[str, Weight] = {}
    constants: Dict[str, Weight] = {}
    first: Set[str] = set()
    for op in path.ops:
        if op not in path.dependent:
            continue
        if any(one.dtype == tf.resource and _holder(one) for one in op.inputs):
            raise RuntimeError("The weights that '%s' (%s) reads cannot be replaced: they are %s." % (
                op.name, op.type, 'inside of a function' if op.type in FUNCTIONAL | CALLS else 'read by that op'))
        for tensor in op.inputs:
            if not path.depends(tensor):
                known = set(variables) | set(constants)
                _collect(tensor, path, variables, constants)
                if op.type in _SUMMED:
                    first |= (set(variables) | set(constants)) - known
    layers: List[List[Weight]] = []
    for weight in (variables or constants).values():
        if not layers or weight.name in first:
            layers.append([])
        layers[-1].append(weight)
    return layers[::-1]


def _collect(tensor: tf.Tensor, path: Path, variables: Dict[str, Weight], constants: Dict[str, Weight]) -> None:
    """Take note of the weights that a tensor beside the path is made of, in the order of a walk."""
    waiting, seen = [tensor], {tensor.name}
    while waiting:
        one = waiting.pop()
        holder = _holder(one.op.inputs[0]) if one.op.type == _READ or (
            one.op.inputs and one.op.inputs[0].op.type in _HELD) else None
        if holder is None and one.op.type in _HELD and one.dtype != tf.resource:
            holder = one.op.name
        if holder is not None:
            _note(variables, holder, one)
            continue
        if one.op.type == 'Const' and one.dtype.is_floating and (one.shape.num_elements() or 0) > 1:
            _note(constants, one.op.name, one)
        for source in one.op.inputs:
            if source.name not in seen:
                seen.add(source.name)
                waiting.append(source)


def _note(found: Dict[str, Weight], name: str, tensor: tf.Tensor) -> None:
    if not tensor.dtype.base_dtype.is_floating:
        return
    if while_context(tensor.op) is not None:
        raise RuntimeError(f"The weights '{name}' cannot be replaced: they are read inside of a loop.")
    weight = found.setdefault(name, Weight(name, []))
    if all(tensor is not one for one in weight.tensors):
        weight.tensors.append(tensor)


def _holder(tensor: tf.Tensor) -> Optional[str]:
    """The name of the variable that a tensor is, be it handed on by others, or None."""
    op = tensor.op
    while op.type in ('Identity', 'Switch', 'RefSwitch', 'Enter', 'RefEnter') and op.inputs:
        op = op.inputs[0].op
    return op.name if op.type in _HELD else None
