"""Points that fill a cube evenly."""
from itertools import islice

import numpy as np
import pytest

from deepexplain.tensorflow.methods.sequences import latin_hypercube, primitive_polynomials, sobol


def discrepancy(points):
    """The squared L2 star discrepancy, by Warnock's formula."""
    size, axes = points.shape
    both = np.prod(1 - np.maximum(points[:, np.newaxis], points), 2).sum() / size ** 2
    return 3. ** -axes - 2 / size * np.prod((1 - points ** 2) / 2, 1).sum() + both


def orders(polynomial):
    """After how many steps the powers of x come back to 1, one by one."""
    top = 1 << polynomial.bit_length() - 1
    value, steps = 1, 0
    while True:
        value <<= 1
        value ^= polynomial * bool(value & top)
        steps += 1
        if value == 1:
            return steps


def test_primitive_polynomials():
    found = list(islice(primitive_polynomials(), 100))
    degrees = [one.bit_length() - 1 for one in found]
    # As many as phi(2^n - 1) / n.
    assert [degrees.count(one) for one in range(1, 10)] == [1, 1, 2, 2, 6, 6, 18, 16, 48]
    assert found[:5] == [0b11, 0b111, 0b1011, 0b1101, 0b10011]
    assert all(orders(one) == 2 ** degree - 1 for one, degree in zip(found, degrees))


@pytest.mark.parametrize('points,axes', [(64, 30), (1, 3), (8, 1), (2, 2)])
def test_each_part_of_an_axis_holds_one_point(points, axes):
    for make in (sobol, latin_hypercube):
        found = make(points, axes, np.random.RandomState(3))
        assert found.shape == (points, axes) and (found >= 0).all() and (found < 1).all()
        np.testing.assert_array_equal(np.sort(found * points // 1, 0), np.outer(np.arange(points), np.ones(axes)))
        np.testing.assert_array_equal(make(points, axes, np.random.RandomState(3)), found)
        assert (make(points, axes, np.random.RandomState(4)) != found).any(0).all()


def test_the_first_axes_are_a_net_in_pairs():
    """A (0, 6, 2) net: each box of 1 / 64, whatever its sides, holds one of 64 points; as the theory has it."""
    found = sobol(64, 2, np.random.RandomState(0))
    for by in range(7):
        boxes = (found[:, 0] * 2 ** by // 1) * 2 ** (6 - by) + found[:, 1] * 2 ** (6 - by) // 1
        np.testing.assert_array_equal(np.sort(boxes), np.arange(64))


def test_digits_below_the_net_are_scrambled():
    found = sobol(4, 3, np.random.RandomState(0))
    assert all(len(set(axis)) == 4 for axis in (found * 4 % 1).T)


def test_their_discrepancy_is_low():
    seeds = range(6)
    ours = np.mean([discrepancy(sobol(256, 5, np.random.RandomState(seed))) for seed in seeds])
    chance = np.mean([discrepancy(np.random.RandomState(seed).uniform(size=(256, 5))) for seed in seeds])
    cubes = np.mean([discrepancy(latin_hypercube(256, 5, np.random.RandomState(seed))) for seed in seeds])
    assert ours < chance / 4 and ours < cubes / 2 and cubes < chance


def test_each_point_is_uniform_over_seeds():
    drawn = np.array([sobol(5, 3, np.random.RandomState(seed)) for seed in range(400)])
    assert np.abs(drawn.mean(0) - .5).max() < .08 and np.abs(drawn.var(0) - 1 / 12).max() < .02
