"""What a callback is given, checked before anything is opened."""
import os
from typing import Any, Dict, List, Mapping, Tuple

import numpy as np

from ..plotting.arrays import CHANNELS


def check_arguments(folder: Any, log_dir: Any, layer: Any, X: Any, batch_size: Any, channels: Any, ys: Any) -> None:
    from ..tensorflow.runs.arguments import positive_int, shown
    from ..tensorflow.runs.chosen import top_of
    from ..tensorflow.runs.targets import check_ys

    for name, value, what in (('folder', folder, (str, os.PathLike)), ('log_dir', log_dir, (str, os.PathLike)),
                              ('layer', layer, str), ('X', X, str)):
        if not isinstance(value, what) and (value is not None or name == 'layer'):
            raise TypeError('%s must be %s, not %s.' % (
                name, 'the name of a layer' if what is str else 'a path', shown(value)))
    if batch_size is not None:
        positive_int('batch_size', batch_size)
    if not isinstance(channels, str) or channels not in CHANNELS:
        raise ValueError(f"channels must be 'last' or 'first', not {shown(channels)}.")
    check_ys(ys)
    if top_of(ys) is not None:
        raise ValueError(f'ys of a callback must be one target, for one column of pictures a method, not {ys!r}.')


def methods_of(method: Any, options: Mapping[str, Any]) -> Dict[str, Tuple[Any, Dict[str, Any]]]:
    """What a column is called -> the method and its options."""
    from ..tensorflow import attribution_methods
    from ..tensorflow.messages import close_to
    from ..tensorflow.methods.noise_tunnel import NoiseTunnel

    pairs: List[Tuple[Any, Mapping[str, Any]]]
    if isinstance(method, Mapping):
        pairs = list(method.items())
    else:
        several = isinstance(method, (list, tuple))
        pairs = [(one, {}) for one in method] if several else [(method, options)]
    if options and (isinstance(method, Mapping) or len(pairs) != 1):
        raise TypeError('AttributionCallback: %s: options of several methods are given as {method: {option: value}}.'
                        % ', '.join(sorted(options)))
    found: Dict[str, Tuple[Any, Dict[str, Any]]] = {}
    for one, own in pairs:
        if isinstance(one, NoiseTunnel):
            found['%s of %s' % (one.method, one.options['of'])] = one, dict(own)
            continue
        if not isinstance(one, str) or one not in attribution_methods:
            raise ValueError('method must be a name of attribution_methods, not %r.%s' % (
                one, close_to(one, attribution_methods) if isinstance(one, str) else ''))
        attribution_methods[one].check_names(own)
        found[one] = one, dict(own)
    if not found:
        raise ValueError('method must name at least one method.')
    return found


def spec_of(array: np.ndarray) -> Any:
    import tensorflow.compat.v1 as tf

    # As Keras casts what it is given.
    dtype = np.dtype(np.float32) if array.dtype == np.float64 else array.dtype
    return tf.TensorSpec([None] + list(array.shape[1:]), tf.as_dtype(dtype))
