"""Where the rows of X and of a fed tensor go on their way through a graph, op by op."""
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

import tensorflow.compat.v1 as tf

from .axes import BODY, GONE, LOST, Move, Rows, State
from .bodies import body_of, names_of
from .choices import function_at_rest
from .compat import static_value
from .functions import is_call
from .kinds import CALLS, FUNCTIONAL
from .moves import SHAPES, move
from .reshaping import reshaped
from .sizes import Holds, Size, sizes_of

#: The sources whose rows are followed: X, and something else that is fed.
X, FED = 0, 1

Places = Tuple[Optional[State], Optional[State]]


class Meeting(NamedTuple):
    """An op in which rows of X certainly meet, of the type and name that it has in the graph or in a function."""
    op: tf.Operation
    place: str

    @property
    def name(self) -> str:
        return self.op.name + self.place


class RowFlow:
    """Where the rows of X and of a fed tensor are, op by op.

    Attributes:
        meetings: where rows of X meet, by name.
        seen: how the rows of the fed tensor were seen to be next to those of X: 'along' the same axis, 'apart',
            'summed' up by themselves, 'summed with' those of X, or 'lost' out of sight.
    """

    def __init__(self, library: Mapping[str, tf.GraphDef]) -> None:
        self.meetings: Dict[str, Meeting] = {}
        self.seen: Set[str] = set()
        self._library = library
        self._movers: Dict[str, Meeting] = {}

    def through(self, ops: Sequence[tf.Operation], start: Mapping[str, Places], ends: Iterable[str] = (),
                place: str = '', dead: Iterable[str] = ()) -> Dict[str, Places]:
        """Follow the rows through ops in the order of their making.

        Args:
            start: where the rows are to begin with, by tensor name.
            ends: names of tensors that keep the rows they start with.
            place: what is said behind the names of the ops.
            dead: names of tensors that never have a value.
        """
        found: Dict[str, Places] = dict(start)
        kept, dead = set(ends), set(dead)
        inside = {tensor.name for op in ops for tensor in op.outputs}
        # What comes round in a loop is known only when the loop has been gone through.
        for _ in range(4):
            changed = looped = False
            for op in ops:
                if op.type in SHAPES:
                    continue
                if any(one.name in inside and one.name not in found for one in op.inputs):
                    looped = looped or op.type == 'Merge'
                given = [(None, None) if one.name in dead else found.get(one.name, (None, None)) for one in op.inputs]
                for tensor, after in zip(op.outputs, self._step(op, given, found, place)):
                    if tensor.name not in kept and found.get(tensor.name) != after:
                        changed = changed or tensor.name in found
                        found[tensor.name] = after
            if not looped and not changed:
                break
        return found

    def _step(self, op: tf.Operation, given: Sequence[Places], found: Mapping[str, Places], place: str
              ) -> List[Places]:
        """Where the rows are in each output of an op."""
        if op.type in ('Range', 'Fill'):
            return [self._counted(op, found)]
        if all(one == (None, None) for one in given):
            return [(None, None)] * len(op.outputs)
        if op.type in FUNCTIONAL or is_call(op.type, self._library):
            return self._function(op, given, place)
        if op.type == 'IdentityN':
            return list(given)
        moves = [[self._move(op, i, one[source], found, source) for i, one in enumerate(given)] for source in (X, FED)]
        if op.type in ('Gather', 'GatherV2', 'GatherNd', 'ResourceGather') and len(given) > 1:
            # Places that are counted along the rows pick each row's own.
            picked = moves[X][1]
            if picked is not None and isinstance(picked.to, Rows) and not picked.to.moved:
                moves[X][0] = None
        states = [self._joined(op, moves[source], source, place) for source in (X, FED)]
        self._compare(op, given, moves, states)
        return [(states[X], states[FED])] * len(op.outputs)

    def _move(self, op: tf.Operation, i: int, state: Optional[State], found: Mapping[str, Places], source: int
              ) -> Optional[Move]:
        if not isinstance(state, Rows):
            return None if state is None else Move(state)
        if op.type == 'Reshape' and i == 0:
            return reshaped(op, state, holds(found, source))
        moved = move(op, i, state)
        return None if moved.to is None else moved

    def _counted(self, op: tf.Operation, found: Mapping[str, Places]) -> Places:
        """The numbers from 0 to the number of rows are one for each row, as is what is filled for as many."""
        places: List[Optional[State]] = []
        for source in (X, FED):
            of = op.inputs[0 if op.type == 'Fill' else 1]
            sizes = sizes_of(of, holds(found, source)) or []
            if op.type == 'Range' and [static_value(op.inputs[i]) for i in (0, 2)] != [0, 1]:
                sizes = []
            axes = [axis for axis, size in enumerate(sizes) if size == Size(1, True)]
            places.append(Rows(axes[0]) if len(axes) == 1 else None)
        return places[X], places[FED]

    def _joined(self, op: tf.Operation, moves: Sequence[Optional[Move]], source: int, place: str) -> Optional[State]:
        """Where the rows of a source are, by all of an op's inputs."""
        there = [one for one in moves if one is not None]
        rows = [one.to for one in there if isinstance(one.to, Rows)]
        meet = any(one.meet for one in there)
        result: Optional[State] = rows[0] if rows else GONE if there else None
        if any(one.to == LOST for one in there):
            result = LOST
        elif len({(one.axis, one.inner) for one in rows}) > 1:
            result = LOST
            meet = meet or all(one.inner == 1 and not one.moved for one in rows)
        elif len({bool(one.moved) for one in rows}) > 1:
            if source == X and op.type != 'Merge':
                self._note_moved(next(one.moved for one in rows if one.moved))
            result = rows[0]._replace(moved='')
        if source == X:
            for one in rows:
                if one.moved and one.moved not in self._movers:
                    self._movers[one.moved] = Meeting(op, place)
            if meet and any(tensor.dtype.is_floating for tensor in op.outputs):
                self.meetings.setdefault(op.name + place, Meeting(op, place))
        return result

    def _note_moved(self, name: str) -> None:
        meeting = self._movers[name]
        self.meetings.setdefault(meeting.name, meeting)

    def arrived(self, state: Optional[State]) -> None:
        """Take note of where the rows of X are in the target: moved rows are not those of the samples."""
        if isinstance(state, Rows) and state.moved:
            self._note_moved(state.moved)

    def _compare(self, op: tf.Operation, given: Sequence[Places], moves: Sequence[Sequence[Optional[Move]]],
                 states: Sequence[Optional[State]]) -> None:
        """Take note of how the rows of the fed tensor are next to those of X in an op."""
        before = [one[FED] for one in given]
        mine = [one for one in moves[FED] if one is not None]
        if not any(isinstance(one, Rows) for one in before):
            return
        sums = [any(isinstance(one[source], Rows) and moved is not None and moved.to == GONE
                    for one, moved in zip(given, moves[source])) for source in (X, FED)]
        if sums[X]:
            self.seen.add('summed with')
        elif sums[FED] and not (op.outputs[0].dtype.is_integer or op.outputs[0].dtype.is_bool):
            self.seen.add('summed')
        if any(one.to == LOST for one in mine):
            self.seen.add('lost')
        if any(isinstance(one.to, Rows) and one.to.moved and not old.moved  # type: ignore
               for one, old in zip(moves[FED], before) if one is not None and isinstance(old, Rows)):
            self.seen.add('summed')
        for i, here in enumerate(moves[FED]):
            for j, there in enumerate(moves[X]):
                if i == j or here is None or there is None or not isinstance(here.to, Rows) or here.to.moved:
                    continue
                if there.to == LOST:
                    self.seen.add('lost')
                elif isinstance(there.to, Rows):
                    self.seen.add('summed with' if there.to.moved and 'Gather' in op.type else
                                  'apart' if there.to.moved or there.to.axis != here.to.axis else
                                  'along' if there.to.inner == here.to.inner else 'lost')

    def _function(self, op: tf.Operation, given: Sequence[Places], place: str) -> List[Places]:
        """Where the rows are behind a loop, a branch or a call, by its functions."""
        loop = 'While' in op.type
        branch = not loop and op.type in FUNCTIONAL
        arguments = list(given)[1:] if branch else list(given)
        tensors = list(op.inputs)[1:] if branch else list(op.inputs)
        results: List[Places] = [(None, None)] * len(op.outputs)
        for name in _names(op, loop):
            body = body_of(self._library[name], self._library, [tensor.shape for tensor in tensors])
            body.graph.add_to_collection(BODY, True)
            inner = f' in {op.name}{place}'
            for _ in range(4 if loop else 1):
                start = {one.name: state for one, state in zip(body.arguments, arguments) if state != (None, None)}
                found = self.through(body.graph.get_operations(), start, start, inner)
                ends = [found.get(one.name, (None, None)) for one in body.outputs]
                if not loop:
                    break
                joined = [(_either(a[0], b[0]), _either(a[1], b[1])) for a, b in zip(arguments, ends)]
                if joined == arguments:
                    break
                arguments = joined
            results = [(_either(a[0], b[0]), _either(a[1], b[1])) for a, b in zip(results, ends)]
        return results


def _names(op: tf.Operation, loop: bool) -> List[str]:
    """The functions that an op may run while the model does not train."""
    if op.type in FUNCTIONAL:
        taken = function_at_rest(op)
        return names_of(op, loop) if taken is None else [taken]
    return [op.get_attr('f').name if op.type in CALLS else op.type]


def _either(a: Optional[State], b: Optional[State]) -> Optional[State]:
    """Where rows are that come from one place or another."""
    if a == b or b is None:
        return a
    if a is None:
        return b
    if isinstance(a, Rows) and isinstance(b, Rows):
        return LOST
    return LOST if LOST in (a, b) else a if isinstance(a, Rows) else b


def holds(found: Mapping[str, Places], source: int) -> Holds:
    """Whether an axis of a tensor holds the rows of a source."""
    return lambda tensor, axis: found.get(tensor.name, (None, None))[source] == Rows(axis)
