"""What the inputs inside of dicts are called: by their keys."""
from collections import Counter
from typing import Any, Iterator, List, Optional, Sequence, Tuple

import tensorflow.compat.v1 as tf

#: What stands for an input.
SPECS = (tf.TensorSpec, tf.RaggedTensorSpec, tf.SparseTensorSpec)


def key_names(arguments: Sequence[Any], called: Sequence[str]) -> List[Optional[str]]:
    """A name for each leaf of some arguments, in tf.nest's order: 'key' or 'key/inner'; None if there is no dict.

    Args:
        called: the arguments' names, for keys that are in several of them.
    """
    found = [list(_paths(argument, name, '')) for name, argument in zip(called, arguments)]
    counts = Counter(inner for paths in found for _, inner in paths)
    several = {inner for inner, count in counts.items() if count > 1}
    # TensorFlow 1 wants names for all that is in an argument, or for nothing.
    return [(whole if not inner or inner in several else inner) if any(one for _, one in paths) else None
            for paths in found for whole, inner in paths]


def _paths(value: Any, whole: str, inner: str) -> Iterator[Tuple[str, str]]:
    """What leads to each leaf: all of it, and from the first key on."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield from _paths(value[key], f'{whole}/{key}', f'{inner}/{key}' if inner else str(key))
    elif isinstance(value, (list, tuple)):
        for i, one in enumerate(value):
            yield from _paths(one, f'{whole}/{i}', inner and f'{inner}/{i}')
    else:
        yield whole, inner


def with_names(specs: Sequence[Any], names: Sequence[Optional[str]]) -> List[Any]:
    """The same specs, those of tensors that have no name with theirs; of a path its end, where that is one's alone."""
    ends = Counter(name.split('/')[-1] for name in names if name)

    def short(name: str) -> str:
        end = name.split('/')[-1]
        return end if ends[end] == 1 and not end.isdigit() else name

    return [tf.TensorSpec(spec.shape, spec.dtype, name=as_op_name(short(name)))
            if name and type(spec) is tf.TensorSpec and not spec.name else spec for spec, name in zip(specs, names)]


def parts_of(name: str, spec: Any) -> List[str]:
    """A name for each of the tensors that an input is made of: of a ragged or sparse one several."""
    parts = tf.nest.flatten(spec, expand_composites=True)
    if isinstance(spec, tf.RaggedTensorSpec):
        return [name + '/values'] + [name + '/row_splits%s' % ('_%d' % depth if depth else '')
                                     for depth in range(len(parts) - 1)]
    return [name] if len(parts) == 1 else ['%s/%d' % (name, part) for part in range(len(parts))]


def as_op_name(name: str) -> str:
    return ''.join(letter if letter.isalnum() and letter.isascii() or letter in '_.-' else '_'
                   for letter in name).lstrip('_.-') or 'input'
