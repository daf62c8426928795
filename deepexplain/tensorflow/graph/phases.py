"""Placeholders that tell a model whether it trains, and what hands them on to the branches that they choose."""
import numpy as np
import tensorflow.compat.v1 as tf

from .compat import static_value

#: What comes out is on only where the first of what goes in is.
HANDS_ON = ('Identity', 'Squeeze', 'ExpandDims', 'Reshape', 'Cast', 'StopGradient')


def is_training_flag(op: tf.Operation) -> bool:
    """Whether an op is a placeholder for whether the model trains, by its name or for want of one; off by default."""
    if op.type not in ('Placeholder', 'PlaceholderWithDefault'):
        return False
    name = op.name.split('/')[-1].lower()
    named = 'train' in name or 'phase' in name or name.startswith('placeholder')
    return named and (op.type == 'Placeholder' or not np.any(static_value(op.inputs[0])))


def is_learning_phase(op: tf.Operation) -> bool:
    """Whether an op is one of Keras's switches between training (1) and inference (0)."""
    return op.type.startswith('Placeholder') and op.name.split('/')[-1].startswith('keras_learning_phase')


def switch_of(condition: tf.Tensor) -> tf.Tensor:
    """What a branch is chosen by: a placeholder for training, without which the condition is off, or the condition."""
    waiting = [condition]
    while waiting:
        tensor = waiting.pop()
        if is_training_flag(tensor.op) or is_learning_phase(tensor.op):
            return tensor
        if tensor.op.type == 'LogicalAnd':
            waiting.extend(tensor.op.inputs)
        elif tensor.op.type in HANDS_ON:
            waiting.append(tensor.op.inputs[0])
    return condition
