"""`explain` keeps an explainer for options that mean the same, and only for those."""
import functools
import re
import types
from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from models import close

from deepexplain.tensorflow import DeepExplain, noise_tunnel
from deepexplain.tensorflow.relevance import FIRST, AlphaBeta, Epsilon, Rule
from deepexplain.tensorflow.runs.keys import MOST, Keys

SOURCE = '''
class Mine(Rule):
    factor = {factor}

    def relevance(self, layer, R):
        return self.factor * layer.evenly(R)
'''


def defined(factor):
    """A class as a notebook's cell defines it, each time anew."""
    names = {'Rule': Rule, '__name__': '__main__'}
    exec(SOURCE.format(factor=factor), names)
    return names['Mine']


class Weighed(Rule):
    """A rule that holds whatever it is given."""

    def __init__(self, held):
        super().__init__()
        self.held = held

    def relevance(self, layer, R):
        return layer.evenly(R) * float(np.sum(self.held))


Pair = namedtuple('Pair', 'a b')


@pytest.fixture
def de(session):
    with DeepExplain(session=session) as context:
        yield context


def grows(de, method, T, X, xs, **options):
    size = len(de.graph.get_operations())
    got = de.explain(method, T, X, xs, **options)
    return len(de.graph.get_operations()) > size, got


def test_a_class_that_is_defined_anew(de, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    first, second = defined(1), defined(2)
    assert repr(first()) == repr(second())
    grown, once = grows(de, 'lrp', T, X, xs, composite=[(FIRST, first()), ('*', 'flat')])
    assert grown
    grown, twice = grows(de, 'lrp', T, X, xs, composite=[(FIRST, second()), ('*', 'flat')])
    assert grown and once.any()
    close(twice, 2 * once, 1e-6)
    # The same class gives the same; what is changed in it counts.
    assert not grows(de, 'lrp', T, X, xs, composite=[(FIRST, first()), ('*', 'flat')])[0]
    first.factor = 3
    grown, thrice = grows(de, 'lrp', T, X, xs, composite=[(FIRST, first()), ('*', 'flat')])
    assert grown
    close(thrice, 3 * once, 1e-6)
    first.relevance = lambda self, layer, R: 4 * layer.evenly(R)
    close(de.explain('lrp', T, X, xs, composite=[(FIRST, first()), ('*', 'flat')]), 4 * once, 1e-6)


def test_long_arrays_that_differ_in_the_middle(de, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    held = np.ones(3000)
    other = held.copy()
    other[1500] = 3001
    assert repr(Weighed(held)) == repr(Weighed(other))
    results = [de.explain('lrp', T, X, xs, composite=[('*', Weighed(one))]) for one in (held, other)]
    close(results[1] / results[0], np.full((2, 5), 8.), 1e-5)
    tunnels = [noise_tunnel('lrp', noise=0, samples=2, composite=[('*', Weighed(one))]) for one in (held, other)]
    close(de.explain(tunnels[1], T, X, xs), 8 * de.explain(tunnels[0], T, X, xs), 1e-5)
    assert not grows(de, 'lrp', T, X, xs, composite=[('*', Weighed(held.copy()))])[0]


def test_what_is_changed_in_place(de, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    rule, array, nested = Epsilon(.1), np.ones(4), [1, {'deep': [np.ones(3)]}]
    composite = [('*', rule)]
    first = de.explain('lrp', T, X, xs, composite=composite)
    rule.epsilon = 5.
    second = de.explain('lrp', T, X, xs, composite=composite)
    assert np.abs(second - first).max() > 1e-3
    close(second, de.explain('lrp', T, X, xs, composite=[('*', Epsilon(5.))]), 1e-6)
    rule.epsilon = .1
    np.testing.assert_array_equal(de.explain('lrp', T, X, xs, composite=composite), first)
    by_array = de.explain('lrp', T, X, xs, composite=[('*', Weighed(array))])
    array[2] = 13
    close(de.explain('lrp', T, X, xs, composite=[('*', Weighed(array))]), by_array * 64, 1e-5)
    keys = Keys()
    before = keys.of(nested)
    assert keys.of(nested) == before
    nested[1]['deep'][0][1] = 2
    assert keys.of(nested) != before


def test_a_function_and_what_it_reads(de, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    taken = {'Conv2D'}

    def matcher(op):
        return op.type in taken

    composite = [(matcher, 'flat'), ('*', Epsilon(.1))]
    with pytest.warns(UserWarning, match='is for no layer'):
        first = de.explain('lrp', T, X, xs, composite=composite)
    taken.add('MatMul')
    second = de.explain('lrp', T, X, xs, composite=composite)
    close(second, de.explain('lrp', T, X, xs, composite=[('*', 'flat')]), 1e-6)
    taken.remove('MatMul')
    np.testing.assert_array_equal(de.explain('lrp', T, X, xs, composite=composite), first)
    assert not grows(de, 'lrp', T, X, xs, composite=composite)[0]


def test_a_rule_that_takes_notes_is_asked_once(de, model, rng):
    class Noting(Rule):
        def __init__(self):
            super().__init__()
            self.seen = []

        def relevance(self, layer, R):
            self.seen.append(layer.op.name)
            return layer.evenly(R)

    X, T = model
    rule = Noting()
    assert grows(de, 'lrp', T, X, rng.randn(2, 5), composite=[('*', rule)])[0]
    assert rule.seen
    for _ in range(2):
        assert not grows(de, 'lrp', T, X, rng.randn(2, 5), composite=[('*', rule)])[0]


def test_options_of_other_types(session, de, model, rng):
    X, T = model
    xs = rng.randn(2, 5)
    patterns = [rng.randn(*shape) for shape in ((5, 6), (6, 4), (4, 3))]
    first = de.explain('pattern.net', T, X, xs, patterns=patterns)
    named = dict(zip([op.name for op in session.graph.get_operations() if op.type == 'MatMul'], patterns))
    assert not grows(de, 'pattern.net', T, X, xs, patterns=[one.copy() for one in patterns])[0]
    patterns[1][3, 2] += 1
    assert np.abs(de.explain('pattern.net', T, X, xs, patterns=patterns) - first).max() > 1e-4
    assert grows(de, 'pattern.net', T, X, xs, patterns=named)[0]
    assert not grows(de, 'pattern.net', T, X, xs, patterns=dict(reversed(list(named.items()))))[0]


# -- keys by themselves -----------------------------------------------------------------------------------------------


def loops():
    value = [1]
    value.append(value)
    return value


class Slotted:
    __slots__ = ('a', '__hidden', '__weakref__')

    def __init__(self, a, hidden=0):
        self.a, self.__hidden = a, hidden


class Unhashable:
    __hash__ = None

    def __init__(self, a):
        self.a = a

    def __eq__(self, other):
        raise TypeError('not to be compared')

    def __repr__(self):
        return 'always the same'

    def __call__(self, op):
        return True

    def method(self, op):
        return self.a


class Hidden(int):
    """What it holds is not in attributes alone."""


def offset(by):
    return lambda op: op + by


def structured(value):
    return np.array([(1, value)], [('a', 'i4'), ('b', object)])


#: Makers of values of which each has a key of its own, and the same when it is made again.
CONTENT = [
    lambda: 1, lambda: True, lambda: 1., lambda: 1j, lambda: 0., lambda: -0., lambda: '1', lambda: b'1', lambda: None,
    lambda: float('nan'), lambda: 10 ** 30, lambda: np.float32(1), lambda: np.float64(1), lambda: np.bool_(True),
    lambda: [1], lambda: (1,), lambda: [True], lambda: [[1]], lambda: {1}, lambda: frozenset([1]), lambda: {1: 2},
    lambda: {True: 2}, lambda: OrderedDict({1: 2}), lambda: {'a': 1, 2: 'b'}, lambda: Pair(1, 2), lambda: (1, 2),
    lambda: types.MappingProxyType({1: 2}), list, tuple, dict, set,
    lambda: np.ones(2), lambda: np.ones((2, 1)), lambda: np.ones(2, np.float32), lambda: np.ones(2, '>f8'),
    lambda: np.array([1, 1]), lambda: np.array([1., np.nan]), lambda: np.ones((3, 2))[::2, ::-1] * [[1], [2]],
    lambda: np.array(['a' + str(9), None]), lambda: np.array(['a' + str(8), None]), lambda: np.array(['a', 1.5]),
    lambda: np.array([1, 2], 'M8[D]'), lambda: np.array([1, 2], 'M8[s]'), lambda: structured('x'),
    lambda: structured('y'),
    lambda: np.ma.array([1., 2], mask=[0, 1]), lambda: np.ma.array([1., 2], mask=[1, 0]), lambda: np.array([1., 2]),
    lambda: np.zeros(2, [('a', 'i4'), ('b', 'f4')]), lambda: np.zeros(2, [('c', 'i4'), ('b', 'f4')]),
    lambda: Epsilon(.1), lambda: Epsilon(.2), lambda: Epsilon(.1, False), lambda: AlphaBeta(1, 0), lambda: Rule(),
    lambda: Weighed(1), lambda: Weighed(True), lambda: Weighed([Epsilon(.1)]), lambda: Weighed(Weighed(1)),
    lambda: Slotted(1), lambda: Slotted(2), lambda: Slotted(1, 2), lambda: Unhashable(1), lambda: Unhashable([1]),
    lambda: Unhashable(1).method, lambda: functools.partial(len, [1]), lambda: functools.partial(len, [2]),
    lambda: FIRST, lambda: Epsilon, lambda: AlphaBeta, lambda: len, lambda: str.upper, lambda: np, lambda: slice(1, 2),
    lambda: [('*', Epsilon(.1)), (FIRST, 'flat')], lambda: [('*', Epsilon(.1)), (FIRST, 'z')]]


def test_keys_of_content():
    keys = Keys()
    for i, make in enumerate(CONTENT):
        if not isinstance(make(), slice):
            assert keys.of(make()) == keys.of(make()) and hash(keys.of(make())) == hash(keys.of(make()))
        for other in CONTENT[:i]:
            assert keys.of(make()) != keys.of(other()), (make(), other())


def test_keys_of_things_themselves(session):
    keys = Keys()
    shared = [offset(1), re.compile('x'), Hidden(1), object(), np.random.RandomState(0), iter([1]), loops(),
              tf.constant(1.), tf.Variable(1.), tf.constant(1.).op, defined(1), lambda op: 1]
    again = [offset(1), re.compile('y'), Hidden(1), object(), np.random.RandomState(0), iter([1]), [1, [1, [1]]],
             tf.constant(1.), tf.Variable(1.), tf.constant(1.).op, defined(1), lambda op: 1]
    for one, other in zip(shared, again):
        assert keys.of(one) == keys.of(one) and keys.of(one) != keys.of(other)
        assert {keys.of([one]): 1}[keys.of([one])] == 1
    # A key keeps the thing alive, so that its id is not taken by another.
    found = {keys.of(lambda op: 1) for _ in range(50)}
    assert len(found) == 50


def test_a_function_is_its_code_defaults_closure_attributes_and_globals():
    taken = [1]

    def function(op, default=[1], *, named={'a': 1}):  # noqa: B006
        return [one for one in op if one in taken and one in CELL]

    def other(op):
        return [one for one in op if one in taken]

    function.note = [1]
    keys = Keys()
    for change in (lambda: taken.append(2), lambda: function.__defaults__[0].append(2), lambda: CELL.append(2),
                   lambda: function.__kwdefaults__['named'].update(a=2), lambda: function.note.append(2),
                   lambda: setattr(function, '__code__', other.__code__)):
        before = keys.of(function)
        assert keys.of(function) == before
        change()
        assert keys.of(function) != before
    del CELL[1:]


CELL = [1]


def test_large_objects_are_looked_at_only_so_far():
    value = [[[i] for i in range(100)] for _ in range(100)]
    keys = Keys()
    assert keys.of(value) == keys.of(value)
    counted = []

    def count(one):
        if isinstance(one, tuple):
            counted.append(one)
            for inner in one:
                count(inner)

    count(keys.of(value))
    assert len(counted) < 10 * MOST


def test_an_object_that_cannot_be_asked():
    class Angry:
        @property
        def __dict__(self):
            raise ValueError('no')

        def __array__(self, *_, **__):
            raise ValueError('no')

    angry = Angry()
    assert Keys().of(angry) == Keys().of(angry) != Keys().of(Angry())
