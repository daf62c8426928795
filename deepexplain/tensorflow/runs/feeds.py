"""What is fed besides X: checked, and cut along with the samples where it belongs to them."""
from typing import Any, Callable, Collection, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..graph.walks import ancestors
from .arrays import to_feed
from .batching import take


class Belongs(NamedTuple):
    """Whether a fed tensor has a row for each sample, None where that is not certain, and what to guess then."""
    certain: Optional[bool]
    guess: bool


class Feeds(NamedTuple):
    """What every session call of a run is fed, by tensor name.

    Attributes:
        whole: the same for every call.
        cut: one row for each sample.
        sized: whether a fed tensor has a fixed first dimension that is the number of samples: calls may need it too.
        n: the number of samples.
        uneven: finds the names of those of `whole` that have other numbers of rows than they must have.
        doubt: called where it matters that something was guessed: where the rows of a call are others than all
            samples, each once.
    """
    whole: Mapping[str, Any]
    cut: Mapping[str, np.ndarray]
    sized: bool = False
    n: int = 0
    uneven: Callable[[], Sequence[str]] = list
    doubt: Optional[Callable[[], None]] = None

    def rows(self, samples: np.ndarray) -> Dict[str, Any]:
        """The rows of some samples, and what is the same for all."""
        self._check(samples)
        found = dict(self.whole)
        found.update((name, take(array, samples)) for name, array in self.cut.items())
        return found

    def of(self, samples: np.ndarray) -> 'Feeds':
        """The feeds of a run in which sample i is sample samples[i] of this one."""
        self._check(samples)
        return self._replace(cut={name: take(array, samples) for name, array in self.cut.items()}, n=len(samples))

    def _check(self, samples: np.ndarray) -> None:
        if self.doubt is not None and not np.array_equal(samples, np.arange(self.n)):
            self.doubt()


def check_feed(feed_dict: Any, path: Path, T: tf.Tensor, holds_x: bool = False) -> List[Tuple[tf.Tensor, np.ndarray]]:
    """The pairs of a feed_dict, its tensors found in the graph and its values as arrays.

    Args:
        holds_x: whether X may be among them.
    """
    if feed_dict is None:
        return []
    if not hasattr(feed_dict, 'items'):
        raise TypeError('feed_dict must be a dict from tensors (or their names) to values, not %s.'
                        % type(feed_dict).__name__)
    pairs = []
    for key, value in feed_dict.items():
        tensor = tensor_of(key, path.graph, 'feed_dict')
        is_x = any(tensor is x for x in path.X)
        if is_x and not holds_x:
            raise RuntimeError(f"feed_dict must not hold X ('{tensor.name}'): its values are xs.")
        if not is_x and (tensor.name == T.name or path.lies_between(tensor)):
            raise RuntimeError(f"feed_dict must not hold '{tensor.name}', which %s: X is what T is explained by." % (
                'is T' if tensor.name == T.name else "lies between X ('%s') and T ('%s')" % (
                    "', '".join(x.name for x in path.X), T.name)))
        array = to_feed(f"feed_dict['{tensor.name}']", value, tensor)
        # X may have any number of samples, as xs may.
        free = is_x and array.ndim > 0 and tensor.shape[1:].is_compatible_with(array.shape[1:])
        if not free and not tensor.shape.is_compatible_with(array.shape):
            raise ValueError(f"feed_dict['{tensor.name}'] must have the shape {tensor.shape}, not {array.shape}.")
        pairs.append((tensor, array))
    return pairs


def tensor_of(key: Any, graph: tf.Graph, where: str) -> tf.Tensor:
    """The tensor that a key of a feed_dict, or of what is said of one, stands for: itself, its name, or its ref()."""
    if not isinstance(key, str):
        key = key.deref() if hasattr(key, 'deref') else key
        if not isinstance(key, tf.Tensor) or key.graph is not graph:
            raise TypeError("%s must have tensors of the session's graph, or their names,%s not %s." % (
                where, ' as keys,' if where == 'feed_dict' else '', getattr(key, 'name', type(key).__name__)))
        return key
    try:
        return graph.get_tensor_by_name(key if ':' in key else key + ':0')
    except (KeyError, ValueError):
        raise ValueError(f"{where}: there is no tensor '{key}' in the graph.") from None


def arrange(pairs: Sequence[Tuple[tf.Tensor, np.ndarray]], n: int, fixed: Mapping[str, Any],
            shared: Collection[str], per_sample: Collection[str], belongs: Callable[[tf.Tensor], Belongs],
            doubt: Callable[[str, bool], None]) -> Feeds:
    """What belongs to samples is cut along with them; the rest is passed whole.

    Args:
        shared, per_sample: names of tensors that the caller says are the same for all samples, or have a row for each.
        belongs: what the graph shows of a tensor of which nothing is said.
        doubt: called with a tensor's name and what was guessed of it, once that matters.
    """
    whole, cut, sized = dict(fixed), {}, False
    uneven: List[tf.Tensor] = []
    doubts: Dict[str, bool] = {}
    for tensor, array in pairs:
        name = tensor.name
        whole.pop(name, None)
        first_unknown = tensor.shape.ndims is None or (tensor.shape.ndims > 0 and tensor.shape.as_list()[0] is None)
        one_each = array.ndim > 0 and len(array) == n
        if name in per_sample and not one_each:
            raise RuntimeError(f"per_sample: feed_dict['{name}'] must have one row for each of the {n} samples, not "
                               f'the shape {array.shape}.')
        found = Belongs(name in per_sample, False)
        if one_each and name not in shared and name not in per_sample:
            found = belongs(tensor)
        guess = found.guess if found.certain is None else found.certain
        if first_unknown and found.certain is None:
            doubts[name] = guess
        if first_unknown and guess:
            cut[name] = array
        else:
            whole[name] = array
            if first_unknown and array.ndim and not one_each and name not in shared:
                uneven.append(tensor)
            # Calls of all samples are right whether its rows belong to them or not.
            sized = sized or (not first_unknown and found.certain is not False)

    def say() -> None:
        for name, guess in doubts.items():
            doubt(name, guess)

    return Feeds(whole, cut, sized, n, lambda: [one.name for one in uneven if belongs(one).certain],
                 say if doubts else None)


def placeholders_of(target: tf.Tensor, ends: Sequence[str]) -> List[tf.Tensor]:
    """The placeholders that a tensor needs when the tensors named in `ends` are fed."""
    return [op.outputs[0] for op in ancestors(target, set(ends)) if op.type == 'Placeholder']


def check_needs(target: tf.Tensor, needed: Sequence[tf.Tensor], X: Sequence[tf.Tensor], fed: Sequence[str]) -> None:
    """RuntimeError for a placeholder, among those that the target needs at most, that nobody feeds."""
    if all(one.name in fed for one in needed):
        return
    for one in placeholders_of(target, [x.name for x in X] + list(fed)):
        raise RuntimeError("'%s' needs the placeholder '%s' (%s, %s), which nobody feeds: pass "
                           "feed_dict={'%s': value}." % (target.name, one.name, one.dtype.name, one.shape, one.name))
