"""Which tensors certainly have the same shape, also where sizes are not known before the run."""
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import tensorflow.compat.v1 as tf

#: A size: a number, or where it is first met, a tensor and an axis (or an element of a vector of sizes).
Size = Union[int, Tuple[str, int]]

#: The sizes of a tensor; or, where not even their number is known, a tensor that has the same.
Sizes = Union[Tuple[Size, ...], str]

#: The output has the shape of the first input.
_LIKE_FIRST = frozenset('''
    Identity Snapshot CheckNumerics EnsureShape StopGradient PreventGradient ZerosLike OnesLike BiasAdd BiasAddV1
    Softmax LogSoftmax LRN FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 AddN AccumulateNV2 Reverse ReverseV2 Roll
    Cumsum Cumprod Switch Enter Exit NextIteration ClipByValue LeakyRelu
    '''.split())

#: The output has the shape to which those of the inputs broadcast.
_BROADCAST = frozenset('''
    Add AddV2 Sub Mul MulNoNan RealDiv Div DivNoNan FloorDiv FloorMod Xdivy Xlogy Maximum Minimum Pow SquaredDifference
    SelectV2 Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr Atan2
    '''.split())

#: Functions of one number.
_ELEMENTWISE = frozenset('''
    Cast Neg Square Sqrt Rsqrt Reciprocal Inv Exp Expm1 Log Log1p Abs Sign Round Floor Ceil Rint Erf Erfc Relu Relu6 Elu
    Selu Sigmoid Tanh Softplus Softsign Sin Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh LogicalNot IsNan IsInf
    IsFinite Lgamma Digamma Erfinv Ndtri
    '''.split())

_WINDOWS = frozenset('''
    Conv2D Conv3D DepthwiseConv2dNative MaxPool MaxPoolV2 MaxPool3D AvgPool AvgPool3D ResizeBilinear
    ResizeNearestNeighbor
    '''.split())

#: Op type -> which input is a vector that holds the output's sizes.
_SIZED_BY = {'Fill': 0, 'BroadcastTo': 1, 'Reshape': 1, 'RandomUniform': 0, 'RandomStandardNormal': 0,
             'TruncatedNormal': 0, 'Empty': 0}

_REDUCTIONS = frozenset(['Sum', 'Mean', 'Max', 'Min', 'Prod', 'All', 'Any'])

#: Longer vectors are no shapes.
_LONGEST = 16

#: Finds the sizes of a tensor ('sizes'), or what a vector of sizes holds ('holds').
Ask = Callable[[str, tf.Tensor], Any]


class Shapes:
    """The shapes of tensors in terms of one another.

    Args:
        ends: the names of tensors that nothing is asked of but their static shapes: other values may be fed for them.
    """

    def __init__(self, ends: Sequence[str] = ()) -> None:
        self._ends = frozenset(ends)
        self._known: Dict[Tuple[str, str], Any] = {}

    def same(self, a: tf.Tensor, b: tf.Tensor) -> bool:
        """Whether two tensors certainly have the same shape."""
        if a.shape.is_fully_defined() and b.shape.is_fully_defined():
            return a.shape.as_list() == b.shape.as_list()
        return a.shape.is_compatible_with(b.shape) and self._find(a) == self._find(b)

    def _find(self, tensor: tf.Tensor) -> Sizes:
        """The sizes of a tensor, found from those of others without recursion, which deep models would exhaust."""
        stack = [('sizes', tensor)]
        waiting = {('sizes', tensor.name)}
        while stack:
            kind, one = stack[-1]
            key = kind, one.name
            if key in self._known:
                stack.pop()
                continue
            missing: List[Tuple[str, tf.Tensor]] = []
            waiting.add(key)

            def ask(kind: str, other: tf.Tensor, missing: List[Tuple[str, tf.Tensor]] = missing) -> Any:
                known = self._known.get((kind, other.name))
                if known is None and (kind, other.name) not in waiting:
                    if kind == 'sizes' and other.shape.is_fully_defined():
                        return tuple(other.shape.as_list())
                    missing.append((kind, other))
                # In a loop a tensor may hang on itself.
                return known or (_own(other) if kind == 'sizes' else _unknown(other))

            result = _own(one) if kind == 'sizes' and one.name in self._ends else _RULES[kind](one, ask)
            if missing:
                stack.extend(missing)
            else:
                self._known[key] = result
        return self._known['sizes', tensor.name]


def _own(tensor: tf.Tensor) -> Sizes:
    """The sizes of a tensor of which no more is known than its static shape."""
    if tensor.shape.ndims is None:
        return tensor.name
    return tuple((tensor.name, i) if size is None else size for i, size in enumerate(tensor.shape.as_list()))


def _sizes(tensor: tf.Tensor, ask: Ask) -> Sizes:
    found, own = _inferred(tensor, ask), _own(tensor)
    if found is None or isinstance(found, str):
        return found if found is not None and isinstance(own, str) else own
    if not isinstance(own, str) and len(own) != len(found):
        return own
    mine = [(tensor.name, i) for i in range(len(found))] if isinstance(own, str) else own
    # What is a number is known already; -1 is what reshape finds out.
    return tuple(one if isinstance(one, int) or size is None or size == -1 else size for one, size in zip(mine, found))


def _inferred(tensor: tf.Tensor, ask: Ask) -> Any:
    """The sizes of a tensor by those of its op's inputs, None for one that hangs on more; None if nothing is known."""
    op = tensor.op
    if op.type == 'IdentityN':
        return ask('sizes', op.inputs[tensor.value_index])
    if not op.inputs or tensor.value_index and op.type != 'Switch':
        return None
    if op.type in _LIKE_FIRST or op.type in _ELEMENTWISE:
        return ask('sizes', op.inputs[0])
    if op.type == 'Select':
        return ask('sizes', op.inputs[1])
    if op.type in _BROADCAST:
        return _broadcast([ask('sizes', one) for one in op.inputs])
    if op.type in _SIZED_BY:
        return ask('holds', op.inputs[_SIZED_BY[op.type]])
    first = ask('sizes', op.inputs[0])
    if isinstance(first, str):
        return None
    if op.type == 'MatMul':
        second = ask('sizes', op.inputs[1])
        return None if isinstance(second, str) else (
            first[1 if op.get_attr('transpose_a') else 0], second[0 if op.get_attr('transpose_b') else 1])
    if op.type in _WINDOWS:
        return first[:1] + (None,) * (len(first) - 1)
    if op.type == 'Tile':
        times = ask('holds', op.inputs[1])
        return None if isinstance(times, str) or len(times) != len(first) else tuple(
            size if by == 1 else by if size == 1 else None for size, by in zip(first, times))
    return _moved(op, first)


def _moved(op: tf.Operation, first: Tuple[Size, ...]) -> Any:
    """The same for ops that move the axes of their first input, or take some of them away."""
    rank = len(first)
    if op.type == 'Squeeze':
        ones = {axis % rank for axis in op.get_attr('squeeze_dims')}
        return tuple(size for i, size in enumerate(first) if i not in ones) if ones else None
    if op.type not in _REDUCTIONS | {'ExpandDims', 'Transpose'}:
        return None
    axes = _static(op.inputs[1])
    if axes is None:
        return None
    if op.type == 'ExpandDims':
        place = axes[0] % (rank + 1)
        return first[:place] + (1,) + first[place:]
    if op.type == 'Transpose':
        return tuple(first[axis] for axis in axes)
    gone = {axis % rank for axis in axes}
    if op.get_attr('keep_dims'):
        return tuple(1 if i in gone else size for i, size in enumerate(first))
    return tuple(size for i, size in enumerate(first) if i not in gone)


def _broadcast(shapes: Sequence[Sizes]) -> Any:
    """What shapes broadcast to: at each place the size that is not 1, where all others are 1 or the same."""
    whole = {shape for shape in shapes if shape != ()}
    if len(whole) < 2:
        return whole.pop() if whole else ()
    if any(isinstance(shape, str) for shape in whole):
        return None
    rank = max(len(shape) for shape in whole)
    aligned = [(1,) * (rank - len(shape)) + tuple(shape) for shape in whole]
    sizes = [{size for size in column if size != 1} for column in zip(*aligned)]
    return tuple(column.pop() if len(column) == 1 else None if column else 1 for column in sizes)


def _holds(tensor: tf.Tensor, ask: Ask) -> Sizes:
    """What a vector of sizes, or a single one, holds."""
    static = _static(tensor)
    if static is not None:
        return static
    op = tensor.op
    if op.type in ('Shape', 'ShapeN'):
        return ask('sizes', op.inputs[tensor.value_index])
    if op.type in ('Identity', 'Cast', 'StopGradient', 'EnsureShape', 'Enter'):
        return ask('holds', op.inputs[0])
    if op.type in ('ExpandDims', 'Reshape', 'Squeeze') and op.inputs[0].shape.num_elements() == 1:
        return ask('holds', op.inputs[0])
    if op.type in ('Pack', 'ConcatV2'):
        parts = [ask('holds', one) for one in list(op.inputs)[:None if op.type == 'Pack' else -1]]
        if any(isinstance(part, str) for part in parts):
            return _unknown(tensor)
        return tuple(size for part in parts for size in part)
    if op.type == 'BroadcastArgs':
        return _broadcast([ask('holds', one) for one in op.inputs]) or _unknown(tensor)
    taken = _taken(op, tensor.value_index)
    if taken is not None:
        vector = ask('holds', op.inputs[0])
        if not isinstance(vector, str):
            return taken(vector)
    return _unknown(tensor)


def _taken(op: tf.Operation, index: int) -> Optional[Callable[[Tuple[Size, ...]], Tuple[Size, ...]]]:
    """What an op takes out of a vector, if that is clear beforehand."""
    if op.type in ('StridedSlice', 'Slice', 'Gather', 'GatherV2'):
        places = [_static(one) for one in list(op.inputs)[1:]]
        if None in places or op.inputs[0].shape.ndims != 1 or any(len(one or ()) != 1 for one in places) and (
                not op.type.startswith('Gather')):
            return None
        if op.type.startswith('Gather'):
            return lambda vector: tuple(vector[i] for i in places[0] or ())
        begin, end = places[0][0], places[1][0]  # type: ignore[index]
        if op.type == 'Slice':
            return lambda vector: vector[begin:] if end < 0 else vector[begin:begin + end]
        if op.get_attr('shrink_axis_mask'):
            return lambda vector: vector[begin:begin + 1 or None]
        if op.get_attr('new_axis_mask') or op.get_attr('ellipsis_mask'):
            return None
        return lambda vector: vector[None if op.get_attr('begin_mask') else begin:
                                     None if op.get_attr('end_mask') else end:places[2][0]]  # type: ignore[index]
    if op.type == 'Unpack' and op.inputs[0].shape.ndims == 1:
        return lambda vector: vector[index:index + 1]
    return None


def _static(tensor: tf.Tensor) -> Optional[Tuple[int, ...]]:
    """What a constant vector of ints, or a single one, holds."""
    if tensor.op.type != 'Const' or not tensor.dtype.is_integer or (tensor.shape.ndims or 0) > 1 or (
            (tensor.shape.num_elements() or 0) > _LONGEST):
        return None
    return tuple(int(size) for size in tf.get_static_value(tensor).reshape(-1))


def _unknown(tensor: tf.Tensor) -> Sizes:
    """Sizes of which no more is known than how many they are."""
    count = tensor.shape.num_elements() if tensor.shape.ndims in (0, 1) else None
    name = 'in ' + tensor.name
    return name if count is None or count > _LONGEST else tuple((name, i) for i in range(count))


_RULES: Dict[str, Callable[[tf.Tensor, Ask], Sizes]] = {'sizes': _sizes, 'holds': _holds}
