"""Which ops of a path bend the gradient: the units that a rule is for, and the ops that no rule covers."""
from typing import Callable, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from .compat import has_gradient
from .path import FUNCTIONAL, GRADIENT, Path, is_learning_phase, unwrap

#: The ordinary gradient is exact, whichever of the inputs depends on X.
LINEAR = frozenset('''
    Identity IdentityN Snapshot PlaceholderWithDefault CheckNumerics PreventGradient Print PrintV2 Copy CopyHost
    EnsureShape Reshape Squeeze ExpandDims Transpose ConjugateTranspose Concat ConcatV2 Split SplitV Slice StridedSlice
    Pack Unpack Tile Pad PadV2 MirrorPad Reverse ReverseV2 ReverseSequence Roll Gather GatherV2 GatherNd ResourceGather
    DynamicPartition DynamicStitch ParallelDynamicStitch ScatterNd TensorScatterUpdate TensorScatterAdd
    TensorScatterSub SparseToDense BroadcastTo
    Fill Cast Real Imag Complex Add AddV2 AddN AccumulateNV2 Sub Neg BiasAdd BiasAddV1 Sum Mean Cumsum SegmentSum
    SegmentMean UnsortedSegmentSum AvgPool AvgPool3D ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea
    SpaceToBatch SpaceToBatchND BatchToSpace BatchToSpaceND SpaceToDepth DepthToSpace ExtractImagePatches
    MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 SparseSegmentSum SparseSegmentMean SparseSegmentSqrtN
    SparseSegmentSumWithNumSegments SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments
    MatrixDiag MatrixDiagV2 MatrixDiagV3 MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixBandPart Diag DiagPart
    FFT IFFT FFT2D IFFT2D RFFT IRFFT Switch RefSwitch Merge Enter RefEnter Exit NextIteration LoopCond
    TensorArrayV3 TensorArrayReadV3 TensorArrayWriteV3 TensorArrayScatterV3 TensorArrayGatherV3 TensorArrayConcatV3
    TensorArraySplitV3 TensorListFromTensor TensorListStack TensorListGetItem TensorListSetItem TensorListReserve
    TensorListPushBack TensorListPopBack TensorListGather TensorListScatter TensorListConcatV2 EmptyTensorList
    OptionalFromValue OptionalGetValue Placeholder Const ReadVariableOp NoOp
    '''.split())

#: Linear in each input by itself: exact as long as no other input depends on X.
PRODUCTS = frozenset('''
    Mul MulNoNan MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 SparseMatMul SparseTensorDenseMatMul Einsum Cross
    Conv Conv2D Conv3D DepthwiseConv2dNative Conv2DBackpropInput Conv3DBackpropInputV2
    DepthwiseConv2dNativeBackpropInput
    '''.split())

#: Linear in the first input, when the second does not depend on X.
QUOTIENTS = frozenset(['RealDiv', 'Div', 'DivNoNan', 'Xdivy', 'CropAndResize'])

#: Winner takes all: the ordinary gradient gives everything to the largest (or chosen) input, as the reference does.
WINNERS = frozenset('''
    MaxPool MaxPoolV2 MaxPool3D MaxPoolWithArgmax FractionalMaxPool Max Min Maximum Minimum SegmentMax SegmentMin
    UnsortedSegmentMax UnsortedSegmentMin TensorScatterMax TensorScatterMin TopK TopKV2 Select SelectV2
    '''.split())

BATCH_NORMS = frozenset(['FusedBatchNorm', 'FusedBatchNormV2', 'FusedBatchNormV3'])

#: Elementwise joins that only add, so that each side can keep its own rule.
SUMS = frozenset(['Add', 'AddV2', 'AddN', 'Sub', 'BiasAdd'])

#: What comes out at a place depends only on what goes in at that place.
ELEMENTWISE = SUMS | frozenset('''
    Identity IdentityN Snapshot Cast Neg Mul MulNoNan RealDiv Div DivNoNan Xdivy Xlogy Maximum Minimum Select SelectV2
    Pow Square SquaredDifference Sqrt Rsqrt Reciprocal Inv Exp Expm1 Log Log1p Abs Sign Round Floor Ceil Rint Erf Erfc
    Relu Relu6 LeakyRelu Elu Selu Sigmoid Tanh Softplus Softsign Sin Cos Tan Sinh Cosh Asin Acos Atan Asinh Acosh Atanh
    Greater GreaterEqual Less LessEqual Equal NotEqual LogicalAnd LogicalOr LogicalNot IsNan IsInf IsFinite ClipByValue
    Lgamma Digamma Erfinv Ndtri
    '''.split())

#: Ruled op types with an input besides the one that depends on X.
SEVERAL_INPUTS = frozenset(['Minimum', 'Maximum'])


class Unit(NamedTuple):
    """A function y = f(x), elementwise unless a rule of the user's says otherwise, made of the ops from x to y.

    `rule` is the op type whose rule it takes, or '' for an activation that is composed of several ops.
    """
    x: tf.Tensor
    y: tf.Tensor
    ops: List[tf.Operation]
    rule: str


class Units(NamedTuple):
    """What a rule set does on a path.

    Attributes:
        single: op name -> a unit of one op with one input.
        single_types: the op types that are such units inside the bodies of loops and branches.
        marked: the other units: of several ops, or of one op with constant inputs besides x.
        stripped: IdentityN ops whose custom gradient is that of a unit, or lost.
        lost: those of them whose custom gradient this process cannot know, since it came with a file or a function.
        joint: ops in which tensors that depend on X meet, for methods that have rules for these.
        unsupported: the ops that no rule covers.
    """
    single: Mapping[str, Unit] = {}
    single_types: FrozenSet[str] = frozenset()
    marked: Sequence[Unit] = ()
    stripped: FrozenSet[str] = frozenset()
    lost: Sequence[tf.Operation] = ()
    joint: Sequence[tf.Operation] = ()
    unsupported: Sequence[tf.Operation] = ()


def find_units(path: Path, ruled: FrozenSet[str], joint: FrozenSet[str] = frozenset()) -> Units:
    """The units of a path for a method that has rules for the op types `ruled`, and `joint` where inputs meet."""
    source: Dict[str, tf.Tensor] = {}  # tensor -> the nearest one of which it is an elementwise function
    single: Dict[str, Unit] = {}
    marked: Dict[str, Unit] = {}
    stripped: Set[str] = set()
    lost: List[tf.Operation] = []
    for op in path.ops:
        if op not in path.dependent:
            continue
        inputs = [tensor for tensor in op.inputs if path.depends(tensor)]
        # A rule for the op takes precedence, as in the reference.
        foreign = '' if op.type in ruled and len(op.inputs) == 1 else foreign_gradient(op)
        joined = {} if foreign else _join(op, inputs, source)
        if not op.outputs:
            continue
        y = op.outputs[0]
        if op.type in ruled and len(op.inputs) == 1 and y.dtype.is_floating:
            single[op.name] = Unit(op.inputs[0], y, [op], op.type)
        elif op.type in ruled and len(inputs) == 1 and y.dtype.is_floating and (
                y.name in joined or op.type not in ELEMENTWISE):
            marked[y.name] = Unit(inputs[0], y, [op], op.type)
        elif len(inputs) > 1 and op.type in ELEMENTWISE - SUMS and op.type != 'IdentityN' and y.name in joined:
            x = joined[y.name]
            if x.dtype == y.dtype and y.dtype.is_floating:
                marked[y.name] = Unit(x, y, _between(x, y, path), '')
        elif foreign and op.type == 'IdentityN':
            if _is_swish(op, marked, path):
                stripped.add(op.name)
                joined = _join(op, inputs, source)
            elif not has_gradient(foreign):
                # A model from a file or a function has only the gradient's name.
                stripped.add(op.name)
                lost.append(op)
        source.update(joined)
    passed = reached(path, marked)
    open_ops = [op for op in path.ops if op in passed and op.name not in single and op.name not in stripped
                and not any(tensor.name in marked for tensor in op.outputs)]
    meeting = [op for op in open_ops
               if op.type in joint and not (op.type in PRODUCTS | QUOTIENTS and is_exact(op, path))]
    unsupported = [op for op in open_ops if not is_exact(op, path) and op not in meeting]
    used = [unit for unit in marked.values() if unit.y.op in passed]
    return Units(single, ruled - SEVERAL_INPUTS, used, frozenset(stripped),
                 [op for op in lost if op in passed], meeting, unsupported)


def is_exact(op: tf.Operation, path: Path) -> bool:
    """Whether the op's ordinary gradient is the right rule on this path."""
    depends = [path.depends(tensor) for tensor in op.inputs]
    if foreign_gradient(op):
        return False
    if op.type in ('Select', 'SelectV2'):
        return not depends[0]
    if op.type in BATCH_NORMS:
        # Behind a Switch or alone in a branch it is for training, which is not what is to be explained.
        training = op.get_attr('is_training') and unwrap(op.inputs[0]).op.type not in ('Switch', 'Placeholder')
        return not training and not any(depends[1:])
    if op.type in PRODUCTS:
        return sum(depends) == 1
    if op.type in QUOTIENTS:
        return not depends[1]
    return op.type in LINEAR or op.type in WINNERS or op.type in FUNCTIONAL


def foreign_gradient(op: tf.Operation) -> str:
    """The name of the gradient that the user, or tf.custom_gradient, has given an op in place of its own, or ''."""
    try:
        name = op.get_attr('_gradient_op_type').decode()
    except ValueError:
        return ''
    return '' if name == GRADIENT else name


def _is_swish(op: tf.Operation, marked: Dict[str, Unit], path: Path) -> bool:
    """Whether an IdentityN is what tf.nn.swish ends in: its custom gradient only saves memory."""
    unit = marked.get(unwrap(op.inputs[0]).name)
    return (unit is not None and {one.type for one in unit.ops} <= {'Mul', 'Sigmoid', 'Identity'}
            and any(tensor.name == unit.x.name for tensor in op.inputs[1:])
            and not any(reader in path.dependent for tensor in op.outputs[1:] for reader in tensor.consumers()))


def _join(op: tf.Operation, inputs: List[tf.Tensor], source: Dict[str, tf.Tensor]) -> Dict[str, tf.Tensor]:
    """For each output of an elementwise op, the nearest tensor of which it is a function, where there is one."""
    if op.type == 'IdentityN':
        pairs = zip(op.outputs, op.inputs)
        return {y.name: x for y, x in pairs if any(x is tensor for tensor in inputs)}
    if op.type not in ELEMENTWISE or not inputs:
        return {}
    y = op.outputs[0]
    x: Optional[tf.Tensor] = inputs[0]
    for tensor in inputs[1:]:
        x = x if x is None else _common(x, tensor, source)
    others = [tensor for tensor in op.inputs if not any(tensor is one for one in inputs)]
    if x is None or not all(fits_into(other, x) for other in others):
        return {}
    return {y.name: x}


def _common(a: tf.Tensor, b: tf.Tensor, source: Dict[str, tf.Tensor]) -> Optional[tf.Tensor]:
    """The nearest tensor of which both are elementwise functions, or None."""
    above = set()
    tensor: Optional[tf.Tensor] = a
    while tensor is not None:
        above.add(tensor.name)
        tensor = source.get(tensor.name)
    tensor = b
    while tensor is not None and tensor.name not in above:
        tensor = source.get(tensor.name)
    return tensor


def fits_into(other: tf.Tensor, x: tf.Tensor) -> bool:
    """Whether a tensor certainly broadcasts to the shape of x, and not x to its."""
    if other.shape.ndims == 0:
        return True
    if other.shape.ndims is None or x.shape.ndims is None or other.shape.ndims > x.shape.ndims:
        return False
    return all(size == 1 or (size is not None and size == extent)
               for size, extent in zip(other.shape.as_list()[::-1], x.shape.as_list()[::-1]))


def _between(x: tf.Tensor, y: tf.Tensor, path: Path) -> List[tf.Operation]:
    """The ops of a path that lead from x to y."""
    found, waiting = {y.op}, [y.op]
    while waiting:
        for tensor in waiting.pop().inputs:
            if tensor.name != x.name and path.depends(tensor) and tensor.op not in found:
                found.add(tensor.op)
                waiting.append(tensor.op)
    return [op for op in path.ops if op in found]


def reached(path: Path, marked: Dict[str, Unit]) -> Set[tf.Operation]:
    """The ops that the gradient of T passes on its way to X when every marked unit is passed in one step."""
    training = training_tensors(path)
    found: Set[tf.Operation] = set()
    waiting: List[tf.Tensor] = [path.T]
    while waiting:
        tensor = waiting.pop()
        if tensor.op in found or tensor.op not in path.dependent or tensor.name in training:
            continue
        found.add(tensor.op)
        if tensor.name in marked:
            waiting.append(marked[tensor.name].x)
            continue
        inputs = list(tensor.op.inputs)[1 if tensor.op.type in ('Select', 'SelectV2') else 0:]
        waiting.extend(one for one in inputs
                       if path.depends(one) and not one.dtype.is_integer and not one.dtype.is_bool)
    return found


def training_tensors(path: Path, is_flag: Callable[[tf.Operation], bool] = is_learning_phase) -> Set[str]:
    """The tensors that have a value only while a model trains: behind the true side of a learning phase.

    Args:
        is_flag: what counts as a learning phase.
    """
    waiting = [op.outputs[1] for op in path.of_types(['Switch']) if is_flag(unwrap(op.inputs[1]).op)]
    dead = {tensor.name for tensor in waiting}.union(path.dead)
    # Ops in a branch are older than the Switches that they read.
    while waiting:
        for op in waiting.pop().consumers():
            for tensor in op.outputs if op.type != 'Merge' else ():
                if tensor.name not in dead:
                    dead.add(tensor.name)
                    waiting.append(tensor)
    return dead
