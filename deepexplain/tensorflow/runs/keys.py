"""Keys by which what was built for some options is found again: equal where building anew would give the same."""
import dis
import functools
import types
from enum import Enum
from typing import Any, Dict, FrozenSet, Hashable, Iterator, Set, Tuple

import numpy as np
import tensorflow.compat.v1 as tf

from .names import names_of

#: What is looked into at most; what lies deeper counts as the thing that it is.
MOST = 2000

#: Objects of these packages count as the things that they are.
_LIBRARIES = frozenset(['numpy', 'tensorflow', 'tensorflow_core', 'keras', 'tf_keras'])

#: Their classes do not change.
_FIXED = _LIBRARIES | {'builtins', 'abc', 'typing', __name__.split('.')[0]}

#: The size of an object without slots: with two pointers, to a dict of attributes and to weak references.
_PLAIN = object.__basicsize__ + 2 * tuple.__itemsize__


class Same:
    """A thing itself: the key of what is not understood. It keeps it alive, so that no other comes to have its id."""

    __slots__ = ('thing',)

    def __init__(self, thing: Any) -> None:
        self.thing = thing

    def __eq__(self, other: Any) -> bool:
        return isinstance(other, Same) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


class Keys:
    """Makes keys.

    Numbers are of their type (1, 1. and True mean different things), arrays are their content. Objects are their class
    and what they hold, so that one that has changed is another. A class or a function is the thing itself, as another
    one of the same name may do something else, with what it reads from outside: class attributes, defaults, what
    encloses it, globals.
    """

    def __init__(self) -> None:
        self._globals: Dict[types.CodeType, FrozenSet[str]] = {}

    def of(self, value: Any) -> Hashable:
        """The key of a value: hashable, whatever it is."""
        return _Look(self._globals).of(value)


class _Look:
    """One look at a value and at what it holds."""

    def __init__(self, known: Dict[types.CodeType, FrozenSet[str]]) -> None:
        self._globals, self._left = known, MOST
        self._open: Set[int] = set()

    def of(self, value: Any) -> Hashable:
        kind = type(value)
        if kind in (int, bool, str, bytes, type(None)):
            return kind, value
        if kind in (float, complex):  # nan does not equal itself, and 0. equals -0.
            return kind, repr(value)
        self._left -= 1
        if id(value) in self._open or self._left < 0:
            return Same(value)
        self._open.add(id(value))
        try:
            return self._composed(value)
        except Exception:  # noqa: B902, whatever an object may do when it is asked
            return Same(value)
        finally:
            self._open.discard(id(value))

    def _composed(self, value: Any) -> Hashable:
        kind: Any = Same(type(value))
        if type(value) in (list, tuple):
            return kind, tuple(map(self.of, value))
        if type(value) is dict:
            return kind, frozenset((self.of(key), self.of(one)) for key, one in value.items())
        if isinstance(value, (np.ndarray, np.generic)):
            return kind, self._array(value)
        if isinstance(value, (list, tuple)):
            return kind, tuple(map(self.of, value)), self._held(value)
        if isinstance(value, (dict, types.MappingProxyType)):
            return kind, frozenset((self.of(key), self.of(one)) for key, one in value.items()), self._held(value)
        if isinstance(value, (set, frozenset)):
            return kind, frozenset(map(self.of, value)), self._held(value)
        if isinstance(value, types.FunctionType):
            return Same(value), Same(value.__code__), self._outside(value)
        if isinstance(value, types.MethodType):
            return kind, self.of(value.__func__), self.of(value.__self__)
        if isinstance(value, functools.partial):
            return kind, self.of(value.func), self.of(value.args), self.of(value.keywords), self._held(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, (types.ModuleType, Enum, tf.Tensor, tf.Operation, tf.Variable)):
            return Same(value)
        if hasattr(value, '__array__') and not callable(value):  # A column of a table, say.
            return kind, self._array(np.asarray(value)), tuple(names_of(value) or ())
        if _is_plain(type(value)):
            return self._class(type(value)), self._held(value)
        return Same(value), self._held(value) if not _is_foreign(type(value)) else None

    def _array(self, value: Any) -> Hashable:
        array = np.asarray(value)
        content: Any = tuple(map(self.of, array.ravel().tolist())) if array.dtype.hasobject else array.tobytes()
        mask = np.ma.getmaskarray(value).tobytes() if isinstance(value, np.ma.MaskedArray) else None
        return str(array.dtype.descr), array.shape, content, mask

    def _class(self, value: type) -> Hashable:
        """A class, and the attributes that the caller has given it and those that it derives from."""
        own = [base for base in value.__mro__ if _package(base) not in _FIXED]
        return Same(value), tuple(self._named(vars(base).items()) for base in own)

    def _outside(self, function: types.FunctionType) -> Hashable:
        """What a function reads that is not handed to it."""
        cells = [cell for cell in function.__closure__ or () if _is_filled(cell)]
        names = self._names(function.__code__)
        found = {name: function.__globals__[name] for name in names if name in function.__globals__}
        return (tuple(self.of(cell.cell_contents) for cell in cells), self.of(function.__defaults__),
                self.of(function.__kwdefaults__), self._named(found.items()), self._held(function))

    def _names(self, code: types.CodeType) -> FrozenSet[str]:
        """The globals that code reads."""
        if code not in self._globals:
            inner = [one for one in code.co_consts if isinstance(one, types.CodeType)]
            read = {step.argval for step in dis.get_instructions(code) if step.opname == 'LOAD_GLOBAL'}
            self._globals[code] = frozenset(read.union(*map(self._names, inner)))
        return self._globals[code]

    def _held(self, value: Any) -> Hashable:
        """What an object holds in attributes."""
        return self._named(list(getattr(value, '__dict__', {}).items()) + [
            (name, getattr(value, name)) for name in _slots(type(value)) if hasattr(value, name)])

    def _named(self, pairs: Any) -> FrozenSet[Tuple[str, Hashable]]:
        return frozenset((name, self.of(one)) for name, one in pairs)


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _package(kind: type) -> str:
    return str(getattr(kind, '__module__', '')).split('.')[0]


def _is_foreign(kind: type) -> bool:
    """Whether a class is of a library, or derives from one of it."""
    return any(_package(base) in _LIBRARIES for base in kind.__mro__)


def _is_plain(kind: type) -> bool:
    """Whether all that an instance holds is in attributes: classes that are made in C may keep more to themselves."""
    slots = list(_slots(kind))
    has_attributes = slots or any('__dict__' in vars(base) for base in kind.__mro__)
    return bool(has_attributes) and not _is_foreign(kind) and not kind.__itemsize__ and (
        kind.__basicsize__ <= _PLAIN + len(slots) * tuple.__itemsize__)


def _slots(kind: type) -> Iterator[str]:
    for base in kind.__mro__:
        names: Any = vars(base).get('__slots__', ())
        for name in [names] if isinstance(names, str) else list(names):
            if name not in ('__dict__', '__weakref__'):
                hidden = name.startswith('__') and not name.endswith('__')
                yield '_%s%s' % (base.__name__.lstrip('_'), name) if hidden else name


