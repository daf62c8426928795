"""Lookups in weights that are no layer of their own, as HuggingFace's word embeddings, named by what holds the weights.
"""
from typing import Any, Callable, Dict, Iterator, List, Mapping, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf

from ..graph.lookups import is_lookup, table_of
from .sublayers import KEPT_TWICE, Calls, Layer

#: Names of weights that do not tell one table from another.
_PLAIN = frozenset(['weight', 'weights', 'embedding', 'embeddings', 'kernel', 'variable', 'table', 'matrix', ''])


def with_lookups(model: Any, layers: Sequence[Layer], calls: Calls, ops: Sequence[tf.Operation],
                 key_of: Callable[[Any], Any], key_at: Callable[[tf.Tensor], Any]) -> Tuple[Calls, List[Layer]]:
    """The calls of layers with the lookups in weights that the model or a layer holds, in their order, and the names of
    these beside the layers.

    Args:
        ops: those of the model, in order.
        key_of: what a variable is known by; None for what is none.
        key_at: the same of the tensor that stands for it in the graph.
    """
    lookups = [op for op in ops if is_lookup(op)]
    if not lookups:
        return calls, list(layers)
    put_out, taken = _put_out(calls), {one.name for one in layers}
    places = {op: i for i, op in enumerate(ops)}
    named: List[Layer] = []
    found: Dict[str, List[Any]] = {}
    for holder in [Layer('', [], model)] + list(layers):
        for attribute, variable in _variables(vars(holder.layer), '', set()):
            of_it = [op.outputs[0] for op in lookups if key_of(variable) is not None
                     and key_at(table_of(op)) == key_of(variable) and op.outputs[0].name not in put_out]
            names = [name for name in _names(holder, attribute, variable) if name not in taken]
            if of_it and names:
                named.append(Layer(names[0], names[1:], holder.layer, holder))
                found[names[0]] = of_it
                taken.add(names[0])
                put_out.update(tensor.name for tensor in of_it)
    return _in_order(calls, found, places), list(layers) + named


def _in_order(calls: Calls, found: Mapping[str, List[Any]], places: Mapping[tf.Operation, int]) -> Calls:
    """The calls and what was found, each before what is put out later."""
    result = list(calls)
    for name, tensors in sorted(found.items(), key=lambda pair: places[pair[1][0].op]):
        later = [i for i, (_, made) in enumerate(result)
                 if max([places.get(getattr(one, 'op', None), -1) for one in made] or [-1]) > places[tensors[0].op]]
        result.insert(later[0] if later else len(result), (name, tensors))
    return result


def _put_out(calls: Calls) -> Set[str]:
    """The names of what layers put out themselves, and of what that was before it was handed on."""
    found: Set[str] = set()
    for _, tensors in calls:
        for tensor in tensors:
            while isinstance(tensor, tf.Tensor) and hasattr(tensor, 'op'):
                found.add(tensor.name)
                if tensor.op.type not in ('Identity', 'Cast'):
                    break
                tensor = tensor.op.inputs[0]
    return found


def _variables(values: Mapping[Any, Any], prefix: str, seen: Set[int]) -> Iterator[Tuple[str, Any]]:
    """The variables among some values, and in the lists and dicts among them, by attribute: 'table', 'tables/0'."""
    for key, value in list(values.items()):
        if not prefix and (KEPT_TWICE.match(str(key)) or str(key).endswith('trainable_weights')
                           or str(key).endswith('trainable_variables')) or id(value) in seen:
            continue
        if any(one.__name__.endswith('Variable') for one in type(value).__mro__):  # Of TensorFlow or some Keras.
            yield f'{prefix}{key}', value
        elif isinstance(value, (list, tuple, dict)):
            seen.add(id(value))
            inner = value if isinstance(value, dict) else dict(enumerate(value))
            yield from _variables(inner, f'{prefix}{key}/', seen)


def _names(holder: Layer, attribute: str, variable: Any) -> List[str]:
    """What a table is called: by its attribute or, where that says nothing, by the scope of its name."""
    parts = (getattr(variable, 'path', None) or variable.name).split(':')[0].split('/')
    own = holder.layer.name
    tail = parts[len(parts) - parts[::-1].index(own):] if own in parts else parts[-1:]
    telling = '/'.join(tail[:-1] if tail and tail[-1] in _PLAIN else tail)
    within = [attribute, telling] + ['/'.join(tail)] * (len(tail) > 1)
    if attribute.split('/')[-1].lstrip('_') in _PLAIN and telling:
        within = within[1:] + [attribute]
    prefixes = [one + '/' if one else '' for one in [holder.name] + list(holder.others)]
    return list(dict.fromkeys(prefix + one for prefix in prefixes for one in within if one))
