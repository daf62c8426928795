"""Points that fill the unit cube evenly: randomised Sobol' sequences and Latin hypercubes, by numpy alone."""
from itertools import count, islice, takewhile
from typing import Any, Iterator, List, Sequence

import numpy as np

#: The binary digits of a coordinate.
DIGITS = 32


def sobol(points: int, axes: int, generator: Any) -> np.ndarray:
    """Points that fill a cube evenly, (points, axes), at least 0 and below 1; each by itself is uniform.

    The first axes are those of a randomised Sobol' sequence: each but the first has a primitive polynomial over GF(2)
    of its own, in the order of their degrees, of a recurrence (Bratley and Fox 1988, algorithm 659) whose first numbers
    are drawn; then digits are scrambled (Matousek 1998: a random triangular matrix and a shift). Where the recurrence
    would not begin for so few points, an axis is that of a Latin hypercube. Of 2^k points, 2^k equal parts of any axis
    hold one each.
    """
    columns = int(points - 1).bit_length()
    polynomials = list(takewhile(lambda one: _degree(one) < columns, islice(primitive_polynomials(), axes - 1)))
    found = np.empty((points, axes))
    found[:, :len(polynomials) + 1] = _sequence(points, columns, polynomials, generator)
    found[:, len(polynomials) + 1:] = latin_hypercube(points, axes - len(polynomials) - 1, generator)
    return found


def latin_hypercube(points: int, axes: int, generator: Any) -> np.ndarray:
    """Points of which each of as many equal parts of any axis holds one (McKay et al. 1979): (points, axes)."""
    parts = generator.uniform(size=(points, axes)).argsort(0).argsort(0)
    return (parts + generator.uniform(size=(points, axes))) / points


def primitive_polynomials() -> Iterator[int]:
    """The primitive polynomials over GF(2), degree by degree: bit k is the coefficient of x^k."""
    for degree in count(1):
        order = 2 ** degree - 1
        parts = [order // prime for prime in _primes_of(order)]
        for middle in range(2 ** (degree - 1)):
            polynomial = 2 ** degree | middle << 1 | 1
            # The powers of x come back to 1 after all others, no sooner.
            if _power(2, order, polynomial) == 1 and all(_power(2, part, polynomial) != 1 for part in parts):
                yield polynomial


def _sequence(points: int, columns: int, polynomials: Sequence[int], generator: Any) -> np.ndarray:
    """The axes that have a polynomial, after one that needs none."""
    axes = len(polynomials) + 1
    directions = _scrambled(_directions(columns, polynomials, generator), generator)
    numbers = np.arange(points)[:, np.newaxis]
    found = np.zeros((points, axes), np.int64) + _drawn(generator, DIGITS, (axes,))
    for column in range(columns):
        found ^= np.where(numbers >> column & 1, directions[:, column], 0)
    return found * 2. ** -DIGITS


def _directions(columns: int, polynomials: Sequence[int], generator: Any) -> np.ndarray:
    """What each binary digit of a point's number adds to it, whole numbers of `DIGITS` digits: (axes, columns)."""
    # Odd numbers, that in column k below 2^(k + 1).
    found = np.ones((len(polynomials) + 1, columns), np.int64)
    for column in range(1, columns):
        found[1:, column] = _drawn(generator, column, (len(polynomials),)) * 2 + 1
    for row, polynomial in zip(found[1:], polynomials):
        degree = _degree(polynomial)
        for column in range(degree, columns):
            row[column] = row[column - degree]
            for back in range(1, degree + 1):
                if polynomial >> (degree - back) & 1:
                    row[column] ^= row[column - back] << back
    return found << (DIGITS - 1 - np.arange(columns))


def _degree(polynomial: int) -> int:
    return polynomial.bit_length() - 1


def _scrambled(directions: np.ndarray, generator: Any) -> np.ndarray:
    """Each digit with higher ones of the axis by chance added."""
    found = np.zeros_like(directions)
    for digit in range(DIGITS):
        place = DIGITS - 1 - digit
        taken = (_drawn(generator, digit, directions.shape[:1]) * 2 + 1) << place
        parity = directions & taken[:, np.newaxis]
        for shift in (16, 8, 4, 2, 1):
            parity = parity ^ parity >> shift
        found |= (parity & 1) << place
    return found


def _drawn(generator: Any, digits: int, shape: Any) -> np.ndarray:
    """Whole numbers of so many binary digits."""
    return (generator.uniform(size=shape) * 2 ** digits).astype(np.int64)


def _power(base: int, exponent: int, polynomial: int) -> int:
    """A polynomial over GF(2) to a power, modulo another."""
    result = 1
    while exponent:
        if exponent & 1:
            result = _product(result, base, polynomial)
        base = _product(base, base, polynomial)
        exponent >>= 1
    return result


def _product(one: int, other: int, polynomial: int) -> int:
    top = 1 << _degree(polynomial)
    result = 0
    while other:
        if other & 1:
            result ^= one
        one <<= 1
        if one & top:
            one ^= polynomial
        other >>= 1
    return result


def _primes_of(number: int) -> List[int]:
    found, prime = [], 2
    while prime * prime <= number:
        if number % prime == 0:
            found.append(prime)
            while number % prime == 0:
                number //= prime
        prime += 1
    return found + [number] * (number > 1)
