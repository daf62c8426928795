"""Sequences of letters: as one-hot arrays, shuffled, written for TF-MoDISco, drawn."""
import builtins
from collections import Counter
from functools import partial
from itertools import permutations

import numpy as np
import pytest

from deepexplain.genomics import dinucleotide_shuffle, hypothetical, one_hot, plot_logo, save_modisco, shuffling

# -- one_hot --------------------------------------------------------------------------------------------------------


def test_letters_by_hand():
    got = one_hot(['ACGT', 'aNtn'])
    np.testing.assert_array_equal(got, [np.eye(4), [[1, 0, 0, 0], [0] * 4, [0, 0, 0, 1], [0] * 4]])
    assert got.dtype == np.float32 and one_hot(['AC'], dtype=bool).dtype == bool
    np.testing.assert_array_equal(one_hot(['UXa'], 'aAU', 'X'), [[[0, 0, 1], [0, 0, 0], [1, 0, 0]]])


def test_short_sequences_are_filled_up():
    places = lambda **options: one_hot(['AAA', 'A'], **options)[..., 0].tolist()  # noqa: E731
    assert places(pad='right') == [[1, 1, 1], [1, 0, 0]]
    assert places(pad='left') == [[1, 1, 1], [0, 0, 1]]
    assert places(pad='both', length=4) == [[1, 1, 1, 0], [0, 1, 0, 0]]
    assert one_hot(['', 'A'], pad='left').tolist() == [[[0] * 4], [[1, 0, 0, 0]]]


@pytest.mark.parametrize('arguments, options, error, words', [
    (['ACGT'][0], {}, TypeError, 'sequences must be a list of strings, not str'),
    ({'ACGT': 1}, {}, TypeError, 'sequences must be a list of strings, not dict'),
    ({'AC', 'GT'}, {}, TypeError, 'sequences must be a list of strings, not set'),
    ([3], {}, TypeError, r'sequences\[0\] must be a string, not int'),
    ([], {}, ValueError, 'sequences must be at least one'),
    ([''], {}, ValueError, 'has 0 letters, and 1 are wanted'),
    (['AC', 'AXC'], dict(pad='left'), ValueError, r"sequences\[1\] has 'X' at position 1, which is neither in the a"),
    (['AC', 'A'], {}, ValueError, r'sequences must be of one length, or pad says .*sequences\[1\] has 1 letters, and'),
    (['ACG'], dict(length=2, pad='left'), ValueError, r'sequences\[0\] has 3 letters, and 2 are wanted'),
    (['A'], dict(length=0), ValueError, 'length must be a positive int, not 0'),
    (['A'], dict(pad='middle'), ValueError, "pad must be 'right', 'left', 'both' or None, not 'middle'"),
    (['A'], dict(alphabet='AA'), ValueError, "alphabet must be a string of two letters or more, each once, not 'AA'"),
    (['A'], dict(unknown='A'), ValueError, 'unknown must be a string of letters that are not in the alphabet'),
    (['AN'], dict(alphabet='ARN'), ValueError, "not 'N': 'X' in proteins, say, or '' for none")])
def test_what_is_no_sequence(arguments, options, error, words):
    with pytest.raises(error, match=words):
        one_hot(arguments, **options)


# -- dinucleotide_shuffle -------------------------------------------------------------------------------------------


def pairs_of(array):
    """How often each letter follows each: (..., letters, letters)."""
    return np.einsum('...pa,...pb->...ab', array[..., :-1, :], array[..., 1:, :])


@pytest.fixture(scope='module')
def thousand():
    """Sequences of 61 letters: even ones, ones of nearly one letter, and ones with gaps."""
    rng = np.random.RandomState(3)
    letters = rng.randint(0, 4, (1000, 61))
    letters[::3][rng.rand(334, 61) < .9] = 2
    xs = np.eye(4, dtype=np.float32)[letters]
    xs[1::3][rng.rand(333, 61) < .05] = 0
    return xs


def test_every_pair_of_neighbours_is_as_frequent_as_before(thousand, monkeypatch):
    monkeypatch.setattr(shuffling, 'AT_ONCE', 50000)
    got = dinucleotide_shuffle(thousand, 3, seed=1)
    assert got.shape == (1000, 3, 61, 4) and got.dtype == np.float32
    np.testing.assert_array_equal(pairs_of(got), np.repeat(pairs_of(thousand)[:, np.newaxis], 3, 1))
    np.testing.assert_array_equal(got.sum(2), np.repeat(thousand.sum(1)[:, np.newaxis], 3, 1))
    np.testing.assert_array_equal(got.any(-1), np.repeat(thousand.any(-1)[:, np.newaxis], 3, 1))
    np.testing.assert_array_equal(got[:, :, [0, -1]], np.repeat(thousand[:, np.newaxis][:, :, [0, -1]], 3, 1))
    # And they are other sequences, each another.
    assert (got != thousand[:, np.newaxis]).any((2, 3)).mean() > .95
    assert (got[:, 0] != got[:, 1]).any((1, 2)).mean() > .95


def test_all_sequences_with_these_pairs_are_as_likely():
    text = 'AACACGAC'
    pairs = Counter(zip(text, text[1:]))
    possible = {''.join(one) for one in permutations(text)}
    possible = {one for one in possible if one[0] == 'A' and Counter(zip(one, one[1:])) == pairs}
    made = dinucleotide_shuffle(one_hot([text]), 3000, seed=0)[0].argmax(-1)
    found = Counter(''.join('ACGT'[letter] for letter in row) for row in made)
    assert set(found) == possible and len(possible) == 6
    assert max(found.values()) < 1.25 * min(found.values())


def test_what_is_drawn_hangs_on_the_seed_and_the_number_alone(thousand):
    some = thousand[:5]
    got = dinucleotide_shuffle(some, 4, seed=7)
    np.testing.assert_array_equal(dinucleotide_shuffle(some, 4, seed=7), got)
    np.testing.assert_array_equal(dinucleotide_shuffle(some, 2, seed=7), got[:, :2])
    np.testing.assert_array_equal(dinucleotide_shuffle(some[2:], 4, seed=7, ids=2), got[2:])
    np.testing.assert_array_equal(dinucleotide_shuffle(some[[3, 0]], 4, seed=7, ids=[3, 0]), got[[3, 0]])
    assert (dinucleotide_shuffle(some, 4, seed=8) != got).any()
    assert (dinucleotide_shuffle(some, 4, seed=7, ids=9) != got).any()
    np.random.seed(5)
    first = dinucleotide_shuffle(some, 2)
    np.random.seed(5)
    np.testing.assert_array_equal(dinucleotide_shuffle(some, 2), first)


def test_letters_along_another_axis(thousand):
    some = thousand[:6]
    want = dinucleotide_shuffle(some, 2, seed=1)
    got = dinucleotide_shuffle(some.transpose(0, 2, 1)[:, :, np.newaxis], 2, seed=1, axis=1)
    np.testing.assert_array_equal(got, want.transpose(0, 1, 3, 2)[:, :, :, np.newaxis])


def test_where_there_is_nothing_to_shuffle():
    xs = one_hot(['NNNN', 'ACGN', 'AANA', 'AAAA'])
    np.testing.assert_array_equal(dinucleotide_shuffle(xs, 2, seed=0), np.repeat(xs[:, np.newaxis], 2, 1))


@pytest.mark.parametrize('xs, options, words', [
    (np.full((2, 5, 4), .25), {}, 'xs must be one-hot along axis -1, .* and is not'),
    (np.ones((2, 5, 4)), {}, 'xs must be one-hot along axis -1'), (np.eye(4)[np.newaxis], dict(axis=0), 'axis must be'),
    (np.eye(4)[np.newaxis], dict(axis=3), 'axis must be the axis along which letters are, of 3, and not the f'),
    (np.eye(4)[np.newaxis], dict(m=0), 'm must be a positive int, not 0'),
    (np.eye(4)[np.newaxis], dict(seed='a'), 'seed must be an int'),
    (np.eye(4)[np.newaxis], dict(ids=[1, 2]), 'ids must be ints, one for each of the 1 samples'),
    (np.zeros((2, 5, 3, 4)), {}, 'xs must be one sequence a sample'),
    # One sequence without an axis of samples is no batch of single letters.
    (np.eye(4), {}, r'xs must be one sequence a sample, with one axis of positions .* its shape is \(4, 4\)'),
    (np.zeros((0, 5, 4)), {}, 'and not be empty'),
    ([['a']], {}, 'xs must be an array of numbers')])
def test_what_is_not_shuffled(xs, options, words):
    with pytest.raises(ValueError, match=words):
        dinucleotide_shuffle(xs, **options)


# -- hypothetical, save_modisco, plot_logo --------------------------------------------------------------------------


def test_hypothetical_by_hand():
    got = hypothetical(np.array([[[1., 2, 3, 4]]]), np.array([[[0, 1, 0, 0]]]))
    np.testing.assert_array_equal(got, [[[-1, 0, 1, 2]]])
    np.testing.assert_allclose(hypothetical(np.array([[[1., 2, 3, 4]]]), .25), [[[-1.5, -.5, .5, 1.5]]])
    assert hypothetical(np.ones((1, 2, 4), np.float32), .25).dtype == np.float32
    np.testing.assert_array_equal(hypothetical(np.ones((1, 4, 2)) * 3, np.eye(4)[:, :2], axis=1), np.zeros((1, 4, 2)))
    for given, words in (((np.ones((1, 2, 4)), np.ones((3, 2, 4))), r'references must be of the shape .* \(3, 2, 4\)'),
                         ((np.ones((1, 2, 4)), np.ones((1, 2, 3))), 'references must be of the shape'),
                         ((np.ones((1, 2, 4)), np.nan), 'references must be an array of finite numbers'),
                         ((np.nan * np.ones((1, 2, 4)), 0), 'multipliers must be of finite numbers')):
        with pytest.raises(ValueError, match=words):
            hypothetical(*given)


def test_files_for_modisco(tmp_path, rng):
    xs, values = one_hot(['ACGTN', 'TTTAC']), rng.randn(2, 5, 4)
    paths = save_modisco(str(tmp_path / 'new'), xs, values)
    assert paths == [str(tmp_path / 'new' / name) for name in ('ohe.npz', 'shap.npz')]
    for path, want in zip(paths, (xs, values)):
        with np.load(path) as file:
            assert list(file) == ['arr_0'] and file['arr_0'].dtype == np.float32 and file['arr_0'].shape == (2, 4, 5)
            np.testing.assert_allclose(file['arr_0'], want.transpose(0, 2, 1), rtol=1e-6)
    again = save_modisco(str(tmp_path / 'new'), xs.transpose(0, 2, 1), values.transpose(0, 2, 1), axis=1)
    np.testing.assert_allclose(np.load(again[1])['arr_0'], values.transpose(0, 2, 1), rtol=1e-6)
    for given, words in (((xs, values[:1]), r'hypothetical must be of the shape of xs, \(2, 5, 4\), not \(1, 5, 4\)'),
                         ((xs * .5, values), 'xs must be one-hot'), ((xs, xs * values), 'hypothetical is 0 for every'),
                         ((xs, np.nan * values), 'hypothetical must be of finite numbers'),
                         ((np.eye(5)[np.newaxis], np.ones((1, 5, 5))), 'xs must have four letters along axis -1'),
                         ((xs, 1e39 * np.ones((2, 5, 4))), 'hypothetical must be within float32, .* up to 1e[+]39')):
        with pytest.raises(ValueError, match=words):
            save_modisco(str(tmp_path / 'bad'), *given)
    assert not (tmp_path / 'bad').exists()


def test_a_logo_of_all_letters():
    pytest.importorskip('logomaker')
    values = np.array([[1., -2, 0, .5], [0, 0, 3, -1]])
    ax = plot_logo(values, title='both', first=10)
    low, high = ax.get_ylim()
    assert low <= -2 and high >= 3 and ax.get_xlim()[0] < 10 < 11 < ax.get_xlim()[1]
    # One patch for each number that is not 0.
    assert len(ax.patches) == 5 and ax.get_title() == 'both'
    ax.figure.canvas.draw()
    assert plot_logo(values, ax=ax) is ax
    assert plot_logo(np.ones((3, 5)), 'KLMNO').figure is not ax.figure


def test_a_logo_that_cannot_be_drawn(monkeypatch):
    for values, words in ((np.ones((3, 5)), r'shape \(positions, 4\), .* \(ACGT\), not float64 of shape \(3, 5\)'),
                          (np.ones(4), 'values must be numbers'), (np.full((1, 4), np.inf), 'values must be of fin')):
        with pytest.raises(ValueError, match=words):
            plot_logo(values)
    with pytest.raises(TypeError, match='ax: expected the axes of matplotlib'):
        plot_logo(np.ones((2, 4)), ax=3)
    real = builtins.__import__

    def without(name, *arguments, **options):
        if name == 'logomaker':
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, '__import__', without)
    with pytest.raises(ImportError, match=r"^plot_logo needs logomaker: pip install 'deepexplain\[genomics\]'.$"):
        plot_logo(np.ones((2, 4)))


def test_references_by_shuffling(session, rng):
    import tensorflow.compat.v1 as tf
    from models import close, mlp

    from deepexplain.tensorflow import DeepExplain

    X = tf.placeholder(tf.float32, [None, 9, 4])
    T = mlp(tf.nn.relu, rng, 36, X=tf.reshape(X, [-1, 36]))[1]
    session.run(tf.global_variables_initializer())
    xs = np.eye(4)[rng.randint(0, 4, (5, 9))]
    with DeepExplain(session=session) as de:
        explainer = de.get_explainer('deeplift', T, X, references=partial(dinucleotide_shuffle, m=3, seed=0),
                                     hypothetical=True)
        whole = explainer.run(xs, 1)
        close(whole, explainer.run(xs, 1, references=dinucleotide_shuffle(xs, 3, 0)), 1e-6)
        close(np.concatenate(list(explainer.run_batches([xs[:2], xs[2:]], ys=1))), whole, 1e-5)
