"""Tokens and the words that they make, by every kind of mark and by offsets."""
import numpy as np
import pytest

from deepexplain.text.tokenizers import reader_of
from deepexplain.text.tokens import NONE, Tokens, by_marks, by_offsets, marks_of, shortened

MARKED = {
    'wordpiece': (['un', '##believ', '##able', 'film', '##'], ['unbelievable', 'film', '##'], [0, 0, 0, 1, 2]),
    'bytes': (['The', 'Ġca', 'fÃ©', 's', 'Ġ!'], ['The', 'cafés', '!'], [0, 1, 1, 1, 2]),
    'pieces': (['▁un', 'able', '▁', 'film', '▁is'], ['unable', 'film', 'is'], [0, 0, 1, 1, 2]),
    'endings': (['un', 'able</w>', 'film</w>'], ['unable', 'film'], [0, 0, 1]),
    'joined': (['un@@', 'able', 'film'], ['unable', 'film'], [0, 0, 1]),
    'each': (['un', 'able', 'a b'], ['un', 'able', 'a b'], [0, 1, 2]),
}


@pytest.mark.parametrize('kind', sorted(MARKED))
def test_words_by_marks(kind):
    names, words, owners = MARKED[kind]
    assert by_marks(names, [False] * len(names), marks_of(names)) == (words, owners)


def test_special_tokens_end_words_and_are_none():
    names = ['[CLS]', 'un', '[SEP]', '##able', None, '##s']
    got = by_marks(names, [True, False, True, False, False, False], '##')
    assert got == (['un', '##able', '##s'], [NONE, 0, NONE, 1, NONE, 2])


def test_marks_are_those_of_the_vocabulary_not_of_one_sentence():
    assert marks_of(['cat', 'Ġsat']) == 'Ġ' and marks_of(['cat']) == ''
    # Without a mark in the sentence it is one word still.
    assert by_marks(['un', 'able'], [False] * 2, 'Ġ')[0] == ['unable']


def test_words_by_offsets():
    text = 'Unable  films.'
    spans = [(0, 0), (0, 2), (2, 6), (8, 12), (12, 13), (13, 14), (0, 0)]
    names = ['[CLS]', 'un', '##able', 'film', '##s', '.', '[SEP]']
    special = [name.startswith('[') for name in names]
    of_text = [None if one else 0 for one in special]
    assert by_offsets([text], special, names, of_text, [None, 0, 0, 1, 1, 2, None], spans) == (
        ['Unable', 'films', '.'], [NONE, 0, 0, 1, 1, 2, NONE])
    # A tokenizer that takes the whole for one word: white space tells them apart, in front of a token or between.
    assert by_offsets([text], special, names, of_text, [0] * 7, spans)[0] == ['Unable', 'films.']
    spaced = [(0, 0), (0, 2), (2, 6), (6, 12), (12, 13), (13, 14), (0, 0)]
    assert by_offsets([text], special, names, of_text, [0] * 7, spaced)[0] == ['Unable', 'films.']


def test_words_of_a_pair_are_apart():
    got = by_offsets(['a', 'b'], [False] * 2, ['a', 'b'], [0, 1], [0, 0], [(0, 1), (0, 1)])
    assert got == (['a', 'b'], [0, 1])


def test_what_is_too_long_loses_the_last_of_the_longer_sentence():
    tokens = Tokens([1, 10, 11, 12, 2, 20, 2], ['[', 'a', 'b', 'c', ']', 'd', ']'], ['a', 'bc', 'd'],
                    [NONE, 0, 1, 1, NONE, 2, NONE], [0, 0, 0, 0, 0, 1, 1])
    assert shortened(tokens, 7) is tokens
    got = shortened(tokens, 5)
    assert got == Tokens([1, 10, 2, 20, 2], ['[', 'a', ']', 'd', ']'], ['a', 'd'], [NONE, 0, NONE, 1, NONE],
                         [0, 0, 0, 1, 1], True)


class Encoder:
    """As tiktoken's: ids of pieces with the space in front of them."""
    pieces = ['the', ' fil', 'm', ' was']

    def encode(self, text):
        return [self.pieces.index(one) for one in ('the', ' fil', 'm', ' was')]

    def decode(self, ids):
        return ''.join(self.pieces[one] for one in ids)


class Pieces:
    """As a SentencePieceProcessor."""
    pieces = ['<s>', '▁the', '▁fil', 'm']

    def encode(self, text):
        return [0, 1, 2, 3]

    def id_to_piece(self, one):
        return self.pieces[one]

    def piece_to_id(self, piece):
        return self.pieces.index(piece) if piece in self.pieces else 0

    def is_control(self, one):
        return one == 0

    def pad_id(self):
        return -1


class Sequences:
    """As Keras's first Tokenizer."""
    word_index, index_word = {'the': 1, 'film': 2}, {1: 'the', 2: 'film'}

    def texts_to_sequences(self, texts):
        return [[self.word_index[word] for word in text.lower().split()] for text in texts]


KINDS = {
    'dict': ({'the': 3, 'film': 5, '[UNK]': 1}, [3, 5, 1], ['The', 'film', 'ran'], 3),
    'words': (lambda text: [7] * len(text.split()), [7, 7, 7], ['The', 'film', 'ran'], 3),
    'letters': (lambda text: np.arange(12), list(range(12)), list('The film ran'), 12),
    'named': (lambda text: ([1, 2, 3], [None, 'fil', '##m']), [1, 2, 3], ['film'], 3),
    'encode': (Encoder(), [0, 1, 2, 3], ['the', 'film', 'was'], 4),
    'pieces': (Pieces(), [0, 1, 2, 3], ['the', 'film'], 4),
}


@pytest.mark.parametrize('kind', sorted(KINDS))
def test_tokenizers(kind):
    tokenizer, ids, words, m = KINDS[kind]
    got = reader_of(tokenizer).read(['The film ran'], None)
    assert got.ids == ids and got.words == words and len(got.names) == len(got.owners) == len(got.types) == m
    assert reader_of(tokenizer).read(['The film ran'], 2).cut


def test_words_of_keras_first_tokenizer():
    got = reader_of(Sequences()).read(['The film'], None)
    assert got.ids == [1, 2] and got.words == ['the', 'film'] and reader_of(Sequences()).pad == 0


def test_ids_of_tokens():
    assert reader_of({'[PAD]': 4, 'a': 0, '[MASK]': 2})[1:3] == (4, 2)
    assert reader_of({'a': 0})[1:3] == (None, None)
    assert reader_of(Pieces()).id_of('▁the') == 1 and reader_of(Pieces()).id_of('nope') is None


@pytest.mark.parametrize('tokenizer, error, text', [
    (3, TypeError, 'tokenizer: expected a tokenizer of transformers, .* got int'),
    ({'a': 0}, ValueError, "vocabulary has no 'The', nor a token for unknown words"),
    (lambda text: [1, 2], ValueError, r'gives 2 ids for a string of 3 words.*return \(ids, words\)'),
    (lambda text: ([1, 2], ['a']), ValueError, 'gives 2 ids and 1 words'),
    (lambda text: 'ab', TypeError, r'the ids of a string|ids of a string.* not str'),
    (lambda text: [.5, .5, .5], TypeError, 'not list of shape'),
    ('/no/such/folder', ValueError, "no folder or file '/no/such/folder'"),
])
def test_what_is_no_tokenizer(tokenizer, error, text):
    with pytest.raises(error, match=text):
        reader_of(tokenizer).read(['The film ran'], None)
