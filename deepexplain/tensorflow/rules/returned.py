"""What rules of the caller's own return, checked before it goes on."""
from typing import Any

import tensorflow.compat.v1 as tf


def returned(value: Any, x: tf.Tensor, who: str, where: str) -> tf.Tensor:
    """What a rule returned, if it is a tensor of x's dtype and shape.

    Args:
        x: what the rule has the gradient, or the relevance, of.
        who: the rule, for messages.
        where: the name of the op that it was asked for.

    Raises:
        RuntimeError: it is not; of sizes that are not known before, the run has an InvalidArgumentError.
    """
    if not isinstance(value, tf.Tensor) or getattr(value, 'graph', None) is not x.graph:
        what = 'None' if value is None else f'a {type(value).__name__}'
        if isinstance(value, tf.Tensor) and hasattr(value, 'name'):
            what = f"'{value.name}' of another graph"
        raise RuntimeError("%s returned %s for '%s', not a tensor of the dtype and the shape of x, %s and %s." % (
            who, what, where, x.dtype.base_dtype.name, x.shape))
    if value.dtype.base_dtype != x.dtype.base_dtype or not value.shape.is_compatible_with(x.shape):
        raise RuntimeError("%s returned a tensor of %s and the shape %s for '%s', not of the dtype and the shape of x, "
                           '%s and %s.' % (who, value.dtype.base_dtype.name, value.shape, where,
                                           x.dtype.base_dtype.name, x.shape))
    if value.shape.is_fully_defined() and x.shape.is_fully_defined():
        return value
    # Else one row might be spread over all of them in silence.
    same = tf.debugging.assert_equal(tf.shape(value), tf.shape(x), message=(
        f'{who} returned a tensor of another shape than its input has for {where}.'))
    with tf.control_dependencies([same]):
        value = tf.identity(value)
    value.set_shape(x.shape)
    return value
