"""Waterfalls: where each bar begins and ends, and what is said where the sum is not the target."""

import warnings

import numpy as np
import pytest
from test_plotting import call, check_message, extent, labels, numbers, own_axes, pixels
from test_plotting_bars import colour

from deepexplain import plotting


def steps(ax):
    """From where to where each bar leads, from the top down."""
    return [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]


def upright(ax):
    """Places of the lines where it begins and where it ends."""
    return [lines.get_segments()[0][0][0] for lines in ax.collections[1:]]


THREE = [1.0, -4.0, 2.0]


def test_each_bar_begins_where_the_last_one_ended():
    ax = plotting.waterfall(THREE, names=['a', 'b', 'c'], values=[1, 'low', 0.12345], start=10, end=9)
    assert labels(ax) == ['at the baseline', 'b = low', 'c = 0.1235', 'a = 1', 'at the sample']
    assert steps(ax) == [(10, 6), (6, 8), (8, 9)]
    assert numbers(ax) == ['10', '-4', '+2', '+1', '9']
    assert [colour(bar) for bar in ax.patches] == ['blue', 'red', 'red']
    assert list(ax.get_yticks()) == [0, 1, 2, 3, 4]
    assert [bar.get_y() + bar.get_height() / 2 for bar in ax.patches] == [1, 2, 3]
    assert ax.get_ylim()[0] > ax.get_ylim()[1] and ax.get_xlabel() == 'target'
    assert upright(ax) == [10, 9]
    # Thin lines lead from row to row.
    assert [segment[:, 0].tolist() for segment in ax.collections[0].get_segments()] == [
        [10, 10], [6, 6], [8, 8], [9, 9]]
    assert [segment[:, 1].tolist() for segment in ax.collections[0].get_segments()] == [
        [row + 0.375, row + 0.625] for row in range(4)]


def test_what_is_missing_has_a_bar_of_its_own():
    ax = plotting.waterfall(THREE, start=10, end=9.5)
    assert labels(ax)[-2:] == ['not explained (-delta)', 'at the sample']
    assert steps(ax)[-1] == (9, 9.5) and numbers(ax)[-2:] == ['+0.5', '9.5'] and upright(ax) == [10, 9.5]
    assert ax.patches[-1].get_hatch() and not ax.patches[0].get_hatch()
    assert colour(ax.patches[-1]) is None
    less = plotting.waterfall(THREE, start=10, end=8, top=1)
    assert labels(less)[1:4] == ['feature 1', 'other, 2 features', 'not explained (-delta)']
    assert steps(less)[1:] == [(6, 9), (9, 8)] and numbers(less)[-2] == '-1'
    assert [bar.get_alpha() for bar in less.patches] == [None, 0.45, None]


@pytest.mark.parametrize('end, shown', [(9, False), (9.0035, False), (8.9965, False), (9.005, True), (8.995, True)])
def test_rounding_has_no_bar(end, shown):
    # A thousandth of the axis, which reaches from 6 to 10.
    ax = plotting.waterfall(THREE, start=10, end=end)
    assert ('not explained (-delta)' in labels(ax)) == shown
    assert upright(ax)[1] == end


def test_it_is_the_size_of_the_changes_that_counts_as_rounding():
    assert len(plotting.waterfall([0.001], start=1000, end=1000.002).patches) == 2
    assert len(plotting.waterfall([0.0, 0.0], start=3, end=3).patches) == 2
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        low, high = plotting.waterfall([0.0], start=3).get_xlim()
    assert low < 2 and high > 4
    assert steps(plotting.waterfall([0.0, 0.0], start=3, end=4)) == [(3, 3), (3, 3), (3, 4)]


def test_without_a_start_it_begins_at_0_and_says_so():
    ax = plotting.waterfall(THREE)
    assert labels(ax)[0] == 'from 0, the baseline is not known' and labels(ax)[-1] == 'sum of attributions'
    assert steps(ax) == [(0, -4), (-4, -2), (-2, -1)] and numbers(ax) == ['0', '-4', '+2', '+1', '-1']
    assert upright(ax) == [0, -1] and ax.get_xlabel() == 'sum of attributions'


def test_without_an_end_it_ends_where_they_do():
    ax = plotting.waterfall(THREE, start=10)
    assert labels(ax)[0] == 'at the baseline' and labels(ax)[-1] == 'baseline + attributions'
    assert steps(ax)[-1] == (8, 9) and upright(ax) == [10, 9] and ax.get_xlabel() == 'target'


def test_the_others_are_summed():
    values = np.array([3.0, -8.0, 0.5, 0.25, -2.0])
    ax = plotting.waterfall(values, top=2, start=0, end=values.sum())
    assert labels(ax)[1:-1] == ['feature 1', 'feature 0', 'other, 3 features']
    assert steps(ax) == [(0, -8), (-8, -5), (-5, -6.25)]
    assert ax.patches[2].get_alpha() == 0.45
    assert labels(plotting.waterfall(values, top=4))[1:-1] == ['feature %d' % i for i in (1, 0, 4, 2, 3)]
    assert len(labels(plotting.waterfall(np.ones(200)))) == 13


@pytest.mark.parametrize('inches', [None, 3, 8])
@pytest.mark.parametrize('values', [THREE, [-1.0, -2.0], [1e-6, 2e-6], [0.0, 0.0], [1.0]])
def test_numbers_have_room(inches, values):
    ax = None
    if inches:
        figure, axes = own_axes(1, 1)
        figure.set_size_inches(inches, 3)
        ax = axes[0, 0]
    ax = plotting.waterfall(values, ax=ax, start=1, end=1.5)
    pixels(ax.figure)
    for text in ax.texts:
        assert ax.bbox.x0 <= extent(text).x0 and extent(text).x1 <= ax.bbox.x1
    for text, bar in zip(ax.texts[1:], ax.patches):
        assert extent(text).x0 >= extent(bar).x1 or extent(text).x1 <= extent(bar).x0


def test_long_names_are_not_cut_off():
    names = ['a name that is much too long to be written in full, %d' % i for i in range(3)]
    ax = plotting.waterfall(THREE, names=names)
    pixels(ax.figure)
    assert min(extent(label).x0 for label in ax.get_yticklabels()) > 0
    assert labels(ax)[1].endswith('...tten in full, 1')
    assert labels(plotting.waterfall(THREE, values=['$', '$x_{$', 'y']))[1] == r'feature 1 = \$x_{\$'


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(plotting.waterfall, [THREE]), ValueError, ['attributions', '(features,)', '(1, 3)']),
        (call(plotting.waterfall, []), ValueError, ['attributions', '(0,)']),
        (call(plotting.waterfall, ['a']), TypeError, ['attributions', 'numbers']),
        (call(plotting.waterfall, [1.0, np.nan]), ValueError, ['attributions', 'finite', '1 of 2']),
        (call(plotting.waterfall, THREE, names='ab'), ValueError, ['names', '3 features', 'got 2']),
        (call(plotting.waterfall, THREE, values=[1]), ValueError, ['values', '3 features', 'got 1']),
        (call(plotting.waterfall, THREE, top=0), ValueError, ['top', 'at least 1']),
        (call(plotting.waterfall, THREE, start=np.nan), ValueError, ['start', 'finite', 'nan']),
        (call(plotting.waterfall, THREE, start='low'), ValueError, ['start', "'low'"]),
        (call(plotting.waterfall, THREE, start=[1, 2]), ValueError, ['start', 'finite number']),
        (call(plotting.waterfall, THREE, start=True), ValueError, ['start', 'True']),
        (call(plotting.waterfall, THREE, start=1, end=np.inf), ValueError, ['end', 'inf']),
        (call(plotting.waterfall, THREE, end=1), ValueError, ['end', 'without start', 'start=0']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)
