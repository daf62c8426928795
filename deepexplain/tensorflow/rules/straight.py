"""Paths without loops, on which rules for plain ops reach every step, and without functional branches."""
from typing import TYPE_CHECKING

from ..graph.asking import Answers, Unknown
from ..graph.path import Path
from ..graph.unrolled import Unrolled, has_branches, has_loops
from .advice import UNRULED
from .gradients import lowered

if TYPE_CHECKING:
    from ..runs.model import Model


def straight(model: 'Model', inference: bool = False, compared: bool = False, branched: bool = False) -> Path:
    """The path, lowered, each loop that hangs on X as its steps one after the other.

    Functional branches become branches of plain ops, too, where there are loops.

    Args:
        inference: see `lowered`.
        compared: whether the method compares T at the sample with T at a baseline, so that both must take the same
            steps.
        branched: whether functional branches do where there are no loops.

    Raises:
        Unknown: where the number of steps is known from the data alone, and they have not been asked.
        RuntimeError: where they are compared and X decides it.
    """
    path = lowered(model.path, inference)
    answers = Answers(model.answers.get(inference, []), model.assumed)

    def chosen(loop: str) -> None:
        if compared:
            raise RuntimeError("%s cannot compare the steps of the loop '%s' with those at the baseline: X decides how "
                               'many there are, and the baseline may have others. Take an lrp method, which looks at '
                               'the sample alone, or %s.' % (model.method, loop, UNRULED))

    while has_loops(path) or branched and has_branches(path):
        try:
            replica = Unrolled(path, answers, chosen)
        except Unknown as unknown:
            unknown.inference, unknown.settled = inference, path.settled
            raise
        if not replica.unrolled and not (branched and has_branches(path)):
            break
        path = lowered(path.on(replica), inference)
    return path
