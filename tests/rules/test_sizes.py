"""Which tensors are sizes, nowhere negative, and which the inverse of what depends on X, by the ops that make them."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.graph.replica import Replica
from deepexplain.tensorflow.rules.sizes import is_divisor, is_size

raw = tf.raw_ops
IDS = [0, 0, 1, 1]
POOL = dict(ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding='VALID')


def picture(x):
    return tf.reshape(x, [1, 4, 4, 1])


#: Op type -> a function of any numbers, (4, 4), that is nowhere negative.
SIZES = {
    'Abs': tf.abs, 'ComplexAbs': lambda x: tf.abs(tf.complex(x, x)), 'Square': tf.square,
    'SquaredDifference': lambda x: tf.math.squared_difference(x, 1.), 'Sqrt': tf.sqrt, 'Rsqrt': tf.math.rsqrt,
    'Exp': tf.exp, 'Softplus': tf.nn.softplus, 'Sigmoid': tf.sigmoid, 'Relu': tf.nn.relu, 'Relu6': tf.nn.relu6,
    'Softmax': tf.nn.softmax, 'EuclideanNorm': lambda x: raw.EuclideanNorm(input=x, axis=[1]), 'L2Loss': tf.nn.l2_loss,
    'Erfc': tf.math.erfc, 'Mul': lambda x: x * x, 'Pow': lambda x: x ** 2., 'Pow of 4 and 2': lambda x: x ** [
        2., 4, 2, 4], 'Maximum': lambda x: tf.maximum(x, 0.), 'Maximum of a size': lambda x: tf.maximum(x, tf.abs(x)),
}
NO_SIZES = {
    'X': lambda x: x, 'Tanh': tf.tanh, 'Pow': lambda x: x ** 3., 'Pow of 2 and 3': lambda x: x ** [2., 3, 2, 2],
    'unknown power': lambda x: x ** tf.placeholder(tf.float32), 'Mul': lambda x: x * (2 * x), 'Sub': lambda x: (
        tf.abs(x) - tf.abs(2 * x)), 'Neg': lambda x: -tf.abs(x), 'Maximum': lambda x: tf.maximum(x, -1.),
    'Minimum': lambda x: tf.minimum(x, 1.), 'Minimum of a size': lambda x: tf.minimum(tf.abs(x), -1.),
    'Add': lambda x: tf.abs(x) + x, 'negative constant': lambda x: tf.abs(x) * [1., 1, 1, -1],
    'RealDiv': lambda x: tf.abs(x) / x,
}

#: What keeps a size one.
MOVING = {
    'Identity': tf.identity, 'IdentityN': lambda x: tf.identity_n([-x, x])[1], 'Snapshot': lambda x: raw.Snapshot(
        input=x), 'CheckNumerics': lambda x: tf.check_numerics(x, ''), 'StopGradient': tf.stop_gradient,
    'EnsureShape': lambda x: tf.ensure_shape(x, [4, 4]), 'Reshape': lambda x: tf.reshape(x, [2, 8]),
    'Squeeze': lambda x: tf.squeeze(x[:1], 0), 'ExpandDims': lambda x: tf.expand_dims(x, 1),
    'Transpose': tf.transpose, 'BroadcastTo': lambda x: tf.broadcast_to(x, [2, 4, 4]),
    'Tile': lambda x: tf.tile(x, [2, 1]), 'Cast': lambda x: tf.cast(x, tf.float64), 'StridedSlice': lambda x: x[1:],
    'Slice': lambda x: tf.slice(x, [1, 0], [2, 4]), 'GatherV2': lambda x: tf.gather(x, [1, 0]),
}
KEEPING = dict(MOVING)
KEEPING.update({
    'Sum': lambda x: tf.reduce_sum(x, 1), 'Mean': lambda x: tf.reduce_mean(x, 1),
    'Max': lambda x: tf.reduce_max(x, 1), 'Min': lambda x: tf.reduce_min(x, 1),
    'Prod': lambda x: tf.reduce_prod(x, 1), 'MaxPool': lambda x: raw.MaxPool(input=picture(x), **POOL),
    'AvgPool': lambda x: raw.AvgPool(value=picture(x), **POOL), 'Cumsum': tf.cumsum,
    'SegmentSum': lambda x: tf.segment_sum(x, IDS),
    'UnsortedSegmentSum': lambda x: tf.unsorted_segment_sum(x, IDS, 2), 'Add': lambda x: raw.Add(x=x, y=1e-3),
    'AddV2': lambda x: raw.AddV2(x=x, y=1e-3), 'AddN': lambda x: tf.add_n([x, x]),
    'BiasAdd': lambda x: tf.nn.bias_add(x, [0., 1, 2, 3]), 'Mul': lambda x: x * 2., 'RealDiv': lambda x: x / 2.,
    'Minimum': lambda x: tf.minimum(x, 2.)})


@pytest.fixture
def x(session):
    return tf.placeholder(tf.float32, [4, 4])


@pytest.mark.parametrize('name', sorted(SIZES))
def test_what_is_a_size(session, rng, x, name):
    y = SIZES[name](x)
    assert is_size(y) and name.split()[0] in {op.type for op in session.graph.get_operations()}
    assert not np.less(np.nan_to_num(session.run(y, {x: rng.randn(4, 4)})), 0).any()


@pytest.mark.parametrize('name', sorted(NO_SIZES))
def test_what_is_none(session, rng, x, name):
    assert not is_size(NO_SIZES[name](x))


@pytest.mark.parametrize('name', sorted(KEEPING))
def test_what_keeps_a_size_one(session, rng, x, name):
    y, no_size = KEEPING[name](tf.abs(x)), KEEPING[name](x)
    assert is_size(y) and not is_size(no_size) and name in {op.type for op in session.graph.get_operations()}
    value = session.run(y, {x: rng.randn(4, 4)})
    assert not (value < 0).any()


def at_both(make):
    """What a function makes of x, and the same at x's reference; what does not depend on x is the same tensor."""
    x, x_ref, other = [tf.placeholder(tf.float32, [4, 4]) for _ in range(3)]
    y = make(x, other)
    return y, Replica(Path([x], y).ops, {x.name: x_ref}).tensor(y)


INVERSES = {'Rsqrt': tf.math.rsqrt, 'Reciprocal': tf.math.reciprocal, 'Inv': lambda x: raw.Inv(x=x),
            'Pow': lambda x: x ** -.5, 'RealDiv': lambda x: tf.ones([4, 4]) / x, 'Div': lambda x: raw.Div(x=1., y=x),
            'DivNoNan': lambda x: tf.math.divide_no_nan(1., x)}


@pytest.mark.parametrize('name', sorted(MOVING))
def test_a_divisor_that_is_moved(session, name):
    assert is_divisor(*at_both(lambda x, other: MOVING[name](tf.math.rsqrt(x))))
    assert not is_divisor(*at_both(lambda x, other: MOVING[name](x)))


@pytest.mark.parametrize('name', sorted(INVERSES))
def test_inverses(session, name):
    y, y_ref = at_both(lambda x, other: INVERSES[name](x))
    assert is_divisor(y, y_ref) and y.op.type == name
    # What does not depend on X divides nothing that changes.
    assert not is_divisor(*at_both(lambda x, other: x + INVERSES[name](other)))
    assert not is_divisor(y, y)


#: Functions of x and of what does not depend on it; those whose name begins with 'no' are no divisors.
DIVISORS = {
    'no sum': lambda x, other: tf.reduce_sum(tf.math.rsqrt(x), 1), 'no power': lambda x, other: x ** 2.,
    'no power of one sign': lambda x, other: x ** [-1., -1, 1, -1], 'power': lambda x, other: x ** [-1., -1, -.5, -1],
    'no unknown power': lambda x, other: x ** other, 'times': lambda x, other: tf.math.rsqrt(x) * other,
    'times from the left': lambda x, other: other * tf.math.rsqrt(x), 'no product': lambda x, other: (
        tf.math.rsqrt(x) * x), 'divided': lambda x, other: tf.math.rsqrt(x) / other,
    'divided by x': lambda x, other: 1 / x, 'no quotient': lambda x, other: x / other,
    'no quotient of both': lambda x, other: x / (x + other),
    'limited': lambda x, other: tf.minimum(tf.math.rsqrt(x), 5.),
    'limited from below': lambda x, other: tf.maximum(1., tf.math.rsqrt(x)),
    'no limit': lambda x, other: tf.minimum(x, 5.), 'no difference': lambda x, other: tf.math.rsqrt(x) - 1.,
}


@pytest.mark.parametrize('name', sorted(DIVISORS))
def test_what_is_a_divisor(session, name):
    assert is_divisor(*at_both(DIVISORS[name])) == (not name.startswith('no'))


def test_how_far_back_is_looked(session, x):
    y = tf.abs(x)
    for _ in range(12):
        y = tf.identity(y)
    assert is_size(y) and not is_size(tf.identity(y))


def test_how_far_back_a_divisor_is_looked_for(session):
    def times(count):
        def make(x, other):
            y = tf.math.rsqrt(x)
            for _ in range(count):
                y = y * other
            return y
        return make

    assert is_divisor(*at_both(times(11))) and not is_divisor(*at_both(times(12)))
