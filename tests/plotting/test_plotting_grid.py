"""Grids of heat maps."""

import numpy as np
import pytest
from test_plotting import SQUARE, attribution, call, check_message, extent, heat, own_axes

from deepexplain import plotting
from deepexplain.plotting.overview import overview


def test_the_grid_has_a_row_for_each_sample_and_a_column_for_each_method(tmp_path):
    random = np.random.RandomState(0)
    pictures = random.rand(3, 8, 6, 1)
    attributions = {'first': random.randn(3, 8, 6, 1), 'second': random.randn(3, 8, 6)}
    figure = plotting.grid(pictures, attributions, labels=['a', 'b', 'c'], percentile=100)
    axes = np.array(figure.axes[:9], dtype=object).reshape(3, 3)
    assert [ax.get_title() for ax in axes[0]] == ['input', 'first', 'second']
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ['a', 'b', 'c']
    for row in range(3):
        np.testing.assert_allclose(heat(axes[row, 1]).get_array(), attributions['first'][row, ..., 0])
        np.testing.assert_allclose(heat(axes[row, 2]).get_array(), attributions['second'][row])
        picture = pictures[row, ..., 0]
        shown = (picture - picture.min()) / (picture.max() - picture.min())
        np.testing.assert_allclose(axes[row, 0].images[0].get_array(), shown)
    path = tmp_path / 'grid.png'
    figure.savefig(str(path))
    assert path.read_bytes().startswith(b'\x89PNG')


def test_the_panels_keep_the_shape_of_the_pictures():
    figure = plotting.grid(np.zeros((2, 30, 10)), {'one': np.zeros((2, 30, 10))})
    for ax in figure.axes[:4]:
        box = ax.get_position(original=True)
        assert box.height * figure.bbox.height / (box.width * figure.bbox.width) == pytest.approx(3, rel=0.01)


def test_a_coloured_picture_is_shown_in_its_colours():
    picture = np.zeros((1, 2, 2, 3))
    picture[0, 0, 0] = [255, 0, 0]
    figure = plotting.grid(picture, {'one': np.zeros((1, 2, 2))})
    np.testing.assert_allclose(figure.axes[0].images[0].get_array()[0, 0], [1, 0, 0])


def test_narrow_pictures_are_drawn_where_they_are_no_coloured_one():
    for shape in ((2, 30, 3), (8, 6, 2), (8, 4, 3), (8, 6, 5)):
        assert len(plotting.grid(np.zeros(shape), {'one': np.zeros(shape)}).axes) == 2 * shape[0] + 1
    assert len(overview(np.zeros((6, 5, 3)), {'one': np.zeros((6, 5, 3))}, 'images').axes) == 13


def test_a_grid_in_given_axes():
    figure, axes = own_axes(2, 4)
    values = {'one': np.ones((2, 6, 5)), 'two': 2 * np.ones((2, 6, 5))}
    assert plotting.grid(np.zeros((2, 6, 5)), values, ['a', 'b'], axes=axes[:, :3], percentile=100) is figure
    assert figure.axes == list(axes.ravel()), 'no legend, no other axes'
    assert [ax.get_title() for ax in axes.ravel()] == ['input', 'one', 'two', '', '', '', '', '']
    assert [ax.get_ylabel() for ax in axes.ravel()] == ['a', '', '', '', 'b', '', '', '']
    assert [len(ax.images) for ax in axes.ravel()] == [1, 2, 2, 0] * 2
    assert [heat(ax).get_clim()[1] for ax in axes[:, 1:3].ravel()] == [1, 2, 1, 2]


def test_a_grid_in_axes_as_lists():
    figure, axes = own_axes(1, 2)
    assert plotting.grid(SQUARE[None], {'one': SQUARE[None]}, axes=[list(axes[0])]) is figure


def test_the_look_of_a_grid_is_that_of_its_heat_maps():
    picture, values = np.random.RandomState(0).rand(6, 5, 3), attribution()
    look = {'over': 'blend', 'percentile': 80, 'sign': 'absolute', 'alpha': 0.4}
    one = plotting.heatmap(values, picture, **look)
    panel = plotting.grid(picture[None], {'one': values[None]}, **look).axes[1]
    for drawn, expected in zip(panel.images, one.images):
        np.testing.assert_array_equal(drawn.get_array(), expected.get_array())
        np.testing.assert_array_equal(drawn.get_alpha(), expected.get_alpha())
        assert drawn.get_clim() == expected.get_clim()
        assert drawn.cmap.name == expected.cmap.name
    assert len(panel.images) == len(one.images) == 2


def test_each_panel_of_a_grid_has_colours_of_its_own():
    values = np.ones((2, 6, 5)) * np.array([1, 10])[:, None, None]
    axes = plotting.grid(np.zeros((2, 6, 5)), {'one': values}, percentile=100).axes
    assert [heat(axes[place]).get_clim()[1] for place in (1, 3)] == [1, 10]


@pytest.mark.parametrize(
    'sign, ends',
    [
        ('both', ['lowers the target', '0', 'raises it']),
        ('positive', ['0', 'raises the target']),
        ('negative', ['lowers the target', '0']),
        ('absolute', ['0', 'moves the target']),
    ],
)
def test_the_legend_of_a_grid_says_what_its_colours_mean(sign, ends):
    figure = plotting.grid(SQUARE[None], {'one': SQUARE[None]}, sign=sign)
    legend = figure.axes[-1]
    assert len(figure.axes) == 3
    assert [label.get_text() for label in legend.get_xticklabels()] == ends
    assert legend.images[0].cmap.name == plotting.heatmap(SQUARE, sign=sign).images[0].cmap.name


@pytest.mark.parametrize('size', [0.5, 1.25, 2])
def test_the_size_is_that_of_one_panel_in_inches(size):
    figure = plotting.grid(SQUARE[None], {'one': SQUARE[None], 'two': SQUARE[None]}, size=size)
    for ax in figure.axes[:3]:
        assert ax.get_position(original=True).width * figure.get_figwidth() == pytest.approx(size)


def test_long_labels_of_a_grid_are_not_cut_off():
    label = 'a rather long label of a sample'
    figure = plotting.grid(SQUARE[None], {'one': SQUARE[None]}, labels=[label])
    figure.canvas.draw()
    assert extent(figure.axes[0].yaxis.label).x0 > 0


def test_long_titles_of_a_grid_do_not_meet():
    name = 'lrp.sequential_preset_a'
    figure = plotting.grid(SQUARE[None], {name: SQUARE[None], name + '_': SQUARE[None], 'short': SQUARE[None]})
    figure.canvas.draw()
    first, second, third = [extent(ax.title) for ax in figure.axes[1:4]]
    assert first.x1 < second.x0 and second.x1 < third.x0
    assert figure.axes[3].title.get_fontsize() == 9


@pytest.mark.parametrize(
    'failing, kind, words',
    [
        (call(plotting.grid, SQUARE, {'one': SQUARE}), ValueError, ['pictures', 'samples', '(2, 2)']),
        (call(plotting.grid, np.zeros((8, 6, 3)), {'m': np.zeros((8, 6, 3))}), ValueError,
         ['pictures', '8 pictures 3 wide', 'pictures[None]']),
        (call(plotting.grid, SQUARE[None], [SQUARE]), TypeError, ['attributions', 'mapping', 'list']),
        (call(plotting.grid, SQUARE[None], {}), ValueError, ['attributions', 'at least one']),
        (call(plotting.grid, SQUARE[None], {'m': np.zeros((1, 3, 2))}), ValueError, ['m', '(1, 2, 2)', '(1, 3, 2)']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, labels='ab'), ValueError, ['labels', '1', '2']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, size=0), ValueError, ['size', '0']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, labels=5), TypeError, ['labels', 'sequence', 'int']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, sign='plus'), ValueError, ['sign', "'plus'"]),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, over='x'), ValueError, ['over', "'x'"]),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, alpha=2), ValueError, ['alpha', '2']),
        (call(plotting.grid, SQUARE[None], {'m': SQUARE[None]}, axes=[None]), ValueError, ['axes', '(1, 2)', '(1,)']),
    ],
)
def test_errors_name_the_argument(failing, kind, words):
    check_message(failing, kind, words)


def test_small_maps_over_the_whole_picture():
    pictures, maps = np.random.rand(2, 6, 8, 3), np.random.randn(2, 3, 2)
    figure = plotting.grid(pictures, {'small': maps, 'own': pictures}, resize=True)
    assert [ax.get_title() for ax in figure.axes[:3]] == ['input', 'small, 3 x 2', 'own']
    drawn = figure.axes[1].images[0]
    assert drawn.get_array().shape == (3, 2) and list(drawn.get_extent()) == [-.5, 7.5, 5.5, -.5]
    for look in ('grey', 'blend', 'overlay'):
        ax = plotting.heatmap(maps[0], pictures[0], over=look, resize=True)
        assert [list(one.get_extent()) for one in ax.images] == [[-.5, 7.5, 5.5, -.5]] * 2
    with pytest.raises(ValueError, match='expected samples, height and width of the pictures'):
        plotting.grid(pictures, {'small': maps})
    with pytest.raises(ValueError, match='expected samples, height and width of the pictures'):
        plotting.grid(pictures, {'small': maps[:1]}, resize=True)
    with pytest.raises(ValueError, match=r'got \(6, 8\) with channels=.last.; resize=True draws one over all'):
        plotting.heatmap(maps[0], pictures[0])
    with pytest.raises(ValueError, match='resize: expected True or False, got str'):
        plotting.heatmap(maps[0], pictures[0], resize='no')


def test_an_overview_of_small_maps():
    signals, maps = np.random.randn(2, 6, 3), np.array([[1., 2, 3], [4, 5, 6]])
    figure = overview(signals, {'small': maps, 'own': signals}, 'signal')
    assert [ax.get_title() for ax in figure.axes[:2]] == ['small, of 3 places, sample 0', 'own, sample 0']
    assert len(overview(np.zeros((2, 6, 5, 1)), {'small': np.ones((2, 3, 3))}).axes) == 5
    assert len(overview(np.zeros((2, 6, 5)), {'small': np.ones((2, 3, 3))}, 'images').axes) == 5
    with pytest.raises(ValueError, match='expected samples, height and width of the pictures'):
        # One with channels is no map.
        overview(np.zeros((2, 6, 5, 1)), {'small': np.ones((2, 3, 3, 1))})
