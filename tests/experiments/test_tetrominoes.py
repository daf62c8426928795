"""The pictures of XAI-TRIS against their description."""
import numpy as np
import pytest
import tetrominoes
from tetrominoes import BACKGROUNDS, PROBLEMS

T = [[1, 0], [1, 1], [1, 0]]
L = [[1, 0], [1, 0], [1, 1]]


def drawn(*shapes):
    picture = np.zeros((8, 8))
    for shape, (row, column), sign in shapes:
        for i in range(3):
            for j in range(2):
                picture[row + i, column + j] = sign * shape[i][j]
    return picture


@pytest.mark.parametrize('problem', PROBLEMS)
@pytest.mark.parametrize('background', BACKGROUNDS)
def test_shapes_classes_and_size(problem, background):
    found = tetrominoes.make(problem, background, 200, seed=3)
    assert found.xs.shape == found.own.shape == found.both.shape == (200, 8, 8) and found.xs.dtype == np.float32
    assert found.ys.tolist() == [0] * 100 + [1] * 100
    assert np.abs(found.xs).max() == 1
    assert (found.own.sum((1, 2)) == (8 if problem == 'xor' else 4)).all()
    assert (found.both == (drawn((T, (1, 1), 1), (L, (4, 5), 1)) > 0)).all()
    again = tetrominoes.make(problem, background, 200, seed=3)
    assert all((a == b).all() for a, b in zip(found, again))
    assert (found.xs != tetrominoes.make(problem, background, 200, seed=4).xs).any()


@pytest.mark.parametrize('problem', ['linear', 'multiplicative'])
def test_fixed_places(problem):
    found, ys = tetrominoes.patterns(problem, 8, np.random.RandomState(0))
    for one, y in zip(found, ys):
        assert (one == drawn((L, (4, 5), 1) if y else (T, (1, 1), 1))).all()


def test_the_signs_of_xor():
    found, ys = tetrominoes.patterns('xor', 8, np.random.RandomState(0))
    expected = [(1, 1), (1, 1), (-1, -1), (-1, -1), (1, -1), (1, -1), (-1, 1), (-1, 1)]
    for one, y, (first, second) in zip(found, ys, expected):
        assert (one == drawn((T, (1, 1), first), (L, (4, 5), second))).all()
        assert y == (first != second)


def test_each_turn_at_each_place():
    found, ys = tetrominoes.patterns('translations_rotations', 8000, np.random.RandomState(0))
    for y, shape in enumerate((T, L)):
        places = {}
        for one in found[ys == y]:
            rows, columns = np.nonzero(one)
            box = one[rows.min():rows.max() + 1, columns.min():columns.max() + 1]
            places.setdefault(box.tobytes() + bytes(box.shape), (box, set()))[1].add((rows.min(), columns.min()))
        assert len(places) == 4
        turned = [np.rot90(shape, k) for k in range(4)]
        for box, corners in places.values():
            assert any(box.shape == one.shape and (box == one).all() for one in turned)
            # Uprights have 6 x 7 places, those that lie 7 x 6.
            assert len(corners) == 42
            assert min(corners) == (0, 0) and max(corners) == (8 - box.shape[0], 8 - box.shape[1])


def test_additive():
    pattern = np.zeros((2, 8, 8))
    pattern[0, 0, 0] = pattern[1, 1, 1] = 1
    background = np.full((2, 8, 8), -1.)
    got = tetrominoes.mixed('linear', .25, pattern, background)
    # The norms of the whole sets: sqrt(2) and sqrt(128).
    on, off = .25 / 2 ** .5 - .75 / 128 ** .5, -.75 / 128 ** .5
    expected = np.full((2, 8, 8), off)
    expected[0, 0, 0] = expected[1, 1, 1] = on
    np.testing.assert_allclose(got, expected / on, rtol=1e-12)


def test_multiplicative():
    pattern = np.zeros((1, 8, 8))
    pattern[0, 2, 2] = 1
    background = np.ones((1, 8, 8))
    background[0, 3, 3] = -2
    got = tetrominoes.mixed('multiplicative', .75, pattern, background)
    expected = background.copy()
    expected[0, 2, 2] = .25
    np.testing.assert_allclose(got, expected / 2, rtol=1e-12)


@pytest.mark.parametrize('problem', PROBLEMS)
@pytest.mark.parametrize('background', BACKGROUNDS)
def test_shares_of_the_paper(problem, background):
    """What is left when the pattern is taken away again is the background, of the norm that its share leaves."""
    shares = {'linear': (.18, .0125), 'multiplicative': (.7, .1), 'translations_rotations': (.65, .2),
              'xor': (.35, .15)}[problem]
    share = shares[BACKGROUNDS.index(background)]
    found = tetrominoes.make(problem, background, 4000, seed=1)
    pattern, _ = tetrominoes.patterns(problem, 4000, np.random.RandomState(1))
    if problem == 'multiplicative':
        noise = found.xs / (1 - share * pattern)
        on = np.std(noise[found.own]) / np.std(noise[~found.own])
        return np.testing.assert_allclose(on, 1, atol=.05)
    # By regression on the pattern: its factor, against the norm of the rest.
    factor = (found.xs * pattern).sum() / (pattern ** 2).sum()
    rest = found.xs - factor * pattern
    expected = share / (1 - share)
    np.testing.assert_allclose(factor * np.linalg.norm(pattern) / np.linalg.norm(rest), expected, rtol=.05, atol=.01)


def test_backgrounds():
    white = tetrominoes.backgrounds('white', 2000, np.random.RandomState(0))
    assert abs(white.mean()) < .01 and abs(white.std() - .5) < .01
    assert abs(np.corrcoef(white[:, 3, 3], white[:, 3, 4])[0, 1]) < .1
    smooth = tetrominoes.backgrounds('correlated', 2000, np.random.RandomState(0))
    # Of one picture alone, never over pictures.
    from scipy.ndimage import gaussian_filter
    np.testing.assert_allclose(smooth[5], gaussian_filter(white[5], 3), rtol=1e-12)
    assert np.corrcoef(smooth[:, 3, 3], smooth[:, 3, 4])[0, 1] > .9


def test_split():
    ys = np.repeat([0, 1], 100)
    parts = tetrominoes.split(ys, 2)
    assert [len(part) for part in parts] == [160, 20, 20]
    assert sorted(np.concatenate(parts)) == list(range(200))
    assert [ys[part].sum() for part in parts] == [80, 10, 10]


def test_masks():
    some = tetrominoes.make('linear', 'white', 8).at(np.array([0, 5]))
    assert some.xs.shape == (2, 8, 8) and some.ys.tolist() == [0, 1]
    assert [name for name, _ in some.masks('linear')] == ['both', 'own']
    assert [name for name, _ in some.masks('xor')] == ['both']
    assert [name for name, _ in some.masks('translations_rotations')] == ['own']
    assert (dict(some.masks('linear'))['own'] == some.own).all()
    assert (dict(some.masks('linear'))['both'] == some.both).all()


@pytest.mark.parametrize('call, words', [
    (lambda: tetrominoes.make('other', 'white'), r"problem must be one of linear, .*, not 'other'"),
    (lambda: tetrominoes.make('xor', 'blue', 8), r"background must be one of white, correlated, not 'blue'"),
    (lambda: tetrominoes.make('xor', 'white', 10), r'count must be a multiple of 4.* not 10'),
])
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()
