"""Text: sentences in, words with attributions out."""
from typing import Any, Dict, List, Mapping, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.context import DeepExplain
from ..tensorflow.graph.walks import ancestors
from ..tensorflow.messages import warn
from ..tensorflow.methods import attribution_methods
from ..tensorflow.methods.perturbation import PerturbationAttribution
from ..tensorflow.opening import OpenedModel
from ..tensorflow.runs.keys import Keys
from ..units import units_of
from .batches import Batch, batches_of, checked_sentences, names_units, of_places, replaced, summed, ys_of
from .inputs import inputs_of
from .results import Explained, result_of
from .tokenizers import Reader, reader_of
from .tokens import Tokens
from .vectorization import fed, reader_of_model

#: What perturbation methods are told here, since sentences differ.
_GROUPED = ('window_shape', 'step', 'feature_mask', 'per_group', 'sampling_dims')


class Text:
    """A model of text and its tokenizer.

        with DeepExplain.open(model) as de:
            text = Text(de, tokenizer)
            for one in text.explain('intgrad', ['a fine film', 'a dull one']):
                print(one.words, one.attributions)

    Words are explained by what the model looks up by their ids, the embeddings. These are found on the graph, and so
    are the inputs that go with the ids, by their names: masks (1 for tokens, 0 for padding), token types, positions,
    lengths. Sentences are padded only where the model takes one number of tokens alone; others are explained with those
    of their own number, so that no result hangs on the sentences beside it.

    Args:
        de: the context: what `DeepExplain.open` returns, or `DeepExplain(session=...)`, which needs T.
        tokenizer: of transformers, tokenizers or SentencePiece; a Keras TextVectorization; an object with `encode`; a
            dict from words to ids; a function from a string to ids or to (ids, words), with None for what is no word;
            or the path of a folder with one. Default None: the model takes strings, and its own words are found.
        T: the target, a tensor (n, units) or as `de.explain` takes it. Default: `de.logits`.
        X: the looked-up vectors, of shape (n, length, depth), or a list of them, where they are not found.
        ids: the placeholder that takes ids or strings, or its name, where there are several.
        length: to how many tokens sentences are padded and cut, an int. Default: those that the model takes.
        pad: the id of padding. Default: the tokenizer's, or 0.
        padding: the side on which it goes, 'right' or 'left'. Default: the tokenizer's, or the right.

    Attributes:
        T, X, ids: as above, found; X is a tensor or, of several tables, a list.

    Raises:
        TypeError, ValueError: for an argument that is none of these, is missing, or is not found.
    """

    def __init__(self, de: DeepExplain, tokenizer: Any = None, T: Optional[tf.Tensor] = None, X: Any = None,
                 ids: Any = None, length: Optional[int] = None, pad: Optional[int] = None, padding: Optional[str] = None
                 ) -> None:
        if not isinstance(de, DeepExplain):
            raise TypeError('de: expected what DeepExplain(...) or DeepExplain.open(...) returns, got '
                            f'{type(de).__name__}.')
        for name, value in (('length', length), ('pad', pad)):
            if value is not None and (isinstance(value, bool) or not isinstance(value, (int, np.integer))
                                      or value < (name == 'length')):
                raise ValueError(f'{name}: expected an int of at least {int(name == "length")}, got {value!r}.')
        if padding not in (None, 'left', 'right'):
            raise ValueError(f"padding: expected 'left' or 'right', got {padding!r}.")
        if T is None and not hasattr(de, 'logits'):
            raise TypeError('T: a context of your own session does not know its target: Text(de, tokenizer, T=logits).')
        self._de, self.T = de, de.logits if T is None else T  # type: ignore[attr-defined]
        found = inputs_of(_named(de, self.T), self.T, ids, [X] if isinstance(X, tf.Tensor) else X)
        self._inputs, self.ids = found, found.text
        self.X = found.vectors[0] if len(found.vectors) == 1 and not isinstance(X, list) else found.vectors
        self._reader = self._reader_for(tokenizer)
        if length is not None and found.length not in (None, length):
            raise ValueError(f"length: '{found.text.op.name}' takes {found.length} tokens, not {length}.")
        self._length = found.length if length is None else length
        self._pad = pad if pad is not None else self._reader.pad
        self._left = bool(self._reader.left) if padding is None else padding == 'left'
        self._told = self._pad is not None and (padding is not None or self._reader.left is not None)
        self._finder: Any = None
        self._keys = Keys()
        self._explainers: Dict[Any, Any] = {}

    def _reader_for(self, tokenizer: Any) -> Reader:
        found = self._inputs
        if found.of_strings:
            if tokenizer is not None:
                raise TypeError(f"tokenizer: the model takes strings ('{found.text.op.name}') and has one of its own: "
                                'leave it out.')
            return reader_of_model(self._de.session, found.text, found.ids)
        if tokenizer is None:
            raise TypeError(f"tokenizer: the model takes ids ('{found.text.op.name}'): give the tokenizer that makes "
                            'them.')
        return reader_of(tokenizer)

    def explain(self, method: Any, sentences: Sequence[Any], ys: Any = 'max', baseline: Any = None, by: str = 'words',
                batch_size: Optional[int] = None, feed_dict: Optional[Mapping[Any, Any]] = None,
                return_convergence_delta: bool = False, **options: Any) -> List[Explained]:
        """Attributions of the words of some sentences.

        Args:
            method: as in `de.explain`.
            sentences: n strings, or pairs of strings where the tokenizer takes them.
            ys: 'max' (default), each sentence's largest unit; an int; n ints, one for each; or as in `de.explain`.
            baseline: what words are compared with: a token ('[MASK]') or its id, which takes the place of all but the
                special tokens and padding; or, a float or an array, the value of the embedding. Default None: an
                embedding of zeros; for occlusion and Shapley sampling the tokenizer's mask or else its padding, if it
                has one.
            by: what occlusion and Shapley sampling take away at once: 'words' (default) or 'tokens'. By a token in its
                place the ids are changed, so that masks which the model makes of them change too.
            batch_size: as in `de.explain`.
            feed_dict: a dict of what else the model takes; values of n rows are cut along with the sentences.
            return_convergence_delta: let results have a `delta`.
            **options: the method's, and others as in `de.explain`.

        Returns:
            A list of n results, see `Explained`.

        Raises:
            TypeError, ValueError: for no list of sentences, a token that the tokenizer has not; as `de.explain`.

        Warns:
            UserWarning: that sentences are cut, since they are longer than the model or the tokenizer takes.
        """
        texts = checked_sentences(sentences, self._reader.pairs)
        perturbs = _perturbs(method)
        if by not in ('words', 'tokens'):
            raise ValueError(f"by: expected 'words' or 'tokens', got {by!r}.")
        for name in _GROUPED if perturbs else ():
            if name in options:
                raise TypeError(f"{name} is not for text: by='words' or by='tokens' says what is taken away at once.")
        stand_in = self._stand_in(baseline, perturbs)
        shared = _as_list(options.get('shared'))
        tokens = self._read(texts)
        results: List[Any] = [None] * len(texts)
        for batch in batches_of(self._inputs, tokens, self._length, self._pad or 0, self._left,
                                by if perturbs else None):
            feed = {self.ids: fed(self.ids, [texts[i][0] for i in batch.places])} if self._inputs.of_strings else {}
            feed.update(batch.rows.feed)
            said = dict(options, batch_size=batch_size, return_convergence_delta=return_convergence_delta,
                        per_sample=list(feed) + _as_list(options.get('per_sample')), feed_dict=feed,
                        ids=batch.places if 'ids' not in options else _numbers(options['ids'], batch.places))
            if stand_in is None and baseline is not None:
                said['baseline'] = baseline
            for key, value in (feed_dict or {}).items():
                feed[key] = value if any(key is one for one in shared) or key in [
                    one for one in shared if isinstance(one, str)] else of_places(value, batch.places, len(texts))
            found = self._explained(method, batch, ys_of(ys, batch.places, len(texts), self.T), stand_in, said)
            for place, one in zip(batch.places, found):
                results[place] = one._replace(sentence=sentences[place])
        return results

    def _stand_in(self, baseline: Any, perturbs: bool) -> Optional[int]:
        """The id that takes the place of words, None where vectors do."""
        if isinstance(baseline, str):
            found = self._reader.id_of(baseline)
            if found is None:
                raise ValueError(f"baseline: the tokenizer has no token '{baseline}'; an id will do as well.")
            return int(found)
        if isinstance(baseline, (int, np.integer)) and not isinstance(baseline, bool):
            return int(baseline)
        if baseline is None and perturbs:
            return self._pad if self._reader.mask is None else self._reader.mask
        return None

    def _read(self, texts: Sequence[List[str]]) -> List[Tokens]:
        tokens = [self._reader.read(one, self._length) for one in texts]
        for number, one in enumerate(tokens):
            if not one.ids and not self._length:
                raise ValueError(f'sentences[{number}] has no tokens.')
        if not self._told and any(len(one.ids) < (self._length or 0) for one in tokens):
            self._told = True
            warn(f'sentences of less than {self._length} tokens are padded with the id {self._pad or 0} on the '
                 f'{"left" if self._left else "right"}; the tokenizer does not say: say how by pad= and padding=.')
        cut = [number for number, one in enumerate(tokens) if one.cut]
        if cut:
            warn('sentences are longer than the model or the tokenizer takes, and cut: %d of %d, first sentences[%d] '
                 'after %d tokens; what is left out counts for nothing.' % (
                     len(cut), len(texts), cut[0], len(tokens[cut[0]].ids)))
        return tokens

    def _explained(self, method: Any, batch: Batch, ys: Any, stand_in: Optional[int], said: Dict[str, Any]
                   ) -> List[Explained]:
        if self._finder is None:
            self._finder = self._de.get_explainer('zero', self.T, self.X)
        units = units_of(self._finder, ys, None, said['batch_size'], said['feed_dict'], said['per_sample'],
                         said.get('shared'))
        # What changes ids changes masks that are made of them too.
        X = self._inputs.ids if stand_in is not None and batch.groups is not None else self.X
        if stand_in is not None:
            said['baseline'] = self._replaced(batch, said['feed_dict'], stand_in, X)
        many = isinstance(X, list)
        if batch.groups is not None:
            mask = batch.groups if X is self._inputs.ids else batch.groups[:, np.newaxis]
            said.update(feature_mask=[mask] * len(X) if many else mask, per_group=True)
        got = self._attributed(method, X, units.weights, said)
        values, delta = got if said['return_convergence_delta'] else (got, None)
        if batch.groups is not None:
            values = np.asarray(values, np.float64)[:, batch.groups] / np.bincount(batch.groups)[batch.groups]
        else:
            values = sum(summed(one, batch.rows.ids.shape) for one in (values if many else [values]))
        places = units.places if units.places is not None and names_units(ys, self.T) else None
        return [result_of(one, values[i], batch.rows.starts[i], None if places is None else places[i], units.scores[i],
                        None if delta is None else delta[i]) for i, one in enumerate(batch.tokens)]

    def _attributed(self, method: Any, X: Any, ys: Any, said: Dict[str, Any]) -> Any:
        if 'feature_mask' not in said:
            return self._de.explain(method, self.T, X, ys=ys, **said)
        # One explainer for all sentences, whose words are others.
        own = {name: said.pop(name) for name in list(said) if name in attribution_methods[method].options() and name not
               in ('baseline', 'feature_mask', 'seed')}
        key = (method, X is self._inputs.ids, self._keys.of(own))
        if key not in self._explainers:
            self._explainers[key] = self._de.get_explainer(method, self.T, X, feature_mask=said['feature_mask'], **own)
        return self._explainers[key].run(ys=ys, **said)

    def _replaced(self, batch: Batch, feed: Mapping[Any, Any], stand_in: int, X: Any) -> Any:
        """X where a token stands in the place of all but the special ones and padding."""
        ids = self._inputs.ids
        here = self._de.session.run(ids, feed) if self._inputs.of_strings else feed[ids]
        changed = replaced(batch, here, stand_in)
        return changed if X is ids else self._de.session.run(X, {**feed, ids: changed})


def _named(de: DeepExplain, T: Any) -> List[Tuple[str, tf.Tensor]]:
    """The inputs of a model, with their names: what is fed, or can be."""
    if isinstance(de, OpenedModel):
        return [(one.name, one.tensor) for one in de.layers()[:len(de.inputs)]]
    if not isinstance(T, tf.Tensor):
        raise TypeError(f'T: expected a tensor, got {type(T).__name__}.')
    return [(op.name, op.outputs[0]) for op in ancestors(T, set())
            if op.type in ('Placeholder', 'PlaceholderWithDefault')]


def _perturbs(method: Any) -> bool:
    """Whether a method takes parts of the input away."""
    found = attribution_methods.get(method) if isinstance(method, str) else None
    return found is not None and issubclass(found, PerturbationAttribution)


def _numbers(ids: Any, places: Sequence[int]) -> List[int]:
    """What sentences go by."""
    return [int(ids) + place for place in places] if np.ndim(ids) == 0 else [int(ids[place]) for place in places]


def _as_list(value: Any) -> List[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]
