"""Custom gradients of models of this process are kept; of those in files only the name is left, as a warning says."""
import re
import warnings

import numpy as np
import pytest
import tensorflow as tf
from models import close

from deepexplain.tensorflow import DeepExplain

ONE = tf.__version__.startswith('1.')
SPEC = [tf.TensorSpec([None, 4], tf.float32, name='x')]
XS = np.random.RandomState(0).randn(3, 4).astype(np.float32)


@pytest.fixture(scope='module')
def W():
    return tf.Variable(np.random.RandomState(1).randn(4, 3).astype(np.float32))


@tf.custom_gradient
def straight_through(x):
    return tf.round(x), lambda grad: 3. * grad


@tf.custom_gradient
def reversed_gradient(x):
    return tf.identity(x), lambda grad: -grad


@tf.custom_gradient
def softplus(x):
    """Its gradient reads what lies inside, and what comes out."""
    e = tf.exp(x)
    y = tf.math.log(1 + e)
    return y, lambda grad: grad * (1 - 1 / (1 + e)) + 0 * y


@tf.custom_gradient
def product(x, w):
    def gradient(grad):
        return 5. * tf.matmul(grad, w, transpose_b=True), tf.matmul(x, grad, transpose_a=True)
    return tf.matmul(x, w), gradient


def of_a_variable(x, W):
    @tf.custom_gradient
    def layer(x):
        def gradient(grad, variables=None):
            return 2. * tf.matmul(grad, W, transpose_b=True), [tf.matmul(x, grad, transpose_a=True)]
        return tf.matmul(x, W), gradient
    return layer(x)


def recomputed(x, W):
    return tf.recompute_grad(lambda x: tf.tanh(tf.matmul(x, W)))(x)


def ctc(x, W):
    rows = tf.shape(x)[0]
    logits = tf.transpose(x[:, :, None] * W[None, :, :], [1, 0, 2])
    return tf.nn.ctc_loss(tf.ones([rows, 2], tf.int32), logits, tf.fill([rows], 2), tf.fill([rows], 4),
                          blank_index=0)[:, None]


def in_a_row(x, W):
    return tf.matmul(reversed_gradient(softplus(straight_through(x))), W)


MODELS = {'straight through': lambda x, W: tf.matmul(straight_through(x), W), 'softplus': lambda x, W: softplus(x),
          'reversed': lambda x, W: tf.matmul(reversed_gradient(x), W), 'product': lambda x, W: product(x, W) ** 2,
          'variable': of_a_variable, 'recomputed': recomputed, 'in a row': in_a_row}
if not ONE:
    MODELS['ctc'] = ctc


@pytest.mark.parametrize('name', list(MODELS))
def test_kept(W, name):
    model = MODELS[name]
    xs = tf.constant(XS)
    with tf.GradientTape() as tape:
        tape.watch(xs)
        target = model(xs, W)
    want = tape.gradient(target, xs).numpy()
    function = tf.function(lambda x: model(x, W), input_signature=SPEC)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain.open(function) as de:
            X, T = de.inputs[0], de.outputs[0]
            close(de.explain('grad*input', T, X, XS), want * XS, 1e-5)
            close(de.explain('saliency', T, X, XS), np.abs(want), 1e-5)
            de.explain('intgrad', T, X, XS, steps=3)
            if name == 'recomputed':
                de.explain('elrp', T, X, XS)


def test_weights_of_a_kept_gradient_are_the_models(W):
    with DeepExplain.open(tf.function(lambda x: of_a_variable(x, W), input_signature=SPEC)) as de:
        explainer = de.get_explainer('grad*input', de.outputs[0], de.inputs[0])
        before, old = explainer.run(XS), W.numpy()
        W.assign(2 * old)
        de.refresh()
        close(explainer.run(XS), 2 * before, 1e-5)
        W.assign(old)


def several(x, W, S):
    """Two outputs; each gradient reads W, which the model does not, and another variable."""
    @tf.custom_gradient
    def both(x, y):
        def gradient(a, b):
            return a * S + b * W[0, 0], tf.cond(S > 0, lambda: b * S, lambda: a)
        return (x * y, x + y), gradient
    a, b = both(x, tf.tanh(x))
    return reversed_by(S)(a + 2. * b)


def reversed_by(S):
    @tf.custom_gradient
    def layer(x):
        return tf.identity(x), lambda grad: -S * grad
    return layer


class Reversal(tf.keras.layers.Layer):
    def build(self, shape):
        self.strength = self.add_weight(name='strength', shape=(), initializer='ones', trainable=False)

    def call(self, x):
        @tf.custom_gradient
        def layer(x):
            return tf.identity(x), lambda grad: -tf.convert_to_tensor(self.strength) * grad
        return layer(x)


@pytest.mark.parametrize('name', ['one', 'several', 'table'])
def test_variables_that_the_gradient_alone_reads(W, name):
    """As the strength of a gradient reversal; `refresh` takes their present values."""
    S = tf.Variable(2.)
    table = tf.Variable(np.float32([[1., 2., 3., 4.], [5., 6., 7., 8.]]), trainable=False)

    @tf.custom_gradient
    def looked_up(x):
        return tf.identity(x), lambda grad: grad * S * tf.gather(table, 1)

    model = {'one': lambda x: tf.matmul(tf.tanh(reversed_by(S)(x)), tf.ones((4, 2))),
             'several': lambda x: several(x, W, S), 'table': lambda x: tf.tanh(looked_up(x))}[name]
    xs = tf.constant(XS)

    def want():
        with tf.GradientTape() as tape:
            tape.watch(xs)
            target = model(xs)
        return tape.gradient(target, xs).numpy() * XS

    function = tf.function(model, input_signature=SPEC)
    before = function(xs).numpy()
    captured = len(function.get_concrete_function().captured_inputs)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        with DeepExplain.open(function) as de:
            explainer = de.get_explainer('grad*input', de.outputs[0], de.inputs[0])
            close(explainer.run(XS), want(), 1e-5)
            S.assign(3.)
            old = want()
            de.refresh()
            close(explainer.run(XS), want(), 1e-5)
            S.assign(2.)
            assert np.abs(want() - old).max() > 1e-3
    assert len(function.get_concrete_function().captured_inputs) == captured
    close(function(xs).numpy(), before, 1e-6)


@pytest.mark.parametrize('package', ['tf.keras', 'keras'])
def test_reversal_layer(package):
    if package == 'keras':
        keras = pytest.importorskip('keras', minversion='3')
        base = keras.layers.Layer
    else:
        keras, base = tf.keras, tf.keras.layers.Layer
    layer = type('Reversal', (base,), {name: vars(Reversal)[name] for name in ('build', 'call')})()
    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Dense(2)(layer(keras.layers.Dense(4, activation='tanh')(inputs))))
    xs = tf.constant(XS)
    with warnings.catch_warnings():
        warnings.filterwarnings('error', 'A custom gradient is lost')
        with DeepExplain.open(model) as de:
            for strength in [1., .25]:
                layer.strength.assign(strength)
                de.refresh()
                with tf.GradientTape() as tape:
                    tape.watch(xs)
                    target = model(xs)
                want = tape.gradient(target, xs).numpy() * XS
                close(de.explain('grad*input', de.outputs[0], de.inputs[0], XS), want, 1e-5)


def test_what_cannot_be_kept_says_why(W):
    S = tf.Variable(2.)
    keys = tf.constant(['a'])
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(keys, tf.constant([2.])), 0.)

    def model(gradient):
        layer = tf.custom_gradient(lambda x: (tf.identity(x), gradient))
        return tf.function(lambda x: tf.tanh(layer(x)), input_signature=SPEC)

    for gradient, why in [
            (lambda grad: grad * S.numpy(), r'cannot be built as ops of a graph: \w+: '),
            (lambda grad: grad * table.lookup(keys), 'reads a resource that is no variable')]:
        with DeepExplain.open(model(gradient)) as de, pytest.warns(UserWarning) as caught:
            close(de.explain('grad*input', de.outputs[0], de.inputs[0], XS), XS * (1 - np.tanh(XS) ** 2), 1e-5)
        text, = [str(one.message) for one in caught if 'is lost' in str(one.message)]
        assert re.search(r'A custom gradient is lost: IdentityN \(IdentityN\).*' + why, text)
        assert 'file' not in text and 'ordinary gradients' in text


def test_keras_layers_and_rules(W):
    keras = tf.keras
    model = keras.Sequential([keras.layers.InputLayer((4,)), keras.layers.Lambda(reversed_gradient),
                              keras.layers.Dense(2, activation='swish' if not ONE else tf.nn.swish)])
    xs = tf.constant(XS)
    with tf.GradientTape() as tape:
        tape.watch(xs)
        target = model(xs)
    want = tape.gradient(target, xs).numpy()
    with DeepExplain.open(model) as de:
        close(de.explain('grad*input', de.outputs[0], de.inputs[0], XS), want * XS, 1e-5)
        with pytest.warns(UserWarning, match='elrp: unsupported activation .*: IdentityN'):
            de.get_explainer('elrp', de.outputs[0], de.inputs[0])


@pytest.mark.skipif(ONE, reason='Keras quantises layers from version 3 on')
def test_quantised_layer():
    import keras
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(8, activation='tanh'),
                              keras.layers.Dense(2)])
    model.quantize('int8')
    xs = tf.constant(XS)
    with tf.GradientTape() as tape:
        tape.watch(xs)
        target = model(xs)
    want = tape.gradient(target, xs).numpy()
    assert want.any()
    with DeepExplain.open(model) as de, warnings.catch_warnings():
        warnings.filterwarnings('error', 'A custom gradient is lost')
        close(de.explain('grad*input', de.outputs[0], de.inputs[0], XS), want * XS, 1e-5)


@pytest.mark.parametrize('place', ['file', 'loop', 'branch', 'call'])
def test_lost_ones_are_named(W, place, tmp_path):
    inner = tf.function(lambda x: reversed_gradient(x) * 2)
    source = tf.function({
        'file': lambda x: tf.matmul(reversed_gradient(x), W), 'call': inner,
        'loop': lambda x: tf.while_loop(lambda t, h: t < 3, lambda t, h: (t + 1, reversed_gradient(h)), [0, x])[1],
        'branch': lambda x: tf.cond(tf.reduce_sum(W) > 1e9, lambda: 2 * x, lambda: reversed_gradient(x)),
    }[place], input_signature=SPEC)
    if place == 'file':
        module = tf.Module()
        module.W, module.function = W, source
        tf.saved_model.save(module, str(tmp_path), signatures={'serving_default': source})
        source = str(tmp_path)
    with DeepExplain.open(source) as de, pytest.warns(UserWarning, match=r'A custom gradient is lost.*: \w+ \('):
        de.get_explainer('grad*input', de.outputs[0], de.inputs[0])
