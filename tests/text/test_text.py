"""Text: the words of sentences and what each of them did, by hand."""
import warnings

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close, initialise

from deepexplain import plotting
from deepexplain.tensorflow import DeepExplain
from deepexplain.text import Explained, Text

VOCABULARY = {word: number for number, word in enumerate(
    ['[PAD]', '[UNK]', '[MASK]', 'the', 'film', 'was', 'good', 'bad'])}
TABLE = np.random.RandomState(1).randn(12, 4).astype('f')
W = np.random.RandomState(2).randn(4, 3).astype('f')
SENTENCES = ['The film was good', 'bad film', 'the bad bad film was bad']
IDS = [[VOCABULARY[word] for word in sentence.lower().split()] for sentence in SENTENCES]


def subwords(text):
    """'[CLS]', words of two tokens each, the second '##s', '[SEP]'."""
    ids = [VOCABULARY[word] for word in text.lower().split()]
    pairs = [one for number in ids for one in (number, 9)]
    names = [one for word in text.split() for one in (word, '##s')]
    return [10] + pairs + [11], [None] + names + [None]


def model(length=None, ids=None, bent=lambda x: x, batch=None):
    """ids and T = sum over tokens of bent(embedding) W."""
    ids = tf.placeholder(tf.int32, [batch, length], name='ids') if ids is None else ids
    vectors = tf.nn.embedding_lookup(tf.Variable(TABLE), ids)
    return ids, tf.einsum('ntd,dk->nk', bent(vectors), tf.constant(W))


def scores(ids, bent=lambda x: x):
    return bent(TABLE[np.array(ids, int)]).sum(0) @ W


@pytest.fixture
def opened(session):
    """A function that gives the Text of a model, inside of its context."""
    contexts = []

    def make(T, tokenizer=VOCABULARY, **options):
        initialise(session)
        contexts.append(DeepExplain(session=session))
        return Text(contexts[-1].__enter__(), tokenizer, T, **options)

    yield make
    for one in contexts:
        one.__exit__(None, None, None)


def test_words_of_a_linear_model(opened):
    _, T = model()
    text = opened(T)
    got = text.explain('intgrad', SENTENCES, steps=2, return_convergence_delta=True)
    for one, sentence, ids in zip(got, SENTENCES, IDS):
        assert isinstance(one, Explained) and one.sentence == sentence and one.words == one.tokens == sentence.split()
        assert one.unit == scores(ids).argmax() and isinstance(one.unit, int)
        close(one.attributions, TABLE[ids] @ W[:, one.unit], 1e-5)
        close(one.score, scores(ids).max(), 1e-5)
        assert one.rest == 0 and abs(one.delta) < 1e-4
        np.testing.assert_array_equal(one.token_attributions, one.attributions)


def test_no_result_hangs_on_the_sentences_beside_it(opened):
    """Nothing here is masked: padding would count."""
    _, T = model(bent=tf.tanh)
    text = opened(T)
    for method, options in (('intgrad', {}), ('smoothgrad', dict(seed=3)), ('occlusion', {}),
                            ('shapley_sampling', dict(seed=1))):
        together = text.explain(method, SENTENCES, **options)
        for number, sentence in enumerate(SENTENCES):
            if method == 'smoothgrad':
                options = dict(options, ids=number)
            alone, = text.explain(method, [sentence], **options)
            close(alone.attributions, together[number].attributions, 1e-5)


def test_padding_to_the_length_of_the_model(opened):
    _, T = model(length=5)
    text = opened(T)
    one, = text.explain('intgrad', SENTENCES[1:2], ys=2, steps=1)
    close(one.attributions, TABLE[IDS[1]] @ W[:, 2], 1e-5)
    close(one.rest, 3 * TABLE[0] @ W[:, 2], 1e-5)
    assert len(one.tokens) == len(one.token_attributions) == 2
    with pytest.warns(UserWarning, match=r'cut: 1 of 2, first sentences\[1\] after 5 tokens'):
        _, cut = text.explain('intgrad', SENTENCES[1:], ys=2, steps=1)
    assert cut.words == SENTENCES[2].split()[:5]


def test_a_length_and_a_padding_of_ones_own(opened):
    _, T = model()
    one, = opened(T, length=3, pad=8).explain('grad*input', SENTENCES[1:2], ys=0)
    close(one.rest, TABLE[8] @ W[:, 0], 1e-5)


def test_padding_that_nobody_has_told_is_said_once(opened):
    _, T = model(length=4)
    text = opened(T, lambda one: [8] * len(one.split()))
    with pytest.warns(UserWarning, match='less than 4 tokens are padded with the id 0 on the right; the tok'):
        text.explain('gradient', ['a b'])
    for told in (text, opened(T, lambda one: ([8, 5], ['a', 'b']), pad=3, padding='left')):
        with warnings.catch_warnings():
            warnings.simplefilter('error', UserWarning)
            one, = told.explain('grad*input', ['a b'], 1)
    close(one.attributions, TABLE[[8, 5]] @ W[:, 1], 1e-5)
    close(one.rest, 2 * TABLE[3] @ W[:, 1], 1e-5)
    taken, = told.explain('occlusion', ['a b'], 1)
    close(taken.attributions, (TABLE[[8, 5]] - TABLE[3]) @ W[:, 1], 1e-5)
    with pytest.raises(ValueError, match="padding: expected 'left' or 'right', got 'up'"):
        opened(T, padding='up')


def test_subwords_are_added_up_and_special_tokens_left_out(opened):
    _, T = model()
    one, = opened(T, subwords).explain('grad*input', ['good film'], ys=1)
    each = TABLE @ W[:, 1]
    assert one.words == ['goods', 'films'] and one.tokens == ['(10)', 'good', '##s', 'film', '##s', '(11)']
    close(one.attributions, [each[6] + each[9], each[4] + each[9]], 1e-5)
    close(one.token_attributions, each[[10, 6, 9, 4, 9, 11]], 1e-5)
    close(one.rest, each[10] + each[11], 1e-5)
    close(one.attributions.sum() + one.rest, one.score, 1e-5)


@pytest.mark.parametrize('baseline', ['[MASK]', 2])
def test_a_token_as_the_baseline(opened, baseline):
    _, T = model(bent=tf.tanh)
    text = opened(T, subwords if baseline == 2 else VOCABULARY)
    got, = text.explain('deeplift', ['good film'], ys=1, baseline=baseline)
    here = [10, 6, 9, 4, 9, 11] if baseline == 2 else [6, 4]
    each = (np.tanh(TABLE[here]) - np.tanh(TABLE[2])) @ W[:, 1]
    if baseline == 2:
        each = [each[1] + each[2], each[3] + each[4]]
    close(got.attributions, each, 1e-4)
    assert got.rest == 0  # Special tokens stay.


def test_a_number_and_an_array_as_the_baseline(opened):
    _, T = model()
    text = opened(T)
    for value, want in ((.5, .5), (TABLE[:2], TABLE[:2])):
        one, = text.explain('intgrad', SENTENCES[1:2], ys=1, baseline=value, steps=1)
        close(one.attributions, (TABLE[IDS[1]] - want) @ W[:, 1], 1e-5)


@pytest.mark.parametrize('method', ['occlusion', 'shapley_sampling'])
@pytest.mark.parametrize('by', ['words', 'tokens'])
def test_words_are_taken_away_by_another_token_in_their_place(opened, method, by):
    """On the ids, so that what is made of them changes too: T = (sum of tanh) times the number of tokens above 2."""
    ids, T = model(bent=tf.tanh)
    T = T * tf.reduce_sum(tf.cast(ids > 2, tf.float32), 1, keepdims=True)

    def value(row):
        return (scores(row, np.tanh) * (np.array(row) > 2).sum())[0]

    text = opened(T, subwords)
    options = {'samples': 60, 'seed': 0} if method == 'shapley_sampling' else {}
    got, other = text.explain(method, ['good film', 'bad film film'], ys=0, baseline=2, by=by, **options)
    row = [10, 6, 9, 4, 9, 11]
    players = [[1, 2], [3, 4]] if by == 'words' else [[1], [2], [3], [4]]

    def without(*gone):
        return value([2 if place in sum(gone, []) else one for place, one in enumerate(row)])

    assert other.words == ['bads', 'films', 'films']
    if method == 'occlusion':
        each = [value(row) - without(one) for one in players]
        want = each if by == 'words' else [each[0] + each[1], each[2] + each[3]]
        close(got.attributions, want, 1e-4)
        assert got.rest == 0
    elif by == 'words':
        first = [(value(row) - without(players[0]) + without(players[1]) - without(*players)) / 2]
        close(got.attributions[0] / first[0], 1, .2)
        close(got.attributions.sum(), value(row) - without(*players), 1e-4)


def test_without_a_token_for_absence_vectors_are_zeros(opened):
    _, T = model(bent=tf.tanh)
    one, = opened(T, lambda text: ([3, 9, 4], ['a', '##s', 'b'])).explain('occlusion', ['x'], ys=1)
    each = np.tanh(TABLE[[3, 9, 4]]) @ W[:, 1]
    close(one.attributions, [each[0] + each[1], each[2]], 1e-4)


def test_more_sentences_add_nothing_to_the_graph(opened, session):
    _, T = model(bent=tf.tanh)
    text = opened(T, subwords)

    def both(sentences):
        for method in ('occlusion', 'shapley_sampling', 'intgrad'):
            text.explain(method, sentences, baseline=2)
        return len(session.graph.get_operations())

    before = both(SENTENCES[:1])
    assert both(SENTENCES) == before


def test_targets(opened):
    _, T = model()
    text = opened(T)
    for ys, units in (([2, 0, 1], [2, 0, 1]), (np.array([2, 0, 1]), [2, 0, 1]), (1, [1, 1, 1])):
        assert [one.unit for one in text.explain('gradient', SENTENCES, ys)] == units
    weights = np.array([[1., -1, 0], [0, 1, 0], [0, 0, 2]])
    for one, ids, w in zip(text.explain('grad*input', SENTENCES, weights), IDS, weights):
        assert one.unit is None
        close(one.attributions, TABLE[ids] @ W @ w, 1e-4)
    whole = text.explain('grad*input', SENTENCES, None)[0]
    assert whole.unit is None
    close(whole.score, scores(IDS[0]).sum(), 1e-4)
    for one, ids, label in zip(text.explain('grad*input', SENTENCES, ('max', [2, 0, 0])), IDS, [2, 0, 0]):
        assert one.unit is None
        close(one.attributions, TABLE[ids] @ W @ (np.eye(3)[scores(ids).argmax()] - np.eye(3)[label]), 1e-4)
    with pytest.raises(ValueError, match='ys: expected one for each of the 3 sentences, got 2'):
        text.explain('gradient', SENTENCES, [1, 2])
    with pytest.raises(RuntimeError, match="ys='all' explains several units one beside another.* here there is one"):
        text.explain('gradient', SENTENCES, 'all')


def test_a_target_of_one_number_and_one_of_places(opened):
    _, T = model()
    one, = opened(tf.reduce_sum(T, 1)).explain('grad*input', SENTENCES[:1])
    assert one.unit is None
    close(one.attributions, (TABLE[IDS[0]] @ W).sum(1), 1e-4)
    place, = opened(tf.reshape(T, [-1, 3, 1])).explain('grad*input', SENTENCES[:1], (2, 0))
    assert place.unit == (2, 0)
    close(place.attributions, TABLE[IDS[0]] @ W[:, 2], 1e-4)


def test_a_batch_of_one_row(opened):
    _, T = model(batch=1)
    got = opened(T).explain('grad*input', ['good film', 'bad film'], ys=0)
    close(got[1].attributions, TABLE[IDS[1]] @ W[:, 0], 1e-4)


def test_pictures_take_results(opened):
    _, T = model()
    one, = opened(T).explain('grad*input', SENTENCES[1:2], ys=0)
    assert str(one) == plotting.words(one, colour=False) == plotting.words(one.words, one.attributions, colour=False)
    assert one._repr_html_() == plotting.words_html(one) == plotting.words_html(one.words, one.attributions)
    assert [item.get_text() for item in plotting.text(one).texts] == ['bad', 'film']
    with pytest.raises(ValueError, match='attributions: expected shape'):
        plotting.words(['a'])


@pytest.mark.parametrize('call, error, text', [
    (lambda text: text.explain('intgrad', 'good film'), TypeError, 'sentences: expected a list of strings, got one'),
    (lambda text: text.explain('intgrad', []), ValueError, 'sentences: expected at least one'),
    (lambda text: text.explain('intgrad', ['a', 3]), TypeError, r'sentences\[1\]: expected a string, got int'),
    (lambda text: text.explain('intgrad', [('a', 'b')]), TypeError, r'sentences\[0\]: the tokenizer takes a string'),
    (lambda text: text.explain('intgrad', ['']), ValueError, r'sentences\[0\] has no tokens'),
    (lambda text: text.explain('intgrad', ['good'], baseline='[X]'), ValueError, r"no token '\[X\]'"),
    (lambda text: text.explain('occlusion', ['good'], by='rows'), ValueError, "by: expected 'words' or 'tokens'"),
    (lambda text: text.explain('occlusion', ['good'], window_shape=(1,)), TypeError, 'window_shape is not for text'),
    (lambda text: text.explain('intgra', ['good']), RuntimeError, 'Method must be in'),
    (lambda text: text.explain('gradient', ['good'], baseline='film'), TypeError, "no option 'baseline'"),
])
def test_errors_of_explain(opened, call, error, text):
    with pytest.raises(error, match=text):
        call(opened(model()[1]))


def test_errors_at_the_door(opened, session):
    ids, T = model()
    floats = tf.placeholder(tf.float32, [None, 4], name='numbers')
    for options, error, text in [
            (dict(T=tf.matmul(floats, W)), ValueError, "no lookup of an embedding by ids is seen between 'numbers'"),
            (dict(ids='nope'), ValueError, "ids: expected an input that T depends on, or its name, of .*, got 'nope'"),
            (dict(length=0), ValueError, 'length: expected an int of at least 1, got 0'),
            (dict(pad='x'), ValueError, "pad: expected an int of at least 0, got 'x'"),
            (dict(tokenizer=None), TypeError, r"the model takes ids \('ids'\): give the tokenizer"),
            (dict(T=3), TypeError, 'T: expected a tensor, got int')]:
        with pytest.raises(error, match=text):
            opened(**dict(dict(T=T), **options))
    with DeepExplain(session=session) as de, pytest.raises(TypeError, match='T: a context of your own session'):
        Text(de, VOCABULARY)
    with pytest.raises(TypeError, match='de: expected what DeepExplain'):
        Text(session, VOCABULARY)
    with pytest.raises(ValueError, match="length: 'ids.*' takes 5 tokens, not 6"):
        opened(model(length=5)[1], length=6)


def test_nothing_is_said_that_need_not_be(opened):
    _, T = model(bent=tf.tanh)
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        text = opened(T, subwords)
        for method in ('intgrad', 'deeplift', 'occlusion', 'shapley_sampling', 'saliency', 'lrp.epsilon'):
            text.explain(method, SENTENCES)
