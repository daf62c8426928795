"""Placeholders that tell a model whether it trains."""
import re

import numpy as np
import tensorflow.compat.v1 as tf

from .compat import static_value

#: 'train', 'is_training', 'phase_train', 'bn/isTraining', 'istrain'; but not 'constraint' nor 'use_trained_head'.
_TRAINS = re.compile(r'(^|[^a-z]|is|phase)train(?!ed|able)|learning_?phase')

#: 'phase' alone, or no name at all.
_MAY_TRAIN = re.compile(r'(^|[^a-z])(is_?)?phase$|^placeholder(withdefault)?(_\d+)?$')

#: 'not_training', 'no_train': switches the other way round.
_NEGATED = re.compile(r'(^|[^a-z]|is)(not?|non|without)[^a-z]')


def trains(name: str) -> bool:
    """Whether a placeholder of this name switches training on.

    A name that says nothing will not do: what it is for has to be said by the caller then.
    """
    name = name.split('/')[-1].lower()
    return bool(_TRAINS.search(name)) and not _NEGATED.search(name)


def is_training_flag(op: tf.Operation) -> bool:
    """Whether an op that a branch is chosen by is a placeholder for training, by its name or for want of one.

    Those that may be on where nobody feeds them are none.
    """
    if op.type not in ('Placeholder', 'PlaceholderWithDefault'):
        return False
    named = trains(op.name) or bool(_MAY_TRAIN.search(op.name.split('/')[-1].lower()))
    return named and (op.type == 'Placeholder' or is_off_by_default(op))


def is_off_by_default(op: tf.Operation) -> bool:
    """Whether the default of a placeholder is certainly False or 0."""
    value = static_value(op.inputs[0])
    return value is not None and not np.any(value)


def is_learning_phase(op: tf.Operation) -> bool:
    """Whether an op is one of Keras's switches between training (1) and inference (0)."""
    return op.type.startswith('Placeholder') and op.name.split('/')[-1].startswith('keras_learning_phase')
