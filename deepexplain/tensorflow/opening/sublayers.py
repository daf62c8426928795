"""The layers of a Keras model, those inside layers of the user's own among them, and what they put out."""
import inspect
import itertools
import re
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf

from ..graph.compat import while_context
from ..graph.walks import ancestors, reached_from
from .source import Source

#: Pairs of a layer's name and the tensors that it put out.
Calls = List[Tuple[str, List[Any]]]

#: Attributes in which Keras keeps layers once more.
KEPT_TWICE = re.compile('_(layers|functional|tracked|self_.*|(layers|input|output|nodes)_.*)$')


class Layer(NamedTuple):
    """A layer of a model.

    Attributes:
        name: the path to it: of a layer of a model the name that Keras knows; of one in another layer too, but the
            attribute that holds it where Keras has made the name up.
        others: what it is called as well: by attributes all along, and by the names of Keras.
        layer: the layer.
        owner: what holds it; None where that is the model.
    """
    name: str
    others: Sequence[str]
    layer: Any
    owner: Optional['Layer'] = None


def layers_of(model: Any) -> List[Layer]:
    """Every layer of a model, each once, those of models and layers inside as 'outer/inner'."""
    found: List[Layer] = []
    seen = {id(model)}

    def look(owner: Any, name: str, others: Sequence[str], whole: Optional[Layer]) -> None:
        of_model = hasattr(owner, 'layers')
        taken: Set[str] = set()
        for attributes, layer in _held(owner):
            if id(layer) in seen:
                continue
            seen.add(id(layer))
            own = layer.name
            if attributes and (own in taken or not of_model and _made_up(layer)):
                own = attributes[0]
            taken.add(own)
            more = [others[0] + (attributes or [own])[0], others[1] + layer.name]
            every = more + [others[0] + attribute for attribute in attributes[1:]]
            one = Layer(name + own, [other for other in dict.fromkeys(every) if other != name + own], layer, whole)
            found.append(one)
            look(layer, one.name + '/', [other + '/' for other in more], one)

    look(model, '', ['', ''], None)
    return found


def _held(owner: Any) -> Iterator[Tuple[List[str], Any]]:
    """The layers that a layer or a model holds, with the attributes that do, as 'dense' or 'blocks/0'."""
    if any(one.__name__ == 'RNN' for one in type(owner).__mro__):
        return  # Its cell is called inside of the loop.
    attributes: Dict[int, List[str]] = {}
    layers: List[Any] = []
    for attribute, layer in _inside(vars(owner), '', {id(owner)}):
        if id(layer) not in attributes:
            layers.append(layer)
        attributes.setdefault(id(layer), []).append(attribute)
    if hasattr(owner, 'layers'):
        layers = list(owner.layers)
    elif hasattr(owner, '_flatten_layers'):
        layers += [one for one in owner._flatten_layers(include_self=False, recursive=False)
                   if id(one) not in attributes]
    for layer in layers:
        if _is_layer(layer):
            yield attributes.get(id(layer), []), layer


def _inside(values: Mapping[Any, Any], prefix: str, seen: Set[int]) -> Iterator[Tuple[str, Any]]:
    """The layers among some values, and in the lists, dicts and modules among them."""
    for key, value in list(values.items()):
        if not prefix and KEPT_TWICE.match(key):
            continue
        path = f'{prefix}{key}'
        if _is_layer(value):
            yield path, value
            continue
        inner: Mapping[Any, Any] = {}
        if isinstance(value, (list, tuple)):
            inner = dict(enumerate(value))
        elif isinstance(value, dict):
            inner = value
        elif isinstance(value, tf.Module):
            inner = {name: one for name, one in vars(value).items() if not KEPT_TWICE.match(name)}
        if inner and id(value) not in seen:
            seen.add(id(value))
            yield from _inside(inner, path + '/', seen)


def _is_layer(value: Any) -> bool:
    names = [one.__name__ for one in type(value).__mro__ if 'keras' in one.__module__]
    return 'Layer' in names and 'Metric' not in names


def _made_up(layer: Any) -> bool:
    """Whether a layer has the name that Keras gives one of its class."""
    kind = re.sub('([a-z])([A-Z])', r'\1_\2', re.sub('(.)([A-Z][a-z0-9]+)', r'\1_\2', type(layer).__name__)).lower()
    return bool(re.match(r'(private)?%s(_\d+)?$' % re.escape(re.sub(r'\W', '', kind)), layer.name))


def with_other_names(source: Source, layers: Sequence[Layer]) -> Source:
    """The same, its layers found by their other names too."""
    names = dict(source.names)
    for one in layers:
        for other in one.others if one.name in source.names else ():
            names.setdefault(other, source.names[one.name])
    return source._replace(names=names)


@contextmanager
def noting(layers: Sequence[Layer], calls: Calls) -> Iterator[None]:
    """Note what layers put out while their model is traced; afterwards they are as before."""
    changed: List[Tuple[Any, Any]] = []

    def watch(layer: Any, name: str) -> None:
        original = layer.call

        def call(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            calls.append((name, tf.nest.flatten(result)))
            return result

        # Layers that call others ask which arguments they have.
        call.__signature__ = inspect.signature(original)  # type: ignore[attr-defined]
        # What Keras has saved has a call of its own since. It would keep record of an attribute set the usual way.
        changed.append((layer, vars(layer).get('call')))
        object.__setattr__(layer, 'call', call)

    try:
        for one in layers:
            watch(one.layer, one.name)
        yield
    finally:
        for layer, own in reversed(changed):
            if own is None:
                object.__delattr__(layer, 'call')
            else:
                object.__setattr__(layer, 'call', own)


def outputs_of(model: Any, layers: Sequence[Layer]) -> Calls:
    """What the layers of a model in a graph put out, where that is known: layers of models inside are called anew."""
    calls: Calls = []
    living = reached_from(model.inputs).union(tensor.op for tensor in model.inputs)
    living &= {op for tensor in model.outputs for op in ancestors(tensor, set())}
    scopes = _Scopes(model, living)
    for one in layers:
        outputs: List[Any] = []
        try:
            for index in itertools.count():
                outputs.extend(tf.nest.flatten(one.layer.get_output_at(index)))
        except (AttributeError, ValueError, RuntimeError):
            pass  # So many calls, and no more.
        outputs = [tensor for tensor in outputs if while_context(tensor.op) is None]
        # Calls of layers for another model count only where there are no others.
        outputs = [tensor for tensor in outputs if tensor.op in living] or outputs
        if one.owner is not None:
            # Of what is called inside of layers TensorFlow's Keras keeps a record of some calls, or of none.
            outputs = max(outputs, scopes.put_out(one), key=len)
        if outputs:
            scopes.known[one.name] = outputs
            calls.append((one.name, outputs))
    place = {op: i for i, op in enumerate(model.outputs[0].graph.get_operations())}
    # In the order of the calls, what is inside before the whole.
    return sorted(calls, key=lambda call: (place[call[1][-1].op], -call[0].count('/')))


class _Scopes:
    """What layers inside of layers put out, by the names of the ops that calling them has made.

    Attributes:
        known: layer's name -> what is known that it puts out.
    """

    def __init__(self, model: Any, living: Set[tf.Operation]) -> None:
        self.known: Dict[str, Sequence[tf.Tensor]] = {}
        self._living = living
        self._ends = {tensor.name for tensor in model.outputs}
        self._of: Dict[str, List[str]] = {}

    def put_out(self, one: Layer) -> List[tf.Tensor]:
        """The tensor that each call of a layer has made, where that is certain; else none."""
        found: List[tf.Tensor] = []
        for scope in self._scopes(one):
            made = [tensor for op in self._living if op.name.startswith(scope) for tensor in op.outputs
                    if tensor.dtype.is_floating and self._leaves(tensor, scope)]
            if len(made) != 1:
                return []
            found.extend(made)
        return found

    def _leaves(self, tensor: tf.Tensor, scope: str) -> bool:
        return tensor.name in self._ends or any(
            op in self._living and not op.name.startswith(scope) for op in tensor.consumers())

    def _scopes(self, one: Layer) -> List[str]:
        """The scopes of a layer's calls, each with '/' at its end."""
        if one.name not in self._of:
            pattern = r'%s(_\d+)?/' % re.escape(one.layer.name)
            if one.name in self.known:
                tried = [re.match('(.*?/)?' + pattern, tensor.op.name + '/') for tensor in self.known[one.name]]
                found = [match.group() for match in tried if match]
            else:
                found = []
                for outer in self._scopes(one.owner) if one.owner is not None else ():
                    inner = {match.group() for match in (re.match(re.escape(outer) + pattern, op.name + '/')
                                                         for op in self._living) if match}
                    found.extend(sorted(scope for scope in inner if self._is_of(one, scope, outer)))
            self._of[one.name] = found
        return self._of[one.name]

    def _is_of(self, one: Layer, scope: str, outer: str) -> bool:
        """Whether a scope of a fitting name is the layer's: another of that name may have been called before it."""
        weights = {weight.op.name for weight in one.layer.weights}
        if not weights:
            return scope == f'{outer}{one.layer.name}/' and not re.search(r'_\d+/$', scope)
        return any(source.op.name in weights or (source.op.type in ('ReadVariableOp', 'Identity')
                                                 and source.op.inputs[0].op.name in weights)
                   for op in self._living if op.name.startswith(scope) for source in op.inputs)
