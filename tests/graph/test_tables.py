"""What the tables of op types say: linear ops, winners, functions of one number; each is made once and looked at."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow.graph.kinds import LINEAR, PRODUCTS, QUOTIENTS, WINNERS
from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.graph.units import find_units
from deepexplain.tensorflow.relevance.plan import ACTIVATIONS, make_plan
from deepexplain.tensorflow.rules.activations import registered_rules

SHAPE = [2, 4, 4, 2]
raw = tf.raw_ops
ones = np.ones([2, 4, 4, 2], np.float32)
kernel = np.random.RandomState(1).randn(3, 3, 2, 2).astype(np.float32)
POOL = dict(ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='VALID')
WINDOW = dict(ksizes=[1, 2, 2, 1], strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding='VALID')
SPARSE = dict(indices=[0, 1, 3], segment_ids=[0, 0, 1])
GAP = dict(indices=[0, 1, 3], segment_ids=[0, 0, 2], num_segments=3)


def rows(x):
    return tf.reshape(x, [8, 8])


def complex_of(x):
    return raw.Complex(real=x, imag=2 * x)


def of_list(x):
    """A list of tensors and back, by ops of functional loops."""
    made = raw.TensorListFromTensor(tensor=x, element_shape=[4, 4, 2])
    made = raw.TensorListSetItem(input_handle=made, index=0, item=x[1])
    made = raw.TensorListPushBack(input_handle=made, tensor=x[0])
    made, last = raw.TensorListPopBack(input_handle=made, element_shape=[4, 4, 2], element_dtype=tf.float32)
    first = raw.TensorListGetItem(input_handle=made, index=1, element_shape=[4, 4, 2], element_dtype=tf.float32)
    stack = raw.TensorListStack(input_handle=made, element_shape=[4, 4, 2], element_dtype=tf.float32)
    some = raw.TensorListGather(input_handle=made, indices=[1, 0], element_shape=[4, 4, 2], element_dtype=tf.float32)
    return stack + some + first + last


def of_array(x):
    """The same by those of v1 loops."""
    array = tf.TensorArray(tf.float32, 2, element_shape=[4, 4, 2], clear_after_read=False).unstack(x)
    whole = array.stack() + array.gather([1, 0]) + array.read(1)
    parts = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x, [1, 1])
    written = tf.TensorArray(tf.float32, 1).write(0, x)
    return whole + tf.reshape(parts.concat(), SHAPE) + written.read(0)


#: Op type -> a function of x, of shape `SHAPE`, that has such an op.
LINEARS = {
    'Identity': tf.identity, 'IdentityN': lambda x: tf.identity_n([x, 2 * x])[1],
    'Snapshot': lambda x: raw.Snapshot(input=x),
    'PlaceholderWithDefault': lambda x: tf.placeholder_with_default(x, SHAPE),
    'CheckNumerics': lambda x: tf.check_numerics(x, ''), 'PreventGradient': lambda x: raw.PreventGradient(input=x),
    'Print': lambda x: raw.Print(input=x, data=[], first_n=0),
    'EnsureShape': lambda x: tf.ensure_shape(x, SHAPE), 'Reshape': rows,
    'Squeeze': lambda x: tf.squeeze(x[:1], 0), 'ExpandDims': lambda x: tf.expand_dims(x, 1),
    'Transpose': lambda x: tf.transpose(x, [0, 2, 1, 3]),
    'ConjugateTranspose': lambda x: raw.ConjugateTranspose(x=x, perm=[0, 2, 1, 3]),
    'Concat': lambda x: raw.Concat(concat_dim=0, values=[x, ones]), 'ConcatV2': lambda x: tf.concat([x, ones], 1),
    'Split': lambda x: tf.split(x, 2, 1)[1], 'SplitV': lambda x: tf.split(x, [1, 3], 1)[1],
    'Slice': lambda x: tf.slice(x, [0, 1, 0, 0], [2, 2, 4, 2]), 'StridedSlice': lambda x: x[:, ::2],
    'Pack': lambda x: tf.stack([x, ones]), 'Unpack': lambda x: tf.unstack(x)[1],
    'Tile': lambda x: tf.tile(x, [1, 2, 1, 1]), 'Pad': lambda x: tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]]),
    'PadV2': lambda x: tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]], constant_values=2.),
    'MirrorPad': lambda x: tf.pad(x, [[0, 0], [1, 0], [0, 0], [0, 0]], 'REFLECT'),
    'Reverse': lambda x: raw.Reverse(tensor=x, dims=[False, True, False, False]),
    'ReverseV2': lambda x: x[:, ::-1] + (
        tf.reverse(x, [1])), 'ReverseSequence': lambda x: tf.reverse_sequence(x, [2, 3], 1),
    'Roll': lambda x: tf.roll(x, 1, 1), 'Gather': lambda x: raw.Gather(params=x, indices=[1, 0, 1]),
    'GatherV2': lambda x: tf.gather(x, [2, 0], axis=1), 'GatherNd': lambda x: tf.gather_nd(x, [[0, 1], [1, 1]]),
    'DynamicPartition': lambda x: tf.dynamic_partition(x, [1, 0], 2)[0],
    'DynamicStitch': lambda x: tf.dynamic_stitch([[0, 2], [1, 3]], [x, ones]),
    'ParallelDynamicStitch': lambda x: raw.ParallelDynamicStitch(indices=[[0, 2], [1, 3]], data=[x, ones]),
    'ScatterNd': lambda x: tf.scatter_nd([[1], [1]], x, [3, 4, 4, 2]),
    'TensorScatterUpdate': lambda x: tf.tensor_scatter_nd_update(x, [[0]], 2 * x[1:]),
    'TensorScatterAdd': lambda x: tf.tensor_scatter_nd_add(x, [[0]], 2 * x[1:]),
    'TensorScatterSub': lambda x: tf.tensor_scatter_nd_sub(x, [[0]], 2 * x[1:]),
    'SparseToDense': lambda x: raw.SparseToDense(sparse_indices=[0, 2], output_shape=[3], sparse_values=x[:, 0, 0, 0],
                                                 default_value=1.),
    'BroadcastTo': lambda x: tf.broadcast_to(x[:1], SHAPE), 'Fill': lambda x: tf.fill([3], x[0, 0, 0, 0]),
    'Cast': lambda x: tf.cast(x, tf.float64), 'Real': lambda x: tf.math.real(complex_of(x)),
    'Imag': lambda x: tf.math.imag(complex_of(x)), 'Complex': lambda x: tf.math.imag(complex_of(x)),
    'Add': lambda x: raw.Add(x=x, y=ones), 'AddV2': lambda x: raw.AddV2(x=x, y=ones),
    'AddN': lambda x: tf.add_n([x, ones, x]), 'AccumulateNV2': lambda x: tf.accumulate_n([x, x]),
    'Sub': lambda x: 1 - x, 'Neg': lambda x: -x,
    'BiasAdd': lambda x: tf.nn.bias_add(x, [1., 2.]), 'BiasAddV1': lambda x: raw.BiasAddV1(value=x, bias=[1., 2.]),
    'Sum': lambda x: tf.reduce_sum(x, 1), 'Mean': lambda x: tf.reduce_mean(x, 1), 'Cumsum': lambda x: tf.cumsum(x, 1),
    'SegmentSum': lambda x: tf.segment_sum(rows(x), [0, 0, 0, 1, 1, 1, 2, 2]),
    'SegmentMean': lambda x: tf.segment_mean(rows(x), [0, 0, 0, 1, 1, 1, 2, 2]),
    'UnsortedSegmentSum': lambda x: tf.unsorted_segment_sum(rows(x), [1, 0, 0, 1, 1, 1, 2, 2], 3),
    'AvgPool': lambda x: raw.AvgPool(value=x, **POOL),
    'AvgPool3D': lambda x: tf.nn.avg_pool3d(x[tf.newaxis], [1, 2, 2, 2, 1], [1, 1, 1, 1, 1], 'VALID'),
    'ResizeBilinear': lambda x: tf.image.resize_bilinear(x, [3, 5]),
    'ResizeNearestNeighbor': lambda x: tf.image.resize_nearest_neighbor(x, [3, 5]),
    'ResizeBicubic': lambda x: tf.image.resize_bicubic(x, [3, 5]),
    'ResizeArea': lambda x: tf.image.resize_area(x, [3, 5]),
    'SpaceToBatch': lambda x: raw.SpaceToBatch(input=x, paddings=[[0, 0], [0, 0]], block_size=2),
    'SpaceToBatchND': lambda x: tf.space_to_batch_nd(x, [2, 2], [[0, 0], [0, 0]]),
    'BatchToSpace': lambda x: raw.BatchToSpace(input=tf.tile(x, [2, 1, 1, 1]), crops=[[0, 0], [0, 0]], block_size=2),
    'BatchToSpaceND': lambda x: tf.batch_to_space_nd(x, [2], [[0, 0]]),
    'SpaceToDepth': lambda x: tf.space_to_depth(x, 2),
    'DepthToSpace': lambda x: tf.depth_to_space(tf.concat([x, x], 3), 2),
    'ExtractImagePatches': lambda x: raw.ExtractImagePatches(images=x, **WINDOW),
    'MatrixSetDiag': lambda x: raw.MatrixSetDiag(input=x, diagonal=3 * x[..., 0, :]),
    'MatrixSetDiagV2': lambda x: raw.MatrixSetDiagV2(input=x, diagonal=3 * x[..., 0, :], k=0),
    'MatrixSetDiagV3': lambda x: raw.MatrixSetDiagV3(input=x, diagonal=3 * x[..., 0, :], k=0),
    'SparseSegmentSum': lambda x: raw.SparseSegmentSum(data=rows(x), **SPARSE),
    'SparseSegmentMean': lambda x: raw.SparseSegmentMean(data=rows(x), **SPARSE),
    'SparseSegmentSqrtN': lambda x: raw.SparseSegmentSqrtN(data=rows(x), **SPARSE),
    'SparseSegmentSumWithNumSegments': lambda x: raw.SparseSegmentSumWithNumSegments(data=rows(x), **GAP),
    'SparseSegmentMeanWithNumSegments': lambda x: raw.SparseSegmentMeanWithNumSegments(data=rows(x), **GAP),
    'SparseSegmentSqrtNWithNumSegments': lambda x: raw.SparseSegmentSqrtNWithNumSegments(data=rows(x), **GAP),
    'MatrixDiag': lambda x: raw.MatrixDiag(diagonal=x),
    'MatrixDiagV2': lambda x: raw.MatrixDiagV2(diagonal=x, k=0, num_rows=2, num_cols=2, padding_value=0.),
    'MatrixDiagV3': lambda x: raw.MatrixDiagV3(diagonal=x, k=0, num_rows=2, num_cols=2, padding_value=0.),
    'MatrixDiagPart': lambda x: raw.MatrixDiagPart(input=x),
    'MatrixDiagPartV2': lambda x: raw.MatrixDiagPartV2(input=x, k=0, padding_value=0.),
    'MatrixDiagPartV3': lambda x: raw.MatrixDiagPartV3(input=x, k=0, padding_value=0.),
    'MatrixBandPart': lambda x: raw.MatrixBandPart(input=x, num_lower=0, num_upper=1),
    'Diag': lambda x: raw.Diag(diagonal=x[0, 0]), 'DiagPart': lambda x: raw.DiagPart(input=rows(x)),
    'FFT': lambda x: tf.math.real(tf.signal.fft(complex_of(x))),
    'IFFT': lambda x: tf.math.real(tf.signal.ifft(complex_of(x))),
    'FFT2D': lambda x: tf.math.real(tf.signal.fft2d(complex_of(x))),
    'IFFT2D': lambda x: tf.math.real(tf.signal.ifft2d(complex_of(x))),
    'RFFT': lambda x: tf.math.imag(tf.signal.rfft(rows(x))),
    'IRFFT': lambda x: tf.signal.irfft(complex_of(x)),
    'Switch': lambda x: tf.cond(tf.placeholder_with_default(True, []), lambda: 2 * x, lambda: 3 * x),
    'Merge': lambda x: tf.cond(tf.placeholder_with_default(False, []), lambda: 2 * x, lambda: 3 * x),
    'Enter': lambda x: tf.while_loop(lambda i, h: i < 2, lambda i, h: (i + 1, h + x), [0, x])[1],
    'TensorListStack': of_list, 'TensorArrayReadV3': of_array,
}

WINNING = {
    'MaxPool': lambda x: raw.MaxPool(input=x, **POOL), 'MaxPoolV2': lambda x: raw.MaxPoolV2(input=x, **POOL),
    'MaxPool3D': lambda x: tf.nn.max_pool3d(x[tf.newaxis], [1, 2, 2, 2, 1], [1, 1, 1, 1, 1], 'VALID'),
    'MaxPoolWithArgmax': lambda x: raw.MaxPoolWithArgmax(input=x, **POOL)[0],
    'FractionalMaxPool': lambda x: raw.FractionalMaxPool(value=x, pooling_ratio=[1., 1.4, 1.4, 1.])[0],
    'Max': lambda x: tf.reduce_max(x, 1), 'Min': lambda x: tf.reduce_min(x, 1),
    'Maximum': lambda x: tf.maximum(x, rows(x)[0, 0]), 'Minimum': lambda x: tf.minimum(x, rows(x)[0, 0]),
    'SegmentMax': lambda x: tf.segment_max(rows(x), [0, 0, 0, 1, 1, 1, 2, 2]),
    'SegmentMin': lambda x: tf.segment_min(rows(x), [0, 0, 0, 1, 1, 1, 2, 2]),
    'UnsortedSegmentMax': lambda x: tf.unsorted_segment_max(rows(x), [1, 0, 0, 1, 1, 1, 2, 2], 3),
    'UnsortedSegmentMin': lambda x: tf.unsorted_segment_min(rows(x), [1, 0, 0, 1, 1, 1, 2, 2], 3),
    'TensorScatterMax': lambda x: raw.TensorScatterMax(tensor=x, indices=[[0]], updates=x[1:]),
    'TensorScatterMin': lambda x: raw.TensorScatterMin(tensor=x, indices=[[0]], updates=x[1:]),
    'TopKV2': lambda x: tf.nn.top_k(rows(x), 3)[0],
    'Select': lambda x: tf.where(tf.constant([True, False]), x, 2 * x),
    'SelectV2': lambda x: tf.where_v2([[True, False]], x, 2 * x),
}

FACTORS = {
    'Mul': lambda x: x * ones, 'MulNoNan': lambda x: raw.MulNoNan(x=x, y=2 * ones),
    'MatMul': lambda x: tf.matmul(rows(x), np.ones([8, 3], np.float32)),
    'BatchMatMul': lambda x: raw.BatchMatMul(x=x, y=ones[..., :2, :]),
    'BatchMatMulV2': lambda x: raw.BatchMatMulV2(x=ones[0, 0].T, y=x),
    'BatchMatMulV3': lambda x: raw.BatchMatMulV3(x=x, y=ones[..., :2, :], Tout=tf.float32),
    'SparseMatMul': lambda x: raw.SparseMatMul(a=rows(x), b=np.ones([8, 3], np.float32)),
    'Einsum': lambda x: raw.Einsum(inputs=[x, kernel[0, 0]], equation='abcd,de->abce'),
    'Cross': lambda x: tf.linalg.cross(x[:, :, :3, 0], ones[:, :, :3, 0]),
    'Conv2D': lambda x: tf.nn.conv2d(x, kernel, [1, 1, 1, 1], 'SAME'),
    'Conv3D': lambda x: tf.nn.conv3d(x[tf.newaxis], kernel[tf.newaxis], [1, 1, 1, 1, 1], 'SAME'),
    'DepthwiseConv2dNative': lambda x: tf.nn.depthwise_conv2d(x, kernel, [1, 1, 1, 1], 'SAME'),
    'Conv2DBackpropInput': lambda x: tf.nn.conv2d_transpose(x, kernel, SHAPE, [1, 1, 1, 1], 'SAME'),
    'Conv3DBackpropInputV2': lambda x: tf.nn.conv3d_transpose(
        x[tf.newaxis], kernel[tf.newaxis], [1] + SHAPE, [1, 1, 1, 1, 1], 'SAME'),
    'DepthwiseConv2dNativeBackpropInput': lambda x: raw.DepthwiseConv2dNativeBackpropInput(
        input_sizes=SHAPE, filter=kernel[..., :1], out_backprop=x, strides=[1, 1, 1, 1], padding='SAME'),
    'SparseTensorDenseMatMul': lambda x: tf.sparse_tensor_dense_matmul(
        tf.SparseTensor([[0, 1], [2, 0]], [1., 2.], [3, 8]), rows(x)),
    'RealDiv': lambda x: x / (ones + 1), 'Div': lambda x: raw.Div(x=x, y=ones + 1),
    'DivNoNan': lambda x: tf.math.divide_no_nan(x, ones + 1), 'Xdivy': lambda x: tf.math.xdivy(x, ones + 1),
    'CropAndResize': lambda x: tf.image.crop_and_resize(x, [[0., .1, .8, 1.]], [1], [3, 3]),
}

MADE = dict(LINEARS, **dict(WINNING, **FACTORS))

#: What relevance has no rule for.
NOT_SHARED = {'Real', 'Imag', 'Complex', 'FFT', 'IFFT', 'FFT2D', 'IFFT2D', 'RFFT', 'IRFFT', 'Cross', 'CropAndResize'}


def made(name):
    """X and what a function makes of it, where this TensorFlow has such an op."""
    X = tf.placeholder(tf.float32, SHAPE)
    try:
        return X, MADE[name](X)
    except AttributeError:
        pytest.skip(f'TensorFlow {tf.__version__} has no {name}')


@pytest.mark.parametrize('name', sorted(MADE))
def test_ops_whose_gradient_is_exact(session, name):
    X, T = made(name)
    if name not in {op.type for op in session.graph.get_operations()}:
        pytest.skip(f'TensorFlow {tf.__version__} makes another op')
    path = Path([X], T)
    units = find_units(path, frozenset(registered_rules()))
    assert not units.unsupported and not units.lost
    assert {op.type for op in make_plan(path).uncovered} <= NOT_SHARED
    assert name in LINEAR | WINNERS | PRODUCTS | QUOTIENTS


#: Op type -> a function of numbers between 0 and 1 that is such an op.
FUNCTIONS = {
    'Relu': tf.nn.relu, 'Relu6': tf.nn.relu6, 'LeakyRelu': lambda x: raw.LeakyRelu(features=x), 'Elu': tf.nn.elu,
    'Selu': tf.nn.selu, 'Sigmoid': tf.sigmoid, 'Tanh': tf.tanh, 'Softplus': tf.nn.softplus, 'Softsign': tf.nn.softsign,
    'Square': tf.square, 'Sqrt': tf.sqrt, 'Rsqrt': tf.math.rsqrt, 'Reciprocal': tf.math.reciprocal,
    'Inv': lambda x: raw.Inv(x=x), 'Exp': tf.exp, 'Expm1': tf.math.expm1, 'Log': tf.math.log, 'Log1p': tf.math.log1p,
    'Abs': tf.abs, 'Erf': tf.math.erf, 'Erfc': tf.math.erfc, 'Sin': tf.sin, 'Cos': tf.cos, 'Tan': tf.tan,
    'Sinh': tf.sinh, 'Cosh': tf.cosh, 'Asin': tf.asin, 'Acos': tf.acos, 'Atan': tf.atan, 'Asinh': tf.asinh,
    'Acosh': tf.acosh, 'Atanh': tf.atanh, 'Lgamma': tf.math.lgamma, 'Digamma': tf.math.digamma,
    'Erfinv': lambda x: raw.Erfinv(x=x), 'Ndtri': lambda x: raw.Ndtri(x=x), 'Pow': lambda x: tf.pow(x, 3.),
    'Maximum': lambda x: tf.maximum(x, .5), 'Minimum': lambda x: tf.minimum(x, .5),
    'SquaredDifference': lambda x: tf.math.squared_difference(x, .5), 'Xlogy': lambda x: tf.math.xlogy(2., x),
    'ClipByValue': lambda x: raw.ClipByValue(t=x, clip_value_min=0., clip_value_max=.5),
}

#: Other ops that leave each number at its place, in functions of several ops.
BESIDES = {
    'Identity': tf.identity, 'Snapshot': lambda x: raw.Snapshot(input=x), 'Neg': lambda x: -x,
    'Cast': lambda x: tf.cast(tf.cast(x, tf.float64), tf.float32), 'Mul': lambda x: 2 * x,
    'MulNoNan': lambda x: raw.MulNoNan(x=x, y=ones), 'RealDiv': lambda x: x / 2, 'Div': lambda x: raw.Div(x=x, y=2.),
    'DivNoNan': lambda x: tf.math.divide_no_nan(x, ones), 'Xdivy': lambda x: tf.math.xdivy(x, 2.),
    'Add': lambda x: raw.Add(x=x, y=1.), 'AddV2': lambda x: raw.AddV2(x=x, y=1.), 'Sub': lambda x: 1 - x,
    'AddN': lambda x: tf.add_n([x, ones]), 'BiasAdd': lambda x: tf.nn.bias_add(x, [1., 2.]),
    'Select': lambda x: raw_select(x > .5, x), 'SelectV2': lambda x: tf.where_v2(x > .5, x, 2 * x),
    'Greater': lambda x: to_float(x > .5), 'GreaterEqual': lambda x: to_float(x >= .5),
    'Less': lambda x: to_float(x < .5), 'LessEqual': lambda x: to_float(x <= .5),
    'Equal': lambda x: to_float(tf.equal(x, .5)), 'NotEqual': lambda x: to_float(tf.not_equal(x, .5)),
    'LogicalAnd': lambda x: to_float(tf.logical_and(x > .2, x < .5)),
    'LogicalOr': lambda x: to_float(tf.logical_or(x < .2, x > .5)),
    'LogicalNot': lambda x: to_float(tf.logical_not(x < .2)), 'IsNan': lambda x: to_float(tf.math.is_nan(x)),
    'IsInf': lambda x: to_float(tf.math.is_inf(x)), 'IsFinite': lambda x: to_float(tf.math.is_finite(x)),
    'Sign': tf.sign, 'Round': tf.round, 'Floor': tf.floor, 'Ceil': tf.math.ceil, 'Rint': tf.math.rint,
}


def to_float(mask):
    return tf.cast(mask, tf.float32)


def raw_select(condition, x):
    return tf.where(condition, x, 2 * x)


@pytest.mark.parametrize('name', sorted(FUNCTIONS) + sorted(BESIDES))
def test_functions_of_one_number(session, name):
    """x f(x) is one function of x, and so is what the ruled ops make of a number alone."""
    X = tf.placeholder(tf.float32, SHAPE)
    try:
        f = dict(FUNCTIONS, **BESIDES)[name](X)
    except AttributeError:
        pytest.skip(f'TensorFlow {tf.__version__} has no {name}')
    assert name in {op.type for op in session.graph.get_operations()}
    y = X * (f + tf.sigmoid(X))
    for ruled in (frozenset(registered_rules()), ACTIVATIONS):
        units = find_units(Path([X], tf.reduce_sum(y, 1)), ruled)
        assert [(unit.x, unit.y, unit.same) for unit in units.marked if unit.y is y] == [(X, y, True)]
        assert not units.unsupported
    if name in FUNCTIONS:
        w = np.ones([2, 3], np.float32)
        assert not make_plan(Path([X], tf.tensordot(f, w, 1))).uncovered
