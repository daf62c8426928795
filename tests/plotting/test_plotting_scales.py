"""Colour bars, limits that pictures share, and grids of one scale: numbers that are drawn, and where."""

import numpy as np
import pytest
from test_plotting import ROW, SQUARE, attribution, call, check_message, extent, heat, own_axes, pixels

from deepexplain import plotting
from deepexplain.plotting.overview import overview


def coloured(name, **options):
    """A picture of a function that has colours, of -2, 0, 1 and 4."""
    values = {'heatmap': (ROW,), 'signal': (np.zeros(4), ROW[0]), 'spectrogram': (np.zeros((1, 4)), ROW),
              'text': (list('abcd'), ROW[0])}[name]
    if name != 'text':
        options.setdefault('percentile', 100)
    return getattr(plotting, name)(*values, **options)


COLOURED = ('heatmap', 'signal', 'spectrogram', 'text')


def scale(ax, below=False):
    """The limits of the axis of a colour bar."""
    return ax.get_xlim() if below else ax.get_ylim()


@pytest.mark.parametrize('name', COLOURED)
def test_a_colour_bar_has_the_numbers_of_the_colours(name):
    ax, bar = coloured(name, colorbar=True).figure.axes
    assert scale(bar, name == 'text') == pytest.approx((-4, 4))
    assert (bar.get_xlabel() if name == 'text' else bar.get_ylabel()) == 'attribution'
    assert len(coloured(name).figure.axes) == 1, 'there is none where it is not asked for'
    named = coloured(name, colorbar='log odds').figure.axes[1]
    assert 'log odds' in (named.get_xlabel(), named.get_ylabel())
    pixels(ax.figure)
    whole, first, second = ax.figure.bbox, ax.get_position(), bar.get_position()
    assert second.y1 <= first.y0 if name == 'text' else second.x0 >= first.x1
    box = bar.get_tightbbox(ax.figure.canvas.get_renderer())
    assert whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0


@pytest.mark.parametrize('name', COLOURED)
def test_a_colour_bar_takes_its_room_from_given_axes(name):
    figure, axes = own_axes(1, 2)
    before = axes[0, 0].get_position().extents
    assert coloured(name, ax=axes[0, 0], colorbar=True) is axes[0, 0]
    assert len(figure.axes) == 3
    pixels(figure)
    bar = figure.axes[2].get_tightbbox(figure.canvas.get_renderer()).transformed(figure.transFigure.inverted())
    assert before[0] - 0.05 < bar.x0 and bar.x1 < before[2] + 0.03
    assert bar.x1 < axes[0, 1].get_position().x0


@pytest.mark.parametrize('name', COLOURED)
def test_a_limit_stands_in_for_the_percentile(name):
    ax = coloured(name, limit=8, colorbar=True)
    assert scale(ax.figure.axes[1], name == 'text') == pytest.approx((-8, 8))
    shown = {'heatmap': lambda: heat(ax).get_clim(), 'signal': lambda: ax.collections[0].get_clim(),
             'spectrogram': lambda: ax.collections[1].get_clim(), 'text': lambda: (-8, 8)}[name]()
    assert shown == (-8, 8)
    for wrong in (0, -1, 'much', np.nan):
        check_message(call(coloured, name, limit=wrong), ValueError, ['limit', 'above 0', repr(wrong)])


def test_the_colours_of_words_are_those_of_the_limit():
    half = plotting.text(['a'], [1.0], limit=2).texts[0].get_bbox_patch().get_facecolor()
    full = plotting.text(['a'], [1.0]).texts[0].get_bbox_patch().get_facecolor()
    other = plotting.text(['a', 'b'], [1.0, 2.0]).texts[0].get_bbox_patch().get_facecolor()
    assert half == other and full[0] < half[0] - 0.2


@pytest.mark.parametrize('sign, low, high, ends', [('both', -1, 1, 'both'), ('positive', 0, 1, 'max'),
                                                   ('negative', -1, 0, 'min'), ('absolute', 0, 1, 'max')])
def test_pointed_ends_stand_for_what_is_beyond(sign, low, high, ends):
    figure = coloured('heatmap', limit=1, sign=sign, colorbar=True).figure
    assert scale(figure.axes[1]) == pytest.approx((low, high))
    assert heat_of(figure.axes[0]).get_clim() == (low, high)
    assert figure.axes[1]._colorbar.extend == ends
    assert figure.axes[1].get_ylabel() == ('absolute attribution' if sign == 'absolute' else 'attribution')
    assert coloured('heatmap', sign=sign, colorbar=True).figure.axes[1]._colorbar.extend == 'neither'
    assert plotting.heatmap(np.full((1, 1), np.nan), colorbar=True).figure.axes[1]._colorbar.extend == 'neither'


def heat_of(ax):
    return ax.images[-1]


@pytest.mark.parametrize('shape', [(5, 20), (20, 5)])
@pytest.mark.parametrize('given', [False, True])
def test_the_bar_is_as_high_as_the_picture(shape, given):
    ax = own_axes(1, 1)[1][0, 0] if given else None
    ax = plotting.heatmap(np.ones(shape), ax=ax, colorbar=True)
    pixels(ax.figure)
    picture, bar = extent(ax.images[0]), ax.figure.axes[1].get_position()
    assert bar.height * ax.figure.bbox.height == pytest.approx(picture.height, rel=0.03)
    assert (bar.x0 * ax.figure.bbox.width - picture.x1) < 0.2 * ax.figure.dpi


@pytest.mark.parametrize('name', COLOURED)
@pytest.mark.parametrize('wrong', [3, None, ['a']])
def test_what_is_no_label_of_a_bar(name, wrong):
    check_message(call(coloured, name, colorbar=wrong), TypeError, ['colorbar', 'True, False or a label',
                                                                    type(wrong).__name__])


def clims(figure, places):
    return [heat(figure.axes[place]).get_clim()[1] for place in places]


def test_a_grid_of_one_scale():
    values = {'one': np.ones((2, 2, 2)) * [[[1]], [[2]]], 'two': -8 * np.ones((2, 2, 2))}
    pictures = np.zeros((2, 2, 2))
    assert clims(plotting.grid(pictures, values, percentile=100), (1, 2, 4, 5)) == [1, 8, 2, 8]
    figure = plotting.grid(pictures, values, percentile=100, scale='shared')
    assert clims(figure, (1, 2, 4, 5)) == [8] * 4 and len(figure.axes) == 7
    assert [one.get_text() for one in figure.axes[6].get_xticklabels()] == ['lowers the target', '0', 'raises it']
    # The percentile is that of all values together: four of 1, four of 2, eight of 8.
    figure = plotting.grid(pictures, values, percentile=40, scale='shared')
    assert clims(figure, (1, 5)) == [2, 2]
    # Channels are summed before.
    deep = plotting.grid(pictures[..., None], {'one': np.ones((2, 2, 2, 3))}, scale='shared')
    assert clims(deep, (1, 3)) == [3, 3]


def test_the_numbers_of_a_grid_of_one_scale():
    values = np.array([[[-1.0, 2.0]]])
    figure = plotting.grid(SQUARE[None][:, :1], {'one': values}, percentile=100, scale='shared', colorbar=True)
    legend = figure.axes[-1]
    assert [one.get_text() for one in legend.get_xticklabels()] == [
        '-2\nlowers the target', '0', '+2\nraises it']
    assert legend.get_xlabel() == 'attribution' and len(figure.axes) == 3
    cut = plotting.grid(SQUARE[None][:, :1], {'one': values}, percentile=1, scale='shared', colorbar='logit').axes[-1]
    assert [one.get_text() for one in cut.get_xticklabels()][2] == '\u2265 +1.01\nraises it'
    assert cut.get_xticklabels()[0].get_text() == '-1.01\nlowers the target' and cut.get_xlabel() == 'logit'
    for sign, ends in (('positive', ['0', '+2\nraises the target']), ('negative', ['-1\nlowers the target', '0']),
                       ('absolute', ['0', '+2\nmoves the target'])):
        one = plotting.grid(SQUARE[None][:, :1], {'one': values}, percentile=100, scale='shared', colorbar=True,
                            sign=sign).axes[-1]
        assert [label.get_text() for label in one.get_xticklabels()] == ends
    pixels(figure)
    bottom = figure.axes[-1].get_tightbbox(figure.canvas.get_renderer())
    assert bottom.y0 >= 0 and bottom.x0 >= 0


def test_a_grid_with_a_bar_for_each_panel():
    values = {'one': np.ones((2, 3, 3)) * [[[1]], [[2]]], 'two': -8 * np.ones((2, 3, 3))}
    figure = plotting.grid(np.zeros((2, 3, 3)), values, percentile=100, colorbar=True, size=1.5)
    assert len(figure.axes) == 6 + 1 + 4
    assert [scale(bar)[1] for bar in figure.axes[7:]] == pytest.approx([1, 8, 2, 8])
    pixels(figure)
    renderer = figure.canvas.get_renderer()
    boxes = [ax.get_tightbbox(renderer) for ax in figure.axes[7:]]
    for panel, box, after in zip((1, 2, 4, 5), boxes, (2, None, 5, None)):
        assert extent(figure.axes[panel].images[0]).x1 < box.x0
        assert box.x1 < (figure.bbox.x1 if after is None else extent(figure.axes[after].images[0]).x0)
    wide = [extent(figure.axes[place].images[0]).width for place in range(6)]
    assert wide == pytest.approx([1.5 * figure.dpi] * 6, rel=0.06), 'pictures stay of their size'


def test_a_grid_of_one_scale_in_given_axes():
    figure, axes = own_axes(1, 2)
    plotting.grid(SQUARE[None], {'one': 3 * np.ones((1, 2, 2))}, axes=axes, scale='shared', colorbar='V')
    assert len(figure.axes) == 3
    assert scale(figure.axes[2]) == pytest.approx((-3, 3)) and figure.axes[2].get_ylabel() == 'V'
    check_message(call(plotting.grid, SQUARE[None], {'one': SQUARE[None]}, scale='rows'), ValueError,
                  ['scale', "'each'", "'shared'", "'rows'"])
    check_message(call(plotting.grid, SQUARE[None], {'one': SQUARE[None]}, colorbar=1), TypeError, ['colorbar', 'int'])


def test_a_comparison_of_pictures_is_a_grid_of_one_scale():
    pictures = np.random.RandomState(0).rand(2, 6, 5, 3)
    values = {'one': np.stack([attribution()] * 2), 'two': np.stack([attribution()] * 2) * 10}
    values['two'][0, 0, 0] = 100
    figure = plotting.compare(pictures, values, labels=['a', 'b'])
    limit = np.percentile(np.abs(list(values.values())), 99)
    assert clims(figure, (1, 2, 4, 5)) == pytest.approx([limit] * 4)
    assert [ax.get_ylabel() for ax in figure.axes[:6]] == ['a', '', '', 'b', '', '']
    assert '\u2265' in figure.axes[6].get_xticklabels()[2].get_text()
    each = plotting.compare(pictures, values, scale='each')
    assert clims(each, (5,))[0] == pytest.approx(10 * clims(each, (4,))[0]) and len(each.axes) == 6 + 1 + 4
    assert len(plotting.compare(pictures, values, scale='each', colorbar=False).axes) == 7
    small = plotting.compare(pictures, {'small': np.ones((2, 3, 2))})
    assert small.axes[1].get_title() == 'small, 3 x 2'


def bars_of(ax):
    """The features and their lengths, from the top down."""
    return [(label.get_text().split(' = ')[0], bar.get_width()) for label, bar in zip(ax.get_yticklabels(), ax.patches)]


def test_a_comparison_of_tables_has_one_order_and_one_axis():
    xs = np.zeros((2, 3))
    one, two = np.array([[1.0, -2.0, 4.0], [0.0, 0.0, -1.0]]), np.array([[8.0, 0.5, 0.25], [0.0, 3.0, 1.0]])
    figure = plotting.compare(xs, {'one': one, 'two': two}, names=list('abc'))
    first, second, third, fourth = figure.axes
    assert bars_of(first) == [('a', 1), ('c', 4), ('b', -2)] and bars_of(second) == [('a', 8), ('c', 0.25), ('b', 0.5)]
    assert bars_of(third) == [('b', 0), ('c', -1), ('a', 0)] and bars_of(fourth) == [('b', 3), ('c', 1), ('a', 0)]
    limits = np.array([ax.get_xlim() for ax in figure.axes])
    assert (limits[:, 0] < -2).all() and (limits[:, 1] > 8).all()
    np.testing.assert_array_equal(limits, limits[:1].repeat(4, 0))
    pixels(figure)
    for ax in figure.axes:
        for text, bar in zip(ax.texts, ax.patches):
            box = extent(text)
            assert ax.bbox.x0 <= box.x0 and box.x1 <= ax.bbox.x1
            assert box.x0 >= extent(bar).x1 or box.x1 <= extent(bar).x0
    each = plotting.compare(xs, {'one': one, 'two': two}, 'bars', scale='each')
    assert bars_of(each.axes[0])[0] == ('feature 2', 4) and each.axes[2].get_xlim()[1] < 1


def test_a_comparison_of_many_features_sums_the_same_rest():
    one = np.arange(1.0, 15)[None]
    figure = plotting.compare(np.zeros((1, 14)), {'one': one, 'two': -100 * one}, 'bars')
    first, second = [bars_of(ax) for ax in figure.axes]
    assert first[-1] == ('4 others', 10) and second[-1] == ('4 others', -1000)
    assert [name for name, _ in first] == [name for name, _ in second]
    assert figure.axes[0].get_xlim()[0] < -1400
    alike = plotting.compare(np.zeros((1, 14)), {'one': np.ones((1, 14)), 'two': -np.ones((1, 14))}, 'bars')
    assert alike.axes[0].get_xlim()[0] < -4 and alike.axes[1].get_xlim()[1] > 4, 'the sum of the others counts, too'


def test_a_comparison_of_signals_and_letters():
    values = np.ones((2, 4)) * [[1.0], [2.0]]
    figure = plotting.compare(np.zeros((2, 4)), {'one': values, 'two': 3 * values}, colorbar='V')
    assert [ax.collections[0].get_clim() for ax in figure.axes[:4]] == [(-6, 6)] * 4
    assert scale(figure.axes[4]) == pytest.approx((-6, 6)) and figure.axes[4].get_ylabel() == 'V'
    pixels(figure)
    bar = figure.axes[4].get_tightbbox(figure.canvas.get_renderer())
    assert bar.x0 > figure.axes[1].bbox.x1 and bar.x1 <= figure.bbox.x1
    each = plotting.compare(np.zeros((2, 4)), {'one': values, 'two': 3 * values}, scale='each')
    assert [ax.collections[0].get_clim()[1] for ax in each.axes[:4]] == [1, 3, 2, 6] and len(each.axes) == 8
    letters = np.eye(4)[None]
    figure = plotting.compare(letters, {'one': letters, 'two': -4 * letters})
    assert [ax.get_ylim() for ax in figure.axes[:1]] == [ax.get_ylim() for ax in figure.axes[1:]]
    assert figure.axes[0].get_ylim()[0] < -4 and figure.axes[0].get_ylim()[1] > 1
    own = overview(letters, {'one': letters, 'two': -4 * letters})
    assert own.axes[0].get_ylim()[0] > -1, 'elsewhere each has its own'


@pytest.mark.parametrize('order, words', [([0, 0], 'order'), ([3], 'order'), ([], 'order'), ([0.5], 'order'),
                                          ([[0]], 'order'), ([-1], 'order')])
def test_orders_of_bars_that_are_none(order, words):
    check_message(call(plotting.bars, [1.0, 2.0, 3.0], order=order), ValueError, [words, '3 features'])


def test_bars_of_an_order_and_a_reach():
    ax = plotting.bars([1.0, 2.0, 3.0, 4.0], order=[1, 0], reach=(-5, 10))
    assert bars_of(ax) == [('feature 1', 2), ('feature 0', 1), ('2 others', 7)]
    assert ax.get_xlim()[0] < -5 and ax.get_xlim()[1] > 10
    assert plotting.bars([1.0], reach=(0, 10)).get_xlim()[0] == 0
    for reach in ((1, 2), (-2, -1), (0, 0), 3, (0, 1, 2)):
        check_message(call(plotting.bars, [1.0], reach=reach), ValueError, ['reach', 'two numbers'])


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(plotting.compare, np.zeros(3), {'m': np.zeros(3)}), ValueError, ['xs', '(3,)']),
        (call(plotting.compare, [['a']], {'m': [[1.0]]}), TypeError, ['xs', 'numbers']),
        (call(plotting.compare, np.zeros((1, 3)), {}), ValueError, ['attributions', 'at least one']),
        (call(plotting.compare, np.zeros((1, 3)), np.zeros((1, 3))), TypeError, ['attributions', 'mapping', 'ndarray']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((2, 3))}), ValueError, ["'m'", '(1, 3)', '(2, 3)']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 2))}, 'bars'), ValueError, ["'m'", '(1, 2)']),
        (call(plotting.compare, np.zeros((1, 4, 4, 3)), {'m': np.zeros((1, 4))}), ValueError, ["'m'", '(samples, H']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 3))}, scale='all'), ValueError, ['scale', 'all']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 3))}, 'cake'), ValueError, ['kind', 'cake']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 3))}, labels='ab'), ValueError, ['labels', '1']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 3))}, names='ab'), ValueError, ['names', '3']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 3))}, 'signal', names='abc'), ValueError,
         ['names', 'signal']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 3))}, colorbar=2), TypeError, ['colorbar', 'int']),
        (call(plotting.compare, np.zeros((1, 3)), {'m': np.zeros((1, 3))}, channels='mid'), ValueError, ['channels']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)
