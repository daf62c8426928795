"""What an eager Keras model is called with: its inputs as specs, in whatever structure its call takes."""
import itertools
import re
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

from .keras_arguments import arguments_of, by_name, check_fits, in_order
from .keys import SPECS, as_op_name, key_names, parts_of, with_names
from .source import OpenError

#: Names that Keras gives to inputs that have none.
_MADE_UP = re.compile(r'(input|keras_tensor)(_\d+)?$')


class Called(NamedTuple):
    """A call of a model.

    Attributes:
        arguments, keywords: what it is called with, specs as leaves.
        given: the names of these specs, from which those of its inputs are made.
    """
    arguments: Tuple[Any, ...]
    keywords: Dict[str, Any]
    given: Sequence[str] = ()

    @property
    def specs(self) -> List[Any]:
        return tf.nest.flatten([self.arguments, self.keywords])

    @property
    def names(self) -> List[str]:
        """A name for each input: of a ragged or sparse one for each of the tensors that it is made of."""
        found: List[str] = []
        for i, spec in enumerate(self.specs):
            found += parts_of(self.given[i] if self.given else getattr(spec, 'name', None) or 'input_%d' % i, spec)
        return found


def called_with(model: Any, signature: Any) -> Called:
    """What a model is called with: as the caller says, else as it was built or called."""
    if signature is not None:
        found = _signed(model, signature)
        check_fits(model, found.arguments, found.keywords)
        return found
    inputs = getattr(model, 'inputs', None)
    if inputs:
        # A Sequential that was never called has inputs, but no input.
        structure = getattr(model, 'input', inputs[0] if len(inputs) == 1 else inputs)
        leaves = tf.nest.flatten(structure)
        names = list(getattr(model, 'input_names', None) or ())
        if len(names) != len(leaves):
            names = [leaf.name.split(':')[0] for leaf in leaves]
        keys = key_names([structure], ['input'])
        if len(keys) == len(names):
            # What nobody has named is called by its key.
            names = [key if key and _MADE_UP.match(name) else name for name, key in zip(names, keys)]
        # What is built by being called keeps the rows of that call.
        free = type(model).__name__ == 'Sequential'
        specs = [_spec_of(leaf, as_op_name(name), free) for leaf, name in zip(leaves, names)]
        return Called((tf.nest.pack_sequence_as(structure, specs),), {}, names)
    saved = getattr(model, 'save_spec', lambda: None)()
    if saved is not None:
        return _named(saved[0], saved[1])
    shapes = _built_shapes(model)
    if shapes is not None:
        dtype = tf.as_dtype(model.input_dtype)
        return _named([_mapped(shapes, dtype, 'input')], {})
    raise OpenError('open: the Keras model does not know the shapes of its inputs: give them, as in '
                    'open(model, input_signature=[tf.TensorSpec([None, 4], tf.float32)]), one for each argument of its '
                    'call, or a dict by their names.')


def _signed(model: Any, signature: Any) -> Called:
    """What a model is called with by an input_signature: of several specs one each, or all of them in a list."""
    signature = signature if isinstance(signature, dict) else list(signature)
    for spec in tf.nest.flatten(signature):
        if not isinstance(spec, SPECS):
            raise TypeError('open: input_signature must be of tf.TensorSpecs, in a list or a dict, not of '
                            f'{type(spec).__name__}.')
    if isinstance(signature, dict):
        named = by_name(model, signature, _first(model))
        return _named([signature], {}) if named is None else _named(*named)
    parameters = arguments_of(model)
    needed = [one for one in parameters if one.default is one.empty]
    apart = len(signature) == 1 or len(needed) > 1
    if not apart and len(parameters) >= len(signature):
        # More arguments may be left out than are given, or there is one that is a list: as it was called.
        saved = getattr(model, 'save_spec', lambda: None)()
        shapes = _built_shapes(model)
        apart = isinstance(shapes, _Shape) if saved is None else len(saved[0]) == len(signature)
    return _named(*in_order(model, signature)) if apart else _named([signature], {})


def _first(model: Any) -> Any:
    """What the first argument of a model's call was, in specs or shapes; None where nobody knows."""
    saved = getattr(model, 'save_spec', lambda: None)()
    return saved[0][0] if saved is not None and saved[0] else _built_shapes(model)


def _named(arguments: Sequence[Any], keywords: Dict[str, Any]) -> Called:
    """A call with a name for each spec that has none: by the keys of dicts, else a number."""
    structure = [tuple(arguments), dict(keywords)]
    specs = tf.nest.flatten(structure)
    keys = key_names(list(arguments) + [dict(keywords)], ['input_%d' % i for i in range(len(arguments))] + ['keywords'])
    if len(keys) != len(specs):
        keys = [None] * len(specs)
    taken = {getattr(spec, 'name', None) for spec in specs}.union(keys)
    free = (name for name in map('input_{}'.format, itertools.count()) if name not in taken)
    given = [getattr(spec, 'name', None) or key or (next(free) if isinstance(spec, tf.TensorSpec) else 'input_%d' % i)
             for i, (spec, key) in enumerate(zip(specs, keys))]
    found = tf.nest.pack_sequence_as(structure, with_names(specs, given))
    return Called(tuple(found[0]), dict(found[1]), given)


def _spec_of(leaf: Any, name: str, free: bool) -> Any:
    """The spec of a symbolic input; `free` of the number of its rows."""
    spec = getattr(leaf, 'type_spec', None)
    if isinstance(spec, (tf.RaggedTensorSpec, tf.SparseTensorSpec)):
        return spec
    return tf.TensorSpec([None if free else leaf.shape[0]] + list(leaf.shape)[1:], tf.as_dtype(leaf.dtype), name=name)


class _Shape(list):
    """The shape of one input."""


def _built_shapes(model: Any) -> Any:
    """The shapes with which a model of a class of its own was called, as far as Keras 3 knows them; else None."""
    if not model.built or not hasattr(model, 'input_dtype'):
        return None
    shapes = (model.get_build_config() or {}).get('input_shape')
    needed = [one for one in arguments_of(model) if one.default is one.empty]
    return _shapes(shapes) if len(needed) == 1 else None


def _shapes(value: Any) -> Any:
    """A structure of shapes, None where that is none."""
    if isinstance(value, dict):
        found = {key: _shapes(one) for key, one in value.items()}
        return None if not found or None in found.values() else found
    if not isinstance(value, (list, tuple)) or not value:
        return None
    if all(size is None or isinstance(size, int) for size in value):
        return _Shape(value)
    parts = [_shapes(one) for one in value]
    return None if any(one is None for one in parts) else parts


def _mapped(shapes: Any, dtype: tf.DType, name: Optional[str]) -> Any:
    """Specs for shapes; those in dicts get their names by the keys."""
    if isinstance(shapes, _Shape):
        return tf.TensorSpec([None] + shapes[1:], dtype, name=name)
    if isinstance(shapes, dict):
        return {key: _mapped(one, dtype, None) for key, one in shapes.items()}
    return [_mapped(one, dtype, name and '%s_%d' % (name, i)) for i, one in enumerate(shapes)]
