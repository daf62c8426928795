"""Which of the fed tensors have a row for each sample, and which are the same for all."""
from typing import Any, Dict, FrozenSet, List, NamedTuple, Optional, Sequence, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from ..graph.path import Path
from ..graph.rows import goes_along, rows_at
from ..messages import warn
from .arguments import first_dimension
from .feeds import Belongs, tensor_of


class Said(NamedTuple):
    """The names of the fed tensors that the caller says are the same for all samples, or have one row for each."""
    shared: FrozenSet[str] = frozenset()
    per_sample: FrozenSet[str] = frozenset()


def check_said(shared: Any, per_sample: Any, pairs: Sequence[Tuple[tf.Tensor, np.ndarray]], graph: tf.Graph) -> Said:
    """What the caller says, where all of it is of tensors that are fed."""
    if shared is None and per_sample is None:
        return Said()
    fed = {tensor.name for tensor, _ in pairs}
    names: List[FrozenSet[str]] = []
    for word, given in (('shared', shared), ('per_sample', per_sample)):
        listed = [] if given is None else given if isinstance(given, (list, tuple, set, frozenset)) else [given]
        tensors = [tensor_of(one, graph, word) for one in listed]
        for tensor in tensors:
            if tensor.name not in fed:
                raise ValueError(f"{word} must name tensors that feed_dict feeds, not '{tensor.name}'.")
        names.append(frozenset(tensor.name for tensor in tensors))
    for name in sorted(names[0] & names[1]):
        raise ValueError(f"'{name}' cannot be in both shared and per_sample.")
    return Said(*names)


class Belongings:
    """What the graph shows of which fed tensors belong to samples; says of each guess once."""

    def __init__(self, T: tf.Tensor, inputs: Sequence[tf.Tensor]) -> None:
        self._T, self._inputs = T, list(inputs)
        self._known: Dict[Tuple[str, bool], Belongs] = {}
        self._told: Set[str] = set()

    def to_samples(self, tensor: tf.Tensor) -> Belongs:
        """Whether a tensor's rows go along with those of X on the way to T."""
        return self._find(tensor, False)

    def to_inputs(self, tensor: tf.Tensor) -> Belongs:
        """Whether a tensor's rows become those of X."""
        return self._find(tensor, True)

    def _find(self, tensor: tf.Tensor, made: bool) -> Belongs:
        key = tensor.name, made
        if key not in self._known:
            self._known[key] = self._made(tensor) if made else Belongs(*goes_along(tensor, self._inputs, self._T))
        return self._known[key]

    def _made(self, tensor: tf.Tensor) -> Belongs:
        if any(tensor is x for x in self._inputs):
            return Belongs(True, True)
        found: List[Optional[bool]] = [rows_at(tensor, x) for x in self._inputs if Path([tensor], x).ops]
        if None in found:
            return Belongs(None, True)
        return Belongs(bool(found) and all(found), True)

    def doubt(self, name: str, guess: bool) -> None:
        """Say what was guessed of a tensor."""
        if name not in self._told:
            self._told.add(name)
            warn("feed_dict['%s'] has as many rows as there are samples, and the graph does not show whether they "
                 'belong to them. The guess is that %s. Say per_sample=[...] of a tensor that has one row for each '
                 'sample, shared=[...] of one that is the same for all.' % (
                     name, 'it has one row for each sample' if guess else 'it is the same for all samples'))


def check_fixed(pairs: Sequence[Tuple[tf.Tensor, np.ndarray]], n: int, batch_size: Optional[int],
                inputs: Sequence[tf.Tensor], said: Said, belongings: Belongings) -> None:
    """RuntimeError where rows of a tensor of fixed size go along with samples that a call has others of."""
    of_calls = {first_dimension(x) for x in inputs} if pairs else set()
    for tensor, _ in pairs:
        size = first_dimension(tensor)
        small = size == n and batch_size is not None and batch_size < n
        if size is None or tensor.name in said.shared or not (small or size != n and size in of_calls):
            continue
        if tensor.name in said.per_sample or belongings.to_samples(tensor).certain:
            raise RuntimeError(
                f"feed_dict['{tensor.name}'] has a fixed first dimension of {size}, and its rows go along with the "
                f'samples: ' + (f'batch_size must be left out or be {size}, not {batch_size}.' if small else
                                f'xs must have {size} samples, not {n}; run_batches takes batch after batch.'))
