"""Tokenizers of every kind as one: what reads a sentence."""
import os
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from .tokens import EACH, PIECES, SPACES, Tokens, by_marks, by_offsets, marks_of, shortened


class Reader(NamedTuple):
    """What reads sentences.

    Attributes:
        read: a function of a list of one text or, of a pair, two, and of the most tokens that are allowed (None: any
            number), to Tokens.
        pad, mask: the ids that stand for padding and for a word that is not told; None where there are none.
        id_of: a function from a token to its id, None for what is no token.
        left: whether padding goes before the tokens; None where that is not known.
        pairs: whether pairs are taken.
    """
    read: Callable[[List[str], Optional[int]], Tokens]
    pad: Optional[int] = None
    mask: Optional[int] = None
    id_of: Callable[[str], Optional[int]] = lambda token: None
    left: Optional[bool] = None
    pairs: bool = False


def reader_of(tokenizer: Any) -> Reader:
    """What reads sentences by a tokenizer, or TypeError where this is none."""
    if isinstance(tokenizer, (str, os.PathLike)):
        from .folders import load
        tokenizer = load(os.fspath(tokenizer))
    if isinstance(tokenizer, Mapping):
        return _of_words(tokenizer)
    if hasattr(tokenizer, 'convert_ids_to_tokens') and callable(tokenizer):
        return _of_huggingface(tokenizer)
    if hasattr(tokenizer, 'get_vocabulary') and callable(tokenizer):
        from .vectorization import reader_of_layer
        return reader_of_layer(tokenizer)
    if hasattr(tokenizer, 'texts_to_sequences'):
        words = tokenizer.index_word
        return Reader(_simple(lambda text: _named(tokenizer.texts_to_sequences([text])[0], words.get)), 0,
                      id_of=tokenizer.word_index.get)
    if hasattr(tokenizer, 'encode_batch') and hasattr(tokenizer, 'token_to_id'):
        return _of_tokenizers(tokenizer)
    piece = getattr(tokenizer, 'id_to_piece', None) or getattr(tokenizer, 'IdToPiece', None)
    if hasattr(tokenizer, 'encode') and piece is not None:
        return _of_sentencepiece(tokenizer, piece)
    if hasattr(tokenizer, 'encode'):
        if not hasattr(tokenizer, 'decode'):
            return Reader(_simple(tokenizer.encode))
        return Reader(_simple(lambda text: _named(tokenizer.encode(text), lambda one: str(tokenizer.decode([one])))))
    if callable(tokenizer):
        return Reader(_simple(tokenizer))
    raise TypeError('tokenizer: expected a tokenizer of transformers, tokenizers or SentencePiece, a '
                    'TextVectorization, a dict from words to ids, a function from a string to ids or to (ids, words), '
                    f'or the path of a folder that holds one, got {type(tokenizer).__name__}.')


def _of_huggingface(tokenizer: Any) -> Reader:
    fast = bool(getattr(tokenizer, 'is_fast', False))
    mark = EACH if fast else marks_of(list(tokenizer.get_vocab()))

    def encoded(texts: List[str], longest: Optional[int]) -> Any:
        options: Dict[str, Any] = {} if longest is None else {'truncation': True, 'max_length': longest}
        return tokenizer(*texts, return_special_tokens_mask=True, return_offsets_mapping=fast, verbose=False, **options)

    def read(texts: List[str], longest: Optional[int]) -> Tokens:
        limits = [one for one in (longest, getattr(tokenizer, 'model_max_length', None)) if one]
        found = encoded(texts, None)
        cut = bool(limits) and len(found['input_ids']) > min(limits)
        if cut:
            found = encoded(texts, min(limits))
        ids = [int(one) for one in found['input_ids']]
        names, special = list(tokenizer.convert_ids_to_tokens(ids)), [bool(one) for one in found['special_tokens_mask']]
        if fast:
            words, owners = by_offsets(texts, special, names, found.sequence_ids(0), found.word_ids(0),
                                       found['offset_mapping'])
        else:
            words, owners = by_marks(names, special, mark)
        return Tokens(ids, names, words, owners, list(found.get('token_type_ids', [0] * len(ids))), cut)

    def id_of(token: str) -> Optional[int]:
        found = tokenizer.convert_tokens_to_ids(token)
        return None if found is None or found == tokenizer.unk_token_id and token != tokenizer.unk_token else int(found)

    # Asked for a token that it has not, a slow one logs an error.
    known = getattr(tokenizer, 'special_tokens_map', {})
    pad, mask = [id_of(str(known[name])) if name in known else None for name in ('pad_token', 'mask_token')]
    return Reader(read, pad, mask, id_of, getattr(tokenizer, 'padding_side', 'right') == 'left', True)


def _of_tokenizers(tokenizer: Any) -> Reader:
    """A Tokenizer of the package tokenizers, whose own padding and truncation are left as they are."""
    def read(texts: List[str], longest: Optional[int]) -> Tokens:
        found = tokenizer.encode(*texts)
        cut = bool(found.overflowing)
        here = [place for place, seen in enumerate(found.attention_mask) if seen]
        special = [bool(found.special_tokens_mask[place]) for place in here]
        names = [found.tokens[place] for place in here]
        words, owners = by_offsets(texts, special, names, [found.sequence_ids[place] for place in here],
                                   [found.word_ids[place] for place in here], [found.offsets[place] for place in here])
        tokens = Tokens([found.ids[place] for place in here], names, words, owners,
                        [found.type_ids[place] for place in here], cut)
        return shortened(tokens, longest)

    padding = tokenizer.padding or {}
    pads = [tokenizer.token_to_id(one) for one in ('[PAD]', '<pad>')]
    masks = [tokenizer.token_to_id(one) for one in ('[MASK]', '<mask>')]
    return Reader(read, _first([padding.get('pad_id')] + pads), _first(masks), tokenizer.token_to_id,
                  padding.get('direction') == 'left', True)


def _of_sentencepiece(tokenizer: Any, piece: Callable[[int], str]) -> Reader:
    special: Any = getattr(tokenizer, 'is_control', None) or getattr(tokenizer, 'IsControl', lambda one: False)

    def read(text: str) -> Any:
        return _named(tokenizer.encode(text), lambda one: None if special(one) else str(piece(one)))

    def id_of(token: str) -> Optional[int]:
        found = (getattr(tokenizer, 'piece_to_id', None) or tokenizer.PieceToId)(token)
        return int(found) if piece(int(found)) == token else None

    pad = getattr(tokenizer, 'pad_id', lambda: -1)()
    return Reader(_simple(read, PIECES), pad if pad >= 0 else None, None, id_of, False)


def _of_words(vocabulary: Mapping[str, int]) -> Reader:
    """Words between white space by their ids: as they are written, in small letters, or the one for unknown words."""
    unknown = _first([vocabulary.get(one) for one in ('[UNK]', '<unk>', '<UNK>', 'UNK')])

    def read(text: str) -> Tuple[List[int], List[str]]:
        words = text.split()
        ids = [_first([vocabulary.get(word), vocabulary.get(word.lower()), unknown]) for word in words]
        if None in ids:
            raise ValueError("tokenizer: its vocabulary has no '%s', nor a token for unknown words ([UNK], <unk>)."
                             % words[ids.index(None)])
        return [one for one in ids if one is not None], words

    pads = [vocabulary.get(one) for one in ('[PAD]', '<pad>', '<PAD>', '')]
    masks = [vocabulary.get(one) for one in ('[MASK]', '<mask>')]
    return Reader(_simple(read, EACH), _first(pads), _first(masks), vocabulary.get, False)


def _simple(encode: Callable[[str], Any], mark: Optional[str] = None) -> Callable[[List[str], Optional[int]], Tokens]:
    """What reads by a function from a string to ids, or to ids and their tokens, None for special ones."""
    def read(texts: List[str], longest: Optional[int]) -> Tokens:
        found = encode(texts[0])
        names: Optional[Sequence[Any]] = None
        if isinstance(found, tuple) and len(found) == 2 and np.ndim(found[0]) == 1 and np.ndim(found[1]) == 1:
            found, names = found[0], list(found[1])
        found = getattr(found, 'ids', found)
        ids = np.asarray(found.numpy() if hasattr(found, 'numpy') else found)
        ids = ids[0] if ids.ndim == 2 and len(ids) == 1 else ids
        if ids.ndim != 1 or len(ids) and ids.dtype.kind not in 'iu':
            raise TypeError('tokenizer: expected it to return ids of a string, a list of ints, or (ids, words), not '
                            f'{type(found).__name__} of shape {ids.shape} and dtype {ids.dtype}.')
        how = mark
        if names is None:
            how, names = EACH, next((one for one in (texts[0].split(), list(texts[0])) if len(one) == len(ids)), None)
            if names is None:
                raise ValueError('tokenizer: it gives %d ids for a string of %d words, so which word is whose is not '
                                 'known: let it return (ids, words), with None for what is no word.' % (
                                     len(ids), len(texts[0].split())))
        if len(names) != len(ids):
            raise ValueError(f'tokenizer: it gives {len(ids)} ids and {len(names)} words.')
        shown = [str(name) for name in names if name is not None]
        if how is None:
            how = SPACES if _spaced(shown) else marks_of(shown)
        words, owners = by_marks([None if name is None else str(name) for name in names],
                                 [name is None for name in names], how)
        tokens = Tokens([int(one) for one in ids], ['(%d)' % one if name is None else str(name)
                                                    for one, name in zip(ids, names)], words, owners, [0] * len(ids))
        return shortened(tokens, longest)

    return read


def _spaced(names: Sequence[str]) -> bool:
    """Whether tokens have the space between words in them."""
    return any(name[:1].isspace() or name[-1:].isspace() for name in names)


def _named(ids: Any, name_of: Callable[[int], Optional[str]]) -> Tuple[List[int], List[Optional[str]]]:
    """Ids, of whatever holds them, and their tokens."""
    found = [int(one) for one in getattr(ids, 'ids', ids)]
    return found, [name_of(one) for one in found]


def _first(ids: Sequence[Optional[int]]) -> Optional[int]:
    """The first that there is."""
    return next((int(one) for one in ids if one is not None), None)

