"""Which ops are one activation, and where the gradient on its way to X meets factors that have none."""
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from spellings import CLIPPED, CLIPPED_BY_VALUE, HARD, LEAKY, RELU, SOFT

from deepexplain.tensorflow.graph.path import Path
from deepexplain.tensorflow.graph.units import find_units, is_exact
from deepexplain.tensorflow.relevance.plan import ACTIVATIONS, make_plan
from deepexplain.tensorflow.rules.activations import registered_rules

ALL = {'%s: %s' % (of, name): make for of, table in [
    ('relu', RELU), ('leaky', LEAKY), ('soft', SOFT), ('hard', HARD), ('clipped', CLIPPED),
    ('clipped', CLIPPED_BY_VALUE)]
    for name, make in table.items()}


@pytest.mark.parametrize('name', sorted(ALL))
@pytest.mark.parametrize('ruled', ['deeplift', 'lrp'])
def test_activations_written_by_shape(session, ruled, name):
    X = tf.placeholder(tf.float32, [None, 3])
    h = tf.matmul(X, np.ones((3, 4), np.float32))
    y = ALL[name](h)
    path = Path([X], tf.reduce_sum(y, 1))
    units = find_units(path, ACTIVATIONS if ruled == 'lrp' else frozenset(registered_rules()))
    assert not units.unsupported
    assert not units.inexact
    assert all(unit.same for unit in units.marked)
    by_end = {unit.y.name: unit.x for unit in list(units.marked) + list(units.single.values())}
    x, passed = y, 0
    while x is not h:
        passed += x.name in by_end
        x, = [by_end[x.name]] if x.name in by_end else [one for one in x.op.inputs if path.depends(one)]
    assert passed == (2 if 'clipped' in name else 1)


@pytest.mark.parametrize('make', [
    lambda x: tf.maximum(x, tf.placeholder(tf.float32)),
    lambda x: tf.maximum(tf.placeholder(tf.float32, [None, 4]), x),
    lambda x: tf.where_v2(x > 0, x, tf.placeholder(tf.float32)),
    lambda x: x * tf.cast(x > tf.placeholder(tf.float32), x.dtype),
    lambda x: tf.where_v2(x > 0, x, np.ones((3, 1, 4), np.float32)),
])
def test_activations_that_may_broadcast(session, make):
    X = tf.placeholder(tf.float32, [None, 4])
    units = find_units(Path([X], make(X)), frozenset(registered_rules()))
    assert [(unit.x, unit.same) for unit in units.marked] == [(X, False)]
    assert not units.unsupported


@pytest.mark.parametrize('make', [
    lambda a, b: tf.maximum(a, b), lambda a, b: tf.where(tf.placeholder(tf.bool, [None, 4]), a, b),
    lambda a, b: tf.maximum(a[:, :1], np.ones(4, np.float32)),
    lambda a, b: tf.nn.bias_add(b, a[0]), lambda a, b: tf.where(a[:, 0] > 0, a, b)])
def test_what_is_no_activation(session, make):
    X = tf.placeholder(tf.float32, [None, 4])
    path = Path([X], make(tf.matmul(X, np.ones((4, 4), np.float32)), X))
    units = find_units(path, frozenset(registered_rules()))
    assert not units.marked
    assert not units.unsupported


def test_a_vector_that_chooses_rows_is_no_function_of_numbers(session):
    x = tf.placeholder(tf.float32, [4])
    y = tf.where(x > 0, np.ones((4, 4), np.float32), tf.zeros([4, 4])) * x
    assert not find_units(Path([x], y), frozenset(registered_rules())).marked


def test_a_choice_that_may_be_of_rows_is_unsupported(session):
    x = tf.placeholder(tf.float32)
    units = find_units(Path([x], tf.where(x > tf.placeholder(tf.float32), x, 2 * x)), frozenset(registered_rules()))
    assert [op.type for op in units.unsupported] == ['Select']
    assert not units.marked


def step(x):
    return tf.cast(x > .3, tf.float32)


# With x and z, two functions of X: a product, and whether it is of one alone.
FACTORS = {
    'comparison': lambda x, z: x * step(z),
    'mask of rows': lambda x, z: step(tf.reduce_max(z, 1, keepdims=True)) * x,
    'not equal': lambda x, z: x * tf.cast(tf.reduce_any(tf.not_equal(z, 0), 1, keepdims=True), tf.float32),
    'masks': lambda x, z: x * (step(z) * (1 - step(x))),
    'sign': lambda x, z: tf.sign(z) * x,
    'steps': lambda x, z: x * (tf.floor(z) + 2 * tf.round(z)),
    'whole quotient': lambda x, z: x * (z // 2.),
    'one hot': lambda x, z: x * tf.one_hot(tf.argmax(z, 1), 3),
    'whole number': lambda x, z: x * tf.cast(tf.cast(z, tf.int32), tf.float32),
    'stopped': lambda x, z: x * tf.stop_gradient(z),
    'matrix': lambda x, z: tf.matmul(x, tf.matmul(step(z), step(z), transpose_a=True)),
    'equation': lambda x, z: tf.einsum('ij,ik->ijk', x, step(z)),
    'divided by a number of steps': lambda x, z: x / (1 + tf.reduce_sum(step(z), 1, keepdims=True)),
    'zeros of the other': lambda x, z: x * (0 * z + 1),
    'chosen': lambda x, z: x * tf.where(z > 0, tf.ones_like(z), 2 * tf.ones_like(z)),
    'chosen by the other': lambda x, z: tf.where(z > 0, x, tf.zeros_like(x)),
    'a difference of nothing': lambda x, z: (z - z + 2) * x,
}

PAIRS = {
    'product': lambda x, z: x * z,
    'gate': lambda x, z: x * tf.sigmoid(z),
    'gate of a mask': lambda x, z: x * (step(x) * z),
    'quotient': lambda x, z: step(x) / z,
    'sign of both': lambda x, z: (x + tf.sign(x)) * (z + tf.sign(z)),
}


def meeting(make):
    X = tf.placeholder(tf.float32, [None, 3])
    x, z = [tf.matmul(X, np.random.RandomState(i).randn(3, 3).astype(np.float32)) for i in (0, 1)]
    path = Path([X], make(x, z))
    return path, find_units(path, frozenset(registered_rules()))


@pytest.mark.parametrize('name', sorted(FACTORS))
def test_factors_without_a_gradient_are_constants(session, name):
    path, units = meeting(FACTORS[name])
    assert not units.unsupported
    assert not make_plan(path).uncovered
    assert all(is_exact(op, path) for op in path.ops if path.carries(op.outputs[0], steps=False))


@pytest.mark.parametrize('name', sorted(PAIRS))
def test_products_of_two(session, name):
    path, units = meeting(PAIRS[name])
    assert {'Mul', 'RealDiv'} & {op.type for op in units.unsupported}
    plan = make_plan(path)
    assert {'Mul', 'RealDiv'} & {path.graph.get_operation_by_name(name).type for name in plan.meetings}
    assert not plan.uncovered


@pytest.mark.parametrize('name', ['comparison', 'sign', 'one hot', 'chosen by the other', 'matrix'])
def test_a_mask_is_noted(session, name):
    assert len(meeting(FACTORS[name])[1].inexact) == 1


def test_a_gradient_of_the_users_own_is_one(session):
    @tf.RegisterGradient('TestStraightThrough')
    def straight(op, grad):
        return grad

    with session.graph.gradient_override_map({'Sign': 'TestStraightThrough'}):
        _, units = meeting(lambda x, z: x * tf.sign(z))
    assert {op.type for op in units.unsupported} == {'Mul', 'Sign'}
