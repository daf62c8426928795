"""Ranked bars of features."""

import numpy as np
import pytest
from test_plotting import call, check_message, extent, labels, numbers, own_axes, pixels, widths

from deepexplain import plotting


def colour(bar):
    red, green, blue, _ = bar.get_facecolor()
    purple = min(red, blue) > green + 0.05
    return 'purple' if purple else 'red' if red > max(green, blue) + 0.2 else 'blue' if blue > red + 0.2 else None


def tops(ax):
    """From the top down, where the bars are on the picture."""
    ax.figure.canvas.draw()
    return [extent(bar).y1 for bar in ax.patches]


def test_the_largest_absolute_value_is_on_top():
    ax = plotting.bars([1.0, -3.0, 0.5, 2.0], names=['a', 'b', 'c', 'd'])
    assert labels(ax) == ['b', 'd', 'a', 'c']
    assert widths(ax) == [-3, 2, 1, 0.5]
    assert numbers(ax) == ['-3', '+2', '+1', '+0.5']
    assert [colour(bar) for bar in ax.patches] == ['blue', 'red', 'red', 'red']
    assert tops(ax) == sorted(tops(ax), reverse=True)
    assert list(ax.get_yticks()) == [bar.get_y() + bar.get_height() / 2 for bar in ax.patches]
    assert ax.get_xlabel() == 'attribution'


def test_equal_values_keep_their_order():
    assert labels(plotting.bars([1.0, -1.0, 1.0], names=['a', 'b', 'c'])) == ['a', 'b', 'c']


def test_features_without_names_are_numbered():
    assert labels(plotting.bars([1.0, 2.0])) == ['feature 1', 'feature 0']


def test_what_is_beyond_the_first_is_summed():
    ax = plotting.bars([1.0, -8.0, 0.5, 4.0, -2.0], top=2)
    assert labels(ax) == ['feature 1', 'feature 3', '3 others']
    assert widths(ax) == [-8, 4, -0.5]
    assert [bar.get_alpha() for bar in ax.patches] == [None, None, 0.45], 'the sum is paler'
    assert sum(widths(ax)) == 1 - 8 + 0.5 + 4 - 2


def test_a_single_feature_beyond_the_first_has_a_bar_to_itself():
    ax = plotting.bars([3.0, 2.0, 1.0], top=2)
    assert labels(ax) == ['feature 0', 'feature 1', 'feature 2']
    assert [bar.get_alpha() for bar in ax.patches] == [None] * 3


def test_ten_features_have_a_bar_unless_said_otherwise():
    assert labels(plotting.bars(np.arange(20.0, 0, -1))) == ['feature %d' % i for i in range(10)] + ['10 others']


def test_values_stand_beside_the_names():
    values = [1.23456, 'blue', np.float32(7), True]
    ax = plotting.bars([4.0, 3.0, 2.0, 1.0], names=['a', 'b', 'c', 'd'], values=values)
    assert labels(ax) == ['a = 1.235', 'b = blue', 'c = 7', 'd = True']


def test_values_stay_with_their_features():
    assert labels(plotting.bars([1.0, 2.0], values=[10, 20])) == ['feature 1 = 20', 'feature 0 = 10']


def test_of_several_samples_it_is_the_mean_absolute_value():
    ax = plotting.bars([[1.0, -4.0, 0.0], [-3.0, 4.0, 1.0]], names=['a', 'b', 'c'])
    assert labels(ax) == ['b', 'a', 'c']
    assert widths(ax) == [4, 2, 0.5]
    assert numbers(ax) == ['4', '2', '0.5'], 'an importance has no sign'
    assert {colour(bar) for bar in ax.patches} == {'purple'}
    assert ax.get_xlabel() == 'mean absolute attribution'


def test_one_sample_of_a_batch_is_an_importance_too():
    assert numbers(plotting.bars([[-1.0, 2.0]])) == ['2', '1']


def test_what_is_not_finite_has_no_bar_and_ranks_last():
    ax = plotting.bars([np.nan, 1.0, -np.inf, -2.0])
    assert labels(ax) == ['feature 3', 'feature 1', 'feature 0', 'feature 2']
    assert widths(ax) == [-2, 1, 0, 0]
    assert numbers(ax) == ['-2', '+1', 'nan', '-inf']
    pixels(ax.figure)


def test_what_is_not_finite_is_left_out_of_the_sum():
    ax = plotting.bars([np.nan, 1.0, np.inf, -2.0, 0.25], top=1)
    assert labels(ax) == ['feature 3', '4 others, 2 of them not finite']
    assert widths(ax) == [-2, 1.25]


@pytest.mark.parametrize('amounts', [[0.0, 0.0], [np.nan, np.nan], [5.0]])
def test_features_without_any_size_are_drawn(amounts):
    with np.errstate(all='raise'):
        ax = plotting.bars(amounts)
        pixels(ax.figure)
    assert len(ax.patches) == len(amounts)


def check_numbers_have_room(ax):
    """None beyond the axes' edge, none on a bar."""
    ax.figure.canvas.draw()
    for text, bar in zip(ax.texts, ax.patches):
        inner, outer = extent(text), ax.bbox
        assert outer.x0 <= inner.x0 and inner.x1 <= outer.x1
        assert inner.x0 >= extent(bar).x1 or inner.x1 <= extent(bar).x0


@pytest.mark.parametrize('inches', [2, 4, 8])
@pytest.mark.parametrize('amounts', [[-1.95, 1.55, 1.39], [3.0, 2.0], [-3.21e-5, -2.0e-5], [100.0, -0.001],
                                     [-2.0, np.nan], [-2.0, 0.0], [-3.0, -1.0]])
def test_numbers_have_room_in_axes_of_any_width(inches, amounts):
    figure, axes = own_axes(1, 1)
    figure.set_size_inches(inches, 2)
    check_numbers_have_room(plotting.bars(amounts, ax=axes[0, 0]))
    check_numbers_have_room(plotting.bars(amounts))


def test_long_names_are_not_cut_off():
    ax = plotting.bars([1.0, 2.0], names=['a rather long name of a feature in the first place', 'b'], values=[1, 2])
    ax.figure.canvas.draw()
    assert min(extent(label).x0 for label in ax.get_yticklabels()) > 0


def test_the_figure_is_as_high_as_it_takes():
    few, many = [plotting.bars(np.ones(count), top=count).figure.get_figheight() for count in (2, 22)]
    assert many - few == pytest.approx(20 * 0.3)


def test_a_label_of_the_callers_stays():
    _, axes = own_axes(1, 1)
    axes[0, 0].set_xlabel('euros')
    assert plotting.bars([1.0], ax=axes[0, 0]).get_xlabel() == 'euros'


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(plotting.bars, np.zeros((2, 2, 2))), ValueError, ['attributions', '(samples, features)', '(2, 2, 2)']),
        (call(plotting.bars, []), ValueError, ['attributions', 'none of them 0', '(0,)']),
        (call(plotting.bars, 1.0), ValueError, ['attributions', '()']),
        (call(plotting.bars, ['x']), TypeError, ['attributions', 'numbers', 'list']),
        (call(plotting.bars, [1.0, 2.0], names=['a']), ValueError, ['names', '2 features', 'got 1']),
        (call(plotting.bars, [1.0, 2.0], names=3), TypeError, ['names', '2 features', 'int']),
        (call(plotting.bars, [1.0, 2.0], values=[1, 2, 3]), ValueError, ['values', '2 features', 'got 3']),
        (call(plotting.bars, [[1.0, 2.0]], values=[1, 2]), ValueError, ['values', 'None', '(1, 2)']),
        (call(plotting.bars, [1.0], top=0), ValueError, ['top', 'at least 1', 'got 0']),
        (call(plotting.bars, [1.0], top=2.5), ValueError, ['top', 'int', '2.5']),
        (call(plotting.bars, [1.0], top=True), ValueError, ['top', 'True']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)
