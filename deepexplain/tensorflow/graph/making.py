"""Where ops of ours are made in the user's graph."""
import threading
from contextlib import contextmanager
from typing import Iterator

import tensorflow.compat.v1 as tf

#: The scope of the ops that `deepexplain.targets` adds.
TARGETS = 'deepexplain/targets'

# TensorFlow's graphs are not to be changed by two threads at once.
_building = threading.RLock()


@contextmanager
def making(graph: tf.Graph, scope: str) -> Iterator[None]:
    """A name scope of ours: not under whatever scope, control dependency or device the caller is in."""
    with _building, graph.as_default(), tf.control_dependencies(None), tf.device(None), tf.name_scope(None):
        taken = [op.name for op in graph.get_operations() if op.name.startswith('deepexplain/' + scope)]
        name = graph.unique_name('deepexplain/' + scope)
        # A graph that was saved after explanations holds ops of ours, whose scopes are not known to be in use.
        while any(one.startswith(name + '/') for one in taken):
            name = graph.unique_name('deepexplain/' + scope)
        with tf.name_scope(name + '/'):
            yield
