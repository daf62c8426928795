"""What a file could do here besides computing: refused, or allowed by `safe_mode=False` and said once."""
import os
from typing import Any, Callable, Dict, Iterable, Mapping, Optional, Sequence, Set

import tensorflow.compat.v1 as tf

from ...terminal import visible
from ..messages import warn
from .hazards import RESTORING, Graph, disarm
from .source import OpenError


class Guard:
    """What is done about what a file would do.

    Args:
        path: the file, for messages.
        safe_mode: whether it is refused; otherwise the first of it is warned of.

    Attributes:
        ops: op name -> what the op would do, for those of the graph that loading does not run.
    """

    def __init__(self, path: str, safe_mode: bool) -> None:
        self._path, self._said, self.safe_mode = path, False, safe_mode
        self.ops: Dict[str, str] = {}

    def meets(self, what: str) -> None:
        """Something that the file would do, as the end of a sentence that begins with its name."""
        if self.safe_mode:
            raise OpenError(f"open: '{self._path}' {what}; safe_mode=False allows it, for files that you trust.")
        if not self._said:
            self._said = True
            what = what.replace(', which would run here', ', which runs here')
            warn(visible(f"open: '{self._path}' {what}; allowed by safe_mode=False."))

    def examine(self, definition: Any, saver: Any = None, first: Sequence[str] = (),
                own: Callable[[bytes], bool] = lambda path: False, fed: Optional[Mapping[str, bytes]] = None) -> None:
        """Meet what loading a GraphDef would run, and let nothing else of the kind run later.

        Args:
            saver: the SaverDef of what restores the weights.
            first: the names of what loading runs besides.
            own: whether a path is one of the model's own files, from which a table may be filled.
            fed: op name -> the path that loading feeds in the place of its output.
        """
        try:
            graph = Graph(definition, own, fed)
            restoring = graph.needed([saver.restore_op_name], [saver.filename_tensor_name]) if saver else []
            found = {node.name: graph.hazards(node) for node in restoring}
            weights = [name for name in found if all(hazard.type in RESTORING for hazard in found[name])]
            found.update((node.name, graph.hazards(node)) for node in graph.needed(first, list(fed or ())))
            for name in sorted(set(found).difference(weights)):
                for hazard in found[name]:
                    self.meets(hazard.what + ', as it is loaded')
            self.ops = disarm(definition, graph, weights, self.safe_mode)
        except RecursionError:
            raise OpenError(f"open: the functions of '{self._path}' call each other too deeply.") from None

    def check(self, outputs: Iterable[tf.Tensor], inputs: Iterable[tf.Tensor]) -> None:
        """Meet the ops that an explanation of some outputs would run, where the inputs are fed."""
        fed = {tensor.name for tensor in inputs}
        waiting = [tensor.op for tensor in outputs if tensor.name not in fed] if self.ops else []
        seen: Set[tf.Operation] = set()
        while waiting:
            op = waiting.pop()
            if op not in seen:
                seen.add(op)
                if op.name in self.ops:
                    self.meets(self.ops[op.name] + ', where it is explained')
                waiting.extend(tensor.op for tensor in op.inputs if tensor.name not in fed)
                waiting.extend(op.control_inputs)


def inside(path: str, folder: str) -> bool:
    """Whether a path names something in a folder, as it is written."""
    folder = os.path.abspath(folder)
    return os.path.abspath(path).startswith(os.path.join(folder, ''))
