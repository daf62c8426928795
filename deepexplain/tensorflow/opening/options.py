"""The options of `DeepExplain.open`: whether they are of the kind that they have to be, before anything is opened."""
import os
from typing import Any, Mapping

import tensorflow.compat.v1 as tf

from ..runs.arguments import shown


def check_options(options: Mapping[str, Any]) -> None:
    """TypeError for an option of another kind than `DeepExplain.open` says.

    Args:
        options: all of them by name, None where they are not given.
    """
    _must(options, 'signature', 'a string', lambda value: isinstance(value, str))
    _must(options, 'checkpoint', 'a path', lambda value: isinstance(value, (str, os.PathLike)))
    for name in ('tags', 'inputs', 'outputs'):
        _must(options, name, 'a list of strings', lambda value: isinstance(value, str) or _strings(value))
    what = 'a list of tf.TensorSpecs, one for each argument, or a dict of them'
    _must(options, 'input_signature', what, lambda value: isinstance(
        value, (list, tuple, Mapping)) and all(_is_spec(one) for one in _leaves(value)))
    _must(options, 'custom_objects', 'a dict from names to classes or functions', lambda value: isinstance(
        value, Mapping) and all(isinstance(name, str) for name in value))
    _must(options, 'config', 'a tf.compat.v1.ConfigProto', lambda value: isinstance(value, tf.ConfigProto))
    if not isinstance(options['safe_mode'], bool):
        raise TypeError(f"open: safe_mode must be True or False, not {shown(options['safe_mode'])}.")


def _must(options: Mapping[str, Any], name: str, what: str, fits: Any) -> None:
    value = options.get(name)
    if value is not None and not fits(value):
        raise TypeError(f'open: {name} must be {what}, not {shown(value)}.')


def _strings(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset)) and all(isinstance(one, str) for one in value)


def _leaves(value: Any) -> Any:
    if isinstance(value, Mapping):
        value = list(value.values())
    return [leaf for one in value for leaf in _leaves(one)] if isinstance(value, (list, tuple)) else [value]


def _is_spec(value: Any) -> bool:
    """Whether TensorFlow traces functions with it: a spec, an array, or a flag."""
    return isinstance(value, (bool, str)) or hasattr(value, 'dtype') or hasattr(value, 'value_type')
