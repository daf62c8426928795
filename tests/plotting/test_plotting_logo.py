"""One-hot sequences as letters."""
import numpy as np
import pytest
from test_plotting import pixels

from deepexplain import plotting
from deepexplain.plotting.colours import solid
from deepexplain.plotting.overview import kind_of, overview

SEQUENCE = np.eye(4)[[0, 1, 2, 3, 3]]


def letters(ax):
    """Of each letter that is drawn, from the left: the middle, the lower and the upper end, the colour."""
    found = []
    for collection in ax.collections:
        colour = tuple(collection.get_facecolor()[0][:3])
        for path in collection.get_paths():
            box = path.get_extents()
            found.append(((box.x0 + box.x1) / 2, box.y0, box.y1, colour))
    return sorted(found)


def test_letters_are_as_high_as_what_their_positions_add_up_to():
    values = np.array([[1., 0, 0, 0], [.5, -1.5, 0, 0], [0, 0, 2, 1], [0, 0, 0, 0], [np.nan, 0, 0, 1]])
    ax = plotting.logo(SEQUENCE, values)
    found = letters(ax)
    np.testing.assert_allclose([one[:3] for one in found], [[0, 0, 1], [1, -1, 0], [2, 0, 3]], atol=1e-9)
    assert [np.allclose(one[3], solid('negative')[:3]) for one in found] == [False, True, False]
    assert [np.allclose(one[3], solid('positive')[:3]) for one in found] == [True, False, True]
    low, high = ax.get_ylim()
    assert low < -1 and high > 3 and ax.get_xlim() == (-.6, 4.6)
    pixels(ax.figure)


def outlines(ax):
    return sorted(len(path.vertices) for collection in ax.collections for path in collection.get_paths())


def test_letters_have_names():
    ones = SEQUENCE * 1.
    assert outlines(plotting.logo(SEQUENCE, ones)) == outlines(plotting.logo(SEQUENCE, ones, 'ACGT'))
    assert outlines(plotting.logo(SEQUENCE, ones)) == outlines(plotting.logo(SEQUENCE, ones, ['A', 'C', 'G', 'T']))
    assert outlines(plotting.logo(SEQUENCE, ones)) != outlines(plotting.logo(SEQUENCE, ones, 'TGCA'))
    five = np.eye(5)[[0, 4]]
    assert outlines(plotting.logo(five, five)) == outlines(plotting.logo(five, five, '01234'))


def test_where_there_is_no_letter_a_grey_block_stands():
    sequence = SEQUENCE.copy()
    sequence[1] = 0
    found = letters(plotting.logo(sequence, np.ones((5, 4)) * .25))
    assert len(found) == 5 and np.allclose(found[1][:3], [1, 0, 1]) and np.allclose(found[1][3], [.6] * 3)


@pytest.mark.parametrize('sequence, attributions, options, error, words', [
    (SEQUENCE * .5, SEQUENCE, {}, ValueError, 'sequence: expected zeros and ones'),
    (SEQUENCE + SEQUENCE[::-1], SEQUENCE, {}, ValueError, 'sequence: expected zeros and ones'),
    (np.zeros((3, 4)), SEQUENCE, {}, ValueError, 'sequence: expected zeros and ones'),
    (SEQUENCE[0], SEQUENCE[0], {}, ValueError, r'got \(4,\)'), (SEQUENCE[None], SEQUENCE[None], {}, ValueError, 'got'),
    (SEQUENCE, SEQUENCE[:3], {}, ValueError, r'attributions: expected the shape of the sequence, \(5, 4\), got \(3, 4'),
    (SEQUENCE, SEQUENCE.sum(1), {}, ValueError, 'attributions: expected the shape'),
    (SEQUENCE, SEQUENCE, dict(letters='ACG'), ValueError, 'letters: expected one for each of the 4 letters'),
    (SEQUENCE, SEQUENCE, dict(letters='AC T'), ValueError, 'letters: expected strings that can be seen'),
    (SEQUENCE, SEQUENCE, dict(letters=4), TypeError, 'letters: expected a sequence'),
    ('ACGT', SEQUENCE, {}, TypeError, 'sequence: expected an array of numbers')])
def test_what_cannot_be_drawn(sequence, attributions, options, error, words):
    with pytest.raises(error, match=words):
        plotting.logo(sequence, attributions, **options)


def test_a_long_sequence_is_drawn_in_no_time():
    sequence = np.eye(4)[np.random.RandomState(0).randint(0, 4, 3000)]
    ax = plotting.logo(sequence, sequence)
    assert ax.figure.get_figwidth() < 32 and len(letters(ax)) == 3000


def test_an_overview_of_one_hot_sequences():
    xs = np.stack([SEQUENCE, SEQUENCE[::-1]])
    assert kind_of(xs.shape, None, xs) == 'logo' and kind_of(xs.shape, None, xs.astype('i4')) == 'logo'
    assert kind_of(xs.shape) == kind_of(xs.shape, None, xs + .5) == kind_of(xs.shape, 'signal', xs) == 'signal'
    assert kind_of((2, 5, 2), None, np.eye(2)[np.zeros((2, 5), int)]) == 'signal'
    figure = overview(xs, {'one': xs, 'two': -xs}, letters='TGCA')
    assert len(figure.axes) == 4 and [len(letters(ax)) for ax in figure.axes] == [5] * 4
    assert figure.axes[3].get_title() == 'two, sample 1'
    for options, words in ((dict(kind='logo', letters='AC'), 'letters: expected one for each of the 4'),
                           (dict(kind='signal', letters='ACGT'), 'letters are for sequences that are drawn as a logo'),
                           (dict(kind='video'), "kind: expected 'images', 'bars', 'signal' or 'summary', got 'video'")):
        with pytest.raises(ValueError, match=words):
            overview(xs, {'one': xs}, **options)
    with pytest.raises(ValueError, match='samples that are not one-hot cannot be drawn as logo'):
        overview(xs + .5, {'one': xs}, kind='logo')
