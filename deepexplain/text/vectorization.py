"""Keras's TextVectorization, as a tokenizer and inside of a model."""
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.graph.walks import ancestors
from .tokenizers import Reader
from .tokens import Tokens, shortened

#: What turns a word into its id: the places of the words among their inputs.
_NUMBERING = {'LookupTableFindV2': 1, 'LookupTableFind': 1, 'StringToHashBucketFast': 0, 'StringToHashBucketStrong': 0,
              'StringToHashBucket': 0}


def reader_of_layer(layer: Any) -> Reader:
    """What reads sentences by a TextVectorization."""
    mode = layer.get_config().get('output_mode', 'int')
    if mode != 'int':
        raise TypeError(f"tokenizer: a TextVectorization with output_mode='int' is needed, not '{mode}', where words "
                        'have no places.')
    vocabulary = [str(one) for one in layer.get_vocabulary()]
    ids = {word: number for number, word in enumerate(vocabulary)}

    def read(texts: List[str], longest: Optional[int]) -> Tokens:
        found = layer(tf.constant(texts))
        if not hasattr(found, 'numpy'):
            raise RuntimeError('tokenizer: a TextVectorization reads in eager mode alone, and that is off here: give a '
                               'function from a string to (ids, words).')
        row = np.asarray(found.numpy()[0])
        row = row[:int(np.flatnonzero(row)[-1]) + 1 if row.any() else 0]
        names = [vocabulary[one] if one < len(vocabulary) else '[UNK]' for one in row]
        tokens = _one_each(row, _as_written(texts[0], names, layer) or names)
        # The layer cuts by itself.
        cut = len(row) == found.shape[1] and len(row) < sum(any(map(str.isalnum, word)) for word in texts[0].split())
        return shortened(tokens._replace(cut=cut), longest)

    return Reader(read, 0, None, ids.get, False)


def _as_written(text: str, names: List[str], layer: Any) -> Optional[List[str]]:
    """The words as the text has them, where each is one of the layer's, which knows no case and no punctuation."""
    config = layer.get_config()
    if config.get('split') != 'whitespace' or config.get('ngrams') is not None:
        return None
    written = [word for word in text.split() if any(one.isalnum() for one in word)]
    fits = len(written) == len(names) and all(name in ('[UNK]', '') or _bare(word) == _bare(name)
                                              for word, name in zip(written, names))
    return written if fits else None


def _bare(word: str) -> str:
    return ''.join(one for one in word.lower() if one.isalnum())


def _one_each(ids: Any, names: Sequence[str]) -> Tokens:
    """Tokens that are a word each."""
    return Tokens([int(one) for one in ids], list(names), list(names), list(range(len(ids))), [0] * len(ids))


def reader_of_model(session: tf.Session, text: tf.Tensor, ids: tf.Tensor) -> Reader:
    """What reads sentences as a model does that takes strings.

    Args:
        text: its placeholder, of shape (n,) or (n, 1).
        ids: what it makes of them, of shape (n, length).
    """
    between = [op for op in ancestors(ids, {text.name}) if op.type in _NUMBERING]
    names = {_unwrapped(op.inputs[_NUMBERING[op.type]]).name: _unwrapped(op.inputs[_NUMBERING[op.type]])
             for op in between if op.inputs[_NUMBERING[op.type]].dtype == tf.string}
    if len(names) != 1:
        raise ValueError("text: the model makes ids of '%s' in a way in which its words are not seen: give X, the "
                         'tensor of embeddings, to de.explain instead.' % text.op.name)
    (words,) = names.values()

    def read(texts: List[str], longest: Optional[int]) -> Tokens:
        got, row = session.run([words, ids], {text: fed(text, texts)})
        found = [_decoded(one) for one in np.ravel(got)]
        while np.ndim(got) > 1 and found and not found[-1]:
            found.pop()
        if np.ndim(row) != 2:
            raise ValueError(f"text: the ids of '{text.op.name}' must be of shape (n, length), not {np.shape(row)}.")
        return _one_each(row[0][:len(found)], found[:row.shape[1]])._replace(cut=row.shape[1] < len(found))

    return Reader(read, 0, left=False)


def fed(placeholder: tf.Tensor, texts: Sequence[str]) -> np.ndarray:
    """Strings in the shape of the placeholder."""
    found = np.array(list(texts), object)
    return found[:, np.newaxis] if placeholder.shape.ndims == 2 else found


def _unwrapped(tensor: tf.Tensor) -> tf.Tensor:
    while tensor.op.type == 'Identity':
        tensor = tensor.op.inputs[0]
    return tensor


def _decoded(word: Any) -> str:
    return word.decode('utf-8', 'replace') if isinstance(word, bytes) else str(word)


__all__: Tuple[str, ...] = ('fed', 'reader_of_layer', 'reader_of_model')
