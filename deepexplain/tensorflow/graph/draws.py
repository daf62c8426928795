"""Ops that put out something else each time."""
from typing import Any, Callable, Mapping, Sequence, Set

import tensorflow.compat.v1 as tf

from .batch_moments import SQUARES
from .functions import functions_of
from .kinds import BATCH_NORMS
from .walks import ancestors

_RANDOM = frozenset('''
    RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal ParameterizedTruncatedNormal RandomGamma
    RandomPoisson RandomPoissonV2 RandomShuffle RandomCrop Multinomial StatefulStandardNormal StatefulStandardNormalV2
    StatefulTruncatedNormal StatefulUniform StatefulUniformFullInt StatefulUniformInt StatefulRandomBinomial
    NonDeterministicInts UniformCandidateSampler LogUniformCandidateSampler LearnedUnigramCandidateSampler
    FixedUnigramCandidateSampler ThreadUnsafeUnigramCandidateSampler
    SampleDistortedBoundingBox SampleDistortedBoundingBoxV2
    '''.split())

#: They draw where windows begin, unless told not to.
_FRACTIONAL = frozenset(['FractionalMaxPool', 'FractionalAvgPool'])

#: A seed that is read from these is another one each time.
_MOVING = frozenset(['RngReadAndSkip', 'RngSkip']) | _RANDOM

_VARIABLES = frozenset(['ReadVariableOp', 'VarHandleOp', 'VariableV2', 'Variable'])


def draws(op: tf.Operation, before: Callable[[], Sequence[tf.Operation]]) -> bool:
    """Whether an op puts out something else each time.

    Args:
        before: gives all ops that run before what is looked at.
    """
    if op.type in _FRACTIONAL:
        return not op.get_attr('deterministic')
    if not _is_stateless(op.type):
        return op.type in _RANDOM
    types = {one.type for seed in list(op.inputs)[1:] for one in ancestors(seed, set())}
    # A seed that is kept in a variable moves on if anything writes there.
    return bool(types & _MOVING) or bool(types & _VARIABLES) and any(
        one.type.startswith('Assign') for one in before())


def may_draw(function: Any, library: Mapping[str, Any], seen: Set[str]) -> bool:
    """Whether a function has any op, its own or of what it calls, that draws or normalises by the batch."""
    types = {node.op for node in function.node_def}
    if 'Mean' in types and types & SQUARES:
        return True
    for node in function.node_def:
        if node.op in _RANDOM or node.op in _FRACTIONAL or _is_stateless(node.op) or (
                node.op in BATCH_NORMS and node.attr['is_training'].b):
            return True
        for name in [one.name for one in functions_of(node)] + [node.op]:
            if name in library and name not in seen:
                seen.add(name)
                if may_draw(library[name], library, seen):
                    return True
    return False


def _is_stateless(op_type: str) -> bool:
    return op_type.startswith('Stateless') and any(
        part in op_type for part in ('Random', 'Normal', 'Multinomial', 'Parameterized'))
