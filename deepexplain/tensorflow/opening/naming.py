"""What the tensors of an opened model are called."""
import difflib
import re
from typing import Dict, Iterable, List, NamedTuple, Optional, Set, Tuple

import tensorflow.compat.v1 as tf

from ..graph.names import first_unnumbered
from ..graph.walks import ops_to
from .source import Source


class Layer(NamedTuple):
    """A tensor that can be explained, or explained with respect to.

    Attributes:
        name: what `OpenedModel.tensor` finds it by: the layer's name, with a number behind it where it is one of
            several outputs or calls of the layer; where the model has no layers the op's.
        op_type: the type of the op that makes it.
        shape: its static shape, with None for unknown sizes; None for unknown rank.
        dtype: the name of its dtype.
        tensor: the tensor.
    """
    name: str
    op_type: str
    shape: Optional[Tuple[Optional[int], ...]]
    dtype: str
    tensor: tf.Tensor


class Names:
    """The names of a source: of its ends and layers, and of its graph."""

    def __init__(self, source: Source) -> None:
        self._source, self._graph = source, source.session.graph
        self._between: Optional[Tuple[List[tf.Operation], Set[tf.Operation]]] = None
        # Name -> tensor, 'lstm:0' and 'lstm:1' where a layer has several.
        self._named: Dict[str, tf.Tensor] = {}
        for name in source.names:
            self._named.update(self._numbered(name))
        # What layers() writes for the ends; a layer that makes one has a name of its own there.
        ends = {tensor.name for tensor in list(source.inputs) + list(source.outputs)}
        self._called = {one.name: name for name, one in reversed(list(self._named.items())) if one.name in ends}
        self._full = {short: full for full, short in source.shown.items()}

    def tensor(self, name: str) -> tf.Tensor:
        """See `OpenedModel.tensor`."""
        if not isinstance(name, str):
            raise TypeError(f'tensor: expected the name of a layer or a tensor, got {type(name).__name__}.')
        if name in self._named:
            return self._named[name]
        several = list(self._numbered(name)) if name in self._source.names else []
        several = several or self._ending_in(name)
        if len(several) == 1:
            return self._named[several[0]]
        if not several:
            op, _, index = name.partition(':')
            for full in (op, self._full.get(op, op)):
                try:
                    return self._graph.get_tensor_by_name('%s:%s' % (full, index or '0'))
                except (KeyError, ValueError):
                    pass
            ends = self._put_out_by(name) or self._of_ops_ending_in(op, index or '0')
            if len(ends) == 1:
                return ends[0]
            several = [self._short(tensor) for tensor in ends]
        if several:
            raise ValueError("tensor: '%s' may be each of %s." % (name, ', '.join("'%s'" % one for one in several)))
        raise ValueError("tensor: the model has no layer or tensor '%s'.%s" % (name, self._like(name)))

    def _ending_in(self, name: str) -> List[str]:
        """The names that end in one; of those of a tensor the first, and of all the least deep."""
        ending = re.compile('.*/%s(:[0-9]+)?$' % re.escape(name))
        found = [key for key in self._named if ending.match(key)]
        least = min((key.count('/') for key in found), default=0)
        return list({self._named[key].name: key for key in reversed(found) if key.count('/') == least}.values())[::-1]

    def _of_ops_ending_in(self, name: str, index: str) -> List[tf.Tensor]:
        """An output of each op whose name ends in one: of those between the ends, or else of the graph."""
        for ops in (self._ops(), self._graph.get_operations()):
            found = [op.outputs[int(index)] for op in ops if index.isdigit() and int(index) < len(op.outputs)
                     and self._source.shown.get(op.name, op.name).endswith('/' + name)]
            if found:
                return found
        return []

    def called(self, tensor: tf.Tensor) -> str:
        """What `layers` calls an input or any other tensor."""
        return self._short(tensor)

    def layers(self, every: bool) -> List[Layer]:
        """See `OpenedModel.layers`."""
        found = {self._short(tensor): tensor for tensor in self._source.inputs}
        if self._source.layers and not every:
            named = [pair for name in self._source.layers for pair in self._numbered(name).items()]
        else:
            named = [(self._short(tensor), tensor) for tensor in self._put_out_by_ops()]
        given = {tensor.name for tensor in self._source.inputs}
        found.update((name, tensor) for name, tensor in named if tensor.dtype.is_floating and tensor.name not in given
                     and tensor.op in self._found()[1])
        return [Layer(name, tensor.op.type, None if tensor.shape.ndims is None else tuple(tensor.shape.as_list()),
                      tensor.dtype.base_dtype.name, tensor) for name, tensor in found.items()]

    def _numbered(self, name: str) -> Dict[str, tf.Tensor]:
        tensors = self._source.names[name]
        return {name + ':%d' % i if len(tensors) > 1 else name: tensor for i, tensor in enumerate(tensors)}

    def _short(self, tensor: tf.Tensor) -> str:
        if tensor.name in self._called:
            return self._called[tensor.name]
        op, colon, index = first_unnumbered(tensor.name).partition(':')
        return self._source.shown.get(op, op) + colon + index

    def _ops(self) -> List[tf.Operation]:
        """What lies between the inputs and the outputs."""
        return self._found()[0]

    def _found(self) -> Tuple[List[tf.Operation], Set[tf.Operation]]:
        """The ops between the inputs and the outputs, and those of them whose values depend on the inputs."""
        if self._between is None:
            self._between = ops_to(self._source.inputs, self._source.outputs)
        return self._between

    def _put_out_by_ops(self) -> List[tf.Tensor]:
        """What the ops between the ends make for others of them, or as outputs of the model."""
        ops, outputs = self._ops(), {tensor.name for tensor in self._source.outputs}
        readers = set(ops)
        return [tensor for op in ops for tensor in op.outputs
                if tensor.name in outputs or not readers.isdisjoint(tensor.consumers())]

    def _put_out_by(self, scope: str) -> List[tf.Tensor]:
        """What the ops of a scope make that is read outside of it, or is an output of the model."""
        def inside(op: tf.Operation) -> bool:
            return (self._source.shown.get(op.name, op.name) + '/').startswith(scope + '/')

        outputs = {tensor.name for tensor in self._source.outputs}
        return [tensor for op in self._ops() if inside(op) for tensor in op.outputs if tensor.name in outputs
                or any(not inside(reader) for reader in tensor.consumers())]

    def _like(self, name: str) -> str:
        """' Did you mean 'dense' or 'dense_1'?' for names that are like one, else some that there are."""
        known = list(self._named) + [self._short(tensor) for op in self._ops() for tensor in op.outputs]
        known += [name.rpartition('/')[0] for name in known if '/' in name]
        by_end: Dict[str, str] = {}
        for one in known:
            by_end.setdefault(one.lower(), one)
            by_end.setdefault(one.lower().split('/')[-1], one)
        close = [by_end[one] for one in difflib.get_close_matches(name.lower(), list(by_end), 3)]
        close += [one for one in known if name and name.lower() in one.lower()]
        close = list(dict.fromkeys(close))[:3]
        if close:
            return ' Did you mean %s?' % _either(close)
        return ' It has %s; layers() lists all.' % _either(list(dict.fromkeys(known))[:3], 'and') if known else ''


def _either(names: Iterable[str], word: str = 'or') -> str:
    quoted = [f"'{name}'" for name in names]
    return ' '.join([', '.join(quoted[:-1]), word, quoted[-1]] if len(quoted) > 1 else quoted)
