"""What of a model takes ids, masks and the like, and what is fed there."""
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..tensorflow.graph.lookups import lookups_of
from ..tensorflow.graph.walks import ancestors
from .tokens import Tokens

#: What an input beside the ids is for, by the end of its name.
_ROLES = [('mask', r'(^|[_./])((attention|input|token|word|padding|pad|seq|sequence|valid|text)s?_?)?mask(_?ids?)?$'),
          ('types', r'(token_?type|segment|input_type|type)s?(_?ids?)?$'),
          ('positions', r'(^|[_./])pos(ition)?s?(_?ids?)?$'),
          ('lengths', r'(^|[_./])((seq|sequence|input|text|token)s?_)?(len|lens|lengths?)$')]


class Inputs(NamedTuple):
    """The inputs of a model of text.

    Attributes:
        text: the placeholder of ids, (n, length), or of strings, (n,) or (n, 1).
        ids: the ids: `text`, or what the model makes of strings.
        vectors: what it looks up by them, of shape (n, length, depth): X; several where there are several tables.
        roles: the inputs that are fed besides: 'mask', 'types', 'positions', 'lengths'.
    """
    text: tf.Tensor
    ids: tf.Tensor
    vectors: List[tf.Tensor]
    roles: Dict[str, tf.Tensor]

    @property
    def of_strings(self) -> bool:
        return bool(self.text.dtype == tf.string)

    @property
    def length(self) -> Optional[int]:
        """The one number of tokens that the model takes; None where it takes any."""
        return self.ids.shape.as_list()[1] if (self.ids.shape.ndims or 0) > 1 else None


def inputs_of(named: Sequence[Tuple[str, tf.Tensor]], T: tf.Tensor, ids: Any, X: Optional[Sequence[tf.Tensor]]
              ) -> Inputs:
    """The inputs of a model.

    Args:
        named: all of them, with their names.
        ids: the one that takes ids or strings, or its name; None to find it.
        X: the looked-up vectors; None to find them.
    """
    needed = set(ancestors(T, set()))
    named = [(name, tensor) for name, tensor in named if tensor.op in needed]
    said = [(name, tensor) for name, tensor in named if ids is tensor or isinstance(ids, str) and ids in (
        name, tensor.op.name, tensor.name)]
    if ids is not None and not said:
        raise ValueError('ids: expected an input that T depends on, or its name, of %s, got %s.' % (
            _listed(named), repr(ids) if isinstance(ids, str) else getattr(ids, 'name', type(ids).__name__)))
    roles: Dict[str, tf.Tensor] = {}
    others: List[Tuple[str, tf.Tensor]] = []
    for name, tensor in named:
        role = _role(name, tensor)
        if role is None or said and tensor is said[0][1]:
            others.append((name, tensor))
        else:
            roles.setdefault(role, tensor)
    found = [(name, tensor, lookups_of(tensor, T)) for name, tensor in said or others
             if tensor.shape.ndims in (None, 1, 2) and (tensor.dtype != tf.string or tensor.shape.ndims != 0)]
    if X is None or not said:
        found = [one for one in found if one[2]]
    if not found:
        raise ValueError("text: no lookup of an embedding by ids is seen between %s and T ('%s'): give ids= and X=, "
                         'the input of ids and the tensor of their embeddings, of shape (n, length, depth).' % (
                             _listed(said or others), T.op.name))
    if len(found) > 1:
        raise ValueError('text: ids may be each of the inputs %s: say which one by ids=, and give the others in '
                         'feed_dict.' % _listed([(name, tensor) for name, tensor, _ in found]))
    _, text, lookups = found[0]
    sources = {one.ids.name: one.ids for one in lookups}
    if text.dtype == tf.string and len(sources) > 1:
        raise ValueError("text: '%s' is read in more than one way, by %s: give X=, the tensor of one's embeddings." % (
            text.op.name, ' and '.join(f"'{name}'" for name in sources)))
    vectors = {one.vectors.name: one.vectors for one in lookups} if X is None else {x.name: x for x in X}
    source = list(sources.values())[0] if text.dtype == tf.string and sources else text
    return Inputs(text, source, list(vectors.values()), roles)


def _role(name: str, tensor: tf.Tensor) -> Optional[str]:
    """What an input is for, by its name and rank."""
    if tensor.dtype == tf.string:
        return None
    ranks = {'lengths': (None, 1, 2)}
    return next((role for role, pattern in _ROLES if re.search(pattern, name.split(':')[0].lower())
                 and tensor.shape.ndims in ranks.get(role, (None, 2))), None)


def _listed(named: Sequence[Tuple[str, tf.Tensor]]) -> str:
    return ', '.join(f"'{name}'" for name, _ in named) or 'none'


class Rows(NamedTuple):
    """Sentences of one length as arrays.

    Attributes:
        feed: what is fed, a row for each sentence.
        ids: (n, length), None of strings.
        start: where the tokens of each begin.
    """
    feed: Dict[tf.Tensor, np.ndarray]
    ids: np.ndarray
    starts: List[int]


def rows_of(inputs: Inputs, sentences: Sequence[Tokens], length: int, pad: int, left: bool) -> Rows:
    """What is fed of sentences of at most so many tokens, padded to that."""
    n = len(sentences)
    starts = [length - len(one.ids) if left else 0 for one in sentences]
    ids: np.ndarray = np.full((n, length), pad, np.int64)
    parts = {'mask': np.zeros((n, length), np.int64), 'types': np.zeros((n, length), np.int64),
             'positions': np.zeros((n, length), np.int64),
             'lengths': np.array([len(one.ids) for one in sentences], np.int64)}
    for row, (one, start) in enumerate(zip(sentences, starts)):
        place = slice(start, start + len(one.ids))
        ids[row, place], parts['types'][row, place], parts['mask'][row, place] = one.ids, one.types, 1
        parts['positions'][row] = np.clip(np.arange(length) - start, 0, None)
    feed = {inputs.text: ids.astype(inputs.text.dtype.as_numpy_dtype)} if not inputs.of_strings else {}
    for role, tensor in inputs.roles.items():
        array = parts[role].astype(tensor.dtype.as_numpy_dtype)
        feed[tensor] = array[:, np.newaxis] if role == 'lengths' and tensor.shape.ndims == 2 else array
    return Rows(feed, ids, starts)
