"""Loops of plain ops among the nodes of a GraphDef: which run in whose frame, which hang on X, and how often."""
from typing import Any, Callable, Collection, Dict, Iterable, List, Mapping, Set, Tuple

import tensorflow.compat.v1 as tf

from . import compat
from .flow import SHAPES
from .loops import ENTERS, EXITS

Nodes = Dict[str, Any]

#: The frames around a node, the outermost first.
Frames = Dict[str, Tuple[str, ...]]

_SWITCHES = ('Switch', 'RefSwitch')


def maker(source: str) -> str:
    """The name of the node that makes what a node writes as its input."""
    return source.lstrip('^').split(':')[0]


def data_of(node: Any) -> List[str]:
    """The inputs of a node, without what it only waits for."""
    return [source for source in node.input if not source.startswith('^')]


def comes_round(node: Any, nodes: Mapping[str, Any]) -> bool:
    """Whether a node holds a variable of a loop: what goes in at first, and what comes round after each step."""
    return node.op in ('Merge', 'RefMerge') and any(
        maker(source) in nodes and nodes[maker(source)].op in ('NextIteration', 'RefNextIteration')
        for source in node.input)


def in_order(nodes: Mapping[str, Any]) -> List[str]:
    """The names of nodes, what a node reads before the node itself, but for what comes round in a loop."""
    done: Set[str] = set()
    order: List[str] = []
    for first in nodes:
        stack = [first]
        while stack:
            node = nodes[stack[-1]]
            if node.name in done:
                stack.pop()
                continue
            sources = [maker(source) for source in node.input]
            if comes_round(node, nodes):
                sources = [one for one in sources if one in nodes and nodes[one].op in ENTERS]
            waiting = [one for one in sources if one in nodes and one not in done]
            if waiting:
                stack.extend(waiting)
            else:
                done.add(node.name)
                order.append(node.name)
                stack.pop()
    return order


def frames_of(nodes: Mapping[str, Any], order: Iterable[str]) -> Frames:
    """The frames in which nodes run; an Exit runs in the loop that it leaves."""
    found: Frames = {}
    for name in order:
        node = nodes[name]
        around: Tuple[str, ...] = ()
        for source in map(maker, node.input):
            frames = found.get(source, ())
            frames = frames[:-1] if source in nodes and nodes[source].op in EXITS else frames
            around = max(around, frames, key=len)
        if node.op in ENTERS:
            around += (node.attr['frame_name'].s.decode(),)
        found[name] = around
    return found


def dependent_on(nodes: Mapping[str, Any], inputs: Collection[str]) -> Set[str]:
    """The names of the nodes whose values hang on those of some sources from outside, be the gradient stopped."""
    readers = readers_of(nodes)
    waiting = list(inputs)
    seen, found = set(waiting), set()
    while waiting:
        for name in readers.get(waiting.pop(), ()):
            if name not in found and nodes[name].op not in SHAPES:
                found.add(name)
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
    return found


def readers_of(nodes: Mapping[str, Any]) -> Dict[str, List[str]]:
    """The names of the nodes that read a node of ours by its name, or from outside a source as it is written."""
    readers: Dict[str, List[str]] = {}
    for node in nodes.values():
        for source in data_of(node):
            readers.setdefault(maker(source) if maker(source) in nodes else source, []).append(node.name)
    return readers


def behind(nodes: Mapping[str, Any], starts: Iterable[str], stops: Callable[[str], bool] = lambda name: False
           ) -> Set[str]:
    """The names of the nodes that some nodes are made of and wait for, these included."""
    waiting = [name for name in starts if name in nodes]
    found = set(waiting)
    while waiting:
        name = waiting.pop()
        for source in map(maker, nodes[name].input) if not stops(name) else ():
            if source in nodes and source not in found:
                found.add(source)
                waiting.append(source)
    return found


def counter_of(nodes: Mapping[str, Any], frames: Frames, frame: str) -> Tuple[Nodes, str]:
    """Nodes that run a loop for its condition alone and count its steps, and which of them puts out their number.

    What only waits for a step of the loop waits for a step of the counter, so that no more has to run.
    """
    own = [name for name, around in frames.items() if around == (frame,)]
    condition = next(name for name in own if nodes[name].op == 'LoopCond')
    at = frame + '/deepexplain_count'
    merged, step = at + '/merge', at + '/step'

    def gated(name: str) -> Any:
        node = tf.NodeDef()
        node.CopyFrom(nodes[name])
        if frames[name] == (frame,) and node.op not in EXITS:
            node.input[:] = data_of(node)
            if not node.input or node.op in ('Identity', 'NoOp'):
                node.input.append('^' + merged)
        return node

    needed: Nodes = {}
    waiting = [condition]
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed[name] = gated(name)
        waiting.extend(source for source in map(maker, needed[name].input) if source in nodes)
    for node in [one for one in needed.values() if one.op == 'NextIteration' and frames[one.name] == (frame,)]:
        # What is the same in every step would go round for ever.
        again = _node('Identity', node.name + '/deepexplain_again', [node.input[0], '^' + step],
                      T=node.attr['T'].type)
        node.input[0] = again.name
        needed[again.name] = again
    some = next(nodes[name] for name in own if nodes[name].op in ENTERS)
    enter = _node('Enter', at + '/enter', [at + '/zero'], T=tf.int32.as_datatype_enum)
    enter.attr['frame_name'].s = frame.encode()
    enter.attr['parallel_iterations'].i = some.attr['parallel_iterations'].i or 10
    merge = _node('Merge', merged, [enter.name, at + '/next'], T=tf.int32.as_datatype_enum)
    merge.attr['N'].i = 2
    one = compat.constant_node(at + '/one', 1, tf.int32)
    one.input.append('^' + step)
    for node in (compat.constant_node(at + '/zero', 0, tf.int32), enter, merge, one,
                 _node('Switch', at + '/switch', [merged, condition], T=tf.int32.as_datatype_enum),
                 _node('Identity', step, [at + '/switch:1'], T=tf.int32.as_datatype_enum),
                 _node('Add', at + '/add', [step, one.name], T=tf.int32.as_datatype_enum),
                 _node('NextIteration', at + '/next', [at + '/add'], T=tf.int32.as_datatype_enum),
                 _node('Exit', at + '/exit', [at + '/switch'], T=tf.int32.as_datatype_enum)):
        needed[node.name] = node
    return needed, at + '/exit'


def taken(nodes: Nodes, frames: Frames, starts: Iterable[str]) -> Set[str]:
    """Let some sources come as if the branches that they are in were taken; what they are made of, by name."""
    waiting = list(starts)
    seen = set(waiting)
    while waiting:
        node = nodes.get(waiting.pop())
        # What comes out of a branch is another matter.
        if node is None or node.op in ('Merge', 'RefMerge') and not frames.get(node.name):
            continue
        if not frames.get(node.name):
            node.input[:] = data_of(node)
            if node.op in _SWITCHES:
                dtype = node.attr['T'].type
                both = tf.NodeDef(name=node.name, op='IdentityN', input=[node.input[0]] * 2)
                both.attr['T'].list.type.extend([dtype, dtype])
                nodes[node.name] = node = both
        new = [source for source in map(maker, node.input) if source not in seen]
        seen.update(new)
        waiting.extend(new)
    return seen


def _node(op: str, name: str, inputs: List[str], **types: int) -> Any:
    made = tf.NodeDef(name=name, op=op, input=inputs)
    for key, dtype in types.items():
        made.attr[key].type = dtype
    return made
