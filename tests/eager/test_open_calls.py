"""Keras models that are called with several arguments, a dict, or ragged tensors."""
import warnings

import numpy as np
import pytest
import tensorflow as tf
from models import close
from test_open_sources import KERASES, ONE

from deepexplain.tensorflow import DeepExplain


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    return KERASES[request.param]


def spec(name=None):
    return tf.TensorSpec([None, 3], tf.float32, name=name)


def own(keras, how):
    """A model of a class of its own: (2 a + b) w, called with its inputs in some way."""
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.end = keras.layers.Dense(2, use_bias=False)

    def dict_of(self, inputs, training=False):
        return self.end(2. * inputs['a'] + inputs['b'])

    calls = {'arguments': lambda self, a, b, training=False: self.end(2. * a + b), 'dict': dict_of,
             'by name': lambda self, a, *, b, training=False: self.end(2. * a + b),
             'list': lambda self, inputs: self.end(2. * inputs[0] + inputs[1]),
             'optional': lambda self, a, b=None: self.end(2. * a if b is None else 2. * a + b)}
    Own.call = calls[how]
    return Own()


SIGNED = {'arguments': [spec('a'), spec('b')], 'dict': {'a': spec(), 'b': spec()}, 'list': [spec('a'), spec('b')],
          'optional': [spec('a'), spec('b')]}


@pytest.mark.parametrize('signed', [True, False])
@pytest.mark.parametrize('how', sorted(SIGNED))
def test_models_of_classes_of_their_own(keras, rng, how, signed):
    if ONE and (not signed or how in ('arguments', 'optional')):
        pytest.skip('Keras of TensorFlow 1 keeps no record of calls, and knows one argument')
    model, a, b = own(keras, how), rng.randn(4, 3).astype('f'), rng.randn(4, 3).astype('f')
    value = model(*([{'a': a, 'b': b}] if how == 'dict' else [[a, b]] if how == 'list' else [a, b]))
    if not signed and how in ('arguments', 'optional') and not hasattr(model, 'save_spec'):
        if how == 'arguments':
            with pytest.raises(ValueError, match='input_signature=.*, one for each argument of its call, or a dict'):
                DeepExplain.open(model)
        return
    weights = model.get_weights()[0]
    with DeepExplain.open(model, **({'input_signature': SIGNED[how]} if signed else {})) as de:
        assert len(de.inputs) == 2 and len({layer.name for layer in de.layers()}) == 3
        close(de.session.run(de.outputs[0], dict(zip([one.name for one in de.inputs], [a, b]))), value.numpy(), 1e-5)
        for got, x, factor in zip(de.explain('grad*input', de.logits, de.inputs, [a, b], ys=1), (a, b), (2, 1)):
            close(got, factor * x * weights[:, 1], 1e-5)


@pytest.mark.parametrize('how', ['names', 'by name', 'list by name', 'called'])
def test_arguments_by_their_names(keras, rng, how):
    model = own(keras, 'arguments') if how == 'names' else own(keras, 'by name')
    a, b = rng.randn(4, 3).astype('f'), rng.randn(4, 3).astype('f')
    value = model(tf.constant(a), b=tf.constant(b))
    signature = [spec('a'), spec('b')] if how == 'list by name' else {'b': spec(), 'a': spec()}
    if how == 'called' and not hasattr(model, 'save_spec'):
        with pytest.raises(ValueError, match='^open: the Keras model does not know the shapes of its inputs'):
            DeepExplain.open(model)
        return
    with DeepExplain.open(model, **({} if how == 'called' else {'input_signature': signature})) as de:
        assert len(de.inputs) == 2
        if how != 'called':
            assert [one.op.name for one in de.inputs] == ['a', 'b']
        close(de.session.run(de.outputs[0], dict(zip(de.inputs, [a, b]))), value.numpy(), 1e-5)


def test_arguments_that_do_not_fit(keras):
    for signature in ({'a': spec()}, [spec()], [spec()] * 3):
        with pytest.raises(ValueError, match='^open: the inputs of the Keras model do not fit its call.*by the names'):
            DeepExplain.open(own(keras, 'by name'), input_signature=signature)


def test_signatures_that_are_none(keras):
    with pytest.raises(TypeError, match=r'input_signature must be a list .* or a dict of them, not \[3, 4\]'):
        DeepExplain.open(own(keras, 'list'), input_signature=[3, 4])


@pytest.mark.skipif(ONE, reason='ragged inputs of TensorFlow 2')
@pytest.mark.parametrize('functional', [True, False])
def test_ragged_inputs(rng, functional):
    keras = KERASES.get('tf_keras')
    if keras is None:
        pytest.skip('Keras 3 knows no ragged tensors')

    def score(x):
        return tf.reduce_sum(tf.tanh(x), axis=1)

    class Own(keras.Model):
        def call(self, x):
            return score(x)

    x = keras.layers.Input((None,), ragged=True, name='words')
    model = keras.Model(x, keras.layers.Lambda(score)(x)) if functional else Own()
    options = {} if functional else {'input_signature': [tf.RaggedTensorSpec([None, None], tf.float32)]}
    ragged = tf.ragged.constant([[1., 2.], [3.]])
    with DeepExplain.open(model, **options) as de:
        name = 'words' if functional else 'input_0'
        values, splits = de.tensor(name + '/values'), de.tensor(name + '/row_splits')
        assert de.inputs[0] is values and de.inputs[1] is splits
        got = de.explain('gradient', de.outputs[0], values, ragged.values.numpy(), rows='together',
                         feed_dict={splits: ragged.row_splits.numpy()})
        close(got, 1 - np.tanh([1., 2., 3.]) ** 2, 1e-5)


@pytest.mark.skipif(ONE, reason='files of TensorFlow 2')
@pytest.mark.parametrize('ending', ['keras', 'h5'])
def test_functions_in_the_place_of_lambdas(keras, tmp_path, ending):
    layers, path = keras.layers, str(tmp_path / ('model.' + ending))
    keras.Sequential([layers.Input((3,)), layers.Dense(3, lambda x: 2. * x, kernel_initializer='identity', name='own'),
                      layers.Lambda(lambda x: 3. * x, name='other')]).save(path)
    ones = np.ones((1, 3), 'f')
    with DeepExplain.open(path, custom_objects={'own': tf.tanh, 'other': tf.square}) as de:
        close(de.session.run(de.outputs[0], {de.inputs[0].name: ones}), np.tanh(ones) ** 2, 1e-6)
    with pytest.raises(ValueError, match="holds Python code, .*in the layer 'other'"):
        DeepExplain.open(path, custom_objects={'own': tf.tanh})
    with pytest.raises(ValueError, match="a lambda as the activation of the layer 'own', which Keras cannot load"):
        DeepExplain.open(path, safe_mode=False)


NESTED = {'z': {'zeta': spec(), 'alpha': spec()}, 'a': [spec(), spec()], 'b': {'alpha': spec()}}


def nested(inputs):
    """(1 3 5 7 9) for b/alpha, a/0, a/1, z/zeta, z/alpha."""
    return (inputs['b']['alpha'] + 3. * inputs['a'][0] + 5. * inputs['a'][1] + 7. * inputs['z']['zeta']
            + 9. * inputs['z']['alpha'])


FACTORS = {'b/alpha': 1, 'a/0': 3, 'a/1': 5, 'z/zeta': 7, 'zeta': 7, 'z/alpha': 9}


@pytest.mark.parametrize('kind', ['keras', 'function', 'traced', 'signed'])
def test_inputs_in_dicts_have_the_names_of_their_keys(rng, kind):
    class Own(tf.keras.Model if ONE else KERASES['keras'].Model):
        def call(self, inputs):
            return nested(inputs)

    function = tf.function(nested, input_signature=[NESTED] if kind == 'signed' else None)
    source = {'keras': Own(), 'traced': function.get_concrete_function(NESTED) if kind == 'traced' else None}
    signed = {} if kind in ('traced', 'signed') else {'input_signature': [NESTED]}
    with DeepExplain.open(source.get(kind, function), **signed) as de:
        got = de.explain('gradient', de.outputs[0], de.inputs, [rng.randn(2, 3)] * 5)
        assert [one[0, 0] for one in got] == [3, 5, 1, 9, 7]  # The order of de.inputs: that of the keys.
        for name, factor in FACTORS.items():
            x = de.tensor(name)
            assert got[[x is one for one in de.inputs].index(True)][0, 0] == factor, name
        assert len({layer.name for layer in de.layers()}.intersection(FACTORS)) >= 4
        if signed:
            assert [x.op.name for x in de.inputs] == ['a_0', 'a_1', 'b_alpha', 'z_alpha', 'zeta']


def test_a_dict_in_several_arguments():
    function = tf.function(lambda t, u: t[0]['a'] + 2. * t[1]['a'] + 4. * u['a'] + t[2])
    signature = [[{'a': spec()}, {'a': spec()}, spec()], {'a': spec()}]
    with DeepExplain.open(function, input_signature=signature) as de:
        names = ['argument_0/0/a', 'argument_0/1/a', 'argument_0/2', 'argument_1/a']
        assert [de.tensor(name) for name in names] == de.inputs


@pytest.mark.parametrize('function, order', [
    (lambda zeta, alpha: alpha - 2. * zeta, ['zeta', 'alpha']),
    (lambda inputs: inputs['alpha'] - 2. * inputs['zeta'], ['alpha', 'zeta'])])
def test_a_dict_for_a_function_is_its_arguments_or_one_of_them(function, order):
    with DeepExplain.open(tf.function(function), input_signature={'zeta': spec(), 'alpha': spec()}) as de:
        assert [x.op.name for x in de.inputs] == order
        got = de.explain('gradient', de.outputs[0], de.inputs, [np.ones((1, 3))] * 2)
        assert [one[0, 0] for one in got] == [{'zeta': -2, 'alpha': 1}[name] for name in order]


@pytest.mark.skipif(ONE, reason='Keras of TensorFlow 1 takes no dicts')
def test_functional_models_of_a_dict(keras):
    Input = keras.layers.Input
    inputs = {'zeta': Input((3,)), 'alpha': Input((3,)), 'own': Input((3,), name='own')}
    total = keras.layers.Add()([inputs['zeta'], inputs['zeta'], inputs['alpha'], inputs['own']])
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # Keras 3 wants the names to be the keys.
        model = keras.Model(inputs, total)
    with DeepExplain.open(model) as de:
        assert [x.op.name for x in de.inputs] == ['alpha', 'own', 'zeta']
        got = de.explain('gradient', de.outputs[0], de.inputs, [np.ones((1, 3))] * 3)
        assert [one[0, 0] for one in got] == [1, 1, 2]
