"""Summaries of many samples: what is drawn of each feature, and where."""

import warnings

import numpy as np
import pytest
from test_plotting import call, check_message, extent, labels, numbers, own_axes, pixels, widths

from deepexplain import plotting
from deepexplain.plotting.overview import overview

#: Four samples of three features; mean absolute attributions are 1.5, 4 and 0.5.
FOUR = np.array([[1.0, -4.0, 0.5], [-2.0, 4.0, 0.5], [1.0, 4.0, -0.5], [2.0, 4.0, -0.5]])
VALUES = np.array([[0.0, 5.0, 1.0], [1.0, 5.0, 2.0], [2.0, 5.0, 3.0], [10.0, 5.0, np.nan]])


def dots(ax, row):
    """Places and colours of the dots of a row, by their places; of one place those with a value first."""
    found = [(x, y, tuple(np.round(colour, 3))) for one in ax.collections
             for (x, y), colour in zip(np.asarray(one.get_offsets()), np.broadcast_to(
                 one.get_facecolors(), (len(one.get_offsets()), 4))) if abs(y - row) < 0.5]
    return sorted(found)


def drawn(ax):
    pixels(ax.figure)
    return ax


def test_features_are_ranked_by_their_mean_absolute_attribution():
    ax = plotting.summary(FOUR, names=['a', 'b', 'c'])
    assert labels(ax) == ['b', 'a', 'c'] and widths(ax) == [4, 1.5, 0.5] and numbers(ax) == ['4', '1.5', '0.5']
    assert list(ax.get_yticks()) == [bar.get_y() + bar.get_height() / 2 for bar in ax.patches] == [0, 1, 2]
    assert ax.get_ylim()[0] > ax.get_ylim()[1], 'from the top down'
    assert ax.get_xlabel() == 'attribution; bars and numbers: mean absolute'
    assert [bar.get_x() for bar in ax.patches] == [0, 0, 0]
    assert len(ax.figure.axes) == 1
    assert labels(plotting.summary(FOUR)) == ['feature 1', 'feature 0', 'feature 2']
    assert labels(plotting.summary([[1.0, -1.0, 1.0]])) == ['feature 0', 'feature 1', 'feature 2'], 'in their order'


def test_quantiles_without_values():
    values = np.random.RandomState(0).randn(101, 2) * [1, 3] - 1
    ax = plotting.summary(values)
    thin, thick, middle = ax.collections
    for row, column in enumerate([1, 0]):
        for lines, ends in ((thin, (5, 95)), (thick, (25, 75))):
            np.testing.assert_allclose(lines.get_segments()[row], [
                [np.percentile(values[:, column], end), row] for end in ends])
        np.testing.assert_allclose(middle.get_offsets()[row], [np.median(values[:, column]), row])
    assert thick.get_linewidths()[0] > 3 * thin.get_linewidths()[0]
    assert plotting.summary(values, values, spread='quantiles').collections[0].get_segments()
    assert len(plotting.summary(values, values, spread='quantiles', colorbar=True).figure.axes) == 1


def test_a_dot_for_each_sample():
    ax = drawn(plotting.summary(FOUR, VALUES))
    assert labels(ax)[1] == 'feature 0'
    row = dots(ax, 1)
    assert [x for x, _, _ in row] == [-2, 1, 1, 2]
    alone = [row[0], row[3]]
    assert [y for _, y, _ in alone] == [1, 1]
    both = sorted(y for _, y, _ in row[1:3])
    assert both == pytest.approx([1 - 1 / 24, 1 + 1 / 24]), 'one place: beside each other'
    assert sum(len(one.get_offsets()) for one in ax.collections) == 12


def test_dots_have_the_colours_of_the_values():
    ax = drawn(plotting.summary(FOUR, VALUES))
    low, high = np.percentile(VALUES[:, 0], [5, 95])
    shares = np.clip((VALUES[:, 0] - low) / (high - low), 0, 1)
    expected = {}
    for x, share in zip(FOUR[:, 0], shares):
        expected.setdefault(x, set()).add(tuple(np.round(viridis(share / 1.08), 3)))
    found = {}
    for x, _, colour in dots(ax, 1):
        found.setdefault(x, set()).add(colour)
    assert found == expected
    # All the same: the middle. None: grey.
    assert {colour for _, _, colour in dots(ax, 0)} == {tuple(np.round(viridis(0.5 / 1.08), 3))}
    assert {colour for x, _, colour in dots(ax, 2) if x < 0} >= {(0.65, 0.65, 0.65, 1)}
    assert sum(colour == (0.65, 0.65, 0.65, 1) for row in range(3) for _, _, colour in dots(ax, row)) == 1
    grey = drawn(plotting.summary(FOUR, spread='dots'))
    assert {colour for row in range(3) for _, _, colour in dots(grey, row)} == {(0.35, 0.35, 0.35, 1)}


def viridis(share):
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize
    return ScalarMappable(Normalize(0, 1), 'viridis').to_rgba(share)


def test_values_of_two_kinds_are_told_apart():
    # The 5th and the 95th percentile are the same; the least and the largest are not.
    xs = np.zeros((100, 1))
    xs[3] = 1
    ax = drawn(plotting.summary(np.arange(100.0)[:, None], xs))
    colours = [colour for _, _, colour in dots(ax, 0)]
    assert len(set(colours)) == 2 and colours.count(colours[3]) == 1


def test_many_dots_stay_in_their_row():
    values = np.repeat([[0.0, 1.0]], 1000, 0)
    values[0] = [1, 0]
    ax = drawn(plotting.summary(values, np.random.RandomState(0).rand(1000, 2)))
    for row in range(2):
        ys = np.array([y for _, y, _ in dots(ax, row)])
        assert len(ys) == 1000 and abs(ys - row).max() == pytest.approx(0.36)
        assert abs(ys.mean() - row) < 1e-9


def test_dots_of_more_than_two_thousand_samples():
    values = np.arange(6001.0)[:, None]
    ax = plotting.summary(values, values)
    places = np.asarray(ax.collections[0].get_offsets())[:, 0]
    assert len(places) == 2000 and (places[0], places[-1]) == (0, 6000) and set(np.diff(places)) == {3, 4}
    assert ax.get_xlabel() == 'attribution, 2000 of 6001 samples; bars and numbers: mean absolute'
    assert widths(ax) == [3000], 'bars are of all'
    assert len(plotting.summary(values[:2000], values[:2000]).collections[0].get_offsets()) == 2000
    # Colours are by the values of all, of which a third has dots.
    xs = np.full((6001, 1), 10.0)
    xs[places.astype(int), 0] = np.linspace(0, 1, 2000)
    ax = drawn(plotting.summary(values, xs))
    assert max(green for _, _, (_, green, _, _) in dots(ax, 0)) < viridis(0.1)[1]
    # Quantiles are of all.
    assert plotting.summary(values).collections[0].get_segments()[0][0][0] == 300


def test_the_same_picture_each_time():
    random = np.random.RandomState(0)
    values, xs = random.randn(50, 4), random.randn(50, 4)
    np.testing.assert_array_equal(*[pixels(plotting.summary(values, xs).figure) for _ in range(2)])


def test_the_others_share_a_bar_without_spread():
    ax = plotting.summary(FOUR, VALUES, top=1)
    assert labels(ax) == ['feature 1', 'other, 2 features'] and widths(ax) == [4, 2] and numbers(ax) == ['4', '2']
    assert not dots(ax, 1) and ax.patches[1].get_hatch() and not ax.patches[0].get_hatch()
    assert labels(plotting.summary(FOUR, top=2)) == ['feature 1', 'feature 0', 'feature 2'], 'a single one has its own'
    assert len(labels(plotting.summary(np.ones((2, 12))))) == 11


def test_a_long_bar_of_all_others_is_cut_off():
    values = np.append([[2.0, -2.0]], np.full((1, 98), 1.0), 1).repeat(3, 0)
    ax = plotting.summary(values, top=2)
    low, high = ax.get_xlim()
    # From -2 to 2, and a quarter of that beyond.
    assert widths(ax) == [2, 2, 3] and numbers(ax) == ['2', '2', '\u2192 98']
    assert low == pytest.approx(-2.1) and high > 3
    short = plotting.summary(values[:, :4], top=2)
    assert widths(short) == [2, 2, 2] and numbers(short)[2] == '2'


def test_numbers_do_not_meet_bars_or_dots():
    for inches in (3, 8):
        figure, axes = own_axes(1, 1)
        figure.set_size_inches(inches, 2)
        ax = drawn(plotting.summary(FOUR * 1e-5, VALUES, ax=axes[0, 0]))
        for text, bar in zip(ax.texts, ax.patches):
            assert extent(bar).x1 < extent(text).x0 and extent(text).x1 < ax.bbox.x1
        rightmost = ax.transData.transform([FOUR.max() * 1e-5, 0])[0]
        assert rightmost < min(extent(text).x0 for text in ax.texts)


def test_the_bar_of_the_values_colours():
    ax, bar = plotting.summary(FOUR, VALUES).figure.axes
    assert [label.get_text() for label in bar.get_yticklabels()] == ['low', 'high'] and bar.get_ylabel() == 'value'
    assert len(plotting.summary(FOUR, VALUES, colorbar=False).figure.axes) == 1
    figure, axes = own_axes(1, 1)
    plotting.summary(FOUR, VALUES, ax=axes[0, 0])
    assert len(figure.axes) == 1, 'in given axes only where it is asked for'
    plotting.summary(FOUR, VALUES, ax=axes[0, 0], colorbar='per cent')
    assert figure.axes[1].get_ylabel() == 'per cent'
    assert len(plotting.summary(FOUR, spread='dots', colorbar=True).figure.axes) == 1, 'there are no values'
    drawn(ax)
    assert bar.get_tightbbox(ax.figure.canvas.get_renderer()).x1 <= ax.figure.bbox.x1


@pytest.mark.parametrize('values', [np.zeros((5, 3)), -np.abs(FOUR), FOUR[:1], FOUR[:, :1], np.full((2, 1), 1e-30)])
@pytest.mark.parametrize('xs', [False, True])
def test_what_has_little_to_show_is_drawn(values, xs):
    with np.errstate(all='raise'), warnings.catch_warnings():
        warnings.simplefilter('error')
        ax = drawn(plotting.summary(values, np.ones_like(values) if xs else None))
    assert widths(ax) == sorted(np.abs(values).mean(0), reverse=True)
    low, high = ax.get_xlim()
    shown = values if xs else np.percentile(values, [5, 95], axis=0)
    assert low < min(0, shown.min()) and high > max(0, shown.max())


def test_an_overview_leaves_out_what_is_not_finite_and_says_so():
    values = FOUR.copy()
    values[1, 0] = np.nan
    figure = overview(VALUES, {'one': values, 'two': np.full((4, 3), np.inf), 'three': FOUR}, 'summary',
                      features=['a', 'b', 'c'])
    assert [ax.get_title() for ax in figure.axes[:3]] == [
        'one, 3 of 4 samples, the others are not finite', 'two, 0 of 4 samples, the others are not finite',
        'three, 4 samples']
    assert widths(figure.axes[0]) == [4, 4 / 3, 0.5] and not widths(figure.axes[1]) and widths(figure.axes[2])[1] == 1.5
    assert labels(figure.axes[0]) == ['b', 'a', 'c']


def test_names_of_tables_and_results():
    pandas = pytest.importorskip('pandas')
    from deepexplain.results import Attributions
    table = pandas.DataFrame(FOUR, columns=['x', 'y', 'z'])
    assert labels(plotting.summary(table)) == ['y', 'x', 'z'] == labels(plotting.summary(FOUR, table))
    assert labels(plotting.summary(table, names=['a', 'b', 'c'])) == ['b', 'a', 'c']
    assert labels(plotting.summary(pandas.DataFrame(FOUR)))[0] == 'feature 1'
    assert labels(plotting.bars(table)) == ['y', 'x', 'z'] and labels(plotting.bars(table.iloc[0])) == ['y', 'x', 'z']
    one = Attributions(FOUR, VALUES, feature_names=['p', 'q', 'r'], index=list('abcd'))
    assert labels(plotting.summary(one, one.xs)) == ['q', 'p', 'r']


def test_names_that_are_hard_to_write():
    long = 'a name that is much too long to be written in full, 17'
    ax = drawn(plotting.summary([[3.0, 2.0, 1.0]], names=[long, 'cost in $ or $\\frac', 'a\nb']))
    assert labels(ax) == ['a name that is much too long t...ten in full, 17', r'cost in \$ or \$\frac', 'a\\nb']
    assert min(extent(label).x0 for label in ax.get_yticklabels()) > 0


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(plotting.summary, [1.0, 2.0]), ValueError, ['attributions', '(samples, features)', '(2,)']),
        (call(plotting.summary, np.zeros((0, 2))), ValueError, ['attributions', 'none of them 0', '(0, 2)']),
        (call(plotting.summary, [['a']]), TypeError, ['attributions', 'numbers']),
        (call(plotting.summary, [[1.0, np.nan], [np.inf, 0]]), ValueError, ['attributions', 'finite', '2 of 4']),
        (call(plotting.summary, FOUR, FOUR[:2]), ValueError, ['xs', '(4, 3)', '(2, 3)']),
        (call(plotting.summary, FOUR, FOUR.astype(str).astype(object) + 'a'), TypeError, ['xs', 'numbers']),
        (call(plotting.summary, FOUR, names='ab'), ValueError, ['names', '3 features', 'got 2']),
        (call(plotting.summary, FOUR, top=0), ValueError, ['top', 'at least 1']),
        (call(plotting.summary, FOUR, spread='violin'), ValueError, ['spread', "'dots'", "'violin'"]),
        (call(plotting.summary, FOUR, colorbar=3), TypeError, ['colorbar', 'int']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)
