"""The 8x8 benchmarks of XAI-TRIS (Clark et al. 2024): pictures whose class lies in tetrominoes at known places."""
from typing import Any, List, NamedTuple, Tuple

import numpy as np

#: Rows and columns of a picture.
SIDE = 8
PROBLEMS = ('linear', 'multiplicative', 'translations_rotations', 'xor')
BACKGROUNDS = ('white', 'correlated')
#: What each problem has of the pattern, on either background; the rest is background.
SHARES = {'linear': (.18, .0125), 'multiplicative': (.7, .1), 'translations_rotations': (.65, .2), 'xor': (.35, .15)}
#: The tetrominoes of class 0 and of class 1, and where their corners are where they are fixed: row, column.
SHAPES = (np.array([[1, 0], [1, 1], [1, 0]]), np.array([[1, 0], [1, 0], [1, 1]]))
CORNERS = ((1, 1), (4, 5))
#: The signs of both tetrominoes of xor, two pairs for class 0 and two for class 1.
SIGNS = ((1, 1), (-1, -1), (1, -1), (-1, 1))
SPREAD, SIGMA = .5, 3


class Pictures(NamedTuple):
    """Pictures (n, 8, 8), float32, classes (n,), the tetrominoes of each and of all (n, 8, 8), bools."""

    xs: np.ndarray
    ys: np.ndarray
    own: np.ndarray
    both: np.ndarray

    def at(self, rows: np.ndarray) -> 'Pictures':
        """Some of them."""
        return Pictures(*[one[rows] for one in self])

    def masks(self, problem: str) -> List[Tuple[str, np.ndarray]]:
        """The masks that there are for a problem: 'both' tetrominoes, and the picture's 'own' where that is another."""
        if problem == 'translations_rotations':
            return [('own', self.own)]
        return [('both', self.both)] + ([] if problem == 'xor' else [('own', self.own)])


def patterns(problem: str, count: int, random: Any) -> Tuple[np.ndarray, np.ndarray]:
    """Tetrominoes (count, 8, 8) with their signs, and classes (count,), the first half 0."""
    if problem not in PROBLEMS:
        raise ValueError('problem must be one of %s, not %r.' % (', '.join(PROBLEMS), problem))
    if count < 4 or count % 4:
        raise ValueError('count must be a multiple of 4, as xor has four kinds of pictures, not %r.' % (count,))
    found = np.zeros((count, SIDE, SIDE))
    ys = np.arange(count) * 2 // count
    for i, y in enumerate(ys):
        if problem == 'xor':
            for shape, corner, sign in zip(SHAPES, CORNERS, SIGNS[i * 4 // count]):
                put(found[i], sign * shape, corner)
        elif problem == 'translations_rotations':
            shape = np.rot90(SHAPES[y], random.randint(4))
            put(found[i], shape, [random.randint(SIDE - size + 1) for size in shape.shape])
        else:
            put(found[i], SHAPES[y], CORNERS[y])
    return found, ys


def put(picture: np.ndarray, shape: np.ndarray, corner: Any) -> None:
    """Set a shape into a picture."""
    (row, column), (height, width) = corner, shape.shape
    picture[row:row + height, column:column + width] = shape


def backgrounds(kind: str, count: int, random: Any) -> np.ndarray:
    """Noise (count, 8, 8): white, or each picture smoothed."""
    from scipy.ndimage import gaussian_filter
    if kind not in BACKGROUNDS:
        raise ValueError('background must be one of %s, not %r.' % (', '.join(BACKGROUNDS), kind))
    noise = random.normal(0, SPREAD, (count, SIDE, SIDE))
    return noise if kind == 'white' else gaussian_filter(noise, (0, SIGMA, SIGMA))


def mixed(problem: str, share: float, pattern: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Pattern and background as one, divided by the largest absolute value of all."""
    if problem == 'multiplicative':
        xs = normed(1 - share * pattern) * normed(background)
    else:
        xs = share * normed(pattern) + (1 - share) * normed(background)
    return xs / np.abs(xs).max()


def normed(whole: np.ndarray) -> np.ndarray:
    """All divided by their Frobenius norm, which is one number for the whole set."""
    return whole / np.linalg.norm(whole)


def make(problem: str, background: str, count: int = 10000, seed: int = 0) -> Pictures:
    """A benchmark of `count` pictures, half of them of each class, in the order of their classes."""
    random = np.random.RandomState(seed)
    pattern, ys = patterns(problem, count, random)
    noise = backgrounds(background, count, random)
    xs = mixed(problem, SHARES[problem][BACKGROUNDS.index(background)], pattern, noise)
    both = np.zeros((SIDE, SIDE), bool)
    for shape, corner in zip(SHAPES, CORNERS):
        put(both, shape, corner)
    return Pictures(xs.astype(np.float32), ys, pattern != 0, np.repeat(both[np.newaxis], count, 0))


def split(ys: np.ndarray, seed: int = 0) -> List[np.ndarray]:
    """Rows for training, validation and test, 80, 10 and 10 % of each class, each in random order."""
    random = np.random.RandomState(seed)
    parts: List[List[np.ndarray]] = [[], [], []]
    for y in np.unique(ys):
        rows = random.permutation(np.flatnonzero(ys == y))
        for part, some in zip(parts, np.split(rows, [len(rows) * 8 // 10, len(rows) * 9 // 10])):
            part.append(some)
    return [random.permutation(np.concatenate(part)) for part in parts]
