"""Kinds of ops, by their types: what is linear, a product, elementwise, constant, flat, a call, a loop, a branch."""
import tensorflow.compat.v1 as tf

#: The gradient that activations ask for: the rule of the explainer that is being built, else the ordinary one.
GRADIENT = 'DeepExplainGrad'

#: Their values do not depend on the values of their inputs, only on shapes; or the gradient is cut on purpose.
CONSTANT = frozenset([
    'Shape', 'ShapeN', 'Size', 'Rank', 'ZerosLike', 'OnesLike', 'StopGradient', 'ConcatOffset',
    'BroadcastGradientArgs', 'TensorArraySizeV3', 'TensorListLength', 'TensorListElementShape'])

#: Registered with a gradient that is always none, and with one that is none or zero.
STEPS = frozenset(['Floor', 'Ceil', 'Round', 'Rint', 'FloorDiv', 'TruncateDiv'])
FLAT = STEPS | frozenset(['Sign'])

#: Op types that call a function of the graph's library and go on where it ends.
CALLS = frozenset(['PartitionedCall', 'StatefulPartitionedCall'])

#: Loops and branches whose bodies are functions (control flow v2).
LOOPS = frozenset(['While', 'StatelessWhile'])
BRANCHES = frozenset(['If', 'StatelessIf', 'Case', 'StatelessCase'])
FUNCTIONAL = LOOPS | BRANCHES

#: Of finite numbers they make others.
SINGULAR = frozenset('''
    Log Log1p Reciprocal Inv RealDiv Div DivNoNan Rsqrt Pow Xdivy Xlogy Xlog1py Sqrt Atanh Acosh Asin Acos Tan Lgamma
    Digamma Polygamma Zeta Erfinv Ndtri TruncateDiv FloorDiv MatrixInverse Cholesky LogMatrixDeterminant MatrixSolve
    MatrixTriangularSolve Svd Qr SelfAdjointEigV2
    '''.split())

#: The ordinary gradient is exact, whichever of the inputs depends on X.
LINEAR = frozenset('''
    Identity IdentityN Snapshot PlaceholderWithDefault CheckNumerics PreventGradient Print PrintV2 Copy CopyHost
    EnsureShape Reshape Squeeze ExpandDims Transpose ConjugateTranspose Concat ConcatV2 Split SplitV Slice StridedSlice
    Pack Unpack Tile Pad PadV2 MirrorPad Reverse ReverseV2 ReverseSequence Roll Gather GatherV2 GatherNd ResourceGather
    DynamicPartition DynamicStitch ParallelDynamicStitch ScatterNd TensorScatterUpdate TensorScatterAdd
    TensorScatterSub SparseToDense BroadcastTo
    Fill Cast Real Imag Complex Add AddV2 AddN AccumulateNV2 Sub Neg BiasAdd BiasAddV1 Sum Mean Cumsum SegmentSum
    SegmentMean UnsortedSegmentSum AvgPool AvgPool3D ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea
    ScaleAndTranslate SpaceToBatch SpaceToBatchND BatchToSpace BatchToSpaceND SpaceToDepth DepthToSpace
    ExtractImagePatches MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 SparseSegmentSum SparseSegmentMean
    SparseSegmentSqrtN SparseSegmentSumWithNumSegments SparseSegmentMeanWithNumSegments
    SparseSegmentSqrtNWithNumSegments
    MatrixDiag MatrixDiagV2 MatrixDiagV3 MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixBandPart Diag DiagPart
    FFT IFFT FFT2D IFFT2D RFFT IRFFT Switch RefSwitch Merge Enter RefEnter Exit NextIteration LoopCond
    TensorArrayV3 TensorArrayReadV3 TensorArrayWriteV3 TensorArrayScatterV3 TensorArrayGatherV3 TensorArrayConcatV3
    TensorArraySplitV3 TensorListFromTensor TensorListStack TensorListGetItem TensorListSetItem TensorListReserve
    TensorListPushBack TensorListPopBack TensorListGather TensorListScatter TensorListConcatV2 EmptyTensorList
    OptionalFromValue OptionalGetValue Placeholder Const ReadVariableOp NoOp
    '''.split())

#: Linear in each input by itself: exact as long as the gradient goes on to X by one input alone.
PRODUCTS = frozenset('''
    Mul MulNoNan MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 SparseMatMul SparseTensorDenseMatMul Einsum Cross
    Conv Conv2D Conv3D DepthwiseConv2dNative Conv2DBackpropInput Conv3DBackpropInputV2
    DepthwiseConv2dNativeBackpropInput
    '''.split())

#: Linear in the first input, when the gradient does not go on to X by the second.
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


def foreign_gradient(op: tf.Operation) -> str:
    """The name of the gradient that the user, or tf.custom_gradient, has given an op in place of its own, or ''."""
    try:
        name = op.get_attr('_gradient_op_type').decode()
    except ValueError:
        return ''
    return '' if name == GRADIENT else name
