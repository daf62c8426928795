"""Data sets of TensorFlow's as streams of batches, and eager tensors as what a run is given."""
import numpy as np
import pytest
import tensorflow as tf

from deepexplain.evaluation import evaluate
from deepexplain.tensorflow import DeepExplain

RNG = np.random.RandomState(0)
W, XS, YS = RNG.randn(4, 3).astype('f'), RNG.randn(5, 4).astype('f'), np.array([0, 2, 1, 1, 0])


@pytest.fixture
def de():
    function = tf.function(lambda x: tf.tanh(tf.matmul(x, W)), input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    with DeepExplain.open(function) as opened:
        yield opened


def test_a_context_without_a_session_names_open():
    with pytest.raises(RuntimeError, match=r'eager execution is on: for a Keras model.* DeepExplain.open\(model\)'):
        DeepExplain()


def test_data_sets(de):
    explainer = de.get_explainer('gradient', de.outputs[0], de.inputs[0])
    want = explainer.run(XS, YS)
    # Of batches of other sizes some processors round the slope of a tanh near its end otherwise: by 8e-7.
    near = dict(rtol=1e-6, atol=2e-6)
    pairs = tf.data.Dataset.from_tensor_slices((XS, YS)).batch(2)
    named = pairs.map(lambda x, y: {'xs': x, 'ys': y})
    np.testing.assert_allclose(np.concatenate(list(explainer.run_batches(named))), want, **near)
    alone = np.concatenate(list(explainer.run_batches(pairs.map(lambda x, y: x), ys=1)))
    np.testing.assert_allclose(alone, explainer.run(XS, 1), **near)
    np.testing.assert_allclose(np.concatenate(list(explainer.run_batches(pairs, labels=True))), want, **near)
    measured = [evaluate({'a': explainer}, *one, ['deletion'], labels=labels).mean
                for one, labels in (((XS, YS), False), ((pairs, None), True))]
    np.testing.assert_array_equal(*measured)
    with pytest.raises(RuntimeError, match=r"batch 0: a tuple of 2 is no batch of '.*'\. If it is \(xs, ys\)"):
        next(explainer.run_batches(pairs))


def test_tensors_and_variables_have_their_values(de):
    explainer = de.get_explainer('intgrad', de.outputs[0], de.inputs[0], steps=3)
    want = explainer.run(XS, YS)
    for xs, ys in ((tf.constant(XS), tf.constant(YS)), (XS, tf.Variable(YS)), (tf.constant(XS), tf.one_hot(YS, 3))):
        np.testing.assert_allclose(explainer.run(xs, ys), want, rtol=1e-6)
    np.testing.assert_allclose(explainer.run(XS, tf.constant(2)), explainer.run(XS, 2), rtol=1e-6)
    with pytest.raises(ValueError, match='^xs must be an array of numbers .*not a sparse tensor: pass what'):
        explainer.run(tf.sparse.from_dense(XS))
    with pytest.raises(ValueError, match='from 0 to 2, not 9'):
        explainer.run(XS, tf.constant([0, 9, 1, 1, 0], tf.uint8))


def test_an_opened_model_names_its_inputs():
    def model(left, right):
        return left * 2 + right * 3

    spec = tf.TensorSpec([None, 1], tf.float32)
    with DeepExplain.open(tf.function(model), input_signature=[spec, spec]) as opened:
        explainer = opened.get_explainer('intgrad', opened.outputs[0], opened.inputs)
        names = [layer.name for layer in opened.layers()[:2]]
        result = explainer.explain({names[1]: [[1.], [2.]], names[0]: [[5.], [6.]]})
        assert result.input_names == names and result.model == 'model'
        np.testing.assert_allclose(np.concatenate(result.attributions, 1), [[10, 3], [12, 6]], rtol=1e-6)
