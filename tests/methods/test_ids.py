"""Ids and strings as X: gradients name what to explain in their place; occlusion and Shapley sampling take them."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import REQUIRED, Counting, close, initialise, weights

from deepexplain.tensorflow import DeepExplain
from deepexplain.tensorflow.methods import attribution_methods

WORDS = np.array([['good', 'film', ''], ['bad', 'film', 'good']])
WORTH = {'good': 3., 'bad': -2., 'film': .5, '': 0., '[MASK]': 1.}


@pytest.fixture
def text(session):
    """Words, their ids, what is looked up for these, and T: the sum of what the words are worth."""
    words = tf.placeholder(tf.string, [None, None], name='words')
    known = sorted(WORTH)
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(
        tf.constant(known), tf.constant(list(range(len(known))), tf.int64)), 0)
    ids = tf.identity(table.lookup(words), name='ids')
    looked_up = tf.nn.embedding_lookup(tf.constant([[WORTH[word]] for word in known]), ids, name='table')
    T = tf.reduce_sum(looked_up, 1)
    session.run(tf.tables_initializer())
    return words, ids, looked_up, T


def test_what_needs_gradients_names_what_to_explain(session, text):
    words, ids, _, T = text
    before = len(session.graph.get_operations())
    with DeepExplain(session=session) as de:
        for method in sorted(name for name, one in attribution_methods.items() if one.differentiates):
            for x, kind in ((words, 'string'), (ids, 'int64')):
                with pytest.raises(RuntimeError) as error:
                    de.get_explainer(method, T, x, **REQUIRED.get(method, {}))
                assert "X ('%s', %s): the gradient stops at" % (x.name, kind) in str(error.value)
                assert str(error.value).endswith("Nearest to X that can be explained instead: 'table:0'.")
    assert len(session.graph.get_operations()) == before


@pytest.mark.parametrize('baseline', ['', '[MASK]', b'[MASK]', np.array(['', '[MASK]', 'film'])])
def test_words_with_a_word_that_stands_for_nothing(session, text, baseline):
    words, _, _, T = text
    value = np.vectorize(WORTH.get)
    nothing = value(np.vectorize(lambda one: one.decode() if isinstance(one, bytes) else one)(
        np.array(baseline, dtype=object)))
    want = value(WORDS) - nothing
    with DeepExplain(session=session) as de:
        for method, options in (('occlusion', {}), ('shapley_sampling', dict(seed=0))):
            got = de.explain(method, T, words, WORDS, baseline=baseline, **options)
            assert got.dtype == np.float32 and got.shape == WORDS.shape
            close(got, want, 1e-5)
            close(de.explain(method, T, words, WORDS.tolist(), 0, 1, baseline=baseline, **options), want, 1e-5)
            explainer = de.get_explainer(method, T, words, baseline=baseline, **options)
            close(explainer.run(WORDS.astype(object)), want, 1e-5)
        pairs = de.explain('occlusion', T, words, WORDS, baseline=baseline, feature_mask=[0, 0, 1], per_group=True)
        close(pairs, np.stack([want[:, :2].sum(1), want[:, 2]], 1), 1e-5)


def test_ids_with_an_id_that_stands_for_nothing(session, text):
    _, ids, _, T = text
    known = sorted(WORTH)
    tokens = np.vectorize(known.index)(WORDS)
    with DeepExplain(session=session) as de:
        for method, options in (('occlusion', {}), ('shapley_sampling', dict(seed=0))):
            got = de.explain(method, T, ids, tokens, baseline=known.index('[MASK]'), **options)
            close(got, np.vectorize(WORTH.get)(WORDS) - 1, 1e-5)


def test_strings_without_a_baseline(session, text):
    words, _, _, T = text
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        for method in ('occlusion', 'shapley_sampling'):
            with pytest.raises(ValueError, match=r"baseline must say which string .* nothing in X \('words:0'\)"):
                de.explain(method, T, words, WORDS)
    assert not counting.calls


def test_numbers_are_no_strings(session, text):
    words, ids, _, T = text
    counting = Counting(session)
    with DeepExplain(session=counting) as de:
        explainer = de.get_explainer('occlusion', T, words, baseline='')
        for xs, kind in ((np.ones((2, 3)), 'float'), ([[1, 2, 3]], 'int'), ([['good', None, 'x']], 'NoneType')):
            with pytest.raises(ValueError, match="xs must be an array of strings, .*'words:0' .* not of %s" % kind):
                explainer.run(xs)
        with pytest.raises(ValueError, match=r"feed_dict\['words:0'\] must be an array of strings, .* not of int"):
            de.explain('occlusion', T, ids, feed_dict={words: [[1, 2]]})
        with pytest.raises(ValueError, match='xs must be an array of strings, .* not of float'):
            de.explain('occlusion', T, words, [[1., 2.]], baseline='', rows='together')
    assert not counting.calls


def test_whole_texts_and_what_has_no_inner_tensor(session):
    text = tf.placeholder(tf.string, [None], name='text')
    T = tf.cast(tf.strings.length(text), tf.float32)
    with DeepExplain(session=session) as de:
        close(de.explain('occlusion', T, text, ['four', 'seventy'], baseline='no'), [2, 5], 1e-6)
        with pytest.raises(RuntimeError, match='occlusion and shapley_sampling take it as it is, with a baseline.'):
            de.get_explainer('gradient', T, text)


def test_counts_keep_zero(session, rng):
    counts = tf.placeholder(tf.int32, [None, 3])
    T = tf.matmul(tf.cast(counts, tf.float32), weights(rng, 3, 2))
    initialise(session)
    with DeepExplain(session=session) as de:
        assert de.explain('occlusion', T, counts, [[1, 2, 0]], 1).any()
