"""What a rule set needs whose attributions are to add up: nothing stopped, and every op either ruled or named."""
from typing import Any, Optional

import tensorflow.compat.v1 as tf

from ..graph.kinds import BATCH_NORMS, WINNERS
from ..graph.names import unwrap
from ..graph.path import Path
from ..graph.replica import Replica
from ..graph.units import Units, is_exact, reached
from .joint import JOINT, takes


class _Unstopped(Replica):
    """A path on which gradients pass what stops them."""

    def _node(self, op: tf.Operation, units: Optional[Units], gradient: str) -> Any:
        node = super()._node(op, units, gradient)
        if op.type == 'StopGradient':
            node.op = 'Identity'
        return node


def without_stops(path: Path) -> Path:
    """The path, imported again if there are any, with stop_gradient as an identity: what it hands on changes."""
    if not path.of_types(['StopGradient']):
        return path
    replica = _Unstopped(path.with_loops(), path.fed)
    return path.on(replica, path.dead)


def only_taken(units: Units, path: Path) -> Units:
    """The units without the joint ops that the rule for their type is not right for; these are unsupported then."""
    passed = reached(path, {unit.y.name: unit for unit in units.marked})
    marked = {unit.y.op for unit in units.marked}
    refused = dict.fromkeys(op for op in units.joint if not takes(op, path))
    # The ordinary gradient of other choices, as of the k largest, does not add up.
    chosen = [op for op in path.of_types(WINNERS - frozenset(JOINT) - frozenset(['Select', 'SelectV2']))
              if op in passed and op not in marked]
    unsupported = [op for op in units.unsupported if not _is_guard(op)]
    return units._replace(joint=[op for op in units.joint if op not in refused], unsupported=unsupported + [
        op for op in refused if op.type not in BATCH_NORMS or not is_exact(op, path)] + chosen)


def _is_guard(op: tf.Operation) -> bool:
    """Whether an op replaces what is no number alone, as in `reduce_logsumexp`."""
    if op.type not in ('Select', 'SelectV2'):
        return False
    condition = unwrap(op.inputs[0]).op
    return (condition.inputs[0].op if condition.type == 'LogicalNot' else condition).type in (
        'IsFinite', 'IsInf', 'IsNan')
