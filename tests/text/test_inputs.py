"""What of a model takes ids, masks and the like: found on the graph, fed by name."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.graph.lookups import lookups_of
from deepexplain.text import Text

RNG = np.random.RandomState(0)
WORDS, TYPES, PLACES = [RNG.randn(size, 4).astype('f') for size in (12, 2, 9)]
VOCABULARY = {word: number for number, word in enumerate('[PAD] a b c d e'.split())}


def lookup(table, ids):
    return tf.nn.embedding_lookup(tf.Variable(table), ids)


def placeholder(name, *shape, dtype=tf.int32):
    return tf.placeholder(dtype, [None] + list(shape), name=name)


def test_inputs_by_name(session):
    """T is the sum over tokens of (word + type + place) where the mask is 1, over the number of tokens."""
    ids, types = placeholder('tokens', None), placeholder('token_type_ids', None, dtype=tf.int64)
    mask, places = placeholder('attention_mask', None, dtype=tf.float32), placeholder('position_ids', None)
    length = placeholder('lengths')
    vectors = lookup(WORDS, ids)
    whole = vectors + lookup(TYPES, types) + lookup(PLACES, places)
    T = tf.reduce_sum(whole * mask[..., None], 1) / tf.cast(length, tf.float32)[:, None]
    initialise(session)
    with DeepExplain(session=session) as de:
        text = Text(de, VOCABULARY, T, length=6)
        assert text.X is vectors and text.ids is ids
        one, = text.explain('grad*input', ['a b c'], 1)
        close(one.attributions, WORDS[[1, 2, 3], 1] / 3, 1e-5)
        close(one.score, (WORDS[[1, 2, 3], 1] + TYPES[0, 1] + PLACES[:3, 1]).mean(), 1e-5)
        assert one.rest == 0
        # What is in the feed_dict goes before, and rows of n are cut along with the sentences.
        given = np.array([[1] * 6, [0] * 6])
        first, second = text.explain('grad*input', ['a b c', 'd e'], 1, feed_dict={types: given})
        close(second.score, (WORDS[[4, 5], 1] + TYPES[0, 1] + PLACES[:2, 1]).mean(), 1e-5)
        close(first.score, (WORDS[[1, 2, 3], 1] + TYPES[1, 1] + PLACES[:3, 1]).mean(), 1e-5)


def test_places_that_are_made_of_ids_are_no_ids(session):
    """As RoBERTa makes them."""
    ids = placeholder('input_ids', None)
    seen = tf.cast(tf.not_equal(ids, 0), tf.int32)
    vectors = lookup(WORDS, ids)
    T = tf.reduce_sum(vectors + lookup(PLACES, tf.cumsum(seen, 1) * seen), 1)
    assert [one.vectors for one in lookups_of(ids, T)] == [vectors]


@pytest.mark.parametrize('how', ['flat', 'clipped', 'of floats', 'gather_nd'])
def test_ways_of_looking_up(session, how):
    ids = placeholder('ids', 3, dtype=tf.float32 if how == 'of floats' else tf.int64)
    table = tf.Variable(WORDS)
    if how == 'flat':
        vectors = tf.reshape(tf.gather(table, tf.reshape(ids, [-1])), [-1, 3, 4])
    elif how == 'gather_nd':
        vectors = tf.gather_nd(table, ids[..., None])
    else:
        vectors = tf.gather(table, tf.minimum(tf.cast(ids, tf.int32), 4))
    T = tf.reduce_sum(vectors, 1)
    initialise(session)
    with DeepExplain(session=session) as de:
        text = Text(de, VOCABULARY, T)
        assert text.X is vectors
        one, = text.explain('grad*input', ['b e'], 2)
        close(one.attributions, WORDS[[2, 4 if how in ('clipped', 'of floats') else 5], 2], 1e-5)


def test_several_tables_are_added_up(session):
    ids = placeholder('ids', None)
    T = tf.reduce_sum(lookup(WORDS, ids), 1) + 2 * tf.reduce_sum(lookup(WORDS[:, ::-1].copy(), ids), 1)
    initialise(session)
    with DeepExplain(session=session) as de:
        text = Text(de, VOCABULARY, T)
        assert len(text.X) == 2
        for method, options in (('grad*input', {}), ('occlusion', {'baseline': .0}), ('intgrad', {'baseline': 'e'})):
            one, = text.explain(method, ['b c'], 0, **options)
            each = WORDS[:, 0] + 2 * WORDS[:, 3]
            close(one.attributions, each[[2, 3]] - (each[5] if method == 'intgrad' else 0), 1e-4)


def test_several_inputs_of_ids_have_to_be_told_apart(session):
    left, right = placeholder('left', None), placeholder('right', None)
    T = tf.reduce_sum(lookup(WORDS, left), 1) + tf.reduce_sum(lookup(WORDS, right), 1)
    initialise(session)
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError, match="may be each of the inputs 'left', 'right': say which one by ids="):
            Text(de, VOCABULARY, T)
        for ids in (right, 'right', 'right:0'):
            one, = Text(de, VOCABULARY, T, ids=ids).explain('grad*input', ['a'], 0, feed_dict={left: [[2, 3]]})
            close(one.attributions, WORDS[[1], 0], 1e-5)
        with pytest.raises(RuntimeError, match="needs the placeholder 'left:0'"):
            Text(de, VOCABULARY, T, ids=right).explain('grad*input', ['a'], 0)


def test_x_that_is_told(session):
    """An embedding by one-hot vectors is not seen."""
    ids = placeholder('ids', None)
    vectors = tf.tensordot(tf.one_hot(ids, 12), tf.Variable(WORDS), 1)
    T = tf.reduce_sum(vectors, 1)
    initialise(session)
    with DeepExplain(session=session) as de:
        with pytest.raises(ValueError, match="'ids' and T .*give ids= and X="):
            Text(de, VOCABULARY, T)
        one, = Text(de, VOCABULARY, T, X=vectors, ids=ids).explain('grad*input', ['b'], 0)
        close(one.attributions, WORDS[[2], 0], 1e-5)
        with pytest.raises(ValueError, match=r'X must have the shape \(n, length, depth\), here \(1, 1, .depth.\)'):
            Text(de, VOCABULARY, T, X=T, ids=ids).explain('grad*input', ['b'], 0)
