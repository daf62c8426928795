"""Keras on a session: keras 2.2.5 and tf.keras on TF 1.15, tf.keras up to TF 2.15, tf_keras; and Keras 3 in a graph."""
import importlib
import os
import subprocess
import sys
import warnings
from contextlib import contextmanager

import numpy as np
import pytest
import tensorflow as plain_tf
import tensorflow.compat.v1 as tf
from models import close, per_sample

from deepexplain.tensorflow import DeepExplain

VERSION = tuple(int(part) for part in plain_tf.__version__.split('.')[:2])


def imported(name):
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def packages():
    """The Keras packages that keep a session, by name."""
    standalone = imported('keras')
    found = {}
    if VERSION < (2, 16):
        found['tf.keras'] = plain_tf.keras
    elif imported('tf_keras'):
        found['tf_keras'] = imported('tf_keras')
    if standalone is not None and standalone.__version__.startswith('2.2'):
        found['keras'] = standalone
    return found


PACKAGES = packages()


@contextmanager
def fresh(name):
    """A Keras with nothing in its session, nor left behind there."""
    package = PACKAGES[name]
    tf.reset_default_graph()
    package.backend.clear_session()
    tf.set_random_seed(0)
    yield package
    package.backend.clear_session()
    tf.reset_default_graph()


def session_of(name):
    """As the README writes it."""
    if name == 'keras':
        from keras import backend as K
        return K.get_session()
    return tf.keras.backend.get_session()


@pytest.fixture(params=sorted(PACKAGES) or ['none'])
def keras(request):
    if request.param == 'none':
        pytest.skip('no Keras with a session is installed')
    with fresh(request.param) as package:
        package.name_here = request.param
        yield package


def explain(de, method, T, X, xs, **options):
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        return de.explain(method, T, X, xs, **options)


def change(session, T, X, xs):
    """How far T moves from the zero baseline, at inference."""
    phases = {op.outputs[0].name: False for op in session.graph.get_operations()
              if op.name.split('/')[-1].startswith('keras_learning_phase')}
    Xs, arrays = (X, xs) if isinstance(X, list) else ([X], [xs])
    at, zero = [session.run(T, dict({x.name: scale * array for x, array in zip(Xs, arrays)}, **phases))
                for scale in (1, 0)]
    return per_sample(at - zero)


def convnet(keras):
    """A trained Sequential model with batch normalisation and dropout."""
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Conv2D(4, (3, 3), activation='relu', input_shape=(8, 8, 1)), layers.BatchNormalization(),
        layers.MaxPooling2D(), layers.Dropout(.5), layers.Flatten(), layers.Dense(8, activation='tanh'),
        layers.Dropout(.5), layers.Dense(3), layers.Activation('softmax')])
    model.compile(loss='categorical_crossentropy', optimizer='sgd')
    rng = np.random.RandomState(0)
    model.fit(rng.rand(32, 8, 8, 1), np.eye(3)[rng.randint(0, 3, 32)], epochs=1, verbose=0)
    return model


def test_paths_and_biases(keras, rng):
    model = convnet(keras)
    xs = rng.rand(4, 8, 8, 1).astype('f')
    session = session_of(keras.name_here)
    with DeepExplain(session=session) as de:
        X, T = model.layers[0].input, model.layers[-2].output
        parts, delta = explain(de, 'fullgrad', T, X, xs, ys=1, aggregate='layers', return_convergence_delta=True)
        # The input, two convolutional and dense layers' biases, batch normalisation's shift, and tanh's own.
        assert parts.shape == (4, 6) and np.abs(delta).max() < 1e-5 * np.abs(parts).sum()
        assert explain(de, 'fullgrad', T, X, xs, ys=1).shape == (4, 8, 8)
        for method, options in (('blur_ig', dict(steps=1600)), ('xrai', dict(
                segments=np.arange(64).reshape(8, 8) // 4, steps=800))):
            got, delta = explain(de, method, T, X, xs, ys=1, return_convergence_delta=True, **options)
            assert np.abs(delta).max() < .05 * np.abs(per_sample(got) - delta).max(), method


def test_sequential_with_dropout_and_batch_normalisation(keras, rng):
    model = convnet(keras)
    xs = rng.rand(4, 8, 8, 1)
    ys = np.eye(3)[[0, 1, 2, 0]]
    session = session_of(keras.name_here)
    with DeepExplain(session=session) as de:
        X, T = model.layers[0].input, model.layers[-2].output
        for method in ('saliency', 'grad*input', 'intgrad', 'elrp', 'deeplift', 'occlusion'):
            got = explain(de, method, T, X, xs, ys=ys)
            assert np.abs(got).max() > 0, method
            # Dropout would make each run another one.
            np.testing.assert_array_equal(explain(de, method, T, X, xs, ys=ys), got)
        close(per_sample(explain(de, 'shapley_sampling', T, X, xs, samples=1)), change(session, T, X, xs), 1e-4)
        top = model.predict(xs)
        logits = model.layers[-1].input
        close(np.exp(session.run(logits - tf.reduce_logsumexp(logits, 1, keepdims=True), dict(
            {X.name: xs}, **{op.outputs[0].name: False for op in session.graph.get_operations()
                             if op.name.split('/')[-1].startswith('keras_learning_phase')}))), top, 1e-5)


def test_without_max_pooling_deeplift_adds_up(keras, rng):
    layers = keras.layers
    model = keras.models.Sequential([
        layers.Conv2D(4, (3, 3), input_shape=(6, 6, 2)), layers.BatchNormalization(), layers.Activation('relu'),
        layers.Dropout(.5), layers.AveragePooling2D(), layers.Flatten(), layers.Dense(3)])
    xs = rng.rand(4, 6, 6, 2)
    with DeepExplain(session=session_of(keras.name_here)) as de:
        X, T = model.input, model.output
        close(per_sample(explain(de, 'deeplift', T, X, xs)), change(de.session, T, X, xs), 1e-4)


def test_the_session_is_found(keras):
    model = convnet(keras)
    with DeepExplain() as de:
        assert de.session is session_of(keras.name_here)
        assert explain(de, 'elrp', model.layers[-2].output, model.input, np.ones((2, 8, 8, 1))).shape == (2, 8, 8, 1)


def test_functional_with_several_inputs(keras, rng):
    layers = keras.layers
    a, b = layers.Input((4,)), layers.Input((3, 2))
    h = layers.concatenate([layers.Dense(5, activation='sigmoid')(a), layers.Flatten()(layers.Dense(3)(b))])
    h = layers.Dropout(.3)(layers.Dense(6, activation='elu')(h))
    model = keras.models.Model([a, b], layers.Dense(2)(h))
    xs = [rng.randn(3, 4), rng.randn(3, 3, 2)]
    with DeepExplain(session=session_of(keras.name_here)) as de:
        got = explain(de, 'deeplift', model.output, model.inputs, xs)
        assert [one.shape for one in got] == [(3, 4), (3, 3, 2)]
        close(sum(map(per_sample, got)), change(de.session, model.output, list(model.inputs), xs), 1e-4)


def layers_of(keras):
    """Activation layers, by name, in so far as this Keras has them."""
    layers = keras.layers
    found = {'PReLU': layers.PReLU(), 'LeakyReLU': layers.LeakyReLU(), 'ELU': layers.ELU(.7)}
    if hasattr(layers, 'ThresholdedReLU'):
        found['ThresholdedReLU'] = layers.ThresholdedReLU(.3)
    found['ReLU with a slope'] = layers.ReLU(negative_slope=.2)
    found['ReLU with a maximum'] = layers.ReLU(max_value=1.)
    for name in ('relu', 'elu', 'selu', 'sigmoid', 'hard_sigmoid', 'tanh', 'softplus', 'softsign', 'exponential',
                 'swish', 'silu', 'gelu', 'mish', 'celu', 'hard_silu', 'relu6', 'leaky_relu', 'linear'):
        if hasattr(keras.activations, name):
            found[name] = layers.Activation(name)
    return found


def check_activations(keras, session, run):
    for name, layer in sorted(layers_of(keras).items()):
        X, T, xs = run(layer)
        with DeepExplain(session=session()) as de:
            close(per_sample(explain(de, 'deeplift', T, X, xs)), change(de.session, T, X, xs), 1e-4)
            assert np.isfinite(explain(de, 'elrp', T, X, xs)).all(), name


def test_every_activation_has_a_rule(keras, rng):
    def run(layer):
        model = keras.models.Sequential([keras.layers.Dense(6, input_shape=(5,)), layer, keras.layers.Dense(2)])
        return model.input, model.output, rng.randn(4, 5)

    check_activations(keras, lambda: session_of(keras.name_here), run)


def lrp_models(layers):
    """Name -> layers of a model and the shape of its samples."""
    return {
        'dense': ([layers.Dense(8, input_shape=(6,)), layers.BatchNormalization(), layers.Activation('relu'),
                   layers.BatchNormalization(), layers.Dense(3)], (6,)),
        'sequences': ([layers.Conv1D(4, 3, padding='causal', input_shape=(9, 2)), layers.BatchNormalization(),
                       layers.Activation('relu'), layers.ZeroPadding1D(1), layers.SeparableConv1D(4, 3),
                       layers.Activation('relu'), layers.Flatten(), layers.Dense(3)], (9, 2)),
        'pictures': ([layers.ZeroPadding2D(2, input_shape=(8, 8, 2)), layers.Conv2D(4, 3, dilation_rate=2),
                      layers.BatchNormalization(), layers.Activation('relu'), layers.DepthwiseConv2D(3, padding='same'),
                      layers.Activation('relu'), layers.Conv2DTranspose(4, 3, strides=2), layers.Activation('relu'),
                      layers.MaxPooling2D(), layers.Dropout(.5), layers.AveragePooling2D(), layers.Flatten(),
                      layers.Dense(3)], (8, 8, 2))}


def check_lrp(model, session, xs, rng):
    """The model as Keras has it, with a learning phase that is not settled."""
    for layer in model.layers:
        layer.set_weights([rng.uniform(.5, 1.5, w.shape) if 'gamma' in v.name or 'variance' in v.name
                           else rng.randn(*w.shape) * .4 for w, v in zip(layer.get_weights(), layer.weights)])
    X, T = model.input, model.output
    with DeepExplain(session=session) as de:
        close(de.explain('lrp.z', T, X, xs, ys=1), de.explain('grad*input', T, X, xs, ys=1), 1e-4)
        for method in ('lrp.flat', 'lrp.w_square', 'lrp.z_plus', 'lrp.alpha_2_beta_1_IB'):
            got, delta = de.explain(method, T, X, xs, ys=1, return_convergence_delta=True)
            assert np.abs(delta).max() < 1e-4 * np.abs(per_sample(got)).max()
        fitted = de.get_explainer('pattern.attribution', T, X)
        fitted.fit_patterns(xs)
        assert np.isfinite(fitted.run(xs)).all()
        assert de.get_explainer('lrp.z', T, X).relevances([model.layers[1].output], xs)[0].shape[0] == len(xs)


@pytest.mark.parametrize('name', ['dense', 'sequences', 'pictures'])
def test_relevance_with_a_learning_phase(keras, rng, name):
    layers, shape = lrp_models(keras.layers)[name]
    model = keras.models.Sequential(layers)
    session = session_of(keras.name_here)
    session.run(tf.global_variables_initializer())
    check_lrp(model, session, rng.randn(3, *shape), rng)


def test_relevance_with_functional_branches():
    """Without disable_v2_behavior a learning phase chooses between functions; in a process of its own."""
    if 'tf_keras' not in PACKAGES:
        pytest.skip('tf_keras is not installed')
    code = """
import os, numpy as np
os.environ['TF_USE_LEGACY_KERAS'] = '1'
import tensorflow.compat.v1 as tf
from test_keras import *
tf.enable_control_flow_v2()
rng = np.random.RandomState(0)
for name in ('dense', 'pictures'):
    plain_tf.keras.backend.clear_session()
    layers, shape = lrp_models(plain_tf.keras.layers)[name]
    model = plain_tf.keras.models.Sequential(layers)
    assert {'If', 'StatelessIf'} & {op.type for op in model.output.graph.get_operations()}
    session = tf.keras.backend.get_session()
    session.run(tf.global_variables_initializer())
    check_lrp(model, session, rng.randn(3, *shape), rng)
"""
    code = 'import conftest\n' + code
    ended = subprocess.run([sys.executable, '-c', code], cwd=os.path.dirname(os.path.abspath(__file__)),
                           env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)), capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]


def test_recurrent(keras, rng):
    layers = keras.layers
    inputs = layers.Input((4, 3))
    h = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(inputs)
    model = keras.models.Model(inputs, layers.Dense(2)(layers.GRU(3)(h)))
    xs = rng.randn(3, 4, 3)
    model.predict(xs)
    with DeepExplain(session=session_of(keras.name_here)) as de:
        X, T = model.input, model.output
        for method in ('saliency', 'grad*input'):
            assert np.abs(explain(de, method, T, X, xs)).max() > 0
        close(per_sample(explain(de, 'intgrad', T, X, xs, steps=300)), change(de.session, T, X, xs), 2e-2)
        with pytest.warns(UserWarning, match=r'unsupported activation.* Mul \('):
            assert np.isfinite(de.explain('elrp', T, X, xs)).all()
        close(per_sample(explain(de, 'deeplift', T, X, xs, complete=True)), change(de.session, T, X, xs), 1e-3)


@pytest.fixture
def keras3():
    package = imported('keras')
    if package is None or not package.__version__.startswith('3.'):
        pytest.skip('Keras 3 is not installed')
    return package


def test_keras_3_in_a_graph(keras3, session, rng):
    layers = keras3.layers
    model = keras3.Sequential([
        keras3.Input((8, 8, 1)), layers.Conv2D(4, 3, activation='gelu'), layers.BatchNormalization(),
        layers.Dropout(.5), layers.Flatten(), layers.Dense(8, activation='silu'), layers.Dense(3), layers.Softmax()])
    X = tf.placeholder(tf.float32, [None, 8, 8, 1])
    T = model(X).op.inputs[0]
    session.run(tf.global_variables_initializer())
    xs = rng.rand(3, 8, 8, 1)
    with DeepExplain(session=session) as de:
        got = explain(de, 'deeplift', T, X, xs)
        close(per_sample(got), change(session, T, X, xs), 1e-4)
        assert explain(de, 'elrp', T, X, xs).shape == xs.shape
        with pytest.raises(RuntimeError, match='not KerasTensor. Call the Keras model on a placeholder'):
            de.get_explainer('elrp', T, keras3.Input((8, 8, 1)))


def test_every_activation_of_keras_3(keras3, session, rng):
    def run(layer):
        model = keras3.Sequential([keras3.Input((5,)), keras3.layers.Dense(6), layer, keras3.layers.Dense(2)])
        X = tf.placeholder(tf.float32, [None, 5])
        T = model(X)
        session.run(tf.global_variables_initializer())
        return X, T, rng.randn(4, 5)

    check_activations(keras3, lambda: session, run)


def test_only_eager_execution_disabled():
    # Batch normalisation and dropout as functional branches; a swish whose custom gradient has been used to train.
    if 'tf_keras' not in PACKAGES:
        pytest.skip('tf_keras is not installed')
    code = '''
import warnings
import numpy as np
import tensorflow as tf2
import tensorflow.compat.v1 as tf
tf.disable_eager_execution()
from deepexplain.tensorflow import DeepExplain
layers = tf2.keras.layers
model = tf2.keras.Sequential([
    layers.Conv2D(4, 3, activation='swish', input_shape=(6, 6, 1)), layers.BatchNormalization(), layers.Dropout(.5),
    layers.Flatten(), layers.Dense(4, activation='tanh'), layers.Dense(2)])
model.compile('sgd', 'mse')
xs = np.random.rand(8, 6, 6, 1)
model.fit(xs, np.random.rand(8, 2), verbose=0)
X, T = model.inputs[0], model.outputs[0]
with DeepExplain() as de:
    assert any(op.type in ('If', 'StatelessIf') for op in de.graph.get_operations())
    change = model.predict(xs) - model.predict(0 * xs)
    warnings.simplefilter('error', UserWarning)
    for method in ('elrp', 'deeplift', 'saliency'):
        got = de.explain(method, T, X, xs)
        if method == 'deeplift':
            assert np.abs(got.reshape(8, -1).sum(1) - change.sum(1)).max() < 1e-4
'''
    done = subprocess.run([sys.executable, '-c', code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout[-3000:]
