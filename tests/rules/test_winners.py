"""DeepLIFT's rule for the largest and the smallest: to whom goes what the output gains, and to whom what it loses."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from deepexplain.tensorflow import DeepExplain

SEGMENTS = np.array([0, 0, 1, 1])

#: The larger of the first two and of the last two features, by an op of each type; `negative` for the smaller ones.
LARGEST = {
    'Max': lambda x: tf.reduce_max(tf.reshape(x, [-1, 2, 2]), 2),
    'SegmentMax': lambda x: tf.transpose(tf.math.segment_max(tf.transpose(x), SEGMENTS)),
    'UnsortedSegmentMax': lambda x: tf.transpose(tf.math.unsorted_segment_max(tf.transpose(x), SEGMENTS, 2)),
    'MaxPool': lambda x: tf.reshape(tf.nn.max_pool(
        tf.reshape(x, [-1, 4, 1, 1]), [1, 2, 1, 1], [1, 2, 1, 1], 'VALID'), [-1, 2]),
    'MaxPoolV2': lambda x: tf.reshape(tf.raw_ops.MaxPoolV2(
        input=tf.reshape(x, [-1, 4, 1, 1]), ksize=[1, 2, 1, 1], strides=[1, 2, 1, 1], padding='VALID'), [-1, 2]),
    'MaxPool3D': lambda x: tf.reshape(tf.raw_ops.MaxPool3D(
        input=tf.reshape(x, [-1, 4, 1, 1, 1]), ksize=[1, 2, 1, 1, 1], strides=[1, 2, 1, 1, 1], padding='VALID'),
        [-1, 2]),
    'TopKV2': lambda x: tf.reshape(tf.nn.top_k(tf.reshape(x, [-1, 2, 2]), 1)[0], [-1, 2]),
}
SMALLEST = {
    'Min': lambda x: tf.reduce_min(tf.reshape(x, [-1, 2, 2]), 2),
    'SegmentMin': lambda x: tf.transpose(tf.math.segment_min(tf.transpose(x), SEGMENTS)),
    'UnsortedSegmentMin': lambda x: tf.transpose(tf.math.unsorted_segment_min(tf.transpose(x), SEGMENTS, 2)),
}

# From (1, 3) to (4, 2) the larger one rises from 3 to 4, which is the first's doing alone: the second has fallen. From
# (4, 2) to (1, 3) it falls from 4 to 3: the first, which was the largest, has lost that.
X, REFERENCE = np.array([[4., 2, 1, 3]]), np.array([[1., 3, 4, 2]])
WANT = np.array([[1, 0, -1, 0]])


@pytest.mark.parametrize('name', sorted(LARGEST) + sorted(SMALLEST))
def test_what_is_gained_and_lost(session, name):
    sign = 1 if name in LARGEST else -1  # The smallest is the largest with all signs turned round.
    x = tf.placeholder(tf.float32, [None, 4])
    T = (LARGEST.get(name) or SMALLEST[name])(x)
    assert name in {op.type for op in session.graph.get_operations()}
    with DeepExplain(session=session) as de:
        got = de.explain('deeplift', T, x, sign * X, baseline=sign * REFERENCE[0], complete=True)
    np.testing.assert_allclose(got, sign * WANT, atol=1e-6)
