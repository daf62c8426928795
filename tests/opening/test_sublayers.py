"""Layers inside layers of the user's own, of a Keras that lives in a graph; eager ones: tests/eager."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close
from opened import transformer

from deepexplain.tensorflow import DeepExplain

NAMES = ['ids', 'body/token_table', 'body/blocks/0/hidden', 'body/blocks/0/end', 'body/blocks/0',
         'body/blocks/1/hidden', 'body/blocks/1/end', 'body/blocks/1', 'body/first', 'body', 'scores']


def test_layers_inside_of_layers(keras, rng):
    ids, body = keras.layers.Input((5,), dtype='int32', name='ids'), transformer(keras)
    model = keras.models.Model(ids, keras.layers.Dense(2, name='scores')(body(ids)))
    body(keras.layers.Input((5,), dtype='int32'))  # of another model
    tokens = rng.randint(0, 10, [3, 5])
    with DeepExplain.open(model) as de:
        assert [layer.name for layer in de.layers()] == NAMES
        table = de.tensor('token_table')
        assert table is de.tensor('body/token_table') is de.layers()[1].tensor
        assert de.tensor('blocks/1/_out') is de.tensor('body/blocks/1/end')
        values = de.session.run([one.tensor for one in de.layers()], {ids.name: tokens})[1:]
        close(values[0], body.token_table.get_weights()[0][tokens], 1e-6)
        for which in (0, 1):
            before, hidden, out, whole = values[3 * which:3 * which + 4]
            w, b = body.blocks[which].hidden.get_weights()
            close(hidden, np.tanh(before @ w + b), 1e-5)
            w, b = body.blocks[which]._out.get_weights()
            close(out, 2 * hidden @ w + b, 1e-5)
            close(whole, before + .5 * out, 1e-5)
        got = de.explain('gradient', de.logits, table, feed_dict={de.inputs[0]: tokens}, ys=1)
        assert got.shape == (3, 5, 4) and got.any()


@pytest.mark.parametrize('factor', [1., None])
def test_calls_are_told_apart_by_their_weights(keras, factor):
    """A second call of one layer has the scope that the next layer would have; then it is told by what it reads."""
    layers = keras.layers

    class Body(layers.Layer):
        def __init__(self):
            super().__init__(name='body')
            self.one, self.two = layers.Dense(4, name='inner'), layers.Dense(4, name='inner_1')

        def call(self, x):
            # What Keras gives a layer first it keeps record of, if nothing comes between.
            first = self.one(x if factor is None else factor * x)
            return self.two(tf.tanh(self.one(tf.tanh(first))))

        def compute_output_shape(self, shape):
            return shape

    x, body = layers.Input((4,), name='x'), Body()
    model = keras.models.Model(x, layers.Dense(2)(body(x)))
    first, second = body.one.get_weights(), body.two.get_weights()
    xs = np.ones((1, 4), 'f')
    once = xs @ first[0]
    twice = np.tanh(once) @ first[0]
    with DeepExplain.open(model) as de:
        for name, want in (('one:0', once), ('one:1', twice), ('two', np.tanh(twice) @ second[0])):
            close(de.session.run(de.tensor(name), {'x:0': xs}), want, 1e-5)


def test_lookups_in_weights_of_layers_have_names(keras, rng):
    """As HuggingFace's word embeddings, which are no layer; the same table is read twice, another by places."""
    class Embeddings(keras.layers.Layer):
        def build(self, shape):
            self.token_table = self.add_weight(name='weight', shape=(10, 4), initializer='normal')
            self.weight = self.add_weight(name='places/embeddings', shape=(10, 4), initializer='normal')
            super().build(shape)

        def call(self, ids):
            again = tf.gather(self.token_table, 9 - ids)
            return tf.gather(self.token_table, ids) + 2. * again + tf.gather(self.weight, ids % 3)

        def compute_output_shape(self, shape):
            return tuple(shape) + (4,)

    ids = keras.layers.Input((5,), dtype='int32', name='ids')
    inner = Embeddings(name='inner', dtype='float32')
    model = keras.models.Model(ids, keras.layers.Dense(2, name='scores')(inner(ids)))
    tokens = rng.randint(0, 10, [3, 5])
    with DeepExplain.open(model) as de:
        names = [layer.name for layer in de.layers()]
        assert sorted(names) == sorted(['ids', 'inner/token_table:0', 'inner/token_table:1', 'inner/places', 'inner',
                                        'scores'])
        assert names.index('inner/token_table:0') < names.index('inner') < names.index('scores')
        assert de.tensor('inner/weight') is de.tensor('places')
        table, places = inner.get_weights()
        found = [de.session.run(de.tensor(name), {de.inputs[0]: tokens}) for name in (
            'token_table:0', 'token_table:1', 'inner/places')]
        values = [table[tokens], table[9 - tokens]]
        close(sorted([one.sum() for one in found[:2]]), sorted([one.sum() for one in values]), 1e-5)
        close(found[2], places[tokens % 3], 1e-6)
        got = de.explain('gradient', de.logits, de.tensor('places'), feed_dict={de.inputs[0]: tokens},
                         ys=np.ones((3, 5, 2)))
        assert got.shape == (3, 5, 4) and got.any()
