"""What is fed besides X: checked, and cut along with the samples where it belongs to them."""
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import ancestors
from .arguments import to_array
from .batching import take


class Feeds(NamedTuple):
    """What every session call of a run is fed, by tensor name.

    Attributes:
        whole: the same for every call.
        cut: one row for each sample.
        sized: whether a fed tensor has a fixed first dimension that is the number of samples: calls may need it too.
    """
    whole: Mapping[str, Any]
    cut: Mapping[str, np.ndarray]
    sized: bool = False

    def rows(self, samples: np.ndarray) -> Dict[str, Any]:
        """The rows of some samples, and what is the same for all."""
        found = dict(self.whole)
        found.update((name, take(array, samples)) for name, array in self.cut.items())
        return found

    def of(self, samples: np.ndarray) -> 'Feeds':
        """The feeds of a run in which sample i is sample samples[i] of this one."""
        return self._replace(cut={name: take(array, samples) for name, array in self.cut.items()})


def check_feed(feed_dict: Any, graph: tf.Graph, X: Sequence[tf.Tensor]) -> List[Tuple[tf.Tensor, np.ndarray]]:
    """The pairs of a feed_dict, its tensors found in the graph and its values as arrays."""
    if feed_dict is None:
        return []
    if not hasattr(feed_dict, 'items'):
        raise TypeError('feed_dict must be a dict from tensors (or their names) to values, not %s.'
                        % type(feed_dict).__name__)
    pairs = []
    for key, value in feed_dict.items():
        tensor = _tensor(key, graph)
        if any(tensor is x for x in X):
            raise RuntimeError(f"feed_dict must not hold X ('{tensor.name}'): its values are xs.")
        array = to_array(f"feed_dict['{tensor.name}']", value, tensor.dtype.as_numpy_dtype)
        if not tensor.shape.is_compatible_with(array.shape):
            raise ValueError(f"feed_dict['{tensor.name}'] must have the shape {tensor.shape}, not {array.shape}.")
        pairs.append((tensor, array))
    return pairs


def _tensor(key: Any, graph: tf.Graph) -> tf.Tensor:
    """The tensor that a key of a feed_dict stands for: itself, its name, or its ref()."""
    if not isinstance(key, str):
        key = key.deref() if hasattr(key, 'deref') else key
        if not isinstance(key, tf.Tensor) or key.graph is not graph:
            raise TypeError("feed_dict must have tensors of the session's graph, or their names, as keys, not %s."
                            % getattr(key, 'name', type(key).__name__))
        return key
    try:
        return graph.get_tensor_by_name(key if ':' in key else key + ':0')
    except (KeyError, ValueError):
        raise ValueError(f"feed_dict: there is no tensor '{key}' in the graph.") from None


def arrange(pairs: Sequence[Tuple[tf.Tensor, np.ndarray]], n: int, fixed: Mapping[str, Any]) -> Feeds:
    """Cut what has n rows and an unknown first dimension along with n samples; the rest is passed whole."""
    whole, cut, sized = dict(fixed), {}, False
    for tensor, array in pairs:
        whole.pop(tensor.name, None)
        first_unknown = tensor.shape.ndims is None or (tensor.shape.ndims > 0 and tensor.shape.as_list()[0] is None)
        if first_unknown and array.ndim and len(array) == n:
            cut[tensor.name] = array
        else:
            whole[tensor.name] = array
            sized = sized or (array.ndim > 0 and not first_unknown and len(array) == n)
    return Feeds(whole, cut, sized)


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
