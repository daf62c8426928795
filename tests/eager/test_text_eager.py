"""Text on Keras models: embeddings with masks, TextVectorization in front of a model and inside of it."""
import numpy as np
import pytest
import tensorflow as tf
from models import close
from site_pages import blocks
from test_open_sources import KERASES, ONE

from deepexplain.tensorflow import DeepExplain
from deepexplain.text import Text

CORPUS = ['the film was good', 'the film was bad']
VOCABULARY = ['', '[UNK]', 'was', 'the', 'film', 'good', 'bad']
TABLE = np.random.RandomState(0).randn(7, 4).astype('f')
W = np.random.RandomState(1).randn(4, 2).astype('f')


@pytest.fixture(params=sorted(KERASES))
def keras(request):
    return KERASES[request.param]


def vectorization(keras, **options):
    if ONE:
        pytest.skip('TensorFlow 1.15 has no TextVectorization')
    found = keras.layers.TextVectorization(output_mode='int', **options)
    found.adapt(CORPUS)
    assert found.get_vocabulary() == VOCABULARY
    return found


def network(keras, inputs, ids):
    """The mean of the embeddings of what is not masked, tanh before it."""
    h = keras.layers.Embedding(7, 4, mask_zero=True, name='table')(ids)
    h = keras.layers.GlobalAveragePooling1D()(keras.layers.Activation('tanh')(h))
    model = keras.models.Model(inputs, keras.layers.Dense(2, use_bias=False, name='scores')(h))
    for name, value in (('table', TABLE), ('scores', W)):
        model.get_layer(name).set_weights([value])
    return model


def means(ids):
    return np.tanh(TABLE[ids]).mean(0) @ W


def test_ids_with_a_mask(keras):
    ids = keras.layers.Input((6,), dtype='int32', name='ids')
    with DeepExplain.open(network(keras, ids, ids)) as de:
        text = Text(de, {word: number for number, word in enumerate(VOCABULARY)})
        assert de.tensor('table').shape.as_list() == text.X.shape.as_list()
        one, = text.explain('intgrad', ['The good film'], ys=1)
        close(one.attributions, np.tanh(TABLE[[3, 5, 4]]) @ W[:, 1] / 3, 1e-2)
        assert one.words == ['The', 'good', 'film'] and one.rest == 0
        # Padding in the place of a word: the mask leaves it out of the mean.
        taken, = text.explain('occlusion', ['The good film'], ys=1)
        close(taken.attributions[1], (means([3, 5, 4]) - means([3, 4]))[1], 1e-4)


@pytest.mark.parametrize('length', [None, 5])
@pytest.mark.parametrize('inside', [True, False])
def test_text_vectorization(keras, inside, length):
    layer = vectorization(keras, output_sequence_length=length)
    shape, dtype = ((), 'string') if inside else ((length,), 'int64')
    given = keras.layers.Input((1,) if inside and keras.__name__ == 'tf_keras' else shape, dtype=dtype, name='text')
    with DeepExplain.open(network(keras, given, layer(given) if inside else given)) as de:
        text = Text(de) if inside else Text(de, layer)
        first, second = text.explain('deeplift', ['The film, was GOOD!', 'bad story'], ys=0)
        close(first.attributions, np.tanh(TABLE[[3, 4, 2, 5]]) @ W[:, 0] / 4, 1e-4)
        close(second.attributions, np.tanh(TABLE[[6, 1]]) @ W[:, 0] / 2, 1e-4)
        assert first.words == (['the', 'film', 'was', 'good'] if inside else ['The', 'film,', 'was', 'GOOD!'])
        assert second.words == ['bad', 'story'] and first.rest == second.rest == 0
        taken, = text.explain('occlusion', ['the good film'], ys=0)
        close(taken.attributions[1], (means([3, 5, 4]) - means([3, 4]))[0], 1e-5)
        unknown, = text.explain('occlusion', ['the good film'], ys=0, baseline=1)
        close(unknown.attributions[1], (means([3, 5, 4]) - means([3, 1, 4]))[0], 1e-5)
        if length:
            with pytest.warns(UserWarning, match='cut: 1 of 1'):
                cut, = text.explain('gradient', ['the film was good the film'])
            assert len(cut.words) == length
        else:
            with pytest.raises(ValueError, match=r'sentences\[1\] has no tokens'):
                text.explain('gradient', ['film', ' '])
        if inside:
            with pytest.raises(TypeError, match=r"the model takes strings \('text'\) and has one of its own"):
                Text(de, layer)
            with pytest.raises(ValueError, match=r"the tokenizer has no token 'x'"):
                text.explain('intgrad', ['film'], baseline='x')


def test_readme(keras, capsys):
    code, = blocks('text')
    ids = keras.layers.Input((3,), dtype='int32', name='ids')
    namespace = {'model': network(keras, ids, ids), 'tokenizer': {'[UNK]': 1, 'film.': 4}}
    exec(compile(code, 'README text', 'exec'), namespace)
    assert capsys.readouterr().out.startswith("['An', 'unbelievable', 'film.'] [")


def test_letters_and_pairs_of_words_are_words_as_the_layer_has_them(keras):
    vectorization(keras)
    ids = keras.layers.Input((None,), dtype='int64', name='ids')
    with DeepExplain.open(network(keras, ids, ids)) as de:
        for options in (dict(split='character'), dict(ngrams=2)):
            other = keras.layers.TextVectorization(output_mode='int', vocabulary=['b', 'a', 'a b'], **options)
            one, = Text(de, other).explain('gradient', ['a b'], ys=0)
            assert one.words == (['a', '[UNK]', 'b'] if 'split' in options else ['a', 'b', 'a b'])
        counts = keras.layers.TextVectorization(output_mode='count', vocabulary=['a'])
        with pytest.raises(TypeError, match="output_mode='int' is needed, not 'count'"):
            Text(de, counts)


def test_a_saved_model_that_takes_strings(keras, tmp_path):
    layer = vectorization(keras)
    given = keras.layers.Input((1,) if keras.__name__ == 'tf_keras' else (), dtype='string', name='text')
    model = network(keras, given, layer(given))
    spec = tf.TensorSpec(given.shape, tf.string, name='text')
    if hasattr(model, 'export') and keras.__name__ == 'keras':
        model.export(str(tmp_path), verbose=False)
    else:
        tf.saved_model.save(model, str(tmp_path), signatures=tf.function(lambda text: {'scores': model(text)},
                                                                         input_signature=[spec]))
    with DeepExplain.open(str(tmp_path)) as de:
        one, = Text(de).explain('deeplift', ['The film, was GOOD!'], ys=0)
    close(one.attributions, np.tanh(TABLE[[3, 4, 2, 5]]) @ W[:, 0] / 4, 1e-4)
    assert one.words == ['the', 'film', 'was', 'good']
